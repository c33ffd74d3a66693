import json
import pickle
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from editor.cutting.observation import FEATURES, SIZES
from editor.cutting.reward import TERMS
from models import checkpoint
from models.checkpoint import Card
from models.policy import Policy


@pytest.fixture
def saved(tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        policy = Policy(SIZES)
    features = {kind: list(names) for kind, names in FEATURES.items()}
    card = Card(SIZES.table(), features, list(TERMS), "train", 7, ["a.mp4"], {"algorithm": "ppo"})
    path = tmp_path / "policy.safetensors"
    checkpoint.save_policy(path, policy, card)
    return path, policy, card


def test_a_policy_comes_back_as_it_was_with_its_card(saved):
    path, policy, _ = saved
    again, read = checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    assert (read.seed, read.command, read.footage) == (7, "train", ["a.mp4"])
    for name, tensor in policy.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_truncated_policy_is_refused(saved):
    path, _, _ = saved
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="no whole safetensors file"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_a_text_file_is_refused(tmp_path):
    path = tmp_path / "policy.safetensors"
    path.write_text("no policy")
    with pytest.raises(ValueError, match="no whole safetensors file"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_tensors_that_are_no_policy_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="no policy"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_other_features_are_refused_with_both_sides_named(saved):
    path, _, _ = saved
    other = {**FEATURES, "film": (*FEATURES["film"][:-1], "tide")}
    with pytest.raises(ValueError) as err:
        checkpoint.load_policy(path, other, tuple(TERMS))
    assert "tide" in str(err.value) and FEATURES["film"][-1] in str(err.value)


def test_a_kind_of_features_that_is_not_known_is_refused(saved):
    path, policy, card = saved
    more = {**card.features, "weather": ["rain"]}
    checkpoint.save_policy(path, policy, Card(**{**vars(card), "features": more}))
    with pytest.raises(ValueError, match=r"other kinds of features: it has \['weather'\]"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_other_reward_terms_are_refused_with_both_sides_named(saved):
    path, _, _ = saved
    with pytest.raises(ValueError, match="weather"):
        checkpoint.load_policy(path, FEATURES, (*TERMS, "weather"))


def test_other_sizes_than_the_card_says_are_refused(saved):
    path, policy, card = saved
    checkpoint.save_policy(
        path, policy, Card(**{**vars(card), "sizes": {**card.sizes, "width": 32}})
    )
    with pytest.raises(ValueError, match="other tensors"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_a_policy_with_nan_is_refused(saved):
    path, policy, card = saved
    with torch.no_grad():
        policy.key.bias[0] = float("nan")
    checkpoint.save_policy(path, policy, card)
    with pytest.raises(ValueError, match=r"NaN or infinity in key\.bias"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


@pytest.mark.parametrize("huge", [1e30, 1e12, -3e38])
def test_a_policy_whose_odds_overflow_is_refused(saved, huge):
    """Its weights are numbers; what is forbidden would be likelier than what is not."""
    path, policy, card = saved
    with torch.no_grad():
        policy.ask.bias.fill_(huge)
    checkpoint.save_policy(path, policy, card)
    with pytest.raises(ValueError, match="overflow"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_loading_a_policy_leaves_the_worlds_randomness_alone(saved):
    path, _, _ = saved
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    assert torch.equal(torch.rand(3), expected)


def rewritten(path: Path, change) -> Path:
    """The file with another card; `change` gets the card's table and returns what to write."""
    tensors, metadata = checkpoint.read(path)
    table = change(json.loads(metadata["card"]))
    text = table if isinstance(table, str) else json.dumps(table)
    checkpoint.write(path, tensors, {**metadata, "card": text})
    return path


@pytest.mark.parametrize(
    "change,said",
    [
        (lambda card: {**card, "sizes": {**card["sizes"], "width": 10**9}}, "1 to 4096"),
        (lambda card: {**card, "sizes": {**card["sizes"], "layers": -1}}, "layers is -1"),
        (
            lambda card: {**card, "sizes": {**card["sizes"], "layers": 4096}},
            "4096 layers of width 64",
        ),
        (lambda card: {**card, "sizes": {**card["sizes"], "width": 4096}}, "and the file holds"),
        (lambda card: {**card, "sizes": {**card["sizes"], "width": True}}, "width is True"),
        (lambda card: {**card, "sizes": {**card["sizes"], "heads": 7}}, "64 does not part into 7"),
        (lambda card: {**card, "sizes": {"shot": 3}}, "sizes are"),
        (lambda card: {**card, "sizes": {**card["sizes"], "shot": 3}}, "has room for 3"),
        (lambda card: {**card, "features": ["shot"]}, "features are"),
        (lambda card: {**card, "features": {**card["features"], "shot": "all"}}, "list of names"),
        (lambda card: {**card, "footage": [1]}, "footage are"),
        (lambda card: {**card, "seed": "7"}, "seed and command"),
        (lambda card: {**card, "more": 1}, "cannot be read"),
        (lambda card: "[" * 100_000, "cannot be read"),
        (lambda card: "no JSON", "cannot be read"),
    ],
)
def test_a_card_that_cannot_be_true_is_refused_before_anything_is_built(saved, change, said):
    path = rewritten(saved[0], change)
    with pytest.raises(ValueError, match=re.escape(said)) as err:
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    assert str(path) in str(err.value) and len(str(err.value)) < 600


def test_no_network_is_built_that_the_file_does_not_hold(saved, monkeypatch):
    def large(card):
        return {**card, "sizes": {**card["sizes"], "width": 4096, "layers": 20}}  # 16 GB of weights

    def built(sizes):
        raise AssertionError(f"built {sizes}")

    monkeypatch.setattr(checkpoint, "Policy", built)
    with pytest.raises(ValueError, match=r"20 layers of width 4096 have .* and the file holds"):
        checkpoint.load_policy(rewritten(saved[0], large), FEATURES, tuple(TERMS))


def test_tensors_of_another_kind_are_refused_with_both_sides_named(saved):
    path, _, _ = saved
    tensors, metadata = checkpoint.read(path)
    checkpoint.write(path, {**tensors, "key.bias": tensors["key.bias"].double()}, metadata)
    with pytest.raises(ValueError, match=r"key\.bias is float64 \(64,\) there and float32 \(64,\)"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


def test_a_missing_tensor_is_named(saved):
    path, _, _ = saved
    tensors, metadata = checkpoint.read(path)
    del tensors["worth.0.bias"]
    checkpoint.write(path, tensors, metadata)
    with pytest.raises(ValueError, match=r"worth\.0\.bias is absent there and float32"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))


class Hostile:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", [pickle.dump, torch.save])
def test_a_pickle_is_refused_and_runs_nothing(tmp_path, how):
    path, touched = tmp_path / "policy.safetensors", tmp_path / "touched"
    with path.open("wb") as file:
        how(Hostile(touched), file)
    with pytest.raises(ValueError, match="no whole safetensors file"):
        checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    assert not touched.exists()


def test_nothing_in_the_source_loads_a_pickle():
    root = Path(checkpoint.__file__).parents[1]
    for path in [*root.glob("models/**/*.py"), *root.glob("editor/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"pickle\.loads?\(|allow_pickle=True", text), path
        for call in re.findall(r"torch\.load\([^)]*\)", text):
            assert "weights_only=True" in call, f"{path}: {call}"
