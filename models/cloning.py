"""Behaviour cloning (Pomerleau 1991): make a policy likely to cut as given films were cut."""

from collections.abc import Sequence

import torch

from models import returns, rollout
from models.policy import Policy
from models.rollout import Trajectories


def update(
    policy: Policy, optimizer: torch.optim.Optimizer, films: Sequence[Trajectories]
) -> float:
    """One gradient step on films of several pools; returns the mean negative log-likelihood a
    step. The value learns the films' returns beside."""
    optimizer.zero_grad()
    total = 0.0
    for group in films:
        scored = rollout.score(policy, group)
        at = group.valid
        miss = -scored.log_prob[at].mean()
        error = (scored.value - returns.returns(group.reward))[at].square().mean()
        loss = (miss + 0.25 * error) / len(films)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(miss.detach()) / len(films)
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    return total
