"""Turn spans of a clip's frame grid into its pictures: exactly those frames, in order, upright."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.footage.container import decoded, open_container, picture_decoder
from editor.footage.convert import Converter

BACK_OFFS = (0, 1, 4, 16)  # s before the wanted frame at which a keyframe is looked for in turn
NEAR = Fraction(3, 2)  # s ahead that are decoded through, where no index tells what a seek costs
_HALF = Fraction(1, 2)
_NO_TIMES = 0x80  # FFmpeg's flag of bare streams, whose times are made up from the start on


@dataclass(frozen=True)
class _Shown:
    """A decoded source frame and the first frame of the grid that shows it."""

    index: int
    frame: av.VideoFrame


class Source:
    """A clip's decoded source frames with their places on the grid, from any point on."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._container: InputContainer | None = None
        self._frames: Iterator[_Shown] = iter(())
        self.damage: list[str] = []  # what the decoder complained of

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()
            self._container = None
        self._frames = iter(())

    def next(self) -> _Shown | None:
        """The next source frame, or None at the end."""
        return next(self._frames, None)

    def restart(self) -> None:
        """Go to the clip's first frame."""
        self.close()
        self._open()
        self._frames = self._decoded(after_seek=False)

    def seek(self, first: int) -> _Shown | None:
        """Go to the last keyframe at or before grid frame `first` and return its picture.

        None where the file cannot seek or holds no such keyframe: then restart.
        """
        if self._container is None:
            self._open()
        if self._clip.counted or self._container_flags() & _NO_TIMES:
            return None
        for back in BACK_OFFS:
            frame = first - _HALF - back * self._clip.rate
            if frame <= 0:
                return None
            try:
                self._container_seek(frame / self._clip.rate + self._clip.start)
                self._frames = self._decoded(after_seek=True)
                found = next(self._frames, None)
            except (av.FFmpegError, OSError):
                return None  # not a file in which one can seek
            if found is not None and found.index <= first:
                return found
        return None

    def keyframe_before(self, first: int) -> int | None:
        """Grid frame of the keyframe that a seek to `first` would find, where an index tells."""
        if self._container is None or self._clip.counted:
            return None
        entries = self._stream.index_entries
        if len(entries) < self._clip.frames * 0.9:
            return None
        base = self._stream.time_base or Fraction(1)
        ticks = int((first / self._clip.rate + self._clip.start) / base)
        place = entries.search_timestamp(ticks, backward=True)
        return self._clip.frame_of(entries[place].timestamp * base) if place >= 0 else None

    def _open(self) -> None:
        self._container = open_container(self._clip.path)
        streams = self._container.streams
        if self._clip.stream >= len(streams) or streams[self._clip.stream].type != "video":
            raise FootageError(f"{self._clip.path}: is no longer the file that was read before.")
        stream = streams[self._clip.stream]
        assert isinstance(stream, VideoStream)
        for other in streams:
            if other.index != stream.index:
                other.discard = Discard.all
        self._stream = stream
        self._decoder = picture_decoder(stream, threads="AUTO")

    def _container_flags(self) -> int:
        return self._container.format.flags if self._container else 0

    def _container_seek(self, seconds: Fraction) -> None:
        assert self._container is not None
        base = self._stream.time_base or Fraction(1)
        self._container.seek(int(seconds / base), stream=self._stream, backward=True)
        self._decoder.flush()

    def _decoded(self, after_seek: bool) -> Iterator[_Shown]:
        """Decode onwards, each frame with its place, places ascending."""
        assert self._container is not None
        last = -1
        pictures = decoded(
            self._container, self._stream, self._decoder, self.damage, from_keyframe=after_seek
        )
        for count, frame in enumerate(pictures):
            index = self._place(frame, count, last)
            if index is not None and index > last:
                last = index
                yield _Shown(index, frame)

    def _place(self, frame: av.VideoFrame, count: int, last: int) -> int | None:
        if self._clip.counted:
            return count
        base = frame.time_base or self._stream.time_base  # PyAV leaves out the last frames' own
        if frame.pts is None or base is None:
            return last + 1 if last >= 0 else None
        return self._clip.frame_of(frame.pts * base)


