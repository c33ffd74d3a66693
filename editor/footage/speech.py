"""Turn a detector's probabilities and the sound's level into segments of speech.

A detector of speech is sure only to a tenth of a second and runs words together over short
pauses. The level has the last word: segments end where it falls to the floor around them.
"""

import numpy as np

SURE = 0.5  # probability at which speech begins,
DOUBT = 0.35  # and below which it ends: between the two it goes on
SHORTEST = 0.2  # s of speech; less is a noise
JOIN = 0.35  # s, a shorter pause is inside the phrase: no room for air at both sides, and a frame
REACH = 0.3  # s that a segment's end is moved at most to where the level falls
UNDER = 28.0  # dB below the loud half of speech; weaker than that no word is,
OVER = 6.0  # dB over the floor, where that is higher
CLEAR = 9.0  # dB from floor to speech; with less the level tells nothing
NEIGHBOURHOOD = 10.0  # s either side, in which a segment's floor is sought
SMOOTH = 0.03  # s, over which the level is averaged


def segments(probability: np.ndarray, chunk: float, level: np.ndarray, step: float) -> np.ndarray:
    """(K, 2) float64 seconds of speech, half-open, ascending, JOIN or more apart.

    probability: (C,) of each `chunk` seconds. level: (L,) dBFS of each `step` seconds.
    """
    found: list[tuple[float, float]] = []
    smooth = smoothed(level, step)
    for first, stop in _heard(probability):
        line = word_line(smooth, first * chunk, stop * chunk, step)
        start, end = first * chunk, min(stop * chunk, len(level) * step)
        if line is not None:
            found.extend(_trimmed(smooth, start, end, line, step))
        elif end > start:
            found.append((start, end))
    return _joined(found)


def smoothed(level: np.ndarray, step: float) -> np.ndarray:
    """Level in dBFS averaged as power over SMOOTH, centred."""
    size = max(1, round(SMOOTH / step))
    power = np.pad(10 ** (level.astype(np.float64) / 10), size // 2, mode="edge")
    mean = np.convolve(power, np.full(size, 1 / size), mode="valid")[: len(level)]
    return 10 * np.log10(np.maximum(mean, 1e-10))


def floor_near(smooth: np.ndarray, start: float, end: float, step: float) -> float:
    """Level in dBFS that a stretch's surroundings fall to between sounds."""
    first = max(0, round((start - NEIGHBOURHOOD) / step))
    near = smooth[first : max(first + 1, round((end + NEIGHBOURHOOD) / step))]
    return float(np.percentile(near, 5))


def word_line(smooth: np.ndarray, start: float, end: float, step: float) -> float | None:
    """Level in dBFS above which a stretch of speech is words; None where noise hides it."""
    inside = smooth[round(start / step) : max(round(start / step) + 1, round(end / step))]
    if not len(inside):
        return None
    floor, speech = floor_near(smooth, start, end, step), float(np.percentile(inside, 75))
    return max(floor + OVER, speech - UNDER) if speech - floor >= CLEAR else None


def _heard(probability: np.ndarray) -> list[tuple[int, int]]:
    """Runs of chunks that begin at SURE and go on while not below DOUBT."""
    runs: list[tuple[int, int]] = []
    first = -1
    for i, p in enumerate(probability):
        if first < 0 and p >= SURE:
            first = i
        elif first >= 0 and p < DOUBT:
            runs.append((first, i))
            first = -1
    if first >= 0:
        runs.append((first, len(probability)))
    return runs


def _trimmed(
    smooth: np.ndarray, start: float, end: float, line: float, step: float
) -> list[tuple[float, float]]:
    """The parts of [start - REACH, end + REACH) that are words, joined to what was heard."""
    first, stop = round(start / step), round(end / step)
    low, high = max(0, round((start - REACH) / step)), min(len(smooth), round((end + REACH) / step))
    loud = smooth > line
    begin = first
    while begin > low and loud[begin - 1]:
        begin -= 1
    finish = min(stop, high)
    while finish < high and loud[finish]:
        finish += 1
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud[begin:finish].astype(np.int8), [0]))))
    return [((begin + a) * step, (begin + b) * step) for a, b in edges.reshape(-1, 2).tolist()]


def _joined(found: list[tuple[float, float]]) -> np.ndarray:
    """Close pauses shorter than JOIN; drop what is then shorter than SHORTEST."""
    joined: list[list[float]] = []
    for start, end in sorted(found):
        if joined and start - joined[-1][1] < JOIN:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    kept = [pair for pair in joined if pair[1] - pair[0] >= SHORTEST]
    return np.array(kept, np.float64).reshape(-1, 2)
