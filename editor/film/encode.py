"""Turn pictures and sound into files, join them into the film, and read back what was written."""

import heapq
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from editor.errors import FootageError, OutputError
from editor.film.loudness import RATE

TEMPORARY = ".render-"  # how the names of folders begin in which a film is being made
PRESET = "veryfast"  # medium takes 2.3 times the CPU for the same quality and size
CRF = "20"  # x264's quality: one step finer than its default of 23, as a review copy wants
KEY_SECONDS = 2  # s between key frames at most, so that a player seeks without a wait
SOUND_BIT_RATE = 192_000  # bit/s
SOUND_FRAME = 1024  # samples in one frame of AAC
BT709 = 1  # FFmpeg's number for BT.709 as primaries, transfer and matrix
LIMITED = 1  # FFmpeg's number for luma 16-235
FULL_ROW = 128  # px
CV_CPU_AVX_512F = 13  # OpenCV's number for it; whoever has it has AVX2 too
NO_TYPE = 0  # FFmpeg's picture type that leaves the choice to the encoder


def steady(size: tuple[int, int]) -> dict[str, str]:
    """x264's options that make the same pictures the same bytes every time.

    Its AVX-512 code reads past rows that do not fill it, so that encodings differ from run to run.
    Rows of a multiple of 128 px fill it, chroma included. (11 % more CPU where AVX2 stands in.)
    """
    if size[0] % FULL_ROW == 0 or not cv2.checkHardwareSupport(CV_CPU_AVX_512F):
        return {}
    return {"x264-params": "asm=avx2"}


def key_interval(rate: Fraction) -> int:
    """Frames between key frames at most."""
    return max(1, round(KEY_SECONDS * rate))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what FFmpeg or the system says against writing `path` into an OutputError."""
    try:
        yield
    except (av.error.FFmpegError, OSError) as err:
        raise unwritable(path, str(err.strerror)) from err


def unwritable(path: Path, reason: str) -> OutputError:
    """The error that says why a film, or a part of it in a temporary folder, is not written."""
    folder = path.parent
    if folder.name.startswith(TEMPORARY):
        folder = folder.parent
    return OutputError(f"{folder}: the film cannot be written: {reason}.")


def write_pictures(
    path: Path, pictures: Iterable[av.VideoFrame], rate: Fraction, size: tuple[int, int]
) -> Generator[int, None, None]:
    """Encode yuv420p pictures, one a film frame, as H.264 in MP4; yield the frames written so far.

    Raises OutputError.
    """
    with writing(path), av.open(f"file:{path}", "w", format="mp4") as output:
        stream = _picture_stream(output, rate, size)
        for number, picture in enumerate(pictures):
            picture.pts = number
            picture.time_base = 1 / rate
            picture.pict_type = NO_TYPE
            output.mux(stream.encode(picture))
            yield number + 1
        output.mux(stream.encode(None))


def _picture_stream(output: Any, rate: Fraction, size: tuple[int, int]) -> Any:
    stream = output.add_stream("libx264", rate=rate)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / rate
    context.gop_size = key_interval(rate)
    context.thread_type = "FRAME"  # PyAV's default cuts each picture into slices, which look worse
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    context.options = {"preset": PRESET, "crf": CRF, **steady(size)}
    return stream


def write_sound(path: Path, blocks: Iterable[np.ndarray]) -> None:
    """Encode (n, 2) float32 blocks at 48 kHz as AAC in MP4. Raises OutputError."""
    with writing(path), av.open(f"file:{path}", "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=RATE, layout="stereo")
        stream.bit_rate = SOUND_BIT_RATE
        done = 0
        for part in _in_frames(blocks):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T), "fltp", "stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), done
            done += len(part)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _in_frames(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut blocks of any length into the encoder's frames; the last may be shorter."""
    rest = np.zeros((0, 2), dtype=np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // SOUND_FRAME * SOUND_FRAME
        for first in range(0, whole, SOUND_FRAME):
            yield rest[first : first + SOUND_FRAME]
        rest = rest[whole:]
    if len(rest):
        yield rest


def read_sound(path: Path) -> Iterator[np.ndarray]:
    """Decode a file's first sound track as a player does: (n, 2) float32 blocks at 48 kHz.

    Raises FootageError for a file that cannot be read or has no sound.
    """
    try:
        with av.open(f"file:{path}") as source:
            if not source.streams.audio:
                raise FootageError(f"{path} has no sound.")
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
            stream = source.streams.audio[0]
            for frame in chain(source.decode(stream), [None]):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().T
    except av.error.FFmpegError as err:
        raise FootageError(f"{path} cannot be read as sound: {err.strerror}.") from err


def sound_format(path: Path) -> tuple[Fraction, int, int]:
    """Length in seconds of a file's first sound track as its header says, Hz, and channels.

    Raises FootageError.
    """
    try:
        with av.open(f"file:{path}") as source:
            if not source.streams.audio:
                raise FootageError(f"{path} has no sound.")
            stream = source.streams.audio[0]
            length = Fraction(source.duration or 0, av.time_base)
            if stream.duration is not None and (base := stream.time_base) is not None:
                length = stream.duration * base
            return length, stream.rate, stream.channels
    except av.error.FFmpegError as err:
        raise FootageError(f"{path} cannot be read as sound: {err.strerror}.") from err


def join(picture: Path, sound: Path, film: Path, advance: Callable[[int], None]) -> None:
    """Copy both files' packets into one film with its index in front. Raises OutputError.

    advance(frames of picture copied so far).
    """
    with (
        av.open(f"file:{picture}") as pictures,
        av.open(f"file:{sound}") as sounds,
        writing(film),
        av.open(f"file:{film}", "w", format="mp4", options={"movflags": "+faststart"}) as output,
    ):
        tracks = []
        for source in (pictures, sounds):
            stream = output.add_stream_from_template(source.streams[0])
            tracks.append(_packets(source, stream))
        copied = 0
        for packet in heapq.merge(*tracks, key=lambda packet: packet.dts * packet.time_base):
            copied += packet.stream.type == "video"
            output.mux_one(packet)
            advance(copied)


def _packets(source: Any, stream: Any) -> Iterator[Any]:
    for packet in source.demux(source.streams[0]):
        if packet.dts is not None:
            packet.stream = stream
            yield packet


def check(film: Path, frames: int, rate: Fraction, size: tuple[int, int]) -> None:
    """Raise RuntimeError unless the file holds exactly these frames at exactly this rate."""
    with av.open(f"file:{film}") as source:
        stream = source.streams.video[0]
        ticks = [p.pts for p in source.demux(stream) if p.pts is not None]
        found = (len(ticks), stream.base_rate, stream.average_rate, (stream.width, stream.height))
        if found != (frames, rate, rate, size):
            raise RuntimeError(f"{film} holds {found}; {(frames, rate, rate, size)} was meant.")
        assert stream.time_base is not None  # every stream of MP4 has one
        step = 1 / (rate * stream.time_base)
        wrong = sum(tick != number * step for number, tick in enumerate(sorted(ticks)))
        if wrong:
            raise RuntimeError(f"{film}: {wrong} of {frames} frames are not at their time.")


def encoder_reason(text: str) -> str:
    """The line of FFmpeg's messages that says why it stopped, without its addresses."""
    lines = [re.sub(r"^(\[[^\]]*\]\s*)+", "", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    for line in lines:
        if "No space left" in line or "too large" in line:
            return line
    return lines[0] if lines else "the encoder stopped without a word"
