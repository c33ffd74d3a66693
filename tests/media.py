"""Turn a frame count and a rate into a small clip whose every frame carries its own number.

The number stands in the middle of the picture as black and white cells inside a green ring: ten
bits a row, each row followed by its complement, and a fixed pattern at both ends, so that a frame
that is mirrored, turned, blended or badly scaled reads as None and never as another number. The
code covers at most 55 % of either side, so it survives letterboxing and moderate cropping.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

SAMPLE_RATE = 48_000  # Hz
BITS = 20  # frame numbers up to 1,048,575
_COLUMNS = 12  # ten bits between two fixed columns
_ROWS = 4
_LEFT = (1, 0, 1, 1)  # fixed patterns: no mirror or turn maps one onto the other
_RIGHT = (0, 1, 1, 1)
_SHARE = 0.55  # of the picture's width and height that the code may take
_GREEN = (16, 200, 32)  # RGB of the ring by which the code is found
_GREEN_PIXELS = 4  # a row or column of the smallest ring has six; an odd edge's smear fewer
_CLICK = 0.004  # s, length of one click


# --- the code -------------------------------------------------------------------------------------


def code_cells(number: int) -> np.ndarray:
    """Cells of a frame number: (4, 12) bool, True is white."""
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"A frame number has {BITS} bits; {number} does not fit.")
    bits = np.array([number >> i & 1 for i in range(BITS)], dtype=bool).reshape(2, 10)
    cells = np.empty((_ROWS, _COLUMNS), dtype=bool)
    cells[0::2, 1:-1] = bits
    cells[1::2, 1:-1] = ~bits
    cells[:, 0], cells[:, -1] = _LEFT, _RIGHT
    return cells


def code_box(width: int, height: int) -> tuple[int, int, int]:
    """Left, top and cell size in pixels of the ring in a picture of this size."""
    cell = int(min(_SHARE * width / (_COLUMNS + 2), _SHARE * height / (_ROWS + 2)))
    if cell < 3:
        raise ValueError(f"{width}x{height} is too small to carry a readable number.")
    left = (width - (_COLUMNS + 2) * cell) // 2
    top = (height - (_ROWS + 2) * cell) // 2
    return left, top, cell


def stamp(picture: np.ndarray, number: int) -> np.ndarray:
    """Write `number` into an (H, W, 3 or 4) uint8 RGB(A) picture, in place, and return it."""
    height, width = picture.shape[:2]
    left, top, cell = code_box(width, height)
    box = np.empty((_ROWS + 2, _COLUMNS + 2, 3), dtype=np.uint8)
    box[:] = _GREEN
    box[1:-1, 1:-1] = np.where(code_cells(number)[..., None], 235, 16)
    big = box.repeat(cell, axis=0).repeat(cell, axis=1)
    picture[top : top + big.shape[0], left : left + big.shape[1], :3] = big
    if picture.shape[2] == 4:
        picture[top : top + big.shape[0], left : left + big.shape[1], 3] = 255
    return picture


def read_number(picture: np.ndarray) -> int | None:
    """Read the number from an (H, W, 3) uint8 RGB picture, letterboxed, scaled or cropped.

    None where no number can be read with certainty.
    """
    box = _ring(picture)
    if box is None:
        return None
    left, top, right, bottom = box
    rows = top + (np.arange(_ROWS) + 1.5) * (bottom - top) / (_ROWS + 2)
    columns = left + (np.arange(_COLUMNS) + 1.5) * (right - left) / (_COLUMNS + 2)
    cell = min((bottom - top) / (_ROWS + 2), (right - left) / (_COLUMNS + 2))
    reach = max(0, int(cell / 4))
    values = np.empty((_ROWS, _COLUMNS))
    for i, y in enumerate(rows.astype(int)):
        for j, x in enumerate(columns.astype(int)):
            patch = picture[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            values[i, j] = patch.mean()
    return _decode(values)


def _ring(picture: np.ndarray) -> tuple[int, int, int, int] | None:
    red, green, blue = (picture[..., i].astype(np.int16) for i in range(3))
    mask = (green > red + 50) & (green > blue + 50)
    rows = _longest_run(mask.sum(axis=1) >= _GREEN_PIXELS)
    columns = _longest_run(mask.sum(axis=0) >= _GREEN_PIXELS)
    if len(rows) < 6 or len(columns) < 14:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _longest_run(marked: np.ndarray) -> np.ndarray:
    """Indices of the longest run of True: an encoder may colour an odd edge green."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    if not len(edges):
        return np.zeros(0, dtype=np.int64)
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    return np.arange(starts[longest], stops[longest])


