"""Whenever a cut is killed, what was analysed stays, and the next run is whole."""

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest

from editor.cli import DEBUG
from editor.speaking import signals
from tests import media

CLIPS = 3


@pytest.fixture(scope="module")
def rushes(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kill") / "rushes"
    for number in range(CLIPS):
        media.numbered(
            folder / f"take {number}.mp4",
            150,
            25,
            size=(160, 96),
            sound=media.tone(6.0),
            scenes=media.Scenes(seed=100 * number, cuts=(75,)),
        )
    return folder


def start(rushes: Path, outputs: Path) -> "subprocess.Popen[str]":
    """A cut in a session of its own, as a terminal would run it, that names every stage."""
    return subprocess.Popen(
        [sys.executable, "-m", "editor", "cut", str(rushes), "--outputs", str(outputs), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, DEBUG: "1"},
        preexec_fn=_heed_signals,
    )


def _heed_signals() -> None:
    """A suite that runs in the background or outlives its terminal hands down that it ignores
    these."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def stop_at(process: "subprocess.Popen[str]", line: str, how: signal.Signals) -> None:
    """Wait until the cut says that it has come to `line`, then send the signal."""
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith(line):
            os.kill(process.pid, how)
            return
    raise AssertionError(f"the cut ended without saying {line!r}")


def versions(outputs: Path) -> list[str]:
    return sorted(path.name for path in outputs.iterdir() if not path.name.startswith("."))


def partial(outputs: Path) -> list[str]:
    return sorted(path.name for path in outputs.iterdir() if path.name.startswith(".partial"))


def kept(outputs: Path) -> int:
    return len(list((outputs / ".cache" / "picture").glob("*.safetensors")))


def check_whole(process: "subprocess.Popen[str]", outputs: Path, name: str) -> None:
    out, err = process.communicate()
    assert process.returncode == 0, err
    made = json.loads(out)
    folder = outputs / name
    assert made["version"] == name
    assert json.loads((folder / "report.json").read_text()) == made
    for file in ("film.mp4", "timeline.otio", "storyboard.png", "pacing.png"):
        assert (folder / file).stat().st_size > 0
    assert partial(outputs) == []


STAGES = [
    ("loading: begins", 0),
    ("ingest: begins", 0),
    ("analysis:   0%", 0),
    ("analysis:  33%", 1),
    ("analysis:  67%", 2),
    ("cutting: begins", CLIPS),
    ("render: begins", CLIPS),
    ("papers: begins", CLIPS),
]


def test_killed_at_every_stage_in_turn_a_cut_lists_nothing_and_goes_on_from_what_was_done(
    rushes, tmp_path
):
    analyses: dict[Path, int] = {}
    for line, finished in STAGES:
        process = start(rushes, tmp_path)
        stop_at(process, line, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, line
        assert versions(tmp_path) == [], line
        assert kept(tmp_path) >= finished, f"what was analysed before {line} is kept"
        assert analyses.items() <= written(tmp_path).items(), f"nothing is done again: {line}"
        analyses = written(tmp_path)

    check_whole(start(rushes, tmp_path), tmp_path, "rushes-v001")
    assert versions(tmp_path) == ["rushes-v001"]
    assert written(tmp_path) == analyses


def written(outputs: Path) -> dict[Path, int]:
    """When each finished analysis was written."""
    return {
        path: path.stat().st_mtime_ns
        for kind in ("picture", "sound")
        for path in (outputs / ".cache" / kind).glob("*.safetensors")
    }


@pytest.mark.parametrize(
    ("line", "how"),
    [
        ("loading: begins", signal.SIGINT),
        ("analysis:  33%", signal.SIGTERM),
        ("analysis:  67%", signal.SIGINT),
        ("render: begins", signal.SIGHUP),
        ("papers: begins", signal.SIGINT),
    ],
)
def test_an_interrupted_cut_says_so_tidies_up_and_exits_130(rushes, tmp_path, line, how):
    process = start(rushes, tmp_path)
    stop_at(process, line, how)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == (
        "editor: Interrupted. What is finished is kept: the same command goes on from it."
    )
    assert "Traceback" not in err
    assert versions(tmp_path) == []
    assert partial(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_amid_a_module_that_makes_code_as_it_loads_exits_130_too(
    rushes, tmp_path, how
):
    """Dataclasses are made by exec: Python remembers an interrupt that came out of one, however it
    was caught, and would kill itself at the end."""
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "torch.py").write_text(
        f"import signal\nexec('signal.raise_signal({int(how)})')\n"
    )
    paths = [str(tmp_path / "first"), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-m", "editor", "cut", str(rushes), "--outputs", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        preexec_fn=_heed_signals,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1].startswith("editor: Interrupted")


@pytest.mark.parametrize("code", ["{}", "exec('{}')"], ids=["plain", "made"])
def test_an_interrupt_before_anything_of_ours_is_there_exits_130_too(tmp_path, code):
    raised = code.format(f"signal.raise_signal({int(signal.SIGINT)})")
    (tmp_path / "fractions.py").write_text(f"import signal\n{raised}\n")
    done = subprocess.run(
        [sys.executable, "-m", "editor", "doctor"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}"},
        preexec_fn=_heed_signals,
    )
    assert (done.returncode, done.stderr) == (130, "editor: Interrupted.\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_python_drops_in_a_callback_is_heeded_after_it(how):
    class Held:
        """Something to be let go of."""

    held = Held()
    told = weakref.ref(held, lambda _: signal.raise_signal(how))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), signals():
            del held
            assert told() is None
            threading.Event().wait(10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_two_cuts_at_once_both_finish_as_two_versions(rushes, tmp_path):
    one, other = start(rushes, tmp_path), start(rushes, tmp_path)
    made = []
    for process in (one, other):
        out, err = process.communicate()
        assert process.returncode == 0, err
        made.append(json.loads(out)["version"])
    assert sorted(made) == versions(tmp_path) == ["rushes-v001", "rushes-v002"]
    assert partial(tmp_path) == []
