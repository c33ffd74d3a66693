"""Whatever an editor gets wrong is one line that says what, where and what would be right."""

import errno
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from editor.cli import OUR_FAULT, WRONG, main
from tests import media

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys, tmp_path, monkeypatch) -> Run:
    """Run a command in an empty folder: its status, stdout, and the one line of complaint."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: object) -> tuple[int, str, str]:
        status = main([str(word) for word in argv])
        out, err = capsys.readouterr()
        said = err.splitlines()
        assert len(said) == (status != 0), err
        assert all(line.startswith("editor: ") for line in said)
        return status, out, said[0] if said else ""

    return call


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A clip that can be cut, analysed once for all tests by way of `kept`."""
    folder = tmp_path_factory.mktemp("good")
    return media.numbered(
        folder / "good.mp4", 200, 25, size=(160, 96), sound=media.tone(8.0), scenes=SCENES
    )


SCENES = media.Scenes(cuts=(70, 140))


@pytest.fixture(scope="module")
def kept(good, tmp_path_factory) -> Path:
    """An outputs folder whose cache knows the good clip."""
    outputs = tmp_path_factory.mktemp("kept")
    assert main(["analyze", str(good), "--outputs", str(outputs)]) == 0
    return outputs


@pytest.fixture
def outputs(kept, tmp_path) -> Path:
    """A folder of this test's own with that cache."""
    return Path(shutil.copytree(kept, tmp_path / "outputs"))


