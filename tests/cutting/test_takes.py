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


def test_silent_takes_of_one_action_share_a_number_and_another_action_stays_apart():
    found = built(
        shot("1.mp4", 8.0, action=1),
        shot("2.mp4", 8.6, action=1, cue=1.7, tempo=0.9, seed=1),
        shot("3.mp4", 8.0, action=2, seed=2),
    )
    assert lines_by_clip(found) == {"1.mp4": 0, "2.mp4": 0, "3.mp4": -1}


def test_an_action_seen_from_another_camera_position_is_coverage_and_not_a_take():
    found = built(shot("1.mp4", 8.0, action=1), shot("2.mp4", 8.0, action=1, looks=(1,), seed=1))
    assert set(found.line.tolist()) == {-1}


def test_an_action_that_sounds_otherwise_is_another_action():
    one = shot("1.mp4", 8.0, action=1, claps=(3.0, 5.0))
    other = shot("2.mp4", 8.0, action=1, claps=(2.0, 6.2, 6.8), seed=1)
    assert set(built(one, other).line.tolist()) == {-1}


def test_an_action_that_broke_off_is_left_out_where_a_whole_take_exists():
    broken = shot("1.mp4", 4.0, action=1)
    whole = shot("2.mp4", 8.5, action=1, cue=1.3, tempo=0.95, seed=1)
    found = built(broken, whole)
    assert {found.clips[index].name for index in found.clip} == {"2.mp4"}
    assert [left.reason for left in found.left_out] == ["false start: a whole take exists"]


def test_a_short_silent_shot_of_something_else_is_no_false_start():
    assert built(shot("1.mp4", 4.0, action=3), shot("2.mp4", 8.5, action=1, seed=1)).size == 2


def test_the_regions_of_long_silent_takes_are_matched_by_where_they_lie():
    one = shot("1.mp4", 18.0, action=1, cue=9.0, settles=(9.0,))
    other = shot("2.mp4", 18.6, action=1, cue=9.4, settles=(9.4,), seed=1)
    found = built(one, other)
    assert found.line.tolist() == [0, 1, 0, 1]


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
    # The longer take's five seconds of words and their air; what is quiet about them counts not.
    assert float(built(one, other).usable) == 5.8
    assert float(built(one).usable) == 5.8


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


def test_the_path_of_a_warp_costs_what_the_warp_costs_and_ends_where_both_end():
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((17, 3)), rng.standard_normal((23, 3))
    cost = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    one, other = warping.path(cost, whole=True)
    assert (one[0], other[0], one[-1], other[-1]) == (0, 0, 16, 22)
    steps = np.stack([np.diff(one), np.diff(other)], axis=1)
    assert set(map(tuple, steps.tolist())) <= {(1, 1), (1, 0), (0, 1)}
    weight = np.concatenate([[2], steps.sum(axis=1)])
    assert (weight * cost[one, other]).sum() == pytest.approx(naive_warp(a, b)[-1, -1])


def test_a_beginning_is_found_at_any_speed():
    rng = np.random.default_rng(0)
    line = np.repeat(rng.standard_normal((30, 12)), 3, axis=0).astype(np.float32)
    slower = np.repeat(line[:30], 2, axis=0)[::3]
    near, far = warping.prefix_distance([(slower, line), (slower[::-1], line)])
    assert near < 0.3 < far


def test_nothing_to_compare_gives_nothing():
    assert warping.warped_distance([]).shape == (0,)
    assert takes.lines([], np.zeros(0, np.int64)).number.shape == (0,)
