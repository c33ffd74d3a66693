"""The store loses nothing that it said it kept: not to a second writer, a kill, a damaged file or
a newer program."""

import multiprocessing
import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from editor.errors import StaleError, StoreError
from editor.store import Store, VersionFacts, schema
from editor.store.database import BACKUPS, GOOD, NAME, restore
from editor.store.rows import CutFacts

FORK = multiprocessing.get_context("fork")
SECONDS = float(os.environ.get("EDITOR_TEST_WRITING", "2"))  # that two writers write; 60 by hand


def facts(title: str = "toys-v001", edit: str = "e1", **changes) -> VersionFacts:
    name, _, number = title.rpartition("-v")
    rows = {
        "title": title, "name": name, "number": int(number), "edit": edit, "parent": None,
        "made_by": "cut", "made_at": 5.0, "frames": 100, "rate": "25", "style": "default",
        "policy": "base", "cuts": (CutFacts("d1", 0, 20, 0, 20, "a \udcff #1", 0.5, {"x": 1.0}),),
        "clips": {"d1": ("/footage/a \udcff.mov", {"rate": "25"})},
    }  # fmt: skip
    return VersionFacts(**{**rows, **changes})


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def damaged(path: Path) -> None:
    """Overwrite the middle of a database."""
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    data = bytearray(path.read_bytes())
    data[100:] = b"\xa5" * (len(data) - 100)
    path.write_bytes(bytes(data))


# --- what is kept ---------------------------------------------------------------------------------


def test_a_version_is_known_once(store):
    one = store.register(facts())
    assert store.register(facts()) == one
    assert [row.title for row in store.versions()] == ["toys-v001"]
    assert one.cuts == 1


def test_another_film_under_an_old_title_is_another_version(store):
    old = store.register(facts())
    store.act(old.id, 0, "do", {"kind": "drop", "cut": "c1"})
    new = store.register(facts(edit="e2"))
    assert new.id != old.id
    assert store.acts(new.id) == ()
    assert len(store.acts(old.id)) == 1


def test_corrections_come_back_in_order_after_a_restart(tmp_path):
    with Store(tmp_path) as store:
        row = store.register(facts())
        store.act(row.id, 0, "do", {"kind": "drop", "cut": "c1"})
        store.act(row.id, 1, "undo", None)
    with Store(tmp_path) as store:
        acts = store.acts(row.id)
        assert [(act.revision, act.act) for act in acts] == [(1, "do"), (2, "undo")]
        assert acts[0].correction == {"kind": "drop", "cut": "c1"}
        assert store.version(row.id).revision == 2


def test_verdicts_keep_their_reasons_and_their_order(store):
    row = store.register(facts())
    store.judge(row.id, 0, "c1", "reject", ["rhythm", "content"], "too long")
    store.judge(row.id, 1, None, "approve")
    store.judge(row.id, 2, "c1", None)
    given = store.verdicts(row.id)
    assert [(one.cut, one.verdict) for one in given] == [
        ("c1", "reject"),
        (None, "approve"),
        ("c1", None),
    ]
    assert given[0].reasons == ("rhythm", "content")


def test_a_preference_is_for_the_version_and_is_given_once(store):
    one, two = store.register(facts()), store.register(facts("toys-v002", "e2"))
    asked = store.ask(two.id, one.id)
    assert not store.preferences()[0].answered
    row = store.answer(asked, one.id, ["rhythm"], "calmer")
    assert (row.left, row.right, row.preferred) == (two.id, one.id, one.id)
    with pytest.raises(StaleError):
        store.answer(asked, two.id)
    with pytest.raises(StaleError):
        store.answer(store.ask(one.id, two.id), 99)
    assert store.answer(store.ask(one.id, two.id), None).preferred is None


def test_policies_and_runs_are_kept(store):
    store.add_policy("mine-001", "policies/mine-001", "abc", "base", {"films": 3})
    with pytest.raises(StoreError, match="already"):
        store.add_policy("mine-001", "x", "y", None, {})
    store.use_policy("mine-001", "promoted")
    run = store.begin_run("retrain", {"films": 3})
    store.end_run(run, "done", "mine-001", {"films": 3, "steps": 9})
    assert [row.name for row in store.policies()] == ["mine-001"]
    assert store.policy_uses()[-1][:2] == ("mine-001", "promoted")
    assert (store.runs()[0].state, store.runs()[0].facts["steps"]) == ("done", 9)


