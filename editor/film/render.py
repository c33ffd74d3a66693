"""Turn a timeline into film.mp4: exactly its frames at exactly its rate, with its sound."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import numpy as np
from moviepy import VideoClip
from moviepy.config import FFMPEG_BINARY
from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

from editor.film import encode, pictures
from editor.film.mix import Mixed, mix
from editor.film.timeline import Timeline
from editor.footage.measures import Sound
from editor.timing import rate_text

if sys.platform == "linux":
    import fcntl

WAYS = ("auto", "moviepy", "direct")
PIPE = 1 << 20  # bytes, the most that Linux gives a pipe unasked: fewer switches between processes
SOUND_SHARE, JOIN_SHARE = 0.12, 0.03  # of the progress; the picture has the rest

Advance = Callable[[float], None]


@dataclass(frozen=True)
class RenderReport:
    """How the film was made, and how it sounds."""

    way: str  # "moviepy", or "direct" where nothing had to be composed
    notes: tuple[str, ...]  # what an editor should know, in sentences
    loudness: float  # LUFS integrated, -70 for silence
    true_peak: float  # dBTP of the encoded film
    gain: float  # dB that its sound was raised


class Stopped(Exception):
    """The film is given up; raised inside the thread that still makes its sound."""


def render(
    timeline: Timeline,
    path: Path,
    sounds: Mapping[str, Sound],
    advance: Advance,
    way: str = "auto",
) -> RenderReport:
    """Write the film to `path`, whole or not at all.

    sounds: analysis by clip digest. advance(share done, 0 to 1). way: one of WAYS; "auto" takes
    "direct" where nothing has to be composed. Raises OutputError where the film cannot be
    written, FootageError where a clip cannot be read any more, ValueError for an unknown way or
    an empty timeline.
    """
    if way not in WAYS:
        raise ValueError(f"No way to render is called {way!r}. Known: {', '.join(WAYS)}.")
    if not timeline.cuts:
        raise ValueError("A timeline without cuts is no film.")
    if way == "auto":
        way = "moviepy" if pictures.composed(timeline) else "direct"
    with encode.writing(path):
        folder = Path(tempfile.mkdtemp(prefix=encode.TEMPORARY, dir=path.parent))
    try:
        mixed = _make(timeline, folder, sounds, _Progress(advance), way)
        with encode.writing(path):
            _settle(folder / "film.mp4")
            os.replace(folder / "film.mp4", path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    advance(1.0)
    return RenderReport(way, mixed.notes, mixed.loudness, mixed.true_peak, mixed.gain)


def _settle(path: Path) -> None:
    """Bring the file's bytes to the disk before its name is given."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


class _Progress:
    """Adds up what the picture's and the sound's threads have done."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._shares = {"picture": 0.0, "sound": 0.0, "join": 0.0}
        self.stopped = Event()

    def picture(self, share: float) -> None:
        """Share of the picture that is encoded."""
        self._shares["picture"] = share
        weights = {
            "picture": 1 - SOUND_SHARE - JOIN_SHARE,
            "sound": SOUND_SHARE,
            "join": JOIN_SHARE,
        }
        self._advance(sum(weights[part] * done for part, done in self._shares.items()))

    def join(self, share: float) -> None:
        """Share of the film that is put together."""
        self._shares["join"] = share
        self.picture(1.0)

    def sound(self, share: float) -> None:
        """Share of the sound that is done. Called in the sound's thread; raises Stopped."""
        if self.stopped.is_set():
            raise Stopped
        self._shares["sound"] = max(self._shares["sound"], share)


def _make(
    timeline: Timeline,
    folder: Path,
    sounds: Mapping[str, Sound],
    progress: _Progress,
    way: str,
) -> Mixed:
    """Write folder/film.mp4: picture and sound at the same time, then both in one file."""
    picture, sound, film = (folder / name for name in ("picture.mp4", "sound.m4a", "film.mp4"))
    with ThreadPoolExecutor(1, "sound") as threads:
        mixing = threads.submit(mix, timeline, sounds, folder, sound, progress.sound)
        try:
            with pictures.Ahead(pictures.in_order(timeline)) as frames:
                written = _WRITERS[way](timeline, picture, iter(frames))
                with closing(written):
                    for done in written:
                        _raise_early(mixing)
                        progress.picture(done / timeline.frames)
            mixed = mixing.result()
        finally:
            progress.stopped.set()
    encode.join(picture, sound, film, lambda copied: progress.join(copied / timeline.frames))
    picture.unlink()
    encode.check(film, timeline.frames, timeline.rate, timeline.size)
    return mixed


def _raise_early(mixing: Future[Mixed]) -> None:
    """Raise what ended the sound, rather than encode the rest of the picture for nothing."""
    if mixing.done():
        mixing.result()


