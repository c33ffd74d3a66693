import re
import subprocess

import av
import imageio_ffmpeg
import numpy as np
import pyloudnorm
import pytest

from editor.film.loudness import FLOOR, PEAK_FLOOR, RATE, Limiter, Meter

NAMES = ("speech-like noise", "loud then soft", "sine between samples")


def example(name):
    """A few seconds of (n, 2) float32 sound."""
    generator = np.random.default_rng(7)
    at = np.arange(12 * RATE) / RATE
    if name == "sine between samples":
        wave = 0.5 * np.sin(2 * np.pi * 11_000 * at + np.pi / 4) * np.clip(at, 0, 1)
        return np.stack([wave, wave], axis=1).astype(np.float32)
    noise = generator.normal(0, 0.08, (len(at), 2))
    shape = np.sin(2 * np.pi * at / 3) ** 2 if name == "speech-like noise" else (at < 5) + 0.003
    return (noise * shape[:, None]).astype(np.float32)


def metered(sound, block=RATE):
    meter = Meter()
    for first in range(0, len(sound), block):
        meter.push(sound[first : first + block])
    return meter


def reader(sound):
    def read(start, stop):
        part = np.zeros((stop - start, 2), dtype=np.float32)
        low, high = max(0, start), min(len(sound), stop)
        part[low - start : high - start] = sound[low:high]
        return part

    return read


def limited(sound, gain, ceiling, block=RATE):
    limiter = Limiter(reader(sound), gain, ceiling)
    starts = range(0, len(sound), block)
    return np.concatenate([limiter.block(s, min(s + block, len(sound))) for s in starts])


def by_ffmpeg(sound, path):
    """Integrated loudness and true peak as FFmpeg's ebur128 filter measures them."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), "flt", "stereo")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-i", str(path)]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = said[said.rindex("Summary:") :]
    found = [re.search(rf"{key}:\s+(-?[\d.]+)", summary) for key in ("I", "Peak")]
    return [float(match[1]) for match in found if match]


@pytest.mark.parametrize("name", NAMES)
def test_loudness_and_true_peak_are_those_that_ffmpeg_measures(name, tmp_path):
    sound = example(name)
    meter = metered(sound)
    loudness, peak = by_ffmpeg(sound, tmp_path / "sound.wav")
    assert meter.integrated == pytest.approx(loudness, abs=0.11)
    assert meter.true_peak == pytest.approx(peak, abs=0.25)


@pytest.mark.parametrize("name", NAMES)
def test_loudness_is_that_of_pyloudnorm(name):
    wanted = pyloudnorm.Meter(RATE).integrated_loudness(example(name))
    assert metered(example(name)).integrated == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("block", [1, 997, 4800, 100_000])
def test_blocks_of_any_length_measure_the_same(block):
    sound = example("loud then soft")[: RATE if block == 1 else None]
    whole, parts = metered(sound, len(sound)), metered(sound, block)
    assert parts.integrated == pytest.approx(whole.integrated, abs=1e-6)
    assert parts.true_peak == pytest.approx(whole.true_peak, abs=1e-4)


def test_silence_and_nothing_at_all_measure_the_floors():
    for sound in (np.zeros((RATE, 2), dtype=np.float32), np.zeros((0, 2), dtype=np.float32)):
        assert metered(sound).integrated == FLOOR
        assert metered(sound).true_peak == PEAK_FLOOR


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gain", [0.0, 6.0, 12.0])
def test_nothing_that_is_limited_peaks_over_the_ceiling(name, gain):
    assert metered(limited(example(name), gain, -2.0)).true_peak <= -1.9


def test_sound_under_the_ceiling_passes_the_limiter_untouched():
    sound = 0.2 * example("speech-like noise")
    assert np.array_equal(limited(sound, 0.0, -1.0), sound)


def test_the_limiter_gives_the_same_whatever_the_blocks():
    sound = example("speech-like noise")
    assert np.array_equal(limited(sound, 14.0, -2.0), limited(sound, 14.0, -2.0, 7_777))


def test_a_film_that_begins_loud_is_held_from_its_first_sample():
    sound = example("speech-like noise")[RATE:]
    assert metered(limited(sound, 12.0, -6.0)).true_peak <= -5.8


def test_the_gain_is_down_before_a_peak_and_never_jumps():
    sound = np.full((RATE, 2), 0.1, dtype=np.float32)
    sound[RATE // 2] = 1.0
    after = limited(sound, 0.0, -6.0)
    gains = after[:, 0] / sound[:, 0]
    assert gains[RATE // 2] < 0.51
    assert np.abs(np.diff(gains)).max() < 0.01
    assert gains[RATE // 2 - 300] == gains[-1] == 1.0
