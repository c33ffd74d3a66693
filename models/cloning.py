"""Behaviour cloning: make a policy likely to choose as it was shown (Pomerleau 1991).

Supervised learning, no theorem: the gradient of the mean log-likelihood of shown steps. Where the
steps shown are the policy's own and each is weighed by its advantage, this line is the policy
gradient. The value learns the returns of what was shown beside, so that a policy gradient can go
on from here with a critic that is not blank.

Left out: what the policy does where the teacher never went (DAgger, Ross et al. 2011): the policy
gradient that follows sees to that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from models import batch, returns
from models.batch import Batch, P, Report


@dataclass(frozen=True)
class Settings:
    """How shown episodes move the policy."""

    value: float = 0.25  # weight of the value's squared error
    gamma: float = 1.0  # discount a step
    norm: float = 1.0  # longest gradient


def learn(
    policy: P,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Batch[P]],
    settings: Settings | None = None,
    generator: torch.Generator | None = None,
) -> Report:
    """One gradient step on shown episodes; the loss reported is the mean negative log-likelihood
    a step, before that step. The generator is not used."""
    miss = update(policy, optimizer, groups, settings)
    gamma = (settings or Settings()).gamma
    totals = [returns.returns(group.reward, gamma) for group in groups]
    return batch.look_back(policy, groups, miss, totals)


def update(
    policy: P,
    optimizer: torch.optim.Optimizer,
    films: Sequence[Batch[P]],
    settings: Settings | None = None,
) -> float:
    """One gradient step on films of several pools; returns the mean negative log-likelihood a
    step. The value learns the films' returns beside."""
    settings = settings or Settings()
    optimizer.zero_grad()
    total = 0.0
    for group in films:
        scored = group.scored(policy)
        at = group.valid
        miss = -scored.log_prob[at].mean()
        target = returns.returns(group.reward, settings.gamma)
        error = (scored.value - target)[at].square().mean()
        loss = (miss + settings.value * error) / len(films)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(miss.detach()) / len(films)
    batch.step(policy, optimizer, settings.norm)
    return total
