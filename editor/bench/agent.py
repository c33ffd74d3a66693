"""Turn a policy at work into the benchmark's rows: deciding a film, making films to learn from,
and learning from them. Everything runs on one thread, as it does in use."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.bench.table import Row
from editor.config import Pace, Style
from editor.cutting import agent, decode
from editor.cutting.brief import Brief
from editor.cutting.environment import Films, Stage, make_stage
from editor.cutting.observation import Watched, watch
from editor.learning.simulate import World, simulate
from models import ppo
from models.policy import Policy, Scene
from models.rollout import Trajectories, one_thread, rollout

POLICY = "base"
CUTS = 60  # of the film that figures are given for: they are scaled to it, by cut
PACE = Pace(median=2.5, log_sd=0.7, autocorrelation=0.3, shortest=0.5, longest=12.0)
STYLE = Style("bench", "", 180.0, "recorded", PACE)  # makes about as many cuts
MANY, SOME = 2000, 500  # shots to decide from, and to learn from
FILMS = 64  # made at once
WANTED = 300  # films a second of CPU
DECIDE = 1.0  # s for a film
NUMBER = 7  # of rows
POINTS = "points' and the film's features and masks"


def rows(files: Sequence[Path], folder: Path, runs: int) -> Iterator[Row]:
    """Measure the package's policy on simulated pools; neither files nor folder are used."""
    with one_thread():
        policy = agent.load_weights(POLICY)
        yield from _deciding(policy, runs)
        yield from _learning(policy, runs)


def stage_of(shots: int) -> Stage:
    """A simulated pool and a brief for a film of about CUTS cuts."""
    world = World(shots, 2.0, 0.4, 0.5, 0.7, 0.3, 3.0, 8.0)
    pool = simulate(world, np.random.default_rng(0))
    return make_stage(pool, Brief(STYLE, STYLE.duration, STYLE.order, 0))


def _deciding(policy: Policy, runs: int) -> Iterator[Row]:
    """The policy's own decode, runners-up of every cut included."""
    stage, seconds = stage_of(MANY), []
    for _ in range(runs + 1):
        began = perf_counter()
        made = decode.decode(policy, stage, 0)
        seconds.append((perf_counter() - began) * CUTS / max(1, len(made)))
    yield _row(f"deciding a film of {CUTS} cuts, wall", MANY, seconds[1:], DECIDE, "s")


def _learning(policy: Policy, runs: int) -> Iterator[Row]:
    """Films made with all that an update needs, what they spend their time on, and the update."""
    stage = Timed(watch(stage_of(SOME)))
    generator = torch.Generator().manual_seed(0)
    made: list[float] = []
    shares: dict[str, list[float]] = {}
    films = None
    for turn in range(runs + 1):
        stage.spent.clear()
        began = process_time()
        films, _ = rollout(policy, stage, FILMS, generator)
        cost = process_time() - began
        if not turn:
            continue
        made.append(cost * _scale(films))
        rest = cost - sum(stage.spent.values())
        for name, part in (*stage.spent.items(), ("the policy and its draws", rest)):
            shares.setdefault(name, []).append(part / cost)
    assert films is not None
    what = f"{WANTED} films of {CUTS} cuts made, CPU"
    yield _row(what, SOME, [WANTED * each for each in made], 1.0, "s")
    for name, each in shares.items():
        yield _row(f"of that: {name}", SOME, each, None, "x")
    learned = list(_updates(policy, films, runs))
    yield _row(f"PPO's update on {WANTED} such films, CPU", SOME, learned, None, "s")


def _updates(policy: Policy, films: Trajectories, runs: int) -> Iterator[float]:
    """CPU seconds that the update of each run would take on WANTED films."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(runs):
        mine = deepcopy(policy)
        optimizer = torch.optim.Adam(mine.parameters(), lr=1e-5)
        settings = ppo.Settings(most_kl=float("inf"))  # every pass
        began = process_time()
        ppo.update(mine, optimizer, [films], settings, generator)
        yield WANTED * (process_time() - began) * _scale(films)


def _scale(films: Trajectories) -> float:
    """What turns the cost of these films into that of one of CUTS cuts; a film's stop is free."""
    cuts = int(films.valid.sum()) - films.count
    return CUTS / max(1, cuts)


def _row(what: str, shots: int, each: list[float], target: float | None, unit: str) -> Row:
    return Row(
        what, f"{shots:,} shots", median(each), min(each), max(each), target, unit, len(each)
    )


@dataclass
class Timed:
    """A watched stage that notes what its answers cost. The protocol of models.rollout.Stage."""

    watched: Watched

    def __post_init__(self) -> None:
        self.spent: dict[str, float] = {}  # CPU s

    def _clocked(self, name: str, answer: Callable[..., Any], *given: Any) -> Any:
        began = process_time()
        found = answer(*given)
        self.spent[name] = self.spent.get(name, 0.0) + process_time() - began
        return found

    @property
    def scene(self) -> Scene:
        """The watched stage's."""
        return self.watched.scene

    @property
    def stop(self) -> int:
        """The watched stage's."""
        return self.watched.stop

    def start(self, films: int) -> Films:
        """The watched stage's."""
        return self.watched.start(films)

    def done(self, films: Films) -> Tensor:
        """The watched stage's."""
        return self.watched.done(films)

    def shots(self, films: Films) -> tuple[Tensor, Tensor]:
        """The watched stage's."""
        found: tuple[Tensor, Tensor] = self._clocked(
            "shots' features and masks", self.watched.shots, films
        )
        return found

    def film(self, films: Films, mask: Tensor) -> Tensor:
        """The watched stage's."""
        found: Tensor = self._clocked(POINTS, self.watched.film, films, mask)
        return found

    def pairs(self, films: Films, shot: Tensor) -> Tensor:
        """The watched stage's."""
        found: Tensor = self._clocked(POINTS, self.watched.pairs, films, shot)
        return found

    def ins(self, films: Films, shot: Tensor, pairs: Tensor) -> Tensor:
        """The watched stage's."""
        found: Tensor = self._clocked(POINTS, self.watched.ins, films, shot, pairs)
        return found

    def outs(self, films: Films, shot: Tensor, first: Tensor) -> Tensor:
        """The watched stage's."""
        found: Tensor = self._clocked(POINTS, self.watched.outs, films, shot, first)
        return found

    def step(self, films: Films, shot: Tensor, first: Tensor, last: Tensor) -> tuple[Films, Tensor]:
        """The watched stage's."""
        found: tuple[Films, Tensor] = self._clocked(
            "the reward and the film's state", self.watched.step, films, shot, first, last
        )
        return found
