"""Turn the timecode that a file carries into the exact label of its first frame."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from editor.errors import EditorError
from editor.timing import Timecode, snap_rate

_DEEPEST = 8  # boxes inside boxes; a timecode track's description lies six deep
_MOST_BOXES = 10_000  # looked at in one file: a hostile one cannot keep us longer
_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_NTSC = Fraction(1000, 1001)


def read(label: str, picture_rate: Fraction, track_rate: Fraction | None) -> Timecode | None:
    """Read a label at the timecode track's own rate, or at the picture's; None if it is no label.

    A label whose frames or drop-frame mark do not fit the picture's rate may count at half of it,
    as cameras label 60000/1001 and 50 frames a second.
    """
    rates = [picture_rate] if track_rate is None else [track_rate, picture_rate]
    rates += [snap_rate(picture_rate / 2), _nominal(picture_rate)]
    for rate in rates:
        try:
            return Timecode.parse(label, rate)
        except EditorError:
            continue  # no label of this rate
    return None


def _nominal(rate: Fraction) -> Fraction:
    """The NTSC rate that counts the same label, for drop-frame in a file that says 30 or 60."""
    return round(rate) * _NTSC


def track_rate(path: Path, picture_rate: Fraction) -> Fraction | None:
    """Exact rate of a QuickTime or MP4 file's timecode track, or None where there is none.

    A track that counts 30 whole frames a second beside a picture of 30000/1001 or 60000/1001
    means 30000/1001.
    """
    try:
        with path.open("rb") as file:
            for entry in _descriptions(file, 0, os.fstat(file.fileno()).st_size, 0, [_MOST_BOXES]):
                rate = _entry_rate(entry)
                if rate is not None:
                    return _family(rate, picture_rate)
    except OSError:
        return None  # whoever reads the picture says so
    return None


def _entry_rate(entry: bytes) -> Fraction | None:
    """Rate in a `tmcd` sample description: scale, frame duration and frames a second."""
    if len(entry) < 33 or entry[4:8] != b"tmcd":
        return None
    scale, duration = (int.from_bytes(entry[at : at + 4], "big") for at in (24, 28))
    count = entry[32]
    if duration and scale and abs(Fraction(scale, duration) - count) < 1:
        return snap_rate(Fraction(scale, duration))
    return Fraction(count) if count else None


def _family(rate: Fraction, picture_rate: Fraction) -> Fraction:
    """Bring a track's rate into the picture's family: whole numbers, or thousand in 1001."""
    is_ntsc = picture_rate.denominator == 1001
    if is_ntsc and rate.denominator == 1:
        return rate * _NTSC
    if not is_ntsc and rate.denominator == 1001 and picture_rate.denominator == 1:
        return Fraction(round(rate))
    return rate


def _descriptions(
    file: BinaryIO, start: int, stop: int, depth: int, budget: list[int]
) -> Iterator[bytes]:
    """Yield the first sample description of every track below, at most 64 bytes of each."""
    at = start
    while at + 8 <= stop and depth <= _DEEPEST and budget[0] > 0:
        budget[0] -= 1
        file.seek(at)
        head = file.read(16)
        size, name, body = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1 and len(head) == 16:
            size, body = int.from_bytes(head[8:16], "big"), at + 16
        end = stop if size == 0 else at + size
        if end < body or end > stop:
            return
        if name in _PARENTS:
            yield from _descriptions(file, body, end, depth + 1, budget)
        elif name == b"stsd":
            file.seek(body + 8)
            yield file.read(64)
        at = end
