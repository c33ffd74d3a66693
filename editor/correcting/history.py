"""Turn what the store holds into what happened, in order and in words, and into what contradicts
itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from editor.correcting.desk import Desk, Opened
from editor.errors import EditorError
from editor.film.corrections import from_json, words
from editor.film.replay import Log, replay
from editor.progress import printable
from editor.store import ActRow, VerdictRow, VersionRow

PAST = {"approve": "approved", "reject": "rejected"}
MANY = 0.5  # share of a film's cuts that are rejected, from which its approval is odd


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: float  # s since the epoch
    version: str  # title; "" where it is about none
    revision: int | None
    kind: str  # "made", "correction", "undo", "redo", "verdict", "preference", "policy", "run"
    says: str
    facts: dict[str, Any] = field(default_factory=dict)


def as_json(event: Event) -> dict[str, Any]:
    """An event as plain values."""
    return {
        **event.facts,
        "at": event.at,
        "version": event.version or None,
        "revision": event.revision,
        "kind": event.kind,
        "says": printable(event.says),
    }


def events(desk: Desk, title: str | None = None) -> tuple[Event, ...]:
    """All that the store knows, the oldest first; of one version where it is named."""
    rows = {row.id: row for row in desk.store.versions()}
    here = {listed.version.title: listed.row for listed in desk.versions()}
    rows |= {row.id: row for row in desk.store.versions()}  # those that were only now seen
    found: list[Event] = []
    for row in rows.values():
        if title in (None, row.title):
            found += _of_version(desk, row, here.get(row.title) == row)
    found += [one for one in _preferences(desk, rows) if title in (None, one.version)]
    if title is None:
        found += _of_policies(desk)
    return tuple(sorted(found, key=lambda event: event.at))


def _of_version(desk: Desk, row: VersionRow, here: bool) -> Iterator[Event]:
    gone = "" if here else " (its folder is gone, or holds another film now)"
    by = {"cut": "cut", "correction": "made from corrections", "import": "read back"}
    from_ = f" of {row.parent}" if row.parent else ""
    says = f"{by.get(row.made_by, row.made_by)}{from_}: {row.cuts} cuts{gone}"
    yield Event(row.made_at, row.title, 0, "made", says, {"policy": row.policy})
    log = start = _start(desk, row) if here else None
    for act in desk.store.acts(row.id):
        told, log = _told(act, log)
        kind = "correction" if act.act == "do" else act.act
        facts = {"correction": dict(act.correction)} if act.correction else {}
        yield Event(act.made_at, row.title, act.revision, kind, told, facts)
    for verdict in desk.store.verdicts(row.id):
        judged: dict[str, Any] = {"cut": verdict.cut, "verdict": verdict.verdict}
        judged |= {"reasons": list(verdict.reasons), "note": verdict.note}
        what = _judged(verdict, log or start)
        said = verdict_words(verdict, what)
        yield Event(verdict.made_at, row.title, verdict.revision, "verdict", said, judged)


def _judged(verdict: VerdictRow, log: Log | None) -> str:
    """What a verdict is about, as far as that can still be told."""
    if verdict.cut is None:
        return "the film"
    try:
        return log.state.name(verdict.cut) if log else f"cut {verdict.cut}"
    except EditorError:  # a cut that was put in, and undone since
        return f"cut {verdict.cut}"


def _start(desk: Desk, row: VersionRow) -> Log | None:
    try:
        return replay(desk.open(row.title).log.states[0], ())
    except EditorError:  # what cannot be opened is told by its kind alone
        return None


def _told(act: ActRow, log: Log | None) -> tuple[str, Log | None]:
    """An act in words, and the log after it."""
    if log is None:
        return str(act.correction["kind"]) if act.correction else act.act, None
    if act.correction is not None:
        correction = from_json(act.correction)
        return words(log.state, correction), log.act(correction)
    if act.act == "undo":
        after, what = log.act("undo"), log.undoable
        assert what is not None
        return words(after.state, what), after
    what = log.redoable
    assert what is not None
    return words(log.state, what), log.act("redo")


def verdict_words(row: VerdictRow, what: str) -> str:
    """A verdict as it is told: "rejected cut 3 (rhythm): too long". what: the cut, or the film."""
    if row.verdict is None:
        return f"verdict taken back {what}".strip()
    reasons = f" ({', '.join(row.reasons)})" if row.reasons else ""
    note = f": {row.note}" if row.note else ""
    return f"{PAST[row.verdict]} {what}".strip() + reasons + note


def _preferences(desk: Desk, rows: dict[int, VersionRow]) -> Iterator[Event]:
    for row in desk.store.preferences():
        if not row.answered:
            continue
        left, right = rows[row.left].title, rows[row.right].title
        best = rows[row.preferred].title if row.preferred is not None else None
        other = right if best == left else left
        says = f"preferred to {other}" if best else f"neither this nor {right} preferred"
        reasons = f" ({', '.join(row.reasons)})" if row.reasons else ""
        facts: dict[str, Any] = {"preferred": best, "over": other if best else None}
        facts |= {"between": [left, right], "comparison": row.id}
        facts |= {"reasons": list(row.reasons), "note": row.note}
        yield Event(row.made_at, best or left, None, "preference", says + reasons, facts)


def _of_policies(desk: Desk) -> Iterator[Event]:
    for policy in desk.store.policies():
        facts = {"parent": policy.parent, **policy.facts}
        yield Event(policy.made_at, "", None, "policy", f"{policy.name} was trained", facts)
    for name, why, at in desk.store.policy_uses():
        yield Event(at, "", None, "policy", f"{name} cuts from now on: {why}", {"policy": name})
    for run in desk.store.runs():
        says = f"{run.kind}: {run.state}" + (f", {run.policy}" if run.policy else "")
        yield Event(run.began_at, "", None, "run", says, {"run": run.id, **run.facts})


# --- what contradicts itself ----------------------------------------------------------------------


def contradictions(opened: Opened) -> tuple[str, ...]:
    """Verdicts of one version that do not go together, in an editor's words."""
    found = list(_changed_minds(opened))
    state = opened.log.state
    film = opened.verdicts.get(None)
    shown = {piece.id for piece in state.shown}
    rejected = [
        cut
        for cut, row in opened.verdicts.items()
        if cut in shown and row is not None and row.verdict == "reject"
    ]
    if film and film.verdict == "approve" and len(rejected) > MANY * len(shown):
        found.append(
            f"the film is approved, and {len(rejected)} of its {len(shown)} cuts are rejected"
        )
    numbers = state.numbers()
    for piece in state.pieces:
        row = opened.verdicts.get(piece.id)
        if row and row.verdict == "reject" and piece.locked:
            found.append(f"cut {numbers[piece.id]} is rejected and locked")
        if row and row.verdict == "approve" and piece.dropped:
            found.append(f"{state.name(piece.id)} is approved and dropped")
    return tuple(found)


