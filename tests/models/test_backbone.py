"""A backbone is found, checked and run; where it is absent, the message says what to do."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from models import backbone, lite_graph

OTHERS = [name for name in backbone.BACKBONES if name != backbone.DEFAULT]


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """(3, 224, 224, 3) uint8: noise, a ramp, a flat grey."""
    noise = np.random.default_rng(7).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    ramp = np.broadcast_to(np.arange(224, dtype=np.uint8)[:, None, None], (224, 224, 3))
    return np.stack([noise, ramp, np.full((224, 224, 3), 128, np.uint8)])


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Torch hub's cache empty, and nothing to download from."""

    def refuse(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    return tmp_path


def reference(pictures: np.ndarray) -> np.ndarray:
    """The same embeddings by the network's own package, in torch."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    path = next(row.path for row in backbone.available() if row.name == backbone.DEFAULT)
    network.load_state_dict(torch.load(path, weights_only=True))
    network.eval()
    given = torch.from_numpy((pictures.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2)
    with torch.inference_mode():
        return network.extract_features(given).mean(dim=(2, 3)).numpy()


def test_the_default_embeds_as_its_own_package_does_in_torch(pictures):
    network = backbone.load(backbone.DEFAULT)
    assert network.runtime == "onnxruntime"
    found = network.embed(pictures)
    assert found.shape == (3, network.dimension) and found.dtype == np.float32
    np.testing.assert_allclose(found, reference(pictures), atol=1e-3)


def test_a_picture_embeds_the_same_alone_and_in_a_batch(pictures):
    network = backbone.load(backbone.DEFAULT)
    many = np.concatenate([pictures] * 4)  # more than one batch, and not a whole number of them
    np.testing.assert_allclose(network.embed(many)[9:], network.embed(pictures), atol=1e-5)
    assert network.embed(pictures[:0]).shape == (0, network.dimension)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="224"):
        backbone.load(backbone.DEFAULT).embed(np.zeros((1, 100, 100, 3), np.uint8))


def test_the_compiled_graph_is_kept_and_needs_no_weights_again(pictures, tmp_path, monkeypatch):
    first = backbone.load(backbone.DEFAULT, folder=tmp_path)

    def fail(path):
        raise AssertionError("the weights were read again")

    monkeypatch.setattr(backbone, "_state", fail)
    second = backbone.load(backbone.DEFAULT, folder=tmp_path)
    np.testing.assert_array_equal(first.embed(pictures), second.embed(pictures))


@pytest.mark.parametrize("left", [0, 20, 1000, -1])
def test_a_compiled_graph_that_was_cut_short_is_made_anew(left, pictures, tmp_path):
    whole = backbone.load(backbone.DEFAULT, folder=tmp_path).embed(pictures)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:left])
    np.testing.assert_array_equal(
        backbone.load(backbone.DEFAULT, folder=tmp_path).embed(pictures), whole
    )


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'vgg'.*efficientnet_lite0.*resnet50"):
        backbone.load("vgg")


@pytest.mark.parametrize("name", OTHERS)
def test_absent_weights_name_the_place_the_option_and_the_default(name, no_network):
    with pytest.raises(ValueError) as caught:
        backbone.load(name)
    message = str(caught.value)
    place = no_network / "hub" / "checkpoints" / backbone.BACKBONES[name].file
    for part in (name, str(place), "--weights", backbone.DEFAULT, "no route to host"):
        assert part in message
    assert not place.exists()


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_not_the_published_one_is_refused(name, no_network):
    place = no_network / "hub" / "checkpoints" / backbone.BACKBONES[name].file
    place.parent.mkdir(parents=True)
    place.write_bytes(b"half a download")
    with pytest.raises(ValueError, match=r"not the published file.*Delete it"):
        backbone.load(name)


@pytest.mark.parametrize("name", OTHERS)
def test_given_weights_make_embeddings_of_the_stated_size(name, pictures, tmp_path):
    from safetensors.torch import save_file
    from torchvision import models

    torch.manual_seed(3)
    path = tmp_path / "weights.safetensors"
    save_file(getattr(models, name)(weights=None).state_dict(), path)
    found = backbone.load(name, path).embed(pictures[:1])
    assert found.shape == (1, backbone.BACKBONES[name].dimension)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", [backbone.DEFAULT, "resnet50"])
def test_weights_of_another_network_are_refused(name, tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(ValueError, match=str(path)):
        backbone.load(name, path)


class Harm:
    """Would make a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_weights_that_carry_code_are_refused_and_the_code_is_not_run(tmp_path):
    path, mark = tmp_path / "harm.pth", tmp_path / "mark"
    torch.save({"_conv_stem.weight": Harm(mark)}, path)
    with pytest.raises(ValueError, match="cannot be read as tensors"):
        backbone.load(backbone.DEFAULT, path)
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"\t", b"a = [", b"", bytes(range(256)) * 20])
def test_a_file_that_holds_no_tensors_says_what_would_be_right(tmp_path, data):
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    with pytest.raises(ValueError) as err:
        backbone.load(backbone.DEFAULT, path)
    assert str(path) in str(err.value) and "a state dict, as torch.save" in str(err.value)
    assert "weights_only" not in str(err.value) and "\n" not in str(err.value)


def test_available_lists_every_backbone_with_its_place_and_how_to_get_it(no_network):
    rows = {row.name: row for row in backbone.available()}
    assert rows.keys() == backbone.BACKBONES.keys()
    assert rows[backbone.DEFAULT].here and rows[backbone.DEFAULT].how == ""
    for name in OTHERS:
        assert not rows[name].here
        assert str(rows[name].path) in rows[name].how and "https://" in rows[name].how


def test_the_key_of_given_weights_follows_their_content(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(b"one")
    first = backbone.weights_digest("resnet50", path)
    path.write_bytes(b"two")
    assert backbone.weights_digest("resnet50", path) != first
    with pytest.raises(ValueError, match="nowhere"):
        backbone.weights_digest("resnet50", tmp_path / "nowhere.pth")


def test_the_graph_asks_for_no_tensor_that_the_package_lacks():
    path = next(row.path for row in backbone.available() if row.name == backbone.DEFAULT)
    assert lite_graph.expected() <= torch.load(path, weights_only=True).keys()
