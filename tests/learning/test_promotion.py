"""Consistent corrections lead to promotion, random ones do not, and too few never do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.cutting.taste import Taste, check
from editor.learning import feedback, lessons, promotion, weighing
from editor.learning.promotion import Base, Judgement
from models import preference
from tests.learning import taught


def judged(editor: str, films: int, present: Taste | None = None) -> promotion.Judgement:
    told = feedback.told_by(taught.lessons(editor, films))
    learned = weighing.learn(told)
    return promotion.judge(
        told, lambda some: weighing.learn(some, 0, learned.measures), present or Taste()
    )


def chosen(consistent: bool, films: int = 6, each: int = 10) -> feedback.Told:
    """Choices among eleven random films: by weights that are not the style's, or by lot."""
    _, stage, _ = taught.shoot(0)
    share = lessons.share_of(lessons.seeing(stage))
    liked = share.clone()
    liked[lessons.FEATURES.index("movement")] += 0.4
    liked[lessons.FEATURES.index("novelty")] -= 0.3
    generator = torch.Generator().manual_seed(2)
    rows = []
    for _ in range(films * each):
        seen = 0.4 * torch.randn(11, len(share), generator=generator, dtype=torch.float64)
        taken = int((seen @ liked).argmax()) if consistent else 0
        rows.append((seen[taken] - seen)[torch.arange(11) != taken])
    number = torch.arange(films * each)
    found = preference.choices(torch.cat(rows), number.repeat_interleave(10), number // each)
    paced = lessons.Paced(stage, torch.tensor([[24, 48], [24, 48]]))
    count = len(found.choice)
    return feedback.Told(
        choices=found,
        share=share.expand(count, -1),
        lengths=feedback.Lengths(
            (paced,),
            (0,),
            torch.zeros(count).long(),
            torch.ones(count).long(),
            torch.ones(count).double(),
        ),
        corrections=len(number),
        films=tuple(str(film) for film in range(films)),
        made=torch.ones(len(number), dtype=torch.bool),
        back=torch.zeros(count, dtype=torch.bool),
        offsets=np.zeros((0, 2)),
        offset_group=np.zeros(0, np.int64),
    )


def test_consistent_corrections_are_promoted():
    found = promotion.judge(chosen(True), weighing.learn, Taste())
    assert found.promoted, found
    assert found.accuracy > found.accuracy_before
    assert len(found.by_film) == 6


def test_corrections_by_lot_are_not():
    assert not promotion.judge(chosen(False), weighing.learn, Taste()).promoted


def test_random_corrections_are_not():
    found = judged("random", 6)
    assert not found.promoted, found


def test_too_few_corrections_are_not_and_it_says_so():
    _pool, _stage, _film = taught.shoot(0)
    untouched = taught.lesson("quick", 0)
    told = feedback.told_by([replace(untouched, after=untouched.before)])
    found = promotion.judge(told, weighing.learn, Taste())
    assert not found.promoted
    assert "too few" in found.why


def test_what_was_learned_already_is_no_gain():
    told = feedback.told_by(taught.lessons("quick", 6))
    learned = weighing.learn(told)
    again = promotion.judge(told, weighing.learn, learned.taste)
    assert not again.promoted


def test_a_policy_that_cuts_worse_is_not_promoted_and_the_reason_is_told():
    good = Judgement(True, "it foretells more", 6, 30, 0.3, 0.1, 0.8, 0.5, trims=False)
    worse = Base(0.9, -0.5, True, False, "it makes more jump cuts")
    found = promotion.with_base(good, worse)
    assert not found.promoted
    assert "jump cuts" in found.why


def test_the_present_policy_is_no_worse_than_itself():
    _, stage, _ = taught.shoot(0)
    found = promotion.base_measures([stage], Taste(), Taste())
    assert found.held and found.in_window
    assert found.jump_cut == pytest.approx(0.0)
    assert np.isfinite(found.kept)


def habitual(head: float, films: int, noise: float = 0.05) -> feedback.Told:
    """No correction, but ends that lie off their points by a habit and a little chance."""
    told = feedback.told_by(taught.lessons("patient", 1))
    chance = np.random.default_rng(3).normal(0, noise, (8 * films, 2))
    return replace(
        told,
        offsets=chance + np.array([head, 0.0]),
        offset_group=np.arange(8 * films) % films,
        made=torch.zeros_like(told.made),
    )


def test_a_habit_of_trimming_is_promoted_without_the_weights():
    told = habitual(0.2, 3)
    found = promotion.judge(told, weighing.learn, Taste())
    assert found.promoted and found.trims and not (found.taste or found.lengths), found
    assert found.nearer > 0.05
    taste = promotion.promoted(weighing.learn(told).taste, Taste(), found)
    assert taste.names == () and taste.trims.head > 0.1


@pytest.mark.parametrize(("head", "films", "noise"), [(0.2, 2, 0.05), (0.0, 6, 0.15)])
def test_trims_of_two_films_or_by_chance_are_not_promoted(head, films, noise):
    assert not promotion.judge(habitual(head, films, noise), weighing.learn, Taste()).promoted


def test_a_habit_that_is_followed_already_is_no_gain():
    told = habitual(0.2, 4)
    present = Taste(trims=weighing.learn(told).taste.trims)
    assert not promotion.judge(told, weighing.learn, present).promoted


def test_what_makes_worse_films_keeps_its_trims():
    good = Judgement(True, "it foretells more", 6, 30, 0.3, 0.1, 0.8, 0.5)
    found = promotion.with_base(good, Base(0.9, -0.5, True, False, "it makes more jump cuts"))
    assert found.promoted and found.trims and not found.taste


def test_a_pace_that_films_left_out_keep_is_promoted_without_the_weights(monkeypatch):
    monkeypatch.setattr(promotion, "LEAST_GAIN", 2.0)  # no weights pass
    told = feedback.told_by(taught.lessons("quick", 6))
    found = promotion.judge(told, lambda some: weighing.learn(some, 0, False, 0), Taste())
    assert found.lengths and not found.taste, found
    taste = promotion.promoted(weighing.learn(told).taste, Taste(), found)
    assert taste.pace < 0.95 and set(taste.mean) == {0.0}
    check(taste)


def test_a_pace_that_is_kept_already_is_no_gain():
    told = feedback.told_by(taught.lessons("quick", 6))
    learned = weighing.learn(told).taste
    again = promotion.judge(told, lambda some: weighing.learn(some, 0, False, 0), learned)
    assert not again.lengths
