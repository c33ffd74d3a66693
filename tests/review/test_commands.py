"""All that the page does the command line does too, in words and as JSON."""

import json
from pathlib import Path

import pytest

from editor.cli import MADE, WRONG, main
from editor.correcting import Desk
from editor.store.database import BACKUPS, GOOD, NAME


@pytest.fixture
def run(outputs, capsys):
    """Run a command on the test's outputs: its status, what it says, its complaint."""

    def call(*words: object) -> tuple[int, str, str]:
        status = main([*map(str, words), "--outputs", str(outputs)])
        said, complaint = capsys.readouterr()
        return status, said, complaint.splitlines()[-1] if complaint else ""

    return call


def test_versions_lists_them(run):
    status, said, _ = run("versions")
    assert status == MADE
    assert [line.split()[0] for line in said.splitlines()] == ["toys-v002", "toys-v001"]
    assert "4 cuts" in said


def test_a_folder_without_versions_says_what_to_do(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["versions", "--outputs", str(tmp_path / "empty")]) == MADE
    assert "cut FOOTAGE" in capsys.readouterr().out


def test_show_lists_every_cut_with_its_source_timecode(run):
    _, said, _ = run("show", "toys-v001")
    assert said.splitlines()[0].startswith("toys-v001: 4 cuts, 4.0 s, revision 0")
    assert "2  c2  b c.mp4  00:00:02:00 - 00:00:03:05  1.20 s" in said


