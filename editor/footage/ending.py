"""Turn the last bytes of a file into whether its end is missing, where no header could tell.

MPEG programme and transport streams have no length to compare with: a recorder may stop at any
packet. But a packet says its own length, so a file that was not copied whole breaks off inside
one. A file cut exactly between two packets looks like one that ends there, and is not reported.
ISO/IEC 13818-1, tables 2-21, 2-33 and 2-40.
"""

import os
from pathlib import Path

WINDOW = 1 << 20  # bytes read from the end
CHAIN = 8  # packets in a row, each where the one before ends, by which their places are certain
LAST = 20  # bytes of the file in which no packet need begin: padding that writers leave
_START = b"\0\0\1"
_PACK, _END = 0xBA, 0xB9
TRANSPORT = (188, 192, 204)  # bytes of a packet: plain, with a time, with its check
_SYNC = 0x47


def breaks_off(path: Path, container: str) -> str:
    """How it shows that a file's end is missing, in an editor's words; empty where it does not.

    container: FFmpeg's name of the format. Raises OSError where the file cannot be read.
    """
    if container not in ("mpeg", "mpegts"):
        return ""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - WINDOW))
        tail = file.read()
    lost = _of_programme(tail) if container == "mpeg" else _of_transport(tail)
    return "the file breaks off inside a packet: it was not copied or recorded whole" * lost


def _of_programme(tail: bytes) -> bool:
    """True where the last packet of a programme stream is longer than what is left of the file."""
    at = tail.find(_START)
    while 0 <= at < len(tail) - LAST:
        stops = _walk(tail, at)
        if len(stops) > CHAIN or (at == 0 and stops[-1] >= len(tail)):
            return stops[-1] > len(tail)
        at = tail.find(_START, at + 1)
    return False


def _walk(tail: bytes, at: int) -> list[int]:
    """Ends of the packets that follow one another from a start code on; the last may lie beyond."""
    stops = [at]
    while stops[-1] + 14 <= len(tail):
        at = stops[-1]
        if tail[at : at + 3] != _START or tail[at + 3] < _END:
            break
        if tail[at + 3] == _END:
            length = 4
        elif tail[at + 3] == _PACK:
            length = 14 + (tail[at + 13] & 7) if tail[at + 4] >> 6 == 1 else 12
        else:
            length = 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
        stops.append(at + length)
    return stops


def _of_transport(tail: bytes) -> bool:
    """True where the last packet of a transport stream is not whole."""
    for size in TRANSPORT:
        for first in range(min(size, len(tail))):
            places = range(first, len(tail), size)
            if len(places) > CHAIN and all(tail[at] == _SYNC for at in places):
                return (len(tail) - first) % size not in (0, *_TRAILS.get(size, ()))
    return False


# A packet with a time has it in front, so that what follows the last sync byte is short by it.
_TRAILS = {192: (188,)}
