"""Absurd ways to cut: made as they are called, and set beside the policy and the real edit."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.config import load_style
from editor.cutting import search
from editor.cutting.environment import make_stage
from editor.errors import EditorError
from editor.learning.finished import Finished
from editor.learning.simulate import World, simulate
from editor.measures import hacks
from tests.measures.films import edited

STYLE = replace(load_style("default"), order="free", duration=15.0)
POOL = simulate(World(14, 1.5, 0.0, 0.5, 0.7, 0.3, 3.0, 7.0), np.random.default_rng(3))
CASE = hacks.footage_case("made", POOL, STYLE, 0)[0]


@pytest.fixture(scope="module")
def stage():
    return make_stage(CASE.pool, CASE.brief)


@pytest.mark.parametrize("name", hacks.HACKS)
def test_a_hack_keeps_to_the_rules(stage, name):
    films = stage.start(1)
    for shot, first, last in hacks.HACKS[name](stage, 0):
        assert stage.shot_mask(films)[0, shot]
        assert stage.pair_mask(films, torch.tensor([shot]))[0, first, last]
        films, _, _ = stage.step(films, *(torch.tensor([v]) for v in (shot, first, last)))
    assert stage.shot_mask(films)[0, -1]


def test_flash_frames_are_the_shortest_and_uncut_the_longest(stage):
    def cuts(name: str) -> int:
        return len(hacks.HACKS[name](stage, 0))

    assert cuts("flash frames") > len(search.greedy(stage, 0)) > cuts("in order, uncut")


def test_one_shot_repeated_shows_fewer_shots_than_any_sensible_film(stage):
    repeated = {shot for shot, _, _ in hacks.HACKS["one shot repeated"](stage, 0)}
    assert len(repeated) < len({shot for shot, _, _ in search.greedy(stage, 0)})


def test_real_passages_are_compared_with_films_of_their_own_length():
    cases = hacks.film_cases(edited(40, 1), STYLE, 0)
    assert 1 < len(cases) <= hacks.PASSAGES
    assert [case.ablated for case in cases] == [True] + [False] * (len(cases) - 1)
    for case in cases:
        assert case.real is not None
        assert case.brief.duration <= hacks.LONGEST + 12.0


def test_the_table_names_every_case_in_which_a_hack_is_not_the_worse(monkeypatch):
    monkeypatch.setattr(hacks, "HACKS", {"greedy itself": search.greedy})
    monkeypatch.setattr(hacks, "TERMS", {"novelty": hacks.TERMS["novelty"]})
    case = replace(CASE, real=-9.0)
    found = hacks.compare([case], "greedy", search.greedy, lambda *told: None)
    assert len(found.wins) == 2 and all("made" in row for row in found.wins)
    assert found.ways["greedy itself"].below_policy.mean == 0.0
    assert list(found.ablated) == ["novelty"]
    text = found.text()
    assert "greedy itself" in text and "novelty" in text


def test_one_case_is_told_without_an_interval_and_the_page_says_why(monkeypatch):
    """Of one case nothing tells how far another would lie: an interval of no width would lie."""
    monkeypatch.setattr(hacks, "HACKS", {"greedy itself": search.greedy})
    monkeypatch.setattr(hacks, "TERMS", {"novelty": hacks.TERMS["novelty"]})

    def page(*cases: hacks.Case) -> str:
        return hacks.compare(cases, "greedy", search.greedy, lambda *told: None).text()

    one = page(CASE)
    assert "in one case (one case: no interval)" in one
    assert not re.search(r"[+-]\d\.\d{3} \[", one) and "+0.000" in one
    two = page(CASE, replace(CASE, brief=replace(CASE.brief, seed=1)))
    assert re.search(r"[+-]\d\.\d{3} \[", two) and "no interval" not in two


def test_a_films_own_shots_in_order_and_uncut_are_its_edit_and_no_hack():
    assert CASE.is_itself(hacks.UNCUT) is False
    cases = hacks.film_cases(edited(20, 2), STYLE, 0)[:1]
    assert cases[0].is_itself(hacks.UNCUT) and not cases[0].is_itself("strobing")
    plain = {hacks.UNCUT: hacks.HACKS[hacks.UNCUT]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hacks, "HACKS", plain)
        patch.setattr(hacks, "TERMS", {})
        found = hacks.compare(cases, "greedy", search.greedy, lambda *told: None)
    assert found.ways[hacks.UNCUT].score is None and not found.wins


def test_footage_that_cannot_be_cut_is_refused_in_a_sentence():
    with pytest.raises(EditorError, match="nothing to compare"):
        hacks.compare([], "base", search.greedy, lambda *told: None)


def test_what_was_finished_before_an_interrupt_is_not_measured_again(monkeypatch, tmp_path):
    """Neither a case that all have cut, nor a term that was left out of one."""
    monkeypatch.setattr(hacks, "TERMS", {name: hacks.TERMS[name] for name in ("novelty", "scene")})
    made: list[int] = []

    def cut(stage, seed):
        made.append(seed)
        if len(made) == 3:
            raise KeyboardInterrupt
        return search.greedy(stage, seed)

    def measured(*keeper: Finished) -> hacks.Table:
        return hacks.compare([CASE], "greedy", cut, lambda *told: None, *keeper)

    with pytest.raises(KeyboardInterrupt):
        measured(Finished(tmp_path))  # while the second term is left out
    again = measured(Finished(tmp_path))
    assert len(made) == 4
    assert again == measured(Finished(tmp_path)) and len(made) == 4
    assert again == measured()
