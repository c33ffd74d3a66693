"""Turn a film into Final Cut Pro 7 XML: what Premiere and Resolve read, and Avid by way of them.

A clip's points count in its own frames from the file's first, the file carries its timecode at the
timecode track's own rate. Every channel of sound is an item of its own, linked to its picture.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.errors import OutputError
from editor.film.export import opaque
from editor.film.export.carried import ALTERNATIVES, MUSIC
from editor.film.export.files import as_url, write_text
from editor.film.export.markup import add, document
from editor.film.export.sequence import (
    Channel,
    Item,
    Piece,
    Sequence,
    Song,
    Track,
    channels,
    clips,
    handles,
    pictures,
    selects,
    sounds,
)
from editor.film.timeline import Alternative
from editor.footage.clip import Clip
from editor.timing import FrameSpan, Timecode, rate_text, to_frames

VERSION = "5"  # of the format; the last one
DEPTH = 16  # bits of a sample, of the sequence
SAMPLE_RATE = 48_000  # Hz, of the sequence
BASIC = "basic"  # effect by which a picture is scaled
FOOTAGE = "Footage"  # name of the bin with every file


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .xml. Raises OutputError, also for a rate that the format has not."""
    if not has(sequence.rate):
        raise OutputError(
            f"{path.name}: Final Cut Pro 7 XML has no {rate_text(sequence.rate)} frames a second."
            f" Cut again with --rate {round(sequence.rate)}, or export another format."
        )
    return (write_text(path, document(compose(sequence), "xmeml")),)


def has(rate: Fraction) -> bool:
    """True where the format can say the rate: a whole number, or 1000/1001 of one."""
    return rate.denominator == 1 or (rate * 1001 / 1000).denominator == 1


@dataclass
class _Writing:
    """What has been written so far: a file is described once and referred to afterwards."""

    sequence: Sequence
    files: dict[Path, str] = field(default_factory=dict)  # path -> id
    items: int = 0
    masters: dict[Path, str] = field(default_factory=dict)  # path -> id of its clip in the bin

    def next_item(self) -> str:
        self.items += 1
        return f"clipitem-{self.items}"


@dataclass(frozen=True)
class _Placed:
    """An item that has its id, for the links."""

    id: str
    kind: str
    track: int  # from 1, among the tracks of its kind
    place: int  # from 1, in the track
    element: Element


def compose(sequence: Sequence) -> Element:
    """The whole document: a project with the film and the bins."""
    writing = _Writing(sequence)
    for number, clip in enumerate(clips(sequence), start=1):
        writing.masters[clip.path] = f"masterclip-{number}"
    root = Element("xmeml", {"version": VERSION})
    project = add(root, "project")
    add(project, "name", sequence.name)
    children = add(project, "children")
    _film(children, writing)
    _bin(children, FOOTAGE, [_master(clip, writing) for clip in clips(sequence)])
    found = [_select(number, other, writing) for number, other in enumerate(selects(sequence), 1)]
    if found:
        _bin(children, ALTERNATIVES, found)
    return root


def _film(parent: Element, writing: _Writing) -> None:
    sequence = writing.sequence
    film = add(parent, "sequence", id="sequence-1")
    add(film, "name", sequence.name)
    add(film, "duration", sequence.timeline.frames)
    _rate(film, sequence.rate)
    add(film, "in", -1)
    add(film, "out", -1)
    _timecode(film, sequence.start)
    media = add(film, "media")
    video, audio = add(media, "video"), add(media, "audio")
    characteristics = add(add(video, "format"), "samplecharacteristics")
    _rate(characteristics, sequence.rate)
    _size(characteristics, sequence.timeline.size)
    add(audio, "numOutputChannels", 2)
    heard = add(add(audio, "format"), "samplecharacteristics")
    add(heard, "depth", DEPTH)
    add(heard, "samplerate", SAMPLE_RATE)
    rows = pictures(sequence)
    placed: dict[int, list[_Placed]] = {}
    for number, track in enumerate(rows, start=1):
        _track(video, track, number, writing, placed)
    number = 0
    for row in rows:
        for track in sounds(row, by_channel=True):
            number += 1
            _track(audio, track, number, writing, placed)
    if sequence.song is not None:
        _song(audio, sequence.song, writing)
    for together in placed.values():
        _link(together)


def _track(
    parent: Element,
    track: Track,
    number: int,
    writing: _Writing,
    placed: dict[int, list[_Placed]],
) -> None:
    row = add(parent, "track")
    if track.kind == "audio":
        row.set("currentExplodedTrackIndex", "0")
        row.set("totalExplodedTrackCount", "1")
    for place, item in enumerate(track.items, start=1):
        channel = channels(item.clip)[track.number] if track.kind == "audio" else None
        element = _item(row, item, channel, track.enabled, writing)
        made = _Placed(element.get("id", ""), track.kind, number, place, element)
        placed.setdefault(item.link, []).append(made)
    add(row, "enabled", _truth(track.enabled))
    add(row, "locked", "FALSE")
    if track.kind == "audio":
        add(row, "outputchannelindex", 1 + track.number % 2)


