"""Open the store's database, write to it whole or not at all, and keep a last good copy of it.

Every write is an immediate transaction: it waits for its turn before it reads, so that no two
writers work from the same state. It is synced to the disk before anybody is told.
"""

import fcntl
import os
import random
import shlex
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from editor.errors import StoreError
from editor.store import schema

NAME = "store.sqlite"
LOCK = ".store.lock"
BACKUPS = ".backup"
GOOD = "last-good.sqlite"
BACKUP_EVERY = 60.0  # s between copies while there is writing: a copy takes milliseconds
STALE_AFTER = 3600.0  # s; a copy half made for so long was left by a program that was killed
PATIENCE = 10.0  # s to wait for another writer; each holds the lock for milliseconds
NAP = (0.001, 0.02)  # s between two looks whether it is our turn
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


class Database:
    """One process's connection; may be shared by threads. A context manager."""

    def __init__(self, outputs: Path, patience: float = PATIENCE) -> None:
        """Open, or make, the database in a folder that exists. Raises StoreError."""
        self.path = outputs / NAME
        self._patience = patience
        self._lock = threading.RLock()
        self._backed_up = float("-inf")  # s, monotonic
        self._changed = False
        with self._said():
            self._connection = sqlite3.connect(
                self.path, timeout=NAP[1], isolation_level=None, check_same_thread=False
            )
        try:
            with self._said(), _opening(outputs):
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep a last good copy if anything was written, and let go of the file."""
        with self._lock:
            try:
                if self._changed:
                    self.backup()
            finally:
                self._connection.close()

    def _prepare(self) -> None:
        """Check that the file is ours and sound before anything is written; then migrate."""
        connection = self._connection
        known, found = len(schema.MIGRATIONS), schema.schema(connection)
        ours = schema.application(connection)
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if tables and ours != schema.APPLICATION:
            raise StoreError(
                f"{self.path} is a database of another program. Move it away, or name another"
                " outputs folder; nothing was changed."
            )
        if not tables and (self.path.parent / BACKUPS / GOOD).exists():
            raise StoreError(
                f"{self.path} holds nothing, though something was kept here: it was emptied or"
                f" removed. {last_good(self.path.parent)} To begin anew, move {BACKUPS} away."
            )
        if found > known:
            raise StoreError(
                f"{self.path} was written by a newer version of this program (schema {found}; this"
                f" one knows {known}). Update the program; nothing was changed."
            )
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if sound != "ok":
            raise self._damaged(str(sound))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if found < known:
            if found:
                self._copy(self.path.parent / BACKUPS / f"before-schema-{known}.sqlite")
            with self._transaction():
                schema.migrate(connection)

    def read(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a question. Raises StoreError."""
        with self._lock, self._said():
            return list(self._connection.execute(sql, values))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """An immediate transaction: all of it is on the disk afterwards, or none. StoreError."""
        with self._lock:
            with self._said(), self._transaction():
                yield self._connection
            self._changed = True
            if time.monotonic() - self._backed_up > BACKUP_EVERY:
                self.backup()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._begin()
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a failed commit may have rolled back already
                self._connection.execute("ROLLBACK")
            raise

    def _begin(self) -> None:
        """Wait for a turn. SQLite's own waiting sleeps ever longer, and starves beside a writer
        that hardly pauses."""
        until = time.monotonic() + self._patience
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as err:
                if not _named(err).startswith(_BUSY) or time.monotonic() > until:
                    raise
                time.sleep(random.uniform(*NAP))
            else:
                return

    def backup(self) -> Path:
        """Copy the database as it is now over the last good copy. Raises StoreError."""
        target = self.path.parent / BACKUPS / GOOD
        with self._lock, self._said():
            self._copy(target)
            self._backed_up, self._changed = time.monotonic(), False
        return target

    def _copy(self, target: Path) -> None:
        """A sound copy replaces the one before; an unsound one never does."""
        target.parent.mkdir(exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        for old in target.parent.glob(".*"):
            with suppress(FileNotFoundError):
                if time.time() - old.stat().st_mtime > STALE_AFTER:
                    old.unlink()
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole by itself
                sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            if sound != "ok":
                raise self._damaged(str(sound))
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say SQLite's and the disk's errors in a user's words."""
        try:
            yield
        except sqlite3.Error as err:
            if _named(err).startswith(_DAMAGED):
                raise self._damaged(str(err)) from err
            if _named(err).startswith(_BUSY):
                raise StoreError(
                    f"{self.path} is locked by another program for more than"
                    f" {self._patience:g} s. Close what has it open, and try again."
                ) from err
            raise StoreError(f"{self.path} cannot be used: {err}.") from err
        except OSError as err:
            raise StoreError(f"{self.path}: {err.strerror or err}.") from err

    def _damaged(self, why: str) -> StoreError:
        return StoreError(f"{self.path} is damaged ({why}). {last_good(self.path.parent)}")


def _named(err: sqlite3.Error) -> str:
    """SQLite's name of an error; "" where the module raised it itself."""
    return getattr(err, "sqlite_errorname", "") or ""


@contextmanager
def _opening(outputs: Path) -> Iterator[None]:
    """One opens at a time: SQLite does not wait its turn to switch a new file to its log."""
    lock = os.open(outputs / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def last_good(outputs: Path) -> str:
    """Say which backup there is, and how to go back to it."""
    path = outputs / BACKUPS / GOOD
    try:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
    except OSError:
        return "There is no backup yet. Move it away to begin a new one; the versions stay."
    return (
        f"The last good backup is {path}, of {when}: `python -m editor history --restore-backup"
        f" --outputs {shlex.quote(str(outputs))}` puts it in its place and keeps the damaged one"
        " beside it."
    )


def restore(outputs: Path) -> tuple[Path, Path | None]:
    """Put the last good backup in the store's place.

    Returns the store, and where the one that stood there is now. Raises StoreError where there is
    no backup, or none that is sound.
    """
    path, good = outputs / NAME, outputs / BACKUPS / GOOD
    if not good.exists():
        raise StoreError(f"{good} does not exist: there is no backup to go back to.")
    with closing(sqlite3.connect(f"file:{_quoted(good)}?mode=ro", uri=True)) as copy:
        try:
            sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as err:
            sound = str(err)
    if sound != "ok":
        raise StoreError(f"{good} is damaged too ({sound}): nothing was changed.")
    aside = None
    if path.exists():
        aside = path.with_name(f"store.damaged-{time.strftime('%Y%m%d-%H%M%S')}.sqlite")
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    part = path.with_name(f".{path.name}.restored")
    shutil.copyfile(good, part)
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
    return path, aside


def _quoted(path: Path) -> str:
    """A path as a URI's: the characters that mean something there are escaped."""
    return path.absolute().as_uri().removeprefix("file://")
