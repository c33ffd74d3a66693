"""Turn a version's edit into edit.json and back, to the frame: what every later step starts from.

The file is ours and exact (rates are fractions, times whole frames); exchange formats are not. It
is checked as a stranger's when read: a version folder can be edited by hand or come from elsewhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editor.errors import EditorError, FootageError
from editor.film import marks as marking
from editor.film.checked import Table
from editor.film.export.files import write_text
from editor.film.marks import Marks
from editor.film.timeline import Alternative, Cut, Music, Timeline
from editor.footage.clip import Clip, SoundTrack
from editor.timing import FrameSpan, Timecode

SCHEMA = 1
NAME = "edit.json"
MOST_BYTES = 64 << 20  # a film of thousands of cuts is a few megabytes


@dataclass(frozen=True)
class Edit:
    """A film as it was decided, and where it came from."""

    timeline: Timeline
    made_by: str  # "cut", "correction", "import": which command
    parent: str | None = None  # title of the version that it came from, "toys-v003"
    asked: Mapping[str, Any] = field(default_factory=dict)  # as report.json's settings
    notes: tuple[str, ...] = ()  # what could not be held, in an editor's words
    opaque: Mapping[str, Any] = field(default_factory=dict)  # by format, see film.export.opaque
    selects: tuple[Alternative, ...] = ()  # shots on offer that the film does not use
    marks: Marks | None = None  # None: of an import, or made before versions carried them


def write(edit: Edit, folder: Path) -> Path:
    """Write the edit into a version's folder, whole or not at all. Raises OutputError."""
    text = json.dumps(as_json(edit), indent=1, allow_nan=False)  # ASCII: any file name survives
    return write_text(folder / NAME, text + "\n", "ascii")


def read(folder: Path) -> Edit:
    """Read the edit of a version's folder.

    Raises FootageError, naming the file and the place, for what is absent, damaged, newer than this
    program or cannot be: a cut outside its clip, a gap, a rate of 0. No media file is opened.
    """
    path = folder / NAME
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as err:
        raise FootageError(f"{path} cannot be read: {err.strerror}.") from err
    except UnicodeDecodeError as err:
        raise FootageError(f"{path} is no edit: it is not UTF-8 text.") from err
    if len(text) > MOST_BYTES:
        raise FootageError(f"{path} is no edit: it is larger than {MOST_BYTES >> 20} MB.")
    try:
        return from_json(json.loads(text))
    except (ValueError, RecursionError) as err:
        raise FootageError(f"{path} is no edit that can be used: {err}") from err


# --- out ------------------------------------------------------------------------------------------


def as_json(edit: Edit) -> dict[str, Any]:
    """The edit as plain values; clips are listed once, by digest."""
    timeline = edit.timeline
    # Where one clip is known by two paths, the film's own holds: it was relinked, the rest was not.
    clips = {} if edit.marks is None else edit.marks.clips()
    clips |= {other.clip.digest: other.clip for other in edit.selects}
    for cut in timeline.cuts:
        clips |= {other.clip.digest: other.clip for other in cut.alternatives}
    clips |= {cut.clip.digest: cut.clip for cut in timeline.cuts}
    return {
        "schema": SCHEMA,
        "made_by": edit.made_by,
        "parent": edit.parent,
        "asked": dict(edit.asked),
        "notes": list(edit.notes),
        "opaque": dict(edit.opaque),
        "rate": str(timeline.rate),
        "size": list(timeline.size),
        "fit": timeline.fit,
        "music": _music(timeline.music),
        "clips": {digest: _clip(clip) for digest, clip in clips.items()},
        "cuts": [_cut(cut) for cut in timeline.cuts],
        "selects": [_other(other) for other in edit.selects],
        "marks": marking.as_json(edit.marks) if edit.marks is not None else None,
    }


def _music(music: Music | None) -> dict[str, Any] | None:
    return {"path": str(music.path), "offset": str(music.offset)} if music else None


def _clip(clip: Clip) -> dict[str, Any]:
    code = clip.timecode
    return {
        "path": str(clip.path),
        "container": clip.container,
        "codec": clip.codec,
        "stream": clip.stream,
        "rate": str(clip.rate),
        "frames": clip.frames,
        "start": str(clip.start),
        "size": list(clip.size),
        "coded_size": list(clip.coded_size),
        "rotation": clip.rotation,
        "sample_aspect": str(clip.sample_aspect),
        "pixel_format": clip.pixel_format,
        "bit_depth": clip.bit_depth,
        "transfer": clip.transfer,
        "variable_rate": clip.variable_rate,
        "interlaced": clip.interlaced,
        "alpha": clip.alpha,
        "timecode": {"frame": code.frame, "rate": str(code.rate), "drop": code.drop}
        if code
        else None,
        "recorded": clip.recorded,
        "sound": [
            {
                "stream": track.stream,
                "sample_rate": track.sample_rate,
                "channels": track.channels,
                "start": str(track.start),
                "duration": str(track.duration),
                "marked": track.marked,
            }
            for track in clip.sound
        ],
        "missing": clip.missing,
        "notes": list(clip.notes),
        "tail": clip.tail,
        "counted": clip.counted,
    }


def _cut(cut: Cut) -> dict[str, Any]:
    return {
        "clip": cut.clip.digest,
        "in": cut.source.first,
        "out": cut.source.stop,
        "start": cut.start,
        "length": cut.length,
        "shot": cut.shot,
        "reward": cut.reward,
        "terms": dict(cut.terms),
        "reason": cut.reason,
        "alternatives": [_other(other) for other in cut.alternatives],
    }


