"""Turn a film into FCPXML: what Final Cut Pro and Resolve read.

All times are exact fractions of seconds. A clip's time is its timecode's: it begins at the timecode
of its first frame. Alternatives hang disabled above their cut, the music hangs below.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.export import opaque
from editor.film.export.carried import ALTERNATIVES, MUSIC, NAMESPACE
from editor.film.export.files import as_url, write_text
from editor.film.export.markup import add, document
from editor.film.export.sequence import (
    Item,
    Sequence,
    Song,
    clips,
    handles,
    pictures,
    selects,
)
from editor.film.timeline import Alternative
from editor.footage.clip import Clip

VERSION = "1.9"  # the first with media-rep, and the last that Resolve of 2021 reads
COLOUR = "1-1-1 (Rec. 709)"
NO_RATE = "FFVideoFormatRateUndefined"  # name of the format of what has no picture
SAMPLE_RATE = "48k"  # of the sequence
# What of a picture and its sound is adjusted, in the order that the format wants.
ADJUSTED = ("adjust-crop", "adjust-conform", "adjust-transform", "adjust-blend", "adjust-volume")
# Rates that the format can say a clip was conformed from.
CONFORMED = {
    Fraction(24000, 1001): "23.98",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "29.97",
    Fraction(30): "30",
    Fraction(48000, 1001): "47.95",
    Fraction(48): "48",
    Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
    Fraction(60): "60",
}


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .fcpxml. Raises OutputError."""
    folder = path.parent if sequence.relative else None
    return (write_text(path, document(compose(sequence, folder), "fcpxml")),)


@dataclass
class _Resources:
    """Formats and assets as they are numbered."""

    element: Element
    folder: Path | None  # where relative URLs begin; None: absolute
    formats: dict[tuple[Fraction, tuple[int, int]] | None, str] = field(default_factory=dict)
    assets: dict[Path, str] = field(default_factory=dict)

    def format(self, rate: Fraction, size: tuple[int, int]) -> str:
        """The id of a format, made where it is new."""
        key = (rate, size)
        if key not in self.formats:
            self.formats[key] = name = f"r{len(self.formats) + 1}"
            attributes = {"width": str(size[0]), "height": str(size[1]), "colorSpace": COLOUR}
            add(self.element, "format", id=name, frameDuration=seconds(1 / rate), **attributes)
        return self.formats[key]

    def no_format(self) -> str:
        """The id of the format of sound alone."""
        if None not in self.formats:
            self.formats[None] = name = f"r{len(self.formats) + 1}"
            add(self.element, "format", id=name, name=NO_RATE)
        return self.formats[None]


def compose(sequence: Sequence, folder: Path | None = None) -> Element:
    """The whole document: resources, then an event with the film and what lies beside it."""
    timeline = sequence.timeline
    root = Element("fcpxml", {"version": VERSION})
    resources = _Resources(add(root, "resources"), folder)
    film_format = resources.format(timeline.rate, timeline.size)
    for clip in clips(sequence):
        resources.format(clip.rate, clip.size)
    if sequence.song is not None:
        resources.no_format()
    for clip in clips(sequence):
        _asset(clip, resources)
    if sequence.song is not None:
        _song_asset(sequence.song, resources)
    event = add(add(root, "library"), "event", name=sequence.name)
    for other in selects(sequence):
        _select(event, other, sequence, resources)
    film = add(
        add(event, "project", name=sequence.name),
        "sequence",
        format=film_format,
        duration=seconds(timeline.duration),
        tcStart=seconds(sequence.start.frame / timeline.rate),
        tcFormat="DF" if sequence.start.drop else "NDF",
        audioLayout="stereo",
        audioRate=SAMPLE_RATE,
    )
    _spine(add(film, "spine"), sequence, resources)
    return root


def _spine(spine: Element, sequence: Sequence, resources: _Resources) -> None:
    film, *others = pictures(sequence)
    above = [{item.start: item for item in track.items} for track in others]
    begin = sequence.start.frame / sequence.rate  # s, of the film's first frame
    for item in film.items:
        start = local_start(item, sequence.rate)
        element = _clip(spine, item, sequence, resources, begin + item.start / sequence.rate)
        for lane, track in enumerate(above, start=1):
            if item.start in track:
                other = _clip(element, track[item.start], sequence, resources, start, lane)
                other.set("enabled", "0")
        _music(element, item, start, sequence, resources)
        if item.reason:
            add(
                element,
                "marker",
                start=seconds(start),
                duration=seconds(1 / item.clip.rate),
                value=item.reason,
                note=item.shot or None,
            )


def local_start(item: Item, rate: Fraction) -> Fraction:
    """Seconds, on the clock of the clip's timecode, of the first frame that it shows."""
    return clock(item.clip) + floor(item.begin(rate)) / item.clip.rate


def clock(clip: Clip) -> Fraction:
    """Seconds that the clip's timecode says at its first frame; 0 where it has none."""
    return clip.timecode.frame / clip.timecode.rate if clip.timecode else Fraction(0)


