"""Turn a clip's measures into features of its cut points and shots, and running totals.

N frames of a clip, M moments, Q cut points of all its regions one after another, R regions,
G point features, F shot features, C totals. Standardised by the constants written here, never by
the pool, so that a policy reads the same number the same way in any footage. No name and no place
in the footage is a feature.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.cutting.regions import POINTS, Region
from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.footage.measures import Analysis, Kind

NEAR = 0.4  # s, before and after a point: what an eye takes in about a cut
ABOUT = 0.15  # s, to either side of a point: the sound and the camera's motion at it
MOTION_HALF = 0.5  # luma change a second that counts as half of all motion
FACE_FULL = 0.10  # share of the frame that a face fills in a close-up
CLIPPED_BAD = 0.30  # share of crushed or blown pixels at which a picture is wholly bad
LUMA_GOOD = (0.12, 0.80)  # mean luma between which exposure itself is no fault
LOUDNESS_RANGE = (-50.0, -14.0)  # LUFS, mapped to 0-1: a quiet room to a close voice
NO_SOUND = -100.0  # dBFS, the floor of measures.Sound.level

# Name, centre and scale of each point feature: a value far from most footage is about 2.
_POINT: tuple[tuple[str, float, float], ...] = (
    ("motion before", 0.4, 0.25),
    ("motion after", 0.4, 0.25),
    ("flow before x", 0.0, 0.5),
    ("flow before y", 0.0, 0.5),
    ("flow after x", 0.0, 0.5),
    ("flow after y", 0.0, 0.5),
    ("sharpness", 0.5, 0.25),
    ("luma", 0.45, 0.2),
    ("clipped", 0.05, 0.1),
    ("saturation", 0.3, 0.2),
    ("faces", 0.5, 0.5),
    ("face size", 0.3, 0.3),
    ("face x", 0.0, 0.25),
    ("face y", 0.0, 0.25),
    ("level", -45.0, 20.0),
    ("level rise", 0.0, 10.0),
    ("speech ahead", 0.3, 0.3),
    ("speech behind", 0.3, 0.3),
    ("onset", 0.3, 0.3),
    *((f"kind {kind.name.lower()}", 0.0, 1.0) for kind in Kind),
    ("weak", 0.0, 1.0),
    ("gap before", -0.7, 0.7),
    ("gap after", -0.7, 0.7),
)
_SHOT: tuple[tuple[str, float, float], ...] = (
    ("length", 1.3, 0.8),
    ("longest legal", 1.0, 0.8),
    ("cut points", 0.5, 0.3),
    ("motion", 0.4, 0.25),
    ("motion spread", 0.1, 0.1),
    ("flow x", 0.0, 0.3),
    ("flow y", 0.0, 0.3),
    ("flow spread", 0.1, 0.2),
    ("sharpness", 0.5, 0.25),
    ("luma", 0.45, 0.2),
    ("exposure", 0.8, 0.25),
    ("saturation", 0.3, 0.2),
    ("face share", 0.4, 0.4),
    ("face size", 0.3, 0.3),
    ("speech", 0.3, 0.4),
    ("loudness", 0.4, 0.3),
    ("has sound", 0.5, 0.5),
)
POINT_FEATURES = tuple(name for name, _, _ in _POINT)
SHOT_FEATURES = tuple(name for name, _, _ in _SHOT)
FARTHEST = 4.0  # standardised values are kept within this


@dataclass(frozen=True)
class Described:
    """Of one clip's regions: arrays over its Q points and R regions."""

    point_features: np.ndarray  # (Q, G) float32
    shot_features: np.ndarray  # (R, F) float32
    totals: np.ndarray  # (Q, C) float32, from the region's first frame
    flow: np.ndarray  # (Q, 2) float32, widths a second
    level: np.ndarray  # (Q,) float32, dBFS
    face: np.ndarray  # (Q,) float32, share of the frame


