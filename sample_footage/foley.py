"""The sounds of a kitchen: its room, its rain, a clapperboard, a cup set down, tea poured.

Every sound is (N,) float32 at speech.RATE, made from seeded noise and decaying tones.
"""

from collections.abc import Sequence

import numpy as np
from scipy import signal
from speech import RATE


def _noise(seconds: float, low: float, high: float, seed: int) -> np.ndarray:
    """Noise between two frequencies in Hz, of unit RMS."""
    count = int(seconds * RATE)
    white = np.random.default_rng(seed).normal(0, 1, count + RATE // 4)
    band = signal.butter(2, (low, high), "bandpass", fs=RATE, output="sos")
    heard = signal.sosfilt(band, white)[RATE // 4 :]
    return np.asarray(heard / np.sqrt(np.mean(heard**2)))


def _ring(seconds: float, tones: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """Decaying tones: (Hz, strength, decay in s)."""
    t = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(sum(a * np.sin(2 * np.pi * f * t) * np.exp(-t / d) for f, a, d in tones))


def room(seconds: float, seed: int, level: float = -58) -> np.ndarray:
    """Room tone at `level` dBFS RMS: air, and a refrigerator's hum far off."""
    t = np.arange(int(seconds * RATE)) / RATE
    air = _noise(seconds, 60, 900, seed) * 0.9 + _noise(seconds, 900, 6000, seed + 1) * 0.22
    hum = 0.35 * np.sin(2 * np.pi * 100 * t) + 0.12 * np.sin(2 * np.pi * 200 * t + 1)
    tone = air + hum
    return np.asarray(tone / np.sqrt(np.mean(tone**2)) * 10 ** (level / 20), dtype=np.float32)


def clap(seed: int) -> np.ndarray:
    """A clapperboard: one hard crack and the room's answer."""
    crack = _noise(0.35, 700, 9000, seed) * np.exp(-np.arange(int(0.35 * RATE)) / RATE / 0.012)
    wood = _ring(0.35, [(820, 0.9, 0.02), (1490, 0.6, 0.014), (2600, 0.3, 0.008)])
    answer = _noise(0.35, 250, 4000, seed + 1) * np.exp(-np.arange(int(0.35 * RATE)) / RATE / 0.09)
    heard = crack + wood + 0.05 * answer
    return np.asarray(0.8 * heard / np.abs(heard).max(), dtype=np.float32)


def cup_down(seed: int) -> np.ndarray:
    """China on china: two touches."""
    tones = [(2350, 0.5, 0.05), (3480, 0.4, 0.04), (5210, 0.25, 0.025), (760, 0.35, 0.03)]
    touch = _ring(0.5, tones) + 0.2 * _noise(0.5, 900, 7000, seed) * np.exp(
        -np.arange(int(0.5 * RATE)) / RATE / 0.006
    )
    twice = touch.copy()
    twice[int(0.07 * RATE) :] += 0.4 * touch[: -int(0.07 * RATE)]
    return np.asarray(0.3 * twice / np.abs(twice).max(), dtype=np.float32)


def step(seed: int) -> np.ndarray:
    """One footstep on boards."""
    t = np.arange(int(0.25 * RATE)) / RATE
    thud = _ring(0.25, [(92, 1.0, 0.04), (180, 0.4, 0.03)])
    scuff = 0.25 * _noise(0.25, 300, 2500, seed) * np.exp(-t / 0.03)
    heard = thud + scuff
    return np.asarray(0.12 * heard / np.abs(heard).max(), dtype=np.float32)


def pour(seconds: float, seed: int) -> np.ndarray:
    """Tea into a cup: a bubbling that rises as the cup fills."""
    count = int(seconds * RATE)
    heard = 0.35 * _noise(seconds, 500, 5000, seed)
    chance = np.random.default_rng(seed + 9)
    for start in np.sort(chance.uniform(0, max(seconds - 0.08, 0.01), int(seconds * 46))):
        pitch = 520 + 900 * start / seconds + float(chance.uniform(-160, 220))
        drop = _ring(0.07, [(pitch, float(chance.uniform(0.3, 1.0)), 0.016)])
        first = int(start * RATE)
        heard[first : first + len(drop)] += drop[: count - first]
    edge = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.15 * RATE))
    return np.asarray(0.075 * heard * edge / np.sqrt(np.mean(heard**2)) * 0.6, dtype=np.float32)


def rain(seconds: float, seed: int) -> np.ndarray:
    """Rain on a pane: a hiss, and drops that tick."""
    heard = _noise(seconds, 800, 9000, seed) * 0.5 + _noise(seconds, 150, 800, seed + 1) * 0.3
    chance = np.random.default_rng(seed + 2)
    for start in chance.uniform(0, seconds - 0.05, int(seconds * 22)):
        tick = _ring(0.03, [(float(chance.uniform(1500, 4200)), 1.0, 0.004)])
        first = int(start * RATE)
        heard[first : first + len(tick)] += 2.2 * float(chance.random()) * tick
    return np.asarray(0.012 * heard / np.sqrt(np.mean(heard**2)), dtype=np.float32)


def kettle(seconds: float, seed: int) -> np.ndarray:
    """A kettle that comes to the boil: a rumble, then a whistle that rises."""
    t = np.arange(int(seconds * RATE)) / RATE
    swell = np.clip(t / seconds, 0, 1)
    whistle_level = np.clip((t - 0.45 * seconds) / (0.4 * seconds), 0, 1) ** 2
    pitch = 1500 + 620 * whistle_level + 9 * np.sin(2 * np.pi * 5.5 * t)
    whistle = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * whistle_level
    rumble = _noise(seconds, 90, 700, seed) * (0.3 + 0.7 * swell)
    hiss = _noise(seconds, 2500, 9000, seed + 1) * (0.1 + 0.4 * whistle_level)
    return np.asarray(0.02 * rumble + 0.012 * hiss + 0.05 * whistle, dtype=np.float32)


def mix(seconds: float, bed: np.ndarray, events: list[tuple[float, np.ndarray]]) -> np.ndarray:
    """The bed with each sound laid over it at its time in s, softly limited to a peak below 1."""
    count = round(seconds * RATE)
    whole = np.zeros(count, dtype=np.float64)
    whole[: min(count, len(bed))] = bed[:count]
    for start, sound in events:
        first = round(start * RATE)
        piece = sound[max(0, -first) : max(0, count - first)]
        whole[max(0, first) : max(0, first) + len(piece)] += piece
    return np.asarray(np.tanh(whole * 0.98) / np.tanh(0.98), dtype=np.float32)
