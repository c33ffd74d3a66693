"""Turn a config's footage into clips that were read, analysed and freed of copies."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from editor import selects
from editor.config import Config
from editor.cutting.pool import Wish
from editor.errors import FootageError, PolicyError
from editor.footage import analysis, copies, ingest, sound
from editor.footage.cache import Cache
from editor.footage.clip import Clip, Skipped
from editor.footage.measures import Analysis
from editor.progress import Advance, Watch
from models import backbone


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


def look(config: Config, cache: Cache, stages: Stages) -> Looked:
    """Read the footage, analyse it and drop copies."""
    with stages.run("ingest") as advance:
        sources, passed = _sources(config)
        clips, skipped = ingest.ingest(sources, cache, advance)
        skipped = (*passed, *skipped)
    wishes = _wishes(config, clips, skipped)
    if config.only:
        wanted = {wish.clip.digest for wish in wishes.only}
        clips = tuple(clip for clip in clips if clip.digest in wanted)
    with stages.run("analysis") as advance:
        analyses, lost = _analyse(clips, config, cache, advance)
        clips = tuple(clip for clip in clips if clip.digest in analyses)
        clips, copied = copies.kept(clips, analyses, settings(config), cache)
    found = sum(seen.finding for seen in analyses.values())
    stages.seconds["shots"] = found  # part of the same pass: told apart, not run apart
    stages.seconds["analysis"] -= found
    early = tuple(_early(clip, analyses[clip.digest]) for clip in clips)
    skipped = (*skipped, *lost, *copied, *(note for note in early if note))
    if not clips:
        raise FootageError(_nothing_usable(skipped))
    return Looked(clips, analyses, _still_here(wishes, clips, skipped), skipped, stages.seconds)


def _sources(config: Config) -> tuple[tuple[Path, ...], tuple[Skipped, ...]]:
    """The footage as given, less the outputs folder where that lies inside it; and what was
    skipped in finding that out."""
    found, skipped = ingest.find(config.footage)
    outputs = config.outputs.resolve()
    holding = [path for path in config.footage if outputs.is_relative_to(path.resolve())]
    if not holding or any(path.resolve() == outputs for path in holding):
        return config.footage, ()

    def apart(path: Path) -> bool:
        return not path.resolve().is_relative_to(outputs)

    return (
        tuple(path for path in found if apart(path)),
        tuple(one for one in skipped if apart(one.path)),
    )


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


def settings(config: Config) -> analysis.Settings:
    """What the user chose of the analysis."""
    return analysis.Settings(
        config.style.detector, config.backbone or backbone.DEFAULT, config.weights
    )


def _analyse(
    clips: tuple[Clip, ...], config: Config, cache: Cache, advance: Advance
) -> tuple[dict[str, Analysis], tuple[Skipped, ...]]:
    """Look at one clip after the other: a clip's decoder already fills the cores."""
    chosen = settings(config)
    total, done = sum(clip.frames for clip in clips), 0
    analyses: dict[str, Analysis] = {}
    lost = []
    for clip in clips:
        try:
            analyses[clip.digest] = analysis.analyse(
                clip, chosen, cache, _share(advance, done, total, clip)
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


# --- the cheap checks, before hours of analysis ---------------------------------------------------


def check_detector(name: str) -> None:
    """Raise FootageError for an unknown shot detector."""
    if name != analysis.DEFAULT_DETECTOR:
        from editor.footage import shots  # scenedetect: not needed where all is kept

        shots.check(name)


def check_backbone(config: Config) -> None:
    """Raise PolicyError unless the network and its weights are here, or can be had."""
    name = config.backbone or backbone.DEFAULT
    try:
        backbone.weights_digest(name, config.weights)
        if not any(row.name == name and row.here for row in backbone.available()):
            backbone.load(name, config.weights)
    except ValueError as err:
        raise PolicyError(str(err)) from err


def beats(music: Path, cache: Cache) -> np.ndarray:
    """Beats of a piece of music in seconds, found once."""
    digest = ingest.digest(music, cache)
    if (known := cache.load("beats", digest)) is not None:
        return known[0]["beats"]
    found = sound.beats(music)
    cache.save("beats", digest, {"beats": found}, {})
    return found
