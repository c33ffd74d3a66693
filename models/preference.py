"""Turn choices into the weights that explain them, and how sure they are.

A choice is what somebody took, and what else could have been taken: P(taken) is proportional to
exp(w . features) (McFadden 1974, "Conditional logit analysis", eq. 12); with a single alternative
this is Bradley & Terry 1952. Left out: a scale by person, since there is one; ties.

An offset holds what is believed already, so that the weights learned are differences from it.

M rows (taken less an alternative), K features, G choices, E members.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models import rollout
from models.policy import Policy
from models.rollout import Trajectories

STEPS = 60  # Newton's; convex and damped, it needs about ten
SETTLED = 1e-7  # longest Newton step at which it stops, of features about unit scale


@dataclass(frozen=True)
class Choices:
    """Choices as rows: the features of what was taken less those of each alternative."""

    difference: Tensor  # (M, K) float64
    choice: Tensor  # (M,) int64, 0 to G - 1, ascending
    group: Tensor  # (G,) int64: choices of one film share a number, and are left out together
    weight: Tensor  # (G,) float64 > 0: how much a choice counts
    offset: Tensor  # (M,) float64, what is known of the difference in worth, not to be learned

    @property
    def count(self) -> int:
        """G."""
        return len(self.group)

    def of(self, kept: Tensor) -> "Choices":
        """The choices of `kept` (G,) bool."""
        rows = kept[self.choice]
        number = kept.long().cumsum(0) - 1
        return Choices(
            self.difference[rows],
            number[self.choice[rows]],
            self.group[kept],
            self.weight[kept],
            self.offset[rows],
        )

    def columns(self, kept: Tensor) -> "Choices":
        """The same choices seen by some features, `kept` (K,) bool."""
        return replace(self, difference=self.difference[:, kept])


@dataclass(frozen=True)
class Prior:
    """What is believed before any choice: independent normal weights."""

    mean: Tensor  # (K,) float64
    spread: Tensor  # (K,) float64 > 0, standard deviation


@dataclass(frozen=True)
class Fit:
    """The likeliest weights after the choices, with the curvature there (Laplace)."""

    mean: Tensor  # (K,) float64
    covariance: Tensor  # (K, K) float64
    log_likelihood: float  # of the choices, weighted, without the prior
    log_evidence: float  # of the choices under the prior, by Laplace's approximation


def choices(
    difference: Tensor,
    choice: Tensor,
    group: Tensor,
    weight: Tensor | None = None,
    offset: Tensor | None = None,
) -> Choices:
    """Check and hold choices. Raises ValueError naming what does not fit."""
    difference = difference.double()
    known = torch.zeros(len(difference), dtype=torch.float64) if offset is None else offset.double()
    weight = torch.ones(len(group), dtype=torch.float64) if weight is None else weight.double()
    if difference.ndim != 2 or choice.shape != difference.shape[:1] or weight.shape != group.shape:
        raise ValueError(
            f"Choices need (M, K) differences, (M,) choices, (G,) groups and weights, not"
            f" {tuple(difference.shape)}, {tuple(choice.shape)}, {tuple(group.shape)} and"
            f" {tuple(weight.shape)}."
        )
    if known.shape != choice.shape:
        raise ValueError(f"Offsets must be ({len(choice)},), one a row, not {tuple(known.shape)}.")
    if not bool(difference.isfinite().all()) or not bool(known.isfinite().all()):
        raise ValueError("The differences hold NaN or infinity.")
    if bool((weight <= 0).any()) or not bool(weight.isfinite().all()):
        raise ValueError("A choice's weight must be a number above 0.")
    if len(choice) and (
        bool((choice.diff() < 0).any()) or torch.unique(choice).tolist() != list(range(len(group)))
    ):
        raise ValueError("Rows must be ordered by choice, and every choice needs an alternative.")
    if not len(choice) and len(group):
        raise ValueError("Every choice needs an alternative.")
    return Choices(difference, choice, group, weight, known)


def join(parts: Sequence[Choices]) -> Choices:
    """Choices of several sources as one. Raises ValueError where there are none."""
    if not parts:
        raise ValueError("There are no choices to join.")
    rows, offset = [], 0
    for part in parts:
        rows.append(part.choice + offset)
        offset += part.count
    return Choices(
        torch.cat([part.difference for part in parts]),
        torch.cat(rows),
        torch.cat([part.group for part in parts]),
        torch.cat([part.weight for part in parts]),
        torch.cat([part.offset for part in parts]),
    )


def log_likelihood(found: Choices, weights: Tensor) -> Tensor:
    """(G,) float64: log probability of each choice, unweighted."""
    top, total = _others(found, weights)
    return -torch.log1p(total) - top


def _others(found: Choices, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Of each choice (G,): the shift that keeps exponentials small, and what the alternatives'
    exponentials sum to beside the taken one's, less that one: log p = -log1p(sum) - shift."""
    score = -(found.difference @ weights + found.offset)  # (M,) alternative less taken
    top = torch.zeros(found.count, dtype=torch.float64)
    top = top.scatter_reduce(0, found.choice, score, "amax")  # at least 0: the taken one itself
    total = torch.zeros_like(top).index_add(0, found.choice, (score - top[found.choice]).exp())
    return top, total + (-top).exp() - 1


