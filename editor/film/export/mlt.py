"""Turn a film into MLT XML as Shotcut keeps its projects: what melt renders and Shotcut opens.

MLT counts everything in frames of the film, media too: a medium of another rate shows at frame n
what it shows at n / rate seconds. Our own numbers go along as properties that MLT passes on.
"""

import os
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.errors import OutputError
from editor.film.export import opaque
from editor.film.export.carried import ALTERNATIVES, MUSIC, NAMESPACE
from editor.film.export.files import is_text, one_line, write_text
from editor.film.export.markup import add, document
from editor.film.export.sequence import (
    Item,
    Sequence,
    Track,
    clips,
    handles,
    pictures,
    selects,
)
from editor.film.timeline import Timeline
from editor.footage.clip import Clip
from editor.timing import frame_at, rate_text, to_frames

VERSION = "7.12.0"  # of MLT, that knows nested properties
PLAYS = "avformat-novalidate"  # the service that reads media; it opens a file when it is shown
HIDDEN = "both"  # neither seen nor heard
FILLS = f"{NAMESPACE}:fill"  # marks a filter of ours, that would come back as an effect
MARKER = "#008000"  # colour of a reason's marker


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .mlt. Raises OutputError, also for a file whose name XML cannot hold."""
    check_names(sequence, path)
    folder = path.parent if sequence.relative else None
    return (write_text(path, document(compose(sequence, folder))),)


def check_names(sequence: Sequence, path: Path) -> None:
    """Raise OutputError for media whose names cannot stand in XML as they are."""
    media = [clip.path for clip in clips(sequence)]
    media += [sequence.song.path] if sequence.song is not None else []
    if wrong := [name for name in media if not is_text(name)]:
        raise OutputError(
            f"{path.name}: {one_line(str(wrong[0]))}: this format names files as text, which cannot"
            " hold that name. Rename the file and cut again, or export another format."
        )


def compose(sequence: Sequence, folder: Path | None = None) -> Element:
    """The whole document: a bin, the tracks, and the tractor that plays them together."""
    timeline = sequence.timeline
    root = Element("mlt", {"LC_NUMERIC": "C", "version": VERSION, "producer": "main_bin"})
    root.set("title", "Shotcut")
    profile(root, timeline)
    _bin(root, sequence, folder)
    black(root, timeline.frames)
    ground = add(root, "playlist", id="background")
    add(ground, "entry", producer="black", **{"in": 0, "out": timeline.frames - 1})
    rows: list[tuple[str, Track | None]] = []
    for number, track in enumerate(pictures(sequence)):
        _playlist(root, number, track, sequence, folder)
        rows.append((f"playlist{number}", track))
    if sequence.song is not None:
        _music(root, len(rows), sequence, folder)
        rows.append((f"playlist{len(rows)}", None))
    _tractor(root, rows, sequence)
    return root


def profile(root: Element, timeline: Timeline) -> None:
    """Size, shape, rate and colour of the film."""
    width, height = timeline.size
    shape = gcd(width, height)
    add(
        root,
        "profile",
        description=f"{width}x{height} {rate_text(timeline.rate)} fps",
        width=width,
        height=height,
        progressive=1,
        sample_aspect_num=1,
        sample_aspect_den=1,
        display_aspect_num=width // shape,
        display_aspect_den=height // shape,
        frame_rate_num=timeline.rate.numerator,
        frame_rate_den=timeline.rate.denominator,
        colorspace=709,
    )


def black(root: Element, frames: int) -> None:
    """What is seen where nothing is."""
    element = add(root, "producer", id="black", **{"in": 0, "out": frames - 1})
    put(
        element,
        {
            "length": frames,
            "eof": "pause",
            "resource": "0",
            "aspect_ratio": 1,
            "mlt_service": "color",
            "mlt_image_format": "rgba",
            "set.test_audio": 0,
        },
    )


def put(element: Element, properties: dict[str, str | int]) -> None:
    """Add properties as MLT writes them."""
    for name, value in properties.items():
        add(element, "property", value, name=name)


def named(path: Path, folder: Path | None) -> str:
    """The path as text, from `folder` on where one is given."""
    return os.path.relpath(path, folder) if folder is not None else str(path)


# --- media ----------------------------------------------------------------------------------------


def media_length(clip: Clip, rate: Fraction) -> int:
    """Frames, counted at the film's rate, at which MLT shows a frame of the clip: to the clip's
    end, where it goes on showing the last."""
    whole = clip.frames * rate / clip.rate
    return max(1, ceil(whole - rate / clip.rate / 2), floor(whole + Fraction(1, 2)))


def producer(
    root: Element, id: str, clip: Clip, sequence: Sequence, folder: Path | None
) -> Element:
    """A clip's whole file."""
    length = media_length(clip, sequence.rate)
    element = add(root, "producer", id=id, **{"in": 0, "out": length - 1})
    put(
        element,
        {
            "length": length,
            "eof": "pause",
            "resource": named(clip.path, folder),
            "mlt_service": PLAYS,
            "seekable": 1,
            "video_index": clip.stream,  # MLT takes the first stream for the picture else
            f"{NAMESPACE}:digest": clip.digest,
        },
    )
    if not clip.sound:
        put(element, {"audio_index": -1})
    return element


