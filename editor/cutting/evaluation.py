"""Compare cutters on the same pools: scores, terms, shares of a wide beam's gain, time and looks.

Every difference is paired by case; intervals are bootstrapped over cases, each case the mean of its
seeds, for films of one pool are not independent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from time import process_time

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

    def __str__(self) -> str:
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
    terms: dict[str, float]  # mean raw terms
    seconds: float  # CPU a film
    looked: float  # candidates whose reward was computed, a film
    median: float  # s, of shot length
    leads: dict[str, Interval]  # each leader's score less this one's, paired by case
    agreement: float | None  # frames shown by it and by greedy, over frames shown by either


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
    return Interval(float(array.mean()), float(low), float(high))


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


@dataclass
class _Tally:
    """What one cutter's films came to, case by case."""

    scores: list[float] = field(default_factory=list)
    films: list[Film] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)


def compare(
    cases: Sequence[Case],
    ways: Mapping[str, Way],
    *,
    seeds: int = 1,
    matched: Mapping[str, tuple[str, Timed]] | None = None,
    leaders: Sequence[str] = (),
    advance: Callable[[int], None] = lambda done: None,
) -> dict[str, Result]:
    """Cut every case in every way with every seed.

    matched: ways that get the CPU time which another way took for the same film. leaders: ways
    whose lead over each is told. advance: called with the cases done. Shares are of the ways called
    "random" and "beam64", where both are there.
    """
    tallies = {name: _Tally() for name in (*ways, *(matched or {}))}
    for done, case in enumerate(cases):
        stage, looks = counted(make_stage(case.pool, case.brief))
        scores: dict[str, list[float]] = {name: [] for name in tallies}
        for seed in range(case.brief.seed, case.brief.seed + seeds):
            spent: dict[str, float] = {}
            for name in tallies:
                way = ways.get(name) or _limited(*(matched or {})[name], spent)
                before, begin = looks[0], process_time()
                made = way(stage, seed)
                spent[name] = process_time() - begin
                tallies[name].looks.append(looks[0] - before)
                tallies[name].seconds.append(spent[name])
                film = film_of(stage, made)
                tallies[name].films.append(film)
                scores[name].append(film.score)
        for name, values in scores.items():
            tallies[name].scores.append(float(np.mean(values)))
        advance(done + 1)
    return _results(tallies, leaders)


def _limited(like: str, timed: Timed, spent: Mapping[str, float]) -> Way:
    return lambda stage, seed: timed(stage, seed, spent[like])


def _results(tallies: Mapping[str, _Tally], leaders: Sequence[str]) -> dict[str, Result]:
    first = np.array(next(iter(tallies.values())).scores)
    names = (*CUT_TERMS, *FILM_TERMS)
    found = {}
    for name, tally in tallies.items():
        terms = np.mean([film.terms for film in tally.films], 0).tolist()
        found[name] = Result(
            interval(tally.scores),
            interval((first - np.array(tally.scores)).tolist()),
            _share(tally, tallies),
            dict(zip(names, terms, strict=True)),
            float(np.mean(tally.seconds)),
            float(np.mean(tally.looks)),
            float(np.mean([film.median for film in tally.films])),
            {
                leader: interval((np.array(tallies[leader].scores) - tally.scores).tolist())
                for leader in leaders
            },
            _agreement(tally, tallies["greedy"]) if "greedy" in tallies else None,
        )
    return found


def _agreement(one: _Tally, other: _Tally) -> float:
    """Mean share of the frames that two cutters' films of the same case and seed have in common."""
    pairs = zip(one.films, other.films, strict=True)
    return float(
        np.mean([len(a.shown & b.shown) / max(1, len(a.shown | b.shown)) for a, b in pairs])
    )


def _share(tally: _Tally, tallies: Mapping[str, _Tally]) -> Interval | None:
    """Ratio of mean gains, bootstrapped over cases together; None without its two ends."""
    if not {"random", "beam64"} <= tallies.keys():
        return None
    low = np.array(tallies["random"].scores)
    mine, whole = np.array(tally.scores) - low, np.array(tallies["beam64"].scores) - low
    if whole.mean() < LEAST_GAIN:
        return None
    drawn = np.random.default_rng(0).integers(len(mine), size=(RESAMPLES, len(mine)))
    ratios = mine[drawn].mean(1) / np.maximum(whole[drawn].mean(1), 1e-6)
    ends = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(mine.mean() / whole.mean()), float(ends[0]), float(ends[1]))


def own_decode(policy: Policy) -> Way:
    """The policy's likeliest choices, without the runners-up that a report wants."""

    def way(stage: Stage, seed: int) -> list[Choice]:
        return decode.likeliest(policy, stage)

    return way
