"""Sound is read by whole samples on the picture's clock, silence where there is none."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from editor.errors import FootageError
from editor.footage import samples
from editor.footage.clip import Clip
from editor.footage.ingest import probe
from editor.footage.sound import listen
from tests import media
from tests.media import click_times, click_track, numbered

NTSC = Fraction(30000, 1001)
CLICKS = np.array([0.5, 1.0, 2.24, 3.0, 3.72])
SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"

KINDS = {
    "a.mp4": {},
    "pcm.mov": {"sound_codec": "pcm_s16le"},
    "mp3.mp4": {"sound_codec": "libmp3lame"},
    "aac.mkv": {},
    "flac.mkv": {"sound_codec": "flac"},
    "opus.webm": {"codec": "libvpx", "options": {"cpu-used": "8"}},
    "a.avi": {"codec": "mpeg4"},
    "late.mpg": {"codec": "mpeg1video", "start": Fraction(3)},
    "late.ts": {"start": Fraction(100)},
    "reordered.mp4": {"options": {"bf": "3", "preset": "medium"}},
}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Clip]:
    def made(name: str, count: int = 100, rate: Fraction | int = 25, **look) -> Clip:
        return probe(numbered(tmp_path / name, count, rate, **look), name)

    return made


@pytest.mark.parametrize("name", KINDS)
def test_a_click_is_heard_at_its_frame(make, name):
    clip = make(name, sound=click_track(CLICKS, 4), **KINDS[name])
    sound = samples.read(clip, Fraction(0), clip.duration)
    assert sound.shape == (192_000, 2)
    assert sound.dtype == np.float32
    assert click_times(sound) == pytest.approx(CLICKS, abs=0.001)


@pytest.mark.parametrize("name", KINDS)
def test_a_span_is_the_same_sound_as_the_whole(make, name):
    time = np.arange(192_000) / 48_000
    rising = (0.4 * np.sin(2 * np.pi * (200 * time + 250 * time**2))).astype(np.float32)
    clip = make(name, sound=np.stack([rising, rising[::-1]], axis=1), **KINDS[name])
    whole = samples.read(clip, Fraction(0), clip.duration)
    for start, end in (("1", "1.5"), ("2.04", "2.5"), ("0.1", "0.3"), ("3.5", "4")):
        part = samples.read(clip, Fraction(start), Fraction(end))
        first = round(Fraction(start) * 48_000)
        reach = 96  # samples: milliseconds are the finest that some containers tell
        apart = [
            np.abs(part - whole[first + lag : first + lag + len(part)])[100:-100].max()
            for lag in range(-reach, reach + 1)
            if first + lag >= 0 and first + lag + len(part) <= len(whole)
        ]
        nearest = float(np.min(apart))
        assert nearest < 0.02
        if not name.endswith((".webm", ".mkv")):
            assert np.abs(part - whole[first : first + len(part)]).max() < 0.02


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (Fraction(0), Fraction(1, 25), 1920),
        (Fraction(1001, 30000), Fraction(2002, 30000), 1601),  # 1601.6 to 3203.2
        (Fraction(2002, 30000), Fraction(3003, 30000), 1602),
        (Fraction(-1, 2), Fraction(1, 2), 48_000),
        (Fraction(90), Fraction(91), 48_000),
        (Fraction(1), Fraction(1), 0),
        (Fraction(2), Fraction(1), 0),
    ],
)
def test_a_span_has_its_whole_samples_wherever_it_lies(make, start, end, count):
    clip = make("a.mp4", 50, sound=media.tone(2.0))
    assert samples.read(clip, start, end).shape == (count, 2)


def test_spans_of_frames_add_up_to_the_whole(make):
    clip = make("a.mov", 60, NTSC, sound=media.tone(2.0), sound_codec="pcm_s16le")
    edges = [frame / clip.rate for frame in range(0, 61, 7)]
    parts = [samples.read(clip, one, two) for one, two in pairwise(edges)]
    whole = samples.read(clip, edges[0], edges[-1])
    assert np.array_equal(np.concatenate(parts), whole)


def test_there_is_silence_before_and_after_the_sound(make):
    look = {"sound": media.tone(1.0), "sound_codec": "pcm_s16le", "sound_start": Fraction(1)}
    clip = make("a.mkv", 75, **look)
    sound = samples.read(clip, Fraction(-1), Fraction(4))
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.01) / 48_000 - 1
    assert loud[0] == pytest.approx(1.0, abs=0.002)
    assert loud[-1] == pytest.approx(2.0, abs=0.002)
    assert not sound[:90_000].any()
    assert not sound[150_000:].any()


def test_a_clip_without_sound_is_silent(make):
    clip = make("a.mp4", 25)
    assert samples.used_track(clip) is None
    assert not samples.read(clip, Fraction(0), Fraction(1)).any()
    assert [len(block) for block in samples.blocks(clip, 48_000, 2, 0.4)] == [19_200, 19_200, 9600]


@pytest.mark.parametrize("channels", [1, 2])
def test_a_mono_track_keeps_its_level_in_stereo_and_mono(make, channels):
    tone = media.tone(1.0, gain=0.25, channels=1)
    clip = make("a.mov", 25, sound=tone, sound_codec="pcm_s16le")
    sound = samples.read(clip, Fraction(0), Fraction(1), channels=channels)
    assert sound.shape == (48_000, channels)
    assert np.abs(sound).max() == pytest.approx(0.25, abs=0.005)


def test_stereo_keeps_its_sides_and_mono_is_their_mean(make):
    tone = media.tone(1.0, gain=0.4)
    tone[:, 1] = 0
    clip = make("a.mov", 25, sound=tone, sound_codec="pcm_s16le")
    stereo = samples.read(clip, Fraction(0), Fraction(1))
    assert np.abs(stereo[:, 0]).max() == pytest.approx(0.4, abs=0.005)
    assert not stereo[:, 1].any()
    mono = samples.read(clip, Fraction(0), Fraction(1), channels=1)
    assert np.abs(mono).max() == pytest.approx(0.2, abs=0.005)


def test_the_centre_of_surround_sound_is_heard_on_both_sides(make):
    surround = np.zeros((48_000, 6), np.float32)
    surround[:, 2] = media.tone(1.0, gain=0.4, channels=1)[:, 0]  # FL FR FC LFE BL BR
    clip = make("a.mov", 25, sound=surround, sound_codec="pcm_s16le")
    stereo = samples.read(clip, Fraction(0), Fraction(1))
    assert np.abs(stereo).max(axis=0) == pytest.approx([0.283, 0.283], abs=0.005)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_keeps_pitch_and_place(make, rate):
    clip = make("a.mp4", sound=click_track(CLICKS, 4))
    sound = samples.read(clip, Fraction(0), clip.duration, rate, 1)
    assert len(sound) == 4 * rate
    assert click_times(sound, rate) == pytest.approx(CLICKS, abs=0.002)


def test_of_several_live_tracks_the_one_that_the_file_marks_is_used(make, tmp_path):
    tones = [media.tone(1.0, 440.0, channels=1), media.tone(1.0, 880.0, channels=1)]
    clip = make("a.mov", 25, sound=tones, sound_codec="pcm_s16le")
    assert samples.used_track(clip) == 0
    with av.open(str(clip.path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as target:
        streams = {
            stream.index: target.add_stream_from_template(stream) for stream in source.streams
        }
        for stream in list(streams.values())[1:]:
            stream.disposition = Disposition(0)
        streams[2].disposition = Disposition.default
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    marked = probe(tmp_path / "b.mkv", "b")
    assert [track.marked for track in marked.sound] == [False, True]
    assert samples.used_track(marked) == 1
    assert any("marked as to be heard is used" in note for note in marked.notes)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 1.7, 100.0])
def test_blocks_are_the_whole_sound_in_pieces(make, seconds):
    clip = make("a.mp4", 90, NTSC, sound=click_track([0.3, 2.0], 3, room=0.01))
    whole = samples.read(clip, Fraction(0), clip.duration)
    pieces = list(samples.blocks(clip, 48_000, 2, seconds))
    assert {len(piece) for piece in pieces[:-1]} <= {round(seconds * 48_000)}
    assert np.array_equal(np.concatenate(pieces), whole)


def test_of_several_tracks_the_first_that_is_alive_is_used(make):
    dead, live = np.zeros((48_000, 1), np.float32), media.tone(1.0, channels=1)
    clip = make("a.mov", 25, sound=[dead, live, live * 0.5], sound_codec="pcm_s16le")
    assert samples.used_track(clip) == 1
    sound = samples.read(clip, Fraction(0), Fraction(1))
    assert np.abs(sound).max() == pytest.approx(0.2, abs=0.01)
    quieter = samples.read(clip, Fraction(0), Fraction(1), track=2)
    assert np.abs(quieter).max() == pytest.approx(0.1, abs=0.01)


def test_a_gap_in_the_sound_is_silence_and_what_follows_keeps_its_place(tmp_path):
    import av

    path = tmp_path / "a.mkv"
    tone = click_track([0.5, 2.5], 3, channels=1)
    with av.open(str(path), "w") as output:
        picture = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        stream = output.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for number in range(75):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = number
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        for first in range(0, len(tone), 960):
            if 48_000 <= first < 96_000:
                continue  # a second was never written
            part = np.ascontiguousarray(tone[first : first + 960].reshape(1, -1))
            heard = av.AudioFrame.from_ndarray(part, "flt", "mono")
            heard.sample_rate, heard.pts, heard.time_base = 48_000, first, Fraction(1, 48_000)
            output.mux(stream.encode(heard))
        output.mux(stream.encode(None))
    clip = probe(path, "a")
    for sound in (
        samples.read(clip, Fraction(0), Fraction(3)),
        np.concatenate(list(samples.blocks(clip, 48_000, 2, 0.5))),
    ):
        assert click_times(sound) == pytest.approx([0.5, 2.5], abs=0.002)
        assert not sound[50_000:94_000].any()


def test_damaged_sound_leaves_the_rest_in_its_place(make, tmp_path):
    clip = make("a.ts", sound=click_track(CLICKS, 4, room=0.01))
    hurt = probe(media.with_broken_middle(tmp_path / "b.ts", clip.path, 0.45, 0.05), "b")
    heard = click_times(samples.read(hurt, Fraction(0), Fraction(4)))
    for click in (0.5, 3.0, 3.72):
        assert np.abs(heard - click).min() < 0.03


def test_samples_that_cannot_be_sound_are_silent_and_the_rest_is_as_it_was(make):
    sound = np.full((96_000, 2), 0.25, np.float32)
    sound[1000:1004] = [[np.nan], [np.inf], [-np.inf], [1e30]]
    clip = make("a.mov", sound=sound, sound_codec="pcm_f32le")
    heard = samples.read(clip, Fraction(0), Fraction(2))
    assert not heard[1000:1004].any()
    heard[1000:1004] = 0.25
    assert heard == pytest.approx(0.25, abs=1e-4)
    assert np.isfinite(listen(clip).level).all()


def test_music_is_read_from_its_first_sample_to_its_last(tmp_path):
    path = media.audio_only(tmp_path / "music.wav", 1.5)
    music = samples.read_file(path)
    assert music.shape == (72_000, 2)
    assert np.abs(music).max() == pytest.approx(0.2, abs=0.005)
    assert len(samples.read_file(path, 22_050, 1)) == pytest.approx(33_075, abs=2)


def test_what_is_no_music_is_named(tmp_path, make):
    with pytest.raises(FootageError, match=r"a\.mp3: a text file"):
        samples.read_file(media.text(tmp_path / "a.mp3"))
    with pytest.raises(FootageError, match="holds no sound"):
        samples.read_file(make("silent.mp4", 5).path)


@pytest.mark.parametrize(
    "name",
    ["dailies/sentences/lbax4n.mpg", "single/chaplin.mp4", "single/address.mp4"],
)
def test_a_real_clip_s_spans_are_those_of_the_whole(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip("the development footage is not on this machine")
    clip = probe(path, name)
    rate = clip.sound[0].sample_rate
    whole = samples.read(clip, Fraction(0), clip.duration, rate)
    assert np.abs(whole).max() > 0.1
    for start in (Fraction(1, 3), Fraction(1), Fraction(2)):
        part = samples.read(clip, start, start + Fraction(1, 2), rate)
        first = round(start * rate)
        assert np.abs(part - whole[first : first + len(part)]).max() < 1e-3
