"""Turn a take's camera move into what each layer of the set looks like at a moment."""

from dataclasses import dataclass

import numpy as np

SETTLE = 0.55  # s, how long the camera rings after it was switched on or let go
JERK = 0.35  # s before the end at which the operator reaches for the switch


@dataclass(frozen=True)
class Frame:
    """What the camera sees: the middle of its picture in scene units, and px a unit."""

    x: float
    y: float
    zoom: float


@dataclass(frozen=True)
class Move:
    """From one frame to another, between two times; before and after, the camera rests."""

    start: Frame
    end: Frame
    leave: float  # s
    arrive: float  # s
    shake: float = 0.6  # units, of a camera on a head; 5 and more are hands
    shot: float = 8.0  # s, length of the take
    seed: int = 1


def locked(frame: Frame, shot: float, seed: int, shake: float = 0.5) -> Move:
    """A camera that does not move."""
    return Move(frame, frame, 0.0, 1.0, shake, shot, seed)


def view(move: Move, t: float, depth: float, size: tuple[int, int]) -> np.ndarray:
    """(2, 3) affine, scene to frame, of a layer at `depth`: 1 where the people sit, less behind.

    What lies farther off moves less when the camera does.
    """
    eye, roll = _eye(move, t)
    base = move.start
    x = base.x + (eye.x - base.x) * depth
    y = base.y + (eye.y - base.y) * depth
    zoom = base.zoom * (eye.zoom / base.zoom) ** depth
    c, s = zoom * np.cos(roll), zoom * np.sin(roll)
    width, height = size
    return np.array(
        [[c, -s, width / 2 - c * x + s * y], [s, c, height / 2 - s * x - c * y]], dtype=np.float64
    )


def _eye(move: Move, t: float) -> tuple[Frame, float]:
    part = float(np.clip((t - move.leave) / max(move.arrive - move.leave, 1e-6), 0, 1))
    ease = part * part * part * (part * (6 * part - 15) + 10)
    a, b = move.start, move.end
    x, y = a.x + (b.x - a.x) * ease, a.y + (b.y - a.y) * ease
    zoom = a.zoom * (b.zoom / a.zoom) ** ease
    chance = np.random.default_rng(move.seed)
    phase = chance.uniform(0, 2 * np.pi, (3, 4))
    pace = np.array([0.31, 0.73, 1.37, 2.9]) * chance.uniform(0.85, 1.15, 4)
    strength = np.array([1.0, 0.62, 0.3, 0.1])
    sway = (strength * np.sin(2 * np.pi * pace * t + phase)).sum(1) * move.shake
    ring = np.exp(-t / (SETTLE / 3)) * np.cos(2 * np.pi * 3.2 * t) if t < 3 * SETTLE else 0.0
    x, y = x + sway[0] + 16 * ring, y + sway[1] * 0.8 + 34 * ring
    roll = np.radians(sway[2] * 0.02 + 0.5 * ring)
    late = t - (move.shot - JERK)
    if late > 0:
        y += 520 * late**2 * (1.0 / a.zoom) * 0.5
        x -= 150 * late**2
        roll += np.radians(14 * late**2)
    return Frame(x, y, zoom), float(roll)
