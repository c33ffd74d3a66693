"""Turn a timeline into its finished sound: every clip's in its place, nothing bare between them,
as loud as films are, encoded and measured as encoded."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import numpy as np

from editor.film import levels, music, tone
from editor.film.encode import read_sound, write_sound, writing
from editor.film.loudness import FLOOR, RATE, Limiter, Meter, highest
from editor.film.soundtrack import FADE, Piece, envelope, plan, sample_at, speech_in_film
from editor.film.timeline import Music, Timeline
from editor.footage import samples
from editor.footage.clip import Clip, SoundTrack
from editor.footage.measures import Sound

TARGET = -16.0  # LUFS integrated: what the web's players turn films up or down to
TOLERANCE = 0.2  # LU
MOST_GAIN = 12.0  # dB: more would lift a quiet room's noise into the film
PEAK = -1.0  # dBTP that the encoded film stays under
FIRST_CEILING = -2.0  # dBTP before encoding: AAC adds up to about 1 dB
MARGIN = 0.1  # dB by which a ceiling is lowered beyond what was found too high
ROUNDS = 6  # encodings at most; the second is usually the last
BLOCK = 10 * RATE  # samples that are in memory at once
HOLE = 480  # samples, 10 ms, of digital silence that are filled with room tone
AROUND = 10 * RATE  # samples at either side of a piece in which its room is looked for
CROSSING = RATE  # samples over which one room's tone crosses into another's
QUIETEST_OWN = TARGET - MOST_GAIN + 2 * music.BELOW  # LUFS: music beside it still reaches TARGET
NO_SOUND = "The footage has no sound, so the film is silent."
NO_OWN_SOUND = "The footage has no sound, so the film has only its music."

Advance = Callable[[float], None]


@dataclass(frozen=True)
class Mixed:
    """The film's sound as measured after encoding."""

    loudness: float  # LUFS integrated, FLOOR for silence
    true_peak: float  # dBTP
    gain: float  # dB that the whole was raised
    notes: tuple[str, ...]  # what an editor should know, in sentences


class SampleFile:
    """Stereo sound of a known length in a temporary file: an hour of it never lies in memory."""

    def __init__(self, path: Path, length: int) -> None:
        """length in samples; the file is as long, and silent, from the start."""
        self._path, self.length = path, length
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(self._file, length * 8)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Samples [start, stop): (n, 2) float32, zeros outside the film."""
        sound = np.zeros((stop - start, 2), dtype=np.float32)
        low, high = max(0, start), min(self.length, stop)
        if low < high:
            data = os.pread(self._file, (high - low) * 8, low * 8)
            sound[low - start : high - start] = np.frombuffer(data, np.float32).reshape(-1, 2)
        return sound

    def add(self, start: int, sound: np.ndarray) -> None:
        """Add (n, 2) float32 to what lies at `start`; what lies outside the film is dropped."""
        low, high = max(0, start), min(self.length, start + len(sound))
        if low < high:
            mixed = self.read(low, high) + sound[low - start : high - start]
            data = memoryview(np.ascontiguousarray(mixed, dtype=np.float32).tobytes())
            with writing(self._path):
                for first in range(0, len(data), 1 << 20):
                    os.pwrite(self._file, data[first : first + (1 << 20)], low * 8 + first)

    def blocks(self) -> Iterator[np.ndarray]:
        """The whole, (n, 2) float32 at a time."""
        for start in range(0, self.length, BLOCK):
            yield self.read(start, min(start + BLOCK, self.length))

    def close(self) -> None:
        """Close the file; whoever owns its folder removes it."""
        os.close(self._file)


def mix(
    timeline: Timeline, sounds: Mapping[str, Sound], folder: Path, target: Path, advance: Advance
) -> Mixed:
    """Write the film's sound as AAC to `target`, with temporary files in `folder`.

    sounds: analysis by clip digest, for speech. Raises OutputError and FootageError.
    """
    with writing(target):
        mixed = SampleFile(folder / "mix.f32", sample_at(timeline.frames, timeline.rate))
    try:
        notes = _lay(timeline, sounds, mixed, advance)
        return _finish(mixed, target, notes, advance)
    finally:
        mixed.close()


def used_track(clip: Clip) -> SoundTrack | None:
    """The sound track of a clip that the film uses."""
    index = samples.used_track(clip)
    return None if index is None else clip.sound[index]


def read_clip(clip: Clip, start: int, stop: int) -> np.ndarray:
    """Samples [start, stop) of a clip's clock at 48 kHz: (n, 2) float32."""
    return samples.read(clip, Fraction(start, RATE), Fraction(stop, RATE), RATE, 2)


