"""Search with a policy, step by step: it proposes cuts, the reward so far and the policy's own
guess at what is still to come choose which films go on.

A beam that ranks by the reward so far alone spends footage too early: what a cut costs the rest of
the film is not in it. B films, K proposals each.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.observation import Watched, watch
from editor.cutting.search import Choice
from models import rollout
from models.policy import Cache, Policy

WIDTH = 16  # films that go on
BRANCH = 6  # cuts drawn for each, the likeliest first


@dataclass(frozen=True)
class _Beam:
    """Films under way, as the policy sees them."""

    films: Films
    last: Tensor  # (B, 3) int64, the cut before
    cache: Cache
    paths: tuple[tuple[Choice, ...], ...]


def beam(
    policy: Policy, stage: Stage, seed: int, width: int = WIDTH, branch: int = BRANCH
) -> list[Choice]:
    """The best-scoring film of a beam of `width`, each film grown by its likeliest next cut and by
    others drawn, up to `branch`; ranked by score so far plus the policy's value of what follows.

    The same stage, policy and seed give the same film.
    """
    watched, generator = watch(stage), torch.Generator().manual_seed(seed)
    encoded = policy.encode(watched.scene)
    going = _Beam(watched.start(1), torch.tensor([[-1, 0, 0]]), Cache(), ((),))
    best: tuple[float, tuple[Choice, ...]] = (-torch.inf, ())
    with torch.no_grad():
        while going.paths:
            seen = rollout.see(policy, encoded, watched, going.films, going.last, going.cache)
            promise = going.films.progress.score + policy.value(seen.state)
            keep = promise.topk(min(width, len(promise))).indices
            seen, films = seen.select(keep), going.films.select(keep)
            paths = tuple(going.paths[row] for row in keep.tolist())
            for row, stops in enumerate(seen.shot_mask[:, -1].tolist()):
                score = float(films.progress.score[row])
                if stops and score > best[0]:
                    best = score, paths[row]
            each = torch.arange(len(keep)).repeat_interleave(branch)
            first = torch.arange(len(each)) % branch == 0
            wide, many = seen.select(each), films.select(each)
            drawn = rollout.pick(
                policy, encoded, watched, many, wide, rollout.Draws(generator, first)
            )
            going = _grown(watched, many, wide, drawn, [paths[row] for row in each.tolist()])
    return list(best[1])


def _grown(
    watched: Watched,
    films: Films,
    seen: rollout.Seen,
    drawn: rollout.Picked,
    paths: list[tuple[Choice, ...]],
) -> _Beam:
    """The films with their drawn cuts made, each film once; those that stopped are left behind."""
    rows = torch.stack(drawn.action, -1).tolist()
    made: dict[tuple[Choice, ...], int] = {}
    for row, (shot, first, last) in enumerate(rows):
        if shot != watched.stop:
            made.setdefault((*paths[row], (shot, first, last)), row)
    index = torch.tensor(list(made.values()), dtype=torch.int64)
    if not made:
        return _Beam(films.select(index), films.state.shot[:0], Cache(), ())
    some, _ = watched.step(films.select(index), *(part[index] for part in drawn.action))
    last = torch.stack([part[index] for part in drawn.action], -1)
    return _Beam(some, last, seen.select(index).cache, tuple(made))
