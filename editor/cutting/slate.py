"""Turn a take's first and last seconds into where its slate is, by sight and by the clap's sound.

A knock on a table sounds like a clap, and someone leaving the frame looks like a board taken out:
so sound alone masks nothing, and sight alone only a little, where all its signs agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.footage.clip import Clip
from editor.footage.measures import Analysis, Sound

SHORTEST = 3  # s, a shorter take has no room for a slate and a scene
HEAD = 15.0  # s from the take's end in which a clap is sought
HEAD_SHARE = 0.7  # of the take at most
TAIL = 6.0  # s from the take's other end in which a tail slate is sought
TAIL_SHARE = 0.4  # of the take at most
CUTS = 1  # detected in a head with a slate at most: the board itself, or the scene; more is a film
CLAPS = 3  # in that time at most: more is a rhythm or a carpenter
MUTE_HEAD = 6.0  # s in which a slate without a clap is sought
STEP = 0.010  # s, of Sound.level
CLAP_LEVEL = -36.0  # dBFS that a clap reaches at least
CLAP_RISE = 18.0  # dB above the tenth of a second before it
CLAP_FALL = 15.0  # dB below its peak after a fifth of a second: wood on wood does not ring
CLAP_THEN_QUIET = 22.0  # dB below its peak, over half a second: no music
CLAP_AS_SPEECH = 0.6  # s, a shorter stretch of speech about a clap is the clap itself
CLAP_OVER_SPEECH = 6.0  # dB over the loudest of the speech about it
HELD = 1.0  # s before the clap in which the board is held still
GONE = ((1.2, 3.2), (2.2, 4.2))  # s after it in which the scene is to be seen: quick, slow hands
SOON = 1.0  # s after the board's way out in which a scene that the camera soon leaves is seen
TAKEN_OUT = 3.5  # s after it by which the board has left
CLEAR = 0.15  # s after the board's last motion: an edge of it leaves slowly
CHANGED = 20  # of 255 luma, a pixel of a thumb that shows something else
BOARD_SHARE = (0.10, 0.20)  # of the picture that changes at least: with a clap, without
BOARD_MOST = 0.75  # of the picture that a board without a clap may hide: the rest shows the scene
PANNED = 0.08  # widths that the whole picture shifts: the camera moved, not a board
APART = 3.0  # times the pictures' own unrest by which board and scene differ
BURST = 3.0  # times the scene's own motion, while a board is moved
BURST_LEAST = 0.01  # luma change a frame at 25 a second
BURST_PEAK = 4.0  # times the rest about it that a board's way out reaches; measured 25 and more,
# of a camera or a scene that moves 0.5-3.3, up to 7.6 of such as move for longer
BURST_LONGEST = 1.5  # s that a board takes on its way out; what moves longer is the camera
BURST_REST = 0.6  # s before the clap, and about as much after the board's way out, of rest
SHOWN = 0.25  # s that a board is seen before its clap at least
SCENE = 1.5  # s of scene that a slate announces at least


@dataclass(frozen=True)
class Slate:
    """Where a slate is, in frames from the head (or, reversed, from the tail)."""

    clap: int | None  # frame of the clap; None where there was no sound of it
    out: int  # frame by which the board has left


@dataclass(frozen=True)
class _Sight:
    """A take as seen from one of its ends: all frame numbers count from there."""

    rate: float  # frames/s
    frames: int
    at: np.ndarray  # (M,) int64, ascending
    thumb: np.ndarray  # (M, W) float32, 0-255
    face: np.ndarray  # (M,) bool
    motion: np.ndarray  # (N,) float32, a frame at 25 a second
    shift: np.ndarray  # (N, 2) float32, of the whole picture, widths
    sharpness: np.ndarray  # (N,) float32
    saturation: np.ndarray  # (N,) float32
    claps: tuple[int, ...]
    cuts: tuple[int, ...]  # frames at which a detected shot ends and another begins


def at_head(clip: Clip, known: Analysis, first: int, stop: int) -> Slate | None:
    """Find the slate at the head of frames [first, stop); its frames count from `first`."""
    if stop - first < SHORTEST * clip.rate:
        return None
    begin = first / float(clip.rate)
    heard = claps(known.sound, begin, begin + HEAD)
    return _find(_sight(clip, known, first, stop, heard))


def at_tail(clip: Clip, known: Analysis, first: int, stop: int) -> Slate | None:
    """Find the slate at the tail; its frames count from the last one backwards.

    A board without a clap at the tail is someone's way out of the picture and is kept.
    """
    end = stop / float(clip.rate)
    heard = claps(known.sound, end - TAIL, end)
    if not heard or stop - first < SHORTEST * clip.rate:
        return None
    forward = _sight(clip, known, first, stop, heard)
    last = forward.frames - 1
    sight = _Sight(
        rate=forward.rate,
        frames=forward.frames,
        at=last - forward.at[::-1],
        thumb=forward.thumb[::-1],
        face=forward.face[::-1],
        motion=np.roll(forward.motion[::-1], 1),  # a change from the frame after
        shift=forward.shift[::-1],
        sharpness=forward.sharpness[::-1],
        saturation=forward.saturation[::-1],
        claps=tuple(last - clap for clap in reversed(forward.claps)),
        cuts=tuple(forward.frames - cut for cut in reversed(forward.cuts)),
    )
    limit = min(TAIL * sight.rate, TAIL_SHARE * sight.frames)
    for clap in [one for one in sight.claps if one <= limit]:
        out = _board_leaves(sight, clap, BOARD_SHARE[1])
        if out is not None and not any(cut <= out for cut in sight.cuts):
            return Slate(clap, out)
    return None


def claps(sound: Sound, begin: float, end: float) -> tuple[float, ...]:
    """Seconds in [begin, end) of the onsets that sound like a clapperboard: sudden, loud, over."""
    found = []
    level = sound.level
    for onset in sound.onsets[(sound.onsets >= begin) & (sound.onsets < end)]:
        at = round(float(onset) / STEP)
        near = level[max(0, at - 2) : at + 6]
        before, after = level[max(0, at - 12) : max(0, at - 2)], level[at + 18 : at + 24]
        rest = level[at + 20 : at + 70]
        if not len(near) or not len(before) or not len(rest):
            continue
        peak = float(near.max())
        if peak < CLAP_LEVEL:
            continue
        sudden = peak - float(np.median(before)) >= CLAP_RISE
        over = peak - float(np.median(after)) >= CLAP_FALL
        over &= peak - float(np.median(rest)) >= CLAP_THEN_QUIET
        if sudden and over and not _spoken(sound, float(onset), peak):
            found.append(float(onset))
    return tuple(found)


def _spoken(sound: Sound, second: float, peak: float) -> bool:
    """True for a consonant: within or beside real speech, and hardly louder than it."""
    level = sound.level
    for start, end in sound.speech:
        if start - 0.1 < second < end + 0.1 and end - start > CLAP_AS_SPEECH:
            about = level[round(start / STEP) : round(end / STEP)]
            at = round(second / STEP) - round(start / STEP)
            rest = np.delete(about, np.arange(max(0, at - 10), min(len(about), max(0, at + 15))))
            if not len(rest) or peak < float(rest.max()) + CLAP_OVER_SPEECH:
                return True
    return False


def _sight(clip: Clip, known: Analysis, first: int, stop: int, heard: Sequence[float]) -> _Sight:
    rate = float(clip.rate)
    moments, picture = known.moments, known.picture
    low, high = np.searchsorted(moments.frame, [first, stop])
    pixels = moments.thumb[0].size
    return _Sight(
        rate=rate,
        frames=stop - first,
        at=moments.frame[low:high] - first,
        thumb=moments.thumb[low:high].reshape(high - low, pixels).astype(np.float32),
        face=moments.faces[low:high, 0] > 0,
        motion=picture.motion[first:stop] * rate / 25,
        shift=picture.flow[first:stop] / rate,
        sharpness=picture.sharpness[first:stop],
        saturation=picture.saturation[first:stop],
        claps=tuple(
            frame for one in heard if 0 <= (frame := round(one * rate) - first) < stop - first
        ),
        cuts=tuple(
            shot.first - first for shot in known.shots if first < shot.first < stop
        ),
    )  # fmt: skip


def _find(sight: _Sight) -> Slate | None:
    limit = min(HEAD * sight.rate, HEAD_SHARE * sight.frames)
    heard = [one for one in sight.claps if one <= limit]
    for clap in reversed(heard) if len(heard) <= CLAPS else ():
        out = _board_leaves(sight, clap)
        if out is not None and sum(cut <= out for cut in sight.cuts) <= CUTS:
            return Slate(clap, out)
    out = _without_clap(sight)
    return None if out is None else Slate(None, out)


def _board_leaves(sight: _Sight, clap: int, least: float = BOARD_SHARE[0]) -> int | None:
    """Frame by which the board held at the clap has left; None where no board is seen."""
    rate = sight.rate
    board = (sight.at >= clap - HELD * rate) & (sight.at <= clap + 0.1 * rate)
    out = _compared(sight, clap, board, least)
    return out if out is not None and _in_a_burst(sight, clap, out) else None


def _compared(sight: _Sight, clap: int, board: np.ndarray, least: float) -> int | None:
    """Frame by which the picture of the moments `board` (bool) has made room for another."""
    rate = sight.rate
    for low, high in GONE:
        scene = (sight.at >= clap + low * rate) & (sight.at <= clap + high * rate)
        seen = _compare(sight.thumb[board], sight.thumb[scene])
        if seen is not None and seen.share >= least:
            return _scene_begins(sight, seen, clap, clap + round(TAKEN_OUT * rate))
    return _seen_soon(sight, clap, sight.thumb[board], least)


def _in_a_burst(sight: _Sight, clap: int, out: int) -> bool:
    """True where the picture rests, then moves much and shortly, and rests again: a board goes so.

    A camera that moves changes as much of the picture, but evenly or for long; so does a scene.
    """
    rate, motion = sight.rate, sight.motion
    if sight.frames - out < SCENE * rate or out <= clap or clap < SHOWN * rate:
        return False
    rest = round(BURST_REST * rate)
    still = (motion[max(1, clap - rest) : max(1, clap - 1)], motion[out : out + rest])
    usual = max([float(np.median(part)) for part in still if len(part)] + [BURST_LEAST / 4])
    window = motion[clap:out]
    peak = float(window.max())
    lasts = int((window > peak / BURST).sum())
    return peak >= BURST_PEAK * usual and lasts <= BURST_LONGEST * rate


def _seen_soon(sight: _Sight, clap: int, board: np.ndarray, least: float) -> int | None:
    """Frame by which the board has left a scene that a move of the camera then changes.

    The scene is judged by the rest between the two motions alone, so more signs must agree: the
    board is held still, goes in one burst, and about it the picture stays the same.
    """
    held = sight.motion[max(1, clap - round(HELD * sight.rate / 2)) : clap]
    if not len(held):
        return None
    usual = float(np.median(held))
    window = sight.motion[clap : clap + round(TAKEN_OUT * sight.rate)]
    stirred = max(BURST * usual, usual + BURST_LEAST, float(window.max()) / (2 * BURST))
    (moving,) = np.nonzero(window > stirred)
    pauses = np.flatnonzero(np.diff(np.append(moving, len(window))) > SOON / 2 * sight.rate)
    if usual > BURST_LEAST or not len(pauses):
        return None
    away = clap + int(moving[pauses[0]]) + 1
    scene = sight.thumb[(sight.at >= away) & (sight.at <= away + SOON * sight.rate)]
    seen = _compare(board, scene)
    if seen is None or not least <= seen.share <= BOARD_MOST:
        return None
    return away + round(CLEAR * sight.rate)


@dataclass(frozen=True)
class _Seen:
    """A board's picture beside the scene's."""

    board: np.ndarray  # (W,) float32
    scene: np.ndarray  # (W,) float32
    changed: np.ndarray  # (W,) bool

    @property
    def share(self) -> float:
        """Of the picture that changed."""
        return float(self.changed.mean())


def _compare(board: np.ndarray, scene: np.ndarray) -> _Seen | None:
    """Median pictures of both, or None where they differ no more than each does in itself."""
    if not len(board) or len(scene) < 2:
        return None
    middle, after = np.median(board, axis=0), np.median(scene, axis=0)
    apart = np.abs(middle - after)
    unrest = max(_unrest(board, middle), _unrest(scene, after), 1.0)
    if apart.mean() < APART * unrest:
        return None
    return _Seen(middle, after, apart > CHANGED)


def _unrest(rows: np.ndarray, middle: np.ndarray) -> float:
    return float(np.median(np.abs(rows - middle).mean(axis=1)))


def _scene_begins(sight: _Sight, seen: _Seen, first: int, last: int) -> int | None:
    """First frame in [first, last] from which the scene is seen and the board's motion is over."""
    changed = seen.changed
    to_board = np.abs(sight.thumb[:, changed] - seen.board[changed]).mean(axis=1)
    to_scene = np.abs(sight.thumb[:, changed] - seen.scene[changed]).mean(axis=1)
    within = (sight.at >= first) & (sight.at <= last + round(sight.rate))
    board = sight.at[within & (to_board < to_scene)]
    gone = int(board[-1]) + 1 if len(board) else first
    if gone > last:
        return None
    rest = sight.motion[last : last + round(4 * sight.rate)]
    usual = float(np.median(rest)) if len(rest) else 0.0
    window = sight.motion[gone:last]
    (moving,) = np.nonzero(window > max(BURST * usual, usual + BURST_LEAST))
    if not len(moving):
        return gone
    ends = np.flatnonzero(np.diff(np.append(moving, len(window) + sight.frames)) > 0.2 * sight.rate)
    # The first burst is the board's; what moves later is the scene.
    return gone + int(moving[ends[0]]) + 1 + round(CLEAR * sight.rate)


