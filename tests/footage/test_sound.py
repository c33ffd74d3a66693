"""Sound is heard as an ear would: when one speaks, how loud it is, where a sound begins."""

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from editor.footage import samples, sound, speech
from editor.footage.beats import track
from tests import media

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage"
RATE = sound.RATE


def in_blocks(whole: np.ndarray, size: int = 31_337) -> list[np.ndarray]:
    """(n, 2) sound in blocks of an odd length."""
    return [whole[first : first + size] for first in range(0, len(whole), size)]


def noise(seconds: float, decibels: float, seed: int = 0) -> np.ndarray:
    """(n, 2) float32 white noise at an RMS level in dBFS, the same in both channels."""
    draw = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return np.repeat((draw * 10 ** (decibels / 20))[:, None], 2, axis=1).astype(np.float32)


def sine(seconds: float, hertz: float, decibels: float) -> np.ndarray:
    """(n, 2) float32 sine of an RMS level in dBFS."""
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    wave *= np.sqrt(2) * 10 ** (decibels / 20)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def real(name: str) -> np.ndarray:
    """(n, 2) float32 sound of a development clip."""
    path = FOOTAGE / name
    if not path.is_file():
        pytest.skip("the development footage is not here")
    return samples.read_file(path, RATE, 2)


def loudness_cases() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(5)
    uneven = draw.standard_normal((12 * RATE, 2)) * 0.05
    uneven[4 * RATE : 8 * RATE] *= 0.01  # gated out
    apart = np.stack([sine(6, 997, -20)[:, 0], noise(6, -30)[:, 0]], axis=1)
    return {
        "tone": sine(5, 997, -23),
        "bass": sine(5, 40, -15),
        "noise": noise(5, -28),
        "gated": uneven.astype(np.float32),
        "two channels": apart,
    }


@pytest.mark.parametrize("name", loudness_cases())
def test_integrated_loudness_is_what_pyloudnorm_measures(name):
    whole = loudness_cases()[name]
    expected = pyloudnorm.Meter(RATE).integrated_loudness(whole.astype(np.float64))
    assert sound.measure(in_blocks(whole)).integrated == pytest.approx(expected, abs=0.1)


def test_a_full_scale_tone_of_1_khz_in_both_channels_has_the_loudness_that_the_norm_gives():
    found = sound.measure(in_blocks(sine(4, 997, -3.01)))  # peak 0 dBFS: -3.01 + 3.01 LUFS
    assert found.integrated == pytest.approx(0.0, abs=0.1)
    assert found.loudness == pytest.approx(0.0, abs=0.1)


