"""Turn a line of dialogue into speech, the same samples every time, with eSpeak NG.

eSpeak NG (GPL-3) is a tool of this script only: the package espeakng-loader brings its library,
the product neither imports nor ships it, and what it says is ours.
"""

import ctypes
import subprocess
import sys
from dataclasses import dataclass
from math import gcd

import espeakng_loader  # type: ignore[import-untyped]
import numpy as np
from scipy import signal

RATE = 48_000  # Hz
SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback, not to a sound card
SPEED, PITCH, RANGE = 1, 3, 4  # espeak_PARAMETER
UTF8 = 1
QUIET = 10 ** (-40 / 20)  # of the line's peak: below it is no voice

_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Voice:
    """Who speaks, and how."""

    name: str  # eSpeak's voice and variant
    pitch: int  # 0-100
    range: int  # 0-100, of the melody
    warmth: float  # dB below 300 Hz


MIRA = Voice("en-us+Annie", 46, 62, 1.5)
TOM = Voice("en-us+Andy", 30, 48, 2.5)


def say(text: str, voice: Voice, words_a_minute: int) -> np.ndarray:
    """The line as (N,) float32 at RATE, peak about 0.5, without silence at its ends.

    Each line is spoken by a process of its own: eSpeak carries its breath and melody over from
    one line to the next, and would say the same line otherwise the second time.
    """
    command = [sys.executable, __file__, text, voice.name, str(words_a_minute)]
    command += [str(voice.pitch), str(voice.range)]
    spoken = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    rate = int.from_bytes(spoken[:4], "little")
    samples = np.frombuffer(spoken[4:], dtype="<i2").astype(np.float32) / 32768
    return _natural(samples, rate, voice)


def speak(text: str, name: str, words_a_minute: int, pitch: int, melody: int) -> bytes:
    """What eSpeak says: its rate in four bytes, then 16-bit samples."""
    library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    data = str(espeakng_loader.get_data_path()).encode()
    rate = int(library.espeak_Initialize(SYNCHRONOUS, 0, data, 0))
    if rate <= 0:
        raise ValueError("eSpeak NG could not be started.")
    heard: list[bytes] = []

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: object) -> int:
        if samples and count > 0:
            heard.append(np.ctypeslib.as_array(samples, (count,)).astype("<i2").tobytes())
        return 0

    keep = _CALLBACK(take)  # alive as long as the library may call it
    library.espeak_SetSynthCallback(keep)
    if library.espeak_SetVoiceByName(name.encode()) != 0:
        raise ValueError(f"eSpeak NG has no voice {name!r}.")
    for key, value in ((SPEED, words_a_minute), (PITCH, pitch), (RANGE, melody)):
        library.espeak_SetParameter(key, value, 0)
    line = text.encode()
    library.espeak_Synth(line, ctypes.c_size_t(len(line) + 1), 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    return rate.to_bytes(4, "little") + b"".join(heard)


def mouth(line: np.ndarray, rate: float, frames: int, start: float) -> np.ndarray:
    """How far a mouth is open at each frame, (frames,) 0-1, for a line that starts at `start` s."""
    hop = RATE / rate
    envelope = np.abs(line)
    window = int(hop * 0.9)
    smooth = np.convolve(envelope, np.ones(window) / window, "same")
    smooth = smooth / max(float(np.percentile(smooth, 95)), 1e-9)
    at = (((np.arange(frames) + 0.5) / rate - start) * RATE).astype(int)
    inside = (at >= 0) & (at < len(line))
    return np.where(inside, np.clip(smooth[np.clip(at, 0, len(line) - 1)], 0, 1) ** 0.8, 0.0)


def _natural(line: np.ndarray, rate: int, voice: Voice) -> np.ndarray:
    """Resampled, trimmed, warmed, its hiss tamed and its peaks evened, as a boom would hear it."""
    shared = gcd(RATE, rate)
    line = signal.resample_poly(line, RATE // shared, rate // shared).astype(np.float64)
    loud = np.flatnonzero(np.abs(line) > QUIET * np.abs(line).max())
    line = line[loud[0] : loud[-1] + 1]
    low = signal.sosfilt(signal.butter(1, 300, "low", fs=RATE, output="sos"), line)
    line = line + low * (10 ** (voice.warmth / 20) - 1)
    line = signal.sosfilt(signal.butter(2, 75, "high", fs=RATE, output="sos"), line)
    line = signal.sosfilt(signal.butter(1, 6500, "low", fs=RATE, output="sos"), line)
    fade = np.minimum(1, np.minimum(np.arange(len(line)), np.arange(len(line))[::-1]) / 240)
    return np.asarray(np.tanh(1.6 * line / np.abs(line).max()) * fade * 0.5, dtype=np.float32)


if __name__ == "__main__":
    words, who, speed, high, melody = sys.argv[1:]
    sys.stdout.buffer.write(speak(words, who, int(speed), int(high), int(melody)))
