from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import embedding, features, pool
from editor.cutting.pool import TOTALS, Wish
from editor.errors import FootageError
from editor.timing import FrameSpan
from tests.cutting.analyses import by_digest, clip, footage, shot

STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))


def built(*made, **wishes):
    return pool.build([one for one, _ in made], by_digest(dict(made)), STYLE, **wishes)


def names(found):
    return [found.clips[index].name for index in found.clip]


@pytest.fixture(scope="module")
def varied():
    made = footage(24, seed=1)
    return made, built(*made.items())


def test_every_shot_on_offer_has_a_legal_cut(varied):
    _, found = varied
    assert found.size >= 24
    assert found.pair.any(axis=(1, 2)).all()


def test_a_legal_cut_lies_between_real_points_and_runs_forward(varied):
    _, found = varied
    row, first, last = np.nonzero(found.pair)
    assert (first < last).all()
    assert (last < found.points[row]).all()
    assert (found.frame[row, first] < found.frame[row, last]).all()


def test_no_frame_is_offered_twice(varied):
    _, found = varied
    for index, one in enumerate(found.clips):
        spans = sorted(shot_.span for shot_ in found.shots if shot_.clip == index)
        assert all(a.stop <= b.first for a, b in pairwise(spans))
        assert spans[0].first >= 0 and spans[-1].stop <= one.frames


def test_every_number_is_finite_and_features_are_about_unit_scale(varied):
    _, found = varied
    for name, values in vars(found).items():
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            assert np.isfinite(values).all(), name
    real = np.arange(found.frame.shape[1]) < found.points[:, None]
    assert np.abs(found.point_features[real]).mean() < 2
    assert np.abs(found.shot_features).mean() < 2
    assert found.point_features.shape[2] == len(features.POINT_FEATURES)
    assert found.shot_features.shape[1] == len(features.SHOT_FEATURES)


def test_padding_is_empty_and_points_ascend(varied):
    _, found = varied
    for row, count in enumerate(found.points):
        assert (np.diff(found.frame[row, :count]) > 0).all()
        assert (found.frame[row, count:] == -1).all()
        assert (found.kind[row, count:] == -1).all()
        assert not found.pair[row, count:].any() and not found.pair[row, :, count:].any()


def test_embeddings_have_unit_length_and_histograms_sum_to_one(varied):
    _, found = varied
    real = np.arange(found.frame.shape[1]) < found.points[:, None]
    assert np.linalg.norm(found.embedding[real], axis=1) == pytest.approx(1, abs=1e-5)
    assert found.colour[real].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_totals_are_running_integrals_that_never_exceed_the_time():
    made = shot(seconds=10.0, speech=[(2.0, 6.0)], words=1, face=0.1)
    found = built(made)
    count = found.points[0]
    totals, seconds = found.totals[0, :count], found.time[0, :count]
    assert (np.diff(totals, axis=0) >= -1e-5).all()
    assert (totals <= seconds[:, None] + 1e-4).all()
    assert totals[-1, TOTALS.index("speech")] == pytest.approx(4.0, abs=0.02)
    assert totals[-1, TOTALS.index("face")] == pytest.approx(10.0, abs=0.05)
    assert totals[-1, TOTALS.index("sharpness")] == pytest.approx(5.0, abs=0.1)


def test_a_cut_around_speech_is_marked_with_its_voice(varied):
    made, found = varied
    for row, index in enumerate(found.clip):
        speaks = len(made[found.clips[index]].sound.speech) > 0
        assert found.voice[row] in ((index, -1) if speaks else (-1,))
    assert (found.voice >= 0).any()


def test_a_name_or_a_place_in_the_footage_changes_no_feature():
    one = footage(6, seed=2)
    pairs = list(one.items())
    renamed = [
        (replace(c, path=Path("/other") / f"{9 - i} {c.name}", digest=f"{i:032}"), a)
        for i, (c, a) in enumerate(pairs)
    ]
    first, second = built(*pairs), built(*renamed)
    order = [s.name.split(" ", 1)[1] for s in second.shots]
    match = [order.index(s.name) for s in first.shots]
    assert np.array_equal(first.point_features, second.point_features[match])
    assert np.array_equal(first.shot_features, second.shot_features[match])
    assert np.array_equal(first.totals, second.totals[match])


