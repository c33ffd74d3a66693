"""Tell an editor what was learned from them, in words and as a picture, and what is doubtful."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS
from editor.cutting.taste import MEASURES
from editor.film.timeline import Timeline
from editor.learning import lessons
from editor.learning.feedback import Told
from editor.learning.habits import PACES, Habit
from editor.learning.lessons import FEATURES
from editor.learning.promotion import Judgement
from editor.learning.weighing import Learned

SAID = 4  # tastes that are said: more is not read
CLEAR = 1.0  # standard deviations from which a change of weight is said
TELLING = 0.01  # share of all weights; a smaller change is not heard in a film
FEW = 3  # films below which weights are not to be trusted


@dataclass(frozen=True)
class Words:
    """What was learned, for people."""

    learned: tuple[str, ...]
    unsure: tuple[str, ...]
    cannot: tuple[str, ...]  # what so little feedback cannot tell yet
    seems: tuple[str, ...] = ()  # what was learned and does not cut: films left out spoke against


def words(told: Told, found: Learned, judged: Judgement) -> Words:
    """Say what was learned, what is doubtful and what cannot be learned yet."""
    parts = (
        (judged.taste or judged.lengths, _pace(found)),
        (judged.trims, _trims(found)),
        (judged.taste, _tastes(found)),
    )
    said = [line for cuts, lines in parts if cuts and judged.promoted for line in lines]
    seems = [line for cuts, lines in parts if not (cuts and judged.promoted) for line in lines]
    unsure = _doubts(found)
    cannot = []
    films = len(told.films)
    if not told.corrections:
        cannot.append("nothing was corrected: what you left as it was teaches little by itself")
    if films < FEW:
        cannot.append(
            f"from {films} film{'s' if films != 1 else ''} only lengths and weights can move, and"
            " not far: taste and the matter of a film cannot be told apart yet"
        )
    if not found.measures:
        cannot.append(
            "colour, loudness, closeness and returns to a set-up are not weighed: they did not"
            " help to foretell films left out"
        )
    if min(found.trimming.head.count, found.trimming.tail.count) < 8:
        cannot.append("too few cuts could have been trimmed freely to tell a habit of trimming")
    return Words(
        tuple(said) or (() if seems else ("nothing that is surer than chance",)),
        tuple(unsure),
        tuple(cannot),
        tuple(seems),
    )


def _pace(found: Learned) -> list[str]:
    factor = found.taste.pace
    if abs(factor - 1) < 0.03:
        return []
    longer = "longer" if factor > 1 else "shorter"
    return [f"you cut {abs(factor - 1):.0%} {longer} than the style asks (median shot)"]


def _trims(found: Learned) -> list[str]:
    said = []
    for habit, what, taken in (
        (found.trimming.head, "in", found.taste.trims.head),
        (found.trimming.tail, "out", found.taste.trims.tail),
    ):
        if taken:
            when = "later" if taken > 0 else "earlier"
            frames = abs(habit.mean) * 25
            said.append(
                f"you cut {what} {frames:.0f} frames {when} than I did"
                f" ({abs(habit.mean):.2f} s, over {habit.count} cuts)"
            )
    return said


def _named(name: str) -> str:
    return TERMS[name].words if name in TERMS else MEASURES[name].words


def _tastes(found: Learned) -> list[str]:
    gained, doubt = found.gained.numpy(), found.doubt.numpy().clip(1e-9)
    order = np.argsort(-np.abs(gained) / doubt)
    said: list[str] = []
    for at in order.tolist():
        clear = abs(gained[at]) >= CLEAR * doubt[at] and abs(gained[at]) >= TELLING
        if clear and len(said) < SAID:
            more = "more" if gained[at] > 0 else "less"
            said.append(f"you care {more} about {_named(FEATURES[at])}")
    return said


def _doubts(found: Learned) -> list[str]:
    said: list[str] = []
    doubt = found.doubt.numpy()
    for at in np.argsort(-doubt)[:3].tolist():
        if doubt[at] > abs(float(found.gained[at])) and doubt[at] > TELLING:
            said.append(f"how much {_named(FEATURES[at])} matters to you")
    if found.pacing.log_pace.sd > 0.2:
        said.append("whether you want other shot lengths than the style's")
    for habit, what in ((found.trimming.head, "in"), (found.trimming.tail, "out")):
        if habit.mean and not habit.sure:
            said.append(f"whether you trim {what} points by habit")
    return said


# --- what to ask next -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A version that could be compared with another of the same footage."""

    title: str
    group: str  # only versions that share it are compared
    pool: Pool
    stage: Stage
    timeline: Timeline


