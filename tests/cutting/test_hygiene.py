from dataclasses import replace

import numpy as np
import pytest

from editor.cutting import hygiene
from editor.timing import FrameSpan
from tests.cutting.analyses import footage, shot


def reasons(made):
    return [mask.reason for mask in hygiene.inspect(*made)]


def masked(made):
    clip, _ = made
    frames = np.zeros(clip.frames, bool)
    for mask in hygiene.inspect(*made):
        frames[mask.span.first : mask.span.stop] = True
    return frames


def with_board(seconds=20.0, clap=3.0, out=4.0, claps=True, **more):
    """A take whose picture is a board until `out`: other thumbs, sharper, taken out in a burst."""
    clip, known = shot(seconds=seconds, claps=[clap] if claps else [], **more)
    rng = np.random.default_rng(5)
    thumb, at = known.moments.thumb.copy(), known.moments.frame / 25
    board = np.kron(rng.choice([15, 240], (6, 10)), np.ones((2, 2))).astype(np.uint8)
    shown = np.flatnonzero(at < out)
    for i in shown:
        thumb[i, 3:15, 6:26] = board
    motion, sharp = known.picture.motion.copy(), known.picture.sharpness.copy()
    motion[round(clap * 25) : round(out * 25)] = 0.2
    motion[: round(clap * 25)] = 0.004
    sharp[: round(out * 25)] = 0.8
    known = replace(
        known,
        moments=replace(known.moments, thumb=thumb),
        picture=replace(known.picture, motion=motion, sharpness=sharp),
    )
    return clip, known


def test_ordinary_footage_is_left_alone():
    for clip, known in footage(24, seed=3).items():
        assert hygiene.inspect(clip, known) == ()


def test_words_amid_which_a_broken_file_ends_are_left_out_from_the_last_pause_before_them():
    clip, known = shot(seconds=12.0, speech=[(2.0, 5.0), (8.0, 12.0)])
    assert hygiene.inspect(clip, known) == (), "the file is whole: its last word is"
    for broken in (replace(clip, missing=1.0), replace(clip, broken_off="no index")):
        (found,) = hygiene.inspect(broken, known)
        assert found.reason == "the file breaks off amid these words"
        assert 150 <= found.span.first <= 200 and found.span.stop == clip.frames
    clip, known = shot(seconds=12.0, speech=[(2.0, 5.0), (8.0, 11.0)])
    assert hygiene.inspect(replace(clip, missing=1.0), known) == (), "it ends in a pause"


def test_a_slate_with_its_clap_is_masked_until_the_board_has_left():
    found = hygiene.inspect(*with_board())
    assert [mask.reason for mask in found] == ["before the clap", "the slate is taken out"]
    assert found[0].span == FrameSpan(0, 75)
    assert found[1].span.first == 75 and 98 <= found[1].span.stop <= 106


def test_a_clap_whose_announcement_is_heard_as_speech_is_still_a_clap():
    made = with_board(speech=[(0.8, 2.6), (6.0, 12.0)])
    assert "before the clap" in reasons(made)


def test_a_knock_in_a_picture_that_stays_is_no_clap():
    assert reasons(shot(seconds=12.0, claps=[2.0])) == []


def test_a_rhythm_of_knocks_is_no_slate():
    made = with_board(claps=False)
    clip, known = made
    loud = shot(seconds=20.0, claps=[0.5, 1.2, 1.9, 2.6, 3.0, 3.6])[1].sound
    assert "before the clap" not in reasons((clip, replace(known, sound=loud)))


def reframed(made, start, rise=1):
    """The whole picture slides from `start` on, `rise` rows a moment: the camera tilts."""
    clip, known = made
    thumb, at = known.moments.thumb.copy(), known.moments.frame / 25
    for count, i in enumerate(np.flatnonzero(at >= start), start=1):
        thumb[i] = np.roll(thumb[i], rise * count, axis=0)
    motion = known.picture.motion.copy()
    motion[round(start * 25) :] += 0.03
    picture = replace(known.picture, motion=motion)
    return clip, replace(known, moments=replace(known.moments, thumb=thumb), picture=picture)


def test_a_slate_is_masked_though_the_camera_moves_soon_after_it():
    found = hygiene.inspect(*reframed(with_board(), 4.8))
    assert [mask.reason for mask in found] == ["before the clap", "the slate is taken out"]
    assert found[0].span == FrameSpan(0, 75)
    assert 98 <= found[1].span.stop <= 106


def test_a_camera_that_moves_after_a_knock_is_no_slate():
    assert reasons(reframed(shot(seconds=12.0, claps=[2.0]), 2.6)) == []


def test_a_board_without_a_clap_is_masked_when_every_sign_agrees():
    found = hygiene.inspect(*with_board(claps=False))
    assert [mask.reason for mask in found] == ["slate"]
    assert 95 <= found[0].span.stop <= 110


def test_someone_with_a_face_who_leaves_the_picture_is_no_slate():
    assert reasons(with_board(claps=False, face=0.05)) == []


