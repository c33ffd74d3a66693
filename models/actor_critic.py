"""Actor-critic: let a learned value say early what an episode's end would say late.

The policy gradient theorem holds as well with the advantage of an action in place of its return,

    grad E[G_0] = E[ sum_t grad log pi(a_t | s_t) A(s_t, a_t) ],   A = Q - V

(Sutton et al. 2000, theorem 1). The critic V is learned by regression beside, and the advantage
estimated from it by GAE (Schulman et al. 2016), which trades the return's variance (lam 1) for the
critic's bias (lam 0). One gradient step a batch: A2C, the synchronous form of Mnih et al. 2016.

Left out: asynchronous workers, whose gain was processor time and not learning; RMSProp, which the
caller may pass as the optimiser; and importance weights: a batch is used once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models import batch, returns
from models.batch import Batch, P, Report, Scored


@dataclass(frozen=True)
class Settings:
    """How a batch of steps moves the policy."""

    gamma: float = 1.0  # discount a step
    lam: float = 0.95  # of the advantages
    normalise: bool = True  # advantages within a group, to mean 0 and deviation 1
    entropy: float = 0.003  # weight of the joint entropy
    value: float = 0.5  # weight of the value's squared error
    norm: float = 0.5  # longest gradient


def update(
    policy: P,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Batch[P]],
    settings: Settings | None = None,
    generator: torch.Generator | None = None,
) -> Report:
    """One step on groups of steps, each of one pool and style. The generator is not used."""
    settings = settings or Settings()
    told = [targets(group, settings.gamma, settings.lam, settings.normalise) for group in groups]
    losses = [
        loss_of(group.scored(policy), group, advantage, target, settings)
        for group, (advantage, target) in zip(groups, told, strict=True)
    ]
    loss = torch.stack(losses).mean()
    batch.climb(policy, optimizer, loss, settings.norm)
    return batch.look_back(policy, groups, float(loss.detach()), [target for _, target in told])


def targets(
    group: Batch[P], gamma: float, lam: float, normalise: bool, corrected: bool = False
) -> tuple[Tensor, Tensor]:
    """(B, T) each: the advantages of the steps, and what the value ought to have said of them.
    corrected: of the deviation that they are normalised by, as in `returns.normalise`."""
    advantage = returns.advantages(
        group.reward, group.value, group.valid, gamma, lam, group.after, group.ends
    )
    target = advantage + group.value
    if normalise:
        advantage = returns.normalise(advantage, group.valid, corrected)
    return advantage, target


def loss_of(
    scored: Scored, group: Batch[P], advantage: Tensor, target: Tensor, settings: Settings
) -> Tensor:
    """The objective's negative, plus the value's error, less the entropy: means over steps."""
    at = group.valid
    objective = (scored.log_prob * advantage)[at].mean()
    error = (scored.value - target)[at].square().mean()
    entropy = scored.entropy[at].sum(-1).mean()
    return -objective + settings.value * error - settings.entropy * entropy
