"""Measure whether corrections teach: simulated editors correct, and the next cut needs less.

Editors are simulated, and every figure here is a simulation's. Pools are simulated too; an editor's
unseen pools are cut by every arm, and corrected by the same editor in the same mood.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.config import Style, load_style
from editor.cutting import agent, evaluation, playing
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import watch
from editor.cutting.pool import Pool
from editor.cutting.taste import Taste, Trims, dressed
from editor.cutting.trims import Offset, offsets
from editor.errors import EditorError, StyleError
from editor.film.difference import compare
from editor.learning import (
    editors,
    feedback,
    lessons,
    promotion,
    retraining,
    training,
    weighing,
)
from editor.learning.editors import Editor
from editor.learning.lessons import Lesson
from editor.learning.moves import Film
from editor.learning.rounds_table import ARMS, Row, summary
from editor.learning.simulate import sample_world, simulate
from editor.progress import Watch
from models import cloning, preference
from models.policy import Policy
from models.rollout import Trajectories, one_thread

SHARE = 0.4  # of the usable footage that a film takes at most, as `cut` does
NEIGHBOURS = 40  # films of a pool on which preferences are asked
CLONE_PASSES, DPO_PASSES = 8, 8  # over the corrected films
CLONE_RATE, DPO_RATE = 3e-4, 1e-4  # learning rates
TRIES = 400  # pools drawn until enough can be cut


@dataclass(frozen=True)
class Plan:
    """What is measured."""

    counts: tuple[int, ...] = (0, 1, 3, 5, 10, 20)  # corrected films
    seeds: int = 5
    unseen: int = 3  # pools an editor and seed
    wrong: tuple[float, ...] = (0.0, 0.1)  # share of corrections that are any other move
    arms: tuple[str, ...] = ARMS
    network_counts: tuple[int, ...] = (10,)  # at which the arms that train a network are measured
    shots: tuple[int, int] = (10, 20)  # of a pool
    seconds: float = 24.0  # of a film
    style: str = "default"
    steps: int = 20  # of PPO
    editors: tuple[str, ...] = ()  # names; none: all
    first_seed: int = 0


@dataclass(frozen=True)
class _Case:
    """A pool with the shipped policy's rough cut."""

    pool: Pool
    stage: Stage
    rough: Film


Advance = Callable[[float, float, str], None]


def measure(
    plan: Plan, policy: Policy, advance: Advance, keep: Callable[[Row], None] = lambda row: None
) -> list[Row]:
    """Measure the plan; `keep` is told every row as it is made."""
    rows: list[Row] = []
    told = [one for one in editors.editors() if not plan.editors or one.name in plan.editors]
    total = plan.seeds * len(told) * len(plan.wrong)
    done = 0
    for seed in range(plan.first_seed, plan.first_seed + plan.seeds):
        train = _cases(plan, policy, max(plan.counts), seed, 0)
        unseen = _cases(plan, policy, plan.unseen, seed, 1)
        for editor in told:
            for wrong in plan.wrong:
                advance(done, total, f"{editor.name}, seed {seed}, {wrong:.0%} wrong")
                one = replace(editor, wrong=wrong)
                for row in _one(plan, policy, one, seed, train, unseen):
                    rows.append(row)
                    keep(row)
                done += 1
    advance(total, total, "")
    return rows


def _cases(plan: Plan, policy: Policy, count: int, seed: int, part: int) -> list[_Case]:
    """Pools that can be cut, with rough cuts by the shipped policy and its search."""
    rng = np.random.default_rng([seed, 21, part])
    style, found = load_style(plan.style), list[_Case]()
    for _ in range(TRIES):
        if len(found) == count:
            break
        pool = simulate(sample_world(rng, *plan.shots), rng)
        stage = _stage(pool, style, plan.seconds, seed)
        if stage is not None:
            found.append(_Case(pool, stage, tuple(agent.searched(policy, stage, seed))))
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


