"""Turn a set-up and a moment into a picture: the set, the cast and the light."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import camera
import cv2
import kitchen
import matplotlib
import numpy as np
from camera import Move
from clay import Finish, Sprite, box, clay, colour, ellipse, flat, lay, limb, merge, place, soften
from people import MIRA, TOM, Cat, Person, Pose, hand
from PIL import Image, ImageDraw, ImageFont

BEHIND, PEOPLE, TABLE, NEAR = 0.62, 1.0, 1.12, 1.3  # depths of the layers
GRAIN = 0.011  # of full scale: a quiet sensor's noise

View = Callable[[float], np.ndarray]  # depth -> (2, 3) affine
Act = Callable[[np.ndarray, View, float], None]  # draws one moment over a frame


@dataclass(frozen=True)
class Moment:
    """What the cast does at each frame of a take."""

    mira: Callable[[float], Pose]
    tom: Callable[[float], Pose]
    cue: float  # s, when the action of an insert begins


def wide(now: Moment, zoom: float) -> Act:
    """Both at the table, the window behind her."""
    wall = _plate(kitchen.kitchen_wall(min(zoom, 0.7)), 3.0)
    mira = Person(MIRA, (640, 480), zoom, 0.72)
    tom = Person(TOM, (1310, 492), zoom, 0.72)
    laid = _laid_table(zoom)

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        mira.draw(frame, view(PEOPLE), now.mira(t))
        tom.draw(frame, view(PEOPLE), now.tom(t))
        _put(frame, laid, view(TABLE))
        _steam(frame, view(TABLE), t, (1140, 752), 0.5)
        _steam(frame, view(TABLE), t + 3, (690, 880), 0.4)

    return act


def her(now: Moment, zoom: float) -> Act:
    """Her alone, the window and the shelves out of focus."""
    wall = _plate(kitchen.kitchen_wall(0.5), 5 + 6 * zoom)
    person = Person(MIRA, (800, 470), zoom)
    laid = merge(
        [
            kitchen.table(zoom, 880),
            soften(_standing(zoom, 1290, 1110, kitchen.teapot(1290, 1100, zoom), 150), 5),
            _standing(zoom, 690, 1010, kitchen.cup(690, 1010, zoom, kitchen.MUSTARD), 90),
        ]
    )

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        person.draw(frame, view(PEOPLE), now.mira(t))
        _put(frame, laid, view(TABLE))
        _steam(frame, view(TABLE), t, (690, 908), 0.6)

    return act


def him(now: Moment, zoom: float) -> Act:
    """Him alone, books and a lamp behind."""
    wall = _plate(kitchen.parlour_wall(0.5), 5 + 6 * zoom)
    person = Person(TOM, (1080, 480), zoom)
    laid = merge(
        [
            kitchen.table(zoom, 890),
            soften(_standing(zoom, 640, 1120, kitchen.honey(640, 1110, zoom), 80), 5),
            _standing(zoom, 1170, 1020, kitchen.cup(1170, 1020, zoom), 90),
        ]
    )

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        person.draw(frame, view(PEOPLE), now.tom(t))
        _put(frame, laid, view(TABLE))
        _steam(frame, view(TABLE), t, (1170, 918), 0.6)

    return act


def pouring(now: Moment, zoom: float) -> Act:
    """Tea is poured: the teapot leans over the cup from `cue` on for three seconds."""
    wall = _plate(kitchen.kitchen_wall(0.4), 26)
    top = merge([kitchen.table(zoom, 560), soften(kitchen.biscuits(1500, 700, zoom), 6)])
    pot = kitchen.teapot(830, 760, zoom)
    vessel = _standing(zoom, 1220, 960, kitchen.cup(1220, 960, zoom, tea=False), 100)
    fill = flat(ellipse((1220, 867), (52, 10)), colour("#8a4a1c"), 1.0, zoom)
    held = _about(hand(zoom, MIRA), (836, 676), -168)

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        _put(frame, top, view(PEOPLE))
        lean = ease((t - now.cue) / 0.9) - ease((t - now.cue - 3.6) / 0.9)
        lift = ease((t - now.cue + 1.1) / 1.0) - ease((t - now.cue - 4.7) / 1.0)
        _put(frame, kitchen.shadow(830 + 90 * lift, 762 + 22 * lift, 140, zoom / 2), view(PEOPLE))
        _put(frame, vessel, view(PEOPLE))
        wet = float(np.clip((t - now.cue - 0.8) / 2.6, 0, 1))
        if wet > 0:
            grown = place(fill, view(PEOPLE), (1220, 867), grow=(0.5 + 0.5 * wet, 0.5 + 0.5 * wet))
            lay(frame, fill.pixels, grown)
        turn, move = 27 * lean, (66.0 * lift, -70.0 * lift)
        if lean > 0.85:
            _stream(frame, view(PEOPLE), t, zoom)
        near = ease((t - now.cue + 2.0) / 0.8) - ease((t - now.cue - 5.8) / 0.8)
        follow = (move[0] - (1 - near) * 700, move[1] - (1 - near) * 240)
        lay(frame, held.pixels, place(held, view(PEOPLE), (830, 700), turn, follow))
        lay(frame, pot.pixels, place(pot, view(PEOPLE), (830, 700), turn, move))
        _steam(frame, view(PEOPLE), t, (1220, 850), 0.25 + 0.9 * wet)

    return act


def setting_down(now: Moment, zoom: float) -> Act:
    """His hand brings the cup, sets it down at `cue`, and leaves."""
    wall = _plate(kitchen.parlour_wall(0.4), 26)
    top = merge([kitchen.table(zoom, 540), soften(kitchen.honey(560, 700, zoom), 5)])
    vessel = kitchen.cup(930, 900, zoom, kitchen.MUSTARD)
    held = _about(hand(zoom, TOM), (1004, 838), 0)

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        _put(frame, top, view(PEOPLE))
        away = 1 - ease((t - now.cue + 1.6) / 1.6)
        gone = ease((t - now.cue - 1.3) / 1.3)
        hop = 26 * np.sin(np.pi * np.clip(away, 0, 1))
        _put(frame, kitchen.shadow(930 + 620 * away, 902, 100, zoom / 2), view(PEOPLE))
        move = (640 * away, -150 * away - hop)
        lay(frame, vessel.pixels, place(vessel, view(PEOPLE), move=move))
        _steam(frame, view(PEOPLE), t, (930 + move[0], 795 + move[1]), 0.9)
        follow = (move[0] + 700 * gone, move[1] + 60 * gone)
        lay(frame, held.pixels, place(held, view(PEOPLE), move=follow))

    return act


def stove(now: Moment, zoom: float) -> Act:
    """A kettle over a flame comes to the boil."""
    wall = _plate(kitchen.kitchen_wall(0.5), 14)
    steel = colour("#8f979d")
    pot = kitchen.teapot(960, 700, zoom, steel)
    hob = merge(
        [
            clay(box(-400, 742, 2400, 1300), colour("#4a4644"), zoom, Finish(round=26, shine=0.05)),
            clay(ellipse((960, 742), (230, 26)), colour("#2a2827"), zoom, Finish(round=18)),
            *(
                clay(
                    limb([(960 + x, 704), (960 + x * 1.3, 742)], [15, 18]),
                    colour("#1f1d1c"),
                    zoom,
                    Finish(round=8),
                )
                for x in (-120, 0, 120)
            ),
        ]
    )
    flame = flat(ellipse((0, 0), (17, 30)), colour("#5fb2ff"), 0.75, zoom, 5)

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, wall, view(BEHIND))
        _put(frame, hob, view(PEOPLE))
        for i in range(9):
            flick = 1 + 0.22 * np.sin(t * (9 + i) + i * 2.1)
            at = (960 - 130 + i * 32.5, 724.0)
            lay(frame, flame.pixels, place(flame, view(PEOPLE), grow=(1, flick), move=at))
        rattle = 1.6 * np.clip((t - now.cue) / 2, 0, 1) * np.sin(t * 41)
        lay(frame, pot.pixels, place(pot, view(PEOPLE), (960, 700), rattle * 0.4, (rattle, 0)))
        swell = float(np.clip((t - now.cue + 2) / 4, 0.1, 1))
        for shift in (0.0, 1.3, 2.6):
            _steam(frame, view(PEOPLE), t * 1.6 + shift, (1145, 505), 1.1 * swell, lean=70)

    return act


def sill(now: Moment, zoom: float) -> Act:
    """The cat at the window, rain on the pane."""
    wall = merge(
        [
            kitchen.backdrop(colour("#9fae9a"), colour("#87967f"), (960, 400), zoom / 2, 13),
        ]
    )
    pane = merge(kitchen.window(660, -60, 1300, 760, zoom))
    plate = _plate(wall, 2)
    cat = Cat((1000, 785), zoom)
    pot = merge(kitchen.plant(760, 786, 120, zoom, 4))
    drop = flat(ellipse((0, 0), (2.4, 13)), (0.92, 0.96, 1.0), 0.5, zoom, 1.2)
    chance = np.random.default_rng(3)
    drops = chance.uniform(0, 1, (70, 3))

    def act(frame: np.ndarray, view: View, t: float) -> None:
        _paint(frame, plate, view(0.9))
        _put(frame, pane, view(0.92))
        for x, y, speed in drops:
            fall = (y + t * (0.12 + 0.5 * speed**3)) % 1.0
            at = (668 + 624 * x, -52 + 800 * fall)
            if abs(at[0] - 980) > 14:
                lay(frame, drop.pixels, place(drop, view(0.92), move=at))
        _put(frame, pot, view(PEOPLE))
        sway = float(np.sin(t * 1.7) + 0.4 * np.sin(t * 4.1))
        turn = 7 * (ease((t - now.cue) / 0.5) - ease((t - now.cue - 2.2) / 0.7))
        cat.draw(frame, view(PEOPLE), sway, turn)

    return act


def slate(label: list[str], width: int) -> tuple[Sprite, Sprite]:
    """A clapperboard with its text, and its arm, as sprites of about `width` px."""
    tall = round(width * 0.62)
    board = Image.new("RGBA", (width, tall), (26, 26, 28, 255))
    pen = ImageDraw.Draw(board)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    rows = len(label)
    for row, text in enumerate(label):
        size = round(tall * 0.15)
        face = ImageFont.truetype(str(folder / "DejaVuSans-Bold.ttf"), size)
        while face.getlength(text) > width * 0.9:
            size -= 1
            face = ImageFont.truetype(str(folder / "DejaVuSans-Bold.ttf"), size)
        y = tall * (0.10 + 0.86 * row / rows)
        pen.text((width * 0.05, y), text, (240, 238, 230, 255), font=face)
        line = tall * (0.06 + 0.86 * (row + 1) / rows)
        pen.line((width * 0.04, line, width * 0.96, line), (150, 148, 142, 255), 2)
    pen.rectangle((0, 0, width - 1, tall - 1), outline=(120, 118, 112, 255), width=3)
    arm = Image.new("RGBA", (width, round(width * 0.11)), (240, 238, 230, 255))
    pen = ImageDraw.Draw(arm)
    step = width / 7
    for i in range(-1, 8):
        x = i * step
        pen.polygon(
            [(x, 0), (x + step / 2, 0), (x + step, arm.height), (x + step / 2, arm.height)],
            (26, 26, 28, 255),
        )
    return _from_image(board, (0, 0)), _from_image(arm, (0, -arm.height))


def clap(frame: np.ndarray, pair: tuple[Sprite, Sprite], t: float, hit: float, gone: float) -> None:
    """Hold the slate before the lens: it comes from below, claps at `hit`, is away at `gone`."""
    height, width = frame.shape[:2]
    board, arm = pair
    out = 1 - ease((t + 0.25) / 0.7) + ease((t - hit - 0.35) / max(gone - hit - 0.35, 0.1))
    at = (width * 0.5 - board.pixels.shape[1] / 2, height * 0.36 + out * height * 0.9)
    tremble = 0.8 * np.sin(t * 7.3)
    seen = np.array([[1, 0, at[0] + tremble], [0, 1, at[1] + 0.6 * tremble]], dtype=np.float64)
    open_ = 24 * (1 - ease((t - hit + 0.10) / 0.10)) if t < hit else 0.0
    lay(frame, board.pixels, place(board, seen, (0, 0), -2.0))
    lay(frame, arm.pixels, place(arm, seen, (0, 0), -2.0 - open_))


def develop(
    frame: np.ndarray, exposure: float, warmth: float, chance: np.random.Generator
) -> np.ndarray:
    """The lit scene as a camera records it: (H, W, 3) uint8 RGB with bloom, vignette and grain."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    halo = cv2.GaussianBlur(np.maximum(small - 0.72, 0), (0, 0), width / 90)
    frame += 0.5 * cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
    frame *= _vignette(width, height) * exposure
    frame *= np.array([1 + warmth, 1.0, 1 - warmth], dtype=np.float32)
    frame = frame / (1 + 0.12 * frame) * 1.08
    grain = chance.standard_normal((height, width), dtype=np.float32) * GRAIN
    return np.clip((frame + grain[..., None]) * 255 + 0.5, 0, 255).astype(np.uint8)


