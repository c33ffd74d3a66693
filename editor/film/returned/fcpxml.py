"""Turn FCPXML, as Final Cut Pro and Resolve write it, into items.

Times are fractions of seconds. What lies on the spine follows one another; what is connected to a
clip counts its offset on that clip's own clock, which begins at the clip's `start`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from editor.film.export.carried import NAMESPACE
from editor.film.returned import fcpxml_times as times
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
from editor.timing import FrameSpan, snap_rate, to_frames

VERSIONS = re.compile(r"1\.\d{1,2}")
LATEST = "1.13"  # whose structure is known
CONTAINERS = ("clip", "sync-clip")  # hold what they show as their first child
CLIPS = times.CLIPS
NOT_HELD = {"ref-clip": "nested sequence", "mc-clip": "multicam clip", "title": "title"}
STORY = times.STORY
EFFECTS = re.compile(r"filter-.+|adjust-(?!conform$|volume$|panner$).+")
DEEPEST = 20  # clips connected to clips
MOST_RATE = 1000  # frames/s


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .fcpxml file, or an .fcpxmld bundle's: the longest project. Raises ReturnedError."""
    if path.is_dir():
        path = path / "Info.fcpxml"
    root = safe.tree(path)
    if root.tag != "fcpxml":
        raise ReturnedError(f"{path}: is no FCPXML: it begins with <{root.tag[:40]}>.")
    version = root.get("version", "")
    if not VERSIONS.fullmatch(version):
        raise VersionUnknown(str(path), version, f"1.0 to {LATEST}")
    reading = _Reading(path, root)
    if int(version[2:]) > int(LATEST[2:]):
        reading.notes.append(f"its format's version is {version}; {LATEST} is the latest known")
    return reading.read()


