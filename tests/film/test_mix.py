"""What is heard: sound with its picture, nothing bare, no clicks, as loud as films are."""

from fractions import Fraction

import av
import numpy as np
import pytest

from editor.errors import FootageError
from editor.film.loudness import FLOOR, RATE, Meter
from editor.film.mix import NO_OWN_SOUND, NO_SOUND, mix
from editor.film.timeline import Music
from tests import media
from tests.film import edits

SILENCE = 1e-5  # linear


def voice(seconds, level=0.05, seed=0, pauses=True, room=0.0005):
    """Something like speech: syllables of coloured noise over a room. (n, 2) float32."""
    generator = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at), 0, 1) ** 0.5
    phrase = (at % 3 < 2.2) if pauses else np.ones(len(at))
    mono = generator.normal(0, level, len(at)) * syllables * phrase
    mono = np.convolve(mono, np.ones(8) / 8, mode="same") * 2
    mono += generator.normal(0, room, len(at))
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def clip(path, sound=None, seconds=6, **changes):
    return edits.numbered(path, round(25 * seconds), 25, sound=sound, **changes)


def mixed(timeline, folder, sounds=None):
    """The encoded sound as heard, up to the film's length, and what was reported."""
    report = mix(timeline, sounds or {}, folder, folder / "sound.m4a", lambda share: None)
    heard = edits.heard(folder / "sound.m4a")
    return heard[: round(timeline.duration * RATE)], report


def measured(sound):
    meter = Meter()
    meter.push(sound)
    return meter


