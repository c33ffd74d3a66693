"""Tell copies and proxies of a clip from its other takes, and use each picture once.

M moments, L levels of 10 ms.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from editor.footage.clip import Clip, Skipped
from editor.footage.measures import Analysis

LENGTH = 0.25  # s, or 2 % of the length: what re-encoders add to or drop from a clip
LENGTH_SHARE = 0.02
TOGETHER = 0.06  # s between two moments that are the same moment
FEWEST = 2  # moments that must meet
SAME_PICTURE = 0.93  # correlation of the mean thumbs: framing and light are the same
SAME_CHANGE = 0.75  # correlation of what changes: only the same recording moves the same way
SAME_SOUND = 0.8  # correlation of the levels: takes of one line reach about 0.5
STILL = 1.0  # code values of 0-255: less change than this is coding noise
IDENTICAL = 2.5  # code values: a picture without change must be this alike to be a copy


def drop_copies(
    clips: Sequence[Clip], analyses: Mapping[str, Analysis]
) -> tuple[tuple[Clip, ...], tuple[Skipped, ...]]:
    """Keep the best picture of each recording; say of the others whose copies they are.

    analyses: by the clips' digests. The order of clips is kept.
    """
    best_first = sorted(range(len(clips)), key=lambda n: _worth(clips[n]), reverse=True)
    kept: list[int] = []
    copies: dict[int, int] = {}
    for n in best_first:
        seen = analyses[clips[n].digest]
        original = next(
            (k for k in kept if is_copy(clips[n], seen, clips[k], analyses[clips[k].digest])),
            None,
        )
        if original is None:
            kept.append(n)
        else:
            copies[n] = original
    skipped = tuple(
        Skipped(clips[n].path, _reason(clips[n], clips[copies[n]])) for n in sorted(copies)
    )
    return tuple(clips[n] for n in sorted(kept)), skipped


def is_copy(one: Clip, seen: Analysis, other: Clip, also: Analysis) -> bool:
    """True where both show one recording from its first frame to its last."""
    shorter, longer = sorted((float(one.duration), float(other.duration)))
    if longer - shorter > max(LENGTH, LENGTH_SHARE * longer):
        return False
    a, b = _meeting(one, seen, other, also)
    if len(a) < FEWEST:
        return False
    mean_a, mean_b = a.mean(0), b.mean(0)
    if _correlation(mean_a, mean_b) < SAME_PICTURE:
        return False
    change_a, change_b = a - mean_a, b - mean_b
    if max(change_a.std(), change_b.std()) < STILL:
        same_change = bool(np.abs(a - b).mean() < IDENTICAL)
    else:
        same_change = _correlation(change_a, change_b) >= SAME_CHANGE
    return same_change and _same_sound(seen, also)


def _meeting(
    one: Clip, seen: Analysis, other: Clip, also: Analysis
) -> tuple[np.ndarray, np.ndarray]:
    """Thumbs of moments that both have: two (M, 18, 32) float32."""
    times = seen.moments.frame / float(one.rate)
    others = also.moments.frame / float(other.rate)
    at = np.abs(times[:, None] - others).argmin(axis=1)  # (M, M') -> (M,)
    meet = np.abs(others[at] - times) <= TOGETHER
    return (
        seen.moments.thumb[meet].astype(np.float32),
        also.moments.thumb[at[meet]].astype(np.float32),
    )


def _same_sound(seen: Analysis, also: Analysis) -> bool:
    """False only where both have sound and it tells them apart; a proxy may have none."""
    if not (seen.sound.present and also.sound.present):
        return True
    length = min(len(seen.sound.level), len(also.sound.level))
    a, b = seen.sound.level[:length], also.sound.level[:length]
    if length < 2 or min(a.std(), b.std()) < STILL:
        return True
    return _correlation(a, b) >= SAME_SOUND


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 1.0


def _worth(clip: Clip) -> tuple[int, int, bool]:
    """What makes one picture better than another of the same recording."""
    return clip.size[0] * clip.size[1], clip.bit_depth, bool(clip.sound)


def _reason(copy: Clip, original: Clip) -> str:
    kind = "a smaller copy" if copy.size < original.size else "a copy"
    return f"{kind} of {original.path.name}, which is used"
