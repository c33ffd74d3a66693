"""Turn a network's numbers into the odds of actions: discrete choices, Gaussian and Beta vectors.

Written out rather than taken from torch.distributions, so that every draw comes from a generator
that is passed in, and the formulas stand where they are used. Leading dimensions are a batch;
A numbers make one continuous action, drawn independently.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FORBIDDEN = -1e9  # logit of what a mask forbids
LEAST_VARIANCE = 1e-6  # of smooth noise, where all features are near 0
EDGE = 1e-6  # a Beta's draw keeps so far from 0 and 1, where its density may be 0 or infinite
ROUNDS = 64  # of rejection, each accepting over 95 %: what is left then has odds below 1e-80


class Distribution(Protocol):
    """The odds of actions."""

    def log_prob(self, action: Tensor) -> Tensor:
        """Log-probability or log-density (...,) of actions."""

    def entropy(self) -> Tensor:
        """Entropy (...,) in nats; of a density it may be negative."""

    def sample(self, generator: torch.Generator) -> Tensor:
        """One action of each."""

    def mode(self) -> Tensor:
        """The likeliest action of each; of a Beta its mean, which always lies inside."""


@dataclass(frozen=True)
class Categorical:
    """One of K. Actions (...,) int64."""

    logits: Tensor  # (..., K)

    @classmethod
    def masked(cls, logits: Tensor, legal: Tensor) -> "Categorical":
        """Only what is legal (..., K) bool has odds; at least one must be."""
        return cls(logits.masked_fill(~legal, FORBIDDEN))

    def log_prob(self, action: Tensor) -> Tensor:
        """log softmax of the chosen logit."""
        return self.logits.log_softmax(-1).gather(-1, action[..., None])[..., 0]

    def entropy(self) -> Tensor:
        """-sum p log p; what has no odds adds nothing."""
        log_prob = self.logits.log_softmax(-1)
        return -(log_prob.exp() * log_prob.clamp(min=-1e4)).sum(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Argmax of logits plus Gumbel noise (Gumbel 1954): no normalisation needed."""
        noise = torch.empty_like(self.logits).exponential_(generator=generator)
        return (self.logits - noise.clamp(min=1e-20).log()).argmax(-1)

    def mode(self) -> Tensor:
        """The largest logit."""
        return self.logits.argmax(-1)


@dataclass(frozen=True)
class Gaussian:
    """Any vector of numbers. Actions (..., A), unbounded: the task clips them, the odds do not."""

    mean: Tensor  # (..., A)
    log_sd: Tensor  # (..., A)

    def log_prob(self, action: Tensor) -> Tensor:
        """-(x - m)^2 / 2 s^2 - log s - log(2 pi) / 2, summed over the vector."""
        z = (action - self.mean) * (-self.log_sd).exp()
        return (-0.5 * z.square() - self.log_sd - 0.5 * math.log(2 * math.pi)).sum(-1)

    def entropy(self) -> Tensor:
        """log s + log(2 pi e) / 2, summed over the vector."""
        each = self.log_sd + 0.5 * math.log(2 * math.pi * math.e)
        return each.expand_as(self.mean).sum(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Mean plus noise."""
        noise = torch.empty_like(self.mean).normal_(generator=generator)
        return self.mean + noise * self.log_sd.exp()

    def mode(self) -> Tensor:
        """The mean."""
        return self.mean


@dataclass(frozen=True)
class Smooth:
    """A Gaussian whose noise is a linear function of what the network sees: generalised
    state-dependent exploration (Raffin, Kober & Stulp 2022). Actions (..., A), unbounded.

    The function's weights are drawn, not the actions: as long as they are held, one state gets one
    action, and exploration is a smooth path rather than a tremble.
    """

    mean: Tensor  # (..., A)
    features: Tensor  # (..., F); no gradient flows into them from the noise
    log_sd: Tensor  # (F, A) of the function's weights

    def gaussian(self) -> Gaussian:
        """The odds of actions when the weights are not known: variance f^2 s^2 (eq. 6)."""
        variance = self.features.detach().square() @ (2 * self.log_sd).exp()
        return Gaussian(self.mean, 0.5 * (variance + LEAST_VARIANCE).log())

    def log_prob(self, action: Tensor) -> Tensor:
        """The Gaussian's."""
        return self.gaussian().log_prob(action)

    def entropy(self) -> Tensor:
        """The Gaussian's."""
        return self.gaussian().entropy()

    def sample(self, generator: torch.Generator) -> Tensor:
        """Mean plus the noise of weights drawn anew; a generator of the same seed holds them."""
        shape = (*self.features.shape, self.mean.shape[-1])
        weights = torch.empty(shape).normal_(generator=generator) * self.log_sd.exp()
        return self.mean + (self.features[..., None, :] @ weights)[..., 0, :]

    def mode(self) -> Tensor:
        """The mean."""
        return self.mean


@dataclass(frozen=True)
class Beta:
    """A vector inside bounds. Actions (..., A) in (low, high).

    Both counts above 1 keep the density bounded and with one peak; unlike a clipped Gaussian it
    lays no weight beyond the bounds, which would bias the gradient (Chou et al. 2017).
    """

    alpha: Tensor  # (..., A) > 1
    beta: Tensor  # (..., A) > 1
    low: Tensor  # (A,)
    high: Tensor  # (A,)

    def log_prob(self, action: Tensor) -> Tensor:
        """(a - 1) log x + (b - 1) log(1 - x) - log B(a, b) - log(high - low), summed."""
        span = self.high - self.low
        x = ((action - self.low) / span).clamp(EDGE, 1 - EDGE)
        odds = (self.alpha - 1) * x.log() + (self.beta - 1) * torch.log1p(-x)
        return (odds - _log_beta(self.alpha, self.beta) - span.log()).sum(-1)

    def entropy(self) -> Tensor:
        """log B - (a-1) psi(a) - (b-1) psi(b) + (a+b-2) psi(a+b) + log(high - low), summed."""
        a, b = self.alpha, self.beta
        each = (
            _log_beta(a, b)
            - (a - 1) * torch.digamma(a)
            - (b - 1) * torch.digamma(b)
            + (a + b - 2) * torch.digamma(a + b)
        )
        return (each + (self.high - self.low).log()).sum(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """X / (X + Y) of two Gamma draws."""
        x, y = _gamma(self.alpha, generator), _gamma(self.beta, generator)
        return self.low + (self.high - self.low) * (x / (x + y)).clamp(EDGE, 1 - EDGE)

    def mode(self) -> Tensor:
        """The mean: the peak jumps to an edge as a count nears 1."""
        return self.low + (self.high - self.low) * self.alpha / (self.alpha + self.beta)


def _log_beta(a: Tensor, b: Tensor) -> Tensor:
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


def _gamma(shape: Tensor, generator: torch.Generator) -> Tensor:
    """Draws from Gamma(shape, 1), shape >= 1, by squeezed rejection (Marsaglia & Tsang 2000)."""
    d = shape.detach() - 1 / 3
    c = 1 / (9 * d).sqrt()
    found = d.clone()
    left = torch.ones_like(d, dtype=torch.bool)
    for _ in range(ROUNDS):
        x = torch.empty_like(d).normal_(generator=generator)
        u = torch.empty_like(d).uniform_(generator=generator)
        v = (1 + c * x) ** 3
        fits = (v > 0) & (u.log() < 0.5 * x**2 + d - d * v + d * v.clamp(min=1e-30).log())
        found = torch.where(left & fits, d * v, found)
        left = left & ~fits
        if not bool(left.any()):
            break
    return found
