"""Turn a pool into a cache entry and back: the same footage under the same wishes is gathered once.

N shots, P cut points, as in pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np

from editor.config import Style
from editor.cutting import pool
from editor.cutting.pool import LeftOut, Pool, Shot, Wish
from editor.footage import derived
from editor.footage.analysis import Settings
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

KIND = "pool"  # of cache entries
MOST = 12  # pools kept: a few megabytes each, one for every set of clips and wishes
_ARRAYS = tuple(item.name for item in fields(Pool) if item.type in (np.ndarray, "np.ndarray"))


def build(
    clips: Sequence[Clip],
    analyses: Mapping[str, Analysis],
    style: Style,
    settings: Settings,
    cache: Cache,
    *,
    only: Sequence[Wish] = (),
    ban: Sequence[Wish] = (),
    must: Sequence[Wish] = (),
) -> Pool:
    """As pool.build, of analyses made under `settings`; kept in the cache."""
    wishes = tuple(only), tuple(ban), tuple(must)
    key = derived.key(KIND, clips, settings, style, *wishes)
    if key is not None and (known := cache.load(KIND, key)) is not None:
        cache.touch(KIND, key)
        return _read(*known, clips)
    made = pool.build(clips, analyses, style, only=only, ban=ban, must=must)
    if key is not None:
        cache.save(KIND, key, {name: getattr(made, name) for name in _ARRAYS}, _facts(made, clips))
        cache.keep_newest(KIND, MOST)
    return made


def _facts(made: Pool, clips: Sequence[Clip]) -> dict[str, Any]:
    place = {id(clip): number for number, clip in enumerate(clips)}
    return {
        "clips": [place[id(clip)] for clip in made.clips],
        "shots": [[shot.clip, shot.span.first, shot.span.stop, shot.name] for shot in made.shots],
        "left_out": [
            [place[id(left.clip)], left.span.first, left.span.stop, left.reason]
            for left in made.left_out
        ],
        "usable": str(made.usable),
        "notes": list(made.notes),
    }


def _read(arrays: Mapping[str, np.ndarray], facts: dict[str, Any], clips: Sequence[Clip]) -> Pool:
    return Pool(
        clips=tuple(clips[number] for number in facts["clips"]),
        shots=tuple(
            Shot(clip, FrameSpan(first, stop), name) for clip, first, stop, name in facts["shots"]
        ),
        left_out=tuple(
            LeftOut(clips[clip], FrameSpan(first, stop), reason)
            for clip, first, stop, reason in facts["left_out"]
        ),
        usable=Fraction(facts["usable"]),
        notes=tuple(facts["notes"]),
        **{name: np.array(arrays[name]) for name in _ARRAYS},
    )
