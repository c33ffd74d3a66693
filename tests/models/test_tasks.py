"""Every algorithm, unchanged, on Gymnasium's tasks: discrete choices, Gaussian and Beta actions."""

from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces

from models import perceptron, ppo
from models.algorithms import ALGORITHMS
from models.perceptron import Perceptron
from models.tasks import Steps, Task, play, policy_for

POINT, PICK = "tests/Point-v0", "tests/Pick-v0"
LENGTH = 4  # steps of an episode


class Point(gymnasium.Env):
    """Say the number that is shown: reward 1 less twice the distance."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Box(-2, 2, (1,), np.float32)

    def __init__(self, over: bool = True) -> None:
        self.over = over  # whether an episode is over after LENGTH steps, or cut off then

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = LENGTH
        return self._show(), {}

    def step(self, action):
        reward = self.reward(action)
        self.left -= 1
        done = self.left == 0
        return self._show(), reward, done and self.over, done and not self.over, {}

    def _show(self):
        self.shown = self.np_random.uniform(-0.8, 0.8, 1).astype(np.float32)
        return self.shown

    def reward(self, action) -> float:
        assert self.action_space.contains(np.asarray(action, np.float32))
        return 1 - 2 * float(abs(action[0] - self.shown[0]))


class Pick(Point):
    """Say whether the number that is shown is above nought."""

    action_space = spaces.Discrete(2)

    def reward(self, action) -> float:
        return float(action == (self.shown[0] > 0))


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    gymnasium.register(POINT, Point)
    gymnasium.register(PICK, Pick)
    yield
    del gymnasium.registry[POINT], gymnasium.registry[PICK]


CASES = [(PICK, "categorical"), (POINT, "gaussian"), (POINT, "beta"), (POINT, "smooth")]
OWN = [
    (name, *case)
    for name, algorithm in ALGORITHMS.items()
    for case in CASES
    # Held smooth noise is for long episodes: here most of it lies beyond the bounds.
    if algorithm.own and (name == "ppo" or case[1] != "smooth")
]


@pytest.mark.parametrize("name,task_name,head", OWN)
def test_every_algorithm_improves_discrete_and_continuous_policies_alike(name, task_name, head):
    task, generator = Task(task_name, 32, seed=0), torch.Generator().manual_seed(0)
    policy = policy_for(task, head, seed=1)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    algorithm = ALGORITHMS[name]
    before = np.mean(play(policy, task_name, 32, seed=9))
    for _ in range(30):
        if algorithm.whole:
            steps = task.episodes(policy, generator)
        else:
            steps = task.stretch(policy, LENGTH, generator)
        report = algorithm.update(policy, optimizer, [steps], algorithm.settings, generator)
    after = np.mean(play(policy, task_name, 32, seed=9))
    assert after > before + 1.2, f"{name} on {task_name}: {before:.2f}, then {after:.2f}"
    assert np.isfinite([report.loss, report.kl, report.reward, *report.entropy]).all()
    task.close()


@pytest.mark.parametrize("task_name,head", CASES)
def test_cloning_makes_a_policy_do_as_it_was_shown(task_name, head):
    task, generator = Task(task_name, 64, seed=0), torch.Generator().manual_seed(0)
    steps = task.stretch(policy_for(task, head), LENGTH, generator)
    shown = (steps.observation > 0).long()[..., 0] if head == "categorical" else steps.observation
    shown = Steps(**{**vars(steps), "action": shown})
    policy = policy_for(task, head, seed=1)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
    clone = ALGORITHMS["clone"]
    for _ in range(80):
        report = clone.update(policy, optimizer, [shown], clone.settings, generator)
    best = LENGTH
    assert np.mean(play(policy, task_name, 32, seed=9)) > 0.85 * best
    assert np.isfinite([report.loss, *report.entropy]).all()


def test_scoring_again_gives_the_log_probabilities_that_were_drawn():
    for name, head in CASES:
        task = Task(name, 3, seed=0)
        policy = policy_for(task, head)
        for steps in (
            task.stretch(policy, 7, torch.Generator().manual_seed(0)),
            task.episodes(policy, torch.Generator().manual_seed(0)),
        ):
            again = steps.scored(policy)
            assert torch.allclose(again.log_prob, steps.log_prob * steps.valid, atol=1e-5)
            assert torch.allclose(again.value, steps.value * steps.valid, atol=1e-5)


@pytest.mark.parametrize("over", [True, False])
def test_valuing_steps_again_by_the_same_policy_gives_what_was_noted(over):
    task = Task(POINT, 3, seed=0, over=over)
    policy = policy_for(task)
    for steps in (
        task.stretch(policy, LENGTH + 3, torch.Generator().manual_seed(0)),
        task.episodes(policy, torch.Generator().manual_seed(0)),
    ):
        again = steps.valued(policy)
        assert torch.allclose(again.value, steps.value, atol=1e-5)
        assert torch.allclose(again.after[steps.valid], steps.after[steps.valid], atol=1e-5)


@pytest.mark.parametrize("over", [True, False])
def test_a_step_that_ended_a_task_is_worth_nothing_after_and_one_cut_off_is(over):
    task = Task(POINT, 2, seed=0, over=over)
    policy = policy_for(task)
    with torch.no_grad():
        policy.critic[-1].bias.fill_(7.0)
    steps = task.stretch(policy, LENGTH + 2, torch.Generator().manual_seed(0))
    at = LENGTH - 1
    assert bool(steps.ends[:, [at, -1]].all()) and int(steps.ends.sum()) == 4
    if over:
        assert steps.after[:, at].tolist() == [0.0, 0.0]
    else:
        assert bool((steps.after[:, at] > 4).all())
    assert torch.equal(steps.after[:, 0], steps.value[:, 1])
    assert bool((steps.after[:, -1] > 4).all()), "the stretch ended, the episode did not"
    assert len(task.returns) == 2 and task.taken == 2 * (LENGTH + 2)


def test_choices_that_are_not_numbered_from_nought_reach_the_task_by_its_own_numbers():
    class Late(Pick):
        action_space = spaces.Discrete(2, start=5)

        def reward(self, action) -> float:
            return super().reward(action - 5)

    gymnasium.register("tests/Late-v0", Late)
    task = Task("tests/Late-v0", 4, seed=0)
    steps = task.stretch(policy_for(task), 3, torch.Generator().manual_seed(0))
    del gymnasium.registry["tests/Late-v0"]
    right = (steps.observation[..., 0] > 0).long() == steps.action
    assert torch.equal(right.float(), steps.reward)


def test_a_stretch_goes_on_where_the_last_one_stopped():
    whole, parts = Task(PICK, 2, seed=5), Task(PICK, 2, seed=5)
    policy = policy_for(whole)
    one = whole.stretch(policy, 6, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    two = [parts.stretch(policy, 3, generator) for _ in range(2)]
    assert torch.equal(one.observation, torch.cat([part.observation for part in two], 1))
    assert torch.equal(one.action, torch.cat([part.action for part in two], 1))
    assert torch.equal(one.after[:, 2], two[0].after[:, 2])


def test_held_noise_is_drawn_anew_only_every_so_many_steps():
    task = Task(POINT, 2, seed=0)
    policy = policy_for(task, "smooth")
    with torch.no_grad():
        for weights in policy.actor.parameters():
            weights.zero_()
        policy.actor[-3].bias.fill_(0.7)  # what is seen plays no part: noise alone
    action = task.stretch(policy, 8, torch.Generator().manual_seed(0), hold=4).action[0, :, 0]
    assert len(action.unique()) == 2
    assert torch.equal(action[:4], action[:1].expand(4))


def test_whole_episodes_are_padded_to_the_longest_and_no_further():
    class Short(Pick):
        def reset(self, *, seed=None, options=None):
            found = super().reset(seed=seed)
            self.left = int(self.np_random.integers(1, LENGTH + 1))
            return found

    gymnasium.register("tests/Short-v0", Short)
    task = Task("tests/Short-v0", 16, seed=0)
    policy = policy_for(task)
    steps = task.episodes(policy, torch.Generator().manual_seed(0))
    del gymnasium.registry["tests/Short-v0"]
    lengths = steps.valid.sum(1)
    assert int(lengths.max()) == steps.valid.shape[1] and int(lengths.min()) < LENGTH
    assert bool((steps.reward[~steps.valid] == 0).all())
    assert torch.equal(steps.ends.nonzero()[:, 1], lengths - 1)
    assert task.returns[-1] <= LENGTH and len(task.returns) == 16


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1"])
def test_the_peers_tasks_are_learned_by_the_very_same_update(name):
    task, generator = Task(name, 2, seed=0), torch.Generator().manual_seed(0)
    policy = policy_for(task)
    steps = task.stretch(policy, 16, generator)
    before = [weights.clone() for weights in policy.parameters()]
    report = ppo.update(
        policy,
        torch.optim.Adam(policy.parameters(), lr=1e-3),
        [steps],
        ppo.Settings(minibatch=8, gamma=0.98),
        generator,
    )
    assert any(not torch.equal(a, b) for a, b in zip(before, policy.parameters(), strict=True))
    assert report.kl >= 0 and len(report.entropy) == 1


def test_one_seed_learns_the_same():
    def learned() -> list[torch.Tensor]:
        task, generator = Task("CartPole-v1", 4, seed=3), torch.Generator().manual_seed(3)
        policy = policy_for(task, seed=3)
        optimizer = torch.optim.Adam(policy.parameters(), lr=1e-3)
        for _ in range(3):
            steps = task.stretch(policy, 16, generator)
            ppo.update(policy, optimizer, [steps], ppo.Settings(), generator)
        return list(policy.parameters())

    assert all(torch.equal(a, b) for a, b in zip(learned(), learned(), strict=True))


def test_a_blank_policys_weights_are_orthogonal_and_its_choices_even():
    policy = Perceptron(4, "categorical", 3)
    weight = policy.actor[2].weight.detach()
    assert torch.allclose(weight @ weight.T, 2 * torch.eye(64), atol=1e-4)
    odds = policy.odds(torch.randn(50, 4, generator=torch.Generator().manual_seed(0)))
    assert float(odds.entropy().detach().min()) > 0.99 * np.log(3)


def test_unknown_heads_and_actions_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=", ".join(perceptron.HEADS)):
        Perceptron(4, "cauchy", 2)
    gymnasium.register(
        "tests/Many-v0", type("Many", (Pick,), {"action_space": spaces.MultiBinary(2)})
    )
    with pytest.raises(ValueError, match="Discrete and Box"):
        policy_for(Task("tests/Many-v0", 1, seed=0))
    del gymnasium.registry["tests/Many-v0"]
