"""Turn a film into a CMX3600 edit decision list, and a table from its reels to the files.

One event a cut. All timecode counts at the film's rate: a clip of another rate keeps the label of
its first frame and counts on from there, to the nearest frame of the film. What the list has no
place for stands in comments: the file, the exact frames, the alternatives' number, the music.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from editor.errors import OutputError
from editor.film.export.files import as_url, one_line, write_text
from editor.film.export.sequence import (
    Item,
    Sequence,
    channels,
    clips,
    counted,
    handles,
    on_grid,
    pictures,
)
from editor.footage.clip import Clip
from editor.timing import rate_text

FASTEST = 60  # frames a second that a label's two digits of frames are read at
REEL = 8  # characters
RESERVED = ("AX", "BL", "BLACK", "BARS", "NONE", "AUX")  # reels that mean no tape
CODES = ("V", "B", "AA/V", "AA/V", "AA/V")  # of a cut with so many channels of sound
COLUMNS = ("reel", "file", "path", "start_timecode", "rate", "frames")


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the list, and NAME.reels.csv beside it. Raises OutputError, also at too fast a rate."""
    base = sequence.start.base
    if base > FASTEST:
        raise OutputError(
            f"{path.name}: an EDL counts at most {FASTEST} frames a second, the film has"
            f" {rate_text(sequence.rate)}. Cut again with --rate {rate_text(sequence.rate / 2)}, or"
            " export another format."
        )
    reels = name_reels(clips(sequence, alternatives=False))
    folder = path.parent if sequence.relative else None
    table = write_text(path.with_suffix(".reels.csv"), _table(reels, sequence), "utf-8-sig")
    lines = [*_head(sequence), *_events(sequence, reels, folder), *_music(sequence, folder)]
    return write_text(path, "".join(f"{line}\n" for line in lines)), table


def name_reels(files: tuple[Clip, ...]) -> dict[Path, str]:
    """A name of at most 8 capitals and digits for every file, no two the same."""
    reels: dict[Path, str] = {}
    taken = set(RESERVED)
    for clip in files:
        text = unicodedata.normalize("NFKD", clip.path.stem).upper()
        stem = re.sub(r"[^A-Z0-9]", "", text) or "REEL"
        name, number = stem[:REEL], 1
        while name in taken:
            number += 1
            name = f"{stem[: REEL - len(str(number))]}{number}"
        taken.add(name)
        reels[clip.path] = name
    return reels


def _table(reels: dict[Path, str], sequence: Sequence) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for clip in clips(sequence, alternatives=False):
        start = str(clip.timecode) if clip.timecode else ""
        path = one_line(str(clip.path))
        values = (one_line(clip.name), path, start, rate_text(clip.rate), clip.frames)
        rows.writerow([reels[clip.path], *values])
    return text.getvalue()


def _head(sequence: Sequence) -> list[str]:
    mode = "DROP FRAME" if sequence.start.drop else "NON-DROP FRAME"
    return [f"TITLE: {one_line(sequence.name)}", f"FCM: {mode}", ""]


def _events(sequence: Sequence, reels: dict[Path, str], folder: Path | None) -> Iterator[str]:
    for number, item in enumerate(pictures(sequence)[0].items, start=1):
        count = len(channels(item.clip))
        code = CODES[min(count, len(CODES) - 1)]
        first = counted(item.clip, sequence.rate) + on_grid(item, sequence.rate)
        source = f"{first} {first + item.length}"
        record = f"{sequence.start + item.start} {sequence.start + item.stop}"
        yield f"{number:03}  {reels[item.clip.path]:8} {code:5} C        {source} {record}"
        if count > 2:
            yield "AUD  " + "    ".join(str(channel) for channel in range(3, min(count, 4) + 1))
        yield f"* FROM CLIP NAME: {one_line(item.clip.name)}"
        yield f"* SOURCE FILE: {as_url(item.clip.path, folder)}"
        yield from _exact(item, sequence)
        if item.reason:
            yield f"* LOC: {sequence.start + item.start} GREEN   {one_line(item.reason)}"


def _exact(item: Item, sequence: Sequence) -> Iterator[str]:
    """Which frames of the file: the timecode above may be rounded to the film's grid."""
    spare = handles(item.clip, item.source, sequence.handles)
    yield (
        f"* CLIP FRAMES: {item.source.first}-{item.source.stop} OF {item.clip.frames}"
        f" AT {rate_text(item.clip.rate)}"
    )
    if sequence.handles:
        before, after = item.source.first - spare.first, spare.stop - item.source.stop
        yield f"* HANDLES: {before} BEFORE, {after} AFTER"


def _music(sequence: Sequence, folder: Path | None) -> Iterator[str]:
    if sequence.song is not None:
        first = sequence.song.pieces[0].first
        url = as_url(sequence.song.path, folder)
        yield f"* MUSIC: {url} FROM FRAME {first} AT {rate_text(sequence.rate)}"
