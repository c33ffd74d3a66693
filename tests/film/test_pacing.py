"""The pacing picture: the film's rhythm beside the style's, at any number of cuts and terms."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from editor.config import load_style, style_names
from editor.errors import OutputError
from editor.film import pacing
from editor.film.timeline import Cut, Music, Timeline
from editor.timing import FrameSpan
from tests.cutting import analyses

TERMS = ("length_fit", "jump_cut", "speech")


def timeline(count, terms=TERMS, seed=3):
    chance = np.random.default_rng(seed)
    clips = [analyses.clip(name=f"clip {n}.mp4") for n in range(3)]
    cuts, start = [], 0
    for number in range(count):
        length = int(chance.integers(8, 120))
        values = {term: float(chance.uniform(-1, 1)) for term in terms}
        cuts.append(
            Cut(clips[number % 3], FrameSpan(0, length), start, length, "x #1",
                float(chance.normal(0, 0.3)), values)
        )  # fmt: skip
        start += length
    return Timeline(tuple(cuts), Fraction(25), (1280, 720))


def drawn(film, path, style="default"):
    pacing.draw(film, load_style(style), path)
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.parametrize("count", [0, 1, 2, 19, 20, 150])
def test_a_film_of_any_number_of_cuts_is_drawn(tmp_path, count):
    picture = drawn(timeline(count), tmp_path / "p.png")
    assert picture.shape[1] == 1600
    assert picture.std() > 8


@pytest.mark.parametrize("style", style_names())
def test_every_style_is_drawn(tmp_path, style):
    assert drawn(timeline(12), tmp_path / "p.png", style).std() > 8


def test_each_term_has_a_row(tmp_path):
    heights = [
        drawn(timeline(5, terms), tmp_path / "p.png").shape[0]
        for terms in ((), TERMS[:1], TERMS[:2], TERMS)
    ]
    steps = np.diff(heights)
    assert steps[0] > steps[1] > 0
    assert steps[1] == pytest.approx(steps[2], abs=1)


def test_a_term_that_some_cuts_lack_is_left_blank(tmp_path):
    film = timeline(6)
    cuts = (replace(film.cuts[0], terms={"speech": 0.5}), *film.cuts[1:])
    assert drawn(replace(film, cuts=cuts), tmp_path / "p.png").std() > 8


def test_the_style_expects_as_many_shots_as_the_film_has():
    pace = load_style("default").pace
    edges = np.geomspace(0.001, 5000, 200)
    counts = pacing.expected_counts(pace, edges, 40)
    assert counts.sum() == pytest.approx(40, rel=1e-6)
    below = counts[edges[1:] <= pace.median].sum()
    assert below == pytest.approx(20, rel=0.05)


def test_the_styles_median_follows_its_curve():
    pace = replace(load_style("default").pace, median=2.0, curve=(2.0, 1.0, 0.5))
    asked = pacing.style_median(pace, np.array([0.0, 0.25, 0.5, 1.0]))
    assert asked == pytest.approx([4.0, 3.0, 2.0, 1.0])


def test_names_with_mathematics_and_line_breaks_are_text(tmp_path):
    music = Music(Path("a $\\frac{1}$ _^ \n song.ogg"))
    style = replace(load_style("default"), name="$x^2$ {\n}")
    pacing.draw(replace(timeline(4), music=music), style, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 1000


def test_drawing_leaves_matplotlib_as_it_was(tmp_path):
    def settings():
        return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}

    before = settings()
    drawn(timeline(4), tmp_path / "p.png")
    assert settings() == before


def test_a_picture_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "p.png").mkdir()
    with pytest.raises(OutputError, match="Cannot write"):
        pacing.draw(timeline(3), load_style("default"), tmp_path / "p.png")
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


def test_longer_shots_stand_higher(tmp_path):
    short, long = timeline(1), timeline(1)
    cut = replace(long.cuts[0], length=400, source=FrameSpan(0, 400))
    a = drawn(short, tmp_path / "a.png")
    b = drawn(replace(long, cuts=(cut,)), tmp_path / "b.png")
    assert not math.isclose(float(a.mean()), float(b.mean()), abs_tol=0.05)
