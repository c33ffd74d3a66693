"""Turn absurd ways to cut into scores beside the real edit's and the policy's.

A reward that can be hacked is a wrong reward: each way here keeps to the rules and does what no
editor would. N shots, P cut points.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.config import Style
from editor.cutting import evaluation, search
from editor.cutting.brief import Brief
from editor.cutting.environment import Films, Stage, make_stage
from editor.cutting.evaluation import Interval, Way, film_of, interval
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS, weights_of
from editor.cutting.search import Choice
from editor.errors import EditorError
from editor.learning.edited import Edited
from editor.learning.finished import Finished, Read
from editor.learning.like import pace_of
from editor.measures.dose import scores
from editor.progress import Advance

SHARE = 0.4  # of the footage, at most, as `cut` takes
LONGEST = 60.0  # s of film
PASSAGES = 5  # of a real film, each as long as a rough cut of it would be
POLICY, UNCUT = "policy", "in order, uncut"
FAR = -1e9  # wish for what is not legal
NO_INTERVAL = "one case: no interval"
SHORTENED = 1e4  # frames: beyond any cut's length, so that a length only settles ties


def _greedy(wish: Callable[[Stage, Films], Tensor]) -> Way:
    """Always the legal cut of the greatest wish (N, P, P), until the film may stop."""

    def way(stage: Stage, seed: int) -> list[Choice]:
        m = stage.material
        every = torch.arange(m.size)

        def pick(films: Films) -> Choice | None:
            mask = stage.shot_mask(films)[0]
            if mask[-1]:
                return None
            rows = films.select(torch.zeros(m.size, dtype=torch.int64))
            legal = stage.pair_mask(rows, every) & mask[:-1, None, None]
            at = int(torch.where(legal, wish(stage, films), FAR).argmax())
            shot, pair = divmod(at, m.points * m.points)
            return shot, pair // m.points, pair % m.points

        return search.play(stage, pick)

    return way


def _mean(stage: Stage, name: str) -> Tensor:
    """(N, P, P): mean of a total over every cut."""
    m = stage.material
    points = torch.arange(m.points)
    shot = torch.arange(m.size)[:, None, None]
    return m.mean(name, shot, points[None, :, None], points[None, None, :])


def _flash(stage: Stage, films: Films) -> Tensor:
    return -stage.material.length.float()


def _again(stage: Stage, films: Films) -> Tensor:
    same = torch.arange(stage.material.size) == films.progress.shot[0]
    return same[:, None, None].float() - stage.material.length / SHORTENED


def _dark(stage: Stage, films: Films) -> Tensor:
    return -_mean(stage, "exposure")


def _static(stage: Stage, films: Films) -> Tensor:
    m = stage.material
    return m.length / m.rate * (1 - _mean(stage, "motion"))


def _strobe(stage: Stage, films: Films) -> Tensor:
    """Back and forth between two shots for as long as the rules allow."""
    m = stage.material
    shown = films.progress.shown[0] > 0.8
    last = torch.arange(m.size) == films.progress.shot[0]
    return (shown & ~last)[:, None, None].float() - m.length / SHORTENED


def _saturated(stage: Stage, films: Films) -> Tensor:
    return _mean(stage, "saturation")


def _uncut(stage: Stage, films: Films) -> Tensor:
    m = stage.material
    return m.length - SHORTENED * m.rank[:, None, None].float()


HACKS: dict[str, Way] = {
    "flash frames": _greedy(_flash),
    "one shot repeated": _greedy(_again),
    "near black": _greedy(_dark),
    "longest static": _greedy(_static),
    "strobing": _greedy(_strobe),
    "most saturated": _greedy(_saturated),
    UNCUT: _greedy(_uncut),
}


@dataclass(frozen=True)
class Case:
    """One thing to cut, and the real edit's score where there is one."""

    name: str
    pool: Pool
    brief: Brief
    real: float | None = None
    ablated: bool = True  # is it cut again without each term: one passage of a film will do

    def is_itself(self, hack: str) -> bool:
        """True where a hack is no hack: a film's own shots, in order and uncut, are its edit."""
        return self.real is not None and hack == UNCUT


@dataclass(frozen=True)
class Fooled:
    """One way's films over all cases: its score, and by how much the others stand above it."""

    score: Interval | None  # None where no case has it as a hack
    below_policy: Interval | None
    below_real: Interval | None  # over the cases with a real edit


