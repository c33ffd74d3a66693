"""Turn a pool and a brief into a decision process: states, legal actions, rewards, one or many.

B films, N shots, P cut points. `Stage` is the batched form on which sampling, search and training
run; `cutting.episode` holds the same thing as a Gymnasium environment of one film.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from editor.cutting import constraints
from editor.cutting.brief import Brief
from editor.cutting.material import Material, prepare
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS, Reward
from editor.cutting.rules import Rules
from editor.cutting.state import State
from editor.cutting.terms import Progress
from editor.errors import StyleError


@dataclass(frozen=True)
class Films:
    """A batch of films under way."""

    state: State
    progress: Progress
    done: Tensor  # (B,) bool, stopped

    def select(self, index: Tensor) -> "Films":
        """The films of `index` (B',), in that order."""
        return Films(self.state.select(index), self.progress.select(index), self.done[index])


@dataclass(frozen=True)
class Stage:
    """A pool and a brief, ready for films to be cut."""

    material: Material
    brief: Brief
    rules: Rules
    reward: Reward

    @property
    def stop(self) -> int:
        """The number that stands for stop among the shots."""
        return self.material.size

    def start(self, films: int) -> Films:
        """Empty films."""
        return Films(
            self.rules.start(films),
            self.reward.start(films),
            torch.zeros(films, dtype=torch.bool),
        )

    def shot_mask(self, films: Films) -> Tensor:
        """(B, N + 1) bool: legal shots, and stop in the last column; stop alone once stopped."""
        mask = self.rules.shot_mask(films.state)
        ended = torch.zeros_like(mask)
        ended[:, -1] = True
        return torch.where(films.done[:, None], ended, mask)

    def pair_mask(self, films: Films, shot: Tensor) -> Tensor:
        """(B, P, P) bool: legal [in, out] of each film's chosen shot (B,); all for stop."""
        mask = self.rules.pair_mask(films.state, shot.clamp(max=self.stop - 1))
        return mask | (shot == self.stop)[:, None, None]

    def step(
        self, films: Films, shot: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Films, Tensor, Tensor]:
        """Make one legal cut, or stop, in each film.

        Returns the films, their rewards (B,) and the cuts' raw terms (B, C); both 0 for stop.
        """
        index = torch.nonzero(~films.done & (shot != self.stop))[:, 0]
        gain = torch.zeros(len(shot))
        raw = torch.zeros(len(shot), len(CUT_TERMS))
        done = films.done | (shot == self.stop)
        if not len(index):
            return Films(films.state, films.progress, done), gain, raw
        some, cut = _rows(films, index, shot, first, last)
        state = self.rules.step(some.state, *cut)
        progress, part, part_raw = self.reward.grow(some.progress, *cut)
        gain[index], raw[index] = part, part_raw
        return _put(films, state, progress, done, index), gain, raw

    def follow(self, films: Films, shot: Tensor, first: Tensor, last: Tensor) -> Films:
        """Make one legal cut, or stop, in each film, in all but what it scores."""
        index = torch.nonzero(~films.done & (shot != self.stop))[:, 0]
        done = films.done | (shot == self.stop)
        if not len(index):
            return Films(films.state, films.progress, done)
        some, cut = _rows(films, index, shot, first, last)
        state = self.rules.step(some.state, *cut)
        return _put(films, state, self.reward.follow(some.progress, *cut), done, index)


Cut = tuple[Tensor, Tensor, Tensor]  # shot, in point, out point


def _rows(films: Films, index: Tensor, *cut: Tensor) -> tuple[Films, Cut]:
    """The films that go on, and their cuts; as they are where all do."""
    shot, first, last = cut
    if len(index) == len(shot):
        return films, (shot, first, last)
    return films.select(index), (shot[index], first[index], last[index])


def _put(films: Films, state: State, progress: Progress, done: Tensor, index: Tensor) -> Films:
    """The films with what has become of those of `index`."""
    if len(index) == len(done):
        return Films(state, progress, done)
    return Films(_merge(films.state, state, index), _merge(films.progress, progress, index), done)


def _merge(old: Any, new: Any, index: Tensor) -> Any:
    """Rows of `new` put at `index` of `old`; a new column is filled with what is not there."""
    values = {}
    for name in old.__dataclass_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before.shape[1:] != after.shape[1:]:
            pad = before.new_full((len(before), after.shape[1] - before.shape[1]), float("nan"))
            before = torch.cat([before, pad], 1)
        values[name] = before.index_copy(0, index, after)
    return type(old)(**values)


def make_stage(
    pool: Pool,
    brief: Brief,
    statistics: Mapping[str, tuple[float, float]] | None = None,
) -> Stage:
    """Prepare a pool for a brief. Raises FootageError where no film can be made, StyleError for
    unknown reward terms and a length that is none, ValueError for absent or non-finite features."""
    if not 0 < brief.duration < float("inf"):
        raise StyleError(f"A film of {brief.duration:g} s cannot be made: ask for more than 0 s.")
    material = prepare(pool, brief.rate)
    return Stage(
        material, brief, constraints.make(material, brief), Reward.of(material, brief, statistics)
    )
