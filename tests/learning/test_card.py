from dataclasses import replace

import numpy as np
import pytest
import torch

from editor import arguments
from editor.cutting.agent import WEIGHTS
from editor.cutting.observation import SIZES
from editor.cutting.reward import TERMS
from editor.learning import card
from editor.learning.simulate import sample_world, simulate
from models import checkpoint
from models.algorithms import ALGORITHMS
from models.checkpoint import Card
from models.policy import Policy

PLAIN = Card(SIZES.table(), {}, list(TERMS), "train a b", 3, ["a.mp4"], {"algorithm": "ppo"})


@pytest.fixture(scope="module")
def policy() -> Policy:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Policy(SIZES)


def test_each_kind_of_pool_is_scored_apart_beside_a_plain_cutter(policy):
    rng = np.random.default_rng(0)
    footage = [simulate(sample_world(rng, 8, 12), rng) for _ in range(2)]
    scores = card.measure(policy, footage, 2, 10, 0)
    assert [score.kind for score in scores] == ["simulated", "recombined", "real"]
    assert [score.pools for score in scores] == [2, 2, 2]
    for score in scores:
        assert score.ahead.mean == pytest.approx(score.own.mean - score.plain.mean)
    text = card.text(PLAIN, scores, [])
    assert all(card.KINDS[score.kind] in text for score in scores)


def test_without_footage_only_simulated_pools_are_scored_and_the_card_says_so(policy):
    scores = card.measure(policy, (), 1, 8, 0)
    assert [score.kind for score in scores] == ["simulated"]
    assert "None: simulated pools alone." in card.text(replace(PLAIN, footage=[]), scores, [])


def test_the_same_policy_gets_the_same_card(policy):
    one, two = (card.text(PLAIN, card.measure(policy, (), 2, 8, 0), []) for _ in range(2))
    assert one == two


def test_what_was_logged_is_told_as_the_last_tenths_mean():
    rows = [{"step": n, "score": float(n)} for n in range(20)]
    assert "| score | +18.5000 |" in card.text(PLAIN, [], rows)


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.safetensors")), ids=lambda path: path.stem)
def test_every_policy_in_the_package_has_a_card_that_agrees_with_its_file(path):
    """Make it with the policy: training writes card.md, or python -m editor.learning.card FILE."""
    told = checkpoint.read_card(path, checkpoint.read(path)[1]["card"])
    text = path.with_suffix(".md").read_text(encoding="utf-8")
    assert f"Seed {told.seed}." in text and told.command in text
    assert all(f"- {name}" in text for name in told.footage)
    assert card.KINDS["simulated"] in text


def test_trains_help_names_every_algorithm(capsys):
    with pytest.raises(SystemExit):
        arguments.parse(["train", "--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in ALGORITHMS)


@pytest.mark.parametrize("held", [None, b"", b"not weights" * 9])
def test_what_is_no_policy_has_no_card_and_a_line_says_so(held, tmp_path, capsys):
    path = tmp_path / "policy.safetensors"
    if held is not None:
        path.write_bytes(held)
    assert card.main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"card: {path}: ") and len(said.err.splitlines()) == 1
    assert not said.out
