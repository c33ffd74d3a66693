"""Turn a corrected film and one more correction into the next film, or into the reason why not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from editor.errors import CorrectionError
from editor.film.corrected import Corrected, Marked, Piece
from editor.film.corrections import (
    LONGEST_NOTE,
    Ban,
    Correction,
    Drop,
    Insert,
    Lock,
    Move,
    MustInclude,
    NeedNot,
    Note,
    Replace,
    Restore,
    Slip,
    Trim,
    Unban,
    Unlock,
)
from editor.film.timeline import Alternative, Cut
from editor.footage.clip import Clip
from editor.timing import FrameSpan, convert_length


def apply(state: Corrected, correction: Correction) -> Corrected:
    """The film after one more correction. Raises CorrectionError with the reason it cannot hold."""
    after = _APPLY[type(correction)](state, correction)
    if not after.shown:
        raise CorrectionError("A film needs at least one cut: this is the last one.")
    _check_used_once(state, after)
    return after


# --- each kind -----------------------------------------------------------------------------------


def _drop(state: Corrected, asked: Drop) -> Corrected:
    return state.with_piece(replace(_changeable(state, asked.cut), dropped=True))


def _restore(state: Corrected, asked: Restore) -> Corrected:
    piece = state.piece(asked.cut)
    if not piece.dropped:
        raise CorrectionError(f"{_title(state, asked.cut)} is in the film: nothing to put back.")
    for ban in state.bans:
        if ban.overlaps(piece.cut.clip.digest, piece.cut.source):
            raise CorrectionError(
                f"{_title(state, asked.cut)} shows banned frames: lift the ban first."
            )
    return state.with_piece(replace(piece, dropped=False))


def _trim(state: Corrected, asked: Trim) -> Corrected:
    piece = _changeable(state, asked.cut)
    changed = state.with_piece(_trimmed(state, piece, asked.edge, asked.by))
    if asked.mode == "ripple":
        return changed
    shown = state.shown
    place = shown.index(piece) + (-1 if asked.edge == "in" else 1)
    if not 0 <= place < len(shown):
        where = "first: nothing before it" if place < 0 else "last: nothing after it"
        raise CorrectionError(f"{_title(state, asked.cut)} is the {where} could roll along.")
    neighbour = _changeable(state, shown[place].id)
    other: Literal["in", "out"] = "out" if asked.edge == "in" else "in"
    return changed.with_piece(_trimmed(state, neighbour, other, asked.by))


def _trimmed(state: Corrected, piece: Piece, edge: str, by: int) -> Piece:
    """The piece with one edge `by` film frames later."""
    cut, rate = piece.cut, state.base.rate
    length = cut.length + (by if edge == "out" else -by)
    title = _title(state, piece.id)
    if length < 1:
        point = "in point later" if edge == "in" else "out point earlier"
        raise CorrectionError(
            f"{title} is {cut.length} frames long: its {point} by {abs(by)} would put out before"
            " in."
        )
    first, stop = _stretched(cut, edge, length, rate)
    if first < 0:
        raise CorrectionError(
            f"{title}: beyond the media. {cut.clip.name} begins {handles(cut, rate)[0]} frames"
            " before the in point."
        )
    if stop > cut.clip.frames:
        raise CorrectionError(
            f"{title}: beyond the media. {cut.clip.name} ends {handles(cut, rate)[1]} frames after"
            " the out point."
        )
    if first >= stop:
        raise CorrectionError(f"{title} would show no frame of {cut.clip.name}.")
    return replace(piece, cut=replace(cut, source=FrameSpan(first, stop), length=length))


def _stretched(cut: Cut, edge: str, length: int, rate: Fraction) -> tuple[int, int]:
    """In and out in the clip where the cut is `length` film frames long and one edge moves.

    It depends on the two lengths alone: a frame there and a frame back end where they began,
    whatever the rates.
    """
    more = convert_length(length, rate, cut.clip.rate) - convert_length(
        cut.length, rate, cut.clip.rate
    )
    first, stop = cut.source.first, cut.source.stop
    return (first - more, stop) if edge == "in" else (first, stop + more)


def handles(cut: Cut, rate: Fraction) -> tuple[int, int]:
    """Film frames by which the in point could go earlier and the out point later."""
    found = []
    for edge, spare in (("in", cut.source.first), ("out", cut.clip.frames - cut.source.stop)):
        most = int((spare + 1) * rate / cut.clip.rate) + 1  # never too few
        while most > 0:
            first, stop = _stretched(cut, edge, cut.length + most, rate)
            if first >= 0 and stop <= cut.clip.frames:
                break
            most -= 1
        found.append(most)
    return found[0], found[1]


def _slip(state: Corrected, asked: Slip) -> Corrected:
    piece = _changeable(state, asked.cut)
    cut = piece.cut
    by = convert_length(abs(asked.by), state.base.rate, cut.clip.rate)
    by = by if asked.by > 0 else -by
    span = FrameSpan(cut.source.first + by, cut.source.stop + by)
    if span.first < 0 or span.stop > cut.clip.frames:
        raise CorrectionError(
            f"{_title(state, asked.cut)}: beyond the media. {cut.clip.name} has {cut.source.first}"
            f" frames before it and {cut.clip.frames - cut.source.stop} after it."
        )
    return state.with_piece(replace(piece, cut=replace(cut, source=span)))


def _move(state: Corrected, asked: Move) -> Corrected:
    piece = _changeable(state, asked.cut)
    if asked.before == asked.cut:
        raise CorrectionError(f"{_title(state, asked.cut)} cannot stand before itself.")
    rest = tuple(other for other in state.pieces if other.id != piece.id)
    after = replace(state, pieces=_put(state, rest, replace(piece, moved=True), asked.before))
    if [one.id for one in after.shown] == [one.id for one in state.shown]:
        raise CorrectionError(f"{_title(state, asked.cut)} stands there already.")
    return after


def _put(
    state: Corrected, pieces: tuple[Piece, ...], piece: Piece, before: str | None
) -> tuple[Piece, ...]:
    if before is None:
        return (*pieces, piece)
    if state.piece(before).dropped:
        raise CorrectionError(f"{_title(state, before)} is not in the film: name one that is.")
    at = [other.id for other in pieces].index(before)
    return (*pieces[:at], piece, *pieces[at:])


def _replace(state: Corrected, asked: Replace) -> Corrected:
    piece = _changeable(state, asked.cut)
    old = piece.cut
    new = _new_cut(state, asked.clip, asked.clip_in, asked.clip_out)
    if (new.clip.digest, new.source) == (old.clip.digest, old.source):
        raise CorrectionError(f"{_title(state, asked.cut)} shows just these frames already.")
    chosen = (asked.clip, new.source)
    others = [other for other in old.alternatives if (other.clip.digest, other.source) != chosen]
    shot = [other.shot for other in old.alternatives if (other.clip.digest, other.source) == chosen]
    stood = Alternative(old.clip, old.source, old.shot, "stood here before")
    new = replace(new, shot=shot[0] if shot else new.shot, alternatives=(stood, *others))
    return state.with_piece(replace(piece, cut=new))


def _insert(state: Corrected, asked: Insert) -> Corrected:
    if any(piece.id == asked.cut for piece in state.pieces):
        raise CorrectionError(f"There is a cut {asked.cut} already: a new one needs a new id.")
    cut = _new_cut(state, asked.clip, asked.clip_in, asked.clip_out)
    piece = Piece(asked.cut, cut, None)
    return replace(state, pieces=_put(state, state.pieces, piece, asked.before))


def _new_cut(state: Corrected, digest: str, first: int, stop: int) -> Cut:
    """Frames of a clip as a cut of the film."""
    span = _span(state, digest, first, stop)
    assert span is not None  # both points are given
    clip = _clip(state, digest)
    for ban in state.bans:
        if ban.overlaps(digest, span):
            raise CorrectionError(f"These frames of {clip.name} are banned: lift the ban first.")
    return Cut(clip, span, 0, convert_length(len(span), clip.rate, state.base.rate), shot=clip.name)


def _lock(state: Corrected, asked: Lock | Unlock) -> Corrected:
    piece = state.piece(asked.cut)
    wanted = isinstance(asked, Lock)
    if piece.dropped:
        raise CorrectionError(f"{_title(state, asked.cut)} is not in the film: put it back first.")
    if piece.locked == wanted:
        word = "locked already" if wanted else "not locked"
        raise CorrectionError(f"{_title(state, asked.cut)} is {word}.")
    return state.with_piece(replace(piece, locked=wanted))


def _ban(state: Corrected, asked: Ban) -> Corrected:
    ban = Marked(asked.clip, _span(state, asked.clip, asked.clip_in, asked.clip_out))
    name = _clip(state, asked.clip).name
    if ban in state.bans:
        raise CorrectionError(f"These frames of {name} are banned already.")
    if any(_meet(ban, must) for must in state.musts):
        raise CorrectionError(f"Some of these frames of {name} must be included: take that back.")
    pieces = []
    for piece in state.pieces:
        hit = not piece.dropped and ban.overlaps(piece.cut.clip.digest, piece.cut.source)
        if hit and piece.locked:
            raise CorrectionError(f"{_title(state, piece.id)} shows these frames and is locked.")
        pieces.append(replace(piece, dropped=True) if hit else piece)
    return replace(state, pieces=tuple(pieces), bans=(*state.bans, ban))


def _must(state: Corrected, asked: MustInclude) -> Corrected:
    must = Marked(asked.clip, _span(state, asked.clip, asked.clip_in, asked.clip_out))
    name = _clip(state, asked.clip).name
    if any(_meet(must, ban) for ban in state.bans):
        raise CorrectionError(f"Some of these frames of {name} are banned: lift the ban first.")
    for other in state.musts:
        if other == must or (must.span and other.span and _meet(must, other)):
            raise CorrectionError(f"Some of these frames of {name} must be included already.")
    return replace(state, musts=(*state.musts, must))


def _unban(state: Corrected, asked: Unban) -> Corrected:
    return replace(state, bans=_without(state, state.bans, asked, "banned"))


def _need_not(state: Corrected, asked: NeedNot) -> Corrected:
    return replace(state, musts=_without(state, state.musts, asked, "marked as must-include"))


def _without(
    state: Corrected, marks: Sequence[Marked], asked: Unban | NeedNot, word: str
) -> tuple[Marked, ...]:
    mark = Marked(asked.clip, _span(state, asked.clip, asked.clip_in, asked.clip_out))
    if mark not in marks:
        name = _clip(state, asked.clip).name
        raise CorrectionError(f"Just these frames of {name} are not {word}.")
    return tuple(other for other in marks if other != mark)


def _note(state: Corrected, asked: Note) -> Corrected:
    if len(asked.text) > LONGEST_NOTE:
        raise CorrectionError(
            f"A note of {len(asked.text)} characters is too long: {LONGEST_NOTE} at most."
        )
    key = "" if asked.cut is None else state.piece(asked.cut).id
    if asked.text.strip() == state.note(key):
        raise CorrectionError("The note says so already.")
    notes = {**(state.notes or {}), key: asked.text.strip()}
    return replace(state, notes={cut: text for cut, text in notes.items() if text})


_APPLY: dict[type, Callable[..., Corrected]] = {
    Drop: _drop,
    Restore: _restore,
    Trim: _trim,
    Slip: _slip,
    Move: _move,
    Replace: _replace,
    Insert: _insert,
    Lock: _lock,
    Unlock: _lock,
    Ban: _ban,
    Unban: _unban,
    MustInclude: _must,
    NeedNot: _need_not,
    Note: _note,
}


# --- what holds for all ---------------------------------------------------------------------------


def _title(state: Corrected, cut: str) -> str:
    """A cut's name at the beginning of a sentence."""
    name = state.name(cut)
    return name[0].upper() + name[1:]