class FrameReader:
    """Reads a clip's pictures by grid frame; a context manager that holds the file open.

    Frames asked for in rising order are decoded onwards, else by a seek to the keyframe before.
    """

    def __init__(
        self,
        clip: Clip,
        size: tuple[int, int] | None = None,
        fit: str = "letterbox",
        pixel_format: str = "rgb24",
    ) -> None:
        """size: px of the pictures, the clip's own as shown where None. fit: "letterbox" or "fill".

        pixel_format: FFmpeg's name, of what `pictures` yields.
        """
        self._clip = clip
        self._size = size or clip.size
        self._fit = fit
        self._convert = Converter(clip, self._size, fit, pixel_format)
        self._convert_rgb = Converter(clip, self._size, fit, "rgb24")
        self._source = Source(clip)
        self._held: _Shown | None = None  # the source frame on screen
        self._next: _Shown | None = None  # the one after it
        self._sought = False  # what is read now was reached by a seek
        self._converted: tuple[Converter, av.VideoFrame, av.VideoFrame] | None = None

    def __enter__(self) -> "FrameReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held = self._next = self._converted = None
        self._source.close()

    def arrays(self, first: int, stop: int) -> Iterator[np.ndarray]:
        """Yield frames [first, stop) as (H, W, 3) uint8 RGB, stop - first of them.

        Raises FootageError that names the frame where one cannot be decoded, ValueError for
        frames that the clip does not have.
        """
        for frame in self._wanted(first, stop, self._convert_rgb):
            yield np.asarray(frame.to_ndarray(), dtype=np.uint8)

    def pictures(self, first: int, stop: int) -> Iterator[av.VideoFrame]:
        """Yield frames [first, stop) in the asked format and size, stop - first of them.

        BT.709, limited range. Where nothing is to be done it is the decoder's own frame. A frame
        that stays on screen is yielded again, the same object; `pts` is the file's and may be
        set anew. Raises as `arrays` does.
        """
        yield from self._wanted(first, stop, self._convert)

    def _wanted(self, first: int, stop: int, converter: Converter) -> Iterator[av.VideoFrame]:
        if not 0 <= first < stop <= self._clip.frames:
            raise ValueError(
                f"{self._clip.path} has frames 0 to {self._clip.frames - 1}, not {first} to "
                f"{stop - 1}."
            )
        for number in range(first, stop):
            shown = self._at(number).frame
            if self._converted is None or self._converted[:2] != (converter, shown):
                self._converted = (converter, shown, converter.convert(shown))
            yield self._converted[2]

    def _at(self, number: int) -> _Shown:
        """The source frame on screen at frame `number` of the grid."""
        if not self._lies_ahead(number):
            self._go_to(number)
        self._read_to(number)
        if self._is_beyond(number) and self._sought:
            self._from_start()  # near damage a decoder may give less after a seek
            self._read_to(number)
        if self._held is None or self._held.index > number or self._is_beyond(number):
            why = f": {self._source.damage[-1]}" if self._source.damage else ""
            raise FootageError(
                f"{self._clip.path}: frame {number} of {self._clip.frames} cannot be decoded{why}."
            )
        return self._held

    def _is_beyond(self, number: int) -> bool:
        """True where the file gave out before the frame that should be on screen."""
        last = self._clip.frames - self._clip.tail - 1
        return (
            self._next is None and self._held is not None and self._held.index < min(number, last)
        )

    def _lies_ahead(self, number: int) -> bool:
        """True where decoding onwards reaches `number` sooner than a seek would."""
        if self._held is None or number < self._held.index:
            return False
        if self._next is None or number <= self._next.index:
            return True
        keyframe = self._source.keyframe_before(number)
        if keyframe is not None:
            return keyframe <= self._next.index
        return number - self._next.index <= NEAR * self._clip.rate

    def _read_to(self, number: int) -> None:
        while self._next is not None and self._next.index <= number:
            self._held, self._next = self._next, self._source.next()

    def _go_to(self, number: int) -> None:
        self._held, self._sought = self._source.seek(number), True
        if self._held is None:
            self._from_start()
        else:
            self._next = self._source.next()

    def _from_start(self) -> None:
        self._source.restart()
        self._held, self._sought = self._source.next(), False
        self._next = self._source.next()


def still(clip: Clip, frame: int, width: int) -> np.ndarray:
    """One frame as (H, W, 3) uint8 RGB of `width` px, its height by the clip's shape."""
    height = max(2, round(width * clip.size[1] / clip.size[0]))
    with FrameReader(clip, (width, height)) as reader:
        return next(reader.arrays(frame, frame + 1))
