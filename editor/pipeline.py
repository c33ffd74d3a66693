"""Tell the story: footage in, looked at, cut, rendered, and a version folder out."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from editor import exchange, report, selects
from editor.config import Config
from editor.cutting import agent, learned, pool
from editor.cutting.agent import Cutter, Decision
from editor.cutting.brief import Brief
from editor.cutting.pool import LeftOut, Pool, Wish
from editor.cutting.reward import weights_of
from editor.cutting.unchosen import unchosen
from editor.errors import FootageError, PolicyError
from editor.film import conform, saved
from editor.film.export.carried import Written
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Music, Timeline
from editor.footage import analysis, copies, ingest, sound
from editor.footage.cache import Cache
from editor.footage.clip import Clip, Skipped
from editor.footage.measures import Analysis
from editor.progress import Advance, Watch
from editor.report import Made
from editor.versions import Version, check_name, drafting, writing_to
from models import backbone

if TYPE_CHECKING:
    from editor.film.render import RenderReport
    from editor.learning.examination import Examination
    from editor.learning.like import Liking
    from editor.learning.training import Trained, Training
    from editor.measures.suite import Measured

FILMS_LIKE = 3  # films cut where one is to be like another: a dozen shots' pace is much chance


@dataclass
class Stages:
    """Runs stages under a watch and notes how long each took."""

    watch: Watch
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def run(self, name: str, title: str = "") -> Iterator[Advance]:
        """Run one stage; what takes several turns is summed under one name."""
        began = perf_counter()
        with self.watch.stage(title or name) as advance:
            yield advance
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - began


@dataclass(frozen=True)
class Wishes:
    """What the editor asked of which frames."""

    only: tuple[Wish, ...] = ()
    ban: tuple[Wish, ...] = ()
    must: tuple[Wish, ...] = ()


@dataclass(frozen=True)
class Looked:
    """Footage that was read and analysed."""

    clips: tuple[Clip, ...]  # copies dropped
    analyses: Mapping[str, Analysis]  # by digest
    wishes: Wishes
    skipped: tuple[Skipped, ...]
    seconds: Mapping[str, float]  # of ingest, shots and analysis


@dataclass(frozen=True)
class Decided:
    """What the policy made of it."""

    offer: Pool
    decision: Decision
    timeline: Timeline
    asked: float  # s
    length: str  # which length was chosen, and why


def cut(config: Config, watch: Watch, parent: str | None = None) -> Made:
    """Make a new version from footage. Raises EditorError for all that an editor can mend.

    parent: title of the version that is cut again.
    """
    check_name(config.name)
    stages = Stages(watch)
    with drafting(config.outputs, config.name) as draft:
        cache = Cache(config.cache)
        cutter, beats = _ready(config, cache, stages)
        liking = _taking_after(config, cache, draft.folder, stages)
        if liking is not None:
            config = replace(config, style=liking.style)
        looked = _look(config, cache, stages)
        decided = _decide(config, looked, cutter, beats, stages, liking)
        rendered = _render(config, looked, decided.timeline, draft.folder, stages)

        exports: list[Written] = []

        def made(version: Version) -> Made:
            return Made(
                version=version,
                config=config,
                policy=cutter.name,
                backbone=config.backbone or backbone.DEFAULT,
                timeline=decided.timeline,
                score=decided.decision.score,
                film_terms=decided.decision.film_terms,
                said=(*decided.offer.notes, *decided.decision.notes),
                clips=looked.clips,
                usable=decided.offer.usable,
                asked=decided.asked,
                length=decided.length,
                left_out=decided.offer.left_out,
                unchosen=unchosen(decided.offer, decided.timeline),
                skipped=looked.skipped,
                rendered=rendered,
                seconds=stages.seconds,
                evidence=liking.evidence if liking else (),
                exports=tuple(exports),
            )

        def seal(version: Version) -> None:
            whole = made(version)
            edit = Edit(
                whole.timeline,
                "cut",
                parent=parent,
                asked=report.settings(whole),
                notes=whole.said,
                selects=_selects(whole.unchosen),
            )
            saved.write(edit, draft.folder)
            exports.extend(exchange.beside(edit, version, config.exports, draft.folder))
            report.write(made(version), draft.folder)

        return made(draft.publish(seal))


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
        _check_detector(config.style.detector)
        _check_backbone(config)
        return _look(config, cache, stages)


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


def evaluate(config: Config, asked: "Examination", watch: Watch) -> dict[str, Any]:
    """Measure a policy on simulated pools and on each of the config's paths as one shoot."""
    from editor.learning import examination

    stages = Stages(watch)
    pools = [pool.build(one.clips, one.analyses, config.style) for one in _shoots(config, stages)]
    with stages.run("evaluating") as advance:
        return examination.examine(asked, pools, advance)


