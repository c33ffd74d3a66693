"""Lay what an editor taught over a stage: other weights, a few more measures, pace and trims.

A taste is a difference from whatever style is asked, so that it holds in every style. Its reward is
a film's mean score over an ensemble of weights, less the doubt: how far the members disagree.
B films, K candidates, C per-cut terms, W whole-film terms, H further measures, E members.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial

import torch
from torch import Tensor

from editor.config import Style
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage
from editor.cutting.material import Material
from editor.cutting.reward import CAP, CUT_TERMS, FILM_TERMS, Reward, weights_of
from editor.cutting.terms import Cuts, Progress

LARGEST_FACE = 0.25  # of the frame: a close-up; a larger face is no closer
MOST_TRIM = 0.5  # s: a larger habit is a choice of other frames, not a trim
MOST_PACE = 4.0  # factor on the style's median, either way: beyond it, another style is meant


# --- further measures -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """A per-cut measure beside the reward's terms: frozen features of the pool, not a network's."""

    words: str  # what an editor calls more of it
    cut: Callable[[Cuts, Reward], Tensor]  # (B, K) in [-1, 1]
    centre: float = 0.0  # over random films of simulated pools
    spread: float = 0.5
    joins: bool = False  # about the join with the cut before: silent on the first cut


def closeness(cuts: Cuts) -> Tensor:
    """(B, K) in [0, 1]: how close the framing is at the in point, by the largest face."""
    face = cuts.material.face[cuts.shot, cuts.first]
    return (face / LARGEST_FACE).clamp(0, 1).sqrt()


def spoken_before(cuts: Cuts) -> Tensor:
    """(B, 1) in {0, 1}: somebody speaks in the shot that the cut before came from."""
    return (cuts.material.voice[cuts.before.shot.clamp(min=0)] >= 0).float()[:, None]


def length_z(cuts: Cuts, reward: Reward) -> Tensor:
    """(B, K): standardised log length."""
    frames = cuts.material.length[cuts.shot, cuts.first, cuts.last]
    return reward.length_z(cuts.before.length[:, None], frames)


def _after_speech(cuts: Cuts, reward: Reward) -> Tensor:
    return closeness(cuts) * (2 * spoken_before(cuts) - 1)


def _in_motion(cuts: Cuts, reward: Reward) -> Tensor:
    return (length_z(cuts, reward) / 2).clamp(-1, 1) * (2 * cuts.mean("motion") - 1)


def _return(cuts: Cuts, reward: Reward) -> Tensor:
    setup = cuts.material.setup
    last = setup[cuts.before.shot.clamp(min=0)][:, None]
    seen = cuts.before.setups.gather(1, setup[cuts.shot])
    return 2 * (seen & (setup[cuts.shot] != last)).float() - 1


def _total(name: str, cuts: Cuts, reward: Reward) -> Tensor:
    return 2 * cuts.mean(name) - 1


def _close(cuts: Cuts, reward: Reward) -> Tensor:
    return 2 * closeness(cuts) - 1


MEASURES: dict[str, Measure] = {
    "saturation": Measure("strong colour", partial(_total, "saturation"), -0.3, 0.3),
    "loudness": Measure("loud moments", partial(_total, "loudness"), 0.0, 0.4),
    "closeness": Measure("close framings", _close, -0.3, 0.6),
    "close_after_speech": Measure(
        "closer framings after speech", _after_speech, 0.0, 0.6, joins=True
    ),
    "long_in_motion": Measure("long shots of movement", _in_motion, 0.0, 0.3),
    "return": Measure("going back to a set-up", _return, -0.5, 0.8, joins=True),
}


# --- what was learned -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Trims:
    """Where the editor's in and out points lie against the cut points': seconds, later is more."""

    head: float = 0.0  # s
    tail: float = 0.0  # s


@dataclass(frozen=True)
class Taste:
    """An editor's taste, as a difference from the style asked. Weights are shares: a style's add up
    to 1 before the taste is laid over them."""

    names: tuple[str, ...] = ()  # terms of the reward, then measures
    mean: tuple[float, ...] = ()  # what each weight gains
    members: tuple[tuple[float, ...], ...] = ()  # the same by each member of the ensemble
    doubt: float = 0.0  # how many standard deviations of disagreement a film's score loses
    reference: tuple[float, ...] = ()  # standardised features of an ordinary film: no doubt there
    pace: float = 1.0  # factor on the style's median shot length
    spread: float = 1.0  # factor on the style's log_sd
    trims: Trims = field(default_factory=Trims)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures beside the reward's terms that it weighs."""
        return tuple(name for name in self.names if name in MEASURES)

    def style(self, asked: Style) -> Style:
        """The style as this editor would have written it: what a policy is told. Weights of less
        than nothing, which a style cannot hold, count as none."""
        weights = weights_of(asked)
        total = sum(weights.values())
        gained = dict(zip(self.names, self.mean, strict=True))
        told = {
            name: max(0.0, weight + total * gained.get(name, 0.0))
            for name, weight in weights.items()
        }
        if not sum(told.values()) > 0:
            told = weights
        pace = replace(
            asked.pace,
            median=asked.pace.median * self.pace,
            log_sd=asked.pace.log_sd * self.spread,
        )
        return replace(asked, weights=told, pace=pace)


