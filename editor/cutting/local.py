"""Improve a finished film by looking at its whole score: replace, trim, drop, insert, exchange, on
the same masks and the same reward as everything else.

B films, T cuts, N shots, P cut points. After Aarts & Lenstra, Local Search in Combinatorial
Optimization (1997), chapter 1: steepest ascent over a sampled neighbourhood.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.rules import STUTTER
from editor.cutting.search import Choice

ROUNDS = 60  # neighbourhoods at most
EFFORT = 5_000  # rounds times shots on offer at most: 500 shots are searched in about a second
NEIGHBOURS = 96  # films tried a round: one batch
PATIENCE = 4  # rounds without gain before the film is left as it is
MOVES = ("replace", "trim", "drop", "insert", "exchange")
ODDS = (0.25, 0.3, 0.05, 0.1, 0.3)  # chosen: an exchange keeps the length, so it is often legal


def improve(
    stage: Stage, made: Sequence[Choice], seed: int, rounds: int = ROUNDS
) -> tuple[list[Choice], int]:
    """The best film found from `made`, and how many films' scores were looked at.

    Never worse than `made`, unless `made` stutters and a film that does not is found; the same
    stage, film and seed give the same film.
    """
    random = np.random.default_rng(seed)
    offered = stage.rules.allowed.flatten(1).any(1)
    best, looked, idle = list(made), 1, 0
    top = -np.inf if stutters(stage, best) else float(scores(stage, [best])[0])
    for _ in range(min(rounds, max(PATIENCE, EFFORT // stage.material.size))):
        drawn = [_neighbour(stage, offered, best, random) for _ in range(NEIGHBOURS)]
        tried = [film for film in drawn if not stutters(stage, film)] or [best]
        found = scores(stage, tried)
        looked += len(tried)
        at = int(found.argmax())
        if float(found[at]) > top + 1e-6:
            best, top, idle = tried[at], float(found[at]), 0
        else:
            idle += 1
            if idle == PATIENCE:
                break
    return best, looked


def stutters(stage: Stage, film: Sequence[Choice]) -> bool:
    """True where a cut jumps forward by less than STUTTER inside one take; going on is no jump."""
    m = stage.material
    for (shot, _, out), (after, into, _) in pairwise(film):
        gap = int(m.frame[after, into] - m.frame[shot, out])
        if m.clip[shot] != m.clip[after] or gap <= 0:
            continue
        real = int(m.real[after].sum()) - 1
        frames = int(m.frame[after, real] - m.frame[after, 0])
        if gap * float(m.time[after, real]) < STUTTER * frames:
            return True
    return False


def scores(stage: Stage, films: Sequence[Sequence[Choice]]) -> Tensor:
    """(B,) float32 score of each whole film; -inf where a cut or the stop is not legal."""
    going = stage.start(len(films))
    legal = torch.ones(len(films), dtype=torch.bool)
    stop = (stage.stop, 0, 0)
    for step in range(max(len(film) for film in films) + 1):
        rows = [film[step] if step < len(film) else stop for film in films]
        shot, first, last = torch.tensor(rows).T
        mask = stage.shot_mask(going)
        legal &= mask.gather(1, shot[:, None])[:, 0]
        shot = torch.where(legal, shot, stage.stop)  # an illegal film is not gone on with
        pairs = stage.pair_mask(going, shot)
        legal &= pairs[torch.arange(len(films)), first, last]
        shot = torch.where(legal, shot, stage.stop)
        going, _, _ = stage.step(going, shot, first, last)
    return going.progress.score.masked_fill(~legal, -torch.inf)


def _neighbour(
    stage: Stage, offered: Tensor, film: Sequence[Choice], random: np.random.Generator
) -> list[Choice]:
    """A film that differs by one or two moves; it may be illegal. offered: (N,) bool."""
    new = list(film)
    for _ in range(1 + int(random.random() < 0.4)):
        move = MOVES[int(random.choice(len(MOVES), p=ODDS))]
        at = int(random.integers(len(new)))
        if move == "insert":
            place = int(random.integers(len(new) + 1))
            if (cut := _between(stage, offered, new[:place], new[place:], random)) is not None:
                new.insert(place, cut)
        elif move == "drop" and len(new) > 1:
            del new[at]
        elif move == "exchange" and len(new) > 1:  # a cut less here, another elsewhere
            del new[at]
            place = int(random.integers(len(new) + 1))
            if (cut := _between(stage, offered, new[:place], new[place:], random)) is not None:
                new.insert(place, cut)
        elif move == "trim":
            new[at] = _trimmed(stage, new[at], random)
        elif move == "replace" and (
            (cut := _between(stage, offered, new[:at], new[at + 1 :], random)) is not None
        ):
            new[at] = cut
    return new


def _between(
    stage: Stage,
    offered: Tensor,
    before: Sequence[Choice],
    after: Sequence[Choice],
    random: np.random.Generator,
) -> Choice | None:
    """A random legal pair of a shot that the order allows there; None where there is none."""
    m = stage.material
    can = offered
    if stage.rules.order == "recorded":
        low = m.rank[before[-1][0]] if before else -1
        high = m.rank[after[0][0]] if after else m.size
        can = can & (m.rank >= low) & (m.rank <= high)
    shots = torch.nonzero(can)[:, 0].numpy()
    if not len(shots):
        return None
    shot = int(random.choice(shots))
    pairs = torch.nonzero(stage.rules.allowed[shot]).numpy()
    first, last = pairs[int(random.integers(len(pairs)))]
    return shot, int(first), int(last)


def _trimmed(stage: Stage, cut: Choice, random: np.random.Generator) -> Choice:
    """The same shot with its in point, its out point or both moved by a few cut points."""
    shot, first, last = cut
    reach = int(random.integers(1, 4))
    which = int(random.integers(3))
    if which != 1:
        first += int(random.integers(-reach, reach + 1))
    if which != 0:
        last += int(random.integers(-reach, reach + 1))
    top = stage.material.points - 1
    return shot, min(max(first, 0), top), min(max(last, 0), top)
