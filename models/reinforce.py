"""REINFORCE (Williams 1992) on whole films, with no baseline or a leave-one-out group baseline.

The gradient of the expected return is E[sum_t grad log pi(a_t | s_t) (G_t - b)] (Sutton & Barto
2018, eq. 13.11). Left out: importance weights; each batch of films is used once.
"""

from collections.abc import Sequence

import torch

from models import returns, rollout
from models.policy import Policy
from models.rollout import Trajectories


def update(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Trajectories],
    baseline: str = "leave-one-out",
    entropy: float = 0.003,
) -> float:
    """One step up the policy gradient; returns the loss. `baseline` is leave-one-out or none."""
    if baseline not in ("leave-one-out", "none"):
        raise ValueError(f"No baseline is called {baseline!r}. Known: leave-one-out, none.")
    losses = []
    for group in groups:
        scored = rollout.score(policy, group)
        gain = returns.returns(group.reward)
        if baseline == "leave-one-out":
            gain = gain - (gain.sum(0) - gain) / max(1, len(gain) - 1)
        at = group.valid
        losses.append(-(scored.log_prob * gain)[at].mean() - entropy * scored.entropy[at].mean())
    loss = torch.stack(losses).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
    optimizer.step()
    return float(loss.detach())
