"""A policy is measured beside plain cutters, and the measurement can be read and seen."""

import json
from itertools import pairwise

import pytest
import torch
from PIL import Image

from editor.cutting.reward import TERMS
from editor.errors import PolicyError
from editor.learning import examination, examination_table, plotting
from editor.learning.examination import Examination
from editor.learning.finished import Finished


@pytest.fixture(scope="module")
def found():
    stages, threads, result = [], set(), {}
    asked = Examination("base", simulated=2, seeds=1)
    patched = pytest.MonkeyPatch()
    patched.setattr(examination, "MOST_SHOTS", 12)
    patched.setattr(examination, "SIGHTED", 3)

    def advance(*said):
        stages[-1].append(said)
        if said[2]:
            threads.add(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    ready = examination.prepare(asked, [])
    for measure in (examination.compare_cutters, examination.look_into):
        stages.append([])
        result |= measure(ready, advance)
    torch.set_num_threads(before)
    patched.undo()
    return result, stages, threads


def test_every_cutter_is_measured_with_an_interval(found):
    cutters = found[0]["simulated"]["cutters"]
    assert {
        "base",
        "base+best",
        "base+beam",
        "base+search",
        "base, only cloned",
        *examination.QUICK,
    } == cutters.keys()
    for row in cutters.values():
        assert row["score"]["low"] <= row["score"]["mean"] <= row["score"]["high"]


def test_pools_of_one_size_are_measured_by_their_cutters_alone(tmp_path):
    cases = examination.simulated_cases(2, 0, shots=9)
    assert [case.pool.size for case in cases] == [9, 9]
    asked = Examination("base", simulated=1, seeds=1, shots=9)
    ready = examination.prepare(asked, [])
    result = examination.compare_cutters(ready, lambda *said: None)
    assert result["simulated"]["cases"] == 1
    assert examination.look_into(ready, lambda *said: None) == {}
    assert "base+search" in examination_table.cutters_text(result)
    plotting.draw(result, tmp_path / "cutters.png")
    assert Image.open(tmp_path / "cutters.png").height > 300


def test_a_look_that_was_finished_is_not_taken_again(tmp_path):
    kept, cases = Finished(tmp_path), examination.simulated_cases(1, 0, shots=9)
    asked: list[int] = []

    def look():
        asked.append(1)
        return {"changed": 0.5}

    assert kept.look("zeroed", cases, look, dict) == {"changed": 0.5}
    assert kept.look("zeroed", cases, look, dict) == {"changed": 0.5}
    assert len(asked) == 1
    kept.look("permuted", cases, look, dict)
    assert len(asked) == 2, "another look is another"
    for path in tmp_path.glob("part-*"):
        path.write_text("{")
    assert kept.look("zeroed", cases, look, dict) == {"changed": 0.5} and len(asked) == 3


def test_the_result_is_plain_json(found):
    assert json.loads(json.dumps(found[0])) == json.loads(json.dumps(found[0]))
    assert "base, free order, embeddings permuted" in found[0]["embeddings"]


def test_the_page_names_every_cutter_and_head(found):
    page = examination_table.cutters_text(found[0]) + examination_table.looks_text(found[0])
    for word in ("base+search", "uniform", "recorded order, embeddings zeroed", "asked 2.8 s"):
        assert word in page


def test_each_term_of_the_reward_is_told_with_an_interval(found):
    page = examination_table.cutters_text(found[0])
    for cutter in found[0]["simulated"]["cutters"].values():
        assert set(cutter["terms"]) == set(TERMS)
        assert all(row["low"] <= row["mean"] <= row["high"] for row in cutter["terms"].values())
    _, _, told = page.partition("the reward's terms of their films")
    assert all(any(line.split()[:1] == [name] for line in told.splitlines()) for name in TERMS)


def test_the_picture_is_drawn(found, tmp_path):
    plotting.draw(found[0], tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 400


def test_nothing_in_the_picture_runs_over_its_edge(found, tmp_path):
    plotting.draw(found[0], tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        edge = picture.convert("RGB").crop((picture.width - 8, 0, picture.width, picture.height))
        assert len(edge.getcolors()) == 1


def test_cutters_are_measured_on_one_thread_as_cut_runs_them(found):
    """On two busy cores two threads spend many times the CPU, and the table tells CPU."""
    assert found[2] == {1}


def test_progress_ends_at_the_total(found):
    for told in found[1]:
        done, total, _ = told[-1]
        assert done == total


def test_progress_never_stands_for_long_nor_goes_back(found):
    for told in found[1]:
        shares = [done / total for done, total, _ in told]
        steps = [after - before for before, after in pairwise(shares)]
        assert min(steps) >= 0 and max(steps) < 0.2


def test_every_look_is_named_while_it_is_taken(found):
    sighted = {what for _, _, what in found[1][1] if "embeddings" in what}
    assert len(sighted) == len(found[0]["embeddings"])


def test_cases_that_are_kept_count_for_nothing_in_the_time_left(tmp_path):
    case, asked = examination.simulated_cases(1, 0)[0], Examination("base", 1)
    kept = Finished(tmp_path)
    assert examination._compared(case, asked, kept) > 0
    kept.keep(case, {})
    assert examination._compared(case, asked, kept) == 0


def test_a_plain_way_is_no_policy_to_measure():
    with pytest.raises(PolicyError, match="plain way"):
        examination.prepare(Examination("beam8", 1), [])


def test_a_table_of_several_shoots_tells_each_apart(found):
    table = found[0]["simulated"]
    page = examination_table.cutters_text(
        {**found[0], "real": {**table, "pools": ["monday", "tuesday"]}}
    )
    _, _, told = page.partition("score on each shoot")
    assert "monday" in told and "tuesday" in told
    scores = table["cutters"]["uniform"]["by_pool"]
    assert any(f"{scores[1]:+.3f}" in row for row in told.splitlines() if "uniform" in row)