def _item(
    parent: Element, item: Item, channel: Channel | None, enabled: bool, writing: _Writing
) -> Element:
    clip, sequence = item.clip, writing.sequence
    element = add(parent, "clipitem", id=writing.next_item())
    add(element, "masterclipid", writing.masters[clip.path])
    add(element, "name", clip.name)
    add(element, "enabled", _truth(enabled))
    rate, span = counting(clip, item.source, sequence.rate)
    add(element, "duration", to_frames(clip.duration, rate))
    _rate(element, rate)
    for name, value in (("start", item.start), ("end", item.stop)):
        add(element, name, value)
    for name, value in (("in", span.first), ("out", span.stop)):
        add(element, name, value)
    _file(element, clip, writing)
    if channel is not None:
        source = add(element, "sourcetrack")
        add(source, "mediatype", "audio")
        add(source, "trackindex", channel.number)
        return element
    if item.reason:
        _marker(element, item.reason, item.shot, span.first)
    _effects(element, item, sequence)
    return element


def counting(clip: Clip, span: FrameSpan, film: Fraction) -> tuple[Fraction, FrameSpan]:
    """The rate that a clip is counted at, and a span so: its own, or the film's where not said."""
    if has(clip.rate):
        return clip.rate, span
    whole = to_frames(clip.duration, film)
    first = min(to_frames(span.first / clip.rate, film), whole - 1)
    stop = max(first + 1, min(to_frames(span.stop / clip.rate, film), whole))
    return film, FrameSpan(first, stop)


def _effects(element: Element, item: Item, sequence: Sequence) -> None:
    """What came in with the clip; and how large it is shown, unless that came in too."""
    found: tuple[Element, ...] = ()
    if item.cut is not None:
        found = opaque.elements(sequence.opaque, "fcp7", item.link - 1)
    if not any(filter.findtext("./effect/effectid") == BASIC for filter in found):
        _scale(element, item.clip, sequence)
    element.extend(found)


def _scale(element: Element, clip: Clip, sequence: Sequence) -> None:
    """Fit the picture into the film's, or fill it: programs show it at its own size else."""
    timeline = sequence.timeline
    ratios = [Fraction(film, own) for film, own in zip(timeline.size, clip.size, strict=True)]
    ratio = max(ratios) if timeline.fit == "fill" else min(ratios)
    if ratio == 1:
        return
    effect = add(add(element, "filter"), "effect")
    add(effect, "name", "Basic Motion")
    add(effect, "effectid", BASIC)
    add(effect, "effectcategory", "motion")
    add(effect, "effecttype", "motion")
    add(effect, "mediatype", "video")
    parameter = add(effect, "parameter")
    add(parameter, "parameterid", "scale")
    add(parameter, "name", "Scale")
    add(parameter, "valuemin", 0)
    add(parameter, "valuemax", 1000)
    add(parameter, "value", f"{float(100 * ratio):.6g}")


def _marker(parent: Element, name: str, comment: str, frame: int) -> None:
    marker = add(parent, "marker")
    add(marker, "name", name)
    add(marker, "comment", comment)
    add(marker, "in", frame)
    add(marker, "out", -1)


def _link(together: list[_Placed]) -> None:
    """Tell each of the items which others are picture and sound of the same place."""
    if len(together) < 2:
        return
    for one in together:
        for other in together:
            link = add(one.element, "link")
            add(link, "linkclipref", other.id)
            add(link, "mediatype", other.kind)
            add(link, "trackindex", other.track)
            add(link, "clipindex", other.place)
            if other.kind == "audio":
                add(link, "groupindex", 1)


# --- files ----------------------------------------------------------------------------------------


def _file(parent: Element, clip: Clip, writing: _Writing) -> None:
    """The clip's file: described where it is met first, by its number afterwards."""
    if clip.path in writing.files:
        add(parent, "file", id=writing.files[clip.path])
        return
    writing.files[clip.path] = name = f"file-{len(writing.files) + 1}"
    file = add(parent, "file", id=name)
    rate, whole = counting(clip, FrameSpan(0, clip.frames), writing.sequence.rate)
    add(file, "name", clip.name)
    add(file, "pathurl", _url(clip.path))
    _rate(file, rate)
    add(file, "duration", whole.stop)
    if clip.timecode is not None:
        _timecode(file, clip.timecode)
    media = add(file, "media")
    video = add(media, "video")
    add(video, "duration", whole.stop)
    seen = add(video, "samplecharacteristics")
    _rate(seen, rate)
    _size(seen, clip.size)
    for track in clip.sound:
        _heard(media, track.sample_rate, track.channels)


