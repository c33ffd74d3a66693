"""Why a cut is as it is, in an editor's words: by itself, or for the film as a whole."""

from fractions import Fraction

import pytest
import torch

from editor.config import load_style
from editor.cutting import local, pool, reasons, search
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from tests.cutting.analyses import by_digest, footage


@pytest.fixture(scope="module")
def cut():
    """A pool, its stage and a film."""
    made = footage(10, 3)
    style = load_style("default")
    found = pool.build(list(made), by_digest(made), style)
    stage = make_stage(found, Brief(style, 18.0, "recorded", 0, rate=Fraction(25)))
    return found, stage, BASELINES["uniform"](stage, 0)


def steps(stage, film):
    """Each cut with the films before it and the cuts after it."""
    films = stage.start(1)
    for number, choice in enumerate(film):
        yield films, choice, film[number + 1 :]
        films, _, _ = stage.step(films, *(torch.tensor([value]) for value in choice))


def proposed(stage, films):
    """A few other cuts that are legal there."""
    found = search.propose(stage, films, 12, torch.Generator().manual_seed(1))
    rows = (found.shot[0].tolist(), found.first[0].tolist(), found.last[0].tolist())
    return list(zip(*rows, strict=True))[:4]


def test_a_whole_films_gain_is_the_difference_of_the_two_films_scores(cut):
    _, stage, film = cut
    checked = 0
    for number, (films, choice, rest) in enumerate(steps(stage, film)):
        for other in proposed(stage, films):
            with_other = [*film[:number], other, *rest]
            mine, theirs = local.scores(stage, [film, with_other]).tolist()
            if theirs == float("-inf"):
                continue
            checked += 1
            total, gains = reasons.compare_whole(stage, films, choice, other, rest)
            assert total == pytest.approx(mine - theirs, abs=1e-4)
            assert total <= 1e-6 or gains
    assert checked > 5


def test_a_cut_without_a_reason_of_its_own_is_told_by_the_whole_film(cut, monkeypatch):
    found, stage, film = cut
    monkeypatch.setattr(reasons, "TELLING", 99.0)  # nothing tells by itself
    told = 0
    for films, choice, rest in steps(stage, film):
        for other in proposed(stage, films):
            total, _ = reasons.compare_whole(stage, films, choice, other, rest)
            said = reasons.reason(found, stage, films, choice, [other], rest)
            told += total > 0
            assert ("for the film as a whole: " in said) == (total > 0), said
    assert told > 5
