"""Turn a film into a plain cut list: a table that a spreadsheet opens, a line a cut."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

from editor.film.export.carried import MUSIC
from editor.film.export.files import one_line, write_text
from editor.film.export.sequence import Item, Sequence, Track, channels, handles, pictures
from editor.footage.clip import Clip
from editor.timing import FrameSpan, rate_text

COLUMNS = (
    "track", "number", "clip", "film_in", "film_out", "length_s", "source_in", "source_out",
    "clip_in_frame", "clip_out_frame", "clip_rate", "film_in_frame", "film_out_frame",
    "handle_before", "handle_after", "audio", "shot", "reason", "reward", "path", "relative_path",
)  # fmt: skip
UNUSED = "Unused"  # in the column "track": on offer, nowhere in the film
FORMULA = ("=", "+", "-", "@", "\t")  # a spreadsheet calculates what begins so


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the list as .csv with a byte order mark, so that spreadsheets see UTF-8."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for row in _rows(sequence, path.parent):
        rows.writerow([_cell(value) for value in row])
    return (write_text(path, text.getvalue(), "utf-8-sig"),)


def _rows(sequence: Sequence, folder: Path) -> Iterator[tuple[object, ...]]:
    for track in pictures(sequence):
        yield from _track(track, sequence, folder)
    if sequence.song is not None:
        for number, piece in enumerate(sequence.song.pieces, start=1):
            span = FrameSpan(piece.first, piece.first + piece.length)
            place = _place(piece.start, piece.length, sequence)
            path = sequence.song.path
            yield (
                MUSIC, number, path.name, *place[:3], "", "", span.first, span.stop,
                rate_text(sequence.rate), *place[3:], "", "", f"{sequence.song.channels} channels",
                "", "", "", *_paths(path, folder),
            )  # fmt: skip
    for number, other in enumerate(sequence.unused, start=1):
        clip, span = other.clip, other.source
        seconds = _seconds(len(span), clip)
        yield (
            UNUSED, number, clip.name, "", "", seconds, *_labels(clip, span), span.first,
            span.stop, rate_text(clip.rate), "", "", *_spare(clip, span, sequence), _audio(clip),
            other.shot, other.why, "", *_paths(clip.path, folder),
        )  # fmt: skip


def _track(track: Track, sequence: Sequence, folder: Path) -> Iterator[tuple[object, ...]]:
    for number, item in enumerate(track.items, start=1):
        clip, span = item.clip, item.source
        place = _place(item.start, item.length, sequence)
        yield (
            track.name, number, clip.name, *place[:3], *_labels(clip, span), span.first, span.stop,
            rate_text(clip.rate), *place[3:], *_spare(clip, span, sequence), _audio(clip),
            item.shot, item.reason, _reward(item), *_paths(clip.path, folder),
        )  # fmt: skip


def _place(start: int, length: int, sequence: Sequence) -> tuple[object, ...]:
    """Timecode in and out, seconds, frames in and out."""
    seconds = f"{float(length / sequence.rate):.3f}"
    stop = start + length
    return str(sequence.start + start), str(sequence.start + stop), seconds, start, stop


def _labels(clip: Clip, span: FrameSpan) -> tuple[str, str]:
    return str(clip.timecode_at(span.first)), str(clip.timecode_at(span.stop))


def _spare(clip: Clip, span: FrameSpan, sequence: Sequence) -> tuple[int, int]:
    whole = handles(clip, span, sequence.handles or clip.duration)
    return span.first - whole.first, whole.stop - span.stop


def _seconds(frames: int, clip: Clip) -> str:
    return f"{float(frames / clip.rate):.3f}"


def _audio(clip: Clip) -> str:
    count = len(channels(clip))
    return f"{count} channel{'' if count == 1 else 's'}" if count else ""


def _reward(item: Item) -> str:
    return f"{item.cut.reward:.4f}" if item.cut else ""


def _paths(path: Path, folder: Path) -> tuple[str, str]:
    return str(path), os.path.relpath(path, folder)


def _cell(value: object) -> str:
    """Text on one line that a spreadsheet takes as text. A number stays a number."""
    text = one_line(str(value))
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