def _vignette(width: int, height: int) -> np.ndarray:
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    return np.asarray(1 - 0.17 * (x**2 + y**2))


def _laid_table(zoom: float) -> Sprite:
    return merge(
        [
            kitchen.table(zoom),
            _standing(zoom, 470, 930, kitchen.honey(470, 930, zoom), 70),
            _standing(zoom, 980, 955, kitchen.teapot(980, 950, zoom), 150),
            _standing(zoom, 1560, 985, kitchen.biscuits(1560, 985, zoom), 140),
            _standing(zoom, 690, 985, kitchen.cup(690, 985, zoom, kitchen.MUSTARD), 90),
            _standing(zoom, 1250, 990, kitchen.cup(1250, 990, zoom), 90),
        ]
    )


def _standing(zoom: float, x: float, base: float, thing: Sprite, reach: float) -> Sprite:
    """A thing with its shadow on the table."""
    return merge([kitchen.shadow(x, base, reach, zoom), thing])


def _plate(sprite: Sprite, blur: float) -> Sprite:
    """An opaque wall, out of focus by `blur` units."""
    pixels = np.ascontiguousarray(sprite.pixels[..., :3])
    soft = cv2.GaussianBlur(pixels, (0, 0), max(0.1, blur * sprite.scale))
    return Sprite(soft, sprite.origin, sprite.scale)


