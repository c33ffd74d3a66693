"""Say what a stretch of footage is worth to a style by itself: what a policy may know of it before
any film is begun, and never what a film scores.

B films, N shots, P cut points, K legal pairs. A worth is a sum of standardised terms times the
style's share of weight: comparable between shots, in units of score a film long.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.reward import FILM_TERMS, TERMS
from editor.cutting.terms import Cuts

ALONE = ("action_cut", "sharpness", "movement", "faces", "speech", "exposure")
NEAR = 1.0  # sd of log length: a pair whose length is about what the style asks
SCALE = 3.0  # of worths as features: about unit scale


@dataclass(frozen=True)
class Worth:
    """Worths of a stage's footage."""

    pair: Tensor  # (N, P, P) float32, of [shot, in, out]; 0 where it is not allowed
    onward: Tensor  # (N, P) float32, best of the in point's pairs about as long as asked
    shot: Tensor  # (N,) float32, best of all pairs about as long as asked
    order: Tensor  # (N,) int64, the shots by worth, best first
    above: Tensor  # (N,) int64, how many shots are worth more than each

    def ahead(self, remaining: Tensor, seconds: Tensor) -> Tensor:
        """(B, N): share of the remaining (B, N) footage in shots worth more than each shot.
        seconds: (N,), what each shot offers."""
        offered = remaining * seconds
        return self.better(offered) / offered.sum(1, keepdim=True).clamp(min=0.1)

    def better(self, offered: Tensor) -> Tensor:
        """(B, N): seconds of the offered (B, N) that lie in shots worth more than each shot."""
        so_far = torch.nn.functional.pad(offered[:, self.order].cumsum(1), (1, 0))
        return so_far[:, self.above]


def measure(stage: Stage, seconds: Tensor) -> Worth:
    """Measure once, before films are cut. seconds: (N,), what each shot offers."""
    m, reward = stage.material, stage.reward
    allowed = stage.rules.allowed
    shot, first, last = allowed.nonzero(as_tuple=True)  # (K,)
    nothing = reward.start(1)
    cuts = Cuts(m, reward.beats, nothing, shot[None], first[None], last[None])
    total = torch.zeros(len(shot))
    for name in ALONE:
        term = TERMS[name].cut
        assert term is not None
        total = total + weighed(stage, name, term(cuts)[0])
    pair = torch.zeros(allowed.shape)
    pair[shot, first, last] = total
    near = torch.where(allowed, reward.midway_z.abs(), 99.0)
    fits = allowed & (near <= near.flatten(1).amin(1)[:, None, None].clamp(min=NEAR))
    onward = torch.where(fits, pair, -9.0).amax(2)
    best = onward.amax(1)
    onward = torch.where(fits.any(2), onward, torch.zeros(()))
    best = torch.where(fits.flatten(1).any(1), best, torch.zeros(()))
    order = best.argsort(descending=True, stable=True)
    above = torch.searchsorted(-best[order], -best)
    return Worth(pair, onward, best, order, above)


def weighed(stage: Stage, name: str, raw: Tensor) -> Tensor:
    """A raw per-cut term as worth: standardised, times the style's share of weight, SCALE."""
    weight, centre, spread = stage.reward.scales[name]
    return raw.sub(centre).div_(spread).clamp_(-3, 3).mul_(SCALE * weight)


def joins(stage: Stage, films: Films, shot: Tensor) -> Tensor:
    """(B, P): worth of the join with the last cut at each in point of the shots (B,); 0 at the
    film's first cut."""
    m = stage.material
    at = torch.arange(m.points).expand(len(shot), -1)
    cuts = Cuts(m, stage.reward.beats, films.progress, shot[:, None].expand_as(at), at, at)
    total = torch.zeros(at.shape)
    for name, term in TERMS.items():
        if term.joins and term.cut is not None:
            total = total + weighed(stage, name, term.cut(cuts))
    return torch.where(films.progress.shot[:, None] >= 0, total, torch.zeros(()))


def coverage_step(stage: Stage) -> float:
    """Worth of one more set-up seen, spread over a cut of the asked median."""
    reward, brief = stage.reward, stage.brief
    at = FILM_TERMS.index("coverage")
    room = max(1.0, min(stage.material.setups, brief.duration / (1.3 * brief.style.pace.median)))
    gain = float(reward.film_weight[at]) * 2 / room / float(reward.film_spread[at])
    share = min(1.0, 1.3 * brief.style.pace.median / brief.duration)
    return SCALE * min(3.0, gain / share)
