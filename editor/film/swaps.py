"""Tell which cuts of two films changed places with one another, rather than moved each by itself.

Where a cut passed just one other, nobody can say which of the two moved: they changed places.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from editor.film.difference import Change, Difference

Swap = tuple[Change, Change]  # by place before


def swaps(difference: Difference) -> tuple[Swap, ...]:
    """The pairs that changed places, by place before. A cut is in one of them at most."""
    still = [change for change in difference.changes if change.stayed]
    moved = sorted((change for change in difference.changes if change.moved), key=_before)
    old, new = _gaps(moved, still, _before), _gaps(moved, still, _after)
    found: list[Swap] = []
    for one in moved:
        other = _other(one, still, old, new)
        if other is not None and all(one is not known[1] for known in found):
            first, second = sorted((one, other), key=_before)
            found.append((first, second))
    return tuple(found)


def _before(change: Change) -> int:
    return -1 if change.before_index is None else change.before_index


def _after(change: Change) -> int:
    return -1 if change.after_index is None else change.after_index


Gaps = Mapping[int, list[Change]]  # those that moved, by how many of the still ones stand before


def _other(one: Change, still: Sequence[Change], old: Gaps, new: Gaps) -> Change | None:
    """What it changed places with; None where more went on there than that."""
    left, came = (next(gap for gap, here in gaps.items() if one in here) for gaps in (old, new))
    if len(old[left]) > 1 or len(new[came]) > 1:
        return None
    back, other = new.get(left, []), old.get(came, [])
    if len(back) == 1 and back == other:
        return back[0]
    passed_one = abs(left - came) == 1 and not back and not other
    return still[min(left, came)] if passed_one else None


def _gaps(moved: Sequence[Change], still: Sequence[Change], place: Callable[[Change], int]) -> Gaps:
    found: dict[int, list[Change]] = {}
    places = [place(one) for one in still]  # rising in either film
    for change in moved:
        found.setdefault(bisect_left(places, place(change)), []).append(change)
    return found
