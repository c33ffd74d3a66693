"""What the value learns from beside a batch: by hand arithmetic, and nothing of it unasked."""

import copy

import pytest
import torch

from models import ppo
from models.memory import Memory
from models.perceptron import Perceptron
from models.tasks import Steps

GAMMA = 0.5


def blank(worth: float = 0.0) -> Perceptron:
    """A policy of two choices that calls every state worth `worth`."""
    policy = Perceptron(1, "categorical", 2)
    with torch.no_grad():
        policy.critic[-1].weight.zero_()
        policy.critic[-1].bias.fill_(worth)
    return policy


def row(reward: list[float], over: bool = True, worth: float = 0.0) -> Steps:
    """One copy's steps; the last ends the task, or only the stretch."""
    count = len(reward)
    seen = torch.arange(count, dtype=torch.float32).reshape(1, count, 1)
    ends = torch.zeros(1, count, dtype=torch.bool)
    ends[:, -1] = True
    value = torch.full((1, count), worth)
    return Steps(
        observation=seen,
        action=torch.zeros(1, count, dtype=torch.int64),
        log_prob=torch.full((1, count), 0.5).log(),
        value=value,
        reward=torch.tensor([reward]),
        valid=torch.ones(1, count, dtype=torch.bool),
        ends=ends,
        after=torch.where(ends & over, 0.0, value),
        led=seen + 1,
        over=ends & over,
    )


def test_a_target_is_the_discounted_sum_of_what_followed():
    memory = Memory(3)
    memory.take(blank(), [row([1.0, 2.0, 4.0])], GAMMA)
    assert memory.target.tolist() == [1 + 2 / 2 + 4 / 4, 2 + 4 / 2, 4.0]
    assert memory.seen[:, 0].tolist() == [0.0, 1.0, 2.0]


def test_where_only_the_stretch_ended_the_state_after_counts_as_it_is_valued_now():
    memory = Memory(2)
    memory.take(blank(worth=8.0), [row([1.0, 2.0], over=False, worth=-100.0)], GAMMA)
    assert memory.target.tolist() == [1 + 2 / 2 + 8 / 4, 2 + 8 / 2]


def test_batches_are_forgotten_whole_once_the_later_ones_are_enough():
    memory, policy = Memory(4), blank()
    for number, kept in enumerate([2, 4, 4, 4]):
        memory.take(policy, [row([float(number), 0.0])], GAMMA)
        assert len(memory.target) == kept
    assert memory.target.tolist() == [2.0, 0.0, 3.0, 0.0]


def test_steps_that_were_not_taken_teach_nothing():
    steps = row([1.0, 2.0, 4.0])
    steps.valid[0, 2], steps.ends[0, 1], steps.over[0, 1] = False, True, True
    memory = Memory(3)
    memory.take(blank(), [steps], GAMMA)
    assert memory.target.tolist() == [1 + 2 / 2, 2.0]


def test_the_first_units_are_those_of_the_first_targets():
    memory, policy = Memory(2), blank()
    memory.take(policy, [row([4.0, 4.0])], GAMMA)  # 6 and 4
    assert (float(policy.centre), float(policy.spread)) == (5.0, 1.0)
    assert policy.value(torch.zeros(1, 1)).tolist() == [5.0]
    assert memory.error(policy, 2, None).item() == 1.0


def test_later_units_leave_the_values_as_they_were():
    policy = Perceptron(3, "categorical", 2, seed=1)
    seen = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    policy.rescale(torch.tensor(5.0), torch.tensor(2.0), keep=False)
    before = policy.value(seen)
    policy.rescale(torch.tensor(-30.0), torch.tensor(17.0))
    assert torch.allclose(policy.value(seen), before, atol=1e-4)
    assert (float(policy.centre), float(policy.spread)) == (-30.0, 17.0)


def test_the_error_is_in_units_of_the_targets():
    memory, policy = Memory(2), blank()
    memory.take(policy, [row([40.0, 40.0])], GAMMA)  # 60 and 40: centre 50, spread 10
    with torch.no_grad():
        policy.critic[-1].bias.fill_(1.0)  # 60
    assert memory.error(policy, 9, None).item() == pytest.approx((0 + 2**2) / 2)


def test_targets_that_are_all_alike_are_no_division_by_nought():
    memory, policy = Memory(2), blank()
    memory.take(policy, [row([0.0, 0.0])], GAMMA)
    assert memory.error(policy, 2, None).item() == 0.0


def moved(policy: Perceptron, recall: Memory | None, value: float) -> dict[str, torch.Tensor]:
    """Weights after an update on a batch of eight steps."""
    policy = copy.deepcopy(policy)
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.1)
    settings = ppo.Settings(epochs=2, value=value, norm=1e9, gamma=GAMMA)
    steps = row([1.0, 0.0, 3.0, 0.0, 1.0, 2.0, 0.0, 1.0])
    generator = torch.Generator().manual_seed(0)
    ppo.update(policy, optimizer, [steps], settings, generator, recall)
    return policy.state_dict()


def test_recall_moves_the_critic_otherwise_and_the_actor_not():
    policy = Perceptron(1, "categorical", 2, seed=2)
    without, with_it = moved(policy, None, 0.5), moved(policy, Memory(8), 0.5)
    for name, weight in without.items():
        same = torch.allclose(weight, with_it[name], atol=1e-6)
        assert same == (not name.startswith(("critic", "centre", "spread"))), name


def test_without_recall_the_units_of_a_value_are_left_alone():
    found = moved(Perceptron(1, "categorical", 2, seed=2), None, 0.5)
    assert (float(found["centre"]), float(found["spread"])) == (0.0, 1.0)
