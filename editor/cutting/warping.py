"""Turn two sequences said at different speeds into how far apart they are.

Dynamic time warping as Sakoe and Chiba 1978 (https://doi.org/10.1109/TASSP.1978.1163055), its
symmetric form: a diagonal step weighs 2, the others 1, and the sum is divided by both lengths.
Many pairs at once, diagonal by diagonal. B pairs, n and m steps, K numbers a step.
"""

from collections.abc import Sequence

import numpy as np

CELLS = 2_000_000  # cells of the cost array worked on at once: 16 MB
LONGEST = 1_500  # steps of a sequence that are compared, the first: a minute of speech
SLOWER = 1.67  # a beginning is compared with as much as this factor more or less of the whole

Pair = tuple[np.ndarray, np.ndarray]  # (n, K), (m, K) float32


def warped_distance(pairs: Sequence[Pair]) -> np.ndarray:
    """(B,) mean distance of the two sequences of each pair along their best warp."""
    return _batched(pairs, whole=True)


def prefix_distance(pairs: Sequence[Pair]) -> np.ndarray:
    """(B,) the same between all of the first sequence and the best beginning of the second."""
    return _batched(pairs, whole=False)


def _batched(pairs: Sequence[Pair], whole: bool) -> np.ndarray:
    cut = [(a[:LONGEST], b[:LONGEST]) for a, b in pairs]
    if not whole:
        cut = [(a, b[: int(SLOWER * len(a)) + 1]) for a, b in cut]
    order = sorted(range(len(cut)), key=lambda i: (len(cut[i][0]), len(cut[i][1])))
    found = np.zeros(len(cut))
    while order:
        n = max(len(cut[i][0]) for i in order[:64])
        m = max(len(cut[i][1]) for i in order[:64])
        some = order[: max(1, min(64, CELLS // (n * m)))]
        order = order[len(some) :]
        found[some] = _distances([cut[i] for i in some], whole)
    return found


def _distances(pairs: Sequence[Pair], whole: bool) -> np.ndarray:
    lengths = np.array([(len(a), len(b)) for a, b in pairs])  # (B, 2)
    cost = _cost(pairs, lengths)  # (B, n, m)
    _, n, m = cost.shape
    flat = cost.reshape(len(pairs), -1)  # a diagonal of (n, m) is every (m - 1)th of n x m
    each = np.arange(len(pairs))
    one, two = (np.full((n + 1, len(pairs)), np.inf, np.float32) for _ in range(2))  # by row
    ends = np.full((len(pairs), m), np.inf)  # sums at the first sequence's end, by column
    for diagonal in range(n + m - 1):
        low, high = max(0, diagonal - m + 1), min(n, diagonal + 1)  # rows of the diagonal
        at = low * m + diagonal - low
        step = flat[:, at : at + (high - low - 1) * (m - 1) + 1 : m - 1].T  # (rows, B)
        now = np.full_like(one, np.inf)
        best = np.minimum(two[low:high] + 2 * step, one[low:high] + step)
        now[low + 1 : high + 1] = np.minimum(best, one[low + 1 : high + 1] + step)
        if diagonal == 0:
            now[1] = 2 * step[0]
        column = diagonal - (lengths[:, 0] - 1)
        at_end = (column >= 0) & (column < m)
        ends[each[at_end], column[at_end]] = now[lengths[at_end, 0], each[at_end]]
        two, one = one, now
    if whole:
        total: np.ndarray = ends[each, lengths[:, 1] - 1] / lengths.sum(axis=1)
        return total
    columns = np.arange(1, m + 1)
    mean = ends / (lengths[:, :1] + columns)
    outside = (columns < lengths[:, :1] / SLOWER) | (columns > lengths[:, 1:])
    return np.asarray(np.where(outside, np.inf, mean).min(axis=1))


def _cost(pairs: Sequence[Pair], lengths: np.ndarray) -> np.ndarray:
    """(B, n, m) float32: distance of every step of the one to every step of the other."""
    n, m = lengths.max(axis=0)
    m = max(2, m)  # one column has no diagonals to step along
    first = np.stack([np.pad(a, ((0, n - len(a)), (0, 0))) for a, _ in pairs])
    second = np.stack([np.pad(b, ((0, m - len(b)), (0, 0))) for _, b in pairs])
    square = (first**2).sum(axis=2)[:, :, None] + (second**2).sum(axis=2)[:, None, :]
    square -= 2 * first @ second.transpose(0, 2, 1)
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float32)


def path(cost: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """The best warp of one pair by its (n, m) cost: ascending steps of the one and of the other.

    whole: to both ends; otherwise to the end of the first and the best beginning of the second.
    """
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(1, n + 1):
        step = cost[row - 1]
        reach = np.minimum(total[row - 1, :-1] + 2 * step, total[row - 1, 1:] + step)
        # Going on in a row adds its costs one by one: a running minimum of what is reached before.
        sums = np.cumsum(step)
        total[row, 1:] = sums + np.minimum.accumulate(reach - sums)
    ends = total[n, 1:] / (n + np.arange(1, m + 1))
    i, j = n, m if whole else int(np.argmin(ends)) + 1
    steps = []
    while i and j:
        steps.append((i - 1, j - 1))
        here = cost[i - 1, j - 1]
        ways = (total[i - 1, j - 1] + 2 * here, total[i - 1, j] + here, total[i, j - 1] + here)
        way = int(np.argmin(ways))
        i, j = (i - 1, j - 1) if way == 0 else (i - 1, j) if way == 1 else (i, j - 1)
    first, second = np.array(steps[::-1]).T
    return first, second
