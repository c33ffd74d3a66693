"""Turn MLT XML into items: producers, playlists and tractors, down to the clips that they play.

MLT counts everything in frames of the film, media too. A playlist's entry counts from the in point
of what it plays, `out` is the last frame shown, and of a tractor's tracks the last lies on top.
A playlist or tractor may be played like a clip, and so may another project's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from editor.film.export.carried import NAMESPACE
from editor.film.returned import kdenlive, mltnodes, places, safe
from editor.film.returned.items import Item, Media, Returned, ReturnedError, Source, checked
from editor.film.returned.mltnodes import properties, span_of, tracks
from editor.film.returned.project import MOST_NESTED, Project
from editor.timing import FrameSpan, rate_text

MOST_FILES = 20  # projects that one plays, in all
# Nodes and entries passed on the way to the clips: what is nested twice at each of forty levels
# would never end. A film of ten thousand cuts comes to about 50,000.
MOST_PASSED = 200_000


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


class Graph(Project):
    """A project's walk from what it plays down to its clips: the items of the film."""

    def __init__(self, path: Path, root: Element, above: "Graph | None" = None) -> None:
        super().__init__(path, root)
        self.items: list[Item] = above.items if above else []
        self.notes: list[str] = above.notes if above else []
        self.layer: int = above.layer if above else 0
        # As we noted them where programs keep them: a tractor loses its notes.
        self.fit = self.said("fit")
        self.version = self.said("version")
        self._seams: set[int] = above._seams if above else set()  # where mixes begin and end
        self._noted = kdenlive.notes(root)
        self._within: list[str] = []
        self._passed: Iterator[int] = above._passed if above else count()
        self._opened: tuple[Path, ...] = (*(above._opened if above else ()), path.absolute())
        self._roots: dict[Path, Element] = above._roots if above else {}

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
                items=tuple(_whole(self.items, self._seams, self.rate)),
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

    def _pass(self) -> None:
        """Count a step towards the clips, so that there is an end to them."""
        if next(self._passed) > MOST_PASSED:
            raise ReturnedError(
                f"{self._opened[0]}: plays more than {MOST_PASSED} parts, nested in one another. It"
                " was not written by an editing program, or is damaged."
            )

    # --- the parts of a film ----------------------------------------------------------------------

    def lay(self, node: Element, shown: Shown) -> None:
        """Add what a stretch of a node shows."""
        id = node.get("id", "")
        self._pass()
        if id in self._within or len(self._within) > MOST_NESTED:
            raise ReturnedError(f"{self.path}: {id[:80]!r} plays itself. The file is damaged.")
        self._within.append(id)
        inside = shown.later(self.begins(node))
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
        self._cut_mixes(node, begun, shown)
        if not shown.picture:
            return
        self.name_filters(node)
        for child in node.findall("transition"):
            if not mltnodes.is_own_doing(child) and "kdenlive:mixcut" not in properties(child):
                self.notes.append(
                    f"the transition {mltnodes.effect_name(child)!r} between tracks is left out"
                )

    def _cut_mixes(self, tractor: Element, begun: int, shown: Shown) -> None:
        """Cut in the middle where two clips of one track overlap: Kdenlive has such tracks."""
        for child in tractor.findall("transition"):
            known = properties(child)
            if "kdenlive:mixcut" not in known:
                continue
            first, last = (
                mltnodes.frame(child.get(end) or known.get(end) or "0", self.rate, str(self.path))
                for end in ("in", "out")
            )
            later = shown.at - shown.first
            mix = FrameSpan(first + later, last + 1 + later)
            if shown.picture:
                self.notes.append(f"the mix of {len(mix)} frames is a cut here")
            for index in range(begun, len(self.items)):
                self.items[index] = kdenlive.cut_at(self.items[index], mix, self.rate)

    def _playlist(self, node: Element, shown: Shown) -> None:
        hidden = node.get("hide") or properties(node).get("hide", "")
        shown = shown.within(hidden)
        self.layer += 1
        place = 0  # frame of the playlist
        for child in node:
            self._pass()
            if child.tag == "blank":
                place += self.blank(child)
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
        else:
            self.lay(node, shown)
            self._name_effects(entry, f"the nested {self.caption(node)}", shown)

    def _mix(self, node: Element, shown: Shown) -> None:
        """Two clips that pass into one another, as a cut in the middle."""
        begin = shown
        half = begin.first + (begin.length + 1) // 2
        self._seams |= {begin.at, begin.at + begin.length}
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
        if played.what == "nested sequence":
            self._nested(node, played, shown)
            for part in (node, entry) if entry is not node else (node,):
                self._name_effects(part, f"the nested {self.caption(node)}", shown)
            return
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

    def _nested(self, node: Element, played: mltnodes.Plays, shown: Shown) -> None:
        """What another project's file plays, as if it stood here. What cannot be is named."""
        if "kdenlive:uuid" in properties(node) or not played.resource:
            return self._not_held(node, played.what, shown)
        try:
            inner = self._opens(played, properties(node))
        except ReturnedError as err:
            return self._not_held(node, played.what, shown, str(err).rstrip("."))
        main = inner.main()
        begins = inner.begins(main) if node.get("in") is not None else 0
        inner.lay(main, shown.later(-begins))
        self.layer = inner.layer
        self.fit, self.version = self.fit or inner.fit, self.version or inner.version

    def _opens(self, played: mltnodes.Plays, known: dict[str, str]) -> "Graph":
        """The project that a producer plays. Raises ReturnedError: why it cannot be followed."""
        media = self._media(played, known)
        beside = self.path.absolute().parent / media.name
        path = next((path for path in (*media.paths, beside) if path.is_file()), None)
        if path is None:
            raise ReturnedError(f"the project {media.name} is not there")
        if path in self._opened:
            raise ReturnedError(
                f"{path}: plays itself: a project was saved over the one that it plays. Export that"
                " again, and save what you make of it under another name."
            )
        if path not in self._roots and len(self._roots) >= MOST_FILES:
            raise ReturnedError(f"it plays more than {MOST_FILES} other projects")
        root = self._roots.setdefault(path, safe.tree(path))
        inner = Graph(path, root, self)
        if inner.rate != self.rate or played.speed != 1:
            film, there = rate_text(self.rate), rate_text(inner.rate * played.speed)
            raise ReturnedError(f"it plays {there} of its frames a second in a film of {film}")
        return inner

    def exact(self, known: dict[str, str], shown: Shown) -> FrameSpan | None:
        """The frames of the clip that we noted on a producer, or for its points in the bin."""
        ours = span_of(known.get(f"{NAMESPACE}:clip_in"), known.get(f"{NAMESPACE}:clip_out"))
        in_bin = (known.get("kdenlive:id", ""), shown.first, shown.last or 0)
        return ours or self._noted.get(in_bin)

    def _media(self, played: mltnodes.Plays, known: dict[str, str]) -> Media:
        """Its file: from the project's root, and from where the project lies now."""
        root = self.root.get("root") or ""
        played = replace(played, resource=mltnodes.original(known) or played.resource)
        folder = self.path.absolute().parent
        here = places.from_path(played.resource, folder)
        there = places.from_path(played.resource, folder / root)
        if played.resource.startswith("file:"):
            here = there = places.from_url(played.resource, folder)
        digest = known.get(f"{NAMESPACE}:digest")
        paths = tuple(dict.fromkeys((*there.paths, *here.paths)))
        return Media(here.name, paths, digest, said=here.said)

    def _not_held(self, node: Element, what: str, shown: Shown, why: str = "") -> None:
        if not shown.picture:
            return
        place = FrameSpan(shown.at, shown.at + shown.length)
        row = {"what": what, "name": self.caption(node), "text": _text(node)}
        self.items.append(
            Item(
                Media(self.caption(node), said=why),
                Source(Fraction(0)),
                place,
                self.layer,
                what=what,
                held=False,
                opaque=(row,),
            )
        )

    def name_filters(self, node: Element) -> None:
        """Say which effects lie on a whole track, or on all of them."""
        shown = Shown(0, None, 0)
        self._name_effects(node, "a whole track" if node.tag == "playlist" else "all tracks", shown)

    def _name_effects(self, node: Element, where: str, shown: Shown) -> None:
        for child in node.findall("filter") if shown.picture else ():
            if not mltnodes.is_own_doing(child):
                name = mltnodes.effect_name(child)
                self.notes.append(f"the effect {name!r} on {where} is left out")


