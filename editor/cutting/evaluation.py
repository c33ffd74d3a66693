"""Compare cutters on the same pools, and look into a policy: what its heads do, what it heeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time

import numpy as np
import torch
from torch import Tensor

from editor.cutting.brief import Brief
from editor.cutting.decode import choices
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import watch
from editor.cutting.pool import Pool
from editor.cutting.search import Choice
from models.policy import Policy
from models.rollout import play, rollout

RESAMPLES = 2000  # of the bootstrap
LEVEL = 0.95  # of its interval

Way = Callable[[Stage, int], list[Choice]]


@dataclass(frozen=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class Result:
    """One cutter's films."""

    score: Interval
    ahead: Interval  # of the first cutter, paired by pool
    seconds: float  # CPU a film
    median: float  # s, of shot length


@dataclass(frozen=True)
class Case:
    """A pool and what is asked of it."""

    pool: Pool
    brief: Brief


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """Mean and bootstrap interval (Efron 1979, percentile) of values."""
    rng = np.random.default_rng(seed)
    array = np.asarray(values, np.float64)
    means = array[rng.integers(len(array), size=(RESAMPLES, len(array)))].mean(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(array.mean()), float(low), float(high))


def film_of(stage: Stage, made: Sequence[Choice]) -> tuple[float, list[float]]:
    """Score of a film and the lengths of its cuts in seconds."""
    films, lengths = stage.start(1), []
    for shot, first, last in made:
        lengths.append(float(stage.material.length[shot, first, last]) / stage.material.rate)
        films, _, _ = stage.step(films, *(torch.tensor([value]) for value in (shot, first, last)))
    return float(films.progress.score[0]), lengths


def compare(cases: Sequence[Case], ways: Mapping[str, Way]) -> dict[str, Result]:
    """Cut every case in every way; differences are paired by case, against the first way."""
    scores: dict[str, list[float]] = {name: [] for name in ways}
    lengths: dict[str, list[float]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for case in cases:
        stage = make_stage(case.pool, case.brief)
        for name, way in ways.items():
            begin = process_time()
            made = way(stage, case.brief.seed)
            seconds[name] += process_time() - begin
            score, spans = film_of(stage, made)
            scores[name].append(score)
            lengths[name].append(float(np.median(spans)) if spans else 0.0)
    first = np.array(next(iter(scores.values())))
    return {
        name: Result(
            interval(values),
            interval((first - np.array(values)).tolist()),
            seconds[name] / len(cases),
            float(np.mean(lengths[name])),
        )
        for name, values in scores.items()
    }


def own_decode(policy: Policy) -> Way:
    """The policy's likeliest choices, without the runners-up that a report wants."""

    def way(stage: Stage, seed: int) -> list[Choice]:
        actions, _, _ = play(policy, watch(stage), 1, None)
        return choices(actions[0], stage.stop)

    return way


@dataclass(frozen=True)
class Head:
    """What one head of the policy does over many steps."""

    entropy: float  # nats
    share: float  # of the entropy that choosing evenly among the legal would have
    histogram: tuple[float, ...]  # place of the chosen among the legal, first to last, ten bins
    ends: float  # share of choices that are the first or the last of three or more legal


def heads(policy: Policy, cases: Sequence[Case], films: int = 16) -> dict[str, Head]:
    """Entropy and histogram of each head on drawn films: does one always take the ends?"""
    gathered: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {
        n: [] for n in ("shot", "in", "out")
    }
    for case in cases:
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
    """What the policy loses when what it sees is wrong; both films scored on the true pool."""

    lost: Interval  # true film's score less the other's
    changed: float  # share of films whose choices differ


def sight(policy: Policy, cases: Sequence[Case], spoil: Callable[[Pool], Pool]) -> Sight:
    """Let the policy see spoilt pools, and score what it then cuts on the true ones."""
    way = own_decode(policy)
    lost, changed = [], []
    for case in cases:
        true = make_stage(case.pool, case.brief)
        seen = make_stage(spoil(case.pool), case.brief)
        right, wrong = way(true, 0), way(seen, 0)
        lost.append(film_of(true, right)[0] - film_of(true, wrong)[0])
        changed.append(float(right != wrong))
    return Sight(interval(lost), float(np.mean(changed)))


def pace_heeded(
    policy: Policy, cases: Sequence[Case], medians: Sequence[float]
) -> dict[float, float]:
    """Mean over cases of the film's median shot length (s), for each median that a style asks."""
    way, found = own_decode(policy), {}
    for asked in medians:
        lengths = []
        for case in cases:
            pace = replace(case.brief.style.pace, median=asked)
            brief = replace(case.brief, style=replace(case.brief.style, pace=pace))
            stage = make_stage(case.pool, brief)
            lengths.append(float(np.median(film_of(stage, way(stage, 0))[1])))
        found[asked] = float(np.mean(lengths))
    return found
