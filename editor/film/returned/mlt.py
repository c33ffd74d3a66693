"""Turn a project of Shotcut or melt, or any MLT XML, into items.

MLT counts everything in frames of the film, media too. A playlist's entry counts from the in point
of what it plays, `out` is the last frame shown, and of a tractor's tracks the last lies on top.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from editor.errors import EditorError
from editor.film.export.carried import NAMESPACE
from editor.film.returned import mltnodes, places, safe
from editor.film.returned.items import Item, Media, Returned, ReturnedError, Source, checked
from editor.film.returned.mltnodes import properties, tracks
from editor.timing import FrameSpan, parse_rate, rate_text

MOST_NESTED = 40  # tractors and playlists inside one another; programs stay under 6


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .mlt project; its profile says the rate. Raises ReturnedError."""
    root = safe.tree(path)
    if mltnodes.is_kdenlive(root):
        raise ReturnedError(
            f"{path}: is no project of Shotcut or melt, but of Kdenlive: rename it."
        )
    return Graph(path, root).read("mlt")


@dataclass(frozen=True)
class Shown:
    """A stretch of a branch: which of its frames, where in the film, and whether seen and heard."""

    first: int  # frame of what is played, counted from its in point
    last: int | None  # the last of them; None: to its end
    at: int  # frame of the film at which `first` is shown
    picture: bool = True
    sound: bool = True

    def within(self, hide: str) -> "Shown":
        """The same, less what a track hides: "video", "audio" or "both"."""
        return replace(
            self,
            picture=self.picture and hide not in ("video", "both"),
            sound=self.sound and hide not in ("audio", "both"),
        )

    def later(self, frames: int) -> "Shown":
        """The same stretch, counted from a point that lies `frames` earlier."""
        last = None if self.last is None else self.last + frames
        return replace(self, first=self.first + frames, last=last)

    @property
    def length(self) -> int:
        """Frames that it lasts, where its end is known."""
        return 0 if self.last is None else self.last - self.first + 1