def _without_clap(sight: _Sight) -> int | None:
    """Frame by which a board that was never clapped has left; every sign must agree."""
    if sight.cuts and sight.cuts[0] <= MUTE_HEAD * sight.rate:
        return _board_then_cut(sight)
    best, leaves = 0.0, None
    starts = np.flatnonzero((sight.at >= 0.4 * sight.rate) & (sight.at <= MUTE_HEAD * sight.rate))
    head = sight.motion[: round((MUTE_HEAD + 1.5) * sight.rate)]
    calm = max(float(np.median(sight.motion)) / 2, BURST_LEAST / 4)
    if not len(starts) or head.max() <= 2 * BURST * calm:
        return None  # nothing moved so much
    for index in starts:
        held = int(sight.at[index])
        if not _held_then_gone(sight, held) or sight.face[: index + 1].any():
            continue
        after = (sight.at >= held + sight.rate) & (sight.at <= held + 4 * sight.rate)
        seen = _compare(sight.thumb[: index + 1], sight.thumb[after])
        if seen is None or not BOARD_SHARE[1] <= seen.share <= BOARD_MOST:
            continue
        apart = float(np.abs(seen.board - seen.scene).mean())
        lettered = seen.board[seen.changed].std() > 1.2 * seen.scene[seen.changed].std()
        if apart > best and lettered:
            last = held + round(1.5 * sight.rate)
            best, leaves = apart, _scene_begins(sight, seen, held, last)
    return leaves


