"""Turn outlines into pictures that look like lit clay, and lay them over one another.

All pictures are float32, RGB in 0-1; a sprite is (H, W, 4), colour premultiplied by alpha, and
knows where its top left corner lies in the scene. Scene units are pixels of a 1920 px wide view.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Point = tuple[float, float]
Colour = tuple[float, float, float]

KEY = np.array([-0.55, -0.62, 0.56], dtype=np.float32)  # towards the window: left, above, in front
FILL = np.array([0.75, -0.1, 0.65], dtype=np.float32)  # towards the room's lamp
KEY_TINT = np.array([1.08, 0.98, 0.86], dtype=np.float32)
FILL_TINT = np.array([0.36, 0.37, 0.42], dtype=np.float32)
SHADE_TINT = np.array([0.36, 0.33, 0.36], dtype=np.float32)  # light that comes from everywhere
SUPER = 2  # samples a pixel and axis when an outline is drawn


@dataclass(frozen=True)
class Sprite:
    """A piece of the scene at `scale` pixels a unit; `origin` is its top left corner in units."""

    pixels: np.ndarray  # (H, W, 4) float32, premultiplied
    origin: Point
    scale: float


@dataclass(frozen=True)
class Finish:
    """How a piece of clay takes the light."""

    round: float = 40.0  # units from its edge at which its surface faces the viewer
    depth: float = 1.0  # how far it bulges, 1 is a half circle
    shine: float = 0.10  # strength of the highlight
    grain: float = 0.015  # unevenness of its colour
    seed: int = 1


def colour(text: str) -> Colour:
    """Read "#rrggbb" as RGB in 0-1."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def curve(points: Sequence[Point], steps: int = 14) -> np.ndarray:
    """A smooth closed outline (N, 2) through the points: a closed Catmull-Rom spline."""
    known = np.array(points, dtype=np.float64)
    before, after, next_one = (np.roll(known, shift, axis=0) for shift in (1, -1, -2))
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    line = 0.5 * (
        2 * known
        + (after - before) * t
        + (2 * before - 5 * known + 4 * after - next_one) * t**2
        + (3 * known - before - 3 * after + next_one) * t**3
    )
    return np.ascontiguousarray(line.transpose(1, 0, 2).reshape(-1, 2))


