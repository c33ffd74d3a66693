"""The set: walls, window, shelves, table and what stands on it, each drawn as clay."""

import cv2
import numpy as np
from clay import (
    Colour,
    Finish,
    Point,
    Sprite,
    box,
    clay,
    colour,
    curve,
    ellipse,
    flat,
    limb,
    merge,
    moved,
)

WIDTH, HEIGHT = 1920, 1080  # units of the wide view
SPARE = 260  # units drawn beyond it, for camera moves
WOOD, WOOD_DARK = colour("#b9814f"), colour("#8a5a35")
CREAM, WHITE = colour("#efe3cc"), colour("#f4efe6")
TEAL, RUST, MUSTARD = colour("#3f7f86"), colour("#b8573a"), colour("#d9a441")
LEAF, INK = colour("#5d8a4c"), colour("#2a2523")


def backdrop(top: Colour, bottom: Colour, glow: Point, scale: float, seed: int) -> Sprite:
    """A plastered wall, lightest about `glow`."""
    width = int((WIDTH + 2 * SPARE) * scale)
    height = int((HEIGHT + 2 * SPARE) * scale)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / scale - SPARE
    blend = np.clip(y / HEIGHT, 0, 1)[..., None]
    wall = (
        np.array(top, dtype=np.float32) * (1 - blend) + np.array(bottom, dtype=np.float32) * blend
    )
    far = np.hypot(x - glow[0], (y - glow[1]) * 1.25)
    light = 0.52 + 0.62 * np.exp(-((far / 900) ** 2))
    chance = np.random.default_rng(seed)
    for cell, strength in ((90, 0.02), (14, 0.012)):
        coarse = chance.normal(0, strength, (height // cell + 2, width // cell + 2))
        light += cv2.resize(
            coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
    tint = np.array([1.03, 1.0, 0.94], dtype=np.float32)
    picture = np.clip(wall * light[..., None] * tint, 0, 1)
    return Sprite(
        np.dstack([picture, np.ones((height, width), np.float32)]).astype(np.float32),
        (-SPARE, -SPARE),
        scale,
    )


def outside(left: float, top: float, right: float, bottom: float, scale: float) -> Sprite:
    """A wet garden at dusk behind glass: sky, hills and trees, all soft."""
    width, height = int((right - left) * scale), int((bottom - top) * scale)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.array(colour("#9db8d6")) * (1 - rows) + np.array(colour("#f6d9a8")) * rows
    picture = np.repeat(sky.astype(np.float32), width, axis=1)
    picture = np.dstack([picture, np.ones(picture.shape[:2], np.float32)])
    garden = Sprite(np.ascontiguousarray(picture), (left, top), scale)
    span, tall = right - left, bottom - top
    parts = [garden]
    chance = np.random.default_rng(5)
    for level, tint in ((0.62, "#8fa3a0"), (0.76, "#6d8d6c"), (0.88, "#4e7350")):
        for step in np.linspace(0.05, 0.95, 7):
            x = left + span * float(np.clip(step + chance.normal(0, 0.02), 0.12, 0.88))
            r = span * float(chance.uniform(0.09, 0.12))
            y = top + tall * level
            bush = ellipse((x, y + r * 0.4), (min(r, x - left, right - x), r * 1.15))
            bush[:, 1] = np.minimum(bush[:, 1], bottom)
            parts.append(flat(bush, colour(tint), 0.96, scale, 3))
    whole = merge(parts)
    cut_left, cut_top = (
        round((left - whole.origin[0]) * scale),
        round((top - whole.origin[1]) * scale),
    )
    pixels = whole.pixels[cut_top : cut_top + height, cut_left : cut_left + width]
    soft = cv2.GaussianBlur(pixels, (0, 0), 5 * scale, borderType=cv2.BORDER_REPLICATE)
    return Sprite(np.ascontiguousarray(soft), (left, top), scale)


def window(left: float, top: float, right: float, bottom: float, scale: float) -> list[Sprite]:
    """A window of four panes with its frame, sill and the light that falls past it."""
    frame = Finish(round=10, shine=0.05)
    middle, half = (left + right) / 2, (top + bottom) / 2
    glow = flat(
        ellipse((middle, half), (right - left, bottom - top)), (1, 0.9, 0.7), 0.22, scale, 90
    )
    bars = [
        box(left - 22, top - 22, right + 22, top),
        box(left - 22, bottom, right + 22, bottom + 22),
        box(left - 22, top - 22, left, bottom + 22),
        box(right, top - 22, right + 22, bottom + 22),
        box(middle - 8, top, middle + 8, bottom),
        box(left, half - 8, right, half + 8),
    ]
    sill = box(left - 50, bottom + 20, right + 50, bottom + 52)
    return [
        glow,
        outside(left, top, right, bottom, scale),
        *(clay(bar, WHITE, scale, frame) for bar in bars),
        flat(moved(sill, 12, 18), INK, 0.25, scale, 12),
        clay(sill, WHITE, scale, Finish(round=14, shine=0.06)),
    ]


def curtain(left: float, top: float, width: float, tall: float, scale: float) -> list[Sprite]:
    """A gathered curtain of soft folds."""
    parts = []
    folds = 5
    for i in range(folds):
        x = left + width * (i + 0.5) / folds
        fold = limb(
            [(x, top), (x + 4, top + tall * 0.6), (x - 6, top + tall)], [width / folds * 1.3] * 3
        )
        parts.append(
            clay(fold, colour("#d8b7a0"), scale, Finish(round=26, depth=0.7, shine=0, seed=i))
        )
    return parts


def jar(
    x: float, base: float, width: float, tall: float, tint: Colour, scale: float
) -> list[Sprite]:
    """A lidded jar standing on `base`."""
    body = ellipse((x, base - tall / 2), (width / 2, tall / 2), power=4)
    lid = ellipse((x, base - tall - 8), (width * 0.42, 13), power=3.5)
    return [
        flat(ellipse((x + 10, base), (width * 0.6, 8)), INK, 0.4, scale, 6),
        clay(body, tint, scale, Finish(round=width * 0.45, shine=0.22)),
        clay(lid, WOOD, scale, Finish(round=10)),
    ]


def plant(x: float, base: float, size: float, scale: float, seed: int) -> list[Sprite]:
    """A potted plant of round leaves."""
    chance = np.random.default_rng(seed)
    parts = []
    for i in range(13):
        angle = float(chance.uniform(-1.25, 1.25))
        reach = float(chance.uniform(0.5, 1.0)) * size
        tip = (x + np.sin(angle) * reach, base - size * 0.55 - np.cos(angle) * reach * 0.9)
        leaf = ellipse(tip, (size * 0.15, size * 0.27), np.degrees(angle))
        shade = 0.8 + 0.35 * float(chance.random())
        tint = (LEAF[0] * shade, LEAF[1] * shade, LEAF[2] * shade)
        parts.append(clay(leaf, tint, scale, Finish(round=size * 0.12, shine=0.12, seed=i)))
    pot = curve([(x - size * 0.34, base - size * 0.55), (x + size * 0.34, base - size * 0.55),
                 (x + size * 0.26, base), (x - size * 0.26, base)])  # fmt: skip
    return [*parts, clay(pot, RUST, scale, Finish(round=size * 0.3, shine=0.08))]


def shelf(left: float, right: float, y: float, scale: float, seed: int) -> list[Sprite]:
    """A shelf with jars, bowls and a plant."""
    chance = np.random.default_rng(seed)
    tints = [TEAL, MUSTARD, RUST, CREAM, colour("#7b6f8e"), colour("#88a29a")]
    board = box(left, y, right, y + 22)
    parts = [
        flat(moved(board, 8, 22), INK, 0.3, scale, 14),
        clay(board, WOOD, scale, Finish(round=11)),
    ]
    x = left + 60
    while x < right - 60:
        width, tall = float(chance.uniform(56, 88)), float(chance.uniform(70, 140))
        if chance.random() < 0.22:
            parts += plant(x, y, 74, scale, int(chance.integers(1000)))
        else:
            parts += jar(x, y, width, tall, tints[int(chance.integers(len(tints)))], scale)
        x += width + float(chance.uniform(26, 60))
    return parts


def books(left: float, right: float, y: float, scale: float, seed: int) -> list[Sprite]:
    """A shelf of books, some leaning."""
    chance = np.random.default_rng(seed)
    tints = [TEAL, MUSTARD, RUST, CREAM, colour("#5a4b66"), colour("#6b7f58"), colour("#94493f")]
    board = box(left, y, right, y + 22)
    parts = [
        flat(moved(board, 8, 22), INK, 0.35, scale, 14),
        clay(board, WOOD_DARK, scale, Finish(round=11)),
    ]
    x = left + 24
    while x < right - 40:
        width, tall = float(chance.uniform(22, 50)), float(chance.uniform(120, 190))
        lean = float(chance.choice([0, 0, 0, 6]))
        spine = ellipse((x + width / 2, y - tall / 2), (width / 2, tall / 2), lean, 9)
        tint = tints[int(chance.integers(len(tints)))]
        parts.append(clay(spine, tint, scale, Finish(round=14, shine=0.05, seed=int(x))))
        x += width + 3 + lean * 2.5
    return parts


def picture(x: float, y: float, width: float, tall: float, scale: float, seed: int) -> list[Sprite]:
    """A framed picture of hills and a sun."""
    chance = np.random.default_rng(seed)
    outer = ellipse((x, y), (width / 2, tall / 2), power=12)
    inner = ellipse((x, y), (width / 2 - 20, tall / 2 - 20), power=14)
    sun = ellipse((x + width * 0.12, y - tall * 0.1), (width * 0.1, width * 0.1))
    hill = ellipse((x - width * 0.06, y + tall * 0.22), (width * 0.32, tall * 0.16))
    return [
        flat(moved(outer, 12, 18), INK, 0.35, scale, 14),
        clay(outer, WOOD_DARK, scale, Finish(round=12)),
        flat(inner, CREAM, 1.0, scale),
        flat(sun, RUST if chance.random() < 0.5 else MUSTARD, 0.9, scale, 1),
        flat(hill, TEAL, 0.9, scale, 1),
    ]


def kitchen_wall(scale: float) -> Sprite:
    """What is behind her: the window to the left, shelves to the right, tiles below."""
    parts = [backdrop(colour("#b9c2a6"), colour("#a3ae96"), (520, 330), scale, 11)]
    for row in range(3):
        for column in range(-2, 18):
            tile = box(column * 132 + 3, 742 + row * 92, column * 132 + 129, 831 + row * 92)
            tint = colour("#dfe3da") if (row + column) % 5 else colour("#9fb9b4")
            dim = 0.74 if column > 8 else 0.82
            parts.append(
                clay(
                    tile,
                    (tint[0] * dim, tint[1] * dim, tint[2] * dim),
                    scale,
                    Finish(round=7, depth=0.5, shine=0.03, seed=row * 31 + column + 9),
                )
            )
    parts += window(250, 90, 760, 640, scale)
    parts += curtain(120, 40, 130, 620, scale)
    parts += curtain(762, 40, 130, 620, scale)
    parts += shelf(1120, 1840, 330, scale, 3)
    parts += shelf(1120, 1840, 560, scale, 8)
    return merge(parts)


def parlour_wall(scale: float) -> Sprite:
    """What is behind him: books, pictures, the glow of a lamp."""
    parts = [backdrop(colour("#b98a5e"), colour("#8d5f49"), (1480, 300), scale, 12)]
    parts += books(120, 900, 360, scale, 21)
    parts += books(120, 900, 640, scale, 22)
    parts += picture(1120, 250, 230, 290, scale, 1)
    parts += picture(1150, 560, 260, 200, scale, 2)
    parts += lamp(1560, 300, scale)
    return merge(parts)


def lamp(x: float, y: float, scale: float) -> list[Sprite]:
    """A lit paper lampshade on a stand."""
    shade = curve([(x - 90, y - 100), (x + 90, y - 100), (x + 150, y + 90), (x - 150, y + 90)], 10)
    return [
        flat(ellipse((x, y), (420, 400)), (1, 0.78, 0.45), 0.5, scale, 130),
        clay(box(x - 9, y + 60, x + 9, y + 700), WOOD_DARK, scale, Finish(round=8)),
        clay(shade, colour("#ffd99a"), scale, Finish(round=70, depth=0.4, shine=0)),
        flat(ellipse((x, y + 10), (90, 70)), (1, 0.95, 0.8), 0.75, scale, 34),
    ]


def table(scale: float, top: float = 800) -> Sprite:
    """The table's top, seen low from its long side, its grain running across."""
    left, right, bottom = -SPARE, WIDTH + SPARE, HEIGHT + SPARE
    width, height = int((right - left) * scale), int((bottom - top) * scale)
    chance = np.random.default_rng(4)
    lines: np.ndarray = chance.normal(0, 1, (height, width // 60 + 2)).astype(np.float32)
    lines = cv2.GaussianBlur(lines, (0, 0), sigmaX=1.2, sigmaY=0.8 + 2.2 * scale)
    lines = cv2.resize(lines, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / scale
    light = 0.60 + 0.5 * np.exp(-(((x + left - 620) / 720) ** 2) - (y / 330) ** 2) + 0.1 * lines
    light[y < 7] += 0.16
    picture_ = np.array(WOOD, dtype=np.float32) * light[..., None]
    picture_ = np.clip(picture_, 0, 1)
    return Sprite(
        np.dstack([picture_, np.ones((height, width), np.float32)]).astype(np.float32),
        (left, top),
        scale,
    )


def teapot(x: float, base: float, scale: float, tint: Colour = TEAL) -> Sprite:
    """A round teapot, its spout to the right, its handle to the left."""
    body = ellipse((x, base - 98), (122, 98), power=2.3)
    spout = limb([(x + 88, base - 92), (x + 150, base - 132), (x + 182, base - 186)], [64, 40, 26])
    angle = np.linspace(0.35 * np.pi, 1.65 * np.pi, 16)
    ring = [(float(x - 108 + 62 * np.cos(a)), float(base - 104 + 66 * np.sin(a))) for a in angle]
    lid = ellipse((x, base - 190), (66, 24), power=2.6)
    band = ellipse((x, base - 66), (121, 11), power=3)
    return merge(
        [
            clay(limb(ring, [22] * len(ring)), tint, scale, Finish(round=12, shine=0.2)),
            clay(spout, tint, scale, Finish(round=22, shine=0.2)),
            clay(body, tint, scale, Finish(round=96, shine=0.34)),
            flat(band, CREAM, 0.55, scale, 2),
            clay(lid, tint, scale, Finish(round=22, shine=0.25)),
            clay(ellipse((x, base - 222), (19, 19)), CREAM, scale, Finish(round=17, shine=0.3)),
        ]
    )


def cup(x: float, base: float, scale: float, tint: Colour = CREAM, tea: bool = True) -> Sprite:
    """A cup on its saucer, tea in it."""
    outline = curve([(x - 62, base - 96), (x, base - 100), (x + 62, base - 96), (x + 52, base - 34),
                     (x + 26, base - 8), (x - 26, base - 8), (x - 52, base - 34)])  # fmt: skip
    ring = [(float(x + 60 + 30 * np.cos(a)), float(base - 58 + 28 * np.sin(a)))
            for a in np.linspace(-0.55 * np.pi, 0.6 * np.pi, 10)]  # fmt: skip
    parts = [
        clay(
            ellipse((x, base - 3), (104, 17), power=2.2), tint, scale, Finish(round=16, shine=0.2)
        ),
        clay(limb(ring, [14] * len(ring)), tint, scale, Finish(round=7, shine=0.2)),
        clay(outline, tint, scale, Finish(round=58, shine=0.28)),
        clay(
            ellipse((x, base - 95), (60, 14)), colour("#d8c6a8"), scale, Finish(round=9, depth=0.4)
        ),
    ]
    if tea:
        parts.append(flat(ellipse((x, base - 93), (52, 10)), colour("#8a4a1c"), 1.0, scale))
        parts.append(flat(ellipse((x - 16, base - 95), (18, 3)), (1, 0.86, 0.6), 0.6, scale, 1))
    return merge(parts)


def honey(x: float, base: float, scale: float) -> Sprite:
    """A jar of honey with its dipper."""
    return merge(
        [
            clay(
                limb([(x + 6, base - 90), (x + 46, base - 210)], [11, 11]),
                WOOD,
                scale,
                Finish(round=6),
            ),
            clay(
                ellipse((x, base - 66), (58, 66), power=3.2),
                colour("#e39a22"),
                scale,
                Finish(round=46, shine=0.5),
            ),
            clay(
                ellipse((x, base - 128), (50, 12), power=2.6),
                colour("#f3c766"),
                scale,
                Finish(round=10, shine=0.3),
            ),
        ]
    )


def biscuits(x: float, base: float, scale: float) -> Sprite:
    """A plate of round biscuits."""
    parts = [
        clay(
            ellipse((x, base - 8), (150, 26), power=2.2), WHITE, scale, Finish(round=22, shine=0.2)
        )
    ]
    for i, (dx, dy) in enumerate(
        ((-64, -26), (0, -24), (62, -27), (-30, -50), (34, -52), (2, -76))
    ):
        parts.append(
            clay(
                ellipse((x + dx, base + dy), (50, 19)),
                colour("#c98d4b"),
                scale,
                Finish(round=15, grain=0.08, seed=i),
            )
        )
    return merge(parts)


def shadow(x: float, base: float, reach: float, scale: float) -> Sprite:
    """What something standing on the table takes of the window's light."""
    return flat(ellipse((x + reach * 0.35, base - 2), (reach, reach * 0.16)), INK, 0.5, scale, 14)
