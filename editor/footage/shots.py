"""Turn small pictures, frame by frame, into shots: where one ends, and where fades are black."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detector import SceneDetector
from scenedetect.detectors import (
    AdaptiveDetector,
    ContentDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)

from editor.errors import FootageError
from editor.timing import FrameSpan

SHORTEST = 0.4  # s, no detector reports cuts closer than this: a flash is not a shot
LATEST = 1.0  # s, by which a detector of the table may report after the cut, fades excepted
BLACK_RUN = 2  # frames of black that end a shot; one alone is a flash

# Each name makes its detectors anew for one clip; a cut that any of them finds is a cut.
DETECTORS: dict[str, Callable[[], tuple[SceneDetector, ...]]] = {
    "content": lambda: (ContentDetector(min_scene_len=SHORTEST),),
    "adaptive": lambda: (AdaptiveDetector(min_scene_len=SHORTEST),),
    "histogram": lambda: (HistogramDetector(min_scene_len=SHORTEST),),
    "hash": lambda: (HashDetector(min_scene_len=SHORTEST),),
    "fade": lambda: (ThresholdDetector(min_scene_len=SHORTEST),),
    "content+fade": lambda: (
        ContentDetector(min_scene_len=SHORTEST),
        ThresholdDetector(min_scene_len=SHORTEST),
    ),
    "none": tuple,
}


def check(name: str) -> None:
    """Raise FootageError for a name that is not in DETECTORS."""
    if name not in DETECTORS:
        raise FootageError(f"No shot detector is called {name!r}. Known: {', '.join(DETECTORS)}.")


class Finder:
    """Feeds a clip's frames to the detectors of one name."""

    def __init__(self, name: str, rate: Fraction) -> None:
        """Raises FootageError for a name that is not in DETECTORS."""
        check(name)
        self._detectors = DETECTORS[name]()
        self._rate = rate
        self._last: FrameTimecode | None = None

    def see(self, frame: int, picture: np.ndarray) -> list[int]:
        """Look at the next frame, (H, W, 3) uint8 BGR: first frames of shots found by now."""
        self._last = FrameTimecode(frame, fps=self._rate)
        return sorted(
            cut.frame_num
            for detector in self._detectors
            for cut in detector.process_frame(self._last, picture)
        )

    def finish(self) -> list[int]:
        """First frames of shots that only the clip's end brings out."""
        if self._last is None:
            return []
        return sorted(
            cut.frame_num
            for detector in self._detectors
            for cut in detector.post_process(self._last)
        )


def spans(cuts: Sequence[int], black: np.ndarray) -> tuple[FrameSpan, ...]:
    """Shots between cuts, without the black of fades.

    cuts: first frames of shots, any order. black: (N,) bool, of every decoded frame.
    """
    frames = len(black)
    bounds = {0, frames, *(cut for cut in cuts if 0 < cut < frames)}
    dark = dark_frames(black)
    changes = np.flatnonzero(np.diff(dark)) + 1
    bounds.update(int(change) for change in changes)
    ordered = sorted(bounds)
    return tuple(FrameSpan(first, stop) for first, stop in pairwise(ordered) if not dark[first])


def dark_frames(black: np.ndarray) -> np.ndarray:
    """(N,) bool: frames in a run of at least BLACK_RUN black ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], black, [False])).astype(np.int8)))
    dark = np.zeros(len(black), dtype=bool)
    for first, stop in edges.reshape(-1, 2):
        if stop - first >= BLACK_RUN:
            dark[first:stop] = True
    return dark