def _one(
    plan: Plan,
    policy: Policy,
    editor: Editor,
    seed: int,
    train: Sequence[_Case],
    unseen: Sequence[_Case],
) -> list[Row]:
    """All arms and counts of one editor and seed."""
    lessons = [_lesson(editor, case, seed, number) for number, case in enumerate(train)]
    judged = [_Judged.of(editor, case, seed, number) for number, case in enumerate(unseen)]
    rows: list[Row] = []

    def add(arm: str, films: int, taste: Taste, cut: Cut, promoted: bool, reward: bool) -> None:
        found = [one.measured(taste, cut(one.case), reward) for one in judged]
        mean = np.mean(np.array([[f.distance, f.corrections, f.regret] for f in found]), 0)
        right = float(np.mean([f.accuracy for f in found]))
        rows.append(
            Row(editor.name, editor.kind, seed, editor.wrong, arm, films, float(mean[0]),
                float(mean[1]), right, float(mean[2]), promoted)
        )  # fmt: skip

    add("prior", 0, Taste(), lambda case: case.rough, False, True)
    present = Taste()
    for count in (count for count in plan.counts if count):
        told = feedback.told_by(lessons[:count], seed=seed)
        learned = weighing.learn(told, seed)
        verdict = promotion.judge(told, _learner(seed, learned), present)
        if verdict.promoted:
            present = learned.taste
        taste, seen = present, lessons[:count]
        add("bradley-terry", count, taste, _by(policy, taste, seed), verdict.promoted, True)
        if count not in plan.network_counts:
            continue
        if "bradley-terry + ppo" in plan.arms:
            led = _led(plan, policy, seen, taste, seed) if taste.names else policy
            add("bradley-terry + ppo", count, taste, _by(led, taste, seed), verdict.promoted, True)
        for arm, make in (("cloning", _cloned), ("dpo", _preferred)):
            if arm in plan.arms:
                own = evaluation.own_decode(make(policy, seen, seed))
                add(arm, count, Taste(), _decoded(own, seed), True, False)
    return rows


def _learner(seed: int, learned: weighing.Learned) -> promotion.Learn:
    return lambda told: weighing.learn(told, seed, learned.measures)


Cut = Callable[[_Case], Film]


def _by(policy: Policy, taste: Taste, seed: int) -> Cut:
    """The default cutter with a taste; the rough cut itself where there is none."""

    def cut(case: _Case) -> Film:
        if not taste.names:
            return case.rough
        return tuple(agent.searched(policy, dressed(case.stage, taste), seed))

    return cut


def _decoded(way: evaluation.Way, seed: int) -> Cut:
    return lambda case: tuple(way(case.stage, seed))


# --- one editor and one pool ----------------------------------------------------------------------


