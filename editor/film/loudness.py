"""Turn sound into its loudness and true peak, and hold it under a ceiling.

Loudness and true peak after ITU-R BS.1770-5 (https://www.itu.int/rec/R-REC-BS.1770), gating after
EBU R 128. Everything takes sound in blocks, so that an hour needs no more memory than a minute.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import firwin, sosfilt, upfirdn

RATE = 48_000  # Hz, of all sound in the film
FLOOR = -70.0  # LUFS, the absolute gate: what is softer counts as silence
PEAK_FLOOR = -100.0  # dBTP, reported for digital silence
LOOK_AHEAD = 240  # samples, 5 ms: the gain is down before the peak comes, without a click
RELEASE = 40.0 / RATE  # dB a sample: 6 dB come back in 150 ms, below what is heard as pumping
_STEP = RATE // 10  # samples between gating blocks
_STEPS = 4  # steps in a gating block of 400 ms
# BS.1770 table 1 and 2 at 48 kHz: the head's shelf, then the low cut.
_SHELF = [1.53512485958697, -2.69169618940638, 1.19839281085285]
_LOW_CUT = [1.0, -2.0, 1.0]
_K_WEIGHTING = np.array(
    [
        [*_SHELF, 1.0, -1.69065929318241, 0.73248077421585],
        [*_LOW_CUT, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
_PHASES = 4  # oversampling of the true peak
_REACH = 12  # samples at either side that the interpolation looks at
_INTERPOLATION = _PHASES * firwin(2 * _REACH * _PHASES + 1, 1 / _PHASES, window=("kaiser", 7.0))
# No peak between samples can exceed the highest sample by more than this factor.
_OVERSHOOT = float(max(np.abs(_INTERPOLATION[phase::_PHASES]).sum() for phase in range(_PHASES)))


class Meter:
    """Integrated loudness and true peak of stereo sound given block by block."""

    def __init__(self) -> None:
        self._state = np.zeros((2, 2, 2))
        self._rest = np.zeros((0, 2))
        self._energy: list[np.ndarray] = []
        self._tail = np.zeros((2 * _REACH, 2), dtype=np.float32)
        self._peak = 0.0

    def push(self, samples: np.ndarray) -> None:
        """Take the next block: (n, 2) float32 at RATE, full scale is 1."""
        if not len(samples):
            return
        weighted, self._state = sosfilt(_K_WEIGHTING, samples, axis=0, zi=self._state)
        weighted = np.concatenate([self._rest, weighted])
        whole = len(weighted) // _STEP * _STEP
        self._rest = weighted[whole:]
        steps = weighted[:whole].reshape(-1, _STEP, 2)  # (n, 2) -> (steps, _STEP, 2)
        self._energy.append(np.einsum("sic,sic->s", steps, steps) / _STEP)
        joined = np.concatenate([self._tail, samples])
        self._tail = joined[-2 * _REACH :]
        if float(np.abs(joined).max()) * _OVERSHOOT > self._peak:
            self._peak = max(self._peak, float(_peaks(joined).max(initial=0.0)))

    @property
    def integrated(self) -> float:
        """Gated loudness so far in LUFS; FLOOR where there is nothing louder."""
        energy = np.concatenate(self._energy) if self._energy else np.zeros(0)
        if len(energy) < _STEPS:
            energy = np.pad(energy, (0, _STEPS - len(energy)))
        blocks = np.convolve(energy, np.full(_STEPS, 1 / _STEPS), mode="valid")
        loud = blocks[blocks > _energy_of(FLOOR)]
        if not len(loud):
            return FLOOR
        loud = loud[loud > loud.mean() / 10]  # the relative gate, 10 LU down
        return max(FLOOR, float(-0.691 + 10 * np.log10(loud.mean())))

    @property
    def true_peak(self) -> float:
        """Highest true peak so far in dBTP; PEAK_FLOOR for digital silence."""
        # The last _REACH samples wait for followers: a sound that ends there is followed by none.
        ending = np.concatenate([self._tail, np.zeros((2 * _REACH, 2), dtype=np.float32)])
        peak = max(self._peak, float(_peaks(ending).max(initial=0.0)))
        return max(PEAK_FLOOR, float(20 * np.log10(max(peak, 1e-9))))


def _energy_of(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def highest(samples: np.ndarray) -> np.ndarray:
    """The louder channel's magnitude: (n, 2) -> (n,). (NumPy's max over two columns is slow.)"""
    return np.asarray(np.maximum(np.abs(samples[:, 0]), np.abs(samples[:, 1])))


def _peaks(samples: np.ndarray) -> np.ndarray:
    """True peak about each sample that has _REACH others at both sides.

    samples: (n, 2) float32. Returns (n - 2 * _REACH,) float32, linear, both channels' highest.
    """
    if len(samples) <= 2 * _REACH:
        return np.zeros(0, dtype=np.float32)
    taps = _INTERPOLATION.astype(samples.dtype)
    dense = highest(upfirdn(taps, samples, up=_PHASES, axis=0))
    delay = _REACH * _PHASES
    first = delay + _REACH * _PHASES
    count = len(samples) - 2 * _REACH
    peaks = highest(samples[_REACH:-_REACH])
    for phase in range(_PHASES):
        np.maximum(peaks, dense[first + phase :: _PHASES][:count], out=peaks)
    return peaks


class Limiter:
    """Gain and a look-ahead true-peak limiter over sound that can be read at any place.

    Blocks must be asked for in order. Peaks between samples count, at 4 times oversampling; the
    gain moves LOOK_AHEAD ahead of a peak, linked over both channels, and comes back by RELEASE.
    """

    def __init__(self, read: Callable[[int, int], np.ndarray], gain: float, ceiling: float) -> None:
        """read(start, stop) gives (n, 2) float32, zeros outside the film. gain in dB, ceiling in
        dBTP."""
        self._read, self._gain, self._ceiling = read, 10 ** (gain / 20), ceiling
        self._held: np.ndarray | None = None  # dB, LOOK_AHEAD samples of released gain just before
        self.deepest = 0.0  # dB, the most that was taken away so far

    def block(self, start: int, stop: int) -> np.ndarray:
        """The limited sound of [start, stop): (n, 2) float32."""
        reach = _REACH + 1
        around = self._read(start - reach, stop + LOOK_AHEAD + reach) * np.float32(self._gain)
        sound = around[reach : reach + stop - start]
        limit = 10 ** (self._ceiling / 20)
        if float(np.abs(around).max(initial=0.0)) * _OVERSHOOT <= limit and (
            self._held is None or not self._held.any()
        ):
            self._held = np.zeros(LOOK_AHEAD)
            return sound
        peaks = _peaks(around)  # one more at either end than [start, stop + LOOK_AHEAD)
        # The peak between two samples counts for both.
        peaks = np.maximum(peaks[1:-1], peaks[:-2])
        needed = np.minimum(0.0, self._ceiling - 20 * np.log10(np.maximum(peaks, 1e-9)))
        gain = self._smooth(needed, stop - start)
        self.deepest = min(self.deepest, float(gain.min(initial=0.0)))
        return np.asarray(sound * (10 ** (gain / 20)).astype(np.float32)[:, None])

    def _smooth(self, needed: np.ndarray, count: int) -> np.ndarray:
        """Gain in dB: down over LOOK_AHEAD before each need, up by RELEASE after it."""
        window = LOOK_AHEAD + 1
        ahead = minimum_filter1d(needed, window, mode="nearest", origin=-(window // 2))[:count]
        if self._held is None:  # a film that begins with a peak begins with its gain down
            self._held = np.full(LOOK_AHEAD, ahead[0])
        slope = RELEASE * np.arange(1, count + 1)
        falls = np.minimum.accumulate(np.concatenate([[self._held[-1]], ahead - slope]))[1:]
        held = np.concatenate([self._held, np.minimum(0.0, falls + slope)])
        self._held = held[-LOOK_AHEAD:]
        total = np.concatenate([[0.0], np.cumsum(held)])
        return np.asarray((total[LOOK_AHEAD:] - total[:-LOOK_AHEAD])[1:] / LOOK_AHEAD)
