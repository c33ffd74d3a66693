"""What an editor sees of the command line: help, one JSON object, a summary, odd file names."""

import gc
import hashlib
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editor import doctor
from editor.cli import COMMANDS, DEBUG, MADE, WRONG, main
from editor.timing import convert_length
from tests import media

KEYS = [
    "version", "film", "timeline", "report", "rate", "size", "duration_s", "seed", "policy",
    "style", "cuts", "skipped", "seconds",
]  # fmt: skip
CUT_KEYS = [
    "index", "clip", "shot", "clip_in", "clip_out", "source_timecode", "film_in", "film_out",
    "reward", "terms", "reason", "alternatives",
]  # fmt: skip
NAMES = ['it\'s "one".mp4', "two\nlines.mp4", "-drei Füße.mp4", "四 [bold].mp4"]


def sound_of_speech_length(seed: int) -> Any:
    return media.tone(6.0, 200.0 + 40 * seed)


@pytest.fixture(scope="module")
def rushes(tmp_path_factory) -> Path:
    """Clips with every odd name, one with timecode, and files that are none."""
    folder = tmp_path_factory.mktemp("cli") / "my rushes"
    for number, name in enumerate(NAMES):
        media.numbered(
            folder / name,
            180,
            Fraction(30000, 1001),
            size=(160, 96),
            sound=sound_of_speech_length(number),
            scenes=media.Scenes(seed=1000 * number, cuts=(90,)),
            start_timecode="01:00:00;00" if number == 1 else None,
        )
    whole = media.numbered(
        folder.parent / "whole.mkv", 180, 25, size=(160, 96), scenes=media.Scenes(seed=9, pan=2)
    )
    media.truncated(folder / "cut off.mkv", whole, 0.7)
    media.text(folder / "notes.mp4")
    media.empty(folder / "empty.mov")
    media.audio_only(folder / "only sound.mp4")
    return folder