# --- order ----------------------------------------------------------------------------------------


def test_shots_come_in_recording_order_then_by_their_place_in_the_clip():
    late = shot("a.mp4", 24.0, recorded=200.0)
    early = shot("b.mp4", 24.0, recorded=100.0)
    found = built(late, early)
    assert list(dict.fromkeys(names(found))) == ["b.mp4", "a.mp4"]
    assert found.rank.tolist() == list(range(found.size))
    starts = [s.span.first for s in found.shots if found.clips[s.clip].name == "b.mp4"]
    assert starts == sorted(starts) and len(starts) >= 2


def test_without_dates_timecode_orders_and_without_timecode_the_natural_order_of_names():
    coded = [
        clip("a.mp4", timecode="01:00:30:00"),
        clip("b.mp4", timecode="01:00:05:00"),
    ]
    assert pool.recording_order(coded) == [1, 0]
    named = [clip(f"take {number}.mp4") for number in (10, 2, 1)]
    assert pool.recording_order(named) == [2, 1, 0]


def test_equal_dates_are_ordered_by_timecode():
    same = [
        clip("a.mp4", recorded=5.0, timecode="10:00:30:00"),
        clip("b.mp4", recorded=5.0, timecode="10:00:05:00"),
    ]
    assert pool.recording_order(same) == [1, 0]


def test_a_clip_without_a_date_follows_the_one_before_it_by_name():
    mixed = [
        clip("c1.mp4", recorded=300.0),
        clip("c2.mp4"),
        clip("c3.mp4", recorded=100.0),
    ]
    assert pool.recording_order(mixed) == [2, 0, 1]


# --- wishes ---------------------------------------------------------------------------------------


def test_banned_frames_are_not_on_offer_and_are_named():
    made = shot("a.mp4", 10.0)
    found = built(made, ban=[Wish(made[0], FrameSpan(50, 120))])
    assert not any(s.span.overlaps(FrameSpan(50, 120)) for s in found.shots)
    assert [(left.span, left.reason) for left in found.left_out] == [(FrameSpan(50, 120), "banned")]


def test_only_the_clips_asked_for_are_on_offer():
    one, other = shot("a.mp4"), shot("b.mp4", seed=1)
    found = built(one, other, only=[Wish(other[0])])
    assert set(names(found)) == {"b.mp4"}
    assert found.left_out[0].reason == "not among --only"


def test_demanded_frames_are_a_shot_of_their_own_that_nothing_overlaps():
    made = shot("a.mp4", 12.0, speech=[(1.0, 11.0)], splits=[5.0, 8.0])
    wanted = FrameSpan(100, 143)
    found = built(made, must=[Wish(made[0], wanted)])
    (row,) = np.flatnonzero(found.must == 0)
    assert found.shots[row].span == wanted
    assert found.frame[row, :2].tolist() == [100, 143] and found.points[row] == 2
    assert found.pair[row].sum() == 1 and found.pair[row, 0, 1]
    assert not any(s.span.overlaps(wanted) for i, s in enumerate(found.shots) if i != row)


def test_a_demanded_clip_answers_with_any_of_its_shots():
    one, other = shot("a.mp4", 25.0), shot("b.mp4", seed=1)
    found = built(one, other, must=[Wish(one[0])])
    assert {n for n, m in zip(names(found), found.must, strict=True) if m == 0} == {"a.mp4"}


def test_what_hygiene_masks_is_offered_where_the_editor_demands_it():
    made = shot("a.mp4", 10.0, black=[(0.0, 2.0)])
    found = built(made, must=[Wish(made[0], FrameSpan(10, 40))])
    assert (found.must == 0).sum() == 1