class Graph:
    """A project's producers, playlists and tractors, and the items that they come down to."""

    def __init__(self, path: Path, root: Element) -> None:
        if root.tag != "mlt":
            raise ReturnedError(f"{path}: is no MLT project: it begins with <{root.tag[:40]}>.")
        self.path, self.root = path, root
        self.nodes = {n.get("id", ""): n for n in root.iter() if n.tag in mltnodes.NODES}
        self.rate, self.size = self._profile()
        self.items: list[Item] = []
        self.notes: list[str] = []
        self.layer = 0
        self.fit = ""  # as we noted it where programs keep it; a tractor loses its notes
        self.version = next((v for node in self.nodes.values() if (v := _version(node))), "")
        self._within: list[str] = []

    def _profile(self) -> tuple[Fraction, tuple[int, int] | None]:
        profile = self.root.find("profile")
        if profile is None:
            raise ReturnedError(f"{self.path}: has no <profile>, so its frames have no length.")
        count, parts = profile.get("frame_rate_num", ""), profile.get("frame_rate_den", "1")
        if not re.fullmatch(r"\d{1,9}", count) or not re.fullmatch(r"0*[1-9]\d{0,8}", parts):
            raise ReturnedError(f"{self.path}: {count}/{parts} is no rate of frames a second.")
        try:
            rate = parse_rate(rate_text(Fraction(int(count), int(parts))))
        except EditorError as err:
            raise ReturnedError(f"{self.path}: its <profile>: {err}") from err
        sides = [profile.get("width", ""), profile.get("height", "")]
        if all(re.fullmatch(r"[1-9]\d{0,4}", side) for side in sides):
            return rate, (int(sides[0]), int(sides[1]))
        return rate, None

    def read(self, format: str) -> Returned:
        """The items of what the project plays. Raises ReturnedError."""
        main = self.main()
        self.lay(main, Shown(0, None, 0))
        ours = properties(main)
        fit = ours.get(f"{NAMESPACE}:fit") or self.fit
        version = ours.get(f"{NAMESPACE}:version") or self.version
        return checked(
            Returned(
                format=format,
                items=tuple(self.items),
                rate=self.rate,
                name=version,
                size=self.size,
                fit=fit if fit in ("letterbox", "fill") else None,
                parent=version or None,
                notes=tuple(dict.fromkeys(self.notes)),
                grid="melt",
            ),
            str(self.path),
        )

    def main(self) -> Element:
        """What the project plays: as its program marks it, else the last that was put together."""
        for mark in ("kdenlive:projectTractor", "shotcut"):
            for node in self.root.iter("tractor"):
                if properties(node).get(mark) == "1":
                    return node
        named = self.nodes.get(self.root.get("producer", ""))
        if named is not None and named.get("id") != "main_bin":
            return named
        for tag in reversed(mltnodes.NODES):
            found = [node for node in self.root.findall(tag) if node.get("id") != "main_bin"]
            if found:
                return found[-1]
        raise ReturnedError(f"{self.path}: holds no timeline.")

    # --- the parts of a film ----------------------------------------------------------------------

    def lay(self, node: Element, shown: Shown) -> None:
        """Add what a stretch of a node shows."""
        id = node.get("id", "")
        if id in self._within or len(self._within) > MOST_NESTED:
            raise ReturnedError(f"{self.path}: {id[:80]!r} plays itself. The file is damaged.")
        self._within.append(id)
        inside = shown.later(self.time(node, "in", 0))
        if node.tag == "tractor":
            self._tractor(node, inside)
        elif node.tag == "playlist":
            self._playlist(node, inside)
        else:
            if shown.last is None:
                inside = replace(inside, last=inside.first + self.length(node) - 1)
            self._clip(node, node, inside)
        self._within.pop()

    def _tractor(self, node: Element, shown: Shown) -> None:
        begun = len(self.items)
        for track in tracks(node):
            child = self.named(track.get("producer", ""))
            if mltnodes.is_ground(child):
                continue
            begin = self.time(track, "in", 0)
            inner = shown.within(track.get("hide", "")).later(begin)
            if track.get("out") is not None:
                out = self.time(track, "out", 0)
                inner = replace(inner, last=out if inner.last is None else min(out, inner.last))
            if inner.last is None or inner.first <= inner.last:
                self.lay(child, inner)
        self.mixed(node, begun, shown)
        for child in node.findall("transition"):
            if not mltnodes.is_own_doing(child) and "kdenlive:mixcut" not in properties(child):
                self.notes.append(
                    f"the transition {mltnodes.effect_name(child)!r} between tracks is left out"
                )

    def mixed(self, tractor: Element, begun: int, shown: Shown) -> None:
        """Cut where two clips of one track overlap. Kdenlive alone has such tracks."""

    def _playlist(self, node: Element, shown: Shown) -> None:
        hidden = node.get("hide") or properties(node).get("hide", "")
        shown = shown.within(hidden)
        self.layer += 1
        place = 0  # frame of the playlist
        for child in node:
            if child.tag == "blank":
                place += self.time(child, "length", 0)
            elif child.tag == "entry":
                inner = self.named(child.get("producer", ""))
                begin = self.time(child, "in", 0)
                length = self.length(inner) - begin
                if child.get("out") is not None:
                    length = self.time(child, "out", 0) - begin + 1
                if length <= 0:
                    problem = "no length" if length == 0 else "a negative length"
                    raise ReturnedError(
                        f"{self.path}: {self.caption(inner)!r} has {problem} in its track. It was"
                        " not written by an editing program, or is damaged."
                    )
                stop = place + length
                first = max(place, shown.first)
                last = stop - 1 if shown.last is None else min(stop - 1, shown.last)
                if first <= last:
                    at = shown.at + first - shown.first
                    part = replace(shown, first=first - place, last=last - place, at=at)
                    self._entry(child, inner, part.later(begin))
                place = stop
        if shown.picture:
            self.name_filters(node)

    def _entry(self, entry: Element, node: Element, shown: Shown) -> None:
        """One entry of a playlist: a clip, a mix of two, or something nested."""
        if node.tag in ("producer", "chain"):
            self._clip(node, entry, shown.later(self.time(node, "in", 0)))
        elif mltnodes.is_mix(node):
            self._mix(node, shown)
        elif shown.picture:
            self._not_held(node, "nested sequence", shown)

    def _mix(self, node: Element, shown: Shown) -> None:
        """Two clips that pass into one another, as a cut in the middle."""
        begin = shown.later(self.time(node, "in", 0))
        half = begin.first + (begin.length + 1) // 2
        if shown.picture:
            self.notes.append(f"the dissolve of {begin.length} frames is a cut here")
        halves = (
            replace(begin, last=half - 1),
            replace(begin, first=half, at=begin.at + half - begin.first),
        )
        for track, part in zip(tracks(node), halves, strict=True):
            if part.length > 0:
                child = self.named(track.get("producer", ""))
                self.lay(child, part.later(self.time(track, "in", 0)))

    def _clip(self, node: Element, entry: Element, shown: Shown) -> None:
        """A producer: `shown` counts frames of what it plays, whatever its own in point."""
        played = mltnodes.plays(node)
        known = properties(node)
        if played.what != "clip":
            if shown.picture and not mltnodes.is_ground(node):
                self._not_held(node, played.what, shown)
            return
        first = Fraction(shown.first) / self.rate * max(played.speed, Fraction(0))
        source = Source(first, shown.length / self.rate, exact=self.exact(known, shown))
        place = FrameSpan(shown.at, shown.at + shown.length)
        item = Item(self._media(played, known), source, place, self.layer, speed=played.speed)
        if shown.picture and known.get("video_index") != "-1":
            rows = tuple(_rows((*node, *(entry if entry is not node else ()))))
            self.items.append(replace(item, opaque=rows))
        if shown.sound and known.get("audio_index") != "-1":
            self.items.append(replace(item, kind="sound"))

    def exact(self, known: dict[str, str], shown: Shown) -> FrameSpan | None:
        """The frames of the clip that we noted on a producer."""
        return span_of(known.get(f"{NAMESPACE}:clip_in"), known.get(f"{NAMESPACE}:clip_out"))

    def _media(self, played: mltnodes.Plays, known: dict[str, str]) -> Media:
        """Its file: from the project's root, and from where the project lies now."""
        root = self.root.get("root") or ""
        folder = self.path.absolute().parent
        here = places.from_path(played.resource, folder)
        there = places.from_path(played.resource, folder / root)
        if played.resource.startswith("file:"):
            here = there = places.from_url(played.resource, folder)
        digest = known.get(f"{NAMESPACE}:digest")
        paths = tuple(dict.fromkeys((*there.paths, *here.paths)))
        return Media(here.name, paths, digest, said=here.said)

    def _not_held(self, node: Element, what: str, shown: Shown) -> None:
        place = FrameSpan(shown.at, shown.at + shown.length)
        row = {"what": what, "name": self.caption(node), "text": _text(node)}
        self.items.append(
            Item(
                Media(self.caption(node)),
                Source(Fraction(0)),
                place,
                self.layer,
                what=what,
                held=False,
                opaque=(row,),
            )
        )

    def name_filters(self, node: Element) -> None:
        """Say which effects lie on a whole track."""
        for child in node.findall("filter"):
            if not mltnodes.is_own_doing(child):
                name = mltnodes.effect_name(child)
                self.notes.append(f"the effect {name!r} on a whole track is left out")

    # --- reading ----------------------------------------------------------------------------------

    def named(self, id: str) -> Element:
        """The node of that id. Raises ReturnedError."""
        if id not in self.nodes:
            raise ReturnedError(f"{self.path}: plays {id[:80]!r}, which it does not hold.")
        return self.nodes[id]

    def time(self, element: Element, name: str, default: int) -> int:
        """A time that an element has as an attribute, in frames of the film."""
        text = element.get(name)
        return default if text is None else mltnodes.frame(text, self.rate, str(self.path))

    def length(self, node: Element) -> int:
        """Frames that a node plays by itself, from its in point."""
        begin = self.time(node, "in", 0)
        if node.get("out") is not None:
            return self.time(node, "out", 0) - begin + 1
        if node.tag == "playlist":
            return sum(self._entry_length(child) for child in node) - begin
        if node.tag == "tractor":
            named = [self.named(track.get("producer", "")) for track in tracks(node)]
            return max((self.length(child) for child in named), default=0)
        text = properties(node).get("length", "0")
        return mltnodes.frame(text, self.rate, str(self.path)) - begin

    def _entry_length(self, child: Element) -> int:
        if child.tag == "blank":
            return self.time(child, "length", 0)
        if child.tag != "entry":
            return 0
        begin = self.time(child, "in", 0)
        if child.get("out") is not None:
            return self.time(child, "out", 0) - begin + 1
        return self.length(self.named(child.get("producer", ""))) - begin

    def caption(self, node: Element) -> str:
        """What an editor calls it."""
        known = properties(node)
        names = ("shotcut:caption", "kdenlive:clipname", "resource")
        return next((known[name] for name in names if known.get(name)), node.get("id", ""))[:200]


def _version(node: Element) -> str:
    """Title of the version that a node was written for."""
    return properties(node).get(f"{NAMESPACE}:version", "")


def span_of(first: object, stop: object) -> FrameSpan | None:
    """Frames that we noted, if they are numbers still."""
    if all(re.fullmatch(r"\d{1,12}", str(text)) for text in (first, stop)):
        return FrameSpan(int(str(first)), int(str(stop)))
    return None


def _rows(children: tuple[Element, ...]) -> Iterator[dict[str, str]]:
    """What an editor laid on a clip, as it is written."""
    for child in children:
        if child.tag == "filter" and not mltnodes.is_own_doing(child):
            yield {"what": "effect", "name": mltnodes.effect_name(child), "text": _text(child)}
        elif child.tag == "link":
            yield {"what": "speed", "name": mltnodes.effect_name(child), "text": _text(child)}


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode").strip()
