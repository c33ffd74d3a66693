"""Tell the story: footage in, looked at, cut, rendered, and a version folder out."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editor import exchange, looking, report
from editor.config import Config
from editor.cutting import agent, kept, learned, pool
from editor.cutting.agent import Cutter, Decision
from editor.cutting.brief import Brief
from editor.cutting.pool import LeftOut, Pool, Wish
from editor.cutting.reward import weights_of
from editor.cutting.unchosen import unchosen
from editor.errors import TooShortError
from editor.film import conform, saved
from editor.film.export.carried import Written
from editor.film.marks import Mark, Marks
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Music, Timeline
from editor.footage.cache import Cache
from editor.looking import Looked, Stages, Wishes
from editor.progress import Watch
from editor.report import Made
from editor.versions import Draft, Version, check_name, drafting, make_outputs, writing_to
from models import backbone

if TYPE_CHECKING:
    from editor.film.render import RenderReport
    from editor.learning.examination import Examination
    from editor.learning.like import Liking
    from editor.learning.training import Trained, Training
    from editor.measures.suite import Measured

FILMS_LIKE = 5  # films cut where one is to be like another: a dozen shots' pace is much chance


@dataclass(frozen=True)
class Decided:
    """What the policy made of it."""

    offer: Pool
    decision: Decision
    timeline: Timeline
    asked: float  # s
    length: str  # which length was chosen, and why


@dataclass(frozen=True)
class Carried:
    """What a cut takes over from the version that is cut again."""

    parent: str  # its title
    marks: Marks
    notes: tuple[str, ...] = ()  # what an editor has to know of the way from one to the other


def cut(config: Config, watch: Watch, carried: Carried | None = None) -> Made:
    """Make a new version from footage. Raises EditorError for all that an editor can mend."""
    check_name(config.name)
    stages = Stages(watch)
    with drafting(config.outputs, config.name) as draft:
        cache = Cache(config.cache)
        cutter, beats = _ready(config, cache, stages)
        liking = _taking_after(config, cache, draft.folder, stages)
        if liking is not None:
            config = taking_on(config, liking)
        looked = looking.look(config, cache, stages)
        decided = _decide(config, looked, cutter, beats, stages)
        made = Made(
            version=draft.expected(),
            config=config,
            policy=cutter.name,
            backbone=config.backbone or backbone.DEFAULT,
            timeline=decided.timeline,
            score=decided.decision.score,
            film_terms=decided.decision.film_terms,
            said=(
                *(carried.notes if carried else ()),
                *decided.offer.notes,
                *decided.decision.notes,
                *agent.cut_short(config.duration, decided.asked, decided.timeline),
            ),
            clips=looked.clips,
            usable=decided.offer.usable,
            asked=decided.asked,
            length=decided.length,
            left_out=decided.offer.left_out,
            unchosen=unchosen(decided.offer, decided.timeline),
            skipped=looked.skipped,
            rendered=None,
            seconds=stages.seconds,
            shots=decided.offer.size,
            evidence=liking.evidence if liking else (),
        )
        return _publish(made, looked, draft, stages, carried)


def _marks(wishes: Wishes) -> Marks:
    """What was asked of which footage, so that a review shows it and can take it back."""

    def marked(asked: tuple[Wish, ...]) -> tuple[Mark, ...]:
        return tuple(Mark(wish.clip, wish.span) for wish in asked)

    return Marks(bans=marked(wishes.ban), musts=marked(wishes.must))


def _publish(
    made: Made, looked: Looked, draft: Draft, stages: Stages, carried: Carried | None
) -> Made:
    """Write the timeline, then what takes longer, and give the version its number."""
    edit = Edit(
        made.timeline,
        "cut",
        parent=carried.parent if carried else None,
        asked=report.settings(made),
        notes=made.said,
        selects=_selects(made.unchosen),
        marks=carried.marks if carried else _marks(looked.wishes),
    )
    with stages.run("cutting", "timeline"):
        saved.write(edit, draft.folder)
        exchange.standard(edit, made.version, draft.folder)
    rendered = _render(made.config, looked, made.timeline, draft.folder, stages)
    expected, made = made.version, replace(made, rendered=rendered)
    exports: list[Written] = []

    def seal(version: Version) -> None:
        formats = made.config.exports
        if formats or version != expected:  # the timeline is called by the number it is given
            exports.extend(exchange.beside(edit, version, formats, draft.folder))
        whole = replace(made, version=version, exports=tuple(exports))
        report.write(whole, draft.folder)

    version = draft.publish(seal)
    return replace(made, version=version, exports=tuple(exports))


def _selects(unchosen: tuple[LeftOut, ...]) -> tuple[Alternative, ...]:
    """What was on offer and is nowhere in the film, as an editor may still want it."""
    return tuple(
        Alternative(left.clip, left.span, left.clip.name, left.reason) for left in unchosen
    )


def analyze(config: Config, watch: Watch) -> Looked:
    """Do all up to the analysis, and leave it in the cache."""
    stages = Stages(watch)
    with writing_to(config.outputs):
        cache = Cache(config.cache)
        looking.check_detector(config.style.detector)
        looking.check_backbone(config)
        return looking.look(config, cache, stages)


def train(config: Config, training: "Training", watch: Watch) -> "Trained":
    """Train a policy on simulated footage, and on the config's, each of its paths one shoot."""
    from editor.learning import training as learning  # a cut has no need of it

    stages = Stages(watch)
    shoots = _shoots(config, stages)
    training = replace(
        training,
        footage=tuple(pool.build(one.clips, one.analyses, config.style) for one in shoots),
        names=tuple(clip.name for one in shoots for clip in one.clips),
    )
    with writing_to(training.folder), stages.run("training") as advance:
        return learning.train(training, advance)


