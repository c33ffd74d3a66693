"""Compare cutters on the same pools: scores, terms, shares of a wide beam's gain, time and looks.

Every difference is paired by case. Intervals are bootstrapped, each case the mean of its seeds:
pools are drawn, and of each pool drawn its cases, for films of one pool are not independent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from time import process_time
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from editor.cutting import decode
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, Reward
from editor.cutting.search import Choice
from editor.cutting.terms import Progress
from models.policy import Policy

RESAMPLES = 2000  # of the bootstrap
LEVEL = 0.95  # of its interval
LEAST_GAIN = 0.02  # score: where the wide beam hardly beats chance, a share of that says nothing

Way = Callable[[Stage, int], list[Choice]]
Timed = Callable[[Stage, int, float], list[Choice]]  # with the CPU seconds that it may spend


@dataclass(frozen=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float
    of: int | None = None  # values that were drawn from; of one there is no interval

    def __str__(self) -> str:
        if self.of == 1:
            return f"{self.mean:+.3f}"
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class Film:
    """A film's score and what it is made of."""

    score: float
    terms: tuple[float, ...]  # raw: means of CUT_TERMS by duration, then FILM_TERMS
    lengths: tuple[float, ...]  # s, of its cuts
    shown: frozenset[tuple[int, int]] = frozenset()  # clip and frame of all that it shows

    @property
    def median(self) -> float:
        """Median length of its cuts in seconds; 0 for an empty film."""
        return float(np.median(self.lengths)) if self.lengths else 0.0


@dataclass(frozen=True)
class Result:
    """One cutter's films."""

    score: Interval
    ahead: Interval  # the first cutter's score less this one's, paired by case
    share: Interval | None  # (R - R_random) / (R_beam - R_random), where both were run
    terms: dict[str, Interval]  # raw terms, each in [-1, 1]
    seconds: float  # CPU a film
    looked: float  # candidates whose reward was computed, a film
    median: float  # s, of shot length
    leads: dict[str, Interval]  # each leader's score less this one's, paired by case
    agreement: float | None  # frames shown by it and by greedy, over frames shown by either
    by_pool: tuple[float, ...]  # mean score on each pool, in the order of the cases


@dataclass(frozen=True)
class Case:
    """A pool and what is asked of it."""

    pool: Pool
    brief: Brief