def _changeable(state: Corrected, cut: str) -> Piece:
    piece = state.piece(cut)
    if piece.dropped:
        raise CorrectionError(f"{_title(state, cut)} is not in the film: put it back first.")
    if piece.locked:
        raise CorrectionError(f"{_title(state, cut)} is locked: unlock it first.")
    return piece


def _clip(state: Corrected, digest: str) -> Clip:
    if digest not in state.clips:
        raise CorrectionError("This clip is not among the footage of the version.")
    return state.clips[digest]


def _span(state: Corrected, digest: str, first: int | None, stop: int | None) -> FrameSpan | None:
    clip = _clip(state, digest)
    if first is None and stop is None:
        return None
    if first is None or stop is None:
        raise CorrectionError("Give both the in and the out point, or neither.")
    if stop <= first:
        raise CorrectionError(
            f"Out before in: {clip.name} from frame {first} to {stop} is no frame."
        )
    if first < 0 or stop > clip.frames:
        raise CorrectionError(
            f"Beyond the media: {clip.name} has frames 0 to {clip.frames}, not {first} to {stop}."
        )
    return FrameSpan(first, stop)


def _meet(one: Marked, other: Marked) -> bool:
    """True where two marks share frames."""
    if one.digest != other.digest:
        return False
    return one.span is None or other.span is None or one.span.overlaps(other.span)


