"""Turn a film into a Kdenlive project: MLT XML with a bin and tracks of picture and of sound.

Kdenlive opens no plain MLT. Each of its tracks is a tractor of two playlists, sound lies below
picture on tracks of its own and is grouped with it, and clips are known by their number in the bin.
"""

import json
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.export.carried import ALTERNATIVES, MUSIC, NAMESPACE
from editor.film.export.files import for_xml, write_text
from editor.film.export.markup import add, document
from editor.film.export.mlt import (
    HIDDEN,
    PLAYS,
    VERSION,
    begins,
    check_names,
    dress,
    media_length,
    named,
    own,
    producer,
    profile,
    put,
    song_length,
)
from editor.film.export.sequence import Sequence, Track, clips, handles, pictures, selects
from editor.timing import to_frames

DOCUMENT = "1.04"  # of the project's form: of Kdenlive 20.08 to 22.12; later ones take it on
PROGRAM = "22.12.3"
FIRST_ID = 2  # of a clip in the bin; the folder of all has the one before
BLACK = 2_147_483_647  # frames: the ground has no end
ADDED = 237  # marks what Kdenlive added by itself
REASON, OTHER = 3, 5  # kinds of guide and of marker, by colour: green, orange


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .kdenlive. Raises OutputError, also for names that XML cannot hold."""
    check_names(sequence, path)
    folder = path.parent if sequence.relative else None
    return (write_text(path, document(compose(sequence, folder))),)


def compose(sequence: Sequence, folder: Path | None = None) -> Element:
    """The whole project: bin, ground, tracks of sound, tracks of picture, all together."""
    root = Element("mlt", {"LC_NUMERIC": "C", "version": VERSION, "producer": "main_bin"})
    profile(root, sequence.timeline)
    numbers = {clip.path: FIRST_ID + n for n, clip in enumerate(clips(sequence))}
    rows = _rows(sequence)
    _bin(root, sequence, numbers, rows, folder)
    ground = add(
        root, "producer", id="black_track", **{"in": 0, "out": sequence.timeline.frames - 1}
    )
    put(
        ground,
        {
            "length": BLACK,
            "eof": "continue",
            "resource": "black",
            "aspect_ratio": 1,
            "mlt_service": "color",
            "mlt_image_format": "rgba",
            "set.test_audio": 0,
        },
    )
    for number, (kind, track) in enumerate(rows):
        row = Element("playlist", {"id": f"playlist{2 * number}"})
        if kind == "audio":
            put(row, {"kdenlive:audio_track": 1})
        if track is None:
            _music(root, row, sequence, FIRST_ID + len(numbers), folder)
        else:
            _entries(root, row, number, kind, track, sequence, numbers, folder)
        root.append(row)
        _tractor(root, number, kind, track)
    _all(root, rows, sequence)
    return root


def _rows(sequence: Sequence) -> list[tuple[str, Track | None]]:
    """The tracks from the lowest: the music (None), sound upside down, then picture."""
    film, *others = pictures(sequence)
    rows: list[tuple[str, Track | None]] = [("audio", None)] if sequence.song is not None else []
    rows += [("audio", track) for track in others]
    rows.append(("audio", film))
    rows.append(("video", film))
    return rows + [("video", track) for track in others]


# --- the bin --------------------------------------------------------------------------------------


def _bin(
    root: Element,
    sequence: Sequence,
    numbers: dict[Path, int],
    rows: list[tuple[str, Track | None]],
    folder: Path | None,
) -> None:
    playlist = Element("playlist", {"id": "main_bin"})
    told = [item for item in pictures(sequence)[0].items if item.reason]
    guides = [{"comment": item.reason, "pos": item.start, "type": REASON} for item in told]
    put(
        playlist,
        {
            "kdenlive:docproperties.version": DOCUMENT,
            "kdenlive:docproperties.kdenliveversion": PROGRAM,
            "kdenlive:docproperties.decimalPoint": ".",
            "kdenlive:docproperties.audioChannels": 2,
            "kdenlive:docproperties.guides": _json(guides),
            "kdenlive:docproperties.groups": _json(_groups(rows)),
            "kdenlive:docproperties.activeTrack": [kind for kind, _ in rows].index("video"),
            f"{NAMESPACE}:fit": sequence.timeline.fit,
            "xml_retain": 1,
        },
    )
    zones, cuts = _zones(sequence), _cuts(pictures(sequence)[0], sequence.rate)
    for clip in clips(sequence):
        number = numbers[clip.path]
        element = producer(root, f"bin{number}", clip, sequence, folder)
        _numbered(element, number, clip.name)
        known = _json(cuts.get(clip.path, []))
        put(element, {f"{NAMESPACE}:version": sequence.name, f"{NAMESPACE}:cuts": known})
        if clip.path in zones:
            put(element, {"kdenlive:clipzones": _json(zones[clip.path])})
        last = media_length(clip, sequence.rate) - 1
        add(playlist, "entry", producer=f"bin{number}", **{"in": 0, "out": last})
    if sequence.song is not None:
        number = FIRST_ID + len(numbers)
        last = _song(root, "song", sequence, number, folder) - 1
        add(playlist, "entry", producer="song", **{"in": 0, "out": last})
    root.append(playlist)


def _cuts(film: Track, rate: Fraction) -> dict[Path, list[dict[str, str | int]]]:
    """Our exact numbers of every cut, by clip: Kdenlive keeps them on clips of the bin alone."""
    cuts: dict[Path, list[dict[str, str | int]]] = {}
    for item in film.items:
        exact = own(item, begins(item, rate))
        row = {name.removeprefix(f"{NAMESPACE}:"): value for name, value in exact}
        cuts.setdefault(item.clip.path, []).append(row)
    return cuts


def _numbered(element: Element, number: int, name: str, kind: int = 0) -> None:
    """Say which clip of the bin it is. kind: 0 picture and sound, as the file has; 1 sound."""
    put(element, {"kdenlive:clipname": name, "kdenlive:clip_type": kind})
    put(element, {"kdenlive:folderid": -1, "kdenlive:id": number})


def _zones(sequence: Sequence) -> dict[Path, list[dict[str, str | int]]]:
    """Alternatives and unused shots as parts of their clips in the bin."""
    zones: dict[Path, list[dict[str, str | int]]] = {}
    for other in selects(sequence):
        clip, span = other.clip, handles(other.clip, other.source, sequence.handles)
        last = media_length(clip, sequence.rate) - 1
        first = min(to_frames(span.first / clip.rate, sequence.rate), last)
        stop = min(to_frames(span.stop / clip.rate, sequence.rate), last + 1)
        name = for_xml(f"{ALTERNATIVES}: {other.shot or clip.name} ({other.why})")
        zone: dict[str, str | int] = {"name": name, "in": first, "out": max(first, stop - 1)}
        zones.setdefault(clip.path, []).append(zone)
    return zones


def _groups(rows: list[tuple[str, Track | None]]) -> list[dict[str, object]]:
    """Picture and sound of one place, by track and frame of the film."""
    places: dict[int, list[str]] = {}
    for number, (kind, track) in enumerate(rows):
        for item in track.items if track else ():
            if item.clip.sound or kind == "video":
                places.setdefault(item.link, []).append(f"{number}:{item.start}")
    return [
        {
            "type": "AVSplit",
            "children": [{"type": "Leaf", "leaf": "clip", "data": data} for data in together],
        }
        for together in places.values()
        if len(together) > 1
    ]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- the tracks -----------------------------------------------------------------------------------


def _entries(
    root: Element,
    row: Element,
    number: int,
    kind: str,
    track: Track,
    sequence: Sequence,
    numbers: dict[Path, int],
    folder: Path | None,
) -> None:
    at = 0
    for place, item in enumerate(track.items):
        if kind == "audio" and not item.clip.sound:
            continue
        if item.start > at:
            add(row, "blank", length=item.start - at)
        id = f"clip{number}_{place}"
        element = producer(root, id, item.clip, sequence, folder)
        _numbered(element, numbers[item.clip.path], item.clip.name)
        put(
            element,
            {"set.test_audio": int(kind == "video"), "set.test_image": int(kind == "audio")},
        )
        first = begins(item, sequence.rate)
        entry = add(row, "entry", producer=id, **{"in": first, "out": first + item.length - 1})
        put(entry, {"kdenlive:id": numbers[item.clip.path]})
        if kind == "video":
            dress(entry, item, sequence, "kdenlive")
        at = item.stop


def _song(root: Element, id: str, sequence: Sequence, number: int, folder: Path | None) -> int:
    """The music's file; its length in frames of the film."""
    song = sequence.song
    assert song is not None  # the caller's
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
            "set.test_image": 1,
        },
    )
    _numbered(element, number, song.path.name, kind=1)
    return length


