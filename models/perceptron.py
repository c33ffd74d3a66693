"""Turn a task's observation into the odds of its actions and its value: a small policy for
Gymnasium's tasks, beside which the film policy's algorithms can be measured."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.distributions import Beta, Categorical, Distribution, Gaussian, Smooth

HIDDEN = (64, 64)  # units of the two layers, tanh: what published hyperparameters assume
GAIN = math.sqrt(2)  # of orthogonal weights before tanh; 0.01 before actions, 1 before the value
HEADS = ("categorical", "gaussian", "smooth", "beta")


class Perceptron(nn.Module):
    """An actor and a critic that share nothing, two hidden layers each."""

    def __init__(
        self,
        observation: int,
        head: str,
        actions: int,
        low: Sequence[float] = (),
        high: Sequence[float] = (),
        hidden: Sequence[int] = HIDDEN,
        seed: int = 0,
    ) -> None:
        """observation: numbers seen. head: one of HEADS. actions: choices, or numbers of a vector,
        between `low` and `high` each for "beta". Raises ValueError for an unknown head."""
        super().__init__()
        if head not in HEADS:
            raise ValueError(f"No head is called {head!r}. Known: {', '.join(HEADS)}.")
        self.head = head
        outputs = 2 * actions if head == "beta" else actions
        generator = torch.Generator().manual_seed(seed)
        self.actor = _layers(observation, hidden, outputs, 0.01, generator)
        self.critic = _layers(observation, hidden, 1, 1.0, generator)
        self.log_sd = nn.Parameter(torch.zeros(_noise_shape(head, hidden[-1], actions)))
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("low", torch.tensor(tuple(low), dtype=torch.float32))
        self.register_buffer("high", torch.tensor(tuple(high), dtype=torch.float32))

    low: Tensor
    high: Tensor
    centre: Tensor  # of values, and their spread: what the critic says is in units of it
    spread: Tensor

    def odds(self, observation: Tensor) -> Distribution:
        """The odds of actions at observations (..., O)."""
        if self.head == "smooth":
            features: Tensor = self.actor[:-1](observation)
            return Smooth(self.actor[-1](features), features, self.log_sd)
        given: Tensor = self.actor(observation)
        if self.head == "categorical":
            return Categorical(given)
        if self.head == "gaussian":
            return Gaussian(given, self.log_sd.expand_as(given))
        alpha, beta = (1 + nn.functional.softplus(given)).chunk(2, -1)
        return Beta(alpha, beta, self.low, self.high)

    def value(self, observation: Tensor) -> Tensor:
        """(...,): expected sum of the rewards still to come at observations (..., O)."""
        worth: Tensor = self.critic(observation)[..., 0]
        return worth * self.spread + self.centre

    @torch.no_grad()
    def rescale(self, centre: Tensor, spread: Tensor, keep: bool = True) -> None:
        """Let the critic speak in other units. keep: what it says stays as it was, for its last
        layer is turned about (Pop-Art, van Hasselt et al. 2016); otherwise it says `centre`
        where it said 0, as one that has learned nothing yet does."""
        last = self.critic[-1]
        if keep and isinstance(last, nn.Linear):
            last.weight.mul_(self.spread / spread)
            last.bias.mul_(self.spread).add_(self.centre - centre).div_(spread)
        self.centre.copy_(centre)
        self.spread.copy_(spread)

    def evaluate(self, observation: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probability (...,), entropy (..., 1) and value (...,) of actions taken."""
        odds = self.odds(observation)
        return odds.log_prob(action), odds.entropy()[..., None], self.value(observation)


def _noise_shape(head: str, features: int, actions: int) -> tuple[int, ...]:
    """Of the noise's spread, where it does not come from the network."""
    return {"gaussian": (actions,), "smooth": (features, actions)}.get(head, (0,))


def _layers(
    into: int, hidden: Sequence[int], out: int, last: float, generator: torch.Generator
) -> nn.Sequential:
    """Tanh layers with orthogonal weights and no offsets (Andrychowicz et al. 2021, 3.2)."""
    sizes = (into, *hidden, out)
    layers: list[nn.Module] = []
    for place in range(len(sizes) - 1):
        linear = nn.Linear(sizes[place], sizes[place + 1])
        ends = place == len(sizes) - 2
        nn.init.orthogonal_(linear.weight, last if ends else GAIN, generator)
        nn.init.zeros_(linear.bias)
        layers += [linear] if ends else [linear, nn.Tanh()]
    return nn.Sequential(*layers)
