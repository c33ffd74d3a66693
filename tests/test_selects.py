"""CLIP@IN-OUT as editors type it."""

from fractions import Fraction
from pathlib import Path

import pytest

from editor.errors import FootageError
from editor.footage.clip import Clip, Skipped
from editor.selects import parse
from editor.timing import FrameSpan, Timecode

NTSC = Fraction(30000, 1001)


def clip(path: str, frames: int = 100, rate: Fraction = Fraction(25), timecode=None) -> Clip:
    return Clip(
        path=Path(path),
        digest=path,
        container="mov",
        codec="h264",
        stream=0,
        rate=rate,
        frames=frames,
        start=Fraction(0),
        size=(64, 48),
        coded_size=(64, 48),
        rotation=0,
        sample_aspect=Fraction(1),
        pixel_format="yuv420p",
        bit_depth=8,
        transfer="sdr",
        variable_rate=False,
        interlaced=False,
        alpha=False,
        timecode=timecode,
        recorded=None,
        sound=(),
    )


FOOTAGE = (
    clip("/rushes/day1/rabbit.mp4"),
    clip("/rushes/day2/rabbit.mp4"),
    clip("/rushes/day1/fox.mp4"),
    clip("/rushes/day1/fox@10-20.mp4"),
    clip("/rushes/day1/take-2@home.mov"),
    clip("/rushes/day1/-dash.mov"),
    clip('/rushes/day1/it\'s "new"\nline.mov'),
)

NAMED = tuple(
    clip(f"/rushes/day1/{name}")
    for name in ("monster.mp4", "rabbit.mp4", "fox.mp4", "interview camera A.mov")
)


def read(text: str, clips=FOOTAGE, skipped=()):
    return parse(text, clips, skipped, "--ban")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("fox.mp4", "/rushes/day1/fox.mp4"),
        ("/rushes/day2/rabbit.mp4", "/rushes/day2/rabbit.mp4"),
        ("day2/rabbit.mp4", "/rushes/day2/rabbit.mp4"),
        ("./day2/rabbit.mp4", "/rushes/day2/rabbit.mp4"),
        ("fox@10-20.mp4", "/rushes/day1/fox@10-20.mp4"),
        ("take-2@home.mov", "/rushes/day1/take-2@home.mov"),
        ("-dash.mov", "/rushes/day1/-dash.mov"),
        ("./-dash.mov", "/rushes/day1/-dash.mov"),
        ('it\'s "new"\nline.mov', '/rushes/day1/it\'s "new"\nline.mov'),
    ],
)
def test_a_clip_is_named_by_its_name_or_as_much_of_its_path_as_is_needed(text, path):
    wish = read(text)
    assert (wish.clip.path, wish.span) == (Path(path), None)


@pytest.mark.parametrize(
    ("text", "first", "stop"),
    [
        ("fox.mp4@10-20", 10, 20),
        ("fox.mp4@0-100", 0, 100),
        ("fox.mp4@1.5s-3s", 38, 75),
        ("fox.mp4@.5s-20", 13, 20),
        ("fox.mp4@1s-", 25, 100),
        ("fox.mp4@-20", 0, 20),
        ("fox.mp4@00:00:01:00-00:00:02:10", 25, 60),
        ("fox.mp4@ 10 - 20 ", 10, 20),
        ("fox@10-20.mp4@10-20", 10, 20),
        ("take-2@home.mov@10-20", 10, 20),
        ("day2/rabbit.mp4@10-20", 10, 20),
    ],
)
def test_in_and_out_are_frames_seconds_or_timecode(text, first, stop):
    assert read(text).span == FrameSpan(first, stop)


def test_timecode_is_the_clips_own_where_it_has_one():
    coded = clip("/r/a.mov", timecode=Timecode.parse("01:00:00:00", Fraction(25)))
    assert read("a.mov@01:00:01:00-01:00:02:00", (coded,)).span == FrameSpan(25, 50)
    with pytest.raises(FootageError, match=r"timecode 01:00:00:00 to 01:00:04:00"):
        read("a.mov@00:00:01:00-00:00:02:00", (coded,))


def test_drop_frame_timecode_counts_its_skipped_labels():
    coded = clip("/r/a.mov", 4000, NTSC, Timecode.parse("00:00:59;00", NTSC))
    assert read("a.mov@00:00:59;29-00:01:00;02", (coded,)).span == FrameSpan(29, 30)


def test_timecode_goes_on_over_midnight():
    coded = clip("/r/a.mov", timecode=Timecode.parse("23:59:59:00", Fraction(25)))
    assert read("a.mov@23:59:59:10-00:00:00:10", (coded,)).span == FrameSpan(10, 35)
    dropping = clip("/r/b.mov", 100, NTSC, Timecode.parse("23:59:59;00", NTSC))
    assert read("b.mov@23:59:59;10-00:00:00;10", (dropping,)).span == FrameSpan(10, 40)


