"""Turn a clip's analysis into the frames that no editor would cut from, each with its reason.

Heads and tails of a take are looked at with care: a shot that begins with a move is a shot, so a
single weak sign may take only little.
"""

from dataclasses import dataclass

import numpy as np

from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan


@dataclass(frozen=True)
class Masked:
    """Frames taken out, and why, in an editor's words."""

    span: FrameSpan
    reason: str


def inspect(clip: Clip, known: Analysis) -> tuple[Masked, ...]:
    """Return what of the clip is not to be cut from. Frames may be named twice."""
    picture = known.picture
    decoded = min(picture.decoded, clip.frames)
    found = _runs(picture.black[:decoded], 1, "black")
    if decoded < clip.frames:
        found.append(Masked(FrameSpan(decoded, clip.frames), "cannot be decoded"))
    return tuple(found)


def _runs(marked: np.ndarray, least: int, reason: str) -> list[Masked]:
    """Maximal runs of marked frames of at least `least` frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [
        Masked(FrameSpan(int(a), int(b)), reason)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a >= least
    ]
