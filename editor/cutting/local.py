"""Improve a finished film by looking at its whole score: replace, trim, drop, insert, exchange,
swap, move, on the same masks and the same reward as everything else.

B films, T cuts, N shots, P cut points. After Aarts & Lenstra, Local Search in Combinatorial
Optimization (1997), chapter 1: steepest ascent over a sampled neighbourhood.
"""

from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from editor.cutting import whole
from editor.cutting.environment import Stage
from editor.cutting.rules import STUTTER
from editor.cutting.whole import Choice, Script
from editor.cutting.whole import scores as scores

ROUNDS = 60  # neighbourhoods at most
EFFORT = 5_000  # rounds times shots on offer at most: 500 shots are searched in about a second;
FREELY = 2  # of many, a film in free order takes about as many times as long to score
NEIGHBOURS = 96  # films tried a round: one batch
MANY_SHOTS = 100  # on offer, above which rounds are few and must count: then up to
COMBINED = 16  # changes for the better at most are made together, and
DRAWN = 5  # times as many films are drawn a round, and those tried that may be legal
PATIENCE = 4  # rounds without gain before the film is left as it is
LONG_ROUNDS, LONG_PATIENCE = 300, 20  # likewise, where the best of several goes on
MOVES = ("replace", "trim", "drop", "insert", "exchange", "swap", "move")
ODDS = {  # chosen: an exchange keeps the length, so it is often legal; swaps and moves always do,
    "recorded": (0.25, 0.3, 0.05, 0.1, 0.3, 0.0, 0.0),  # but not the recorded order
    "free": (0.2, 0.25, 0.05, 0.05, 0.2, 0.1, 0.15),
}
UP_TO = {order: tuple(np.cumsum(odds).tolist()) for order, odds in ODDS.items()}


