"""A version's timeline with what an editor did to it: the film as it stands, and what it was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from editor.errors import CorrectionError
from editor.film.common_run import stayed
from editor.film.marks import Mark, Marks
from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.timing import FrameSpan


@dataclass(frozen=True)
class Piece:
    """A cut that keeps its id whatever is done to it. One that was dropped keeps its place."""

    id: str  # "c3", the version's third; "n12", put in at revision 12
    cut: Cut  # as it is now; its `start` is the timeline's matter, and 0 here
    origin: Cut | None  # as the version had it; None: put in
    dropped: bool = False
    locked: bool = False
    moved: bool = False  # it was put elsewhere, and may be back by now


@dataclass(frozen=True)
class Marked:
    """Footage that is banned, or that the next cut must have."""

    digest: str  # of the clip
    span: FrameSpan | None  # frames of the clip; None: all of it, or (must) something of it

    def overlaps(self, digest: str, span: FrameSpan) -> bool:
        """True where it covers some of these frames."""
        return self.digest == digest and (self.span is None or self.span.overlaps(span))


@dataclass(frozen=True)
class Corrected:
    """The film as corrected, and what was asked of the next one."""

    base: Timeline  # as the version has it
    clips: Mapping[str, Clip]  # by digest: all footage that may be put in
    pieces: tuple[Piece, ...]  # in film order; dropped ones where they stood
    bans: tuple[Marked, ...] = ()
    musts: tuple[Marked, ...] = ()
    notes: Mapping[str, str] | None = None  # by cut id; "" is the film's own

    @cached_property
    def shown(self) -> tuple[Piece, ...]:
        """The pieces that are in the film."""
        return tuple(piece for piece in self.pieces if not piece.dropped)

    @property
    def timeline(self) -> Timeline:
        """The film as it stands."""
        cuts, at = [], 0
        for piece in self.shown:
            cuts.append(replace(piece.cut, start=at))
            at += piece.cut.length
        return replace(self.base, cuts=tuple(cuts))

    @property
    def untouched(self) -> bool:
        """True where the film is what the version has, whatever is marked or noted."""
        return self.timeline.cuts == self.base.cuts

    def note(self, cut: str) -> str:
        """What was written on a cut, or ("") on the film."""
        return (self.notes or {}).get(cut, "")

    def piece(self, cut: str) -> Piece:
        """The piece of that id. Raises CorrectionError."""
        for piece in self.pieces:
            if piece.id == cut:
                return piece
        raise CorrectionError(f"There is no cut {cut} in this version.")

    def numbers(self) -> dict[str, int]:
        """Place in the film, from 1, of every cut that is in it, by id."""
        return {piece.id: number for number, piece in enumerate(self.shown, 1)}

    def name(self, cut: str) -> str:
        """What an editor calls a cut: "cut 3 (rabbit.mp4)"."""
        number = self.numbers().get(cut)
        name = self.piece(cut).cut.clip.name
        return f"cut {number} ({name})" if number else f"the dropped cut of {name}"

    def with_piece(self, changed: Piece) -> "Corrected":
        """The same with one piece changed."""
        pieces = tuple(changed if piece.id == changed.id else piece for piece in self.pieces)
        return replace(self, pieces=pieces)


def begin(timeline: Timeline, clips: Mapping[str, Clip], marks: Marks | None = None) -> Corrected:
    """A version as it was made, before any correction. clips: all footage, by digest. marks: what
    it carries on from the version that it came from."""
    marks = marks or Marks()
    known = {**clips, **marks.clips(), **{cut.clip.digest: cut.clip for cut in timeline.cuts}}
    locked = set(_marked(marks.locked))
    pieces = tuple(
        Piece(
            f"c{number}",
            replace(cut, start=0),
            cut,
            locked=Marked(cut.clip.digest, cut.source) in locked,
        )
        for number, cut in enumerate(timeline.cuts, 1)
    )
    return Corrected(timeline, known, pieces, _marked(marks.bans), _marked(marks.musts))


def _marked(marks: tuple[Mark, ...]) -> tuple[Marked, ...]:
    return tuple(dict.fromkeys(Marked(mark.clip.digest, mark.span) for mark in marks))


def standing(state: Corrected) -> Marks:
    """What the next version carries on."""

    def on_clips(marks: tuple[Marked, ...]) -> tuple[Mark, ...]:
        return tuple(Mark(state.clips[mark.digest], mark.span) for mark in marks)

    locked = tuple(Mark(piece.cut.clip, piece.cut.source) for piece in state.shown if piece.locked)
    return Marks(locked, on_clips(state.bans), on_clips(state.musts))


def changes(state: Corrected) -> dict[str, tuple[str, ...]]:
    """What was done to each cut, by id: any of "trimmed", "moved", "replaced", "inserted"."""
    moved = _moved(state)
    return {piece.id: _changes(piece, piece.id in moved) for piece in state.pieces}


def _changes(piece: Piece, moved: bool) -> tuple[str, ...]:
    was, now = piece.origin, piece.cut
    if was is None:
        return ("inserted",)
    found = []
    if was.clip.digest != now.clip.digest or not was.source.overlaps(now.source):
        found.append("replaced")
    elif (was.source, was.length) != (now.source, now.length):
        found.append("trimmed")
    if moved:
        found.append("moved")
    return tuple(found)


def _moved(state: Corrected) -> set[str]:
    """The fewest cuts whose absence leaves the version's own order; where several are as few, those
    that were put elsewhere rather than the ones that they passed."""
    order = [piece for piece in state.shown if piece.origin is not None]
    old = sorted(order, key=lambda piece: piece.origin.start if piece.origin else 0)
    place = {piece.id: number for number, piece in enumerate(order)}
    slight = 1 / (2 * len(old) + 2)
    worth = [0.0 if piece.moved else slight for piece in old]
    still = stayed([place[piece.id] for piece in old], worth, slight / (len(old) + 2))
    return {piece.id for number, piece in enumerate(old) if number not in still}
