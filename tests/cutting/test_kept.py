"""A pool that was gathered once is the same pool when it is read back."""

from dataclasses import fields

import numpy as np
import pytest

from editor.config import load_style
from editor.cutting import kept, pool
from editor.cutting.pool import Wish
from editor.footage import copies, derived
from editor.footage.analysis import Settings
from editor.footage.cache import Cache
from editor.timing import FrameSpan
from tests.cutting.analyses import by_digest, footage

STYLE = load_style("default")


@pytest.fixture
def shoot(tmp_path):
    made = footage(6, 3)
    clips = tuple(made)
    return clips, by_digest(made), Cache(tmp_path)


def same(one, other):
    for item in fields(pool.Pool):
        mine, theirs = getattr(one, item.name), getattr(other, item.name)
        if isinstance(mine, np.ndarray):
            assert np.array_equal(mine, theirs) and mine.dtype == theirs.dtype, item.name
            assert theirs.flags.writeable
        else:
            assert mine == theirs, item.name


def gathered(monkeypatch):
    """Counts how often a pool is really gathered."""
    calls, build = [], pool.build

    def counted(*given, **wishes):
        calls.append(wishes)
        return build(*given, **wishes)

    monkeypatch.setattr(pool, "build", counted)
    return calls


def test_the_same_footage_under_the_same_wishes_is_gathered_once(shoot, monkeypatch):
    clips, analyses, cache = shoot
    calls = gathered(monkeypatch)
    wish = (Wish(clips[0], FrameSpan(0, 20)),)
    first = kept.build(clips, analyses, STYLE, Settings(), cache, ban=wish)
    same(first, kept.build(clips, analyses, STYLE, Settings(), cache, ban=wish))
    assert len(calls) == 1
    kept.build(clips, analyses, STYLE, Settings(), cache)
    kept.build(clips[1:], analyses, STYLE, Settings(), cache)
    kept.build(clips, analyses, STYLE, Settings(detector="adaptive"), cache)
    assert len(calls) == 4


def test_a_pool_of_other_code_is_gathered_anew(shoot, monkeypatch):
    clips, analyses, cache = shoot
    calls = gathered(monkeypatch)
    kept.build(clips, analyses, STYLE, Settings(), cache)
    monkeypatch.setattr(derived, "_code", lambda: "changed")
    kept.build(clips, analyses, STYLE, Settings(), cache)
    monkeypatch.setattr(derived, "_code", lambda: "")  # no text at hand: nothing is kept
    kept.build(clips, analyses, STYLE, Settings(), cache)
    kept.build(clips, analyses, STYLE, Settings(), cache)
    assert len(calls) == 4


def test_only_the_pools_used_last_are_kept(shoot, monkeypatch):
    clips, analyses, cache = shoot
    monkeypatch.setattr(kept, "MOST", 2)
    for number in range(1, 5):
        kept.build(clips[:number], analyses, STYLE, Settings(), cache)
    assert len(list((cache.folder / kept.KIND).iterdir())) == 2


def test_copies_are_looked_for_once(shoot, monkeypatch):
    clips, analyses, cache = shoot
    calls, drop = [], copies.drop_copies
    monkeypatch.setattr(copies, "drop_copies", lambda *a: calls.append(a) or drop(*a))
    first = copies.kept(clips, analyses, Settings(), cache)
    assert copies.kept(clips, analyses, Settings(), cache) == first == drop(clips, analyses)
    assert len(calls) == 1
