"""Turn what an editor does into rows that stay, and rows into what was done."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from editor.errors import StaleError, StoreError
from editor.store.database import PATIENCE, Database
from editor.store.rows import (
    ActRow,
    PolicyRow,
    PreferenceRow,
    RunRow,
    VerdictRow,
    VersionFacts,
    VersionRow,
)

VERDICTS = ("approve", "reject")
REASONS = ("rhythm", "continuity", "content", "performance", "technical")

_VERSION = (
    "id, title, name, number, edit, parent, parent_revision, made_by, made_at, cuts, frames,"
    " rate, style, policy, revision"
)
_PREFERENCE = (
    "id, left_version, left_revision, right_version, right_revision, answered, preferred,"
    " reasons, note, made_at"
)


class Store:
    """The store of one outputs folder. A context manager; may be shared by threads.

    All methods raise StoreError where the database is locked, damaged or full. What returns has
    been synced to the disk.
    """

    def __init__(self, outputs: Path, patience: float = PATIENCE) -> None:
        """Open the store of an outputs folder that exists, or make it."""
        self.outputs = outputs
        self.database = Database(outputs, patience)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep a last good backup, and let go of the file."""
        self.database.close()

    @property
    def written_elsewhere(self) -> int:
        """A number that changes when another connection, of this program or not, has written."""
        return int(self.database.read("PRAGMA data_version")[0][0])

    # --- versions ---------------------------------------------------------------------------------

    def register(self, facts: VersionFacts, parent_revision: int | None = None) -> VersionRow:
        """Make a version known; one that is known already stays as it is."""
        known = self._version("title = ? AND edit = ?", facts.title, facts.edit)
        if known is not None:
            return known
        with self.database.writing() as db:
            db.execute(
                f"INSERT OR IGNORE INTO versions ({_VERSION}) VALUES"
                " (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    *(facts.title, facts.name, facts.number, facts.edit, facts.parent),
                    *(parent_revision, facts.made_by, facts.made_at, len(facts.cuts)),
                    *(facts.frames, facts.rate, facts.style, facts.policy),
                ),
            )
            found = db.execute(
                "SELECT id FROM versions WHERE title = ? AND edit = ?", (facts.title, facts.edit)
            ).fetchone()[0]
            db.executemany(
                "INSERT OR IGNORE INTO cuts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (found, place, cut.clip, cut.clip_in, cut.clip_out, cut.film_in, cut.film_out,
                     _text(cut.shot), cut.reward, json.dumps(dict(cut.terms)))
                    for place, cut in enumerate(facts.cuts, 1)
                ],
            )  # fmt: skip
            _put_clips(db, facts.clips)
        row = self._version("id = ?", found)
        assert row is not None
        return row

    def versions(self) -> tuple[VersionRow, ...]:
        """All versions ever seen, in the order in which they were; also those that are gone."""
        rows = self.database.read(f"SELECT {_VERSION} FROM versions ORDER BY id")
        return tuple(VersionRow(*row) for row in rows)

    def version(self, number: int) -> VersionRow:
        """A version by its id here. Raises StoreError."""
        row = self._version("id = ?", number)
        if row is None:
            raise StoreError(f"The store knows no version with the id {number}.")
        return row

    def _version(self, where: str, *values: object) -> VersionRow | None:
        rows = self.database.read(f"SELECT {_VERSION} FROM versions WHERE {where}", values)
        return VersionRow(*rows[0]) if rows else None

    # --- clips ------------------------------------------------------------------------------------

    def put_clips(self, clips: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        """Remember clips by digest: path and facts. A path that is known is not changed."""
        known = {row[0] for row in self.database.read("SELECT digest FROM clips")}
        if clips.keys() - known:
            with self.database.writing() as db:
                _put_clips(db, clips)

    def clips(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """All clips ever seen: digest -> path, facts."""
        rows = self.database.read("SELECT digest, path, facts FROM clips")
        return {digest: (json.loads(path), json.loads(facts)) for digest, path, facts in rows}

    def relink(self, digest: str, path: str) -> None:
        """A clip lies elsewhere now: same content, another path."""
        with self.database.writing() as db:
            db.execute("UPDATE clips SET path = ? WHERE digest = ?", (json.dumps(path), digest))

    # --- corrections and verdicts -----------------------------------------------------------------

    def act(
        self, version: int, revision: int, act: str, correction: Mapping[str, Any] | None
    ) -> int:
        """Keep one correction, undo or redo; returns the version's new revision.

        revision: the one that the editor saw. Raises StaleError where it has changed since.
        """
        with self.database.writing() as db:
            new = _advance(db, version, revision)
            body = None if correction is None else json.dumps(dict(correction))
            db.execute(
                "INSERT INTO corrections VALUES (?, ?, ?, ?, ?)",
                (version, new, act, body, time.time()),
            )
        return new

    def acts(self, version: int, since: int = 0) -> tuple[ActRow, ...]:
        """Corrections, undos and redos of a version after a revision, in order."""
        rows = self.database.read(
            "SELECT version, revision, act, correction, made_at FROM corrections"
            " WHERE version = ? AND revision > ? ORDER BY revision",
            (version, since),
        )
        return tuple(
            ActRow(of, new, act, json.loads(body) if body else None, at)
            for of, new, act, body, at in rows
        )

    def judge(
        self,
        version: int,
        revision: int,
        cut: str | None,
        verdict: str | None,
        reasons: Sequence[str] = (),
        note: str = "",
    ) -> int:
        """Keep a verdict on a cut, or (None) on the film; returns the new revision.

        verdict: one of VERDICTS, None takes the one before back. Raises StaleError as `act`.
        """
        if verdict not in (None, *VERDICTS) or any(reason not in REASONS for reason in reasons):
            raise ValueError(f"Verdicts: {VERDICTS}, reasons: {REASONS}.")
        with self.database.writing() as db:
            new = _advance(db, version, revision)
            db.execute(
                "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (version, new, cut, verdict, json.dumps(list(reasons)), note, time.time()),
            )
        return new

    def verdicts(self, version: int | None = None) -> tuple[VerdictRow, ...]:
        """Every verdict ever given, in order; the last one on a cut is the one that stands."""
        rows = self.database.read(
            "SELECT version, revision, cut, verdict, reasons, note, made_at FROM verdicts"
            " WHERE ? IS NULL OR version = ? ORDER BY version, revision",
            (version, version),
        )
        return tuple(
            VerdictRow(of, new, cut, verdict, tuple(json.loads(reasons)), note, at)
            for of, new, cut, verdict, reasons, note, at in rows
        )

    # --- preferences ------------------------------------------------------------------------------

    def ask(self, left: int, right: int) -> int:
        """Two versions are shown side by side; returns the comparison's number."""
        with self.database.writing() as db:
            cursor = db.execute(
                "INSERT INTO preferences (left_version, left_revision, right_version,"
                " right_revision, made_at) SELECT a.id, a.revision, b.id, b.revision, ?"
                " FROM versions a, versions b WHERE a.id = ? AND b.id = ?",
                (time.time(), left, right),
            )
            if cursor.rowcount != 1:
                raise StoreError(f"The store knows no version {left} or {right}.")
            return int(cursor.lastrowid or 0)

    def answer(
        self, comparison: int, preferred: int | None, reasons: Sequence[str] = (), note: str = ""
    ) -> PreferenceRow:
        """Keep which of the two was preferred; None: neither. Raises StaleError a second time."""
        if any(reason not in REASONS for reason in reasons):
            raise ValueError(f"Reasons: {REASONS}.")
        with self.database.writing() as db:
            cursor = db.execute(
                "UPDATE preferences SET answered = 1, preferred = ?, reasons = ?, note = ?,"
                " made_at = ? WHERE id = ? AND answered = 0 AND"
                " (? IS NULL OR ? IN (left_version, right_version))",
                (
                    *(preferred, json.dumps(list(reasons)), note, time.time(), comparison),
                    *(preferred, preferred),
                ),
            )
            if cursor.rowcount != 1:
                raise StaleError(f"Comparison {comparison} does not exist or is answered.", 0)
        return next(row for row in self.preferences() if row.id == comparison)

    def preferences(self) -> tuple[PreferenceRow, ...]:
        """All comparisons, also those that nobody answered."""
        rows = self.database.read(f"SELECT {_PREFERENCE} FROM preferences ORDER BY id")
        return tuple(
            PreferenceRow(
                number, left, left_at, right, right_at, bool(answered), preferred,
                tuple(json.loads(reasons)), note, at,
            )
            for number, left, left_at, right, right_at, answered, preferred, reasons, note, at
            in rows
        )  # fmt: skip

    # --- policies and runs ------------------------------------------------------------------------

    def add_policy(
        self, name: str, file: str, digest: str, parent: str | None, facts: Mapping[str, Any]
    ) -> PolicyRow:
        """Make a trained policy known. Raises StoreError where the name is taken."""
        row = PolicyRow(name, file, digest, parent, dict(facts), time.time())
        with self.database.writing() as db:
            cursor = db.execute(
                "INSERT OR IGNORE INTO policies VALUES (?, ?, ?, ?, ?, ?)",
                (name, file, digest, parent, json.dumps(row.facts), row.made_at),
            )
            if cursor.rowcount != 1:
                raise StoreError(f"There is a policy {name} already.")
        return row

    def policies(self) -> tuple[PolicyRow, ...]:
        """All policies that were trained here, the oldest first."""
        rows = self.database.read(
            "SELECT name, file, digest, parent, facts, made_at FROM policies ORDER BY made_at"
        )
        return tuple(
            PolicyRow(name, file, digest, parent, json.loads(facts), at)
            for name, file, digest, parent, facts, at in rows
        )

    def use_policy(self, name: str, why: str) -> None:
        """From now on this policy cuts."""
        with self.database.writing() as db:
            db.execute("INSERT INTO policy_uses VALUES (NULL, ?, ?, ?)", (name, why, time.time()))

    def policy_uses(self) -> tuple[tuple[str, str, float], ...]:
        """Which policy was put to use, why and when (s since the epoch); the last one cuts."""
        rows = self.database.read("SELECT policy, why, made_at FROM policy_uses ORDER BY id")
        return tuple((name, why, at) for name, why, at in rows)

    def begin_run(self, kind: str, facts: Mapping[str, Any]) -> int:
        """Note that a training begins; returns its number."""
        with self.database.writing() as db:
            cursor = db.execute(
                "INSERT INTO runs VALUES (NULL, ?, 'running', NULL, ?, ?, NULL)",
                (kind, json.dumps(dict(facts)), time.time()),
            )
            return int(cursor.lastrowid or 0)

    def end_run(self, run: int, state: str, policy: str | None, facts: Mapping[str, Any]) -> None:
        """Note how a training ended: "done", "failed" or "stopped"."""
        with self.database.writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, policy = ?, facts = ?, ended_at = ? WHERE id = ?",
                (state, policy, json.dumps(dict(facts)), time.time(), run),
            )

    def runs(self) -> tuple[RunRow, ...]:
        """All trainings, the oldest first."""
        rows = self.database.read(
            "SELECT id, kind, state, policy, facts, began_at, ended_at FROM runs ORDER BY id"
        )
        return tuple(
            RunRow(number, kind, state, policy, json.loads(facts), began, ended)
            for number, kind, state, policy, facts, began, ended in rows
        )


def _text(name: str) -> str:
    """A name that may hold bytes which are no text, as text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _put_clips(db: Connection, clips: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO clips VALUES (?, ?, ?)",
        [
            (digest, json.dumps(path), json.dumps(dict(facts)))
            for digest, (path, facts) in clips.items()
        ],
    )


def _advance(db: Connection, version: int, seen: int) -> int:
    """Raise the version's revision, if it is the one that the editor saw."""
    cursor = db.execute(
        "UPDATE versions SET revision = revision + 1 WHERE id = ? AND revision = ?", (version, seen)
    )
    if cursor.rowcount == 1:
        return seen + 1
    row = db.execute("SELECT title, revision FROM versions WHERE id = ?", (version,)).fetchone()
    if row is None:
        raise StoreError(f"The store knows no version with the id {version}.")
    raise StaleError(
        f"{row[0]} was changed elsewhere meanwhile (it is at revision {row[1]}, this was for"
        f" {seen}): look at it again, then repeat what is still wanted.",
        int(row[1]),
    )