class _Reading:
    """One file being read."""

    def __init__(self, path: Path, root: Element) -> None:
        self.path, self.root = path, root
        self.known = {node.get("id", ""): node for node in root.iterfind("./resources/*")}
        self.notes: list[str] = []
        self.items: list[Item] = []
        self.rate = Fraction(0)

    def read(self) -> Returned:
        times.check(self.root, self.path)
        film = self._film()
        self.rate, size = self._format(film.get("format", ""))
        spine = film.find("spine")
        if spine is not None:
            self._spine(spine, Fraction(0), 0, True, 0)
        return checked(
            Returned(
                format="fcpxml",
                items=tuple(self.items),
                rate=self.rate,
                name=self.name,
                size=size,
                notes=tuple(dict.fromkeys(self.notes)),
            ),
            str(self.path),
        )

    def _film(self) -> Element:
        """The longest project's sequence."""
        found = [
            (project.get("name", ""), sequence)
            for project in self.root.iter("project")
            for sequence in project.findall("sequence")
        ]
        if not found:
            raise ReturnedError(f"{self.path}: holds no project. Export one, not an event.")
        self.name, film = max(found, key=lambda one: len(list(one[1].iter())))
        if len(found) > 1:
            self.notes.append(f"of {len(found)} projects the longest was read, {self.name!r}")
        return film

    def _format(self, id: str) -> tuple[Fraction, tuple[int, int] | None]:
        """Rate and size of a sequence's format."""
        format = self.known.get(id)
        if format is None or format.get("frameDuration") is None:
            raise ReturnedError(
                f"{self.path}: the project's format {id[:40]!r} has no frameDuration."
            )
        step = self.time(format, "frameDuration")
        if not Fraction(1, MOST_RATE) <= step <= 1:
            why = f"is no frame: one lasts 1/{MOST_RATE}s to 1s"
            raise times.wrong(format, "frameDuration", why, self.path)
        sides = [format.get("width", ""), format.get("height", "")]
        size = None
        if all(re.fullmatch(r"[1-9]\d{0,4}", side) for side in sides):
            size = int(sides[0]), int(sides[1])
        return snap_rate(1 / step), size

    # --- the story --------------------------------------------------------------------------------

    def _spine(self, spine: Element, at: Fraction, layer: int, enabled: bool, depth: int) -> None:
        """What follows one another; transitions lie over its cuts and take no time."""
        base: Fraction | None = None
        end = at
        for child in spine:
            if child.tag == "transition":
                name = child.get("name") or "transition"
                if enabled:
                    self.notes.append(f"the transition {name!r} is a cut here")
                continue
            if child.tag not in STORY:
                continue
            begin = end
            if child.get("offset") is not None:
                offset = self.time(child, "offset")
                base = offset - end + at if base is None else base
                begin = max(end, at + offset - base)
                self._say_overlap(child, begin - (at + offset - base), enabled)
            self._element(child, begin, layer, enabled, depth)
            end = begin + self._duration(child)

    def _element(self, node: Element, at: Fraction, layer: int, enabled: bool, depth: int) -> None:
        """Something at a place of the film, and what is connected to it."""
        if depth > DEEPEST:
            raise ReturnedError(f"{self.path}: clips are connected more than {DEEPEST} deep.")
        enabled = enabled and node.get("enabled", "1") != "0"
        if node.tag == "audition":
            picked = next((child for child in node if child.tag in STORY), None)
            if picked is not None:
                self._element(picked, at, layer, enabled, depth + 1)
            return
        if node.tag == "spine":
            self._spine(node, at, layer, enabled, depth + 1)
            return
        if node.tag in NOT_HELD:
            self._not_held(node, NOT_HELD[node.tag], at, layer, enabled)
        elif node.tag in CLIPS:
            self._clip(node, at, layer, enabled)
        clock = self._start(node)
        for child in node:
            if child.tag in STORY and child.get("lane") is not None:
                where = at + self.time(child, "offset") - clock
                early = -to_frames(where, self.rate)
                if early > 0:  # otioconvert rounds so; the film itself is whole
                    name, noun = child.get("name") or child.tag, "frame" if early == 1 else "frames"
                    self.notes.append(
                        f"{name[:80]!r} is connected {early} {noun} before the film begins, and is"
                        " left out"
                    )
                    continue
                self._element(child, where, layer + self._lane(child), enabled, depth + 1)

    def _lane(self, node: Element) -> int:
        text = node.get("lane", "0").strip()
        if not re.fullmatch(r"-?\d{1,4}", text):
            raise ReturnedError(f"{self.path}: {text[:20]!r} is no lane.")
        return int(text)

    def _clip(self, node: Element, at: Fraction, layer: int, enabled: bool) -> None:
        """What plays media, by itself or in a container: its picture and its sound."""
        name = node.get("name") or node.tag
        inner, first = self._inside(node, self._start(node), 0)
        if inner is None:
            return self._not_held(node, "nested sequence", at, layer, enabled)
        ref = self.known.get(inner.get("ref", ""))
        if ref is None:
            return self._dangling(node, inner, at, layer, enabled)
        if ref.tag != "asset":
            what = "generator" if ref.tag == "effect" else "nested sequence"
            return self._not_held(node, what, at, layer, enabled)
        first, speed, rows = self._timed(node, ref, first)
        media = self._media(ref, name)
        place = self._span(node, at)
        item = Item(
            media,
            Source(first, self._duration(node), by_timecode=True),
            place,
            layer,
            enabled=enabled,
            speed=speed,
        )
        shows = node.get("srcEnable", "all")
        if ref.get("hasVideo") == "1" and shows != "audio" and inner.tag != "audio":
            self.items.append(replace(item, opaque=(*rows, *self._effects(node))))
        if ref.get("hasAudio") == "1" and shows != "video" and inner.tag != "video":
            self.items.append(self._heard(node, item, at))

    def _heard(self, node: Element, item: Item, at: Fraction) -> Item:
        """The sound of a clip: where it says so, it begins and ends apart from the picture."""
        start, length = self._start(node), self._duration(node)
        early = start - self.time(node, "audioStart") if node.get("audioStart") else Fraction(0)
        lasting = self.time(node, "audioDuration") if node.get("audioDuration") else length + early
        if at < early or lasting <= 0 or (not early and lasting == length):
            return replace(item, kind="sound")
        ends = (at - early, at - early + lasting)
        place = FrameSpan(*(to_frames(end, self.rate) for end in ends))
        first = item.source.first - early * max(item.speed, Fraction(0))
        return replace(item, kind="sound", place=place, source=Source(first, by_timecode=True))

    def _dangling(
        self, node: Element, inner: Element, at: Fraction, layer: int, enabled: bool
    ) -> None:
        """A clip whose medium the file does not say: only its name is left to find it by."""
        id = inner.get("ref")
        why = f"the id {id[:40]!r} that it uses is defined nowhere in the file" if id else "no file"
        media = Media(node.get("name") or inner.get("name") or node.tag, said=why)
        source = Source(self._start(inner), self._duration(node), by_timecode=True)
        self.items.append(Item(media, source, self._span(node, at), layer, enabled=enabled))

    def _inside(
        self, node: Element, clock: Fraction, depth: int
    ) -> tuple[Element | None, Fraction]:
        """The element that plays media, and its own clock when the container's says `clock`."""
        if node.tag not in CONTAINERS or depth > DEEPEST:
            return node, clock
        held = [child for child in node if child.tag in STORY and child.get("lane") is None]
        if len(held) != 1 or held[0].tag not in CLIPS:
            return None, clock
        inner = held[0]
        offset = self.time(inner, "offset") if inner.get("offset") else Fraction(0)
        return self._inside(inner, self._start(inner) + clock - offset, depth + 1)

    def _timed(
        self, node: Element, asset: Element, first: Fraction
    ) -> tuple[Fraction, Fraction, tuple[dict[str, str], ...]]:
        """Where the media really begins, its speed, and the row that keeps its time map."""
        conform = node.find("conform-rate")
        if conform is not None and conform.get("scaleEnabled", "1") != "0":
            rate = conform.get("srcFrameRate", "its own rate")
            self.notes.append(
                f"{node.get('name')} is slowed or sped up there from {rate} to the film's rate;"
                " here it keeps its own time"
            )
        mapped = node.find("timeMap")
        points = (
            []
            if mapped is None
            else [
                (self.time(point, "time"), self.time(point, "value"))
                for point in mapped.findall("timept")
            ]
        )
        if mapped is None or len(points) < 2 or points[0][0] >= points[-1][0]:
            return first, Fraction(1), ()
        begin, (time, value) = points[0], points[-1]
        for before, after in pairwise(points):
            if before[0] <= first < after[0]:
                begin, (time, value) = before, after
        speed = (value - begin[1]) / (time - begin[0]) if time > begin[0] else Fraction(1)
        moment = begin[1] + (first - begin[0]) * speed
        start = self._start(asset)
        row = {"what": "speed", "name": "time map", "text": _text(mapped)}
        return (moment if moment >= start else moment + start), speed, (row,)

    def _not_held(self, node: Element, what: str, at: Fraction, layer: int, enabled: bool) -> None:
        name, id = node.get("name") or what, node.get("ref")
        why = f"the id {id[:40]!r} is defined nowhere" if id and id not in self.known else ""
        row = {"what": what, "name": name, "text": _text(node)}
        self.items.append(
            Item(
                Media(name, said=why),
                Source(Fraction(0)),
                self._span(node, at),
                layer,
                enabled=enabled,
                what=what,
                held=False,
                opaque=(row,),
            )
        )

    def _effects(self, node: Element) -> Iterator[dict[str, str]]:
        for child in node:
            if EFFECTS.fullmatch(child.tag):
                name = child.get("name") or child.tag
                yield {"what": "effect", "name": name, "text": _text(child)}

    # --- media ------------------------------------------------------------------------------------

    def _media(self, asset: Element, name: str) -> Media:
        representation = asset.find("media-rep")
        url = asset.get("src") or ""
        if representation is not None:
            url = representation.get("src") or url
        named = places.from_url(url, self.path.absolute().parent)
        digest = None
        for note in asset.iterfind("./metadata/md"):
            if note.get("key") == f"{NAMESPACE}.digest":
                digest = note.get("value")
        format = self.known.get(asset.get("format", ""))
        rate = None
        if format is not None and format.get("frameDuration"):
            step = self.time(format, "frameDuration")
            rate = snap_rate(1 / step) if step > 0 else None
        duration = self.time(asset, "duration") if asset.get("duration") else None
        return Media(
            named.name or asset.get("name") or name,
            named.paths,
            digest,
            start=self._start(asset),
            rate=rate,
            duration=duration if duration else None,
            said=named.said,
        )

    # --- times ------------------------------------------------------------------------------------

    def time(self, node: Element, name: str) -> Fraction:
        """A time in exact seconds; 0 where it is not said. Raises ReturnedError."""
        return times.seconds(node, name, self.path)

    def _say_overlap(self, node: Element, early: Fraction, enabled: bool) -> None:
        """Name what is said to begin before that ends which it follows."""
        frames = to_frames(early, self.rate)
        if frames and enabled:
            noun = "frame" if frames == 1 else "frames"
            self.notes.append(
                f"{times.said(node, 'offset')} lies {frames} {noun} before the end of what stands"
                " ahead of it; here it follows that"
            )

    def _start(self, node: Element) -> Fraction:
        """A clip's own clock at its first frame: as it says, else as its media begins."""
        if node.get("start") is None and node.tag == "asset-clip":
            asset = self.known.get(node.get("ref", ""))
            return self.time(asset, "start") if asset is not None else Fraction(0)
        return self.time(node, "start")

    def _duration(self, node: Element) -> Fraction:
        """Seconds that an element lasts."""
        if node.get("duration") is not None:
            return self.time(node, "duration")
        if node.tag == "audition":
            return next(
                (self._duration(child) for child in node if child.tag in STORY), Fraction(0)
            )
        if node.tag == "spine":
            return sum((self._duration(child) for child in node), Fraction(0))
        media = self.known.get(node.get("ref", ""))
        if media is None or media.get("duration") is None:
            return Fraction(0)
        return self.time(media, "duration") - (self._start(node) - self.time(media, "start"))

    def _span(self, node: Element, at: Fraction) -> FrameSpan:
        """The frames of the film nearest to an element's exact place."""
        stop = at + self._duration(node)
        return FrameSpan(to_frames(at, self.rate), to_frames(stop, self.rate))


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode").strip()
