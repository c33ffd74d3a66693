from itertools import product

import pytest
import torch

from models import returns


def whole(reward: list[list[float]]) -> torch.Tensor:
    return torch.ones(torch.tensor(reward).shape, dtype=torch.bool)


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


def test_discounted_advantages_over_an_episodes_end_agree_with_hand_arithmetic():
    """A stretch of one copy: an episode terminates after step 1, the next is cut off at step 3."""
    reward = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    value = torch.tensor([[0.5, 1.0, 2.0, 4.0]])
    after = torch.tensor([[1.0, 0.0, 4.0, 10.0]])
    ends = torch.tensor([[False, True, False, True]])
    found = returns.advantages(
        reward, value, whole([[0] * 4]), gamma=0.9, lam=0.5, after=after, ends=ends
    )
    # deltas: 1 + .9 - .5 = 1.4; 2 - 1 = 1; 3 + 3.6 - 2 = 4.6; 4 + 9 - 4 = 9
    assert found[0].tolist() == pytest.approx([1.4 + 0.45 * 1.0, 1.0, 4.6 + 0.45 * 9.0, 9.0])


def test_an_episode_that_is_cut_off_still_has_a_future_and_one_that_ends_has_none():
    reward, value = torch.ones(1, 1), torch.zeros(1, 1)
    ends = torch.ones(1, 1, dtype=torch.bool)
    cut_off, over = (
        returns.advantages(reward, value, ends, 0.5, 1.0, torch.tensor([[after]]), ends)
        for after in (8.0, 0.0)
    )
    assert (float(cut_off), float(over)) == (5.0, 1.0)


def test_with_lambda_one_an_advantage_is_the_return_less_the_value():
    generator = torch.Generator().manual_seed(0)
    reward, value = torch.rand(2, 3, 5, generator=generator)
    valid = torch.ones(3, 5, dtype=torch.bool)
    found = returns.advantages(reward, value, valid, gamma=0.9, lam=1.0)
    assert torch.allclose(found, returns.returns(reward, 0.9) - value, atol=1e-6)


def test_with_lambda_nought_an_advantage_is_one_steps_surprise():
    generator = torch.Generator().manual_seed(0)
    reward, value = torch.rand(2, 3, 5, generator=generator)
    valid = torch.ones(3, 5, dtype=torch.bool)
    found = returns.advantages(reward, value, valid, gamma=0.9, lam=0.0)
    assert torch.allclose(found[:, :-1], (reward + 0.9 * value.roll(-1, 1) - value)[:, :-1])


def test_the_others_mean_is_over_those_still_going_at_that_step():
    total = torch.tensor([[5.0, 2.0, 1.0], [3.0, 4.0, 0.0], [7.0, 0.0, 0.0]])
    valid = torch.tensor([[True, True, True], [True, True, False], [True, False, False]])
    assert returns.others_mean(total, valid).tolist() == [
        [5.0, 4.0, 0.0],  # (3 + 7) / 2; 4 alone; nobody
        [6.0, 2.0, 1.0],
        [4.0, 3.0, 1.0],
    ]


def test_normalised_advantages_have_mean_nought_and_deviation_one():
    valid = torch.tensor([[True, True], [True, False]])
    found = returns.normalise(torch.tensor([[1.0, 2.0], [6.0, 99.0]]), valid)
    assert float(found[valid].mean()) == pytest.approx(0, abs=1e-6)
    assert float(found[valid].std(unbiased=False)) == pytest.approx(1)
    assert float(found[1, 1]) == 0


@pytest.mark.parametrize("lengths", list(product((1, 2, 3), repeat=2)))
def test_a_whole_episodes_ends_and_following_values_are_read_off_what_is_valid(lengths):
    valid = torch.arange(3) < torch.tensor(lengths)[:, None]
    value = torch.tensor([[1.0, 2.0, 3.0]]).expand(2, -1)
    ends, after = returns.last_steps(valid), returns.following(value, valid)
    for row, length in enumerate(lengths):
        assert ends[row].nonzero()[:, 0].tolist() == [length - 1]
        assert after[row, :length].tolist() == [*value[row, 1:length].tolist(), 0.0]
