"""Turn the rise of a piece of music's sound into its beats.

D. Ellis, Beat Tracking by Dynamic Programming (2007), https://doi.org/10.1080/09298210701653344:
one tempo for the whole by autocorrelation under a prior (section 3.2), then the chain of beats
that best trades strong rises against even spacing (equations 1 to 6). Left out: a second tempo,
and tempo that drifts by more than the chain bends. In numpy alone, since librosa's tracker is
compiled at its first call (a minute and more on two busy cores) and was seen to crash on the
compiled copy that it keeps on disk.
"""

import numpy as np

USUAL = 120.0  # beats a minute, the middle of the prior
OCTAVES = 1.0  # standard deviation of the prior, in octaves
SLOWEST, FASTEST = 40.0, 240.0  # beats a minute
TIGHTNESS = 100.0  # weight of even spacing, Ellis's alpha for log-squared deviation
WEAK = 0.5  # of the beats' root mean square; weaker ones at either end are not played


def track(rise: np.ndarray, step: float) -> np.ndarray:
    """(M,) float64 seconds of beats, ascending; none where nothing rises.

    rise: (T,) rise of loudness over all bands at each `step` seconds, 0 or more.
    """
    if len(rise) * step < 2 * 60 / SLOWEST or rise.std() == 0:
        return np.zeros(0, np.float64)
    strength = rise / rise.std()
    period = tempo(strength, step)
    local = _smoothed(strength, period)
    chain = _trimmed(_chain(local, period), local)
    return chain * step


def tempo(strength: np.ndarray, step: float) -> int:
    """Steps between two beats: the lag at which the music is most like itself, near USUAL."""
    centred = strength - strength.mean()
    size = 1 << (2 * len(centred) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    alike = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(centred)]
    lags = np.arange(round(60 / FASTEST / step), round(60 / SLOWEST / step) + 1)
    # A lag counts with its double: beats recur in bars, syncopation does not.
    at = np.minimum(lags[:, None] * np.arange(1, 3), len(alike) - 1)
    score = np.maximum(alike[at], 0).mean(axis=1)
    prior = np.exp(-0.5 * (np.log2(60 / (lags * step) / USUAL) / OCTAVES) ** 2)
    return int(lags[np.argmax(score * prior)])


def _smoothed(strength: np.ndarray, period: int) -> np.ndarray:
    """The rise blurred over a small part of a beat: what is played is never quite even."""
    away = np.arange(-period, period + 1)
    kernel = np.exp(-0.5 * (32 * away / period) ** 2)
    return np.convolve(strength, kernel, mode="same")


def _chain(local: np.ndarray, period: int) -> np.ndarray:
    """The best chain of steps whose gaps lie between half a period and two."""
    lags = np.arange(max(1, period // 2), 2 * period + 1)
    price = TIGHTNESS * np.log(lags / period) ** 2
    best, before = np.array(local), np.full(len(local), -1)
    for i in range(lags[0], len(local)):
        reach = lags[: np.searchsorted(lags, i, side="right")]
        score = best[i - reach] - price[: len(reach)]
        k = int(np.argmax(score))
        if score[k] > 0:
            best[i] += score[k]
            before[i] = i - reach[k]
    last = len(best) - period + int(np.argmax(best[-period:]))
    chain = [last]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return np.array(chain[::-1], np.int64)


def _trimmed(chain: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Without the beats at either end at which nothing is played."""
    strong = np.flatnonzero(local[chain] >= WEAK * np.sqrt((local[chain] ** 2).mean()))
    return chain[strong[0] : strong[-1] + 1] if len(strong) else chain[:0]
