"""The benchmark measures whole process trees, and keeps what it measured when a part fails."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from editor.bench import measure, suite, table
from editor.errors import EditorError, FootageError
from editor.progress import Advance, Watch
from tests import media


class Silent(Watch):
    """A watch that says nothing."""

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        yield lambda done, total, label: None


def test_the_cpu_of_a_child_process_is_counted(tmp_path):
    told = tmp_path / "told"  # what the child took, by its own clock
    work = (
        "import pathlib, time; sum(i * i for i in range(3_000_000));"
        f" pathlib.Path({str(told)!r}).write_text(str(time.process_time()))"
    )
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    around = measure.run([sys.executable, "-c", child])
    assert around.cpu >= float(told.read_text()) - 0.02


def test_the_memory_of_the_whole_tree_is_counted():
    hold = "block = bytearray(120_000_000); sum(i * i for i in range(6_000_000))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}], check=True)"
    assert measure.run([sys.executable, "-c", child]).memory > 110


def test_what_a_command_took_until_its_file_was_there_is_told_apart_from_the_rest(tmp_path):
    made, work = tmp_path / "made", "sum(i * i for i in range(4_000_000))"
    script = f"{work}; open({str(made)!r}, 'w').close(); {work}; {work}"
    cost = measure.run([sys.executable, "-c", script], made.exists)
    assert 0 < cost.reached_wall < 0.8 * cost.wall
    assert 0 < cost.reached_cpu < 0.8 * cost.cpu


def test_a_command_that_fails_is_named_with_its_last_words():
    with pytest.raises(EditorError, match="ended with 3: too bad"):
        failing = "import sys; print('too bad', file=sys.stderr); sys.exit(3)"
        measure.run([sys.executable, "-c", failing])


def test_ratios_are_taken_run_by_run():
    assert measure.ratio([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == (2.0, 1.0, 3.0)


def test_a_row_says_whether_its_target_holds():
    row = table.Row("speed", "easy", 1.31, 1.2, 1.4, 1.3, "x", 3)
    assert row.holds is False and "falls short" in table.draw([row], "a machine")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FootageError, match=r"nothing\.mp4"):
        suite.suite([tmp_path / "nothing.mp4"], 1, ("analysis",), Silent())


def test_what_was_measured_is_kept_when_a_later_part_fails(tmp_path, monkeypatch):
    row = table.Row("first", "a", 1.0, 1.0, 1.0, None, "x", 1)

    def broken(*_):
        raise EditorError("the disk is full")
        yield

    monkeypatch.setattr(suite, "PARTS", {"many": lambda *_: iter([row]), "hour": broken})
    with pytest.raises(suite.Unfinished, match="disk is full") as failed:
        suite.suite([], 1, ("many", "hour"), Silent())
    assert failed.value.rows == [row]


def test_a_file_of_ones_own_can_be_measured(tmp_path):
    clip = media.numbered(tmp_path / "a.mp4", 200, 25, sound=media.tone(8.0))
    rows = suite.suite([clip], 1, ("render",), Silent())
    assert [row.footage for row in rows] == ["a"] * 4
    assert all(row.figure > 0 for row in rows)
