"""Turn a clip's picture into small pictures on its frame grid, in one decode pass.

The decoder runs on all cores and each frame is made small as it comes out (PyAV's own decode at
256 px costs 1.12 of ffmpeg's CPU; full-size pictures and a resize after them cost 1.42).
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from queue import Empty, Queue
from threading import Event, Thread

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.footage.container import open_container, said

LONG_SIDE = 256  # px, of the small picture: every measure here is made for this size
SHORTEST_SIDE = 16  # px, so that a very wide picture keeps some height
AHEAD = 32  # small pictures decoded ahead of their use, 3.5 MB
HEALED = 5.0  # s after damage in which a picture that leans on earlier ones still shows it
ERRORS_IN_A_ROW = 500  # packets: so many undecodable ones together end the clip
_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_PQ_WHITE = 203.0  # cd/m2, HDR reference white, ITU-R BT.2408


@dataclass
class Progress:
    """How far a decode came; filled while `small_pictures` is read."""

    decoded: int = 0  # frames of the grid that stand on a decoded picture
    errors: int = 0  # packets that could not be decoded, and were passed over
    damaged: list[int] = field(default_factory=list)  # frames of the grid whose picture is damaged
    messages: list[str] = field(default_factory=list)  # the first few errors, as FFmpeg says them


def small_size(clip: Clip) -> tuple[int, int]:
    """Width and height in pixels of a clip's small picture, upright, pixels square."""
    width, height = clip.size
    scale = min(1.0, LONG_SIDE / max(width, height))
    return max(SHORTEST_SIDE, round(width * scale)), max(SHORTEST_SIDE, round(height * scale))


