"""Turn what the editor did into habits of length and of trimming: distributions, with doubt."""

from dataclasses import dataclass, replace

import numpy as np

from editor.cutting.taste import MOST_TRIM
from editor.learning import feedback
from editor.learning.feedback import Told
from models import preference
from models.preference import Choices, Prior

PACES = np.exp(np.linspace(-1.0, 1.0, 17))  # factors on the style's median that are tried
SPREADS = (0.75, 1.0, 1.33)  # factors on its log_sd
PACE_SPREAD = 0.4  # sd of the log factor before anything is known: a style is asked for a reason
WIDTH_SPREAD = 0.3  # sd of the log factor on log_sd
TRIM_SPREAD = 0.10  # s, sd of a habit before anything is known
LEAST_ENDS = 8  # cuts below which nothing is said of trims
LESS = 0.5  # standard deviations that a habit is followed less than it seems
SURE = 1.64  # standard errors at which a habit is one: 5 % by chance, one-sided
DRAWS = 100  # of the bootstrap over films


@dataclass(frozen=True)
class Habit:
    """One number that the editor holds to, and how sure that is."""

    mean: float
    sd: float  # of what is believed, not of what the editor does
    spread: float  # how much the editor varies
    count: int  # cuts that speak for it

    @property
    def sure(self) -> float:
        """The mean less the doubt, where it is a habit at all; else nothing."""
        if abs(self.mean) < SURE * self.sd:
            return 0.0
        return float(np.sign(self.mean) * max(0.0, abs(self.mean) - LESS * self.sd))


@dataclass(frozen=True)
class Pacing:
    """What lengths the editor chooses, against the style's."""

    log_pace: Habit  # natural log of the factor on the median
    log_spread: Habit  # natural log of the factor on log_sd
    odds: tuple[float, ...]  # of each of PACES: what is believed


@dataclass(frozen=True)
class Trimming:
    """Where the editor's ends lie off the cut points, in seconds: later is more."""

    head: Habit
    tail: Habit


def pacing(told: Told, prior: Prior, scale: float) -> Pacing:
    """The pace under which the choices are likeliest, every weight fitted anew for each that is
    tried (a profile by Laplace's evidence), with a prior at the style's.

    prior: of the weights, as `weights.prior` makes it. scale: how decisive the choices are.
    """
    table = np.zeros((len(PACES), len(SPREADS)))
    start = prior.mean  # each fit goes on from its neighbour's
    for row, pace in enumerate(PACES):
        for column, spread in enumerate(SPREADS):
            found = with_offset(told, feedback.repaced(told, float(pace), spread), scale)
            fitted = preference.fit(found, prior, start)
            table[row, column], start = fitted.log_evidence, fitted.mean
    log_pace, log_spread = np.log(PACES), np.log(SPREADS)
    table -= 0.5 * (log_pace[:, None] / PACE_SPREAD) ** 2
    table -= 0.5 * (log_spread[None, :] / WIDTH_SPREAD) ** 2
    odds = np.exp(table - table.max())
    odds /= odds.sum()
    count = int(told.made.sum())
    return Pacing(
        _believed(log_pace, odds.sum(1), count),
        _believed(log_spread, odds.sum(0), count),
        tuple(odds.sum(1).tolist()),
    )


def _believed(values: np.ndarray, odds: np.ndarray, count: int) -> Habit:
    mean = float((values * odds).sum())
    step = float(np.diff(values).mean())  # a grid can be no surer than its steps
    sd = float(np.sqrt(((values - mean) ** 2 * odds).sum() + (step / 4) ** 2))
    return Habit(mean, sd, sd, count)


def with_offset(told: Told, found: Choices, scale: float) -> Choices:
    """The choices with what the asked style says of them as their offset."""
    return replace(found, offset=scale * (found.difference * told.share).sum(1))


def trimming(told: Told, seed: int = 0) -> Trimming:
    """Habits of trimming: medians over cuts, doubt by drawing films anew; none below LEAST_ENDS."""
    rows, owner = told.offsets, told.offset_group
    known = ~np.isnan(rows)
    return Trimming(*(_trim(rows[known[:, n], n], owner[known[:, n]], seed) for n in range(2)))


def _trim(values: np.ndarray, owner: np.ndarray, seed: int) -> Habit:
    if len(values) < LEAST_ENDS:
        return Habit(0.0, TRIM_SPREAD, 0.0, len(values))
    films = np.unique(owner)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        some = [values[owner == film] for film in random.choice(films, len(films))]
        pooled = np.concatenate(some)
        drawn.append(np.median(random.choice(pooled, len(pooled))))
    middle, spread = float(np.median(values)), float(np.std(values))
    error = max(float(np.std(drawn)), spread / len(values), 0.004)
    # Cuts of one film may share a cause: with few films no less than a film's share of the spread.
    error = max(error, 0.5 * spread / np.sqrt(len(values)))
    shrink = TRIM_SPREAD**2 / (TRIM_SPREAD**2 + error**2)
    mean = float(np.clip(shrink * middle, -MOST_TRIM, MOST_TRIM))
    return Habit(mean, float(np.sqrt(shrink) * error), spread, len(values))
