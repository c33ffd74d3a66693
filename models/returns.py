"""Turn rewards into returns, advantages and baselines.

B episodes, T steps; `valid` marks the steps that were taken, `ends` an episode's last among them.
"""

import torch
from torch import Tensor


def returns(reward: Tensor, gamma: float = 1.0) -> Tensor:
    """Rewards to go (B, T) of whole episodes: G_t = r_t + gamma G_{t+1} (Sutton & Barto 2018,
    eq. 3.9)."""
    total = torch.zeros_like(reward)
    running = torch.zeros(len(reward))
    for step in range(reward.shape[1] - 1, -1, -1):
        running = reward[:, step] + gamma * running
        total[:, step] = running
    return total


def last_steps(valid: Tensor) -> Tensor:
    """(B, T) bool: the last valid step of each row, where a row is one whole episode."""
    more = torch.cat([valid[:, 1:], torch.zeros_like(valid[:, :1])], 1)
    return valid & ~more


def following(value: Tensor, valid: Tensor) -> Tensor:
    """(B, T): the value of the state after each step, where a row is one episode that terminates:
    0 after its last."""
    going = value * valid.float()
    return torch.cat([going[:, 1:], torch.zeros_like(going[:, :1])], 1)


def advantages(
    reward: Tensor,
    value: Tensor,
    valid: Tensor,
    gamma: float = 1.0,
    lam: float = 0.95,
    after: Tensor | None = None,
    ends: Tensor | None = None,
) -> Tensor:
    """Generalised advantage estimates (B, T) (Schulman et al. 2016, eq. 16); 0 where not valid.

    after: (B, T) value of the state that each step led to; without it a row is one episode that
    terminates. ends: (B, T) bool, steps over which no advantage is passed back. A step that was
    truncated, by a time limit or by the end of the stretch, ends with `after` its next state's
    value; one that terminated ends with 0 (Pardo et al. 2018).
    """
    if after is None:
        after = following(value, valid)
    stops = last_steps(valid) if ends is None else ends
    found = torch.zeros_like(reward)
    running = torch.zeros(len(reward))
    for step in range(reward.shape[1] - 1, -1, -1):
        delta = reward[:, step] + gamma * after[:, step] - value[:, step]
        running = torch.where(stops[:, step], torch.zeros(()), running)
        running = (delta + gamma * lam * running) * valid[:, step].float()
        found[:, step] = running
    return found


def others_mean(total: Tensor, valid: Tensor) -> Tensor:
    """(B, T): the mean of `total` (B, T) at the same step over the *other* episodes that still go
    on then; 0 where none does. It knows nothing of an episode's own choices, so that subtracting it
    leaves the expected gradient as it is."""
    going = valid.float()
    count = going.sum(0) - going
    others = (total * going).sum(0) - total * going
    return torch.where(count > 0, others / count.clamp(min=1), torch.zeros(()))


def normalise(advantage: Tensor, valid: Tensor, corrected: bool = False) -> Tensor:
    """Advantages of one pool and style, to mean 0 and standard deviation 1 over valid steps.

    corrected: the deviation with n - 1 in place of n, which wants two steps at least.
    """
    values = advantage[valid]
    spread = values.std(unbiased=corrected).clamp(min=1e-4)
    return torch.where(valid, (advantage - values.mean()) / spread, torch.zeros(()))