def check(taste: Taste) -> Taste:
    """The taste, if it can be used; raises ValueError that says which part cannot."""
    known = (*CUT_TERMS, *FILM_TERMS)
    wanted = (*known, *taste.measures)
    if taste.names and taste.names != wanted:
        raise ValueError(
            f"it weighs {list(taste.names)}; this version knows the terms {list(known)} and the"
            f" measures {list(MEASURES)}."
        )
    size = len(taste.names)
    rows = (("mean", taste.mean), *(("members", row) for row in taste.members))
    for name, row in (*rows, ("reference", taste.reference or taste.mean)):
        if len(row) != size or not all(math.isfinite(value) and abs(value) < 100 for value in row):
            raise ValueError(f"its {name} must be {size} numbers between -100 and 100.")
    for name, value, low, high in (
        ("doubt", taste.doubt, 0.0, 10.0),
        ("pace", taste.pace, 1 / MOST_PACE, MOST_PACE),
        ("spread", taste.spread, 0.25, 4.0),
        ("head", taste.trims.head, -MOST_TRIM, MOST_TRIM),
        ("tail", taste.trims.tail, -MOST_TRIM, MOST_TRIM),
    ):
        if not low <= value <= high:
            raise ValueError(f"its {name} = {value} is outside {low:g} to {high:g}.")
    return taste