def begins(item: Item, rate: Fraction) -> int:
    """Frame of the media, counted at the film's rate, at which an item begins.

    At frame p MLT shows the clip's frame that is nearest to p / rate. Of the beginnings from which
    it shows nothing outside the item's frames, this is the one whose frames are nearest to ours.
    """
    clip, source = item.clip, item.source
    ratio = clip.rate / rate
    ideal = floor((source.first + (ratio - 1) / 2) / ratio + Fraction(1, 2))
    low = ceil((source.first - Fraction(1, 2)) / ratio)
    last = media_length(clip, rate) - item.length
    high = ceil((source.stop - Fraction(1, 2)) / ratio) - item.length
    high = last if source.stop == clip.frames else high
    return max(0, min(max(min(ideal, high), low), last))


def _bin(root: Element, sequence: Sequence, folder: Path | None) -> None:
    """Every file, then every alternative and unused shot with its in and out points."""
    playlist = Element("playlist", {"id": "main_bin"})
    put(playlist, {"xml_retain": 1})
    for number, clip in enumerate(clips(sequence)):
        element = producer(root, f"bin{number}", clip, sequence, folder)
        put(element, {"shotcut:caption": clip.name})
        last = media_length(clip, sequence.rate) - 1
        add(playlist, "entry", producer=f"bin{number}", **{"in": 0, "out": last})
    for number, other in enumerate(selects(sequence)):
        clip = other.clip
        element = producer(root, f"select{number}", clip, sequence, folder)
        put(element, {"shotcut:caption": other.shot or clip.name})
        put(element, {"shotcut:comment": f"{ALTERNATIVES}: {other.why}"})
        span = handles(clip, other.source, sequence.handles)
        last = media_length(clip, sequence.rate) - 1
        first = min(to_frames(span.first / clip.rate, sequence.rate), last)
        stop = min(to_frames(span.stop / clip.rate, sequence.rate), last + 1)
        points = {"in": first, "out": max(first, stop - 1)}
        add(playlist, "entry", producer=f"select{number}", **points)
    root.append(playlist)


# --- tracks ---------------------------------------------------------------------------------------


def _playlist(
    root: Element, number: int, track: Track, sequence: Sequence, folder: Path | None
) -> None:
    """A track whose every entry has a producer of its own, so that filters stay with it."""
    row = Element("playlist", {"id": f"playlist{number}"})
    put(row, {"shotcut:video": 1, "shotcut:name": track.name})
    at = 0
    for place, item in enumerate(track.items):
        if item.start > at:
            add(row, "blank", length=item.start - at)
        id = f"clip{number}_{place}"
        element = producer(root, id, item.clip, sequence, folder)
        put(element, {"shotcut:caption": item.clip.name})
        if item.reason:
            put(element, {"shotcut:comment": item.reason})
        first = begins(item, sequence.rate)
        put(element, {**dict(own(item, first)), f"{NAMESPACE}:version": sequence.name})
        dress(element, item, sequence, "mlt")
        add(row, "entry", producer=id, **{"in": first, "out": first + item.length - 1})
        at = item.stop
    root.append(row)


def own(item: Item, first: int) -> Iterator[tuple[str, str | int]]:
    """Our exact numbers, and the rounded ones that they belong to.

    Where a program changed `in` or `out` since, the exact ones no longer hold.
    """
    yield f"{NAMESPACE}:clip_in", item.source.first
    yield f"{NAMESPACE}:clip_out", item.source.stop
    yield f"{NAMESPACE}:clip_rate", rate_text(item.clip.rate)
    yield f"{NAMESPACE}:in", first
    yield f"{NAMESPACE}:out", first + item.length - 1


