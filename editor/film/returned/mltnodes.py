"""Read the elements of MLT XML: their properties, times, and what a producer plays."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from editor.errors import EditorError
from editor.film.returned.items import ReturnedError
from editor.timing import FrameSpan, Timecode, to_frames

NODES = ("producer", "chain", "playlist", "tractor")
STILLS = ("qimage", "pixbuf")  # services that show a picture file
READS = ("", "avformat", "avformat-novalidate", "timewarp", *STILLS)  # services that read a file
TITLES = ("kdenlivetitle", "qtext", "pango", "dynamictext", "glaxnimate", "html", "webvfx")
NESTED = ("xml", "xml-nogl", "xml-string", "melt", "consumer", "multi")
MIXES = ("luma", "mix", "movit.luma_mix", "dissolve")  # services that lead from clip to clip
PROJECTS = (".mlt", ".kdenlive")  # suffixes of files that are projects, whatever reads them
LAYERING = ("composite", "qtblend", "mix", "affine", "frei0r.cairoblend", "movit.overlay")
GROUNDS = ("black", "background", "black_track")  # names of what is seen where nothing is
_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?")
_SPEED = re.compile(r"(-?\d{1,4}(?:\.\d{1,9})?):(.*)", re.DOTALL)


@dataclass(frozen=True)
class Plays:
    """What a producer plays."""

    what: str  # "clip", "title", "generator", "nested sequence"
    resource: str  # as written, without a speed before it
    speed: Fraction


def properties(node: Element) -> dict[str, str]:
    """A node's own properties by name, the last of each."""
    return {child.get("name", ""): child.text or "" for child in node if child.tag == "property"}


def tracks(tractor: Element) -> Iterator[Element]:
    """A tractor's tracks, from below, also where a multitrack holds them."""
    for child in tractor:
        if child.tag == "track":
            yield child
        elif child.tag == "multitrack":
            yield from (track for track in child if track.tag == "track")


def frame(text: str, rate: Fraction, where: str) -> int:
    """A time of MLT as frames: a number, a clock value or a timecode. Raises ReturnedError."""
    text = text.strip()
    if re.fullmatch(r"-?\d{1,10}", text):
        return int(text)
    if match := _CLOCK.fullmatch(text):
        whole = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        return to_frames(whole + Fraction(f"0.{match[4] or 0}"), rate)
    try:
        return Timecode.parse(text, rate).frame
    except EditorError as err:
        raise ReturnedError(f"{where}: {text[:40]!r} is no time as MLT writes it.") from err


def is_ground(node: Element) -> bool:
    """True of what is seen where nothing is."""
    names = (node.get("id", ""), properties(node).get("kdenlive:playlistid", ""))
    return any(name in GROUNDS for name in names)


def plays(node: Element) -> Plays:
    """What a producer or chain plays."""
    known = properties(node)
    service, resource = known.get("mlt_service", ""), known.get("resource", "")
    speed = Fraction(1)
    if service == "timewarp" and (match := _SPEED.fullmatch(resource)):
        speed, resource = Fraction(match[1]), known.get("warp_resource") or match[2]
    elif service == "framebuffer" and (match := re.fullmatch(r"(.*)\?(-?[\d.]{1,9})", resource)):
        service, resource, speed = "timewarp", match[1], Fraction(match[2])
    what = (
        "nested sequence"
        if service in READS and resource.lower().endswith(PROJECTS)
        else "clip"
        if service in READS
        else "title"
        if service in TITLES
        else "nested sequence"
        if service in NESTED or known.get("kdenlive:producer_type") == "17"
        else "generator"
    )
    return Plays(what, resource, speed)


def is_mix(node: Element) -> bool:
    """True of a tractor that leads from one clip to the next, as an entry of a playlist."""
    if node.tag != "tractor" or len(list(tracks(node))) != 2:
        return False
    leading = (child for child in node.iter("transition") if not is_own_doing(child))
    services = [properties(child).get("mlt_service") for child in leading]
    return "shotcut:transition" in properties(node) or any(one in MIXES for one in services)


def original(known: Mapping[str, str]) -> str:
    """The medium of which a producer plays a small copy; "" where it plays the medium itself."""
    if known.get("kdenlive:proxy", "-") not in ("", "-"):
        return known.get("kdenlive:originalurl", "")
    return known.get("shotcut:originalResource", "")


def span_of(first: object, stop: object) -> FrameSpan | None:
    """Frames that we noted, if they are numbers still."""
    if all(re.fullmatch(r"\d{1,12}", str(text)) for text in (first, stop)):
        return FrameSpan(int(str(first)), int(str(stop)))
    return None


def is_own_doing(child: Element) -> bool:
    """True of a filter or transition that a program adds by itself: no editor chose it."""
    known = properties(child)
    if known.get("mlt_service") in LAYERING and "kdenlive_id" not in known:
        return child.get("out") is None and "out" not in known
    if known.get("mlt_service") == "audiolevel":  # a meter
        return True
    marks = ("internal_added", "always_active", "shotcut:hidden", "_loader")
    fills = known.get("shotcut:filter") == "cropCenter" and known.get("mlt_service") == "crop"
    return fills or any(known.get(mark, "0") not in ("", "0") for mark in marks)


def effect_name(child: Element) -> str:
    """What an editor calls a filter or transition."""
    known = properties(child)
    names = ("kdenlive_id", "shotcut:filter", "shotcut:transition", "mlt_service")
    return next((known[name] for name in names if known.get(name)), child.tag)