def measure(config: Config, kind: str, lengths: Path | None, watch: Watch) -> "Measured":
    """Measure films and footage by what the reward does not contain: one of suite.MEASURES."""
    from editor.measures import suite

    stages = Stages(watch)
    shoots = [(one.clips, one.analyses) for one in _shoots(config, stages)]
    question = suite.Question(
        config.style, config.policy or agent.DEFAULT, config.seed, Cache(config.cache), lengths
    )
    with stages.run("measuring") as advance:
        return suite.measure(kind, question, shoots, advance)


def _shoots(config: Config, stages: Stages) -> list[Looked]:
    """Each path of the footage, looked at by itself."""
    with writing_to(config.outputs):
        cache = Cache(config.cache)
        return [_look(replace(config, footage=(shoot,)), cache, stages) for shoot in config.footage]


# --- the cheap checks, before hours of analysis ---------------------------------------------------


def _ready(config: Config, cache: Cache, stages: Stages) -> tuple[Cutter, np.ndarray]:
    """The policy that will cut, and the music's beats in seconds."""
    with stages.run("cutting", "policy"):
        weights_of(config.style)
        _check_detector(config.style.detector)
        _check_backbone(config)
        policies = config.outputs / learned.POLICIES
        cutter = agent.load_policy(agent.named(config.policy, config.search, policies), policies)
    if config.music is None:
        return cutter, np.zeros(0)
    with stages.run("cutting", "music"):
        return cutter, _beats(config.music, cache)


def _check_detector(name: str) -> None:
    """Raise FootageError for an unknown shot detector."""
    if name != analysis.DEFAULT_DETECTOR:
        from editor.footage import shots  # scenedetect: not needed where all is kept

        shots.check(name)


def _taking_after(config: Config, cache: Cache, folder: Path, stages: Stages) -> "Liking | None":
    """The style of the film that the cut shall be like, also written into the version's folder, for
    --style; None where no such film is named."""
    if config.like is None:
        return None
    from editor.learning import like

    with stages.run("analysis", "style") as advance:
        liking = like.read(config.like, config.style, _settings(config), cache, advance)
        (folder / "style.toml").write_text(like.toml(liking), encoding="utf-8")
    return liking


def _check_backbone(config: Config) -> None:
    """Raise PolicyError unless the network and its weights are here, or can be had."""
    name = config.backbone or backbone.DEFAULT
    try:
        backbone.weights_digest(name, config.weights)
        if not any(row.name == name and row.here for row in backbone.available()):
            backbone.load(name, config.weights)
    except ValueError as err:
        raise PolicyError(str(err)) from err


def _beats(music: Path, cache: Cache) -> np.ndarray:
    """Beats of a piece of music in seconds, found once."""
    digest = ingest.digest(music, cache)
    if (known := cache.load("beats", digest)) is not None:
        return known[0]["beats"]
    beats = sound.beats(music)
    cache.save("beats", digest, {"beats": beats}, {})
    return beats