def dress(element: Element, item: Item, sequence: Sequence, format: str) -> None:
    """Fill the film's shape where that is wanted, and put back what came in with the cut."""
    kept: tuple[Element, ...] = ()
    if item.cut is not None:
        kept = opaque.elements(sequence.opaque, format, item.link - 1)
    came_in = any(part.find(f"property[@name='{FILLS}']") is not None for part in kept)
    shapes = item.clip.size != sequence.timeline.size
    if sequence.timeline.fit == "fill" and shapes and not came_in:
        crop = add(element, "filter")
        put(crop, {"mlt_service": "crop", "kdenlive_id": "crop", "center": 1, FILLS: 1})
    element.extend(kept)


def _music(root: Element, number: int, sequence: Sequence, folder: Path | None) -> None:
    assert sequence.song is not None  # the caller's
    song = sequence.song
    row = Element("playlist", {"id": f"playlist{number}"})
    put(row, {"shotcut:audio": 1, "shotcut:name": MUSIC})
    for place, piece in enumerate(song.pieces):
        id = f"music{place}"
        length = song_length(sequence)
        element = add(root, "producer", id=id, **{"in": 0, "out": length - 1})
        put(
            element,
            {
                "length": length,
                "eof": "pause",
                "resource": named(song.path, folder),
                "mlt_service": PLAYS,
                "seekable": 1,
                "video_index": -1,
                "shotcut:caption": song.path.name,
            },
        )
        last = piece.first + piece.length - 1
        add(row, "entry", producer=id, **{"in": piece.first, "out": last})
    root.append(row)


def song_length(sequence: Sequence) -> int:
    """Frames of the film that the music's file lasts."""
    assert sequence.song is not None  # the caller's
    used = (piece.first + piece.length for piece in sequence.song.pieces)
    return max(frame_at(sequence.song.duration, sequence.rate), *used)


def _tractor(root: Element, rows: list[tuple[str, Track | None]], sequence: Sequence) -> None:
    frames = sequence.timeline.frames
    tractor = add(root, "tractor", id="tractor0", title="Shotcut", **{"in": 0, "out": frames - 1})
    put(tractor, {"shotcut": 1, "shotcut:projectAudioChannels": 2, "shotcut:projectFolder": 0})
    put(tractor, {f"{NAMESPACE}:version": sequence.name, f"{NAMESPACE}:fit": sequence.timeline.fit})
    _markers(tractor, sequence)
    add(tractor, "track", producer="background")
    for name, track in rows:
        hidden = "video" if track is None else None if track.enabled else HIDDEN
        add(tractor, "track", producer=name, hide=hidden)
    for number, (_, track) in enumerate(rows, start=1):
        mix(tractor, number)
        if track is not None:
            blend(tractor, number, disabled=number == 1)


def _markers(tractor: Element, sequence: Sequence) -> None:
    """The reason of every cut, over its length."""
    told = [item for item in pictures(sequence)[0].items if item.reason]
    if not told:
        return
    markers = add(tractor, "properties", name="shotcut:markers")
    for number, item in enumerate(told):
        marker = add(markers, "properties", name=str(number))
        put(marker, {"text": item.reason, "start": clock(item.start, sequence)})
        put(marker, {"end": clock(item.start, sequence), "color": MARKER})


def clock(frame: int, sequence: Sequence) -> str:
    """A frame of the film as MLT's clock value, HH:MM:SS.mmm, that reads back as the frame."""
    milliseconds = to_frames(frame / sequence.rate, Fraction(1000))
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def mix(tractor: Element, number: int) -> None:
    """Let a track be heard."""
    transition = add(tractor, "transition", id=f"mix{number}")
    put(
        transition,
        {
            "a_track": 0,
            "b_track": number,
            "mlt_service": "mix",
            "always_active": 1,
            "sum": 1,
        },
    )


def blend(tractor: Element, number: int, disabled: bool) -> None:
    """Let a track of pictures be seen over those below."""
    transition = add(tractor, "transition", id=f"blend{number}")
    put(
        transition,
        {
            "a_track": 0 if number == 1 else 1,
            "b_track": number,
            "compositing": 0,
            "distort": 0,
            "rotate_center": 0,
            "mlt_service": "qtblend",
            "threads": 0,
            "disable": int(disabled),
        },
    )