def _decode(values: np.ndarray) -> int | None:
    low, high = values.min(), values.max()
    if high - low < 60:
        return None
    level = (values - low) / (high - low)
    if np.any((level > 0.35) & (level < 0.65)):
        return None  # a blend of two frames, or smeared
    cells = level > 0.5
    bits = cells[0::2, 1:-1]
    fixed = tuple(cells[:, 0]) == _LEFT and tuple(cells[:, -1]) == _RIGHT
    if not fixed or np.any(bits == cells[1::2, 1:-1]):
        return None
    return int(sum(1 << i for i, bit in enumerate(bits.ravel()) if bit))


# --- pictures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenes:
    """Backgrounds: a new one at every frame of `cuts`, panning `pan` pixels a frame."""

    cuts: Sequence[int] = ()  # frames at which a new scene begins; 0 is implied
    pan: float = 0.6  # px a frame
    seed: int = 0


def backgrounds(frames: int, size: tuple[int, int], scenes: Scenes) -> Iterator[np.ndarray]:
    """Yield (H, W, 3) uint8 RGB textures, never green, one a frame."""
    width, height = size
    starts = [0, *sorted(scenes.cuts), frames]
    for scene, (first, stop) in enumerate(pairwise(starts)):
        reach = int(abs(scenes.pan) * max(0, stop - first)) + 1
        texture = _texture(width + min(reach, 4 * width), height, scenes.seed + 7919 * scene)
        for frame in range(first, stop):
            shift = int((frame - first) * abs(scenes.pan)) % (texture.shape[1] - width)
            yield texture[:, shift : shift + width].copy()


