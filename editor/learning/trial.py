"""Try one simulated editor on one seed's pools: lessons, every arm's next cuts, what is left to do.

Nothing here is a person, and every figure is a simulation's. Mistakes spoil what is taught, never
what it is measured by: a film's distance is to what the editor really wants.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from editor.config import Style, load_style
from editor.cutting import agent, evaluation
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.pool import Pool
from editor.cutting.taste import Taste, Trims, dressed
from editor.cutting.trims import Offset, offsets
from editor.errors import EditorError
from editor.film.difference import compare
from editor.learning import arms, editors, feedback, lessons, promotion, weighing
from editor.learning.editors import Editor
from editor.learning.lessons import Lesson
from editor.learning.moves import Film
from editor.learning.rounds_table import ARMS, Row
from editor.learning.simulate import sample_world, simulate
from models.policy import Policy

SHARE = 0.4  # of the usable footage that a film takes at most, as `cut` does
NEIGHBOURS = 40  # films of a pool on which preferences are asked
TRIES = 400  # pools drawn until enough can be cut


@dataclass(frozen=True)
class Plan:
    """What is measured of every editor and seed."""

    counts: tuple[int, ...] = (0, 1, 3, 5, 10, 20)  # corrected films
    unseen: int = 3  # pools an editor and seed
    wrong: tuple[float, ...] = (0.0, 0.1)  # share of corrections that are any other move
    arms: tuple[str, ...] = ARMS
    network_counts: tuple[int, ...] = (10,)  # at which the arms that train a network are measured
    shots: tuple[int, int] = (10, 20)  # of a pool
    seconds: float = 24.0  # of a film
    style: str = "default"
    steps: int = 20  # of PPO


@dataclass(frozen=True)
class Case:
    """A pool with the shipped policy's rough cut."""

    pool: Pool
    stage: Stage
    rough: Film


Roughs = tuple[tuple[Film, ...], tuple[Film, ...]]  # of the pools to teach on and of the unseen


def rough_cuts(plan: Plan, policy: Policy, seed: int) -> Roughs:
    """The rough cuts by the shipped policy with its search: the same for every editor."""
    found = [
        tuple(tuple(agent.searched(policy, stage, seed)) for _, stage in _shoots(plan, seed, part))
        for part in range(2)
    ]
    return found[0], found[1]


def cases(plan: Plan, seed: int, roughs: Roughs) -> tuple[list[Case], list[Case]]:
    """The pools to teach on, and the unseen ones, with their rough cuts."""
    found = [
        [
            Case(pool, stage, film)
            for (pool, stage), film in zip(_shoots(plan, seed, part), roughs[part], strict=True)
        ]
        for part in range(2)
    ]
    return found[0], found[1]


def _shoots(plan: Plan, seed: int, part: int) -> list[tuple[Pool, Stage]]:
    """Simulated pools that can be cut."""
    count = plan.unseen if part else max(plan.counts)
    rng = np.random.default_rng([seed, 21, part])
    style, found = load_style(plan.style), list[tuple[Pool, Stage]]()
    for _ in range(TRIES):
        if len(found) == count:
            break
        pool = simulate(sample_world(rng, *plan.shots), rng)
        stage = _stage(pool, style, plan.seconds, seed)
        if stage is not None:
            found.append((pool, stage))
    return found


def _stage(pool: Pool, style: Style, seconds: float, seed: int) -> Stage | None:
    """The pool's stage, or None where it gives no film of half the length."""
    length = min(seconds, SHARE * float(pool.usable))
    if length < seconds / 2:
        return None
    try:
        return make_stage(pool, Brief(style, length, style.order, seed))
    except EditorError:
        return None


# --- every arm ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """What one arm comes to after some films, to be measured."""

    arm: str
    films: int
    wrong: float
    taste: Taste
    cuts: tuple[Film, ...]  # of the unseen pools
    promoted: bool
    reward: bool  # whether it has one