def ellipse(centre: Point, radii: Point, turn: float = 0.0, power: float = 2.0) -> np.ndarray:
    """Outline (N, 2) of an ellipse, of a rounded box if `power` is above 2; `turn` in degrees."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    bend = 2.0 / power
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** bend * radii[0]
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** bend * radii[1]
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return np.stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y], axis=1)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Outline (4, 2) of a rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)


def moved(outline: np.ndarray, x: float, y: float) -> np.ndarray:
    """The outline shifted by x and y units."""
    return np.asarray(outline + np.array([x, y]))


def limb(points: Sequence[Point], widths: Sequence[float]) -> list[np.ndarray]:
    """Outlines of a round-ended limb along the points, `widths` across at each."""
    pieces = [ellipse(point, (w / 2, w / 2)) for point, w in zip(points, widths, strict=True)]
    for i in range(len(points) - 1):
        a, b = np.array(points[i]), np.array(points[i + 1])
        across = np.array([-(b - a)[1], (b - a)[0]])
        across = across / max(float(np.hypot(*across)), 1e-6)
        pieces.append(
            np.array(
                [
                    a + across * widths[i] / 2,
                    b + across * widths[i + 1] / 2,
                    b - across * widths[i + 1] / 2,
                    a - across * widths[i] / 2,
                ]
            )
        )
    return pieces


def clay(
    outlines: np.ndarray | Sequence[np.ndarray],
    tint: Colour,
    scale: float,
    finish: Finish = Finish(),
) -> Sprite:
    """The union of the outlines as one piece of clay, lit from the window."""
    shapes = [outlines] if isinstance(outlines, np.ndarray) else list(outlines)
    every = np.concatenate(shapes)
    low, high = np.floor(every.min(0)) - 4, np.ceil(every.max(0)) + 4
    fine = scale * SUPER
    width, height = (max(4, int(np.ceil(side * fine / SUPER)) * SUPER) for side in high - low)
    mask = np.zeros((height, width), dtype=np.uint8)
    for shape in shapes:
        cv2.fillPoly(mask, [np.round((shape - low) * fine * 16).astype(np.int32)], 255, 16, 4)
    lit = _light(mask, tint, finish, fine)
    alpha = (mask.astype(np.float32) / 255)[..., None]
    pixels = np.concatenate([lit * alpha, alpha], axis=2)
    pixels = cv2.resize(pixels, (width // SUPER, height // SUPER), interpolation=cv2.INTER_AREA)
    return Sprite(pixels, (float(low[0]), float(low[1])), scale)


def _light(mask: np.ndarray, tint: Colour, finish: Finish, fine: float) -> np.ndarray:
    """(H, W, 3) colour of a bulging surface over the mask."""
    reach = max(2.0, finish.round * fine)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    rim = 1 - np.minimum(inside / reach, 1)
    bulge = np.sqrt(np.maximum(0, 1 - rim**2)) * reach * finish.depth
    bulge = cv2.GaussianBlur(bulge, (0, 0), max(0.8, reach * 0.14))
    slope_x = cv2.Sobel(bulge, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(bulge, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(bulge)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    key = np.clip(normal @ KEY, 0, 1)[..., None]
    fill = np.clip(normal @ FILL, 0, 1)[..., None]
    shine = np.clip(normal @ _halfway(), 0, 1)[..., None] ** 28 * finish.shine
    chance = np.random.default_rng(finish.seed)
    coarse = chance.normal(0, 1, (mask.shape[0] // 6 + 2, mask.shape[1] // 6 + 2))
    rough = cv2.resize(coarse.astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    base = np.array(tint, dtype=np.float32) * (1 + finish.grain * rough[..., None])
    lit = base * (SHADE_TINT + 0.86 * key * KEY_TINT + fill * FILL_TINT) + shine
    return np.asarray(np.clip(lit, 0, 1), dtype=np.float32)


def _halfway() -> np.ndarray:
    half = KEY / np.linalg.norm(KEY) + np.array([0, 0, 1], dtype=np.float32)
    return np.asarray(half / np.linalg.norm(half), dtype=np.float32)


def flat(outline: np.ndarray, tint: Colour, alpha: float, scale: float, blur: float = 0) -> Sprite:
    """An unlit patch, softened by `blur` units: shadows, blush, glow."""
    pad = 3 * blur + 4
    low, high = np.floor(outline.min(0)) - pad, np.ceil(outline.max(0)) + pad
    width, height = (max(2, int(np.ceil(side * scale))) for side in high - low)
    mask = np.zeros((height, width), dtype=np.uint8)
    points = np.round((outline - low) * scale * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
    cover: np.ndarray = mask.astype(np.float32) * (alpha / 255)
    if blur * scale > 0.3:
        cover = cv2.GaussianBlur(cover, (0, 0), blur * scale)
    pixels = np.dstack([cover * tint[0], cover * tint[1], cover * tint[2], cover])
    return Sprite(pixels.astype(np.float32), (float(low[0]), float(low[1])), scale)


def soften(sprite: Sprite, sigma: float) -> Sprite:
    """The sprite out of focus by `sigma` units."""
    if sigma * sprite.scale < 0.3:
        return sprite
    pad = int(np.ceil(3 * sigma * sprite.scale))
    grown = cv2.copyMakeBorder(
        sprite.pixels, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0)
    )
    blurred = cv2.GaussianBlur(grown, (0, 0), sigma * sprite.scale)
    back = pad / sprite.scale
    return Sprite(blurred, (sprite.origin[0] - back, sprite.origin[1] - back), sprite.scale)


def merge(sprites: Sequence[Sprite]) -> Sprite:
    """Several sprites of one scale laid over one another, first below, as one sprite."""
    scale = sprites[0].scale
    ends = [
        (s.origin[0] + s.pixels.shape[1] / scale, s.origin[1] + s.pixels.shape[0] / scale)
        for s in sprites
    ]
    low = (min(s.origin[0] for s in sprites), min(s.origin[1] for s in sprites))
    width = int(np.ceil((max(e[0] for e in ends) - low[0]) * scale)) + 1
    height = int(np.ceil((max(e[1] for e in ends) - low[1]) * scale)) + 1
    canvas = np.zeros((height, width, 4), dtype=np.float32)
    for sprite in sprites:
        shift = np.array(
            [
                [1, 0, (sprite.origin[0] - low[0]) * scale],
                [0, 1, (sprite.origin[1] - low[1]) * scale],
            ]
        )
        lay(canvas, sprite.pixels, shift)
    return Sprite(canvas, low, scale)


def place(sprite: Sprite, view: np.ndarray, about: Point = (0, 0), turn: float = 0.0,
          move: Point = (0, 0), grow: Point = (1, 1)) -> np.ndarray:  # fmt: skip
    """Affine (2, 3) from the sprite's pixels to the frame: turned by degrees about a point of the
    scene, grown about it and moved, then seen through `view` (2, 3), scene to frame."""
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    k = 1 / sprite.scale
    to_scene = np.array([[k, 0, sprite.origin[0]], [0, k, sprite.origin[1]], [0, 0, 1]])
    centre = np.array([[1, 0, -about[0]], [0, 1, -about[1]], [0, 0, 1]])
    spin = np.array([[c * grow[0], -s * grow[1], about[0] + move[0]],
                     [s * grow[0], c * grow[1], about[1] + move[1]], [0, 0, 1]])  # fmt: skip
    return np.asarray((np.vstack([view, [0, 0, 1]]) @ spin @ centre @ to_scene)[:2])


def lay(frame: np.ndarray, pixels: np.ndarray, matrix: np.ndarray, strength: float = 1.0) -> None:
    """Lay a premultiplied sprite over `frame` (H, W, 3 or 4) in place, through the affine."""
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ matrix.T
    left, top = np.floor(corners.min(0)).astype(int) - 1
    right, bottom = np.ceil(corners.max(0)).astype(int) + 1
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, frame.shape[1]), min(bottom, frame.shape[0])
    if right <= left or bottom <= top:
        return
    inner = matrix.copy()
    # cv2 samples at pixel centres: a scene point on a pixel's edge lies half a pixel before it
    inner[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5 - np.array([left, top])
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    way = cv2.INTER_LINEAR if shrink > 0.4 else cv2.INTER_AREA
    patch = cv2.warpAffine(pixels, inner, (right - left, bottom - top), flags=way)
    if strength != 1.0:
        patch = patch * np.float32(strength)
    region = frame[top:bottom, left:right]
    region *= 1 - patch[..., 3:]
    region += patch[..., : frame.shape[2]]
