"""Turn what the editor did to films into choices over the reward's terms, to learn from.

A correction says two things: this rather than what I had, and this rather than all else that could
have stood there. The second is what parts taste from mere change: whoever corrects at random does
not choose among the alternatives, however much worse the film gets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.reward import TERMS
from editor.cutting.search import Choice
from editor.cutting.taste import MEASURES, MOST_TRIM
from editor.cutting.trims import room
from editor.film.difference import compare
from editor.learning import moves
from editor.learning.lessons import (
    FEATURES,
    Lesson,
    Paced,
    Preference,
    Verdict,
    chain,
    choices_of,
    features,
    pacing_features,
    read,
    seeing,
    share_of,
)
from editor.learning.moves import Film
from models import preference
from models.preference import Choices

HABIT = MOST_TRIM  # s: a trim of no more may be habit; a longer one is another choice
ALTERNATIVES = 24  # films beside the one that was made, a correction: more change the fit little
LEFT = 5  # the same of a cut that was left as it was; drawn twice
KEPT = 0.3  # how much a cut counts that the editor left as it was: mostly it was not looked at
VERDICT = 1.0  # how much a verdict on a cut counts, against a correction's 1
PREFERENCE = 3.0  # how much a film preferred to another counts: it was looked at whole

# What a verdict's reason speaks of. Performance is about people: no term here measures it.
REASONS: dict[str, tuple[str, ...]] = {
    "rhythm": tuple(name for name, term in TERMS.items() if term.family == "pacing"),
    "continuity": tuple(name for name, term in TERMS.items() if term.family == "continuity"),
    "content": ("movement", "faces", "speech", "novelty", "coverage", *MEASURES),
    "technical": ("sharpness", "exposure", "level_match"),
    "performance": (),
}


@dataclass(frozen=True)
class Told:
    """What feedback comes to: choices, and what the pace and the trims need beside."""

    choices: Choices  # differences over FEATURES, offsets zero
    share: Tensor  # (M, K) float64, the style's weights a row was asked under
    lengths: "Lengths"  # of the films behind the rows
    corrections: int  # changes that the editor made
    films: tuple[str, ...]  # group names, by number
    made: Tensor  # (G,) bool, corrections; the others are kept cuts, verdicts and preferences
    back: Tensor  # (M,) bool, rows against what the editor found there
    offsets: np.ndarray  # (Q, 2) float64, s: where the editor's ends lie off the cut points
    offset_group: np.ndarray  # (Q,) int64


@dataclass(frozen=True)
class Lengths:
    """Shot lengths of the films behind the rows of choices: what a change of pace needs anew."""

    films: tuple[Paced, ...]  # of each lesson; the first of them is the one that was made
    owner: tuple[int, ...]  # of each lesson, the film's group
    taken: Tensor  # (M,) int64, place among all lessons' films, one after another
    other: Tensor  # (M,) int64, the same of the film that was not taken
    cuts: Tensor  # (M,) float64, cuts of the taken film


# --- choices --------------------------------------------------------------------------------------


@dataclass
class _Rows:
    """Choices of one lesson, as films to be compared, before anything is measured."""

    films: list[Film]  # the first is the one that was made
    sets: list["_Set"]


@dataclass(frozen=True)
class _Set:
    """One choice: places in the films' list."""

    taken: int
    others: tuple[int, ...]
    weight: float
    about: tuple[str, ...] | None  # features that it speaks of; None: all
    made: bool  # a correction
    back: int  # so many of the others, the first, are what the editor found there


def told_by(
    lessons: Sequence[Lesson], preferences: Sequence[Preference] = (), seed: int = 0
) -> Told:
    """Turn all feedback into choices. Lessons without anything said or changed teach what was
    kept. The same feedback and seed give the same choices."""
    groups = sorted({one.group for one in lessons} | {one.group for one in preferences})
    parts: list[Choices] = []
    shares: list[Tensor] = []
    paced, owner = list[Paced](), list[int]()
    pairs: list[tuple[int, int]] = []
    cuts: list[Tensor] = []
    films = 0
    made, back = list[bool](), list[bool]()
    corrections = 0
    every: list[Lesson | Preference] = [*lessons, *preferences]
    for number, one in enumerate(every):
        stage = seeing(one.stage)
        random = np.random.default_rng([seed, number])
        if isinstance(one, Lesson):
            changed = compare(one.before, one.after)
            corrections += sum(change.kind != "kept" for change in changed.changes)
            rows = _lesson_rows(one, stage, random)
        else:
            rows = _preference_rows(one)
        found = _measured(rows, stage, groups.index(one.group))
        if found is None:
            continue
        parts.append(found.choices)
        shares.append(share_of(stage).expand(len(found.choices.choice), -1))
        paced.append(found.paced)
        owner.append(groups.index(one.group))
        pairs += [(films + a, films + b) for a, b in found.pairs]
        films += len(found.paced.frames)
        cuts.append(found.cuts)
        made += found.made
        back += found.back
    offsets, offset_group = _habits(lessons, groups)
    width = len(FEATURES)
    empty = preference.choices(torch.zeros(0, width), torch.zeros(0).long(), torch.zeros(0).long())
    return Told(
        choices=preference.join(parts) if parts else empty,
        share=torch.cat(shares) if shares else torch.zeros(0, width, dtype=torch.float64),
        lengths=Lengths(
            tuple(paced),
            tuple(owner),
            torch.tensor([a for a, _ in pairs], dtype=torch.int64),
            torch.tensor([b for _, b in pairs], dtype=torch.int64),
            torch.cat(cuts) if cuts else torch.zeros(0, dtype=torch.float64),
        ),
        corrections=corrections,
        films=tuple(groups),
        made=torch.tensor(made, dtype=torch.bool),
        back=torch.tensor(back, dtype=torch.bool),
        offsets=offsets,
        offset_group=offset_group,
    )


