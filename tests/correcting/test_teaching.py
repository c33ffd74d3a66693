"""What an outputs folder teaches is what was done in it, and what cannot teach is said."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from editor.cli import MADE, main
from editor.correcting import Desk, analyses, teaching
from editor.cutting import learned
from editor.errors import EditorError
from editor.learning.lessons import Verdict
from editor.learning.promotion import Judgement
from editor.progress import Silent
from tests import media

SURE = Judgement(True, "it foretells more", 6, 30, 0.3, 0.1, 0.8, 0.5)


@pytest.fixture(scope="module")
def cut_once(tmp_path_factory) -> Path:
    """Two versions of one shoot, analysed once."""
    folder = tmp_path_factory.mktemp("taught")
    for number in range(3):
        media.numbered(
            folder / "rushes" / f"take {number}.mp4", 150, 25, size=(160, 96),
            sound=media.tone(6.0, 300.0 + 50 * number),
            scenes=media.Scenes(seed=1000 * number, cuts=(75,), pan=1.5),
        )  # fmt: skip
    for seed in ("0", "1"):
        words = ["--no-render", "--policy", "greedy", "--duration", "5", "--name", "toys"]
        argv = ["cut", str(folder / "rushes"), "--outputs", str(folder / "outputs"), *words]
        assert main([*argv, "--seed", seed]) == MADE
    return folder / "outputs"


@pytest.fixture
def outputs(cut_once, tmp_path) -> Path:
    return Path(shutil.copytree(cut_once, tmp_path / "outputs"))


@pytest.fixture
def typed(outputs):
    """Type a command on the outputs folder."""

    def run(*words: str) -> None:
        assert main([*words, "--outputs", str(outputs)]) == MADE

    return run


def gathered(outputs: Path, *titles: str) -> teaching.Gathered:
    with Desk(outputs) as desk:
        return teaching.gather(desk, titles)


def test_where_nothing_was_done_there_is_nothing_to_learn_and_it_says_what_to_do(outputs):
    with Desk(outputs) as desk, pytest.raises(EditorError, match="correct a version"):
        teaching.retrain(desk, Silent())


def test_a_correction_is_a_lesson_of_its_shoot(outputs, typed):
    typed("correct", "toys-v001", "trim", "1", "in", "5")
    found = gathered(outputs)
    (lesson,) = found.lessons
    assert (lesson.title, lesson.group) == ("toys-v001", "toys")
    first = lesson.before.cuts[0].source.first
    assert lesson.after.cuts[0].source.first == first + 5
    assert [one.title for one in found.shown] == ["toys-v001", "toys-v002"]
    assert lesson.stage.brief.duration == 5.0


def test_a_verdict_teaches_with_each_of_its_reasons(outputs, typed):
    typed("verdict", "toys-v001", "reject", "--cut", "2", "--because", "rhythm", "content")
    typed("verdict", "toys-v001", "approve")
    (lesson,) = gathered(outputs).lessons
    assert lesson.before.cuts == lesson.after.cuts
    assert set(lesson.verdicts) == {
        Verdict(False, 1, "rhythm"),
        Verdict(False, 1, "content"),
        Verdict(True, None, None),
    }


def test_a_preference_is_of_the_films_as_they_stood(outputs, typed):
    typed("prefer", "toys-v002", "toys-v001")
    found = gathered(outputs)
    (preference,) = found.preferences
    with Desk(outputs) as desk:
        assert preference.better == desk.open("toys-v002").timeline
        assert preference.worse == desk.open("toys-v001").timeline


def test_only_the_versions_named_teach(outputs, typed):
    typed("correct", "toys-v001", "drop", "1")
    typed("correct", "toys-v002", "drop", "1")
    assert [one.title for one in gathered(outputs, "toys-v002").lessons] == ["toys-v002"]
    with pytest.raises(EditorError):
        gathered(outputs, "toys-v009")


def test_a_version_without_its_analyses_is_left_out_and_it_says_why(outputs, typed):
    typed("correct", "toys-v001", "drop", "1")
    shutil.rmtree(outputs / ".cache")
    analyses._found.cache_clear()  # as in another process
    found = gathered(outputs)
    assert not found.lessons
    assert {title for title, _ in found.left_out} == {"toys-v001", "toys-v002"}


def test_contradictory_verdicts_are_told(outputs, typed):
    typed("correct", "toys-v001", "lock", "1")
    typed("verdict", "toys-v001", "reject", "--cut", "1")
    assert any("rejected and locked" in line for line in gathered(outputs).contradictions)


def test_a_dry_run_leaves_no_trace(outputs, typed):
    typed("correct", "toys-v001", "drop", "1")
    with Desk(outputs) as desk:
        done = teaching.retrain(desk, Silent(), dry=True)
        assert done.retrained.corrections == 1
        assert desk.store.runs() == ()
    assert not (outputs / learned.POLICIES).exists()


def test_a_retraining_is_kept_in_the_store_and_cuts_if_it_was_promoted(outputs, typed, monkeypatch):
    typed("correct", "toys-v001", "drop", "1")
    sure = replace(SURE, taste=False, lengths=False)
    monkeypatch.setattr(teaching.retraining.promotion, "judge", lambda *given: sure)
    with Desk(outputs) as desk:
        done = teaching.retrain(desk, Silent(), steps=0)
        (run,) = desk.store.runs()
        assert (run.state, run.policy) == ("done", "mine-001")
        assert [row.name for row in teaching.listed(desk) if row.cuts] == ["mine-001"]
        teaching.use(desk, "base+search")
        assert [row.name for row in teaching.listed(desk) if row.cuts] == ["base+search"]
    assert done.retrained.policy.promoted


def test_a_retraining_that_was_stopped_is_told_as_stopped(outputs, typed, monkeypatch):
    typed("correct", "toys-v001", "drop", "1")

    def stopped(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(teaching.retraining, "retrain", stopped)
    with Desk(outputs) as desk:
        with pytest.raises(KeyboardInterrupt):
            teaching.retrain(desk, Silent())
        (run,) = desk.store.runs()
        assert run.state == "stopped"


def test_policies_are_compared_by_what_the_editor_made(outputs, typed):
    with Desk(outputs) as desk, pytest.raises(EditorError, match="Nothing was corrected"):
        teaching.compare(desk, "base+search", "greedy", Silent())
    typed("correct", "toys-v001", "drop", "1")
    with Desk(outputs) as desk:
        found = teaching.compare(desk, "greedy", "chronological", Silent())
    assert found.films == 1
    assert found.distance[0] < found.distance[1]  # it was cut by the first, and little was changed
