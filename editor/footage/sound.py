"""Turn a clip's sound into speech, level, loudness, onsets and silence, in one pass of blocks.

Times are seconds on the clip's clock. A block a second passes one Fourier transform: its spectrum
gives the K-weighted signal for loudness and the 16 kHz signal that speech is heard in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from editor.errors import EditorError, FootageError
from editor.footage import samples
from editor.footage.beats import track
from editor.footage.clip import Clip
from editor.footage.measures import LEVEL_STEP as STEP
from editor.footage.measures import Sound
from editor.footage.speech import segments

RATE = 48_000  # Hz, that ITU-R BS.1770's filter is given for
HOP = RATE  # samples of one block
GUARD = RATE // 10  # samples at either side: K-weighting's response is over after 0.1 s
VOICE_RATE = 16_000  # Hz, that the speech detector was trained at
LEVEL_FLOOR = -100.0  # dBFS
LOUDNESS_FLOOR = -70.0  # LUFS, BS.1770's absolute gate
WINDOW = 512  # samples at VOICE_RATE of the onset spectra
BANDS = 32  # groups of bins that rise together at an onset
SILENT = -60.0  # dBFS; nothing audible lies below it in a film at -16 LUFS
SILENCE = 0.2  # s, a shorter one is a pause
CEPSTRUM = 12  # numbers of timbre
TIMBRE_STEPS = 4  # STEPs that one timbre is of
ONSET_GAP = 0.1  # s between two onsets
ONSET_RISE = 0.5  # mean rise of a band's log power (natural) at an onset, above its surroundings
ONSET_OVER_ROOM = 6.0  # dB above the room tone that an onset reaches


def listen(clip: Clip) -> Sound:
    """Measure the clip's used track; `present` is False where it has none."""
    if samples.used_track(clip) is None:
        return absent()
    return measure(samples.blocks(clip, RATE, 2, 1.0))


def absent() -> Sound:
    """The sound of a clip that has none."""
    empty = np.zeros(0, np.float32)
    pairs = np.zeros((0, 2), np.float64)
    nothing = np.zeros(0, np.float64)
    return Sound(False, pairs, empty, empty, LOUDNESS_FLOOR, LEVEL_FLOOR, nothing, pairs.copy())


def measure(blocks: Iterable[np.ndarray]) -> Sound:
    """Measure (n, 2) float32 blocks at RATE, of any length each, that follow one another."""
    taken = _Taken()
    voice = _Voice()
    for hop, count in _hops(blocks):
        _take(taken, voice, hop, count)
    if not taken.samples:
        return absent()
    level = np.concatenate(taken.level)
    flux = np.concatenate(taken.flux)[: len(level)]
    quarter = np.concatenate(taken.energy)
    room = room_tone(level)
    speech = segments(np.array(voice.probabilities), _Voice.CHUNK / VOICE_RATE, level, STEP)
    return Sound(
        True,
        speech,
        level,
        momentary(quarter),
        integrated(quarter),
        room,
        _onsets(flux, level, room),
        _silence(level),
        np.concatenate(taken.timbre),
    )


# --- one block ------------------------------------------------------------------------------------


