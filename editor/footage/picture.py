"""Turn small pictures, frame by frame, into measures: motion, sharpness, exposure, colour."""

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
SHARP_RATIO = 0.35  # ratio of fine to whole contrast at which sharpness reaches one half
SHARP_NOISE = 1.5  # of 255, fine contrast that grain and coding make alone


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

    def picture(self, decoded: int) -> Picture:
        """The measures of every frame; those past `decoded` are zero."""
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
        fine = float(cv2.absdiff(gray, cv2.blur(gray, (3, 3))).mean())
        fine = max(0.0, fine - SHARP_NOISE)
        whole = float(cv2.meanStdDev(gray)[1][0, 0]) + 1.0
        ratio = 8 * fine / whole
        self._sharpness[frame] = ratio / (ratio + SHARP_RATIO)
        quarter = picture[::4, ::4]
        high = quarter.max(axis=2).astype(np.float32)
        low = quarter.min(axis=2)
        self._saturation[frame] = float(((high - low) / np.maximum(high, 1)).mean())

    def _move(self, frame: int, gray: np.ndarray) -> None:
        height, width = gray.shape
        scale = FLOW_SIDE / max(width, height)
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        half = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        if self._gray is not None:
            change = cv2.absdiff(half, self._gray)
            self._motion[frame] = cv2.mean(change)[0] / 255
            self._frozen[frame] = self._motion[frame] < STILL
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
