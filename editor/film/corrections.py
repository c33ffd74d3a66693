"""What an editor may do to a cut film: each kind of correction, as a value, as JSON, in words.

A correction names cuts by id and footage by digest, so that the same corrections on the same
version make the same film, whenever they are played again.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from editor.errors import CorrectionError
from editor.film.corrected import Corrected

LONGEST_NOTE = 4000  # characters: a page of text; more belongs in a document
MOST = 1 << 40  # frames: 400 years at 60 a second


@dataclass(frozen=True)
class Drop:
    """Take a cut out of the film."""

    cut: str


@dataclass(frozen=True)
class Restore:
    """Put a dropped cut back where it stood."""

    cut: str


@dataclass(frozen=True)
class Trim:
    """Move a cut's in or out point."""

    cut: str
    edge: Literal["in", "out"]
    by: int  # film frames, later positive
    mode: Literal["ripple", "roll"]  # roll: the neighbour's edge goes along, the length stays


@dataclass(frozen=True)
class Slip:
    """Show an earlier or later part of the same clip, as long and in the same place."""

    cut: str
    by: int  # film frames, later positive


@dataclass(frozen=True)
class Move:
    """Put a cut elsewhere in the film."""

    cut: str
    before: str | None  # the cut that follows it then; None: at the end


@dataclass(frozen=True)
class Replace:
    """Show other footage in a cut's place."""

    cut: str
    clip: str  # digest
    clip_in: int  # frame of the clip
    clip_out: int  # frame of the clip, exclusive


@dataclass(frozen=True)
class Insert:
    """Put a new cut into the film."""

    cut: str  # its id from now on
    clip: str  # digest
    clip_in: int
    clip_out: int
    before: str | None  # the cut that follows it; None: at the end


@dataclass(frozen=True)
class Lock:
    """Keep a cut as it is, also when the film is cut again."""

    cut: str


@dataclass(frozen=True)
class Unlock:
    """Let a cut be changed again."""

    cut: str


@dataclass(frozen=True)
class Ban:
    """Never use these frames; cuts that show any of them are dropped."""

    clip: str  # digest
    clip_in: int | None  # both None: the whole clip
    clip_out: int | None


@dataclass(frozen=True)
class Unban:
    """Allow again what was banned in just these words."""

    clip: str
    clip_in: int | None
    clip_out: int | None


@dataclass(frozen=True)
class MustInclude:
    """The next cut has to use these frames; both None: something of the clip."""

    clip: str
    clip_in: int | None
    clip_out: int | None


@dataclass(frozen=True)
class NeedNot:
    """Take a must-include back."""

    clip: str
    clip_in: int | None
    clip_out: int | None


@dataclass(frozen=True)
class Note:
    """Write on a cut, or (None) on the film; an empty text takes the note away."""

    cut: str | None
    text: str


Correction = (
    Drop | Restore | Trim | Slip | Move | Replace | Insert | Lock | Unlock
    | Ban | Unban | MustInclude | NeedNot | Note
)  # fmt: skip
Act = Correction | Literal["undo", "redo"]


# --- as JSON --------------------------------------------------------------------------------------

KINDS: dict[str, type] = {
    "drop": Drop,
    "restore": Restore,
    "trim": Trim,
    "slip": Slip,
    "move": Move,
    "replace": Replace,
    "insert": Insert,
    "lock": Lock,
    "unlock": Unlock,
    "ban": Ban,
    "unban": Unban,
    "must-include": MustInclude,
    "need-not": NeedNot,
    "note": Note,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def as_json(correction: Correction) -> dict[str, Any]:
    """The correction as plain values; `kind` names it."""
    return {"kind": _NAMES[type(correction)], **asdict(correction)}


def from_json(value: object) -> Correction:
    """The correction from plain values, a stranger's. Raises CorrectionError that says what is
    wrong with them; whether it can hold is for `applying.apply` to say."""
    if not isinstance(value, Mapping):
        raise CorrectionError("A correction is an object with a kind.")
    name = value.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise CorrectionError(f"No correction is called {name!r:.60}. Known: {', '.join(KINDS)}.")
    kind = KINDS[name]
    given = {key: item for key, item in value.items() if key != "kind"}
    wanted = [one.name for one in fields(kind)]
    if sorted(given) != sorted(wanted):
        raise CorrectionError(f"A {name} has {', '.join(wanted)}; not {', '.join(given) or '-'}.")
    for key, item in given.items():
        nullable = key == "before" or (kind is Note and key == "cut")
        nullable |= "clip_in" in wanted and "cut" not in wanted and key in ("clip_in", "clip_out")
        if not (item is None and nullable) and not _READS[key](item):
            raise CorrectionError(f"{name}: {key} cannot be {item!r:.60}.")
    found: Correction = kind(**given)
    return found


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isalnum()


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _is_frames(value: object) -> bool:
    return type(value) is int and abs(value) <= MOST


_READS: dict[str, Callable[[object], bool]] = {
    "cut": _is_id,
    "before": _is_id,
    "clip": _is_digest,
    "clip_in": _is_frames,
    "clip_out": _is_frames,
    "by": lambda value: _is_frames(value) and value != 0,
    "edge": lambda value: value in ("in", "out"),
    "mode": lambda value: value in ("ripple", "roll"),
    "text": lambda value: isinstance(value, str) and len(value) <= LONGEST_NOTE,
}


# --- in words -------------------------------------------------------------------------------------


def words(state: Corrected, correction: Correction) -> str:
    """What a correction does to the film as it stood before it: "trim cut 3: in 5 frames later"."""
    if isinstance(correction, Note):
        return f"note on {state.name(correction.cut) if correction.cut else 'the film'}"
    name = _NAMES[type(correction)]
    if isinstance(correction, Ban | Unban | MustInclude | NeedNot):
        clip = state.clips[correction.clip].name
        if correction.clip_in is None:
            return f"{name} {clip}"
        return f"{name} {clip}, frames {correction.clip_in} to {correction.clip_out}"
    if isinstance(correction, Insert):
        clip = state.clips[correction.clip].name
        frames = f"frames {correction.clip_in} to {correction.clip_out}"
        return f"insert {clip}, {frames}, {_place(state, correction.before)}"
    cut = state.name(correction.cut)
    if isinstance(correction, Trim | Slip):
        count = abs(correction.by)
        time = f"{count} {'frame' if count == 1 else 'frames'}"
        time += " later" if correction.by > 0 else " earlier"
        if isinstance(correction, Slip):
            return f"slip {cut}: {time}"
        rolling = ", rolling" if correction.mode == "roll" else ""
        return f"trim {cut}: {correction.edge} {time}{rolling}"
    if isinstance(correction, Move):
        return f"move {cut} {_place(state, correction.before)}"
    if isinstance(correction, Replace):
        clip = state.clips[correction.clip].name
        return f"replace {cut} by {clip}, frames {correction.clip_in} to {correction.clip_out}"
    return f"{name} {cut}"


def _place(state: Corrected, before: str | None) -> str:
    return f"before {state.name(before)}" if before else "to the end"
