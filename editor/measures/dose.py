"""Turn a real film's edit into ever worse ones, and see whether the reward falls with the dose.

A film is spoilt in three ways: cuts change places, are trimmed wrongly, or are replaced by other
shots of the film. F films of a batch, T cuts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import numpy as np
import torch

from editor.config import Style
from editor.cutting.evaluation import Interval, interval
from editor.cutting.reward import CAP, CUT_TERMS, FILM_TERMS, Reward, weights_of
from editor.cutting.search import Choice
from editor.learning.edited import Edited

DOSES = (0.0, 0.10, 0.25, 0.50, 1.0)  # share of the film's cuts that are spoilt
CORRUPTIONS = 100  # films a dose and way
RESAMPLES = 1000  # of the bootstrap
LEAST_LEFT = 0.3  # of a shot that a wrong trim leaves: it is a trim, not another shot

Spoil = Callable[[Edited, np.ndarray, np.random.Generator], list[Choice]]


def shuffled(film: Edited, at: np.ndarray, rng: np.random.Generator) -> list[Choice]:
    """The cuts `at` change places among themselves; one alone with any other."""
    if len(at) == 1:
        at = np.append(at, rng.choice(np.delete(np.arange(len(film.edit)), at[0])))
    made = list(film.edit)
    ring = rng.permutation(at)
    for place, taken in zip(ring, np.roll(ring, 1), strict=True):  # none stays where it was
        made[place] = film.edit[taken]
    return made


def mistrimmed(film: Edited, at: np.ndarray, rng: np.random.Generator) -> list[Choice]:
    """The cuts `at` get another in or out point, drawn from their shot's own."""
    made = list(film.edit)
    for place in at:
        shot, first, last = film.edit[place]
        time = film.pool.time[shot]
        pairs = np.argwhere(film.pool.pair[shot])
        pairs = pairs[(pairs[:, 0] != first) | (pairs[:, 1] != last)]
        left = (time[pairs[:, 1]] - time[pairs[:, 0]]) >= LEAST_LEFT * (time[last] - time[first])
        if left.any():
            into, out = pairs[left][rng.integers(int(left.sum()))]
            made[place] = (shot, int(into), int(out))
    return made


def replaced(film: Edited, at: np.ndarray, rng: np.random.Generator) -> list[Choice]:
    """The cuts `at` make room for other shots of the film, which are then seen twice."""
    made = list(film.edit)
    for place in at:
        other = int(rng.integers(len(film.edit) - 1))
        made[place] = film.edit[other + (other >= place)]
    return made


WAYS: dict[str, Spoil] = {
    "shuffled": shuffled,
    "mis-trimmed": mistrimmed,
    "replaced": replaced,
}


@dataclass(frozen=True)
class Response:
    """What one way of spoiling does to one film."""

    mean: tuple[float, ...]  # score at each of DOSES
    low: tuple[float, ...]  # 2.5th percentile of the corruptions' scores
    high: tuple[float, ...]  # 97.5th
    trend: Interval  # change of the score from no dose to a full one, by least squares
    falls: bool  # at every step of the dose
    terms: Mapping[str, float]  # change of each weighted term from no dose to a full one


@dataclass(frozen=True)
class Doses:
    """One film under every way of spoiling."""

    title: str
    film: str  # files of one film share it
    cuts: int
    score: float  # of the real edit
    ways: Mapping[str, Response]


@dataclass(frozen=True)
class Table:
    """Films under every dose."""

    films: tuple[Doses, ...]
    seed: int

    def as_json(self) -> dict[str, Any]:
        """All figures under their names."""
        return {
            "doses": DOSES,
            "seed": self.seed,
            "films": [asdict(film) for film in self.films],
            "over films": {name: asdict(self.over_films(name)) for name in WAYS},
        }

    def over_films(self, way: str) -> Interval:
        """Mean trend of one way over films, its interval resampled by film."""
        by_film: dict[str, list[float]] = {}
        for row in self.films:
            by_film.setdefault(row.film, []).append(row.ways[way].trend.mean)
        return interval([float(np.mean(trends)) for trends in by_film.values()], self.seed)

    def text(self) -> str:
        """A page for people, the films whose reward does not fall named at its end."""
        lines = [
            "The mean reward of real films as more of their cuts are spoilt,"
            f" {CORRUPTIONS} times a dose; the trend is the",
            "slope over the doses, from an untouched film to a wholly spoilt one, with its 95 %",
            "interval. Sound is hidden, and no length is asked for: neither is to tell it.",
        ]
        for film in self.films:
            lines += ["", f"{film.title}, {film.cuts} cuts"]
            lines.append(f"  {'':12}" + "".join(f"{dose:>9.0%}" for dose in DOSES) + "   trend")
            for name, row in film.ways.items():
                means = "".join(f"{mean:>+9.3f}" for mean in row.mean)
                lines.append(f"  {name:12}{means}   {row.trend}  {_worst(row)}")
        if len({film.film for film in self.films}) > 1:
            lines += ["", "Over films (a film's files are one), trend with films drawn:"]
            lines += [f"  {name:12}{self.over_films(name)}" for name in WAYS]
        lines += ["", "Where the trend is not down, its whole interval below nought:"]
        lines += self._named(lambda row: row.trend.high >= 0, lambda row: f"trend {row.trend}")
        lines += ["", "Where the reward does not fall at every step of the dose:"]
        lines += self._named(lambda row: not row.falls, _rises)
        return "\n".join(lines)

    def _named(
        self, asked: Callable[[Response], bool], told: Callable[[Response], str]
    ) -> list[str]:
        """The films and ways of which something is so."""
        found = [
            f"  {film.title}, {name}: {told(row)}"
            for film in self.films
            for name, row in film.ways.items()
            if asked(row)
        ]
        return found or ["  nowhere"]