def _held_then_gone(sight: _Sight, held: int) -> bool:
    """Held still up to about `held`, gone in one burst, a softer and longer scene after it."""
    near = round(0.3 * sight.rate)
    after = held + round(1.5 * sight.rate)
    if sight.frames - after < max(3 * sight.rate, 1.5 * held):
        return False
    burst = float(sight.motion[max(0, held - near) : after].max())
    if burst <= 2 * BURST * BURST_LEAST / 4:
        return False
    if np.hypot(*sight.shift[max(0, held - near) : after].sum(axis=0)) > PANNED:
        return False
    before = sight.motion[1 : max(2, held - near)]
    scene = sight.motion[after : after + round(3 * sight.rate)]
    rest = max(float(np.median(before)), float(np.median(scene)), BURST_LEAST / 4)
    sharp = 1.15 * np.median(sight.sharpness[after:])
    return bool(burst > 2 * BURST * rest and np.median(sight.sharpness[:held]) > sharp)


def _board_then_cut(sight: _Sight) -> int | None:
    """A still, colourless, sharp picture without a face, and then one shot: a board or a card."""
    cut = sight.cuts[0]
    face = bool(sight.face[sight.at < cut].any())
    if len(sight.cuts) > 1 or face or sight.frames - cut < max(3 * sight.rate, 1.5 * cut):
        return None
    still = float(np.median(sight.motion[1 : max(2, cut)])) < BURST_LEAST / 5
    pale = float(np.median(sight.saturation[:cut])) < 0.2
    sharp = np.median(sight.sharpness[:cut]) > np.median(sight.sharpness[cut:])
    return cut if still and pale and sharp else None
