"""Turn clips and their files into what Final Cut Pro 7 XML says of them: rates, sizes, timecode,
channels, and the bins in which they lie."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.export.files import as_url
from editor.film.export.markup import add
from editor.film.export.sequence import Channel, Item, Sequence, channels, handles, on_grid
from editor.film.timeline import Alternative
from editor.footage.clip import Clip
from editor.timing import FrameSpan, Timecode, to_frames

HALF = Fraction(1, 2)  # of a frame
DEPTH = 16  # bits of a sample; the format must say one


def has(rate: Fraction) -> bool:
    """True where the format can say the rate: a whole number, or 1000/1001 of one."""
    return rate.denominator == 1 or (rate * 1001 / 1000).denominator == 1


@dataclass
class Writing:
    """What has been written so far: a file is described once and referred to afterwards."""

    sequence: Sequence
    files: dict[Path, str] = field(default_factory=dict)  # path -> id
    items: int = 0
    masters: dict[Path, str] = field(default_factory=dict)  # path -> id of its clip in the bin

    def next_item(self) -> str:
        self.items += 1
        return f"clipitem-{self.items}"


def counting(clip: Clip, span: FrameSpan, film: Fraction) -> tuple[Fraction, FrameSpan]:
    """The rate that a clip is counted at, and a span so: its own, or the film's where not said."""
    if has(clip.rate):
        return clip.rate, span
    whole = to_frames(clip.duration, film)
    first = min(to_frames(span.first / clip.rate, film), whole - 1)
    stop = max(first + 1, min(to_frames(span.stop / clip.rate, film), whole))
    return film, FrameSpan(first, stop)


def points(item: Item, film: Fraction) -> tuple[Fraction, FrameSpan]:
    """The rate that an item is counted at, and its in and out points so.

    Programs play an item for its whole place in the film, so that what the film's grid made longer
    than its media begins earlier, to the nearest frame: where less than half of one is missing, all
    that the film shows is there.
    """
    clip = item.clip
    if has(clip.rate):
        return clip.rate, FrameSpan(ceil(item.begin(film) - HALF), item.source.stop)
    first = on_grid(item, film)
    return film, FrameSpan(first, first + item.length)


def describe(parent: Element, clip: Clip, writing: Writing) -> None:
    """The clip's file: described where it is met first, by its number afterwards."""
    if clip.path in writing.files:
        add(parent, "file", id=writing.files[clip.path])
        return
    writing.files[clip.path] = name = f"file-{len(writing.files) + 1}"
    file = add(parent, "file", id=name)
    rate, whole = counting(clip, FrameSpan(0, clip.frames), writing.sequence.rate)
    add(file, "name", clip.name)
    add(file, "pathurl", url_of(clip.path))
    put_rate(file, rate)
    add(file, "duration", whole.stop)
    if clip.timecode is not None:
        put_timecode(file, clip.timecode)
    media = add(file, "media")
    video = add(media, "video")
    add(video, "duration", whole.stop)
    seen = add(video, "samplecharacteristics")
    put_rate(seen, rate)
    put_size(seen, clip.size)
    for track in clip.sound:
        heard(media, track.sample_rate, track.channels)


def heard(media: Element, sample_rate: int, count: int) -> None:
    audio = add(media, "audio")
    sampled = add(audio, "samplecharacteristics")
    add(sampled, "depth", DEPTH)
    add(sampled, "samplerate", sample_rate)
    add(audio, "channelcount", count)


def url_of(path: Path) -> str:
    """The path as this format has it: on a host, escaped, always absolute."""
    return as_url(path).replace("file://", "file://localhost", 1)


def shelve(parent: Element, name: str, found: list[Element]) -> None:
    folder = add(parent, "bin")
    add(folder, "name", name)
    add(folder, "children").extend(found)


def master(clip: Clip, writing: Writing) -> Element:
    return shelved(writing.masters[clip.path], clip, clip.name, None, writing)


def selected(number: int, other: Alternative, writing: Writing) -> Element:
    """An alternative as a clip with its in and out points, and its handles where asked for."""
    spare = handles(other.clip, other.source, writing.sequence.handles)
    name = other.shot or other.clip.name
    element = shelved(f"select-{number}", other.clip, name, spare, writing)
    comments = add(element, "comments")
    add(comments, "mastercomment1", other.why)
    return element


def shelved(id: str, clip: Clip, name: str, span: FrameSpan | None, writing: Writing) -> Element:
    """A clip as it lies in a bin: picture and every channel of its sound."""
    element = Element("clip", {"id": id})
    rate, whole = counting(clip, FrameSpan(0, clip.frames), writing.sequence.rate)
    add(element, "masterclipid", id)
    add(element, "ismasterclip", "TRUE")
    add(element, "name", name)
    add(element, "duration", whole.stop)
    put_rate(element, rate)
    marked = counting(clip, span, writing.sequence.rate)[1] if span else FrameSpan(-1, -1)
    add(element, "in", marked.first)
    add(element, "out", marked.stop)
    media = add(element, "media")
    parts: list[Channel | None] = [None, *channels(clip)]
    for channel in parts:
        kind = "video" if channel is None else "audio"
        group = media.find(kind)
        row = add(add(media, kind) if group is None else group, "track")
        item = add(row, "clipitem", id=f"{id}-{channel.number if channel else 0}")
        add(item, "masterclipid", id)
        add(item, "name", clip.name)
        put_rate(item, rate)
        describe(item, clip, writing)
        if channel is not None:
            source = add(item, "sourcetrack")
            add(source, "mediatype", "audio")
            add(source, "trackindex", channel.number)
    return element


def put_rate(parent: Element, rate: Fraction) -> None:
    element = add(parent, "rate")
    add(element, "timebase", round(rate))
    add(element, "ntsc", truth(rate.denominator != 1))


def put_size(parent: Element, size: tuple[int, int]) -> None:
    add(parent, "width", size[0])
    add(parent, "height", size[1])
    add(parent, "anamorphic", "FALSE")
    add(parent, "pixelaspectratio", "square")
    add(parent, "fielddominance", "none")


def put_timecode(parent: Element, code: Timecode) -> None:
    element = add(parent, "timecode")
    put_rate(element, code.rate)
    add(element, "string", str(code))
    add(element, "frame", code.frame)
    add(element, "displayformat", "DF" if code.drop else "NDF")


def truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"