def listed(outputs: Path) -> list[str]:
    return sorted(path.name for path in outputs.iterdir() if path.name != ".cache")


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["cut"], "FOOTAGE.*cut --help"),
        (["cutt"], "invalid choice.*cut"),
        (["--json"], "unrecognized|No command"),
        (["cut", "x", "--durration", "3"], "--durration"),
        (["cut", "x", "--dur", "3"], "--dur"),
        (["cut", "x", "--duration", "0"], "--duration.*more than 0"),
        (["cut", "x", "--duration=-5"], "--duration.*more than 0"),
        (["cut", "x", "--duration", "nan"], "--duration.*more than 0"),
        (["cut", "x", "--duration", "inf"], "--duration.*more than 0"),
        (["cut", "x", "--duration", "1e400"], "--duration.*more than 0"),
        (["cut", "x", "--duration", "long"], "--duration.*write seconds"),
        (["cut", "x", "--size", "1920"], "--size.*1920x1080"),
        (["cut", "x", "--size", "1921x1080"], "--size.*1920x1080 would do"),
        (["cut", "x", "--size", "0x0"], "--size"),
        (["cut", "x", "--size", "-2x4"], "--size"),
        (["cut", "x", "--size", "99999x99999"], "--size.* 16 to 8192 pixels.*as 1920x1080"),
        (["cut", "x", "--size", "100000000x2"], "--size.* 16 to 8192 pixels.*as 1920x1080"),
        (["cut", "x", "--size", "2x2"], "--size.* 16 to 8192 pixels"),
        (["cut", "x", "--rate", "fast"], "--rate.*24000/1001"),
        (["cut", "x", "--rate", "0"], "--rate"),
        (["cut", "x", "--rate", "25/0"], "--rate"),
        (["cut", "x", "--rate", "100000"], "--rate"),
        (["cut", "x", "--seed", "-1"], "--seed"),
        (["cut", "x", "--seed", "1.5"], "--seed.*whole number"),
        (["cut", "x", "--seed", "9" * 30], "--seed"),
        (["cut", "x", "--order", "random"], "--order.*recorded.*free"),
        (["cut", "x", "--name", "a/b"], "--name.*slash"),
        (["cut", "x", "--name", ".."], "--name"),
        (["cut", "x", "--name", ""], "--name.*empty"),
        (["cut", "x", "--style", "noir"], "noir.*Known.*default.*trailer"),
        (["cut", "x", "--style", "none.toml"], "none.toml: no such file.*Known.*calm.*trailer"),
        (["cut", "x", "--style", "folder.toml"], "folder.toml: .*directory.*Known.*calm.*trailer"),
        (["cut", "x", "--music", "none.ogg"], "--music.*none.ogg.*No such file.*as song.ogg"),
        (["cut", "x", "--music", "folder.toml"], "--music.*folder.toml.*directory.*as song.ogg"),
        (["cut", "x", "--like", "none.mp4"], "--like.*none.mp4.*No such file.*as trailer.mp4"),
        (["cut", "x", "--weights", "none.pth"], "--weights.*none.pth.*No such file.*safetensors"),
        (["cut", "x", "--policy", "no.safetensors"], "no.safetensors: no such file.*Known.*base"),
        (["cut", "x", "--policy", "no.safetensors+beam"], "no.safetensors: no such.*Known.*base"),
        (["evaluate", "--hacks"], "--hacks measures footage: name FOOTAGE"),
        (["evaluate", "x", "--hacks", "--pools", "3"], "--pools.*no use with --hacks.*cutters"),
        (["evaluate", "x", "--dose", "--thorough"], "--thorough.*no use with --dose"),
        (
            ["evaluate", "x", "--rhythm", "--seeds", "2"],
            "--seeds.*the table of cutters, --like and --editors",
        ),
        (["evaluate", "x", "--dose", "--policy", "base"], "--policy.*no use with --dose"),
        (["evaluate", "x", "--pools", "0", "--shots", "50"], "--shots.*--pools 0"),
        (["bench", "--parts", "many", "--quick"], "--quick.*--parts"),
        (["evaluate", "--wrong", "0.5"], "--wrong.*it is for --editors"),
        (["evaluate", "--jobs", "3"], "--jobs.*it is for --editors"),
        (["evaluate", "--editors", "--wrong", "2"], "--wrong 2.*0 to 1"),
        (["evaluate", "x", "--editors"], "--editors.*leave FOOTAGE out"),
        (["evaluate", "x", "--plot", "table.txt"], "--plot table.txt.*in .png"),
        (["evaluate", "x", "--dose", "--plot", "a.png"], "--plot.*no use with --dose"),
        (["evaluate", "--pools", "1", "--outputs", "folder.toml/notes"], "--outputs.*is a file"),
        (["bench", "--trials", "ppo on CartPole-v1"], "--trials.*without --peers"),
        (["bench", "--peers", "--parts", "many"], "--parts.*with --peers"),
        (["train", "--resume", "--folder", "none"], "--resume: none is no folder"),
        (["evaluate", "x", "--rhythm", "--lengths", "none.csv"], "--lengths.*No such.*columns"),
        (["cut", "missing"], "missing.*no such file or folder"),
        (["analyze", "missing"], "missing.*no such file or folder"),
        (["fit-pace", "none.csv"], "none.csv.*No such file"),
    ],
)
def test_a_wrong_command_says_what_would_be_right_and_exits_2(run, argv, said, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "folder.toml" / "notes").touch()
    status, out, line = run(*argv)
    assert (status, out) == (WRONG, "")
    assert_says(line, said)
    made = tmp_path / "outputs"
    assert not made.exists() or listed(made) == []


