"""Turn frames, rates, seconds and timecode into one another, exactly.

Seconds are Fractions on a clip's own clock, positions on a timeline are whole frames, spans are
half-open. A float appears only on the last line before a library call.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from editor.errors import EditorError

# Rates that cameras and deliveries use; a measured rate within SNAP of one of them is that one.
STANDARD_RATES = tuple(
    Fraction(n, d)
    for n, d in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48000, 1001), (48, 1), (50, 1),
        (60000, 1001), (60, 1), (100, 1), (120000, 1001), (120, 1), (12, 1), (15, 1), (10, 1),
    )
)  # fmt: skip
SNAP = Fraction(1, 5000)  # relative; 24 and 24000/1001 differ by 1/1001


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range [start, end) in seconds, on a clock that its owner names."""

    start: Fraction  # s
    end: Fraction  # s

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, order=True)
class FrameSpan:
    """A half-open range [first, stop) of whole frames."""

    first: int  # frame
    stop: int  # frame, exclusive

    def __len__(self) -> int:
        return max(0, self.stop - self.first)

    def overlaps(self, other: "FrameSpan") -> bool:
        """True where the two share at least one frame."""
        return self.first < other.stop and other.first < self.stop


def parse_rate(text: str) -> Fraction:
    """Read "25", "24000/1001" or "23.976" as an exact rate in frames a second.

    Decimals are snapped to the standard rate they abbreviate: 29.97 is 30000/1001.
    Raises EditorError for anything else, for zero and for negative rates.
    """
    if not re.fullmatch(r"\s*\d{1,9}(\.\d{1,9}|/\d{1,9})?\s*", text):
        raise EditorError(f"{text!r} is no frame rate. Write it as 25, 24000/1001 or 23.976.")
    try:
        rate = Fraction(text)
    except ZeroDivisionError as err:
        raise EditorError(f"{text!r} is no frame rate: it divides by zero.") from err
    if not 1 <= rate <= 1000:
        raise EditorError(f"A frame rate of {text} is outside 1 to 1000 frames a second.")
    return snap_rate(rate) if "." in text else rate


def snap_rate(rate: Fraction) -> Fraction:
    """Return the standard rate within SNAP of `rate`, or `rate` itself."""
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= SNAP * nearest else rate


def rate_text(rate: Fraction) -> str:
    """Write a rate as editors do in exchange files: "25" or "24000/1001"."""
    return str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"


def to_seconds(frame: int, rate: Fraction) -> Fraction:
    """Start of `frame`, in seconds."""
    return frame / rate


def to_frames(seconds: Fraction, rate: Fraction) -> int:
    """Frame whose start is nearest to `seconds`; half a frame rounds up."""
    return floor(seconds * rate + Fraction(1, 2))


def frame_at(seconds: Fraction, rate: Fraction) -> int:
    """Frame that is on screen at `seconds`."""
    return floor(seconds * rate)


def convert_length(frames: int, source: Fraction, target: Fraction) -> int:
    """Whole frames at `target` that show `frames` at `source`: at least one."""
    return max(1, to_frames(frames / source, target))


def source_frame(film_offset: int, first: int, stop: int, source: Fraction, film: Fraction) -> int:
    """Clip frame that film frame `film_offset` (from the cut's start) shows.

    It is the clip's frame on screen at the middle of the film's frame, kept inside [first, stop).
    With equal rates it is `first + film_offset`, exactly.
    """
    shown = first + floor((film_offset + Fraction(1, 2)) * source / film)
    return min(max(shown, first), stop - 1)


@dataclass(frozen=True)
class Timecode:
    """A timecode label: frames since 00:00:00:00 at `rate`; SMPTE ST 12-1 drop-frame where `drop`.

    `rate` is the exact rate (30000/1001); the label counts at its whole number (30).
    """

    frame: int  # frames since midnight, counted without gaps
    rate: Fraction  # frames/s
    drop: bool = False

    @property
    def base(self) -> int:
        """Frames that the label counts in a second."""
        return floor(self.rate + Fraction(1, 2))

    @property
    def day(self) -> int:
        """Frames that 24 hours of labels count: drop-frame skips in 1296 of the 1440 minutes."""
        return 86_400 * self.base - (self.base // 15 * 1296 if self.drop else 0)

    def __post_init__(self) -> None:
        if self.drop and self.rate not in (Fraction(30000, 1001), Fraction(60000, 1001)):
            raise EditorError(
                f"Drop-frame timecode exists at 30000/1001 and 60000/1001, not at {self.rate}."
            )

    def __str__(self) -> str:
        number = self.frame
        if self.drop:
            number = _with_dropped_labels(number, self.base)
        number %= 24 * 3600 * self.base
        seconds, frames = divmod(number, self.base)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        mark = ";" if self.drop else ":"
        digits = len(str(self.base - 1))
        return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:0{max(2, digits)}}"

    def __add__(self, frames: int) -> "Timecode":
        return Timecode(self.frame + frames, self.rate, self.drop)

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> "Timecode":
        """Read HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame. Raises EditorError."""
        match = re.fullmatch(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.])(\d{2,3})", text.strip())
        if not match:
            raise EditorError(f"{text!r} is no timecode: it would read 01:00:00:00 or 01:00:00;00.")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        drop = match[4] in ";."
        base = cls(0, rate, drop).base
        if frames >= base:
            raise EditorError(f"{text!r}: frame {frames} does not exist at {base} frames a second.")
        total_minutes = 60 * hours + minutes
        number = (total_minutes * 60 + seconds) * base + frames
        if drop:
            dropped = base // 15  # labels a minute: 2 at 30, 4 at 60
            if frames < dropped and seconds == 0 and minutes % 10:
                raise EditorError(f"{text!r} is a label that drop-frame timecode skips.")
            number -= dropped * (total_minutes - total_minutes // 10)
        return cls(number, rate, drop)


def _with_dropped_labels(frame: int, base: int) -> int:
    """Label number of a drop-frame timecode: 2 (4 at 60) labels skipped a minute, not the tenth."""
    dropped = base // 15
    per_minute = base * 60 - dropped
    per_ten = per_minute * 10 + dropped
    tens, rest = divmod(frame, per_ten)
    skipped = 9 * dropped * tens
    if rest >= base * 60:
        skipped += dropped * ((rest - base * 60) // per_minute + 1)
    return frame + skipped
