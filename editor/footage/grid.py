"""Turn the presentation times of a picture's frames into one frame grid: a rate and a length.

Times are whole ticks of the stream's time base, as demuxed. A file is of constant rate if some
rate puts its frames one for one on whole numbers; else a rate is chosen that loses hardly any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from editor.timing import STANDARD_RATES, snap_rate, to_frames

OFF_GRID = 0.3  # frames; a frame further from its whole number is not of a constant rate
LONGEST_HOLD = Fraction(10)  # s; a last frame that claims to stay longer is not believed
LOWEST_RATE, HIGHEST_RATE = Fraction(1), Fraction(240)  # frames/s of any grid
FAST_SHARE = 0.25  # quantile of the gaps between frames that a variable-rate grid must resolve


@dataclass(frozen=True)
class Grid:
    """The frame grid of a picture."""

    rate: Fraction  # frames/s
    frames: int
    variable: bool  # frames do not stand one for one on the grid
    held: int  # frames of the grid that repeat the source frame before
    dropped: int  # source frames that another one replaces on the grid
    tail: int  # frames at the grid's end that repeat the last source frame
    gaps: bool = False  # variable only in that frames are missing from a constant rate


def fit(
    ticks: np.ndarray, base: Fraction, last: Fraction | None, stated: Sequence[Fraction]
) -> Grid:
    """Fit a grid to the (n,) int64 ticks of two or more frames.

    base: s a tick. last: s that the last frame says it stays. stated: rates that the file's
    headers give, best first; they only decide between rates that fit equally well.
    """
    ticks = np.unique(ticks)  # equal times are one frame: the later one is shown
    ticks = ticks - ticks[0]
    count = len(ticks)
    mean = (count - 1) / (int(ticks[-1]) * base)
    rate = _constant(ticks, base, mean, stated)
    if rate is not None:
        return Grid(rate, count, variable=False, held=0, dropped=0, tail=0)
    gapped = _with_gaps(ticks, base, stated)
    rate = gapped or _variable(ticks, base)
    places = _places(ticks, base, rate)
    length = int(places[-1]) + max(1, to_frames(_last_length(ticks, base, last), rate))
    shown = len(np.unique(places))
    return Grid(
        rate,
        length,
        variable=True,
        held=length - shown,
        dropped=count - shown,
        tail=length - int(places[-1]) - 1,
        gaps=gapped is not None,
    )


def _constant(
    ticks: np.ndarray, base: Fraction, mean: Fraction, stated: Sequence[Fraction]
) -> Fraction | None:
    """The rate that puts every frame on its own whole number, or None.

    Between rates that fit within a tick of the best: the headers', then a standard one.
    """
    wanted = [snap_rate(rate) for rate in stated]
    standard = [rate for rate in STANDARD_RATES if abs(rate - mean) < mean / 100]
    candidates = [*wanted, *standard, *stated, mean.limit_denominator(1001), mean]
    whole = np.arange(len(ticks))
    errors: dict[Fraction, float] = {}
    for rate in candidates:
        if LOWEST_RATE <= rate <= HIGHEST_RATE and rate not in errors:
            errors[rate] = float(np.abs(ticks * float(base * rate) - whole).max())
    fitting = {rate: error for rate, error in errors.items() if error < OFF_GRID}
    if not fitting:
        return None
    enough = min(fitting.values()) + float(base * mean)
    return next(rate for rate, error in fitting.items() if error <= enough)


def _with_gaps(ticks: np.ndarray, base: Fraction, stated: Sequence[Fraction]) -> Fraction | None:
    """The rate on whose whole numbers all frames stand, some numbers empty, or None."""
    gap = float(np.median(np.diff(ticks)) * float(base))
    near = [rate for rate in STANDARD_RATES if abs(float(rate) * gap - 1) < 0.02]
    for rate in [snap_rate(rate) for rate in stated] + near:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE or float(rate) * gap < 0.7:
            continue
        places = ticks * float(base * rate)
        whole = np.rint(places)
        if np.abs(places - whole).max() < OFF_GRID and np.all(np.diff(whole) > 0):
            return rate
    return None


def _variable(ticks: np.ndarray, base: Fraction) -> Fraction:
    """The standard rate nearest to that of the file's faster frames."""
    gaps = np.diff(ticks) * float(base)
    fast = float(np.quantile(gaps, FAST_SHARE))
    alike = gaps[np.abs(gaps - fast) < 0.3 * fast]
    rate = 1 / float(alike.mean() if len(alike) else fast)
    return min(STANDARD_RATES, key=lambda standard: abs(np.log(float(standard) / rate)))


def _places(ticks: np.ndarray, base: Fraction, rate: Fraction) -> np.ndarray:
    """Grid frame of each source frame, by the exact rounding that Clip.frame_of does."""
    ratio = base * rate
    return np.array([to_frames(int(tick) * ratio, Fraction(1)) for tick in ticks], dtype=np.int64)


def _last_length(ticks: np.ndarray, base: Fraction, last: Fraction | None) -> Fraction:
    usual = Fraction(float(np.median(np.diff(ticks)))) * base
    return last if last is not None and 0 < last <= LONGEST_HOLD else usual
