"""Build clips and analyses by hand: what analysis would have said of footage that never existed.

`shot(...)` gives a clip and its analysis in one call; `footage(...)` a varied pool's worth of them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from editor.footage.clip import Clip, SoundTrack
from editor.footage.measures import Analysis, CutPoints, Kind, Moments, Picture, Sound
from editor.timing import FrameSpan, Timecode, to_frames

DIMENSIONS = 64  # of a made embedding
BINS = 48  # of a made colour histogram
AIR = 0.25  # s between a pause's cut point and the word
ROOM = -60.0  # dBFS of a made room
VOICE = -22.0  # dBFS of a made voice at its loudest

Spans = Sequence[tuple[float, float]]  # s


def clip(
    name: str = "a.mp4",
    seconds: float = 10.0,
    rate: Fraction = Fraction(25),
    *,
    sound: bool = True,
    recorded: float | None = None,
    timecode: str | None = None,
) -> Clip:
    """A clip as ingest would describe it: 1280x720, H.264, one mono track where it has sound."""
    frames = to_frames(Fraction(str(seconds)), rate)
    track = SoundTrack(0, 48000, 1, Fraction(0), frames / rate)
    return Clip(
        path=Path("/footage") / name,
        digest=hashlib.blake2b(name.encode(), digest_size=16).hexdigest(),
        container="mov,mp4,m4a,3gp,3g2,mj2",
        codec="h264",
        stream=0,
        rate=rate,
        frames=frames,
        start=Fraction(0),
        size=(1280, 720),
        coded_size=(1280, 720),
        rotation=0,
        sample_aspect=Fraction(1),
        pixel_format="yuv420p",
        bit_depth=8,
        transfer="sdr",
        variable_rate=False,
        interlaced=False,
        alpha=False,
        timecode=Timecode.parse(timecode, rate) if timecode else None,
        recorded=recorded,
        sound=(track,) if sound else (),
    )


def picture(
    of: Clip,
    seed: int = 0,
    *,
    decoded: int | None = None,
    black: Spans = (),
    frozen: Spans = (),
    shake: Spans = (),
    blur: Spans = (),
    busy: Spans = (),
    motion: float = 0.02,
) -> Picture:
    """Frames of a calm scene, with spans (s) that are black, frozen, shaken, blurred or busy."""
    rng = np.random.default_rng(seed)
    n, rate = of.frames, float(of.rate)
    moving = (motion * rng.uniform(0.7, 1.3, n)).astype(np.float32)
    flow = (0.01 * rng.standard_normal((n, 2))).astype(np.float32)
    sharp = rng.uniform(0.48, 0.52, n).astype(np.float32)
    luma = rng.uniform(0.44, 0.46, n).astype(np.float32)
    marks = {
        key: _frames_in(spans, n, rate)
        for key, spans in (
            ("black", black), ("frozen", frozen), ("shake", shake), ("blur", blur), ("busy", busy),
        )
    }  # fmt: skip
    flow[marks["shake"]] += 0.8 * np.sign(rng.standard_normal((int(marks["shake"].sum()), 2)))
    moving[marks["shake"] | marks["busy"]] = 0.15
    sharp[marks["blur"]] = 0.08
    still = marks["frozen"] | marks["black"]
    moving[still], flow[still] = 0.0, 0.0
    luma[marks["black"]] = 0.0
    return Picture(
        decoded=n if decoded is None else decoded,
        motion=moving,
        flow=flow,
        sharpness=sharp,
        luma=luma,
        clipped=np.full(n, 0.01, np.float32),
        saturation=np.full(n, 0.3, np.float32),
        black=marks["black"],
        frozen=still,
    )


def sound(
    of: Clip,
    speech: Spans = (),
    *,
    words: int = 0,
    tempo: float = 1.0,
    claps: Sequence[float] = (),
    seed: int = 0,
    says: Sequence[int] | None = None,
) -> Sound:
    """Sound of a quiet room with speech, whose syllables follow from `words`, and claps (s).

    `says`: which sentence of those words each stretch of speech is; else each another.
    """
    n = int(float(of.duration) * 100)
    rng = np.random.default_rng(seed)
    level = (ROOM + rng.normal(0, 1, n)).astype(np.float32)
    timbre = rng.normal(0, 0.4, (n // 4, 12))
    for sentence, (start, end) in zip(says or range(len(speech)), speech, strict=True):
        first, stop = min(n, round(start * 100)), min(n, round(end * 100))
        level[first:stop] = np.maximum(level[first:stop], _syllables(words, stop - first))
        spoken = timbre[round(start / 0.04) : round(end / 0.04)]
        spoken += _vowels(words + 500 * sentence, tempo, len(spoken))
    for clap in claps:
        at = min(n, round(clap * 100))
        decay = np.linspace(-6.0, ROOM, 12)[: n - at]
        level[at : at + len(decay)] = np.maximum(level[at : at + len(decay)], decay)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(level, (20, 20), "edge"), 40)[::10]
    loudness = 10 * np.log10((10 ** (windows / 10)).mean(axis=1))
    onsets = sorted([*claps, *(start for start, _ in speech)])
    return Sound(
        present=bool(of.sound),
        speech=np.array(list(speech), np.float64).reshape(-1, 2),
        level=level if of.sound else np.full(n, -100.0, np.float32),
        loudness=loudness.astype(np.float32),
        integrated=float(10 * np.log10((10 ** (level / 10)).mean())),
        room=float(np.percentile(level, 10)),
        onsets=np.array(onsets, np.float64),
        silence=np.zeros((0, 2)),
        timbre=timbre.astype(np.float16),
    )


def cut_points(
    of: Clip,
    shots: Sequence[FrameSpan],
    speech: Spans = (),
    *,
    splits: Sequence[float] = (),
    peaks: Sequence[float] = (),
    settles: Sequence[float] = (),
    claps: Sequence[float] = (),
) -> CutPoints:
    """Edges, air about speech, the given events, and a grid of half a second outside speech."""
    rate = float(of.rate)
    found: dict[int, Kind] = {}

    def add(seconds: float, kind: Kind) -> None:
        frame = round(seconds * rate)
        inside = any(start * rate < frame < end * rate for start, end in speech)
        if 0 <= frame <= of.frames and (kind in (Kind.EDGE, Kind.SPLIT) or not inside):
            found[frame] = min(found.get(frame, kind), kind)

    for shot_ in shots:
        add(shot_.first / rate, Kind.EDGE)
        add(shot_.stop / rate, Kind.EDGE)
    for start, end in speech:
        add(start - AIR, Kind.PAUSE)
        add(end + AIR, Kind.PAUSE)
    for kind, times in (
        (Kind.SPLIT, splits), (Kind.PEAK, peaks), (Kind.SETTLE, settles), (Kind.ONSET, claps),
    ):  # fmt: skip
        for seconds in times:
            add(seconds, kind)
    for seconds in np.arange(0.5, float(of.duration), 0.5):
        if min(abs(seconds * rate - frame) for frame in found) > 0.2 * rate:
            add(float(seconds), Kind.GRID)
    frame = np.array(sorted(found), np.int64)
    kind = np.array([found[int(one)] for one in frame], np.int8)
    return CutPoints(frame, kind, kind == Kind.SPLIT, np.zeros(len(frame), np.int64))


def moments(
    of: Clip,
    points: CutPoints,
    shots: Sequence[FrameSpan],
    looks: Sequence[int],
    *,
    drift: float = 0.15,
    face: float = 0.0,
    seed: int = 0,
    action: int | None = None,
    cue: float = 1.0,
    tempo: float = 1.0,
) -> tuple[Moments, CutPoints]:
    """Two moments a second and one at every cut point; each shot shows its `look`.

    `action`: something dark moves through the picture from `cue` s on, along a path of its own.
    """
    grid = np.arange(0, of.frames, max(1, round(float(of.rate) / 2)))
    frame = np.unique(np.concatenate([grid, np.minimum(points.frame, of.frames - 1)]))
    firsts = np.array([shot_.first for shot_ in shots])
    which = np.clip(np.searchsorted(firsts, frame, side="right") - 1, 0, len(shots) - 1)
    rng = np.random.default_rng(seed)
    rows = [_look(looks[int(one)]) for one in which]
    embedding = np.stack([row[0] for row in rows])
    embedding = embedding + drift * rng.standard_normal(embedding.shape)
    colour = np.stack([row[1] for row in rows]) * rng.uniform(0.95, 1.05, (len(rows), BINS))
    thumb = np.stack([row[2] for row in rows]) + rng.integers(-3, 4, (len(rows), 18, 32))
    if action is not None:
        thumb = np.minimum(thumb, _acted(action, (frame / float(of.rate) - cue) * tempo))
    faces = np.tile(np.array([1.0 if face else 0.0, face, 0.5, 0.4], np.float32), (len(rows), 1))
    made = Moments(
        frame=frame.astype(np.int64),
        embedding=embedding.astype(np.float16),
        colour=(colour / colour.sum(axis=1, keepdims=True)).astype(np.float32),
        faces=faces,
        thumb=np.clip(thumb, 0, 255).astype(np.uint8),
    )
    shown = np.searchsorted(frame, np.minimum(points.frame, of.frames - 1))
    return made, replace(points, moment=shown.astype(np.int64))


def shot(
    name: str = "a.mp4",
    seconds: float = 10.0,
    rate: Fraction = Fraction(25),
    *,
    speech: Spans = (),
    words: int = 0,
    tempo: float = 1.0,
    cuts: Sequence[float] = (),
    looks: Sequence[int] = (0,),
    claps: Sequence[float] = (),
    splits: Sequence[float] = (),
    peaks: Sequence[float] = (),
    settles: Sequence[float] = (),
    face: float = 0.0,
    drift: float = 0.15,
    seed: int = 0,
    decoded: int | None = None,
    sound_on: bool = True,
    recorded: float | None = None,
    timecode: str | None = None,
    action: int | None = None,
    cue: float = 1.0,
    says: Sequence[int] | None = None,
    **scene: Spans,
) -> tuple[Clip, Analysis]:
    """A clip and its analysis. `cuts` (s) part it into detected shots, which show `looks` in turn;
    `scene` goes to `picture`: black, frozen, shake, blur, busy, each a list of (start, end) s."""
    made = clip(name, seconds, rate, sound=sound_on, recorded=recorded, timecode=timecode)
    edges = [0, *(round(at * float(rate)) for at in cuts), made.frames]
    shots = tuple(FrameSpan(a, b) for a, b in pairwise(edges))
    seen = [looks[min(i, len(looks) - 1)] for i in range(len(shots))]
    points = cut_points(
        made, shots, speech, splits=splits, peaks=peaks, settles=settles, claps=claps
    )
    acted = {"action": action, "cue": cue, "tempo": tempo}
    looked, points = moments(made, points, shots, seen, drift=drift, face=face, seed=seed, **acted)
    return made, Analysis(
        digest=made.digest,
        detector="content",
        backbone="made",
        shots=shots,
        picture=picture(made, seed, decoded=decoded, **scene),  # type: ignore[arg-type]
        moments=looked,
        sound=sound(made, speech, words=words, tempo=tempo, claps=claps, seed=seed, says=says),
        cut_points=points,
    )


def footage(count: int = 12, seed: int = 0, seconds: float = 8.0) -> dict[Clip, Analysis]:
    """A varied pool: `count` clips of several looks and rates, a third with speech."""
    rng = np.random.default_rng(seed)
    rates = (Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(50))
    made = {}
    for i in range(count):
        length = round(float(seconds * rng.uniform(0.6, 1.5)), 2)
        begin = round(float(rng.uniform(0.8, 1.5)), 2)
        spoken = [(begin, round(length * 0.6, 2))] if i % 3 == 0 else []
        one, known = shot(
            f"clip {i:03}.mp4",
            length,
            rates[i % len(rates)],
            speech=spoken,
            words=i,
            looks=(int(rng.integers(0, max(2, count // 2))),),
            peaks=[round(float(rng.uniform(1, length - 1)), 2)] if not spoken else [],
            face=0.05 if i % 2 else 0.0,
            seed=seed * 1000 + i,
        )
        made[one] = known
    return made


def by_digest(made: dict[Clip, Analysis]) -> dict[str, Analysis]:
    """The analyses as `pool.build` takes them."""
    return {one.digest: known for one, known in made.items()}


def _frames_in(spans: Spans, frames: int, rate: float) -> np.ndarray:
    """(N,) bool: frames inside any span of seconds."""
    inside = np.zeros(frames, bool)
    for start, end in spans:
        inside[round(start * rate) : round(end * rate)] = True
    return inside


def _syllables(words: int, length: int) -> np.ndarray:
    """(length,) dBFS: bumps of 100-300 ms with dips between, the same for the same `words`."""
    rng = np.random.default_rng(1000 + words)
    bumps: list[np.ndarray] = []
    while sum(map(len, bumps)) < max(length, 3000):
        width = int(rng.integers(10, 30))
        arch = np.sin(np.linspace(0.1, np.pi - 0.1, width))
        bumps.append(VOICE - rng.uniform(0, 12) + 20 * np.log10(arch))
        if rng.random() < 0.25:
            bumps.append(np.full(int(rng.integers(4, 12)), ROOM + 8))
    return np.concatenate(bumps)[:length].astype(np.float32)


def _vowels(words: int, tempo: float, length: int) -> np.ndarray:
    """(length, 12) cepstra of 40 ms: vowels that glide into one another, the same for the same
    `words`, said `tempo` times as fast."""
    rng = np.random.default_rng(2000 + words)
    steps = np.cumsum(rng.integers(3, 9, 400))  # of 40 ms, between vowels
    vowels = rng.standard_normal((400, 12)) * np.linspace(6, 2, 12)
    at = np.arange(length) * tempo
    return np.stack([np.interp(at, steps, column) for column in vowels.T], axis=1)


def _acted(action: int, seconds: np.ndarray) -> np.ndarray:
    """(M, 18, 32): 255 but for what moves, at so many seconds after its cue, at most 4.5."""
    rng = np.random.default_rng(3000 + action)
    stations = rng.uniform([3, 3], [29, 15], (4, 2))  # thumb pixels, x y
    part = np.clip(seconds, 0, 4.5) / 1.5
    place = np.stack([np.interp(part, np.arange(4), column) for column in stations.T], axis=1)
    y, x = np.mgrid[:18, :32]
    far = np.hypot(x - place[:, 0, None, None], y - place[:, 1, None, None])
    return np.where(far < 4.0, 15.0, 255.0)


def _look(look: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embedding (D,), colour histogram (H,) and thumb (18, 32) of a made look."""
    rng = np.random.default_rng(77 + look)
    embedding = np.abs(rng.standard_normal(DIMENSIONS)) + 0.5
    colour = rng.dirichlet(np.full(BINS, 0.3))
    coarse = rng.uniform(20, 235, (5, 8))
    thumb = np.kron(coarse, np.ones((4, 4)))[:18, :32]
    return embedding, colour, thumb
