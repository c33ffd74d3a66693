"""Look into a policy: what its heads do, whether it sees, and whether it heeds the asked pace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Case, Interval, Way, film_of, interval
from editor.cutting.observation import watch
from editor.cutting.pool import Pool
from models.policy import Policy
from models.rollout import rollout

Advance = Callable[[float], None]  # cases done


def _nobody(done: float) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Head:
    """What one head of the policy does over many steps."""

    entropy: float  # nats
    share: float  # of the entropy that choosing evenly among the legal would have
    histogram: tuple[float, ...]  # place of the chosen among the legal, first to last, ten bins
    ends: float  # share of choices that are the first or the last of three or more legal


def heads(
    policy: Policy, cases: Sequence[Case], films: int = 16, advance: Advance = _nobody
) -> dict[str, Head]:
    """Entropy and histogram of each head on drawn films: does one always take the ends?"""
    gathered: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {
        n: [] for n in ("shot", "in", "out")
    }
    for done, case in enumerate(cases):
        advance(done)
        watched = watch(make_stage(case.pool, case.brief))
        generator = torch.Generator().manual_seed(case.brief.seed)
        drawn, _ = rollout(policy, watched, films, generator)
        cut = drawn.valid & (drawn.action[..., 0] != watched.stop)
        masks = {"shot": drawn.shot_mask[..., :-1], "in": drawn.in_mask, "out": drawn.out_mask}
        for head, name in enumerate(gathered):
            chosen = drawn.action[cut][:, head]
            gathered[name].append((masks[name][cut], chosen, drawn.entropy[cut][:, head]))
    return {name: _head(rows) for name, rows in gathered.items()}


def _head(rows: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Head:
    places, entropies, evens, ends = [], [], [], []
    for mask, chosen, entropy in rows:
        legal = mask.sum(1)
        before = (mask.cumsum(1).gather(1, chosen[:, None])[:, 0] - 1).float()
        wide = legal >= 3
        place = before / (legal - 1).clamp(min=1)
        places.append(place[wide])
        ends.append(((place == 0) | (place == 1))[wide])
        entropies.append(entropy[wide])
        evens.append(legal[wide].float().log())
    place = torch.cat(places)
    counts = torch.histc(place, 10, 0, 1)
    entropy, even = torch.cat(entropies), torch.cat(evens)
    return Head(
        entropy=float(entropy.mean()),
        share=float(entropy.sum() / even.sum()),
        histogram=tuple((counts / counts.sum()).tolist()),
        ends=float(torch.cat(ends).float().mean()),
    )


def without_sight(pool: Pool) -> Pool:
    """The pool with every embedding zeroed."""
    return replace(pool, embedding=np.zeros_like(pool.embedding))


def with_wrong_sight(pool: Pool, seed: int = 0) -> Pool:
    """The pool with the shots' embeddings dealt out anew."""
    order = np.random.default_rng(seed).permutation(pool.size)
    return replace(pool, embedding=pool.embedding[order])


@dataclass(frozen=True)
class Sight:
    """What a cutter loses when what it sees is wrong; both films scored on the true pool."""

    lost: Interval  # true film's score less the other's
    changed: float  # share of films whose choices differ
    cases: int


def sight(
    way: Way,
    cases: Sequence[Case],
    spoil: Callable[[Pool], Pool],
    advance: Advance = _nobody,
) -> Sight:
    """Let a cutter see spoilt pools, and score what it then cuts on the true ones."""
    lost, changed = [], []
    for done, case in enumerate(cases):
        advance(done)
        true = make_stage(case.pool, case.brief)
        seen = make_stage(spoil(case.pool), case.brief)
        right, wrong = way(true, case.brief.seed), way(seen, case.brief.seed)
        lost.append(film_of(true, right).score - film_of(true, wrong).score)
        changed.append(float(right != wrong))
    return Sight(interval(lost), float(np.mean(changed)), len(cases))


@dataclass(frozen=True)
class Heeded:
    """A median shot length that was asked, and what films came to."""

    asked: float  # s
    got: Interval  # s, over cases: the films' median shot lengths


def pace_heeded(
    way: Way, cases: Sequence[Case], medians: Sequence[float], advance: Advance = _nobody
) -> tuple[Heeded, ...]:
    """The films' median shot lengths for each median that a style asks."""
    found = []
    for number, asked in enumerate(medians):
        lengths = []
        for done, case in enumerate(cases):
            advance(number * len(cases) + done)
            pace = replace(case.brief.style.pace, median=asked)
            brief = replace(case.brief, style=replace(case.brief.style, pace=pace))
            stage = make_stage(case.pool, brief)
            lengths.append(film_of(stage, way(stage, case.brief.seed)).median)
        found.append(Heeded(asked, interval(lengths)))
    return tuple(found)