def assert_says(line: str, pattern: str) -> None:
    assert re.search(pattern, line), line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("duration = [\n", "not valid TOML"),
        ("duration = 3\nstyle = = 2\n", "not valid TOML.*line 2"),
        ("duration = 30", "lacks"),
        ("dir = 1", "no such key as dir.*Known"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_broken_style_is_named_with_its_line_or_key(run, good, tmp_path, text, said):
    style = tmp_path / "my style.toml"
    style.write_text(text)
    status, _, line = run("cut", good, "--style", style)
    assert status == WRONG
    assert_says(line, f"my style.toml.*{said}")


def test_a_style_that_weighs_an_unknown_term_names_the_known_ones(run, good, outputs, tmp_path):
    from editor.config import STYLES

    style = tmp_path / "mine.toml"
    style.write_text((STYLES / "default.toml").read_text() + "\nglamour = 1.0\n")
    status, _, line = run("cut", good, "--style", style, "--outputs", outputs)
    assert status == WRONG
    assert_says(line, "glamour.*[Kk]nown")
    assert listed(outputs) == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--policy", "genius"], "genius.*Known"),
        (["--backbone", "resnet9000"], "resnet9000.*Known.*efficientnet_lite0"),
    ],
)
def test_an_unknown_policy_or_backbone_lists_the_known_before_anything_is_analysed(
    run, good, tmp_path, option, said
):
    status, _, line = run("cut", good, *option)
    assert status == WRONG
    assert_says(line, said)
    assert not (tmp_path / "outputs" / ".cache" / "picture").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["cut", "missing"],
        ["cut", ".", "--style", "noir"],
        ["cut", ".", "--policy", "genius"],
        ["cut", ".", "--backbone", "resnet9000"],
        ["cut", ".", "--duration", "0"],
    ],
    ids=lambda argv: argv[-1],
)
def test_what_can_be_known_at_once_is_said_before_torch_is_loaded(argv, tmp_path):
    code = (
        "import sys; from editor.cli import main\n"
        f"status = main({argv!r})\n"
        "sys.exit(99 if {'torch', 'cv2', 'scenedetect'} & set(sys.modules) else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == WRONG
    assert done.stderr.count("\n") == 1


def test_the_names_that_are_known_without_torch_are_those_that_cut():
    from editor.cutting import agent, policies
    from editor.cutting.baselines import BASELINES

    assert set(policies.PLAIN) == set(BASELINES)
    assert set(policies.names()) == set(agent.policy_names())


def test_a_style_that_asks_for_an_unknown_detector_or_term_is_said_before_anything_is_analysed(
    run, good, tmp_path
):
    from editor.config import STYLES

    default = (STYLES / "default.toml").read_text()
    for text, said in (
        ('detector = "crystal ball"\n' + default, "crystal ball.*Known.*adaptive"),
        (default + "\nglamour = 1.0\n", "glamour.*Known"),
    ):
        style = tmp_path / "mine.toml"
        style.write_text(text)
        status, _, line = run("cut", good, "--style", style)
        assert status == WRONG
        assert_says(line, said)
        assert not (tmp_path / "outputs" / ".cache" / "picture").exists()


def test_weights_that_are_no_weights_are_refused(run, good, tmp_path):
    weights = media.text(tmp_path / "my.pth")
    status, _, line = run("cut", good, "--weights", weights)
    assert status == WRONG
    assert_says(line, "my.pth")


def test_a_policy_file_that_is_no_policy_is_refused(run, good, tmp_path):
    policy = media.text(tmp_path / "my.safetensors")
    status, _, line = run("cut", good, "--policy", policy)
    assert status == WRONG
    assert_says(line, "my.safetensors")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (media.text, "music.mp3"),
        (media.empty, "music.mp3.*empty.*as song.ogg"),
        (lambda path: path.mkdir() or path, "music.mp3.*directory"),
    ],
)
def test_music_that_cannot_be_heard_is_said_before_anything_is_analysed(
    run, good, tmp_path, make, said
):
    music = make(tmp_path / "music.mp3")
    status, _, line = run("cut", good, "--music", music)
    assert status == WRONG
    assert_says(line, said)
    assert not (tmp_path / "outputs" / ".cache" / "picture").exists()


def test_music_without_sound_is_said(run, good, tmp_path):
    music = media.numbered(tmp_path / "silent.mp4", 10, 25, size=(160, 96))
    status, _, line = run("cut", good, "--music", music)
    assert status == WRONG
    assert_says(line, "silent.mp4")


# --- the footage ----------------------------------------------------------------------------------


def test_an_empty_folder_is_said_to_hold_no_footage(run, tmp_path):
    (tmp_path / "rushes").mkdir()
    status, _, line = run("cut", "rushes")
    assert status == WRONG
    assert_says(line, "rushes.*no footage")
    assert listed(tmp_path / "outputs") == []


def test_footage_of_which_nothing_can_be_used_says_why(run, tmp_path):
    (tmp_path / "rushes").mkdir()
    media.text(tmp_path / "rushes" / "notes.mp4")
    media.empty(tmp_path / "rushes" / "empty.mov")
    status, _, line = run("cut", "rushes")
    assert status == WRONG
    assert_says(line, "empty.mov|notes.mp4")
    assert listed(tmp_path / "outputs") == []


