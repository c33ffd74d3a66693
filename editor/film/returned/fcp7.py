"""Turn Final Cut Pro 7 XML, as Premiere, Resolve and Avid write it too, into items.

A clip's points count at its own rate from the first frame of its file; where it stands counts at
the sequence's. -1 means that a transition covers that end: then the transition says where it lies.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from editor.errors import EditorError
from editor.film.export.fcp7 import EXACT
from editor.film.returned import places, safe
from editor.film.returned.items import (
    Item,
    Media,
    Returned,
    ReturnedError,
    Source,
    VersionUnknown,
    checked,
)
from editor.timing import FrameSpan, Timecode, parse_rate, snap_rate

VERSIONS = ("1", "2", "3", "4", "5")
NTSC = Fraction(1000, 1001)
FIT = Fraction(1, 100)  # percent by which our own scale to fit the picture may be rounded
NOT_SAID = -1  # of a point: as the format has it
STANDS = ("clipitem", "generatoritem", "transitionitem")
NO_FILE = ("Slug", "GraphicAndType", "Text", "ColorMatte")  # media sources that are no files


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .xml file: the longest of its sequences. Raises ReturnedError."""
    root = safe.tree(path)
    if root.tag != "xmeml":
        raise ReturnedError(f"{path}: is no Final Cut Pro 7 XML: it begins with <{root.tag[:40]}>.")
    version = root.get("version", "")
    if version not in VERSIONS:
        raise VersionUnknown(str(path), version, f"{VERSIONS[0]} to {VERSIONS[-1]}")
    return _Reading(path, root).read()


