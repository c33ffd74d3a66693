"""Turn what the editor asked for (only, ban, must include) into frames of each clip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import numpy as np

from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.timing import FrameSpan

SOFT = 0.04  # s, that a detected word's end is wrong by: a cut there cuts nothing


class Wish(Protocol):
    """A whole clip, or frames of it: pool.Wish."""

    @property
    def clip(self) -> Clip: ...
    @property
    def span(self) -> FrameSpan | None: ...


@dataclass(frozen=True)
class Asked:
    """What the editor asked of one clip."""

    barred: tuple[tuple[FrameSpan, str], ...] = ()  # frames not to be used, and why
    spans: tuple[tuple[int, FrameSpan], ...] = ()  # number of the must-include wish, its frames
    whole: int = -1  # number of the wish that any part of the clip answers; -1 none


@dataclass
class _Collected:
    barred: list[tuple[FrameSpan, str]] = field(default_factory=list)
    spans: list[tuple[int, FrameSpan]] = field(default_factory=list)
    whole: int = -1


def resolve(
    clips: Sequence[Clip], only: Sequence[Wish], ban: Sequence[Wish], must: Sequence[Wish]
) -> dict[str, Asked]:
    """Return what was asked of each clip, by digest.

    Raises FootageError where a wish names frames outside its clip or footage that is not here, or
    where two wishes contradict each other.
    """
    found = {clip.digest: _Collected() for clip in clips}
    for word, wishes in (("--only", only), ("--ban", ban), ("--must-include", must)):
        for wish in wishes:
            _check(wish, word, found)
    for wish in ban:
        found[wish.clip.digest].barred.append((_frames(wish), "banned"))
    for clip in clips if only else ():
        wanted = sorted(_frames(wish) for wish in only if wish.clip.digest == clip.digest)
        rest = _without(FrameSpan(0, clip.frames), wanted)
        found[clip.digest].barred.extend((span, "not among --only") for span in rest)
    for number, wish in enumerate(_distinct(must)):
        asked = found[wish.clip.digest]
        if wish.span is None:
            asked.whole = number
        else:
            asked.spans.append((number, wish.span))
    for clip in clips:
        _check_contradictions(clip, found[clip.digest])
    return {
        digest: Asked(tuple(asked.barred), tuple(asked.spans), asked.whole)
        for digest, asked in found.items()
    }


def caveats(
    clip: Clip, asked: Asked, speech: np.ndarray, masked: Sequence[tuple[FrameSpan, str]]
) -> tuple[str, ...]:
    """What the editor should know of the frames that a clip's must-includes name: where they cut
    speech, (K, 2) s, and what of them would not have been on offer, (frames, why)."""
    found = []
    for _, span in asked.spans:
        where = f"--must-include {clip.name}@{span.first}-{span.stop}, as asked,"
        ends = [
            what
            for what, frame in (("begins", span.first), ("ends", span.stop))
            if _in_speech(frame / float(clip.rate), speech)
        ]
        if ends:
            found.append(f"{where} {' and '.join(ends)} in the middle of speech")
        held = sorted({why for other, why in masked if other.overlaps(span)})
        if held:
            found.append(f"{where} holds what is otherwise left out: {', '.join(held)}")
    return tuple(found)


def _in_speech(seconds: float, speech: np.ndarray) -> bool:
    return bool(((speech[:, 0] + SOFT < seconds) & (seconds < speech[:, 1] - SOFT)).any())


def _check(wish: Wish, word: str, found: dict[str, _Collected]) -> None:
    clip, span = wish.clip, wish.span
    if clip.digest not in found:
        raise FootageError(f"{word} {clip.name}: this clip is not among the footage to cut from.")
    if span is not None and not 0 <= span.first < span.stop <= clip.frames:
        raise FootageError(
            f"{word} {clip.name}@{span.first}-{span.stop}: the clip has frames 0 to {clip.frames}; "
            f"the in point must lie before the out point, both within it."
        )


def _check_contradictions(clip: Clip, asked: _Collected) -> None:
    for _, span in asked.spans:
        for barred, why in asked.barred:
            if barred.overlaps(span):
                raise FootageError(
                    f"--must-include {clip.name}@{span.first}-{span.stop}: frames {barred.first} "
                    f"to {barred.stop} of it are {why}. Change one of the two."
                )
    for (_, one), (_, other) in combinations(asked.spans, 2):
        if one.overlaps(other):
            raise FootageError(
                f"--must-include {clip.name}: {one.first}-{one.stop} and {other.first}-"
                f"{other.stop} share frames, and no frame is used twice. Ask for "
                f"{min(one.first, other.first)}-{max(one.stop, other.stop)} instead."
            )
    if asked.whole >= 0 and not _without(
        FrameSpan(0, clip.frames), sorted(span for span, _ in asked.barred)
    ):
        why = asked.barred[0][1]
        raise FootageError(
            f"--must-include {clip.name}: the whole clip is {why}. Change one of the two."
        )


def _frames(wish: Wish) -> FrameSpan:
    return wish.span if wish.span is not None else FrameSpan(0, wish.clip.frames)


def _without(whole: FrameSpan, taken: Sequence[FrameSpan]) -> list[FrameSpan]:
    """What of `whole` no span of `taken` (ascending) covers."""
    rest, at = [], whole.first
    for span in taken:
        if span.first > at:
            rest.append(FrameSpan(at, span.first))
        at = max(at, span.stop)
    return [*rest, FrameSpan(at, whole.stop)] if at < whole.stop else rest


def _distinct(wishes: Sequence[Wish]) -> list[Wish]:
    """The wishes without repetitions, in the order asked."""
    return list({(wish.clip.digest, wish.span): wish for wish in wishes}.values())
