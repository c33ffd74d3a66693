from dataclasses import replace
from fractions import Fraction

import pytest

from editor.errors import EditorError
from editor.film.conform import FILM_RATES, conform, film_rate, why
from tests.film import edits


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return edits.numbered(tmp_path_factory.mktemp("clips") / "clip.mp4", 10, 25)


def made(clip, rate, size, seconds):
    return replace(clip, rate=Fraction(rate), size=size, frames=round(seconds * Fraction(rate)))


def test_the_film_takes_the_rate_and_size_used_longest(clip):
    clips = [
        made(clip, 25, (1920, 1080), 30),
        made(clip, Fraction(30000, 1001), (1280, 720), 20),
        made(clip, Fraction(30000, 1001), (1280, 720), 20),
    ]
    assert conform(clips, None, None) == (Fraction(30000, 1001), (1280, 720))


def test_one_odd_large_clip_does_not_scale_all_others_up(clip):
    clips = [made(clip, 25, (640, 360), 10), made(clip, 25, (3840, 2160), 10)]
    assert conform(clips, None, None)[1] == (640, 360)


def test_a_film_is_not_smaller_than_what_most_seconds_of_the_footage_have(clip):
    clips = [
        made(clip, 30, (640, 480), 6),
        made(clip, Fraction(30000, 1001), (960, 540), 5),
        made(clip, Fraction(12), (320, 240), 9),
    ]
    assert conform(clips, None, None)[1] == (640, 480)


def test_of_the_sizes_that_are_large_enough_the_one_used_longest_is_taken(clip):
    sizes = [((320, 240), 9), ((640, 480), 3), ((960, 540), 4), ((1920, 1080), 3)]
    assert conform([made(clip, 25, *size) for size in sizes], None, None)[1] == (960, 540)


def test_rates_a_thousandth_apart_count_as_one_when_the_most_used_is_sought(clip):
    clips = [
        made(clip, 30, (640, 480), 6),
        made(clip, Fraction(30000, 1001), (640, 480), 5),
        made(clip, 24, (640, 480), 9),
    ]
    assert conform(clips, None, None)[0] == 30


def test_it_is_said_from_what_size_and_rate_were_chosen(clip):
    clips = [
        made(clip, 30, (640, 480), 6),
        made(clip, Fraction(30000, 1001), (960, 540), 5),
        made(clip, Fraction(12), (320, 240), 9),
    ]
    said = why(clips, *conform(clips, None, None))
    assert said == (
        "640x480 is the size of 6 of 20 s (9 s are smaller, 5 s larger);"
        " 30 fps suits 11 of 20 s best"
    )


def test_what_all_the_footage_has_is_said_so(clip):
    clips = [made(clip, 25, (640, 480), 6), made(clip, 25, (640, 480), 5)]
    assert why(clips, *conform(clips, None, None)) == (
        "640x480 is the size of all footage; 25 fps suits all footage best"
    )


def test_what_was_asked_is_said_to_be_asked(clip):
    said = why([made(clip, 25, (640, 480), 6)], Fraction(24), (1024, 576), True, True)
    assert said == "1024x576 as asked; 24 fps as asked"


def test_what_is_asked_for_is_taken(clip):
    assert conform([clip], Fraction(24), (1024, 576)) == (24, (1024, 576))


def test_odd_sizes_become_even_without_growing(clip):
    assert conform([made(clip, 25, (721, 405), 1)], None, None)[1] == (720, 404)


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (Fraction(10), Fraction(30)),
        (Fraction(12), Fraction(24)),
        (Fraction(15), Fraction(30)),
        (Fraction(1194, 100), Fraction(24000, 1001)),
        (Fraction(120000, 1001), Fraction(60000, 1001)),
        (Fraction(100), Fraction(50)),
        (Fraction(240), Fraction(60)),
    ],
)
def test_rates_in_which_no_film_is_delivered_go_to_one_with_even_steps(rate, wanted):
    assert film_rate(rate) == wanted


@pytest.mark.parametrize("rate", FILM_RATES, ids=str)
def test_a_delivery_rate_stays(rate):
    assert film_rate(rate) == rate


@pytest.mark.parametrize("size", [(641, 360), (640, 361), (8, 8), (0, 0), (-2, 100), (9000, 100)])
def test_a_size_that_h264_cannot_hold_is_refused(clip, size):
    with pytest.raises(EditorError, match="film of"):
        conform([clip], None, size)


def test_no_clips_are_refused():
    with pytest.raises(EditorError):
        conform([], None, None)
