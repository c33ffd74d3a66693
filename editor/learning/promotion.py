"""Say whether what was learned may cut: better on films it did not see, and no worse as a cutter.

Better is a larger share of the alternatives that the editor's choices outscore: taste's direction,
not its loudness. What the editor took away is not among the alternatives here, or whoever only
spoils films would teach to spoil them. Weights are judged by choices, habits of length and of
trimming by the lengths and the ends of films left out: each may cut without the others.
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
from editor.learning import feedback, holding, moves, weighing
from editor.learning.feedback import Told
from editor.learning.lessons import FEATURES
from models import preference
from models.preference import Choices

PARTS = 3  # of a single film's corrections, left out in turn
LEAST = 6  # corrections below which nothing is promoted
LEAST_GAIN = 0.02  # share of alternatives: less is not worth a change
CHANCE = 0.3  # sd of one correction's gain by chance: shares lie between 0 and 1
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
    lengths: bool = True  # lengths are, with the weights or without
    trims: bool = True  # trims are
    nearer: float = 0.0  # s an end by which films left out are met better with the habit

    @property
    def habits(self) -> bool:
        """Whether a habit is promoted, of lengths or of trims."""
        return self.lengths or self.trims


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
    judged, longer = _judge_taste(told, learn, present)
    nearer = holding.trim_gains(told, present)
    judged = replace(
        judged,
        taste=judged.promoted,
        lengths=holding.sure(longer, holding.LEAST_LENGTH, holding.LENGTH_CHANCE),
        trims=holding.sure(nearer, holding.LEAST_TRIM, holding.TRIM_CHANCE),
        nearer=float(nearer.mean()) if len(nearer) else 0.0,
    )
    why = [f"the weights wait: {judged.why}" if judged.habits else judged.why]
    if judged.taste:
        why = [judged.why]
    if judged.lengths:
        why.insert(0, "films left out have the shot lengths that it learned")
    if judged.trims:
        why.insert(0, f"their ends lie {1000 * judged.nearer:.0f} ms nearer to its trims")
    return replace(judged, promoted=judged.taste or judged.habits, why="; ".join(why))


def promoted(learned: Taste, present: Taste, judged: Judgement) -> Taste:
    """What cuts from now on: of what was learned, the parts that passed."""
    taste = learned if judged.taste else present
    if judged.lengths and not judged.taste:
        if not taste.names:
            nothing = (0.0,) * len(FEATURES)
            taste = Taste(names=FEATURES, mean=nothing, reference=nothing)
        taste = replace(taste, pace=learned.pace, spread=learned.spread)
    return replace(taste, trims=learned.trims if judged.trims else present.trims)


def _judge_taste(told: Told, learn: Learn, present: Taste) -> tuple[Judgement, np.ndarray]:
    """Weights and lengths by the choices of films left out; and by how much the lengths of each of
    those films fit what was learned better (F,)."""
    made = told.made
    count = int(made.sum())
    films = torch.unique(told.choices.group[made])
    if count < LEAST or not len(films):
        why = (
            f"{count} corrections are too few to tell a habit from chance:"
            f" {LEAST} or more are needed"
        )
        return Judgement(False, why, len(films), count, 0.0, 0.0, 0.5, 0.5), np.zeros(0)
    part = told.choices.group if len(films) > 1 else _parts(told)
    rows: list[_Part] = []
    longer: list[float] = []
    for fold in preference.folds(part, weighing.FOLDS):
        if not bool((fold & made).any()) or not bool((~fold & made).any()):
            continue
        learned = learn(feedback.some(told, ~fold))
        rows += _left_out(told, fold & made, part, learned, present)
        if len(films) > 1:
            longer += [
                holding.length_gain(told, group, learned.taste, present)
                for group in torch.unique(part[fold & made]).tolist()
            ]
    return _verdict(told, rows, len(films), count), np.array(longer)


def _parts(told: Told) -> Tensor:
    """(G,): the corrections of a single film dealt into PARTS."""
    return torch.arange(told.choices.count) % PARTS


def _left_out(
    told: Told, fold: Tensor, part: Tensor, learned: weighing.Learned, present: Taste
) -> list[_Part]:
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
    low = gain - holding.T.get(units, holding.T_USUAL) * error
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
    if (judged.taste or judged.lengths) and not base.held:
        why = f"{judged.why}; but {base.says}"
        return replace(
            judged, promoted=judged.promoted and judged.trims, taste=False, lengths=False, why=why
        )
    return judged
