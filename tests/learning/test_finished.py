"""A comparison that was interrupted goes on from its finished cases."""

from dataclasses import replace

import pytest

from editor.cutting import evaluation, learned, policies
from editor.cutting.baselines import BASELINES
from editor.learning.finished import Finished, policy_files, pool_digest
from tests.cutting.test_evaluation import case_of

WAYS = {name: BASELINES[name] for name in ("random", "uniform", "greedy")}
PLAN = {"ways": list(WAYS), "seeds": 2}


def test_finished_cases_are_not_measured_again(tmp_path):
    cases, kept = [case_of(0), case_of(1)], Finished.of(tmp_path, [], PLAN)

    def interrupted(done: float) -> None:
        if done >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluation.compare(cases, WAYS, seeds=2, keeper=kept, advance=interrupted)
    assert kept.recall(cases[0]) and not kept.recall(cases[1])
    whole = evaluation.compare(cases, WAYS, seeds=2, keeper=Finished.of(tmp_path, [], PLAN))

    def never(stage, seed):
        raise AssertionError("measured again")

    again = evaluation.compare(cases, dict.fromkeys(WAYS, never), seeds=2, keeper=kept)
    assert again == whole
    plain = evaluation.compare(cases, WAYS, seeds=2)
    assert [row.score for row in plain.values()] == [row.score for row in whole.values()]


def test_another_plan_pool_or_brief_is_another_measurement(tmp_path):
    kept = Finished.of(tmp_path, [], PLAN)
    case = case_of(0)
    evaluation.compare([case], WAYS, keeper=kept)
    assert kept.recall(case)
    assert not kept.recall(case_of(1))
    assert not Finished.of(tmp_path, [], {**PLAN, "seeds": 3}).recall(case)


def test_a_broken_file_is_measured_again(tmp_path):
    kept, case = Finished.of(tmp_path, [], PLAN), case_of(0)
    evaluation.compare([case], WAYS, keeper=kept)
    for path in kept.folder.iterdir():
        path.write_text("{")
    assert kept.recall(case) is None


def test_a_policy_that_changed_under_its_name_is_another_measurement(tmp_path):
    own, folder = tmp_path / "mine.safetensors", tmp_path / learned.POLICIES
    taught = folder / "mine-001" / learned.FILE
    taught.parent.mkdir(parents=True)
    for name, path in ((f"{own}+search", own), ("mine-001+beam", taught)):
        folders = set()
        for text in ("one", "another"):
            path.write_text(text)
            folders.add(Finished.of(tmp_path, policy_files(name, folder), PLAN).folder)
        assert len(folders) == 2
    base = policies.WEIGHTS / "base.safetensors"
    assert base in policy_files("base+search") and base in policy_files("mine-001", folder)
    assert policy_files("greedy") == []


def test_a_kept_part_that_cannot_be_read_is_measured_again(tmp_path):
    kept = Finished.of(tmp_path, [], PLAN)

    def read(found):
        return float(found["score"])

    assert kept.part("one", lambda: {"score": 1.0}, read) == 1.0
    assert kept.part("one", lambda: {"score": 2.0}, read) == 1.0
    (path,) = kept.folder.iterdir()
    for found in ("{}", "[1]", "null", '{"score": "far"}', '{"score": [1]}'):
        path.write_text(f'{{"what": "one", "found": {found}}}')
        assert kept.part("one", lambda: {"score": 2.0}, read) == 2.0
        assert kept.part("one", lambda: {"score": 3.0}, read) == 2.0


def test_pools_that_differ_in_one_number_are_told_apart():
    pool = case_of(0).pool
    seen = pool.embedding.copy()
    seen[0, 0] += 0.25
    assert pool_digest(pool) == pool_digest(replace(pool))
    assert pool_digest(pool) != pool_digest(replace(pool, embedding=seen))
