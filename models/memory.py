"""Let the value learn from more steps than the last batch's.

A policy gradient is that of the policy that acted, so that PPO drops a batch once it has moved on.
The value asks for less: what a state was worth under a policy of a few updates ago is nearly what
it is worth now, and a value can be reused far more than a policy can (Phasic Policy Gradient, Cobbe
et al. 2021, https://arxiv.org/abs/2009.04416). Where a batch holds a handful of ends, as late
CartPole's, that is most of what there is to learn from. Three things go together here:

- the value learns from the last steps of several batches, drawn at random, whose targets are made
  anew with the value of now;
- a target is the discounted sum of rewards that followed, to the end of the episode or the stretch
  (Schulman et al. 2016, eq. 28): GAE with lambda 1, whatever the advantages' own;
- it learns in units of those targets' deviation, without its values changing when the units do
  (Pop-Art, van Hasselt et al. 2016, https://arxiv.org/abs/1602.07714), so that values of 50 take no
  longer to reach than values of 1.

Left out: a phase of its own for the value, since actor and critic share nothing here; importance
weights of the older steps; and films, whose value hangs on the pool that they were cut from.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from models import actor_critic
from models.perceptron import Perceptron
from models.tasks import Steps

LEAST = 1e-4  # spread of targets that are all alike


class Memory:
    """The steps of the last batches, and what they teach the value.

    M steps, O numbers seen.
    """

    def __init__(self, steps: int) -> None:
        """steps: at least so many are kept, in whole batches, once there are so many."""
        self.steps = steps
        self.kept: list[Steps] = []
        self.seen = torch.zeros(0, 0)  # (M, O)
        self.target = torch.zeros(0)  # (M,)

    def take(self, policy: Perceptron, batches: Sequence[Steps], gamma: float) -> None:
        """Keep batches, forget what is too old, and make all targets and their units anew."""
        first = not self.kept
        self.kept += batches
        while sum(each.count for each in self.kept[1:]) >= self.steps:
            del self.kept[0]
        now = [each.valued(policy) for each in self.kept]
        target = [actor_critic.targets(each, gamma, 1.0, False)[1] for each in now]
        at = [each.valid for each in now]
        self.seen = torch.cat([e.observation[v] for e, v in zip(now, at, strict=True)])
        self.target = torch.cat([t[v] for t, v in zip(target, at, strict=True)])
        spread = self.target.std(unbiased=False).clamp(min=LEAST)
        policy.rescale(self.target.mean(), spread, keep=not first)

    def error(self, policy: Perceptron, rows: int, generator: torch.Generator | None) -> Tensor:
        """The value's mean squared error, in units of the targets, on `rows` steps drawn without
        repeats: on all where there are no more."""
        index = torch.randperm(len(self.target), generator=generator)[:rows]
        apart = policy.value(self.seen[index]) - self.target[index]
        return (apart / policy.spread).square().mean()