# --- the stages -----------------------------------------------------------------------------------


def _look(config: Config, cache: Cache, stages: Stages) -> Looked:
    """Read the footage, analyse it and drop copies."""
    with stages.run("ingest") as advance:
        clips, skipped = ingest.ingest(_sources(config), cache, advance)
    wishes = _wishes(config, clips, skipped)
    if config.only:
        wanted = {wish.clip.digest for wish in wishes.only}
        clips = tuple(clip for clip in clips if clip.digest in wanted)
    with stages.run("analysis") as advance:
        analyses, lost = _analyse(clips, config, cache, advance)
        clips = tuple(clip for clip in clips if clip.digest in analyses)
        clips, copied = copies.drop_copies(clips, analyses)
    found = sum(seen.finding for seen in analyses.values())
    stages.seconds["shots"] = found  # part of the same pass: told apart, not run apart
    stages.seconds["analysis"] -= found
    early = tuple(_early(clip, analyses[clip.digest]) for clip in clips)
    skipped = (*skipped, *lost, *copied, *(note for note in early if note))
    if not clips:
        raise FootageError(_nothing_usable(skipped))
    return Looked(clips, analyses, _still_here(wishes, clips, skipped), skipped, stages.seconds)


def _sources(config: Config) -> tuple[Path, ...]:
    """The footage as given, less the outputs folder where that lies inside it."""
    found, _ = ingest.find(config.footage)
    outputs = config.outputs.resolve()
    holding = [path for path in config.footage if outputs.is_relative_to(path.resolve())]
    if not holding or any(path.resolve() == outputs for path in holding):
        return config.footage
    return tuple(path for path in found if not path.resolve().is_relative_to(outputs))


def _wishes(config: Config, clips: tuple[Clip, ...], skipped: tuple[Skipped, ...]) -> Wishes:
    """Read what was typed while it is still cheap to say that it names nothing."""

    def read(texts: tuple[str, ...], option: str) -> tuple[Wish, ...]:
        return tuple(selects.parse(text, clips, skipped, option) for text in texts)

    ban = tuple(text for text in config.ban if not selects.is_skipped(text, clips, skipped))
    return Wishes(
        only=read(config.only, "--only"),
        ban=read(ban, "--ban"),
        must=read(config.must, "--must-include"),
    )


def _settings(config: Config) -> analysis.Settings:
    """What the user chose of the analysis."""
    return analysis.Settings(
        config.style.detector, config.backbone or backbone.DEFAULT, config.weights
    )


def _analyse(
    clips: tuple[Clip, ...], config: Config, cache: Cache, advance: Advance
) -> tuple[dict[str, Analysis], tuple[Skipped, ...]]:
    """Look at one clip after the other: a clip's decoder already fills the cores."""
    settings = _settings(config)
    total, done = sum(clip.frames for clip in clips), 0
    analyses: dict[str, Analysis] = {}
    lost = []
    for clip in clips:
        try:
            analyses[clip.digest] = analysis.analyse(
                clip, settings, cache, _share(advance, done, total, clip)
            )
        except FootageError as err:
            lost.append(Skipped(clip.path, str(err).removeprefix(f"{clip.path}: ")))
        done += clip.frames
    return analyses, tuple(lost)


def _share(advance: Advance, done: int, total: int, clip: Clip) -> Callable[[float], None]:
    advance(done, total, clip.name)
    return lambda share: advance(done + share * clip.frames, total, clip.name)


def _early(clip: Clip, seen: Analysis) -> Skipped | None:
    """Say of a clip that ends early how much of it is used."""
    lost = clip.frames - seen.picture.decoded
    if lost <= 0 and not clip.missing and not clip.broken_off:
        return None
    there = seen.picture.decoded / clip.rate
    if clip.broken_off and not clip.missing:
        reason = f"ends early: {clip.broken_off}; the {float(there):.1f} s that are there are used"
        return Skipped(clip.path, reason)
    promised = float(clip.duration) + clip.missing
    reason = f"ends early: {float(there):.1f} s of {promised:.1f} s can be read; those are used"
    return Skipped(clip.path, reason)