def _music(
    root: Element, row: Element, sequence: Sequence, number: int, folder: Path | None
) -> None:
    assert sequence.song is not None  # the caller's
    for place, piece in enumerate(sequence.song.pieces):
        _song(root, f"music{place}", sequence, number, folder)
        last = piece.first + piece.length - 1
        entry = add(row, "entry", producer=f"music{place}", **{"in": piece.first, "out": last})
        put(entry, {"kdenlive:id": number})


def _tractor(root: Element, number: int, kind: str, track: Track | None) -> None:
    """A track as Kdenlive has it: two playlists, the second for what is blended on the first."""
    name = MUSIC if track is None else "A1" if track.enabled and kind == "audio" else track.name
    spare = add(root, "playlist", id=f"playlist{2 * number + 1}")
    tractor = add(root, "tractor", id=f"tractor{number}")
    if kind == "audio":
        put(spare, {"kdenlive:audio_track": 1})
        put(tractor, {"kdenlive:audio_track": 1})
    put(
        tractor,
        {
            "kdenlive:trackheight": 67,
            "kdenlive:timeline_active": 1,
            "kdenlive:collapsed": 0,
            "kdenlive:track_name": name,
        },
    )
    hidden = HIDDEN if track and not track.enabled else "video" if kind == "audio" else "audio"
    for half in (0, 1):
        add(tractor, "track", producer=f"playlist{2 * number + half}", hide=hidden)


def _all(root: Element, rows: list[tuple[str, Track | None]], sequence: Sequence) -> None:
    last = sequence.timeline.frames - 1
    whole = add(root, "tractor", id=f"tractor{len(rows)}", **{"in": 0, "out": last})
    whole.set("global_feed", "1")
    add(whole, "track", producer="black_track")
    for number in range(len(rows)):
        add(whole, "track", producer=f"tractor{number}")
    for number, (kind, _) in enumerate(rows, start=1):
        service = "mix" if kind == "audio" else "qtblend"
        transition = add(whole, "transition", id=f"transition{number}")
        put(transition, {"a_track": 0, "b_track": number, "mlt_service": service})
        put(transition, {"kdenlive_id": service, "internal_added": ADDED, "always_active": 1})
        if kind == "audio":
            put(transition, {"accepts_blanks": 1, "sum": 1})
        else:
            put(transition, {"compositing": 0, "distort": 0, "rotate_center": 0})
