"""What an editor sees of export: the files, what is said, and what is refused."""

import csv
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from editor.cli import MADE, WRONG, main
from editor.film import saved
from editor.film.export.carried import CARRIES
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Music
from editor.timing import FrameSpan
from editor.versions import find_version
from tests import media
from tests.film import edits

SIZE = (160, 96)  # px


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rushes")
    return (
        edits.numbered(
            folder / "täke 1.mov",
            100,
            25,
            size=SIZE,
            sound=media.tone(4),
            start_timecode="01:00:00:00",
        ),
        edits.numbered(folder / "fast.mp4", 100, Fraction(60000, 1001), size=SIZE),
        edits.numbered(folder / "third.mp4", 100, 25, size=SIZE, scenes=media.Scenes(seed=5)),
    )


@pytest.fixture
def outputs(clips, tmp_path):
    """A folder with a version that has music, alternatives, mixed rates and reasons."""
    slow, fast, _ = clips
    timeline = edits.film(25, [(slow, 10, 40), (fast, 20, 80), (slow, 50, 100)])
    other = Alternative(fast, FrameSpan(0, 50), "fast.mp4 #1", "other take")
    cuts = tuple(
        replace(cut, reason="over fast.mp4 #1: pace +0.1", alternatives=(other,))
        for cut in timeline.cuts
    )
    music = Music(media.audio_only(tmp_path / "song.wav", 5.0))
    folder = tmp_path / "outputs" / "toys-v003"
    folder.mkdir(parents=True)
    edit = Edit(
        replace(timeline, cuts=cuts, music=music),
        "cut",
        selects=(Alternative(slow, FrameSpan(0, 9), "täke 1.mov", "not needed"),),
    )
    saved.write(edit, folder)
    return folder.parent


def run(capsys, *argv):
    status = main([*map(str, argv)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_version_is_exported_by_its_title_into_its_own_folder(outputs, capsys):
    status, out, _ = run(
        capsys, "export", "toys-v003", "--outputs", outputs, "--to", "edl", "fcp7", "mlt"
    )
    assert status == MADE
    names = {path.name for path in (outputs / "toys-v003").iterdir()}
    assert names == {
        "edit.json", "toys-v003.edl", "toys-v003.reels.csv", "toys-v003.xml", "toys-v003.mlt",
    }  # fmt: skip
    for name in names - {"edit.json"}:
        assert name in out
    # Once, with the names of all formats that lose it.
    assert out.count("clips of another rate") == 1
    assert "CMX3600 EDL, MLT XML (Shotcut): clips of another rate" in out
    assert "--music lays it on a track of its own" in out


def test_json_says_the_same_as_plain_values(outputs, tmp_path, capsys):
    there = tmp_path / "for the editor" / "today"
    status, out, _ = run(
        capsys, "export", outputs / "toys-v003", "--to", ".EDL", "xml", "otioz", "--music",
        "--handles", "1", "--folder", there, "--json",
    )  # fmt: skip
    assert status == MADE
    said = json.loads(out)
    assert said["version"] == "toys-v003"
    assert [one["format"] for one in said["written"]] == ["edl", "fcp7", "otioz"]
    for one in said["written"]:
        assert all(Path(file).is_file() for file in one["files"])
        assert Path(one["files"][0]).parent == there
    assert CARRIES["edl"].lost["music"] in said["written"][0]["lost"]
    assert said["written"][2]["lost"] == []
    (note,) = said["notes"]
    assert note.startswith("3 cuts have less than 1 s of handles: cut 1, täke 1.mov: 0.40 s before")
    assert {path.name for path in (outputs / "toys-v003").iterdir()} == {"edit.json"}


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["toys-v004", "--to", "edl"], "no version 'toys-v004'"),
        (["toys-v004", "--to", "edl"], "Known: toys-v003"),
        (["toys-v003", "--to", "avi"], "Known: otio, otioz, edl"),
        (["toys-v003"], "--to"),
        (["toys-v003", "--to", "edl", "--handles", "-1"], "--handles"),
        (["toys-v003", "--to", "edl", "--handles", "soon"], "write seconds"),
    ],
)
def test_what_cannot_be_is_named_with_what_could(argv, words, outputs, capsys):
    status, out, err = run(capsys, "export", *argv, "--outputs", outputs)
    assert (status, out) == (WRONG, "")
    assert words in err
    assert len(err.strip().splitlines()) == 1


