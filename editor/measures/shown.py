"""Turn what a film has shown so far into which of its unseen shots is next.

S shots. Two shots are alike by embedding, colour and what hangs where, less how like each is to its
own nearest: in a film all of one meadow only what is nearer than usual tells (after the local
scaling of Zelnik-Manor and Perona 2004, "Self-Tuning Spectral Clustering"). The next shot is like
those lately shown. Nothing is fitted; of a grid of constants these did best on all films without
Big Buck Bunny, and on all without Google Paris. Where in the film a shot stands, and how much was
shown before it, is not told.
"""

import numpy as np

from editor.measures import pairs
from editor.measures.ranking import Scores
from editor.measures.seen import Views

WEIGHT = {"embedding": 1.0, "colour": 1.0, "thumb": 0.5}  # in the likeness of two shots
NEAREST = 3  # shots that a shot's usual likeness is told by: about a set-up's in a scene
SHARP = 1.5  # nats a standard deviation of likeness: the likest of those shown count most
FADING = 0.5  # a shot further back counts so much less
LAST = 0.5  # of its weight has the last shot, no more than the one before: it is cut away from
TINY = 1e-6  # added before the logarithm, and to a deviation that may be nought


def scores(views: Views) -> Scores:
    """Scores of the next shot among those that the film has not shown yet."""
    return Scores(following(likeness(views)), unseen=True)


def likeness(views: Views) -> np.ndarray:
    """(S, S), the same both ways: two shots' likeness less what each is like its NEAREST."""
    looks = pairs.looks(views)
    mixed = sum(weight * _standard(looks[name]) for name, weight in WEIGHT.items())
    alike = _standard(np.asarray(mixed))
    few = min(NEAREST, len(alike) - 1)
    usual = np.sort(alike - 1e9 * np.eye(len(alike)), axis=1)[:, -few:].mean(axis=1)
    return np.asarray(alike - (usual[:, None] + usual) / 2)


def following(alike: np.ndarray) -> np.ndarray:
    """(S, S): how like shot j is to those shown up to i, the later ones and the likest most."""
    near = np.exp(SHARP * alike)
    np.fill_diagonal(near, 0.0)
    shown = np.zeros_like(near)
    before = np.zeros(len(near))
    for shot, row in enumerate(near):
        shown[shot] = before + LAST * row
        before = FADING * (before + row)
    return np.asarray(np.log(shown + TINY))


def _standard(table: np.ndarray) -> np.ndarray:
    others = table[~np.eye(len(table), dtype=bool)]
    return np.asarray((table - others.mean()) / (others.std() + TINY))
