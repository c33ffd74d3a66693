"""Turn a film into what every exchange format is written from: tracks of items on its grid.

Nothing here is rounded but to whole frames of the film, and no range lies outside its media.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

from editor.film.export.carried import ALTERNATIVES
from editor.film.timeline import Alternative, Cut, Timeline
from editor.footage.clip import Clip, SoundTrack
from editor.timing import FrameSpan, Timecode, convert_length, frame_at, to_frames

FIRST_HOUR = "01:00:00:00"  # where films begin by custom, so that a leader has room before it
OTHER_TAKE = "other take"  # why of an alternative that is the same line once more
DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001))  # rates that have drop-frame timecode


@dataclass(frozen=True)
class Song:
    """A piece of music as it lies under the film."""

    path: Path
    duration: Fraction  # s of the whole file
    sample_rate: int  # Hz
    channels: int
    pieces: tuple["Piece", ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of the music, counted in frames of the film."""

    first: int  # frame of the music
    start: int  # frame of the film
    length: int  # frames


@dataclass(frozen=True)
class Sequence:
    """A film to be written, and how."""

    name: str  # as programs show it: the version's title
    timeline: Timeline
    handles: Fraction = Fraction(0)  # s wanted at either side of every cut
    song: Song | None = None
    unused: tuple[Alternative, ...] = ()  # shots on offer that the film does not use
    relative: bool = False  # media are named from the written file's folder, where that can be
    opaque: Mapping[str, Any] = field(default_factory=dict)  # by format, see film.saved.Edit

    @property
    def rate(self) -> Fraction:
        """Frames a second of the film."""
        return self.timeline.rate

    @property
    def start(self) -> Timecode:
        """Timecode of the film's first frame; drop-frame where most of its clips count so."""
        marks = [cut.clip.timecode.drop for cut in self.timeline.cuts if cut.clip.timecode]
        drop = self.rate in DROPPING and 2 * sum(marks) > len(marks)
        text = FIRST_HOUR[:8] + ";00" if drop else FIRST_HOUR
        return Timecode.parse(text, self.rate)


@dataclass(frozen=True)
class Item:
    """Frames of one clip at one place of a track."""

    clip: Clip
    source: FrameSpan  # frames of the clip
    start: int  # frame of the film
    length: int  # frames of the film
    link: int  # items of one number are picture and sound of one place, from 1
    shot: str
    reason: str = ""
    cut: Cut | None = None  # None on the tracks of alternatives

    @property
    def stop(self) -> int:
        """Frame of the film after the last."""
        return self.start + self.length

    def begin(self, rate: Fraction) -> Fraction:
        """Frame of the clip at which it begins, for a length counted at the film's `rate`.

        Where that grid made it up to half a frame longer than the media goes on, it begins that
        little earlier, so that no range ends outside the media.
        """
        length = self.length * self.clip.rate / rate  # frames of the clip
        return min(Fraction(self.source.first), max(Fraction(0), self.clip.frames - length))


@dataclass(frozen=True)
class Channel:
    """One channel of a clip's sound."""

    track: int  # index in the clip's sound tracks
    channel: int  # in that track, from 0
    number: int  # among all the clip's channels, from 1


@dataclass(frozen=True)
class Track:
    """A row of items that do not overlap."""

    name: str
    kind: str  # "video" or "audio"
    enabled: bool
    items: tuple[Item, ...]
    number: int = 0  # of a sound track: which of the clip's tracks or channels it holds, from 0

    @property
    def stop(self) -> int:
        """Frame of the film at which the last item ends."""
        return self.items[-1].stop if self.items else 0


def pictures(sequence: Sequence) -> tuple[Track, ...]:
    """V1 with the film; above it, where there are any, one disabled track of alternatives.

    A place has one: another take of the line before what the policy would have shown instead. All
    of them lie in the bin, where a format has one.
    """
    cuts = sequence.timeline.cuts
    film = tuple(
        Item(cut.clip, cut.source, cut.start, cut.length, number, cut.shot, cut.reason, cut)
        for number, cut in enumerate(cuts, start=1)
    )
    others = tuple(
        _instead(cut, _best(cut.alternatives), sequence.rate, len(cuts) + number)
        for number, cut in enumerate((cut for cut in cuts if cut.alternatives), start=1)
    )
    tracks = [Track("V1", "video", True, film)]
    return (*tracks, Track(ALTERNATIVES, "video", False, others)) if others else tuple(tracks)


def _best(alternatives: tuple[Alternative, ...]) -> Alternative:
    takes = [other for other in alternatives if other.why == OTHER_TAKE]
    return (*takes, *alternatives)[0]


def _instead(cut: Cut, other: Alternative, rate: Fraction, link: int) -> Item:
    """An alternative at the place of its cut, no longer than that."""
    length = min(cut.length, convert_length(len(other.source), other.clip.rate, rate))
    wanted = to_frames(length / rate, other.clip.rate)
    stop = min(other.source.stop, other.source.first + max(1, wanted))
    span = FrameSpan(other.source.first, stop)
    return Item(other.clip, span, cut.start, length, link, other.shot, other.why)


