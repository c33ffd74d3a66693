"""Turn lessons into networks in the ways that are compared: led by PPO, cloned, taught by pairs."""

from collections.abc import Sequence

import torch

from editor.cutting import whole
from editor.cutting.observation import watch
from editor.cutting.taste import Taste, dressed
from editor.learning import lessons, retraining, training
from editor.learning.lessons import Lesson
from models import cloning, preference
from models.policy import Policy
from models.rollout import Trajectories

CLONE_PASSES, DPO_PASSES = 8, 8  # over the corrected films
CLONE_RATE, DPO_RATE = 3e-4, 1e-4  # learning rates


def led(policy: Policy, given: Sequence[Lesson], taste: Taste, seed: int, steps: int) -> Policy:
    """PPO under the taste's reward on the lessons' pools, tied to the policy, as `retrain` does."""
    made = _copy(policy)
    optimizer = torch.optim.Adam(made.parameters(), lr=retraining.RATE, eps=1e-5)
    seen = [dressed(one.stage, taste) for one in given]
    for step in range(steps):
        retraining.improve(made, policy, optimizer, seen[step % len(seen)], seed, step)
    return made


def cloned(policy: Policy, given: Sequence[Lesson]) -> Policy:
    """Behaviour cloning of the corrected films."""
    made = _copy(policy)
    films = [pair[0] for one in given if (pair := _films(policy, one))]
    optimizer = torch.optim.Adam(made.parameters(), lr=CLONE_RATE)
    for _ in range(CLONE_PASSES if films else 0):
        cloning.update(made, optimizer, films)
    return made


def preferred(policy: Policy, given: Sequence[Lesson]) -> Policy:
    """Direct preference optimisation on pairs: the corrected film rather than the proposed."""
    made = _copy(policy)
    pairs = [pair for one in given if (pair := _films(policy, one))]
    optimizer = torch.optim.Adam(made.parameters(), lr=DPO_RATE)
    for _ in range(DPO_PASSES if pairs else 0):
        preference.dpo_update(made, policy, optimizer, pairs)
    return made


def _copy(policy: Policy) -> Policy:
    with torch.random.fork_rng():
        made = Policy(policy.sizes)
    made.load_state_dict(policy.state_dict())
    return made


def _films(policy: Policy, one: Lesson) -> tuple[Trajectories, Trajectories] | None:
    """The corrected film and the proposed one as trajectories; None where one is not legal."""
    found = lessons.read(one)
    if not found.after or not found.before or found.after == found.before:
        return None
    if not bool(whole.scores(one.stage, [found.after, found.before]).isfinite().all()):
        return None
    watched = watch(one.stage)
    after, before = (training.teach(policy, watched, film) for film in (found.after, found.before))
    return after, before