def _paint(frame: np.ndarray, plate: Sprite, view: np.ndarray) -> None:
    matrix = place(plate, view)
    size = (frame.shape[1], frame.shape[0])
    cv2.warpAffine(plate.pixels, matrix, size, frame, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)


def _put(frame: np.ndarray, sprite: Sprite, view: np.ndarray) -> None:
    lay(frame, sprite.pixels, place(sprite, view))


def _about(sprite: Sprite, at: tuple[float, float], turn: float) -> Sprite:
    """The sprite with its own (0, 0) moved to a point of the scene, turned there by degrees."""
    height, width = sprite.pixels.shape[:2]
    k = sprite.scale
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) / k + sprite.origin
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    turned = corners @ np.array([[c, s], [-s, c]])
    low, high = turned.min(0), turned.max(0)
    size = np.ceil((high - low) * k).astype(int)
    canvas = np.zeros((int(size[1]), int(size[0]), 4), np.float32)
    window = np.array([[k, 0, -low[0] * k], [0, k, -low[1] * k]])
    lay(canvas, sprite.pixels, place(sprite, window, (0, 0), turn))
    return Sprite(canvas, (at[0] + float(low[0]), at[1] + float(low[1])), k)


def _steam(frame: np.ndarray, view: np.ndarray, t: float, at: tuple[float, float], strength: float,
           lean: float = 8) -> None:  # fmt: skip
    puff = _puff()
    for i in range(5):
        age = (t * 0.32 + i / 5) % 1.0
        drift = lean * age + 16 * np.sin(2.2 * t + i * 1.9) * age
        grow = 0.5 + 1.5 * age
        where = (at[0] + drift, at[1] - 150 * age)
        seen = place(puff, view, grow=(grow, grow * 1.25), move=where)
        lay(frame, puff.pixels, seen, float(0.34 * strength * np.sin(np.pi * age) ** 1.3))