def sounds(picture: Track, by_channel: bool) -> tuple[Track, ...]:
    """The sound of a picture track's items, one track for each of their tracks or channels."""
    count = max((len(_parts(item.clip, by_channel)) for item in picture.items), default=0)
    tracks = []
    for number in range(count):
        items = tuple(i for i in picture.items if number < len(_parts(i.clip, by_channel)))
        name = f"A{number + 1}" if picture.enabled else picture.name
        tracks.append(Track(name, "audio", picture.enabled, items, number))
    return tuple(tracks)


def _parts(clip: Clip, by_channel: bool) -> tuple[Channel, ...] | tuple[SoundTrack, ...]:
    return channels(clip) if by_channel else clip.sound


def channels(clip: Clip) -> tuple[Channel, ...]:
    """Every channel of every sound track of a clip, in the file's order."""
    found: list[Channel] = []
    for index, track in enumerate(clip.sound):
        found += [Channel(index, c, len(found) + 1 + c) for c in range(track.channels)]
    return tuple(found)


def clips(sequence: Sequence, alternatives: bool = True) -> tuple[Clip, ...]:
    """Every clip once, in the order of use: the film's, then the alternatives', then the rest."""
    cuts = sequence.timeline.cuts
    used: Iterable[Clip] = (cut.clip for cut in cuts)
    found = {clip.path: clip for clip in used}
    if alternatives:
        for other in (*(o for cut in cuts for o in cut.alternatives), *sequence.unused):
            found.setdefault(other.clip.path, other.clip)
    return tuple(found.values())


def selects(sequence: Sequence) -> tuple[Alternative, ...]:
    """Alternatives and unused shots, each once: what lies in a bin."""
    found: dict[tuple[Path, FrameSpan], Alternative] = {}
    for other in (*(o for cut in sequence.timeline.cuts for o in cut.alternatives),):
        found.setdefault((other.clip.path, other.source), other)
    for other in sequence.unused:
        found.setdefault((other.clip.path, other.source), other)
    return tuple(found.values())


def handles(clip: Clip, source: FrameSpan, wanted: Fraction) -> FrameSpan:
    """The frames with up to `wanted` seconds of handles at either side, as far as media goes."""
    frames = to_frames(wanted, clip.rate)
    return FrameSpan(max(0, source.first - frames), min(clip.frames, source.stop + frames))


def first_time(clip: Clip) -> Fraction:
    """Source timecode of frame 0, in frames at the clip's rate; 0 where there is none."""
    if clip.timecode is None:
        return Fraction(0)
    return clip.timecode.frame * clip.rate / clip.timecode.rate


def counted(clip: Clip, rate: Fraction) -> Timecode:
    """The clip's first timecode as a list of another rate writes it: the same label.

    25 frames a second at 10:00:00:00 stay 10:00:00:00 at 24000/1001; the frames of the label are
    scaled. Drop-frame stays drop-frame where the rate has it.
    """
    code = clip.timecode
    if code is None:
        return Timecode(0, rate)
    if code.rate == rate:
        return code
    hours, minutes, seconds, frames = (int(part) for part in str(code).replace(";", ":").split(":"))
    base = Timecode(0, rate).base
    drop = code.drop and rate in DROPPING
    scaled = frames * base // code.base
    if drop and seconds == 0 and minutes % 10 and scaled < base // 15:
        scaled = base // 15  # the first label of the minute that is there
    mark = ";" if drop else ":"
    label = f"{hours:02}:{minutes:02}:{seconds:02}{mark}{scaled:02}"
    return Timecode.parse(label, rate)


def on_grid(item: Item, rate: Fraction) -> int:
    """Frame at which an item begins in media that are counted at the film's rate, from 0.

    The nearest to its own first frame from which its length still ends inside the media.
    """
    clip = item.clip
    nearest = to_frames(item.source.first / clip.rate, rate)
    return max(0, min(nearest, floor(clip.duration * rate) - item.length))


def lay(path: Path, offset: Fraction, timeline: Timeline) -> Song:
    """The music from its offset on, again and again where it is shorter than the film.

    Raises FootageError where it cannot be read.
    """
    from editor.film.encode import sound_format  # PyAV: only where there is music
    from editor.film.music import CROSSING

    duration, sample_rate, count = sound_format(path)
    rate = timeline.rate
    whole = frame_at(duration, rate)
    first = min(to_frames(offset, rate), max(0, whole - 1))
    crossing = to_frames(Fraction(CROSSING, 48_000), rate)
    again = max(1, whole - first - crossing)
    pieces, start = [], 0
    while start < timeline.frames:
        left = timeline.frames - start
        length = min(left, max(1, whole - first) if left <= whole - first else again)
        pieces.append(Piece(first, start, length))
        start += length
    whole_path = Path(os.path.abspath(path))  # programs do not follow ".." in a URL
    return Song(whole_path, duration, sample_rate, count, tuple(pieces))