def run(
    plan: Plan,
    policy: Policy,
    editor: Editor,
    seed: int,
    taught: Sequence[Case],
    unseen: Sequence[Case],
) -> list[Row]:
    """All arms, counts and shares of mistakes of one editor and seed."""
    cutting = _Cutting(policy, unseen, seed)
    made = [_made(editor, case, seed, number) for number, case in enumerate(taught)]
    entries: list[_Entry] = []
    for wrong in plan.wrong:
        one = replace(editor, wrong=wrong)
        given = [
            _lesson(one, case, film, seed, number)
            for number, (case, film) in enumerate(zip(taught, made, strict=True))
        ]
        entries.append(_Entry("prior", 0, wrong, Taste(), cutting.by(Taste()), False, True))
        entries += _taught(plan, policy, cutting, wrong, given, seed)
    judged = [
        _Judged.of(editor, case, seed, number).all_measured(
            [(entry.cuts[number], entry.taste) for entry in entries]
        )
        for number, case in enumerate(unseen)
    ]
    rows = []
    for place, entry in enumerate(entries):
        found = [pool[place] for pool in judged]
        mean = np.mean(np.array([[f.distance, f.corrections, f.regret] for f in found]), 0)
        rights = [f.accuracy for f in found if np.isfinite(f.accuracy)]
        right = float(np.mean(rights)) if entry.reward and rights else float("nan")
        rows.append(
            Row(editor.name, editor.kind, seed, entry.wrong, entry.arm, entry.films,
                float(mean[0]), float(mean[1]), right, float(mean[2]), entry.promoted)
        )  # fmt: skip
    return rows


def _taught(
    plan: Plan,
    policy: Policy,
    cutting: "_Cutting",
    wrong: float,
    given: Sequence[Lesson],
    seed: int,
) -> list[_Entry]:
    """What the arms come to after more and more lessons: each retraining starts from the last."""
    entries: list[_Entry] = []
    present = Taste()
    for count in (count for count in plan.counts if count):
        seen = given[:count]
        told = feedback.told_by(seen, seed=seed)
        learned = weighing.learn(told, seed)
        verdict = promotion.judge(told, _learner(seed, learned), present)
        if verdict.promoted:
            present = promotion.promoted(learned.taste, present, verdict)
        cuts, said = cutting.by(present), verdict.promoted
        entries.append(_Entry("bradley-terry", count, wrong, present, cuts, said, True))
        if count not in plan.network_counts:
            continue
        if "bradley-terry + ppo" in plan.arms:
            if present.names:
                cuts = cutting.by(present, arms.led(policy, seen, present, seed, plan.steps))
            entries.append(_Entry("bradley-terry + ppo", count, wrong, present, cuts, said, True))
        for arm, make in (("cloning", arms.cloned), ("dpo", arms.preferred)):
            if arm in plan.arms:
                cuts = cutting.decoded(make(policy, seen))
                entries.append(_Entry(arm, count, wrong, Taste(), cuts, True, False))
    return entries


def _learner(seed: int, learned: weighing.Learned) -> promotion.Learn:
    return lambda told: weighing.learn(told, seed, learned.measures, members=0)


@dataclass
class _Cutting:
    """Cuts of the unseen pools by the default cutter, each taste's made once."""

    policy: Policy
    unseen: Sequence[Case]
    seed: int

    def __post_init__(self) -> None:
        self._known: dict[Taste, tuple[Film, ...]] = {Taste(): tuple(c.rough for c in self.unseen)}

    def by(self, taste: Taste, led: Policy | None = None) -> tuple[Film, ...]:
        """By a taste, with the shipped network or one that was led after it."""
        taste = replace(taste, trims=Trims())  # which only move what is chosen
        if led is None and taste in self._known:
            return self._known[taste]
        found = tuple(
            tuple(agent.searched(led or self.policy, dressed(case.stage, taste), self.seed))
            if taste.names
            else case.rough
            for case in self.unseen
        )
        if led is None:
            self._known[taste] = found
        return found

    def decoded(self, policy: Policy) -> tuple[Film, ...]:
        """By a network's own decode."""
        way = evaluation.own_decode(policy)
        return tuple(tuple(way(case.stage, self.seed)) for case in self.unseen)


# --- one editor and one pool ----------------------------------------------------------------------


def _made(editor: Editor, case: Case, seed: int, number: int) -> Film:
    """What the editor makes of a rough cut, without any mistake."""
    random = np.random.default_rng([seed, 31, number])
    return editors.correct(replace(editor, wrong=0.0), case.stage, case.rough, random)


def _lesson(editor: Editor, case: Case, made: Film, seed: int, number: int) -> Lesson:
    random = np.random.default_rng([seed, 32, number])
    nothing: list[Offset] = [(0, 0)] * len(case.rough)
    seen = editors.stage_of(editor, case.stage)
    made = editors.with_mistakes(editor, seen, case.rough, made, random)
    lies = dict(zip(case.rough, nothing, strict=True))
    moved = editors.trimmed(editor, case.pool, case.stage, lies, made, random)
    before = editors.timeline(case.pool, case.stage, case.rough, nothing)
    after = editors.timeline(case.pool, case.stage, made, moved)
    return Lesson(f"film {number}", f"film {number}", case.pool, case.stage, before, after)