def _direct(
    timeline: Timeline, path: Path, frames: Iterator[av.VideoFrame]
) -> Generator[int, None, None]:
    """From the decoder to the encoder, in this process; yields the frames written so far."""
    return encode.write_pictures(path, frames, timeline.rate, timeline.size)


def _moviepy(
    timeline: Timeline, path: Path, frames: Iterator[av.VideoFrame]
) -> Generator[int, None, None]:
    """Through a MoviePy clip and MoviePy's writer; yields the frames written so far."""
    clip = film_clip(timeline, frames)
    with ExactWriter(path, timeline.size, timeline.rate) as writer:
        for number, picture in enumerate(clip.iter_frames(fps=float(timeline.rate))):
            writer.write_frame(picture)
            yield number + 1


_WRITERS = {"moviepy": _moviepy, "direct": _direct}


def film_clip(timeline: Timeline, frames: Iterator[av.VideoFrame]) -> VideoClip:
    """The film as a MoviePy clip whose frames are the timeline's, by number.

    A frame is planar 4:2:0, as decoded and as encoded: (height * 3 / 2, width) uint8. MoviePy asks
    for float times; each lies within 1e-6 of a frame's number, which is what decides. Frames can
    only be asked for in order, and the last one again.
    """
    shown = _InOrder(frames, timeline.rate)
    # MoviePy cuts the length down to whole frames: half a frame more makes that exact.
    clip = VideoClip(shown.at, duration=(timeline.frames + 0.5) / float(timeline.rate))
    clip.size = timeline.size
    return clip


class _InOrder:
    """Hands out pictures by the time at which MoviePy asks for them."""

    def __init__(self, frames: Iterator[av.VideoFrame], rate: Fraction) -> None:
        self._frames, self._rate = frames, float(rate)
        self._number = -1
        self._planes: np.ndarray = np.zeros((0, 0), dtype=np.uint8)

    def at(self, time: float) -> np.ndarray:
        """The picture on screen at `time` (s)."""
        number = round(time * self._rate)
        if number == self._number + 1:
            self._planes = next(self._frames).to_ndarray()
            self._number = number
        if number != self._number:
            raise ValueError(f"Frame {number} was asked for after frame {self._number}.")
        return self._planes


class ExactWriter(FFMPEG_VideoWriter):  # type: ignore[misc]
    """MoviePy's writer with an exact rate, pictures as 4:2:0, and an eye on how FFmpeg ended.

    MoviePy's own writes 24000/1001 as 23.98, takes RGB only, and overlooks a failed encoder.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: Fraction) -> None:
        """path: the MP4 to write, H.264 without sound. size in pixels."""
        self.filename, self.logfile = str(path), subprocess.PIPE
        self.codec, self.ext = "libx264", path.suffix[1:]
        self.proc: subprocess.Popen[bytes] | None = subprocess.Popen(
            [FFMPEG_BINARY, *picture_command(path, size, rate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0,  # an interrupt from the keyboard comes to us, and we stop FFmpeg
        )
        if sys.platform == "linux" and self.proc.stdin is not None:
            fcntl.fcntl(self.proc.stdin, fcntl.F_SETPIPE_SZ, PIPE)

    def write_frame(self, picture: np.ndarray) -> None:
        """Write one planar picture, (height * 3 / 2, width) uint8. Raises OutputError."""
        try:
            super().write_frame(picture)
        except OSError as err:
            said = str(err).rpartition(":\n\n")[2]  # MoviePy puts its own words before FFmpeg's
            raise encode.unwritable(Path(self.filename), encode.encoder_reason(said)) from err

    def close(self) -> None:
        """Let FFmpeg finish the file. Raises OutputError where it could not."""
        if self.proc is None:
            return
        process, self.proc = self.proc, None
        try:
            said = process.communicate()[1]
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            reason = encode.encoder_reason(said.decode(errors="replace"))
            raise encode.unwritable(Path(self.filename), reason)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.close()
        elif self.proc is not None:
            self.proc.kill()
            self.proc.communicate()
            self.proc = None


def picture_command(path: Path, size: tuple[int, int], rate: Fraction) -> list[str]:
    """FFmpeg's arguments that turn planar pictures from a pipe into H.264 at exactly `rate`."""
    shape = f"{size[0]}x{size[1]}"
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", shape, "-framerate", rate_text(rate)]
    extra = [part for name, value in encode.steady(size).items() for part in (f"-{name}", value)]
    coder = [*encoder_options(rate), *extra]
    return ["-y", "-v", "error", *source, "-i", "pipe:0", *coder, f"file:{path}"]


def encoder_options(rate: Fraction) -> list[str]:
    """FFmpeg's arguments for the film's picture, the same for every way and for the benchmark."""
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    coder = ["-c:v", "libx264", "-preset", encode.PRESET, "-crf", encode.CRF]
    shape = ["-pix_fmt", "yuv420p", "-g", str(encode.key_interval(rate)), "-r", rate_text(rate)]
    return ["-an", "-vf", tags, *coder, *shape]