def _whole(items: list[Item], seams: set[int], rate: Fraction) -> Iterator[Item]:
    """The items, a clip that goes on into a mix, or out of one, whole: no editor cut it there."""
    ended: dict[object, Item] = {}  # by all that the next part of a clip would have
    for item in sorted(items, key=lambda item: item.place.first) if seams else items:
        if item.place.first in seams:
            before = ended.pop(_going_on(item, item.source.first, item.place.first), None)
            if before is not None:
                place = FrameSpan(before.place.first, item.place.stop)
                source = replace(before.source, duration=len(place) / rate, exact=None)
                item = replace(before, source=source, place=place)
        if item.place.stop in seams:
            last = item.source.first + len(item.place) / rate * item.speed
            ended[_going_on(item, last, item.place.stop)] = item
        else:
            yield item
    yield from ended.values()


def _going_on(item: Item, time: Fraction, frame: int) -> object:
    return item.media, item.kind, item.speed, item.enabled, item.held, time, frame


def _rows(children: tuple[Element, ...]) -> Iterator[dict[str, str]]:
    """What an editor laid on a clip, as it is written."""
    for child in children:
        if child.tag == "filter" and not mltnodes.is_own_doing(child):
            yield {"what": "effect", "name": mltnodes.effect_name(child), "text": _text(child)}
        elif child.tag == "link":
            yield {"what": "speed", "name": mltnodes.effect_name(child), "text": _text(child)}


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode").strip()
