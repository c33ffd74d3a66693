"""Say which shot lengths a film under way still wants: its pace, as a policy sees it.

B films, N shots, P candidates, Q lengths. Lengths are z: standardised natural logs of seconds, by
the style's pace at that place of the film.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.terms import MEMORY, Progress

GRID = torch.linspace(-2.4, 2.4, 17)  # z at which lengths are asked after: Q
STEP = float(GRID[1] - GRID[0])
GAIN = 4.0  # of distances gained as features: about unit scale


def _distance(z: Tensor, count: Tensor) -> Tensor:
    """Wasserstein-1 distance (...) of ascending z (..., Z) from the normal; `count` (...) hold."""
    places = torch.arange(z.shape[-1])
    share = (places + 0.5) / count.clamp(min=1)[..., None]
    quantile = math.sqrt(2) * torch.erfinv((2 * share - 1).clamp(-0.9999, 0.9999))
    held = places < count[..., None]
    gap = torch.where(held, (z - quantile).abs(), torch.zeros(()))
    return gap.sum(-1) / count.clamp(min=1)


def _ascending(z: Tensor, count: Tensor) -> Tensor:
    """(B, Z): lengths so far, ascending; a large number where there is none."""
    used = z[:, : max(1, int(count.max()))]
    return used.nan_to_num(1e3).sort(1).values


def fit(film: Progress) -> Tensor:
    """(B,): how far the lengths so far lie from the style's, as a distance in sd."""
    return _distance(_ascending(film.z, film.count), film.count)


def lengths(stage: Stage, film: Progress) -> Tensor:
    """(B, Q): how much nearer to the style's lengths one more cut of each length brings the film:
    the distance before less the distance after, times the cuts after, so that it does not fade."""
    return _lengths(film.z, film.count)


@lru_cache(maxsize=1)  # tensors are told apart by identity: every step asks four times for the same
def _lengths(z: Tensor, count: Tensor) -> Tensor:
    before = _ascending(z, count)  # (B, Z)
    tried = GRID.expand(len(before), -1)
    wide = before[:, None].expand(-1, len(GRID), -1)
    after = torch.cat([wide, tried[..., None]], -1).sort(-1).values  # (B, Q, Z + 1)
    counts = (count + 1)[:, None]  # of every length tried
    total = _distance(after, counts) * counts
    return (GAIN / 4) * (total.mean(1, keepdim=True) - total).clamp(-3, 3)


def at(wants: Tensor, z: Tensor) -> Tensor:
    """(B, P): wants (B, Q) at lengths z (B, P), linear between the grid's steps."""
    place = ((z - GRID[0]) / STEP).clamp(0, len(GRID) - 1.001)
    low = place.floor().long()
    below, above = wants.gather(1, low), wants.gather(1, low + 1)
    return below + (above - below) * (place - low)


def rhythm(stage: Stage, film: Progress) -> Tensor:
    """(B,): lag-1 autocorrelation so far less the style's, shrunk while there are few cuts."""
    z = film.z.nan_to_num(0.0)
    joint, power = (z[:, 1:] * z[:, :-1]).sum(1), (z**2).sum(1)
    return _gap(stage, joint, power, film.count)


def rhythm_after(stage: Stage, film: Progress, z: Tensor) -> Tensor:
    """(B, P): the same after one more cut of length z (B, P)."""
    held = film.z.nan_to_num(0.0)
    last = held.gather(1, (film.count - 1).clamp(min=0)[:, None])
    joint = (held[:, 1:] * held[:, :-1]).sum(1, keepdim=True) + last * z
    power = (held**2).sum(1, keepdim=True) + z**2
    return _gap(stage, joint, power, film.count[:, None] + 1)


def _gap(stage: Stage, joint: Tensor, power: Tensor, count: Tensor) -> Tensor:
    r = (joint / power.clamp(min=0.25)).clamp(-1, 1)
    gap: Tensor = (r - stage.brief.style.pace.autocorrelation) * count / (count + MEMORY)
    return gap


def offered(stage: Stage) -> Tensor:
    """(N, Q) bool: lengths, to the grid's nearest step, that each shot can be cut to mid-film."""
    m, allowed = stage.material, stage.rules.allowed
    place = ((stage.reward.midway_z - GRID[0]) / STEP).round().clamp(0, len(GRID) - 1).long()
    found = torch.zeros(m.size, len(GRID))
    found.scatter_reduce_(1, place.flatten(1), allowed.flatten(1).float(), "amax")
    return found.bool()
