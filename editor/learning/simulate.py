"""Make pools of shots that nobody filmed, as varied as real footage is.

Everything that real takes share is shared: a scene has a look, a set-up a framing of it, a take
its own drift, and light, loudness and steadiness go with the clip. N shots, P cut points.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from editor.cutting.pool import TOTALS, Pool, Shot
from editor.footage.clip import Clip
from editor.footage.measures import Kind
from editor.timing import FrameSpan

RATES = (Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50))
EMBEDDING = 32  # dimensions: only cosines are used, so that any backbone's number will do
BINS = 24  # colour bins
SILENCE = -100.0  # dBFS, of a clip without sound
AIR = 0.25  # s of quiet about speech
REGION = 10.0  # s, longest region on offer
LEAST_SHOTS = 5  # asked of a pool


@dataclass(frozen=True)
class World:
    """What a simulated shoot is like."""

    shots: int  # about as many as asked
    takes: float  # mean takes of a set-up
    speech: float  # share of set-ups in which people speak
    faces: float  # share of set-ups with people
    quality: float  # 0-1, mean sharpness and exposure
    motion: float  # 0-1, mean movement
    scenes: float  # mean set-ups a scene
    length: float  # s, median take
    shortest: float = 2.0  # s, of a take
    common: float = 0.0  # 0-1, how much of a look all scenes share
    framings: float = 1.0  # how far a set-up strays from its scene, at most; a scene's own is 1.2
    unlike: float = 1.0  # how far takes, and their parts, stray from each other
    drift: float = 0.08  # how far the picture moves on from one cut point to the next
    uneven: float = 0.0  # spread of the logarithm of that over shots
    returns: bool = False  # whether it moves about the shot's own look, and not away from it
    waver: float = 0.05  # how far sharpness, motion, faces and light move on likewise
    steady: float = 0.05  # spread of movement's direction within a shot, beside its amount
    events: float = 0.4  # a second: settling, peaks and onsets
    grid: float = 0.5  # s, between points where nothing happens
    silent: float = 0.0  # share of the clips in which nobody speaks that have no sound
    lift: float = 0.0  # dB, speech above the room in a shot's loudness
    takes_a_clip: float = 1.0  # mean; above 1 where clips are finished films


def sample_world(rng: np.random.Generator, low: int = LEAST_SHOTS, high: int = 2000) -> World:
    """A world of log-uniform size, all else as varied as real shoots were measured to be."""
    plain = plain_world(rng, low, high)
    finished = rng.random() < 0.15
    length = np.exp(rng.uniform(np.log(1.5 if finished else 2.5), np.log(4.0 if finished else 25)))
    return replace(
        plain,
        quality=rng.uniform(0.4, 1.0),
        length=float(length),
        shortest=float(min(2.0, 0.6 * length)),
        common=rng.uniform(0.0, 0.8),
        framings=rng.uniform(0.6, 2.2),
        unlike=rng.uniform(0.7, 2.0),
        drift=float(np.exp(rng.uniform(np.log(0.08), np.log(0.8)))),
        uneven=rng.uniform(0.2, 0.9),
        returns=True,
        waver=float(np.exp(rng.uniform(np.log(0.003), np.log(0.08)))),
        steady=float(np.exp(rng.uniform(np.log(0.02), np.log(0.5)))),
        events=float(np.exp(rng.uniform(np.log(0.1), np.log(1.5)))),
        grid=rng.uniform(0.45, 1.2),
        silent=rng.choice([0.0, 1.0, rng.uniform()], p=[0.5, 0.25, 0.25]),
        lift=rng.uniform(5.0, 25.0),
        takes_a_clip=rng.uniform(3.0, 60.0) if finished else 1.0,
    )


def plain_world(rng: np.random.Generator, low: int = LEAST_SHOTS, high: int = 2000) -> World:
    """A world whose pictures hold still: the reward's terms are brought to one scale on these."""
    return World(
        shots=int(np.exp(rng.uniform(np.log(low), np.log(high)))),
        takes=rng.uniform(1.0, 4.0),
        speech=rng.choice([0.0, 1.0, rng.uniform()], p=[0.3, 0.1, 0.6]),
        faces=rng.uniform(),
        quality=rng.uniform(0.4, 0.85),
        motion=rng.uniform(0.1, 0.6),
        scenes=rng.uniform(1.0, 6.0),
        length=float(np.exp(rng.uniform(np.log(4.0), np.log(25.0)))),
    )


