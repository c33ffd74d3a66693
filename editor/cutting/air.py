"""Say how much quiet the speech of a clip is given at either side, and where a cut may give it.

Speech has two ends. The detector's is generous: a last consonant and the room's answer lie before
it, so that no word is cut in two. What a listener takes for speech ends earlier, where the level
has come half of the way down to the floor. The least air is counted from the first, the most from
the second; while both were counted from the first, takes seemed loose by what lies between.

K stretches of speech or utterances, P cut points.
"""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from editor.footage import speech as words
from editor.footage.clip import Clip
from editor.footage.measures import LEVEL_STEP as STEP
from editor.footage.measures import Analysis, CutPoints, Kind

AIR = (0.15, 0.40)  # s, between a cut and the speech that it holds: room to breathe, no dead air
AUDIBLE = 0.5  # of the way from floor to speech in dB: above it a listener hears the words
AS_QUIET = 6.0  # dB over the quietest place in the air about speech that a cut may be
APART = 0.05  # s, from another cut point, at which more air or less is a choice of its own
EPSILON = 1e-3  # s, far below a frame: rounding of seconds


@dataclass(frozen=True)
class Speech:
    """Stretches of speech, ascending, with the most air that each may have."""

    span: np.ndarray  # (K, 2) s
    most: np.ndarray  # (K, 2) s, before and after; never less than AIR[0]

    @classmethod
    def of(cls, known: Analysis, span: np.ndarray) -> "Speech":
        """Measure how loud the ends of (K, 2) s of speech are. At least AIR[0] is left in any
        case."""
        level = words.smoothed(known.sound.level, STEP) if len(span) else known.sound.level
        faint = [_faint(level, start, end) for start, end in span.tolist()]
        most = AIR[1] - np.array(faint, np.float64).reshape(-1, 2)
        return cls(span, np.maximum(most, AIR[0]))

    def joined(self, span: np.ndarray) -> "Speech":
        """Utterances (K, 2) s, each from the beginning of one stretch to the end of another."""
        first = np.searchsorted(self.span[:, 0], span[:, 0])
        last = np.searchsorted(self.span[:, 1], span[:, 1])
        return Speech(span, np.stack([self.most[first, 0], self.most[last, 1]], axis=1))


def _faint(level: np.ndarray, start: float, end: float) -> tuple[float, float]:
    """Seconds at either end of a stretch that a listener hardly hears; 0 where noise hides it, or
    where something is heard right beside it.

    level: (L,) smoothed, dBFS every STEP.
    """
    first, stop, reach = round(start / STEP), round(end / STEP), round(AIR[1] / STEP)
    if not len(level[first:stop]):
        return 0.0, 0.0
    low = words.floor_near(level, start, end, STEP)
    high = float(np.percentile(level[first:stop], 75))
    if high - low < words.CLEAR:
        return 0.0, 0.0
    begin = max(0, first - reach)
    near = level[begin : stop + reach]
    heard = begin + np.flatnonzero(near > low + AUDIBLE * (high - low))
    before, after = (int(heard[0]) - first) * STEP, (stop - 1 - int(heard[-1])) * STEP
    return max(0.0, before), max(0.0, after)


def with_air(clip: Clip, known: Analysis, speech: Speech) -> CutPoints:
    """The clip's cut points and, where it is as quiet, the tightest and loosest air about speech.

    Analysis gives each pause its quietest frame; a cutter that may choose between little air and
    much needs more than one.
    """
    points, rate = known.cut_points, float(clip.rate)
    start, end = speech.span.T
    leads = (start - latest(speech.most[:, 0], rate), start - AIR[0])
    tails = (end + AIR[0], end + latest(speech.most[:, 1], rate))
    wanted: set[tuple[int, int, int]] = set()
    for low, high in (*zip(*leads, strict=True), *zip(*tails, strict=True)):
        first, last = ceil((low - EPSILON) * rate), floor((high + EPSILON) * rate)
        if first < 0 or last > clip.frames or last < first:
            continue
        level = [level_at(known, frame / rate) for frame in range(first, last + 1)]
        quiet = [first + i for i, one in enumerate(level) if one <= min(level) + AS_QUIET]
        wanted |= {(quiet[0], first, last), (quiet[-1], first, last)}
    least = max(2, round(APART * rate))
    for frame, first, last in sorted(wanted):
        # Only a point that gives air of this speech makes another needless.
        near = points.frame[(points.frame >= first) & (points.frame <= last)]
        if frame in points.frame or (np.abs(near - frame) < least).any():
            continue
        nearest = int(np.argmin(np.abs(known.moments.frame - frame)))
        points = insert(points, frame, Kind.PAUSE, nearest)
    return points


def latest(most: np.ndarray, rate: float) -> np.ndarray:
    """The most air in s in which a frame begins, though it be a little more than asked."""
    return np.asarray(np.maximum(most, AIR[0] + 1 / rate))


def level_at(known: Analysis, second: float) -> float:
    """The loudest of the 60 ms about a second, dBFS."""
    at = round(second / STEP)
    near = known.sound.level[max(0, at - 3) : at + 3]
    return float(near.max()) if len(near) else -100.0


def insert(points: CutPoints, frame: int, kind: Kind, moment: int) -> CutPoints:
    """The points and one more, in its place."""
    at = int(np.searchsorted(points.frame, frame))
    return CutPoints(
        np.insert(points.frame, at, frame),
        np.insert(points.kind, at, kind),
        np.insert(points.weak, at, False),
        np.insert(points.moment, at, moment),
    )
