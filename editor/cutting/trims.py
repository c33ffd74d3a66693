"""Move in and out points by an editor's habit, a few frames off the cut points, where that is safe.

N shots, P cut points. Frames are a clip's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.cutting.environment import Stage
from editor.cutting.pool import TOTALS, Pool
from editor.cutting.search import Choice
from editor.timing import convert_length

SILENT = 0.02  # s of speech between two cut points that is none: rounding of the detector's ends
SPEECH = TOTALS.index("speech")

Offset = tuple[int, int]  # frames by which the in and the out point lie after their cut points


@dataclass(frozen=True)
class _Room:
    """How far the ends of one cut may move, in frames: never into a word, never off the shot."""

    in_early: int  # <= 0
    in_late: int  # >= 0
    out_early: int  # <= 0
    out_late: int  # >= 0


def offsets(
    pool: Pool, stage: Stage, film: Sequence[Choice], wanted: Sequence[tuple[float, float]]
) -> list[Offset]:
    """Whole frames by which each cut's ends move, of the seconds wanted (head, tail) for each.

    No frame is used twice, no word is entered, no cut gets shorter or longer than the style allows
    unless it is so already, and the film stays inside the asked length's window: where the habit
    would leave it, all move less.
    """
    share = 1.0
    for _ in range(8):
        found = _offsets(pool, stage, film, [(share * a, share * b) for a, b in wanted])
        low, high = stage.brief.window
        length = sum(_length(pool, stage, cut, o) for cut, o in zip(film, found, strict=True))
        plain = sum(_length(pool, stage, cut, (0, 0)) for cut in film)
        if min(low, plain) <= length <= max(high, plain):
            return found
        share *= 0.7
    return [(0, 0)] * len(film)


def room(pool: Pool, film: Sequence[Choice], at: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """How far the in and the out point of a cut may move, early (<= 0) and late, in frames: never
    into a word, never off the shot, never onto frames that the film uses elsewhere."""
    taken = [
        (int(pool.frame[s, a]), int(pool.frame[s, b]))
        for n, (s, a, b) in enumerate(film)
        if n != at and pool.clip[s] == pool.clip[film[at][0]]
    ]
    found = _room(pool, film[at], taken)
    return (found.in_early, found.in_late), (found.out_early, found.out_late)


def _offsets(
    pool: Pool, stage: Stage, film: Sequence[Choice], wanted: Sequence[tuple[float, float]]
) -> list[Offset]:
    taken: dict[int, list[tuple[int, int]]] = {}
    for shot, first, last in film:
        frame = pool.frame[shot]
        taken.setdefault(int(pool.clip[shot]), []).append((int(frame[first]), int(frame[last])))
    found = []
    for cut, (head, tail) in zip(film, wanted, strict=True):
        shot, first, last = cut
        clip = int(pool.clip[shot])
        rate = float(pool.clips[clip].rate)
        span = int(pool.frame[shot, first]), int(pool.frame[shot, last])
        taken[clip].remove(span)
        room = _room(pool, cut, taken[clip])
        moved = (
            int(np.clip(round(head * rate), room.in_early, room.in_late)),
            int(np.clip(round(tail * rate), room.out_early, room.out_late)),
        )
        moved = moved if _fits(pool, stage, cut, moved) else (0, 0)
        taken[clip].append((span[0] + moved[0], span[1] + moved[1]))
        found.append(moved)
    return found


def _room(pool: Pool, cut: Choice, taken: Sequence[tuple[int, int]]) -> _Room:
    shot, first, last = cut
    frame, said = pool.frame[shot], pool.totals[shot, :, SPEECH]
    into, out = int(frame[first]), int(frame[last])
    before = max((stop for _, stop in taken if stop <= into), default=-1)
    after = min((start for start, _ in taken if start >= out), default=1 << 40)
    top = int(pool.points[shot]) - 1

    def silent(at: int, step: int) -> int:
        """The farthest point that is reached without a word."""
        while 0 <= at + step <= top and abs(float(said[at + step] - said[at])) < SILENT:
            at += step
        return int(frame[at])

    middle = (into + out) // 2
    return _Room(
        in_early=min(0, max(silent(first, -1), before) - into),
        in_late=max(0, min(silent(first, 1), middle - 1) - into),
        out_early=min(0, max(silent(last, -1), middle + 1) - out),
        out_late=max(0, min(silent(last, 1), after) - out),
    )


def _length(pool: Pool, stage: Stage, cut: Choice, moved: Offset) -> int:
    """Film frames of a cut whose ends are moved."""
    shot, first, last = cut
    frames = int(pool.frame[shot, last] - pool.frame[shot, first]) + moved[1] - moved[0]
    return convert_length(frames, pool.clips[int(pool.clip[shot])].rate, stage.brief.rate)


def _fits(pool: Pool, stage: Stage, cut: Choice, moved: Offset) -> bool:
    pace, rate = stage.brief.style.pace, float(stage.brief.rate)
    length = _length(pool, stage, cut, moved) / rate
    plain = _length(pool, stage, cut, (0, 0)) / rate
    return min(plain, pace.shortest) <= length <= max(plain, pace.longest)
