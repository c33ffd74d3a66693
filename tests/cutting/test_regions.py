from fractions import Fraction

import numpy as np
import pytest

from editor.cutting import regions
from editor.cutting.air import AIR
from editor.cutting.regions import LISTENING, POINTS, REGION_LIMIT, SHORTEST
from editor.footage.measures import Kind
from editor.timing import FrameSpan
from tests.cutting.analyses import footage, shot


def offered(made, masked=(), musts=(), retaken=()):
    clip, known = made
    mask = np.zeros(clip.frames, bool)
    for first, stop in masked:
        mask[first:stop] = True
    return regions.offer(clip, known, mask, musts, retaken)


def legal_cuts(region, rate):
    """Every legal cut of a region in seconds, with the kinds of its two points."""
    for i, j in zip(*np.nonzero(region.pair), strict=True):
        times = region.frame[[i, j]] / float(rate)
        yield times[0], times[1], Kind(int(region.kind[i])), Kind(int(region.kind[j]))


def spoken_within(speech, start, end):
    return [(a, b) for a, b in speech if a < end - 1e-6 and b > start + 1e-6]


@pytest.mark.parametrize("seed", range(6))
def test_every_legal_cut_leaves_words_whole_and_gives_speech_its_air(seed):
    checked = 0
    for clip, known in footage(12, seed).items():
        speech = known.sound.speech.tolist()
        for region in offered((clip, known)).regions:
            for start, end, first, last in legal_cuts(region, clip.rate):
                checked += 1
                held = spoken_within(speech, start, end)
                assert end - start >= SHORTEST - 1e-3
                if held and first != Kind.SPLIT:
                    assert AIR[0] - 1e-3 <= held[0][0] - start <= AIR[1] + 1e-3
                if held and last != Kind.SPLIT:
                    assert AIR[0] - 1e-3 <= end - held[-1][1] <= AIR[1] + 1e-3
    assert checked > 500


def test_a_sentence_in_a_three_second_take_is_offered_trimmed_and_never_whole():
    made = shot(seconds=3.0, speech=[(0.8, 2.2)])
    (region,) = offered(made).regions
    cuts = [(a, b) for a, b, _, _ in legal_cuts(region, 25)]
    spoken = [(a, b) for a, b in cuts if a < 0.8 and b > 2.2]
    assert spoken
    assert all(0.4 <= a <= 0.65 and 2.35 <= b <= 2.6 for a, b in spoken)


def test_a_take_without_speech_offers_many_cuts():
    (region,) = offered(shot(seconds=8.0, peaks=[2.3, 5.1])).regions
    assert region.pair.sum() > 100


def test_no_point_inside_speech_is_legal_except_a_weak_split():
    made = shot(seconds=9.0, speech=[(0.5, 8.5)], splits=[4.2])
    (region,) = offered(made).regions
    inside = (region.frame > 0.5 * 25) & (region.frame < 8.5 * 25)
    used = region.pair.any(axis=0) | region.pair.any(axis=1)
    assert set(region.kind[inside & used].tolist()) == {int(Kind.SPLIT)}
    assert region.weak[inside & used].all()
    cuts = [(round(float(a), 2), round(float(b), 2)) for a, b, _, _ in legal_cuts(region, 25)]
    assert {(0.24, 4.2), (4.2, 8.76), (0.24, 8.76)} <= set(cuts)
    assert all((a < 0.5 or a == 4.2) and (b > 8.5 or b == 4.2) for a, b in cuts)


def test_speech_may_have_little_air_or_much_where_both_are_quiet():
    clip, known = shot(seconds=4.0, speech=[(1.0, 2.6)])
    (region,) = offered((clip, known)).regions
    spoken = [(a, b) for a, b, _, _ in legal_cuts(region, 25) if a < 1.0 and b > 2.6]
    assert len({a for a, _ in spoken}) >= 3
    assert len({b for _, b in spoken}) >= 3


def test_where_the_last_consonant_is_faint_the_most_air_is_counted_from_what_is_heard():
    clip, known = shot(seconds=4.0, speech=[(1.0, 2.6)])
    known.sound.level[100:110] = known.sound.level[244:260] = -50.0  # heard: 1.10 to 2.44 s
    (region,) = offered((clip, known)).regions
    spoken = [(a, b) for a, b, _, _ in legal_cuts(region, 25) if a < 1.0 and b > 2.6]
    assert spoken
    assert all(0.70 - 0.001 <= a <= 0.85 for a, _ in spoken)
    assert all(2.75 <= b <= 2.84 + 0.001 for _, b in spoken)


