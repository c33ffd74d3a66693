"""Turn two timelines into what an editor changed between them: kept, dropped, trimmed, moved,
inserted, replaced, retimed; as data, and as an editor would tell it.

Cuts of the two films are the same cut where they show some of the same frames of one clip. Which
of several is decided by the share of frames that two cuts have in common, then by their order:
of cuts that stand more often than they did, those were kept that make the longest run in place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from editor.film.common_run import Pair, Row, common_run, stayed
from editor.film.timeline import Cut, Timeline

KINDS = ("kept", "trimmed", "retimed", "moved", "replaced", "inserted", "dropped")
SETTINGS = ("rate", "size", "fit", "music")  # of a film as a whole
# Share of the shorter of two cuts that must be the same frames for them to be one cut, trimmed:
# with less they merely touch, and an editor would say that other frames were chosen.
LEAST_SHARED = Fraction(1, 10)
ORDER_WEIGHT = 1e-3  # of keeping the order, against shares in common: it only parts equals
# The same, of a clip that stands more often than it did: its copies are whole, and one of them is
# the film that was kept, though a cut of it was trimmed meanwhile and stands untrimmed in another.
COPY_WEIGHT = 0.5

SAME_SPEED = Fraction(1, 10_000)  # by which two speeds may differ: kept ones are rounded


@dataclass(frozen=True)
class Change:
    """One cut of either film, or one that both have, and what became of it.

    A moved or retimed cut may be trimmed as well: `head` and `tail` say so whatever the kind.
    """

    kind: str  # one of KINDS
    before: Cut | None  # None: inserted
    after: Cut | None  # None: dropped
    before_index: int | None  # place among the cuts of the film before, from 0
    after_index: int | None  # place among the cuts of the film after, from 0
    head: int = 0  # frames of the clip taken off at its beginning; negative: added
    tail: int = 0  # frames of the clip taken off at its end; negative: added
    moved: bool = False  # it changed places with others that stayed in order
    speed: Fraction = Fraction(1)  # how fast an editing program played it after; before it was 1
    # Of an inserted cut that is a further piece of a cut before (which was split), and of a dropped
    # one whose frames a cut after took in (they were joined): that cut's index in the other film.
    shared: int | None = None

    @property
    def trimmed(self) -> bool:
        """True where either end was changed."""
        return self.head != 0 or self.tail != 0

    @property
    def stayed(self) -> bool:
        """True of a cut that both films have, in one order with all others that stayed."""
        there = self.before is not None and self.after is not None
        return there and self.kind != "replaced" and not self.moved

    @property
    def slipped(self) -> int:
        """Frames of the clip by which a cut of the same length shows later ones; else 0."""
        return self.head if self.head == -self.tail else 0

    @property
    def cut(self) -> Cut:
        """The cut as it is after, or as it was where it is gone."""
        found = self.after if self.after is not None else self.before
        if found is None:
            raise ValueError("A change has a cut before, or after, or both.")
        return found


@dataclass(frozen=True)
class Difference:
    """All that was changed from one film to the next."""

    before: Timeline
    after: Timeline
    changes: tuple[Change, ...]  # by place after; a dropped cut stands where it stood

    @property
    def settings(self) -> tuple[str, ...]:
        """Which of SETTINGS are not what they were."""
        return tuple(
            name for name in SETTINGS if getattr(self.before, name) != getattr(self.after, name)
        )

    @property
    def same(self) -> bool:
        """True where nothing at all was changed."""
        return all(change.kind == "kept" for change in self.changes) and not self.settings

    def of(self, kind: str) -> tuple[Change, ...]:
        """The changes of one of KINDS."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of change. Known: {', '.join(KINDS)}.")
        return tuple(change for change in self.changes if change.kind == kind)