def check(clip: Clip, known: Analysis) -> None:
    """Raise FootageError if a measure of the clip is absent, not finite or of the wrong length."""
    picture, moments, points = known.picture, known.moments, known.cut_points
    frames, looked, cuts = clip.frames, len(moments.frame), len(points.frame)
    rows: tuple[tuple[str, np.ndarray, int], ...] = (
        ("motion", picture.motion, frames),
        ("flow", picture.flow, frames),
        ("sharpness", picture.sharpness, frames),
        ("luma", picture.luma, frames),
        ("clipped", picture.clipped, frames),
        ("saturation", picture.saturation, frames),
        ("black", picture.black, frames),
        ("frozen", picture.frozen, frames),
        ("embedding", moments.embedding, looked),
        ("colour", moments.colour, looked),
        ("faces", moments.faces, looked),
        ("thumb", moments.thumb, looked),
        ("cut point kind", points.kind, cuts),
        ("cut point moment", points.moment, cuts),
        ("sound level", known.sound.level, len(known.sound.level)),
        ("loudness", known.sound.loudness, len(known.sound.loudness)),
        ("speech", known.sound.speech, len(known.sound.speech)),
    )
    for name, values, length in rows:
        if len(values) != length:
            raise FootageError(
                f"{clip.name}: its {name} has {len(values)} values, not {length}. Analyse it again."
            )
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise FootageError(f"{clip.name}: its {name} is not a number. Analyse it again.")
    if not looked or (cuts and not 0 <= points.moment.min() <= points.moment.max() < looked):
        raise FootageError(f"{clip.name}: a cut point has no moment. Analyse it again.")


def describe(clip: Clip, known: Analysis, regions: Sequence[Region]) -> Described:
    """Describe all cut points of a clip's regions, and the regions. At least one region."""
    frame = np.concatenate([region.frame for region in regions])  # (Q,)
    owner = np.repeat(np.arange(len(regions)), [len(region.frame) for region in regions])
    first = np.array([region.span.first for region in regions])  # (R,)
    stop = np.array([region.span.stop for region in regions])
    series = _Series.of(clip, known)
    before = series.means(frame, -NEAR, 0.0, first[owner], stop[owner])  # (Q, S)
    after = series.means(frame, 0.0, NEAR, first[owner], stop[owner])
    about = series.means(frame, -ABOUT, ABOUT, first[owner], stop[owner])
    moment = np.concatenate([region.moment for region in regions])
    faces = known.moments.faces[moment].astype(np.float32)
    kind = np.concatenate([region.kind for region in regions])
    seconds = frame / float(clip.rate)
    gap_before, gap_after = _gaps(regions, float(clip.rate))
    level, rise = _level(known, seconds)
    columns = {
        "motion before": before[:, _MOTION],
        "motion after": after[:, _MOTION],
        "flow before x": before[:, _FLOW_X],
        "flow before y": before[:, _FLOW_Y],
        "flow after x": after[:, _FLOW_X],
        "flow after y": after[:, _FLOW_Y],
        "sharpness": about[:, _SHARPNESS],
        "luma": about[:, _LUMA],
        "clipped": about[:, _CLIPPED],
        "saturation": about[:, _SATURATION],
        "faces": np.minimum(faces[:, 0], 3.0),
        "face size": face_size(faces[:, 1]),
        "face x": np.where(faces[:, 0] > 0, faces[:, 2] - 0.5, 0.0),
        "face y": np.where(faces[:, 0] > 0, faces[:, 3] - 0.5, 0.0),
        "level": level,
        "level rise": rise,
        "speech ahead": _nearness(known.sound.speech[:, 0], seconds, ahead=True),
        "speech behind": _nearness(known.sound.speech[:, 1], seconds, ahead=False),
        "onset": _nearness(known.sound.onsets, seconds, ahead=True, scale=0.2),
        **{f"kind {one.name.lower()}": kind == one for one in Kind},
        "weak": np.concatenate([region.weak for region in regions]),
        "gap before": np.log(gap_before),
        "gap after": np.log(gap_after),
    }
    return Described(
        point_features=_standard(columns, _POINT),
        shot_features=_shot_features(clip, known, regions, series),
        totals=(series.totals[frame] - series.totals[first[owner]]).astype(np.float32),
        flow=about[:, [_FLOW_X, _FLOW_Y]].astype(np.float32),
        level=level.astype(np.float32),
        face=faces[:, 1],
    )


def face_size(share: np.ndarray) -> np.ndarray:
    """Share of the frame that a face fills -> 0-1, near linear in the face's height."""
    return np.asarray(np.minimum(1.0, np.sqrt(np.maximum(share, 0.0) / FACE_FULL)))


