"""What every exchange format comes down to: which media plays when, and from which of its moments.

A reader turns its file into this and nothing more: no media is opened, nothing is looked for on
the disk. Times of media are exact seconds, places in the film are whole frames of its own grid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from editor.errors import FootageError
from editor.timing import FrameSpan

# How times of media are counted: by the media itself; in frames of the film, whatever the media's
# rate, to the nearest; or in frames of the film as MLT does, which shows the nearest of the media.
GRIDS = ("", "film", "melt")
# What an exchange file may hold. A day at 60 frames a second has 5 million frames; a film of ten
# thousand cuts is far beyond any that is cut by hand.
MOST_ITEMS = 100_000
MOST_FRAMES = 1 << 33


class ReturnedError(FootageError):
    """An exchange file cannot be read: what is wrong in it, where, and what would be right."""


class VersionUnknown(ReturnedError):
    """The file is of a version of its format that is not known."""

    def __init__(self, where: str, version: str, known: str) -> None:
        said = version[:20] if version.isprintable() and version else "not said"
        super().__init__(
            f"{where}: its format's version is {said}; {known} are read. Export it again in one of"
            " these."
        )


class RateUnknown(ReturnedError):
    """The file does not say at how many frames a second it counts."""

    def __init__(self, message: str, media: tuple["Media", ...], name: str) -> None:
        super().__init__(message)
        self.name = name  # the film's
        self.media = media  # in the file's order: their rate may tell


@dataclass(frozen=True)
class Media:
    """What an exchange file says of one media file. Nothing of it has been checked."""

    name: str  # file name as an editor sees it, or the clip's name
    paths: tuple[Path, ...] = ()  # absolute, where it may lie, the likeliest first
    digest: str | None = None  # of its content, where one of our own files says it
    start: Fraction | None = None  # s, timecode of its first frame; None: not said
    rate: Fraction | None = None  # frames/s, as the file has it
    duration: Fraction | None = None  # s
    member: str | None = None  # name inside a bundle that holds the media itself
    said: str = ""  # why no path is named, where there is something to say
    reel: str | None = None  # by which a list knows it: often how its file's name begins
    label: str | None = None  # timecode that it holds, as written: a list says no more


@dataclass(frozen=True)
class Source:
    """The part of the media that an item shows."""

    first: Fraction  # s after the media's first frame, or on its timecode's clock
    duration: Fraction | None = None  # s; None: as long as its place in the film
    by_timecode: bool = False  # `first` counts on the clock of the media's timecode
    label: str | None = None  # the timecode as written, where only the media knows its rate
    exact: FrameSpan | None = None  # frames of the media, as we noted them: may be out of date


@dataclass(frozen=True)
class Item:
    """One piece of media at one place of the film."""

    media: Media
    source: Source
    place: FrameSpan  # frames of the film
    layer: int = 0  # of the picture's tracks the higher one is seen
    kind: str = "picture"  # or "sound"
    enabled: bool = True  # False where the editor switched it, or its track, off
    speed: Fraction = Fraction(1)  # 2: twice as fast; 0: one frame held; negative: backwards
    what: str = "clip"  # in a user's words: "clip", "title", "generator", "nested sequence", ...
    held: bool = True  # False: no media of its own that the film could show
    opaque: tuple[Mapping[str, Any], ...] = ()  # {"what", "name", "text"}: kept as it is written


@dataclass(frozen=True)
class Returned:
    """An exchange file as read."""

    format: str  # name in READERS
    items: tuple[Item, ...]  # in no order
    rate: Fraction  # frames/s of the film
    name: str = ""  # the film's or sequence's
    size: tuple[int, int] | None = None  # px; None: not said
    fit: str | None = None  # "letterbox" or "fill", where one of our own files says it
    parent: str | None = None  # title of the version that it was written from
    notes: tuple[str, ...] = ()  # what was found and is not held, in an editor's words
    opaque: tuple[Mapping[str, Any], ...] = ()  # of the film as a whole
    grid: str = ""  # one of GRIDS: how times of media are counted


def checked(returned: Returned, where: str) -> Returned:
    """Return it if it can be; raise ReturnedError, naming the item, where it cannot.

    No item may be of no or of negative length, or lie before the film.
    """
    if len(returned.items) > MOST_ITEMS:
        raise ReturnedError(f"{where}: {len(returned.items)} clips; {MOST_ITEMS} are read at most.")
    for item in returned.items:
        span = item.place
        if not 0 <= span.first < span.stop <= MOST_FRAMES:
            problem = "has no length" if span.first == span.stop else "has a negative length"
            if span.first < span.stop:
                problem = "lies outside the film"
            raise ReturnedError(
                f"{where}: {item.media.name!r} {problem} ({frames_text(span)} of the film). It was"
                " not written by an editing program, or is damaged."
            )
    return returned


def frames_text(span: FrameSpan) -> str:
    """Frames as they are named in a message; numbers that no film has are not printed."""
    if max(abs(span.first), abs(span.stop)) > MOST_FRAMES:
        return f"frames beyond {MOST_FRAMES}, the last"
    return f"frames {span.first} to {span.stop}"
