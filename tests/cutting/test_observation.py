"""What a policy sees of footage and of films under way is what the reward's terms are made of."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.cutting import promise, wanted
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import FEATURES, watch
from editor.cutting.reward import CUT_TERMS, TERMS
from editor.cutting.terms import LENGTH_SCALE, length_fit, rhythm
from tests.cutting.test_environment import STYLE, pool_of


def stage_of(order: str = "free", seed: int = 3) -> Stage:
    pool = pool_of(seed, shots=14, speech=0.2)
    return make_stage(pool, Brief(replace(STYLE, order=order), 20.0, order, 0))


def played(stage: Stage, cuts: int):
    films = stage.start(1)
    for choice in BASELINES["greedy"](stage, 0)[:cuts]:
        films, _, _ = stage.step(films, *(torch.tensor([value]) for value in choice))
    return films


def test_a_stretchs_worth_is_what_its_own_terms_weigh_in_the_reward():
    stage = stage_of()
    worth = watch(stage).worth
    for choice in BASELINES["random"](stage, 1)[:4]:
        chosen = [torch.tensor([value]) for value in choice]
        grown, _, _ = stage.reward.grow(stage.reward.start(1), *chosen)
        mean = grown.sums[0] / grown.length[0]
        at = [CUT_TERMS.index(name) for name in promise.ALONE]
        own = (mean[at] * stage.reward.cut_weight[at]).sum() * promise.SCALE
        assert float(worth.pair[choice]) == pytest.approx(float(own), abs=1e-4)


def test_the_worth_of_a_join_is_what_the_joins_terms_weigh():
    stage = stage_of()
    films = played(stage, 2)
    shot = int(stage.shot_mask(films)[0, :-1].nonzero()[0])
    first, last = stage.pair_mask(films, torch.tensor([shot]))[0].nonzero()[0].tolist()
    seen = promise.joins(stage, films, torch.tensor([shot]))[0, first]
    chosen = [torch.tensor([[value]]) for value in (shot, first, last)]
    z = stage.reward.standardise(films.progress, stage.reward.cut_terms(films.progress, *chosen))
    at = [n for n, name in enumerate(CUT_TERMS) if TERMS[name].joins]
    due = (z[0, 0, at] * stage.reward.cut_weight[at]).sum() * promise.SCALE
    assert float(seen) == pytest.approx(float(due), abs=1e-4)


def test_a_films_first_cut_joins_nothing():
    stage = stage_of()
    assert not promise.joins(stage, stage.start(1), torch.tensor([0])).any()


def test_how_much_of_better_is_ahead_is_a_share():
    stage = stage_of()
    seen = watch(stage)
    mask = stage.shot_mask(stage.start(1))[:, :-1].float()
    share = seen.worth.ahead(mask, seen.seconds)[0]
    offered = mask[0] > 0
    assert float(share.min()) >= 0 and float(share.max()) <= 1
    best = torch.where(offered, seen.worth.shot, -99.0).argmax()
    assert float(share[best]) == 0


def test_the_fit_seen_is_the_distance_that_length_fit_scores():
    stage = stage_of()
    films = played(stage, 4)
    seen = float(wanted.fit(films.progress)[0])
    scored = float(length_fit(films.progress, stage.brief, stage.material)[0])
    assert scored == pytest.approx(2 * np.exp(-seen / LENGTH_SCALE) - 1, abs=1e-4)


def test_the_rhythm_seen_is_the_one_that_is_scored():
    stage = stage_of()
    films = played(stage, 4)
    gap = max(0.0, -float(wanted.rhythm(stage, films.progress)[0]))
    scored = float(rhythm(films.progress, stage.brief, stage.material)[0])
    assert scored == pytest.approx(1 - 2 * min(1.0, gap), abs=1e-4)


def test_the_rhythm_after_a_cut_is_foreseen():
    stage = stage_of()
    films = played(stage, 3)
    choice = BASELINES["greedy"](stage, 0)[3]
    frames = stage.material.length[choice]
    z = stage.reward.length_z(films.progress.length, frames[None])
    foreseen = wanted.rhythm_after(stage, films.progress, z[:, None])
    after, _, _ = stage.step(films, *(torch.tensor([value]) for value in choice))
    assert float(foreseen) == pytest.approx(float(wanted.rhythm(stage, after.progress)), abs=1e-4)


def test_lengths_of_a_pace_with_a_shape_of_its_own_are_told_by_that_shape():
    shape = (-2.5, -1.1, -0.9, 0.1, 2.0)
    pace = replace(STYLE.pace, shape=shape, curve=(1.0, 1.0))
    brief = Brief(replace(STYLE, pace=pace), 20.0, "free", 0)
    stage = make_stage(pool_of(3, shots=12), brief)
    frames = torch.arange(1, 500)
    z = stage.reward.length_z(torch.zeros_like(frames), frames)
    asked = pace.scores(frames.numpy() / stage.material.rate)
    assert np.asarray(z) == pytest.approx(asked, abs=1e-4)


def test_a_film_of_short_cuts_wants_a_long_one():
    stage = stage_of()
    film = replace(
        stage.reward.start(1),
        z=torch.tensor([[-1.5, -1.2, -1.0, -0.8]]),
        count=torch.tensor([4]),
    )
    wants = wanted.lengths(stage, film)[0]
    assert float(wanted.GRID[int(wants.argmax())]) > 0.5
    assert float(wants[0]) < 0
    assert float(wanted.at(wants[None], wanted.GRID[None])[0, -2]) == pytest.approx(
        float(wants[-2]), abs=1e-5
    )


@pytest.mark.parametrize("order", ["free", "recorded"])
def test_what_a_policy_sees_is_finite_and_as_wide_as_its_features(order):
    stage = stage_of(order)
    seen = watch(stage)
    for cuts in (0, 3):
        films = played(stage, cuts)
        pair, mask = seen.shots(films)
        shot = mask[:, :-1].float().argmax(1)
        pairs = seen.pairs(films, shot)
        first = pairs.any(2).float().argmax(1)
        tables = {
            "film": seen.film(films, mask),
            "shot_pair": pair,
            "in_pair": seen.ins(films, shot, pairs),
            "out_pair": seen.outs(films, shot, first),
            "shot": seen.scene.shots,
            "point": seen.scene.points,
            "style": seen.scene.style,
        }
        for name, table in tables.items():
            assert table.shape[-1] == len(FEATURES[name]), name
            assert torch.isfinite(table).all(), name


def test_setups_that_a_choice_would_leave_behind_are_counted_in_recorded_order():
    stage = stage_of("recorded")
    seen = watch(stage)
    pair, _ = seen.shots(stage.start(1))
    behind = pair[0, :, FEATURES["shot_pair"].index("setups left behind")]
    order = stage.material.rank.argsort()
    assert float(behind[order[0]]) == 0
    assert (torch.diff(behind[order]) >= -1e-6).all() and float(behind[order[-1]]) > 0
