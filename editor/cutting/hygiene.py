"""Turn a clip's analysis into the frames that no editor would cut from, each with its reason.

Heads and tails of a take are looked at with care: a shot that begins with a move is a shot, so a
single weak sign may take only little.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editor.cutting import slate
from editor.footage.clip import Clip
from editor.footage.measures import LEVEL_STEP, Analysis, Kind
from editor.timing import FrameSpan

LEAST_FRAMES = 8  # fewer show no trend
STANDING = 0.8  # s of one picture at a clip's head or tail that count as standing still
SETTLE_LIMIT = 1.5  # s that a camera's jerk may take; what moves longer is a move
FOCUS_LIMIT = 2.5  # s that finding focus may take
WEAK_SHARE = 0.25  # of the clip that any one weak sign may take
REST = 0.3  # s of rest after which a camera has settled
AT_REST = 0.7  # s later, at which the picture is that of the take
JERK = 4.0  # times the take's own unrest at which the camera itself is moved
JERK_LEAST = (
    0.03  # luma change a frame at 25 a second, with a tenth of the shift in widths a second
)
SHIFTED = 0.08  # widths a second, global: the camera moves, not someone in the picture
BLURRED = 0.6  # of the take's own sharpness, below which it is out of focus
FOCUSED = 0.85  # of it, from which it is in focus again
MOVED = 6  # of 255 luma, a pixel of a thumb that the camera's move changed,
MOVED_SHARE = 0.3  # and how much of the picture it changes
SAME_VIEW = 0.85  # correlation of a blurred picture with the sharp one: framing did not change
STRAIGHT = 5.0  # of 255, unrest down a column of colour bars
TO_THE_END = 0.15  # s before a broken file's end at which what is heard still goes on there
FLANK = 0.5  # share of a clip that stands still above which standing still is its nature


@dataclass(frozen=True)
class Masked:
    """Frames taken out, and why, in an editor's words."""

    span: FrameSpan
    reason: str


def inspect(clip: Clip, known: Analysis) -> tuple[Masked, ...]:
    """Return what of the clip is not to be cut from. Frames may be named twice."""
    decoded = min(known.picture.decoded, clip.frames)
    found = _runs(known.picture.black[:decoded], "black")
    found += _runs(
        known.picture.damaged[:decoded], "damaged: the decoder hides what it could not read"
    )
    if decoded < clip.frames:
        found.append(Masked(FrameSpan(decoded, clip.frames), "cannot be decoded"))
    first, stop = 0, decoded
    for look in (_dead_ends, _slates, _unsteady_ends):
        for mask in look(clip, known, first, stop):
            found.append(mask)
            if mask.span.first <= first:
                first = max(first, mask.span.stop)
            if mask.span.stop >= stop:
                stop = min(stop, mask.span.first)
        if stop <= first:
            break
    found.extend(_between_shots(known, decoded))
    found.extend(_broken_off(clip, known, decoded))
    return tuple(mask for mask in found if len(mask.span))


def _runs(marked: np.ndarray, reason: str) -> list[Masked]:
    """Maximal runs of marked frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [
        Masked(FrameSpan(int(a), int(b)), reason)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


def _between_shots(known: Analysis, decoded: int) -> Iterator[Masked]:
    """Frames of no detected shot that are not black: a fade's own, or what is no shot by itself."""
    outside = np.ones(decoded, bool)
    for shot in known.shots:
        outside[shot.first : shot.stop] = False
    for found in _runs(outside & ~known.picture.black[:decoded], "in a fade"):
        ends = (found.span.first - 1, found.span.stop)
        faded = any(0 <= at < decoded and known.picture.black[at] for at in ends)
        yield found if faded else Masked(found.span, "too short to be a shot")


def _dead_ends(clip: Clip, known: Analysis, first: int, stop: int) -> Iterator[Masked]:
    """Black, colour bars and a standing picture at the head and at the tail."""
    black, frozen = known.picture.black[:stop], known.picture.frozen[:stop]
    rate = float(clip.rate)
    (shown,) = np.nonzero(~black)
    if not len(shown):
        return
    first, stop = int(shown[0]), int(shown[-1]) + 1
    if first:
        yield Masked(FrameSpan(0, first), "black")
    bars = _bars_end(known, first, stop)
    if bars > first and bars < stop:
        yield Masked(FrameSpan(first, bars), "colour bars")
        first = bars
    still = frozen[first:stop]
    if not len(still) or still.mean() > FLANK:
        return
    head = int(np.argmin(still[1:])) + 1 if len(still) > 1 else 0
    tail = int(np.argmin(still[::-1]))
    if head >= STANDING * rate:
        yield Masked(FrameSpan(first, first + head), "the picture stands still")
    if tail >= STANDING * rate:
        yield Masked(FrameSpan(stop - tail, stop), "the picture stands still")


def _broken_off(clip: Clip, known: Analysis, decoded: int) -> Iterator[Masked]:
    """The words amid which a file ends that has lost its end, from the last pause before them."""
    speech, rate = known.sound.speech, float(clip.rate)
    if not (clip.missing or clip.broken_off) or not len(speech):
        return
    first, stop = (speech[-1] * rate).tolist()
    end = min(decoded, len(known.sound.level) * LEVEL_STEP * rate)
    if stop < end - TO_THE_END * rate:
        return
    points = known.cut_points
    pauses = points.frame[np.isin(points.kind, (Kind.PAUSE, Kind.SPLIT))]
    within = pauses[(pauses > first) & (pauses < end - TO_THE_END * rate)]
    begin = int(within[-1]) if len(within) else int(first)
    if begin < decoded:
        yield Masked(FrameSpan(begin, decoded), "the file breaks off amid these words")