def accuracy(found: Choices, weights: Tensor) -> Tensor:
    """(G,) float64: share of alternatives that the taken one outscores; a tie counts half."""
    score = found.difference @ weights + found.offset
    beats = (score > 0).double() + 0.5 * (score == 0).double()
    total = torch.zeros(found.count, dtype=torch.float64)
    sizes = total.index_add(0, found.choice, torch.ones_like(beats))
    return total.index_add(0, found.choice, beats) / sizes


def fit(found: Choices, prior: Prior, start: Tensor | None = None) -> Fit:
    """The likeliest weights by damped Newton steps, from `start` (K,), else from the prior's mean.
    Raises ValueError for a prior that does not fit or has no spread."""
    size = found.difference.shape[1]
    if prior.mean.shape != (size,) or prior.spread.shape != (size,):
        raise ValueError(f"The prior must have {size} means and spreads, one a feature.")
    if not bool((prior.spread > 0).all()):
        raise ValueError("The prior's spread must be above 0 in every feature.")
    mean, precision = prior.mean.double(), prior.spread.double() ** -2
    weights = mean.clone() if start is None else start.double().clone()
    value, slope, curve = _objective(found, weights, mean, precision)
    for _ in range(STEPS):
        step = torch.linalg.solve(curve, slope)
        share = 1.0
        while share > 1e-6:
            tried = weights + share * step
            ahead = _objective(found, tried, mean, precision)
            if float(ahead[0]) >= float(value) - 1e-12:
                break
            share /= 2
        else:
            break
        weights, (value, slope, curve) = tried, ahead
        if float((share * step).abs().max()) < SETTLED:
            break
    covariance = torch.linalg.inv(curve)
    told = float((found.weight * log_likelihood(found, weights)).sum())
    evidence = float(value) + 0.5 * float(precision.log().sum() - torch.logdet(curve))
    return Fit(weights, covariance, told, evidence)


def _objective(
    found: Choices, weights: Tensor, mean: Tensor, precision: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log posterior (less constants), its gradient (K,) and its negative Hessian (K, K)."""
    away = weights - mean
    value = (found.weight * log_likelihood(found, weights)).sum() - 0.5 * (
        precision * away**2
    ).sum()
    top, total = _others(found, weights)
    score = -(found.difference @ weights + found.offset)
    odds = (score - top[found.choice]).exp() / (total + 1)[found.choice]  # (M,) of alternatives
    count = found.weight[found.choice]
    slope = ((count * odds)[:, None] * found.difference).sum(0) - precision * away
    zero = torch.zeros(found.count, len(weights), dtype=torch.float64)
    drawn = zero.index_add(0, found.choice, odds[:, None] * found.difference)  # (G, K)
    curve = (found.difference * (count * odds)[:, None]).T @ found.difference
    curve = curve - (drawn * found.weight[:, None]).T @ drawn + precision.diag()
    return value, slope, curve


def ensemble(
    found: Choices,
    prior: Prior,
    members: int,
    generator: torch.Generator,
    start: Tensor | None = None,
) -> Tensor:
    """(E, K) float64: weights that explain the choices about as well: films drawn anew with
    replacement (Efron 1979), each member about its own draw of the prior, so that what no film
    speaks of stays as doubtful as it was (Osband et al. 2018, "Randomized prior functions").
    start: (K,) weights from which each is looked for."""
    films, place = torch.unique(found.group, return_inverse=True)
    rows = []
    for _ in range(members):
        drawn = torch.randint(max(1, len(films)), (len(films),), generator=generator)
        times = torch.bincount(drawn, minlength=len(films)).double()
        jitter = torch.randn(len(prior.mean), generator=generator, dtype=torch.float64)
        mean = prior.mean.double() + jitter * prior.spread.double()
        kept = times[place] > 0
        some = found.of(kept)
        some = replace(some, weight=some.weight * times[place][kept])
        rows.append(fit(some, Prior(mean, prior.spread), start).mean)
    return torch.stack(rows)


def folds(group: Tensor, most: int) -> list[Tensor]:
    """Masks (G,) bool that leave out every group once, some groups together where there are more
    than `most`."""
    films = torch.unique(group)
    parts = [films[n::most] for n in range(min(most, len(films)))]
    return [torch.isin(group, part) for part in parts]


# --- direct preference optimisation ---------------------------------------------------------------


def dpo_update(
    policy: Policy,
    reference: Policy,
    optimizer: torch.optim.Optimizer,
    pairs: Sequence[tuple[Trajectories, Trajectories]],
    beta: float = 0.1,
) -> float:
    """One step of direct preference optimisation (Rafailov et al. 2023, eq. 7) on pairs of films
    of one pool each, the preferred first; returns the mean loss. beta: strength of the tie to the
    reference."""
    optimizer.zero_grad()
    mean = 0.0
    for better, worse in pairs:
        with torch.no_grad():
            held = _likely(reference, better) - _likely(reference, worse)
        gap = _likely(policy, better) - _likely(policy, worse) - held
        loss = -torch.nn.functional.logsigmoid(beta * gap).mean() / len(pairs)
        loss.backward()  # type: ignore[no-untyped-call]
        mean += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    return mean


def _likely(policy: Policy, films: Trajectories) -> Tensor:
    """(B,): log-likelihood of whole films."""
    return torch.where(films.valid, rollout.score(policy, films).log_prob, torch.zeros(())).sum(1)