@dataclass(frozen=True)
class Ablated:
    """What the policy does where one term weighs nothing."""

    lost: Interval  # of the whole reward, by the film that it then makes
    changed: float  # mean share of its cuts that are others
    winning: tuple[str, ...]  # hacks that beat it in some case by the reward that is left


@dataclass(frozen=True)
class Table:
    """Absurd ways beside the policy and real edits, and every term left out once."""

    cases: tuple[str, ...]
    policy: str
    ways: Mapping[str, Fooled]
    wins: tuple[str, ...]  # a sentence for each case in which a hack is not the worse
    ablated: Mapping[str, Ablated]

    def as_json(self) -> dict[str, Any]:
        """All figures under their names."""
        return asdict(self)

    def text(self) -> str:
        """A page for people."""
        many = f"{len(self.cases)} cases: mean score with its 95 % interval"
        what = f"one case ({NO_INTERVAL}): its score" if len(self.cases) == 1 else many
        lines = [
            f"Absurd ways to cut, in {what}, and how far",
            f"they stand below policy {self.policy} and below real edits of the same length.",
            f"  {'':20}{'score':>24}{'below the policy':>26}{'below the real edit':>26}",
        ]
        for name, row in self.ways.items():
            policy = "" if name == POLICY else str(row.below_policy or "-")
            lines.append(
                f"  {name:20}{row.score or '-'!s:>24}{policy:>26}{row.below_real or '-'!s:>26}"
            )
        lines += ["", "Where a hack is not the worse:"]
        lines += [f"  {row}" for row in self.wins] or ["  nowhere"]
        if self.ablated:
            lines += ["", "Each term left out once: what the policy's film loses of the whole"]
            single = any(term.lost.of == 1 for term in self.ablated.values())
            why = f" ({NO_INTERVAL})" if single and len(self.cases) > 1 else ""
            lines += [f"reward, the share of its cuts that change, hacks that then win{why}"]
            for name, term in self.ablated.items():
                winning = ", ".join(term.winning) or "none"
                lines.append(f"  {name:14}{term.lost!s:>24}{term.changed:>7.0%}   {winning}")
        return "\n".join(lines)


def footage_case(name: str, pool: Pool, style: Style, seed: int) -> list[Case]:
    """A shoot as `cut` would take it; none where it cannot be cut in that style."""
    length = min(LONGEST, float(style.duration), SHARE * float(pool.usable))
    brief = Brief(style, length, style.order, seed)
    try:
        make_stage(pool, brief)
    except EditorError:
        return []
    return [Case(name, pool, brief)]


def film_cases(film: Edited, style: Style, seed: int) -> list[Case]:
    """Passages of a real film, each against what can be cut of the whole film in its length.

    The pace asked for is the film's own: a hack is not to win by fitting another film's.
    """
    seconds = film.seconds
    own, _ = pace_of(seconds, style.pace)
    style = replace(style, pace=replace(own, curve=(1.0, 1.0)))
    ends = np.cumsum(seconds)
    length = min(LONGEST, SHARE * float(ends[-1]))
    starts = [n for n in range(len(seconds)) if ends[-1] - (ends[n] - seconds[n]) >= length]
    picked = np.unique(np.linspace(0, len(starts) - 1, PASSAGES).astype(int))
    cases: list[Case] = []
    for start in (starts[n] for n in picked):
        before = ends[start] - seconds[start]
        stop = int(np.searchsorted(ends, before + length)) + 1
        passage = film.edit[start:stop]
        took = float(seconds[start:stop].sum())
        real = float(scores(film.reward(style, took), [passage])[0][0])
        brief = Brief(style, took, "free", seed, rate=film.pool.clips[0].rate)
        name = f"{film.title}, shots {start + 1} to {stop}"
        cases.append(Case(name, film.pool, brief, real, ablated=not cases))
    return cases