def improve(
    stage: Stage,
    made: Sequence[Choice],
    seed: int,
    rounds: int = ROUNDS,
    patience: int = PATIENCE,
    effort: int = EFFORT,
) -> tuple[list[Choice], int]:
    """The best film found from `made`, and how many films' scores were looked at.

    rounds: at most; patience: of these without gain before it ends; effort: rounds times shots on
    offer at most. Never worse than `made`, unless `made` stutters and a film that does not is
    found; the same stage, film and seed give the same film.
    """
    random = np.random.default_rng(seed)
    offered = torch.nonzero(stage.rules.allowed.flatten(1).any(1))[:, 0].numpy()
    best, looked, idle = list(made), 1, 0
    top = -np.inf if stutters(stage, best) else float(scores(stage, [best])[0])
    many = stage.material.size > MANY_SHOTS
    effort //= FREELY if many and stage.rules.order == "free" else 1
    for _ in range(min(rounds, max(patience, effort // stage.material.size))):
        tried = _tried(stage, offered, best, random) or [best]
        found = scores(stage, tried, top)
        if many and (more := _combined(stage, best, top, tried, found)):
            tried, found = [*tried, *more], torch.cat([found, scores(stage, more, top)])
        looked += len(tried)
        at = int(found.argmax())
        if float(found[at]) > top + 1e-6:
            best, top, idle = tried[at], float(found[at]), 0
        else:
            idle += 1
            if idle == patience:
                break
    return best, looked


def improve_long(stage: Stage, made: Sequence[Choice], seed: int) -> list[Choice]:
    """As `improve`, with more rounds and patience."""
    effort = LONG_ROUNDS * stage.material.size
    return improve(stage, made, seed, LONG_ROUNDS, LONG_PATIENCE, effort)[0]


def improve_best(stage: Stage, starts: Sequence[Sequence[Choice]], seed: int) -> list[Choice]:
    """Each of the films improved, and the best of what they became improved for longer. Where a
    way to cut came to no end, its film is empty, and left aside."""
    found = [improve(stage, start, seed)[0] for start in starts if start]
    return improve_long(stage, found[int(scores(stage, found).argmax())], seed + 1)


def _tried(
    stage: Stage, offered: np.ndarray, best: Sequence[Choice], random: np.random.Generator
) -> list[list[Choice]]:
    """Films about `best` to be scored."""
    many = stage.material.size > MANY_SHOTS
    tried: list[list[Choice]] = []
    for _ in range(DRAWN if many else 1):
        drawn = [_neighbour(stage, offered, best, random) for _ in range(NEIGHBOURS)]
        good = ~_stutter(stage, drawn)
        if many:
            good &= whole.plausible(stage, drawn)
        tried += [film for film, fine in zip(drawn, good.tolist(), strict=True) if fine]
        if len(tried) >= NEIGHBOURS:
            break
    return tried[:NEIGHBOURS]


def _combined(
    stage: Stage,
    best: Sequence[Choice],
    top: float,
    tried: Sequence[list[Choice]],
    found: Tensor,
) -> list[list[Choice]]:
    """Films with the best change to `best`, the next best elsewhere besides, and so on.

    found: (B,) scores of what was tried; `top` that of `best`.
    """
    order = found.argsort(descending=True)[: int((found > top).sum())].tolist()
    film, touched, films = list(best), set[int](), list[list[Choice]]()
    for change in (tried[at] for at in order[:COMBINED]):
        if len(change) != len(best):
            continue
        places = {at for at, (old, new) in enumerate(zip(best, change, strict=True)) if old != new}
        if places & touched:
            continue
        film = [change[at] if at in places else cut for at, cut in enumerate(film)]
        touched |= places
        films.append(film)
    films = films[1:]  # the first is one of those that were tried
    return [film for film in films if not stutters(stage, film)]


def stutters(stage: Stage, film: Sequence[Choice]) -> bool:
    """True where a cut jumps forward by less than STUTTER inside one take; going on is no jump."""
    return bool(_stutter(stage, [film])[0])


def _stutter(stage: Stage, films: Sequence[Sequence[Choice]]) -> Tensor:
    """(B,) bool: the films that stutter."""
    m, script = stage.material, Script.of(films)
    shot, _, out = script.cuts[:-1].unbind(1)  # (T - 1, B) each
    after, into, _ = script.cuts[1:].unbind(1)
    gap = m.frame[after, into] - m.frame[shot, out]
    end = m.real[after].sum(-1) - 1
    frames = m.frame[after, end] - m.frame[after, 0]
    short = gap * m.time[after, end] < STUTTER * frames
    there = torch.arange(1, len(script.cuts))[:, None] < script.count
    return (there & (m.clip[shot] == m.clip[after]) & (gap > 0) & short).any(0)


def _neighbour(
    stage: Stage, offered: np.ndarray, film: Sequence[Choice], random: np.random.Generator
) -> list[Choice]:
    """A film that differs by one or two moves; it may be illegal. offered: (S,) shots."""
    new, up_to = list(film), UP_TO[stage.rules.order]
    for _ in range(1 + int(random.random() < 0.4)):
        move = MOVES[min(bisect(up_to, float(random.random())), len(MOVES) - 1)]
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
        elif move == "swap":
            other = int(random.integers(len(new)))
            new[at], new[other] = new[other], new[at]
        elif move == "move":
            cut = new.pop(at)
            new.insert(int(random.integers(len(new) + 1)), cut)
        elif move == "trim":
            new[at] = _trimmed(stage, new[at], random)
        elif move == "replace" and (
            (cut := _between(stage, offered, new[:at], new[at + 1 :], random)) is not None
        ):
            new[at] = cut
    return new


def _between(
    stage: Stage,
    offered: np.ndarray,
    before: Sequence[Choice],
    after: Sequence[Choice],
    random: np.random.Generator,
) -> Choice | None:
    """A random legal pair of a shot that the order allows there; None where there is none."""
    shots = offered
    if stage.rules.order == "recorded":
        rank = _ranks(stage.material.rank)
        low = rank[before[-1][0]] if before else -1
        high = rank[after[0][0]] if after else len(rank)
        shots = offered[(rank[offered] >= low) & (rank[offered] <= high)]
    if not len(shots):
        return None
    shot = int(shots[int(random.integers(len(shots)))])
    pairs = allowed_pairs(stage.rules.allowed)[shot]
    first, last = pairs[int(random.integers(len(pairs)))]
    return shot, int(first), int(last)


@lru_cache(maxsize=32)
def _ranks(rank: Tensor) -> np.ndarray:
    """The same numbers as an array."""
    return np.asarray(rank.numpy())


@lru_cache(maxsize=32)
def allowed_pairs(allowed: Tensor) -> list[np.ndarray]:
    """Of each shot, its allowed [in, out]: (Q, 2) int64. allowed: (N, P, P) bool."""
    return [torch.nonzero(pairs).numpy() for pairs in allowed]


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