def _still_here(wishes: Wishes, clips: tuple[Clip, ...], skipped: tuple[Skipped, ...]) -> Wishes:
    """The wishes about clips that are used; what must be used and is not is an error."""
    here = {clip.digest for clip in clips}
    for option, asked in (("--only", wishes.only), ("--must-include", wishes.must)):
        for wish in asked:
            if wish.clip.digest not in here:
                why = [left.reason for left in skipped if left.path == wish.clip.path]
                said = why[0] if why else "it is not among --only"
                raise FootageError(f"{option} {wish.clip.name}: the clip is not used: {said}")
    return replace(wishes, ban=tuple(wish for wish in wishes.ban if wish.clip.digest in here))


def _nothing_usable(skipped: tuple[Skipped, ...]) -> str:
    reasons = "; ".join(f"{left.path.name}: {left.reason}" for left in skipped[:3])
    more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"None of the footage can be used: {reasons}{more}"


def _decide(
    config: Config,
    looked: Looked,
    cutter: Cutter,
    beats: np.ndarray,
    stages: Stages,
    liking: "Liking | None" = None,
) -> Decided:
    """Let the policy cut; where the film is to be like another, FILMS_LIKE times, and take the one
    whose shots are paced most like its."""
    with stages.run("cutting"):
        wishes, style = looked.wishes, config.style
        offer = pool.build(
            looked.clips,
            looked.analyses,
            style,
            only=wishes.only,
            ban=wishes.ban,
            must=wishes.must,
        )
        rate, size = conform.conform(looked.clips, config.rate, config.size)
        asked, length = _length(config, offer)
        brief = Brief(style, asked, style.order, config.seed, beats, rate)
        agent.check_duration(offer, brief)
        music = Music(Path(os.path.abspath(config.music))) if config.music else None
        tried = []
        for seed in range(config.seed, config.seed + (FILMS_LIKE if liking else 1)):
            decision = agent.cut(offer, replace(brief, seed=seed), cutter)
            timeline = agent.assemble(offer, decision, rate, size, music, style.fit)
            tried.append(Decided(offer, decision, timeline, asked, length))
        if liking is None:
            return tried[0]
        return min(tried, key=lambda one: liking.away(one.timeline))


def _length(config: Config, offer: Pool) -> tuple[float, str]:
    """The film's length in seconds, and why that one."""
    if config.duration is not None:
        return config.duration, f"{config.duration:g} s, as asked"
    style = config.style
    length = agent.suggest_duration(offer, style)
    if length >= style.duration:
        return length, f"{length:g} s, the length of style {style.name}"
    share = length / float(offer.usable)
    return length, (
        f"{length:.1f} s, {share:.0%} of the {float(offer.usable):.1f} s on offer (style"
        f" {style.name} takes {style.duration:g} s where there is more footage)"
    )


def _render(
    config: Config, looked: Looked, timeline: Timeline, folder: Path, stages: Stages
) -> "RenderReport | None":
    """Write the film and what stands beside it into the version's folder."""
    from editor.film import pacing, render, storyboard  # MoviePy, matplotlib: not before

    rendered = None
    if config.render:
        with stages.run("render") as advance:
            rendered = render.render(
                timeline,
                folder / "film.mp4",
                {digest: seen.sound for digest, seen in looked.analyses.items()},
                lambda share: advance(share, 1.0, "film.mp4"),
            )
    with stages.run("render", "papers") as advance:
        advance(0, 2, "storyboard.png")
        storyboard.draw(timeline, folder / "storyboard.png")
        advance(1, 2, "pacing.png")
        pacing.draw(timeline, config.style, folder / "pacing.png")
    return rendered
