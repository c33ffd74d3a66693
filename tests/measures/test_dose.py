"""Spoilt films: how many cuts are spoilt, and that the reward of a well-cut film falls."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.config import load_style
from editor.learning.edited import as_material
from editor.measures import dose
from tests.measures.films import edited, scenes

FILM = edited()


@pytest.mark.parametrize("name", dose.WAYS)
def test_a_dose_spoils_no_more_cuts_than_it_says(name):
    rng = np.random.default_rng(0)
    at = rng.choice(len(FILM.edit), 6, replace=False)
    made = dose.WAYS[name](FILM, at, rng)
    others = [n for n in range(len(FILM.edit)) if n not in at]
    assert len(made) == len(FILM.edit)
    assert all(made[n] == FILM.edit[n] for n in others)
    assert made != list(FILM.edit)


def test_shuffling_keeps_every_shot_and_replacing_repeats_some():
    rng = np.random.default_rng(0)
    every = np.arange(len(FILM.edit))
    assert sorted(dose.shuffled(FILM, every, rng)) == sorted(FILM.edit)
    assert len(set(dose.replaced(FILM, every, rng))) < len(FILM.edit)


def test_one_cut_alone_still_changes_place():
    made = dose.shuffled(FILM, np.array([3]), np.random.default_rng(1))
    assert sorted(made) == sorted(FILM.edit) and made != list(FILM.edit)


def test_a_wrong_trim_stays_inside_its_shot():
    every = np.arange(len(FILM.edit))
    for shot, first, last in dose.mistrimmed(FILM, every, np.random.default_rng(0)):
        assert 0 <= first < last < FILM.pool.points[shot]


def test_an_untouched_film_scores_what_the_reward_says_and_its_terms_add_up_to_it():
    reward = FILM.reward(load_style("default"), float(FILM.seconds.sum()))
    score, terms = dose.scores(reward, [FILM.edit])
    films = reward.start(1)
    for choice in FILM.edit:
        films, _, _ = reward.grow(films, *(torch.tensor([value]) for value in choice))
    assert score[0] == pytest.approx(float(films.score[0]))
    assert terms.sum() == pytest.approx(score[0], abs=1e-4)


def test_replacing_shots_costs_more_the_more_are_replaced():
    found = dose.respond(FILM, load_style("default"), 0, corruptions=12)
    row = found.ways["replaced"]
    assert row.mean[0] == pytest.approx(found.score)
    assert row.trend.high < 0


def test_the_page_names_films_whose_trend_is_not_down():
    found = dose.respond(FILM, load_style("default"), 0, corruptions=4)
    text = dose.Table((found,), 0).text()
    rising = [name for name, row in found.ways.items() if row.trend.high >= 0]
    _, _, end = text.partition("Where the trend is not down, its whole interval below nought:")
    named, _, _ = end.partition("Where the reward does not fall at every step")
    assert all(name in named for name in rising)
    assert rising or "nowhere" in named


def test_a_film_that_scores_more_when_some_of_it_is_spoilt_is_named_with_the_step():
    found = dose.respond(FILM, load_style("default"), 0, corruptions=4)
    row = replace(found.ways["mis-trimmed"], mean=(0.4, 0.3, 0.35, 0.2, 0.1), falls=False)
    text = dose.Table((replace(found, ways={"mis-trimmed": row}),), 0).text()
    _, _, end = text.partition("Where the reward does not fall at every step of the dose:")
    assert "mis-trimmed: 10% to 25% +0.050" in end


def test_the_finished_soundtrack_and_the_jump_at_the_cut_tell_nothing():
    clip, known = scenes(12, 2)
    loud = known.picture.motion.copy()
    for shot in known.shots:
        loud[shot.first] = 0.9
    picture = type(known.picture)(**{**vars(known.picture), "motion": loud})
    spiked = type(known)(**{**vars(known), "picture": picture})
    plain, jumpy = (as_material(clip, one, known.shots, "F", "f") for one in (known, spiked))
    np.testing.assert_allclose(plain.pool.totals, jumpy.pool.totals, atol=1e-6)
    assert len(np.unique(plain.pool.level[plain.pool.frame >= 0])) == 1
