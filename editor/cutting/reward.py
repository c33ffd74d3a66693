"""Score films as they grow: one table of named, bounded terms, weighed by the style.

B films, K candidates for the next cut of each, N shots, C per-cut terms, W terms of the whole
film. A film's score is the mean of its cuts' weighted terms plus the weighted whole-film terms,
each term standardised by statistics frozen from random films; the reward of a cut is what it adds
to the score, so that the rewards of a film sum to its score.

What a cut shows weighs as long as it is seen; a join weighs as much as any other. (While joins too
weighed by the length of the cut after them, a jump to a short cut cost next to nothing.)
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import models
from editor.config import Style
from editor.cutting import terms
from editor.cutting.brief import Brief
from editor.cutting.material import Material
from editor.cutting.terms import Cuts, Progress, measured
from editor.errors import StyleError

SPREAD_FLOOR = 0.1  # raw units: a term that hardly varies is not blown up by standardising
CAP = 3.0  # sd: no single term decides a film
STATISTICS = Path(models.__file__).parent / "weights" / "terms.json"


@dataclass(frozen=True)
class Term:
    """One row of TERMS."""

    family: str  # pacing, continuity or engagement
    weight: float  # where the style names none
    words: str  # what an editor calls it
    cut: Callable[[Cuts], Tensor] | None = None  # per cut: (B, K) in [-1, 1]
    film: Callable[[Progress, Brief, Material], Tensor] | None = None  # whole film: (B,)
    joins: bool = False  # about the join with the cut before: silent on the first cut


TERMS: dict[str, Term] = {
    "length_fit": Term("pacing", 1.5, "shot lengths", film=terms.length_fit),
    "rhythm": Term("pacing", 0.5, "rhythm", film=terms.rhythm),
    "on_the_beat": Term("pacing", 1.0, "on the beat", cut=terms.on_the_beat),
    "film_length": Term("pacing", 0.5, "length of the film", film=terms.film_length),
    "jump_cut": Term("continuity", 1.5, "no jump cut", cut=terms.jump_cut, joins=True),
    "motion_match": Term("continuity", 0.5, "motion match", cut=terms.motion_match, joins=True),
    "colour_match": Term("continuity", 0.3, "colour match", cut=terms.colour_match, joins=True),
    "level_match": Term("continuity", 0.3, "sound level match", cut=terms.level_match, joins=True),
    "scene": Term("continuity", 1.0, "staying in the scene", cut=terms.scene),
    "action_cut": Term("continuity", 0.7, "cut on action or rest", cut=terms.action_cut),
    "sharpness": Term("engagement", 0.5, "sharpness", cut=measured("sharpness")),
    "movement": Term("engagement", 0.5, "movement", cut=measured("motion")),
    "faces": Term("engagement", 0.5, "faces", cut=measured("face")),
    "speech": Term("engagement", 0.5, "speech", cut=measured("speech")),
    "exposure": Term("engagement", 0.5, "exposure", cut=measured("exposure")),
    "novelty": Term("engagement", 1.0, "novelty", cut=terms.novelty),
    "coverage": Term("engagement", 1.0, "coverage", film=terms.coverage),
}
CUT_TERMS = tuple(name for name, term in TERMS.items() if term.cut)
FILM_TERMS = tuple(name for name, term in TERMS.items() if term.film)
_JOINS = torch.tensor([TERMS[name].joins for name in CUT_TERMS])


def weights_of(style: Style) -> dict[str, float]:
    """Weight of every term: the style's, else the table's. Raises StyleError for unknown names."""
    if unknown := sorted(style.weights.keys() - TERMS.keys()):
        raise StyleError(
            f"Style {style.name} weighs no such reward term: {', '.join(unknown)}. "
            f"Known: {', '.join(TERMS)}."
        )
    weights = {name: float(style.weights.get(name, term.weight)) for name, term in TERMS.items()}
    if not sum(weights.values()) > 0:
        raise StyleError(f"Style {style.name} gives every reward term the weight 0.")
    return weights


def load_statistics(path: Path = STATISTICS) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of every raw term over random films; (0, 0.5) where unmeasured.

    Made by `python -m editor.learning.statistics`. Raises OSError, ValueError.
    """
    table = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = table.get("terms", {})
    return {name: tuple(found.get(name, (0.0, 0.5))) for name in TERMS}


