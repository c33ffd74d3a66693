"""Read what Kdenlive alone writes into MLT XML: our notes in its bin, and mixes of two clips.

Every track of its timeline is a tractor of two playlists: clips that pass into one another lie on
the two by turns and overlap there. Since 23.04 the film is one of several sequences, and the
project's own tractor says which.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.export.carried import NAMESPACE
from editor.film.returned.items import Item, VersionUnknown
from editor.film.returned.mltnodes import properties, span_of
from editor.timing import FrameSpan

LATEST = 1  # of Kdenlive's own versions of its projects: 1.1 since 23.04
Notes = dict[tuple[str, int, int], FrameSpan]  # by clip of the bin, in and out


def is_kdenlive(root: Element) -> bool:
    """True of a project that Kdenlive saved, or that is written as one."""
    return any(
        name.startswith("kdenlive:docproperties.")
        for node in root.iter("playlist")
        for name in properties(node)
    )


def check_version(root: Element, path: Path) -> None:
    """Raise VersionUnknown for a project of a later Kdenlive than is known."""
    for node in root.iter("playlist"):
        version = properties(node).get("kdenlive:docproperties.version", "")
        if version and not re.fullmatch(rf"[0-{LATEST}](\.\d+)*", version):
            raise VersionUnknown(str(path), version, f"projects of Kdenlive 0 to {LATEST}")


def notes(root: Element) -> Notes:
    """The exact frames that we noted of every cut, on the clips of the bin."""
    found: Notes = {}
    for node in root.iter("producer"):
        known = properties(node)
        for row in _rows(known.get(f"{NAMESPACE}:cuts")):
            span = span_of(row.get("clip_in"), row.get("clip_out"))
            place = span_of(row.get("in"), row.get("out"))
            if span is not None and place is not None:
                key = (known.get("kdenlive:id", ""), place.first, place.stop)
                found.setdefault(key, span)
    return found


def _rows(text: str | None) -> Iterator[dict[str, object]]:
    """What we noted of a clip's cuts, if it is a table still."""
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row


def cut_at(item: Item, mix: FrameSpan, rate: Fraction) -> Item:
    """The item, less its part of a mix that is another clip's: both lie whole under it."""
    place, source = item.place, item.source
    middle = (mix.first + mix.stop + 1) // 2
    if place.stop == mix.stop and place.first < mix.first:
        return replace(item, place=FrameSpan(place.first, middle))
    if place.first == mix.first and place.stop > mix.stop:
        late = Fraction(middle - place.first) / rate * max(item.speed, Fraction(0))
        later = replace(source, first=source.first + late, exact=None)
        return replace(item, place=FrameSpan(middle, place.stop), source=later)
    return item
