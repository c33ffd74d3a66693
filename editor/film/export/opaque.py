"""Hand on what came in with a format and the film's model does not hold: effects, titles, speed.

An edit that was imported keeps, by format, rows of plain values:

    {"cut": 3, "what": "effect", "name": "Gaussian Blur", "text": "<filter>...</filter>"}

`cut` is the index of the cut that it stands on (null: the film as a whole), `what` says in a word
what it is, `name` is how the editor knows it, `text` is as the format wrote it: an XML element, an
OpenTimelineIO object as JSON. Only effects that stand inside their clip, without a hold on anything
outside it, are written again, and only to the format that they came from; all others are named.
OpenTimelineIO's are so for speeds too: there a clip lies as long and from the same frame on.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

EFFECT = "effect"  # the only `what` that is written again to every format
SPEED = "speed"  # of a cut's picture; its name is the percentage that it plays at
SOUND_SPEED = "speed of its sound"
LONGEST = 1 << 20  # characters of one: effects are a few kilobytes
REFERS = "ref"  # attribute by which an element of FCPXML hangs on another
# Elements of each format that are whole in themselves.
ELEMENTS = {
    "fcp7": ("filter",),
    "fcpxml": (
        "adjust-crop",
        "adjust-conform",
        "adjust-transform",
        "adjust-blend",
        "adjust-volume",
    ),
    "mlt": ("filter",),
    "kdenlive": ("filter",),
}
OBJECTS = {  # how the names of its schemas begin, by what they are
    "otio": {EFFECT: ("Effect",), **dict.fromkeys((SPEED, SOUND_SPEED), ("LinearTime", "Freeze"))}
}
SAME = {"otioz": "otio"}  # formats that hold another


@dataclass(frozen=True)
class Row:
    """One thing that was kept as it was written."""

    cut: int | None
    what: str
    name: str
    text: str


def rows(opaque: Mapping[str, Any], format: str) -> tuple[Row, ...]:
    """What was kept of a format. What is no row (an edit can be changed by hand) is passed over."""
    found = []
    for known, given in opaque.items():
        same = SAME.get(known, known) == SAME.get(format, format)
        for value in given if same and isinstance(given, list | tuple) else ():
            if not isinstance(value, Mapping):
                continue
            cut, text = value.get("cut"), value.get("text", "")
            if (type(cut) is int or cut is None) and isinstance(text, str):
                what, name = str(value.get("what", "")), str(value.get("name", ""))
                found.append(Row(cut, what, name, text))
    return tuple(found)


def elements(opaque: Mapping[str, Any], format: str, cut: int) -> tuple[Element, ...]:
    """The effects on one cut, as elements of an XML format."""
    found = (_element(row, format) for row in rows(opaque, format) if row.cut == cut)
    return tuple(element for element in found if element is not None)


def objects(opaque: Mapping[str, Any], format: str, cut: int, sound: bool) -> tuple[str, ...]:
    """The effects on one cut, or on its sound, as JSON."""
    return tuple(
        row.text
        for row in rows(opaque, format)
        if row.cut == cut and (row.what == SOUND_SPEED) == sound and _is_object(row, format)
    )


def speeds(opaque: Mapping[str, Any], format: str) -> dict[int, Fraction]:
    """How fast cuts play in the program that they came in with, by place; 1 where not said. Only
    speeds that are written to this format again: of others no program knows any more."""
    found = {}
    for row in rows(opaque, format):
        said = re.fullmatch(r"(-?\d{1,9}(\.\d{1,9})?) %", row.name)
        if row.what == SPEED and row.cut is not None and said and _is_object(row, format):
            found[row.cut] = Fraction(said[1]) / 100
    return found


def percent(speed: Fraction) -> str:
    """A speed as it is named: "200 %"."""
    return f"{float(100 * speed):g} %"


def again(row: Mapping[str, Any], format: str) -> bool:
    """True of what stands on a cut and is written again to the format that it came from."""
    one = Row(0, str(row["what"]), str(row["name"]), str(row["text"]))
    return _element(one, format) is not None or _is_object(one, format)


def lost(opaque: Mapping[str, Any], format: str, cuts: int) -> tuple[str, ...]:
    """Names of what was kept, of any format, and is not written to this one; `cuts` in the film."""
    names = []
    for known in opaque:
        for row in rows(opaque, known):
            here = row.cut is not None and 0 <= row.cut < cuts
            again = _element(row, format) is not None or _is_object(row, format)
            same = SAME.get(known, known) == SAME.get(format, format)
            if not (same and here and again):
                names.append(_named(row))
    return tuple(dict.fromkeys(names))


def _named(row: Row) -> str:
    if row.what in (SPEED, SOUND_SPEED) and row.cut is not None:
        return f"the {row.what}, {row.name}, at cut {row.cut + 1}"
    return row.name or row.what or "something without a name"


def _element(row: Row, format: str) -> Element | None:
    if row.what != EFFECT or format not in ELEMENTS or len(row.text) > LONGEST:
        return None
    if "<!" in row.text:  # a document type could declare entities that grow without end
        return None
    try:
        element = ElementTree.fromstring(row.text)
    except ElementTree.ParseError:
        return None
    return element if element.tag in ELEMENTS[format] and REFERS not in element.attrib else None


def _is_object(row: Row, format: str) -> bool:
    format = SAME.get(format, format)
    begins = OBJECTS.get(format, {}).get(row.what)
    if begins is None or len(row.text) > LONGEST:
        return False
    try:
        value = json.loads(row.text)
    except (ValueError, RecursionError):
        return False
    schema = value.get("OTIO_SCHEMA") if isinstance(value, dict) else None
    return isinstance(schema, str) and schema.startswith(begins)
