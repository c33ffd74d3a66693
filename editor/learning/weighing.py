"""Turn choices into a taste: weights that explain them, doubt, pace and trims, all within reach.

K features: the reward's terms, then the measures. E members of the ensemble.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from editor.cutting.reward import TERMS
from editor.cutting.taste import MEASURES, Taste, Trims
from editor.learning import feedback, habits
from editor.learning.feedback import Told
from editor.learning.habits import Pacing, Trimming
from editor.learning.lessons import FEATURES
from models import preference
from models.preference import Choices, Fit, Prior

SCALE = 15.0  # how decisive choices are before any is seen: nats a cut's worth of score
SCALE_SPREAD = 8.0  # its standard deviation
LEAST_SCALE = 12.0  # choices less decisive than this are read as this: a style may simply be wrong
LOOSE = 0.6  # sd of a term's weight before anything is known, as a share of its weight
FLOOR = 0.03  # the same of a term that weighs nothing, as a share of all weights
MEASURE_SPREAD = 0.06  # the same of a measure
MEMBERS = 24  # of the ensemble: its spread is known to a seventh
DOUBT = 0.5  # standard deviations of disagreement that a film's score loses
FOLDS = 5  # films are left out one by one up to so many, then in so many parts
BEARING = 0.01  # nats a choice, left out by film, by which the measures must help
REACH = {1: 0.5, 2: 0.75}  # how far, by films, all weights may move, in prior spreads; else FAR
FAR = 3.0


@dataclass(frozen=True)
class Learned:
    """What was learned, and what it rests on."""

    taste: Taste
    gained: Tensor  # (K,) float64, what each weight gains, as a share
    doubt: Tensor  # (K,) float64, its standard deviation over the ensemble
    scale: float  # how decisive the choices were
    measures: bool  # whether the measures beside the terms are weighed
    pacing: Pacing
    trimming: Trimming
    fit: Fit


def scale_of(told: Told) -> float:
    """How decisive the choices are by the style's own weights: nats a cut's worth of score."""
    base = (told.choices.difference * told.share).sum(1, keepdim=True)
    found = preference.fit(
        replace(told.choices, difference=base),
        Prior(torch.tensor([SCALE]).double(), torch.tensor([SCALE_SPREAD]).double()),
    )
    return max(LEAST_SCALE, float(found.mean[0]))


def prior(told: Told, scale: float, measures: bool) -> Prior:
    """What is believed of the differences from the style's weights, times the scale."""
    share = told.share.mean(0) if len(told.share) else torch.zeros(len(FEATURES)).double()
    spread = LOOSE * share.abs() + FLOOR
    extra = torch.tensor([name in MEASURES for name in FEATURES])
    spread[extra] = MEASURE_SPREAD if measures else 1e-6
    return Prior(torch.zeros(len(FEATURES)).double(), scale * spread)


def learn(
    told: Told, seed: int = 0, measures: bool | None = None, members: int = MEMBERS
) -> Learned:
    """The taste that explains what the editor did. measures: whether to weigh those beside the
    reward's terms; None: where they help on films left out. members: of the ensemble; with none
    there is no doubt, and whoever only asks for the weights need not wait for it."""
    scale = scale_of(told)
    pacing = habits.pacing(told, prior(told, scale, False), scale)
    pace, spread = math.exp(pacing.log_pace.sure), math.exp(pacing.log_spread.sure)
    found = habits.with_offset(told, feedback.repaced(told, pace, spread), scale)
    films = len(torch.unique(found.group))
    if measures is None:
        measures = films >= 3 and bear(told, found, scale)
    believed = prior(told, scale, measures)
    fitted = preference.fit(found, believed)
    gained = within_reach(fitted.mean, believed, films)
    drawn, doubt = torch.zeros(0, len(FEATURES)).double(), torch.zeros(len(FEATURES)).double()
    if members:
        generator = torch.Generator().manual_seed(seed)
        drawn = preference.ensemble(found, believed, members, generator, fitted.mean)
        drawn, doubt = gained + (drawn - drawn.mean(0)), drawn.std(0)
    trimming = habits.trimming(told, seed)
    taste = Taste(
        names=FEATURES,
        mean=_numbers(gained / scale),
        members=tuple(_numbers(row / scale) for row in drawn),
        doubt=DOUBT,
        reference=_numbers(torch.zeros(len(FEATURES))),
        pace=pace,
        spread=spread,
        trims=Trims(trimming.head.sure, trimming.tail.sure),
    )
    return Learned(taste, gained / scale, doubt / scale, scale, measures, pacing, trimming, fitted)


def _numbers(row: Tensor) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in row)


def within_reach(gained: Tensor, believed: Prior, films: int) -> Tensor:
    """The gains, drawn in to where so few films may lead: a ball in the prior's own spreads, as
    wide for every weight on average."""
    radius = REACH.get(films, FAR) * math.sqrt(len(TERMS))
    length = float((gained / believed.spread).square().sum().sqrt())
    return gained if length <= radius else gained * (radius / length)


def bear(told: Told, found: Choices, scale: float) -> bool:
    """Whether the measures beside the terms help on films that were left out."""
    with_them = left_out(found, prior(told, scale, True))
    without = left_out(found, prior(told, scale, False))
    made = told.made
    if not bool(made.any()):
        return False
    gains = np.array(
        [float((with_them - without)[made & (found.group == film)].mean())
         for film in torch.unique(found.group[made])]
    )  # fmt: skip
    error = gains.std(ddof=1) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
    return bool(gains.mean() - error > BEARING)


def left_out(found: Choices, believed: Prior) -> Tensor:
    """(G,) float64: log probability of each choice by weights that did not see its film."""
    told = torch.zeros(found.count, dtype=torch.float64)
    for fold in preference.folds(found.group, FOLDS):
        fitted = preference.fit(found.of(~fold), believed)
        told[fold] = preference.log_likelihood(found.of(fold), fitted.mean)
    return told