class _Reading:
    """One file being read."""

    def __init__(self, path: Path, root: Element) -> None:
        self.path, self.root = path, root
        self.notes: list[str] = []
        self.files = {
            file.get("id", ""): file
            for file in reversed(list(root.iter("file")))
            if len(file) and file.get("id")
        }
        self.rate = Fraction(0)
        self.size: tuple[int, int] | None = None

    def read(self) -> Returned:
        film = self._film()
        self.rate = self._rate(film)
        self.size = _size(film.find("./media/video/format/samplecharacteristics"))
        items = [
            item
            for kind in ("video", "audio")
            for layer, track in enumerate(film.findall(f"./media/{kind}/track"))
            for item in self._track(track, layer, "picture" if kind == "video" else "sound")
        ]
        return checked(
            Returned(
                format="fcp7",
                items=tuple(items),
                rate=self.rate,
                name=film.findtext("name") or "",
                size=self.size,
                notes=tuple(dict.fromkeys(self.notes)),
            ),
            str(self.path),
        )

    def _film(self) -> Element:
        nested = {inner for item in self.root.iter("clipitem") for inner in item.iter("sequence")}
        found = [one for one in self.root.iter("sequence") if one not in nested and len(one)]
        if not found:
            raise ReturnedError(f"{self.path}: holds no sequence. Export one from your program.")
        film = max(found, key=lambda one: len(list(one.iter("clipitem"))))
        if len(found) > 1:
            name = film.findtext("name")
            self.notes.append(f"of {len(found)} sequences the longest was read, {name!r}")
        return film

    # --- tracks -----------------------------------------------------------------------------------

    def _track(self, track: Element, layer: int, kind: str) -> Iterator[Item]:
        standing = [child for child in track if child.tag in STANDS]
        for number, child in enumerate(standing):
            if child.tag == "transitionitem":
                if kind == "picture" and _truth(track, "enabled"):
                    name = child.findtext("./effect/name") or "transition"
                    self.notes.append(f"the transition {name!r} is a cut here")
                continue
            before = standing[number - 1] if number else None
            after = standing[number + 1] if number + 1 < len(standing) else None
            item = self._item(child, _crossed(before), _crossed(after), layer, kind)
            enabled = _truth(track, "enabled") and _truth(child, "enabled")
            yield replace(item, enabled=enabled)

    def _item(
        self, child: Element, head: Element | None, tail: Element | None, layer: int, kind: str
    ) -> Item:
        """A clip, title or generator; `head` and `tail` are the transitions that touch it."""
        name = child.findtext("name") or child.get("id") or "a clip"
        place, late = self._place(child, head, tail, name)
        what = _what(child, self.files)
        if what != "clip":
            row = {"what": what, "name": name, "text": _text(child)}
            nothing = Source(Fraction(0))
            return Item(
                Media(name), nothing, place, layer, kind, what=what, held=False, opaque=(row,)
            )
        rate, speed = self._rate(child, self.rate), self._speed(child)
        begin, out = self._points(child, name)
        first = (begin / rate + late / self.rate) * max(Fraction(0), speed)
        lasting = None
        if out is not None and place == self._written(child):
            lasting = (out - begin) / rate
        return Item(
            self._media(child, name),
            Source(first, lasting, exact=_exact(child)),
            place,
            layer,
            kind,
            speed=speed,
            opaque=tuple(self._effects(child)) if kind == "picture" else (),
        )

    def _points(self, child: Element, name: str) -> tuple[int, int | None]:
        """Frames of the file at which a clip begins and ends; None where the end is not said."""
        begin, out = self._whole(child, "in", NOT_SAID), self._whole(child, "out", NOT_SAID)
        begin = 0 if begin == NOT_SAID else begin
        if out != NOT_SAID and out <= begin:
            problem = "no length" if out == begin else "a negative length"
            raise ReturnedError(
                f"{self.path}: {name!r} has {problem} (in {begin}, out {out}). It was not written"
                " by an editing program, or is damaged."
            )
        inside = self._whole(child, "subclipinfo/startoffset", 0)
        return begin + inside, None if out == NOT_SAID else out + inside

    def _written(self, child: Element) -> FrameSpan:
        return FrameSpan(self._whole(child, "start", -1), self._whole(child, "end", -1))

    def _place(
        self, child: Element, head: Element | None, tail: Element | None, name: str
    ) -> tuple[FrameSpan, int]:
        """Where a clip stands between the cuts, and how many frames after its in point."""
        start, end = self._whole(child, "start", -1), self._whole(child, "end", -1)
        late = 0
        if start == -1:
            if head is None:
                raise ReturnedError(f"{self.path}: {name!r} does not say where it begins.")
            start = self._cut_point(head)
            late = start - self._whole(head, "start", start)
        if end == -1:
            if tail is None:
                raise ReturnedError(f"{self.path}: {name!r} does not say where it ends.")
            end = self._cut_point(tail)
        return FrameSpan(start, end), late

    def _cut_point(self, transition: Element) -> int:
        """The frame of the film at which a transition is a cut."""
        start, end = self._whole(transition, "start", 0), self._whole(transition, "end", 0)
        alignment = (transition.findtext("alignment") or "center").strip()
        if alignment.startswith("start"):
            return start
        return end if alignment.startswith("end") else (start + end) // 2

    def _speed(self, child: Element) -> Fraction:
        """How fast a clip plays: as its time remap says, if that is constant."""
        for effect in child.iterfind("./filter/effect"):
            if effect.findtext("effectid") != "timeremap":
                continue
            found = {
                parameter.findtext("parameterid"): parameter.findtext("value") or ""
                for parameter in effect.iterfind("parameter")
            }
            text = found.get("speed", "100").strip()
            if not re.fullmatch(r"-?\d{1,6}(\.\d{1,9})?", text):
                raise ReturnedError(f"{self.path}: {text[:40]!r} is no speed in percent.")
            backwards = (found.get("reverse") or "").strip().upper() == "TRUE"
            return Fraction(text) / 100 * (-1 if backwards else 1)
        return Fraction(1)

    def _effects(self, child: Element) -> Iterator[dict[str, str]]:
        """What an editor laid on a clip; not how its picture was fitted to the film's."""
        for filter in child.findall("filter"):
            name = filter.findtext("./effect/name") or "effect"
            if filter.findtext("./effect/effectid") == "timeremap":
                yield {"what": "speed", "name": name, "text": _text(filter)}
            elif not self._fits(filter, child):
                yield {"what": "effect", "name": name, "text": _text(filter)}

    def _fits(self, filter: Element, child: Element) -> bool:
        """True of a scale alone that fits the picture to the film's, or fills it."""
        scales = [p for p in filter.iterfind("./effect/parameter")]
        file = self._file(child)
        own = _size(file.find("./media/video/samplecharacteristics")) if file is not None else None
        if len(scales) != 1 or scales[0].findtext("parameterid") != "scale":
            return False
        value = (scales[0].findtext("value") or "").strip()
        if own is None or self.size is None or not re.fullmatch(r"\d{1,6}(\.\d{1,9})?", value):
            return False
        ratios = [Fraction(100 * film, clip) for film, clip in zip(self.size, own, strict=True)]
        return any(abs(Fraction(value) - ratio) <= FIT for ratio in ratios)

    # --- media ------------------------------------------------------------------------------------

    def _file(self, child: Element) -> Element | None:
        file = child.find("file")
        return None if file is None else self.files.get(file.get("id", ""), file)

    def _media(self, child: Element, name: str) -> Media:
        file = self._file(child)
        if file is None:
            return Media(name, said="no file is named")
        url = (file.findtext("pathurl") or "").strip()
        named = places.from_url(url, self.path.absolute().parent)
        rate = self._rate(file, self.rate)
        frames = self._whole(file, "duration", 0)
        return Media(
            named.name or file.findtext("name") or name,
            named.paths,
            start=self._start(file, rate),
            rate=rate,
            duration=frames / rate if frames > 0 else None,
            said=named.said,
        )

    def _start(self, file: Element, rate: Fraction) -> Fraction | None:
        """Seconds at which a file's timecode begins."""
        code = file.find("timecode")
        if code is None:
            return None
        rate = self._rate(code, rate)
        number = (code.findtext("frame") or "").strip()
        if re.fullmatch(r"\d{1,10}", number):
            return int(number) / rate
        try:
            return Timecode.parse(code.findtext("string") or "", rate).frame / rate
        except EditorError:
            return None  # a timecode that cannot be: the clip's own is read from its file

    # --- small parts ------------------------------------------------------------------------------

    def _rate(self, element: Element, default: Fraction = Fraction(0)) -> Fraction:
        """The rate that an element counts at; `default` where it does not say."""
        text = (element.findtext("./rate/timebase") or "").strip()
        if not text and default:
            return default
        try:
            rate = parse_rate(text)
        except EditorError as err:
            raise ReturnedError(f"{self.path}: <timebase>: {err}") from err
        if _truth(element, "rate/ntsc", False) and rate.denominator == 1:
            return snap_rate(rate * NTSC)
        return rate

    def _whole(self, element: Element, name: str, default: int) -> int:
        """A whole number in a child. Raises ReturnedError where it is something else."""
        text = (element.findtext(name) or "").strip()
        if not text:
            return default
        if not re.fullmatch(r"-?\d{1,12}", text):
            raise ReturnedError(f"{self.path}: <{name}> is {text[:40]!r}, not a number of frames.")
        return int(text)


