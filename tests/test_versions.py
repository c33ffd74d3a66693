"""A version folder is whole or absent, whoever else writes beside it."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from editor.errors import OutputError
from editor.versions import (
    Version,
    check_name,
    clean,
    drafting,
    name_for,
    versions,
    writing_to,
)

HOLD = """
import sys
from pathlib import Path
from editor.versions import drafting
with drafting(Path(sys.argv[1]), "toys") as draft:
    (draft.folder / "film.mp4").write_bytes(b"half a film")
    print(draft.folder, flush=True)
    sys.stdin.read()
"""


def publish(outputs: Path, name: str = "toys", content: str = "a film") -> Version:
    with drafting(outputs, name) as draft:
        (draft.folder / "film.mp4").write_text(content)
        return draft.publish(
            lambda version: (draft.folder / "report.json").write_text(version.title) and None
        )


def publish_many(outputs: Path, count: int) -> None:
    for _ in range(count):
        publish(outputs)


def holder(outputs: Path) -> "subprocess.Popen[str]":
    """Another process in the middle of building a version."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(outputs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    return process


def test_versions_are_numbered_from_one_and_counted_by_name(tmp_path):
    made = [publish(tmp_path, name).title for name in ("toys", "toys", "day 3", "toys")]
    assert made == ["toys-v001", "toys-v002", "day 3-v001", "toys-v003"]
    assert [v.title for v in versions(tmp_path, "toys")] == ["toys-v001", "toys-v002", "toys-v003"]


def test_a_version_holds_what_was_drafted_and_knows_its_own_name(tmp_path):
    version = publish(tmp_path, content="this film")
    assert (version.folder / "film.mp4").read_text() == "this film"
    assert (version.folder / "report.json").read_text() == "toys-v001"
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == ["toys-v001"]


def test_a_number_that_was_deleted_does_not_come_back_below_a_newer_one(tmp_path):
    first, _second = publish(tmp_path), publish(tmp_path)
    for file in first.folder.iterdir():
        file.unlink()
    first.folder.rmdir()
    assert publish(tmp_path).title == "toys-v003"


def test_numbers_go_on_past_999(tmp_path):
    (tmp_path / "toys-v999").mkdir()
    assert publish(tmp_path).title == "toys-v1000"
    assert publish(tmp_path).title == "toys-v1001"


def test_a_file_or_a_link_where_a_version_would_go_is_left_alone(tmp_path):
    (tmp_path / "toys-v001").write_text("mine")
    (tmp_path / "toys-v002").symlink_to(tmp_path / "nowhere")
    assert publish(tmp_path).title == "toys-v003"
    assert (tmp_path / "toys-v001").read_text() == "mine"


def test_a_folder_that_appears_at_the_last_moment_is_not_replaced(tmp_path):
    """Somebody who knows nothing of our locks takes the number between the look and the rename."""

    def take_it(version: Version) -> None:
        if version.number == 1:
            version.folder.mkdir()
            (version.folder / "theirs").write_text("theirs")

    with drafting(tmp_path, "toys") as draft:
        (draft.folder / "film.mp4").write_text("ours")
        version = draft.publish(take_it)
    assert version.title == "toys-v002"
    assert (tmp_path / "toys-v001" / "theirs").read_text() == "theirs"
    assert (version.folder / "film.mp4").read_text() == "ours"


def test_many_processes_at_once_lose_no_version_and_share_no_number(tmp_path):
    processes = [
        multiprocessing.get_context("spawn").Process(target=publish_many, args=(tmp_path, 12))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    made = versions(tmp_path, "toys")
    assert [version.number for version in made] == list(range(1, 49))
    assert all((v.folder / "report.json").read_text() == v.title for v in made)
    assert left_over(tmp_path) == []


def left_over(outputs: Path) -> list[str]:
    return sorted(p.name for p in outputs.iterdir() if p.name.startswith(".partial"))


def test_a_draft_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), drafting(tmp_path, "toys") as draft:
        (draft.folder / "film.mp4").write_text("half")
        raise ZeroDivisionError
    assert versions(tmp_path) == ()
    assert left_over(tmp_path) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    process = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert left_over(tmp_path), "a killed run can clean nothing"
    assert versions(tmp_path) == (), "and yet nothing half-made is listed"
    assert publish(tmp_path).title == "toys-v001"
    assert left_over(tmp_path) == []


def test_what_a_running_cut_builds_is_not_touched_by_another(tmp_path):
    process = holder(tmp_path)
    building = left_over(tmp_path)
    assert clean(tmp_path) == 0
    assert publish(tmp_path).title == "toys-v001"
    assert left_over(tmp_path) == building
    process.communicate("")
    assert left_over(tmp_path) == [], "its own end removes what it did not publish"


def test_the_lock_file_alone_or_the_folder_alone_is_cleaned_too(tmp_path):
    (tmp_path / ".partial-aaaa.lock").touch()
    (tmp_path / ".partial-bbbb").mkdir()
    (tmp_path / ".partial-bbbb" / "film.mp4").touch()
    clean(tmp_path)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["", " ", ".hidden", "-flag", "a/b", "a\\b", "..", "a..b", "a\nb", "x" * 101, " a"]
)
def test_a_name_that_could_leave_the_folder_or_hide_is_refused(name):
    with pytest.raises(OutputError, match="--name"):
        check_name(name)


@pytest.mark.parametrize("name", ["toys", "day 3", "Zürich", 'o\'brien "B"', "-v001"[1:], "片"])
def test_a_name_that_a_person_would_give_is_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("toys", "toys"),
        (".hidden", "hidden"),
        ("a\nb", "a b"),
        ("--only", "only"),
        ("...", "film"),
        ("ü" * 200, "ü" * 50),
    ],
)
def test_the_footage_folders_name_becomes_a_good_name(tmp_path, folder, expected):
    name = name_for(tmp_path / folder)
    assert name == expected
    assert check_name(name) == name


def test_a_single_clips_name_is_taken_without_its_extension(tmp_path):
    (tmp_path / "rabbit take 2.mp4").touch()
    assert name_for(tmp_path / "rabbit take 2.mp4") == "rabbit take 2"


def test_outputs_that_is_a_file_is_said_to_be_one(tmp_path):
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        publish(tmp_path / "outputs")
    with pytest.raises(OutputError, match="is a file"):
        publish(tmp_path / "outputs" / "below")


def test_outputs_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(OutputError, match="cannot be made"):
        publish(tmp_path / "link" / "outputs")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_in_the_users_words_and_leaves_nothing(tmp_path, number):
    with pytest.raises(OutputError, match=r"full.*--outputs"), drafting(tmp_path, "toys") as draft:
        (draft.folder / "film.mp4").write_text("half")
        raise OSError(number, os.strerror(number))
    assert left_over(tmp_path) == []


def test_a_full_disk_that_another_stage_met_is_said_in_the_same_words(tmp_path):
    with pytest.raises(OutputError, match=r"full.*--outputs"), drafting(tmp_path, "toys"):
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as err:
            raise OutputError("the film cannot be written") from err


def test_other_errors_of_the_system_are_not_disguised(tmp_path):
    with pytest.raises(OSError, match="Input/output") as caught, writing_to(tmp_path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    assert not isinstance(caught.value, OutputError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="cannot be written to"):
            publish(tmp_path / "outputs")
    finally:
        tmp_path.chmod(0o755)
