"""Turn the committed, hand-checked cut lists into a film's true shots.

A list is TOML: whose film it is, under which licence, where it comes from, and the frames of every
shot, half-open, without black, titles that stand alone, and credits. The film itself is not in the
project; it is recognised by the digest of its bytes.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from editor.errors import EditorError
from editor.footage.clip import Clip
from editor.timing import FrameSpan, parse_rate, rate_text

FOLDER = Path(__file__).parent / "cutlists"
LEAST_SHOTS = 8  # of a film that may be measured: fewer have too few cuts to say anything
TEXTS = ("title", "film", "what", "licence", "source", "digest", "rate", "checked")
KEYS = (*TEXTS, "frames", "shots")


@dataclass(frozen=True)
class CutList:
    """The true shots of one file of a film."""

    title: str
    film: str  # files of one film share it: they are one film wherever one is left out
    what: str  # which cut of the film, which file
    licence: str
    source: str  # where the public finds it
    checked: str  # how the list was made
    digest: str  # BLAKE2b of the file's bytes, hex, as Clip.digest
    rate: Fraction  # frames/s
    frames: int  # of the file
    shots: tuple[FrameSpan, ...]  # in order, half-open


def read(path: Path) -> CutList:
    """Read one list. Raises EditorError naming the file and what is wrong in it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise EditorError(f"{path}: {err.strerror or err}.") from err
    except UnicodeDecodeError as err:
        raise EditorError(f"{path} is not UTF-8 text: byte {err.start} is wrong.") from err
    except tomllib.TOMLDecodeError as err:
        raise EditorError(f"{path} is not valid TOML: {err}.") from err
    if sorted(table) != sorted(KEYS):
        raise EditorError(f"{path} has the keys {sorted(table)}; a cut list has {sorted(KEYS)}.")
    for key in TEXTS:
        if not isinstance(table[key], str) or not table[key].strip():
            raise EditorError(f"{path}: {key} must be text, not {table[key]!r}.")
    frames = table["frames"]
    if not _is_count(frames) or frames < 1:
        raise EditorError(f"{path}: frames must be a whole number from 1, not {frames!r}.")
    texts = {key: table[key] for key in TEXTS if key != "rate"}
    shots = _shots(table["shots"], frames, path)
    return CutList(**texts, rate=parse_rate(table["rate"]), frames=frames, shots=shots)


def _shots(rows: Any, frames: int, path: Path) -> tuple[FrameSpan, ...]:
    if not isinstance(rows, list):
        raise EditorError(f"{path}: shots must be a list of [first, stop], not {rows!r}.")
    last, found = 0, []
    for number, row in enumerate(rows):
        if not (isinstance(row, list) and len(row) == 2 and all(map(_is_count, row))):
            raise EditorError(f"{path}: shot {number} must be [first, stop] frames, not {row!r}.")
        first, stop = row
        if not last <= first < stop <= frames:
            raise EditorError(
                f"{path}: shot {number} is [{first}, {stop}]; shots stand in order, do not"
                f" overlap and lie within the file's {frames} frames."
            )
        found.append(FrameSpan(first, stop))
        last = stop
    return tuple(found)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def write(made: CutList) -> str:
    """The list as TOML text that `read` reads."""
    rows: Mapping[str, str] = {
        "title": made.title,
        "film": made.film,
        "what": made.what,
        "licence": made.licence,
        "source": made.source,
        "checked": made.checked,
        "digest": made.digest,
        "rate": rate_text(made.rate),
    }
    lines = [f"{key} = {_quoted(text)}" for key, text in rows.items()]
    lines += [f"frames = {made.frames}", "shots = ["]
    lines += [f"  [{shot.first}, {shot.stop}]," for shot in made.shots]
    return "\n".join([*lines, "]"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@cache
def known() -> tuple[CutList, ...]:
    """The lists of the package, by title and file."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.toml")))


def of(clip: Clip, lists: Sequence[CutList] = ()) -> CutList | None:
    """The list of a clip, of `lists` or the package's; None where there is none.

    Raises EditorError where the list's frames or rate are not the clip's.
    """
    for one in (*lists, *known()):
        if one.digest == clip.digest:
            if (one.frames, one.rate) != (clip.frames, clip.rate):
                raise EditorError(
                    f"{clip.name}: its cut list counts {one.frames} frames at"
                    f" {rate_text(one.rate)}, the file has {clip.frames} at {rate_text(clip.rate)}."
                )
            return one
    return None
