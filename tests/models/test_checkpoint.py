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


def test_loading_a_policy_leaves_the_worlds_randomness_alone(saved):
    path, _, _ = saved
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    assert torch.equal(torch.rand(3), expected)
