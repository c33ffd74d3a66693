"""Turn footage into small pictures that stand each for itself, and a timeline into a film of them.

An all-intra film can be stepped, played backwards and cut at every frame by copying packets: no
picture is encoded twice. Footage is kept in chunks, so that a film needs only those that it shows.
All chunks of one size share their decoder's settings, whatever the clips' rates.
"""

import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import av

from editor.errors import FootageError
from editor.film.encode import BT709, LIMITED, NO_TYPE, steady, writing
from editor.film.timeline import Timeline
from editor.footage.clip import Clip
from editor.footage.frames import FrameReader
from editor.timing import source_frame

LARGEST = 960  # px of the longer side: sharp enough to judge a look by, a fifth more CPU than 640
CHUNK = 2  # s of a clip in one file: few cuts need more than two of them
CRF = "26"  # x264's quality, for key frames alone: about 15 kB a picture
LEVEL = "3.1"  # of H.264, the same for all rates: a film is joined from many
NOMINAL = 25  # frames/s that the encoder is told, whatever the clip's rate
KEPT = 6  # chunks whose packets stay in memory while a film is joined
SMALLEST = 16  # px


def proxy_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size of a proxy of pictures of `size` px: the same shape, even sides, at most LARGEST."""
    share = min(Fraction(1), Fraction(LARGEST, max(size)))
    width, height = (max(SMALLEST, 2 * round(side * share / 2)) for side in size)
    return width, height


def chunk_frames(rate: Fraction) -> int:
    """Frames of a clip's grid in one chunk."""
    return max(1, round(CHUNK * rate))


def chunk_span(clip: Clip, number: int) -> tuple[int, int]:
    """First frame of a chunk, and the one after its last."""
    each = chunk_frames(clip.rate)
    return number * each, min(clip.frames, (number + 1) * each)


def wanted(timeline: Timeline) -> list[tuple[Clip, int]]:
    """For each film frame, the clip and its frame that are shown."""
    return [
        (
            cut.clip,
            source_frame(offset, cut.source.first, cut.source.stop, cut.clip.rate, timeline.rate),
        )
        for cut in timeline.cuts
        for offset in range(cut.length)
    ]


def chunks(timeline: Timeline) -> list[tuple[Clip, int]]:
    """The chunks that a film needs, each once, clip by clip in their order."""
    needed: dict[str, tuple[Clip, set[int]]] = {}
    for clip, frame in wanted(timeline):
        _, numbers = needed.setdefault(clip.digest, (clip, set()))
        numbers.add(frame // chunk_frames(clip.rate))
    return [(clip, number) for clip, numbers in needed.values() for number in sorted(numbers)]


class ChunkWriter:
    """Encodes chunks of one clip; keeps the clip open between them. A context manager."""

    def __init__(self, clip: Clip, size: tuple[int, int], fit: str) -> None:
        """size: px of the proxy, as `proxy_size` says."""
        self._clip, self._size = clip, size
        self._reader = FrameReader(clip, size, fit, "yuv420p")

    def __enter__(self) -> "ChunkWriter":
        self._reader.__enter__()
        return self

    def __exit__(self, *trace: Any) -> None:
        self._reader.__exit__(*trace)

    def write(self, number: int, path: Path) -> None:
        """Write a chunk, whole or not at all; frames that cannot be decoded are grey.

        Raises OutputError.
        """
        first, stop = chunk_span(self._clip, number)
        part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with writing(path):
            try:
                with av.open(f"file:{part}", "w", format="mp4") as output:
                    stream = _stream(output, self._size)
                    for index, picture in enumerate(self._pictures(first, stop)):
                        picture.pts, picture.time_base = index, Fraction(1, NOMINAL)
                        picture.pict_type = NO_TYPE
                        output.mux(stream.encode(picture))
                    output.mux(stream.encode(None))
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)

    def _pictures(self, first: int, stop: int) -> Iterator[av.VideoFrame]:
        """stop - first pictures; a damaged clip's numbering holds all the same."""
        done = 0
        try:
            for picture in self._reader.pictures(first, stop):
                yield picture
                done += 1
        except FootageError:
            grey = av.VideoFrame(*self._size, "yuv420p")
            for plane, level in zip(grey.planes, (64, 128, 128), strict=True):
                plane.update(bytes([level]) * plane.buffer_size)
            for _ in range(stop - first - done):
                yield grey


def _stream(output: Any, size: tuple[int, int]) -> Any:
    stream = output.add_stream("libx264", rate=NOMINAL)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, NOMINAL)
    context.gop_size = 1
    context.max_b_frames = 0
    context.thread_type = "FRAME"
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    options = {"preset": "ultrafast", "crf": CRF, "level": LEVEL, "profile": "baseline"}
    context.options = {**options, **steady(size)}
    return stream


def join(
    timeline: Timeline,
    chunk_path: Callable[[Clip, int], Path],
    path: Path,
    advance: Callable[[int], None],
) -> None:
    """Write the timeline's pictures, without sound, from chunks that are there: every film frame
    is one key frame, at exactly the film's rate. advance(frames written). Raises OutputError."""
    shelf = _Shelf(chunk_path)
    frames = wanted(timeline)
    with (
        writing(path),
        av.open(f"file:{shelf.path(*frames[0])}") as first,
        av.open(f"file:{path}", "w", format="mp4") as output,
    ):
        stream = output.add_stream_from_template(first.streams.video[0])
        stream.time_base = 1 / timeline.rate
        for number, (clip, frame) in enumerate(frames):
            packet = av.Packet(shelf.picture(clip, frame))
            packet.stream, packet.time_base = stream, 1 / timeline.rate
            packet.pts = packet.dts = number
            packet.duration = 1
            packet.is_keyframe = True
            output.mux_one(packet)
            advance(number + 1)


class _Shelf:
    """The pictures of chunks, as encoded; the last few chunks stay in memory."""

    def __init__(self, chunk_path: Callable[[Clip, int], Path]) -> None:
        self._chunk_path = chunk_path
        self._kept: OrderedDict[Path, Sequence[bytes]] = OrderedDict()

    def path(self, clip: Clip, frame: int) -> Path:
        """The file that holds a clip's frame."""
        return self._chunk_path(clip, frame // chunk_frames(clip.rate))

    def picture(self, clip: Clip, frame: int) -> bytes:
        """One encoded picture."""
        path = self.path(clip, frame)
        if path not in self._kept:
            self._kept[path] = _pictures(path)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(path)
        return self._kept[path][frame % chunk_frames(clip.rate)]


def _pictures(path: Path) -> list[bytes]:
    with av.open(f"file:{path}") as source:
        packets = source.demux(source.streams.video[0])
        return [bytes(packet) for packet in packets if packet.size]


def picture(path: Path, index: int) -> Any:
    """One picture of a chunk, decoded: (H, W, 3) uint8 RGB. Raises FootageError."""
    try:
        with av.open(f"file:{path}") as source:
            stream = source.streams.video[0]
            for number, packet in enumerate(source.demux(stream)):
                if number < index:
                    continue
                for frame in [*packet.decode(), *stream.decode(None)]:
                    return frame.to_ndarray(format="rgb24")
    except av.error.FFmpegError as err:
        raise FootageError(f"{path} cannot be read: {err.strerror}.") from err
    raise FootageError(f"{path} has no picture {index}.")


def grouped(needed: Sequence[tuple[Clip, int]]) -> Iterator[tuple[Clip, list[int]]]:
    """Chunks clip by clip."""
    for _, rows in groupby(needed, key=lambda row: row[0].digest):
        listed = list(rows)
        yield listed[0][0], [number for _, number in listed]
