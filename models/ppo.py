"""Proximal policy optimisation (Schulman et al. 2017, eq. 7 and 9) on whole films.

One ratio for the joint choice of shot, in and out. Left out: value clipping, which does not help
(Andrychowicz et al. 2021), and reward scaling, since rewards come standardised.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models import returns, rollout
from models.policy import Policy
from models.rollout import Scored, Trajectories


@dataclass(frozen=True)
class Settings:
    """How far and how often a batch of films moves the policy."""

    clip: float = 0.2  # the ratio's reach; the paper's
    epochs: int = 3  # passes over the films
    minibatch: int = 32  # films
    entropy: float = 0.003  # weight of the joint entropy
    value: float = 0.5  # weight of the value's squared error
    most_kl: float = 0.03  # nats; a pass that went further is the last
    norm: float = 0.5  # longest gradient
    lam: float = 0.95  # of the advantages


@dataclass(frozen=True)
class Report:
    """What an update did."""

    loss: float
    kl: float  # nats, approximate: Schulman's k3 estimator
    clip_fraction: float
    entropy: tuple[float, float, float]  # nats: shot, in, out
    explained: float  # share of the returns' variance that the value explains
    reward: float  # mean film score


def update(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    groups: Sequence[Trajectories],
    settings: Settings,
    generator: torch.Generator,
) -> Report:
    """Improve the policy on groups of films, each group of one pool and style."""
    told = [_targets(group, settings) for group in groups]
    rows: list[dict[str, float]] = []
    for _ in range(settings.epochs):
        passed: list[float] = []
        for group, (advantage, target) in zip(groups, told, strict=True):
            order = torch.randperm(len(group.film), generator=generator)
            for index in order.split(settings.minibatch):  # type: ignore[no-untyped-call]
                films = group.rows(index)
                steps = films.valid.shape[1]
                loss, row = loss_of(
                    rollout.score(policy, films),
                    films,
                    advantage[index, :steps],
                    target[index, :steps],
                    settings,
                )
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(policy.parameters(), settings.norm)
                optimizer.step()
                rows.append(row)
                passed.append(row["kl"])
        if sum(passed) / len(passed) > settings.most_kl:
            break
    return _report(rows, groups, told)


def _targets(group: Trajectories, settings: Settings) -> tuple[Tensor, Tensor]:
    advantage = returns.advantages(group.reward, group.value, group.valid, lam=settings.lam)
    return returns.normalise(advantage, group.valid), advantage + group.value


def loss_of(
    scored: Scored, films: Trajectories, advantage: Tensor, target: Tensor, settings: Settings
) -> tuple[Tensor, dict[str, float]]:
    """The clipped objective's negative, plus value error, less entropy; and what to watch."""
    at = films.valid
    change = (scored.log_prob - films.log_prob)[at]
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
    groups: Sequence[Trajectories],
    told: Sequence[tuple[Tensor, Tensor]],
) -> Report:
    def mean(name: str) -> float:
        return sum(row[name] for row in rows) / len(rows)

    target = torch.cat([t[group.valid] for (_, t), group in zip(told, groups, strict=True)])
    value = torch.cat([group.value[group.valid] for group in groups])
    left = (target - value).var() / target.var().clamp(min=1e-6)
    return Report(
        loss=mean("loss"),
        kl=mean("kl"),
        clip_fraction=mean("clipped"),
        entropy=(mean("entropy0"), mean("entropy1"), mean("entropy2")),
        explained=float(1 - left),
        reward=float(torch.cat([group.reward.sum(1) for group in groups]).mean()),
    )