def _lesson(editor: Editor, case: _Case, seed: int, number: int) -> Lesson:
    random = np.random.default_rng([seed, 31, number])
    nothing: list[Offset] = [(0, 0)] * len(case.rough)
    made = editors.correct(editor, case.stage, case.rough, random)
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
    case: _Case
    seed: int
    number: int
    worths: np.ndarray  # (B,) of films
    features: Tensor  # (B, K) float64, at the style's pace
    paced: lessons.Paced
    share: Tensor  # (K,)

    @classmethod
    def of(cls, editor: Editor, case: _Case, seed: int, number: int) -> "_Judged":
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

    def measured(self, taste: Taste, film: Film, reward: bool) -> _Found:
        """Let the editor correct a film that was cut by a taste."""
        random = np.random.default_rng([self.seed, 51, self.number])
        pool, stage = self.case.pool, self.case.stage
        lies = _laid(pool, stage, film, taste.trims)
        made = editors.correct(self.editor, stage, film, random)
        moved = editors.trimmed(
            self.editor, pool, stage, dict(zip(film, lies, strict=True)), made, random
        )
        after = editors.timeline(pool, stage, made, moved)
        changed = compare(editors.timeline(pool, stage, film, lies), after)
        apart = lessons.distance(changed)
        return _Found(
            apart / max(1, len(after.cuts)),
            apart,
            self._accuracy(taste) if reward and self.editor.kind != "random" else float("nan"),
            self._regret(film, made) if self.editor.kind != "random" else float("nan"),
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
        return float(right[differ].mean())

    def _regret(self, film: Film, made: Film) -> float:
        seen = editors.stage_of(self.editor, self.case.stage)
        mine, corrected = editors.worth(seen, [film, made])
        best = max(float(self.worths.max()), float(corrected))
        return best - float(mine) if np.isfinite(mine) else float("nan")


def _laid(pool: Pool, stage: Stage, film: Film, habit: Trims) -> list[Offset]:
    if not habit.head and not habit.tail:
        return [(0, 0)] * len(film)
    return offsets(pool, stage, film, [(habit.head, habit.tail)] * len(film))


# --- arms that train a network --------------------------------------------------------------------


def _copy(policy: Policy) -> Policy:
    with torch.random.fork_rng():
        made = Policy(policy.sizes)
    made.load_state_dict(policy.state_dict())
    return made


def _led(plan: Plan, policy: Policy, lessons: Sequence[Lesson], taste: Taste, seed: int) -> Policy:
    made = _copy(policy)
    optimizer = torch.optim.Adam(made.parameters(), lr=retraining.RATE, eps=1e-5)
    seen = [dressed(one.stage, taste) for one in lessons]
    for step in range(plan.steps):
        retraining.improve(made, policy, optimizer, seen[step % len(seen)], seed, step)
    return made


def _films(policy: Policy, one: Lesson) -> tuple[Trajectories, Trajectories] | None:
    """The corrected film and the proposed one as trajectories; None where one is not legal."""
    found = lessons.read(one)
    if not found.after or not found.before:
        return None
    _, legal = playing.play(one.stage, [found.after, found.before])
    if not bool(legal.all()) or found.after == found.before:
        return None
    watched = watch(one.stage)
    after, before = (training.teach(policy, watched, film) for film in (found.after, found.before))
    return after, before


def _cloned(policy: Policy, lessons: Sequence[Lesson], seed: int) -> Policy:
    made = _copy(policy)
    films = [pair[0] for one in lessons if (pair := _films(policy, one))]
    optimizer = torch.optim.Adam(made.parameters(), lr=CLONE_RATE)
    for _ in range(CLONE_PASSES if films else 0):
        cloning.update(made, optimizer, films)
    return made


def _preferred(policy: Policy, lessons: Sequence[Lesson], seed: int) -> Policy:
    made = _copy(policy)
    pairs = [pair for one in lessons if (pair := _films(policy, one))]
    optimizer = torch.optim.Adam(made.parameters(), lr=DPO_RATE)
    for _ in range(DPO_PASSES if pairs else 0):
        preference.dpo_update(made, policy, optimizer, pairs)
    return made


def evaluate(
    policy: str, seeds: int, wrong: Sequence[float], seed: int, watch: Watch
) -> dict[str, Any]:
    """The whole measurement of `evaluate --editors`. Raises PolicyError, StyleError."""
    if any(not 0 <= share <= 1 for share in wrong):
        raise StyleError(f"--wrong takes shares between 0 and 1, not {list(wrong)}.")
    plan = Plan(seeds=seeds, wrong=tuple(wrong), first_seed=seed)
    network = agent.load_weights(policy.removesuffix(agent.SEARCH))
    with one_thread(), watch.stage("simulated editors") as advance:
        rows = measure(plan, network, advance)
    return {
        "what": "simulated editors: none of them is a person",
        "policy": policy,
        "plan": asdict(plan),
        "editors": [asdict(editor) for editor in editors.editors()],
        "table": summary(rows),
        "rows": [asdict(row) for row in rows],
    }
