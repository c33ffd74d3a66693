"""The render shows exactly the timeline's frames at exactly its rate, its sound with them."""

from fractions import Fraction

import av
import numpy as np
import pytest

from editor.film.render import render
from editor.timing import to_frames
from tests import media
from tests.film import edits

RATES = [
    Fraction(24),
    Fraction(25),
    Fraction(30),
    Fraction(24000, 1001),
    Fraction(30000, 1001),
    Fraction(60000, 1001),
]
AUDIO_FRAME = 1024 / 48_000  # s, one frame of AAC


def quiet(share):
    """Progress that nobody watches."""


def check_rate(path, timeline):
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        assert (stream.base_rate, stream.average_rate) == (timeline.rate, timeline.rate)
        times = sorted(p.pts * stream.time_base for p in source.demux(stream) if p.pts is not None)
    assert times == [number / timeline.rate for number in range(timeline.frames)]


def expected(timeline):
    return [timeline.source_of(frame)[1] for frame in range(timeline.frames)]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_frame_is_the_timelines_at_its_rate_in_both_ways(rate, tmp_path):
    clip = edits.numbered(tmp_path / "clip.mp4", 130, rate)
    timeline = edits.many_cuts([clip], rate, 24)
    for way in ("moviepy", "direct"):
        path = tmp_path / f"{way}.mp4"
        assert render(timeline, path, {}, quiet, way).way == way
        assert edits.numbers(path) == expected(timeline)
        check_rate(path, timeline)
    assert (tmp_path / "moviepy.mp4").read_bytes() == (tmp_path / "direct.mp4").read_bytes()


def test_a_variable_rate_clip_shows_what_was_on_screen_at_each_moment(tmp_path):
    steps = np.random.default_rng(3).choice([1, 1, 1, 2, 3], 140)
    times = [Fraction(int(tick), 30) for tick in np.cumsum(steps) - steps[0]]
    clip = edits.numbered(tmp_path / "phone.mp4", len(times), 30, vfr=times)
    assert clip.variable_rate
    timeline = edits.many_cuts([clip], 30, 16)
    render(timeline, tmp_path / "film.mp4", {}, quiet)
    on_grid = [to_frames(time, clip.rate) for time in times]
    wanted = [max(n for n, at in enumerate(on_grid) if at <= grid) for grid in expected(timeline)]
    assert edits.numbers(tmp_path / "film.mp4") == wanted
    check_rate(tmp_path / "film.mp4", timeline)


@pytest.mark.parametrize(
    "rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)], ids=str
)
def test_all_rates_and_sizes_mixed_in_one_film_lose_no_frame(rate, tmp_path):
    sizes = [(640, 360), (426, 240), (480, 640), (320, 240), (854, 480), (320, 180)]
    clips = [
        edits.numbered(tmp_path / f"{index}.mp4", 90, clip_rate, size=size)
        for index, (clip_rate, size) in enumerate(zip(RATES, sizes, strict=True))
    ]
    turned = edits.numbered(tmp_path / "phone.mp4", 60, 30, size=(360, 640), rotation=90)
    timeline = edits.many_cuts([*clips, turned], rate, 30, size=(640, 360))
    report = render(timeline, tmp_path / "film.mp4", {}, quiet)
    assert report.way == "moviepy"
    assert edits.numbers(tmp_path / "film.mp4") == expected(timeline)
    check_rate(tmp_path / "film.mp4", timeline)


def test_frames_that_need_scaling_are_the_same_in_both_ways(tmp_path):
    clip = edits.numbered(tmp_path / "big.mp4", 40, 25, size=(640, 480))
    timeline = edits.many_cuts([clip], 25, 6)
    render(timeline, tmp_path / "a.mp4", {}, quiet, "moviepy")
    render(timeline, tmp_path / "b.mp4", {}, quiet, "direct")
    with av.open(str(tmp_path / "a.mp4")) as first, av.open(str(tmp_path / "b.mp4")) as second:
        for one, other in zip(first.decode(video=0), second.decode(video=0), strict=True):
            assert np.array_equal(one.to_ndarray(), other.to_ndarray())


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25)], ids=str)
def test_a_click_is_heard_with_its_frame_in_every_cut_to_the_last(rate, tmp_path):
    """Each cut shows ten frames of which the fifth clicks; every other clip has another rate."""
    clips = []
    for index, clip_rate in enumerate([rate, Fraction(30), Fraction(30000, 1001)]):
        clicks = [(frame + 5) / clip_rate for frame in range(0, 300, 10)]
        track = media.click_track(clicks, 300 / clip_rate, room=0.002)
        clips.append(edits.numbered(tmp_path / f"{index}.mp4", 300, clip_rate, sound=track))
    generator = np.random.default_rng(5)
    spans = [
        (clips[index % 3], 10 * first, 10 * first + 10)
        for index, first in enumerate(generator.integers(0, 29, 60))
    ]
    timeline = edits.film(rate, spans)
    render(timeline, tmp_path / "film.mp4", {}, quiet)
    clicks = media.click_times(edits.heard(tmp_path / "film.mp4"))
    wanted = np.array([float(cut.start / rate + 5 / cut.clip.rate) for cut in timeline.cuts])
    assert len(clicks) == len(wanted)
    assert np.abs(clicks - wanted).max() < 0.001  # s; one frame of AAC would be 0.021
    shown = edits.numbers(tmp_path / "film.mp4")
    for click, (_, first, _) in zip(clicks, spans, strict=True):
        near = shown[max(0, round((click - AUDIO_FRAME) * rate) - 1) : round(click * rate) + 2]
        assert first + 5 in near


def test_sound_and_picture_end_together(tmp_path):
    clip = edits.numbered(tmp_path / "clip.mp4", 100, 25, sound=media.tone(4.0))
    timeline = edits.film(25, [(clip, 0, 33), (clip, 50, 97)])
    render(timeline, tmp_path / "film.mp4", {}, quiet)
    with av.open(str(tmp_path / "film.mp4")) as source:
        ends = [stream.duration * stream.time_base for stream in source.streams]
    assert [abs(end - timeline.duration) <= AUDIO_FRAME for end in ends] == [True, True]
