"""Turn items on many tracks into what is seen, one piece after another, and the gaps between.

Of the tracks the highest is seen, as in every editing program; what is switched off, or shows no
media that could be found, covers nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush

from editor.film.returned.items import Item
from editor.timing import FrameSpan


@dataclass(frozen=True)
class Piece:
    """A stretch of the film that shows one item without a break."""

    item: Item
    place: FrameSpan  # frames of the film, inside the item's place

    def into(self, rate: Fraction) -> Fraction:
        """Seconds of the film, at its rate, from the item's beginning to the piece's."""
        return (self.place.first - self.item.place.first) / rate


def flatten(items: Sequence[Item]) -> tuple[list[Piece], list[FrameSpan]]:
    """Return what is seen, in order, and the gaps that lie before and between.

    items: of the picture, enabled, with media that was found. Two on one track never show at
    once in an editing program; where they do, the one that begins later is seen.
    """
    changes = sorted({edge for item in items for edge in (item.place.first, item.place.stop)})
    coming = sorted(range(len(items)), key=lambda i: items[i].place.first, reverse=True)
    showing: list[tuple[int, int, int]] = []  # heap: the highest layer, then the latest, first
    pieces: list[Piece] = []
    gaps: list[FrameSpan] = []
    for first, stop in zip([0, *changes], changes, strict=False):
        while coming and items[coming[-1]].place.first <= first:
            index = coming.pop()
            heappush(showing, (-items[index].layer, -items[index].place.first, index))
        while showing and items[showing[0][2]].place.stop <= first:
            heappop(showing)
        if first == stop:
            continue
        if not showing:
            gaps.append(FrameSpan(first, stop))
            continue
        item = items[showing[0][2]]
        if pieces and pieces[-1].item is item and pieces[-1].place.stop == first:
            pieces[-1] = Piece(item, FrameSpan(pieces[-1].place.first, stop))
        else:
            pieces.append(Piece(item, FrameSpan(first, stop)))
    return pieces, gaps
