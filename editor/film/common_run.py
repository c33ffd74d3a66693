"""Turn what two rows of cuts have in common into the run of it that stands in one order in both.

Where cuts stand twice, as when a whole film is appended to itself, many pairings are worth the
same. An editor calls the longest run the film that was kept, and of two the one nearest to where
it stood: the rest is shown again.
"""

from collections.abc import Sequence

import numpy as np

# Worth of a pair that follows the one before it without a break, against 1 of two equal cuts: it
# parts runs that are worth the same, and in a film of thousands of cuts weighs more than a few.
UNBROKEN = 1e-3
NEAR = 1e-9  # of a pair that stands where it stood: it parts runs that are equal in all else

Pair = tuple[int, int]  # a cut's place before, and after
Row = tuple[np.ndarray, np.ndarray]  # places after (M,) int64, rising, and likeness (M,) in (0, 1]


def common_run(rows: Sequence[Row], after: int) -> frozenset[Pair]:
    """Return the pairs, rising in both places, that are worth most together.

    rows: of each cut before, which cuts after it may be. after: how many there are.
    """
    ends = np.zeros(after)  # worth of the best run so far that ends at a place after
    last = np.full(after, -1)  # that run's last pair, by number; -1: none ends there
    above, above_pair = np.full(after, -1.0), np.full(after, -1)  # the same of the cut before alone
    pairs: list[Pair] = []
    behind: list[int] = []  # of each pair the one before it in its best run; -1: none
    for old, (places, likeness) in enumerate(rows):
        run, previous = _before(places, ends, last)
        unbroken = np.where(places > 0, above[places - 1], -1.0) + UNBROKEN
        previous = np.where(unbroken > run, above_pair[places - 1], previous)
        stands = 1 - np.abs(old - places) / max(len(rows), after)
        worth = np.maximum(run, unbroken) + likeness + NEAR * stands
        numbers = np.arange(len(pairs), len(pairs) + len(places))
        pairs += [(old, place) for place in places.tolist()]
        behind += previous.tolist()
        better = worth > ends[places]
        ends[places[better]], last[places[better]] = worth[better], numbers[better]
        above, above_pair = np.full(after, -1.0), np.full(after, -1)
        above[places], above_pair[places] = worth, numbers
    at = int(last[ends.argmax()]) if after else -1
    found = []
    while at >= 0:
        found.append(pairs[at])
        at = behind[at]
    return frozenset(found)


def _before(
    places: np.ndarray, ends: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Worth and last pair of the best run that ends before each place: (M,), 0 and -1 of none."""
    reached = np.maximum.accumulate(ends)
    where = np.maximum.accumulate(np.where(ends == reached, np.arange(len(ends)), 0))
    begun = places > 0
    run = np.where(begun, reached[places - 1], 0.0)
    return run, np.where(begun & (run > 0), last[where[places - 1]], -1)


def stayed(places: Sequence[int], worth: Sequence[float], unbroken: float) -> set[int]:
    """Which of some cuts stayed in order, by number: as many as can, so that the fewest moved.

    places: of each cut in its old order, its place in the new one (N,), no two the same. Of runs as
    long, the one worth most: worth: of each cut; unbroken: of each that stands as far from its old
    place as the one before it in the run, as cuts do that nobody touched. All of it together is
    less than 1.
    """
    after = np.array(places, np.int64)
    total = 1 + np.array(worth, np.float64)  # of the best run that ends with each
    shift = np.argsort(np.argsort(after)) - np.arange(len(after))  # among these cuts alone
    last = np.full(len(after), -1)  # the cut before it in that run
    for index in range(len(after)):
        behind = total[:index] + unbroken * (shift[:index] == shift[index])
        behind = np.where(after[:index] < after[index], behind, 0.0)
        if index and behind.max() > 0:
            last[index] = behind.argmax()
            total[index] += behind.max()
        else:
            total[index] += unbroken * (shift[index] == 0)
    at = int((total + unbroken * (shift == 0)).argmax()) if len(after) else -1
    found = set()
    while at >= 0:
        found.add(at)
        at = int(last[at])
    return found
