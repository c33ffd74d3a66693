"""Turn a Kdenlive project into items: MLT XML whose every track is a tractor of two playlists.

Clips that pass into one another lie on the two by turns and overlap there; since 23.04 the film is
one of several sequences, and the project's own tractor says which.
"""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.export.carried import NAMESPACE
from editor.film.returned import mltnodes, safe
from editor.film.returned.items import Item, Returned, ReturnedError
from editor.film.returned.mlt import Graph, Shown, span_of
from editor.film.returned.mltnodes import properties
from editor.timing import FrameSpan


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read a .kdenlive project. Raises ReturnedError."""
    root = safe.tree(path)
    graph = _Project(path, root)
    if not mltnodes.is_kdenlive(root):
        raise ReturnedError(
            f"{path}: is no Kdenlive project, but other MLT XML: rename it to .mlt."
        )
    return graph.read("kdenlive")


class _Project(Graph):
    """A project's graph, with mixes between a track's two playlists."""

    def __init__(self, path: Path, root: Element) -> None:
        super().__init__(path, root)
        self._noted: dict[tuple[str, int, int], FrameSpan] = {}  # by clip of the bin, in and out
        for node in root.iter("producer"):
            known = properties(node)
            self._note(known.get("kdenlive:id", ""), known.get(f"{NAMESPACE}:cuts"))
        for node in root.iter("playlist"):
            self.fit = properties(node).get(f"{NAMESPACE}:fit") or self.fit

    def _note(self, id: str, text: str | None) -> None:
        """Take what we noted of a clip's cuts, if it is a table still."""
        try:
            rows = json.loads(text or "[]")
        except (ValueError, RecursionError):
            return
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, dict):
                continue
            span = span_of(row.get("clip_in"), row.get("clip_out"))
            place = span_of(row.get("in"), row.get("out"))
            if span is not None and place is not None:
                self._noted.setdefault((id, place.first, place.stop), span)

    def exact(self, known: dict[str, str], shown: Shown) -> FrameSpan | None:
        """The frames of the clip that we noted in the bin, for an entry of these points."""
        return self._noted.get((known.get("kdenlive:id", ""), shown.first, shown.last or 0))

    def mixed(self, tractor: Element, begun: int, shown: Shown) -> None:
        """Cut in the middle of every mix: both clips lie whole under it."""
        for child in tractor.findall("transition"):
            known = properties(child)
            if "kdenlive:mixcut" not in known:
                continue
            span = FrameSpan(
                self._point(child, known, "in") - shown.first + shown.at,
                self._point(child, known, "out") + 1 - shown.first + shown.at,
            )
            if shown.picture:
                self.notes.append(f"the mix of {len(span)} frames is a cut here")
            middle = (span.first + span.stop + 1) // 2
            for index in range(begun, len(self.items)):
                self.items[index] = self._cut_at(self.items[index], span, middle)

    def _point(self, child: Element, known: dict[str, str], name: str) -> int:
        text = child.get(name) or known.get(name) or "0"
        return mltnodes.frame(text, self.rate, str(self.path))

    def _cut_at(self, item: Item, span: FrameSpan, middle: int) -> Item:
        """The item, less its part of a mix that is another clip's."""
        place, source = item.place, item.source
        if place.stop == span.stop and place.first < span.first:
            return replace(item, place=FrameSpan(place.first, middle))
        if place.first == span.first and place.stop > span.stop:
            late = Fraction(middle - place.first) / self.rate * max(item.speed, Fraction(0))
            later = replace(source, first=source.first + late, exact=None)
            return replace(item, place=FrameSpan(middle, place.stop), source=later)
        return item