@dataclass
class _Taken:
    """What is kept of the blocks so far."""

    samples: int = 0
    level: list[np.ndarray] = field(default_factory=list)  # dBFS of each 10 ms
    energy: list[np.ndarray] = field(default_factory=list)  # K-weighted mean square a 100 ms
    flux: list[np.ndarray] = field(default_factory=list)  # rise of log power a 10 ms
    timbre: list[np.ndarray] = field(default_factory=list)  # cepstrum of each 40 ms
    tail: np.ndarray = field(default_factory=lambda: np.zeros(WINDOW // 2, np.float32))
    bands: np.ndarray = field(default_factory=lambda: np.zeros((2, BANDS), np.float32))


def _hops(blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, int]]:
    """Cut blocks into (GUARD + HOP + GUARD, 2) windows; the second is how many of HOP are sound."""
    held = np.zeros((GUARD, 2), np.float32)
    for block in blocks:
        held = np.concatenate((held, block.astype(np.float32, copy=False)))
        while len(held) >= HOP + 2 * GUARD:
            yield held[: HOP + 2 * GUARD], HOP
            held = held[HOP:]
    while (left := len(held) - GUARD) > 0:
        window = np.zeros((HOP + 2 * GUARD, 2), np.float32)
        window[: min(len(held), len(window))] = held[: len(window)]
        yield window, min(left, HOP)
        held = held[HOP:]


def _take(taken: _Taken, voice: "_Voice | None", window: np.ndarray, count: int) -> None:
    taken.samples += count
    spectrum = np.fft.rfft(window, axis=0)  # (F, 2) complex64
    weighted = np.fft.irfft(spectrum * _k_response()[:, None], len(window), axis=0)
    weighted = weighted[GUARD : GUARD + HOP].astype(np.float32)
    size = RATE // 10
    energy = (weighted.reshape(-1, size, 2) ** 2).mean(axis=1).sum(axis=1)  # (10, size, 2) -> (10,)
    taken.energy.append(energy[: max(1, count // size)] if count < HOP else energy)

    mono = window[GUARD : GUARD + HOP].mean(axis=1)
    size = round(STEP * RATE)
    power = (mono.reshape(-1, size) ** 2).mean(axis=1)
    taken.level.append(_decibels(power)[: -(-count // size)])

    low = _low(spectrum.mean(axis=1))
    bands = _bands(taken, low)
    taken.flux.append(_flux(taken, bands))
    taken.timbre.append(_timbre(bands)[: -(-count // (TIMBRE_STEPS * size))])
    if voice is not None:
        voice.hear(low[: -(-count * VOICE_RATE // RATE)])


@cache
def _k_response() -> np.ndarray:
    """(F,) complex64, K-weighting of ITU-R BS.1770-4, tables 1 and 2, at the window's bins."""
    z = np.exp(-2j * np.pi * np.arange((HOP + 2 * GUARD) // 2 + 1) / (HOP + 2 * GUARD))
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    response: np.ndarray = (shelf * high_pass).astype(np.complex64)
    return response


def _low(spectrum: np.ndarray) -> np.ndarray:
    """A block's (F,) spectrum at RATE as (VOICE_RATE,) float32 of sound at VOICE_RATE."""
    ratio = RATE // VOICE_RATE
    length = (HOP + 2 * GUARD) // ratio
    kept = spectrum[: length // 2 + 1].copy()
    edge = len(kept) // 20  # the top 5 % fade out, so that nothing rings
    kept[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    low = np.fft.irfft(kept, length) / ratio
    guard = GUARD // ratio
    return low[guard : guard + HOP // ratio].astype(np.float32)


def _bands(taken: _Taken, low: np.ndarray) -> np.ndarray:
    """(100, BANDS) float32: a second's power in each band, every 10 ms."""
    size = round(STEP * VOICE_RATE)
    whole = np.concatenate((taken.tail, low))
    taken.tail = whole[-(WINDOW // 2) :]
    padded = np.concatenate((whole, np.zeros(WINDOW // 2, np.float32)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(low) : size]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2  # (100, WINDOW) -> (100, bins)
    bands: np.ndarray = np.add.reduceat(power, _band_edges(), axis=1)  # (100, bins) -> (100, BANDS)
    return bands


def _timbre(bands: np.ndarray) -> np.ndarray:
    """(25, CEPSTRUM) float16: a second's timbre, every 40 ms."""
    power = bands.reshape(-1, TIMBRE_STEPS, BANDS).mean(axis=1)  # (100, BANDS) -> (25, BANDS)
    cepstrum: np.ndarray = np.log(power + 1e-4).astype(np.float32) @ _cosines()
    return cepstrum.astype(np.float16)


def _flux(taken: _Taken, bands: np.ndarray) -> np.ndarray:
    """(100,) float32, mean rise of the bands' log power against 20 ms before."""
    log = np.log(bands + 1e-4).astype(np.float32)
    history = np.concatenate((taken.bands, log))
    taken.bands = log[-2:]
    rise: np.ndarray = np.maximum(history[2:] - history[:-2], 0).mean(axis=1)
    return rise


@cache
def _hann() -> np.ndarray:
    return np.hanning(WINDOW).astype(np.float32)


@cache
def _band_edges() -> np.ndarray:
    """First bin of each band: one bin wide below, widening above as hearing does."""
    edges = np.unique(np.geomspace(2, WINDOW // 2, BANDS * 2).astype(int))
    first: np.ndarray = edges[np.linspace(0, len(edges) - 2, BANDS).astype(int)]
    return first


@cache
def _cosines() -> np.ndarray:
    """(BANDS, CEPSTRUM) float32: cosine transform (DCT-II) without its constant."""
    k, n = np.arange(1, CEPSTRUM + 1), np.arange(BANDS) + 0.5
    cosines: np.ndarray = np.cos(np.pi / BANDS * n[:, None] * k) * np.sqrt(2 / BANDS)
    return cosines.astype(np.float32)


def _decibels(power: np.ndarray) -> np.ndarray:
    level: np.ndarray = 10 * np.log10(np.maximum(power, 10 ** (LEVEL_FLOOR / 10)))
    return level.astype(np.float32)


class _Voice:
    """Silero's speech detector, 32 ms after 32 ms, with what it remembers."""

    CHUNK = 512  # samples
    CONTEXT = 64  # samples of the chunk before that it is shown again

    def __init__(self) -> None:
        self.probabilities: list[float] = []
        self._session = _detector()
        self._state = np.zeros((2, 1, 128), np.float32)
        self._held = np.zeros(self.CONTEXT, np.float32)

    def hear(self, sound: np.ndarray) -> None:
        """Take (n,) float32 at VOICE_RATE; what is left of a chunk waits for more."""
        held = np.concatenate((self._held, sound))
        size = self.CONTEXT + self.CHUNK
        rate = np.array(VOICE_RATE, np.int64)
        while len(held) >= size:
            given = {"input": held[None, :size], "state": self._state, "sr": rate}
            found, self._state = self._session.run(None, given)
            self.probabilities.append(float(found[0, 0]))
            held = held[self.CHUNK :]
        self._held = held


@cache
def _detector() -> Any:
    import onnxruntime  # 0.3 s: only where something is heard

    spec = find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise EditorError("The speech detector is not installed: pip install silero-vad")
    path = Path(next(iter(spec.submodule_search_locations))) / "data" / "silero_vad.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


# --- the whole ------------------------------------------------------------------------------------


def room_tone(level: np.ndarray) -> float:
    """The level in dBFS below which 10 % of the sound lies; digital silence is no room."""
    heard = level[level > LEVEL_FLOOR + 5]
    return float(np.percentile(heard, 10)) if len(heard) else LEVEL_FLOOR


def momentary(energy: np.ndarray) -> np.ndarray:
    """(Q,) float32 LUFS, floor -70: entry q is of the 400 ms that begin at q tenths of a second.

    energy: K-weighted mean square of each 100 ms, summed over channels (BS.1770-4, equation 2).
    """
    blocks = _blocks(energy)
    loud = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-12))
    floored: np.ndarray = np.maximum(loud, LOUDNESS_FLOOR)
    return floored.astype(np.float32)


def integrated(energy: np.ndarray) -> float:
    """LUFS of the whole, gated at -70 and then 10 LU below the mean (BS.1770-4, equations 3-7)."""
    blocks = _blocks(energy)
    loud = -0.691 + 10 * np.log10(np.maximum(blocks, 1e-12))
    heard = loud > LOUDNESS_FLOOR
    if not heard.any():
        return LOUDNESS_FLOOR
    gate = -0.691 + 10 * np.log10(blocks[heard].mean()) - 10
    kept = heard & (loud > gate)
    return max(LOUDNESS_FLOOR, float(-0.691 + 10 * np.log10(blocks[kept].mean())))


def _blocks(energy: np.ndarray) -> np.ndarray:
    """Mean square of each 400 ms, every 100 ms; of what there is, where that is less."""
    if len(energy) < 4:
        return np.array([energy.mean()])
    sums = np.concatenate(([0.0], np.cumsum(energy, dtype=np.float64)))
    means: np.ndarray = np.maximum((sums[4:] - sums[:-4]) / 4, 0)
    return means


def _onsets(flux: np.ndarray, level: np.ndarray, room: float) -> np.ndarray:
    """Seconds at which a sound begins: peaks of the flux over its surroundings."""
    reach, around = round(ONSET_GAP / 2 / STEP), round(0.5 / STEP)
    if len(flux) < 3:
        return np.zeros(0, np.float64)
    padded = np.pad(flux, around, mode="edge")
    usual = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1).mean(axis=1)
    highest = np.lib.stride_tricks.sliding_window_view(
        np.pad(flux, reach, constant_values=0), 2 * reach + 1
    ).max(axis=1)
    after = np.lib.stride_tricks.sliding_window_view(np.pad(level, (0, 5), mode="edge"), 6).max(
        axis=1
    )
    found = (flux >= highest) & (flux > usual + ONSET_RISE) & (after > room + ONSET_OVER_ROOM)
    found[:2] = False  # the flux of the first 20 ms has nothing before it
    return np.flatnonzero(found & (after > SILENT)) * STEP


def _silence(level: np.ndarray) -> np.ndarray:
    """(S, 2) float64 seconds of the runs below SILENT that last at least SILENCE."""
    quiet = np.concatenate(([False], level < SILENT, [False]))
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8))).reshape(-1, 2)
    long = edges[:, 1] - edges[:, 0] >= SILENCE / STEP
    return edges[long].astype(np.float64) * STEP


# --- music ----------------------------------------------------------------------------------------

BEAT_SNAP = 0.06  # s: a beat lies on the onset that near it, not beside it


def beats(path: Path) -> np.ndarray:
    """Seconds of a piece of music's beats, each on the onset nearest it. (M,) float64, ascending.

    Raises FootageError where the file has no sound that can be read, or less than a second.
    """
    music = samples.read_file(path, RATE, 2)
    if len(music) < RATE:
        raise FootageError(f"{path}: less than a second of sound is no music to cut on.")
    taken = _Taken()
    for hop, count in _hops([music]):
        _take(taken, None, hop, count)
    level = np.concatenate(taken.level)
    flux = np.concatenate(taken.flux)[: len(level)]
    return snap(track(flux, STEP), _onsets(flux, level, room_tone(level)))


def snap(times: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Move each time to the nearest onset within BEAT_SNAP. Both in seconds, ascending."""
    if not len(onsets) or not len(times):
        return times
    right = np.minimum(np.searchsorted(onsets, times), len(onsets) - 1)
    left = np.maximum(right - 1, 0)
    nearer_left = np.abs(onsets[left] - times) <= np.abs(onsets[right] - times)
    nearest = np.where(nearer_left, onsets[left], onsets[right])
    moved: np.ndarray = np.unique(np.where(np.abs(nearest - times) <= BEAT_SNAP, nearest, times))
    return moved
