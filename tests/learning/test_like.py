"""A style read from a finished film: its pace, its likings, and what speaks for both."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from editor.config import load_style
from editor.cutting.reward import weights_of
from editor.errors import StyleError
from editor.learning import like
from tests.cutting import analyses

BASE = load_style("default")


def lengths(count: int, median: float, log_sd: float, seed: int = 0) -> list[float]:
    drawn = median * np.exp(log_sd * np.random.default_rng(seed).standard_normal(count))
    return [round(float(one), 2) for one in np.maximum(drawn, 0.6)]


def film(seconds: list[float], face: float = 0.0, busy: bool = False, rate: int = 25):
    ends = np.round(np.cumsum(seconds), 2)
    total = float(ends[-1])
    return analyses.shot(
        "film.mp4",
        total,
        cuts=[float(end) for end in ends[:-1]],
        looks=list(range(len(seconds))),
        face=face,
        sound_on=False,
        busy=[(0.0, total)] if busy else [],
    )


def liking(seconds: list[float], beats: np.ndarray | None = None, **scene):
    clip, known = film(seconds, **scene)
    return like.take_after(clip, known, np.zeros(0) if beats is None else beats, BASE)


@pytest.mark.parametrize(("median", "log_sd"), [(1.2, 0.4), (2.8, 0.8), (6.0, 0.6)])
def test_the_pace_that_a_film_was_made_with_is_found_again(median, log_sd):
    pace, said = like.pace_of(np.array(lengths(80, median, log_sd)), BASE.pace)
    assert pace.median == pytest.approx(median, rel=0.25)
    assert pace.log_sd == pytest.approx(log_sd, rel=0.3)
    assert pace.shortest < pace.median < pace.longest
    assert any("median" in line for line in said)


@pytest.mark.parametrize("count", [9, 16, 60, 200])
def test_lengths_of_any_shape_are_asked_for_and_not_the_nearest_log_normal(count):
    """A film of quick runs between long shots has no middle length: nothing near 2 s is asked."""
    drawn = np.where(np.arange(count) % 3, 0.7, 5.0) * np.array(lengths(count, 1.0, 0.05))
    pace = like.pace_of(drawn, BASE.pace)[0]
    asked = like.asked_lengths(pace)
    assert like.distance(asked, drawn) < 0.12
    assert like.distance(like.asked_lengths(replace(pace, shape=())), drawn) > 0.25


def test_a_film_of_like_lengths_leaves_them_a_little_room():
    pace = like.pace_of(np.full(12, 2.0), BASE.pace)[0]
    asked = like.asked_lengths(pace)
    assert np.median(asked) == pytest.approx(2.0, rel=0.02)
    assert 0.05 < np.log(asked).std() < 0.15 or pace.longest < 3


def test_a_film_that_is_paced_as_the_style_keeps_the_styles_pace():
    drawn = np.array(lengths(400, BASE.pace.median, BASE.pace.log_sd))
    pace, said = like.pace_of(drawn, BASE.pace)
    assert pace.median == pytest.approx(BASE.pace.median, rel=0.2)
    own = like.distance(like.asked_lengths(pace), drawn)
    assert own <= like.distance(like.asked_lengths(BASE.pace), drawn)
    assert any("from the film's own" in line for line in said)


@pytest.mark.parametrize(("median", "log_sd"), [(1.2, 0.4), (6.0, 0.6)])
def test_what_is_asked_for_lies_nearer_to_the_film_than_the_style_does(median, log_sd):
    drawn = np.array(lengths(30, median, log_sd))
    asked = like.asked_lengths(like.pace_of(drawn, BASE.pace)[0])
    style = like.asked_lengths(BASE.pace)
    assert like.distance(asked, drawn) < like.distance(style, drawn)


def test_few_shots_hardly_move_the_memory_and_many_do():
    runs = np.repeat([1.0, 4.0], 6)
    few = like.pace_of(runs, BASE.pace)[0]
    many = like.pace_of(np.tile(runs, 12), BASE.pace)[0]
    assert BASE.pace.autocorrelation < few.autocorrelation < many.autocorrelation


def test_a_film_that_quickens_has_a_falling_curve_and_a_short_one_none():
    quickens = np.array(lengths(80, 2.0, 0.2)) * np.linspace(2.0, 0.5, 80)
    curve = like.pace_of(quickens, BASE.pace)[0].curve
    assert curve[0] > 1.2 > 0.85 > curve[-1]
    place = np.linspace(0, len(curve) - 1, 80)  # over shots the factors cancel out
    assert np.interp(place, np.arange(len(curve)), np.log(curve)).mean() == pytest.approx(
        0, abs=0.1
    )
    assert like.pace_of(quickens[:12], BASE.pace)[0].curve == (1.0, 1.0)


def test_the_curve_is_not_asked_for_twice():
    """The spread is about the curve: together they give the film's own spread, not more."""
    quickens = np.array(lengths(90, 2.0, 0.2)) * np.linspace(3.0, 0.4, 90)
    pace = like.pace_of(quickens, BASE.pace)[0]
    assert pace.log_sd < 0.75 * np.log(quickens).std()


