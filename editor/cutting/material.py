"""Turn a pool into tensors for one film rate: lengths in film frames, set-ups, likenesses.

N shots, P cut points, E embedding, H colour bins, C running totals.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from editor.cutting.pool import TOTALS, Pool


@dataclass(frozen=True)
class Material:
    """What the reward, the masks and the policy read of a pool."""

    rate: float  # film frames/s
    size: int  # N
    points: int  # P
    setups: int  # distinct set-ups
    length: Tensor  # (N, P, P) int64, film frames of [shot, in, out]; 0 where out <= in
    legal: Tensor  # (N, P, P) bool, by hygiene, speech and air
    frame: Tensor  # (N, P) int64
    time: Tensor  # (N, P) float32, s from the shot's first frame
    kind: Tensor  # (N, P) int64, -1 padding
    real: Tensor  # (N, P) bool, no padding
    totals: Tensor  # (N, P, C) float32
    embedding: Tensor  # (N, P, E) float32
    colour: Tensor  # (N, P, H) float32
    flow: Tensor  # (N, P, 2) float32
    level: Tensor  # (N, P) float32, dBFS
    face: Tensor  # (N, P) float32
    clip: Tensor  # (N,) int64
    setup: Tensor  # (N,) int64, 0 to setups - 1
    line: Tensor  # (N,) int64, -1 alone
    rank: Tensor  # (N,) int64, 0 to N - 1
    voice: Tensor  # (N,) int64, -1 none
    must: Tensor  # (N,) int64, -1 none
    centre: Tensor  # (N, E) float32, unit mean embedding of the shot
    palette: Tensor  # (N, H) float32, mean colour of the shot
    likeness: Tensor  # (N, N) float32 in [0, 1]
    crowd: Tensor  # (N,) float32, mean likeness to the other shots; 0 where it is alone

    @cached_property
    def above(self) -> Tensor:
        """(N, N) float32: likeness above each shot's mean likeness to the pool."""
        return self.likeness - self.crowd

    def means(self, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """(..., C): means of pool.TOTALS between two points of shots (...), in [0, 1]."""
        seconds = (self.time[shot, last] - self.time[shot, first]).clamp(min=1e-3)
        return ((self.totals[shot, last] - self.totals[shot, first]) / seconds[..., None]).clamp(
            0, 1
        )

    def mean(self, name: str, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """One of `means`."""
        return self.means(shot, first, last)[..., TOTALS.index(name)]


def film_frames(pool: Pool, rate: Fraction) -> np.ndarray:
    """(N, P, P) int64: film frames of [shot, in, out], as timing.convert_length counts them."""
    source = [clip.rate for clip in pool.clips]
    above = np.array([2 * r.denominator * rate.numerator for r in source], np.int64)[pool.clip]
    below = np.array([2 * r.numerator * rate.denominator for r in source], np.int64)[pool.clip]
    span = pool.frame[:, None, :] - pool.frame[:, :, None]  # (N, P, P)
    real = pool.frame >= 0
    valid = (span > 0) & real[:, None, :] & real[:, :, None]
    frames = (span * above[:, None, None] + below[:, None, None] // 2) // below[:, None, None]
    return np.where(valid, np.maximum(frames, 1), 0)


def _dense(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1].reshape(values.shape).astype(np.int64)


def _check(pool: Pool) -> None:
    shots, points = pool.size, np.shape(pool.frame)[-1] if np.ndim(pool.frame) == 2 else 0
    each, known = (shots,), (shots, points)
    shapes: dict[str, tuple[int, ...]] = {
        "frame": known, "kind": known, "pair": (shots, points, points), "time": known,
        "totals": (*known, len(TOTALS)), "embedding": (*known, -1), "colour": (*known, -1),
        "flow": (*known, 2), "level": known, "face": known, "clip": each, "line": each,
        "setup": each, "rank": each, "voice": each, "must": each,
    }  # fmt: skip
    for name, shape in shapes.items():
        values = getattr(pool, name)
        found = np.shape(values) if values is not None else ()
        fits = len(found) == len(shape) and all(
            one == due or (due < 0 < one) for one, due in zip(found, shape, strict=True)
        )
        if not fits:
            due = " x ".join(str(one) if one >= 0 else "some" for one in shape)
            raise ValueError(
                f"The pool's {name} is {' x '.join(map(str, found)) or 'absent'}, and {shots} shots"
                f" of {points} points ask for {due}."
            )
        if np.issubdtype(np.asarray(values).dtype, np.floating) and not np.isfinite(values).all():
            raise ValueError(f"The pool's {name} holds NaN or infinity.")


def prepare(pool: Pool, rate: Fraction) -> Material:
    """Make the tensors. Raises ValueError where an array is absent, of another shape than the pool
    asks or holds NaN or infinity, naming it."""
    _check(pool)
    real = pool.frame >= 0
    weight = real[..., None] / real.sum(1)[:, None, None].clip(min=1)
    centre = (pool.embedding * weight).sum(1)
    centre = centre / np.linalg.norm(centre, axis=1, keepdims=True).clip(min=1e-6)
    palette = (pool.colour * weight).sum(1)
    root = np.sqrt(palette.clip(min=0))
    alike = 0.6 * (centre @ centre.T).clip(0, 1) + 0.4 * (root @ root.T).clip(0, 1) ** 2
    np.fill_diagonal(alike, 1.0)
    crowd = (alike.sum(1) - 1) / max(1, pool.size - 1)
    setup = _dense(pool.setup)

    def real_numbers(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    def whole(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.int64))

    frames = film_frames(pool, rate)
    return Material(
        rate=float(rate),
        size=pool.size,
        points=pool.frame.shape[1],
        setups=int(setup.max()) + 1,
        length=whole(frames),
        legal=torch.from_numpy(pool.pair & (frames > 0)),
        frame=whole(pool.frame),
        time=real_numbers(pool.time),
        kind=whole(pool.kind),
        real=torch.from_numpy(real),
        totals=real_numbers(pool.totals),
        embedding=real_numbers(pool.embedding),
        colour=real_numbers(pool.colour),
        flow=real_numbers(pool.flow),
        level=real_numbers(pool.level),
        face=real_numbers(pool.face),
        clip=whole(pool.clip),
        setup=whole(setup),
        line=whole(pool.line),
        rank=whole(_dense(pool.rank)),
        voice=whole(pool.voice),
        must=whole(pool.must),
        centre=real_numbers(centre),
        palette=real_numbers(palette),
        likeness=real_numbers(alike.astype(np.float32)),
        crowd=real_numbers(crowd.astype(np.float32)),
    )