def test_a_folder_without_an_edit_and_one_that_cannot_be_written_are_named(
    outputs, tmp_path, capsys
):
    (outputs / "old-v001").mkdir()
    status, _, err = run(capsys, "export", "old-v001", "--outputs", outputs, "--to", "edl")
    assert status == WRONG and "edit.json" in err
    (tmp_path / "file").write_text("")
    status, _, err = run(
        capsys, "export", "toys-v003", "--outputs", outputs, "--to", "edl", "--folder",
        tmp_path / "file" / "x",
    )  # fmt: skip
    assert status == WRONG and "--folder" in err


def test_what_one_format_refuses_is_said_and_the_others_are_written(outputs, clips, capsys):
    edit = saved.read(outputs / "toys-v003")
    odd = replace(edit, timeline=replace(edit.timeline, rate=Fraction(597, 50)))
    saved.write(odd, outputs / "toys-v003")
    status, out, _ = run(
        capsys, "export", "toys-v003", "--outputs", outputs, "--to", "fcp7", "otio", "--json"
    )
    said = json.loads(out)
    assert status == WRONG
    assert [one["format"] for one in said["written"]] == ["otio"]
    assert said["refused"][0]["format"] == "fcp7"
    assert "--rate 12" in said["refused"][0]["reason"]


def test_media_that_are_gone_are_named_and_everything_else_is_written(outputs, clips, capsys):
    edit = saved.read(outputs / "toys-v003")
    lost = replace(clips[0], path=clips[0].path.with_name("gone.mov"))
    cuts = tuple(
        replace(cut, clip=lost) if cut.clip.name == clips[0].name else cut
        for cut in edit.timeline.cuts
    )
    edit = replace(edit, timeline=replace(edit.timeline, cuts=cuts, music=None), selects=())
    saved.write(edit, outputs / "toys-v003")
    status, out, _ = run(
        capsys, "export", "toys-v003", "--outputs", outputs, "--to", "edl", "otioz"
    )
    assert status == WRONG
    assert out.count("gone.mov") == 2  # the note, and why there is no bundle
    assert (outputs / "toys-v003" / "toys-v003.edl").is_file()
    assert not (outputs / "toys-v003" / "toys-v003.otioz").exists()


def test_the_help_names_every_format(capsys):
    status, out, _ = run(capsys, "export", "--help")
    assert status == MADE
    for name, row in CARRIES.items():
        assert name in out and row.title in out


def test_a_version_is_found_by_title_by_folder_and_from_inside_it(outputs, monkeypatch):
    by_title = find_version("toys-v003", outputs)
    assert find_version(str(outputs / "toys-v003") + "/", Path("/nowhere")) == by_title
    monkeypatch.chdir(outputs / "toys-v003")
    assert find_version(".", Path("/nowhere")).title == "toys-v003"


def test_cut_exports_at_once_and_says_so(clips, tmp_path, capsys):
    status, out, _ = run(
        capsys, "cut", clips[0].path.parent, "--outputs", tmp_path / "out", "--name", "toys",
        "--no-render", "--export", "edl", "csv", "--json",
    )  # fmt: skip
    assert status == MADE
    said = json.loads(out)
    folder = tmp_path / "out" / "toys-v001"
    assert [one["format"] for one in said["exports"]] == ["edl", "csv"]
    for one in said["exports"]:
        for file in one["files"]:
            assert Path(file).parent == folder and Path(file).is_file()
    assert json.loads((folder / "report.json").read_text())["exports"] == said["exports"]
    with open(folder / "toys-v001.csv", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["track"] == "V1"]
    assert [row["path"] for row in rows] == [cut["clip"] for cut in said["cuts"]]
    assert (folder / "timeline.otio").stat().st_mode & 0o044