def test_of_a_length_beyond_the_footage_the_longest_film_is_made_with_a_warning(
    good, outputs, capsys
):
    asked = ["--duration", "600", "--no-render", "--json"]
    assert main(["cut", str(good), "--outputs", str(outputs), *asked]) == 0
    out = capsys.readouterr().out
    report = json.loads(out)
    usable = report["footage"]["usable_s"]
    assert report["duration_s"] > 0.96 * usable  # the search for the longest is to 1/64
    assert any("600 s was asked for" in note for note in report["notes"])


def test_footage_of_fewer_than_three_shots_is_no_choice(run, outputs, tmp_path):
    clip = media.numbered(tmp_path / "alone.mp4", 75, 25, size=(160, 96))
    status, _, line = run("cut", clip, "--outputs", outputs)
    assert status == WRONG
    assert_says(line, "1 shot is on offer.*3 at least")
    assert listed(outputs) == []


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (["--ban", "good.mp4"], ""),
        (["--only", "nobody.mp4"], "nobody.mp4.*good.mp4"),
        (["--ban", "good.mp4@5-5"], "IN lies before OUT"),
        (["--must-include", "good.mp4@0-999"], "frames 0 to 200"),
        (["--must-include", "good.mp4@10-20", "--ban", "good.mp4@15-40"], "banned"),
    ],
)
def test_wishes_that_cannot_be_met_are_said(run, good, outputs, wish, said):
    status, _, line = run("cut", good, "--outputs", outputs, *wish)
    assert status == WRONG
    assert_says(line, said)
    assert listed(outputs) == []


# --- the outputs ----------------------------------------------------------------------------------


def test_outputs_that_is_a_file_is_said_before_anything_is_analysed(run, good, tmp_path):
    (tmp_path / "out").write_text("mine")
    status, _, line = run("cut", good, "--outputs", "out")
    assert status == WRONG
    assert_says(line, "out.*is a file")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_outputs_that_may_not_be_written_is_said(run, good, tmp_path):
    (tmp_path / "out").mkdir(mode=0o555)
    status, _, line = run("cut", good, "--outputs", "out")
    assert status == WRONG
    assert_says(line, "out.*cannot be written")


def test_outputs_that_fill_up_leave_nothing_half_written(run, good, outputs):
    """A limit on the size of files stands in for a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        status, _, line = run("cut", good, "--outputs", outputs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == WRONG
    assert_says(line, "full|room|too large")
    assert listed(outputs) == [] or listed(outputs) == [".naming.lock"]


# --- our own faults -------------------------------------------------------------------------------


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("a wheel came off\nin two lines")


def test_our_own_fault_is_one_line_that_names_the_log(run, good, outputs, monkeypatch):
    from editor.film import storyboard

    monkeypatch.setattr(storyboard, "draw", broken)
    status, out, line = run("cut", good, "--outputs", outputs, "--no-render")
    assert (status, out) == (OUR_FAULT, "")
    assert_says(line, r"not of your footage: RuntimeError: a wheel came off\\nin two lines")
    log = Path(line.rpartition("written in ")[2].rstrip("."))
    text = log.read_text()
    log.unlink()
    assert "Traceback" in text
    assert str(good) in text
    assert listed(outputs) == []


def test_debug_shows_the_traceback(capsys, good, outputs, monkeypatch):
    from editor.film import storyboard

    monkeypatch.setattr(storyboard, "draw", broken)
    monkeypatch.setenv("EDITOR_DEBUG", "1")
    assert main(["cut", str(good), "--outputs", str(outputs), "--no-render"]) == OUR_FAULT
    err = capsys.readouterr().err
    assert "Traceback" in err
    Path(err.rpartition("written in ")[2].strip().rstrip(".")).unlink()


def test_a_system_error_without_a_place_in_these_words_is_still_one_line(
    run, good, outputs, monkeypatch
):
    from editor.film import storyboard

    def worn(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(storyboard, "draw", worn)
    status, _, line = run("cut", good, "--outputs", outputs, "--no-render")
    assert status == OUR_FAULT
    Path(line.rpartition("written in ")[2].rstrip(".")).unlink()
    assert listed(outputs) == []


@pytest.mark.parametrize("words", [["", "--outputs", "x"], ["clip.mp4", "--outputs", ""]])
def test_an_empty_path_is_no_folder(words, run):
    status, _, line = run("cut", *words)
    assert status == WRONG
    assert_says(line, "empty path")
