"""Frames, rates, seconds and timecode turn into one another exactly, for as long as a film runs."""

from fractions import Fraction
from math import floor

import pytest

from editor.errors import EditorError
from editor.timing import (
    STANDARD_RATES,
    FrameSpan,
    Span,
    Timecode,
    convert_length,
    frame_at,
    parse_rate,
    rate_text,
    snap_rate,
    source_frame,
    to_frames,
    to_seconds,
)

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
NTSC_60 = Fraction(60000, 1001)


# --- rates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)),
        (" 24 ", Fraction(24)),
        ("24000/1001", FILM),
        ("23.976", FILM),
        ("23.98", FILM),
        ("29.97", NTSC),
        ("59.94", NTSC_60),
        ("59.940", NTSC_60),
        ("25.0", Fraction(25)),
        ("47.952", Fraction(48000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("1000", Fraction(1000)),
        ("50/2", Fraction(25)),
    ],
)
def test_a_rate_is_read_as_editors_write_it(text, rate):
    assert parse_rate(text) == rate


# fmt: off
NO_RATES = (
    "", "0", "0.0", "25/0", "-25", "abc", "25fps", "1e3", "inf", "nan", "25/", "/25", "1001",
    "0.5", "25,0", "25.", ".5", "999999999999", "1/2/3", "0/0",
)
# fmt: on


@pytest.mark.parametrize("text", NO_RATES)
def test_what_is_no_rate_is_refused_with_an_example(text):
    with pytest.raises(EditorError, match=r"rate"):
        parse_rate(text)


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_a_rate_survives_being_written_and_read(rate):
    assert parse_rate(rate_text(rate)) == rate


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_a_standard_rate_is_not_snapped_to_another(rate):
    assert snap_rate(rate) == rate
    assert snap_rate(rate * Fraction(10001, 10000)) == rate


def test_a_rate_that_is_near_no_standard_one_stays_itself():
    assert snap_rate(Fraction(1194, 100)) == Fraction(1194, 100)
    assert snap_rate(Fraction(2983, 100)) == Fraction(2983, 100)


# --- frames and seconds ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_two_hours_of_frames_come_back_from_seconds_without_drift(rate):
    last = floor(7200 * rate)
    for frame in [*range(0, last, 997), last - 1, last]:
        seconds = to_seconds(frame, rate)
        assert to_frames(seconds, rate) == frame
        assert frame_at(seconds, rate) == frame


def test_frame_lengths_add_up_exactly_for_an_hour():
    length = 1 / NTSC
    assert sum([length] * 107_892, Fraction(0)) == to_seconds(107_892, NTSC)


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_a_frame_is_on_screen_until_the_next_begins(rate):
    for frame in (0, 1, 41, 107_891):
        begin, end = to_seconds(frame, rate), to_seconds(frame + 1, rate)
        almost = end - Fraction(1, 10**12)
        assert frame_at(begin, rate) == frame_at(almost, rate) == frame
        assert frame_at(end, rate) == frame + 1


def test_half_a_frame_rounds_up():
    assert to_frames(Fraction(1, 50), Fraction(25)) == 1
    assert to_frames(Fraction(1, 50) - Fraction(1, 10**9), Fraction(25)) == 0
    assert to_frames(Fraction(-1, 50), Fraction(25)) == 0


def test_times_before_the_first_frame_have_negative_numbers():
    assert frame_at(Fraction(-1, 1000), Fraction(25)) == -1
    assert to_frames(Fraction(-1), Fraction(25)) == -25


# --- conversion between rates ---------------------------------------------------------------------


@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_at_equal_rates_every_frame_shows_itself(rate):
    shown = [source_frame(offset, 100, 350, rate, rate) for offset in range(250)]
    assert shown == list(range(100, 350))


@pytest.mark.parametrize("source", STANDARD_RATES)
@pytest.mark.parametrize("film", [Fraction(24), Fraction(25), NTSC, FILM])
def test_a_conformed_cut_runs_from_its_first_to_its_last_frame(source, film):
    first, stop = 1000, 1000 + floor(4 * source)
    length = convert_length(stop - first, source, film)
    shown = [source_frame(offset, first, stop, source, film) for offset in range(length)]
    assert shown == sorted(shown)
    assert all(first <= frame < stop for frame in shown)
    assert shown[0] - first <= source / film
    assert stop - 1 - shown[-1] <= source / film
    assert abs(length / film - (stop - first) / source) <= 1 / (2 * film)


def test_a_conformed_cut_has_at_least_one_frame():
    assert convert_length(1, Fraction(120), Fraction(24)) == 1
    assert source_frame(0, 7, 8, Fraction(120), Fraction(24)) == 7


def test_25_in_24_leaves_one_frame_a_second_out_and_25_in_30_shows_each_fifth_twice():
    fast = [source_frame(offset, 0, 25, Fraction(25), Fraction(24)) for offset in range(24)]
    assert len(set(fast)) == 24
    slow = [source_frame(offset, 0, 25, Fraction(25), Fraction(30)) for offset in range(30)]
    assert set(slow) == set(range(25))


# --- spans ----------------------------------------------------------------------------------------


def test_spans_are_half_open():
    assert FrameSpan(0, 5).overlaps(FrameSpan(4, 9))
    assert not FrameSpan(0, 5).overlaps(FrameSpan(5, 9))
    assert len(FrameSpan(3, 10)) == 7
    assert len(FrameSpan(10, 3)) == 0
    assert Span(Fraction(1), Fraction(5, 2)).duration == Fraction(3, 2)