def _bars_end(known: Analysis, first: int, stop: int) -> int:
    """Frame after the colour bars that begin at `first`; `first` where there are none."""
    moments = known.moments
    end = first
    for frame, thumb in zip(moments.frame, moments.thumb, strict=True):
        if frame < first:
            continue
        top = thumb[:10].astype(np.float32)  # of 18 rows; SMPTE's lower third is other patches
        row = np.median(top, axis=0)
        straight = float(np.abs(top - row).mean()) < STRAIGHT
        falling = bool((np.diff(row) < 12).all()) and float(row[0] - row[-1]) > 100
        saturated = known.picture.saturation[frame] > 0.4
        if not (straight and falling and saturated) or frame >= stop:
            break
        end = int(frame) + 1
    following = [shot.first for shot in known.shots if shot.first >= end > first]
    later = moments.frame[moments.frame >= end]
    if end == first:
        return first
    limit = int(later[0]) if len(later) else stop
    return min([one for one in following if one <= limit], default=limit)


def _slates(clip: Clip, known: Analysis, first: int, stop: int) -> Iterator[Masked]:
    head = slate.at_head(clip, known, first, stop)
    if head is not None:
        out = first + head.out
        clap = out if head.clap is None else first + head.clap
        yield Masked(FrameSpan(first, clap), "slate" if head.clap is None else "before the clap")
        yield Masked(FrameSpan(clap, out), "the slate is taken out")
        first = out
    tail = slate.at_tail(clip, known, first, stop)
    if tail is not None:
        yield Masked(FrameSpan(stop - tail.out, stop), "tail slate")


def _unsteady_ends(clip: Clip, known: Analysis, first: int, stop: int) -> Iterator[Masked]:
    """The operator's jerk and the search for focus at head and tail."""
    rate = float(clip.rate)
    frames = stop - first
    picture = known.picture
    shift = np.hypot(picture.flow[first:stop, 0], picture.flow[first:stop, 1])
    unrest = picture.motion[first:stop] * rate / 25 + 0.1 * shift
    sharp = picture.sharpness[first:stop]
    if frames < max(2 * rate, LEAST_FRAMES):
        return
    unrest = unrest.copy()
    unrest[0], shift[0] = unrest[1], shift[1]  # the first frame has no frame before
    limit = int(WEAK_SHARE * frames)
    head = min(_settled(unrest, shift, rate), limit)
    tail = min(_settled(unrest[::-1], shift[::-1], rate), limit)
    after = round(AT_REST * rate)
    if head and _all_moves(known, first, first + head + after):
        yield Masked(FrameSpan(first, first + head), "camera settles")
    if tail and _all_moves(known, stop - 1, stop - tail - after):
        yield Masked(FrameSpan(stop - tail, stop), "camera is stopped")
    if _same_view(known, first, (first + stop) // 2):
        focus = _focused(sharp, picture.luma[first:stop], rate)
        if focus <= limit:
            yield Masked(FrameSpan(first, first + focus), "camera finds focus")


def _settled(unrest: np.ndarray, shift: np.ndarray, rate: float) -> int:
    """Frames until the camera rests; 0 where it begins at rest, or where the move is the shot."""
    begin = slice(0, max(2, round(0.4 * rate)))
    if unrest[begin].max() < JERK_LEAST or shift[begin].max() < SHIFTED:
        return 0
    middle = unrest[len(unrest) // 4 : -(len(unrest) // 4)]
    usual = float(np.median(middle))
    jerk = max(JERK * usual, JERK_LEAST)
    calm = float(np.percentile(middle, 75)) < jerk / 2
    if not calm or unrest[begin].max() < jerk:
        return 0
    quiet = unrest <= max(2 * usual, JERK_LEAST / 2)
    return _first_lasting(quiet, rate, SETTLE_LIMIT)


def _focused(sharp: np.ndarray, luma: np.ndarray, rate: float) -> int:
    """Frames until the picture is as sharp as the take; 0 where it begins so, or never settles."""
    begin = slice(0, max(2, round(0.2 * rate)))
    if sharp[begin].mean() > sharp.mean():
        return 0
    usual = float(np.median(sharp[len(sharp) // 4 :]))
    level = abs(float(np.median(luma[begin]) - np.median(luma))) < 0.1  # else it fades in
    if not level or float(np.median(sharp[begin])) > BLURRED * usual:
        return 0
    return _first_lasting(sharp >= FOCUSED * usual, rate, FOCUS_LIMIT)


def _first_lasting(good: np.ndarray, rate: float, limit: float) -> int:
    """First frame from which `good` lasts REST; 0 where that is later than `limit` seconds."""
    length = max(2, round(REST * rate))
    lasting = np.convolve(good, np.ones(length), mode="valid") >= length
    found = np.flatnonzero(lasting[: round(limit * rate) + 1])
    return int(found[0]) if len(found) else 0


def _same_view(known: Analysis, one: int, other: int) -> bool:
    """True where the pictures at two frames show the same framing, sharp or not."""
    first, second = (rows - rows.mean() for rows in _pictures(known, one, other))
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return scale > 0 and float(first @ second) / scale >= SAME_VIEW


def _all_moves(known: Analysis, one: int, other: int) -> bool:
    """True where most of the picture differs between two frames: not someone in it, the camera."""
    first, second = _pictures(known, one, other)
    return bool((np.abs(first - second) > MOVED).mean() >= MOVED_SHARE)


def _pictures(known: Analysis, *frames: int) -> list[np.ndarray]:
    """(W,) float32 thumbs of the moments nearest to the frames."""
    moments = known.moments
    nearest = [int(np.argmin(np.abs(moments.frame - frame))) for frame in frames]
    return [moments.thumb[at].astype(np.float32).ravel() for at in nearest]
