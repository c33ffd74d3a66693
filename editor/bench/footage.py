"""Make the benchmark's footage: camera-like moves over textures, with cuts, grain and sound."""

import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

from editor.errors import EditorError

SOUND_RATE = 48_000  # Hz
MARGIN = 1.3  # a texture's size over the picture's: room for the camera to move


@dataclass(frozen=True)
class Recipe:
    """One kind of footage."""

    name: str
    size: tuple[int, int]  # px
    rate: int  # frames/s
    seconds: float
    megabits: float  # Mb/s of picture
    grain: float  # standard deviation in code values, 0-255
    shot: float  # s, mean length of a shot
    seed: int


EASY = Recipe("easy", (1920, 1080), 30, 20.0, 8.0, 1.5, 4.0, 1)
GRAINY = Recipe("grainy", (1920, 1080), 30, 20.0, 14.0, 9.0, 4.0, 2)


def make(recipe: Recipe, path: Path) -> Path:
    """Write the footage. Raises EditorError where the encoder fails."""
    sound = path.with_suffix(".wav")
    _write_sound(recipe, sound)
    width, height = recipe.size
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(recipe.rate),
        "-i", "-", "-i", str(sound),
        "-c:v", "libx264", "-preset", "veryfast", "-b:v", f"{recipe.megabits}M",
        "-minrate", f"{recipe.megabits}M", "-maxrate", f"{recipe.megabits * 1.2}M",
        "-bufsize", f"{recipe.megabits * 2}M", "-pix_fmt", "yuv420p", "-g", str(recipe.rate * 2),
        "-c:a", "aac", "-shortest", str(path),
    ]  # fmt: skip
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert encoder.stdin is not None and encoder.stderr is not None
    for frame in frames(recipe):
        encoder.stdin.write(frame.data)
    encoder.stdin.close()
    words = encoder.stderr.read().decode(errors="replace").strip()
    if encoder.wait() != 0:
        raise EditorError(f"The benchmark's footage could not be made: {words[-300:]}")
    sound.unlink()
    return path


def frames(recipe: Recipe) -> Iterator[np.ndarray]:
    """Pictures of the footage: (H, W, 3) uint8 BGR, shot by shot."""
    random = np.random.default_rng(recipe.seed)
    width, height = recipe.size
    grains = [random.normal(0, recipe.grain, (height, width, 1)).astype(np.int16) for _ in range(7)]
    left = round(recipe.seconds * recipe.rate)
    while left > 0:
        count = min(left, round(random.uniform(0.5, 1.5) * recipe.shot * recipe.rate))
        scene = _texture(random, round(width * MARGIN), round(height * MARGIN))
        walker = _texture(random, width // 6, height // 3)
        start, drift = random.uniform(0, 0.1, 2), random.uniform(-0.12, 0.12, 2)
        for n in range(count):
            share = n / max(1, count - 1)
            at = np.clip(start + (drift + 0.12) * share, 0, MARGIN - 1)
            x, y = (at * (width, height)).astype(int)
            picture = scene[y : y + height, x : x + width].copy()
            stride = int((width - walker.shape[1]) * (0.5 + 0.45 * np.sin(n / 23.0)))
            picture[height // 2 : height // 2 + walker.shape[0], stride:][:, : walker.shape[1]] = (
                walker
            )
            grain = np.roll(grains[int(random.integers(7))], int(random.integers(height)), 0)
            yield np.ascontiguousarray(np.clip(picture + grain, 0, 255).astype(np.uint8))
        left -= count


def _texture(random: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A picture with detail at every scale, as photographs have: amplitude falls with frequency."""
    picture = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 8):
        shape = (2 ** (octave - 1) * 9 // 4 + 2, 2**octave * 2, 3)
        cells = random.normal(0, 1, shape).astype(np.float32)
        grown = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
        picture += np.asarray(grown, np.float32) / np.float32(1.7**octave)
    tint = random.uniform(60, 190, 3)
    spread: np.ndarray = np.clip(tint + 55 * picture, 0, 255).astype(np.uint8)
    return spread


def _write_sound(recipe: Recipe, path: Path) -> None:
    """Room noise with bursts of harmonics in the rhythm of speech."""
    random = np.random.default_rng(recipe.seed + 100)
    time = np.arange(round(recipe.seconds * SOUND_RATE)) / SOUND_RATE
    sound = random.normal(0, 0.002, len(time))
    pitch = np.cumsum(110 + 30 * np.sin(2 * np.pi * 0.7 * time)) / SOUND_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * time), 0, 1) * (
        np.sin(2 * np.pi * 0.21 * time) > 0
    )
    for harmonic in range(1, 18):
        sound += 0.2 / harmonic * syllables * np.sin(2 * np.pi * harmonic * pitch)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())


def loop(source: Path, times: int, path: Path) -> Path:
    """Repeat a file by stream copy: longer footage at no cost, with the same pictures.

    Raises EditorError where it fails.
    """
    done = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error",
            "-stream_loop", str(times - 1), "-i", str(source), "-c", "copy", str(path),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise EditorError(f"{source} could not be repeated: {done.stderr.strip()[-300:]}")
    return path
