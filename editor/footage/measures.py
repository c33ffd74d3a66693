"""What analysis knows of a clip: arrays per frame, per moment and per cut point, and its sound.

N frames of the clip's grid, M moments (two a second and every cut point), P cut points,
D embedding, H colour bins.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from editor.timing import FrameSpan

LEVEL_STEP = 0.010  # s, of Sound.level


class Kind(IntEnum):
    """Why a frame is a cut point, strongest reason first where several hold."""

    EDGE = 0  # first frame of a shot, or one past its last
    PAUSE = 1  # between words, or the air around speech
    SETTLE = 2  # motion came to rest, or is about to begin
    PEAK = 3  # the frame after an action's peak
    ONSET = 4  # a sound begins
    GRID = 5  # none of these: no cut point further than half a second away
    SPLIT = 6  # a weak pause inside speech longer than 4 s


@dataclass(frozen=True)
class Picture:
    """Measures of every frame of the grid, at analysis size."""

    decoded: int  # frames that could be decoded; fewer than the clip's where it ends early
    motion: np.ndarray  # (N,) float32, mean absolute luma change from the frame before, 0-1
    flow: np.ndarray  # (N, 2) float32, global shift from the frame before, widths a second, x y
    sharpness: np.ndarray  # (N,) float32, 0-1
    luma: np.ndarray  # (N,) float32, mean, 0-1
    clipped: np.ndarray  # (N,) float32, share of pixels crushed or blown
    saturation: np.ndarray  # (N,) float32, mean, 0-1
    black: np.ndarray  # (N,) bool
    frozen: np.ndarray  # (N,) bool, the same picture as the frame before
    # (N,) bool, the decoder hid damage in it or in one that it leans on; empty where nothing is.
    damaged: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


@dataclass(frozen=True)
class Moments:
    """Frames that were looked at closely."""

    frame: np.ndarray  # (M,) int64, ascending
    embedding: np.ndarray  # (M, D) float16, the backbone's, not normalised
    colour: np.ndarray  # (M, H) float32, HSV histogram, sums to 1
    faces: np.ndarray  # (M, 4) float32: count, largest's area (share of the frame), its centre x y
    thumb: np.ndarray  # (M, 18, 32) uint8 luma: for telling copies, proxies and framings


@dataclass(frozen=True)
class Sound:
    """Sound of the clip's used track on the clip's clock: 0 s is the start of frame 0."""

    present: bool
    speech: np.ndarray  # (K, 2) float64, s, half-open, ascending
    level: np.ndarray  # (L,) float32, dBFS RMS of each LEVEL_STEP of the mono mix, floor -100
    loudness: np.ndarray  # (Q,) float32, LUFS momentary (400 ms) every 100 ms, floor -70
    integrated: float  # LUFS, EBU R128, floor -70
    room: float  # dBFS, the level below which lies 10 % of the sound: room tone
    onsets: np.ndarray  # (O,) float64, s
    silence: np.ndarray  # (S, 2) float64, s: digital or near silence
    # (V, 12) float16, cepstrum 1-12 of each 40 ms from 0 s on: by it takes of one line are told
    # from other lines, which the level's envelope cannot. Empty where it was not measured.
    timbre: np.ndarray = field(default_factory=lambda: np.zeros((0, 12), np.float16))


@dataclass(frozen=True)
class CutPoints:
    """Frames at which a cut may begin or end. An out point f means that f - 1 is the last shown."""

    frame: np.ndarray  # (P,) int64, ascending, 0 to the clip's frames inclusive
    kind: np.ndarray  # (P,) int8, Kind
    weak: np.ndarray  # (P,) bool
    moment: np.ndarray  # (P,) int64, index into Moments: the frame shown at the point


@dataclass(frozen=True)
class Analysis:
    """All that cutting knows of one clip."""

    digest: str  # the clip's
    detector: str  # name in DETECTORS
    backbone: str  # name in BACKBONES
    shots: tuple[FrameSpan, ...]  # detected shots, in order, without fades' black
    picture: Picture
    moments: Moments
    sound: Sound
    cut_points: CutPoints
    finding: float = 0.0  # s that this run spent finding shots; 0 where they were kept
