"""Make new pools of real ones: shots of several shoots together, some set-ups left out, seen by
another eye than the backbone's."""

from collections.abc import Sequence
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np

from editor.cutting.pool import LeftOut, Pool, Shot, usable
from editor.footage.clip import Clip

ARRAYS_BY_POINT = (
    "frame",
    "time",
    "kind",
    "totals",
    "embedding",
    "colour",
    "flow",
    "level",
    "face",
)
PADDING = {"frame": -1, "kind": -1}
LEAST = 3  # set-ups that a new pool keeps, where there are so many
EYE = 0.8  # spread of the logarithm of what each direction of the embedding counts to another eye


def recombine(pools: Sequence[Pool], rng: np.random.Generator) -> Pool:
    """A pool of some set-ups of one to three pools, in a new recording order of clips: their number
    is log-uniform, up to all, so that there are as many small shoots as large ones. With other
    cosines, so that nobody learns by heart how near those few clips are to each other."""
    count = min(len(pools), int(rng.integers(1, 4)))
    picked = [pools[int(n)] for n in rng.choice(len(pools), count, replace=False)]
    whole = join(picked)
    setups = np.unique(whole.setup)
    least = np.log(min(LEAST, len(setups)))
    many = round(float(np.exp(rng.uniform(least, np.log(len(setups))))))
    rows = np.isin(whole.setup, rng.choice(setups, many, replace=False))
    if rows.sum() < LEAST:
        rows = np.ones(whole.size, bool)
    order = rng.permutation(len(whole.clips))
    rank = np.argsort(np.argsort(order[whole.clip] * (whole.size + 1) + whole.rank))
    return another_eye(select(replace(whole, rank=rank), rows), rng)


def another_eye(pool: Pool, rng: np.random.Generator) -> Pool:
    """The pool with some directions of its embedding, drawn at random, worth more and some less.
    Points are as near to themselves as ever, and points that were alike stay so."""
    depth = pool.embedding.shape[-1]
    turned = np.linalg.qr(rng.standard_normal((depth, depth)))[0]
    seen = pool.embedding @ turned * np.exp(rng.normal(0, EYE, depth))
    long = np.linalg.norm(seen, axis=-1, keepdims=True)
    seen = np.where(long > 0, seen / np.maximum(long, 1e-9), 0.0)
    return replace(pool, embedding=seen.astype(np.float32))


def select(pool: Pool, rows: np.ndarray) -> Pool:
    """The shots of `rows` (N,) bool; every clip stays."""
    table = {}
    for item in fields(Pool):
        value = getattr(pool, item.name)
        if isinstance(value, np.ndarray):
            table[item.name] = value[rows]
    shots = tuple(shot for shot, kept in zip(pool.shots, rows, strict=True) if kept)
    left = usable(table["pair"], table["frame"], table["clip"], table["line"], pool.clips)
    return replace(pool, shots=shots, usable=left, **table)


def join(pools: Sequence[Pool]) -> Pool:
    """All shots of several pools as one; embeddings of unlike widths are padded with zeros, which
    changes no cosine within a pool, and makes the pools orthogonal to no more than their centres.
    """
    width = max(pool.frame.shape[1] for pool in pools)
    depth = max(pool.embedding.shape[2] for pool in pools)
    bins = max(pool.colour.shape[2] for pool in pools)
    table: dict[str, np.ndarray] = {}
    offsets = {"clip": 0, "line": 0, "setup": 0, "rank": 0, "voice": 0, "must": 0}
    parts: dict[str, list[np.ndarray]] = {}
    clips: list[Clip] = []
    shots: list[Shot] = []
    left_out: list[LeftOut] = []
    for pool in pools:
        for shot in pool.shots:
            shots.append(replace(shot, clip=shot.clip + len(clips)))
        for name in ARRAYS_BY_POINT:
            value = getattr(pool, name)
            wide = {"embedding": depth, "colour": bins}.get(name, value.shape[-1])
            shape = (len(value), width, *((wide,) if value.ndim == 3 else ()))
            padded = np.full(shape, PADDING.get(name, 0), value.dtype)
            padded[tuple(slice(0, size) for size in value.shape)] = value
            parts.setdefault(name, []).append(padded)
        pair = np.zeros((pool.size, width, width), bool)
        pair[:, : pool.pair.shape[1], : pool.pair.shape[2]] = pool.pair
        parts.setdefault("pair", []).append(pair)
        for name, offset in offsets.items():
            value = getattr(pool, name)
            parts.setdefault(name, []).append(np.where(value >= 0, value + offset, -1))
            offsets[name] = offset + (len(pool.clips) if name in ("clip", "voice") else 0)
            if name not in ("clip", "voice"):
                offsets[name] = offset + int(value.max(initial=-1)) + 1
        parts.setdefault("points", []).append(pool.points)
        clips += list(pool.clips)
        left_out += list(pool.left_out)
    table = {name: np.concatenate(rows) for name, rows in parts.items()}
    size = len(shots)
    return Pool(
        clips=tuple(clips),
        shots=tuple(shots),
        left_out=tuple(left_out),
        point_features=np.zeros((size, width, 1), np.float32),
        shot_features=np.zeros((size, 1), np.float32),
        usable=sum((pool.usable for pool in pools), Fraction(0)),
        notes=(),
        **table,
    )
