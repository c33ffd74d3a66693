"""Simulated editors: they change what is worth it to them, by the rules, and say the same twice."""

import numpy as np
import pytest

from editor.config import load_style
from editor.cutting import whole
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.taste import MEASURES
from editor.film.difference import compare
from editor.learning import editors, lessons, moves
from editor.learning.simulate import World, simulate

WORLD = World(12, 1.5, 0.3, 0.6, 0.6, 0.4, 3.0, 8.0)


@pytest.fixture(scope="module")
def shoot():
    pool = simulate(WORLD, np.random.default_rng(4))
    style = load_style("default")
    stage = make_stage(pool, Brief(style, 16.0, "recorded", 0))
    return pool, stage, tuple(BASELINES["uniform"](stage, 0))


def test_half_of_the_editors_judge_by_what_no_learner_is_shown():
    kinds = [one.kind for one in editors.editors()]
    assert kinds.count("outside") >= len(kinds) / 2
    assert kinds.count("random") == 1
    for one in editors.editors():
        hidden = set(one.measures) - set(MEASURES)
        assert bool(hidden) == (one.kind == "outside")


@pytest.mark.parametrize("name", ["quick", "painter"])
def test_a_correction_is_worth_more_to_the_editor_than_what_was_proposed(shoot, name):
    _, stage, film = shoot
    editor = next(one for one in editors.editors() if one.name == name)
    made = editors.correct(editor, stage, film, np.random.default_rng(1))
    seen = editors.stage_of(editor, stage)
    before, after = editors.worth(seen, [film, made])
    assert after >= before
    assert made == editors.correct(editor, stage, film, np.random.default_rng(1))


def test_a_film_that_the_editor_made_is_left_nearly_alone(shoot):
    _, stage, film = shoot
    editor = editors.editors()[0]
    made = editors.correct(editor, stage, film, np.random.default_rng(1))
    again = editors.correct(editor, stage, made, np.random.default_rng(2))
    assert editors.effort(stage, made, again) <= 0.5 * max(1.0, editors.effort(stage, film, made))


def test_a_random_editor_keeps_the_rules(shoot):
    _, stage, film = shoot
    random = editors.editors()[-1]
    for seed in range(4):
        made = editors.correct(random, stage, film, np.random.default_rng(seed))
        assert bool(whole.scores(stage, [made]).isfinite()[0])


def test_effort_counts_as_the_table_does(shoot):
    pool, stage, film = shoot
    nothing = [(0, 0)] * len(film)
    before = editors.timeline(pool, stage, film, nothing)
    tried = [moves.trims(stage, film, 1)[0], moves.drops(film)[0]]
    tried += moves.replacements(stage, film, 2, 3, np.random.default_rng(0))[:1]
    for other in tried:
        after = editors.timeline(pool, stage, other, [(0, 0)] * len(other))
        counted = lessons.distance(compare(before, after))
        assert editors.effort(stage, film, other) == pytest.approx(counted, abs=0.06)


def test_trims_are_made_by_habit_and_never_inside_words(shoot):
    pool, stage, film = shoot
    editor = next(one for one in editors.editors() if one.name == "storyteller")
    moved = editors.trimmed(editor, pool, stage, {}, film, np.random.default_rng(0))
    said = pool.totals[..., 2]
    for (shot, first, last), (head, tail) in zip(film, moved, strict=True):
        if head:
            near = first - 1 if head < 0 else first + 1
            assert abs(said[shot, near] - said[shot, first]) < 0.05
        assert pool.frame[shot, first] + head < pool.frame[shot, last] + tail