def test_names_that_are_no_text_come_back_as_they_were(store):
    store.register(facts())
    assert store.clips()["d1"] == ("/footage/a \udcff.mov", {"rate": "25"})
    store.relink("d1", "/elsewhere/a \udcff.mov")
    assert store.clips()["d1"][0] == "/elsewhere/a \udcff.mov"


# --- two writers ----------------------------------------------------------------------------------


def test_a_change_for_an_old_revision_is_refused_and_nothing_is_written(store):
    row = store.register(facts())
    store.act(row.id, 0, "do", {"kind": "drop", "cut": "c1"})
    with pytest.raises(StaleError) as caught:
        store.judge(row.id, 0, None, "approve")
    assert caught.value.revision == 1
    assert store.verdicts() == ()
    assert store.version(row.id).revision == 1


def write(outputs: Path, version: int, who: str, until: float, told) -> None:
    """Write as fast as it goes; tell every revision that was said to be kept."""
    with Store(outputs) as store:
        seen, kept = 0, []
        while time.monotonic() < until:
            try:
                seen = store.act(version, seen, "do", {"kind": "note", "cut": None, "text": who})
                kept.append(seen)
            except StaleError as err:
                seen = err.revision
        told.send(kept)


def test_two_writers_lose_nothing(tmp_path):
    with Store(tmp_path) as store:
        version = store.register(facts()).id
    until = time.monotonic() + SECONDS
    pipes = [FORK.Pipe(duplex=False) for _ in range(2)]
    writers = [
        FORK.Process(target=write, args=(tmp_path, version, who, until, told))
        for who, (_, told) in zip("ab", pipes, strict=True)
    ]
    for writer, (_, told) in zip(writers, pipes, strict=True):
        writer.start()
        told.close()  # ours: a writer that dies is heard
    kept = [heard.recv() for heard, _ in pipes]
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    with Store(tmp_path) as store:
        acts = store.acts(version)
        assert [act.revision for act in acts] == list(range(1, len(acts) + 1))
        assert store.version(version).revision == len(acts)
    assert all(kept)
    assert sorted(kept[0] + kept[1]) == [act.revision for act in acts]
    told = {revision: who for who, mine in zip("ab", kept, strict=True) for revision in mine}
    assert all(act.correction["text"] == told[act.revision] for act in acts)


def write_and_tell(outputs: Path, version: int, told) -> None:
    with Store(outputs) as store:
        seen = store.version(version).revision
        while True:
            seen = store.act(version, seen, "do", {"kind": "note", "cut": None, "text": str(seen)})
            told.send(seen)


def test_a_writer_that_is_killed_loses_nothing_that_it_said_it_kept(tmp_path):
    with Store(tmp_path) as store:
        version = store.register(facts()).id
    last = 0
    for turn in range(20):
        heard, told = FORK.Pipe(duplex=False)
        writer = FORK.Process(target=write_and_tell, args=(tmp_path, version, told))
        writer.start()
        told.close()
        for _ in range(1 + turn % 4):
            last = heard.recv()
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        with suppress(EOFError):
            while True:
                last = heard.recv()
        with Store(tmp_path) as store:
            acts = store.acts(version)
            assert [act.revision for act in acts] == list(range(1, len(acts) + 1))
            assert len(acts) in (last, last + 1)  # kept, and killed before it could say so
            last = len(acts)


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_newer_schema_is_refused_and_not_touched(tmp_path):
    with Store(tmp_path) as store:
        store.register(facts())
    path = tmp_path / NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 999")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer version of this program"):
        Store(tmp_path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / NAME)) as db:
        db.execute("CREATE TABLE songs (name TEXT)")
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_locked_store_is_said(tmp_path):
    with Store(tmp_path, patience=0.05) as store, closing(sqlite3.connect(tmp_path / NAME)) as db:
        row = store.register(facts())
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            store.act(row.id, 0, "undo", None)
        db.execute("ROLLBACK")
        assert store.act(row.id, 0, "undo", None) == 1


