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
    "transitions",  # effects and transitions that came in with the same format
    "mixed rates",  # exact frames of clips of another rate than the film's
    "music",  # on a track of its own, with its repetition
)

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
    opened_by: str = ""  # which programs opened a file of ours, as tried
    untried: str = ""  # which read the format and could not be tried


CARRIES: dict[str, Carries] = {
    "otio": Carries("OpenTimelineIO", ".otio"),
    "otioz": Carries("OpenTimelineIO with its media", ".otioz"),
    "edl": Carries(
        "CMX3600 EDL",
        ".edl",
        {
            "audio": "a clip's channels beyond the fourth are left out",
            "alternates": "alternatives are left out",
            "transitions": "effects and transitions are left out",
            "mixed rates": "clips of another rate are counted on the film's frames, as far as half"
            " a frame off",
            "music": "the music is named in a comment, not laid",
        },
    ),
    "fcp7": Carries("Final Cut Pro 7 XML", ".xml"),
    "fcpxml": Carries("FCPXML", ".fcpxml"),
    "mlt": Carries(
        "MLT XML (Shotcut)",
        ".mlt",
        {
            "timecode": "points count from the file's first frame: MLT has no source timecode",
            "audio": "of a clip with several sound tracks only the first is heard",
            "mixed rates": "clips of another rate are counted on the film's frames, as far as half"
            " a frame off",
        },
    ),
    "kdenlive": Carries(
        "Kdenlive",
        ".kdenlive",
        {
            "timecode": "points count from the file's first frame: Kdenlive has no source timecode",
            "audio": "of a clip with several sound tracks only the first is heard",
            "mixed rates": "clips of another rate are counted on the film's frames, as far as half"
            " a frame off",
        },
    ),
    "csv": Carries(
        "cut list",
        ".csv",
        {"transitions": "effects and transitions are left out"},
    ),
    "aaf": Carries(
        "AAF",
        ".aaf",
        {
            "markers": "reasons are left out",
            "alternates": "alternatives are left out",
            "transitions": "effects and transitions are left out",
            "mixed rates": "clips of another rate are counted on the film's frames, as far as half"
            " a frame off",
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