def state(folder: Path) -> dict[str, tuple[str, int, int]]:
    return {
        str(path): (
            hashlib.blake2b(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in [folder, *folder.rglob("*")]
        if path.is_file() or not path.is_dir()
    }


def environment(*first: Path) -> dict[str, str]:
    """An environment in which this repository, and `first` before it, are importable anywhere."""
    paths = [*map(str, first), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def editor(*argv: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the program as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "editor", *map(str, argv)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**environment(), DEBUG: "1"},
    )


@pytest.fixture(scope="module")
def cut(rushes, tmp_path_factory):
    """One whole cut by the command line, and the footage before it."""
    folder = tmp_path_factory.mktemp("work")
    before = state(rushes)
    done = editor("cut", rushes, "--json", "--duration", "6", "--seed", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done, before


@pytest.fixture(scope="module")
def made(cut) -> dict[str, Any]:
    _, done, _ = cut
    return json.loads(done.stdout)


# --- the film -------------------------------------------------------------------------------------


def test_the_version_folder_stands_in_outputs_with_all_its_papers(cut, made):
    folder, _, _ = cut
    version = folder / "outputs" / "my rushes-v001"
    assert made["version"] == version.name
    assert sorted(path.name for path in version.iterdir()) == [
        "edit.json", "film.mp4", "left_out.txt", "pacing.png", "report.json", "storyboard.png",
        "timeline.otio",
    ]  # fmt: skip
    for key, name in (
        ("film", "film.mp4"),
        ("timeline", "timeline.otio"),
        ("report", "report.json"),
    ):
        assert Path(made[key]) == version / name
    assert json.loads((version / "report.json").read_text(encoding="utf-8")) == made


def test_the_json_names_all_that_the_manual_promises(made):
    assert list(made)[: len(KEYS)] == KEYS
    assert made["rate"] == "30000/1001"
    assert made["size"] == [160, 96]
    assert made["seed"] == 3
    assert made["style"] == "default"
    assert list(made["seconds"]) == ["ingest", "shots", "analysis", "cutting", "render"]
    assert all(seconds > 0 for seconds in made["seconds"].values())
    for number, row in enumerate(made["cuts"]):
        assert list(row) == CUT_KEYS
        assert row["index"] == number
        assert all(-1 <= value <= 1 for value in row["terms"].values())


def test_the_cuts_follow_one_another_and_fill_the_film(made):
    at = 0
    for row in made["cuts"]:
        assert row["film_in"] == at
        own = Fraction(25) if row["clip"].endswith("cut off.mkv") else Fraction(30000, 1001)
        shown = convert_length(row["clip_out"] - row["clip_in"], own, Fraction(30000, 1001))
        assert row["film_out"] - row["film_in"] == shown
        at = row["film_out"]
    assert made["duration_s"] == pytest.approx(at * 1001 / 30000, abs=1e-6)
    assert made["duration_s"] == pytest.approx(6, abs=1)


def test_clips_are_named_by_their_path_whatever_is_in_it(made, rushes):
    used = {row["clip"] for row in made["cuts"]}
    assert used <= {str(rushes / name) for name in [*NAMES, "cut off.mkv"]}
    assert len(used) >= 2


def test_source_timecode_is_the_clips_own(made, rushes):
    for row in made["cuts"]:
        own = row["clip"] == str(rushes / NAMES[1])
        assert row["source_timecode"].startswith("01:00:" if own else "00:00:")


def test_what_could_not_be_used_is_named_with_its_reason(made, rushes):
    skipped = {Path(row["path"]).name: row["reason"] for row in made["skipped"]}
    assert skipped.keys() == {"notes.mp4", "empty.mov", "only sound.mp4", "cut off.mkv"}
    assert "ends early" in skipped["cut off.mkv"]
    assert all(skipped.values())
    assert str(rushes) not in "".join(skipped.values())


def test_footage_is_never_written_to(cut, rushes):
    assert state(rushes) == cut[2]


def test_progress_is_plain_lines_on_stderr_where_that_is_no_terminal(cut):
    err = cut[1].stderr  # with EDITOR_DEBUG=1, by which short stages are named too
    stages = [line.split(":")[0] for line in err.splitlines() if line.endswith(": begins")]
    told = ["loading", "policy", "ingest", "analysis", "cutting", "timeline", "render", "papers"]
    assert stages == told
    assert "\x1b" not in err
    assert "two\\nlines.mp4" in err


# --- again ----------------------------------------------------------------------------------------


def test_the_summary_says_what_was_made_from_what_and_what_to_do_next(cut, rushes, capsys):
    folder, _, _ = cut
    outputs = folder / "outputs"
    argv = ["cut", rushes, "--outputs", outputs, "--no-render", "--name", "again"]
    status = main([*map(str, argv), "--ban", f"{NAMES[3]}@2s-"])
    out, _ = capsys.readouterr()
    assert status == MADE
    assert "Made again-v001" in out
    assert f"{outputs / 'again-v001' / 'timeline.otio'}" in out
    assert "notes.mp4: " in out
    assert "of the" in next(line for line in out.splitlines() if line.startswith("Length"))
    assert "Format  160x96 is the size of all footage; 30000/1001 fps suits " in out
    for word in ("From", "Times", "Unused", "Skipped", "Next", "ingest", "--duration"):
        assert word in out
    assert not (outputs / "again-v001" / "film.mp4").exists()


def test_the_times_name_no_stage_that_did_not_happen(cut, rushes, capsys):
    outputs = cut[0] / "outputs"
    argv = ["cut", str(rushes), "--outputs", str(outputs), "--name", "unrendered"]
    assert main([*argv, "--duration", "5", "--no-render"]) == MADE
    times = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Times"))
    assert "render" not in times and "papers" in times
    told = json.loads((outputs / "unrendered-v001" / "report.json").read_text(encoding="utf-8"))
    assert told["seconds"]["render"] == 0


def test_the_same_seed_cuts_the_same_film_and_reads_all_from_the_cache(cut, made, rushes, capsys):
    folder, _, _ = cut
    outputs = folder / "outputs"
    kept = {p: p.stat().st_mtime_ns for p in (outputs / ".cache" / "picture").iterdir()}
    argv = ["cut", rushes, "--outputs", outputs, "--json", "--no-render"]
    status = main([*map(str, argv), "--duration", "6", "--seed", "3", "--name", "same"])
    again = json.loads(capsys.readouterr().out)
    assert status == MADE
    assert again["cuts"] == made["cuts"]
    assert again["film"] is None
    assert again["seconds"]["shots"] == 0
    assert {p: p.stat().st_mtime_ns for p in (outputs / ".cache" / "picture").iterdir()} == kept


def test_wishes_are_kept(cut, rushes, capsys):
    folder, _, _ = cut
    argv = ["cut", str(rushes), "--outputs", str(folder / "outputs"), "--json", "--no-render"]
    argv += ["--name", "wishes", "--duration", "5", "--size", "320x180", "--rate", "25"]
    argv += ["--ban", f"{NAMES[0]}@0-90", "cut off.mkv", "notes.mp4", f"--ban={NAMES[2]}"]
    argv += ["--must-include", f"{NAMES[1]}@01:00:01;00-01:00:02;00"]
    assert main(argv) == MADE
    made = json.loads(capsys.readouterr().out)
    assert (made["rate"], made["size"]) == ("25", [320, 180])
    clips = {Path(row["clip"]).name for row in made["cuts"]}
    assert clips <= {NAMES[0], NAMES[1], NAMES[3]}
    assert all(r["clip_in"] >= 90 for r in made["cuts"] if Path(r["clip"]).name == NAMES[0])
    assert any(
        r["clip_in"] <= 30 and r["clip_out"] >= 60
        for r in made["cuts"]
        if Path(r["clip"]).name == NAMES[1]
    )


def test_only_analyses_what_is_asked(rushes, tmp_path, capsys):
    argv = ["cut", str(rushes), "--outputs", str(tmp_path), "--json", "--no-render"]
    named = [name for name in NAMES if not name.startswith("-")][:3]
    assert main([*argv, "--only", *named, "--duration", "4"]) == MADE
    made = json.loads(capsys.readouterr().out)
    assert {Path(row["clip"]).name for row in made["cuts"]} <= set(named)
    assert len(list((tmp_path / ".cache" / "picture").iterdir())) == 3


def test_files_that_begin_with_a_dash_are_taken_after_two_dashes_or_with_a_dot(
    cut, rushes, monkeypatch, capsys
):
    folder, _, _ = cut
    monkeypatch.chdir(rushes)
    for words in (["--", NAMES[2]], [f"./{NAMES[2]}"]):
        argv = ["analyze", "--json", "--outputs", str(folder / "outputs"), *words]
        assert main(argv) == MADE
        looked = json.loads(capsys.readouterr().out)
        assert [Path(row["path"]).name for row in looked["clips"]] == [NAMES[2]]


def test_earlier_films_in_the_footage_folder_are_no_footage(rushes, tmp_path, capsys, monkeypatch):
    media.numbered(tmp_path / "clip.mp4", 100, 25, size=(160, 96), sound=media.tone(4.0))
    old = tmp_path / "outputs" / "old-v001"
    media.numbered(old / "film.mp4", 50, 25, size=(160, 96))
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", ".", "--json"]) == MADE
    looked = json.loads(capsys.readouterr().out)
    assert [Path(row["path"]).name for row in looked["clips"]] == ["clip.mp4"]


def test_films_made_into_other_outputs_are_no_footage_either(tmp_path, capsys):
    for name in ("one copy.mp4", "one.mp4"):
        media.numbered(tmp_path / name, 100, 25, size=(160, 96), sound=media.tone(4.0))
    old = tmp_path / "earlier" / "old-v001"
    media.numbered(old / "film.mp4", 50, 25, size=(160, 96))
    for name in ("edit.json", "report.json", "timeline.otio"):
        (old / name).write_text("{}")
    assert main(["analyze", str(tmp_path), "--json", "--outputs", str(tmp_path / "out")]) == MADE
    looked = json.loads(capsys.readouterr().out)
    assert [Path(row["path"]).name for row in looked["clips"]] == ["one.mp4"]
    skipped = {Path(row["path"]).name: row["reason"] for row in looked["skipped"]}
    assert "made from footage" in skipped["old-v001"]
    assert "the same file as" in skipped["one copy.mp4"]


# --- help and doctor ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself_without_loading_anything_heavy(command):
    code = (
        "import sys; from editor.cli import main\n"
        f"status = main([{command!r}, '--help'])\n"
        "heavy = {'torch', 'cv2', 'av', 'numpy', 'rich', 'scenedetect'} & set(sys.modules)\n"
        "sys.exit(status or bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"editor {command}" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_stands_under_one_heading(command, capsys):
    assert main([command, "--help"]) == MADE
    assert capsys.readouterr().out.count("\noptions:\n") == 1


def test_garbage_is_collected_again_once_all_is_loaded(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["cut", str(tmp_path / "empty"), "--outputs", str(tmp_path / "out")]) == WRONG
    assert gc.isenabled()


def test_without_a_command_the_first_screen_says_where_to_begin(capsys):
    assert main([]) == MADE
    out = capsys.readouterr().out
    assert "cut sample_footage/" in out
    for command in COMMANDS:
        assert command in out


def test_version_is_told(capsys):
    from editor import __version__

    assert main(["--version"]) == MADE
    assert __version__ in capsys.readouterr().out


def test_the_doctor_finds_this_machine_ready(capsys):
    assert main(["doctor", "--json"]) == MADE
    found = json.loads(capsys.readouterr().out)
    assert found["ready"]
    assert {"av", "opencv-python", "moviepy", "torch"} <= {p["name"] for p in found["packages"]}
    assert all(row["how"] for row in found["backbones"] if not row["here"])
    assert {row["name"] for row in found["render_ways"]} >= {"moviepy"}
    assert {row["name"] for row in found["extras"]} >= {"test", "samples"}
    assert all(row["how"] for row in found["extras"] if not row["here"])
    assert all(row["here"] for row in found["libraries"])
    assert main(["doctor"]) == MADE
    assert "ready to cut" in capsys.readouterr().out


def test_the_doctor_names_each_extra_with_what_it_lacks_and_how_to_get_it(monkeypatch):
    real = doctor.metadata.version

    def version(name: str) -> str:
        if name == "espeakng-loader":
            raise doctor.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    found = doctor.examine()
    (row,) = (choice for choice in found.choices if choice.name == "samples")
    assert not row.here
    assert "espeakng-loader" in row.detail
    assert "pip install -e '.[samples]'" in doctor.text(found)
    assert found.ready  # nobody needs it to cut


def test_the_doctor_says_once_that_the_policy_is_missing_and_once_how_to_get_it_back(
    monkeypatch, tmp_path
):
    from editor.cutting import agent, policies

    for module in (agent, policies):
        monkeypatch.setattr(module, "WEIGHTS", tmp_path / "weights")
    said = doctor.text(doctor.examine())
    assert said.count("policy that cuts is missing") == 1
    assert said.count("Get it back") == 1
    assert f"{tmp_path / 'weights' / 'base.safetensors'} is not there" in said
    assert "base+search: Get it back: " in said


def test_the_doctor_says_once_how_to_mend_a_policy_that_is_damaged(monkeypatch, tmp_path):
    from editor.cutting import agent, policies

    (tmp_path / "base.safetensors").write_bytes(b"damaged")
    for module in (agent, policies):
        monkeypatch.setattr(module, "WEIGHTS", tmp_path)
    found = doctor.examine()
    assert not found.ready
    assert doctor.text(found).count("Get it back") == 1
    assert "base, base+best, base+beam, base+search: Get it back: " in doctor.text(found)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere OpenCV brings its own libraries")
def test_the_doctor_names_a_missing_library_of_the_system_and_its_package(monkeypatch):
    def load(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(doctor.ctypes, "CDLL", load)
    said = doctor.text(doctor.examine())
    assert "libGL: apt-get install libgl1" in said
    assert "GLib: apt-get install libglib2.0-0" in said


@pytest.fixture
def slim(tmp_path) -> dict[str, str]:
    """A machine without libGL: OpenCV is installed and cannot be imported."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')"
    )
    return environment(tmp_path / "broken")


def test_the_doctor_runs_where_opencv_cannot_and_says_what_to_install(slim, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "editor", "doctor"],
        capture_output=True, text=True, env=slim, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == WRONG
    assert "NOT ready" in done.stdout
    assert "apt-get install libgl1 libglib2.0-0" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_cut_where_opencv_cannot_load_says_what_to_install(slim, tmp_path, rushes):
    done = subprocess.run(
        [sys.executable, "-m", "editor", "cut", str(rushes)],
        capture_output=True, text=True, env=slim, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == WRONG
    assert "apt-get install libgl1 libglib2.0-0" in done.stderr.splitlines()[-1]


def test_a_reader_that_goes_away_is_no_fault(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "editor", "cut", "--help"],
        stdout=writing, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == MADE


def test_names_outside_the_terminals_alphabet_are_escaped_not_fatal(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "editor", "cut", "Füße\n.mp4"],
        capture_output=True,
        env={**environment(), "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path,
    )
    assert done.returncode == WRONG
    assert done.stderr.count(b"\n") == 1
    assert rb"F\xfc\xdfe\n.mp4" in done.stderr
