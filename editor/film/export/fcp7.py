"""Turn a film into Final Cut Pro 7 XML: what Premiere and Resolve read, and Avid by way of them.

A clip's points count in its own frames from the file's first, the file carries its timecode at the
timecode track's own rate. Every channel of sound is an item of its own, linked to its picture.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.errors import OutputError
from editor.film.export import opaque
from editor.film.export.carried import ALTERNATIVES, MUSIC, NAMESPACE
from editor.film.export.fcp7_media import (
    DEPTH,
    Writing,
    describe,
    has,
    heard,
    master,
    points,
    put_rate,
    put_size,
    put_timecode,
    selected,
    shelve,
    truth,
    url_of,
)
from editor.film.export.files import write_text
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
    pictures,
    selects,
    sounds,
)
from editor.footage.clip import Clip
from editor.timing import rate_text, to_frames

VERSION = "5"  # of the format; the last one
SAMPLE_RATE = 48_000  # Hz, of the sequence
EXACT = f"{NAMESPACE}: frames"  # begins the comment of an item that is written as beginning earlier
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
    writing = Writing(sequence)
    for number, clip in enumerate(clips(sequence), start=1):
        writing.masters[clip.path] = f"masterclip-{number}"
    root = Element("xmeml", {"version": VERSION})
    project = add(root, "project")
    add(project, "name", sequence.name)
    children = add(project, "children")
    _film(children, writing)
    shelve(children, FOOTAGE, [master(clip, writing) for clip in clips(sequence)])
    found = [selected(number, other, writing) for number, other in enumerate(selects(sequence), 1)]
    if found:
        shelve(children, ALTERNATIVES, found)
    return root


def _film(parent: Element, writing: Writing) -> None:
    sequence = writing.sequence
    film = add(parent, "sequence", id="sequence-1")
    add(film, "name", sequence.name)
    add(film, "duration", sequence.timeline.frames)
    put_rate(film, sequence.rate)
    add(film, "in", -1)
    add(film, "out", -1)
    put_timecode(film, sequence.start)
    media = add(film, "media")
    video, audio = add(media, "video"), add(media, "audio")
    characteristics = add(add(video, "format"), "samplecharacteristics")
    put_rate(characteristics, sequence.rate)
    put_size(characteristics, sequence.timeline.size)
    add(audio, "numOutputChannels", 2)
    sampled = add(add(audio, "format"), "samplecharacteristics")
    add(sampled, "depth", DEPTH)
    add(sampled, "samplerate", SAMPLE_RATE)
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
    writing: Writing,
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
    add(row, "enabled", truth(track.enabled))
    add(row, "locked", "FALSE")
    if track.kind == "audio":
        add(row, "outputchannelindex", 1 + track.number % 2)


def _item(
    parent: Element, item: Item, channel: Channel | None, enabled: bool, writing: Writing
) -> Element:
    clip, sequence = item.clip, writing.sequence
    element = add(parent, "clipitem", id=writing.next_item())
    add(element, "masterclipid", writing.masters[clip.path])
    add(element, "name", clip.name)
    add(element, "enabled", truth(enabled))
    rate, span = points(item, sequence.rate)
    add(element, "duration", to_frames(clip.duration, rate))
    put_rate(element, rate)
    for name, value in (("start", item.start), ("end", item.stop)):
        add(element, name, value)
    for name, value in (("in", span.first), ("out", span.stop)):
        add(element, name, value)
    describe(element, clip, writing)
    if span != item.source and rate == clip.rate:
        note = f"{EXACT} {item.source.first} to {item.source.stop}"
        add(add(element, "comments"), "clipcommenta", note)
    if channel is not None:
        source = add(element, "sourcetrack")
        add(source, "mediatype", "audio")
        add(source, "trackindex", channel.number)
        return element
    if item.reason:
        _marker(element, item.reason, item.shot, span.first)
    _effects(element, item, sequence)
    return element


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


def _song(parent: Element, song: Song, writing: Writing) -> None:
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


def _piece(parent: Element, piece: Piece, song: Song, channel: int, writing: Writing) -> Element:
    rate = writing.sequence.rate
    whole = max(to_frames(song.duration, rate), piece.first + piece.length)
    element = add(parent, "clipitem", id=writing.next_item())
    add(element, "name", song.path.name)
    add(element, "enabled", "TRUE")
    add(element, "duration", whole)
    put_rate(element, rate)
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
        add(file, "pathurl", url_of(song.path))
        put_rate(file, rate)
        add(file, "duration", whole)
        heard(add(file, "media"), song.sample_rate, song.channels)
    source = add(element, "sourcetrack")
    add(source, "mediatype", "audio")
    add(source, "trackindex", channel)
    return element
