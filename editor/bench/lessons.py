"""Make corrected films to learn from, and time a retraining on them."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from editor.config import load_style
from editor.cutting import agent
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.learning import editors, moves, retraining
from editor.learning.lessons import Lesson
from editor.learning.moves import Film
from editor.learning.retraining import Asked
from editor.learning.simulate import World, simulate
from models.rollout import one_thread

FILMS, CUTS = 20, 60
SHOTS = World(90, 2.0, 0.5, 0.6, 0.7, 0.4, 3.0, 8.0)  # of each film's footage
SECONDS = 170.0  # of each film: about CUTS cuts
TRIED, CORRECTIONS = 24, 12  # moves that are thought of before one is made; so many are made
EDITOR = "quick"  # of the simulated ones: a consistent taste, so that all of learning is done


def corrected(number: int) -> Lesson:
    """One film, and what a simulated editor made of it."""
    editor = next(one for one in editors.editors() if one.name == EDITOR)
    pool = simulate(SHOTS, np.random.default_rng([8, number]))
    stage = make_stage(pool, Brief(load_style("default"), SECONDS, "recorded", number))
    seen, random = editors.stage_of(editor, stage), np.random.default_rng([9, number])
    rough: Film = tuple(BASELINES["uniform"](stage, number))
    made = rough
    for _ in range(CORRECTIONS):
        tried = [editors.thought(seen, made, random) for _ in range(TRIED)]
        tried = [made, *moves.in_window(seen, tried)]
        made = tried[int(editors.worth(seen, tried).argmax())]
    nothing = dict.fromkeys(rough, (0, 0))
    moved = editors.trimmed(editor, pool, stage, nothing, made, random)
    before = editors.timeline(pool, stage, rough, [(0, 0)] * len(rough))
    title = f"film-{number:02}-v001"
    after = editors.timeline(pool, stage, made, moved)
    return Lesson(title, title.removesuffix("-v001"), pool, stage, before, after)


def _nobody(done: float, total: float, label: str) -> None:
    """Nobody watches."""


def timed(policies: Path) -> dict[str, Any]:
    """Retrain on FILMS corrected films of about CUTS cuts: what it took and what came of it. The
    network is led whatever was promoted: what takes longest is what is measured."""
    lessons = tuple(corrected(number) for number in range(FILMS))
    wall, cpu = time.perf_counter(), time.process_time()
    asked = Asked(lessons, (), policies, agent.DEFAULT)
    done = retraining.retrain(asked, _nobody)
    if not done.steps:
        start = agent.load_weights(done.policy.base)
        with one_thread():
            stages = [one.stage for one in lessons]
            retraining.lead(asked, start, stages, done.learned.taste, _nobody, 1.0)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "films": len(lessons),
        "cuts": round(float(np.mean([len(one.before.cuts) for one in lessons]))),
        "corrections": done.corrections,
        "steps": asked.steps,
        "promoted": done.policy.promoted,
    }
