"""Search, alone and with a policy, makes legal films, and on tiny pools finds the best of all."""

import functools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from editor.config import Pace, Style
from editor.cutting import agent, decode, evaluation, guided, local, policies, search, whole
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import SIZES
from editor.errors import EditorError, PolicyError
from editor.learning.simulate import World, simulate
from models.policy import Policy

STYLE = Style("test", "", 6.0, "free", Pace(2.0, 0.6, 0.3, shortest=0.6, longest=6.0))
TINY = World(3, 1.0, 0.0, 0.5, 0.7, 0.3, 1.0, 2.0)
MOST, FEW = 400, 20  # films of a tiny pool, and cuts on offer in it
POOL = simulate(World(20, 3.0, 0.6, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(1))
BRIEF = Brief(STYLE, 15.0, "recorded", 0, rate=Fraction(24000, 1001))


def network() -> Policy:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Policy(replace(SIZES, width=16, point_width=8, pair_width=8, heads=2))


@functools.cache
def tiny_stages(count: int = 4) -> list[tuple[Stage, list[list[search.Choice]]]]:
    """Pools of so few choices that every film can be made, and every film."""
    found, seed = [], 0
    while len(found) < count:
        seed += 1
        pool = simulate(TINY, np.random.default_rng(seed))
        order = "free" if seed % 2 else "recorded"
        try:
            stage = make_stage(pool, Brief(replace(STYLE, order=order), 2.5, order, 0))
        except EditorError:
            continue
        films = every_film(stage)
        if 5 < len(films) <= MOST:
            found.append((stage, films))
    return found


def every_film(stage: Stage) -> list[list[search.Choice]]:
    """All legal films, however poor; given up soon after MOST."""
    cuts = [tuple(row) for row in torch.nonzero(stage.rules.allowed).tolist()]
    done, grown = [], [((), stage.start(1))]
    while grown and len(done) <= MOST and len(cuts) <= FEW:
        film, films = grown.pop()
        mask = stage.shot_mask(films)[0].tolist()
        if mask[-1] and film:
            done.append(list(film))
        for cut in cuts:
            if mask[cut[0]]:
                shot, first, last = (torch.tensor([value]) for value in cut)
                if bool(stage.rules.pair_legal(films.state, shot, first, last)[0]):
                    grown.append(((*film, cut), stage.step(films, shot, first, last)[0]))
    return done


@pytest.mark.parametrize("number", range(4))
def test_a_wide_beam_and_local_search_find_the_best_of_all_films_of_a_tiny_pool(number):
    stage, films = tiny_stages()[number]
    best = float(whole.scores(stage, films).max())
    beam = BASELINES["beam256"](stage, 0)
    found = [local.improve(stage, BASELINES["uniform"](stage, 0), seed)[0] for seed in range(3)]
    assert float(whole.scores(stage, [beam])[0]) == pytest.approx(best, abs=1e-4)
    assert float(whole.scores(stage, found).max()) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("name", agent.WAYS)
def test_each_search_with_a_policy_makes_a_legal_film_and_the_same_one_again(name):
    policy, stage = network(), make_stage(POOL, BRIEF)
    one, two = (agent.WAYS[name](policy, stage, 4) for _ in range(2))
    assert one == two
    assert torch.isfinite(whole.scores(stage, [one])).all()


def test_a_guided_beam_is_no_worse_than_the_policy_alone_for_it_holds_its_likeliest_cuts():
    policy = network()
    gained = []
    for seed in range(6):
        pool = simulate(World(15, 2.0, 0.4, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(seed))
        stage = make_stage(pool, BRIEF)
        alone = evaluation.own_decode(policy)(stage, 0)
        guided_film = guided.beam(policy, stage, 0)
        scores = whole.scores(stage, [guided_film, alone])
        gained.append(float(scores[0] - scores[1]))
    assert min(gained) > -0.05 and np.mean(gained) > 0.05


def test_the_best_of_many_films_is_never_worse_than_the_policy_alone():
    policy, stage = network(), make_stage(POOL, BRIEF)
    films = [decode.best_of(policy, stage, 0), evaluation.own_decode(policy)(stage, 0)]
    scores = whole.scores(stage, films)
    assert scores[0] >= scores[1]


def test_a_search_goes_by_the_policys_name_or_is_asked_for_beside_it(tmp_path):
    assert agent.named(None, None, tmp_path) == agent.DEFAULT
    assert agent.named("base", "beam", tmp_path) == "base+beam"
    assert agent.named(None, "none", tmp_path) == "base"
    assert agent.named("base+search", "best", tmp_path) == "base+best"
    assert policies.split("base+beam") == ("base", "beam")
    with pytest.raises(PolicyError, match="greedy is a plain way"):
        agent.named("greedy", "beam", tmp_path)