def test_a_film_of_close_faces_weighs_faces_up_and_one_without_them_down():
    near = liking(lengths(14, 3.0, 0.5), face=0.12).style.weights["faces"]
    far = liking(lengths(14, 3.0, 0.5)).style.weights["faces"]
    assert near > weights_of(BASE)["faces"] > far


def test_a_film_full_of_movement_weighs_movement_up_against_a_calm_one():
    calm = liking(lengths(14, 3.0, 0.5)).style.weights["movement"]
    busy = liking(lengths(14, 3.0, 0.5), busy=True).style.weights["movement"]
    assert busy > calm


def test_cuts_on_the_music_weigh_the_beat_up_and_cuts_beside_it_down():
    seconds = [2.0] * 20
    on = liking(seconds, beats=np.arange(0.0, 41.0, 0.5))
    off = liking(seconds, beats=np.arange(0.25, 41.0, 0.5))
    assert on.style.weights["on_the_beat"] > weights_of(BASE)["on_the_beat"]
    assert off.style.weights["on_the_beat"] < weights_of(BASE)["on_the_beat"]
    assert any("120 beats a minute" in line for line in on.evidence)


def test_no_weight_leaves_the_factor_that_one_film_may_move_it():
    found = liking(lengths(14, 3.0, 0.5), face=0.3, busy=True).style.weights
    for name, usual in weights_of(BASE).items():
        most = like.LIKENESS if name in ("length_fit", "rhythm") else like.MOST
        assert usual / like.MOST - 0.01 <= found[name] <= usual * most + 0.01, name


def test_length_and_order_stay_those_of_the_style_that_was_asked():
    base = replace(BASE, duration=33.0, order="free")
    clip, known = film(lengths(14, 3.0, 0.5))
    style = like.take_after(clip, known, np.zeros(0), base).style
    assert (style.duration, style.order) == (33.0, "free")


def test_a_take_is_no_film_to_be_taken_after():
    clip, known = film([4.0, 5.0])
    with pytest.raises(StyleError, match="2 shots were found"):
        like.take_after(clip, known, np.zeros(0), BASE)


def test_the_style_is_written_as_a_file_that_gives_the_same_style(tmp_path):
    found = liking(lengths(40, 2.0, 0.5), face=0.1)
    path = tmp_path / "taken.toml"
    path.write_text(like.toml(found), encoding="utf-8")
    again = load_style(str(path))
    assert again.pace == found.style.pace
    assert dict(again.weights) == dict(found.style.weights)
    assert tomllib.loads(like.toml(found))["description"] == found.style.description


def test_distance_is_nought_to_itself_and_log_two_to_twice_as_long():
    one = np.array(lengths(30, 2.0, 0.5))
    assert like.distance(one, one) == 0.0
    assert like.distance(one, 2 * one) == pytest.approx(np.log(2))