def test_momentary_loudness_has_an_entry_every_tenth_of_a_second():
    whole = np.concatenate([sine(2, 997, -20), sine(2, 997, -40)])
    found = sound.measure(in_blocks(whole)).loudness
    assert len(found) == 37  # the last 400 ms begin at 3.6 s
    assert found[5] == pytest.approx(-17, abs=0.2) and found[30] == pytest.approx(-37, abs=0.2)


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.37, 0.999, 1.0, 1.001, 2.35])
def test_every_length_of_sound_has_all_its_measures(seconds):
    whole = noise(seconds, -30)
    found = sound.measure(in_blocks(whole))
    assert found.present and len(found.level) == -(-len(whole) // 480)
    assert found.level[: len(whole) // 480] == pytest.approx(-30, abs=2)
    assert len(found.loudness) >= 1 and np.isfinite(found.loudness).all()
    assert found.timbre.shape == (-(-len(whole) // 1920), 12)


def test_how_the_sound_is_cut_into_blocks_does_not_matter():
    whole = np.concatenate([noise(1.3, -40), sine(1.1, 300, -20), noise(0.8, -50)])
    first, second = sound.measure(in_blocks(whole, 48_000)), sound.measure(in_blocks(whole, 7001))
    for name in ("level", "loudness", "onsets", "speech", "silence", "timbre"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_no_sound_at_all_is_absent_and_digital_silence_is_not():
    assert not sound.measure([]).present
    found = sound.measure(in_blocks(np.zeros((RATE, 2), np.float32)))
    assert found.present and found.integrated == -70 and found.room == -100
    assert found.silence.tolist() == [[0.0, 1.0]]
    assert not len(found.speech) and not len(found.onsets)


def test_room_tone_is_the_quiet_between_sounds_and_not_the_silence_around():
    nothing = np.zeros((RATE, 2), np.float32)
    whole = np.concatenate([nothing, noise(1, -55), noise(3, -20), noise(1, -55)])
    assert sound.measure(in_blocks(whole)).room == pytest.approx(-55, abs=2)


def test_silence_is_found_to_a_hundredth_of_a_second():
    whole = np.concatenate([noise(1, -30), noise(0.5, -75), noise(1, -30), noise(0.1, -75)])
    found = sound.measure(in_blocks(whole)).silence
    assert found == pytest.approx(np.array([[1.0, 1.5]]), abs=0.011)


def test_clicks_are_onsets_where_they_begin():
    times = (0.5, 1.25, 2.0, 2.2, 3.73)
    whole = media.click_track(times, 4.5) + noise(4.5, -65)
    found = sound.measure(in_blocks(whole.astype(np.float32))).onsets
    assert len(found) == len(times)
    assert np.abs(found - times).max() <= 0.02


def test_steady_sound_has_no_onsets():
    assert len(sound.measure(in_blocks(noise(4, -25))).onsets) == 0


def test_noise_and_tones_are_not_speech():
    for whole in (noise(4, -20), sine(4, 220, -20), media.click_track((1, 2, 3), 4)):
        assert not len(sound.measure(in_blocks(whole)).speech)


def test_speech_between_silences_is_found_with_its_pauses():
    said = real("speech/198-209-0000.hq.ogg")
    quiet = noise(1.5, -54)  # as loud as the room it was said in
    whole = np.concatenate([quiet, said, quiet])
    found = sound.measure(in_blocks(whole)).speech
    end = 1.5 + len(said) / RATE
    assert 3 <= len(found) <= 6
    assert 1.5 < found[0, 0] < 2.2 and end - 0.7 < found[-1, 1] <= end + 0.05
    assert (found[1:, 0] - found[:-1, 1] >= speech.JOIN - 1e-9).all()
    assert ((found[:, 1] - found[:, 0]).sum()) > 0.75 * len(said) / RATE


def test_speech_is_found_in_noise_twenty_decibels_below_it():
    said = real("speech/198-209-0000.hq.ogg")
    level = 20 * np.log10(np.sqrt((said**2).mean()))
    whole = said + noise(len(said) / RATE, level - 20)[: len(said)]
    clear, noisy = (sound.measure(in_blocks(x)).speech for x in (said, whole.astype(np.float32)))
    held = [(pair[:, 1] - pair[:, 0]).sum() for pair in (clear, noisy)]
    assert held[1] == pytest.approx(held[0], rel=0.15)


def test_segments_end_where_the_level_falls():
    step, chunk = 0.01, 0.032
    level = np.full(400, -60.0)
    level[100:250] = -25.0  # words from 1.0 to 2.5 s,
    level[160:170] = -58.0  # with a stop of a tenth of a second
    probability = np.zeros(125)
    probability[29:82] = 0.95  # heard from 0.93 to 2.62 s
    found = speech.segments(probability, chunk, level, step)
    assert found == pytest.approx(np.array([[1.0, 2.5]]), abs=0.03)


def test_a_pause_that_the_detector_ran_over_parts_two_segments():
    level = np.full(400, -60.0)
    level[50:150] = level[200:320] = -25.0
    found = speech.segments(np.full(125, 0.9), 0.032, level, 0.01)
    assert found == pytest.approx(np.array([[0.5, 1.5], [2.0, 3.2]]), abs=0.03)


def test_beats_lie_on_the_clicks_of_a_metronome(tmp_path):
    import av

    times = np.arange(0.5, 20, 0.5)  # 120 a minute
    path = tmp_path / "metronome.wav"
    whole = media.click_track(times, 20)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        pcm = (np.clip(whole, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm.reshape(1, -1)), "s16", "stereo"
        )
        frame.rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    found = sound.beats(path)
    off = np.abs(found[:, None] - times).min(axis=1)
    assert len(found) >= 30 and np.median(off) <= 0.025
    assert (np.diff(found) > 0).all()


def test_a_beat_moves_to_the_nearest_onset_and_no_further():
    moved = sound.snap(np.array([1.0, 2.0, 3.0]), np.array([0.97, 2.2, 3.01]))
    assert moved.tolist() == [0.97, 2.0, 3.01]
    assert sound.snap(np.array([1.0]), np.zeros(0)).tolist() == [1.0]
    assert sound.snap(np.array([1.0]), np.array([1.02])).tolist() == [1.02]


@pytest.mark.parametrize("per_minute", [72, 96, 120, 150])
def test_the_tempo_of_a_metronome_is_found(per_minute):
    period = 60 / per_minute
    rise = np.zeros(2000)
    rise[np.round(np.arange(0.3, 20, period) * 100).astype(int)] = 1.0
    found = track(rise, 0.01)
    assert np.median(np.diff(found)) == pytest.approx(period, abs=0.011)


def test_the_beat_goes_on_where_a_bar_is_silent():
    rise = np.zeros(2000)
    played = [n for n in range(40) if n % 8 != 5]
    rise[[25 + 50 * n for n in played]] = 1.0
    found = track(rise, 0.01)
    assert np.diff(found) == pytest.approx(0.5, abs=0.02)


def test_nothing_that_rises_has_no_beat():
    assert len(track(np.zeros(2000), 0.01)) == 0
    assert len(track(np.ones(20), 0.01)) == 0
