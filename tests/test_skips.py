"""The list of what was not used: what matters to an editor stands first."""

from fractions import Fraction
from pathlib import Path

import pytest

from editor import report, skips
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.footage.clip import Loss, Skipped
from tests import media


def left(name: str, reason: str, loss: Loss = Loss.UNREAD) -> Skipped:
    return Skipped(Path("/rushes") / name, reason, loss)


ONLY_SOUND = "holds no moving picture, only sound."
SONGS = [left(f"song {n}.mp3", ONLY_SOUND, Loss.NO_FOOTAGE) for n in range(5)]
COPY = left("small.mp4", "a copy (320x240) of /rushes/not a clip.mp4, which is used.", Loss.COPY)
CUT_OFF = left("cut off.mov", "the file is cut off: its index (moov) is missing.")


def test_what_cannot_be_read_stands_first_then_copies_then_what_is_no_footage():
    told = skips.lines([*SONGS, COPY, CUT_OFF], 5)
    assert [line.partition(":")[0] for line in told] == [
        "cut off.mov",
        "small.mp4",
        "5 files (song 0.mp3, song 1.mp3, song 2.mp3 and 2 more)",
    ]


def test_what_is_alike_stays_in_the_order_in_which_it_was_found():
    early = left("b.mov", "ends early: 3.0 s of 5.0 s can be read; those are used")
    assert [line[:5] for line in skips.lines([early, CUT_OFF], 5)] == ["b.mov", "cut o"]


def test_the_rest_is_counted_in_files():
    told = skips.lines([*SONGS, COPY, CUT_OFF], 2)
    assert told[2:] == ["and 5 more, see report.json"]


def test_nothing_skipped_is_no_line():
    assert skips.lines([], 5) == []


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> list[str]:
    """What a folder of everything comes to, each file as ingest calls it, ranked."""
    folder = tmp_path_factory.mktemp("skips") / "all"
    clip = media.numbered(folder / "a clip.mp4", 50, Fraction(25), size=(160, 96))
    (folder / "b copy.mp4").write_bytes(clip.read_bytes())
    media.audio_only(folder / "c sound.mp4")
    media.text(folder / "d notes.mp4")
    media.empty(folder / "e empty.mov")
    (folder / "f gone.mov").symlink_to(folder / "nowhere.mov")
    _, skipped = ingest.ingest([folder], Cache(folder.parent / "cache"), lambda *_: None)
    assert len(skipped) == 5, skipped
    return [line[0] for line in skips.lines(skipped, 9)]


def test_the_reasons_that_ingest_gives_are_ranked_so(found):
    assert sorted(found[:2]) == ["e", "f"]
    assert found[2] in "ab"
    assert sorted(found[3:]) == ["c", "d"]


def test_the_summary_ends_with_that_list():
    told = report.looked_summary((), {}, (*SONGS, COPY, CUT_OFF), {})
    skipped = told[told.index("Skipped") :].splitlines()
    assert skipped[0].startswith("Skipped cut off.mov: ")
    assert skipped[2].startswith("        5 files (song 0.mp3")
