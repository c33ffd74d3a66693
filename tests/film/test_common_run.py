"""The run of cuts that two films have in common, against every run that there is."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from editor.film.common_run import NEAR, UNBROKEN, common_run


def rows_of(likeness):
    return [(np.flatnonzero(row), row[np.flatnonzero(row)]) for row in likeness]


def worth(run, likeness):
    """What a run is worth, by the sentence that says it."""
    most = max(likeness.shape)
    unbroken = sum((a + 1, b + 1) == other for (a, b), other in pairwise(run))
    each = sum(likeness[a, b] + NEAR * (1 - abs(a - b) / most) for a, b in run)
    return each + UNBROKEN * unbroken


@pytest.mark.parametrize("seed", range(20))
def test_no_run_is_worth_more(seed):
    random = np.random.default_rng(seed)
    likeness = random.choice([0, 0, 0.5, 1.0], size=random.integers(1, 5, size=2))
    pairs = [(int(a), int(b)) for a, b in np.argwhere(likeness > 0)]
    rising = [
        run
        for count in range(len(pairs) + 1)
        for run in combinations(sorted(pairs), count)
        if all(a < c and b < d for (a, b), (c, d) in pairwise(run))
    ]
    found = sorted(common_run(rows_of(likeness), likeness.shape[1]))
    assert tuple(found) in rising
    best = max(worth(run, likeness) for run in rising)
    assert worth(found, likeness) == pytest.approx(best, abs=NEAR / 100)


def test_what_has_nothing_in_common_has_no_run():
    assert common_run(rows_of(np.zeros((3, 2))), 2) == frozenset()
    assert common_run(rows_of(np.zeros((3, 0))), 0) == frozenset()
    assert common_run([], 4) == frozenset()