def evaluate(
    config: Config,
    asked: "Examination",
    watch: Watch,
    compared: Callable[[Mapping[str, Any]], None],
) -> dict[str, Any]:
    """Measure a policy on simulated pools and on each of the config's paths as one shoot.

    compared: is told of the cutters' films before the policy is looked into, which takes as long.
    """
    from editor.learning import examination

    stages = Stages(watch)
    make_outputs(config.outputs)  # before hours of measuring
    pools = [pool.build(one.clips, one.analyses, config.style) for one in _shoots(config, stages)]
    with writing_to(config.outputs), stages.run("evaluating", "cutters") as advance:
        ready = examination.prepare(asked, pools, config.outputs)
        found = examination.compare_cutters(ready, advance)
    compared(found)
    with writing_to(config.outputs), stages.run("evaluating", "looks into") as advance:
        return found | examination.look_into(ready, advance)


def measure(config: Config, kind: str, lengths: Path | None, watch: Watch) -> "Measured":
    """Measure films and footage by what the reward does not contain: one of suite.MEASURES."""
    from editor.measures import suite

    stages = Stages(watch)
    make_outputs(config.outputs)  # before hours of measuring
    shoots = [(one.clips, one.analyses) for one in _shoots(config, stages)]
    question = suite.Question(
        style=config.style,
        policy=config.policy or agent.DEFAULT,
        seed=config.seed,
        cache=Cache(config.cache),
        outputs=config.outputs,
        lengths=lengths,
    )
    with writing_to(config.outputs), stages.run("measuring") as advance:
        return suite.measure(kind, question, shoots, advance)


def measure_likeness(config: Config, films: Sequence[Path], seeds: int, watch: Watch) -> "Measured":
    """Cut each shoot in the config's style and like each of the finished films, and measure how
    near the lengths of their shots lie to the finished film's."""
    from editor.learning import like
    from editor.learning.finished import Finished, policy_files, pool_digest
    from editor.measures import likeness

    stages, cache = Stages(watch), Cache(config.cache)
    cutter, beats = _ready(config, cache, stages)
    make_outputs(config.outputs)
    with writing_to(config.outputs), stages.run("analysis", "styles") as advance:
        asked = looking.settings(config)
        likings = [like.read(film, config.style, asked, cache, advance) for film in films]
    shoots = _shoots(config, stages)
    offers = [pool.build(one.clips, one.analyses, config.style) for one in shoots]
    digests, folder = [pool_digest(offer) for offer in offers], config.outputs / learned.POLICIES
    policy = agent.named(config.policy, config.search, folder)
    plan = {"measure": "likeness", "policy": policy, "beats": beats.tolist()}
    plan |= {"films": FILMS_LIKE, "nearness": like.NEARNESS}
    keeper = Finished.of(config.outputs, policy_files(policy, folder), plan)

    def made(at: int, liking: "Liking | None", turn: int) -> np.ndarray:
        shoot = replace(config, footage=(config.footage[at],), seed=config.seed + turn)
        one = taking_on(shoot, liking) if liking else shoot

        def decide() -> dict[str, Any]:
            return {"lengths": _decided(one, shoots[at], cutter, beats).timeline.lengths}

        return keeper.part(f"{one!r}\n{digests[at]}", decide, likeness.lengths)

    with writing_to(config.outputs), stages.run("measuring") as advance:
        names = [path.name for path in config.footage]
        references = list(zip([film.name for film in films], likings, strict=True))
        rows = likeness.compare(names, references, seeds, made, advance)
    return likeness.Table(config.style.name, rows, config.seed)


def _shoots(config: Config, stages: Stages) -> list[Looked]:
    """Each path of the footage, looked at by itself."""
    with writing_to(config.outputs):
        cache = Cache(config.cache)
        each = (replace(config, footage=(shoot,)) for shoot in config.footage)
        return [looking.look(one, cache, stages) for one in each]


# --- the cheap checks, before hours of analysis ---------------------------------------------------


