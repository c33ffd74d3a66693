"""Turn films and footage into a measurement of one kind, as data and as a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from editor.config import Style
from editor.cutting import agent, pool
from editor.cutting.baselines import BASELINES
from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Way
from editor.cutting.reward import CUT_TERMS
from editor.errors import EditorError
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.learning.edited import Edited, as_material
from editor.learning.finished import Finished, policy_files
from editor.measures import checked, dose, hacks, recover, rhythm, seen
from editor.measures.checked import CutList
from editor.measures.ranking import Scores, chained
from editor.progress import Advance
from models import rollout

JOINS = ("jump_cut", "motion_match", "colour_match")  # what the reward asks of two pictures

RHYTHM_SEEDS = 5  # films of each way: correlations of a dozen shots scatter

Shoot = tuple[Sequence[Clip], Mapping[str, Analysis]]  # clips, analyses by digest


class Measured(Protocol):
    """What a measurement came to."""

    def as_json(self) -> dict[str, object]:
        """All figures under their names."""

    def text(self) -> str:
        """A page for people."""


@dataclass(frozen=True)
class Question:
    """What is measured, and with what."""

    style: Style
    policy: str
    seed: int
    cache: Cache
    outputs: Path  # where what is finished of a long measurement is kept
    lengths: Path | None = None  # CSV of real films' shot lengths


def measure_recovery(question: Question, shoots: Sequence[Shoot], advance: Advance) -> Measured:
    """Are real films' cuts found again? Raises EditorError for a film without a cut list."""
    films, rewarded = [], {}
    for number, (clip, known, listed) in enumerate(_listed(shoots)):

        def told(share: float, done: int = number, name: str = clip.name) -> None:
            advance(done + share, len(shoots), name)

        views = seen.look(clip, known, listed.shots, listed.film, question.cache, told)
        films.append((listed.title, views))
        shown = [seen.visible(shot) for shot in listed.shots]
        film = as_material(clip, known, shown, listed.title, listed.film)
        rewarded[listed.title] = reward_of_joins(film, question.style)
    advance(len(shoots), len(shoots), "")
    return recover.recover(films, rewarded, question.seed)


def measure_doses(question: Question, shoots: Sequence[Shoot], advance: Advance) -> Measured:
    """Does the reward fall as a real film is spoilt? Raises EditorError as `measure_recovery`."""
    found = []
    listed = _listed(shoots)
    for number, film in enumerate(edited_films(listed)):
        advance(number, len(shoots), film.title)
        found.append(dose.respond(film, question.style, question.seed))
    advance(len(shoots), len(shoots), "")
    return dose.Table(tuple(found), question.seed)


def measure_hacks(question: Question, shoots: Sequence[Shoot], advance: Advance) -> Measured:
    """Does an absurd way to cut beat the policy, or the real edit where FOOTAGE is a film whose
    cuts were checked? Raises PolicyError for an unknown policy, EditorError for no footage."""
    cases = []
    for clips, analyses in shoots:
        name = clips[0].name if len(clips) == 1 else clips[0].path.parent.name
        one = checked.of(clips[0]) if len(clips) == 1 else None
        if one is not None and len(one.shots) >= checked.LEAST_SHOTS:
            film = edited_films([(clips[0], analyses[clips[0].digest], one)])[0]
            cases += hacks.film_cases(film, question.style, question.seed)
        else:
            offer = pool.build(clips, analyses, question.style)
            cases += hacks.footage_case(name, offer, question.style, question.seed)
    plan = {"measure": "hacks", "policy": question.policy}
    keeper = Finished.of(question.outputs, policy_files(question.policy), plan)
    return hacks.compare(cases, question.policy, _cutter(question.policy), advance, keeper)


def measure_rhythm(question: Question, shoots: Sequence[Shoot], advance: Advance) -> Measured:
    """How the lengths of the policy's cuts go, beside plain ways' and real films'."""
    films = []
    for number, (clips, analyses) in enumerate(shoots):
        advance(number, len(shoots), clips[0].name)
        one = checked.of(clips[0]) if len(clips) == 1 else None
        if one is not None:
            films.append(rhythm.real(clips[0], analyses[clips[0].digest], one, question.style))
            continue
        offer = pool.build(clips, analyses, question.style)
        for case in hacks.footage_case(clips[0].path.parent.name, offer, question.style, 0):
            stage = make_stage(case.pool, case.brief)
            ways = {question.policy: _cutter(question.policy), **_plain()}
            for name, way in ways.items():
                for seed in range(RHYTHM_SEEDS):
                    films.append(rhythm.made(name, stage, way(stage, question.seed + seed)))
    advance(len(shoots), len(shoots), "")
    passages = rhythm.passages(question.lengths, question.seed) if question.lengths else {}
    return rhythm.Table(tuple(map(rhythm.of, films)), passages, question.seed)


def _plain() -> dict[str, Way]:
    return {name: BASELINES[name] for name in ("random", "uniform", "local")}


def _cutter(name: str) -> Way:
    """A policy's cutter as a plain function of stage and seed."""
    cutter = agent.load_policy(name)
    return lambda stage, seed: [choice for choice, _ in cutter.decide(stage, seed)]


MEASURES: dict[str, Callable[[Question, Sequence[Shoot], Advance], Measured]] = {
    "recover": measure_recovery,
    "dose": measure_doses,
    "rhythm": measure_rhythm,
    "hacks": measure_hacks,
}


def measure(kind: str, question: Question, shoots: Sequence[Shoot], advance: Advance) -> Measured:
    """Measure by one of MEASURES. Raises EditorError as it does."""
    with rollout.one_thread():
        return MEASURES[kind](question, shoots, advance)


def edited_films(listed: Sequence[tuple[Clip, Analysis, CutList]]) -> list[Edited]:
    """Real films as material, by their hand-checked cuts."""
    return [as_material(clip, known, one.shots, one.title, one.film) for clip, known, one in listed]


def reward_of_joins(film: Edited, style: Style) -> Scores:
    """How well each shot follows each by the reward's own terms of a join, as the style weighs."""
    reward = film.reward(style, float(film.seconds.sum()))
    columns = [CUT_TERMS.index(name) for name in JOINS]
    every = torch.arange(len(film.edit))
    first = torch.tensor([cut[1] for cut in film.edit])
    last = torch.tensor([cut[2] for cut in film.edit])
    before, _, _ = reward.grow(reward.start(len(every)), every, first, last)
    each = (row.expand(len(every), -1) for row in (every, first, last))
    raw = reward.standardise(before, reward.cut_terms(before, *each))[..., columns]
    following = (raw * reward.cut_weight[columns]).sum(-1).double().numpy()
    return Scores(following, chained(following))


def _listed(shoots: Sequence[Shoot]) -> list[tuple[Clip, Analysis, CutList]]:
    """Each clip with its hand-checked cuts. Raises EditorError where one has none."""
    found = []
    for clips, analyses in shoots:
        for clip in clips:
            one = checked.of(clip)
            if one is None or len(one.shots) < checked.LEAST_SHOTS:
                titles = ", ".join(f"{known.title} ({known.what})" for known in checked.known())
                raise EditorError(
                    f"{clip.path}: its cuts have not been checked by hand, and a detector's are"
                    f" no truth. Checked are: {titles}."
                )
            found.append((clip, analyses[clip.digest], one))
    if not found:
        raise EditorError("Name one or more finished films whose cuts were checked by hand.")
    return found