def _crossed(neighbour: Element | None) -> Element | None:
    return neighbour if neighbour is not None and neighbour.tag == "transitionitem" else None


def _exact(child: Element) -> FrameSpan | None:
    """Our own frames of a clip that we wrote as beginning earlier than it does."""
    note = child.findtext("./comments/clipcommenta") or ""
    found = re.fullmatch(rf"{re.escape(EXACT)} (\d{{1,9}}) to (\d{{1,9}})", note.strip())
    return FrameSpan(int(found[1]), int(found[2])) if found else None


def _what(child: Element, files: dict[str, Element]) -> str:
    """What an item is, in a user's words."""
    if child.find("sequence") is not None:
        return "nested sequence"
    if child.tag == "generatoritem":
        kind = f"{child.findtext('./effect/effectcategory')} {child.findtext('./effect/name')}"
        return "title" if re.search("text|title", kind, re.IGNORECASE) else "generator"
    file = child.find("file")
    if file is not None:
        file = files.get(file.get("id", ""), file)
        source = file.findtext("mediaSource")
        if source in NO_FILE:
            return "title" if source in ("GraphicAndType", "Text") else "generator"
    return "clip"


def _truth(element: Element, name: str, default: bool = True) -> bool:
    text = (element.findtext(name) or "").strip().upper()
    return default if not text else text in ("TRUE", "1")


def _size(element: Element | None) -> tuple[int, int] | None:
    if element is None:
        return None
    sides = [(element.findtext(name) or "").strip() for name in ("width", "height")]
    if all(re.fullmatch(r"[1-9]\d{0,4}", side) for side in sides):
        return int(sides[0]), int(sides[1])
    return None


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode").strip()
