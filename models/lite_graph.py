"""Turn EfficientNet-Lite0's state dict into an ONNX graph of its pooled features.

The network is Tan and Le's EfficientNet-B0 (https://arxiv.org/abs/1905.11946, table 1) without
squeeze-and-excitation and with ReLU6. Batch norms are folded into the convolutions before them:
w' = w g / sqrt(v + eps), b' = b - m g / sqrt(v + eps). Padding is TensorFlow's "same" at 224 px.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

VERSION = 1  # of the graph: raise it when the graph changes, so that kept ones are built anew
INPUT = "picture"  # (B, 3, 224, 224) float32
OUTPUT = "embedding"  # (B, 1280) float32
_SIDE = 224  # px
_EPSILON = 1e-3  # of the batch norms, as trained
_OPSET = 17
_IR = 8  # file format that onnxruntime 1.14 and later read

# Kernel, stride of the first, channels out, repeats; the first stage does not expand.
_STAGES = (
    (3, 1, 16, 1),
    (3, 2, 24, 2),
    (5, 2, 40, 2),
    (3, 2, 80, 3),
    (5, 1, 112, 3),
    (5, 2, 192, 4),
    (3, 1, 320, 1),
)


@dataclass(frozen=True)
class _Block:
    """One inverted residual block."""

    name: str
    kernel: int
    stride: int
    expands: bool
    residual: bool


def _blocks() -> tuple[_Block, ...]:
    found: list[_Block] = []
    for stage, (kernel, stride, _, repeats) in enumerate(_STAGES):
        for repeat in range(repeats):
            name = f"_blocks.{len(found)}"
            found.append(_Block(name, kernel, stride if repeat == 0 else 1, stage > 0, repeat > 0))
    return tuple(found)


def _layers(block: _Block) -> tuple[tuple[str, str], ...]:
    """Names of a block's convolutions and the batch norm after each."""
    names = ("_expand_conv",) * block.expands + ("_depthwise_conv", "_project_conv")
    first = 0 if block.expands else 1
    return tuple(
        (f"{block.name}.{name}", f"{block.name}._bn{first + i}") for i, name in enumerate(names)
    )


def expected() -> set[str]:
    """Keys of the state dict that the graph needs."""
    layers = [("_conv_stem", "_bn0"), ("_conv_head", "_bn1")]
    for block in _blocks():
        layers.extend(_layers(block))
    norm = ("weight", "bias", "running_mean", "running_var")
    return {f"{conv}.weight" for conv, _ in layers} | {
        f"{bn}.{part}" for _, bn in layers for part in norm
    }


@dataclass
class _Builder:
    """Collects nodes and constants while the network is walked."""

    state: Mapping[str, np.ndarray]
    size: int = _SIDE  # px, of the picture at this depth
    nodes: list["NodeProto"] = field(default_factory=list)
    constants: list["TensorProto"] = field(default_factory=list)

    def conv(self, x: str, layer: tuple[str, str], stride: int = 1, relu: bool = True) -> str:
        from onnx import helper, numpy_helper

        name, norm = layer
        weight = self.state[f"{name}.weight"].astype(np.float64)
        part = {
            key: self.state[f"{norm}.{key}"].astype(np.float64)
            for key in ("weight", "bias", "running_mean", "running_var")
        }
        gain = part["weight"] / np.sqrt(part["running_var"] + _EPSILON)
        for key, value in (
            ("w", weight * gain[:, None, None, None]),
            ("b", part["bias"] - part["running_mean"] * gain),
        ):
            self.constants.append(
                numpy_helper.from_array(value.astype(np.float32), f"{name}.{key}")
            )
        kernel = weight.shape[2]
        self.nodes.append(
            helper.make_node(
                "Conv",
                [x, f"{name}.w", f"{name}.b"],
                [f"{name}.y"],
                kernel_shape=[kernel, kernel],
                strides=[stride, stride],
                pads=self._pads(kernel, stride),
                group=weight.shape[0] if weight.shape[1] == 1 else 1,
            )
        )
        return self.node("Clip", [f"{name}.y", "zero", "six"], f"{name}.r") if relu else f"{name}.y"

    def _pads(self, kernel: int, stride: int) -> list[int]:
        out = -(-self.size // stride)
        total = max((out - 1) * stride + kernel - self.size, 0)
        self.size = out
        return [total // 2, total // 2, total - total // 2, total - total // 2]

    def node(self, kind: str, inputs: list[str], output: str) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output]))
        return output


def build(state: Mapping[str, np.ndarray]) -> bytes:
    """Serialise the graph: INPUT (B, 3, 224, 224) float32 to OUTPUT (B, 1280) float32.

    Raises ValueError where a tensor's shape is not this network's.
    """
    import onnx
    from onnx import TensorProto as Kind
    from onnx import helper, numpy_helper

    if (stem := state["_conv_stem.weight"].shape) != (32, 3, 3, 3):
        raise ValueError(f"The stem's weight is {stem}, not EfficientNet-Lite0's (32, 3, 3, 3).")
    graph = _Builder(state)
    for name, value in (("zero", 0.0), ("six", 6.0)):
        graph.constants.append(numpy_helper.from_array(np.array(value, np.float32), name))
    x = graph.conv(INPUT, ("_conv_stem", "_bn0"), stride=2)
    for block in _blocks():
        before = x
        for layer in _layers(block):
            depthwise = layer[0].endswith("_depthwise_conv")
            x = graph.conv(
                x, layer, block.stride if depthwise else 1, not layer[0].endswith("_project_conv")
            )
        if block.residual:
            x = graph.node("Add", [x, before], f"{block.name}.sum")
    x = graph.conv(x, ("_conv_head", "_bn1"))
    graph.node("Flatten", [graph.node("GlobalAveragePool", [x], "pooled")], OUTPUT)
    tensor = helper.make_tensor_value_info
    whole = helper.make_graph(
        graph.nodes,
        "efficientnet_lite0",
        [tensor(INPUT, Kind.FLOAT, ["B", 3, _SIDE, _SIDE])],
        [tensor(OUTPUT, Kind.FLOAT, ["B", 1280])],
        graph.constants,
    )
    model = helper.make_model(
        whole, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
    )
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as err:
        raise ValueError(f"The weights do not fit EfficientNet-Lite0: {err}") from err
    data: bytes = model.SerializeToString()
    return data