def _lesson_rows(one: Lesson, stage: Stage, random: np.random.Generator) -> _Rows:
    found = read(one)
    before, after = found.before, found.after
    rows = _Rows([after], [])
    if not after:
        return rows
    old, new = set(before), set(after)
    for at, cut in enumerate(after):
        drawn = LEFT if cut in old else ALTERNATIVES
        others = moves.replacements(stage, after, at, drawn, random)
        same = [was for was in before if was[0] == cut[0] and was not in new and _touch(was, cut)]
        if cut in old:
            _add(rows, stage, others, KEPT, None, False, random)
        elif same:  # trimmed to other cut points
            trims = moves.trims(stage, after, at)
            back = [(*after[:at], was, *after[at + 1 :]) for was in same]
            _add(rows, stage, trims, 1.0, None, True, random, back)
        else:  # chosen
            back = [(*after[:at], was, *after[at + 1 :]) for was in before if was not in new]
            _add(rows, stage, others, 1.0, None, True, random, back[:4])
    gone = [was for was in before if was not in new and not any(_touch(was, c) for c in after)]
    for was in gone[: max(0, len(before) - len(after))]:  # dropped, and nothing put in its place
        whole = _with(stage, after, was)
        others = [film for film in moves.drops(whole) if film != after]
        _add(rows, stage, others, 1.0, None, True, random, [whole])
    for verdict in one.verdicts:
        _verdict(rows, stage, before, after, verdict, random)
    return rows


def _touch(one: Choice, other: Choice) -> bool:
    return one[0] == other[0] and max(one[1], other[1]) < min(one[2], other[2])


def _with(stage: Stage, film: Film, cut: Choice) -> Film:
    """The film with a cut put where the footage's order has it."""
    rank = stage.material.rank
    at = sum((int(rank[other[0]]), other[1]) < (int(rank[cut[0]]), cut[1]) for other in film)
    return (*film[:at], cut, *film[at:])


def _add(
    rows: _Rows,
    stage: Stage,
    others: Sequence[Film],
    weight: float,
    about: tuple[str, ...] | None,
    made: bool,
    random: np.random.Generator,
    surely: Sequence[Film] = (),
    taken: Film | None = None,
) -> None:
    """One choice: the film that was made (or `taken`) against others, `surely` among them."""
    mine = rows.films[0] if taken is None else taken
    drawn = [film for film in moves.in_window(stage, others) if film != mine]
    if len(drawn) > ALTERNATIVES:
        picked = random.choice(len(drawn), ALTERNATIVES, replace=False)
        drawn = [drawn[n] for n in picked.tolist()]
    drawn = [*(film for film in surely if film and film != mine), *drawn]
    if not drawn:
        return
    at = 0
    if taken is not None:
        at = len(rows.films)
        rows.films.append(taken)
    begin = len(rows.films)
    rows.films += drawn
    numbers = tuple(range(begin, begin + len(drawn)))
    back = sum(bool(film) and film != mine for film in surely) if made else 0
    rows.sets.append(_Set(at, numbers, weight, about, made, back))


