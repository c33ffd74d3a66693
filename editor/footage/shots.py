"""Turn small pictures, frame by frame, into shots: where one ends, and where fades are black."""

from collections.abc import Callable, Iterable, Sequence
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

SHORTEST = 0.4  # s; what lies between two cuts closer than this is no shot
EVERY = 1  # frame: detectors report cuts however close, for one passed over is a flash in the film
ALONE = 4  # frames on either side without another: a cut; reports that crowd are one wild movement
LATEST = 1.0  # s, by which a detector of the table may report after the cut, fades excepted
BLACK_RUN = 2  # frames of black that end a shot; one alone is a flash

# Each name makes its detectors anew for one clip; a cut that any of them finds is a cut.
DETECTORS: dict[str, Callable[[], tuple[SceneDetector, ...]]] = {
    "content": lambda: (ContentDetector(min_scene_len=EVERY),),
    "adaptive": lambda: (AdaptiveDetector(min_scene_len=EVERY),),
    "histogram": lambda: (HistogramDetector(min_scene_len=EVERY),),
    "hash": lambda: (HashDetector(min_scene_len=EVERY),),
    "fade": lambda: (ThresholdDetector(min_scene_len=SHORTEST),),
    "content+fade": lambda: (
        ContentDetector(min_scene_len=EVERY),
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


def hard(cuts: Iterable[int], rate: Fraction) -> list[int]:
    """Of first frames of shots as reported those that are cuts, ascending: all that stand alone,
    and of those that crowd the first and the last. rate: frames/s."""
    ordered, far = sorted(set(cuts)), ALONE + SHORTEST * rate
    gaps = [far, *(after - before for before, after in pairwise(ordered)), far]
    kept = []
    for cut, before, after in zip(ordered, gaps, gaps[1:], strict=False):
        ends = before >= SHORTEST * rate or after >= SHORTEST * rate
        if ends or (before > ALONE and after > ALONE):
            kept.append(cut)
    return kept


def spans(cuts: Sequence[int], black: np.ndarray, rate: Fraction) -> tuple[FrameSpan, ...]:
    """Shots between cuts, without the black of fades and what is shorter than SHORTEST.

    cuts: first frames of shots, any order. black: (N,) bool, of every decoded frame. rate:
    frames/s.
    """
    frames = len(black)
    bounds = {0, frames, *(cut for cut in hard(cuts, rate) if 0 < cut < frames)}
    dark = dark_frames(black)
    changes = np.flatnonzero(np.diff(dark)) + 1
    bounds.update(int(change) for change in changes)
    found = [FrameSpan(*ends) for ends in pairwise(sorted(bounds)) if not dark[ends[0]]]
    whole = [span for span in found if len(span) >= SHORTEST * rate]
    return tuple(whole or found)


def dark_frames(black: np.ndarray) -> np.ndarray:
    """(N,) bool: frames in a run of at least BLACK_RUN black ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], black, [False])).astype(np.int8)))
    dark = np.zeros(len(black), dtype=bool)
    for first, stop in edges.reshape(-1, 2):
        if stop - first >= BLACK_RUN:
            dark[first:stop] = True
    return dark