@dataclass(frozen=True)
class _Found:
    distance: float
    corrections: float
    accuracy: float
    regret: float


@dataclass(frozen=True)
class _Judged:
    """An unseen pool with what the editor thinks of some of its films."""

    editor: Editor
    case: Case
    seed: int
    number: int
    worths: np.ndarray  # (B,) of films
    features: Tensor  # (B, K) float64, at the style's pace
    paced: lessons.Paced
    share: Tensor  # (K,)

    @classmethod
    def of(cls, editor: Editor, case: Case, seed: int, number: int) -> "_Judged":
        random = np.random.default_rng([seed, 41, number])
        seen = editors.stage_of(editor, case.stage)
        good = editors.correct(editor, case.stage, case.rough, random)
        films = [case.rough, good]
        while len(films) < NEIGHBOURS:
            film = films[len(films) % 2]
            for _ in range(int(random.integers(1, 4))):
                film = editors.thought(seen, film, random)
            films.append(film if film else case.rough)
        worths = editors.worth(seen, films)
        films = [film for film, worth in zip(films, worths, strict=True) if np.isfinite(worth)]
        plain = lessons.seeing(case.stage)
        features, _, paced = lessons.features(plain, films)
        share = lessons.share_of(plain)
        worths = worths[np.isfinite(worths)]
        return cls(editor, case, seed, number, worths, features, paced, share)

    def all_measured(self, cuts: Sequence[tuple[Film, Taste]]) -> list[_Found]:
        """Let the editor correct films that were cut by tastes: all at once, each film once."""
        films = list(dict.fromkeys(film for film, _ in cuts))
        randoms = [np.random.default_rng([self.seed, 51, self.number]) for _ in films]
        made = editors.correct_all(self.editor, self.case.stage, films, randoms)
        wanted = dict(zip(films, zip(made, randoms, strict=True), strict=True))
        known: dict[tuple[Film, Taste], _Found] = {}
        for film, taste in cuts:
            if (film, taste) not in known:
                known[film, taste] = self._measured(film, taste, *wanted[film])
        return [known[one] for one in cuts]

    def _measured(
        self, film: Film, taste: Taste, made: Film, random: np.random.Generator
    ) -> _Found:
        pool, stage = self.case.pool, self.case.stage
        lies = laid(pool, stage, film, taste.trims)
        moved = editors.trimmed(
            self.editor, pool, stage, dict(zip(film, lies, strict=True)), made, _again(random)
        )
        after = editors.timeline(pool, stage, made, moved)
        apart = lessons.distance(compare(editors.timeline(pool, stage, film, lies), after))
        judges = self.editor.kind != "random"
        return _Found(
            apart / max(1, len(after.cuts)),
            apart,
            self._accuracy(taste) if judges else float("nan"),
            self._regret(film, made) if judges else float("nan"),
        )

    def _accuracy(self, taste: Taste) -> float:
        seen = self.features.clone()
        at = [lessons.FEATURES.index(name) for name in ("length_fit", "rhythm")]
        seen[:, at] = lessons.pacing_features(self.paced, taste.pace, taste.spread)
        gained = torch.tensor(taste.mean).double() if taste.mean else torch.zeros_like(self.share)
        told = (seen @ (self.share + gained)).numpy()
        one, other = np.triu_indices(len(told), 1)
        differ = np.abs(self.worths[one] - self.worths[other]) > 1e-6
        right = np.sign(told[one] - told[other]) == np.sign(self.worths[one] - self.worths[other])
        return float(right[differ].mean()) if differ.any() else float("nan")

    def _regret(self, film: Film, made: Film) -> float:
        seen = editors.stage_of(self.editor, self.case.stage)
        mine, corrected = editors.worth(seen, [film, made])
        best = max(float(self.worths.max()), float(corrected))
        return best - float(mine) if np.isfinite(mine) else float("nan")


def _again(random: np.random.Generator) -> np.random.Generator:
    """A generator at the same place: whoever measures a film twice hears the same."""
    made = np.random.default_rng()
    made.bit_generator.state = random.bit_generator.state
    return made


def laid(pool: Pool, stage: Stage, film: Film, habit: Trims) -> list[Offset]:
    """Where a film's ends lie off the cut points under a habit of trimming."""
    if not habit.head and not habit.tail:
        return [(0, 0)] * len(film)
    return offsets(pool, stage, film, [(habit.head, habit.tail)] * len(film))