@pytest.mark.parametrize(
    ("ban", "must", "said"),
    [
        ((), ((200, 300),), "frames 0 to 250"),
        ((), ((40, 40),), "in point must lie before"),
        (((50, 90),), ((60, 100),), "Change one of the two"),
        ((), ((20, 60), (50, 90)), "Ask for 20-90"),
        (((300, 400),), (), "frames 0 to 250"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_would_be_right(ban, must, said):
    made = shot("a.mp4", 10.0)
    wishes = {
        "ban": [Wish(made[0], FrameSpan(*span)) for span in ban],
        "must": [Wish(made[0], FrameSpan(*span)) for span in must],
    }
    with pytest.raises(FootageError, match=said):
        built(made, **wishes)


def test_a_demanded_clip_of_which_nothing_can_be_cut_is_an_error_that_says_why():
    dark, fine = shot("dark.mp4", 5.0, black=[(0.0, 5.0)]), shot("b.mp4", seed=1)
    with pytest.raises(FootageError, match=r"dark\.mp4.*black"):
        built(dark, fine, must=[Wish(dark[0])])


def test_footage_of_which_nothing_can_be_cut_is_an_error_that_says_why():
    with pytest.raises(FootageError, match="black"):
        built(shot("dark.mp4", 5.0, black=[(0.0, 5.0)]))


def test_banning_and_demanding_a_whole_clip_is_an_error():
    made = shot("a.mp4")
    with pytest.raises(FootageError, match="banned"):
        built(made, shot("b.mp4", seed=1), ban=[Wish(made[0])], must=[Wish(made[0])])


def test_a_wish_for_a_clip_that_is_not_here_is_an_error():
    with pytest.raises(FootageError, match="not among the footage"):
        built(shot("a.mp4"), ban=[Wish(clip("z.mp4"))])


# --- bad measures ---------------------------------------------------------------------------------


def test_a_measure_that_is_not_a_number_is_named_with_its_clip():
    made, known = shot("a.mp4")
    motion = known.picture.motion.copy()
    motion[7] = np.nan
    broken = replace(known, picture=replace(known.picture, motion=motion))
    with pytest.raises(FootageError, match=r"a\.mp4: its motion"):
        built((made, broken))


def test_a_measure_of_the_wrong_length_is_named_with_its_clip():
    made, known = shot("a.mp4")
    broken = replace(known, picture=replace(known.picture, luma=known.picture.luma[:-3]))
    with pytest.raises(FootageError, match=r"a\.mp4: its luma has 247 values, not 250"):
        built((made, broken))


def test_clips_of_different_backbones_are_refused():
    one, known = shot("a.mp4")
    other = shot("b.mp4", seed=1)
    moments = replace(known.moments, embedding=known.moments.embedding[:, :32])
    with pytest.raises(FootageError, match="different backbones"):
        built((one, replace(known, moments=moments)), other)


def test_a_clip_without_an_analysis_is_named():
    made = shot("a.mp4")
    with pytest.raises(FootageError, match=r"a\.mp4 has not been analysed"):
        pool.build([made[0]], {}, STYLE)


def test_silent_footage_and_one_short_clip_make_a_pool():
    found = built(shot("a.mp4", 0.8, sound_on=False))
    assert found.size == 1
    assert found.usable == Fraction(4, 5)


# --- embeddings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("moments", "shots"), [(1, 1), (5, 2), (31, 4), (600, 20)])
@pytest.mark.parametrize("dimensions", [16, 1280])
def test_reduced_embeddings_keep_the_cosines(moments, shots, dimensions):
    rng = np.random.default_rng(0)
    looks = np.abs(rng.standard_normal((shots, dimensions)))
    rows = looks[np.arange(moments) % shots] + 0.15 * rng.standard_normal((moments, dimensions))
    reduced, centre = embedding.reduce(rows, shots)
    assert reduced.shape == (moments, embedding.EMBEDDING)
    assert np.linalg.norm(reduced, axis=1) == pytest.approx(1, abs=1e-5)
    centred = rows / np.linalg.norm(rows, axis=1, keepdims=True) - centre
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    if moments > 2:
        one, other = np.triu_indices(moments, 1)
        before, after = (
            np.einsum("ij,ij->i", x[one], x[other]) for x in (centred, reduced.astype(float))
        )
        assert np.corrcoef(before, after)[0, 1] > 0.98


def test_a_small_pools_own_content_is_not_subtracted_away():
    rows = np.abs(np.random.default_rng(0).standard_normal((6, 64))) * 0.02 + 1.0
    reduced, _ = embedding.reduce(rows, shots=1)
    assert (reduced @ reduced.T > 0.9).all()