def compare(
    before: Timeline,
    after: Timeline,
    speeds: Mapping[int, Fraction] | None = None,
    speeds_before: Mapping[int, Fraction] | None = None,
) -> Difference:
    """Return what was changed from `before` to `after`, a change for every cut of either.

    Clips are the same by content, wherever their files lie. speeds: by place in `after`, of cuts
    that an editing program plays faster or slower; a timeline itself holds none. speeds_before: the
    same of `before`: what played so already was not retimed.
    """
    pairs = _pairs(before.cuts, after.cuts)
    moved = _moved(pairs, before.cuts)
    changes = {
        new: _paired(before.cuts[old], after.cuts[new], old, new, (old, new) in moved)
        for old, new in pairs
    }
    still = [pair for pair in pairs if pair not in moved]
    for old, new in _replaced(still, pairs, before.cuts, after.cuts):
        changes[new] = Change("replaced", before.cuts[old], after.cuts[new], old, new)
    for new, cut in enumerate(after.cuts):
        if new not in changes:
            origin = _sharing(cut, before.cuts)
            changes[new] = Change("inserted", None, cut, None, new, shared=origin)
    for index, change in changes.items():
        speed = (speeds or {}).get(index, Fraction(1))
        was = Fraction(1)
        if change.before is not None and change.kind != "replaced":
            was = (speeds_before or {}).get(change.before_index or 0, was)
        if abs(speed - was) > SAME_SPEED:
            changes[index] = _retimed(change, speed)
    there = {change.before_index for change in changes.values()}
    dropped = [
        Change("dropped", cut, None, old, None, shared=_sharing(cut, after.cuts))
        for old, cut in enumerate(before.cuts)
        if old not in there
    ]
    ordered = [changes[new] for new in sorted(changes)]
    return Difference(before, after, tuple(_with_dropped(ordered, dropped)))


# --- which cut is which ---------------------------------------------------------------------------


def _pairs(before: Sequence[Cut], after: Sequence[Cut]) -> list[Pair]:
    """The cuts that both films have, by place before."""
    old, new = _by_clip(before), _by_clip(after)
    shared = {
        digest: _likeness([before[i] for i in old[digest]], [after[j] for j in new[digest]])
        for digest in old
        if digest in new
    }
    run = common_run(_rows(old, new, shared, len(before)), len(after))
    found: list[Pair] = []
    for digest, likeness in shared.items():
        rows, columns = old[digest], new[digest]
        order = _order(rows, columns, run, max(len(before), len(after)))
        worth = np.where(likeness > 0, likeness + order, 0.0)
        found += [(rows[i], columns[j]) for i, j in _picked(worth)]
    return sorted(found)


def _rows(
    old: Mapping[str, list[int]],
    new: Mapping[str, list[int]],
    shared: Mapping[str, np.ndarray],
    before: int,
) -> list[Row]:
    """Of each of the cuts before, the cuts after that show some of it. shared: by clip."""
    nothing = np.zeros(0, np.int64), np.zeros(0)
    rows: list[Row] = [nothing] * before
    for digest, likeness in shared.items():
        columns = np.array(new[digest], np.int64)
        for i, row in enumerate(old[digest]):
            alike = likeness[i] > 0
            rows[row] = columns[alike], likeness[i, alike]
    return rows


def _order(
    rows: Sequence[int], columns: Sequence[int], run: frozenset[Pair], most: int
) -> np.ndarray:
    """What it is worth that cuts of one clip stand where they stood: (rows, columns) float64.

    rows, columns: places before and after. run: what stayed in order. most: cuts of either film.
    """
    apart = np.abs(np.array(rows)[:, None] - np.array(columns)[None, :]) / most
    worth: np.ndarray = ORDER_WEIGHT * (1 - apart)
    in_run = COPY_WEIGHT if len(columns) > len(rows) else ORDER_WEIGHT
    place = {column: j for j, column in enumerate(columns)}
    kept = {old: new for old, new in run if new in place}
    for i, row in enumerate(rows):
        if row in kept:
            worth[i, place[kept[row]]] += in_run
    return worth


def _picked(worth: np.ndarray) -> Iterator[Pair]:
    """One column for a row, worth most in all. worth: (cuts before, cuts after), 0 where unlike."""
    if 1 in worth.shape:
        best = np.unravel_index(int(worth.argmax()), worth.shape)
        picked = [[int(best[0])], [int(best[1])]]
    else:
        from scipy.optimize import linear_sum_assignment  # takes longer to load than all else here

        picked = linear_sum_assignment(worth, maximize=True)
    for row, column in zip(*picked, strict=True):
        if worth[row, column] > 0:
            yield int(row), int(column)


