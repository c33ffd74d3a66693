"""What the store holds, a dataclass a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CutFacts:
    """One cut of a version as it was made."""

    clip: str  # digest
    clip_in: int  # frames of the clip
    clip_out: int
    film_in: int  # frames of the film
    film_out: int
    shot: str
    reward: float
    terms: Mapping[str, float]  # raw, each in [-1, 1]


@dataclass(frozen=True)
class VersionFacts:
    """What the store is told of a version: it holds no film and no timeline, the folder does."""

    title: str  # "toys-v003"
    name: str
    number: int
    edit: str  # digest of its edit.json
    parent: str | None  # title
    made_by: str
    made_at: float  # s since the epoch
    frames: int
    rate: str  # "24000/1001"
    style: str | None
    policy: str | None
    cuts: tuple[CutFacts, ...]
    clips: Mapping[str, tuple[str, Mapping[str, Any]]]  # digest -> path, facts


@dataclass(frozen=True)
class VersionRow:
    """A version that the store knows."""

    id: int
    title: str
    name: str
    number: int
    edit: str
    parent: str | None
    parent_revision: int | None  # how far the parent was corrected when this was made of it
    made_by: str
    made_at: float
    cuts: int
    frames: int
    rate: str
    style: str | None
    policy: str | None
    revision: int  # rises with every change


@dataclass(frozen=True)
class ActRow:
    """One correction, undo or redo."""

    version: int
    revision: int  # of the version after it
    act: str  # "do", "undo", "redo"
    correction: Mapping[str, Any] | None  # None for undo and redo
    made_at: float


@dataclass(frozen=True)
class VerdictRow:
    """What an editor thinks of a film or of one of its cuts."""

    version: int
    revision: int
    cut: str | None  # None: the film
    verdict: str | None  # "approve", "reject"; None: taken back
    reasons: tuple[str, ...]  # any of REASONS
    note: str
    made_at: float


@dataclass(frozen=True)
class PreferenceRow:
    """Two versions seen side by side, and which was preferred."""

    id: int
    left: int  # version
    left_revision: int
    right: int
    right_revision: int
    answered: bool
    preferred: int | None  # version; None while unanswered, and for neither
    reasons: tuple[str, ...]
    note: str
    made_at: float


@dataclass(frozen=True)
class PolicyRow:
    """A policy that was trained here."""

    name: str
    file: str
    digest: str
    parent: str | None
    facts: Mapping[str, Any]
    made_at: float


@dataclass(frozen=True)
class RunRow:
    """One training, finished or not."""

    id: int
    kind: str
    state: str  # "running", "done", "failed", "stopped"
    policy: str | None
    facts: Mapping[str, Any]
    began_at: float
    ended_at: float | None