def test_a_faint_end_of_any_length_leaves_one_legal_cut_with_air():
    for faint in np.arange(0.0, 1.0, 0.05):
        clip, known = shot(seconds=4.0, speech=[(1.0, 2.6)], rate=Fraction(24000, 1001))
        known.sound.level[round(100 * (2.6 - faint)) : 260] = -50.0
        (region,) = offered((clip, known)).regions
        ends = [b for a, b, _, _ in legal_cuts(region, 24000 / 1001) if a < 1.0 and b > 2.6]
        assert ends and min(ends) >= 2.75 - 1e-3, faint


def test_a_clip_that_begins_and_ends_in_speech_may_be_used_from_end_to_end():
    (region,) = offered(shot(seconds=2.0, speech=[(0.0, 2.0)])).regions
    assert [(a, b) for a, b, _, _ in legal_cuts(region, 25)] == [(0.0, 2.0)]


def test_less_air_is_legal_only_where_the_clip_itself_has_less():
    (region,) = offered(shot(seconds=4.0, speech=[(0.08, 1.5), (2.2, 3.9)])).regions
    starts = {round(a, 2) for a, b, _, _ in legal_cuts(region, 25) if a < 0.08}
    assert starts == {0.0}
    assert all(
        not a <= 2.2 < b or 0.15 - 1e-6 <= 2.2 - a <= 0.4 + 1e-6 or a == 0
        for a, b, _, _ in legal_cuts(region, 25)
    )


def silent_cuts(found, speech, rate=25):
    """Legal cuts in which nobody speaks."""
    return [
        (a, b)
        for region in found.regions
        for a, b, _, _ in legal_cuts(region, rate)
        if not spoken_within(speech, a, b)
    ]


def test_a_pause_inside_a_line_is_no_shot():
    speech = [(1.5, 3.0), (4.8, 6.2)]
    quiet = silent_cuts(offered(shot(seconds=11.0, speech=speech)), speech)
    assert quiet and all(a >= 6.2 for a, b in quiet)


def test_waiting_for_the_line_and_for_the_cut_is_no_shot():
    speech = [(2.0, 4.0)]
    found = offered(shot(seconds=6.5, speech=speech))
    assert found.regions and not silent_cuts(found, speech)


def test_a_long_silence_between_two_lines_may_be_a_reaction():
    speech = [(1.5, 3.0), (8.0, 9.2)]
    quiet = silent_cuts(offered(shot(seconds=10.0, speech=speech)), speech)
    assert quiet and all(a > 3.0 and b < 8.0 for a, b in quiet)


def test_a_reaction_beside_a_line_is_no_shorter_than_it_can_be_read():
    speech = [(2.0, 4.0)]
    quiet = silent_cuts(offered(shot(seconds=9.0, speech=speech)), speech)
    assert quiet and all(b - a >= LISTENING - 1e-3 for a, b in quiet)


def test_of_a_take_that_has_other_takes_nothing_is_offered_without_its_words():
    speech = [(2.0, 3.0), (3.4, 5.0)]
    made = shot(seconds=10.0, speech=speech)
    whole = FrameSpan(0, made[0].frames)
    assert silent_cuts(offered(made), speech)
    found = offered(made, retaken=[whole])
    assert found.regions and not silent_cuts(found, speech)


def test_a_scene_without_words_in_a_long_take_stays_though_the_take_has_other_takes():
    speech = [(1.0, 3.0), (14.0, 16.0)]
    made = shot(seconds=18.0, speech=speech)
    found = offered(made, retaken=[FrameSpan(0, made[0].frames)])
    quiet = silent_cuts(found, speech)
    assert quiet and all(a > 3.0 and b < 14.0 for a, b in quiet)


def test_two_sentences_of_one_breath_are_not_parted():
    speech = [(1.0, 1.8), (2.2, 4.4)]
    (region,) = offered(shot(seconds=6.0, speech=speech)).regions
    for start, end, _, _ in legal_cuts(region, 25):
        assert len(spoken_within(speech, start, end)) in (0, 2)


def test_a_long_speech_is_parted_in_its_widest_pause_first():
    speech = [(1.0, 2.5), (2.9, 4.4), (4.95, 6.4)]
    (region,) = offered(shot(seconds=8.0, speech=speech)).regions
    held = {len(spoken_within(speech, a, b)) for a, b, _, _ in legal_cuts(region, 25)}
    assert held == {1, 2, 3}
    for start, end, _, _ in legal_cuts(region, 25):
        assert not 2.5 < start < 2.9 and not 2.5 < end < 2.9