def motion_strength(motion: np.ndarray, rate: float) -> np.ndarray:
    """Luma change a frame -> 0-1, a half at MOTION_HALF a second, whatever the frame rate."""
    a_second = motion * rate
    return np.asarray(a_second / (a_second + MOTION_HALF))


def badness(luma: np.ndarray, clipped: np.ndarray) -> np.ndarray:
    """How badly a picture is exposed, 0-1: what is clipped, and a mean far too dark or bright."""
    low, high = LUMA_GOOD
    dark = np.clip((low - luma) / low, 0.0, 1.0)
    bright = np.clip((luma - high) / (1.0 - high), 0.0, 1.0)
    return np.asarray(np.maximum(np.clip(clipped / CLIPPED_BAD, 0, 1), np.maximum(dark, bright)))


# Columns of _Series.sums.
_MOTION, _FLOW_X, _FLOW_Y, _SHARPNESS, _LUMA, _CLIPPED, _SATURATION, _SPEED = range(8)


@dataclass(frozen=True)
class _Series:
    """Running sums over a clip's frames, so that any window's mean is a difference."""

    rate: float  # frames/s
    sums: np.ndarray  # (N + 1, 8) float64
    totals: np.ndarray  # (N + 1, C) float64, s: pool.TOTALS

    @classmethod
    def of(cls, clip: Clip, known: Analysis) -> "_Series":
        picture, rate = known.picture, float(clip.rate)
        moving = motion_strength(picture.motion, rate)
        speed = np.hypot(picture.flow[:, 0], picture.flow[:, 1])
        flow = picture.flow
        sums = np.stack(
            [moving, flow[:, 0], flow[:, 1], picture.sharpness, picture.luma, picture.clipped,
             picture.saturation, speed],
            axis=1,
        )  # fmt: skip
        middle = (np.arange(clip.frames) + 0.5) / rate  # s
        faces = known.moments.faces[:, 1] * (known.moments.faces[:, 0] > 0)
        shown = np.interp(middle, (known.moments.frame + 0.5) / rate, face_size(faces))
        totals = np.stack(
            [np.clip(picture.sharpness, 0, 1), moving, _spoken(clip, known), shown,
             1.0 - badness(picture.luma, picture.clipped), np.clip(picture.saturation, 0, 1),
             _loudness(known, middle)],
            axis=1,
        )  # fmt: skip
        return cls(rate, _running(sums), _running(totals) / rate)

    def means(
        self, frame: np.ndarray, begin: float, end: float, first: np.ndarray, stop: np.ndarray
    ) -> np.ndarray:
        """(Q, 8): means from `begin` to `end` s about each frame, inside [first, stop).

        Where nothing of the window lies inside, the frame nearest to it counts.
        """
        low = np.clip(frame + round(begin * self.rate), first, stop - 1)
        high = np.clip(frame + round(end * self.rate), first + 1, stop)
        low = np.minimum(low, high - 1)
        return np.asarray((self.sums[high] - self.sums[low]) / (high - low)[:, None])


def _running(values: np.ndarray) -> np.ndarray:
    """(N, K) -> (N + 1, K) float64: sums of the rows before each."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=float)])


def _spoken(clip: Clip, known: Analysis) -> np.ndarray:
    """(N,) share of each frame that is speech."""
    edges = np.arange(clip.frames + 1) / float(clip.rate)
    heard = np.zeros(clip.frames + 1)
    for start, end in known.sound.speech:
        heard += np.clip(edges, start, end) - start
    return np.asarray(np.clip(np.diff(heard) * float(clip.rate), 0.0, 1.0))


def _loudness(known: Analysis, seconds: np.ndarray) -> np.ndarray:
    """(N,) momentary loudness as 0-1 of LOUDNESS_RANGE; 0 without sound."""
    loudness = known.sound.loudness
    if not known.sound.present or not len(loudness):
        return np.zeros(len(seconds))
    low, high = LOUDNESS_RANGE
    values = np.interp(seconds, np.arange(len(loudness)) / 10 + 0.05, loudness)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def _level(known: Analysis, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(Q,) dBFS about each point, and by how many dB it rises across the point."""
    level = known.sound.level
    if not known.sound.present or not len(level):
        return np.full(len(seconds), NO_SOUND), np.zeros(len(seconds))
    power = np.concatenate([[0.0], np.cumsum(10.0 ** (level.astype(float) / 10))])
    width = round(ABOUT * 100)  # level is every 10 ms
    at = np.clip(np.round(seconds * 100).astype(int), 1, len(level) - 1)
    low, high = np.maximum(at - width, 0), np.minimum(at + width, len(level))

    def mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(10 * np.log10(np.maximum((power[b] - power[a]) / (b - a), 1e-10)))

    return mean(low, high), mean(at, high) - mean(low, at)


