"""Find what analysis knows of a version's clips, where it is still in the cache."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from editor.config import Pace, Style, check_style
from editor.errors import EditorError, StyleError
from editor.film.saved import Edit
from editor.footage import analysis
from editor.footage.analysis import DEFAULT_DETECTOR, Settings
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from models import backbone

REMEMBERED = 256  # clips whose analyses stay in memory: a megabyte for each ten minutes


def settings(edit: Edit) -> Settings:
    """With which settings a version's footage was analysed."""
    asked = edit.asked
    style, name, weights = (asked.get(key) for key in ("style", "backbone", "weights"))
    detector = style.get("detector") if isinstance(style, Mapping) else None
    return Settings(
        detector if isinstance(detector, str) else DEFAULT_DETECTOR,
        name if isinstance(name, str) else backbone.DEFAULT,
        Path(weights) if isinstance(weights, str) else None,
    )


def kept(clips: Iterable[Clip], edit: Edit, cache: Cache) -> dict[str, Analysis]:
    """The analyses that are in the cache, by digest. No footage is read."""
    asked = settings(edit)
    found = ((clip.digest, _one(clip, asked, cache.folder)) for clip in clips)
    return {digest: known for digest, known in found if known is not None}


@lru_cache(maxsize=REMEMBERED)
def _found(clip: Clip, asked: Settings, folder: Path) -> Analysis:
    cache = Cache(folder)
    if not analysis.is_kept(clip, asked, cache):
        raise LookupError(clip.digest)
    return analysis.analyse(clip, asked, cache, lambda share: None)


def _one(clip: Clip, asked: Settings, folder: Path) -> Analysis | None:
    try:
        return _found(clip, asked, folder)  # what is absent is not remembered: it may come
    except (LookupError, EditorError):
        return None


def style_of(edit: Edit) -> Style | None:
    """The style that a version was cut in; None where it does not say."""
    table = edit.asked.get("style")
    if not isinstance(table, Mapping) or not isinstance(table.get("pace"), Mapping):
        return None
    try:
        return check_style(_style(table), "The version's style")
    except (TypeError, KeyError) as err:
        raise StyleError(f"The version's style cannot be read: {err}.") from err


def _style(table: Mapping[str, Any]) -> Style:
    pace = dict(table["pace"])
    pace["curve"], pace["shape"] = tuple(pace["curve"]), tuple(pace.get("shape", ()))
    return Style(**{**table, "pace": Pace(**pace), "weights": dict(table["weights"])})