def test_a_finished_film_with_cuts_at_its_head_has_no_slate():
    made = with_board(cuts=[1.0, 2.0, 3.5, 9.0], looks=(0, 1, 2, 3, 4))
    assert reasons(made) == []


def test_a_slate_at_the_tail_is_masked_from_where_the_board_comes_in():
    clip, known = shot(seconds=20.0, claps=[18.0])
    thumb = known.moments.thumb.copy()
    thumb[known.moments.frame >= 17 * 25, 3:15, 4:28] = 250 - thumb[0, 3:15, 4:28]
    motion = known.picture.motion.copy()
    motion[425:450] = 0.12
    known = replace(
        known,
        moments=replace(known.moments, thumb=thumb),
        picture=replace(known.picture, motion=motion),
    )
    (found,) = hygiene.inspect(clip, known)
    assert found.reason == "tail slate"
    assert 418 <= found.span.first <= 426 and found.span.stop == 500


def test_what_cannot_be_decoded_is_masked_to_the_end():
    (found,) = hygiene.inspect(*shot(seconds=8.0, decoded=130))
    assert (found.span, found.reason) == (FrameSpan(130, 200), "cannot be decoded")


def test_black_is_masked_wherever_it_is():
    frames = masked(shot(seconds=8.0, black=[(0.0, 0.6), (4.0, 4.2), (7.5, 8.0)]))
    assert frames[:15].all() and frames[100:105].all() and frames[188:].all()
    assert frames.sum() == 15 + 5 + 12


def test_damaged_pictures_are_masked_and_said_to_be():
    clip, known = shot(seconds=10.0)
    marked = np.zeros(clip.frames, bool)
    marked[50:80] = True
    hurt = replace(known, picture=replace(known.picture, damaged=marked))
    (mask,) = hygiene.inspect(clip, hurt)
    assert mask.span == FrameSpan(50, 80) and "damaged" in mask.reason


def test_a_head_that_stands_still_is_masked_and_a_clip_that_always_does_is_not():
    (found,) = hygiene.inspect(*shot(seconds=8.0, frozen=[(0.0, 1.2)]))
    assert (found.span.first, found.reason) == (0, "the picture stands still")
    assert 29 <= found.span.stop <= 30
    assert reasons(shot(seconds=8.0, frozen=[(0.0, 8.0)])) == []


def shaken(seconds, *spans):
    """The camera itself is moved in the spans: the whole picture differs there."""
    clip, known = shot(seconds=seconds, shake=list(spans))
    thumb = known.moments.thumb.copy()
    for start, end in spans:
        inside = (known.moments.frame >= start * 25) & (known.moments.frame < end * 25)
        thumb[inside] = 255 - thumb[inside]
    return clip, replace(known, moments=replace(known.moments, thumb=thumb))


def test_the_operators_jerks_at_start_and_stop_are_masked():
    found = hygiene.inspect(*shaken(10.0, (0.0, 0.6), (9.5, 10.0)))
    assert [mask.reason for mask in found] == ["camera settles", "camera is stopped"]
    assert 14 <= len(found[0].span) <= 17
    assert 12 <= len(found[1].span) <= 15


def test_a_shot_that_begins_with_a_long_move_is_kept():
    assert reasons(shaken(10.0, (0.0, 2.5))) == []


def test_a_shot_that_moves_all_the_time_is_kept():
    assert reasons(shaken(6.0, (0.0, 6.0))) == []


def test_someone_who_waves_at_the_start_is_no_camera_move():
    assert reasons(shot(seconds=8.0, shake=[(0.0, 0.6)])) == []


def test_the_search_for_focus_at_the_head_is_masked():
    (found,) = hygiene.inspect(*shot(seconds=10.0, blur=[(0.0, 1.0)]))
    assert (found.reason, found.span) == ("camera finds focus", FrameSpan(0, 25))


def test_a_soft_shot_is_not_out_of_focus():
    assert reasons(shot(seconds=10.0, blur=[(0.0, 10.0)])) == []


def test_colour_bars_at_the_head_are_masked():
    clip, known = shot(seconds=12.0, cuts=[4.0], looks=(1, 0), frozen=[(0.0, 4.0)])
    bars = np.repeat(np.linspace(190, 30, 8), 4)[None, :].repeat(18, axis=0).astype(np.uint8)
    thumb = known.moments.thumb.copy()
    thumb[known.moments.frame < 100] = bars
    saturation = known.picture.saturation.copy()
    saturation[:100] = 0.7
    known = replace(
        known,
        moments=replace(known.moments, thumb=thumb),
        picture=replace(known.picture, saturation=saturation),
    )
    (found,) = hygiene.inspect(clip, known)
    assert (found.reason, found.span) == ("colour bars", FrameSpan(0, 100))


@pytest.mark.parametrize("seconds", [0.04, 0.2, 1.0])
def test_a_very_short_clip_is_inspected_without_fault(seconds):
    assert reasons(shot(seconds=seconds)) == []