@dataclass(frozen=True)
class Counted(Reward):
    """The same reward, which counts how often it is looked at."""

    looks: list[int] = field(default_factory=lambda: [0])

    def cut_terms(self, film: Progress, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """As Reward.cut_terms: whatever scores a cut, alone or in a whole film, asks for these."""
        self.looks[0] += shot.numel()
        return super().cut_terms(film, shot, first, last)


def counted(stage: Stage) -> tuple[Stage, list[int]]:
    """The stage with a reward that counts, and the count."""
    reward = Counted(**{item.name: getattr(stage.reward, item.name) for item in fields(Reward)})
    return replace(stage, reward=reward), reward.looks


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """Mean and bootstrap interval (Efron 1979, percentile) of values."""
    rng = np.random.default_rng(seed)
    array = np.asarray(values, np.float64)
    means = array[rng.integers(len(array), size=(RESAMPLES, len(array)))].mean(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(array.mean()), float(low), float(high), len(array))


def film_of(stage: Stage, made: Sequence[Choice]) -> Film:
    """Play a film's choices."""
    reward, films, lengths = stage.reward, stage.start(1), list[float]()
    weighed = total = torch.zeros(len(CUT_TERMS))
    shown: set[tuple[int, int]] = set()
    for shot, first, last in made:
        frames = stage.material.length[shot, first, last]
        lengths.append(float(frames) / stage.material.rate)
        clip, frame = int(stage.material.clip[shot]), stage.material.frame[shot]
        shown |= {(clip, n) for n in range(int(frame[first]), int(frame[last]))}
        chosen = (torch.tensor([value]) for value in (shot, first, last))
        films, _, raw = stage.step(films, *chosen)
        weighs = reward.weighs(frames) * ~(reward.joins & (len(lengths) == 1))
        weighed, total = weighed + weighs * raw[0], total + weighs
    mean = weighed / total.clamp(min=1)
    whole = stage.reward.film_terms(films.progress)[0]
    terms = tuple([*mean.tolist(), *whole.tolist()])
    return Film(float(films.progress.score[0]), terms, tuple(lengths), frozenset(shown))


@dataclass(frozen=True)
class Tally:
    """What one cutter's films of one case came to: means over the seeds."""

    score: float
    terms: tuple[float, ...]
    seconds: float
    looked: float
    median: float
    agreement: float | None  # with the films of "greedy", where it was run


class Keeper(Protocol):
    """Remembers what was measured, so that an interrupted comparison goes on."""

    def recall(self, case: Case) -> Mapping[str, Tally] | None: ...
    def keep(self, case: Case, cuts: Mapping[str, Tally]) -> None: ...


def compare(
    cases: Sequence[Case],
    ways: Mapping[str, Way],
    *,
    seeds: int = 1,
    matched: Mapping[str, tuple[str, Timed]] | None = None,
    leaders: Sequence[str] = (),
    advance: Callable[[float], None] = lambda done: None,
    keeper: Keeper | None = None,
) -> dict[str, Result]:
    """Tally every case in every way with every seed.

    matched: ways that get the CPU time which another way took for the same film. leaders: ways
    whose lead over each is told. advance: called with the cases done, and the share of the next.
    Shares are of the ways called "random" and "beam64", where both are there. keeper: asked for
    each case, and told of it.
    """
    rows: list[Mapping[str, Tally]] = []
    for done, case in enumerate(cases):
        found = keeper.recall(case) if keeper else None
        if found is None:

            def told(share: float, before: int = done) -> None:
                advance(before + share)

            found = _tally(case, ways, matched or {}, seeds, told)
            if keeper:
                keeper.keep(case, found)
        rows.append(found)
        advance(done + 1)
    return _results({name: [row[name] for row in rows] for name in rows[0]}, leaders, groups(cases))


def groups(cases: Sequence[Case]) -> list[int]:
    """Which pool each case is of: they are numbered from 0 in the order of the cases."""
    pools = list(dict.fromkeys(id(case.pool) for case in cases))
    return [pools.index(id(case.pool)) for case in cases]


def _tally(
    case: Case,
    ways: Mapping[str, Way],
    matched: Mapping[str, tuple[str, Timed]],
    seeds: int,
    advance: Callable[[float], None],
) -> dict[str, Tally]:
    """One case cut in every way with every seed."""
    stage, looks = counted(make_stage(case.pool, case.brief))
    films: dict[str, list[Film]] = {name: [] for name in (*ways, *matched)}
    seconds: dict[str, list[float]] = {name: [] for name in films}
    looked: dict[str, list[int]] = {name: [] for name in films}
    for number in range(seeds):
        seed = case.brief.seed + number
        spent: dict[str, float] = {}
        for at, name in enumerate(films):
            advance((number + at / len(films)) / seeds)
            way = ways.get(name) or _limited(*matched[name], spent)
            before, begin = looks[0], process_time()
            made = way(stage, seed)
            spent[name] = process_time() - begin
            seconds[name].append(spent[name])
            looked[name].append(looks[0] - before)
            films[name].append(film_of(stage, made))
    return {
        name: Tally(
            float(np.mean([film.score for film in mine])),
            tuple(np.mean([film.terms for film in mine], 0).tolist()),
            float(np.mean(seconds[name])),
            float(np.mean(looked[name])),
            float(np.mean([film.median for film in mine])),
            _agreement(mine, films["greedy"]) if "greedy" in films else None,
        )
        for name, mine in films.items()
    }


def _limited(like: str, timed: Timed, spent: Mapping[str, float]) -> Way:
    return lambda stage, seed: timed(stage, seed, spent[like])


def draws(groups: Sequence[int], seed: int = 0) -> np.ndarray:
    """(RESAMPLES, n) int64: how often each of n cases is drawn, groups with replacement and of each
    group its cases. groups: which each case belongs to."""
    rng, found = np.random.default_rng(seed), np.zeros((RESAMPLES, len(groups)), np.int64)
    members = [np.flatnonzero(np.array(groups) == group) for group in dict.fromkeys(groups)]
    for row in found:
        for group in rng.integers(len(members), size=len(members)):
            mine = members[group]
            np.add.at(row, mine[rng.integers(len(mine), size=len(mine))], 1)
    return found


def _interval(values: np.ndarray, drawn: np.ndarray) -> Interval:
    means = drawn @ values / drawn.sum(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def _results(
    rows: Mapping[str, Sequence[Tally]], leaders: Sequence[str], pools: Sequence[int]
) -> dict[str, Result]:
    drawn = draws(pools)
    each = [np.array(pools) == pool for pool in dict.fromkeys(pools)]
    scores = {name: np.array([cut.score for cut in cuts]) for name, cuts in rows.items()}
    first, names = next(iter(scores.values())), (*CUT_TERMS, *FILM_TERMS)
    found = {}
    for name, cuts in rows.items():
        terms = np.array([cut.terms for cut in cuts]).T  # (terms, cases)
        agreed = [cut.agreement for cut in cuts if cut.agreement is not None]
        found[name] = Result(
            _interval(scores[name], drawn),
            _interval(first - scores[name], drawn),
            _share(scores[name], scores, drawn),
            {name: _interval(row, drawn) for name, row in zip(names, terms, strict=True)},
            float(np.mean([cut.seconds for cut in cuts])),
            float(np.mean([cut.looked for cut in cuts])),
            float(np.mean([cut.median for cut in cuts])),
            {leader: _interval(scores[leader] - scores[name], drawn) for leader in leaders},
            float(np.mean(agreed)) if agreed else None,
            tuple(float(scores[name][mine].mean()) for mine in each),
        )
    return found


def _agreement(one: Sequence[Film], other: Sequence[Film]) -> float:
    """Mean share of the frames that two cutters' films of the same seeds have in common."""
    pairs = zip(one, other, strict=True)
    return float(
        np.mean([len(a.shown & b.shown) / max(1, len(a.shown | b.shown)) for a, b in pairs])
    )


def _share(
    mine: np.ndarray, scores: Mapping[str, np.ndarray], drawn: np.ndarray
) -> Interval | None:
    """Ratio of mean gains, bootstrapped over cases together; None without its two ends."""
    if not {"random", "beam64"} <= scores.keys():
        return None
    gain, whole = mine - scores["random"], scores["beam64"] - scores["random"]
    if whole.mean() < LEAST_GAIN:
        return None
    ratios = drawn @ gain / np.maximum(drawn @ whole, 1e-6)
    ends = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(gain.mean() / whole.mean()), float(ends[0]), float(ends[1]))


def own_decode(policy: Policy) -> Way:
    """The policy's likeliest choices, without the runners-up that a report wants."""

    def way(stage: Stage, seed: int) -> list[Choice]:
        return decode.likeliest(policy, stage)

    return way
