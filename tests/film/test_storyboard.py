"""The storyboard: each cut's own frames, at its place, whatever the film's shape or names."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from editor.errors import OutputError
from editor.film import storyboard
from tests import media
from tests.film.edits import film, many_cuts, numbered


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("storyboard")
    return (
        numbered(folder / "a.mp4", 60, 25, start_timecode="01:00:00:00"),
        numbered(folder / "b.mp4", 40, Fraction(30000, 1001), first_number=1000),
    )


def drawn(timeline, path):
    storyboard.draw(timeline, path)
    return np.asarray(Image.open(path).convert("RGB"))


def picture_at(sheet, plan, number, sample):
    left, top = storyboard.place_of(plan, number, sample)
    width, height = plan.picture if sample == 0 or plan.strip is None else plan.strip
    return sheet[top : top + height, left : left + width]


def test_every_card_shows_the_first_the_middle_and_the_last_frame_of_its_cut(clips, tmp_path):
    a, b = clips
    timeline = film(25, [(a, 3, 20), (b, 10, 11), (a, 30, 60)])
    sheet = drawn(timeline, tmp_path / "s.png")
    plan = storyboard.layout(3, timeline.size)
    shown = [
        [media.read_number(picture_at(sheet, plan, number, sample)) for sample in range(3)]
        for number in range(3)
    ]
    assert shown == [[3, 11, 19], [1010, 1010, 1010], [30, 44, 59]]


@pytest.mark.parametrize("count", [4, 61, 121])
def test_many_cuts_stand_in_order_on_one_sheet(clips, tmp_path, count):
    timeline = many_cuts(clips, 25, count, seed=count)
    sheet = drawn(timeline, tmp_path / "s.png")
    plan = storyboard.layout(count, timeline.size)
    assert sheet.shape[:2] == plan.sheet[::-1]
    shown = [media.read_number(picture_at(sheet, plan, n, 0)) for n in range(count)]
    first = [cut.source.first + (1000 if cut.clip is clips[1] else 0) for cut in timeline.cuts]
    assert shown == first


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (2048, 858), (720, 720)])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 24, 60, 61, 120, 1000, 2500])
def test_no_sheet_outgrows_what_viewers_open(size, count):
    plan = storyboard.layout(count, size)
    assert plan.columns * plan.rows >= count
    assert plan.sheet[1] <= storyboard.TALLEST or plan.columns >= 24
    assert plan.picture[0] >= 24


def test_long_and_foreign_names_and_line_breaks_fit_their_card(clips, tmp_path):
    odd = tmp_path / "naïve 花\n\x1b[31m\u202e 'q' \"d\" .mp4"
    odd.write_bytes(clips[0].path.read_bytes())
    strange = clips[0].__class__(**{**clips[0].__dict__, "path": odd})
    long = clips[1].__class__(
        **{**clips[1].__dict__, "path": clips[1].path.with_name("x" * 200 + ".mp4")}
    )
    cut = film(25, [(strange, 0, 10)])
    assert drawn(cut, tmp_path / "s.png").shape[2] == 3
    small = storyboard.font("sans", 16)
    assert "\n" not in storyboard.printable(odd.name)
    assert "\\n\\x1b" in storyboard.printable(odd.name)
    assert "花" in storyboard.printable(odd.name)
    short = storyboard.shorten(long.name, small, 300)
    assert small.getlength(short) <= 300
    assert short.startswith("xxx") and short.endswith("x.mp4") and "…" in short


def test_undecodable_bytes_in_a_name_are_written_as_escapes():
    assert storyboard.printable("a\udcff.mp4") == "a\\udcff.mp4"


def test_an_empty_film_has_a_sheet_without_cards(tmp_path):
    assert drawn(film(25, []), tmp_path / "s.png").shape[1] == 1000


def test_a_sheet_that_cannot_be_written_is_an_error_and_leaves_nothing(clips, tmp_path):
    timeline = film(25, [(clips[0], 0, 10)])
    with pytest.raises(OutputError, match="Cannot write"):
        storyboard.draw(timeline, tmp_path / "absent" / "s.png")
    (tmp_path / "s.png").mkdir()
    with pytest.raises(OutputError, match="Cannot write"):
        storyboard.draw(timeline, tmp_path / "s.png")
    assert [path.name for path in tmp_path.iterdir()] == ["s.png"]


def test_clips_keep_their_colour_through_the_film(clips):
    timeline = many_cuts(clips, 25, 12)
    colours = storyboard.clip_colours(timeline)
    assert len(set(colours.values())) == 2


def test_captions_are_drawn_below_every_picture(clips, tmp_path):
    timeline = many_cuts(clips, 25, 10)
    sheet = drawn(timeline, tmp_path / "s.png")
    plan = storyboard.layout(10, timeline.size)
    for number in range(10):
        left, top = storyboard.place_of(plan, number, 0)
        foot = top + plan.picture[1] + plan.strip[1] + 8
        caption = sheet[foot : foot + 4 * plan.text, left : left + plan.picture[0]]
        assert (caption.max(axis=2) > 200).sum() > 200
