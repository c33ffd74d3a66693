"""Turn shots, motion and sound into cut points: the frames at which a cut may begin or end.

Sound is heard before the picture is decoded, so that the points which it gives are known when
their frames pass. Those of the picture are chosen window by window, a little behind the decoder,
while the small pictures are still held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from editor.footage import speech as words
from editor.footage.measures import LEVEL_STEP as STEP
from editor.footage.measures import Kind, Sound

AIR = (0.15, 0.40)  # s between a cut and the speech beside it: room to breathe, no dead air
WIDE = 0.70  # s, a pause of at least this has its own point after the one word and before the next
LONG_SPEECH = 4.0  # s, longer speech is split at its deepest pauses
PHRASE = 1.0  # s, that a split leaves at either side at least
DIP = 0.06  # s, over which a pause inside speech must be quiet, the width of a cut's own fades
EQUAL = 3.0  # dB, within which two quiet places are alike
NEAR_FLOOR = 0.35  # of the way from floor to speech, in dB: a split is a pause only below it
GAP = 0.25  # s between two points that neither edge nor speech asks for: four a second at most
CLOSE = 0.10  # s between two points of an edge or of speech
GRID = 0.5  # s, that no frame outside speech is further from a cut point
CONTEXT = 1.0  # s of motion either side that a point of the picture is judged by
PACE = 0.2  # s, over which motion is averaged
STILL = 1.6  # times the quietest motion around: below it the picture rests,
MOVING = 2.5  # and above it something moves
LEAST_MOTION = 0.004  # mean change a frame at 25 a second that counts as motion at all
PEAK = 2.0  # times the quietest motion either side that an action's peak reaches


@dataclass(frozen=True, order=True)
class Point:
    """A frame at which a cut may begin or end, and why."""

    frame: int
    kind: Kind
    weak: bool = False


def of_sound(sound: Sound, rate: Fraction, frames: int) -> tuple[Point, ...]:
    """Points that the sound gives, ascending: pauses, air about speech, splits, onsets."""
    if not sound.present:
        return ()
    found: list[Point] = []
    hearing = _Hearing(sound, float(rate), frames)
    ends = [-np.inf, *sound.speech[:, 1].tolist()]
    starts = [*sound.speech[:, 0].tolist(), np.inf]
    for end, start in zip(ends, starts, strict=True):
        found.extend(Point(frame, Kind.PAUSE) for frame in hearing.pause(end, start))
    for start, end in sound.speech.tolist():
        found.extend(Point(frame, Kind.SPLIT, weak=True) for frame in hearing.splits(start, end))
    for second in sound.onsets.tolist():
        frame = floor(second * float(rate))  # the frame on screen when it begins
        if 0 < frame < frames and not in_speech(sound.speech, frame / float(rate)):
            found.append(Point(frame, Kind.ONSET))
    return tuple(sorted(found))


def in_speech(speech: np.ndarray, second: float) -> bool:
    """True inside a segment of (K, 2) seconds of speech, its ends excepted."""
    k = int(np.searchsorted(speech[:, 0], second))
    return k > 0 and second < speech[k - 1, 1]


@dataclass(frozen=True)
class _Hearing:
    """Finds quiet frames between and inside words."""

    sound: Sound
    rate: float
    frames: int

    def quietest(self, start: float, end: float) -> int | None:
        """The frame in [start, end] s whose beginning is quietest; of equals the middlemost."""
        first, last = max(0, ceil(start * self.rate - 1e-6)), floor(end * self.rate + 1e-6)
        last = min(last, self.frames)
        if first > last:
            return None
        level = np.array([self.level_at(frame) for frame in range(first, last + 1)])
        near = first + np.flatnonzero(level <= level.min() + EQUAL)
        middle = (start + end) / 2 * self.rate
        return int(near[np.argmin(np.abs(near - middle))])

    def level_at(self, frame: int) -> float:
        """dBFS over DIP about the beginning of a frame."""
        level = self.sound.level
        middle, half = frame / self.rate / STEP, DIP / STEP / 2
        near = level[max(0, floor(middle - half)) : max(1, ceil(middle + half))]
        return float(near.max()) if len(near) else -100.0

    def pause(self, end: float, start: float) -> list[int]:
        """Frames for a cut between speech that ends at `end` and speech that starts at `start`."""
        low, high = AIR
        if start - end >= WIDE:
            after, before = (end + low, end + high), (start - high, start - low)
            wanted = [span for span in (after, before) if np.isfinite(span[0])]
        else:
            wanted = [(max(end + low, start - high), min(end + high, start - low))]
        found = [self.quietest(first, last) for first, last in wanted]
        return sorted({frame for frame in found if frame is not None and frame > 0})

    def splits(self, start: float, end: float) -> list[int]:
        """Frames at the deepest pauses of speech, until no part is longer than LONG_SPEECH."""
        if end - start <= LONG_SPEECH:
            return []
        smooth = words.smoothed(self.sound.level, STEP)
        floor_level = words.floor_near(smooth, start, end, STEP)
        inside = smooth[round(start / STEP) : round(end / STEP)]
        line = floor_level + NEAR_FLOOR * (float(np.percentile(inside, 75)) - floor_level)
        return self._split(start, end, line)

    def _split(self, start: float, end: float, line: float) -> list[int]:
        if end - start <= LONG_SPEECH:
            return []
        first, last = ceil((start + PHRASE) * self.rate), floor((end - PHRASE) * self.rate)
        level = np.array([self.level_at(frame) for frame in range(first, last + 1)])
        if not len(level) or level.min() > line:
            return []  # no pause anywhere: better long than cut in a word
        # Of pauses equally deep the one nearest the middle, so that parts stay of a length.
        off_middle = np.abs(np.arange(first, last + 1) / self.rate - (start + end) / 2)
        frame = first + int(np.argmin(level + 3.0 * off_middle))
        second = frame / self.rate
        return [
            *self._split(start, second, line),
            frame,
            *self._split(second, end, line),
        ]


# --- the picture ----------------------------------------------------------------------------------


def of_picture(
    motion: np.ndarray, flow: np.ndarray, first: int, stop: int, rate: Fraction
) -> tuple[Point, ...]:
    """Points in [first, stop) at which motion comes to rest, is about to begin, or has peaked.

    motion (N,), flow (N, 2): of every frame seen, at least CONTEXT past `stop` where there is
    more. What lies across a shot's edge must not be given: call it for one shot at a time.
    """
    fps = float(rate)
    reach, half = max(2, round(CONTEXT * fps)), max(1, round(PACE * fps / 2))
    low, high = max(0, first - 2 * reach), min(len(motion), stop + reach)
    if high - low < 4 * half:
        return ()
    # A pan's own speed counts: fine texture moves every pixel, a blank wall none.
    amount = motion[low:high] * fps / 25 + 0.1 * np.hypot(*flow[low:high].T)
    amount[0] = amount[1]  # the first frame of a shot has no motion yet
    pace = _mean(amount, half)
    quiet = _lowest(pace, reach)
    still = pace <= np.maximum(STILL * quiet, LEAST_MOTION)
    moving = pace >= np.maximum(MOVING * quiet, 2 * LEAST_MOTION)
    found = [*_settled(still, moving, half), *_peaked(pace, quiet, half)]
    return tuple(sorted(Point(low + at, kind) for at, kind in found if first <= low + at < stop))


def _settled(still: np.ndarray, moving: np.ndarray, half: int) -> list[tuple[int, Kind]]:
    """Where rest follows motion, and just before motion follows rest."""
    found = []
    state, since = "", 0
    for i in range(len(still)):
        now = "moving" if moving[i] else "still" if still[i] else ""
        if not now:
            continue
        if now == "still" and state == "moving":
            found.append((i, Kind.SETTLE))
        elif now == "moving" and state == "still":
            found.append((max(0, since - half), Kind.SETTLE))
        state = now
        if now == "still":
            since = i
    return found


def _peaked(pace: np.ndarray, quiet: np.ndarray, half: int) -> list[tuple[int, Kind]]:
    """The frame after each peak that stands out from the quiet around it."""
    size = 2 * half + 1
    padded = np.pad(pace, half, constant_values=0)
    top = np.lib.stride_tricks.sliding_window_view(padded, size).max(axis=1)
    high = (pace >= top) & (pace >= np.maximum(PEAK * quiet, 2 * LEAST_MOTION))
    return [(int(i) + 1, Kind.PEAK) for i in np.flatnonzero(high[:-1])]


def _mean(values: np.ndarray, half: int) -> np.ndarray:
    padded = np.pad(values.astype(np.float64), half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1 / (2 * half + 1)), mode="valid")


def _lowest(values: np.ndarray, reach: int) -> np.ndarray:
    padded = np.pad(values, reach, mode="edge")
    lowest: np.ndarray = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    return lowest


# --- all together ---------------------------------------------------------------------------------


class Chooser:
    """Chooses a clip's cut points from left to right; what is chosen stays."""

    def __init__(self, sound: Sound, rate: Fraction, frames: int) -> None:
        self._speech = sound.speech
        self._rate = float(rate)
        self._frames = frames
        self._heard = of_sound(sound, rate, frames)
        self._chosen: list[Point] = [Point(0, Kind.EDGE)]

    @property
    def chosen(self) -> tuple[Point, ...]:
        """All points so far, ascending."""
        return tuple(self._chosen)

    def choose(self, stop: int, edges: Iterable[int], seen: Sequence[Point]) -> list[Point]:
        """Choose points up to frame `stop`, exclusive, past those chosen: the new ones, ascending.

        edges: first frames of shots and frames past their last; seen: points of the picture.
        """
        last = self._chosen[-1].frame
        wanted = [Point(frame, Kind.EDGE) for frame in edges]
        wanted += [point for point in self._heard if last < point.frame < stop]
        wanted += [point for point in seen if not self._spoken(point.frame)]
        kept = [self._chosen[-1]]
        for point in sorted(wanted, key=lambda point: (point.kind, point.frame)):
            if last < point.frame < stop and self._free(point, kept):
                kept.append(point)
        new = self._filled(sorted(kept), stop)
        self._chosen.extend(new)
        return new

    def finish(self, decoded: int, edges: Iterable[int], seen: Sequence[Point]) -> list[Point]:
        """Choose the rest, the point past the last decoded frame among them."""
        return self.choose(decoded + 1, [*edges, decoded], seen)

    def _free(self, point: Point, kept: Sequence[Point]) -> bool:
        gap = CLOSE if point.kind in (Kind.EDGE, Kind.PAUSE, Kind.SPLIT) else GAP
        if point.kind == Kind.EDGE:
            gap = 1 / self._rate
        return all(abs(point.frame - other.frame) >= gap * self._rate - 1e-6 for other in kept)

    def _spoken(self, frame: int) -> bool:
        return in_speech(self._speech, frame / self._rate)

    def _filled(self, kept: list[Point], stop: int) -> list[Point]:
        """The points after the first, with a grid between any two that lie too far apart."""
        found: list[Point] = []
        step = 2 * GRID * self._rate
        bounds = [*kept, None]
        for before, after in zip(kept, bounds[1:], strict=True):
            end = after.frame if after else stop + step / 2
            count = max(1, ceil((end - before.frame) / step - 1e-6))
            for i in range(1, count):
                frame = round(before.frame + i * (end - before.frame) / count)
                if before.frame < frame < stop and not self._spoken(frame):
                    found.append(Point(frame, Kind.GRID))
            if after:
                found.append(after)
        return found
