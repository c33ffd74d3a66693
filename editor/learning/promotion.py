"""Say whether what was learned may cut: better on films it did not see, and no worse as a cutter.

Better is a larger share of the alternatives that the editor's choices outscore: taste's direction,
not its loudness. What the editor took away is not among the alternatives here, or whoever only
spoils films would teach to spoil them. Weights and lengths are judged by choices, trims by where
the ends of films left out lie: either may cut without the other.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from editor.cutting import local
from editor.cutting.baselines import BASELINES
from editor.cutting.environment import Stage
from editor.cutting.reward import CUT_TERMS
from editor.cutting.taste import Taste, dressed
from editor.learning import feedback, habits, moves, weighing
from editor.learning.feedback import Told
from editor.learning.lessons import FEATURES
from models import preference
from models.preference import Choices

LEAST_FILMS = 3  # below which no habit of trimming is promoted
PARTS = 3  # of a single film's corrections, left out in turn
LEAST = 6  # corrections below which nothing is promoted
LEAST_GAIN = 0.02  # share of alternatives: less is not worth a change
CHANCE = 0.3  # sd of one correction's gain by chance: shares lie between 0 and 1
# Student's t, one-sided 5 %, by films (NIST handbook, 1.3.6.7.2); more films: T_USUAL.
T = {2: 6.31, 3: 2.92, 4: 2.35, 5: 2.13, 6: 2.02, 7: 1.94, 8: 1.89, 9: 1.86, 10: 1.83}
T_USUAL = 1.75
LEAST_TRIM = 0.01  # s an end: less is a quarter of a frame, which nobody sees
TRIM_CHANCE = 0.01  # s: no less is assumed for the spread of a few films' gains
JUMPS = 0.3  # how much of the raw no-jump-cut term may be lost against the present policy
BASE_FILMS = 4  # pools that the base measures are taken on


@dataclass(frozen=True)
class Judgement:
    """Whether the learned taste is promoted, and what speaks for and against."""

    promoted: bool
    why: str  # for the editor
    films: int
    corrections: int
    gain: float  # share of alternatives outscored on films left out, over the present taste's
    low: float  # the gain less what chance may make of it
    accuracy: float  # share of alternatives outscored on films left out, by what was learned
    accuracy_before: float  # by the present taste
    by_film: tuple[tuple[str, float], ...] = ()  # gain on each film when it was left out
    taste: bool = True  # weights and lengths are part of what is promoted
    trims: bool = True  # trims are
    nearer: float = 0.0  # s an end by which films left out are met better with the habit


Learn = Callable[[Told], weighing.Learned]


@dataclass(frozen=True)
class _Part:
    """One film that was left out, or a part of the only one: shares of alternatives outscored."""

    group: int
    after: float
    before: float


def judge(told: Told, learn: Learn, present: Taste) -> Judgement:
    """Judge what `learn` makes of all but one film by the corrections of that film, in turn.

    Of a single film, a part of its corrections is left out instead.
    """
    judged = _judge_taste(told, learn, present)
    judged = replace(judged, taste=judged.promoted, trims=False)
    gains = trim_gains(told, present)
    nearer = float(gains.mean()) if len(gains) else 0.0
    if not _sure_of_trims(gains):
        return replace(judged, nearer=nearer)
    how = f"its trims meet films left out {1000 * nearer:.0f} ms an end nearer"
    why = (
        f"{judged.why}; and {how}" if judged.promoted else f"{how}; its weights wait: {judged.why}"
    )
    return replace(judged, promoted=True, trims=True, nearer=nearer, why=why)


def promoted(learned: Taste, present: Taste, judged: Judgement) -> Taste:
    """What cuts from now on: of what was learned, the parts that passed."""
    taste = learned if judged.taste else present
    return replace(taste, trims=learned.trims if judged.trims else present.trims)


def trim_gains(told: Told, present: Taste) -> np.ndarray:
    """(F,) float64, s an end: how much nearer than by the present habit the ends of each film lie
    to the habit that is learned from the others. Empty below three films."""
    films = np.unique(told.offset_group)
    if len(films) < LEAST_FILMS:
        return np.zeros(0)
    now = np.array([present.trims.head, present.trims.tail])
    found = []
    for part in range(min(len(films), weighing.FOLDS)):
        out = np.isin(told.offset_group, films[part :: weighing.FOLDS])
        rest = replace(told, offsets=told.offsets[~out], offset_group=told.offset_group[~out])
        learned = habits.trimming(rest)
        habit = np.array([learned.head.sure, learned.tail.sure])
        gain = np.abs(told.offsets - now) - np.abs(told.offsets - habit)
        for film in films[part :: weighing.FOLDS]:
            mine = gain[told.offset_group == film]
            if not np.isnan(mine).all():
                found.append(float(np.nanmean(mine)))
    return np.array(found)


def _sure_of_trims(gains: np.ndarray) -> bool:
    """Whether films left out gain by more than chance (paired t test, one-sided)."""
    count = len(gains)
    if count < LEAST_FILMS:
        return False
    error = max(float(gains.std(ddof=1)), TRIM_CHANCE) / math.sqrt(count)
    mean = float(gains.mean())
    return mean > LEAST_TRIM and mean > T.get(count, T_USUAL) * error


def _judge_taste(told: Told, learn: Learn, present: Taste) -> Judgement:
    """Weights and lengths by the choices of films left out."""
    made = told.made
    count = int(made.sum())
    films = torch.unique(told.choices.group[made])
    if count < LEAST or not len(films):
        why = (
            f"{count} corrections are too few to tell a habit from chance:"
            f" {LEAST} or more are needed"
        )
        return Judgement(False, why, len(films), count, 0.0, 0.0, 0.5, 0.5)
    part = told.choices.group if len(films) > 1 else _parts(told)
    rows: list[_Part] = []
    for fold in preference.folds(part, weighing.FOLDS):
        if not bool((fold & made).any()) or not bool((~fold & made).any()):
            continue
        rows += _left_out(feedback.some(told, ~fold), told, fold & made, part, learn, present)
    return _verdict(told, rows, len(films), count)


def _parts(told: Told) -> Tensor:
    """(G,): the corrections of a single film dealt into PARTS."""
    return torch.arange(told.choices.count) % PARTS


def _left_out(
    seen: Told, told: Told, fold: Tensor, part: Tensor, learn: Learn, present: Taste
) -> list[_Part]:
    learned = learn(seen)
    after = _outscored(told, fold, learned.gained, learned.taste)
    before = _outscored(told, fold, _gained(present), present)
    groups = part[fold][_answerable(told, fold)]
    return [
        _Part(group, float(after[groups == group].mean()), float(before[groups == group].mean()))
        for group in torch.unique(groups).tolist()
    ]


def _gained(taste: Taste) -> Tensor:
    if not taste.mean:
        return torch.zeros(len(FEATURES)).double()
    return torch.tensor(taste.mean).double()


def _answerable(told: Told, fold: Tensor) -> Tensor:
    """(F,) bool of the fold's choices: there is an alternative beside what the editor found."""
    rows = ~told.back & fold[told.choices.choice]
    has = torch.zeros(told.choices.count, dtype=torch.bool)
    has[told.choices.choice[rows]] = True
    return has[fold]