@dataclass(frozen=True)
class Reward:
    """The score of films cut from one pool for one brief."""

    material: Material
    brief: Brief
    beats: Tensor  # (M,) float32, film seconds
    cut_weight: Tensor  # (C,) share of all weights
    film_weight: Tensor  # (W,)
    cut_centre: Tensor  # (C,)
    cut_spread: Tensor  # (C,)
    film_centre: Tensor  # (W,)
    film_spread: Tensor  # (W,)

    @classmethod
    def of(
        cls,
        material: Material,
        brief: Brief,
        statistics: Mapping[str, tuple[float, float]] | None = None,
    ) -> "Reward":
        """Make the reward of one pool and brief. Raises StyleError for unknown terms."""
        weights = weights_of(brief.style)
        if not len(brief.beats):
            weights["on_the_beat"] = 0.0
        total = sum(weights.values()) or 1.0
        known = statistics or load_statistics()

        def row(names: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor]:
            spread = [max(known[name][1], SPREAD_FLOOR) for name in names]
            return (
                torch.tensor([weights[name] / total for name in names]),
                torch.tensor([known[name][0] for name in names]),
                torch.tensor(spread),
            )

        cut_weight, cut_centre, cut_spread = row(CUT_TERMS)
        film_weight, film_centre, film_spread = row(FILM_TERMS)
        return cls(
            material,
            brief,
            torch.from_numpy(np.sort(np.asarray(brief.beats, np.float32))),
            cut_weight,
            film_weight,
            cut_centre,
            cut_spread,
            film_centre,
            film_spread,
        )

    @cached_property
    def _curve(self) -> Tensor:
        return torch.tensor(self.brief.style.pace.curve).log()

    @cached_property
    def _shape(self) -> tuple[Tensor, Tensor] | None:
        pace = self.brief.style.pace  # knots cost more than all else that is asked of a length
        return (torch.tensor(pace.shape), torch.tensor(pace.knots)) if pace.shape else None

    @cached_property
    def scales(self) -> dict[str, tuple[float, float, float]]:
        """Share of all weights, mean and standard deviation of each per-cut term."""
        rows = zip(self.cut_weight, self.cut_centre, self.cut_spread, strict=True)
        return {
            name: (float(weight), float(centre), float(spread))
            for name, (weight, centre, spread) in zip(CUT_TERMS, rows, strict=True)
        }

    def start(self, films: int) -> Progress:
        """Empty films."""
        m = self.material
        whole = torch.zeros(films, dtype=torch.int64)
        return Progress(
            length=whole,
            count=whole.clone(),
            shot=whole - 1,
            out=whole.clone(),
            sums=torch.zeros(films, len(CUT_TERMS)),
            z=torch.full((films, 8), math.nan),
            shown=torch.zeros(films, m.size),
            scene=torch.zeros(films, m.size),
            setups=torch.zeros(films, m.setups, dtype=torch.bool),
            score=torch.zeros(films),
        )

    def length_z(self, before: Tensor, frames: Tensor) -> Tensor:
        """Standardised log length of cuts of `frames` film frames that begin at `before`: where the
        pace has a shape of its own, its normal score in that."""
        pace, rate = self.brief.style.pace, self.material.rate
        place = ((before + 0.5 * frames) / (self.brief.duration * rate)).clamp(0, 1)
        curve = self._curve
        at = place * (len(pace.curve) - 1)
        low = at.floor().long().clamp(max=len(pace.curve) - 2)
        mu = pace.log_mean + curve[low] + (curve[low + 1] - curve[low]) * (at - low)
        return self._unbent(((frames / rate).clamp(min=1e-3).log() - mu) / pace.log_sd)

    def _unbent(self, z: Tensor) -> Tensor:
        """Normal scores of standardised logs of length, as `Pace.scores`."""
        if self._shape is None:
            return z
        start, end = self._shape
        at = torch.bucketize(z, start).clamp(1, len(start) - 1)
        share = ((z - start[at - 1]) / (start[at] - start[at - 1])).clamp(0, 1)
        inside = end[at - 1] + share * (end[at] - end[at - 1])
        return inside + (z - start[0]).clamp(max=0) + (z - start[-1]).clamp(min=0)

    @cached_property
    def midway_z(self) -> Tensor:
        """(N, P, P): `length_z` of every pair's cut in the middle of the film: elsewhere the curve
        moves lengths by up to a sixth."""
        middle = torch.full((1,), int(0.5 * self.brief.duration * self.material.rate))
        each = torch.arange(int(self.material.length.max()) + 1)  # few lengths, many pairs
        return self.length_z(middle, each)[self.material.length]

    def cut_terms(self, film: Progress, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Raw per-cut terms (B, K, C) of candidates (B, K), each in [-1, 1]."""
        cuts = Cuts(self.material, self.beats, film, shot, first, last)
        functions = [TERMS[name].cut for name in CUT_TERMS]
        raw = torch.stack([function(cuts) for function in functions if function], -1)
        silent = cuts.opening[..., None] & _JOINS
        return torch.where(silent, torch.zeros(()), raw).clamp(-1, 1)

    def film_terms(self, film: Progress) -> Tensor:
        """Raw whole-film terms (B, W), each in [-1, 1]."""
        functions = [TERMS[name].film for name in FILM_TERMS]
        rows = [function(film, self.brief, self.material) for function in functions if function]
        return torch.stack(rows, -1).clamp(-1, 1)

    def standardise(self, film: Progress, raw: Tensor) -> Tensor:
        """Standardised per-cut terms (B, K, C); joins are neutral on a film's first cut."""
        z = ((raw - self.cut_centre) / self.cut_spread).clamp(-CAP, CAP)
        return torch.where((film.shot[:, None, None] < 0) & _JOINS, torch.zeros(()), z)

    @property
    def joins(self) -> Tensor:
        """(C,) bool: per-cut terms that are about the join with the cut before."""
        return _JOINS

    def weighs(self, frames: Tensor) -> Tensor:
        """(..., C): what a cut of so many film frames weighs in each per-cut term."""
        each = frames[..., None].float()
        return torch.where(self.joins, torch.ones_like(each), each)

    def means(self, film: Progress) -> Tensor:
        """(B, C): standardised per-cut terms of films, over the joins or over the time."""
        joins = (film.count - 1).clamp(min=1)[:, None]
        return film.sums / torch.where(self.joins, joins, film.length.clamp(min=1)[:, None])

    def score(self, film: Progress) -> Tensor:
        """Scores (B,) of films; 0 for an empty one."""
        z = ((self.film_terms(film) - self.film_centre) / self.film_spread).clamp(-CAP, CAP)
        score = self.means(film) @ self.cut_weight + z @ self.film_weight
        return torch.where(film.count > 0, score, torch.zeros(()))

    def grow(
        self, film: Progress, shot: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Progress, Tensor, Tensor]:
        """Add one cut (B,) to each film: the films, the step rewards (B,), the raw terms (B, C)."""
        raw = self.cut_terms(film, shot[:, None], first[:, None], last[:, None])
        frames = self.material.length[shot, first, last]
        sums = film.sums + self.standardise(film, raw)[:, 0] * self.weighs(frames)
        grown = replace(self.follow(film, shot, first, last), sums=sums)
        score = self.score(grown)
        return replace(grown, score=score), score - film.score, raw[:, 0]

    def follow(self, film: Progress, shot: Tensor, first: Tensor, last: Tensor) -> Progress:
        """Add one cut (B,) to each film in all but what it scores: sums and score stay."""
        m = self.material
        frames = m.length[shot, first, last]
        z = film.z
        if int(film.count.max()) >= z.shape[1]:
            z = torch.cat([z, torch.full_like(z, math.nan)], 1)
        z = z.scatter(1, film.count[:, None], self.length_z(film.length, frames)[:, None])
        setups = film.setups.scatter(1, m.setup[shot][:, None], True)
        return Progress(
            length=film.length + frames,
            count=film.count + 1,
            shot=shot,
            out=last,
            sums=film.sums,
            z=z,
            shown=torch.maximum(film.shown, m.likeness[shot]),
            scene=terms.remember(film, m),
            setups=setups,
            score=film.score,
        )

    def preview(
        self, film: Progress, shot: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Candidate cuts (B, K), without making them: step rewards (B, K), every term's raw value
        (B, K, C + W) in the order of CUT_TERMS and FILM_TERMS."""
        m, each = self.material, shot.shape[1]
        raw = self.cut_terms(film, shot, first, last)
        frames = m.length[shot, first, last]  # (B, K)
        z = self.standardise(film, raw)
        sums = film.sums[:, None] + z * self.weighs(frames)
        length_z = self.length_z(film.length[:, None], frames)
        index = torch.arange(len(shot)).repeat_interleave(each)
        history = film.z
        if int(film.count.max()) >= history.shape[1]:
            history = torch.cat([history, torch.full_like(history[:, :1], math.nan)], 1)
        used = history[:, : int(film.count.max()) + 1][index]
        count = film.count[index]
        after = Progress(
            length=film.length[index] + frames.reshape(-1),
            count=count + 1,
            shot=shot.reshape(-1),
            out=last.reshape(-1),
            sums=sums.flatten(0, 1),
            z=used.scatter(1, count[:, None], length_z.reshape(-1, 1)),
            shown=film.shown[:0],
            scene=film.scene[:0],
            setups=film.setups[index].scatter(1, m.setup[shot].reshape(-1, 1), True),
            score=film.score[index],
        )
        gain = (self.score(after) - after.score).reshape(shot.shape)
        whole = self.film_terms(after).reshape(*shot.shape, len(FILM_TERMS))
        return gain, torch.cat([raw, whole], -1)