def _puff() -> Sprite:
    return flat(ellipse((0, 0), (20, 26)), (1.0, 0.98, 0.95), 0.55, 0.4, 15)


def _stream(frame: np.ndarray, view: np.ndarray, t: float, zoom: float) -> None:
    """Tea that falls from the spout into the cup."""
    wobble = 1.5 * np.sin(t * 23)
    line = [(1120.0, 601.0), (1160.0, 630.0), (1196.0 + wobble, 720.0), (1212.0 + wobble, 866.0)]
    tea = clay(limb(line, [11, 10, 8, 8]), colour("#a85f22"), zoom, Finish(round=5, shine=0.5))
    lay(frame, tea.pixels, place(tea, view), 0.92)


def _from_image(image: Image.Image, origin: tuple[float, float]) -> Sprite:
    pixels = np.asarray(image, dtype=np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    return Sprite(np.ascontiguousarray(pixels), origin, 1.0)


def ease(part: float) -> float:
    x = min(max(float(part), 0.0), 1.0)
    return x * x * (3 - 2 * x)


SETUPS: dict[str, Callable[[Moment, float], Act]] = {
    "wide": wide,
    "her": her,
    "him": him,
    "pouring": pouring,
    "setting_down": setting_down,
    "stove": stove,
    "sill": sill,
}


def render(act: Act, move: Move, t: float, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 RGB of one moment, before development."""
    frame = np.zeros((size[1], size[0], 3), np.float32)
    act(frame, lambda depth: camera.view(move, t, depth, size), t)
    return frame