def _outscored(told: Told, fold: Tensor, gained: Tensor, taste: Taste) -> Tensor:
    """Share of the alternatives that each answerable choice of the fold outscores by a taste."""
    return preference.accuracy(_along(told, fold, gained, taste), torch.ones(1).double())


def _along(told: Told, kept: Tensor, gained: Tensor, taste: Taste) -> Choices:
    """The kept choices by one number, what a taste makes of each row; without what was found."""
    paced = feedback.repaced(told, taste.pace, taste.spread)
    worth = (paced.difference * (told.share + gained)).sum(1, keepdim=True)
    rows = ~told.back & kept[paced.choice]
    has = torch.zeros(paced.count, dtype=torch.bool)
    has[paced.choice[rows]] = True
    number = has.long().cumsum(0) - 1
    return Choices(
        worth[rows],
        number[paced.choice[rows]],
        paced.group[has],
        paced.weight[has],
        torch.zeros(int(rows.sum()), dtype=torch.float64),
    )


def _verdict(told: Told, parts: Sequence[_Part], films: int, count: int) -> Judgement:
    if not parts:
        return Judgement(
            False, "no correction left anything to compare with", films, count, 0.0, 0.0, 0.5, 0.5
        )
    after, before = (
        np.array([getattr(one, name) for one in parts]) for name in ("after", "before")
    )
    gains, units = after - before, len(parts)
    # Below some films the spread of a few gains says little: no less than chance's own is assumed.
    error = max(float(gains.std(ddof=1)) if units > 1 else 0.0, CHANCE / math.sqrt(count / units))
    error /= math.sqrt(units)
    gain = float(gains.mean())
    low = gain - T.get(units, T_USUAL) * error
    promoted = low > 0 and gain > LEAST_GAIN
    what = "films left out" if films > 1 else "corrections left out of the one film"
    shares = f"{after.mean():.0%} of the choices (before: {before.mean():.0%})"
    if promoted:
        why = f"on {what} it foretells {shares}, and the gain is no chance"
    elif gain > LEAST_GAIN:
        why = f"on {what} it foretells {shares}, which may be chance: more corrections will tell"
    else:
        why = f"on {what} it foretells no more than before: {shares}"
    by_film = tuple(
        (told.films[one.group] if films > 1 else f"part {one.group + 1}", one.after - one.before)
        for one in parts
    )
    return Judgement(
        promoted, why, films, count, gain, low, float(after.mean()), float(before.mean()), by_film
    )