class Rooms:
    """The room tone of each clip, learned where the film first uses its sound, when wanted."""

    def __init__(self, pieces: tuple[Piece, ...], gains: Mapping[str, float]) -> None:
        self._gains = gains
        self._known: dict[str, tone.RoomTone | None] = {}
        self._spans: dict[str, tuple[int, int]] = {}  # clip digest -> samples of the clip's clock
        for piece in pieces:
            if piece.clip is not None:
                span = (piece.source, piece.source + min(len(piece), AROUND))
                self._spans.setdefault(piece.clip.digest, span)

    def _of(self, clip: Clip | None) -> tone.RoomTone | None:
        if clip is None:
            return None
        if clip.digest not in self._known:
            first, stop = self._spans[clip.digest]
            sound = read_clip(clip, first - AROUND, stop + AROUND)
            sound *= 10 ** (self._gains.get(clip.digest, 0.0) / 20)
            self._known[clip.digest] = tone.measure(sound, crc32(clip.digest.encode()))
        return self._known[clip.digest]

    def tone(self, piece: Piece, start: int, stop: int) -> np.ndarray:
        """Tone of a piece's neighbours over film samples [start, stop): (n, 2) float32.

        Where both have a room, one crosses into the other about the piece's middle.
        """
        before, after = (self._of(clip) for clip in piece.around)
        before, after = before or after or tone.faint(0), after or before or tone.faint(0)
        if before is after:
            return before.block(start, stop)
        middle, reach = (piece.start + piece.stop) / 2, min(len(piece), CROSSING) / 2
        share = np.clip((np.arange(start, stop) - middle + reach) / (2 * reach), 0, 1)[:, None]
        first = before.block(start, stop) * np.cos(share * np.pi / 2)
        second = after.block(start, stop) * np.sin(share * np.pi / 2)
        return np.asarray(first + second, dtype=np.float32)


def _lay(
    timeline: Timeline, sounds: Mapping[str, Sound], mixed: SampleFile, advance: Advance
) -> list[str]:
    """Everything that sounds, in its place, before the whole is made as loud as it should be."""
    gains = levels.gains(timeline, sounds)
    pieces = plan(timeline, used_track)
    holes, heard = [], False
    for piece in pieces:
        if piece.clip is not None:
            found = _lay_sound(piece, gains.get(piece.clip.digest, 0.0), mixed)
            heard |= sum(map(len, found)) < len(piece)
            holes += found
        advance(0.5 * piece.stop / mixed.length)
    if heard:
        rooms = Rooms(pieces, gains)
        for piece in [piece for piece in pieces if piece.clip is None] + holes:
            for start, stop in _spans(piece):
                sound = rooms.tone(piece, start, stop)
                mixed.add(start, sound * envelope(piece, start, stop)[:, None])
    notes = [] if heard else [NO_SOUND]
    if timeline.music is not None:
        notes = [] if heard else [NO_OWN_SOUND]
        notes += _lay_music(timeline.music, speech_in_film(timeline, sounds), mixed)
    return notes


def _spans(piece: Piece) -> Iterator[tuple[int, int]]:
    for start in range(piece.start, piece.stop, BLOCK):
        yield start, min(start + BLOCK, piece.stop)