def _texture(width: int, height: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    base = generator.integers(40, 190, 3)
    base[1] = min(base[0], base[2])  # never greener than the other two
    picture = np.zeros((height, width), dtype=np.float32)
    for cell, weight in ((48, 40.0), (12, 25.0), (4, 12.0)):
        coarse = generator.normal(0, weight, (height // cell + 2, width // cell + 2))
        picture += coarse.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return np.asarray(np.clip(base + picture[..., None], 8, 247), dtype=np.uint8)


# --- sound ----------------------------------------------------------------------------------------


def click_track(
    times: Iterable[Fraction | float],
    duration: Fraction | float,
    channels: int = 2,
    room: float = 0.0,
    rate: int = SAMPLE_RATE,
) -> np.ndarray:
    """Sound with a 4 ms burst of 2 kHz at each time: (n, channels) float32, n = duration * rate.

    room: RMS of the noise between the clicks.
    """
    count = round(duration * rate)
    sound = np.random.default_rng(1).normal(0, 1, count) * room
    burst = 0.8 * np.sin(2 * np.pi * 2000 * np.arange(int(_CLICK * rate)) / rate)
    for time in times:
        first = round(time * rate)
        part = sound[max(0, first) : max(0, first + len(burst))]
        part += burst[: len(part)]
    return np.repeat(sound.astype(np.float32)[:, None], channels, axis=1)


def click_times(sound: np.ndarray, rate: int = SAMPLE_RATE, threshold: float = 0.25) -> np.ndarray:
    """Seconds at which clicks begin in (n, channels) or (n,) sound, float64, ascending."""
    mono = np.abs(sound if sound.ndim == 1 else sound.mean(axis=1))
    loud = np.flatnonzero(mono > threshold * max(1e-3, float(mono.max(initial=0.0))))
    if not len(loud):
        return np.zeros(0)
    starts = np.concatenate([[True], np.diff(loud) > 0.02 * rate])
    return np.asarray(loud[starts] / rate, dtype=np.float64)


def tone(duration: float, hertz: float = 440.0, gain: float = 0.2, channels: int = 2) -> np.ndarray:
    """A sine: (n, channels) float32 at 48 kHz."""
    wave = gain * np.sin(2 * np.pi * hertz * np.arange(round(duration * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


# --- clips ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """Everything of a clip but its name, length and rate."""

    size: tuple[int, int] = (320, 180)  # px, as shown where rotated
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)  # the encoder's
    start_timecode: str | None = None  # "01:00:00:00", or ";" before frames for drop-frame
    vfr: Sequence[Fraction] | None = None  # s, presentation time of each frame
    start: Fraction = Fraction(0)  # s, presentation time of the first frame
    sound: np.ndarray | Sequence[np.ndarray] | None = None  # (n, channels) a track, 48 kHz
    sound_codec: str = ""  # "" is the container's usual one
    sound_start: Fraction = Fraction(0)  # s after the first frame
    rotation: int = 0  # degrees clockwise that turn the stored picture upright
    sample_aspect: Fraction = Fraction(1)
    transfer: str = ""  # "pq" or "hlg": the tag; the pixels are not converted
    interlaced: bool = False
    scenes: Scenes = field(default_factory=Scenes)
    alpha: Callable[[int], np.ndarray] | None = None  # frame -> (H, W) uint8
    metadata: dict[str, str] = field(default_factory=dict)  # the container's
    container_options: dict[str, str] = field(default_factory=dict)
    first_number: int = 0  # number that the first frame carries


def numbered(
    path: Path, frames: int, rate: Fraction | float | int, look: Look | None = None, **changes: Any
) -> Path:
    """Write a clip of `frames` numbered frames at `rate` and return its path.

    The container follows the suffix. `changes` are fields of Look: size, codec, pixel_format,
    start_timecode, vfr, sound, rotation, sample_aspect, scenes, ...
    """
    look = Look(**{**(look or Look()).__dict__, **changes})
    rate = Fraction(rate).limit_denominator(1001)
    metadata = dict(look.metadata)
    if look.start_timecode:
        metadata["timecode"] = look.start_timecode
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(f"file:{path}", "w", options=look.container_options) as output:
        output.metadata.update(metadata)
        picture = _picture_stream(output, rate, look)
        sounds = _sound_streams(output, look, path)
        for stream, samples, codec_rate in sounds:
            for packet in _encoded_sound(stream, samples, codec_rate, look):
                output.mux(packet)
        for packet in _encoded_pictures(picture, frames, rate, look):
            output.mux(packet)
    return path


def _picture_stream(output: Any, rate: Fraction, look: Look) -> Any:
    stream = output.add_stream(look.codec, rate=rate)
    context = stream.codec_context
    turned = look.rotation % 180 != 0
    context.width, context.height = look.size[::-1] if turned else look.size
    context.pix_fmt = look.pixel_format
    context.sample_aspect_ratio = look.sample_aspect
    context.time_base = 1 / rate if look.vfr is None else Fraction(1, 90_000)
    options = dict(look.options)
    if look.codec == "libx264":
        options = {"preset": "ultrafast", "crf": "18", "bf": "2", **options}
    if look.codec == "libx265":
        options = {"preset": "ultrafast", "x265-params": "log-level=none", **options}
    if look.interlaced:
        options["flags"] = "+ildct+ilme"
        if look.codec == "libx264":
            options["x264-params"] = "tff=1"
    context.options = options
    if look.transfer:
        context.color_trc = {"pq": 16, "hlg": 18}[look.transfer]
        context.color_primaries = 9  # BT.2020
        context.colorspace = 9
        context.color_range = 1
    if look.rotation:
        stream.set_display_rotation(-look.rotation)  # FFmpeg's matrix counts counterclockwise
    return stream


def _encoded_pictures(stream: Any, frames: int, rate: Fraction, look: Look) -> Iterator[Any]:
    base = stream.codec_context.time_base
    for index, picture in enumerate(backgrounds(frames, look.size, look.scenes)):
        if look.alpha is not None:
            picture = np.dstack([picture, look.alpha(index)])
        stamp(picture, look.first_number + index)
        picture = np.rot90(picture, look.rotation // 90)  # stored turned against the display
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(picture), "rgba" if look.alpha is not None else "rgb24"
        )
        colour = {"dst_colorspace": 9, "dst_color_range": 1} if look.transfer else {}
        frame = frame.reformat(format=look.pixel_format, **colour)
        time = index / rate if look.vfr is None else look.vfr[index]
        frame.time_base = base
        frame.pts = round((time + look.start) / base)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound_streams(output: Any, look: Look, path: Path) -> list[tuple[Any, np.ndarray, int]]:
    if look.sound is None:
        return []
    tracks = [look.sound] if isinstance(look.sound, np.ndarray) else list(look.sound)
    codec = look.sound_codec or {".webm": "libopus", ".avi": "pcm_s16le", ".mpg": "mp2"}.get(
        path.suffix.lower(), "aac"
    )
    made = []
    for samples in tracks:
        layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
        made.append((output.add_stream(codec, rate=SAMPLE_RATE, layout=layout), samples))
    return [(stream, samples, SAMPLE_RATE) for stream, samples in made]


def _encoded_sound(stream: Any, samples: np.ndarray, rate: int, look: Look) -> Iterator[Any]:
    block = stream.codec_context.frame_size or 1024
    layout = stream.codec_context.layout.name
    offset = round((look.start + look.sound_start) * rate)
    for first in range(0, len(samples), block):
        part = samples[first : first + block]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.reshape(1, -1)), "flt", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = offset + first
        yield from stream.encode(frame)
    yield from stream.encode(None)


# --- odd files ------------------------------------------------------------------------------------


def truncated(path: Path, whole: Path, share: float = 0.6) -> Path:
    """Write the first `share` of another file's bytes."""
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def empty(path: Path) -> Path:
    """Write a file of no bytes."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """Write a shooting note, whatever the name says."""
    path.write_text(
        "Scene 4, take 2: good. Scene 4, take 3: boom in shot.\n" * 20, encoding="utf-8"
    )
    return path


def audio_only(path: Path, seconds: float = 1.0) -> Path:
    """Write a file with sound and no picture; the codec follows the suffix."""
    samples = tone(seconds)
    with av.open(f"file:{path}", "w") as output:
        codec = {".wav": "pcm_s16le", ".mp3": "libmp3lame"}.get(path.suffix.lower(), "aac")
        stream = output.add_stream(codec, rate=SAMPLE_RATE, layout="stereo")
        for packet in _encoded_sound(stream, samples, SAMPLE_RATE, Look()):
            output.mux(packet)
    return path


def still_picture(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    """Write one picture as PNG, JPEG or GIF by its suffix."""
    from PIL import Image

    Image.fromarray(_texture(*size, seed=3)).save(path)
    return path


def with_wrong_length(path: Path, whole: Path, factor: float) -> Path:
    """Copy an AVI or MP4 whose headers then claim `factor` times its true length."""
    data = bytearray(whole.read_bytes())
    if data[:4] == b"RIFF":
        spots = [(b"avih", 4 + 4 + 16, 4), (b"strh", 4 + 4 + 32, 4)]
        order = "little"
    else:  # version 0 boxes, 4 bytes each
        spots = [(b"mvhd", 4 + 4 + 12, 4), (b"mdhd", 4 + 4 + 12, 4), (b"tkhd", 4 + 4 + 16, 4)]
        order = "big"
    for name, offset, size in spots:
        at = data.find(name)
        while at >= 0:
            field_at = slice(at + offset, at + offset + size)
            value = int(int.from_bytes(data[field_at], order) * factor)  # type: ignore[arg-type]
            data[field_at] = min(value, 2**32 - 1).to_bytes(size, order)  # type: ignore[arg-type]
            at = data.find(name, at + 4)
    path.write_bytes(bytes(data))
    return path


def with_broken_middle(path: Path, whole: Path, first: float = 0.5, share: float = 0.02) -> Path:
    """Copy a file with a stretch of its bytes overwritten by noise."""
    data = bytearray(whole.read_bytes())
    start, length = int(len(data) * first), int(len(data) * share)
    data[start : start + length] = np.random.default_rng(2).bytes(length)
    path.write_bytes(bytes(data))
    return path
