"""Turn analysed clips into the pool: every shot on offer, its legal in and out points, and why
the rest is not on offer.

N shots, P cut points a shot (padded), F shot features, G point features, C running totals,
E reduced embedding, H colour bins. No array holds a file name or a position in the footage other
than `rank`, `clip`, `line`, `setup` and `voice`, which serve masks and are never features.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from editor.footage.clip import Clip
from editor.timing import FrameSpan

# Quantities summed over time from a shot's first frame, so that any cut's mean is a difference.
TOTALS = ("sharpness", "motion", "speech", "face", "exposure", "saturation", "loudness")


@dataclass(frozen=True)
class Shot:
    """A region of a take that may be cut from: at most about 10 s, its ends are cut points."""

    clip: int  # index into Pool.clips
    span: FrameSpan  # frames of the clip
    name: str  # the clip's name and the shot's number in it, "rabbit.mp4 #3"


@dataclass(frozen=True)
class LeftOut:
    """Frames that are not on offer, and why, in an editor's words."""

    clip: Clip
    span: FrameSpan
    reason: str  # "slate", "before the clap", "camera settles", "black", "banned", ...


@dataclass(frozen=True)
class Wish:
    """Footage that the editor bans or must have: a whole clip, or frames of it."""

    clip: Clip
    span: FrameSpan | None = None


@dataclass(frozen=True)
class Pool:
    """All that may be cut, as arrays."""

    clips: tuple[Clip, ...]
    shots: tuple[Shot, ...]  # N
    left_out: tuple[LeftOut, ...]
    points: np.ndarray  # (N,) int64, cut points of each shot; the rest of P is padding
    frame: np.ndarray  # (N, P) int64, clip frame of each point; padding -1
    time: np.ndarray  # (N, P) float32, s from the shot's first frame; padding 0
    kind: np.ndarray  # (N, P) int8, measures.Kind; padding -1
    pair: np.ndarray  # (N, P, P) bool, [shot, in, out]: legal by hygiene, speech and air alone
    totals: np.ndarray  # (N, P, C) float32, integral of each of TOTALS (0-1 each) to the point, s
    point_features: np.ndarray  # (N, P, G) float32, about unit scale
    shot_features: np.ndarray  # (N, F) float32, about unit scale
    embedding: np.ndarray  # (N, P, E) float32, of the frame at the point, unit length
    colour: np.ndarray  # (N, P, H) float32, HSV histogram at the point, sums to 1
    flow: np.ndarray  # (N, P, 2) float32, global motion at the point, widths a second
    level: np.ndarray  # (N, P) float32, sound level about the point, dBFS
    face: np.ndarray  # (N, P) float32, largest face's share of the frame at the point
    clip: np.ndarray  # (N,) int64, index into clips
    line: np.ndarray  # (N,) int64, takes of one set-up and line share a number; -1 alone
    setup: np.ndarray  # (N,) int64, shots of one camera position and framing share a number
    rank: np.ndarray  # (N,) int64, recording order, distinct
    voice: np.ndarray  # (N,) int64, the clip's index where the shot has speech, else -1
    must: np.ndarray  # (N,) int64, number of the must-include wish that it answers, else -1
    usable: Fraction  # s of footage on offer, takes counted once

    @property
    def size(self) -> int:
        """Number of shots on offer."""
        return len(self.shots)
