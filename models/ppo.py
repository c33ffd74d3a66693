"""Proximal policy optimisation: use a batch several times, and stop where it no longer speaks for
the policy that it is to improve.

With r = pi(a | s) / pi_old(a | s), the policy gradient at pi_old is that of E[r A]; away from it,
the clipped objective E[min(r A, clip(r, 1 - c, 1 + c) A)] (Schulman et al. 2017, eq. 7 and 9) gains
nothing by moving an action's odds further than c, yet takes back all that a bad move lost. One
ratio for the joint choice of shot, in and out; advantages by GAE, as in the actor-critic.

The clip bounds no distance: the mean KL from pi_old is watched, and a pass over the batch that ends
beyond `most_kl` is the last. Left out: value clipping, which does not help (Andrychowicz et al.
2021); reward scaling, since rewards come standardised; the penalty form of eq. 8; and advantages
normalised anew in each minibatch, for here a group is one pool and style, and a minibatch only part
of it. What the value may learn from beside the batch, where it is asked for: `models/memory.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from models import actor_critic, batch
from models.batch import Batch, P, Scored
from models.batch import Report as Report


@dataclass(frozen=True)
class Settings:
    """How far and how often a batch moves the policy."""

    clip: float = 0.2  # the ratio's reach; the paper's
    epochs: int = 3  # passes over the batch
    minibatch: int = 32  # rows: films, or single steps where those stand alone
    entropy: float = 0.003  # weight of the joint entropy
    value: float = 0.5  # weight of the value's squared error
    most_kl: float = 0.03  # nats; a pass that went further is the last
    norm: float = 0.5  # longest gradient
    lam: float = 0.95  # of the advantages
    gamma: float = 1.0  # discount a step
    corrected: bool = False  # advantages are normalised by the deviation with n - 1, not with n


class Recall(Protocol[P]):
    """What the value learns from in place of the batch: a `memory.Memory`."""

    def take(self, policy: P, batches: Sequence[Batch[P]], gamma: float) -> None:
        """Keep batches."""

    def error(self, policy: P, rows: int, generator: torch.Generator | None) -> Tensor:
        """The value's squared error on so many of the steps that are kept."""


def update(
    policy: P,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Batch[P]],
    settings: Settings | None = None,
    generator: torch.Generator | None = None,
    recall: Recall[P] | None = None,
) -> Report:
    """Improve the policy on groups of steps, each of one pool and style.

    Advantages are normalised within a group. The generator draws the order of the rows. recall:
    from which the value learns, as many steps at a time as the policy; without one, from the rows
    from which the policy does.
    """
    settings = settings or Settings()
    told = [
        actor_critic.targets(group, settings.gamma, settings.lam, True, settings.corrected)
        for group in groups
    ]
    alone = settings if recall is None else replace(settings, value=0.0)
    if recall is not None:
        recall.take(policy, groups, settings.gamma)
    rows: list[dict[str, float]] = []
    for _ in range(settings.epochs):
        passed: list[float] = []
        for group, lesson in zip(groups, told, strict=True):
            advantage, target = (group.folded(each) for each in lesson)
            order = torch.randperm(group.count, generator=generator)
            for index in order.split(settings.minibatch):  # type: ignore[no-untyped-call]
                some = group.rows(index)
                steps = some.valid.shape[1]
                loss, row = loss_of(
                    some.scored(policy),
                    some,
                    advantage[index, :steps],
                    target[index, :steps],
                    alone,
                )
                if recall is not None:
                    loss = loss + settings.value * recall.error(policy, len(index), generator)
                batch.climb(policy, optimizer, loss, settings.norm)
                rows.append(row)
                passed.append(row["kl"])
        if sum(passed) / len(passed) > settings.most_kl:
            break
    return _report(rows, groups, told)


def loss_of(
    scored: Scored, group: Batch[P], advantage: Tensor, target: Tensor, settings: Settings
) -> tuple[Tensor, dict[str, float]]:
    """The clipped objective's negative, plus value error, less entropy; and what to watch."""
    at = group.valid
    change = (scored.log_prob - group.log_prob)[at]
    ratio, gain = change.exp(), advantage[at]
    clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
    objective = torch.minimum(ratio * gain, clipped * gain).mean()
    error = (scored.value - target)[at].square().mean()
    entropy = scored.entropy[at].mean(0)
    loss = -objective + settings.value * error - settings.entropy * entropy.sum()
    with torch.no_grad():
        row = {
            "loss": float(loss),
            "kl": float((ratio - 1 - change).mean()),
            "clipped": float(((ratio - 1).abs() > settings.clip).float().mean()),
            **{f"entropy{head}": float(value) for head, value in enumerate(entropy)},
        }
    return loss, row


def _report(
    rows: list[dict[str, float]],
    groups: Sequence[Batch[P]],
    told: Sequence[tuple[Tensor, Tensor]],
) -> Report:
    def mean(name: str) -> float:
        return sum(row[name] for row in rows) / len(rows)

    target = torch.cat([t[group.valid] for (_, t), group in zip(told, groups, strict=True)])
    value = torch.cat([group.value[group.valid] for group in groups])
    heads = sum(name.startswith("entropy") for name in rows[0])
    return Report(
        loss=mean("loss"),
        reward=batch.mean_return(groups),
        kl=mean("kl"),
        entropy=tuple(mean(f"entropy{head}") for head in range(heads)),
        explained=batch.explained(value, target),
        clip_fraction=mean("clipped"),
    )
