"""What was computed once is found again, whole, or not at all."""

import os
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from editor.errors import OutputError
from editor.footage.cache import Cache

ARRAYS = {
    "thumb": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "level": np.linspace(-1, 1, 7, dtype=np.float32),
    "embedding": np.ones((2, 5), dtype=np.float16),
    "black": np.array([True, False, True]),
    "silence": np.zeros((0, 2), dtype=np.float64),
    "kind": np.array([-1, 3], dtype=np.int8),
}
META = {"detector": "content", "notes": ["ü", "two\nlines"], "level": -70.5, "none": None}


def stored(cache: Cache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_saved_comes_back_as_it_was(tmp_path):
    cache = Cache(tmp_path / "new" / "cache")
    cache.save("analysis", "abc.1", ARRAYS, META)
    arrays, meta = cache.load("analysis", "abc.1")
    assert meta == META
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape


def test_a_view_of_an_array_comes_back_in_its_own_order(tmp_path):
    cache = Cache(tmp_path)
    array = np.arange(12).reshape(3, 4)
    cache.save("analysis", "turned", {"view": array.T[::-1]}, {})
    assert np.array_equal(cache.load("analysis", "turned")[0]["view"], array.T[::-1])


def test_an_unknown_key_and_a_missing_folder_give_nothing(tmp_path):
    assert Cache(tmp_path / "missing").load("analysis", "abc") is None


def test_saving_again_replaces(tmp_path):
    cache = Cache(tmp_path)
    cache.save("analysis", "abc", ARRAYS, {"run": 1})
    cache.save("analysis", "abc", {}, {"run": 2})
    assert cache.load("analysis", "abc") == ({}, {"run": 2})
    assert len(stored(cache)) == 1


@pytest.mark.parametrize("keep", [0, 4, 8, 60, 300, -1])
def test_a_cut_off_entry_counts_as_absent_and_is_dropped(tmp_path, keep):
    cache = Cache(tmp_path)
    cache.save("analysis", "abc", ARRAYS, META)
    (path,) = stored(cache)
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.load("analysis", "abc") is None
    assert not path.exists()


def test_one_altered_byte_anywhere_is_noticed(tmp_path):
    cache = Cache(tmp_path)
    cache.save("analysis", "abc", ARRAYS, META)
    (path,) = stored(cache)
    whole = path.read_bytes()
    for at in range(0, len(whole), 13):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0x41
        path.write_bytes(bytes(spoilt))
        found = cache.load("analysis", "abc")
        assert found is None or (found[1] == META and found[0].keys() == ARRAYS.keys())
        path.write_bytes(whole)


def test_an_entry_of_another_program_counts_as_absent(tmp_path):
    cache = Cache(tmp_path)
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "abc.safetensors").write_text("not ours")
    assert cache.load("analysis", "abc") is None


@pytest.mark.parametrize("key", ["", "../abc", "a/b", ".hidden", "a b", "x" * 300])
def test_a_key_cannot_lead_out_of_the_cache(tmp_path, key):
    with pytest.raises(ValueError, match="cannot name"):
        Cache(tmp_path).save("analysis", key, {}, {})


def test_a_failed_write_leaves_nothing_behind_and_says_where(tmp_path, monkeypatch):
    cache = Cache(tmp_path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        cache.save("analysis", "abc", ARRAYS, META)
    assert stored(cache) == []


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path):
    cache = Cache(tmp_path)
    cache.save("analysis", "abc", {}, {})
    old = tmp_path / "analysis" / ".abc.safetensors.1.aa.tmp"
    young = tmp_path / "analysis" / ".abc.safetensors.2.bb.tmp"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    Cache(tmp_path).save("analysis", "def", {}, {})
    assert not old.exists()
    assert young.exists(), "another run may still be writing it"


def a_file(folder: Path, name: str = "clip.mp4") -> Path:
    path = folder / name
    path.write_bytes(b"picture")
    os.utime(path, (1_000_000_000,) * 2)
    return path


def test_a_digest_is_remembered_for_the_same_file_only(tmp_path):
    cache = Cache(tmp_path / "cache")
    path = a_file(tmp_path, "ü 'quoted'\nclip.mp4")
    assert cache.remembered_digest(path) is None
    cache.remember_digest(path, "abc")
    assert Cache(tmp_path / "cache").remembered_digest(path) == "abc"

    os.utime(path, (1_000_000_001,) * 2)
    assert cache.remembered_digest(path) is None, "its time changed"
    cache.remember_digest(path, "def")
    path.write_bytes(b"pictures")
    os.utime(path, (1_000_000_001,) * 2)
    assert cache.remembered_digest(path) is None, "its size changed"


def test_another_file_under_the_same_name_is_not_taken_for_the_first(tmp_path):
    cache = Cache(tmp_path / "cache")
    path = a_file(tmp_path)
    cache.remember_digest(path, "abc")
    a_file(tmp_path, "other").replace(path)
    assert cache.remembered_digest(path) is None


def test_a_file_that_changed_a_moment_ago_is_not_remembered(tmp_path):
    cache = Cache(tmp_path / "cache")
    path = a_file(tmp_path)
    os.utime(path)
    cache.remember_digest(path, "abc")
    assert cache.remembered_digest(path) is None


def _save_often(folder: Path, run: int) -> None:
    for _ in range(60):
        Cache(folder).save("analysis", "abc", {"run": np.full(5000, run)}, {"run": run})


def test_two_runs_that_write_the_same_key_leave_one_whole_entry(tmp_path):
    context = get_context("spawn")
    runs = [context.Process(target=_save_often, args=(tmp_path, run)) for run in (1, 2)]
    for run in runs:
        run.start()
    while any(run.is_alive() for run in runs):
        found = Cache(tmp_path).load("analysis", "abc")
        assert found is None or bool((found[0]["run"] == found[1]["run"]).all())
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    assert len(stored(Cache(tmp_path))) == 1
