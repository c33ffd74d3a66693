"""Cut points lie where an editor would cut: never in a word, never far apart, few enough."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from editor.footage import cut_points, samples, sound
from editor.footage.cut_points import Chooser, Point
from editor.footage.measures import Kind, Sound

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage"
RATES = [Fraction(12), Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)]
ROOM, VOICE = -60.0, -25.0  # dBFS


def heard(seconds: float, speech=(), dips=(), onsets=()) -> Sound:
    """The sound of speech at VOICE in a room at ROOM, with (second, length, dBFS) dips inside."""
    level = np.full(round(seconds * 100), ROOM, np.float32)
    for start, end in speech:
        level[round(start * 100) : round(end * 100)] = VOICE
    for at, length, depth in dips:
        level[round(at * 100) : round((at + length) * 100)] = depth
    return replace(
        sound.absent(),
        present=True,
        speech=np.array(speech, np.float64).reshape(-1, 2),
        level=level,
        room=ROOM,
        onsets=np.array(onsets, np.float64),
    )


def chosen(heard_: Sound, seconds: float, rate: Fraction, edges=(), window: float = 2.0):
    """Points of a clip without picture points, chosen window by window as a pass does."""
    frames = round(seconds * rate)
    chooser = Chooser(heard_, rate, frames)
    stop = 0
    while stop + round(window * rate) < frames:
        stop += round(window * rate)
        chooser.choose(stop, [edge for edge in edges if edge < stop], ())
    chooser.finish(frames, [edge for edge in edges if edge >= stop], ())
    return chooser.chosen


def seconds_of(points, rate: Fraction) -> list[float]:
    return [float(point.frame / rate) for point in points]


def distance(speech, second: float) -> float:
    """Seconds from a moment to the nearest speech; below 0 inside it."""
    return min(max(start - second, second - end) for start, end in speech)


@pytest.mark.parametrize("rate", RATES)
def test_speech_gets_air_at_both_sides(rate):
    speech = [(2.0, 4.5), (6.0, 9.0)]
    points = cut_points.of_sound(heard(12, speech), rate, round(12 * rate))
    for start, end in speech:
        before = [start - t for t in seconds_of(points, rate) if t <= start]
        after = [t - end for t in seconds_of(points, rate) if t >= end]
        assert 0.15 - 1e-6 <= min(before) <= 0.40 + 1e-6
        assert 0.15 - 1e-6 <= min(after) <= 0.40 + 1e-6


def test_a_short_pause_has_one_point_with_air_for_both_words():
    speech = [(1.0, 3.0), (3.4, 5.0)]
    points = cut_points.of_sound(heard(6, speech), Fraction(25), 150)
    inside = [t for t in seconds_of(points, Fraction(25)) if 3.0 < t < 3.4]
    assert len(inside) == 1 and 3.15 <= inside[0] <= 3.25


def test_a_breath_in_a_pause_is_not_cut_on():
    breath = (4.18, 0.12, -35.0)
    points = cut_points.of_sound(heard(8, [(1.0, 4.0), (6.0, 7.0)], [breath]), Fraction(25), 200)
    out = next(t for t in seconds_of(points, Fraction(25)) if t > 4.0)
    assert 4.3 < out <= 4.4


@pytest.mark.parametrize("rate", RATES)
def test_long_speech_is_split_at_its_deepest_pauses_and_marked_weak(rate):
    dips = [(4.0, 0.25, -58.0), (6.2, 0.1, -45.0), (8.1, 0.25, -58.0)]
    points = cut_points.of_sound(heard(14, [(1.0, 12.0)], dips), rate, round(14 * rate))
    splits = [point for point in points if point.kind == Kind.SPLIT]
    assert all(point.weak for point in splits)
    found = seconds_of(splits, rate)
    assert len(found) == 2
    assert 4.0 <= found[0] <= 4.25 and 8.1 <= found[1] <= 8.35


def test_speech_without_a_pause_is_not_split():
    points = cut_points.of_sound(heard(12, [(1.0, 11.0)]), Fraction(25), 300)
    assert not [point for point in points if point.kind == Kind.SPLIT]


def test_speech_of_four_seconds_is_left_whole():
    dips = [(2.9, 0.3, -58.0)]
    points = cut_points.of_sound(heard(8, [(1.0, 5.0)], dips), Fraction(25), 200)
    assert not [point for point in points if point.kind == Kind.SPLIT]


def random_sound(draw: np.random.Generator, seconds: float) -> Sound:
    speech, t = [], float(draw.uniform(0, 3))
    while t < seconds - 1:
        end = min(seconds, t + float(draw.uniform(0.3, 9)))
        speech.append((t, end))
        t = end + float(draw.choice([draw.uniform(0.35, 0.8), draw.uniform(1, 5)]))
    dips = [(float(draw.uniform(0, seconds)), 0.15, -57.0) for _ in range(8)]
    onsets = np.sort(draw.uniform(0, seconds, 25))
    return heard(seconds, speech, dips, onsets)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("rate", RATES)
def test_in_any_clip_no_frame_outside_speech_is_far_from_a_point_and_none_lies_in_a_word(
    rate, seed
):
    draw = np.random.default_rng(seed)
    length = float(draw.uniform(2, 30))
    made = random_sound(draw, length)
    frames = round(length * rate)
    edges = sorted(int(edge) for edge in draw.integers(1, frames, draw.integers(0, 4)))
    points = chosen(made, length, rate, edges)
    at = np.array(seconds_of(points, rate))

    assert points[0].frame == 0 and points[-1].frame == frames
    assert all(a.frame < b.frame for a, b in pairwise(points))
    assert {0, frames, *edges} <= {point.frame for point in points if point.kind == Kind.EDGE}
    for second, point in zip(at, points, strict=True):
        if point.kind not in (Kind.EDGE, Kind.SPLIT):
            assert distance([*made.speech, (1e9, 1e9)], second) >= 0
    outside = [
        n / rate for n in range(frames) if distance([*made.speech, (1e9, 1e9)], n / rate) > 0
    ]
    frame = 1 / float(rate)
    assert max(np.abs(at - float(t)).min() for t in outside) <= 0.5 + frame
    for kind in (Kind.ONSET, Kind.GRID):
        own = [t for t, point in zip(at, points, strict=True) if point.kind == kind]
        assert all(b - a >= 0.25 - frame for a, b in pairwise(own))


def test_how_far_the_decoder_is_does_not_move_points_of_sound():
    draw = np.random.default_rng(3)
    made = random_sound(draw, 20)
    rate = Fraction(25)
    one, other = (chosen(made, 20, rate, window=window) for window in (2.0, 20.0))
    spoken = (Kind.PAUSE, Kind.SPLIT)
    assert [p for p in one if p.kind in spoken] == [p for p in other if p.kind in spoken]


def motion(*parts: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Motion at 25 a second of (seconds, amount) parts, and no pan."""
    amount = np.concatenate([np.full(round(s * 25), a, np.float32) for s, a in parts])
    return amount, np.zeros((len(amount), 2), np.float32)


