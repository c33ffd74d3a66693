"""Bring a database to the schema that this program writes, step by step."""

import sqlite3

APPLICATION = 0x46454131  # "FEA1": a database of another program is never taken for ours

# Step n brings schema n to n + 1. A step that was released is never changed; a new one is added.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE versions (
        id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,            -- "toys-v003"
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        edit TEXT NOT NULL,             -- digest of edit.json: another film under an old title
        parent TEXT,                    -- title of the version that it came from
        parent_revision INTEGER,        -- how far the parent was corrected then; NULL unknown
        made_by TEXT NOT NULL,          -- "cut", "correction", "import"
        made_at REAL NOT NULL,          -- s since the epoch
        cuts INTEGER NOT NULL,
        frames INTEGER NOT NULL,
        rate TEXT NOT NULL,             -- "24000/1001"
        style TEXT,
        policy TEXT,
        revision INTEGER NOT NULL DEFAULT 0,
        UNIQUE (title, edit)
    ) STRICT;

    CREATE TABLE cuts (
        version INTEGER NOT NULL REFERENCES versions (id),
        place INTEGER NOT NULL,         -- in the film, from 1
        clip TEXT NOT NULL,             -- digest
        clip_in INTEGER NOT NULL,       -- frames of the clip
        clip_out INTEGER NOT NULL,
        film_in INTEGER NOT NULL,       -- frames of the film
        film_out INTEGER NOT NULL,
        shot TEXT NOT NULL,
        reward REAL NOT NULL,
        terms TEXT NOT NULL,            -- JSON: name -> raw value
        PRIMARY KEY (version, place)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE clips (
        digest TEXT PRIMARY KEY,
        path TEXT NOT NULL,             -- JSON: where it was seen last; a name may be no text
        facts TEXT NOT NULL             -- JSON: what a clip is
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE corrections (
        version INTEGER NOT NULL REFERENCES versions (id),
        revision INTEGER NOT NULL,      -- of the version after it
        act TEXT NOT NULL CHECK (act IN ('do', 'undo', 'redo')),
        correction TEXT,                -- JSON; NULL for undo and redo
        made_at REAL NOT NULL,
        PRIMARY KEY (version, revision)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE verdicts (
        version INTEGER NOT NULL REFERENCES versions (id),
        revision INTEGER NOT NULL,
        cut TEXT,                       -- id of the cut; NULL: the film
        verdict TEXT CHECK (verdict IN ('approve', 'reject')),  -- NULL: taken back
        reasons TEXT NOT NULL,          -- JSON: list
        note TEXT NOT NULL,
        made_at REAL NOT NULL,
        PRIMARY KEY (version, revision)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE preferences (
        id INTEGER PRIMARY KEY,
        left_version INTEGER NOT NULL REFERENCES versions (id),
        left_revision INTEGER NOT NULL,
        right_version INTEGER NOT NULL REFERENCES versions (id),
        right_revision INTEGER NOT NULL,
        answered INTEGER NOT NULL DEFAULT 0,
        preferred INTEGER REFERENCES versions (id),  -- NULL while unanswered, and for neither
        reasons TEXT NOT NULL DEFAULT '[]',
        note TEXT NOT NULL DEFAULT '',
        made_at REAL NOT NULL           -- asked, then answered
    ) STRICT;

    CREATE TABLE policies (
        name TEXT PRIMARY KEY,
        file TEXT NOT NULL,             -- path, relative to the outputs where it lies in them
        digest TEXT NOT NULL,           -- of the file
        parent TEXT,                    -- name of the policy that it was trained from
        facts TEXT NOT NULL,            -- JSON: measures, what it learned
        made_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE policy_uses (
        id INTEGER PRIMARY KEY,
        policy TEXT NOT NULL,           -- that cuts from then on
        why TEXT NOT NULL,              -- "promoted: ...", "chosen by hand"
        made_at REAL NOT NULL
    ) STRICT;

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,             -- "retrain"
        state TEXT NOT NULL,            -- "running", "done", "failed", "stopped"
        policy TEXT,                    -- that came of it
        facts TEXT NOT NULL,            -- JSON
        began_at REAL NOT NULL,
        ended_at REAL
    ) STRICT;
    """,
)


def schema(connection: sqlite3.Connection) -> int:
    """The database's schema; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def application(connection: sqlite3.Connection) -> int:
    """The number by which a program knows its own databases; 0 for none."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Take all steps that are missing, inside the caller's transaction."""
    for step in range(schema(connection), len(MIGRATIONS)):
        for statement in _statements(MIGRATIONS[step]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {step + 1}")
    connection.execute(f"PRAGMA application_id = {APPLICATION}")


def _statements(script: str) -> list[str]:
    """The script's statements one by one: executescript would commit what came before."""
    found, begun = [], ""
    for part in script.split(";")[:-1]:  # what follows the last one is no statement
        begun += f"{part};"
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found