def _changed_minds(opened: Opened) -> Iterator[str]:
    """Cuts, or the film, that were approved and rejected without taking the one back."""
    last: dict[str | None, VerdictRow] = {}
    for row in opened.given:
        before = last.get(row.cut)
        if before and before.verdict and row.verdict and before.verdict != row.verdict:
            what = opened.log.state.name(row.cut) if row.cut else "the film"
            yield (
                f"{what} was {PAST[before.verdict]} at revision {before.revision} and"
                f" {PAST[row.verdict]} at {row.revision}: the later stands"
            )
        last[row.cut] = row


def contrary_preferences(desk: Desk) -> tuple[str, ...]:
    """Pairs of versions of which each was preferred to the other, each told once."""
    titles = {row.id: row.title for row in desk.store.versions()}
    given: Counter[tuple[int, int]] = Counter()
    told: dict[frozenset[int], tuple[int, int]] = {}  # a pair, in the order told
    for row in desk.store.preferences():
        if row.preferred is None:
            continue
        other = row.right if row.preferred == row.left else row.left
        given[row.preferred, other] += 1
        if given[other, row.preferred]:
            told.setdefault(frozenset((row.preferred, other)), (row.preferred, other))
    return tuple(
        f"{titles[one]} was preferred to {titles[two]}{_times(given[one, two])}, and {titles[two]}"
        f" to {titles[one]}{_times(given[two, one])}"
        for one, two in told.values()
    )


def _times(count: int) -> str:
    return f" {count} times" if count > 1 else ""
