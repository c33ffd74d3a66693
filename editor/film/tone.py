"""Turn the quiet parts of a clip's sound into room tone of any length.

White noise is shaped to the mean spectrum of the quietest moments, mid and side apart, so that it
neither repeats as a loop would nor carries a word with it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import oaconvolve

from editor.film.loudness import RATE

WINDOW = 2048  # samples, 43 ms: fine enough for hum and ventilation
QUIET_SHARE = 0.1  # of a clip's moments that are taken as its room
FEWEST = 4  # windows from which a spectrum is believed
DIGITAL_SILENCE = 1e-5  # linear, -100 dBFS: no microphone in a room is as quiet
LOUDEST = 10 ** (-50 / 20)  # linear RMS: louder "quiet parts" are music or traffic, not a room
BELOW_SOUND = 10 ** (-20 / 20)  # of the clip's own RMS, for the same reason
_FAINT = 10 ** (-72 / 20)  # linear RMS of the stand-in for a room that nobody recorded
_BLOCK = RATE  # samples of noise drawn from one generator


@dataclass(frozen=True)
class RoomTone:
    """Two filters that turn white noise into a room's sound."""

    mid: np.ndarray  # (WINDOW,) float32, impulse response of the two channels' mean
    side: np.ndarray  # (WINDOW,) float32, of half their difference
    seed: int

    def block(self, start: int, stop: int) -> np.ndarray:
        """Tone at film samples [start, stop): (n, 2) float32, the same whenever it is asked for."""
        noise = _noise(start - WINDOW + 1, stop, self.seed)
        mid = oaconvolve(noise[:, 0], self.mid, mode="valid")
        side = oaconvolve(noise[:, 1], self.side, mode="valid")
        return np.stack([mid + side, mid - side], axis=1).astype(np.float32)


def measure(samples: np.ndarray, seed: int) -> RoomTone | None:
    """Learn a room from a clip's sound: (n, 2) float32. None where it holds no room to learn."""
    count = len(samples) // WINDOW
    windows = samples[: count * WINDOW].reshape(count, WINDOW, 2)  # (n, 2) -> (count, WINDOW, 2)
    level = np.sqrt(np.mean(windows**2, axis=(1, 2)))
    heard = np.flatnonzero(level > DIGITAL_SILENCE)
    if len(heard) < FEWEST:
        return None
    order = heard[np.argsort(level[heard], kind="stable")]
    quiet = windows[order[: max(FEWEST, round(QUIET_SHARE * len(order)))]]
    mid, side = quiet.mean(axis=2), (quiet[..., 0] - quiet[..., 1]) / 2
    rms = float(np.sqrt(np.mean(quiet**2)))
    cap = min(LOUDEST, BELOW_SOUND * float(np.sqrt(np.mean(level[heard] ** 2))))
    # A steady room has no sound above it: it may be as loud as itself, up to LOUDEST.
    if float(level[heard].max()) < 4 * rms:
        cap = LOUDEST
    gain = min(1.0, cap / rms)
    return RoomTone(gain * _response(mid), gain * _response(side), seed)


def faint(seed: int) -> RoomTone:
    """A stand-in where no clip holds a room: soft brown noise."""
    frequency = np.fft.rfftfreq(WINDOW, 1 / RATE)
    shape = 1 / np.maximum(frequency, 60.0)
    response = _centred(shape)
    response *= _FAINT / np.sqrt(np.sum(response**2) * 2)
    return RoomTone(response, response, seed)


def _response(windows: np.ndarray) -> np.ndarray:
    """Impulse response that gives unit white noise the mean power spectrum of (n, WINDOW) sound."""
    taper = np.hanning(WINDOW)
    power = np.mean(np.abs(np.fft.rfft(windows * taper, axis=1)) ** 2, axis=0)
    return _centred(np.sqrt(power / np.sum(taper**2)))


def _centred(magnitude: np.ndarray) -> np.ndarray:
    """A linear-phase impulse response of the magnitude, tapered: (WINDOW,) float32."""
    response = np.fft.fftshift(np.fft.irfft(magnitude, WINDOW)) * np.hanning(WINDOW)
    return response.astype(np.float32)


def _noise(start: int, stop: int, seed: int) -> np.ndarray:
    """White noise of unit RMS at film samples [start, stop): (n, 2) float32."""
    parts = []
    for block in range(start // _BLOCK, (stop - 1) // _BLOCK + 1):
        generator = np.random.default_rng([seed, block + 1])  # the first begins before sample 0
        part = generator.standard_normal((_BLOCK, 2), dtype=np.float32)
        first = block * _BLOCK
        parts.append(part[max(0, start - first) : stop - first])
    return np.concatenate(parts)
