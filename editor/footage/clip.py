"""What a clip is: a file's picture on one exact frame grid, its sound tracks, its timecode."""

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path

from editor.timing import Timecode, frame_at, to_frames


@dataclass(frozen=True)
class SoundTrack:
    """One audio stream of a clip."""

    stream: int  # index among the file's audio streams
    sample_rate: int  # Hz
    channels: int
    start: Fraction  # s after the clip's first frame; negative where sound begins before picture
    duration: Fraction  # s
    marked: bool = False  # by the file as the one to be heard


@dataclass(frozen=True)
class Clip:
    """A readable clip. Frame n of the grid is the last source frame whose presentation time
    rounds to n or before (`frame_of`), or that was decoded as number n or before where `counted`;
    a constant-rate file's grid is its frames, one for one."""

    path: Path  # absolute
    digest: str  # BLAKE2b of the file's bytes, hex
    container: str  # FFmpeg's format name
    codec: str  # FFmpeg's decoder name of the picture
    stream: int  # index of the picture's stream in the file
    rate: Fraction  # frames/s of the grid
    frames: int  # length of the grid, from packets read, not from the header
    start: Fraction  # s, presentation time of the first frame on the container's clock
    size: tuple[int, int]  # px, width and height as shown: rotation and sample aspect applied
    coded_size: tuple[int, int]  # px, as stored
    rotation: int  # degrees clockwise that turn the stored picture upright: 0, 90, 180, 270
    sample_aspect: Fraction  # width of a stored pixel over its height
    pixel_format: str  # FFmpeg's name
    bit_depth: int
    transfer: str  # "sdr", "pq" or "hlg"
    variable_rate: bool  # conformed to the grid by presentation time
    interlaced: bool
    alpha: bool
    timecode: Timecode | None  # of frame 0, at the timecode track's own rate
    recorded: float | None  # s since the epoch, from the file's own metadata
    sound: tuple[SoundTrack, ...]
    missing: float = 0.0  # s that the header promises and the file does not hold: it ends early
    notes: tuple[str, ...] = ()  # what was conformed, tone-mapped or assumed, in a user's words
    tail: int = 0  # frames at the grid's end that repeat the last source frame
    counted: bool = False  # the file's times are missing or jump: frames are numbered as decoded
    broken_off: str = ""  # how it shows that the file's end is missing where no header says so

    @property
    def duration(self) -> Fraction:
        """Length of the picture in seconds."""
        return self.frames / self.rate

    @property
    def name(self) -> str:
        """File name, with its extension."""
        return self.path.name

    def frame_of(self, seconds: Fraction) -> int:
        """Grid frame of a source frame presented at `seconds` on the container's clock."""
        return to_frames(seconds - self.start, self.rate)

    def timecode_at(self, frame: int) -> Timecode:
        """Source timecode of a frame of the grid; counted from 00:00:00:00 where there is none."""
        if self.timecode is None:
            return Timecode(frame, self.rate)
        return self.timecode + frame_at(frame / self.rate, self.timecode.rate)


class Loss(IntEnum):
    """What is lost with a file that is not used, the most first."""

    UNREAD = 0  # footage that cannot be read, or not whole
    COPY = 1  # nothing: its original is used
    NO_FOOTAGE = 2  # nothing: it is none


@dataclass(frozen=True)
class Skipped:
    """Footage that was not used, and why, in a user's words."""

    path: Path
    reason: str
    loss: Loss = Loss.UNREAD
