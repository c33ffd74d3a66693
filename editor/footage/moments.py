"""Turn chosen small pictures into moments: embedding, colour, faces and thumb of each.

H colour bins: HUES hues by SHADES saturations of coloured pixels, and GREYS of the rest.
"""

import cv2
import numpy as np

from editor.footage.faces import Face, Faces
from editor.footage.measures import Moments
from models.backbone import BATCH, SIDE, Backbone

THUMB = (32, 18)  # px, width and height
HUES, SHADES, GREYS = 16, 3, 8  # bins
GREY = 40  # of 255 in saturation or value: below it a pixel has no hue worth telling
COLOUR_SIDE = 64  # px, width of the picture that colours are counted on
NEAR = 1.2  # s to the next moment by which a face must be seen again
MOVED = 0.2  # of the picture, that its centre may have moved by then
PROFILES_EVERY = 4  # moments: so often profiles are sought where no face was seen just before
GROWN = 2.5  # factor by which its area may have changed


class Gallery:
    """Looks closely at pictures, in order of their frames."""

    def __init__(self, backbone: Backbone, rate: float) -> None:
        self._backbone = backbone
        self._rate = rate
        self._faces = Faces()
        self._frame: list[int] = []
        self._colour: list[np.ndarray] = []
        self._thumb: list[np.ndarray] = []
        self._found: list[tuple[Face, ...]] = []
        self._embedding: list[np.ndarray] = []
        self._waiting: list[np.ndarray] = []

    @property
    def last(self) -> int:
        """The last frame looked at; -1 before the first."""
        return self._frame[-1] if self._frame else -1

    def look(self, frame: int, picture: np.ndarray) -> None:
        """Look at a frame after the last one: (H, W, 3) uint8 BGR."""
        self._frame.append(frame)
        self._colour.append(colours(picture))
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        self._thumb.append(cv2.resize(gray, THUMB, interpolation=cv2.INTER_AREA))
        seen = bool(self._found and self._found[-1])
        profiles = seen or len(self._found) % PROFILES_EVERY == 0
        self._found.append(self._faces.find(gray, profiles))
        square = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        self._waiting.append(cv2.cvtColor(square, cv2.COLOR_BGR2RGB))
        if len(self._waiting) == BATCH:
            self._embed()

    def moments(self) -> Moments:
        """All that was looked at."""
        self._embed()
        frame = np.array(self._frame, np.int64)
        return Moments(
            frame,
            np.concatenate(self._embedding),
            np.stack(self._colour),
            confirmed(self._found, frame / self._rate),
            np.stack(self._thumb),
        )

    def _embed(self) -> None:
        if self._waiting:
            found = self._backbone.embed(np.stack(self._waiting))
            self._embedding.append(found.astype(np.float16))
            self._waiting = []


def colours(picture: np.ndarray) -> np.ndarray:
    """(H,) float32 histogram of a (H, W, 3) uint8 BGR picture, sums to 1."""
    step = max(1, picture.shape[1] // COLOUR_SIDE)
    hsv = cv2.cvtColor(np.ascontiguousarray(picture[::step, ::step]), cv2.COLOR_BGR2HSV)
    hue, saturation, value = (hsv[..., i].ravel().astype(np.int32) for i in range(3))
    coloured = (saturation >= GREY) & (value >= GREY)
    shade = (saturation[coloured] - GREY) * SHADES // (256 - GREY)
    bins = np.concatenate(
        (
            hue[coloured] * HUES // 180 * SHADES + shade,
            HUES * SHADES + value[~coloured] * GREYS // 256,
        )
    )
    counts = np.bincount(bins, minlength=HUES * SHADES + GREYS)
    share: np.ndarray = counts / counts.sum()
    return share.astype(np.float32)


def confirmed(found: list[tuple[Face, ...]], seconds: np.ndarray) -> np.ndarray:
    """(M, 4) float32: faces that a neighbouring moment also shows: count, area, centre x y.

    A pattern that looks like a face for one frame is none. Where no neighbour is NEAR, one look
    must do.
    """
    rows = np.zeros((len(found), 4), np.float32)
    for i, faces in enumerate(found):
        near = [
            found[j]
            for j in (i - 1, i + 1)
            if 0 <= j < len(found) and abs(seconds[j] - seconds[i]) <= NEAR
        ]
        kept = [
            face
            for face in faces
            if not near or any(_same(face, other) for others in near for other in others)
        ]
        if kept:
            rows[i] = len(kept), kept[0].area, kept[0].x, kept[0].y
    return rows


def _same(face: Face, other: Face) -> bool:
    ratio = face.area / other.area
    return (
        abs(face.x - other.x) <= MOVED
        and abs(face.y - other.y) <= MOVED
        and 1 / GROWN <= ratio <= GROWN
    )
