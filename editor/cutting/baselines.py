"""Simple ways to cut, on the same masks and the same reward as the policy: a table of cutters."""

from collections.abc import Callable
from time import process_time

import torch
from torch import Tensor

from editor.cutting import local, search
from editor.cutting.environment import Films, Stage
from editor.cutting.search import Choice

Cutting = Callable[[Stage, int], list[Choice]]  # a stage and a seed -> the film's cuts


def random(stage: Stage, seed: int) -> list[Choice]:
    """Any legal cut, all alike; stops as soon as chance says so."""
    generator = torch.Generator().manual_seed(seed)

    def pick(films: Films) -> Choice | None:
        shot = int(_any(stage.shot_mask(films)[0], generator))
        return None if shot == stage.stop else _pair(stage, films, shot, generator=generator)

    return search.play(stage, pick, scored=False)


def chronological(stage: Stage, seed: int) -> list[Choice]:
    """Every shot in recording order, each cut near the style's median, until the time is full."""
    m = stage.material

    def pick(films: Films) -> Choice | None:
        mask = stage.shot_mask(films)[0]
        if mask[-1]:
            return None
        used = torch.arange(m.size) == films.state.shot[0]
        last = m.rank[films.state.shot[0]] if films.state.shot[0] >= 0 else -1
        order = m.rank + m.size * (m.rank <= last) + m.size * used
        shot = int(torch.where(mask[:-1], order, 4 * m.size).argmin())
        return _pair(stage, films, shot, seconds=stage.brief.style.pace.median)

    return search.play(stage, pick, scored=False)


def uniform(stage: Stage, seed: int) -> list[Choice]:
    """Shots at even steps through the footage, all cut to one length."""
    m, pace = stage.material, stage.brief.style.pace
    count = max(1, round(stage.brief.duration / pace.median))

    def pick(films: Films) -> Choice | None:
        mask = stage.shot_mask(films)[0]
        if mask[-1]:
            return None
        wanted = (int(films.progress.count[0]) + 0.5) / count * m.size
        far = (m.rank - wanted).abs() + 4.0 * m.size * (~mask[:-1])
        return _pair(stage, films, int(far.argmin()), seconds=stage.brief.duration / count)

    return search.play(stage, pick, scored=False)


def similar(stage: Stage, seed: int) -> list[Choice]:
    """Always the legal shot most like what the last cut showed, cut near the style's median: what
    clustering by embedding comes to. Begins with the shot most like all others."""
    m = stage.material

    def pick(films: Films) -> Choice | None:
        mask = stage.shot_mask(films)[0]
        if mask[-1]:
            return None
        last = int(films.state.shot[0])
        like = m.likeness[last] if last >= 0 else m.likeness.mean(1)
        again = torch.arange(m.size) == last
        shot = int(torch.where(mask[:-1], like - 2.0 * again, -4.0).argmax())
        return _pair(stage, films, shot, seconds=stage.brief.style.pace.median)

    return search.play(stage, pick, scored=False)


def _any(mask: Tensor, generator: torch.Generator) -> Tensor:
    return torch.multinomial(mask.float(), 1, generator=generator)


def _pair(
    stage: Stage,
    films: Films,
    shot: int,
    seconds: float = 0.0,
    generator: torch.Generator | None = None,
) -> Choice:
    """A legal pair of a shot: one at random, or the one nearest to a length, earliest first."""
    points = stage.material.points
    mask = stage.pair_mask(films, torch.tensor([shot]))[0]
    if generator is not None:
        at = int(_any(mask.flatten(), generator))
    else:
        gap = (stage.material.length[shot] / stage.material.rate - seconds).abs()
        at = int(torch.where(mask, gap, torch.inf).flatten().argmin())
    return shot, at // points, at % points


def _beam(width: int) -> Cutting:
    return lambda stage, seed: search.beam(stage, width, seed)


def _local(stage: Stage, seed: int) -> list[Choice]:
    """Local search from an even spread over the footage."""
    return local.improve(stage, uniform(stage, seed), seed)[0]


def local_for(stage: Stage, seed: int, seconds: float) -> list[Choice]:
    """Local search for so much CPU time. Half of it goes from the films of STARTS, one after the
    other, and then from random ones, the rest goes on from the best of what they became. The last
    search begun is finished."""
    begun, found = process_time(), list[list[Choice]]()
    while not found or process_time() < begun + seconds / 2:
        turn = len(found)
        start = (STARTS[turn] if turn < len(STARTS) else random)(stage, seed + turn)
        found.append(local.improve(stage, start or uniform(stage, seed), seed + turn)[0])
    best, more = found[int(local.scores(stage, found).argmax())], 0
    while process_time() < begun + seconds:
        more += 1
        best = local.improve_long(stage, best, seed + len(found) + more)
    return best


STARTS: tuple[Cutting, ...] = (uniform, search.greedy, _beam(8))  # of a local search for long

BLIND = ("random", "chronological", "uniform", "similar")  # to what a film scores
BASELINES: dict[str, Cutting] = {
    "random": random,
    "chronological": chronological,
    "uniform": uniform,
    "similar": similar,
    "greedy": search.greedy,
    "beam1": _beam(1),
    "beam8": _beam(8),
    "beam64": _beam(64),
    "beam256": _beam(256),
    "local": _local,
}
