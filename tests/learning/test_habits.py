"""Habits of length and trimming are found where they are, and not where they are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.learning import feedback, habits, weighing
from tests.learning import taught


def trimmed(head: float, tail: float, cuts: int, films: int = 4, noise: float = 0.05):
    """Feedback whose ends lie off the points by these seconds, and a little chance."""
    told = feedback.told_by(taught.lessons("patient", 1))
    chance = np.random.default_rng(3).normal(0, noise, (cuts, 2))
    return replace(
        told, offsets=chance + np.array([head, tail]), offset_group=np.arange(cuts) % films
    )


def test_a_habit_of_trimming_is_found_with_its_doubt():
    found = habits.trimming(trimmed(0.2, -0.12, 60))
    assert found.head.sure == pytest.approx(0.2, abs=0.04)
    assert found.tail.sure == pytest.approx(-0.12, abs=0.04)
    assert found.head.sd < 0.03


def test_chance_is_no_habit():
    for noise in (0.05, 0.15):
        found = habits.trimming(trimmed(0.0, 0.0, 60, noise=noise))
        assert found.head.sure == found.tail.sure == 0.0


def test_too_few_cuts_say_nothing_of_trims():
    found = habits.trimming(trimmed(0.2, 0.2, habits.LEAST_ENDS - 1))
    assert found.head.sure == 0.0
    assert found.head.count == habits.LEAST_ENDS - 1


def test_ends_that_could_not_move_are_not_counted():
    told = trimmed(0.2, 0.2, 40)
    offsets = told.offsets.copy()
    offsets[::2, 0] = np.nan
    found = habits.trimming(replace(told, offsets=offsets))
    assert found.head.count == 20
    assert found.tail.count == 40


def test_more_cuts_leave_less_doubt():
    few, many = (habits.trimming(trimmed(0.2, 0.2, cuts)).head.sd for cuts in (12, 120))
    assert many < few


def test_the_pace_moves_towards_the_editor_s():
    told = feedback.told_by(taught.lessons("quick", 4))
    scale = weighing.scale_of(told)
    found = habits.pacing(told, weighing.prior(told, scale, False), scale)
    assert found.log_pace.mean < -0.1
    assert sum(found.odds) == pytest.approx(1.0)


def test_without_choices_the_pace_is_the_style_s():
    told = feedback.told_by([])
    found = habits.pacing(told, weighing.prior(told, 12.0, False), 12.0)
    assert found.log_pace.mean == pytest.approx(0.0, abs=1e-6)
    assert found.log_pace.sure == 0.0
    assert found.log_pace.sd == pytest.approx(habits.PACE_SPREAD, rel=0.1)


def test_a_taste_leans_the_way_of_the_editor_s_weights():
    learned = weighing.learn(feedback.told_by(taught.lessons("patient", 5)))
    at = {name: float(learned.gained[n]) for n, name in enumerate(feedback.FEATURES)}
    assert at["movement"] < 0
    assert bool(torch.isfinite(learned.gained).all())


def test_few_films_lead_less_far_than_many():
    told = feedback.told_by(taught.lessons("patient", 5))
    scale = weighing.scale_of(told)
    believed = weighing.prior(told, scale, False)
    far = believed.spread * 10
    one, two, many = (
        float(weighing.within_reach(far, believed, films).norm()) for films in (1, 2, 9)
    )
    assert one < two < many < float(far.norm())