# --- no worse as a cutter -------------------------------------------------------------------------


@dataclass(frozen=True)
class Base:
    """What a taste costs by measures that are nobody's taste."""

    kept: float  # share kept of what search gains over a plain cut, by the asked style's reward:
    # told, not judged, since another taste is another reward
    jump_cut: float  # mean raw no-jump-cut term, less the present policy's
    in_window: bool  # every film hits the asked length, where the present policy's do
    held: bool
    says: str


def base_measures(stages: Sequence[Stage], taste: Taste, present: Taste, seed: int = 0) -> Base:
    """Cut a few pools by both tastes and look at what no taste excuses: films outside the asked
    length and jump cuts."""
    kept, jumps, inside = [], [], True
    for stage in stages[:BASE_FILMS]:
        plain = tuple(BASELINES["uniform"](stage, seed))
        mine, theirs = (_searched(stage, one, plain, seed) for one in (taste, present))
        scores = local.scores(stage, [plain, mine, theirs]).tolist()
        kept.append(_share(scores[1] - scores[0], scores[2] - scores[0]))
        jumps.append(_jump(stage, mine) - _jump(stage, theirs))
        low, high = stage.brief.window
        if low <= moves.frames_of(stage, theirs) <= high:
            inside &= low <= moves.frames_of(stage, mine) <= high
    share, jump = float(np.mean(kept)), float(np.mean(jumps))
    held = inside and jump >= -JUMPS
    says = (
        "as a cutter it is no worse"
        if held
        else "its films miss the asked length"
        if not inside
        else "it makes more jump cuts"
    )
    return Base(share, jump, inside, held, says)


def _searched(
    stage: Stage, taste: Taste, start: Sequence[tuple[int, int, int]], seed: int
) -> moves.Film:
    seen = dressed(stage, taste) if taste.names else stage
    return tuple(local.improve(seen, start, seed)[0])


def _share(mine: float, theirs: float) -> float:
    return max(0.0, min(1.0, mine / theirs)) if theirs > 1e-6 else 1.0


def _jump(stage: Stage, film: moves.Film) -> float:
    """Mean raw no-jump-cut term of a film's joins."""
    progress, found = stage.reward.start(1), []
    for number, cut in enumerate(film):
        progress, _, raw = stage.reward.grow(progress, *(torch.tensor([value]) for value in cut))
        if number:
            found.append(float(raw[0, CUT_TERMS.index("jump_cut")]))
    return float(np.mean(found)) if found else 0.0


def with_base(judged: Judgement, base: Base) -> Judgement:
    """The judgement once the base measures are known."""
    if judged.taste and not base.held:
        why = f"{judged.why}; but {base.says}"
        return replace(judged, promoted=judged.promoted and judged.trims, taste=False, why=why)
    return judged
