"""Turn a finished film into a pool of its own shots, and its edit into the choices that made it.

N shots, P cut points. Every shot is a take of its own, on offer whole, with every pair of its cut
points legal. The finished soundtrack is not heard: it runs on over the cuts, and would tell them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from editor.config import Style
from editor.cutting import embedding, features, takes
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.material import prepare
from editor.cutting.pool import Pool, Shot
from editor.cutting.regions import POINTS, SHORTEST, Region
from editor.cutting.reward import Reward
from editor.cutting.search import Choice
from editor.footage import sound
from editor.footage.clip import Clip
from editor.footage.measures import Analysis, Kind
from editor.timing import FrameSpan


@dataclass(frozen=True)
class Edited:
    """A finished film as material, and how it was cut."""

    title: str
    film: str  # files of one film share it
    pool: Pool
    edit: tuple[Choice, ...]  # every shot whole, in the film's order

    def reward(self, style: Style, seconds: float) -> Reward:
        """The reward of films of that length made of this one's shots."""
        rate = self.pool.clips[0].rate
        brief = Brief(style, seconds, "free", 0, rate=rate)
        return Reward.of(prepare(self.pool, rate), brief)

    def stage(self, style: Style, seconds: float, seed: int = 0) -> Stage:
        """The same with the rules of cutting: any order, no frame twice. Raises as make_stage."""
        rate = self.pool.clips[0].rate
        return make_stage(self.pool, Brief(style, seconds, "free", seed, rate=rate))

    @property
    def seconds(self) -> np.ndarray:
        """(N,) length of each shot in s, in the film's order."""
        return np.array([len(shot.span) / float(self.pool.clips[0].rate) for shot in self.shots])

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The pool's shots: the film's, in its order."""
        return self.pool.shots


def as_material(
    clip: Clip, known: Analysis, shots: Sequence[FrameSpan], title: str, film: str
) -> Edited:
    """Make the pool and the edit of a film's true shots, at least one."""
    known = _silent(_within_shots(known, shots))
    regions = [_region(clip, known, shot) for shot in shots]
    edit = tuple((n, 0, len(region.frame) - 1) for n, region in enumerate(regions))
    return Edited(title, film, _pool(clip, known, regions, title), edit)


def _pool(clip: Clip, known: Analysis, regions: Sequence[Region], title: str) -> Pool:
    """The pool of N regions, each a take of its own."""
    counts = np.array([len(region.frame) for region in regions])
    padded = _padder(counts)
    described = features.describe(clip, known, regions)
    moment = np.concatenate([region.moment for region in regions])
    frame = padded(np.concatenate([region.frame for region in regions]), -1)
    first = np.array([region.span.first for region in regions])
    seconds = np.where(frame >= 0, (frame - first[:, None]) / float(clip.rate), 0)
    alone = np.full(len(regions), -1)
    reduced, _ = embedding.reduce(known.moments.embedding[moment], len(regions))
    return Pool(
        clips=(clip,) * len(regions),  # each shot a take: likeness alone tells a jump
        shots=tuple(Shot(n, one.span, f"{title} {n + 1}") for n, one in enumerate(regions)),
        left_out=(),
        points=counts,
        frame=frame,
        time=seconds.astype(np.float32),
        kind=padded(np.concatenate([region.kind for region in regions]), -1),
        pair=_pairs(regions, frame.shape[1]),
        totals=padded(described.totals),
        point_features=padded(described.point_features),
        shot_features=described.shot_features,
        embedding=padded(reduced),
        colour=padded(known.moments.colour[moment]),
        flow=padded(described.flow),
        level=padded(described.level),
        face=padded(described.face),
        clip=np.arange(len(regions)),
        line=alone,
        setup=takes.setups(takes.looks([(known, region.moment) for region in regions])),
        rank=np.arange(len(regions)),
        voice=alone,
        must=alone,
        usable=sum((len(region.span) / clip.rate for region in regions), Fraction(0)),
    )


def _padder(counts: np.ndarray) -> Callable[..., np.ndarray]:
    """Lays rows that follow one another, `counts` a shot, out as (N, P, ...)."""
    width = int(counts.max())

    def padded(rows: np.ndarray, padding: float = 0) -> np.ndarray:
        full = np.full((len(counts), width, *rows.shape[1:]), padding, rows.dtype)
        full[np.arange(width) < counts[:, None]] = rows
        return full

    return padded


def _pairs(regions: Sequence[Region], width: int) -> np.ndarray:
    """(N, P, P) bool: the regions' legal pairs."""
    pair = np.zeros((len(regions), width, width), bool)
    for row, region in enumerate(regions):
        pair[row, : len(region.frame), : len(region.frame)] = region.pair
    return pair


def _silent(known: Analysis) -> Analysis:
    return replace(known, sound=sound.absent())


def _within_shots(known: Analysis, shots: Sequence[FrameSpan]) -> Analysis:
    """The analysis with the motion of each shot's first frame taken from its second: a difference
    from the frame before is there one from another shot, and would tell the cut."""
    motion, flow = known.picture.motion.copy(), known.picture.flow.copy()
    for shot in shots:
        inside = min(shot.first + 1, shot.stop - 1)
        motion[shot.first], flow[shot.first] = motion[inside], flow[inside]
    return replace(known, picture=replace(known.picture, motion=motion, flow=flow))


def _region(clip: Clip, known: Analysis, shot: FrameSpan) -> Region:
    """A whole shot with its cut points, thinned evenly, and every pair that reads as a shot."""
    points = known.cut_points
    inner = np.flatnonzero((points.frame > shot.first) & (points.frame < shot.stop))
    inner = inner[(points.kind != Kind.EDGE)[inner]]
    if len(inner) > POINTS - 2:
        inner = inner[np.round(np.linspace(0, len(inner) - 1, POINTS - 2)).astype(np.int64)]
    frame = np.concatenate([[shot.first], points.frame[inner], [shot.stop]]).astype(np.int64)
    edge = np.array([Kind.EDGE], np.int8)
    seconds = frame / float(clip.rate)
    pair = seconds[None, :] - seconds[:, None] >= SHORTEST
    pair[0, -1] = True  # the film's own cut, however short
    return Region(
        span=shot,
        frame=frame,
        kind=np.concatenate([edge, points.kind[inner], edge]).astype(np.int8),
        weak=np.zeros(len(frame), bool),
        moment=_moments(known.moments.frame, frame, shot),
        pair=pair,
    )


def _moments(looked: np.ndarray, frame: np.ndarray, shot: FrameSpan) -> np.ndarray:
    """(P,) index of the moment at or before each point, of the shot's own where it has any."""
    low, high = np.searchsorted(looked, [shot.first, shot.stop])
    if low >= high:  # none was looked at inside so short a shot
        middle = (shot.first + shot.stop) / 2
        return np.full(len(frame), int(np.abs(looked - middle).argmin()))
    return np.clip(np.searchsorted(looked, frame, side="right") - 1, low, high - 1)