def _other(other: Alternative) -> dict[str, Any]:
    return {
        "clip": other.clip.digest,
        "in": other.source.first,
        "out": other.source.stop,
        "shot": other.shot,
        "why": other.why,
    }


# --- in -------------------------------------------------------------------------------------------


def from_json(value: object) -> Edit:
    """The edit from plain values. Raises ValueError that names the place."""
    table = Table(value, "edit")
    schema = table.get("schema", int)
    if schema != SCHEMA:
        raise ValueError(
            f"its schema is {schema}, this program reads {SCHEMA}: a newer version of the program"
            " made it, or it was changed by hand."
        )
    given = table.table("clips")
    clips = {digest: _read_clip(given.table(digest), digest) for digest in given.value}
    rate = table.rate("rate")
    cuts = _read_cuts(table.rows("cuts"), clips)
    fit = table.get("fit", str)
    if fit not in ("letterbox", "fill"):
        raise ValueError(f"edit.fit = {fit!r} is neither letterbox nor fill.")
    return Edit(
        Timeline(cuts, rate, table.pair("size"), table.maybe("music", _read_music), fit),
        made_by=table.get("made_by", str),
        parent=table.maybe("parent", lambda at, key: at.get(key, str)),
        asked=table.get("asked", dict),
        notes=table.texts("notes"),
        opaque=table.get("opaque", dict),
        # Versions made before there was an export have none.
        selects=tuple(_read_other(row, clips) for row in table.rows("selects"))
        if "selects" in table.value
        else (),
        marks=table.maybe("marks", lambda at, key: marking.read(at.table(key), clips))
        if "marks" in table.value
        else None,
    )


def _read_music(table: Table, key: str) -> Music:
    music = table.table(key)
    offset = music.fraction("offset")
    if offset < 0:
        raise ValueError(f"{music.where}.offset = {offset} lies before the music.")
    return Music(_path(music), offset)


def _path(table: Table) -> Path:
    path = Path(table.get("path", str))
    if not path.is_absolute() or "\0" in str(path):
        raise ValueError(f"{table.where}.path must be an absolute path.")
    return path


def _read_clip(table: Table, digest: str) -> Clip:
    return Clip(
        path=_path(table),
        digest=digest,
        container=table.get("container", str),
        codec=table.get("codec", str),
        stream=table.count("stream"),
        rate=table.rate("rate"),
        frames=table.count("frames", 1),
        start=table.fraction("start"),
        size=table.pair("size"),
        coded_size=table.pair("coded_size"),
        rotation=table.count("rotation"),
        sample_aspect=table.fraction("sample_aspect"),
        pixel_format=table.get("pixel_format", str),
        bit_depth=table.count("bit_depth", 1),
        transfer=table.get("transfer", str),
        variable_rate=table.get("variable_rate", bool),
        interlaced=table.get("interlaced", bool),
        alpha=table.get("alpha", bool),
        timecode=table.maybe("timecode", _read_timecode),
        recorded=table.maybe("recorded", lambda at, key: at.get(key, float)),
        sound=tuple(_read_track(row) for row in table.rows("sound")),
        missing=table.get("missing", float),
        notes=table.texts("notes"),
        tail=table.count("tail"),
        counted=table.get("counted", bool),
    )


def _read_timecode(table: Table, key: str) -> Timecode:
    code = table.table(key)
    try:
        return Timecode(code.count("frame"), code.rate("rate"), code.get("drop", bool))
    except EditorError as err:
        raise ValueError(f"{code.where}: {err}") from err


def _read_track(table: Table) -> SoundTrack:
    return SoundTrack(
        stream=table.count("stream"),
        sample_rate=table.count("sample_rate", 1),
        channels=table.count("channels", 1),
        start=table.fraction("start"),
        duration=table.fraction("duration"),
        marked="marked" in table.value and table.get("marked", bool),
    )


def _read_cuts(rows: Sequence[Table], clips: Mapping[str, Clip]) -> tuple[Cut, ...]:
    cuts: list[Cut] = []
    for row in rows:
        clip, source = _read_source(row, clips)
        start, due = row.count("start"), cuts[-1].stop if cuts else 0
        if start != due:
            raise ValueError(f"{row.where} begins at film frame {start}; {due} follows.")
        terms = row.table("terms")
        cuts.append(
            Cut(
                clip=clip,
                source=source,
                start=start,
                length=row.count("length", 1),
                shot=row.get("shot", str),
                reward=row.get("reward", float),
                terms={name: terms.get(name, float) for name in terms.value},
                reason=row.get("reason", str),
                alternatives=tuple(_read_other(at, clips) for at in row.rows("alternatives")),
            )
        )
    return tuple(cuts)


def _read_other(row: Table, clips: Mapping[str, Clip]) -> Alternative:
    clip, source = _read_source(row, clips)
    return Alternative(clip, source, row.get("shot", str), row.get("why", str))


def _read_source(row: Table, clips: Mapping[str, Clip]) -> tuple[Clip, FrameSpan]:
    digest = row.get("clip", str)
    if digest not in clips:
        raise ValueError(f"{row.where}.clip names a clip that the file does not list.")
    clip = clips[digest]
    first, stop = row.count("in"), row.count("out")
    if not 0 <= first < stop <= clip.frames:
        raise ValueError(
            f"{row.where}: frames {first} to {stop} are not in {clip.name}, which has"
            f" {clip.frames}."
        )
    return clip, FrameSpan(first, stop)
