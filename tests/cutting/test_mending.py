import numpy as np
import pytest
import torch

from editor.config import load_style
from editor.cutting import mending, whole
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.learning.simulate import World, simulate

STYLE = load_style("default")


def stage_of(seed: int, order: str = "recorded"):
    pool = simulate(World(14, 2.0, 0.4, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(seed))
    return make_stage(pool, Brief(STYLE, 20.0, order, seed))


@pytest.mark.parametrize("order", ["recorded", "free"])
@pytest.mark.parametrize("seed", range(4))
def test_mending_keeps_the_shots_and_makes_the_film_better(seed, order):
    stage = stage_of(seed, order)
    made = BASELINES["uniform"](stage, seed)
    better = mending.mend(stage, made)
    assert [cut[0] for cut in better] == [cut[0] for cut in made]
    before, after = whole.scores(stage, [made, better]).tolist()
    assert after > before
    assert mending.mend(stage, made) == better
    again = float(whole.scores(stage, [mending.mend(stage, better)])[0])
    assert again >= after


def test_no_single_trim_of_the_last_cut_is_better_once_a_sweep_has_found_none():
    stage = stage_of(0)
    film = mending.mend(stage, BASELINES["uniform"](stage, 0), sweeps=50)
    tried = [[*film[:-1], cut] for cut in mending.others(stage, film[-1])]
    assert float(whole.scores(stage, tried).max()) <= float(whole.scores(stage, [film])[0]) + 1e-6


def test_what_is_tried_is_of_the_same_shot_allowed_and_near_in_length_first():
    stage = stage_of(1)
    cut = BASELINES["uniform"](stage, 0)[0]
    found = mending.others(stage, cut)
    assert 0 < len(found) <= mending.NEAREST and cut not in found
    assert {shot for shot, _, _ in found} == {cut[0]}
    assert all(bool(stage.rules.allowed[each]) for each in found)
    m = stage.material
    far = [abs(int(m.length[each]) - int(m.length[cut])) for each in found]
    assert far[0] == min(far) and far[-1] >= far[0]


def test_of_a_film_that_is_not_legal_nothing_comes_back():
    stage = stage_of(2)
    made = BASELINES["uniform"](stage, 0)
    assert mending.mend(stage, [made[0], *made]) == []  # a frame twice
    assert mending.mend(stage, []) == []
    assert torch.isinf(whole.scores(stage, [[]])[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_film_is_mended_to_what_it_is_worth_beside_its_score_too(seed):
    stage = stage_of(seed)
    made = mending.mend(stage, BASELINES["uniform"](stage, seed))

    def even(film):  # cuts of two seconds
        seconds = [float(stage.material.length[cut]) / stage.material.rate for cut in film]
        return -5 * float(np.abs(np.log(np.array(seconds) / 2)).mean())

    better = mending.mend(stage, made, aim=even)
    assert [cut[0] for cut in better] == [cut[0] for cut in made]
    before, after = whole.scores(stage, [made, better]).tolist()
    assert after + even(better) > before + even(made) and even(better) > even(made)
    assert after > -torch.inf
