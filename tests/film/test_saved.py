"""An edit that was saved reads back as it was, and a damaged one is refused by name."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from editor.errors import FootageError
from editor.film import saved
from editor.film.marks import Mark, Marks
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Cut, Music, Timeline
from editor.footage.clip import Clip, SoundTrack
from editor.timing import FrameSpan, Timecode

NTSC = Fraction(30000, 1001)


def clip(path: str = "/footage/a \udcff\n'\".mov") -> Clip:
    return Clip(
        path=Path(path), digest="ab" * 32, container="mov", codec="h264", stream=1, rate=NTSC,
        frames=900, start=Fraction(-1, 3), size=(1080, 1920), coded_size=(1920, 1080), rotation=90,
        sample_aspect=Fraction(16, 15), pixel_format="yuv420p10le", bit_depth=10, transfer="hlg",
        variable_rate=True, interlaced=False, alpha=False, timecode=Timecode(107_892, NTSC, True),
        recorded=1.5, sound=(SoundTrack(1, 48_000, 2, Fraction(-21, 1000), Fraction(30)),),
        missing=0.5, notes=("conformed",), tail=2, counted=True,
    )  # fmt: skip


def edit() -> Edit:
    other = replace(clip("/footage/b.mov"), digest="cd" * 32, timecode=None, recorded=None)
    cuts = (
        Cut(clip(), FrameSpan(10, 70), 0, 48, "a #1", 0.25, {"rhythm": -1.0}, "over b",
            (Alternative(other, FrameSpan(3, 9), "b #2", "other take"),)),
        Cut(other, FrameSpan(0, 900), 48, 720, "b #1"),
    )  # fmt: skip
    timeline = Timeline(cuts, Fraction(24000, 1001), (1920, 1080), Music(Path("/m.ogg"), NTSC))
    marks = Marks(
        locked=(Mark(clip(), FrameSpan(10, 70)),),
        bans=(Mark(replace(clip("/footage/c.mov"), digest="ef" * 32), None),),
        musts=(Mark(other, FrameSpan(3, 9)),),
    )
    notes, opaque = ("short",), {"mlt": {"0": "<x/>"}}
    return Edit(timeline, "cut", "toys-v001", {"seed": 3}, notes, opaque, marks=marks)


def test_an_edit_reads_back_as_it_was_written(tmp_path):
    saved.write(edit(), tmp_path)
    assert saved.read(tmp_path) == edit()


def test_a_clip_that_was_relinked_in_the_film_is_not_saved_where_its_alternatives_still_name_it(
    tmp_path,
):
    whole = edit()
    moved = replace(whole.timeline.cuts[1].clip, path=Path("/elsewhere/b.mov"))
    first, second = whole.timeline.cuts
    cuts = (first, replace(second, clip=moved))
    saved.write(replace(whole, timeline=replace(whole.timeline, cuts=cuts)), tmp_path)
    found = saved.read(tmp_path).timeline
    assert found.cuts[1].clip.path == Path("/elsewhere/b.mov")
    assert found.cuts[0].alternatives[0].clip.path == Path("/elsewhere/b.mov")


def test_an_edit_from_before_marks_were_carried_has_none(tmp_path):
    table = saved.as_json(edit())
    del table["marks"]
    (tmp_path / saved.NAME).write_text(json.dumps(table))
    assert saved.read(tmp_path).marks is None


def test_nothing_but_the_edit_is_left_in_the_folder(tmp_path):
    saved.write(edit(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [saved.NAME]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("cuts", 0, "out"), 901, "which has 900"),
        (("cuts", 0, "in"), 70, "which has 900"),
        (("cuts", 1, "start"), 47, "48 follows"),
        (("cuts", 0, "length"), 0, "length = 0"),
        (("cuts", 0, "clip"), "zz", "does not list"),
        (("rate",), "0", "cannot be"),
        (("rate",), "1/0", "no fraction"),
        (("rate",), 25, "int, not str"),
        (("size",), [0, 1080], "width and a height"),
        (("schema",), 2, "newer"),
        (("fit",), "squash", "neither"),
        (("clips", "ab" * 32, "path"), "../secret", "absolute"),
        (("clips", "ab" * 32, "frames"), True, "bool, not int"),
        (("music", "offset"), "-1", "before the music"),
        (("clips", "ab" * 32, "timecode", "rate"), "25", "Drop-frame"),
        (("marks", "bans", 0, "clip"), "zz", "does not list"),
        (("marks", "musts", 0, "out"), 901, "which has 900"),
        (("marks", "musts", 0, "in"), None, "which has 900"),
        (("marks", "locked"), {}, "dict, not list"),
    ],
)
def test_a_damaged_edit_is_refused_with_its_place(tmp_path, place, value, said):
    table = saved.as_json(edit())
    at = table
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    (tmp_path / saved.NAME).write_text(json.dumps(table))
    with pytest.raises(FootageError, match=said):
        saved.read(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", '{"schema": 1}', "[" * 100_000, "\xff"])
def test_what_is_no_edit_is_refused(tmp_path, text):
    (tmp_path / saved.NAME).write_text(text, encoding="latin-1")
    with pytest.raises(FootageError, match=saved.NAME):
        saved.read(tmp_path)


def test_a_folder_without_an_edit_is_named(tmp_path):
    with pytest.raises(FootageError, match="cannot be read"):
        saved.read(tmp_path)