def _heard(media: Element, sample_rate: int, count: int) -> None:
    audio = add(media, "audio")
    heard = add(audio, "samplecharacteristics")
    add(heard, "depth", DEPTH)
    add(heard, "samplerate", sample_rate)
    add(audio, "channelcount", count)


def _song(parent: Element, song: Song, writing: _Writing) -> None:
    """The music's channels, each on a track of its own, linked piece by piece."""
    first = len(parent.findall("track"))
    together: dict[int, list[_Placed]] = {}
    for channel in range(1, song.channels + 1):
        row = add(parent, "track")
        add(row, "name", MUSIC)
        for place, piece in enumerate(song.pieces, start=1):
            element = _piece(row, piece, song, channel, writing)
            made = _Placed(element.get("id", ""), "audio", first + channel, place, element)
            together.setdefault(place, []).append(made)
        add(row, "enabled", "TRUE")
        add(row, "locked", "FALSE")
        add(row, "outputchannelindex", 2 - channel % 2)
    for linked in together.values():
        _link(linked)


def _piece(parent: Element, piece: Piece, song: Song, channel: int, writing: _Writing) -> Element:
    rate = writing.sequence.rate
    whole = max(to_frames(song.duration, rate), piece.first + piece.length)
    element = add(parent, "clipitem", id=writing.next_item())
    add(element, "name", song.path.name)
    add(element, "enabled", "TRUE")
    add(element, "duration", whole)
    _rate(element, rate)
    add(element, "start", piece.start)
    add(element, "end", piece.start + piece.length)
    add(element, "in", piece.first)
    add(element, "out", piece.first + piece.length)
    if song.path in writing.files:
        add(element, "file", id=writing.files[song.path])
    else:
        writing.files[song.path] = name = f"file-{len(writing.files) + 1}"
        file = add(element, "file", id=name)
        add(file, "name", song.path.name)
        add(file, "pathurl", _url(song.path))
        _rate(file, rate)
        add(file, "duration", whole)
        _heard(add(file, "media"), song.sample_rate, song.channels)
    source = add(element, "sourcetrack")
    add(source, "mediatype", "audio")
    add(source, "trackindex", channel)
    return element


def _url(path: Path) -> str:
    """The path as this format has it: on a host, escaped, always absolute."""
    return as_url(path).replace("file://", "file://localhost", 1)


# --- bins -----------------------------------------------------------------------------------------


def _bin(parent: Element, name: str, found: list[Element]) -> None:
    folder = add(parent, "bin")
    add(folder, "name", name)
    add(folder, "children").extend(found)


def _master(clip: Clip, writing: _Writing) -> Element:
    return _shelved(writing.masters[clip.path], clip, clip.name, None, writing)


def _select(number: int, other: Alternative, writing: _Writing) -> Element:
    """An alternative as a clip with its in and out points, and its handles where asked for."""
    spare = handles(other.clip, other.source, writing.sequence.handles)
    name = other.shot or other.clip.name
    element = _shelved(f"select-{number}", other.clip, name, spare, writing)
    comments = add(element, "comments")
    add(comments, "mastercomment1", other.why)
    return element


def _shelved(id: str, clip: Clip, name: str, span: FrameSpan | None, writing: _Writing) -> Element:
    """A clip as it lies in a bin: picture and every channel of its sound."""
    element = Element("clip", {"id": id})
    rate, whole = counting(clip, FrameSpan(0, clip.frames), writing.sequence.rate)
    add(element, "masterclipid", id)
    add(element, "ismasterclip", "TRUE")
    add(element, "name", name)
    add(element, "duration", whole.stop)
    _rate(element, rate)
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
        _rate(item, rate)
        _file(item, clip, writing)
        if channel is not None:
            source = add(item, "sourcetrack")
            add(source, "mediatype", "audio")
            add(source, "trackindex", channel.number)
    return element


# --- small parts ----------------------------------------------------------------------------------


def _rate(parent: Element, rate: Fraction) -> None:
    element = add(parent, "rate")
    add(element, "timebase", round(rate))
    add(element, "ntsc", _truth(rate.denominator != 1))


def _size(parent: Element, size: tuple[int, int]) -> None:
    add(parent, "width", size[0])
    add(parent, "height", size[1])
    add(parent, "anamorphic", "FALSE")
    add(parent, "pixelaspectratio", "square")
    add(parent, "fielddominance", "none")


def _timecode(parent: Element, code: Timecode) -> None:
    element = add(parent, "timecode")
    _rate(element, code.rate)
    add(element, "string", str(code))
    add(element, "frame", code.frame)
    add(element, "displayformat", "DF" if code.drop else "NDF")


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"
