"""Takes of a line in one running clip: the last is offered, once."""

import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import pool, series
from editor.timing import FrameSpan
from tests.cutting.analyses import by_digest, shot

STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))


def built(*made, **wishes):
    return pool.build([clip for clip, _ in made], by_digest(dict(made)), STYLE, **wishes)


def offered(found, second, rate=25):
    return any(shot.span.first < second * rate < shot.span.stop for shot in found.shots)


def test_of_three_takes_of_a_line_without_a_stop_the_last_is_offered():
    speech = [(1.0, 4.0), (6.0, 9.3), (12.0, 14.8)]
    found = built(shot(seconds=17.0, speech=speech, says=(0, 0, 0), words=3))
    assert [offered(found, (a + b) / 2) for a, b in speech] == [False, False, True]
    assert {left.reason for left in found.left_out} >= {series.EARLIER, series.BETWEEN}


def test_what_the_director_says_between_two_takes_is_left_out_too():
    speech = [(1.0, 4.0), (5.2, 6.2), (8.0, 11.2)]
    found = built(shot(seconds=13.0, speech=speech, says=(0, 5, 0), words=3))
    assert [offered(found, (a + b) / 2) for a, b in speech] == [False, False, True]


def test_a_line_of_two_sentences_is_found_whole():
    speech = [(1.0, 3.0), (3.9, 6.0), (8.0, 9.9), (10.9, 13.1)]
    found = built(shot(seconds=15.0, speech=speech, says=(0, 1, 0, 1), words=3))
    assert [offered(found, (a + b) / 2) for a, b in speech] == [False, False, True, True]


def test_a_pause_in_one_take_only_hides_no_take():
    speech = [(1.0, 3.0), (3.9, 5.9), (9.0, 11.0), (11.2, 13.2)]
    clip, known = shot(seconds=15.0, speech=speech, says=(0, 1, 0, 1), words=3)
    assert {reason for _, reason in series.earlier(clip, known, FrameSpan(0, clip.frames))} == {
        series.EARLIER, series.BETWEEN
    }  # fmt: skip
    assert offered(built((clip, known)), 10.0)


def test_other_words_are_no_take():
    speech = [(1.0, 4.0), (6.0, 9.3), (12.0, 14.8)]
    found = built(shot(seconds=17.0, speech=speech, words=3))
    assert all(offered(found, (a + b) / 2) for a, b in speech)
    assert not found.left_out


def test_a_refrain_is_no_take():
    speech = [(1.0, 4.0), (5.0, 8.5), (9.5, 13.0), (14.0, 17.5), (19.0, 22.0)]
    found = built(shot(seconds=24.0, speech=speech, says=(0, 1, 2, 3, 0), words=3))
    assert all(offered(found, (a + b) / 2) for a, b in speech)


def test_a_thank_you_said_twice_is_no_take():
    speech = [(1.0, 2.0), (4.0, 5.0)]
    found = built(shot(seconds=7.0, speech=speech, says=(0, 0), words=3))
    assert all(offered(found, (a + b) / 2) for a, b in speech)


def test_an_earlier_take_is_offered_where_the_last_is_banned():
    clip, known = shot(seconds=14.0, speech=[(1.0, 4.0), (8.0, 11.2)], says=(0, 0), words=3)
    found = built((clip, known), ban=[pool.Wish(clip, FrameSpan(150, clip.frames))])
    assert offered(found, 2.5)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_talk_is_looked_through_quickly_and_left_whole(seed):
    rng = np.random.default_rng(seed)
    speech, at = [], 1.0
    while at < 280:
        speech.append((at, at + float(rng.uniform(1.0, 4.0))))
        at = speech[-1][1] + float(rng.uniform(0.65, 1.5))
    clip, known = shot(seconds=300.0, speech=speech, words=seed)
    assert series.earlier(clip, known, FrameSpan(0, clip.frames)) == ()