def ahead(pictures: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """Read an iterator in a thread of its own, AHEAD at most, so that decoding never waits.

    What it raises is raised here; closing this iterator ends the thread.
    """
    waiting: Queue[tuple[int, np.ndarray] | BaseException | None] = Queue(AHEAD)
    stopped = Event()

    def read() -> None:
        try:
            for item in pictures:
                if stopped.is_set():
                    return
                waiting.put(item)
            waiting.put(None)
        except BaseException as err:  # raised again where the pictures are used
            waiting.put(err)

    thread = Thread(target=read, name="decode", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):
                waiting.get(timeout=0.05)
        thread.join()


def small_pictures(clip: Clip, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every frame of the grid with its (H, W, 3) uint8 BGR small picture, in order.

    A grid frame without a source frame of its own gets the previous picture again, as the very
    same array. Undecodable packets in the middle are counted and passed over; where the stream
    gives no more, `progress.decoded` stays short of the clip's frames.
    Raises FootageError where the file cannot be opened or no frame at all can be decoded.
    """
    last: _Decoded | None = None
    reached = 0  # grid frames yielded

    def stand(shown: _Decoded, until: int, lost: bool = False) -> Iterator[tuple[int, np.ndarray]]:
        """The frames from the one reached on to `until`, all of one picture; after it some are
        `lost`, for which it is held."""
        if shown.damaged or lost:
            progress.damaged.extend(range(reached + (not shown.damaged), until))
        return ((frame, shown.picture) for frame in range(reached, until))

    for now in _decoded(clip, progress):
        # Where the first pictures are lost, the first that is there stands for them.
        yield from stand(last or now, min(now.number, clip.frames), now.damaged)
        reached = max(reached, min(now.number, clip.frames))
        last = now
        progress.decoded = min(max(now.number + 1, reached), clip.frames)
    if last is None:
        reason = progress.messages[0] if progress.messages else "it holds no frame"
        raise FootageError(f"{clip.path}: no picture could be decoded: {reason}.")
    if not progress.messages or progress.messages[-1] != _ENDED:
        progress.decoded = max(progress.decoded, _held(clip, progress))
    yield from stand(last, progress.decoded)


_ENDED = "the stream ended early"


def _held(clip: Clip, progress: Progress) -> int:
    """Frames of the grid that can be shown: all, where the last source frame was decoded."""
    reached_last = progress.decoded >= clip.frames - clip.tail
    return clip.frames if reached_last else progress.decoded


@dataclass(frozen=True)
class _Decoded:
    """A source frame."""

    number: int  # of the grid
    picture: np.ndarray  # (H, W, 3) uint8 BGR, small
    damaged: bool


def _decoded(clip: Clip, progress: Progress) -> Iterator[_Decoded]:
    """Yield the decoded source frames of the grid, in presentation order."""
    width, height = small_size(clip)
    if clip.rotation in (90, 270):
        width, height = height, width
    damage = _Damage(round(HEALED * clip.rate))
    with open_container(clip.path) as container:
        stream = container.streams[clip.stream]
        if not isinstance(stream, av.VideoStream):
            raise FootageError(f"{clip.path}: stream {clip.stream} is no picture any more.")
        stream.thread_type = "AUTO"
        # One scaler kept for all frames: frame.reformat makes one a frame, 1.7 ms against 0.4.
        scaler = VideoReformatter()
        for count, frame in enumerate(_frames(container, stream, progress)):
            damaged = damage.shows(frame, progress.errors)
            number = count if clip.counted else _number(clip, frame, stream)
            if number is not None and 0 <= number < clip.frames:
                small = scaler.reformat(
                    frame, width, height, "bgr24", interpolation="FAST_BILINEAR", threads=1
                )
                yield _Decoded(number, _upright(small.to_ndarray(), clip), damaged)


class _Damage:
    """Follows damage through the frames of a stream: the decoder names the picture in which it
    hid some, or gives none for a packet; not those that lean on that one."""

    def __init__(self, healed: int) -> None:
        """healed: frames after which damage is healed, where no picture stands by itself."""
        self._healed, self._left, self._errors = healed, 0, 0

    def shows(self, frame: av.VideoFrame, errors: int) -> bool:
        """True where the next frame shows damage. errors: packets that gave no picture so far."""
        lost, self._errors = errors > self._errors, errors
        if frame.key_frame and not frame.is_corrupt:
            self._left = 0
        elif frame.is_corrupt or lost:
            self._left = self._healed
        else:
            self._left = max(0, self._left - 1)
        return self._left > 0


def _number(clip: Clip, frame: av.VideoFrame, stream: av.VideoStream) -> int | None:
    """Frame of the grid at which a source frame is presented; None where it does not say."""
    stamp = frame.pts if frame.pts is not None else frame.dts
    base = frame.time_base or stream.time_base
    return None if stamp is None or base is None else clip.frame_of(Fraction(stamp) * base)


def _frames(
    container: av.container.InputContainer, stream: av.VideoStream, progress: Progress
) -> Iterator[av.VideoFrame]:
    """Decode packet by packet; a bad one is counted, and the decoder goes on with the next."""
    in_a_row = 0
    packets = container.demux(stream)
    while in_a_row < ERRORS_IN_A_ROW:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as err:
            _note(progress, err)
            progress.messages.append(_ENDED)
            return
        if packet is None:
            return
        try:
            for frame in packet.decode():
                yield frame
                in_a_row = 0
        except av.FFmpegError as err:
            _note(progress, err)
            in_a_row += 1
    progress.messages.append(_ENDED)


def _note(progress: Progress, err: Exception) -> None:
    progress.errors += 1
    if len(progress.messages) < 3:
        progress.messages.append(said(err))


def _upright(picture: np.ndarray, clip: Clip) -> np.ndarray:
    if clip.transfer == "pq":
        picture = cv2.LUT(picture, _pq_curve())
    if clip.rotation in _TURNS:
        picture = cv2.rotate(picture, _TURNS[clip.rotation])
    return picture


@cache
def _pq_curve() -> np.ndarray:
    """(256,) uint8: PQ code values (SMPTE ST 2084) to BT.1886 ones, highlights rolled off.

    Good enough for measures: `frames` tone-maps what is shown.
    """
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    code = np.linspace(0, 1, 256) ** (1 / m2)
    light = 10_000 * (np.maximum(code - c1, 0) / (c2 - c3 * code)) ** (1 / m1)  # cd/m2
    level = light / _PQ_WHITE
    rolled = level * (1 + level / 25) / (1 + level)  # Reinhard's, with white at 5 times reference
    curve: np.ndarray = (255 * np.clip(rolled, 0, 1) ** (1 / 2.4) + 0.5).astype(np.uint8)
    return curve
