"""Turn silent takes of one set-up into which of them show the same action.

What is compared is where in the picture and when something changes, along the best time warp, and
what is heard with it. In one set-up everything else is the same whatever is done, and a move of
the camera may be the same too: so a moved camera's takes must also sound alike.
T steps of a take, W = 18 x 32 pixels of a thumb.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.cutting.warping import path
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

STEP = 0.25  # s: moments are looked at twice a second and at every cut point
APART = 2  # steps before and after, between which a change is taken: an action is no flicker
SHORTEST, LONGEST = 2.0, 120.0  # s, of a take that is compared: less tells nothing, more is no take
LENGTHS = 1.5  # takes of one action differ by no more than this factor in length
FALSE_START = 0.6  # a take shorter than this share of the whole one's length may have broken off

# Measured on 25 made takes of nine actions in five set-ups, and on 46 pairs of stretches of real
# footage from one camera position: retakes 0.79-0.97 and 0.05-0.37, other actions of a resting
# camera at most 0.37 and at least 0.59, of a camera moved alike up to 0.77 and from 0.15.
SAME_CHANGES = 0.65  # correlation of the changes along the warp, at least
SAME_PICTURES = 0.45  # distance along the warp over that of any moment to any other, at most
# Retakes with sounds 0.89-1.0 and 0.71-0.97, other actions and words at most 0.66 and 0.24.
SAME_LEVEL = 0.70  # correlation of the level along the warp, at least
SAME_TIMBRE = 0.50  # and of the timbre
EVENTFUL = 3.0  # dB, spread of the level from which something is heard to happen
CHANGING = 4.0  # of 255, spread of a pixel of a thumb over time by which it shows a change
FLICKER = 2.0  # of 255, a change of a pixel of a thumb that is noise
AT_ONCE = 0.20  # of the picture that changes at once at most where the camera rests; a slow zoom
# changes 0.30-0.36, hands at work 0.06-0.18
LEAST_CHANGE = 0.02  # of the picture: less is noise, and noise is like nothing


@dataclass(frozen=True)
class Action:
    """What a take shows and sounds like, step by step."""

    picture: np.ndarray  # (T, W) float32, luma about its mean, softened
    level: np.ndarray  # (T,) float32, dBFS; empty where there is no sound
    timbre: np.ndarray  # (T, 12) float32; empty where it was not measured
    seconds: float  # length of the take

    @property
    def share(self) -> float:
        """Of the picture that changes during the take."""
        return float((self.picture.std(axis=0) > CHANGING).mean())

    @property
    def at_once(self) -> float:
        """Of the picture that takes part in a change, on the whole: (sum |c|)^2 / (W sum c^2)."""
        change = np.abs(_changes(self.picture))
        change[change < FLICKER] = 0
        power = float((change**2).sum()) * change.shape[1]
        return float((change.sum(axis=1) ** 2).sum()) / power if power else 0.0

    @property
    def eventful(self) -> bool:
        """True where something is heard to happen."""
        return bool(len(self.level)) and float(self.level.std()) >= EVENTFUL


def of(clip: Clip, known: Analysis, span: FrameSpan) -> Action | None:
    """Describe a stretch of a clip as an action; None where it is too short or too long."""
    rate, moments = float(clip.rate), known.moments
    low, high = np.searchsorted(moments.frame, [span.first, span.stop])
    seconds = len(span) / rate
    if not SHORTEST <= seconds <= LONGEST or high - low < 2 * APART + 1:
        return None
    at = (moments.frame[low:high] - span.first) / rate
    steps = np.arange(at[0], at[-1] + 1e-6, STEP)  # (T,)
    thumbs = _softened(moments.thumb[low:high].astype(np.float32))
    flat = thumbs.reshape(len(thumbs), -1)
    after = np.clip(np.searchsorted(at, steps, side="right"), 1, len(at) - 1)
    part = ((steps - at[after - 1]) / (at[after] - at[after - 1])).astype(np.float32)[:, None]
    picture = flat[after - 1] * (1 - part) + flat[after] * part
    heard = steps + span.first / rate
    return Action(picture, _level(known, heard), _means(known.sound.timbre, heard, 0.040), seconds)


def _softened(thumbs: np.ndarray) -> np.ndarray:
    """(M, 18, 32) about their means, blurred by a pixel: framings of retakes differ a little."""
    for axis in (1, 2):
        padded = np.pad(thumbs, [(1, 1) if i == axis else (0, 0) for i in range(3)], "edge")
        parts = [np.take(padded, np.arange(k, k + thumbs.shape[axis]), axis) for k in range(3)]
        thumbs = (parts[0] + 2 * parts[1] + parts[2]) / 4
    return np.asarray(thumbs - thumbs.mean(axis=(1, 2), keepdims=True))


def _level(known: Analysis, heard: np.ndarray) -> np.ndarray:
    """(T,) dBFS of each step; empty without sound."""
    if not known.sound.present or not len(known.sound.level):
        return np.zeros(0, np.float32)
    power = _means(10.0 ** (known.sound.level[:, None].astype(np.float64) / 10), heard, 0.010)
    return np.asarray(10 * np.log10(np.maximum(power[:, 0], 1e-10)), np.float32)


def _means(rows: np.ndarray, heard: np.ndarray, step: float) -> np.ndarray:
    """(T, K) float32: means of rows that are `step` s apart over STEP from each second on."""
    if not len(rows):
        return np.zeros((0, rows.shape[1]), np.float32)
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=float)])
    low = np.clip(np.round(heard / step).astype(int), 0, len(rows) - 1)
    high = np.clip(np.round((heard + STEP) / step).astype(int), low + 1, len(rows))
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None], np.float32)


def same(one: Action, other: Action) -> bool:
    """True where two takes of a set-up show the same action from its beginning to its end."""
    shorter, longer = sorted((one.seconds, other.seconds))
    return longer <= LENGTHS * shorter and _agree(one, other, whole=True)


def broke_off(short: Action, whole: Action) -> bool:
    """True where one take shows only the beginning of what the other shows."""
    return short.seconds <= FALSE_START * whole.seconds and _agree(short, whole, whole=False)


def _agree(one: Action, other: Action, whole: bool) -> bool:
    if min(one.share, other.share) < LEAST_CHANGE:
        return False  # nothing happens: nothing tells them apart or together
    cost = _distances(one.picture, other.picture)
    a, b = path(cost, whole)
    along = float(cost[a, b].mean())
    if along > SAME_PICTURES * float(cost[:, : b[-1] + 1].mean()):
        return False
    if _correlation(_changes(one.picture)[a], _changes(other.picture)[b]) < SAME_CHANGES:
        return False
    if one.eventful and other.eventful:
        return _sound_alike(one, other, a, b)
    resting = max(one.at_once, other.at_once) <= AT_ONCE
    return resting and not (one.eventful or other.eventful)


def _sound_alike(one: Action, other: Action, a: np.ndarray, b: np.ndarray) -> bool:
    first, second = one.level - one.level.mean(), other.level - other.level.mean()
    if _correlation(first[a], second[b]) < SAME_LEVEL:
        return False
    if not len(one.timbre) or not len(other.timbre):
        return False
    first, second = one.timbre - one.timbre.mean(axis=0), other.timbre - other.timbre.mean(axis=0)
    return _correlation(first[a], second[b]) >= SAME_TIMBRE


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(T, U) mean absolute difference of every moment of the one to every one of the other."""
    return np.stack([np.abs(row - other).mean(axis=1) for row in one])


def _changes(picture: np.ndarray) -> np.ndarray:
    """(T, W): how each pixel changes from APART steps before to APART after; 0 at the ends."""
    change = np.zeros_like(picture)
    change[APART:-APART] = picture[2 * APART :] - picture[: -2 * APART]
    return change


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of two arrays; 0 where one is all zero."""
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 0 else 0.0


def pairs(actions: Sequence[Action | None], setup: np.ndarray, reach: int) -> list[tuple[int, int]]:
    """Pairs of takes of one set-up, at most `reach` takes of it apart, both described."""
    members: dict[int, list[int]] = {}
    for index, action in enumerate(actions):
        if action is not None:
            members.setdefault(int(setup[index]), []).append(index)
    return [
        (a, b)
        for group in members.values()
        for place, a in enumerate(group)
        for b in group[place + 1 : place + 1 + reach]
    ]