# --- over a stage ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class TasteReward(Reward):
    """The reward of a pool and a brief as an editor would give it."""

    measures: tuple[Measure, ...] = ()  # H
    weights: Tensor = field(default_factory=lambda: torch.zeros(0))  # (C + W + H,) mean
    members: Tensor = field(default_factory=lambda: torch.zeros(0, 0))  # (E, C + W + H) less mean
    doubt: float = 0.0
    reference: Tensor = field(default_factory=lambda: torch.zeros(0))  # (C + W + H,)

    def start(self, films: int) -> Progress:
        """Empty films."""
        progress = super().start(films)
        wide = torch.zeros(films, len(CUT_TERMS) + len(self.measures))
        return replace(progress, sums=wide)

    def cut_terms(self, film: Progress, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Raw per-cut terms and measures (B, K, C + H) of candidates (B, K), each in [-1, 1]."""
        raw = super().cut_terms(film, shot, first, last)
        if not self.measures:
            return raw
        cuts = Cuts(self.material, self.beats, film, shot, first, last)
        more = [measure.cut(cuts, self) for measure in self.measures]
        return torch.cat([raw, torch.stack(more, -1).clamp(-1, 1)], -1)

    def standardise(self, film: Progress, raw: Tensor) -> Tensor:
        """Standardised terms and measures (B, K, C + H); joins are neutral on the first cut."""
        centre = torch.tensor([measure.centre for measure in self.measures])
        spread = torch.tensor([measure.spread for measure in self.measures])
        z = (raw - torch.cat([self.cut_centre, centre])) / torch.cat([self.cut_spread, spread])
        silent = (film.shot[:, None, None] < 0) & self.joins
        return torch.where(silent, torch.zeros(()), z.clamp(-CAP, CAP))

    @property
    def joins(self) -> Tensor:
        """(C + H,) bool: terms and measures that are about the join with the cut before."""
        more = torch.tensor([measure.joins for measure in self.measures], dtype=torch.bool)
        return torch.cat([super().joins, more])

    def features(self, film: Progress) -> Tensor:
        """(B, C + W + H): what a film's score is the weighted sum of."""
        whole = ((self.film_terms(film) - self.film_centre) / self.film_spread).clamp(-CAP, CAP)
        mean = self.means(film)
        count = len(CUT_TERMS)
        return torch.cat([mean[:, :count], whole, mean[:, count:]], -1)

    def score(self, film: Progress) -> Tensor:
        """Scores (B,) of films: mean over the ensemble less the doubt; 0 for an empty one."""
        found = self.features(film)
        score = found @ self.weights
        if self.doubt and len(self.members):
            apart = (found - self.reference) @ self.members.T  # (B, E)
            score = score - self.doubt * apart.square().mean(1).sqrt()
        return torch.where(film.count > 0, score, torch.zeros(()))

    def grow(
        self, film: Progress, shot: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Progress, Tensor, Tensor]:
        """Add one cut (B,) to each film; the raw terms (B, C) are the reward's own."""
        grown, gain, raw = super().grow(film, shot, first, last)
        return grown, gain, raw[:, : len(CUT_TERMS)]

    def preview(
        self, film: Progress, shot: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Candidate cuts without making them, as Reward.preview tells them."""
        gain, raw = super().preview(film, shot, first, last)
        count = len(CUT_TERMS)
        return gain, torch.cat([raw[..., :count], raw[..., count + len(self.measures) :]], -1)


def reward_of(
    material: Material,
    brief: Brief,
    taste: Taste,
    measures: Sequence[Measure] | None = None,
    statistics: Mapping[str, tuple[float, float]] | None = None,
) -> TasteReward:
    """The reward of a brief, whose style's pace is the taste's already, with a taste's weights.

    measures: in place of the taste's own, in the order of its names.
    """
    plain = Reward.of(material, brief, statistics)
    told = tuple(MEASURES[name] for name in taste.measures) if measures is None else measures
    size = len(CUT_TERMS) + len(FILM_TERMS) + len(told)
    base = torch.cat([plain.cut_weight, plain.film_weight, torch.zeros(len(told))])
    gained = torch.tensor(taste.mean) if taste.mean else torch.zeros(size)
    if not len(brief.beats):
        gained[CUT_TERMS.index("on_the_beat")] = 0.0
    weights = base + gained
    members = torch.tensor(taste.members) if taste.members else torch.zeros(0, size)
    reference = torch.tensor(taste.reference) if taste.reference else torch.zeros(size)
    count = len(CUT_TERMS)
    values = {item.name: getattr(plain, item.name) for item in fields(Reward)}
    values["cut_weight"] = weights[:count]
    values["film_weight"] = weights[count : count + len(FILM_TERMS)]
    return TasteReward(
        **values,
        measures=tuple(told),
        weights=weights,
        members=members - gained if len(members) else members,
        doubt=taste.doubt,
        reference=reference,
    )


def dressed(stage: Stage, taste: Taste) -> Stage:
    """The stage with the taste's pace and reward; what is legal stays what it was.

    The weights are differences from the asked style's, so the brief keeps those where the reward is
    made; the brief that a policy is shown carries the taste's.
    """
    style = taste.style(stage.brief.style)
    paced = replace(stage.brief, style=replace(stage.brief.style, pace=style.pace))
    reward = reward_of(stage.material, paced, taste)
    return replace(stage, brief=replace(stage.brief, style=style), reward=reward)
