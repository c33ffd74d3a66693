"""Say what could be done to a film with one move: the films that an editor could have made instead.

On the same masks as everything else. N shots, P cut points, Q pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.search import Choice

Film = tuple[Choice, ...]

NEAR = 4  # cut points by which a trim moves an end at most: about two seconds


@dataclass(frozen=True)
class _Table:
    """A stage's shots as arrays: thousands of moves are drawn, each reads a few numbers."""

    pairs: list[np.ndarray]  # of each shot, its allowed [in, out]: (Q, 2)
    frames: list[np.ndarray]  # of each shot, the length of each of them in film frames: (Q,)
    shots: np.ndarray  # (S,) int64, shots that have one
    rank: np.ndarray  # (N,) int64
    lengths: np.ndarray  # (N, P, P) int64, film frames


def _table(stage: Stage) -> _Table:
    m = stage.material
    return _table_of(stage.rules.allowed, m.length, m.rank)


@lru_cache(maxsize=32)
def _table_of(allowed: Tensor, length: Tensor, rank: Tensor) -> _Table:
    pairs, lengths = [torch.nonzero(each).numpy() for each in allowed], length.numpy()
    shots = np.flatnonzero([len(some) for some in pairs])
    frames = [lengths[shot, some[:, 0], some[:, 1]] for shot, some in enumerate(pairs)]
    return _Table(pairs, frames, shots, rank.numpy(), lengths)


def frames_of(stage: Stage, film: Sequence[Choice]) -> int:
    """Length in film frames."""
    lengths = _table(stage).lengths
    return sum(int(lengths[cut]) for cut in film)


def in_window(stage: Stage, films: Sequence[Film]) -> list[Film]:
    """The films whose length the rules allow, each once: a quick test before the masks'."""
    rules = stage.rules
    return [
        film
        for film in dict.fromkeys(films)
        if film and rules.low <= frames_of(stage, film) <= rules.high
    ]


def places(stage: Stage, before: Sequence[Choice], after: Sequence[Choice]) -> np.ndarray:
    """Shots (S,) int64 that the order allows between two parts of a film."""
    table = _table(stage)
    if stage.rules.order != "recorded":
        return table.shots
    rank = table.rank[table.shots]
    low = table.rank[before[-1][0]] if before else -1
    high = table.rank[after[0][0]] if after else len(table.rank)
    return np.asarray(table.shots[(rank >= low) & (rank <= high)])


def cuts_between(
    stage: Stage, before: Film, after: Film, count: int, random: np.random.Generator
) -> list[Choice]:
    """Some cuts, drawn shot first, that the order allows between two parts of a film."""
    shots, pairs = places(stage, before, after), _table(stage).pairs
    if not len(shots):
        return []
    drawn = []
    for shot in shots[random.integers(len(shots), size=count)].tolist():
        first, last = pairs[shot][int(random.integers(len(pairs[shot])))].tolist()
        drawn.append((shot, first, last))
    return drawn


def cuts_alike(
    stage: Stage, film: Film, at: int, count: int, random: np.random.Generator
) -> list[Choice]:
    """Some cuts that the order allows in a cut's place, of nearly its length: within a second, the
    nearest likeliest."""
    shots, table = places(stage, film[:at], film[at + 1 :]), _table(stage)
    if not len(shots):
        return []
    length, rate = int(table.lengths[film[at]]), stage.material.rate
    drawn = []
    for shot in shots[random.integers(len(shots), size=count)].tolist():
        frames = table.frames[shot]
        gap = np.abs(frames - length) + rate * random.random(len(frames))
        first, last = table.pairs[shot][int(gap.argmin())].tolist()
        drawn.append((shot, first, last))
    return drawn


def replacements(
    stage: Stage, film: Film, at: int, count: int, random: np.random.Generator
) -> list[Film]:
    """The film with some other cut at a place; about half of them of nearly the same length."""
    before, after = film[:at], film[at + 1 :]
    drawn = cuts_between(stage, before, after, count, random)
    near = cuts_alike(stage, film, at, count, random)
    return [(*before, cut, *after) for cut in (*drawn, *near)]


def insertions(
    stage: Stage, film: Film, place: int, count: int, random: np.random.Generator
) -> list[Film]:
    """The film with some cut more before a place."""
    before, after = film[:place], film[place:]
    return [(*before, cut, *after) for cut in cuts_between(stage, before, after, count, random)]


def trims(stage: Stage, film: Film, at: int) -> list[Film]:
    """The film with the ends of one cut moved by up to NEAR cut points."""
    shot, first, last = film[at]
    pairs = _table(stage).pairs[shot]
    moved = np.abs(pairs - (first, last)).sum(1)
    near = pairs[(moved > 0) & (moved <= NEAR)].tolist()
    return [(*film[:at], (shot, into, out), *film[at + 1 :]) for into, out in near]


def drops(film: Film) -> list[Film]:
    """The film with any one cut less."""
    return [(*film[:at], *film[at + 1 :]) for at in range(len(film))] if len(film) > 1 else []


def relocations(stage: Stage, film: Film, at: int) -> list[Film]:
    """The film with one cut at another place; in recorded order there is mostly none."""
    rest, rank = (*film[:at], *film[at + 1 :]), _table(stage).rank
    moved = [(*rest[:to], film[at], *rest[to:]) for to in range(len(film)) if to != at]
    if stage.rules.order == "free":
        return moved
    return [film for film in moved if all(rank[a[0]] <= rank[b[0]] for a, b in pairwise(film))]
