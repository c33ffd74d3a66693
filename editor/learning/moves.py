"""Say what could be done to a film with one move: the films that an editor could have made instead.

On the same masks as everything else. B films, N shots, P cut points, T cuts.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.search import Choice
from editor.cutting.terms import Progress

Film = tuple[Choice, ...]

NEAR = 4  # cut points by which a trim moves an end at most: about two seconds


def played(stage: Stage, films: Sequence[Film]) -> tuple[Progress, Tensor]:
    """What whole films come to (B), and which of them are legal, stop included (B,) bool."""
    going = stage.start(len(films))
    legal = torch.ones(len(films), dtype=torch.bool)
    stop = (stage.stop, 0, 0)
    for step in range(max(len(film) for film in films) + 1):
        rows = torch.tensor([film[step] if step < len(film) else stop for film in films])
        going, legal = _cut(stage, going, legal, rows)
    return going.progress, legal


def _cut(stage: Stage, going: Films, legal: Tensor, rows: Tensor) -> tuple[Films, Tensor]:
    shot, first, last = rows.T
    legal = legal & stage.shot_mask(going).gather(1, shot[:, None])[:, 0]
    shot = torch.where(legal, shot, stage.stop)  # an illegal film is not gone on with
    pairs = stage.pair_mask(going, shot)
    legal = legal & pairs[torch.arange(len(shot)), first, last]
    shot = torch.where(legal, shot, stage.stop)
    return stage.step(going, shot, first, last)[0], legal


def frames_of(stage: Stage, film: Sequence[Choice]) -> int:
    """Length in film frames."""
    return sum(int(stage.material.length[cut]) for cut in film)


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
    m = stage.material
    can = stage.rules.allowed.flatten(1).any(1)
    if stage.rules.order == "recorded":
        low = m.rank[before[-1][0]] if before else -1
        high = m.rank[after[0][0]] if after else m.size
        can = can & (m.rank >= low) & (m.rank <= high)
    return np.asarray(torch.nonzero(can)[:, 0].numpy())


def cuts_between(
    stage: Stage, before: Film, after: Film, count: int, random: np.random.Generator
) -> list[Choice]:
    """Some cuts, drawn shot first, that the order allows between two parts of a film."""
    shots = places(stage, before, after)
    if not len(shots):
        return []
    drawn = []
    for shot in random.choice(shots, count).tolist():
        pairs = torch.nonzero(stage.rules.allowed[shot]).numpy()
        first, last = pairs[int(random.integers(len(pairs)))].tolist()
        drawn.append((shot, first, last))
    return drawn


def replacements(
    stage: Stage, film: Film, at: int, count: int, random: np.random.Generator
) -> list[Film]:
    """The film with some other cut at a place; about half of them of nearly the same length."""
    before, after = film[:at], film[at + 1 :]
    m = stage.material
    drawn = cuts_between(stage, before, after, count, random)
    near = []
    for shot, _, _ in cuts_between(stage, before, after, count, random):
        gap = (m.length[shot] - m.length[film[at]]).abs().float()
        gap = gap + m.rate * torch.from_numpy(random.random(gap.shape)).float()
        gap = torch.where(stage.rules.allowed[shot], gap, torch.inf)
        near.append((shot, *divmod(int(gap.argmin()), m.points)))
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
    allowed = stage.rules.allowed[shot]
    points = range(stage.material.points)
    found = []
    for into in points:
        for out in points:
            moved = abs(into - first) + abs(out - last)
            if 0 < moved <= NEAR and bool(allowed[into, out]):
                found.append((*film[:at], (shot, into, out), *film[at + 1 :]))
    return found


def drops(film: Film) -> list[Film]:
    """The film with any one cut less."""
    return [(*film[:at], *film[at + 1 :]) for at in range(len(film))] if len(film) > 1 else []


def relocations(stage: Stage, film: Film, at: int) -> list[Film]:
    """The film with one cut at another place; in recorded order there is mostly none."""
    rest, rank = (*film[:at], *film[at + 1 :]), stage.material.rank
    moved = [(*rest[:to], film[at], *rest[to:]) for to in range(len(film)) if to != at]
    if stage.rules.order == "free":
        return moved
    return [
        film for film in moved if all(int(rank[a[0]]) <= int(rank[b[0]]) for a, b in pairwise(film))
    ]
