import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import pool, takes, warping
from tests.cutting.analyses import by_digest, shot

STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))


def built(*made, **wishes):
    return pool.build([clip for clip, _ in made], by_digest(dict(made)), STYLE, **wishes)


def lines_by_clip(found):
    return {
        found.clips[index].name: int(line)
        for index, line in zip(found.clip, found.line, strict=True)
    }


def test_takes_of_one_line_in_one_setup_share_a_number():
    one = shot("1.mp4", 8.0, speech=[(1.0, 6.0)], words=7)
    other = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, tempo=1.11, seed=1)
    third = shot("3.mp4", 9.0, speech=[(1.2, 6.8)], words=7, tempo=0.9, seed=2)
    lines = lines_by_clip(built(one, other, third))
    assert lines == {"1.mp4": 0, "2.mp4": 0, "3.mp4": 0}


def test_other_words_in_the_same_setup_are_another_line():
    one = shot("1.mp4", 8.0, speech=[(1.0, 6.0)], words=7)
    other = shot("2.mp4", 8.0, speech=[(1.0, 6.0)], words=8, seed=1)
    assert set(built(one, other).line.tolist()) == {-1}


def test_the_same_words_from_another_camera_position_are_coverage_and_not_a_take():
    one = shot("1.mp4", 8.0, speech=[(1.0, 6.0)], words=7, looks=(0,))
    other = shot("2.mp4", 8.0, speech=[(1.0, 6.0)], words=7, looks=(1,), seed=1)
    found = built(one, other)
    assert set(found.line.tolist()) == {-1}
    assert len(set(found.setup.tolist())) == 2


def test_takes_without_speech_are_never_taken_for_one_another():
    found = built(*(shot(f"{i}.mp4", 8.0, seed=i) for i in range(4)))
    assert set(found.line.tolist()) == {-1}
    assert set(found.setup.tolist()) == {0}


def test_a_false_start_is_left_out_where_a_whole_take_exists():
    broken = shot("1.mp4", 4.0, speech=[(1.0, 2.6)], words=7)
    whole = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, tempo=1.05, seed=1)
    found = built(broken, whole)
    assert {found.clips[index].name for index in found.clip} == {"2.mp4"}
    (left,) = found.left_out
    assert left.clip.name == "1.mp4" and "false start" in left.reason


def test_a_short_take_stays_where_no_other_begins_like_it():
    short = shot("1.mp4", 4.0, speech=[(1.0, 2.6)], words=3)
    other = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, seed=1)
    assert built(short, other).size == 2


def test_a_false_start_that_the_editor_must_have_stays():
    broken = shot("1.mp4", 4.0, speech=[(1.0, 2.6)], words=7)
    whole = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, seed=1)
    found = built(broken, whole, must=[pool.Wish(broken[0])])
    assert {found.clips[index].name for index in found.clip} == {"1.mp4", "2.mp4"}


def test_the_regions_of_long_takes_are_matched_by_the_words_they_hold():
    speech = [(1.0, 8.0), (9.2, 16.5), (17.6, 24.0)]
    one = shot("1.mp4", 25.0, speech=speech, words=7)
    later = [(a + 1.5, b + 1.5) for a, b in speech]
    other = shot("2.mp4", 27.0, speech=later, words=7, seed=1)
    found = built(one, other)
    assert found.size == 6
    assert found.line.tolist() == [0, 1, 2, 0, 1, 2]


def test_usable_footage_counts_takes_of_a_line_once():
    one = shot("1.mp4", 8.0, speech=[(1.0, 6.0)], words=7)
    other = shot("2.mp4", 8.5, speech=[(1.6, 6.1)], words=7, tempo=1.11, seed=1)
    both = built(one, other).usable
    assert both == max(built(one).usable, built(other).usable)


def naive_warp(a, b):
    cost = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            step = cost[i - 1, j - 1]
            total[i, j] = min(
                total[i - 1, j - 1] + 2 * step, total[i - 1, j] + step, total[i, j - 1] + step
            )
    return total


@pytest.mark.parametrize("seed", range(3))
def test_many_warps_at_once_equal_one_by_one(seed):
    rng = np.random.default_rng(seed)
    pairs = [
        tuple(rng.standard_normal((rng.integers(1, 40), 12)).astype(np.float32) for _ in "ab")
        for _ in range(70)
    ]
    wanted = [naive_warp(a, b)[-1, -1] / (len(a) + len(b)) for a, b in pairs]
    assert warping.warped_distance(pairs) == pytest.approx(wanted, rel=1e-4)


def test_a_beginning_is_found_at_any_speed():
    rng = np.random.default_rng(0)
    line = np.repeat(rng.standard_normal((30, 12)), 3, axis=0).astype(np.float32)
    slower = np.repeat(line[:30], 2, axis=0)[::3]
    near, far = warping.prefix_distance([(slower, line), (slower[::-1], line)])
    assert near < 0.3 < far


def test_nothing_to_compare_gives_nothing():
    assert warping.warped_distance([]).shape == (0,)
    assert takes.lines([], np.zeros(0, np.int64)).number.shape == (0,)
