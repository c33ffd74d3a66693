"""Measure what points of a shot, and shots of a set-up, have in common. N shots, P cut points."""

from dataclasses import dataclass

import numpy as np

from editor.cutting.pool import TOTALS, Pool

SHARED = ("sharpness", "motion", "exposure", "saturation", "loudness")
LEAST = 1e-6  # variance of what is the same everywhere


@dataclass(frozen=True)
class Alike:
    """What shots of a pool share. Quantiles: 10th, 50th, 90th; () where there are none."""

    shots: int
    setups: int
    within: tuple[float, ...]  # cosines of two cut points of a shot
    takes: tuple[float, ...]  # of two shots of a set-up, by their means
    apart: tuple[float, ...]  # of two shots of other set-ups
    silent: float  # share of shots without sound
    every: float  # s, median from one cut point to the next
    shared: dict[str, float]  # intraclass correlation by set-up


def measure(pool: Pool) -> Alike:
    """What shots of a pool share."""
    means, within, steps = [], [], []
    for row, count in enumerate(pool.points):
        seen = pool.embedding[row, :count]
        within.append((seen @ seen.T)[np.triu_indices(count, 1)])
        means.append(seen.mean(0))
        steps.append(np.diff(pool.time[row, :count]))
    centre = np.stack(means)
    centre = centre / np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-9)
    pairs = np.triu_indices(pool.size, 1)
    near = (centre @ centre.T)[pairs]
    same = (pool.setup[:, None] == pool.setup)[pairs]
    between = np.concatenate(steps)
    level = np.array([row[:n].mean() for row, n in zip(pool.level, pool.points, strict=True)])
    return Alike(
        pool.size,
        len(np.unique(pool.setup)),
        _spread(np.concatenate(within)),
        _spread(near[same]),
        _spread(near[~same]),
        float((level <= -99).mean()),
        float(np.median(between)) if len(between) else float("nan"),
        {name: correlation(_means(pool, name), pool.setup) for name in SHARED},
    )


def correlation(values: np.ndarray, group: np.ndarray) -> float:
    """Intraclass correlation of values (N,) by group (N,), one-way random effects (Shrout & Fleiss
    1979, ICC(1,1), with a mean group size where groups differ), over groups of two and more; NaN
    where there are fewer than two of those."""
    _, number, sizes = np.unique(group, return_inverse=True, return_counts=True)
    values, group = values[sizes[number] > 1], group[sizes[number] > 1]
    _, number, sizes = np.unique(group, return_inverse=True, return_counts=True)
    count, groups = len(values), len(sizes)
    if groups < 2:
        return float("nan")
    mean = np.bincount(number, values) / sizes
    inside = float(((values - mean[number]) ** 2).sum() / (count - groups))
    between = float((sizes * (mean - values.mean()) ** 2).sum() / (groups - 1))
    size = (count - float((sizes**2).sum()) / count) / (groups - 1)
    whole = between + (size - 1) * inside
    return (between - inside) / whole if whole > LEAST else float("nan")


def _means(pool: Pool, name: str) -> np.ndarray:
    """(N,) mean of one of pool.TOTALS over each shot."""
    last, rows = pool.points - 1, np.arange(pool.size)
    total = pool.totals[rows, last, TOTALS.index(name)]
    found: np.ndarray = total / np.maximum(pool.time[rows, last], 1e-6)
    return found


def _spread(values: np.ndarray) -> tuple[float, ...]:
    return tuple(np.quantile(values, [0.1, 0.5, 0.9]).tolist()) if len(values) else ()
