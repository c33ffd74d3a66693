"""The stages together: what is analysed, what is kept, what wishes and copies come to."""

import json
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest

from editor.cli import MADE, WRONG, main
from tests import media


def clip(path: Path, seed: int, **look: Any) -> Path:
    """Six seconds of two scenes that pan, with a tone of their own."""
    return media.numbered(
        path,
        150,
        25,
        sound=media.tone(6.0, 300.0 + 50 * seed),
        scenes=media.Scenes(seed=1000 * seed, cuts=(75,), pan=1.5),
        **{"size": (160, 96), **look},
    )


@pytest.fixture
def rushes(tmp_path) -> Path:
    folder = tmp_path / "rushes"
    for number in range(3):
        clip(folder / f"take {number}.mp4", number)
    return folder


@pytest.fixture
def run(tmp_path, capsys):
    """Run a command on the test's own outputs: its status, its JSON, its complaint."""

    def call(command: str, *words: object) -> tuple[int, dict[str, Any], str]:
        argv = [command, *map(str, words), "--outputs", str(tmp_path / "outputs"), "--json"]
        if command == "cut":
            argv += ["--no-render", "--policy", "greedy"]
        status = main(argv)
        out, err = capsys.readouterr()
        return status, json.loads(out) if out else {}, (err.splitlines() or [""])[-1]

    return call


def kept(tmp_path: Path) -> dict[str, int]:
    folder = tmp_path / "outputs" / ".cache" / "picture"
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_one_added_clip_analyses_one_clip(rushes, run, tmp_path):
    assert run("analyze", rushes)[0] == MADE
    before = kept(tmp_path)
    clip(rushes / "take 3.mp4", 3)
    status, looked, _ = run("analyze", rushes)
    assert status == MADE
    assert len(looked["clips"]) == 4
    after = kept(tmp_path)
    assert before.items() <= after.items()
    assert len(after) == 4


def test_a_clip_that_was_moved_or_renamed_is_not_analysed_again(rushes, run, tmp_path):
    run("analyze", rushes)
    before = kept(tmp_path)
    (rushes / "take 0.mp4").rename(rushes / "other name.mp4")
    run("analyze", rushes)
    assert kept(tmp_path) == before


def test_another_shot_detector_is_another_analysis(rushes, run, tmp_path):
    from editor.config import STYLES

    run("analyze", rushes)
    style = tmp_path / "mine.toml"
    text = (STYLES / "default.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("detector")]
    at = next(n for n, line in enumerate(lines) if line.startswith("["))
    style.write_text("\n".join([*lines[:at], 'detector = "histogram"', *lines[at:]]))
    assert run("analyze", rushes, "--style", style)[0] == MADE
    assert len(kept(tmp_path)) == 6


def test_the_same_file_twice_is_used_once(rushes, run):
    (rushes / "copy.mp4").write_bytes((rushes / "take 1.mp4").read_bytes())
    _, looked, _ = run("analyze", rushes)
    assert len(looked["clips"]) == 3
    assert [Path(row["path"]).name for row in looked["skipped"]] == ["take 1.mp4"]


def test_a_proxy_is_used_once_and_wishes_about_it_say_so(rushes, run):
    take, proxy = str(rushes / "take 1.mp4"), str(rushes / "proxy.mp4")
    small = ["-vf", "scale=112:66", "-c:v", "libx264", "-crf", "30", "-c:a", "aac", proxy]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", take, *small], check=True)
    _, looked, _ = run("analyze", rushes)
    assert [Path(row["path"]).name for row in looked["skipped"]] == ["proxy.mp4"]
    status, _, said = run("cut", rushes, "--must-include", "proxy.mp4")
    assert status == WRONG
    assert "proxy.mp4: the clip is not used" in said
    assert "take 1.mp4" in said
    status, made, _ = run("cut", rushes, "--ban", "proxy.mp4", "--duration", "4")
    assert status == MADE
    assert made["cuts"]


def test_only_and_must_include_of_different_clips_contradict(rushes, run):
    wishes = ["--only", "take 0.mp4", "--must-include", "take 1.mp4"]
    status, _, said = run("cut", rushes, *wishes)
    assert status == WRONG
    assert "take 1.mp4" in said
    assert "--only" in said


def test_music_is_listened_to_once_and_laid_under(rushes, run, tmp_path):
    beats = np.arange(0.5, 20, 0.5)
    music = media.numbered(
        tmp_path / "song.mp4", 500, 25, size=(160, 96), sound=media.click_track(beats, 20.0)
    )
    status, made, _ = run("cut", rushes, "--music", music, "--duration", "5")
    assert status == MADE
    assert made["settings"]["music"] == str(music)
    (entry,) = (tmp_path / "outputs" / ".cache" / "beats").iterdir()
    written = entry.stat().st_mtime_ns
    status, again, _ = run("cut", rushes, "--music", music, "--duration", "5")
    assert again["cuts"] == made["cuts"]
    assert entry.stat().st_mtime_ns == written


def test_the_length_says_why_it_was_chosen(rushes, run):
    _, asked, _ = run("cut", rushes, "--duration", "5")
    assert asked["length"] == "5 s, as asked"
    assert asked["duration_s"] == pytest.approx(5, abs=1)
    _, free, _ = run("cut", rushes)
    assert "40% of the" in free["length"]
    assert free["duration_s"] <= 0.4 * free["footage"]["usable_s"] + 1


def test_everything_left_out_is_listed_with_its_reason(rushes, run):
    _, made, _ = run("cut", rushes, "--ban", "take 0.mp4@0-40", "--duration", "4")
    banned = [row for row in made["left_out"] if row["reason"] == "banned"]
    assert [(Path(r["path"]).name, r["clip_in"], r["clip_out"]) for r in banned] == [
        ("take 0.mp4", 0, 40)
    ]
    text = (Path(made["report"]).parent / "left_out.txt").read_text(encoding="utf-8")
    assert "take 0.mp4  00:00:00:00 to 00:00:01:15  banned" in text


def test_training_writes_a_policy_that_can_cut(rushes, run, tmp_path, capsys):
    argv = ["train", str(rushes), "--folder", str(tmp_path / "run"), "--outputs"]
    argv += [str(tmp_path / "outputs"), "--algorithm", "clone", "--warm", "1", "--json"]
    assert main([*argv, "--examined", "1"]) == MADE
    policy = json.loads(capsys.readouterr().out)["policy"]
    assert "- take 0.mp4" in Path(policy).with_name("card.md").read_text()
    argv = ["cut", str(rushes), "--outputs", str(tmp_path / "outputs"), "--json", "--no-render"]
    assert main([*argv, "--policy", policy, "--duration", "4"]) == MADE
    assert json.loads(capsys.readouterr().out)["cuts"]