def level(sound):
    """dBFS RMS."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(sound))) + 1e-9)


def write(path, sound):
    with av.open(str(path), "w") as output:
        stream = output.add_stream("flac", rate=RATE, layout="stereo")
        pcm = np.clip(sound * 32767, -32768, 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(pcm, "s16", "stereo")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("loudness", [0.08, 0.15, 0.5])
def test_the_encoded_film_is_at_minus_16_and_under_minus_1_true_peak(loudness, tmp_path):
    spoken = clip(tmp_path / "a.mp4", voice(6, loudness))
    heard, report = mixed(edits.film(25, [(spoken, 0, 70), (spoken, 75, 150)]), tmp_path)
    meter = measured(heard)
    assert meter.integrated == pytest.approx(-16, abs=0.3)
    assert meter.true_peak < -1
    assert report.loudness == pytest.approx(meter.integrated, abs=0.1)
    assert report.true_peak == pytest.approx(meter.true_peak, abs=0.1)
    assert report.gain <= 12
    assert report.notes == ()


def test_sharp_peaks_are_held_under_minus_1_after_encoding(tmp_path):
    sound = media.click_track(np.arange(0.1, 6, 0.05), 6, room=0.002)
    _, report = mixed(edits.film(25, [(clip(tmp_path / "a.mp4", sound), 0, 150)]), tmp_path)
    assert report.true_peak < -1


def test_a_quiet_room_stays_low_and_the_editor_is_told(tmp_path):
    room = clip(tmp_path / "a.mp4", voice(6, 0.0, room=0.0008))
    heard, report = mixed(edits.film(25, [(room, 0, 150)]), tmp_path)
    assert report.gain == 12
    assert measured(heard).integrated < -35
    assert "12 dB" in report.notes[0]


def test_a_film_without_sound_is_silent_and_says_so(tmp_path):
    mute, digital = (
        clip(tmp_path / "a.mp4"),
        clip(tmp_path / "b.mp4", np.zeros((6 * RATE, 2), "f4")),
    )
    for cuts in ([(mute, 0, 50)], [(mute, 0, 50), (digital, 0, 50)]):
        heard, report = mixed(edits.film(25, cuts), tmp_path)
        (tmp_path / "mix.f32").unlink()
        assert np.abs(heard).max() < SILENCE
        assert len(heard) == round(2 * len(cuts) * RATE)
        assert (report.loudness, report.gain, report.notes) == (FLOOR, 0.0, (NO_SOUND,))


def steady(hertz, seconds=6):
    return clip_sound(0.2 * np.sin(2 * np.pi * hertz * np.arange(seconds * RATE) / RATE + 1.0))


def clip_sound(mono):
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def test_joins_do_not_click(tmp_path):
    one, other = clip(tmp_path / "a.mp4", steady(110)), clip(tmp_path / "b.mp4", steady(93))
    timeline = edits.film(
        25, [(one, 0, 31), (other, 20, 47), (one, 7, 33), (one, 60, 99), (other, 120, 150)]
    )
    heard, report = mixed(timeline, tmp_path)
    step = np.abs(np.diff(heard[:, 0])).max()
    steepest = 2 * np.pi * 110 / RATE * np.abs(heard).max()
    assert step < 3 * steepest  # a hard join steps by up to the whole amplitude, 60 times as much
    assert report.loudness == pytest.approx(-16, abs=0.3)


def test_a_cut_inside_a_take_that_goes_on_is_no_sound_edit(tmp_path):
    sound = clip(tmp_path / "a.mp4", steady(110))
    whole, _ = mixed(edits.film(25, [(sound, 10, 110)]), tmp_path)
    (tmp_path / "mix.f32").unlink()
    cut, _ = mixed(edits.film(25, [(sound, 10, 57), (sound, 57, 110)]), tmp_path)
    assert np.array_equal(cut, whole)


def test_between_two_sounds_a_silent_clip_gets_their_room_tone(tmp_path):
    left = clip(tmp_path / "a.mp4", voice(6, 0.05, seed=1))
    right = clip(tmp_path / "c.mp4", voice(6, 0.05, seed=2, room=0.001))
    mute = clip(tmp_path / "b.mp4")
    timeline = edits.film(25, [(left, 0, 60), (mute, 0, 75), (right, 0, 60)])
    heard, report = mixed(timeline, tmp_path)
    between = heard[round(2.45 * RATE) : round(5.35 * RATE)]
    windows = between[: len(between) // 2400 * 2400].reshape(-1, 2400, 2)
    levels = np.array([level(window) for window in windows]) - report.gain
    assert levels.min() > 20 * np.log10(0.0005) - 3  # the quieter room, nowhere less
    assert levels.max() < 20 * np.log10(0.001) + 3  # the louder room: no word is carried over


def test_digital_silence_inside_a_clip_is_filled_with_its_room(tmp_path):
    sound = voice(6, 0.05)
    sound[2 * RATE : 4 * RATE] = 0
    heard, _ = mixed(edits.film(25, [(clip(tmp_path / "a.mp4", sound), 0, 150)]), tmp_path)
    gap = heard[round(2.1 * RATE) : round(3.9 * RATE)]
    assert -80 < level(gap) < -40


def test_a_track_that_ends_before_its_picture_goes_on_as_room_tone(tmp_path):
    short = clip(tmp_path / "a.mp4", voice(3, 0.05), seconds=6)
    heard, _ = mixed(edits.film(25, [(short, 0, 150)]), tmp_path)
    assert level(heard[round(3.2 * RATE) : round(5.8 * RATE)]) > -80


@pytest.mark.parametrize("channels", [1, 6])
def test_mono_and_surround_are_heard_in_both_ears(channels, tmp_path):
    sound = np.repeat(voice(6, 0.1)[:, :1], channels, axis=1)
    heard, report = mixed(edits.film(25, [(clip(tmp_path / "a.mp4", sound), 0, 150)]), tmp_path)
    assert level(heard[:, 0]) == pytest.approx(level(heard[:, 1]), abs=0.5)
    assert report.loudness == pytest.approx(-16, abs=0.3)


def test_a_soft_voice_comes_nearer_to_a_loud_one(tmp_path):
    loud = clip(tmp_path / "loud.mp4", voice(6, 0.1, pauses=False))
    soft = clip(tmp_path / "soft.mp4", voice(6, 0.03, seed=3, pauses=False))
    timeline = edits.film(25, [(loud, 0, 100), (soft, 0, 100)])
    sounds = {
        loud.digest: edits.sound([(0, 6)], -20.0),
        soft.digest: edits.sound([(0, 6)], -30.0),
    }
    halves = []
    for known in ({}, sounds):
        heard, _ = mixed(timeline, tmp_path, known)
        (tmp_path / "mix.f32").unlink()
        first, second = heard[: 4 * RATE], heard[4 * RATE :]
        halves.append(measured(first).integrated - measured(second).integrated)
    assert halves[0] == pytest.approx(10.4, abs=1)
    assert halves[1] == pytest.approx(0.4, abs=1)


def music(path, seconds):
    return Music(write(path, 1.5 * media.tone(seconds, 880.0)))


def tone_level(sound, hertz=880.0):
    """Level in dB of one frequency in (n, 2) sound."""
    mono = sound.mean(axis=1) * np.hanning(len(sound))
    at = np.arange(len(mono)) / RATE
    return 20 * np.log10(np.abs(mono @ np.exp(-2j * np.pi * hertz * at)) * 4 / len(mono) + 1e-9)


def test_music_goes_down_under_speech_and_comes_back(tmp_path):
    spoken = clip(tmp_path / "a.mp4", voice(12, 0.1, pauses=False), seconds=12)
    timeline = edits.film(25, [(spoken, 0, 300)], music=music(tmp_path / "song.flac", 20))
    sounds = {spoken.digest: edits.sound([(4.0, 6.0)], -25.0)}
    heard, report = mixed(timeline, tmp_path, sounds)
    seconds = [(1, 3), (4.2, 5.8), (7.5, 9)]
    before, under, after = (
        tone_level(heard[round(a * RATE) : round(b * RATE)]) for a, b in seconds
    )
    assert before - under == pytest.approx(12, abs=1)
    assert before == pytest.approx(after, abs=1)
    assert report.loudness == pytest.approx(-16, abs=0.3)


def test_music_goes_deeper_under_a_soft_voice(tmp_path):
    spoken = clip(tmp_path / "a.mp4", voice(12, 0.008, pauses=False), seconds=12)
    timeline = edits.film(25, [(spoken, 0, 300)], music=music(tmp_path / "song.flac", 20))
    heard, report = mixed(timeline, tmp_path, {spoken.digest: edits.sound([(4.0, 6.0)], -45.0)})
    before, under = (
        tone_level(heard[round(a * RATE) : round(b * RATE)]) for a, b in [(1, 3), (4.2, 5.8)]
    )
    assert before - under > 18
    assert report.loudness == pytest.approx(-16, abs=0.5)


def test_music_begins_with_the_first_frame_and_fades_at_the_end(tmp_path):
    mute = clip(tmp_path / "a.mp4", seconds=16)
    timeline = edits.film(25, [(mute, 0, 400)], music=music(tmp_path / "song.flac", 5))
    heard, report = mixed(timeline, tmp_path)
    loud = level(heard[RATE : 2 * RATE])
    assert level(heard[round(0.02 * RATE) : round(0.1 * RATE)]) == pytest.approx(loud, abs=1)
    assert level(heard[-round(0.3 * RATE) :]) < loud - 12
    assert report.notes[0] == NO_OWN_SOUND
    assert "repeated" in report.notes[1]
    assert report.loudness == pytest.approx(-16, abs=0.3)
    windows = heard[RATE // 10 : 13 * RATE].reshape(-1, 480, 2)
    assert min(level(window) for window in windows) > loud - 6  # no hole where it begins again


def test_music_that_cannot_be_read_or_is_too_short_is_named(tmp_path):
    mute = clip(tmp_path / "a.mp4")
    short = write(tmp_path / "jingle.flac", media.tone(1.0))
    for path in (media.text(tmp_path / "text.mp3"), tmp_path / "missing.mp3", short):
        with pytest.raises(FootageError, match=path.name):
            mixed(edits.film(25, [(mute, 0, 150)], music=Music(path)), tmp_path)
        (tmp_path / "mix.f32").unlink()


def test_an_hour_at_24000_1001_ends_in_sync_to_the_sample(tmp_path):
    from editor.film.soundtrack import plan

    rate = Fraction(24000, 1001)
    sound = clip(tmp_path / "a.mp4", voice(6))
    timeline = edits.film(rate, [(sound, 0, 75), (sound, 75, 150)] * 600)
    pieces = plan(timeline, lambda clip: clip.sound[0])
    sounding = [piece for piece in pieces if piece.clip]
    for cut, piece in zip(timeline.cuts, sounding, strict=True):
        lag = Fraction(piece.start, RATE) - cut.start / rate
        source = Fraction(piece.source, RATE) - cut.source.first / cut.clip.rate
        assert abs(lag - source) <= Fraction(1, RATE)
    assert timeline.frames > 50_000
