"""Turn spans of a clip's clock into its sound: whole samples, silence where it has none.

0 s is the start of the clip's frame 0. Samples are placed by the file's times where a run of
sound begins and counted from there, so that rounded times neither click nor drift.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard

from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.footage.container import MOST_COMPLAINTS, open_container, packets, said
from editor.timing import to_frames

RATE = 48_000  # Hz
PREROLL = Fraction(1, 4)  # s decoded before a span: overlapped transforms and bit reservoirs settle
BACK_OFFS = (0, 1, 5)  # s further back, where a seek went too far
LOUDEST = 8.0  # of full scale: a floating-point sample beyond it, or none at all, is damage
RESYNC = 0.020  # s between counted and stated time: beyond it, sound is missing or doubled
QUIET = 1e-3  # RMS of a track that holds no more than noise (-60 dBFS)
LISTEN = Fraction(5)  # s heard at each of three places, to tell a live track from a dead one
_CENTRE = 0.7071  # gain of centre and surround channels in a stereo mix, ITU-R BS.775
_PARTS = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "FC": (_CENTRE, _CENTRE), "LFE": (0.0, 0.0),
    "BL": (_CENTRE, 0.0), "BR": (0.0, _CENTRE), "SL": (_CENTRE, 0.0), "SR": (0.0, _CENTRE),
    "BC": (0.5, 0.5), "FLC": (1.0, 0.0), "FRC": (0.0, 1.0), "DL": (1.0, 0.0), "DR": (0.0, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class _Run:
    """Samples that follow one another, and the place of the first."""

    first: int  # sample on the clip's clock at the asked rate
    samples: np.ndarray  # (n, channels) float32


@lru_cache(maxsize=1024)
def used_track(clip: Clip) -> int | None:
    """Index into `clip.sound` of the track to use, None where there is none.

    Of several, the first that is not dead, since cameras record empty tracks beside the
    microphone's; first of those that the file marks as to be heard.
    """
    if len(clip.sound) < 2:
        return 0 if clip.sound else None
    loudness = [_level(clip, track) for track in range(len(clip.sound))]
    live = [track for track, level in enumerate(loudness) if level > QUIET]
    marked = [track for track in live if clip.sound[track].marked]
    return (marked or live)[0] if live else int(np.argmax(loudness))


def _level(clip: Clip, track: int) -> float:
    """Highest RMS of a track over a few seconds at its start, middle and end."""
    middle = max(Fraction(0), clip.duration / 2 - LISTEN / 2)
    starts = (Fraction(0), middle, max(Fraction(0), clip.duration - LISTEN))
    heard = [
        read(clip, start, min(start + LISTEN, clip.duration), 8000, 1, track)
        for start in dict.fromkeys(starts)
    ]
    return max(float(np.sqrt(np.mean(np.square(part)))) if len(part) else 0.0 for part in heard)


def read(
    clip: Clip,
    start: Fraction,
    end: Fraction,
    rate: int = RATE,
    channels: int = 2,
    track: int | None = None,
) -> np.ndarray:
    """Sound of [start, end) s on the clip's clock: (n, channels) float32, -1 to 1.

    n is the whole samples between both ends, each to the nearest sample. Silence where the track
    has none or samples that cannot be sound, before 0 s and after its end included. track: index
    into `clip.sound`, the used one where None. channels: 1 or 2. Raises FootageError where the
    file cannot be opened.
    """
    first, stop = to_frames(start, Fraction(rate)), to_frames(end, Fraction(rate))
    out = np.zeros((max(0, stop - first), channels), dtype=np.float32)
    number = used_track(clip) if track is None else track
    if number is None or not len(out):
        return out
    for run in _runs(clip, number, rate, channels, start):
        if run.first >= stop:
            break
        _lay(out, first, run)
    return out


def blocks(clip: Clip, rate: int, channels: int, seconds: float) -> Iterator[np.ndarray]:
    """The used track over the length of the clip's picture, in blocks of (n, channels) float32.

    Every block but the last is of `seconds`; together they are the clip's whole samples.
    """
    total = to_frames(clip.duration, Fraction(rate))
    size = max(1, round(seconds * rate))
    track = used_track(clip)
    runs = iter(()) if track is None else _runs(clip, track, rate, channels, Fraction(0))
    run = next(runs, None)
    for first in range(0, total, size):
        out = np.zeros((min(size, total - first), channels), dtype=np.float32)
        while run is not None and run.first < first + len(out):
            _lay(out, first, run)
            if run.first + len(run.samples) > first + len(out):
                break  # the rest of it belongs to the next block
            run = next(runs, None)
        yield out


def read_file(path: Path, rate: int = RATE, channels: int = 2) -> np.ndarray:
    """All sound of a file's first track, from its first sample on: (n, channels) float32.

    Raises FootageError where the file cannot be read or holds no sound.
    """
    with open_container(path) as container:
        stream = next((audio for audio in container.streams.audio if audio.codec_context), None)
        if stream is None:
            raise FootageError(f"{path}: holds no sound that can be read.")
        runs = list(_decoded(container, stream, rate, channels, None))
    if not runs:
        raise FootageError(f"{path}: its sound cannot be decoded.")
    first = runs[0].first
    out = np.zeros(
        (max(run.first + len(run.samples) for run in runs) - first, channels), np.float32
    )
    for run in runs:
        _lay(out, first, run)
    return out


def _lay(out: np.ndarray, first: int, run: _Run) -> None:
    """Copy the part of a run that falls into `out`, whose first sample is number `first`."""
    begin, stop = max(run.first, first), min(run.first + len(run.samples), first + len(out))
    if begin < stop:
        out[begin - first : stop - first] = run.samples[begin - run.first : stop - run.first]


# --- decoding -------------------------------------------------------------------------------------


def _runs(clip: Clip, track: int, rate: int, channels: int, start: Fraction) -> Iterator[_Run]:
    """Sound of a track from `start` or earlier on, in order, on the clip's clock."""
    wanted = clip.sound[track]
    with open_container(clip.path) as container:
        streams = [audio for audio in container.streams.audio if audio.codec_context]
        if wanted.stream >= len(streams):
            raise FootageError(f"{clip.path}: is no longer the file that was read before.")
        stream = streams[wanted.stream]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        if start - PREROLL > max(Fraction(0), wanted.start):
            for back in BACK_OFFS:
                runs = _from(container, stream, rate, channels, clip.start, start - PREROLL - back)
                run = next(runs, None)
                if run is not None and run.first <= start * rate:
                    yield run
                    yield from runs
                    return
    with open_container(clip.path) as container:
        stream = [audio for audio in container.streams.audio if audio.codec_context][wanted.stream]
        yield from _decoded(container, stream, rate, channels, clip.start)


