"""Turn a timeline into its pictures, one a film frame, decoded ahead of whoever takes them."""

from collections import OrderedDict
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import Full, Queue
from threading import Event
from types import TracebackType

import av

from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.footage.frames import FrameReader
from editor.timing import source_frame

READERS = 3  # clips kept open: a film goes back and forth between few
AHEAD = 12  # pictures decoded before they are wanted: 37 MB at 1080p, enough to hide a seek
PATIENCE = 0.1  # s between looks at whether the other thread is still there


def composed(timeline: Timeline) -> bool:
    """True where a picture must be scaled, turned, converted or bordered before it is encoded."""
    return any(not _as_it_is(cut.clip, timeline.size) for cut in timeline.cuts)


def _as_it_is(clip: Clip, size: tuple[int, int]) -> bool:
    upright = clip.rotation == 0 and clip.sample_aspect == 1 and clip.coded_size == size
    plain = clip.pixel_format == "yuv420p" and clip.transfer == "sdr" and not clip.alpha
    return upright and plain and clip.size == size


def in_order(timeline: Timeline) -> Generator[av.VideoFrame, None, None]:
    """Yield the film's pictures as yuv420p, BT.709: timeline.frames of them.

    A picture that is shown twice is yielded twice, the same object.
    """
    readers: OrderedDict[str, FrameReader] = OrderedDict()
    try:
        for cut in timeline.cuts:
            yield from _of_cut(cut, timeline, _reader(readers, cut.clip, timeline))
    finally:
        for reader in readers.values():
            reader.__exit__(None, None, None)


def _reader(readers: OrderedDict[str, FrameReader], clip: Clip, timeline: Timeline) -> FrameReader:
    """The clip's open reader; the one unused longest is closed where there are too many."""
    if clip.digest not in readers:
        if len(readers) == READERS:
            readers.popitem(last=False)[1].__exit__(None, None, None)
        readers[clip.digest] = FrameReader(clip, timeline.size, timeline.fit, "yuv420p").__enter__()
    readers.move_to_end(clip.digest)
    return readers[clip.digest]


def _of_cut(cut: Cut, timeline: Timeline, reader: FrameReader) -> Iterator[av.VideoFrame]:
    shown = [
        source_frame(offset, cut.source.first, cut.source.stop, cut.clip.rate, timeline.rate)
        for offset in range(cut.length)
    ]
    number = shown[0] - 1
    picture = None
    decoded = reader.pictures(shown[0], shown[-1] + 1)
    for wanted in shown:
        while number < wanted:
            picture = next(decoded)
            number += 1
        assert picture is not None
        yield picture


class Ahead:
    """Pictures taken from a generator in a thread of its own, AHEAD of their use.

    A context manager: leaving it stops the thread. What the generator raises, iterating raises.
    """

    def __init__(self, pictures: Generator[av.VideoFrame, None, None]) -> None:
        self._pictures = pictures
        self._queue: Queue[av.VideoFrame | None] = Queue(AHEAD)
        self._stopped = Event()
        self._threads = ThreadPoolExecutor(1, "pictures")

    def __enter__(self) -> "Ahead":
        self._filled = self._threads.submit(self._fill)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._threads.shutdown()

    def __iter__(self) -> Iterator[av.VideoFrame]:
        while (picture := self._queue.get()) is not None:
            yield picture
        self._filled.result()  # raises what ended it early

    def _fill(self) -> None:
        with closing(self._pictures):
            try:
                for picture in self._pictures:
                    if not self._put(picture):
                        return
            finally:
                self._put(None)

    def _put(self, picture: av.VideoFrame | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(picture, timeout=PATIENCE)
            except Full:
                continue
            return True
        return False
