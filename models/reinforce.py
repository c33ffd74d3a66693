"""REINFORCE: follow the gradient of the expected return, from whole episodes and nothing else.

The policy gradient theorem for episodes (Williams 1992; Sutton & Barto 2018, eq. 13.11): with G_t
the rewards still to come after step t,

    grad E[G_0] = E[ sum_t grad log pi(a_t | s_t) (G_t - b_t) ]

for any baseline b_t that does not depend on the choices from step t on, since
E[grad log pi(a_t | s_t)] b_t = grad 1 b_t = 0. The baseline changes only the variance. Three are
here: none; a learned value of the state; and the mean return, from the same step on, of the other
episodes of the same pool and style that still go on (leave-one-out: Kool et al. 2019). The mean is
over episodes, not over steps, for a mean over steps would weigh long episodes less.

Left out: importance weights and second passes (each batch is used once, by the policy that made
it); bootstrapping, so that what is cut off by a time limit counts as nothing; and the factor
gamma^t of the discounted theorem, as everybody does (Nota & Thomas 2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models import batch, returns
from models.batch import Batch, P, Report, Scored

BASELINES = ("leave-one-out", "value", "none")


@dataclass(frozen=True)
class Settings:
    """How a batch of episodes moves the policy."""

    baseline: str = "leave-one-out"  # one of BASELINES
    gamma: float = 1.0  # discount a step
    normalise: bool = False  # gains to deviation 1 in a group: one learning rate fits all rewards
    entropy: float = 0.003  # weight of the joint entropy
    value: float = 0.5  # weight of the value's squared error, learned beside it for "value"
    norm: float = 5.0  # longest gradient: it is a sum over an episode's steps


def update(
    policy: P,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Batch[P]],
    settings: Settings | None = None,
    generator: torch.Generator | None = None,
) -> Report:
    """One step up the policy gradient on groups of whole episodes, each of one pool and style.

    The generator is not used: nothing is drawn. Raises ValueError for an unknown baseline.
    """
    settings = settings or Settings()
    if settings.baseline not in BASELINES:
        known = ", ".join(BASELINES)
        raise ValueError(f"No baseline is called {settings.baseline!r}. Known: {known}.")
    totals = [returns.returns(group.reward, settings.gamma) for group in groups]
    losses = [
        loss_of(group.scored(policy), group, total, settings)
        for group, total in zip(groups, totals, strict=True)
    ]
    loss = torch.stack(losses).mean()
    batch.climb(policy, optimizer, loss, settings.norm)
    return batch.look_back(policy, groups, float(loss.detach()), totals)


def loss_of(scored: Scored, group: Batch[P], total: Tensor, settings: Settings) -> Tensor:
    """The objective's negative, a mean over the group's episodes; total (B, T) is the return."""
    going = group.valid.float()
    gain = gains(total, scored.value.detach(), group.valid, settings)
    objective = (scored.log_prob * gain * going).sum()
    entropy = (scored.entropy.sum(-1) * going).sum()
    loss = -(objective + settings.entropy * entropy) / len(going)
    if settings.baseline == "value":
        error = (scored.value - total)[group.valid].square().mean()
        loss = loss + settings.value * error
    return loss


def gains(total: Tensor, value: Tensor, valid: Tensor, settings: Settings) -> Tensor:
    """(B, T): returns (B, T) less the baseline."""
    baseline = {
        "none": torch.zeros_like(total),
        "value": value,
        "leave-one-out": returns.others_mean(total, valid),
    }[settings.baseline]
    gain = total - baseline
    if settings.normalise:
        gain = gain / gain[valid].square().mean().sqrt().clamp(min=1e-4)
    return gain
