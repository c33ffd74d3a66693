"""Turn scores of which shot follows which into how well a film's real order is found again.

S shots in the film's order. Ties count as often as chance would settle them rightly.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

ORDERS = tuple(permutations(range(3)))  # the first is the real one


@dataclass(frozen=True)
class Scores:
    """How well a scorer finds that shots follow each other."""

    following: np.ndarray  # (S, S) float, of shot j as the next after shot i; the diagonal is moot
    ordering: np.ndarray | None = None  # (S - 2, 6) float, of each of ORDERS of i, i + 1, i + 2
    unseen: bool = False  # candidates are the shots that the film has not shown yet, not all


@dataclass(frozen=True)
class Answers:
    """One film's answers, a row a question, so that intervals can be drawn over shots."""

    rows: dict[str, np.ndarray]  # measure -> (questions,) float64
    chance: dict[str, float]  # of each measure, by lot


def answer(scores: Scores) -> Answers:
    """Answer all questions of one film of three shots or more.

    auc: share of the other candidates below the real next shot. recall@1, recall@5: is it among
    the first. order: are three shots put back in order. tau: Kendall's tau-b of that order with the
    real one. pairwise: does a pair of neighbours point the right way. Without `ordering` the last
    three are left out.
    """
    questions = [_next(scores, shot) for shot in range(len(scores.following) - 1)]
    asked = np.array([row for row in questions if row is not None])  # (Q, 4)
    rows = {"auc": asked[:, 0], "recall@1": asked[:, 1], "recall@5": asked[:, 2]}
    chance = {
        "auc": 0.5,
        "recall@1": float((1 / asked[:, 3]).mean()),
        "recall@5": float(np.minimum(1.0, 5 / asked[:, 3]).mean()),
    }
    if scores.ordering is not None:
        best = scores.ordering == scores.ordering.max(axis=1, keepdims=True)  # (S - 2, 6)
        share = best / best.sum(axis=1, keepdims=True)
        ahead, back = np.diagonal(scores.following, 1), np.diagonal(scores.following, -1)
        rows["order"], rows["tau"] = share[:, 0], share @ _TAU
        rows["pairwise"] = np.where(ahead == back, 0.5, ahead > back).astype(np.float64)
        chance |= {"order": 1 / len(ORDERS), "tau": 0.0, "pairwise": 0.5}
    return Answers(rows, chance)


def candidates(size: int, shot: int, unseen: bool) -> np.ndarray:
    """Shots that may come after a shot: all others, or those that come later in the film."""
    every = np.arange(size)
    return every[every > shot] if unseen else every[every != shot]


def _next(scores: Scores, shot: int) -> tuple[float, float, float, int] | None:
    """AUC and recall of the shot after `shot`, and the candidates' number; None for a lone one."""
    found = candidates(len(scores.following), shot, scores.unseen)
    if len(found) < 2:
        return None
    real = scores.following[shot, shot + 1]
    others = scores.following[shot, found[found != shot + 1]]
    above, tied = int((others > real).sum()), int((others == real).sum())
    area = 1 - (above + tied / 2) / len(others)
    return area, _among(1, above, tied), _among(5, above, tied), len(found)


def _among(count: int, above: int, tied: int) -> float:
    """Chance that the real one is among the first `count`, ties settled by lot."""
    return float(np.clip((count - above) / (tied + 1), 0.0, 1.0))


def _tau(order: tuple[int, ...]) -> float:
    pairs = [(a, b) for a in range(3) for b in range(a + 1, 3)]
    return sum(1 if order.index(a) < order.index(b) else -1 for a, b in pairs) / len(pairs)


_TAU = np.array([_tau(order) for order in ORDERS])  # (6,); without ties tau-b is tau


def chained(following: np.ndarray) -> np.ndarray:
    """(S - 2, 6) scores of the orders of three: the sum over neighbours."""
    start = np.arange(len(following) - 2)
    return np.stack(
        [following[start + a, start + b] + following[start + b, start + c] for a, b, c in ORDERS],
        axis=1,
    )