# --- timecode -------------------------------------------------------------------------------------


def by_counting(rate: Fraction, frames: int) -> list[str]:
    """Drop-frame labels one after another, by the rule as SMPTE ST 12-1 words it."""
    base = round(rate)
    labels, hours, minutes, seconds, frame = [], 0, 0, 0, 0
    for _ in range(frames):
        labels.append(f"{hours:02}:{minutes:02}:{seconds:02};{frame:02}")
        frame += 1
        if frame == base:
            frame, seconds = 0, seconds + 1
        if seconds == 60:
            seconds, minutes = 0, minutes + 1
            if minutes % 10:
                frame = base // 15  # the labels that are left out
        if minutes == 60:
            minutes, hours = 0, hours + 1
    return labels


@pytest.mark.parametrize("rate", [NTSC, NTSC_60])
def test_drop_frame_labels_follow_the_rule_for_two_hours_both_ways(rate):
    labels = by_counting(rate, floor(7200 * rate))
    for frame, label in enumerate(labels):
        assert str(Timecode(frame, rate, drop=True)) == label
    for frame in range(0, len(labels), 31):
        assert Timecode.parse(labels[frame], rate) == Timecode(frame, rate, drop=True)


@pytest.mark.parametrize(("rate", "an_hour"), [(NTSC, 107_892), (NTSC_60, 215_784)])
def test_an_hour_of_drop_frame_has_its_frames(rate, an_hour):
    for hour in range(24):
        assert str(Timecode(hour * an_hour, rate, drop=True)) == f"{hour:02}:00:00;00"
        assert Timecode.parse(f"{hour:02}:00:00;00", rate).frame == hour * an_hour


@pytest.mark.parametrize("rate", [NTSC, NTSC_60])
def test_a_whole_day_of_drop_frame_comes_back(rate):
    day = 24 * floor(Fraction(3600) * round(rate) * Fraction(999, 1000))
    for frame in range(0, day, 1009):
        code = Timecode(frame, rate, drop=True)
        assert Timecode.parse(str(code), rate) == code


def test_drop_frame_stays_within_two_frames_of_the_clock_and_is_right_every_ten_minutes():
    for minute in range(0, 24 * 60, 10):
        frame = minute // 10 * 17_982
        shown = Timecode(frame, NTSC, drop=True)
        assert str(shown) == f"{minute // 60:02}:{minute % 60:02}:00;00"
        assert abs(float(frame / NTSC) - 60 * minute) < 0.1


def test_labels_that_drop_frame_skips_do_not_exist():
    for label in ("00:01:00;00", "00:01:00;01", "10:59:00;01"):
        with pytest.raises(EditorError, match="skips"):
            Timecode.parse(label, NTSC)
    for label in ("00:02:00;02", "00:03:00;03"):
        with pytest.raises(EditorError, match="skips"):
            Timecode.parse(label, NTSC_60)
    assert Timecode.parse("00:10:00;00", NTSC).frame == 17_982
    assert Timecode.parse("00:01:00;02", NTSC).frame == 1800
    assert Timecode.parse("00:01:00;04", NTSC_60).frame == 3600


@pytest.mark.parametrize("rate", [rate for rate in STANDARD_RATES if rate <= 120])
def test_non_drop_labels_come_back_at_every_standard_rate(rate):
    for frame in [0, 1, 59, 60, 1439, 86_399, 100_000, 24 * 3600 * round(rate) - 1]:
        code = Timecode(frame, rate)
        assert Timecode.parse(str(code), rate) == code


def test_labels_read_as_editors_know_them():
    assert str(Timecode(0, Fraction(25))) == "00:00:00:00"
    assert str(Timecode(90_000, Fraction(25))) == "01:00:00:00"
    assert str(Timecode(86_400, FILM)) == "01:00:00:00"
    assert str(Timecode(119, Fraction(120))) == "00:00:00:119"
    assert str(Timecode.parse("10:11:12.13", NTSC)) == "10:11:12;13"
    assert str(Timecode.parse(" 10:11:12:13 ", Fraction(25))) == "10:11:12:13"


def test_timecode_runs_over_midnight():
    last = Timecode.parse("23:59:59:24", Fraction(25))
    assert str(last + 1) == "00:00:00:00"
    last = Timecode.parse("23:59:59;29", NTSC)
    assert str(last + 1) == "00:00:00;00"


def test_adding_frames_counts_over_the_skipped_labels():
    assert str(Timecode.parse("00:00:59;29", NTSC) + 1) == "00:01:00;02"
    assert str(Timecode.parse("00:09:59;29", NTSC) + 1) == "00:10:00;00"
    assert str(Timecode.parse("00:00:59;59", NTSC_60) + 1) == "00:01:00;04"


# fmt: off
NO_TIMECODES = (
    "", "1:00:00:00", "01:00:00", "01:60:00:00", "01:00:60:00", "01:00:00:25", "aa:00:00:00",
    "01-00-00-00", "01:00:00:0", "01:00:00:00x", "-1:00:00:00", "01:00:00:00:00",
)
# fmt: on


@pytest.mark.parametrize("text", NO_TIMECODES)
def test_what_is_no_timecode_is_refused(text):
    with pytest.raises(EditorError):
        Timecode.parse(text, Fraction(25))


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30), FILM])
def test_drop_frame_exists_only_at_ntsc_rates(rate):
    with pytest.raises(EditorError, match="Drop-frame"):
        Timecode(0, rate, drop=True)
    with pytest.raises(EditorError, match="Drop-frame"):
        Timecode.parse("01:00:00;00", rate)