def test_a_long_take_is_offered_in_regions_of_about_ten_seconds_that_tile_it():
    clip, known = shot(seconds=64.0)
    found = offered((clip, known)).regions
    assert all(len(region.span) <= REGION_LIMIT * 25 for region in found)
    assert [region.span.first for region in found[1:]] == [r.span.stop for r in found[:-1]]
    assert (found[0].span.first, found[-1].span.stop) == (0, clip.frames)
    assert 6 <= len(found) <= 8


def test_a_long_take_is_split_in_its_pauses_rather_than_on_the_grid():
    speech = [(0.5, 6.3), (7.4, 13.1), (14.5, 22.2), (23.4, 29.0)]
    found = offered(shot(seconds=30.0, speech=speech, splits=[18.0])).regions
    for region in found[:-1]:
        at = region.span.stop / 25
        assert all(not start < at < end for start, end in speech)
        assert Kind(int(region.kind[-1])) == Kind.PAUSE
    words = [
        any(a < s[0] and b > s[1] for r in found for a, b, _, _ in legal_cuts(r, 25))
        for s in speech
    ]
    assert all(words)


def test_speech_of_twenty_seconds_is_split_at_a_weak_point_when_nothing_better_is_near():
    made = shot(seconds=22.0, speech=[(1.0, 21.0)], splits=[5.0, 9.4, 13.0, 17.5])
    found = offered(made).regions
    assert len(found) >= 2
    assert all(Kind(int(region.kind[-1])) == Kind.SPLIT for region in found[:-1])
    assert all(region.weak[-1] for region in found[:-1])


def test_no_cut_reaches_across_masked_frames_or_a_detected_cut():
    made = shot(seconds=12.0, cuts=[6.0], looks=(0, 1))
    found = offered(made, masked=[(40, 60)]).regions
    spans = [region.span for region in found]
    assert spans == [FrameSpan(0, 40), FrameSpan(60, 150), FrameSpan(150, 300)]


def test_what_a_mask_leaves_begins_and_ends_at_legal_points():
    (region,) = offered(shot(seconds=4.0), masked=[(0, 33)]).regions
    assert region.frame[0] == 33
    assert region.pair[0, -1]


def test_a_shot_without_a_legal_cut_is_refused_and_named():
    made = shot(seconds=3.0, cuts=[1.5], looks=(0, 1), speech=[(0.3, 3.0)])
    found = offered(made)
    assert found.regions == ()
    assert found.refused == (FrameSpan(0, 38), FrameSpan(38, 75))


def test_nothing_on_offer_goes_on_into_frames_that_the_editor_must_have():
    made = shot(seconds=20.0, speech=[(6.0, 8.0)])
    wanted = FrameSpan(127, 248)
    found = offered(made, musts=[(0, wanted)]).regions
    others = [region.span for region in found if region.must < 0]
    assert others
    for other in others:
        assert other.stop <= wanted.first - 12 or wanted.stop + 12 <= other.first


def test_frames_that_the_editor_must_have_are_offered_exactly_and_once():
    made = shot(seconds=20.0, speech=[(6.0, 12.0)])
    found = offered(made, masked=[(200, 220)], musts=[(3, FrameSpan(190, 231))]).regions
    demanded = [region for region in found if region.must == 3]
    assert [region.span for region in demanded] == [FrameSpan(190, 231)]
    assert demanded[0].frame.tolist() == [190, 231]
    assert demanded[0].pair.tolist() == [[False, True], [False, False]]
    others = [region.span for region in found if region.must < 0]
    assert others and not any(span.overlaps(FrameSpan(190, 231)) for span in others)


def test_a_region_keeps_at_most_forty_points_and_drops_the_grid_first():
    peaks = np.arange(0.3, 9.7, 0.24).round(2).tolist()
    settles = np.arange(0.4, 9.7, 1.1).round(2).tolist()
    (region,) = offered(shot(seconds=10.0, peaks=peaks, settles=settles)).regions
    assert len(region.frame) == POINTS
    assert Kind.GRID not in region.kind.tolist()
    assert (region.kind == Kind.SETTLE).sum() >= len(settles) - 1
    assert (region.frame[0], region.frame[-1]) == (0, 250)


def test_a_low_frame_rate_still_finds_its_air():
    rate = Fraction(11941, 1000)
    (region,) = offered(shot(seconds=9.0, rate=rate, speech=[(1.0, 4.0), (5.0, 8.0)])).regions
    assert any(a < 1.0 and b > 8.0 for a, b, _, _ in legal_cuts(region, rate))


def test_at_the_end_of_a_shot_the_picture_is_its_own_last_and_not_the_next_shots_first():
    clip, known = shot(seconds=8.0, cuts=[4.0], looks=(0, 1))
    first, second = offered((clip, known)).regions
    assert known.moments.frame[first.moment[-1]] < 100
    assert known.moments.frame[second.moment[0]] == 100
