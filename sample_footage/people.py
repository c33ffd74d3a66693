"""The cast: two people and a cat, as clay puppets whose faces move."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from clay import (
    Colour,
    Finish,
    Point,
    Sprite,
    clay,
    colour,
    curve,
    ellipse,
    flat,
    lay,
    limb,
    merge,
    place,
)

INK = colour("#2b1d18")
FACE = (640, 760)  # units, the canvas on which a head is put together; its middle is the nose
MOUTHS = 6  # steps between a closed and a wide open mouth


@dataclass(frozen=True)
class Look:
    """What one person looks like."""

    skin: Colour
    hair: Colour
    cloth: Colour
    collar: Colour
    iris: Colour
    lips: Colour
    jaw: float  # width of the chin, 1 is hers
    bun: bool  # hair up in a bun, or short
    beard: bool


MIRA = Look(colour("#e2aa86"), colour("#54301f"), colour("#a8493c"), colour("#e4d3b4"),
            colour("#5b7d4e"), colour("#b4574d"), 1.0, True, False)  # fmt: skip
TOM = Look(colour("#d49a74"), colour("#5f5a57"), colour("#3d5a74"), colour("#c9a45a"),
           colour("#4a6c8a"), colour("#a45b4c"), 1.14, False, True)  # fmt: skip


@dataclass(frozen=True)
class Pose:
    """One moment of a face and its body."""

    mouth: float = 0.0  # 0 closed, 1 wide open
    blink: float = 0.0  # 0 open, 1 shut
    look: float = 0.0  # -1 to the left of the picture, 1 to the right
    turn: float = 0.0  # of the head, likewise
    tilt: float = 0.0  # degrees, clockwise
    nod: float = 0.0  # units downwards
    smile: float = 0.7
    brow: float = 0.0  # units upwards
    breath: float = 0.0  # -1 to 1


class Person:
    """A seated puppet; its nose is at `seat` in scene units when it is at rest."""

    def __init__(self, look: Look, seat: Point, scale: float, size: float = 1.0) -> None:
        self.look, self.seat, self.scale, self.size = look, seat, scale, size
        fine = scale * size
        self._fine = fine
        self._behind = _hair_behind(look, fine)
        self._head = _head(look, fine)
        self._nose = _nose(look, fine)
        self._front = _hair_front(look, fine)
        self._body = _body(look, fine)

    def draw(self, frame: np.ndarray, view: np.ndarray, pose: Pose) -> None:
        """Draw the puppet over `frame` through `view`."""
        x, y = self.seat
        grown = view @ np.array([[self.size, 0, x], [0, self.size, y], [0, 0, 1]])
        neck = (0.0, 190.0)
        lay(frame, self._body.pixels, place(self._body, grown, (0, 620),
            grow=(1 + 0.003 * pose.breath, 1 + 0.008 * pose.breath)))  # fmt: skip
        face = self._face(pose)
        move = (pose.turn * 5, pose.nod - 3 * pose.breath)
        lay(frame, face.pixels, place(face, grown, neck, pose.tilt, move))

    def _face(self, pose: Pose) -> Sprite:
        """The head on its own canvas, with every feature where the pose puts it."""
        scale = self._fine
        canvas = np.zeros((int(FACE[1] * scale), int(FACE[0] * scale), 4), np.float32)
        view = np.array([[scale, 0, FACE[0] * scale / 2], [0, scale, FACE[1] * scale / 2]])

        def put(sprite: Sprite, shift: float, drop: float = 0.0) -> None:
            lay(canvas, sprite.pixels, place(sprite, view, move=(pose.turn * shift, drop)))

        put(self._behind, -9)
        put(self._head, 0)
        for side in (-1, 1):
            put(_eye(self.look, side, round(pose.blink, 1), round(pose.look, 1), scale), 15, -2)
            put(_brow(self.look, side, scale), 14, -pose.brow)
        step = round(np.clip(pose.mouth, 0, 1) * (MOUTHS - 1))
        put(_mouth(self.look, step, round(pose.smile, 1), scale), 16, 2 * pose.mouth)
        put(self._nose, 22)
        put(self._front, 7)
        return Sprite(canvas, (-FACE[0] / 2, -FACE[1] / 2), scale)


def _body(look: Look, scale: float) -> Sprite:
    torso = curve([(-70, 205), (70, 205), (210, 262), (292, 420), (318, 720), (-318, 720),
                   (-292, 420), (-210, 262)])  # fmt: skip
    neck = limb([(0, 110), (0, 235)], [112, 128])
    collar = limb([(-92, 214), (-40, 252), (0, 262), (40, 252), (92, 214)], [46, 50, 52, 50, 46])
    skin = clay(neck, look.skin, scale, Finish(round=58, shine=0.04))
    under = flat(ellipse((4, 152), (66, 40)), INK, 0.45, scale, 14)
    parts = [
        clay(torso, look.cloth, scale, Finish(round=120, shine=0.02, grain=0.05)),
        skin,
        under,
        clay(collar, look.collar, scale, Finish(round=22, shine=0.03, grain=0.05)),
    ]
    for side in (-1, 1):
        arm = limb([(side * 232, 330), (side * 286, 520), (side * 300, 720)], [120, 128, 120])
        parts.append(clay(arm, look.cloth, scale, Finish(round=56, shine=0.02, grain=0.05, seed=3)))
    return merge(parts)


def _head(look: Look, scale: float) -> Sprite:
    jaw = look.jaw
    skull = curve(
        [
            (-118, -60),
            (-92, -158),
            (0, -196),
            (92, -158),
            (118, -60),
            (110, 40),
            (74 * jaw, 122),
            (30 * jaw, 158),
            (-30 * jaw, 158),
            (-74 * jaw, 122),
            (-110, 40),
        ]
    )
    parts = []
    for side in (-1, 1):
        ear = ellipse((side * 122, -6), (24, 38), side * -8)
        parts.append(clay(ear, look.skin, scale, Finish(round=18, shine=0.05)))
        parts.append(flat(ellipse((side * 122, -4), (10, 20)), colour("#9a5a44"), 0.35, scale, 4))
    parts.append(
        clay(skull, look.skin, scale, Finish(round=112, depth=0.82, shine=0.06, grain=0.008))
    )
    if look.beard:
        beard = curve(
            [
                (-116, 26),
                (-98, 60),
                (-60, 64),
                (0, 58),
                (60, 64),
                (98, 60),
                (116, 26),
                (104, 96),
                (76, 146),
                (34, 176),
                (-34, 176),
                (-76, 146),
                (-104, 96),
            ]
        )
        parts.append(
            clay(beard, look.hair, scale, Finish(round=44, shine=0.02, grain=0.13, seed=6))
        )
    for side in (-1, 1):
        socket = ellipse((side * 50, -32), (38, 24), side * 4)
        parts.append(flat(socket, colour("#6b3422"), 0.42, scale, 10))
        parts.append(flat(ellipse((side * 66, 44), (30, 22)), colour("#d8604c"), 0.20, scale, 14))
    return merge(parts)


def _nose(look: Look, scale: float) -> Sprite:
    bright = tuple(min(1.0, c * 1.06) for c in look.skin)
    tip = ellipse((0, 24), (23, 19))
    bridge = limb([(0, -34), (0, 20)], [19, 27])
    return merge(
        [
            flat(ellipse((7, 42), (27, 10)), colour("#6b3422"), 0.40, scale, 5),
            flat(ellipse((15, -4), (8, 36)), colour("#6b3422"), 0.22, scale, 6),
            flat(ellipse((-4, -6), (9, 40)), (1, 0.92, 0.8), 0.24, scale, 5),
            soft(
                clay(
                    [*bridge, tip],
                    (bright[0], bright[1], bright[2]),
                    scale,
                    Finish(round=20, depth=0.55, shine=0.12),
                ),
                0.72,
            ),
        ]
    )


def soft(sprite: Sprite, strength: float) -> Sprite:
    """The sprite with its edge feathered, so that it grows out of what it lies on."""
    reach = max(1.0, 5 * sprite.scale)
    alpha = sprite.pixels[..., 3]
    inner = cv2.GaussianBlur(alpha, (0, 0), reach)
    factor = (np.clip((inner - 0.5) * 2, 0, 1) * strength)[..., None]
    return Sprite(sprite.pixels * factor, sprite.origin, sprite.scale)


def _hair_behind(look: Look, scale: float) -> Sprite:
    finish = Finish(round=70, shine=0.10, grain=0.10, seed=2)
    if look.bun:
        bun = clay(
            ellipse((26, -248), (78, 68)), look.hair, scale, Finish(round=56, shine=0.14, grain=0.1)
        )
        mass = curve([(-134, -60), (-112, -176), (0, -236), (112, -176), (134, -60), (140, 40),
                      (112, 122), (60, 150), (-60, 150), (-112, 122), (-140, 40)])  # fmt: skip
        return merge([bun, clay(mass, look.hair, scale, finish)])
    mass = curve(
        [(-130, -50), (-112, -170), (0, -226), (112, -170), (130, -50), (112, 10), (-112, 10)]
    )
    return clay(mass, look.hair, scale, finish)


def _hair_front(look: Look, scale: float) -> Sprite:
    if look.bun:
        left = curve([(-128, -20), (-124, -120), (-70, -200), (20, -214), (10, -170), (-50, -138),
                      (-96, -80), (-112, -14)])  # fmt: skip
        right = curve([(128, -20), (124, -122), (80, -196), (4, -214), (20, -170), (70, -134),
                       (102, -78), (114, -14)])  # fmt: skip
        finish = Finish(round=30, shine=0.14, grain=0.10, seed=4)
        return merge([clay(right, look.hair, scale, finish), clay(left, look.hair, scale, finish)])
    top = curve([(-126, -54), (-122, -140), (-60, -214), (40, -222), (114, -160), (126, -54),
                 (108, -100), (60, -142), (-20, -150), (-90, -120)])  # fmt: skip
    return clay(top, look.hair, scale, Finish(round=34, shine=0.06, grain=0.13, seed=5))


@lru_cache(maxsize=4096)
def _eye(look: Look, side: int, blink: float, gaze: float, scale: float) -> Sprite:
    """One eye: white, iris, pupil, a glint, the upper lid with its lashes."""
    x, y = side * 50.0, -30.0
    tall = 19 * (1 - blink) + 1.5
    white = ellipse((x, y), (29, tall), power=2.1)
    shut = blink >= 0.75
    lid_skin = (look.skin[0] * 0.86, look.skin[1] * 0.8, look.skin[2] * 0.78)
    parts = [flat(ellipse((x, y - 2), (32, 20)), lid_skin, 0.9 * min(1.0, blink * 2), scale, 3)]
    if not shut:
        parts.append(flat(white, (0.95, 0.92, 0.87), 1.0, scale))
        cx = x + gaze * 9
        parts.append(flat(_inside(ellipse((cx, y), (16.5, 16.5)), y, tall), look.iris, 1.0, scale))
        parts.append(flat(_inside(ellipse((cx, y), (8.5, 8.5)), y, tall), INK, 1.0, scale))
        parts.append(
            flat(ellipse((cx - 6, y - min(6, tall / 2)), (3.6, 3.6)), (1, 1, 1), 0.95, scale)
        )
        parts.append(flat(ellipse((x, y - tall + 4), (28, 7)), INK, 0.30, scale, 3))
    lid = [(x - side * 30, y + 3.0), (x - side * 17, y - tall * 0.86), (x + side * 6, y - tall - 2),
           (x + side * 26, y - tall * 0.62), (x + side * 37, y - 2.0)]  # fmt: skip
    if shut:
        lid = [(px, y + abs(px - x) * -0.12 + 5) for px, _ in lid]
    for a, b in pairwise(lid):
        parts += [flat(piece, INK, 1.0, scale) for piece in limb([a, b], [6.5, 6.5])]
    return merge(parts)


def _inside(outline: np.ndarray, y: float, tall: float) -> np.ndarray:
    clipped = outline.copy()
    clipped[:, 1] = np.clip(clipped[:, 1], y - tall, y + tall)
    return clipped


@lru_cache(maxsize=64)
def _brow(look: Look, side: int, scale: float) -> Sprite:
    line = [(side * 22.0, -66.0), (side * 52.0, -77.0), (side * 84.0, -64.0)]
    wide = 1.5 if look.beard else 1.0
    pieces = limb(line, [11 * wide, 12 * wide, 6 * wide])
    dark = (look.hair[0] * 0.7, look.hair[1] * 0.7, look.hair[2] * 0.7)
    return clay(pieces, dark, scale, Finish(round=6, shine=0.02, grain=0.1))


@lru_cache(maxsize=256)
def _mouth(look: Look, step: int, smile: float, scale: float) -> Sprite:
    """The lips and what is between them, `step` of MOUTHS open."""
    gap = step / (MOUTHS - 1) * 26
    wide = 47 - gap * 0.35 + smile * 7
    lift = smile * 15
    y = 92.0
    upper = curve([(-wide, y - lift), (-20, y - 9), (0, y - 6), (20, y - 9), (wide, y - lift),
                   (0, y + 3 - gap * 0.25)])  # fmt: skip
    lower = curve([(-wide, y - lift), (0, y + gap + 2), (wide, y - lift), (26, y + gap + 12),
                   (0, y + gap + 16), (-26, y + gap + 12)])  # fmt: skip
    hole = curve([(-wide + 4, y - lift), (0, y - 3), (wide - 4, y - lift), (0, y + gap + 6)])
    parts = [flat(ellipse((0, y + gap + 25), (34, 7)), colour("#6b3422"), 0.28, scale, 5),
             flat(hole, colour("#3a1210"), 1.0, scale)]  # fmt: skip
    if gap > 8:
        parts.append(flat(ellipse((0, y + 1), (wide * 0.6, 5)), (0.95, 0.92, 0.88), 1.0, scale))
        parts.append(
            flat(ellipse((0, y + gap), (wide * 0.42, gap * 0.2)), colour("#b2544c"), 0.9, scale)
        )
    finish = Finish(round=10, depth=0.6, shine=0.10)
    return merge(
        [*parts, clay(lower, look.lips, scale, finish), clay(upper, look.lips, scale, finish)]
    )


def hand(scale: float, look: Look) -> Sprite:
    """A hand that reaches in from the right, its sleeve behind it; the fingertips are at (0, 0)."""
    sleeve = limb([(230, 34), (640, 190)], [118, 170])
    cuff = limb([(214, 28), (246, 40)], [104, 116])
    palm = limb([(190, 22), (104, 8)], [84, 92])
    fingers = []
    for i, (x, y) in enumerate(((6, -34), (-6, -10), (0, 16), (16, 38))):
        line = limb([(104, -22 + i * 20), (50, (y - 22 + i * 20) / 2 - 6), (x, y)], [30, 28, 22])
        fingers.append(clay(line, look.skin, scale, Finish(round=14, shine=0.08, seed=i)))
    thumb = limb([(128, 40), (84, 62), (44, 52)], [34, 28, 22])
    return merge(
        [
            clay(sleeve, look.cloth, scale, Finish(round=70, grain=0.05, shine=0.02)),
            clay(palm, look.skin, scale, Finish(round=42, shine=0.08)),
            clay(cuff, look.collar, scale, Finish(round=22, grain=0.05, shine=0.02)),
            *fingers,
            clay(thumb, look.skin, scale, Finish(round=14, shine=0.08)),
        ]
    )


class Cat:
    """A cat that sits on a sill with its back to the room; its seat is at `seat`."""

    def __init__(self, seat: Point, scale: float) -> None:
        self.seat, self.scale = seat, scale
        fur, dark = colour("#d98a45"), colour("#a95c2b")
        finish = Finish(round=80, shine=0.03, grain=0.07)
        body = curve([(-70, -210), (70, -210), (118, -90), (112, -8), (-112, -8), (-118, -90)])
        stripes = []
        for y in (-160, -116, -72):
            stripes.append(limb([(-78, y), (0, y - 12), (78, y)], [6, 15, 6]))
        coat = Finish(round=8, grain=0.07, shine=0)
        marks = [soft(clay(stripe, dark, scale, coat), 0.75) for stripe in stripes]
        self._body = merge([clay(body, fur, scale, finish), *marks])
        head = ellipse((0, -262), (82, 70), power=2.2)
        ears = [
            curve([(side * 76, -268), (side * 66, -356), (side * 18, -322)], 10) for side in (-1, 1)
        ]
        parts = [clay(ear, fur, scale, Finish(round=24, shine=0.02, grain=0.07)) for ear in ears]
        parts.append(clay(head, fur, scale, Finish(round=66, shine=0.03, grain=0.07)))
        mark = limb([(-24, -318), (0, -292), (24, -318)], [9, 12, 9])
        parts.append(soft(clay(mark, dark, scale, Finish(round=6, shine=0)), 0.7))
        self._head = merge(parts)

    def draw(self, frame: np.ndarray, view: np.ndarray, sway: float, turn: float) -> None:
        """Draw the cat, its tail swayed by -1 to 1, its head turned by degrees."""
        x, y = self.seat
        seen = view @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
        bend = np.linspace(0, 1, 9)
        line = [
            (84 + 96 * float(np.sin(1.9 * b)) + 60 * sway * float(b**2), -18 + 178 * float(b))
            for b in bend
        ]
        tail = limb(line, [44 - 18 * float(b) for b in bend])
        fur = clay(tail, colour("#c87a3a"), self.scale, Finish(round=22, shine=0.02, grain=0.07))
        lay(frame, self._body.pixels, place(self._body, seen))
        lay(frame, fur.pixels, place(fur, seen))
        lay(frame, self._head.pixels, place(self._head, seen, (0, -210), turn))