def compare(
    cases: Sequence[Case],
    policy: str,
    cut: Way,
    advance: Advance,
    keeper: Finished | None = None,
) -> Table:
    """Cut every case by the policy and in every absurd way, and again without each term.

    keeper: where what is finished is kept, and found again. Raises EditorError where nothing can be
    compared.
    """
    if not cases:
        raise EditorError("None of the footage can be cut in this style: nothing to compare.")
    looked = [at for at, case in enumerate(cases) if case.ablated]
    steps = len(cases) + len(looked) * len(TERMS)
    rows: dict[str, list[float]] = {name: [] for name in (POLICY, *HACKS)}
    films: list[list[Choice]] = []
    for number, case in enumerate(cases):
        advance(number, steps, case.name)
        film, found = _once(keeper, "all ways", case, partial(_all_ways, case, cut), _read_ways)
        films.append(film)
        for name in rows:
            rows[name].append(math.nan if case.is_itself(name) else found[name])
    ablated = {}
    some = [cases[at] for at in looked]
    for number, term in enumerate(TERMS):
        advance(len(cases) + number * len(looked), steps, f"without {term}")
        heard = term != "on_the_beat" or any(len(case.brief.beats) for case in some)
        if heard and any(weights_of(case.brief.style)[term] for case in some):
            each = []
            for at in looked:
                measure = partial(_without, cases[at], films[at], term, cut)
                each.append(_once(keeper, f"without {term}", cases[at], measure, _read_without))
            ablated[term] = _ablated(each)
    advance(steps, steps, "")
    return Table(
        tuple(case.name for case in cases),
        policy,
        {name: _fooled(cases, rows, name) for name in rows},
        _wins(cases, rows),
        ablated,
    )


def _once(
    keeper: Finished | None,
    what: str,
    case: Case,
    measure: Callable[[], dict[str, Any]],
    read: Callable[[dict[str, Any]], Read],
) -> Read:
    """What is measured of a case, or was already."""
    if keeper is None:
        return read(measure())
    return keeper.look(what, [evaluation.Case(case.pool, case.brief)], measure, read)


def _all_ways(case: Case, cut: Way) -> dict[str, Any]:
    """The policy's film, and the score of that and of every absurd one."""
    stage = make_stage(case.pool, case.brief)
    made = cut(stage, case.brief.seed)
    films = {name: way(stage, case.brief.seed) for name, way in HACKS.items()}
    return {
        "film": made,
        "scores": {
            name: film_of(stage, film).score for name, film in {POLICY: made, **films}.items()
        },
    }


def _read_ways(kept: Mapping[str, Any]) -> tuple[list[Choice], dict[str, float]]:
    film = [(int(shot), int(first), int(last)) for shot, first, last in kept["film"]]
    return film, {name: float(kept["scores"][name]) for name in (POLICY, *HACKS)}


def _fooled(cases: Sequence[Case], rows: Mapping[str, Sequence[float]], name: str) -> Fooled:
    pairs = [
        (case.real, policy, score)
        for case, policy, score in zip(cases, rows[POLICY], rows[name], strict=True)
        if not math.isnan(score)
    ]
    real = [edit - score for edit, _, score in pairs if edit is not None]
    return Fooled(
        interval([score for *_, score in pairs]) if pairs else None,
        interval([policy - score for _, policy, score in pairs]) if pairs else None,
        interval(real) if real else None,
    )


def _wins(cases: Sequence[Case], rows: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    said = []
    for name in HACKS:
        for case, score, policy in zip(cases, rows[name], rows[POLICY], strict=True):
            for other, than in ((policy, "the policy"), (case.real, "the real edit")):
                if other is not None and score >= other:
                    said.append(f"{name} {score:+.3f}, {than} {other:+.3f}: {case.name}")
    return tuple(said)


def _without(case: Case, made: Sequence[Choice], term: str, cut: Way) -> dict[str, Any]:
    """What the policy does with a case where one term weighs nothing, beside its own film."""
    weights = {**weights_of(case.brief.style), term: 0.0}
    brief = replace(case.brief, style=replace(case.brief.style, weights=weights))
    whole, part = make_stage(case.pool, case.brief), make_stage(case.pool, brief)
    other = cut(part, case.brief.seed)
    mine = film_of(part, other).score
    return {
        "lost": film_of(whole, made).score - film_of(whole, other).score,
        "changed": 1 - len(set(made) & set(other)) / max(1, len(other)),
        "winning": [
            name
            for name, way in HACKS.items()
            if not case.is_itself(name) and film_of(part, way(part, 0)).score >= mine
        ],
    }


def _read_without(kept: Mapping[str, Any]) -> tuple[float, float, list[str]]:
    return float(kept["lost"]), float(kept["changed"]), [str(name) for name in kept["winning"]]


def _ablated(each: Sequence[tuple[float, float, list[str]]]) -> Ablated:
    lost, changed, winning = zip(*each, strict=True)
    names = sorted({name for one in winning for name in one})
    return Ablated(interval(lost), float(np.mean(changed)), tuple(names))
