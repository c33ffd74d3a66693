import math

import numpy as np
import pytest
import torch
from scipy import stats

from models.distributions import Beta, Categorical, Gaussian, Smooth

SHAPES = torch.tensor([[1.0, 1.0], [1.3, 4.0], [7.5, 2.2], [60.0, 45.0]])  # rows of alpha, beta


def gaussian() -> Gaussian:
    return Gaussian(torch.tensor([[0.3, -2.0], [5.0, 0.0]]), torch.tensor([-1.0, 0.7]))


def beta(low: float = -2.0, high: float = 2.0) -> Beta:
    alpha, beta = SHAPES.T[..., None]
    return Beta(alpha, beta, torch.tensor([low]), torch.tensor([high]))


def test_a_gaussians_log_density_and_entropy_are_scipys_and_torchs():
    odds, action = gaussian(), torch.tensor([[0.1, 1.0], [4.0, -3.0]])
    each = stats.norm(odds.mean.numpy(), odds.log_sd.exp().numpy())
    assert odds.log_prob(action).numpy() == pytest.approx(
        each.logpdf(action.numpy()).sum(-1), rel=1e-5
    )
    assert odds.entropy().numpy() == pytest.approx(each.entropy().sum(-1), rel=1e-5)
    peer = torch.distributions.Normal(odds.mean, odds.log_sd.exp())
    assert torch.allclose(odds.log_prob(action), peer.log_prob(action).sum(-1), atol=1e-5)


@pytest.mark.parametrize("low,high", [(0.0, 1.0), (-2.0, 2.0)])
def test_a_betas_log_density_and_entropy_are_scipys_and_torchs(low, high):
    odds = beta(low, high)
    action = low + (high - low) * torch.tensor([[0.2], [0.05], [0.9], [0.55]])
    each = stats.beta(*SHAPES.double().T.numpy(), loc=low, scale=high - low)
    assert odds.log_prob(action).numpy() == pytest.approx(
        each.logpdf(action.double().numpy()[:, 0]), abs=1e-4
    )
    assert odds.entropy().numpy() == pytest.approx(each.entropy(), abs=1e-4)
    peer = torch.distributions.Beta(*SHAPES.T)
    inside = (action[:, 0] - low) / (high - low)
    assert torch.allclose(
        odds.log_prob(action), peer.log_prob(inside) - math.log(high - low), atol=1e-4
    )


def test_a_choices_log_probability_and_entropy_are_torchs():
    logits = torch.tensor([[0.0, 1.0, -2.0], [3.0, 3.0, 3.0]])
    odds, peer = Categorical(logits), torch.distributions.Categorical(logits=logits)
    action = torch.tensor([1, 2])
    assert torch.allclose(odds.log_prob(action), peer.log_prob(action))
    assert torch.allclose(odds.entropy(), peer.entropy())
    assert odds.mode()[0] == 1


def test_what_a_mask_forbids_is_never_drawn_and_adds_no_entropy():
    legal = torch.tensor([True, False, True])
    odds = Categorical.masked(torch.tensor([0.0, 9.0, 0.0]).expand(500, 3), legal)
    assert not bool((odds.sample(torch.Generator().manual_seed(0)) == 1).any())
    assert float(odds.entropy()[0]) == pytest.approx(math.log(2), rel=1e-5)


@pytest.mark.parametrize("row", range(len(SHAPES)))
def test_draws_of_a_beta_follow_its_distribution(row):
    alpha, beta_ = SHAPES[row]
    wide = torch.ones(4000, 1)
    odds = Beta(alpha * wide, beta_ * wide, torch.tensor([-2.0]), torch.tensor([2.0]))
    drawn = odds.sample(torch.Generator().manual_seed(row)).numpy()[:, 0]
    true = stats.beta(float(alpha), float(beta_), loc=-2, scale=4)
    assert stats.kstest(drawn, true.cdf).pvalue > 0.001
    assert drawn.min() > -2 and drawn.max() < 2


def test_draws_of_a_gaussian_follow_its_distribution():
    odds = Gaussian(torch.full((4000, 1), 1.5), torch.full((1,), -0.5))
    drawn = odds.sample(torch.Generator().manual_seed(0)).numpy()[:, 0]
    assert stats.kstest(drawn, stats.norm(1.5, math.exp(-0.5)).cdf).pvalue > 0.001


def smooth(copies: int = 1) -> Smooth:
    features = torch.tensor([[0.5, -1.0, 0.2]]).expand(copies, 3)
    log_sd = torch.tensor([[0.0, -1.0], [0.3, 0.1], [-0.5, 0.2]])
    return Smooth(torch.tensor([[1.0, -2.0]]).expand(copies, 2), features, log_sd)


def test_draws_of_smooth_noise_follow_the_density_that_is_said_of_them():
    drawn = smooth(4000).sample(torch.Generator().manual_seed(0)).numpy()
    said = smooth().gaussian()
    for number in range(2):
        true = stats.norm(float(said.mean[0, number]), float(said.log_sd[0, number].exp()))
        assert stats.kstest(drawn[:, number], true.cdf).pvalue > 0.001
    assert float(smooth().log_prob(torch.zeros(1, 2))) == pytest.approx(
        float(said.log_prob(torch.zeros(1, 2)))
    )


def test_held_noise_gives_one_state_one_action_and_moves_with_the_state():
    near = Smooth(smooth().mean, smooth().features * 1.01, smooth().log_sd)
    one, two, other = (
        odds.sample(torch.Generator().manual_seed(5)) for odds in (smooth(), smooth(), near)
    )
    assert torch.equal(one, two)
    assert 0 < float((one - other).abs().max()) < 0.1
    assert not torch.equal(one, smooth().sample(torch.Generator().manual_seed(6)))


def test_draws_of_a_choice_follow_its_odds():
    odds = Categorical(torch.tensor([0.1, 0.6, 0.3]).log().expand(6000, 3))
    drawn = odds.sample(torch.Generator().manual_seed(0))
    counts = np.bincount(drawn.numpy(), minlength=3)
    assert stats.chisquare(counts, 6000 * np.array([0.1, 0.6, 0.3])).pvalue > 0.001


@pytest.mark.parametrize("odds", [gaussian(), beta(), Categorical(torch.randn(4, 5))])
def test_one_seed_draws_the_same_and_leaves_the_worlds_randomness_alone(odds):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one, two = (odds.sample(torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("odds", [gaussian(), beta()])
def test_a_continuous_score_has_mean_nought(odds):
    """E[grad log pi] = 0: what makes any baseline harmless."""
    names = ("mean", "log_sd") if isinstance(odds, Gaussian) else ("alpha", "beta")
    leaves = {name: getattr(odds, name).clone().requires_grad_() for name in names}
    wide = {name: leaf.expand(20_000, *leaf.shape) for name, leaf in leaves.items()}
    if isinstance(odds, Beta):
        many = Beta(**wide, low=odds.low, high=odds.high)
    else:
        many = Gaussian(**wide)
        many = Gaussian(many.mean, many.log_sd[:, None].expand_as(many.mean))
    action = many.sample(torch.Generator().manual_seed(0)).detach()
    many.log_prob(action).sum(-1).mean().backward()
    for leaf in leaves.values():
        assert float(leaf.grad.abs().max()) < 0.05
