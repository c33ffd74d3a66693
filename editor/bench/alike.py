"""Begin a run of ours as the peer begins its own: its first weights, its starts and its draws.

Luck is then the same on both sides, so that what is left apart is the code, and the rounding of
sums, which parts two runs after a dozen updates or so as surely as another seed would.
"""

from typing import Any

import torch
from torch import Tensor, nn

from models.distributions import Categorical, Distribution
from models.perceptron import Perceptron
from models.tasks import Task

BODIES = (("actor", "mlp_extractor.policy_net", "action_net"),
          ("critic", "mlp_extractor.value_net", "value_net"))  # fmt: skip
LAYERS = (0, 2, 4)  # of ours, with tanh between


class _Drawn(Categorical):
    """Odds that spend a generator's numbers as the peer does."""

    def sample(self, generator: torch.Generator) -> Tensor:
        """One action of each (B,), from one uniform number each."""
        odds = self.logits.softmax(-1)
        return torch.multinomial(odds, 1, replacement=True, generator=generator)[..., 0]


class _Alike(Perceptron):
    """A policy of choices that draws as the peer does."""

    def odds(self, observation: Tensor) -> Distribution:
        """The odds of actions at observations (..., O)."""
        return _Drawn(self.actor(observation))


def begin(
    learner: Any, name: str, copies: int, seed: int
) -> tuple[Task, Perceptron, torch.Generator]:
    """Task, policy and generator of a run of ours, from the peer's learner of that seed, which has
    just been made: torch's own generator stands where the learner's first draw will begin.

    Raises ValueError for a task whose actions are not choices.
    """
    drawn = torch.Generator()
    drawn.set_state(torch.get_rng_state())
    space = learner.action_space
    if not hasattr(space, "n"):
        raise ValueError(f"Only choices are drawn as the peer draws them, not actions of {space}.")
    task = Task(name, copies, seed=seed)  # the learner gave its copies its own seed
    policy = _Alike(task.sees, "categorical", int(space.n))
    weights = learner.policy.state_dict()
    with torch.no_grad():
        for theirs, parameter in by_their_names(policy).items():
            parameter.copy_(weights[theirs])
    return task, policy, drawn


def by_their_names(policy: Perceptron) -> dict[str, nn.Parameter]:
    """Our layers' weights by the peer's names."""
    found = {}
    for ours, body, head in BODIES:
        layers = getattr(policy, ours)
        for layer, name in zip(LAYERS, (f"{body}.0", f"{body}.2", head), strict=True):
            for kind in ("weight", "bias"):
                found[f"{name}.{kind}"] = getattr(layers[layer], kind)
    return found