def test_seconds_meet_the_frame_at_a_fractional_rate():
    assert read("a.mov@1s-2s", (clip("/r/a.mov", 100, NTSC),)).span == FrameSpan(30, 60)


def test_a_clip_is_found_by_the_path_it_is_opened_by(tmp_path, monkeypatch):
    real = tmp_path / "real.mov"
    real.touch()
    (tmp_path / "link.mov").symlink_to(real)
    monkeypatch.chdir(tmp_path)
    assert read("link.mov", (clip(str(real)),)).clip.path == real


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rabbit.mp4", "2 clips are called so.*day1/rabbit.mp4, /rushes/day2/rabbit.mp4"),
        ("rabbit.mp4@1-2", "2 clips"),
        ("foks.mp4", r"Did you mean: fox\.mp4"),
        ("", "no clip of the footage"),
        ("@1-2", "no clip of the footage"),
        ("fox.mp4@", "IN-OUT"),
        ("fox.mp4@-", "IN-OUT"),
        ("fox.mp4@10", "IN-OUT"),
        ("fox.mp4@10-20-30", "IN-OUT"),
        ("fox.mp4@1.5-3", "seconds as 1.5s"),
        ("fox.mp4@a-b", "'a' is no point"),
        ("fox.mp4@20-10", "IN lies before OUT"),
        ("fox.mp4@20-20", "IN lies before OUT"),
        ("fox.mp4@0-101", r"OUT \(101\) lies beyond the clip's end.*frames 0 to 100"),
        ("fox.mp4@10-9s", r"last frame is 99, timecode 00:00:03:24.*Write fox\.mp4@10- for all"),
        ("fox.mp4@100-120", r"IN \(100\) lies beyond.*last frame is 99.*IN must be 99 or less"),
        ("fox.mp4@100-", r"IN \(100\) lies beyond.*last frame is 99.*IN must be 99 or less"),
        ("fox.mp4@20-10", r"IN \(20\) comes after OUT \(10\).*Write fox\.mp4@10-20"),
        ("fox.mp4@0s-1e3s", "no point"),
        ("fox.mp4@00:00:00:25-00:00:01:00", "frame 25 does not exist"),
        ("fox.mp4@00:00:00;10-00:00:01;00", "Drop-frame"),
        ("x" * 5000, "no clip"),
        ("nul\0l", "no clip"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(text, said):
    with pytest.raises(FootageError, match=f"(?s)--ban.*{said}"):
        read(text)


@pytest.mark.parametrize("text", ["fox.mp4@0-101", "fox.mp4@100-", "fox.mp4@100-120"])
def test_a_span_beyond_the_end_is_not_said_to_be_in_the_wrong_order(text):
    with pytest.raises(FootageError) as caught:
        read(text)
    assert "IN lies before OUT" not in str(caught.value)


def test_a_span_before_the_clips_own_timecode_is_said_to_lie_before_its_start():
    coded = clip("/r/a.mov", timecode=Timecode.parse("01:00:00:00", Fraction(25)))
    for text, said in (
        ("a.mov@00:00:01:00-01:00:02:00", r"IN \(00:00:01:00\) lies before the clip's start"),
        ("a.mov@-00:00:02:00", r"OUT \(00:00:02:00\) lies before the clip's start"),
    ):
        with pytest.raises(FootageError, match=said):
            read(text, (coded,))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("monstr.mp4", "monster.mp4"),
        ("mosnter.mp4", "monster.mp4"),
        ("Monster", "monster.mp4"),
        ("monster.mov", "monster.mp4"),
        ("day9/rabit.mp4@1-2", "rabbit.mp4"),
        ("interview", "interview camera A.mov"),
        ("interviwe cmera A.mov", "interview camera A.mov"),
    ],
)
def test_a_name_a_slip_or_two_away_is_asked_about_alone(text, near):
    with pytest.raises(FootageError, match=rf"Did you mean: {near}\.$"):
        read(text, NAMED)


@pytest.mark.parametrize(
    "text", ["nothere.mp4", "dog.mp4", "elephant.mp4", "a.mp4", ".mp4", "4.mp4", "rob.mp4"]
)
def test_a_name_that_only_shares_letters_or_its_ending_is_not_asked_about(text):
    with pytest.raises(FootageError) as caught:
        read(text, NAMED)
    assert "The footage has: fox.mp4, interview camera A.mov" in str(caught.value)


def test_a_clip_that_was_left_out_is_named_with_its_reason():
    skipped = (Skipped(Path("/rushes/day1/broken.mov"), "it has no picture"),)
    with pytest.raises(FootageError, match=r"broken\.mov: it is not used, it has no picture"):
        read("broken.mov@1-2", skipped=skipped)
