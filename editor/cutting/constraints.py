"""Turn a pool's material and a brief into rules: tables, line-ups and what could not be held.

N shots, P cut points, W wishes. Lengths are film frames.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from editor.cutting import completion
from editor.cutting.brief import Brief
from editor.cutting.completion import Suffix
from editor.cutting.material import Material
from editor.cutting.rules import NEVER, Rules
from editor.errors import FootageError, TooShortError


def make(material: Material, brief: Brief) -> Rules:
    """Rules of a pool and a brief. Raises FootageError where no film at all can be made, or a
    must-include cannot be used; where a longer film could be made it names the shortest."""
    facts = _facts(material, brief, *brief.window)
    if facts is None:
        raise _refusal(material, brief)
    if brief.order == "free" and (rules := _free(facts)):
        return rules
    return _recorded(facts)


@dataclass(frozen=True)
class _Facts:
    material: Material
    brief: Brief
    allowed: Tensor
    line: Tensor
    wish: Tensor
    wishes: int
    low: int
    high: int


def _facts(m: Material, brief: Brief, low: int, high: int) -> _Facts | None:
    """What is known of a film between low and high frames; None where no shot, or none of a
    must-include, can be cut to a legal length for it."""
    pace, rate = brief.style.pace, m.rate
    shortest, longest = int(np.ceil(pace.shortest * rate - 1e-6)), int(pace.longest * rate + 1e-6)
    paced = m.legal & (m.length >= shortest) & (m.length <= min(longest, high))
    named = (m.must >= 0) & ~paced.flatten(1).any(1)  # frames that the editor named, as they are
    allowed = torch.where(named[:, None, None], m.legal & (m.length <= high), paced)
    line = m.line.clone()
    for number in torch.unique(m.line[(m.must >= 0) & (m.line >= 0)]).tolist():
        takes = m.line == number
        wanted = torch.isin(m.clip, m.clip[takes & (m.must >= 0)])
        allowed[takes & ~wanted] = False  # the editor has named the take
        line[takes] = -1
    found = _wishes(m, allowed)
    if found is None or not bool(allowed.any()):
        return None
    return _Facts(m, brief, allowed, line, *found, low, high)


def _wishes(m: Material, allowed: Tensor) -> tuple[Tensor, int] | None:
    """Number the wishes in order of their last chance. None where one is hopeless."""
    usable = allowed.flatten(1).any(1)
    chances: list[tuple[int, int]] = []
    for number in torch.unique(m.must[m.must >= 0]).tolist():
        mine = (m.must == number) & usable
        if not bool(mine.any()):
            return None
        chances.append((int(m.rank[mine].max()), number))
    wish = torch.full_like(m.must, -1)
    for place, (_, number) in enumerate(sorted(chances)):
        wish[m.must == number] = place
    return wish, len(chances)


# --- where there is no film -----------------------------------------------------------------------


def _refusal(m: Material, brief: Brief) -> FootageError:
    """Why no film can be made of a brief, and what to ask for instead."""
    style, pace = brief.style, brief.style.pace
    wishes = bool((m.must >= 0).any())
    if (least := _shortest(m, brief)) is not None:
        # A tenth that is no longer than the footage; the window is far wider.
        seconds = math.floor(10 * least / m.rate + 1e-6) / 10
        holds = " that holds every must-include" if wishes else ""
        return TooShortError(
            f"A film of {brief.duration:.3g} s is too short: the shortest of this footage in style"
            f" {style.name}{holds} lasts {seconds:g} s, so ask for {seconds:g} s or more.",
            seconds,
        )
    if _facts(m, brief, 1, NEVER):
        return FootageError(
            "No film holds every must-include in recorded order, however long: ask for fewer."
        )
    if wishes:
        return FootageError("A must-include holds no shot that can be cut to a legal length.")
    said = (
        f"No shot can be cut to the {pace.shortest:g} to {pace.longest:g} s of style {style.name}"
    )
    if not bool(m.legal.any()):
        return FootageError(f"{said}, nor to any other length: add footage.")
    lengths = m.length[m.legal] / m.rate
    return FootageError(
        f"{said}: this footage's can be cut to between {float(lengths.min()):.1f} and"
        f" {float(lengths.max()):.1f} s. Take another style, or add footage."
    )


def _shortest(m: Material, brief: Brief) -> int | None:
    """Film frames of the shortest film beyond the brief's window; None where no length helps."""

    def exists(high: int) -> bool:
        facts = _facts(m, brief, 1, high)
        return facts is not None and _whole(facts, 1)

    if _facts(m, brief, 1, NEVER) is None:
        return None
    total = int(m.length.flatten(1).max(1).values.sum())
    fails = works = brief.window[1]
    while not exists(works):
        if works >= total:
            return None
        fails, works = works, 2 * works
    while works - fails > 1:
        middle = (fails + works) // 2
        fails, works = (fails, middle) if exists(middle) else (middle, works)
    return works


