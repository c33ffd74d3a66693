import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.config import Pace, Style
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.observation import SIZES, watch
from editor.learning.simulate import World, simulate
from models import cloning, ppo, reinforce, returns
from models.policy import Policy, Sizes
from models.rollout import Scored, play, rollout, score

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


def test_returns_are_the_rewards_still_to_come():
    reward = torch.tensor([[1.0, 2.0, 4.0]])
    assert returns.returns(reward).tolist() == [[7.0, 6.0, 4.0]]
    assert returns.returns(reward, gamma=0.5).tolist() == [[3.0, 4.0, 4.0]]


def test_advantages_agree_with_hand_arithmetic():
    reward = torch.tensor([[1.0, 0.0, 2.0], [3.0, 9.0, 9.0]])
    value = torch.tensor([[0.5, 1.0, 0.5], [1.0, 7.0, 7.0]])
    valid = torch.tensor([[True, True, True], [True, False, False]])
    found = returns.advantages(reward, value, valid, gamma=1.0, lam=0.5)
    # deltas: 1 + 1 - .5 = 1.5; 0 + .5 - 1 = -.5; 2 - .5 = 1.5
    assert found[0].tolist() == pytest.approx([1.5 + 0.5 * (-0.5 + 0.5 * 1.5), -0.5 + 0.75, 1.5])
    assert found[1].tolist() == [2.0, 0.0, 0.0]


def test_with_lambda_one_an_advantage_is_the_return_less_the_value():
    reward, value = torch.rand(3, 5), torch.rand(3, 5)
    valid = torch.ones(3, 5, dtype=torch.bool)
    found = returns.advantages(reward, value, valid, lam=1.0)
    assert torch.allclose(found, returns.returns(reward) - value, atol=1e-6)


def test_a_film_is_measured_against_the_others_alone():
    assert returns.leave_one_out(torch.tensor([1.0, 2.0, 6.0])).tolist() == pytest.approx(
        [1 - 4, 2 - 3.5, 6 - 1.5]
    )


def test_normalised_advantages_have_mean_nought_and_deviation_one():
    valid = torch.tensor([[True, True], [True, False]])
    found = returns.normalise(torch.tensor([[1.0, 2.0], [6.0, 99.0]]), valid)
    assert float(found[valid].mean()) == pytest.approx(0, abs=1e-6)
    assert float(found[valid].std(unbiased=False)) == pytest.approx(1)
    assert float(found[1, 1]) == 0


def test_the_gradient_of_a_two_armed_bandit_is_its_closed_form():
    """d/dtheta E[r] = p (1 - p) (r1 - r0) for one logit theta: averaged over both arms exactly."""
    theta = torch.zeros(2, requires_grad=True)
    with torch.no_grad():
        theta[1] = 0.7
    odds = torch.tensor([0.0, 0.7]).softmax(0)
    rewards = torch.tensor([1.0, 3.0])
    log_prob = theta.log_softmax(0)
    loss = -(odds * rewards * log_prob).sum()
    loss.backward()
    expected = float(odds[0] * odds[1] * (rewards[1] - rewards[0]))
    assert float(-theta.grad[1]) == pytest.approx(expected, rel=1e-5)


def test_the_clipped_objective_agrees_with_hand_arithmetic():
    films, _ = drawn(films=1)
    films = films.rows(torch.tensor([0]))
    steps = films.valid.shape[1]
    change = torch.full((1, steps), math.log(1.5))
    scored = Scored(films.log_prob + change, torch.zeros(1, steps, 3), torch.zeros(1, steps))
    gain = torch.ones(1, steps)
    settings = ppo.Settings(entropy=0.0, value=0.0)
    loss, row = ppo.loss_of(scored, films, gain, torch.zeros(1, steps), settings)
    assert float(loss) == pytest.approx(-1.2)
    assert row["clipped"] == 1.0
    assert row["kl"] == pytest.approx(0.5 - math.log(1.5), abs=1e-5)
    loss, _ = ppo.loss_of(scored, films, -gain, torch.zeros(1, steps), settings)
    assert float(loss) == pytest.approx(1.5)  # a bad action is not protected by the clip


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
        made.append(play(new_policy(), watched, 1, None)[0])
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
        _, likely, films = play(policy, watched, 2, torch.Generator().manual_seed(0))
        assert bool(films.done.all()) and bool(likely.isfinite().all())


def test_ppo_moves_the_policy_towards_films_of_higher_score():
    policy, watched = new_policy(), stage()
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    scores = []
    for _ in range(25):
        films, _ = rollout(policy, watched, 32, generator)
        report = ppo.update(policy, optimizer, [films], ppo.Settings(), generator)
        scores.append(report.reward)
    assert np.mean(scores[-5:]) > np.mean(scores[:5]) + 0.1
    assert 0 <= report.clip_fraction <= 1 and report.kl >= 0


@pytest.mark.parametrize("baseline", ["leave-one-out", "none"])
def test_reinforce_makes_better_films_likelier(baseline):
    policy, watched = new_policy(), stage()
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    scores = []
    for _ in range(40):
        films, ended = rollout(policy, watched, 32, generator)
        reinforce.update(policy, optimizer, [films], baseline)
        scores.append(float(ended.progress.score.mean()))
    if baseline == "leave-one-out":
        assert np.mean(scores[-8:]) > np.mean(scores[:8]) + 0.05


def test_reinforce_names_the_baselines_that_it_knows():
    films, _ = drawn()
    policy = new_policy()
    with pytest.raises(ValueError, match="leave-one-out"):
        reinforce.update(policy, torch.optim.Adam(policy.parameters()), [films], "critic")


def test_cloning_makes_the_shown_film_the_likeliest():
    policy, watched = new_policy(), stage()
    shown, _ = rollout(policy, watched, 1, torch.Generator().manual_seed(9))
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    first = cloning.update(policy, optimizer, [shown])
    for _ in range(80):
        last = cloning.update(policy, optimizer, [shown])
    assert last < 0.25 * first
    actions, _, _ = play(policy, watched, 1, None)
    cuts = int(shown.valid.sum()) - 1
    assert torch.equal(actions[0, :cuts, 0], shown.action[0, :cuts, 0])
