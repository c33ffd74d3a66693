"""Read an MLT document: its nodes by name, its rate, and times and lengths in frames."""

import re
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.errors import EditorError
from editor.film.export.carried import NAMESPACE
from editor.film.returned import mltnodes, places
from editor.film.returned.items import ReturnedError, VersionUnknown
from editor.film.returned.mltnodes import properties, tracks
from editor.timing import parse_rate, rate_text

LATEST = 7  # of the versions of MLT
MOST_NESTED = 40  # tractors and playlists inside one another; programs stay under 6


class Project:
    """A project's producers, playlists and tractors."""

    def __init__(self, path: Path, root: Element) -> None:
        if root.tag != "mlt":
            raise ReturnedError(f"{path}: is no MLT project: it begins with <{root.tag[:40]}>.")
        version = root.get("version")  # what is written by hand has none
        if version is not None and not re.match(rf"[0-{LATEST}]\.\d", version):
            raise VersionUnknown(str(path), version, f"MLT 0 to {LATEST}")
        self.path, self.root = path, root
        self.nodes = {n.get("id", ""): n for n in root.iter() if n.tag in mltnodes.NODES}
        self.rate, self.size = self._profile()
        self._measured: dict[str, int] = {}  # frames that nodes play, by id
        self._measuring: list[str] = []  # nodes inside one another

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

    def main(self) -> Element:
        """What the project plays: as its program marks it, else the last that was put together."""
        played = {use.get("producer") for tag in ("entry", "track") for use in self.root.iter(tag)}
        for mark in ("kdenlive:projectTractor", "shotcut"):
            for node in self.root.iter("tractor"):
                if properties(node).get(mark) == "1" and node.get("id") not in played:
                    return node
        named = self.nodes.get(self.root.get("producer", ""))
        if named is not None and named.get("id") != "main_bin":
            return named
        for tag in reversed(mltnodes.NODES):
            found = [node for node in self.root.findall(tag) if node.get("id") != "main_bin"]
            if found:
                return found[-1]
        raise ReturnedError(f"{self.path}: holds no timeline.")

    def named(self, id: str) -> Element:
        """The node of that id. Raises ReturnedError."""
        if id not in self.nodes:
            raise ReturnedError(f"{self.path}: plays {id[:80]!r}, which it does not hold.")
        return self.nodes[id]

    def time(self, element: Element, name: str, default: int) -> int:
        """A time that an element has as an attribute, in frames of the film."""
        text = element.get(name)
        return default if text is None else mltnodes.frame(text, self.rate, str(self.path))

    def blank(self, element: Element) -> int:
        """Frames of a track in which nothing is. Raises ReturnedError."""
        length = self.time(element, "length", 0)
        if length < 0:
            raise ReturnedError(
                f"{self.path}: a blank has a negative length, {length} frames, in its track. It was"
                " not written by an editing program, or is damaged."
            )
        return length

    def said(self, name: str) -> str:
        """What we noted of the film on any of its nodes."""
        found = (properties(node).get(f"{NAMESPACE}:{name}") for node in self.nodes.values())
        return next((text for text in found if text), "")

    def begins(self, node: Element) -> int:
        """Frame of what a node plays that it shows first. Of a tractor MLT does not read it."""
        return 0 if node.tag == "tractor" else self.time(node, "in", 0)

    def length(self, node: Element) -> int:
        """Frames that a node plays by itself, from its in point."""
        id = node.get("id", "")
        if id not in self._measured:
            if id in self._measuring or len(self._measuring) > MOST_NESTED:
                raise ReturnedError(f"{self.path}: {id[:80]!r} plays itself. The file is damaged.")
            self._measuring.append(id)
            self._measured[id] = self._length(node)
            self._measuring.pop()
        return self._measured[id]

    def _length(self, node: Element) -> int:
        begin = self.begins(node)
        if node.get("out") is not None and node.tag != "tractor":
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
            return self.blank(child)
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
        name = next((known[name] for name in names if known.get(name)), node.get("id", ""))
        return places.last(name)[:200]
