"""Turn small pictures, frame by frame, into measures: motion, sharpness, exposure, colour."""

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np

from editor.footage.measures import Picture

FLOW_STEP = 0.1  # s between the two pictures that global motion is measured on: slow pans show
FLOW_SIDE = 128  # px, width at which it is measured
FLOW_RESPONSE = 0.08  # of phase correlation's peak; below it the two pictures do not match
DARK = 32  # of 255: a frame of which all but BLACK_SHARE lies below is black
BLACK_SHARE = 0.02
CRUSHED, BLOWN = 4, 251  # of 255: at or beyond these a pixel has lost its detail
STILL = 2e-4  # mean change below which two frames are one picture: repeats of a coder differ less
STILL_MOST = 3  # of 255, change of any pixel in one picture shown twice
EDGE_SHARE = 0.05  # of the picture, its strongest edges: sharpness is judged on these alone
EDGE_LEAST = 20  # of 255, local contrast that makes an edge; with grain alone there is none
EDGE_FEWEST = 0.002  # of the picture; with fewer edges sharpness cannot be told, and is 0
SOFT, CRISP = 0.22, 0.70  # shares of an edge's contrast that one pixel bridges: blurred, in focus
_AROUND = np.ones((5, 5), np.uint8)
_BESIDE = np.ones((3, 3), np.uint8)


class Meter:
    """Measures the frames of one clip in order."""

    def __init__(self, frames: int, rate: Fraction) -> None:
        self._rate = float(rate)
        self._motion = np.zeros(frames, np.float32)
        self._flow = np.zeros((frames, 2), np.float32)
        self._sharpness = np.zeros(frames, np.float32)
        self._luma = np.zeros(frames, np.float32)
        self._clipped = np.zeros(frames, np.float32)
        self._saturation = np.zeros(frames, np.float32)
        self._black = np.zeros(frames, bool)
        self._frozen = np.zeros(frames, bool)
        self._step = max(1, round(FLOW_STEP * self._rate))
        self._shown: np.ndarray | None = None  # the picture before, to know a repeat by
        self._gray: np.ndarray | None = None  # half size, of the frame before
        self._anchor: np.ndarray | None = None  # flow is measured from this picture,
        self._anchored = 0  # which is this frame's
        self._window: np.ndarray = np.zeros((0, 0), np.float32)

    def see(self, frame: int, picture: np.ndarray) -> None:
        """Measure the next frame, (H, W, 3) uint8 BGR, at most 256 px long."""
        if self._shown is picture:
            self._repeat(frame)
        else:
            gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            self._light(frame, gray, picture)
            self._move(frame, gray)
        self._shown = picture
        if frame - self._anchored >= self._step:
            self._pan(frame)

    def luma(self, frame: int) -> float:
        """Mean luma of a frame already seen, 0-1."""
        return float(self._luma[frame])

    def black(self) -> np.ndarray:
        """(N,) bool, filled up to the last frame seen; a view."""
        return self._black

    def motion(self) -> tuple[np.ndarray, np.ndarray]:
        """Motion (N,) and flow (N, 2), filled up to the last frame seen; views."""
        return self._motion, self._flow

    def picture(self, decoded: int, damaged: Sequence[int] = ()) -> Picture:
        """The measures of every frame; those past `decoded` are zero. damaged: frames that are."""
        marked = np.zeros(len(self._motion) if damaged else 0, bool)
        marked[list(damaged)] = True
        return Picture(
            decoded,
            self._motion,
            self._flow,
            self._sharpness,
            self._luma,
            self._clipped,
            self._saturation,
            self._black,
            self._frozen,
            marked,
        )

    def _repeat(self, frame: int) -> None:
        for row in (self._sharpness, self._luma, self._clipped, self._saturation, self._black):
            row[frame] = row[frame - 1]
        self._frozen[frame] = True

    def _light(self, frame: int, gray: np.ndarray, picture: np.ndarray) -> None:
        counts = cv2.calcHist([gray], [0], None, [256], [0, 256])
        shares = counts[:, 0] / gray.size
        self._luma[frame] = shares @ np.arange(256) / 255
        self._clipped[frame] = shares[: CRUSHED + 1].sum() + shares[BLOWN:].sum()
        self._black[frame] = shares[DARK:].sum() < BLACK_SHARE
        self._sharpness[frame] = sharpness(gray)
        blue, green, red = cv2.split(np.ascontiguousarray(picture[::4, ::4]))
        high, low = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
        share = cv2.divide(cv2.subtract(high, low), high, scale=255)  # x / 0 is 0 here
        self._saturation[frame] = cv2.mean(share)[0] / 255

    def _move(self, frame: int, gray: np.ndarray) -> None:
        height, width = gray.shape
        scale = FLOW_SIDE / max(width, height)
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        half = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        if self._gray is not None:
            change = cv2.absdiff(half, self._gray)
            self._motion[frame] = cv2.mean(change)[0] / 255
            most = cv2.minMaxLoc(change)[1]
            self._frozen[frame] = self._motion[frame] < STILL and most <= STILL_MOST
        else:
            self._anchor, self._anchored = half, frame
            self._window = cv2.createHanningWindow(size, cv2.CV_32F)
        self._gray = half

    def _pan(self, frame: int) -> None:
        """Spread the shift since the anchor over the frames since it."""
        assert self._gray is not None and self._anchor is not None
        here, before = self._gray.astype(np.float32), self._anchor.astype(np.float32)
        (x, y), response = cv2.phaseCorrelate(before, here, self._window)
        if response >= FLOW_RESPONSE:
            seconds = (frame - self._anchored) / self._rate
            shift = np.array((x, y), np.float32) / self._gray.shape[1] / seconds
            self._flow[self._anchored + 1 : frame + 1] = shift
        self._anchor, self._anchored = self._gray, frame


def sharpness(gray: np.ndarray) -> float:
    """How crisp the strongest edges of a (H, W) uint8 picture are, 0-1.

    The share of an edge's whole contrast, over 5 px, that its steepest pixel bridges: it falls
    with blur of focus or motion and does not depend on how much texture or contrast there is.
    """
    contrast = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, _AROUND)[:-1, :-1]
    counts = cv2.calcHist([contrast], [0], None, [256], [0, 256])[:, 0]
    level = int(np.searchsorted(np.cumsum(counts), (1 - EDGE_SHARE) * contrast.size))
    _, edges = cv2.threshold(contrast, max(level, EDGE_LEAST) - 1, 255, cv2.THRESH_BINARY)
    if cv2.countNonZero(edges) < EDGE_FEWEST * contrast.size:
        return 0.0
    across = cv2.absdiff(gray[:-1, 1:], gray[:-1, :-1])
    down = cv2.absdiff(gray[1:, :-1], gray[:-1, :-1])
    steepest = cv2.dilate(cv2.max(across, down), _BESIDE)
    bridged = cv2.mean(cv2.divide(steepest, contrast, scale=255), mask=edges)[0] / 255
    return min(1.0, max(0.0, (bridged - SOFT) / (CRISP - SOFT)))
