from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.config import Pace, Style
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.observation import SIZES, watch
from editor.learning.simulate import World, simulate
from models import cloning
from models.algorithms import ALGORITHMS
from models.policy import Policy, Sizes
from models.rollout import play, rollout, score

STYLE = Style("test", "", 12.0, "recorded", Pace(2.5, 0.7, 0.3, shortest=0.5, longest=9.0))
SMALL = replace(SIZES, width=16, point_width=8, pair_width=8, heads=2, layers=2, induced=4)


def new_policy(sizes: Sizes = SMALL, seed: int = 0) -> Policy:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Policy(sizes)


def stage(seed: int = 0, order: str = "recorded"):
    pool = simulate(World(10, 1.5, 0.3, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(seed))
    return watch(make_stage(pool, Brief(STYLE, 12.0, order, 0)))


def drawn(seed: int = 0, films: int = 8):
    return rollout(new_policy(), stage(), films, torch.Generator().manual_seed(seed))


def test_scoring_again_gives_the_log_probabilities_that_were_drawn():
    policy = new_policy()
    for order in ("recorded", "free"):
        films, _ = rollout(policy, stage(order=order), 8, torch.Generator().manual_seed(1))
        again = score(policy, films)
        assert torch.allclose(
            again.log_prob, torch.where(films.valid, films.log_prob, 0.0), atol=1e-4
        )
        assert torch.allclose(again.value[films.valid], films.value[films.valid], atol=1e-5)


def test_stop_carries_no_in_or_out():
    films, _ = drawn()
    stops = films.valid & (films.action[..., 0] == films.shot_mask.shape[-1] - 1)
    assert bool(stops.any())
    assert bool((films.entropy[stops][:, 1:] == 0).all())
    assert bool((films.log_prob[stops] <= 0).all())


def test_the_order_of_the_shots_in_the_pool_does_not_matter():
    policy, seen = new_policy(), stage()
    order = torch.randperm(len(seen.scene.shots), generator=torch.Generator().manual_seed(3))
    turned = replace(seen.scene, shots=seen.scene.shots[order], points=seen.scene.points[order])
    one, two = policy.encode(seen.scene), policy.encode(turned)
    assert torch.allclose(one.keys[order], two.keys, atol=1e-5)
    assert torch.allclose(one.summary, two.summary, atol=1e-5)


def test_turning_the_embedding_space_changes_no_choice():
    pool = simulate(World(10, 1.5, 0.3, 0.5, 0.7, 0.3, 2.0, 7.0), np.random.default_rng(0))
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((32, 32)))
    brief = Brief(STYLE, 12.0, "recorded", 0)
    made = []
    for embedding in (pool.embedding, (pool.embedding @ turn).astype(np.float32)):
        watched = watch(make_stage(replace(pool, embedding=embedding), brief))
        made.append(play(new_policy(), watched, 1, None))
    assert torch.equal(made[0], made[1])


def test_one_seed_draws_the_same_films():
    one, two, other = (drawn(seed)[0] for seed in (4, 4, 5))
    assert torch.equal(one.action, two.action)
    assert one.action.shape != other.action.shape or not torch.equal(one.action, other.action)


def test_one_network_serves_pools_of_five_shots_and_of_hundreds():
    policy = new_policy()
    for shots in (5, 300):
        world = World(shots, 1.5, 0.3, 0.5, 0.7, 0.3, 2.0, 7.0)
        pool = simulate(world, np.random.default_rng(0))
        duration = min(12.0, 0.4 * float(pool.usable))
        watched = watch(make_stage(pool, Brief(STYLE, duration, "free", 0)))
        actions = play(policy, watched, 2, torch.Generator().manual_seed(0))
        assert bool((actions[:, :, 0] == watched.stop).any(1).all())


def test_a_film_is_the_same_whether_or_not_those_that_stopped_before_are_set_aside():
    films, _ = drawn(seed=4)
    actions = play(new_policy(), stage(), len(films.action), torch.Generator().manual_seed(4))
    lengths = films.valid.sum(1)
    assert len(lengths.unique()) > 1
    for row, length in enumerate(lengths.tolist()):
        assert torch.equal(actions[row, : length - 1], films.action[row, : length - 1])
        assert bool((actions[row, length - 1 :, 0] == stage().stop).all())


@pytest.mark.parametrize("name", [name for name, one in ALGORITHMS.items() if one.own])
def test_every_algorithm_moves_the_policy_towards_films_of_higher_score(name):
    policy, watched, algorithm = new_policy(), stage(), ALGORITHMS[name]
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(0)
    scores = []
    for _ in range(20):
        films, _ = rollout(policy, watched, 32, generator)
        report = algorithm.update(policy, optimizer, [films], algorithm.settings, generator)
        scores.append(report.reward)
    assert np.mean(scores[-5:]) > np.mean(scores[:5]) + 0.1
    assert report.kl >= 0 and len(report.entropy) == 3
    assert (report.clip_fraction is None) == (name != "ppo")


def test_a_film_in_parts_of_a_batch_is_scored_as_in_the_whole():
    films, _ = drawn()
    policy = new_policy(seed=1)
    whole = films.scored(policy)
    index = torch.tensor([5, 1, 3])
    some = films.rows(index)
    steps = some.valid.shape[1]
    assert torch.allclose(some.scored(policy).log_prob, whole.log_prob[index, :steps], atol=1e-5)
    assert torch.equal(films.folded(films.reward)[index, :steps], some.reward)


def test_cloning_makes_the_shown_film_the_likeliest():
    policy, watched = new_policy(), stage()
    shown, _ = rollout(policy, watched, 1, torch.Generator().manual_seed(9))
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    first = cloning.update(policy, optimizer, [shown])
    for _ in range(80):
        last = cloning.update(policy, optimizer, [shown])
    assert last < 0.25 * first
    actions = play(policy, watched, 1, None)
    cuts = int(shown.valid.sum()) - 1
    assert torch.equal(actions[0, :cuts, 0], shown.action[0, :cuts, 0])
