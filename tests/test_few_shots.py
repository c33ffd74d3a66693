"""Footage of which two fifths are too little for one legal cut."""

import json
import re
from pathlib import Path

import pytest

from editor.cli import MADE, WRONG, main
from editor.config import STYLES
from tests import media


@pytest.mark.parametrize("asked", [None, 1.0])
def test_where_two_fifths_are_too_little_the_shortest_film_is_made_unless_a_length_was_asked(
    tmp_path, monkeypatch, capsys, asked
):
    monkeypatch.chdir(tmp_path)
    clip = media.numbered(
        tmp_path / "take.mp4",
        300,
        25,
        size=(160, 96),
        sound=media.tone(12.0),
        scenes=media.Scenes(cuts=(60, 120)),
    )
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