@dataclass(frozen=True)
class _Look:
    """Means that a scene, then a set-up, then a take hand down."""

    embedding: np.ndarray  # (E,)
    colour: np.ndarray  # (H,) log weights
    sharpness: float
    exposure: float
    saturation: float
    motion: float
    level: float  # dBFS

    def vary(self, rng: np.random.Generator, much: float) -> "_Look":
        """A look that differs from this one by `much`."""
        return _Look(
            self.embedding + much * rng.standard_normal(len(self.embedding)),
            self.colour + 1.5 * much * rng.standard_normal(len(self.colour)),
            _near(self.sharpness, much, rng),
            _near(self.exposure, much, rng),
            _near(self.saturation, much, rng),
            _near(self.motion, much, rng),
            self.level + much * rng.normal(0, 8),
        )


def _near(value: float, much: float, rng: np.random.Generator) -> float:
    return float(np.clip(value + much * rng.normal(0, 0.15), 0.02, 0.98))


@dataclass(frozen=True)
class _Row:
    """One shot before padding: arrays over its P points."""

    clip: int
    setup: int
    line: int
    voice: int
    frame: np.ndarray
    time: np.ndarray
    kind: np.ndarray
    pair: np.ndarray
    totals: np.ndarray
    embedding: np.ndarray
    colour: np.ndarray
    flow: np.ndarray
    level: np.ndarray
    face: np.ndarray


def simulate(world: World, rng: np.random.Generator) -> Pool:
    """A pool of that world. Its clips have names of no file, and no frames to show."""
    rows: list[_Row] = []
    clips: list[Clip] = []
    setup = line = 0
    rate = RATES[rng.integers(len(RATES))]
    palette, alike = rng.standard_normal(BINS), rng.uniform(0, 0.95)  # light that scenes share
    shared = rng.standard_normal(EMBEDDING) if world.common else np.zeros(EMBEDDING)
    while len(rows) < world.shots:
        scene = _Look(
            1.2 * _part(world.common, shared, rng.standard_normal(EMBEDDING)),
            1.5 * _part(alike, palette, rng.standard_normal(BINS)),
            float(np.clip(rng.normal(world.quality, 0.15), 0.05, 0.95)),
            float(np.clip(rng.normal(world.quality + 0.1, 0.15), 0.05, 0.95)),
            float(rng.uniform(0.1, 0.6)),
            float(np.clip(rng.normal(world.motion, 0.15), 0.02, 0.95)),
            float(rng.uniform(-50, -18)),
        )
        for _ in range(1 + rng.poisson(world.scenes - 1)):
            framing = scene.vary(rng, rng.uniform(0.4, world.framings))
            speaks, people = rng.random() < world.speech, rng.random() < world.faces
            for _ in range(1 + rng.poisson(world.takes - 1)):
                if len(rows) >= world.shots:
                    break
                seconds = float(rng.lognormal(np.log(world.length), 0.5))
                seconds = min(max(seconds, world.shortest), 60.0)
                clip = _clip(len(clips), seconds, rate)
                take = framing.vary(rng, 0.25 * world.unlike)
                if world.silent and not speaks and rng.random() < world.silent:
                    take = replace(take, level=SILENCE)
                group = line if speaks else -1
                person = people or speaks
                rows += _take(world, len(clips), clip, take, setup, group, person, rng)
                clips.append(clip)
            setup += 1
            line += 1
    rows = rows[: max(1, world.shots)]
    if world.takes_a_clip > 1:
        clips, rows = _finished(world, clips, rows, rng)
    return _pool(clips, rows)


def _part(share: float, common: np.ndarray, own: np.ndarray) -> np.ndarray:
    """What is shared and what is one's own, of the same spread whatever the share."""
    mixed: np.ndarray = share * common + (1 - share**2) ** 0.5 * own
    return mixed


def _finished(
    world: World, clips: list[Clip], rows: list[_Row], rng: np.random.Generator
) -> tuple[list[Clip], list[_Row]]:
    """Takes end to end in fewer clips, as in a finished film."""
    joined: list[Clip] = []
    place: dict[int, tuple[int, int]] = {}  # of each take: its new clip, and its first frame there
    at = 0
    while at < len(clips):
        many = 1 + int(rng.poisson(world.takes_a_clip - 1))
        first = 0
        for number in range(at, min(at + many, len(clips))):
            place[number] = len(joined), first
            first += clips[number].frames
        joined.append(replace(clips[at], frames=first))
        at += many
    moved = []
    for row in rows:
        clip, first = place[row.clip]
        voice = clip if row.voice >= 0 else -1
        moved.append(replace(row, clip=clip, voice=voice, frame=row.frame + first))
    return joined, moved


def _clip(number: int, seconds: float, rate: Fraction) -> Clip:
    frames = max(8, round(seconds * float(rate)))
    return Clip(
        path=Path(f"/simulated/{number:04}.mp4"), digest=f"simulated-{number}", container="none",
        codec="none", stream=0, rate=rate, frames=frames, start=Fraction(0), size=(1280, 720),
        coded_size=(1280, 720), rotation=0, sample_aspect=Fraction(1), pixel_format="yuv420p",
        bit_depth=8, transfer="sdr", variable_rate=False, interlaced=False, alpha=False,
        timecode=None, recorded=None, sound=(),
    )  # fmt: skip