def _ready(config: Config, cache: Cache, stages: Stages) -> tuple[Cutter, np.ndarray]:
    """The policy that will cut, and the music's beats in seconds."""
    with stages.run("cutting", "policy"):
        weights_of(config.style)
        looking.check_detector(config.style.detector)
        looking.check_backbone(config)
        policies = config.outputs / learned.POLICIES
        cutter = agent.load_policy(agent.named(config.policy, config.search, policies), policies)
    if config.music is None:
        return cutter, np.zeros(0)
    with stages.run("cutting", "music"):
        return cutter, looking.beats(config.music, cache)


def _taking_after(config: Config, cache: Cache, folder: Path, stages: Stages) -> "Liking | None":
    """The style of the film that the cut shall be like, also written into the version's folder, for
    --style; None where no such film is named."""
    if config.like is None:
        return None
    from editor.learning import like

    with stages.run("analysis", "style") as advance:
        liking = like.read(config.like, config.style, looking.settings(config), cache, advance)
        (folder / "style.toml").write_text(like.toml(liking), encoding="utf-8")
    return liking


def taking_on(config: Config, liking: "Liking") -> Config:
    """The config, with the style and the shot lengths of a finished film."""
    lengths = tuple(round(second, 4) for second in liking.seconds.tolist())
    return replace(config, style=liking.style, like_lengths=lengths)


# --- the stages -----------------------------------------------------------------------------------


def _decide(
    config: Config,
    looked: Looked,
    cutter: Cutter,
    beats: np.ndarray,
    stages: Stages,
) -> Decided:
    """Let the policy cut, to the asked length; where none is asked and the usual is shorter than
    any film of the footage, to the shortest that there is."""
    with stages.run("cutting"):
        return _decided(config, looked, cutter, beats)


def _decided(config: Config, looked: Looked, cutter: Cutter, beats: np.ndarray) -> Decided:
    """As `_decide`."""
    wishes, style = looked.wishes, config.style
    offer = kept.build(
        looked.clips,
        looked.analyses,
        style,
        looking.settings(config),
        Cache(config.cache),
        only=wishes.only,
        ban=wishes.ban,
        must=wishes.must,
    )
    agent.check_shots(offer)
    task = _Task(config, looked, offer, cutter, beats)
    try:
        return _cut_to(task, *agent.length(offer, style, config.duration))
    except TooShortError as err:
        if config.duration is not None:
            raise
        said = f"the shortest film of this footage in style {style.name}"
        return _cut_to(task, err.shortest, f"{err.shortest:g} s, {said}")


@dataclass(frozen=True)
class _Task:
    """All that a film is decided from, but its length."""

    config: Config
    looked: Looked
    offer: Pool
    cutter: Cutter
    beats: np.ndarray  # (M,) float64, film seconds


def _cut_to(task: _Task, asked: float, length: str) -> Decided:
    """Decide a film of a length in seconds. Where it is to be like another: FILMS_LIKE, each with
    its trims mended to that end, and of them the one whose shots are paced most like its.

    Raises TooShortError where none is so short.
    """
    config, offer, style = task.config, task.offer, task.config.style
    rate, size = conform.conform(task.looked.clips, config.rate, config.size)
    # In free order such a film could not be proven to be there: it keeps to the usual window.
    longest = style.order == "recorded" and asked < (config.duration or 0)
    brief = Brief(style, asked, style.order, config.seed, task.beats, rate, longest)
    music = Music(Path(os.path.abspath(config.music))) if config.music else None

    def decided(cutter: Cutter, seed: int) -> Decided:
        decision = agent.cut(offer, replace(brief, seed=seed), cutter)
        timeline = agent.assemble(offer, decision, rate, size, music, style.fit)
        return Decided(offer, decision, timeline, asked, length)

    if not config.like_lengths:
        return decided(task.cutter, config.seed)
    from editor.learning import like

    pattern = np.array(config.like_lengths)
    cutter = agent.aiming(task.cutter, partial(like.worth, pattern))
    seeds = range(config.seed * FILMS_LIKE, (config.seed + 1) * FILMS_LIKE)  # no film for two seeds
    tried = [decided(cutter, seed) for seed in seeds]
    return min(tried, key=lambda one: like.distance(np.array(one.timeline.lengths), pattern))


def _render(
    config: Config, looked: Looked, timeline: Timeline, folder: Path, stages: Stages
) -> "RenderReport | None":
    """Write the film and what stands beside it into the version's folder."""
    from editor.film import pacing, storyboard  # matplotlib: not before

    rendered = None
    if config.render:
        from editor.film import render  # MoviePy

        with stages.run("render") as advance:
            rendered = render.render(
                timeline,
                folder / "film.mp4",
                {digest: seen.sound for digest, seen in looked.analyses.items()},
                lambda share: advance(share, 1.0, "film.mp4"),
            )
    with stages.run("papers") as advance:
        advance(0, 2, "storyboard.png")
        storyboard.draw(timeline, folder / "storyboard.png")
        advance(1, 2, "pacing.png")
        pacing.draw(timeline, config.style, folder / "pacing.png")
    return rendered
