"""What the pool makes of the project's own rushes, of which every slate and take is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import hygiene, pool
from editor.footage import analysis, ingest
from editor.footage.cache import Cache

RUSHES = Path(__file__).resolve().parents[2] / "sample_footage"
TAKES = ("4E_take1", "4E_take2", "4E_take3", "4B_take1")  # that are pooled
SLATE = {"slate", "before the clap", "the slate is taken out", "tail slate"}
NEAR = 0.15  # s between where a slate is away and where the mask ends
STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))

pytestmark = pytest.mark.skipif(
    not (RUSHES / "manifest.json").is_file(), reason="the sample footage has not been made"
)


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """All of the rushes analysed, and what is known of each by its file's name."""
    told = json.loads((RUSHES / "manifest.json").read_text(encoding="utf-8"))["clips"]
    cache = Cache(tmp_path_factory.mktemp("cache"))
    clips, _ = ingest.ingest([RUSHES / one["file"] for one in told], cache, lambda *_: None)
    known = {
        clip.digest: analysis.analyse(clip, analysis.Settings(), cache, lambda _: None)
        for clip in clips
    }
    return clips, known, {one["file"]: one for one in told}


@pytest.fixture(scope="module")
def rushes(every):
    clips, known, told = every
    facts = {name: fact for name, fact in told.items() if Path(name).stem in TAKES}
    few = tuple(clip for clip in clips if clip.path.name in facts)
    return pool.build(few, known, STYLE), facts


def slate_of(clip, known):
    """Seconds at which the clip's masked slate begins, is clapped and is away; () for none."""
    spans = [mask.span for mask in hygiene.inspect(clip, known) if mask.reason in SLATE]
    edges = sorted({edge for span in spans for edge in (span.first, span.stop)})
    return tuple(float(edge / clip.rate) for edge in edges)


def left_out(found, name):
    return {
        left.reason: tuple(float(at / left.clip.rate) for at in (left.span.first, left.span.stop))
        for left in found.left_out
        if left.clip.name == name
    }


def test_each_slate_at_any_rate_is_masked_until_it_is_away_and_no_further(every):
    clips, known, told = every
    slated = [clip for clip in clips if told[clip.path.name]["slate_end_s"]]
    assert {round(clip.rate) for clip in slated} == {24, 25, 30, 50}
    for clip in slated:
        fact = told[clip.path.name]
        wanted = (0.0, fact["clap_s"], fact["slate_end_s"])
        assert slate_of(clip, known[clip.digest]) == pytest.approx(wanted, abs=NEAR), clip.name


def test_a_shot_without_a_slate_loses_none(every):
    clips, known, told = every
    plain = [clip for clip in clips if not told[clip.path.name]["slate_end_s"]]
    assert len(plain) == 3
    for clip in plain:
        assert slate_of(clip, known[clip.digest]) == (), clip.name


def with_knock(known, second):
    """The analysis of a take in which somebody knocks: as sudden and as loud as a clap."""
    level = known.sound.level.copy()
    at = round(second * 100)
    decay = np.linspace(-6.0, -60.0, 12)[: len(level) - at]
    level[at : at + len(decay)] = np.maximum(level[at : at + len(decay)], decay)
    onsets = np.sort(np.append(known.sound.onsets, second))
    return replace(known, sound=replace(known.sound, level=level, onsets=onsets))


def test_a_knock_anywhere_in_a_take_is_taken_for_no_clap(every):
    clips, known, told = every
    heard = 0
    for clip in clips:
        fact, seen = told[clip.path.name], known[clip.digest]
        away = fact["slate_end_s"] or 0.0
        for second in np.arange(away + 0.1, min(float(clip.duration) - 0.3, 15.0), 0.3):
            heard += 1
            slate = slate_of(clip, with_knock(seen, float(second)))
            assert (slate or (0.0,))[-1] == pytest.approx(away, abs=NEAR), (clip.name, second)
    assert heard > 400


def test_the_pool_names_the_slate_among_what_it_leaves_out(rushes):
    found, facts = rushes
    for name, fact in facts.items():
        out = left_out(found, name)
        assert ("before the clap" in out) == (fact["slate_end_s"] is not None)
        assert not fact["slate_end_s"] or out["before the clap"][0] == 0.0


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


def test_takes_of_an_action_without_words_are_takes_and_every_other_take_stands_apart(every):
    clips, known, told = every
    found = pool.build(clips, known, STYLE)
    members: dict[int, set[str]] = {}
    for shot, line in zip(found.shots, found.line.tolist(), strict=True):
        if line >= 0:
            members.setdefault(line, set()).add(Path(found.clips[shot.clip].name).stem)
    groups = {frozenset(names) for names in members.values()}
    assert frozenset({"4C_take1", "4C_take2"}) in groups
    for names in groups:
        facts = [fact for fact in told.values() if Path(fact["file"]).stem in names]
        assert len({(fact["setup"], fact["line"]) for fact in facts}) == 1, names
