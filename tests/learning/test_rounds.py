"""The table of editors: kept as it is measured, gone on with, and added up as it says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from editor.errors import PolicyError, StyleError
from editor.learning import rounds, rounds_table, trial
from editor.learning.rounds import Asked
from editor.learning.rounds_table import Row
from editor.learning.trial import Plan
from editor.progress import Silent

TINY = Plan(
    counts=(0, 1, 2), unseen=1, wrong=(0.0, 0.5), network_counts=(2,), shots=(6, 7), seconds=10.0,
    steps=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Asked:
    return Asked("base", (3,), tmp_path_factory.mktemp("outputs"), TINY, ("quick", "random"))


@pytest.fixture(scope="module")
def found(asked) -> dict:
    return rounds.evaluate(asked, Silent())


def test_every_editor_arm_and_count_is_measured(found):
    rows = [Row(**row) for row in found["rows"]]
    assert {row.editor for row in rows} == {"quick", "random"}
    assert {row.wrong for row in rows} == {0.0, 0.5}
    each = [(row.arm, row.films) for row in rows if row.editor == "quick" and not row.wrong]
    assert each == [
        ("prior", 0), ("bradley-terry", 1), ("bradley-terry", 2), ("bradley-terry + ppo", 2),
        ("cloning", 2), ("dpo", 2),
    ]  # fmt: skip
    assert all(np.isfinite(row.distance) for row in rows)
    text = rounds_table.text(found["table"])
    assert "Simulated" in text and "random" in text


def test_mistakes_spoil_the_lessons_and_not_the_measure(found):
    start = [row for row in found["rows"] if row["arm"] == "prior" and row["editor"] == "quick"]
    assert start[0]["distance"] == start[1]["distance"]


def test_what_was_measured_is_not_measured_again(asked, found, monkeypatch):
    monkeypatch.setattr(trial, "run", None)
    monkeypatch.setattr(trial, "rough_cuts", None)
    again = rounds.evaluate(asked, Silent())
    assert json.dumps(again) == json.dumps(found)


def test_a_measurement_that_was_stopped_goes_on_with_what_is_left(asked, found, monkeypatch):
    here = rounds.folder(asked)
    lost = here / "3-random.json"
    before = lost.read_bytes()
    lost.unlink()
    done = []
    run = trial.run

    def stopped(plan, policy, editor, *rest):
        raise KeyboardInterrupt

    def counted(plan, policy, editor, *rest):
        done.append(editor.name)
        return run(plan, policy, editor, *rest)

    monkeypatch.setattr(trial, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        rounds.evaluate(asked, Silent())
    assert sorted(path.name for path in here.iterdir()) == ["3-quick.json", "3-rough.json"]
    monkeypatch.setattr(trial, "run", counted)
    assert json.dumps(rounds.evaluate(asked, Silent())) == json.dumps(found)
    assert done == ["random"]
    assert lost.read_bytes() == before


def test_two_processes_find_what_one_finds(asked, found, tmp_path):
    other = rounds.evaluate(replace(asked, outputs=tmp_path, jobs=2), Silent())
    assert json.dumps(other["rows"]) == json.dumps(found["rows"])


def test_another_plan_is_another_measurement(asked):
    assert rounds.folder(asked) == rounds.folder(replace(asked, seeds=(4,), names=("quick",)))
    assert rounds.folder(asked) != rounds.folder(replace(asked, plan=replace(TINY, unseen=2)))


def test_what_cannot_be_measured_is_refused(asked):
    with pytest.raises(StyleError, match="between 0 and 1"):
        rounds.evaluate(replace(asked, plan=replace(TINY, wrong=(2.0,))), Silent())
    with pytest.raises(PolicyError, match="No trained policy"):
        rounds.evaluate(replace(asked, policy="none"), Silent())


def test_the_change_is_of_the_mean_and_paired():
    def row(editor, arm, films, distance):
        return Row(editor, "inside", 1, 0.0, arm, films, distance, 1.0, 0.5, 0.1, films > 0)

    rows = [row(name, "prior", 0, at) for name, at in (("a", 0.4), ("b", 0.8))]
    rows += [row(name, "bradley-terry", 3, at) for name, at in (("a", 0.2), ("b", 0.4))]
    lines = {(line["editors"], line["arm"]): line for line in rounds_table.summary(rows)}
    change = lines["all", "bradley-terry"]["change"]
    assert (change["mean"], change["low"], change["high"]) == pytest.approx((-0.5, -0.5, -0.5))
    assert lines["all", "bradley-terry"]["promoted"] == 1.0
