"""Turn a film as it stands into what is drawn along it: sound, speech, faces, beats, pace."""

import math
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from editor.config import Style
from editor.film.soundtrack import speech_in_film
from editor.film.timeline import Cut, Timeline
from editor.footage.measures import Analysis
from editor.timing import to_frames

MOST_LEVELS = 20_000  # values of the waveform: no screen is wider
SILENT = -100.0  # dBFS, analysis's floor
TWO_THIRDS = 0.967  # sd either side of the mean within which lie two thirds of a normal law
STEP = 0.01  # s between analysis's levels


def draw(
    timeline: Timeline, analyses: Mapping[str, Analysis], style: Style | None, beats: np.ndarray
) -> dict[str, Any]:
    """As docs/review-api.md has it. analyses: by digest; beats: (M,) float64, s of the music."""
    step = max(1, math.ceil(timeline.frames / MOST_LEVELS))
    sounds = {digest: known.sound for digest, known in analyses.items()}
    levels = [_levels(cut, timeline.rate, analyses.get(cut.clip.digest)) for cut in timeline.cuts]
    return {
        "frames": timeline.frames,
        "waveform": {"step": step, "level": _coarser(np.concatenate(levels), step)},
        "speech": _frames(speech_in_film(timeline, sounds), timeline),
        "faces": [span for cut in timeline.cuts for span in _faces(cut, timeline.rate, analyses)],
        "beats": _beats(timeline, beats),
        "pacing": [_pace(cut, timeline, style) for cut in timeline.cuts],
    }


def _levels(cut: Cut, rate: Fraction, known: Analysis | None) -> np.ndarray:
    """(L,) float64 dBFS: the loudest 10 ms within each film frame of a cut."""
    if known is None or not known.sound.present or not len(known.sound.level):
        return np.full(cut.length, SILENT)
    begin = float(cut.source.first / cut.clip.rate)
    edges = begin + np.arange(cut.length + 1) / float(rate)  # s of the clip
    at = np.clip(np.floor(edges / STEP).astype(np.int64), 0, len(known.sound.level) - 1)
    return np.array(
        [known.sound.level[a : max(a + 1, b)].max() for a, b in pairwise(at.tolist())],
        np.float64,
    )


def _coarser(levels: np.ndarray, step: int) -> list[float]:
    starts = np.arange(0, len(levels), step)
    return [round(float(level), 1) for level in np.maximum.reduceat(levels, starts)]


def _frames(spans: np.ndarray, timeline: Timeline) -> list[list[int]]:
    """(K, 2) seconds of the film as whole frames."""
    found = []
    for begin, end in spans:
        first = max(0, to_frames(Fraction(float(begin)), timeline.rate))
        stop = min(timeline.frames, to_frames(Fraction(float(end)), timeline.rate))
        if first < stop:
            found.append([first, stop])
    return found


def _faces(cut: Cut, rate: Fraction, analyses: Mapping[str, Analysis]) -> list[list[int]]:
    """Film frames of a cut on which a face was found; each look holds until the next one."""
    known = analyses.get(cut.clip.digest)
    if known is None:
        return []
    looks = known.moments
    first, stop = cut.source.first, cut.source.stop
    begin = max(0, int(np.searchsorted(looks.frame, first, side="right")) - 1)
    found: list[list[int]] = []
    for at in range(begin, len(looks.frame)):
        frame = int(looks.frame[at])
        if frame >= stop:
            break
        if looks.faces[at, 0] <= 0:
            continue
        until = int(looks.frame[at + 1]) if at + 1 < len(looks.frame) else stop
        low, high = (
            cut.start + to_frames((min(max(edge, first), stop) - first) / cut.clip.rate, rate)
            for edge in (frame, until)
        )
        high = min(high, cut.stop)
        if found and found[-1][1] >= low:
            found[-1][1] = high
        elif low < high:
            found.append([low, high])
    return found


def _beats(timeline: Timeline, beats: np.ndarray) -> list[int]:
    if timeline.music is None:
        return []
    offset = timeline.music.offset
    frames = (to_frames(Fraction(float(beat)) - offset, timeline.rate) for beat in beats)
    return sorted({frame for frame in frames if 0 <= frame < timeline.frames})


def _pace(cut: Cut, timeline: Timeline, style: Style | None) -> dict[str, Any]:
    """A cut's length beside what the style asks at its place in the film, s."""
    seconds = float(cut.length / timeline.rate)
    row: dict[str, Any] = {
        "film_in": cut.start,
        "film_out": cut.stop,
        "seconds": round(seconds, 4),
        "median": None,
        "low": None,
        "high": None,
    }
    if style is None:
        return row
    pace = style.pace
    place = (cut.start + cut.length / 2) / timeline.frames
    factor = float(np.interp(place, np.linspace(0, 1, len(pace.curve)), pace.curve))
    low, median, high = pace.seconds_at(np.array([-TWO_THIRDS, 0.0, TWO_THIRDS])) * factor
    wants = {"median": median, "low": low, "high": high}
    return {**row, **{key: round(value, 4) for key, value in wants.items()}}