def _take(
    world: World,
    number: int,
    clip: Clip,
    look: _Look,
    setup: int,
    line: int,
    face: bool,
    rng: np.random.Generator,
) -> list[_Row]:
    """Cut a take into regions, each with its points."""
    parts = max(1, int(np.ceil(float(clip.duration) / REGION)))
    edges = np.linspace(0, clip.frames, parts + 1).astype(int).tolist()
    return [
        _region(
            world, number, clip, FrameSpan(int(a), int(b)), _later(look, world, rng), setup, line,
            face, rng,
        )
        for a, b in pairwise(edges)
    ]  # fmt: skip


def _later(look: _Look, world: World, rng: np.random.Generator) -> _Look:
    """A part of a take, whose sound is as absent as the take's."""
    varied = look.vary(rng, 0.15 * world.unlike)
    return replace(varied, level=SILENCE) if look.level == SILENCE else varied


def _region(
    world: World,
    number: int,
    clip: Clip,
    span: FrameSpan,
    look: _Look,
    setup: int,
    line: int,
    face: bool,
    rng: np.random.Generator,
) -> _Row:
    rate, seconds = float(clip.rate), len(span) / float(clip.rate)
    speech = _speech(seconds, rng) if line >= 0 and rng.random() < 0.85 else []
    time, kind = _points(world, seconds, speech, rng)
    frame = np.unique(np.clip(np.round(time * rate).astype(int), 0, len(span)), return_index=True)
    time, kind = frame[0] / rate, kind[frame[1]]
    count = len(time)
    curves = _curves(world, time, look, speech, face, rng)
    moves = world.drift * (float(np.exp(rng.normal(0, world.uneven))) if world.uneven else 1.0)
    drift = np.cumsum(moves * rng.standard_normal((count, EMBEDDING)), 0)
    if world.returns:
        drift = drift - drift.mean(0)
    embedding = look.embedding + drift + 0.1 * rng.standard_normal((count, EMBEDDING))
    change = 0.1 * (moves / World.drift) ** 0.5
    heat = look.colour + np.cumsum(change * rng.standard_normal((count, BINS)), 0)
    colour = np.exp(heat - heat.max(1, keepdims=True))
    pan = rng.normal(0, 0.15 * look.motion + 0.01, 2) * (rng.random() < 0.6)
    spoken = np.array([any(a <= t < b for a, b in speech) for t in time])
    return _Row(
        clip=number,
        setup=setup,
        line=line if speech else -1,
        voice=number if speech else -1,
        frame=frame[0] + span.first,
        time=time,
        kind=kind,
        pair=_pairs(time, speech),
        totals=curves,
        embedding=embedding / np.linalg.norm(embedding, axis=1, keepdims=True),
        colour=colour / colour.sum(1, keepdims=True),
        flow=pan + world.steady * look.motion * rng.standard_normal((count, 2)),
        level=_levels(look, spoken, rng),
        face=np.full(count, float(face) * rng.beta(2, 8)) * rng.uniform(0.8, 1.2, count),
    )


