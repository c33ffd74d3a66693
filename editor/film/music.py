"""Turn a piece of music and the film's speech into the music that lies under the film."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editor.errors import FootageError
from editor.film.encode import read_sound
from editor.film.loudness import RATE, Meter
from editor.film.timeline import Music

DUCK, DEEPEST_DUCK = 12.0, 24.0  # dB that music goes down under speech: usually, at most
CLEAR = 10.0  # LU that it then lies under the film's own sound, so that words are understood
ATTACK = 0.3  # s over which it goes down, before the first word
RELEASE = 0.8  # s over which it comes back, after the last
BRIDGE = 1.5  # s; music does not come up between words nearer than this
FADE_OUT = 2.0  # s at the film's end
FADE_IN = 480  # samples, 10 ms: the music's own beginning stays
CROSSING = RATE  # samples, 1 s, over which a piece that is too short crosses into itself
BELOW = 2.0  # LU that music lies under the film's own sound where nobody speaks
SHORTEST = 4 * CROSSING  # samples; shorter music would be all crossing when repeated


@dataclass(frozen=True)
class Bed:
    """How the music lies under one film."""

    music: Music
    length: int  # samples of the film
    gain: float  # dB on the music
    duck: float  # dB that it goes down under speech
    ducking: np.ndarray  # (K, 2) float64, s of the film, where the music is down: speech, bridged

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The music as it lies, block by block: the film's sample and (n, 2) float32."""
        start = 0
        for block in repeated(self.music):
            block = block[: self.length - start]
            times = (start + np.arange(len(block))) / RATE  # s of the film
            gains = 10 ** ((self.gain - self.duck * ducked(times, self.ducking)) / 20)
            gains *= self._ends(start, len(block))
            yield start, block * gains.astype(np.float32)[:, None]
            start += len(block)
            if start >= self.length:
                return

    def _ends(self, start: int, count: int) -> np.ndarray:
        at = start + np.arange(count) + 0.5
        fade_out = min(FADE_OUT * RATE, self.length / 4)
        rise = np.clip(at / FADE_IN, 0, 1)
        fall = np.clip((self.length - at) / fade_out, 0, 1)
        return np.asarray(np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2))


def duck(level: float, own: float) -> float:
    """How far (dB) music of one loudness goes down under speech of another (LUFS)."""
    return min(DEEPEST_DUCK, max(DUCK, level - own + CLEAR))


def read(music: Music) -> Iterator[np.ndarray]:
    """The music from its offset, once: (n, 2) float32 blocks. Raises FootageError."""
    skip = round(music.offset * RATE)
    for block in read_sound(music.path):
        if skip < len(block):
            yield block[skip:]
        skip = max(0, skip - len(block))


def measure(music: Music, length: int) -> tuple[float, int]:
    """Loudness in LUFS and number of samples of the music, read no further than `length` samples.

    Raises FootageError for music that cannot be read, or that holds less than SHORTEST.
    """
    meter, count = Meter(), 0
    for block in read(music):
        block = block[: length - count]
        meter.push(block)
        count += len(block)
        if count >= length:
            break
    if count < min(length, SHORTEST):
        raise FootageError(
            f"{music.path}: {count / RATE:.1f} s of music from {float(music.offset):g} s on are "
            f"too short to lie under a film; {SHORTEST // RATE} s would do."
        )
    return meter.integrated, count


def repeated(music: Music) -> Iterator[np.ndarray]:
    """The music for ever: each end crosses into its beginning over CROSSING samples."""
    fall = np.cos((np.arange(CROSSING) + 0.5) / CROSSING * np.pi / 2).astype(np.float32)[:, None]
    tail = np.zeros((0, 2), dtype=np.float32)
    while True:
        head = tail * fall[: len(tail)]  # what of the last round still sounds
        tail = np.zeros((0, 2), dtype=np.float32)
        risen = 0
        for block in read(music):
            if len(head):
                count = min(len(block), len(head))
                block = block.copy()
                block[:count] *= fall[::-1][risen : risen + count]
                block[:count] += head[:count]
                head, risen = head[count:], risen + count
            tail = np.concatenate([tail, block])
            ready, tail = tail[:-CROSSING], tail[-CROSSING:]
            if len(ready):
                yield ready


def bridged(speech: np.ndarray) -> np.ndarray:
    """Speech spans of the film, (K, 2) float64 s, with gaps shorter than BRIDGE closed."""
    joined: list[list[float]] = []
    for begin, end in speech[np.argsort(speech[:, 0], kind="stable")]:
        if joined and begin - joined[-1][1] < BRIDGE:
            joined[-1][1] = max(joined[-1][1], float(end))
        else:
            joined.append([float(begin), float(end)])
    return np.array(joined).reshape(-1, 2)


def ducked(times: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """How far the music is down at ascending `times` (s), in [0, 1], smooth: (n,) float64."""
    if not len(spans):
        return np.zeros(len(times))
    # BRIDGE exceeds ATTACK + RELEASE, so one span's ramps never cross the next one's.
    begin, end = spans[:, 0], spans[:, 1]
    points = np.stack([begin - ATTACK, begin, end, end + RELEASE], axis=1).ravel()
    depth = np.interp(times, points, np.tile([0.0, 1.0, 1.0, 0.0], len(spans)))
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * depth))