def kinds(points: tuple[Point, ...], kind: Kind) -> list[float]:
    return [point.frame / 25 for point in points if point.kind == kind]


def test_a_move_that_comes_to_rest_settles_and_one_that_begins_is_foreseen():
    amount, flow = motion((3, 0.002), (2, 0.03), (3, 0.002))
    settled = kinds(cut_points.of_picture(amount, flow, 0, len(amount), Fraction(25)), Kind.SETTLE)
    assert len(settled) == 2
    assert 2.6 <= settled[0] <= 3.0  # before it begins
    assert 5.0 <= settled[1] <= 5.4  # once it is over


def test_a_pan_over_a_blank_wall_counts_as_motion():
    amount, flow = motion((3, 0.002), (2, 0.002), (3, 0.002))
    flow[75:125, 0] = 0.6  # widths a second
    found = cut_points.of_picture(amount, flow, 0, len(amount), Fraction(25))
    assert len(kinds(found, Kind.SETTLE)) == 2


def test_the_frame_after_an_action_s_peak_is_a_point():
    amount, flow = motion((3, 0.002), (0.2, 0.02), (0.12, 0.08), (0.2, 0.02), (3, 0.002))
    peaks = kinds(cut_points.of_picture(amount, flow, 0, len(amount), Fraction(25)), Kind.PEAK)
    assert len(peaks) == 1 and 3.2 <= peaks[0] <= 3.45


def test_grain_alone_is_neither_motion_nor_rest():
    draw = np.random.default_rng(1)
    amount = (0.012 + 0.0006 * draw.standard_normal(250)).astype(np.float32)
    flow = np.zeros((250, 2), np.float32)
    assert cut_points.of_picture(amount, flow, 0, 250, Fraction(25)) == ()


REAL = ["dailies/sentences/bbaf2n.mpg", "dailies/sentences/lbax4n.mpg", "single/address.mp4"]
REAL += ["dailies/sentences/id2_vcd_swwp2s.mpg", "dailies/sentences/lwbsza.mpg"]


@pytest.mark.parametrize("name", REAL)
def test_real_speech_is_cut_in_the_quiet(name):
    path = FOOTAGE / name
    if not path.is_file():
        pytest.skip("the development footage is not here")
    whole = samples.read_file(path, sound.RATE, 2)
    found = sound.measure([whole])
    rate = Fraction(25)
    points = cut_points.of_sound(found, rate, int(len(whole) / sound.RATE * rate))
    mono = whole.mean(axis=1)

    def level(second: float) -> float:  # dBFS over 40 ms, by none of the code under test
        near = mono[
            max(0, round((second - 0.02) * sound.RATE)) : round((second + 0.02) * sound.RATE)
        ]
        return 10 * np.log10(1e-10 + float((near**2).mean()))

    floor = np.percentile([level(t) for t in np.arange(0.02, len(mono) / sound.RATE, 0.02)], 10)
    pauses = [point.frame / rate for point in points if point.kind in (Kind.PAUSE, Kind.SPLIT)]
    assert len(pauses) >= 2
    assert max(level(float(second)) for second in pauses) <= floor + 12