def _by_clip(cuts: Sequence[Cut]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, cut in enumerate(cuts):
        places.setdefault(cut.clip.digest, []).append(index)
    return places


def _likeness(before: Sequence[Cut], after: Sequence[Cut]) -> np.ndarray:
    """Frames in both over frames in either, of cuts of one clip; 0 where two merely touch.

    Returns (cuts before, cuts after) float64 in [0, 1].
    """
    old, new = (
        np.array([(cut.source.first, cut.source.stop) for cut in cuts], dtype=np.int64)
        for cuts in (before, after)
    )
    first = np.maximum(old[:, None, 0], new[None, :, 0])
    common = np.maximum(0, np.minimum(old[:, None, 1], new[None, :, 1]) - first)
    lengths = (old[:, 1] - old[:, 0])[:, None], (new[:, 1] - new[:, 0])[None, :]
    touching = common * LEAST_SHARED.denominator < np.minimum(*lengths) * LEAST_SHARED.numerator
    return np.where(touching, 0.0, common / (lengths[0] + lengths[1] - common))


def _common(one: Cut, other: Cut) -> int:
    first = max(one.source.first, other.source.first)
    return max(0, min(one.source.stop, other.source.stop) - first)


def _sharing(cut: Cut, others: Sequence[Cut]) -> int | None:
    """Place of the cut that shows most of this one's frames, if it shows at least half of them."""
    shared = [
        (_common(cut, other), -index)
        for index, other in enumerate(others)
        if other.clip.digest == cut.clip.digest
    ]
    most, index = max(shared, default=(0, 0))
    return -index if 2 * most >= len(cut.source) else None


def _moved(pairs: Sequence[Pair], before: Sequence[Cut]) -> set[Pair]:
    """The fewest pairs without which all others are in one order.

    pairs: by place before. Where several are as few, those moved that stand elsewhere among the
    cuts around them, and of two that changed places the shorter.
    """
    lengths = [len(before[old].source) for old, _ in pairs]
    slight = 1 / (2 * len(pairs) + 2)
    worth = [slight * length / (2 * sum(lengths) + 1) for length in lengths]
    still = stayed([new for _, new in pairs], worth, slight)
    return {pair for number, pair in enumerate(pairs) if number not in still}


def _replaced(
    still: Sequence[Pair], pairs: Sequence[Pair], before: Sequence[Cut], after: Sequence[Cut]
) -> Iterator[Pair]:
    """What is new and stands where something is gone: between the same two cuts that stayed.

    Pieces of a cut that was split, and of cuts that were joined, replace nothing.
    """
    gone = set(range(len(before))) - {old for old, _ in pairs}
    come = set(range(len(after))) - {new for _, new in pairs}
    gone = {old for old in gone if _sharing(before[old], after) is None}
    come = {new for new in come if _sharing(after[new], before) is None}
    edges = [(-1, -1), *still, (len(before), len(after))]
    for (old, new), (next_old, next_new) in pairwise(edges):
        yield from zip(
            (index for index in range(old + 1, next_old) if index in gone),
            (index for index in range(new + 1, next_new) if index in come),
            strict=False,
        )


def _paired(before: Cut, after: Cut, old: int, new: int, moved: bool) -> Change:
    head = after.source.first - before.source.first
    tail = before.source.stop - after.source.stop
    kind = "moved" if moved else "trimmed" if head or tail else "kept"
    return Change(kind, before, after, old, new, head, tail, moved)


def _retimed(change: Change, speed: Fraction) -> Change:
    """The change of a cut that plays at another speed: its end follows from that, it is no trim."""
    kind = "retimed" if change.kind in ("kept", "trimmed") else change.kind
    return replace(change, kind=kind, speed=speed, tail=0)


def _with_dropped(changes: Sequence[Change], dropped: Sequence[Change]) -> Iterator[Change]:
    """Put each dropped cut behind the cut that it stood behind."""
    left = list(dropped)
    for change in changes:
        place = change.before_index
        while (
            left and place is not None and not change.moved and (left[0].before_index or 0) < place
        ):
            yield left.pop(0)
        yield change
    yield from left
