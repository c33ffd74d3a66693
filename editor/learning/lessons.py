"""Read films as choices of a pool, and measure them: what lessons are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from editor.cutting import whole
from editor.cutting.environment import Stage
from editor.cutting.pool import Pool
from editor.cutting.reward import CAP, CUT_TERMS, FILM_TERMS
from editor.cutting.taste import MEASURES, Taste, TasteReward, Trims, dressed
from editor.film.difference import Difference, compare
from editor.film.timeline import Cut, Timeline
from editor.learning.moves import Film

FEATURES = (*CUT_TERMS, *FILM_TERMS, *MEASURES)  # K, in this order everywhere
LEAST_SHOWN = 0.3  # s of a region that a cut must show to be a choice of it
SAME = 0.25  # s: half of the farthest that two cut points lie apart outside speech
NO_TRIMS = Trims()


@dataclass(frozen=True)
class Verdict:
    """What the editor said of one cut, or of the whole film."""

    good: bool
    cut: int | None = None  # place among the cuts of the film that was shown; None: the film
    reason: str | None = None  # one of REASONS; None: none was given


@dataclass(frozen=True)
class Lesson:
    """One film as it was proposed, and what the editor made of it."""

    title: str  # of the version, "toys-v003"
    group: str  # films that share it are left out together: one shoot's first version
    pool: Pool
    stage: Stage  # under the style that was asked
    before: Timeline
    after: Timeline
    applied: Trims = NO_TRIMS  # habit that the proposal was cut with
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True)
class Preference:
    """Two films of one shoot, of which the editor prefers the first."""

    title: str
    group: str
    pool: Pool
    stage: Stage
    better: Timeline
    worse: Timeline


# --- films as choices -----------------------------------------------------------------------------


def choices_of(pool: Pool, timeline: Timeline, applied: Trims = NO_TRIMS) -> list[Film]:
    """Of each cut, the choices of the pool that show it: the nearest cut points, in each region
    that it reaches into; none where it shows frames that are not on offer.

    applied: habit that may have moved the ends off the points, by seconds.
    """
    place = {clip.digest: index for index, clip in enumerate(pool.clips)}
    return [
        _choices_of_cut(pool, place[cut.clip.digest], cut, applied)
        if cut.clip.digest in place
        else ()
        for cut in timeline.cuts
    ]


def _choices_of_cut(pool: Pool, clip: int, cut: Cut, applied: Trims) -> Film:
    rate = float(cut.clip.rate)
    first, stop = cut.source.first, cut.source.stop
    found = []
    for shot in np.flatnonzero(pool.clip == clip).tolist():
        frame = pool.frame[shot, : int(pool.points[shot])]
        common = min(stop, int(frame[-1])) - max(first, int(frame[0]))
        if common < min(LEAST_SHOWN * rate, 0.5 * (stop - first)):
            continue
        head = np.minimum(np.abs(frame - first), np.abs(frame + applied.head * rate - first))
        tail = np.minimum(np.abs(frame - stop), np.abs(frame + applied.tail * rate - stop))
        away = head[:, None] + tail[None, :]
        away = np.where(pool.pair[shot, : len(frame), : len(frame)], away, np.inf)
        into, out = divmod(int(away.argmin()), len(frame))
        if np.isfinite(away[into, out]):
            found.append((shot, into, out))
    return tuple(sorted(found, key=lambda choice: int(pool.frame[choice[0], choice[1]])))


@dataclass(frozen=True)
class Read:
    """A lesson as choices of its pool."""

    before: Film
    after: Film
    changed: Difference


def read(one: "Lesson") -> Read:
    """What was proposed and what became of it as choices. An end that was moved by no more than
    SAME is at the cut point where it was: so little is habit, not another choice."""
    changed = compare(one.before, one.after)
    old = choices_of(one.pool, one.before, one.applied)
    new = choices_of(one.pool, one.after, one.applied)
    for change in changed.changes:
        if change.before_index is None or change.after_index is None or change.kind == "replaced":
            continue
        most = SAME * change.cut.clip.rate
        if abs(change.head) <= most and abs(change.tail) <= most:
            new[change.after_index] = old[change.before_index]
    return Read(chain(old), chain(new), changed)


def chain(films: Sequence[Film]) -> Film:
    """Choices of each cut as one film."""
    return tuple(cut for film in films for cut in film)


@dataclass(frozen=True, eq=False)
class Paced:
    """Films of one stage by their cuts' lengths. Two are one only where they are the same."""

    stage: Stage
    frames: Tensor  # (F, T) int64, film frames of each cut; 0 after the last


def features(stage: Stage, films: Sequence[Film]) -> tuple[Tensor, Tensor, Paced]:
    """(B, K) float64 standardised features of whole films, whatever the masks say of them, (B,)
    bool whether each is legal, and their cuts' lengths. The stage is one that `seeing` dressed."""
    reward = stage.reward
    if not isinstance(reward, TasteReward):
        raise ValueError("Features are a taste's reward's: dress the stage first.")
    legal = whole.scores(stage, films).isfinite()
    progress = whole.finished(stage, reward.start(len(films)), films)
    longest = max(len(film) for film in films)
    frames = torch.zeros(len(films), longest, dtype=torch.int64)
    for row, film in enumerate(films):
        frames[row, : len(film)] = torch.tensor([int(stage.material.length[cut]) for cut in film])
    return reward.features(progress).double(), legal, Paced(stage, frames)


def seeing(stage: Stage) -> Stage:
    """The stage under its own style, with every measure looked at and none weighed."""
    blank = Taste(names=FEATURES, mean=(0.0,) * len(FEATURES))
    return dressed(stage, blank)


# --- how far apart two films are ------------------------------------------------------------------


def distance(changed: Difference) -> float:
    """Corrections from one film to another: a drop or an insertion counts 1, a replacement both, a
    move 1/2, a trim its seconds up to 1."""
    total = 0.0
    for change in changed.changes:
        total += {"dropped": 1.0, "inserted": 1.0, "replaced": 2.0}.get(change.kind, 0.0)
        total += 0.5 * change.moved
        if change.before is not None and change.after is not None and change.kind != "replaced":
            frames = abs(change.head) + abs(change.tail)
            total += min(1.0, float(frames / change.cut.clip.rate))
    return total


def share_of(stage: Stage) -> Tensor:
    """(K,) float64: the asked style's weights as shares; none for the measures."""
    reward = stage.reward
    if not isinstance(reward, TasteReward):
        raise ValueError("Weights are a taste's reward's: dress the stage first.")
    return reward.weights.double()


@lru_cache(maxsize=8192)
def pacing_features(paced: Paced, pace: float, spread: float) -> Tensor:
    """(F, 2) float64: standardised length_fit and rhythm of films under another pace."""
    stage = paced.stage
    style = Taste(pace=pace, spread=spread).style(stage.brief.style)
    brief = replace(stage.brief, style=replace(stage.brief.style, pace=style.pace))
    reward = replace(stage.reward, brief=brief)
    frames = paced.frames
    before = frames.cumsum(1) - frames
    z = reward.length_z(before, frames)
    z = torch.where(frames > 0, z, torch.nan)
    progress = replace(
        reward.start(len(frames)), z=z, count=(frames > 0).sum(1), length=frames.sum(1)
    )
    raw = reward.film_terms(progress)
    found = ((raw - reward.film_centre) / reward.film_spread).clamp(-CAP, CAP)
    places = [FILM_TERMS.index(name) for name in ("length_fit", "rhythm")]
    return found[:, places].double()
