"""Shots are found frame by frame, and hold no black."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from editor.errors import FootageError
from editor.footage import shots, watch
from editor.footage.cache import Cache
from editor.footage.ingest import ingest
from editor.timing import FrameSpan

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage"
RATE = Fraction(25)


def scene(seed: int) -> np.ndarray:
    """A (144, 256, 3) uint8 picture of soft shapes, unlike that of another seed."""
    darkest = 90 * (seed % 3) + 10
    small = np.random.default_rng(seed).integers(darkest, darkest + 60, (5, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (256, 144), interpolation=cv2.INTER_CUBIC)


def found(name: str, pictures: list[np.ndarray], black: np.ndarray | None = None):
    """The shots that a detector finds in these pictures."""
    finder = shots.Finder(name, RATE)
    cuts = [cut for n, picture in enumerate(pictures) for cut in finder.see(n, picture)]
    cuts += finder.finish()
    return shots.spans(cuts, np.zeros(len(pictures), bool) if black is None else black, RATE)


@pytest.mark.parametrize("name", ["content", "adaptive", "histogram", "hash", "content+fade"])
def test_every_detector_of_cuts_finds_a_hard_cut_at_its_frame(name):
    pictures = [scene(1)] * 40 + [scene(2)] * 35 + [scene(3)] * 45
    assert found(name, pictures) == (FrameSpan(0, 40), FrameSpan(40, 75), FrameSpan(75, 120))


@pytest.mark.parametrize("name", ["content", "histogram", "hash", "content+fade"])
def test_cuts_close_together_end_a_shot_and_what_lies_between_them_is_none(name):
    pictures = [scene(1)] * 40 + [scene(2)] * 5 + [scene(3)] * 7 + [scene(1)] * 45
    assert found(name, pictures) == (FrameSpan(0, 40), FrameSpan(52, 97))


def test_reports_of_frame_after_frame_are_one_wild_movement_and_no_shots():
    assert shots.hard([30, 31, 33, 36, 37, 38, 41, 45, 90], RATE) == [30, 45, 90]
    assert shots.hard([30, 41, 52, 90], RATE) == [30, 41, 52, 90]
    assert shots.hard([], RATE) == []


def test_a_clip_shorter_than_a_shot_is_one_all_the_same():
    assert found("content", [scene(1)] * 6) == (FrameSpan(0, 6),)


@pytest.mark.parametrize("name", shots.DETECTORS)
def test_no_detector_cuts_a_still_picture(name):
    assert found(name, [scene(1)] * 60) == (FrameSpan(0, 60),)


@pytest.mark.parametrize("name", ["content", "fade", "content+fade", "none"])
def test_a_fade_through_black_leaves_two_shots_without_the_black(name):
    levels = [1.0] * 30 + list(np.linspace(1, 0, 20)) + [0.0] * 15 + list(np.linspace(0, 1, 20))
    levels += [1.0] * 30
    pictures = [
        (scene(1 if n < 60 else 2) * level).astype(np.uint8) for n, level in enumerate(levels)
    ]
    black = np.array([picture.max() < 16 for picture in pictures])
    first, second = found(name, pictures, black)
    assert first.first == 0 and second.stop == len(pictures)
    assert not black[first.first : first.stop].any() and not black[second.first : second.stop].any()
    assert black[first.stop : second.first].all()


def test_one_black_frame_is_a_flash_and_ends_no_shot():
    black = np.zeros(50, bool)
    black[20] = True
    assert shots.spans([], black, RATE) == (FrameSpan(0, 50),)


def test_a_clip_that_is_all_black_has_no_shot():
    assert shots.spans([10], np.ones(30, bool), RATE) == ()


def test_an_unknown_detector_is_answered_with_the_known_ones():
    with pytest.raises(FootageError, match=r"'edges'.*content.*adaptive.*histogram.*fade"):
        shots.Finder("edges", RATE)


REAL = (  # file, detector, fewest and most shots: counts that were looked at by eye
    ("edited/trailer_bbb.mp4", "content", 9, 10),
    ("edited/googlework_short.mp4", "content", 19, 21),
    ("edited/chrome.mp4", "content", 8, 10),
    ("edited/shot_change.mp4", "content", 2, 2),
    ("edited/fades.mp4", "content", 3, 3),
    ("edited/fades.mp4", "fade", 3, 3),
    ("single/chaplin.mp4", "content", 1, 1),
    ("single/flower.mp4", "content", 1, 1),
)


@pytest.mark.parametrize(("name", "detector", "fewest", "most"), REAL)
def test_real_films_give_about_the_shots_that_are_seen(name, detector, fewest, most, tmp_path):
    path = FOOTAGE / name
    if not path.is_file():
        pytest.skip("the development footage is not here")
    (clip,), _ = ingest([path], Cache(tmp_path), lambda *_: None)
    picture, spans = watch.measure(clip, detector, lambda _: None)
    assert fewest <= len(spans) <= most
    assert all(not picture.black[span.first : span.stop].all() for span in spans)


def test_one_continuous_shot_is_not_cut_before_its_logo(tmp_path):
    path = FOOTAGE / "edited/Chrome_ImF.mp4"
    if not path.is_file():
        pytest.skip("the development footage is not here")
    (clip,), _ = ingest([path], Cache(tmp_path), lambda *_: None)
    _, spans = watch.measure(clip, "content", lambda _: None)
    assert spans[0].first == 0 and spans[0].stop > 900
