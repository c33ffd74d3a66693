"""Turn rewards into returns and advantages.

B films, T steps; `valid` marks the steps that were taken, a film's last among them.
"""

import torch
from torch import Tensor


def returns(reward: Tensor, gamma: float = 1.0) -> Tensor:
    """Rewards to go (B, T): G_t = r_t + gamma G_{t+1} (Sutton & Barto 2018, eq. 3.9)."""
    total = torch.zeros_like(reward)
    running = torch.zeros(len(reward))
    for step in range(reward.shape[1] - 1, -1, -1):
        running = reward[:, step] + gamma * running
        total[:, step] = running
    return total


def advantages(
    reward: Tensor, value: Tensor, valid: Tensor, gamma: float = 1.0, lam: float = 0.95
) -> Tensor:
    """Generalised advantage estimates (B, T) (Schulman et al. 2016, eq. 16); 0 after the end."""
    found = torch.zeros_like(reward)
    running = torch.zeros(len(reward))
    after = torch.zeros(len(reward))
    for step in range(reward.shape[1] - 1, -1, -1):
        going = valid[:, step].float()
        delta = reward[:, step] + gamma * after - value[:, step]
        running = (delta + gamma * lam * running) * going
        found[:, step] = running
        after = value[:, step] * going
    return found


def leave_one_out(total: Tensor) -> Tensor:
    """Each film's return (B,) less the mean of the others' (Kool et al. 2019); 0 for one film."""
    if len(total) < 2:
        return torch.zeros_like(total)
    return (total - total.mean()) * len(total) / (len(total) - 1)


def normalise(advantage: Tensor, valid: Tensor) -> Tensor:
    """Advantages of one pool and style, to mean 0 and standard deviation 1 over valid steps."""
    values = advantage[valid]
    spread = values.std(unbiased=False).clamp(min=1e-4)
    return torch.where(valid, (advantage - values.mean()) / spread, torch.zeros(()))
