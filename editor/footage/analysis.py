"""Turn a clip into its analysis: from the cache, or by hearing and watching it once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editor.errors import PolicyError
from editor.footage.clip import Clip
from editor.footage.measures import Analysis, CutPoints, Moments, Picture, Sound
from editor.timing import FrameSpan
from models import backbone

if TYPE_CHECKING:
    from editor.footage.cache import Cache
    from editor.footage.watch import Watched

DEFAULT_DETECTOR = "content"  # name in shots.DETECTORS; chosen by the counts in tests
SOUND_VERSION = 4  # raise it when anything that makes Sound changes: kept ones are made anew
PICTURE_VERSION = 4  # likewise for all that is made of the picture
HEARING = 0.1  # share of a clip's time that hearing it takes, for the progress bar

_PICTURE = (
    "motion", "flow", "sharpness", "luma", "clipped", "saturation", "black", "frozen", "damaged",
)  # fmt: skip
_MOMENTS = ("frame", "embedding", "colour", "faces", "thumb")
_SOUND = ("speech", "level", "loudness", "onsets", "silence", "timbre")
_POINTS = ("frame", "kind", "weak", "moment")


@dataclass(frozen=True)
class Settings:
    """What the user may choose of the analysis."""

    detector: str = DEFAULT_DETECTOR  # name in shots.DETECTORS
    backbone: str = backbone.DEFAULT  # name in backbone.BACKBONES
    weights: Path | None = None  # of the backbone, where not the published ones


def analyse(
    clip: Clip, settings: Settings, cache: "Cache", advance: Callable[[float], None]
) -> Analysis:
    """Analyse a clip, or find its analysis in the cache. advance: told the share done, 0 to 1.

    A clip that ends early gives the decoded part, `picture.decoded` says how much. Raises
    FootageError where nothing can be decoded or the detector is unknown, PolicyError where the
    backbone is unknown or its weights are not here.
    """
    key = picture_key(clip, settings)
    kept = cache.load("picture", key)
    if kept is None:
        from editor.footage import shots  # scenedetect: not needed where all is kept

        shots.check(settings.detector)
    sound = _sound(clip, cache)
    advance(HEARING)
    finding = 0.0
    if kept is None:
        watched = _watch(clip, sound, settings, cache, advance)
        finding = watched.finding
        kept = _pack(watched)
        cache.save("picture", key, *kept)
    advance(1.0)
    return replace(_unpack(clip, settings, sound, *kept), finding=finding)


def hear(clip: Clip, cache: "Cache") -> Sound:
    """A clip's sound alone, from the cache or by hearing it: all that a render has to know.

    Raises FootageError where it cannot be decoded.
    """
    return _sound(clip, cache)


def is_kept(clip: Clip, settings: Settings, cache: "Cache") -> bool:
    """True where `analyse` would find all of it in the cache."""
    return (
        cache.load("sound", sound_key(clip)) is not None
        and cache.load("picture", picture_key(clip, settings)) is not None
    )


def sound_key(clip: Clip) -> str:
    """Cache key of a clip's sound: its content and the code that hears it."""
    return _key(clip.digest, SOUND_VERSION)


def picture_key(clip: Clip, settings: Settings) -> str:
    """Cache key of all that one pass over the picture finds, which the sound takes part in."""
    try:
        weights = backbone.weights_digest(settings.backbone, settings.weights)
    except ValueError as err:
        raise PolicyError(str(err)) from err
    versions = (SOUND_VERSION, PICTURE_VERSION)
    return _key(clip.digest, *versions, settings.detector, settings.backbone, weights)


def _key(*parts: object) -> str:
    return hashlib.blake2b("\n".join(map(str, parts)).encode(), digest_size=20).hexdigest()


def _sound(clip: Clip, cache: "Cache") -> Sound:
    from editor.footage import sound as hearing  # onnxruntime: not needed where all is kept

    kept = cache.load("sound", sound_key(clip))
    if kept is None:
        heard = hearing.listen(clip)
        meta = {"present": heard.present, "integrated": heard.integrated, "room": heard.room}
        cache.save("sound", sound_key(clip), {name: getattr(heard, name) for name in _SOUND}, meta)
        return heard
    arrays, meta = kept
    return Sound(
        bool(meta["present"]),
        integrated=float(meta["integrated"]),
        room=float(meta["room"]),
        **{name: arrays[name] for name in _SOUND},
    )


def _watch(
    clip: Clip,
    sound: Sound,
    settings: Settings,
    cache: "Cache",
    advance: Callable[[float], None],
) -> "Watched":
    from editor.footage import watch

    network = _network(settings.backbone, settings.weights, cache.folder / "backbones")
    return watch.watch(
        clip,
        sound,
        settings.detector,
        network,
        lambda share: advance(HEARING + (1 - HEARING) * share),
    )


@lru_cache(maxsize=1)
def _network(name: str, weights: Path | None, folder: Path) -> backbone.Backbone:
    """The backbone, loaded once for all clips of a run."""
    try:
        return backbone.load(name, weights, folder)
    except ValueError as err:
        raise PolicyError(str(err)) from err


def _pack(found: "Watched") -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    parts = (
        ("picture", found.picture, _PICTURE),
        ("moments", found.moments, _MOMENTS),
        ("points", found.cut_points, _POINTS),
    )
    arrays = {
        f"{part}.{name}": getattr(owner, name) for part, owner, names in parts for name in names
    }
    spans = [(span.first, span.stop) for span in found.shots]
    arrays["shots"] = np.array(spans, np.int64).reshape(-1, 2)
    return arrays, {"decoded": found.picture.decoded, "errors": found.errors}


def _unpack(
    clip: Clip,
    settings: Settings,
    sound: Sound,
    arrays: dict[str, np.ndarray],
    meta: dict[str, Any],
) -> Analysis:
    def part(name: str, names: tuple[str, ...]) -> dict[str, Any]:
        return {key: arrays[f"{name}.{key}"] for key in names}

    return Analysis(
        digest=clip.digest,
        detector=settings.detector,
        backbone=settings.backbone,
        shots=tuple(FrameSpan(int(a), int(b)) for a, b in arrays["shots"]),
        picture=Picture(int(meta["decoded"]), **part("picture", _PICTURE)),
        moments=Moments(**part("moments", _MOMENTS)),
        sound=sound,
        cut_points=CutPoints(**part("points", _POINTS)),
    )