def _lay_sound(piece: Piece, gain: float, mixed: SampleFile) -> list[Piece]:
    """Lay a clip's sound with its fades; return its stretches of digital silence, as tone to be."""
    assert piece.clip is not None
    holes = []
    for start, stop in _spans(piece):
        source = piece.source + start - piece.start
        sound = read_clip(piece.clip, source, source + stop - start)
        silent = highest(sound) < tone.DIGITAL_SILENCE
        for first, last in _runs(silent, HOLE):
            fade = min(FADE, (last - first) // 2)
            hole = Piece(start + first, start + last, None, fade_in=fade, fade_out=fade)
            holes.append(replace(hole, around=(piece.clip, piece.clip)))
        sound *= 10 ** (gain / 20)
        mixed.add(start, sound * envelope(piece, start, stop)[:, None])
    return holes


def _runs(flags: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    """Half-open stretches of at least `shortest` true values in (n,) bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    spans = edges.reshape(-1, 2)
    return [(int(first), int(last)) for first, last in spans if last - first >= shortest]


def _lay_music(piece: Music, speech: np.ndarray, mixed: SampleFile) -> list[str]:
    """Lay the music under what is there, down under speech. Returns what to tell the editor."""
    loudness, count = music.measure(piece, mixed.length)
    own = _measured(mixed)
    beside = max(own.integrated, QUIETEST_OWN) - music.BELOW  # LUFS of the music as it lies
    duck = music.duck(beside, own.integrated)
    bed = music.Bed(piece, mixed.length, beside - loudness, duck, music.bridged(speech))
    for start, block in bed.blocks():
        mixed.add(start, block)
    if count >= mixed.length:
        return []
    return [
        f"{piece.path.name} lasts {count / RATE:.0f} s and the film {mixed.length / RATE:.0f} s: "
        "the music is repeated."
    ]


def _measured(mixed: SampleFile) -> Meter:
    meter = Meter()
    for block in mixed.blocks():
        meter.push(block)
    return meter


def _finish(mixed: SampleFile, target: Path, notes: list[str], advance: Advance) -> Mixed:
    """Raise the whole to TARGET and hold it under PEAK, as measured in the encoded file."""
    loudness = _measured(mixed).integrated
    silent = loudness <= FLOOR
    gain, ceiling = 0.0 if silent else min(MOST_GAIN, TARGET - loudness), FIRST_CEILING
    advance(0.6)
    for attempt in range(ROUNDS):
        target.unlink(missing_ok=True)
        write_sound(target, _limited(mixed, gain, ceiling))
        meter = Meter()
        for block in read_sound(target):
            meter.push(block)
        advance(0.6 + 0.4 * (attempt + 1) / ROUNDS)
        over = meter.true_peak - PEAK
        short = 0.0 if silent else min(MOST_GAIN - gain, TARGET - meter.integrated)
        if over < 0 and abs(short) <= TOLERANCE:
            break
        ceiling -= max(0.0, over + MARGIN) if over >= 0 else 0.0
        gain += short
    advance(1.0)
    if over >= 0:
        raise RuntimeError(f"The encoded sound peaks at {meter.true_peak:.2f} dBTP after {ROUNDS}.")
    return Mixed(meter.integrated, meter.true_peak, gain, (*notes, *_said(gain, meter, silent)))


def _limited(mixed: SampleFile, gain: float, ceiling: float) -> Iterator[np.ndarray]:
    limiter = Limiter(mixed.read, gain, ceiling)
    for start in range(0, mixed.length, BLOCK):
        yield limiter.block(start, min(start + BLOCK, mixed.length))


def _said(gain: float, meter: Meter, silent: bool) -> list[str]:
    """What to tell the editor about a film that is not as loud as it should be."""
    if silent or abs(meter.integrated - TARGET) <= 2 * TOLERANCE:
        return []
    if gain >= MOST_GAIN:
        return [
            f"The sound is faint: raised by {MOST_GAIN:g} dB, the most that does not lift the "
            f"room's noise, it reaches {meter.integrated:.1f} LUFS instead of {TARGET:g}."
        ]
    return [f"The sound has peaks that keep it at {meter.integrated:.1f} LUFS, not {TARGET:g}."]
