"""Work out, once per pool and length, from where a film can still be completed.

N shots, P cut points, K wishes answered so far (0 to W), C cells of film length.

In recorded order a state is (last shot, its out point, wishes answered, film length); a suffix
dynamic programme over sets of film lengths says exactly which states lead to a film inside the
window. A set of lengths is a Python integer: bit c stands for the `grain` lengths of cell c, and is
set only where every one of them can be completed, so that coarse cells err on the safe side.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

CELLS = 1024  # most cells of film length: memory of the tables, against an error of one cell


@dataclass(frozen=True)
class Line:
    """What decides whether a shot may follow, all (N,) int64."""

    rank: np.ndarray  # 0 to N - 1
    line: np.ndarray  # -1 alone
    clip: np.ndarray
    wish: np.ndarray  # wish that it answers, in order of the wishes' last chance; -1 none


@dataclass(frozen=True)
class Suffix:
    """Completable film lengths, packed eight cells a byte, little end first."""

    grain: int  # film frames a cell
    after: np.ndarray  # (W + 1, N, P, C / 8) uint8, with the last cut ending at [shot, point]
    again: np.ndarray  # the same, if the next cut comes from that shot, later than the point
    start: np.ndarray  # (W + 1, C, N) bool, if the next cut comes from the untouched shot
    whole: int  # cells from which an empty film can be completed


def suffix(
    allowed: np.ndarray, length: np.ndarray, facts: Line, wishes: int, low: int, high: int
) -> Suffix:
    """Solve the recorded order. allowed (N, P, P) bool and length (N, P, P) film frames."""
    size, points, _ = allowed.shape
    grain = high // CELLS + 1
    cells = high // grain + 1
    width = (cells + 7) // 8
    window = 0
    for cell in range(cells):
        if cell * grain >= low and (cell + 1) * grain - 1 <= high:
            window |= 1 << cell
    after = np.zeros((wishes + 1, size, points, width), np.uint8)
    again = np.zeros_like(after)
    start = np.zeros((wishes + 1, cells, size), bool)
    common = [0] * wishes + [window]  # where any later, unlocked shot or the stop completes
    own: dict[tuple[int, int, int], int] = defaultdict(int)  # by line, clip, wishes answered
    by_line: dict[tuple[int, int], int] = defaultdict(int)
    first_of_line = _first_of_line(facts)
    for shot in np.argsort(facts.rank)[::-1].tolist():
        line, clip = int(facts.line[shot]), int(facts.clip[shot])
        base = [common[k] | (own[line, clip, k] if line >= 0 else 0) for k in range(wishes + 1)]
        ends, on = _one_shot(allowed[shot], length[shot], base, int(facts.wish[shot]), grain)
        for k in range(wishes + 1):
            for point, bits in ends[k].items():
                after[k, shot, point] = _bytes(bits, width)
            for point in range(points):
                if on[k][point + 1]:
                    again[k, shot, point] = _bytes(on[k][point + 1], width)
            begins = on[k][0]
            row = np.unpackbits(_bytes(begins, width), bitorder="little")[:cells]
            start[k, :, shot] = row.astype(bool)
            if line < 0:
                common[k] |= begins
                continue
            own[line, clip, k] |= begins
            by_line[line, k] |= begins
            if first_of_line[line] == shot:
                common[k] |= by_line[line, k]
    return Suffix(grain, after, again, start, common[0])


def _first_of_line(facts: Line) -> dict[int, int]:
    first: dict[int, int] = {}
    for shot in np.argsort(facts.rank).tolist():
        first.setdefault(int(facts.line[shot]), shot)
    return first


def _bytes(bits: int, width: int) -> np.ndarray:
    return np.frombuffer(bits.to_bytes(width, "little"), np.uint8)


def _one_shot(
    allowed: np.ndarray, length: np.ndarray, base: list[int], wish: int, grain: int
) -> tuple[list[dict[int, int]], list[list[int]]]:
    """Sets after each out point, and sets that go on in this shot from each point on."""
    points = len(allowed)
    levels = range(len(base))
    on = [[0] * (points + 1) for _ in levels]
    ends: list[dict[int, int]] = [{} for _ in levels]
    outs = [np.flatnonzero(row).tolist() for row in allowed]
    is_out = [bool(column.any()) for column in allowed.T]
    for point in range(points - 1, -1, -1):
        spans = [(out, *divmod(int(length[point, out]), grain)) for out in outs[point]]
        for k in levels:
            answered = k + 1 if wish == k else k
            bits = on[k][point + 1]
            for out, whole, rest in spans:
                target = ends[answered][out] >> whole
                bits |= target & (target >> 1) if rest else target
            on[k][point] = bits
        if is_out[point]:
            for k in levels:
                ends[k][point] = base[k] | on[k][point + 1]  # going on at once is no cut
    return ends, on


def fill(allowed: np.ndarray, length: np.ndarray, most: int) -> np.ndarray:
    """(N, P, P) int32: the most film frames that cuts of at most `most` frames each can take from
    between two cut points of a shot without using a frame twice."""
    size, points, _ = allowed.shape
    small = np.where(allowed & (length <= most), length, -1).astype(np.int32)
    best = np.zeros((size, points, points), np.int32)
    for out in range(1, points):
        best[:, :, out] = best[:, :, out - 1]
        if not (small[:, :, out] > 0).any():
            continue
        for into in range(out):
            span = small[:, into, out]  # (N,)
            candidate = best[:, : into + 1, into] + span[:, None]
            better = np.where(span[:, None] > 0, candidate, 0)
            np.maximum(best[:, : into + 1, out], better, out=best[:, : into + 1, out])
    return best
