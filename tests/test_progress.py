"""What a stage says of itself on a terminal, in a log, and where nobody reads."""

import io
import threading

import pytest

from editor.progress import Bars, Lines, Silent, Work, printable, span_text


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_log_gets_a_line_as_a_stage_begins_moves_on_and_ends():
    stream = io.StringIO()
    with Lines(stream, patience=0).stage("analysis") as advance:
        for clip in range(4):
            for share in range(10):
                advance(clip + share / 10, 4, f"take {clip}\n.mp4")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "analysis: begins"
    assert lines[1:5] == [f"analysis: {25 * n:3}% take {n}\\n.mp4" for n in range(4)]
    assert lines[5].startswith("analysis: done in ")


@pytest.mark.parametrize(("before", "left"), [(0, ", 10 s left"), (80, ", 2.0 s left")])
def test_the_time_left_counts_only_what_this_run_did_itself(before, left, monkeypatch):
    now = 100.0
    monkeypatch.setattr("editor.progress.time.monotonic", lambda: now)
    stream = io.StringIO()
    with Lines(stream, patience=0).stage("training") as advance:
        for share in range(before, 101, 5):
            advance(share, 100, f"step {share}")
            now += 1
    halfway = (before + 100) // 2
    assert f"training: {halfway:3}% step {halfway}{left}" in stream.getvalue().splitlines()


def test_a_thousand_clips_do_not_fill_a_log():
    stream = io.StringIO()
    with Lines(stream, patience=0).stage("ingest") as advance:
        for clip in range(1000):
            advance(clip, 1000, f"{clip}.mp4")
    assert len(stream.getvalue().splitlines()) <= 25


def test_a_log_that_nobody_reads_any_more_does_not_end_the_work():
    with Lines(Gone(), patience=0).stage("analysis") as advance:
        advance(1, 2, "a.mp4")


def test_parts_of_a_stage_count_by_what_they_cost():
    told = []
    work = Work(lambda *said: told.append(said))
    few, many = work.part("few", [1.0, 1.0]), work.part("many", [2.0, 6.0])
    few(1)
    many(0)
    many(1.5)
    many(2)
    assert told == [(1, 10, "few"), (2, 10, "many"), (7, 10, "many"), (10, 10, "many")]


def test_a_bar_shows_the_stage_and_leaves_the_terminal_clean():
    stream = io.StringIO()
    with Bars(stream).stage("analysis") as advance:
        advance(0, 0, "nothing to do")
        advance(1, 2, "[bold]a.mp4\x1b[31m")
    assert "\x1b[31m" not in stream.getvalue()


def test_silence_is_silent():
    with Silent().stage("analysis") as advance:
        advance(1, 2, "a.mp4")


def test_an_error_inside_a_stage_is_not_called_done():
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), Lines(stream, patience=0).stage("render"):
        raise ZeroDivisionError
    assert "done" not in stream.getvalue()


def test_a_short_stage_leaves_nothing_in_a_log():
    stream = io.StringIO()
    with Lines(stream, patience=60).stage("ingest") as advance:
        advance(0, 2, "a.mp4")
        advance(1, 2, "b.mp4")
    assert stream.getvalue() == ""


class Told(io.StringIO):
    """A stream that wakes whoever waits for its first line."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = threading.Event()

    def flush(self) -> None:
        self.spoken.set()


def test_a_long_stage_is_named_once_it_has_proved_long_even_where_it_says_nothing_of_itself():
    stream = Told()
    with Lines(stream, patience=0.01).stage("render") as advance:
        assert stream.spoken.wait(60)
        assert stream.getvalue() == "render: begins\n"
        advance(1, 2, "film.mp4")
    assert stream.getvalue().splitlines()[1] == "render:  50% film.mp4"
    assert stream.getvalue().splitlines()[2].startswith("render: done in ")


def test_nothing_is_said_of_a_stage_after_its_error():
    stream = Told()
    with pytest.raises(ZeroDivisionError), Lines(stream, patience=0.05).stage("render"):
        raise ZeroDivisionError
    assert not stream.spoken.wait(0.1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Füße 四.mp4", "Füße 四.mp4"),
        ("two\nlines\t.mp4", "two\\nlines\\t.mp4"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("left\u202eright", "left\\u202eright"),
        ("raw\udcff.mp4", "raw\\udcff.mp4"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (59.6, "1 min 00 s"), (3900, "1 h 05 min")],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert span_text(seconds) == said
