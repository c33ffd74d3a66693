"""Turn shots into set-ups (one camera position and framing) and lines (takes of the same words).

N shots, H colour bins, W = 18 x 32 pixels of a thumb.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.cutting.regions import Region
from editor.footage.measures import Analysis

SAME_FRAMING = 0.80  # correlation of two shots' pictures, above which the camera stood the same
SAME_COLOUR = 0.60  # shared part of two shots' colour histograms, likewise


@dataclass(frozen=True)
class Looks:
    """What each of N shots looks like on the whole."""

    picture: np.ndarray  # (N, W) float32, luma about its mean, unit length
    colour: np.ndarray  # (N, H) float32, sums to 1


def looks(shots: Sequence[tuple[Analysis, Region]]) -> Looks:
    """The median picture and mean colour of each shot's cut points."""
    pictures, colours = [], []
    for known, region in shots:
        thumb = np.median(known.moments.thumb[region.moment], axis=0).ravel().astype(np.float32)
        thumb -= thumb.mean()
        pictures.append(thumb / max(float(np.linalg.norm(thumb)), 1e-6))
        colours.append(known.moments.colour[region.moment].mean(axis=0))
    return Looks(np.stack(pictures), np.stack(colours).astype(np.float32))


def setups(shots: Looks) -> np.ndarray:
    """(N,) int64: shots of one camera position and framing share a number.

    Each shot joins the set-up that its picture agrees with most, or begins a new one; a set-up is
    the mean of its members.
    """
    number = np.zeros(len(shots.picture), np.int64)
    pictures: list[np.ndarray] = []
    colours: list[np.ndarray] = []
    for row, (picture, colour) in enumerate(zip(shots.picture, shots.colour, strict=True)):
        best = -1
        if pictures:
            seen = np.stack(pictures)
            framing = seen @ picture / np.linalg.norm(seen, axis=1).clip(1e-6)
            shared = np.minimum(np.stack(colours), colour).sum(axis=1)
            framing[shared < SAME_COLOUR] = -1
            best = int(np.argmax(framing)) if framing.max() >= SAME_FRAMING else -1
        if best < 0:
            best = len(pictures)
            pictures.append(picture.copy())
            colours.append(colour.copy())
        else:
            members = int((number[:row] == best).sum())
            pictures[best] = (pictures[best] * members + picture) / (members + 1)
            colours[best] = (colours[best] * members + colour) / (members + 1)
        number[row] = best
    return number
