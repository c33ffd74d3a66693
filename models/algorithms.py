"""The algorithms by name: each one page in a module of its own, one line here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models import actor_critic, cloning, ppo, reinforce
from models.batch import Report


@dataclass(frozen=True)
class Algorithm:
    """One way to improve a policy."""

    what: str  # it does, in a few words
    update: Callable[..., Report]  # (policy, optimizer, groups, settings, generator)
    settings: Any  # where none are given
    own: bool = True  # it learns from the policy's own episodes; False: from those it is shown
    whole: bool = False  # it wants whole episodes


ALGORITHMS: dict[str, Algorithm] = {
    "reinforce": Algorithm(
        "REINFORCE, the other films' mean as baseline",
        reinforce.update,
        reinforce.Settings(),
        whole=True,
    ),
    "reinforce-value": Algorithm(
        "REINFORCE, a learned value as baseline",
        reinforce.update,
        reinforce.Settings(baseline="value"),
        whole=True,
    ),
    "reinforce-plain": Algorithm(
        "REINFORCE without a baseline",
        reinforce.update,
        reinforce.Settings(baseline="none"),
        whole=True,
    ),
    "actor-critic": Algorithm(
        "A2C with generalised advantages", actor_critic.update, actor_critic.Settings()
    ),
    "ppo": Algorithm("PPO, clipped, its divergence watched", ppo.update, ppo.Settings()),
    "clone": Algorithm(
        "behaviour cloning of a local search alone",
        cloning.learn,
        cloning.Settings(),
        own=False,
        whole=True,
    ),
}