def _from(
    container: InputContainer,
    stream: AudioStream,
    rate: int,
    channels: int,
    origin: Fraction,
    start: Fraction,
) -> Iterator[_Run]:
    base = stream.time_base or Fraction(1)
    try:
        container.seek(int((start + origin) / base), stream=stream, backward=True)
    except (av.FFmpegError, OSError):
        return  # not a file in which one can seek
    yield from _decoded(container, stream, rate, channels, origin)


def _decoded(
    container: InputContainer,
    stream: AudioStream,
    rate: int,
    channels: int,
    origin: Fraction | None,
) -> Iterator[_Run]:
    """Decode onwards. origin: s on the file's clock of sample 0; its first sample where None."""
    mixer = _Mixer(rate, channels)
    place: int | None = None
    for frame in _frames(container, stream):
        if frame is not None and frame.pts is not None and frame.time_base is not None:
            seconds = frame.pts * frame.time_base
            origin = seconds if origin is None else origin
            stated = to_frames(seconds - origin, Fraction(rate)) - mixer.waiting
            if place is None or abs(stated - place) > RESYNC * rate:
                place = stated
        samples = mixer.mix(frame)
        if place is not None and len(samples):
            yield _Run(place, samples)
            place += len(samples)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame | None]:
    """Decoded frames of a stream, then None; damaged packets leave a gap in the times."""
    damage: list[str] = []
    for packet in packets(container, stream, damage):
        try:
            yield from stream.codec_context.decode(packet)
        except av.FFmpegError as err:
            damage[MOST_COMPLAINTS:] = [said(err)]
    try:
        yield from stream.codec_context.decode(None)
    except av.FFmpegError as err:
        damage[MOST_COMPLAINTS:] = [said(err)]
    yield None


class _Mixer:
    """Brings frames to one rate and one or two channels."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._channels = rate, channels
        self._resampler: av.AudioResampler | None = None
        self._made_for: tuple[object, ...] = ()
        self._mix = np.eye(2)
        self._taken = Fraction(0)  # output samples that went in
        self._given = 0  # output samples that came out

    @property
    def waiting(self) -> int:
        """Output samples that went in and have not come out."""
        return to_frames(self._taken - self._given, Fraction(1))

    def mix(self, frame: av.AudioFrame | None) -> np.ndarray:
        """(n, channels) float32 that come out after a frame goes in; None takes out the rest."""
        if frame is None:
            if self._resampler is None:
                return np.zeros((0, self._channels), np.float32)
            return self._mixed(self._resampler.resample(None))
        key = (frame.sample_rate, frame.layout.name, frame.format.name)
        if self._resampler is None or key != self._made_for:
            self._resampler = av.AudioResampler("fltp", frame.layout, self._rate)
            self._made_for = key
            self._mix = _matrix(frame.layout, self._channels)
            self._taken, self._given = Fraction(0), 0
        self._taken += Fraction(frame.samples * self._rate, frame.sample_rate)
        return self._mixed(self._resampler.resample(frame))

    def _mixed(self, frames: list[av.AudioFrame]) -> np.ndarray:
        parts = [np.asarray(frame.to_ndarray(), np.float32) for frame in frames]  # (C, n) each
        if not parts:
            return np.zeros((0, self._channels), np.float32)
        joined = np.concatenate(parts, axis=1)
        self._given += joined.shape[1]
        joined[~(np.abs(joined) <= LOUDEST)] = 0.0  # not a number fails every comparison
        return np.ascontiguousarray((self._mix @ joined).T, dtype=np.float32)


def _matrix(layout: av.AudioLayout, channels: int) -> np.ndarray:
    """Gains from a layout's channels to one or two: (channels, C). Mono keeps its level."""
    names = [channel.name for channel in layout.channels]
    if len(names) == 1:
        return np.ones((channels, 1))
    if all(name in _PARTS for name in names):
        stereo = np.array([_PARTS[name] for name in names]).T
    else:  # tracks without places: the first two are left and right
        stereo = np.eye(2, len(names))
    return stereo if channels == 2 else stereo.mean(axis=0, keepdims=True)
