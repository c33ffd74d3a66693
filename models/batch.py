"""Turn steps that were taken into what an update needs: how a policy sees them now, how far it
moved, and one guarded step of its weights.

Every algorithm here is written against `Batch` alone, so that films of pointer choices, CartPole
and Pendulum are improved by the very same lines. B episodes (or stretches of one), T steps, H
heads of a choice; R rows that can be shuffled, S steps of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

P = TypeVar("P", bound=nn.Module)
Q = TypeVar("Q", bound=nn.Module, contravariant=True)


@dataclass(frozen=True)
class Scored:
    """A batch as a policy sees it now; 0 where a step is not valid."""

    log_prob: Tensor  # (B, T) of the whole action
    entropy: Tensor  # (B, T, H) of each head; they sum to the action's, by the chain rule
    value: Tensor  # (B, T) expected sum of the rewards still to come


class Batch(Protocol[Q]):
    """Steps that a policy took, and how such a policy scores them again."""

    @property
    def log_prob(self) -> Tensor:
        """(B, T) of the action, as drawn."""

    @property
    def value(self) -> Tensor:
        """(B, T) as the policy saw it then."""

    @property
    def reward(self) -> Tensor:
        """(B, T); 0 where not valid."""

    @property
    def valid(self) -> Tensor:
        """(B, T) bool: the step was taken."""

    @property
    def ends(self) -> Tensor:
        """(B, T) bool: the step after which an episode ended, or was looked at no longer."""

    @property
    def after(self) -> Tensor:
        """(B, T) value of the state that a step led to; 0 where the episode terminated there."""

    @property
    def count(self) -> int:
        """R."""

    def folded(self, each: Tensor) -> Tensor:
        """(B, T) -> (R, S): numbers of each step, as the rows lie."""

    def rows(self, index: Tensor) -> "Batch[Q]":
        """Some of the rows (R',), cut to their longest: at most S steps."""

    def scored(self, policy: Q) -> Scored:
        """The batch as the policy sees it now, with gradients."""


@dataclass(frozen=True)
class Report:
    """What an update did, as a mean over its gradient steps."""

    loss: float
    reward: float  # mean return of an episode or a stretch
    kl: float  # nats a step from the policy that acted: Schulman's k3 estimator
    entropy: tuple[float, ...]  # nats, of each head
    explained: float  # share of the returns' variance that the value explains
    clip_fraction: float | None = None  # share of ratios outside PPO's clip; None for the others


def climb(policy: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor, norm: float) -> None:
    """One step down the loss, its gradient no longer than `norm`.

    Raises ValueError, with the weights as they were, where loss or gradient is no number.
    """
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    step(policy, optimizer, norm)


def step(policy: nn.Module, optimizer: torch.optim.Optimizer, norm: float) -> None:
    """One step along gradients that are already there. Raises ValueError as `climb` does."""
    length = torch.nn.utils.clip_grad_norm_(policy.parameters(), norm)
    if not bool(length.isfinite()):
        optimizer.zero_grad()
        raise ValueError(
            f"The loss's gradient is {float(length)} long: the weights were left as they were."
            " A feature, a reward or the learning rate is out of bounds."
        )
    optimizer.step()


def divergence(change: Tensor) -> Tensor:
    """Mean KL in nats from the policy that acted, of log-ratios: the k3 estimator, never negative
    (http://joschu.net/blog/kl-approx.html)."""
    return (change.exp() - 1 - change).mean()


def explained(value: Tensor, target: Tensor) -> float:
    """Share of the targets' variance that values (M,) explain: 1 all, 0 none, less: misled."""
    left = (target - value).var() / target.var().clamp(min=1e-6)
    return float(1 - left)


@torch.no_grad()
def look_back(
    policy: P, batches: Sequence[Batch[P]], loss: float, targets: Sequence[Tensor]
) -> Report:
    """What one step did to the policy, by scoring its batches once more; targets (B, T) each."""
    changes, entropies = [], []
    for batch in batches:
        scored = batch.scored(policy)
        changes.append((scored.log_prob - batch.log_prob)[batch.valid])
        entropies.append(scored.entropy[batch.valid])
    value = torch.cat([batch.value[batch.valid] for batch in batches])
    wanted = torch.cat([t[batch.valid] for t, batch in zip(targets, batches, strict=True)])
    return Report(
        loss=loss,
        reward=mean_return(batches),
        kl=float(divergence(torch.cat(changes))),
        entropy=tuple(torch.cat(entropies).mean(0).tolist()),
        explained=explained(value, wanted),
    )


def mean_return(batches: Sequence[Batch[P]]) -> float:
    """Mean sum of rewards of the batches' episodes."""
    return float(torch.cat([batch.reward.sum(1) for batch in batches]).mean())
