"""Turn small pictures into faces: how many, how large, where."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

SIDE = 192  # px, long side at which faces are sought
SMALLEST = 0.09  # of the picture's short side; smaller ones are guesses at this size
STEP = 1.2  # factor between the sizes tried
VOTES = 4  # overlapping hits that make a face
PROFILE_VOTES = 5  # the profile cascade errs more often


@dataclass(frozen=True)
class Face:
    """One face, in shares of the picture's width and height."""

    x: float  # of its centre
    y: float  # of its centre
    area: float  # share of the picture


@cache
def _cascade(file: str) -> cv2.CascadeClassifier:
    """One of OpenCV's own cascades; reading one takes as long as ten looks."""
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / file))


class Faces:
    """OpenCV's Haar cascades, frontal and both profiles."""

    def __init__(self) -> None:
        self._frontal = _cascade("haarcascade_frontalface_alt2.xml")
        self._profile = _cascade("haarcascade_profileface.xml")

    def find(self, gray: np.ndarray, profiles: bool) -> tuple[Face, ...]:
        """Faces in a (H, W) uint8 luma picture, largest first.

        profiles: where no face looks at the camera, seek some from the side too; it costs three
        times as much (13 ms, not 4) and errs more often.
        """
        scale = min(1.0, SIDE / max(gray.shape))
        if scale < 1:
            gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes = self._boxes(self._frontal, gray, VOTES)
        if not boxes and profiles:
            boxes = self._boxes(self._profile, gray, PROFILE_VOTES)
        if not boxes and profiles:
            width = gray.shape[1]
            mirrored = self._boxes(self._profile, cv2.flip(gray, 1), PROFILE_VOTES)
            boxes = [(width - x - w, y, w, h) for x, y, w, h in mirrored]
        height, width = gray.shape
        found = [
            Face((x + w / 2) / width, (y + h / 2) / height, w * h / (width * height))
            for x, y, w, h in boxes
        ]
        return tuple(sorted(found, key=lambda face: -face.area))

    @staticmethod
    def _boxes(
        cascade: cv2.CascadeClassifier, gray: np.ndarray, votes: int
    ) -> list[tuple[int, int, int, int]]:
        least = max(20, round(SMALLEST * min(gray.shape)))
        found = cascade.detectMultiScale(gray, STEP, votes, minSize=(least, least))
        return [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]