def _verdict(
    rows: _Rows,
    stage: Stage,
    before: Film,
    after: Film,
    verdict: Verdict,
    random: np.random.Generator,
) -> None:
    """A verdict as a choice between the cut and what could have stood there; over the features
    that its reason speaks of."""
    about = REASONS[verdict.reason] if verdict.reason is not None else None
    if about == ():
        return
    if verdict.cut is None:
        if verdict.good:  # every cut of an approved film was looked at
            for at in range(len(after)):
                others = moves.replacements(stage, after, at, ALTERNATIVES // 2, random)
                _add(rows, stage, others, VERDICT / 2, about, False, random)
        return
    if not 0 <= verdict.cut < len(before):
        return
    others = moves.replacements(stage, before, verdict.cut, ALTERNATIVES // 2, random)
    if verdict.good:
        _add(rows, stage, others, VERDICT, about, False, random, taken=before)
        return
    for film in moves.in_window(stage, others)[: ALTERNATIVES // 4]:  # any of these rather
        _add(rows, stage, [], VERDICT * 4 / ALTERNATIVES, about, False, random, [before], film)


def _preference_rows(one: Preference) -> _Rows:
    better = chain(choices_of(one.pool, one.better))
    worse = chain(choices_of(one.pool, one.worse))
    if not better or not worse or better == worse:
        return _Rows([], [])
    return _Rows([better, worse], [_Set(0, (1,), PREFERENCE, None, False, 0)])


@dataclass(frozen=True)
class _Measured:
    """A lesson's choices with all that Told wants of them."""

    choices: Choices
    paced: Paced
    pairs: list[tuple[int, int]]  # by row: the film that was taken, the other
    cuts: Tensor  # (M,) float64
    made: list[bool]
    back: list[bool]


def _measured(rows: _Rows, stage: Stage, group: int) -> _Measured | None:
    """Measure the films of a lesson and lay the choices out; None where there is none."""
    if not rows.sets:
        return None
    found, legal, paced = features(stage, rows.films)
    difference: list[Tensor] = []
    number, pairs, counts = list[int](), list[tuple[int, int]](), list[float]()
    back = list[bool]()
    for place, one in enumerate(rows.sets):
        # The films that the editor made or found count whatever the rules say: they are a fact.
        kept = [n for at, n in enumerate(one.others) if at < one.back or bool(legal[n])]
        kept = kept or list(one.others[:1])
        size = float(len(rows.films[one.taken]))
        each = size * (found[one.taken] - found[kept])
        if one.about is not None:
            seen = torch.tensor([name in one.about for name in FEATURES])
            each = torch.where(seen, each, torch.zeros((), dtype=torch.float64))
        difference.append(each)
        number += [place] * len(kept)
        pairs += [(one.taken, n) for n in kept]
        counts += [size] * len(kept)
        back += [n in one.others[: one.back] for n in kept]
    told = preference.choices(
        torch.cat(difference),
        torch.tensor(number),
        torch.full((len(rows.sets),), group),
        torch.tensor([one.weight for one in rows.sets], dtype=torch.float64),
    )
    made = [one.made for one in rows.sets]
    return _Measured(told, paced, pairs, torch.tensor(counts, dtype=torch.float64), made, back)


def repaced(told: Told, pace: float, spread: float) -> Choices:
    """The choices as they are under another pace: the whole-film terms of pacing measured anew."""
    places = [FEATURES.index(name) for name in ("length_fit", "rhythm")]
    lengths = told.lengths
    if not len(lengths.taken):
        return told.choices
    each = torch.cat([pacing_features(paced, pace, spread) for paced in lengths.films])
    changed = told.choices.difference.clone()
    spoken = (changed[:, places] != 0).any(1) | (changed == 0).all(1)
    fresh = (each[lengths.taken] - each[lengths.other]) * lengths.cuts[:, None]
    changed[:, places] = torch.where(spoken[:, None], fresh, changed[:, places])
    return replace(told.choices, difference=changed)


def some(told: Told, kept: Tensor) -> Told:
    """The feedback of some choices (G,) bool, with all habits of the films that they are of."""
    rows = kept[told.choices.choice]
    films = torch.unique(told.choices.group[kept]).numpy()
    ends = np.isin(told.offset_group, films)
    return replace(
        told,
        choices=told.choices.of(kept),
        share=told.share[rows],
        lengths=Lengths(
            told.lengths.films,
            told.lengths.owner,
            told.lengths.taken[rows],
            told.lengths.other[rows],
            told.lengths.cuts[rows],
        ),
        made=told.made[kept],
        back=told.back[rows],
        offsets=told.offsets[ends],
        offset_group=told.offset_group[ends],
    )


def _habits(lessons: Sequence[Lesson], groups: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Where the editor's ends lie off the cut points, in seconds (Q, 2), NaN where it
    could not well have been moved; and each one's film."""
    rows: list[tuple[float, float]] = []
    owner: list[int] = []
    for one in lessons:
        points = choices_of(one.pool, one.before, one.applied)
        for change in compare(one.before, one.after).changes:
            at = change.before_index
            if change.after is None or at is None or change.kind == "replaced" or not points[at]:
                continue
            clip, source = change.after.clip, change.after.source
            (shot, first, _), (end, _, last) = points[at][0], points[at][-1]
            head = source.first - int(one.pool.frame[shot, first])
            tail = source.stop - int(one.pool.frame[end, last])
            rate = float(clip.rate)
            if max(abs(head), abs(tail)) > HABIT * rate:
                continue
            # An end at the bound of what it may move would perhaps have gone on: it tells nothing.
            into, _ = room(one.pool, points[at], 0)
            _, out = room(one.pool, points[at], len(points[at]) - 1)
            rows.append(
                (
                    head / rate if into[0] < head < into[1] else np.nan,
                    tail / rate if out[0] < tail < out[1] else np.nan,
                )
            )
            owner.append(groups.index(one.group))
    return np.array(rows, np.float64).reshape(-1, 2), np.array(owner, np.int64)


def weights_by_name(values: Tensor) -> Mapping[str, float]:
    """A vector over FEATURES as a table."""
    return dict(zip(FEATURES, values.tolist(), strict=True))
