"""The algorithms' gradients against closed forms, by enumerating every episode there can be."""

from dataclasses import dataclass
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from models import actor_critic, batch, ppo, reinforce, returns
from models.batch import Scored

ARMS = torch.tensor([1.0, 3.0])  # what a bandit's arms pay
LONGEST = 3  # steps of a game of going on or stopping
BONUS = (0.5, 2.0, -1.0)  # what going on pays at each step


class Bandit(nn.Module):
    """One logit for the second arm, or for going on; a value that is one number."""

    def __init__(self, logit: float, value: float = 0.0) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.tensor(logit))
        self.worth = nn.Parameter(torch.tensor(value))

    def log_probs(self) -> Tensor:
        return torch.stack([torch.zeros(()), self.logit]).log_softmax(0)


@dataclass(frozen=True)
class Tosses:
    """Episodes of a Bandit: the smallest thing that is a models.batch.Batch."""

    action: Tensor  # (B, T) int64
    reward: Tensor  # (B, T)
    valid: Tensor  # (B, T) bool
    log_prob: Tensor  # (B, T)
    value: Tensor  # (B, T)

    @property
    def ends(self) -> Tensor:
        return returns.last_steps(self.valid)

    @property
    def after(self) -> Tensor:
        return returns.following(self.value, self.valid)

    @property
    def count(self) -> int:
        return len(self.action)

    def folded(self, each: Tensor) -> Tensor:
        return each

    def rows(self, index: Tensor) -> "Tosses":
        return Tosses(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def scored(self, policy: Bandit) -> Scored:
        going = self.valid.float()
        odds = policy.log_probs()
        entropy = -(odds.exp() * odds).sum() * going
        return Scored(odds[self.action] * going, entropy[..., None], policy.worth * going)


def pulls(policy: Bandit, arms: list[int]) -> Tosses:
    """Episodes of one pull each."""
    action = torch.tensor(arms)[:, None]
    with torch.no_grad():
        return Tosses(
            action,
            ARMS[action],
            torch.ones_like(action, dtype=torch.bool),
            policy.log_probs()[action],
            policy.worth.expand(len(arms), 1).clone(),
        )


def games(policy: Bandit, stays: list[int]) -> Tosses:
    """Episodes that go on for so many steps, each paid, and then stop or reach the end."""
    steps = torch.arange(LONGEST)
    stay = torch.tensor(stays)[:, None]
    action = (steps < stay).long()
    valid = steps <= stay
    reward = torch.tensor(BONUS) * action
    with torch.no_grad():
        log_prob = policy.log_probs()[action] * valid
        return Tosses(action, reward, valid, log_prob, policy.worth * valid.float())


def odds_of(policy: Bandit, tosses: Tosses) -> Tensor:
    """(B,): how likely each episode is, differentiable."""
    return tosses.scored(policy).log_prob.sum(1).exp()


def likely(policy: Bandit, tosses: Tosses) -> float:
    return float(odds_of(policy, tosses).prod().detach())


def grad(value: Tensor, policy: Bandit) -> float:
    return float(torch.autograd.grad(value, policy.logit)[0])


def settings(baseline: str) -> reinforce.Settings:
    return reinforce.Settings(baseline=baseline, entropy=0.0, value=0.0)


@pytest.mark.parametrize("baseline", reinforce.BASELINES)
@pytest.mark.parametrize("logit", [-1.2, 0.0, 0.7])
def test_the_expected_gradient_of_a_two_armed_bandit_is_its_closed_form(baseline, logit):
    """d/dtheta E[r] = p (1 - p) (r1 - r0), over every pair of pulls, weighed by its odds."""
    policy = Bandit(logit, value=1.7)
    p = torch.tensor(logit).sigmoid()
    expected = float(p * (1 - p) * (ARMS[1] - ARMS[0]))
    found = 0.0
    for arms in product((0, 1), repeat=2):
        tosses = pulls(policy, list(arms))
        total = returns.returns(tosses.reward)
        loss = reinforce.loss_of(tosses.scored(policy), tosses, total, settings(baseline))
        found += likely(policy, tosses) * -grad(loss, policy)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("baseline", reinforce.BASELINES)
def test_every_baseline_leaves_the_gradient_of_games_of_unlike_length_unbiased(baseline):
    """Over every triple of games: E[gradient] is the derivative of the expected return."""
    policy = Bandit(0.4, value=0.9)
    every = list(range(LONGEST + 1))
    all_games = games(policy, every)
    value = (odds_of(policy, all_games) * all_games.reward.sum(1)).sum()
    assert float(odds_of(policy, all_games).sum().detach()) == pytest.approx(1, rel=1e-5)
    expected, found = grad(value, policy), 0.0
    for stays in product(every, repeat=3):
        tosses = games(policy, list(stays))
        total = returns.returns(tosses.reward)
        loss = reinforce.loss_of(tosses.scored(policy), tosses, total, settings(baseline))
        found += likely(policy, tosses) * -grad(loss, policy)
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_baseline_that_knows_its_own_episode_is_biased():
    """What the leave-one-out baseline avoids: with one's own return in the mean, two pulls find
    half of the gradient."""
    policy = Bandit(0.0)
    found = 0.0
    for arms in product((0, 1), repeat=2):
        tosses = pulls(policy, list(arms))
        gain = tosses.reward - tosses.reward.mean()
        loss = -(tosses.scored(policy).log_prob * gain).sum() / 2
        found += likely(policy, tosses) * -grad(loss, policy)
    assert found == pytest.approx(0.5 * 0.25 * 2.0, rel=1e-5)


def test_baselines_lower_the_variance_of_the_gradient():
    policy = Bandit(0.0, value=2.0)
    spread = {}
    for baseline in reinforce.BASELINES:
        slopes = []
        for arms in product((0, 1), repeat=3):
            tosses = pulls(policy, list(arms))
            total = returns.returns(tosses.reward)
            loss = reinforce.loss_of(tosses.scored(policy), tosses, total, settings(baseline))
            slopes.append(grad(loss, policy))
        spread[baseline] = float(torch.tensor(slopes).std())
    assert spread["value"] < spread["leave-one-out"] < spread["none"]


def test_an_actor_critics_expected_gradient_is_the_same_with_any_value():
    for value in (0.0, 1.7):
        policy = Bandit(0.7, value)
        found = 0.0
        for arms in ((0,), (1,)):
            tosses = pulls(policy, list(arms))
            advantage, target = actor_critic.targets(tosses, 1.0, 0.95, False)
            chosen = actor_critic.Settings(entropy=0.0, value=0.0)
            loss = actor_critic.loss_of(tosses.scored(policy), tosses, advantage, target, chosen)
            found += likely(policy, tosses) * -grad(loss, policy)
        p = torch.tensor(0.7).sigmoid()
        assert found == pytest.approx(float(p * (1 - p) * 2.0), rel=1e-5)


@pytest.mark.parametrize(
    "odds_now,gain,loss,moves",
    [
        (1.5, 1.0, -1.2, False),  # a good action already likelier by more than the clip: enough
        (1.5, -1.0, 1.5, True),  # a bad action made likelier: all of it is taken back
        (0.5, 1.0, -0.5, True),  # a good action made less likely: all of it is taken back
        (0.5, -1.0, 0.8, False),  # a bad action already less likely by more than the clip: enough
        (1.1, 1.0, -1.1, True),  # inside the clip it is the plain policy gradient
        (0.9, -1.0, 0.9, True),
    ],
)
def test_ppos_clip_holds_on_both_sides_by_hand_arithmetic(odds_now, gain, loss, moves):
    policy = Bandit(0.3)
    tosses = pulls(policy, [1])
    before = tosses.log_prob - torch.tensor(odds_now).log()
    tosses = Tosses(tosses.action, tosses.reward, tosses.valid, before, tosses.value)
    chosen = ppo.Settings(entropy=0.0, value=0.0, clip=0.2)
    advantage = torch.full((1, 1), gain)
    found, row = ppo.loss_of(tosses.scored(policy), tosses, advantage, tosses.value, chosen)
    assert float(found.detach()) == pytest.approx(loss, rel=1e-5)
    assert row["clipped"] == float(abs(odds_now - 1) > 0.2)
    change = torch.tensor(odds_now).log()
    assert row["kl"] == pytest.approx(float(odds_now - 1 - change), abs=1e-5)
    slope = grad(found, policy)
    # d ratio / d logit = ratio (1 - p)
    plain = -gain * odds_now * float(1 - policy.logit.sigmoid())
    assert slope == pytest.approx(plain if moves else 0.0, rel=1e-5)


def test_ppos_first_step_is_the_actor_critics():
    policy = Bandit(0.4, 0.9)
    tosses = games(policy, [0, 1, 2, 3, 3])
    advantage, target = actor_critic.targets(tosses, 1.0, 0.95, True)
    scored = tosses.scored(policy)
    one, _ = ppo.loss_of(scored, tosses, advantage, target, ppo.Settings(entropy=0.1))
    two = actor_critic.loss_of(
        scored, tosses, advantage, target, actor_critic.Settings(entropy=0.1)
    )
    slopes = [
        torch.autograd.grad(loss, list(policy.parameters()), retain_graph=True)
        for loss in (one, two)
    ]
    assert [float(s) for s in slopes[0]] == pytest.approx([float(s) for s in slopes[1]], rel=1e-5)


def test_ppo_stops_passing_over_a_batch_that_has_moved_it_too_far():
    def moved(most_kl: float) -> float:
        policy = Bandit(0.0)
        optimizer = torch.optim.SGD(policy.parameters(), lr=1.0)
        chosen = ppo.Settings(epochs=30, clip=9.0, most_kl=most_kl, entropy=0.0, norm=9.0)
        tosses = pulls(policy, [0, 1, 1, 0])
        ppo.update(policy, optimizer, [tosses], chosen, torch.Generator().manual_seed(0))
        return float(policy.logit.detach())

    assert 0 < moved(0.001) < 0.5 * moved(1e9)


@pytest.mark.parametrize("reward", [float("nan"), float("inf")])
def test_a_step_that_is_no_number_is_refused_and_leaves_the_weights_alone(reward):
    policy = Bandit(0.4)
    tosses = pulls(policy, [0, 1])
    broken = Tosses(
        tosses.action, tosses.reward * reward, tosses.valid, tosses.log_prob, tosses.value
    )
    optimizer = torch.optim.Adam(policy.parameters())
    for update in (reinforce.update, actor_critic.update, ppo.update):
        with pytest.raises(ValueError, match="left as they were"):
            update(policy, optimizer, [broken])
    assert float(policy.logit.detach()) == pytest.approx(0.4)


def test_reinforce_names_the_baselines_that_it_knows():
    policy = Bandit(0.0)
    with pytest.raises(ValueError, match="leave-one-out, value, none"):
        reinforce.update(
            policy,
            torch.optim.SGD(policy.parameters(), 0.1),
            [pulls(policy, [0, 1])],
            reinforce.Settings(baseline="critic"),
        )


def test_the_value_explains_all_none_or_less_of_the_returns():
    target = torch.tensor([1.0, 2.0, 3.0])
    assert batch.explained(target + 5, target) == pytest.approx(1)
    assert batch.explained(torch.zeros(3), target) == pytest.approx(0)
    assert batch.explained(-target, target) == pytest.approx(-3)
