"""The policy's part of the benchmark gives every row it promises, and its clock changes nothing."""

import pytest
import torch

from editor.bench import agent, suite
from editor.cutting.agent import load_weights
from editor.cutting.observation import watch
from models.rollout import rollout


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(agent, "MANY", 12)
    monkeypatch.setattr(agent, "SOME", 8)
    monkeypatch.setattr(agent, "FILMS", 2)
    monkeypatch.setattr(agent, "STYLE", agent.Style("b", "", 12.0, "recorded", agent.PACE))


def test_every_row_that_is_expected_is_given(small, tmp_path):
    found = list(agent.rows((), tmp_path, 1))
    assert len(found) == suite._expected(("agent",), 0)
    assert all(row.figure > 0 and row.runs == 1 for row in found)
    shares = [row.figure for row in found if row.what.startswith("of that")]
    assert sum(shares) == pytest.approx(1)


def test_a_clock_on_the_stage_changes_no_film(small):
    policy, watched = load_weights(agent.POLICY), watch(agent.stage_of(8))
    plain, timed = (
        rollout(policy, stage, 3, torch.Generator().manual_seed(0))[0]
        for stage in (watched, agent.Timed(watched))
    )
    assert torch.equal(plain.action, timed.action) and torch.equal(plain.reward, timed.reward)


def test_costs_are_scaled_to_the_film_that_is_spoken_of(small):
    films, _ = rollout(load_weights(agent.POLICY), watch(agent.stage_of(8)), 3, None)
    cuts = int(films.valid.sum()) - 3
    assert agent._scale(films) == pytest.approx(60 / cuts)
