"""What an editor did becomes choices: of the right things, for the right reasons."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.cutting import whole
from editor.cutting.taste import Trims
from editor.film.difference import compare
from editor.learning import editors, feedback, lessons, moves
from editor.learning.lessons import FEATURES, Preference, Verdict
from tests.learning import taught


def as_lesson(number, made, moved=None, **more):
    """A lesson in which a shoot's rough cut became `made`."""
    pool, stage, film = taught.shoot(number)
    before = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    after = editors.timeline(pool, stage, made, moved or [(0, 0)] * len(made))
    return lessons.Lesson("a", "a", pool, stage, before, after, **more)


def test_a_timeline_reads_back_as_the_choices_it_was_made_of():
    pool, stage, film = taught.shoot(0)
    made = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    assert lessons.chain(lessons.choices_of(pool, made)) == film


def test_a_trim_of_a_few_frames_is_habit_and_not_another_choice():
    _pool, _stage, film = taught.shoot(0)
    moved = [(3, 4)] * len(film)
    found = lessons.read(as_lesson(0, film, moved))
    assert found.before == found.after == film


def test_habit_that_was_applied_is_taken_off_before_the_choices_are_read():
    pool, stage, film = taught.shoot(0)
    rate = float(pool.clips[0].rate)
    late = [(round(0.24 * rate), round(0.24 * rate))] * len(film)
    shifted = editors.timeline(pool, stage, film, late)
    found = lessons.chain(lessons.choices_of(pool, shifted, Trims(0.24, 0.24)))
    assert found == film


def test_distance_counts_a_drop_and_an_insertion_one_and_a_replacement_both():
    pool, stage, film = taught.shoot(0)
    before = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    less = editors.timeline(pool, stage, film[1:], [(0, 0)] * (len(film) - 1))
    assert lessons.distance(compare(before, less)) == 1.0
    assert lessons.distance(compare(less, before)) == 1.0
    assert lessons.distance(compare(before, before)) == 0.0


def test_features_of_whole_films_are_those_that_the_reward_adds_up():
    _, stage, film = taught.shoot(0)
    seen = lessons.seeing(stage)
    found, legal, _ = lessons.features(seen, [film, film[:1]])
    assert legal.tolist() == [True, False]
    share = lessons.share_of(seen)
    score = whole.scores(stage, [film])
    assert torch.allclose((found[:1] @ share).float(), score, atol=1e-4)


def test_pacing_under_the_style_s_own_pace_is_what_the_reward_says():
    _, stage, film = taught.shoot(1)
    seen = lessons.seeing(stage)
    found, _, paced = lessons.features(seen, [film])
    places = [FEATURES.index(name) for name in ("length_fit", "rhythm")]
    assert torch.allclose(lessons.pacing_features(paced, 1.0, 1.0), found[:, places], atol=1e-5)


def test_a_replaced_cut_is_a_choice_against_what_was_there_and_what_else_could_be():
    _, stage, film = taught.shoot(0)
    other = next(
        one
        for one in moves.replacements(stage, film, 1, 40, np.random.default_rng(0))
        if one != film and one[1][0] != film[1][0] and bool(whole.scores(stage, [one]).isfinite())
    )
    told = feedback.told_by([as_lesson(0, other)])
    assert int(told.made.sum()) == 1
    rows = told.made[told.choices.choice]
    assert int((told.back & rows).sum()) == 1
    assert int(rows.sum()) > 1
    assert told.corrections == 1


def test_a_film_that_was_left_as_it_was_teaches_no_correction():
    _, _, film = taught.shoot(0)
    told = feedback.told_by([as_lesson(0, film)])
    assert told.corrections == 0
    assert not bool(told.made.any())
    assert float(told.choices.weight.max()) == feedback.KEPT


@pytest.mark.parametrize("reason", ["rhythm", "continuity", "technical"])
def test_a_reason_trains_no_other_term(reason):
    _, _, film = taught.shoot(0)
    one = as_lesson(0, film, verdicts=(Verdict(False, 1, reason),))
    plain = feedback.told_by([as_lesson(0, film)])
    told = feedback.told_by([one])
    rows = told.choices.difference[len(plain.choices.difference) :]
    others = [n for n, name in enumerate(FEATURES) if name not in feedback.REASONS[reason]]
    assert len(rows) > 0
    assert float(rows[:, others].abs().max()) == 0.0
    assert float(rows.abs().max()) > 0.0


def test_a_verdict_on_performance_trains_nothing():
    _, _, film = taught.shoot(0)
    one = as_lesson(0, film, verdicts=(Verdict(False, 1, "performance"),))
    plain = feedback.told_by([as_lesson(0, film)])
    assert feedback.told_by([one]).choices.count == plain.choices.count


def test_a_preferred_film_is_one_choice_against_the_other():
    pool, stage, film = taught.shoot(0)
    better = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    worse = editors.timeline(pool, stage, film[1:], [(0, 0)] * (len(film) - 1))
    told = feedback.told_by([], [Preference("a and b", "a", pool, stage, better, worse)])
    back = feedback.told_by([], [Preference("a and b", "a", pool, stage, worse, better)])
    assert told.choices.count == 1
    ratio = told.choices.difference / len(film) + back.choices.difference / (len(film) - 1)
    assert float(ratio.abs().max()) < 1e-9


def test_the_same_feedback_gives_the_same_choices():
    one = feedback.told_by(taught.lessons("quick", 2), seed=3)
    two = feedback.told_by(taught.lessons("quick", 2), seed=3)
    assert torch.equal(one.choices.difference, two.choices.difference)


def test_some_of_the_feedback_is_as_if_the_rest_had_not_been():
    told = feedback.told_by(taught.lessons("quick", 3))
    kept = told.choices.group != 1
    some = feedback.some(told, kept)
    assert set(some.choices.group.tolist()) == {0, 2}
    assert len(some.share) == len(some.choices.choice) == len(some.lengths.taken)
    assert set(some.offset_group.tolist()) <= {0, 2}
    repaced = feedback.repaced(some, 0.7, 1.0)
    every = feedback.repaced(told, 0.7, 1.0)
    assert torch.allclose(repaced.difference, every.difference[kept[told.choices.choice]])


def test_cuts_that_are_not_on_offer_are_read_as_none():
    pool, stage, film = taught.shoot(0)
    made = editors.timeline(pool, stage, film, [(0, 0)] * len(film))
    strange = replace(made.cuts[0], clip=replace(made.cuts[0].clip, digest="elsewhere"))
    assert lessons.choices_of(pool, replace(made, cuts=(strange,))) == [()]