# --- the two orders -------------------------------------------------------------------------------


def _suffix(facts: _Facts, low: int) -> Suffix:
    """What can be completed in recorded order to a film of `low` frames or more."""
    m = facts.material
    line = completion.Line(*(t.numpy() for t in (m.rank, facts.line, m.clip, facts.wish)))
    return completion.suffix(
        facts.allowed.numpy(), m.length.numpy(), line, facts.wishes, low, facts.high
    )


def _whole(facts: _Facts, low: int) -> bool:
    """Can an empty film be completed in recorded order?"""
    return bool(_suffix(facts, low).whole & 1)


def _nothing() -> Tensor:
    return torch.zeros(0, dtype=torch.int64)


def _recorded(facts: _Facts) -> Rules:
    """Exact tables; where the window cannot be reached it is opened downwards, and said so."""
    m = facts.material
    notes: tuple[str, ...] = ()
    table, low = _suffix(facts, facts.low), facts.low
    if not table.whole & 1:
        fails, works = facts.low, 1
        if not _whole(facts, works):
            raise _refusal(m, facts.brief)
        while fails - works > max(1, facts.low // 64):
            middle = (fails + works) // 2
            if _whole(facts, middle):
                works = middle
            else:
                fails = middle
        table, low = _suffix(facts, works), works
        if not facts.brief.longest:  # it was told that there would be less
            notes = (
                f"The footage allows about {works / m.rate:.1f} s of the asked"
                f" {facts.brief.duration:g} s.",
            )
    if facts.brief.order == "free":
        notes = (
            *notes,
            "Kept in recorded order: in free order this footage could not be proven to fill"
            " the asked length.",
        )
    return Rules(
        material=m,
        order="recorded",
        low=low,
        high=facts.high,
        allowed=facts.allowed,
        line=facts.line,
        wish=facts.wish,
        wishes=facts.wishes,
        notes=notes,
        grain=table.grain,
        after=torch.from_numpy(table.after),
        again=torch.from_numpy(table.again),
        start_cells=torch.from_numpy(table.start),
        fill=_nothing(),
        counted=_nothing(),
        reserve=_nothing(),
        kept_for=_nothing(),
    )


def _free(facts: _Facts) -> Rules | None:
    """Tables of the free order, or None where an empty film fails the sufficient condition."""
    m = facts.material
    room = completion.fill(
        facts.allowed.numpy(), m.length.numpy().astype(np.int32), facts.high - facts.low
    )
    fill = torch.from_numpy(room).long()
    least = torch.where(facts.allowed, m.length, NEVER).flatten(1).min(1).values
    counted = _best_takes(facts, fill[:, 0, -1])
    kept: list[int] = []
    for number in range(facts.wishes):
        shot = int(torch.where(facts.wish == number, least, NEVER).argmin())
        kept.append(shot)
        if int(m.voice[shot]) >= 0:
            counted &= ~((m.voice == m.voice[shot]) & (m.rank < m.rank[shot]))
        counted[shot] = False
    reserve = least[kept] if kept else _nothing()
    reach = int(fill[:, 0, -1][counted].sum())
    if int(reserve.sum()) > facts.high or int(reserve.sum()) + reach < facts.low:
        return None
    return Rules(
        material=m,
        order="free",
        low=facts.low,
        high=facts.high,
        allowed=facts.allowed,
        line=facts.line,
        wish=facts.wish,
        wishes=facts.wishes,
        notes=(),
        grain=1,
        after=_nothing(),
        again=_nothing(),
        start_cells=_nothing(),
        fill=fill,
        counted=counted,
        reserve=reserve,
        kept_for=torch.tensor(kept, dtype=torch.int64),
    )


def _best_takes(facts: _Facts, reach: Tensor) -> Tensor:
    """(N,) bool: of each line, the shots of the clip that fills most; all others."""
    counted = torch.ones(len(reach), dtype=torch.bool)
    for number in torch.unique(facts.line[facts.line >= 0]).tolist():
        takes = facts.line == number
        clips = torch.unique(facts.material.clip[takes]).tolist()
        best = max(clips, key=lambda c: int(reach[takes & (facts.material.clip == c)].sum()))
        counted[takes & (facts.material.clip != best)] = False
    return counted
