"""Lessons that a simulated editor gives on small pools: what the tests of learning start from."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from editor.config import load_style
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.pool import Pool
from editor.learning import editors
from editor.learning.editors import Editor
from editor.learning.lessons import Lesson
from editor.learning.moves import Film
from editor.learning.simulate import World, simulate

WORLD = World(12, 1.5, 0.3, 0.6, 0.6, 0.4, 3.0, 8.0)


@lru_cache
def shoot(number: int) -> tuple[Pool, Stage, Film]:
    """A small pool, its stage, and a rough cut."""
    pool = simulate(WORLD, np.random.default_rng([7, number]))
    stage = make_stage(pool, Brief(load_style("default"), 16.0, "recorded", 0))
    return pool, stage, tuple(BASELINES["uniform"](stage, 0))


def named(name: str) -> Editor:
    """One of the table's editors."""
    return next(one for one in editors.editors() if one.name == name)


@lru_cache
def lesson(editor: str, number: int, wrong: float = 0.0) -> Lesson:
    """What an editor made of a shoot's rough cut."""
    pool, stage, film = shoot(number)
    one, random = replace(named(editor), wrong=wrong), np.random.default_rng([9, number])
    made = editors.correct(one, stage, film, random)
    moved = editors.trimmed(one, pool, stage, dict.fromkeys(film, (0, 0)), made, random)
    before = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    title = f"film-v{number:03}"
    return Lesson(title, title, pool, stage, before, editors.timeline(pool, stage, made, moved))


def lessons(editor: str, count: int) -> Sequence[Lesson]:
    """Lessons of several films."""
    return [lesson(editor, number) for number in range(count)]
