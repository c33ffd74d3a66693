"""The film as decided: which frames of which clip, one after another, on one frame grid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from editor.footage.clip import Clip
from editor.timing import FrameSpan, source_frame


@dataclass(frozen=True)
class Alternative:
    """What could have stood here: the policy's next-best choices and the other takes."""

    clip: Clip
    source: FrameSpan  # frames of the clip
    shot: str
    why: str  # "other take", or the terms on which it lost


@dataclass(frozen=True)
class Cut:
    """One clip's frames at one place of the film."""

    clip: Clip
    source: FrameSpan  # frames of the clip
    start: int  # first frame of the film
    length: int  # frames of the film
    shot: str  # name of the shot: the clip's name and the shot's number in it
    reward: float = 0.0  # this choice's step reward
    terms: Mapping[str, float] = field(default_factory=dict)  # each term's raw value in [-1, 1]
    reason: str = ""  # the terms by which it beat the runner-up
    alternatives: tuple[Alternative, ...] = ()

    @property
    def stop(self) -> int:
        """Film frame after the last."""
        return self.start + self.length


@dataclass(frozen=True)
class Music:
    """A piece of music laid under the film from its first frame."""

    path: Path
    offset: Fraction = Fraction(0)  # s into the music at the film's first frame


@dataclass(frozen=True)
class Timeline:
    """A film's cuts, without gaps, in order."""

    cuts: tuple[Cut, ...]
    rate: Fraction  # frames/s
    size: tuple[int, int]  # px
    music: Music | None = None
    fit: str = "letterbox"  # or "fill"

    @property
    def frames(self) -> int:
        """Length of the film in frames."""
        return self.cuts[-1].stop if self.cuts else 0

    @property
    def duration(self) -> Fraction:
        """Length of the film in seconds."""
        return self.frames / self.rate

    @property
    def lengths(self) -> tuple[float, ...]:
        """Length of each cut in seconds."""
        return tuple(cut.length / float(self.rate) for cut in self.cuts)

    def source_of(self, frame: int) -> tuple[Cut, int]:
        """The cut on screen at a film frame, and the clip's frame that it shows."""
        for cut in self.cuts:
            if cut.start <= frame < cut.stop:
                shown = source_frame(
                    frame - cut.start, cut.source.first, cut.source.stop, cut.clip.rate, self.rate
                )
                return cut, shown
        raise ValueError(f"The film has frames 0 to {self.frames - 1}, not {frame}.")
