"""What the pool makes of the project's own rushes, of which every slate and take is known."""

import json
from pathlib import Path

import pytest

from editor.config import Pace, Style
from editor.cutting import pool
from editor.footage import analysis, ingest
from editor.footage.cache import Cache

RUSHES = Path(__file__).resolve().parents[2] / "sample_footage"
TAKES = ("4E_take1", "4E_take2", "4E_take3", "4B_take1")
STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))

pytestmark = pytest.mark.skipif(
    not (RUSHES / "manifest.json").is_file(), reason="the sample footage has not been made"
)


@pytest.fixture(scope="module")
def rushes(tmp_path_factory):
    told = json.loads((RUSHES / "manifest.json").read_text(encoding="utf-8"))["clips"]
    facts = {one["file"]: one for one in told if Path(one["file"]).stem in TAKES}
    cache = Cache(tmp_path_factory.mktemp("cache"))
    clips, _ = ingest.ingest([RUSHES / name for name in facts], cache, lambda *_: None)
    known = {
        clip.digest: analysis.analyse(clip, analysis.Settings(), cache, lambda _: None)
        for clip in clips
    }
    return pool.build(clips, known, STYLE), facts


def left_out(found, name):
    return {
        left.reason: tuple(float(at / left.clip.rate) for at in (left.span.first, left.span.stop))
        for left in found.left_out
        if left.clip.name == name
    }


def test_each_slate_is_masked_from_the_start_until_it_is_away_and_no_further(rushes):
    found, facts = rushes
    slated = {name: fact for name, fact in facts.items() if fact["slate_end_s"]}
    assert len(slated) == 3
    for name, fact in slated.items():
        out = left_out(found, name)
        assert out["before the clap"] == pytest.approx((0.0, fact["clap_s"]), abs=0.1)
        assert -0.05 <= out["the slate is taken out"][1] - fact["slate_end_s"] <= 0.35


def test_a_shot_without_a_slate_loses_none(rushes):
    found, facts = rushes
    (name,) = (name for name, fact in facts.items() if not fact["slate_end_s"])
    assert not {"slate", "before the clap"} & set(left_out(found, name))


def test_takes_of_the_line_are_one_line_and_the_false_start_is_left_out(rushes):
    found, facts = rushes
    (broken,) = (name for name, fact in facts.items() if fact["false_start"])
    assert any("false start" in reason for reason in left_out(found, broken))
    lines = {
        found.clips[index].name: int(line)
        for index, line in zip(found.clip, found.line, strict=True)
    }
    whole = [name for name, fact in facts.items() if fact["line"] and not fact["false_start"]]
    assert len(whole) == 2 and {lines[name] for name in whole} == {0}
