"""What was on offer and stayed out is said, and what an editor's own frames cost."""

from fractions import Fraction

from editor.config import Pace, Style
from editor.cutting import pool
from editor.cutting.pool import Wish
from editor.cutting.unchosen import NOT_NEEDED, OTHER_TAKE, unchosen
from editor.film.timeline import Cut, Timeline
from editor.timing import FrameSpan
from tests.cutting.analyses import by_digest, shot

STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))


def built(*made, **wishes):
    return pool.build([clip for clip, _ in made], by_digest(dict(made)), STYLE, **wishes)


def film(*shown):
    """A film of (clip, first, stop)."""
    cuts: list[Cut] = []
    for clip, first, stop in shown:
        start = cuts[-1].stop if cuts else 0
        cuts.append(Cut(clip, FrameSpan(first, stop), start, stop - first, clip.name))
    return Timeline(tuple(cuts), Fraction(25), (1280, 720))


def test_every_shot_that_the_film_does_not_show_is_named_with_why():
    one = shot("1.mp4", 8.0, speech=[(1.0, 6.0)], words=7)
    other = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, tempo=1.11, seed=1)
    third = shot("3.mp4", 6.0, looks=(1,), seed=2)
    found = built(one, other, third)
    left = unchosen(found, film((other[0], 33, 160)))
    assert {row.clip.name: row.reason for row in left} == {
        "1.mp4": OTHER_TAKE + "2.mp4", "3.mp4": NOT_NEEDED
    }  # fmt: skip
    assert unchosen(found, film((one[0], 18, 160), (third[0], 0, 50))) != left


def test_of_a_shot_that_is_shown_in_part_nothing_is_said():
    made = shot("1.mp4", 8.0)
    assert unchosen(built(made), film((made[0], 20, 60))) == ()


def test_frames_that_the_editor_names_are_kept_and_said_to_cut_speech():
    made = shot("1.mp4", 10.0, speech=[(2.0, 8.0)])
    found = built(made, must=[Wish(made[0], FrameSpan(90, 131))])
    (note,) = found.notes
    assert "--must-include 1.mp4@90-131" in note
    assert "begins and ends in the middle of speech" in note


def test_frames_that_the_editor_names_are_said_to_hold_what_is_else_left_out():
    made = shot("1.mp4", 10.0, black=[(0.0, 1.0)])
    found = built(made, must=[Wish(made[0], FrameSpan(10, 80))])
    assert any("holds what is otherwise left out: black" in note for note in found.notes)


def test_frames_about_whole_words_are_not_remarked_upon():
    made = shot("1.mp4", 10.0, speech=[(2.0, 8.0)])
    assert built(made, must=[Wish(made[0], FrameSpan(45, 206))]).notes == ()
