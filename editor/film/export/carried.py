"""What each exchange format carries of a film, and the words for what it loses: one table.

The export command says from it what a file left behind, the importers know from it what a file
cannot bring back, and the table in docs/formats.md is written from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What a film has that a format may lose, in the order of the table's columns.
WHAT = (
    "timecode",  # in and out points on the media's own start timecode, drop-frame marked
    "handles",  # the media beyond the cut, and how much of it there is
    "audio",  # every channel of the clip, linked to its picture
    "markers",  # the reason of every cut
    "alternates",  # other takes and unused selects, disabled or in a bin
    "effects",  # that stood inside a clip when it came in by the same format
    "transitions",  # that came in by the same format: our own films have hard cuts
    "mixed rates",  # exact frames of clips of another rate than the film's
    "music",  # on a track of its own, with its repetition
)
EFFECTS = "effects are left out"
TRANSITIONS = "transitions are left out: cuts are hard"
RATES = "clips of another rate are counted on the film's frames, as far as half a frame off"
FIRST_SOUND = "of a clip with several sound tracks only the first is heard"
FROM_ZERO = "points count from the file's first frame: there is no source timecode"

# What these programs look for is a whole path, whatever was asked.
WITHOUT_RELATIVE = ("fcp7", "aaf")
WHOLE_PATHS = "media are named by whole paths, as these programs want them: no relative ones"

# Names of what we write beside the film itself, so that a reader of ours tells them apart.
NAMESPACE = "film_editor"  # key of all our metadata
ALTERNATIVES = "Alternatives"  # name of the disabled track, and of the bin
MUSIC = "Music"  # name of the music's track


@dataclass(frozen=True)
class Carries:
    """One format: its file, what it loses, who reads it."""

    title: str  # as editors call it
    suffix: str  # of its file, with the dot
    # Of WHAT, the words for what is lost; all else is carried.
    lost: Mapping[str, str] = field(default_factory=dict)
    opened_by: str = ""  # which programs opened a file of ours, beside OpenTimelineIO's readers


CARRIES: dict[str, Carries] = {
    "otio": Carries("OpenTimelineIO", ".otio", {"transitions": TRANSITIONS}),
    "otioz": Carries("OpenTimelineIO with its media", ".otioz", {"transitions": TRANSITIONS}),
    "edl": Carries(
        "CMX3600 EDL",
        ".edl",
        {
            "audio": "a clip's channels beyond the fourth are left out",
            "alternates": "alternatives are left out",
            "effects": EFFECTS,
            "transitions": TRANSITIONS,
            "mixed rates": RATES,
            "music": "the music is named in a comment, not laid",
        },
    ),
    "fcp7": Carries("Final Cut Pro 7 XML", ".xml", {"transitions": TRANSITIONS}),
    "fcpxml": Carries("FCPXML", ".fcpxml", {"transitions": TRANSITIONS}),
    "mlt": Carries(
        "MLT XML (Shotcut)",
        ".mlt",
        {
            "timecode": FROM_ZERO,
            "audio": FIRST_SOUND,
            "transitions": TRANSITIONS,
            "mixed rates": RATES,
        },
        opened_by="melt 7.12 (rendered), Shotcut 22.12",
    ),
    "kdenlive": Carries(
        "Kdenlive",
        ".kdenlive",
        {
            "timecode": FROM_ZERO,
            "audio": FIRST_SOUND,
            "transitions": TRANSITIONS,
            "mixed rates": RATES,
        },
        opened_by="melt 7.12 (rendered), Kdenlive 22.12",
    ),
    "csv": Carries("cut list", ".csv", {"effects": EFFECTS, "transitions": TRANSITIONS}),
    "aaf": Carries(
        "AAF",
        ".aaf",
        {
            "markers": "reasons are left out",
            "alternates": "alternatives are left out",
            "effects": EFFECTS,
            "transitions": TRANSITIONS,
            "mixed rates": RATES,
            "music": "the music is left out",
        },
    ),
}

ALIASES = {"xml": "fcp7"}  # what else a format is called on the command line


@dataclass(frozen=True)
class Written:
    """What became of a film in one format."""

    format: str  # name in CARRIES
    files: tuple[Path, ...] = ()  # the exchange file first
    lost: tuple[str, ...] = ()  # what of this film it does not carry, in words
    refused: str = ""  # why this film cannot be written so


def lost_lines(written: Sequence[Written]) -> list[str]:
    """Every loss once, with the formats that have it: "EDL, AAF: the music is left out"."""
    found: dict[str, list[str]] = {}
    for one in written:
        for words in one.lost:
            found.setdefault(words, []).append(CARRIES[one.format].title)
    return [f"{', '.join(titles)}: {words}" for words, titles in found.items()]


def written_json(written: Sequence[Written]) -> list[dict[str, Any]]:
    """What was written, as plain values."""
    return [
        {
            "format": one.format,
            "files": [str(path) for path in one.files],
            "lost": list(one.lost),
            **({"refused": one.refused} if one.refused else {}),
        }
        for one in written
    ]


def table() -> str:
    """What every format carries, as a Markdown table with the losses in words below it."""
    rows = [["format", *WHAT, "opened by"], ["---"] * (len(WHAT) + 2)]
    notes: list[str] = []
    for name, row in CARRIES.items():
        cells = []
        for what in WHAT:
            if what not in row.lost:
                cells.append("yes")
                continue
            if row.lost[what] not in notes:
                notes.append(row.lost[what])
            cells.append(f"no ({notes.index(row.lost[what]) + 1})")
        rows.append([f"`{name}` {row.title}, `{row.suffix}`", *cells, row.opened_by or "-"])
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    lines += ["", *(f"{number}. {words}" for number, words in enumerate(notes, start=1))]
    return "\n".join(lines) + "\n"
