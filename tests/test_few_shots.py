"""Footage of one or two shots is cut too, and the cut says how little there was to choose from."""

import json
import re
from pathlib import Path

import av
import pytest

from editor.cli import MADE, WRONG, main
from editor.config import STYLES
from tests import media


@pytest.mark.parametrize(
    ("shots", "look", "said"),
    [
        (1, {}, "1 shot is on offer: only where it begins and ends was there to choose."),
        (2, {"scenes": media.Scenes(cuts=(100,))}, "2 shots are on offer: there was little to"),
    ],
    ids=["one shot", "two shots"],
)
@pytest.mark.parametrize("order", ["recorded", "free"])
def test_a_clip_of_few_shots_is_cut_and_the_cut_says_so(
    tmp_path, monkeypatch, capsys, shots, look, said, order
):
    monkeypatch.chdir(tmp_path)
    sound = media.tone(8.0)
    clip = media.numbered(tmp_path / "take.mp4", 200, 25, size=(160, 96), sound=sound, **look)
    assert main(["cut", str(clip), "--order", order, "--json"]) == MADE
    report = json.loads(capsys.readouterr().out)
    assert any(note.startswith(said) for note in report["notes"]), report["notes"]
    assert 1 <= len(report["cuts"]) <= shots
    with av.open(str(Path("outputs", "take-v001", "film.mp4"))) as film:
        frames = sum(1 for _ in film.decode(video=0))
    assert frames == report["cuts"][-1]["film_out"]
    assert abs(frames / 25 - 0.4 * 8) <= 1.0


@pytest.mark.parametrize("asked", [None, 1.0])
def test_where_two_fifths_are_too_little_the_shortest_film_is_made_unless_a_length_was_asked(
    tmp_path, monkeypatch, capsys, asked
):
    monkeypatch.chdir(tmp_path)
    clip = media.numbered(tmp_path / "take.mp4", 200, 25, size=(160, 96), sound=media.tone(8.0))
    style = (STYLES / "default.toml").read_text().replace("shortest = 0.6", "shortest = 6.0")
    Path("slow.toml").write_text(style)
    argv = ["cut", str(clip), "--style", "slow.toml", "--no-render", "--json"]
    if asked:
        assert main([*argv, "--duration", str(asked)]) == WRONG
        assert re.search(r"ask for 6(\.\d)? s or more", capsys.readouterr().err)
        return
    assert main(argv) == MADE
    report = json.loads(capsys.readouterr().out)
    assert 6.0 <= report["duration_s"] <= 7.0
    said = r"6(\.\d)? s, the shortest film of this footage in style slow"
    assert re.fullmatch(said, report["length"])