def test_a_damaged_store_is_said_with_its_last_good_backup_and_restored_from_it(tmp_path):
    with Store(tmp_path) as store:
        row = store.register(facts())
        store.act(row.id, 0, "do", {"kind": "drop", "cut": "c1"})
    damaged(tmp_path / NAME)
    with pytest.raises(StoreError, match=r"is damaged .*last good backup is .*restore-backup"):
        Store(tmp_path)
    path, aside = restore(tmp_path)
    assert path.exists()
    assert aside.exists()
    with Store(tmp_path) as store:
        assert [act.act for act in store.acts(row.id)] == ["do"]


@pytest.mark.parametrize("way", ["emptied", "removed"])
def test_a_store_that_is_empty_or_gone_beside_its_backup_is_not_begun_anew(tmp_path, way):
    with Store(tmp_path) as store:
        row = store.register(facts())
        store.act(row.id, 0, "do", {"kind": "drop", "cut": "c1"})
    kept = (tmp_path / BACKUPS / GOOD).read_bytes()
    for suffix in ("-wal", "-shm", *([""] if way == "removed" else [])):
        Path(f"{tmp_path / NAME}{suffix}").unlink(missing_ok=True)
    if way == "emptied":
        (tmp_path / NAME).write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"holds nothing.*last good backup is .*restore"):
            Store(tmp_path)
    assert (tmp_path / BACKUPS / GOOD).read_bytes() == kept
    restore(tmp_path)
    with Store(tmp_path) as store:
        assert [act.act for act in store.acts(row.id)] == ["do"]


def test_the_way_back_names_the_folder(tmp_path):
    folder = tmp_path / "two words"
    folder.mkdir()
    with Store(folder) as store:
        store.register(facts())
    damaged(folder / NAME)
    with pytest.raises(StoreError, match=f"--restore-backup --outputs '{folder}'"):
        Store(folder)


def test_a_damaged_store_without_a_backup_says_so(tmp_path):
    (tmp_path / NAME).write_bytes(b"no database " * 400)
    with pytest.raises(StoreError, match="There is no backup yet"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="no backup to go back to"):
        restore(tmp_path)


def test_a_damaged_backup_is_not_restored(tmp_path):
    with Store(tmp_path) as store:
        store.register(facts())
    good = tmp_path / BACKUPS / GOOD
    damaged(good)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(StoreError, match="damaged too"):
        restore(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_backup_is_kept_while_there_is_writing(store, tmp_path):
    store.register(facts())
    with closing(sqlite3.connect(tmp_path / BACKUPS / GOOD)) as db:
        assert db.execute("SELECT title FROM versions").fetchall() == [("toys-v001",)]


def test_an_unwritable_folder_is_said(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(StoreError, match=NAME):
        Store(tmp_path)


# --- migrations -----------------------------------------------------------------------------------


def test_an_older_store_is_brought_up_to_date_and_backed_up_before(tmp_path, monkeypatch):
    with Store(tmp_path) as store:
        row = store.register(facts())
    known = len(schema.MIGRATIONS)
    added = "ALTER TABLE versions ADD COLUMN stars INTEGER; CREATE TABLE fans (name TEXT) STRICT;"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, added))
    with Store(tmp_path) as store:
        assert store.version(row.id) == row
        assert store.database.read("SELECT stars FROM versions") == [(None,)]
        assert store.database.read("PRAGMA user_version") == [(known + 1,)]
    before = tmp_path / BACKUPS / f"before-schema-{known + 1}.sqlite"
    with closing(sqlite3.connect(before)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (known,)
        assert db.execute("SELECT title FROM versions").fetchone() == ("toys-v001",)


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    with Store(tmp_path) as store:
        row = store.register(facts())
    broken = "CREATE TABLE fans (name TEXT) STRICT; INSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(StoreError, match="nowhere"):
        Store(tmp_path)
    monkeypatch.undo()
    with Store(tmp_path) as store:
        assert store.versions() == (row,)
        assert not store.database.read("SELECT 1 FROM sqlite_schema WHERE name = 'fans'")