def _rises(row: Response) -> str:
    """The steps of the dose at which the score does not fall."""
    steps = [
        f"{DOSES[n]:.0%} to {DOSES[n + 1]:.0%} {row.mean[n + 1] - row.mean[n]:+.3f}"
        for n in range(len(DOSES) - 1)
        if row.mean[n + 1] >= row.mean[n]
    ]
    return ", ".join(steps)


def _worst(row: Response) -> str:
    """The terms that fell and rose most."""
    ranked = sorted(row.terms.items(), key=lambda item: item[1])
    fell = ", ".join(f"{name} {value:+.3f}" for name, value in ranked[:2])
    rose = ", ".join(f"{name} {value:+.3f}" for name, value in ranked[:-3:-1])
    return f"({fell}; {rose})"


def respond(film: Edited, style: Style, seed: int, corruptions: int = CORRUPTIONS) -> Doses:
    """Spoil a film at every dose and score what comes out."""
    weights = {**weights_of(style), "film_length": 0.0}  # a trim is not to be seen by the clock
    reward = film.reward(replace(style, weights=weights), float(film.seconds.sum()))
    true, _ = scores(reward, [film.edit])
    ways = {
        name: _response(film, reward, spoil, np.random.default_rng([seed, n]), corruptions)
        for n, (name, spoil) in enumerate(WAYS.items())
    }
    return Doses(film.title, film.film, len(film.edit), float(true[0]), ways)


def _response(
    film: Edited, reward: Reward, spoil: Spoil, rng: np.random.Generator, corruptions: int
) -> Response:
    table, parts = [], []
    for dose in DOSES:
        count = min(len(film.edit), ceil(dose * len(film.edit)))
        made = [
            spoil(film, rng.choice(len(film.edit), count, replace=False), rng)
            for _ in range(corruptions)
        ]
        score, terms = scores(reward, made)
        table.append(score)
        parts.append(terms.mean(axis=0))
    rows = np.stack(table, axis=1)  # (corruptions, doses)
    mean = rows.mean(axis=0)
    return Response(
        mean=tuple(mean.tolist()),
        low=tuple(np.percentile(rows, 2.5, axis=0).tolist()),
        high=tuple(np.percentile(rows, 97.5, axis=0).tolist()),
        trend=_trend(rows, rng),
        falls=bool((np.diff(mean) < 0).all()),
        terms=dict(zip((*CUT_TERMS, *FILM_TERMS), (parts[-1] - parts[0]).tolist(), strict=True)),
    )


def _trend(rows: np.ndarray, rng: np.random.Generator) -> Interval:
    """Slope of the score on the dose, its interval resampled by corruption."""
    dose = np.array(DOSES) - np.mean(DOSES)
    weight = dose / (dose**2).sum()
    drawn = rows[rng.integers(len(rows), size=(RESAMPLES, len(rows)))].mean(axis=1)  # (R, doses)
    low, high = np.percentile(drawn @ weight, [2.5, 97.5])
    return Interval(float(rows.mean(axis=0) @ weight), float(low), float(high))


def scores(reward: Reward, films: Sequence[Sequence[Choice]]) -> tuple[np.ndarray, np.ndarray]:
    """(F,) scores of films of equally many cuts, and (F, C + W) what each term adds to them.

    Nothing is asked of the rules: a real film breaks some, and so do spoilt ones.
    """
    under_way = reward.start(len(films))
    for step in range(len(films[0])):
        shot, first, last = torch.tensor([film[step] for film in films]).T
        under_way, _, _ = reward.grow(under_way, shot, first, last)
    mean = reward.means(under_way) * reward.cut_weight
    z = (reward.film_terms(under_way) - reward.film_centre) / reward.film_spread
    whole = z.clamp(-CAP, CAP) * reward.film_weight
    return under_way.score.numpy(), torch.cat([mean, whole], 1).numpy()