def ask_next(found: Learned, shown: Sequence[Shown]) -> tuple[str, str] | None:
    """The two versions about which the ensemble is most divided: to know which is preferred would
    teach most (query by committee: Seung, Opper and Sompolinsky 1992). None where no two differ."""
    rows: list[tuple[Shown, Tensor]] = []
    for one in shown:
        stage = lessons.seeing(one.stage)
        film = lessons.chain(lessons.choices_of(one.pool, one.timeline, found.taste.trims))
        if film:
            rows.append((one, lessons.features(stage, [film])[0][0]))
    share = {one.title: lessons.share_of(lessons.seeing(one.stage)) for one, _ in rows}
    members = torch.tensor(found.taste.members).double()  # (E, K)
    best: tuple[float, tuple[str, str]] | None = None
    for (one, features), (other, others) in combinations(rows, 2):
        if one.group != other.group or bool((features - others).abs().max() < 1e-6):
            continue
        apart = (share[one.title] + members) @ (features - others)  # (E,)
        divided = min(float((apart > 0).double().mean()), float((apart < 0).double().mean()))
        worth = divided + 0.1 * float(apart.std() / (apart.abs().mean() + 1e-9))
        if best is None or worth > best[0]:
            best = worth, (one.title, other.title)
    return best[1] if best else None


# --- a picture ------------------------------------------------------------------------------------


def draw(found: Learned, said: Words, path: Path) -> None:
    """Draw what was learned: weights with their doubt, pace, trims."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    names = [_named(name) for name in FEATURES]
    gained, doubt = 100 * found.gained.numpy(), 100 * found.doubt.numpy()
    rows = np.arange(len(names))[::-1]
    sure = np.abs(gained) >= CLEAR * doubt
    for at, row in enumerate(rows):
        colour = "#1f6f8b" if sure[at] else "#b8b8b8"
        left.errorbar(gained[at], row, xerr=doubt[at], fmt="o", color=colour, capsize=3)
    left.axvline(0, color="#444444", linewidth=0.8)
    left.set_yticks(rows, names)
    left.set_xlabel("weight gained, % of all weights (bars: standard deviation of the doubt)")
    left.set_title("What you care about, against the style", loc="left")
    right.plot(PACES, found.pacing.odds, marker="o", color="#1f6f8b")
    right.axvline(1, color="#444444", linewidth=0.8)
    right.set_xscale("log")
    right.minorticks_off()
    right.set_xticks([0.4, 0.6, 1.0, 1.6, 2.5], ["0.4", "0.6", "1", "1.6", "2.5"])
    right.set_xlabel("median shot length against the style's")
    right.set_ylabel("how likely")
    right.set_title(_trim_title(found.trimming.head, found.trimming.tail), loc="left", fontsize=10)
    figure.suptitle("; ".join((said.learned or said.seems)[:3]), x=0.01, ha="left", fontsize=11)
    figure.savefig(path, dpi=110)


def _trim_title(head: Habit, tail: Habit) -> str:
    ends = [f"{habit.mean:+.2f} ± {habit.sd:.2f} s" for habit in (head, tail)]
    return f"Pace\ntrims: in {ends[0]}, out {ends[1]}"