def test_a_version_can_be_named_by_its_folder(outputs, capsys):
    assert main(["show", str(outputs / "toys-v001")]) == MADE
    assert "toys-v001: 4 cuts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["drop", "2"], "drop cut 2 (b c.mp4)"),
        (["drop", "c2"], "drop cut 2 (b c.mp4)"),
        (["trim", "2", "in", "5"], "trim cut 2 (b c.mp4): in 5 frames later"),
        (["trim", "2", "out", "-5", "--roll"], "out 5 frames earlier, rolling"),
        (["slip", "2", "-3"], "slip cut 2 (b c.mp4): 3 frames earlier"),
        (["move", "4", "--before", "1"], "move cut 4 (b c.mp4) before cut 1 (a.mp4)"),
        (["move", "1"], "move cut 1 (a.mp4) to the end"),
        (["replace", "2", "b c.mp4@85-95"], "by b c.mp4, frames 85 to 95"),
        (["replace", "2", "alternative", "1"], "by b c.mp4, frames 85 to 95"),
        (["insert", "a.mp4@2.4s-2.8s", "--before", "2"], "insert a.mp4, frames 60 to 70, before"),
        (["lock", "1"], "lock cut 1 (a.mp4)"),
        (["ban", "a.mp4@90-100"], "ban a.mp4, frames 90 to 100"),
        (["must-include", "b c.mp4"], "must-include b c.mp4"),
        (["note", "2", "too long"], "note on cut 2 (b c.mp4)"),
        (["note", "nearly"], "note on the film"),
    ],
)
def test_every_correction_can_be_typed_undone_and_done_again(run, words, said):
    status, told, complaint = run("correct", "toys-v001", *words)
    assert status == MADE, complaint
    assert said in told.splitlines()[0]
    assert run("correct", "toys-v001", "undo")[1].startswith("undid: ")
    assert run("correct", "toys-v001", "redo")[1].startswith("redid: ")
    shown = json.loads(run("show", "toys-v001", "--json")[1])
    assert (shown["revision"], shown["undo"]) == (3, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["drop", "5"], "The film has cuts 1 to 4, not 5."),
        (["drop", "c9"], "no cut c9"),
        (["trim", "1", "in", "-11"], "beyond the media"),
        (["trim", "1", "in", "far"], "no number of frames"),
        (["trim", "1", "up", "1"], "cannot be understood"),
        (["replace", "2", "alternative", "2"], "1 alternative, not 2"),
        (["insert", "nobody.mp4@1-2"], "no clip of the footage is called so"),
        (["insert", "a.mp4@90-110"], "The clip has frames 0 to 100"),
        (["frobnicate"], "cannot be understood"),
        (["note", "caf\udce9"], "half a character"),
        (["undo"], "nothing to undo"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(run, outputs, words, said):
    status, _, complaint = run("correct", "toys-v001", *words)
    assert status == WRONG
    assert said in complaint
    with Desk(outputs) as desk:
        assert desk.open("toys-v001").revision == 0


def test_a_verdict_is_given_and_taken_back(run):
    words = ["verdict", "toys-v001", "reject", "--cut", "2", "--because", "rhythm", "content"]
    _, said, _ = run(*words, "--note", "too long")
    assert said.startswith("rejected cut 2 (b c.mp4) (rhythm, content): too long")
    assert run("verdict", "toys-v001", "approve")[1].startswith("approved the film")
    shown = json.loads(run("show", "toys-v001", "--json")[1])
    assert shown["verdict"]["verdict"] == "approve"
    assert shown["cuts"][1]["verdict"]["reasons"] == ["rhythm", "content"]
    run("verdict", "toys-v001", "withdraw", "--cut", "2")
    assert json.loads(run("show", "toys-v001", "--json")[1])["cuts"][1]["verdict"] is None


def test_history_is_a_table_and_json(run):
    run("correct", "toys-v001", "drop", "2")
    run("prefer", "toys-v002", "toys-v001", "--because", "rhythm")
    _, table, _ = run("history")
    assert "toys-v001  1  correction  drop cut 2 (b c.mp4)" in table
    assert "toys-v002" in table.splitlines()[-1]
    assert "preferred to toys-v001 (rhythm)" in table
    events = json.loads(run("history", "--json")[1])["events"]
    assert [event["kind"] for event in events][-2:] == ["correction", "preference"]
    assert events[-1]["preferred"] == "toys-v002"
    assert "toys-v002" not in run("history", "toys-v001")[1]


def test_what_was_done_to_a_version_that_is_gone_is_still_told(run, outputs):
    run("correct", "toys-v001", "drop", "2")
    for path in (outputs / "toys-v001").iterdir():
        path.unlink()
    (outputs / "toys-v001").rmdir()
    _, table, _ = run("history")
    assert "its folder is gone" in table
    assert "correction  drop" in table


def test_another_film_under_an_old_title_is_said_and_not_corrected(run, outputs):
    run("correct", "toys-v001", "drop", "2")
    film = (outputs / "toys-v002" / "edit.json").read_text()
    (outputs / "toys-v001" / "edit.json").write_text(film)
    shown = json.loads(run("show", "toys-v001", "--json")[1])
    assert (shown["revision"], shown["undo"]) == (0, 0)
    assert "not the film that was corrected" in shown["problems"][0]


def test_render_without_the_film_makes_a_version_of_the_corrections(run, outputs):
    run("correct", "toys-v001", "drop", "2")
    status, said, _ = run("render", "toys-v001", "--no-render")
    assert status == MADE
    assert "toys-v003: 3 cuts" in said
    assert "from toys-v001" in run("versions")[1]
    assert (outputs / "toys-v003" / "timeline.otio").exists()


def test_moved_footage_is_found_in_a_folder_that_is_named(run, tmp_path, tmp_path_factory):
    away = tmp_path_factory.mktemp("another disk") / "rushes"
    (tmp_path / "rushes").rename(away)
    assert "is gone" in run("show", "toys-v001")[1]
    assert "not found: a.mp4" in run("relink", "toys-v001")[1]
    _, said, _ = run("relink", "toys-v001", away)
    assert f"found {away / 'a.mp4'}" in said
    assert "is gone" not in run("show", "toys-v001")[1]
    assert run("relink", "toys-v002")[1] == "All footage is where it was.\n"


def test_a_damaged_store_is_said_and_can_be_restored(run, outputs):
    run("correct", "toys-v001", "drop", "2")
    store = outputs / NAME
    for path in (store, Path(f"{store}-wal"), Path(f"{store}-shm")):
        path.unlink(missing_ok=True)
    store.write_bytes(b"not a database at all" * 1000)
    status, _, complaint = run("show", "toys-v001")
    assert status == WRONG
    assert "is damaged" in complaint
    assert str(outputs / BACKUPS / GOOD) in complaint
    assert "last good backup is now" in run("history", "--restore-backup")[1]
    assert json.loads(run("show", "toys-v001", "--json")[1])["revision"] == 1


def test_an_unknown_version_names_those_that_are_there(run):
    for words in (["show", "toys-v009"], ["prefer", "toys-v001", "toys-v009"]):
        status, _, complaint = run(*words)
        assert status == WRONG
        assert "toys-v002" in complaint