def _nearness(
    times: np.ndarray, seconds: np.ndarray, *, ahead: bool, scale: float = 1.0
) -> np.ndarray:
    """(Q,) 0-1: exp(-distance / scale) to the next time ahead (or the last one behind)."""
    if not len(times):
        return np.zeros(len(seconds))
    ordered = np.sort(times)
    if ahead:
        nearest = np.append(ordered, np.inf)[np.searchsorted(ordered, seconds - 1e-3)]
        return np.asarray(np.exp(-np.maximum(nearest - seconds, 0.0) / scale))
    nearest = np.insert(ordered, 0, -np.inf)[np.searchsorted(ordered, seconds + 1e-3, "right")]
    return np.asarray(np.exp(-np.maximum(seconds - nearest, 0.0) / scale))


def _gaps(regions: Sequence[Region], rate: float) -> tuple[np.ndarray, np.ndarray]:
    """(Q,) s to the point before and after in the same region; at an end the other's."""
    before, after = [], []
    for region in regions:
        gap = np.maximum(np.diff(region.frame), 1) / rate
        before.append(np.concatenate([gap[:1], gap]))
        after.append(np.concatenate([gap, gap[-1:]]))
    return np.concatenate(before), np.concatenate(after)


def _shot_features(
    clip: Clip, known: Analysis, regions: Sequence[Region], series: _Series
) -> np.ndarray:
    """(R, F) float32."""
    first = np.array([region.span.first for region in regions])
    stop = np.array([region.span.stop for region in regions])
    mean = (series.sums[stop] - series.sums[first]) / (stop - first)[:, None]
    whole = (series.totals[stop] - series.totals[first]) / ((stop - first) / series.rate)[:, None]
    length = (stop - first) / series.rate
    moving = motion_strength(known.picture.motion, series.rate)
    faces = known.moments.faces
    low = np.searchsorted(known.moments.frame, first)
    high = np.maximum(np.searchsorted(known.moments.frame, stop), low + 1)
    seen = [faces[a:b] if a < len(faces) else faces[-1:] for a, b in zip(low, high, strict=True)]
    columns = {
        "length": np.log(length),
        "longest legal": np.log([_longest(region) / series.rate for region in regions]),
        "cut points": np.array([len(region.frame) for region in regions]) / POINTS,
        "motion": mean[:, _MOTION],
        "motion spread": np.array([moving[a:b].std() for a, b in zip(first, stop, strict=True)]),
        "flow x": mean[:, _FLOW_X],
        "flow y": mean[:, _FLOW_Y],
        "flow spread": mean[:, _SPEED] - np.hypot(mean[:, _FLOW_X], mean[:, _FLOW_Y]),
        "sharpness": mean[:, _SHARPNESS],
        "luma": mean[:, _LUMA],
        "exposure": whole[:, 4],
        "saturation": mean[:, _SATURATION],
        "face share": np.array([(rows[:, 0] > 0).mean() for rows in seen]),
        "face size": np.array([face_size(rows[:, 1]).mean() for rows in seen]),
        "speech": whole[:, 2],
        "loudness": whole[:, 6],
        "has sound": np.full(len(regions), float(known.sound.present)),
    }
    return _standard(columns, _SHOT)


def _longest(region: Region) -> int:
    """Frames of a region's longest legal cut."""
    length = region.frame - region.frame[:, None]
    return int(length[region.pair].max())


def _standard(
    columns: dict[str, np.ndarray], table: tuple[tuple[str, float, float], ...]
) -> np.ndarray:
    """(rows, columns) float32, standardised by the table's centres and scales."""
    values = np.stack([np.asarray(columns[name], dtype=float) for name, _, _ in table], axis=1)
    centre = np.array([row[1] for row in table])
    scale = np.array([row[2] for row in table])
    return np.asarray(np.clip((values - centre) / scale, -FARTHEST, FARTHEST), np.float32)