def _clip(
    parent: Element,
    item: Item,
    sequence: Sequence,
    resources: _Resources,
    offset: Fraction,
    lane: int | None = None,
) -> Element:
    clip = item.clip
    element = add(
        parent,
        "asset-clip",
        ref=resources.assets[clip.path],
        lane=lane,
        offset=seconds(offset),
        name=clip.name,
        start=seconds(local_start(item, sequence.rate)),
        duration=seconds(item.length / sequence.rate),
        format=resources.format(clip.rate, clip.size),
        tcFormat="DF" if clip.timecode and clip.timecode.drop else "NDF",
        audioRole="dialogue" if clip.sound else None,
    )
    if lane is not None and item.reason:
        add(element, "note", item.reason)
    if clip.rate != sequence.rate and clip.rate in CONFORMED:
        add(element, "conform-rate", scaleEnabled="0", srcFrameRate=CONFORMED[clip.rate])
    _adjust(element, item, sequence)
    return element


def _adjust(element: Element, item: Item, sequence: Sequence) -> None:
    """How the picture fills the film's, and what came in with the cut."""
    kept: list[Element] = []
    if item.cut is not None:
        kept += opaque.elements(sequence.opaque, "fcpxml", item.link - 1)
    shapes = item.clip.size != sequence.timeline.size
    came_in = any(part.tag == "adjust-conform" for part in kept)
    if sequence.timeline.fit == "fill" and shapes and not came_in:
        kept.append(Element("adjust-conform", {"type": "fill"}))
    element.extend(sorted(kept, key=lambda part: ADJUSTED.index(part.tag)))


def _music(
    parent: Element, item: Item, start: Fraction, sequence: Sequence, resources: _Resources
) -> None:
    """The pieces of music that begin while this cut is on screen."""
    if sequence.song is None:
        return
    rate = sequence.rate
    for piece in sequence.song.pieces:
        if item.start <= piece.start < item.stop:
            add(
                parent,
                "asset-clip",
                ref=resources.assets[sequence.song.path],
                lane=-1,
                offset=seconds(start + (piece.start - item.start) / rate),
                name=sequence.song.path.name,
                start=seconds(piece.first / rate),
                duration=seconds(piece.length / rate),
                format=resources.no_format(),
                audioRole=f"music.{MUSIC}",
            )


def _select(event: Element, other: Alternative, sequence: Sequence, resources: _Resources) -> None:
    """An alternative in the event's browser, with its handles where asked for."""
    clip = other.clip
    span = handles(clip, other.source, sequence.handles)
    start, duration = clock(clip) + span.first / clip.rate, len(span) / clip.rate
    element = add(
        event,
        "asset-clip",
        ref=resources.assets[clip.path],
        name=other.shot or clip.name,
        start=seconds(start),
        duration=seconds(duration),
        format=resources.format(clip.rate, clip.size),
        tcFormat="DF" if clip.timecode and clip.timecode.drop else "NDF",
    )
    if other.why:
        add(element, "note", other.why)
    add(
        element,
        "keyword",
        start=seconds(clock(clip) + other.source.first / clip.rate),
        duration=seconds(len(other.source) / clip.rate),
        value=ALTERNATIVES,
    )


# --- resources ------------------------------------------------------------------------------------


def _asset(clip: Clip, resources: _Resources) -> None:
    resources.assets[clip.path] = name = f"a{len(resources.assets) + 1}"
    sound: dict[str, str] = {}
    if clip.sound:
        sound = {
            "hasAudio": "1",
            "audioSources": str(len(clip.sound)),
            "audioChannels": str(max(track.channels for track in clip.sound)),
            "audioRate": str(clip.sound[0].sample_rate),
        }
    asset = add(
        resources.element,
        "asset",
        id=name,
        name=clip.name,
        start=seconds(clock(clip)),
        duration=seconds(clip.duration),
        hasVideo="1",
        format=resources.format(clip.rate, clip.size),
        videoSources="1",
        **sound,
    )
    _media(asset, clip.path, resources)
    kept = add(asset, "metadata")
    add(kept, "md", key=f"{NAMESPACE}.digest", value=clip.digest)


def _song_asset(song: Song, resources: _Resources) -> None:
    resources.assets[song.path] = name = f"a{len(resources.assets) + 1}"
    asset = add(
        resources.element,
        "asset",
        id=name,
        name=song.path.name,
        start="0s",
        duration=seconds(song.duration),
        hasAudio="1",
        format=resources.no_format(),
        audioSources="1",
        audioChannels=str(song.channels),
        audioRate=str(song.sample_rate),
    )
    _media(asset, song.path, resources)


def _media(asset: Element, path: Path, resources: _Resources) -> None:
    url = as_url(path, resources.folder)
    add(asset, "media-rep", kind="original-media", src=url)


def seconds(value: Fraction) -> str:
    """A time as the format writes it: "5s", "1001/30000s"."""
    return f"{value.numerator}s" if value.denominator == 1 else f"{value}s"
