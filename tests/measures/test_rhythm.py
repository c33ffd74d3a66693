"""Rhythm: its figures on lengths whose rhythm is known, beside passages of real films."""

import math
from pathlib import Path

import numpy as np
import pytest

from editor.config import Pace
from editor.errors import EditorError
from editor.measures import rhythm
from editor.measures.rhythm import Shots

PACE = Pace(median=2.8, log_sd=0.8, autocorrelation=0.34)
HOLLYWOOD = Path(__file__).resolve().parents[2] / "../shared/data/shot_lengths/hollywood.csv"


def shots(seconds: np.ndarray, motion: np.ndarray | None = None) -> Shots:
    rest = np.zeros(len(seconds))
    return Shots("f", "g", PACE, seconds, rest, rest if motion is None else motion, rest)


def test_runs_of_quick_shots_have_memory_and_quick_and_slow_in_turn_the_opposite():
    runs = rhythm.of(shots(np.repeat([1.0, 4.0, 1.2, 5.0], 5)))
    turns = rhythm.of(shots(np.tile([1.0, 4.0], 10)))
    assert runs.autocorrelation is not None and runs.autocorrelation > 0.6
    assert turns.autocorrelation is not None and turns.autocorrelation < -0.6


def test_shots_that_shorten_where_they_move_correlate_with_motion_and_with_nothing_else():
    seconds = np.linspace(1, 6, 12)
    found = rhythm.of(shots(seconds, motion=-np.log(seconds)))
    assert found.correlation["motion"] == pytest.approx(-1.0)
    assert found.correlation["speech"] is None and found.correlation["framing"] is None


def test_too_few_shots_have_no_rhythm_and_equal_ones_no_memory():
    assert rhythm.of(shots(np.array([1.0, 2.0]))).autocorrelation is None
    assert rhythm.of(shots(np.full(9, 2.0))).autocorrelation is None


def test_lengths_drawn_from_the_pace_lie_near_it_and_twice_as_long_ones_log_two_away():
    drawn = np.exp(np.random.default_rng(0).normal(PACE.log_mean, PACE.log_sd, 4000))
    assert rhythm.from_pace(drawn, PACE) < 0.05
    assert rhythm.from_pace(2 * drawn, PACE) == pytest.approx(math.log(2), abs=0.05)


def test_real_passages_scatter_as_was_measured_of_hollywood():
    if not HOLLYWOOD.exists():
        pytest.skip("the table of Hollywood's shot lengths is not here")
    found = rhythm.passages(HOLLYWOOD, 0)
    assert found["distance"].mean == pytest.approx(0.27, abs=0.06)
    assert 0.1 < found["autocorrelation"].mean < 0.4


def test_a_table_without_a_film_of_the_era_is_refused(tmp_path):
    path = tmp_path / "old.csv"
    rows = "".join(f"A,1940,{n},2.5\n" for n in range(40))
    path.write_text("film,year,shot,seconds\n" + rows, encoding="utf-8")
    with pytest.raises(EditorError, match="no film of 1990-2005"):
        rhythm.passages(path, 0)


def test_the_page_has_a_line_for_each_who_cut():
    films = tuple(
        rhythm.of(Shots(str(n), group, PACE, np.exp(np.sin(np.arange(9) + n)), *3 * [np.zeros(9)]))
        for n, group in enumerate(("policy", "policy", "real films"))
    )
    text = rhythm.Table(films, {}, 0).text()
    assert "policy" in text and "real films" in text
    lines = {line.split("  ")[1]: line for line in text.splitlines() if line.startswith("  ")}
    assert "[" in lines["policy"] and "[" not in lines["real films"], "one film has no interval"