def _check_used_once(before: Corrected, after: Corrected) -> None:
    """Raise CorrectionError where the film now shows a frame twice that it showed once before."""
    old = {piece.id: piece for piece in before.shown}
    shown = after.shown
    for piece in shown:
        was = old.get(piece.id)
        if was is piece or (was is not None and was.cut == piece.cut):
            continue
        for other in shown:
            if other.id == piece.id or other.cut.clip.digest != piece.cut.clip.digest:
                continue
            twice = _common(piece.cut.source, other.cut.source)
            if twice and len(twice) > _shared_before(old, piece, other):
                raise CorrectionError(
                    f"Frames {twice.first} to {twice.stop} of {piece.cut.clip.name} would be used"
                    f" twice: {after.name(other.id)} shows them."
                )


def _common(one: FrameSpan, other: FrameSpan) -> FrameSpan | None:
    span = FrameSpan(max(one.first, other.first), min(one.stop, other.stop))
    return span if span.first < span.stop else None


def _shared_before(old: dict[str, Piece], piece: Piece, other: Piece) -> int:
    """Frames that two cuts already shared: a film from elsewhere may repeat some."""
    if piece.id not in old or other.id not in old:
        return 0
    one, two = old[piece.id].cut, old[other.id].cut
    if one.clip.digest != two.clip.digest:
        return 0
    return len(_common(one.source, two.source) or ())
