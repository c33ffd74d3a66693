"""Build clips, timelines and readings of films, for the tests of what makes films."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import numpy as np

from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.footage.measures import Sound
from editor.footage.probe import probe
from editor.timing import FrameSpan, convert_length
from tests import media

SIZE = (320, 180)  # px


def numbered(path: Path, frames: int, rate: Fraction | int, **changes: Any) -> Clip:
    """A clip of numbered frames, ingested."""
    return probe(media.numbered(path, frames, rate, **changes), path.name)


def film(
    rate: Fraction | int,
    spans: Sequence[tuple[Clip, int, int]],
    size: tuple[int, int] = SIZE,
    **changes: Any,
) -> Timeline:
    """A timeline of clips' frames [first, stop), one after another."""
    rate = Fraction(rate)
    lengths = [convert_length(stop - first, clip.rate, rate) for clip, first, stop in spans]
    starts = [0, *accumulate(lengths)]
    cuts = [
        Cut(clip, FrameSpan(first, stop), start, length, f"{clip.name} #{index + 1}")
        for index, ((clip, first, stop), start, length) in enumerate(
            zip(spans, starts, lengths, strict=False)
        )
    ]
    return Timeline(tuple(cuts), rate, size, **changes)


def many_cuts(
    clips: Sequence[Clip], rate: Fraction | int, count: int, seed: int = 0, **changes: Any
) -> Timeline:
    """A film that jumps about in the clips: cuts of 1 to 20 frames, the ends of clips included."""
    generator = np.random.default_rng(seed)
    spans = [(clips[0], 0, 3), (clips[-1], clips[-1].frames - 3, clips[-1].frames)]
    for index in range(count - 2):
        clip = clips[index % len(clips)]
        length = int(generator.integers(1, 21))
        first = int(generator.integers(0, clip.frames - length))
        spans.append((clip, first, first + length))
    return film(rate, spans, **changes)


def numbers(path: Path) -> list[int | None]:
    """The number that each frame of a film carries."""
    with av.open(str(path)) as source:
        pictures = source.decode(source.streams.video[0])
        return [media.read_number(picture.to_ndarray(format="rgb24")) for picture in pictures]


def heard(path: Path) -> np.ndarray:
    """A film's sound as a player gives it: (n, 2) float32 at 48 kHz."""
    with av.open(str(path)) as source:
        parts = [frame.to_ndarray().T for frame in source.decode(source.streams.audio[0])]
        return np.concatenate(parts)


def sound(speech: Sequence[tuple[float, float]] = (), loudness: float = -30.0) -> Sound:
    """An analysis of a clip's sound: speech spans in seconds, and its loudness all along."""
    none = np.zeros((0, 2))
    return Sound(
        present=True,
        speech=np.array(speech, dtype=np.float64).reshape(-1, 2),
        level=np.full(1000, -40.0, dtype=np.float32),
        loudness=np.full(100, loudness, dtype=np.float32),
        integrated=loudness,
        room=-60.0,
        onsets=np.zeros(0),
        silence=none,
    )