def _levels(look: _Look, spoken: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(P,) dBFS."""
    heard = np.where(spoken, look.level + 12, look.level) + rng.normal(0, 3, len(spoken))
    return np.full(len(spoken), SILENCE) if look.level == SILENCE else heard


def _speech(seconds: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Phrases of 1 to 5 s with pauses between, that leave air at both ends of the region."""
    spans: list[tuple[float, float]] = []
    at = 0.3 + rng.exponential(0.4)
    while True:
        length = float(np.clip(rng.lognormal(0.7, 0.5), 0.6, 5.0))
        if at + length > seconds - 0.3:
            return spans
        spans.append((at, at + length))
        at += length + 0.5 + rng.exponential(0.6)


def _points(
    world: World, seconds: float, speech: list[tuple[float, float]], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Times and kinds of cut points: ends, air about speech, events, and a grid."""
    found = [(0.0, Kind.EDGE), (seconds, Kind.EDGE)]
    for start, end in speech:
        found += [(max(0.0, start - AIR), Kind.PAUSE), (min(seconds, end + AIR), Kind.PAUSE)]
        if end - start > 4:
            found.append((start + (end - start) * rng.uniform(0.35, 0.65), Kind.SPLIT))
    for _ in range(rng.poisson(world.events * seconds)):
        kind = (Kind.SETTLE, Kind.PEAK, Kind.ONSET)[rng.integers(3)]
        found.append((rng.uniform(0.1, max(0.2, seconds - 0.1)), kind))
    found += [(float(t), Kind.GRID) for t in np.arange(world.grid, seconds - 0.2, world.grid)]
    kept: list[tuple[float, Kind]] = []
    for time, kind in sorted(found, key=lambda point: int(point[1])):
        inside = kind != Kind.SPLIT and any(a - 0.06 < time < b + 0.06 for a, b in speech)
        near = 0.2 if kind == Kind.GRID else 0.08
        if not inside and all(abs(time - other) > near for other, _ in kept):
            kept.append((time, kind))
    kept.sort()
    return np.array([t for t, _ in kept]), np.array([int(k) for _, k in kept])


def _pairs(time: np.ndarray, speech: list[tuple[float, float]]) -> np.ndarray:
    """(P, P) bool: 0.3 s and more; with speech, no dead air about it, and a second without."""
    length = time[None, :] - time[:, None]
    legal: np.ndarray = length >= 0.3
    if not speech:
        return legal
    for first, last in zip(*np.nonzero(legal), strict=True):
        a, b = time[first], time[last]
        heard = [(s, e) for s, e in speech if s < b and e > a]
        if not heard:
            legal[first, last] = b - a >= 1.0
            continue
        lead, tail = heard[0][0] - a, b - heard[-1][1]
        legal[first, last] = lead <= 0.45 and tail <= 0.45
    return legal


def _curves(
    world: World,
    time: np.ndarray,
    look: _Look,
    speech: list[tuple[float, float]],
    face: bool,
    rng: np.random.Generator,
) -> np.ndarray:
    """(P, C) running totals of pool.TOTALS: means of the look, with slow waves over the shot."""
    step = np.diff(time, prepend=0.0)
    spoken = np.zeros(len(time))
    for row, (a, b) in enumerate(zip(np.r_[0.0, time[:-1]], time, strict=True)):
        spoken[row] = sum(max(0.0, min(b, e) - max(a, s)) for s, e in speech)
    wave = np.cumsum(rng.normal(0, world.waver, (len(time), 4)), 0)
    values = {
        "sharpness": look.sharpness + wave[:, 0],
        "motion": look.motion * np.exp(3 * wave[:, 1]),
        "face": float(face) * (0.7 + wave[:, 2]),
        "exposure": look.exposure + wave[:, 3],
        "saturation": np.full(len(time), look.saturation),
        "loudness": (look.level + world.lift * spoken / np.maximum(step, 1e-6) + 60) / 50,
    }
    return np.stack(
        [
            np.cumsum(spoken if name == "speech" else np.clip(values[name], 0, 1) * step)
            for name in TOTALS
        ],
        1,
    )


def _pool(clips: list[Clip], rows: list[_Row]) -> Pool:
    """Pad the rows and number what is shared."""
    rows = [row for row in rows if row.pair.any()] or rows
    count = np.array([len(row.time) for row in rows])
    width, size = int(count.max()), len(rows)

    def pad(name: str, fill: float, dtype: type) -> np.ndarray:
        first = getattr(rows[0], name)
        table = np.full((size, width, *first.shape[1:]), fill, dtype)
        for index, row in enumerate(rows):
            table[index, : count[index]] = getattr(row, name)
        return table

    pair = np.zeros((size, width, width), bool)
    for index, row in enumerate(rows):
        pair[index, : count[index], : count[index]] = row.pair
    clip = np.array([row.clip for row in rows])
    line = _shared_lines(np.array([row.line for row in rows]), clip)
    ends = [Fraction(float(row.time[-1])).limit_denominator(1000) for row in rows]
    return Pool(
        clips=tuple(clips),
        shots=tuple(
            Shot(row.clip, FrameSpan(int(row.frame[0]), int(row.frame[-1])), f"simulated #{n}")
            for n, row in enumerate(rows)
        ),
        left_out=(),
        points=count,
        frame=pad("frame", -1, np.int64),
        time=pad("time", 0, np.float32),
        kind=pad("kind", -1, np.int8),
        pair=pair,
        totals=pad("totals", 0, np.float32),
        point_features=np.zeros((size, width, 1), np.float32),
        shot_features=np.zeros((size, 1), np.float32),
        embedding=pad("embedding", 0, np.float32),
        colour=pad("colour", 0, np.float32),
        flow=pad("flow", 0, np.float32),
        level=pad("level", -60, np.float32),
        face=pad("face", 0, np.float32),
        clip=clip,
        line=line,
        setup=np.array([row.setup for row in rows]),
        rank=np.arange(size),
        voice=np.array([row.voice for row in rows]),
        must=np.full(size, -1),
        usable=sum(ends, Fraction(0)),
    )


def _shared_lines(line: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """Only a line of which there are two takes or more keeps its number."""
    shared = line.copy()
    for number in np.unique(line[line >= 0]):
        if len(np.unique(clip[line == number])) < 2:
            shared[line == number] = -1
    return shared
