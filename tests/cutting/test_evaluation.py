"""A comparison of cutters is fair, paired and counts what each looked at."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from editor.cutting import evaluation, inspection, local
from editor.cutting.baselines import BASELINES, local_for
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Case
from editor.cutting.reward import TERMS
from tests.cutting.test_environment import STYLE, pool_of

QUICK = {name: BASELINES[name] for name in ("greedy", "random", "uniform", "similar")}


def case_of(seed: int, order: str = "free") -> Case:
    pool = pool_of(seed, shots=14, speech=0.2)
    return Case(pool, Brief(replace(STYLE, order=order), 15.0, order, 0))


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case_of(seed, order) for seed, order in ((1, "free"), (2, "recorded"), (3, "free"))]


def test_the_first_cutter_is_never_ahead_of_itself(cases):
    found = evaluation.compare(cases, QUICK, seeds=2)
    assert found["greedy"].ahead.mean == found["greedy"].ahead.high == 0
    gap = found["greedy"].score.mean - found["random"].score.mean
    assert found["random"].ahead.mean == pytest.approx(gap, abs=1e-6)


def test_the_wide_beams_share_of_its_own_gain_is_one_and_chances_is_none(cases):
    ways = {"random": BASELINES["random"], "beam64": BASELINES["beam8"]}
    found = evaluation.compare(cases, ways)
    whole, none = found["beam64"].share, found["random"].share
    assert whole is not None and whole.low == whole.mean == whole.high == pytest.approx(1)
    assert none is not None and none.mean == 0


def test_a_cutter_that_scores_no_candidate_looks_at_its_own_cuts_alone(cases):
    found = evaluation.compare(cases[:1], QUICK)
    assert found["uniform"].looked < 40 < found["greedy"].looked


def test_a_films_terms_and_weights_add_up_to_its_score(cases):
    case = cases[0]
    stage = make_stage(case.pool, case.brief)
    made = BASELINES["greedy"](stage, 0)
    film = evaluation.film_of(stage, made)
    assert film.score == pytest.approx(float(local.scores(stage, [made])[0]), abs=1e-5)
    assert len(film.lengths) == len(made)
    assert all(-1 <= value <= 1 for value in film.terms)


def test_an_interval_holds_its_mean_and_narrows_with_more_cases():
    rng = np.random.default_rng(0)
    few, many = rng.normal(1, 1, 8), rng.normal(1, 1, 800)
    narrow, wide = evaluation.interval(many), evaluation.interval(few)
    assert narrow.low < narrow.mean < narrow.high
    assert narrow.high - narrow.low < wide.high - wide.low


def test_a_blind_cutter_loses_nothing_when_embeddings_are_spoilt(cases):
    for spoil in (inspection.without_sight, inspection.with_wrong_sight):
        found = inspection.sight(BASELINES["uniform"], cases, spoil)
        assert found.changed == 0 and found.lost.mean == 0


def test_a_cutter_that_looks_at_the_reward_loses_when_embeddings_are_permuted():
    looks = {**dict.fromkeys(TERMS, 0.0), "novelty": 1.0, "scene": 1.0, "jump_cut": 1.0}
    cases = []
    for seed in range(12):
        case = case_of(seed)
        style = replace(case.brief.style, weights=looks)
        cases.append(replace(case, brief=replace(case.brief, style=style)))
    found = inspection.sight(BASELINES["greedy"], cases, inspection.with_wrong_sight)
    assert found.changed > 0.5 and found.lost.low > 0


def test_local_search_with_more_time_is_no_worse(cases):
    stage = make_stage(cases[0].pool, cases[0].brief)
    films = [local_for(stage, 0, seconds) for seconds in (0.0, 0.2)]
    once, often = local.scores(stage, films).tolist()
    assert often >= once


def test_the_most_like_shot_follows_when_cutting_by_similarity(cases):
    stage = make_stage(cases[0].pool, cases[0].brief)
    shots = [shot for shot, _, _ in BASELINES["similar"](stage, 0)]
    like = stage.material.likeness
    steps = [float(like[a, b]) for a, b in pairwise(shots)]
    everyone = float(like.mean())
    assert np.mean(steps) > everyone


def test_whatever_scores_a_film_is_counted_as_a_look_at_the_reward():
    stage, looks = evaluation.counted(make_stage(case_of(1).pool, case_of(1).brief))
    film = BASELINES["uniform"](stage, 0)
    before = looks[0]
    local.scores(stage, [film, film])
    assert looks[0] - before >= 2 * len(film)
    found = evaluation.compare([case_of(1)], {"local": BASELINES["local"], **QUICK})
    assert min(found["local"].looked, found["greedy"].looked) > found["uniform"].looked


def test_cases_of_one_pool_are_drawn_together():
    values = np.array([0.0] * 8 + [1.0] * 8)
    apart = evaluation._interval(values, evaluation.draws(range(16)))
    together = evaluation._interval(values, evaluation.draws([0] * 8 + [1] * 8))
    assert apart.mean == together.mean == 0.5
    assert (together.low, together.high) == (0.0, 1.0)
    assert apart.low > 0.2 and apart.high < 0.8
    assert (evaluation.draws([0, 0, 1]).sum(1) >= 2).all()


def test_each_pools_mean_is_told_apart_and_their_mean_is_the_whole(cases):
    two = [cases[0], Case(cases[0].pool, replace(cases[0].brief, seed=5)), cases[1]]
    found = evaluation.compare(two, QUICK)
    for row in found.values():
        first, second = row.by_pool
        assert row.score.mean == pytest.approx((2 * first + second) / 3, abs=1e-9)
