"""The pace of real films: fitted, bounded by intervals, and refused where the table is broken."""

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

from editor.config import STYLES, load_style, style_names
from editor.errors import EditorError
from editor.learning import pace

HOLLYWOOD = Path(__file__).resolve().parents[2] / "../shared/data/shot_lengths/hollywood.csv"


def table(path: Path, films: int = 8, shots: int = 400, median: float = 3.0, sd: float = 0.7,
          memory: float = 0.4, opening: float = 1.0) -> Path:  # fmt: skip
    """Write films of log-normal shots with a lag-1 memory; the first tenth `opening` as long."""
    chance = np.random.default_rng(5)
    rows = ["film,year,shot,seconds"]
    for film in range(films):
        level = 0.0
        for shot in range(shots):
            level = memory * level + math.sqrt(1 - memory**2) * chance.normal()
            slow = opening if shot < shots / 10 else 1.0
            seconds = median * slow * math.exp(sd * level)
            rows.append(f"Film {film},{1990 + film},{shot},{seconds:.4f}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_fit_finds_the_pace_that_films_were_made_with(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv"))
    assert found.films == 8 and found.shots == 3200
    assert found.median == pytest.approx(3.0, rel=0.06)
    assert found.log_sd == pytest.approx(0.7, rel=0.06)
    assert found.autocorrelation == pytest.approx(0.4, abs=0.06)


def test_each_interval_holds_its_figure(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv"))
    for figure, interval in (
        (found.median, found.median_interval),
        (found.log_sd, found.log_sd_interval),
        (found.autocorrelation, found.autocorrelation_interval),
        *zip(found.curve, found.curve_interval, strict=True),
    ):
        assert interval is not None
        assert interval[0] <= figure <= interval[1]


def test_a_slow_opening_shows_in_the_curve_and_nowhere_else(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv", opening=2.0))
    assert found.curve[0] > 1.4
    assert max(found.curve[2:]) < 1.1
    assert np.prod(found.curve) == pytest.approx(1.0)


def test_few_films_give_no_interval(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv", films=2))
    assert found.median_interval is None
    assert "fewer than" in found.toml()


def test_years_choose_the_films(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv"), 1992, 1994)
    assert (found.films, found.first_year, found.last_year) == (3, 1992, 1994)


def test_the_printed_table_is_a_pace_that_a_style_takes(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv"))
    style = tmp_path / "fitted.toml"
    style.write_text(
        'description = "fitted"\nduration = 60\norder = "recorded"\n' + found.toml(),
        encoding="utf-8",
    )
    assert load_style(str(style)).pace == found.pace
    assert tomllib.loads(found.toml())["pace"]["median"] == found.pace.median


def test_the_same_table_gives_the_same_fit(tmp_path):
    path = table(tmp_path / "films.csv")
    assert pace.fit(path) == pace.fit(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Film 0,1990,400,much", "seconds must be numbers"),
        ("Film 0,1990,400,-1", "outside"),
        ("Film 0,1990,400,0", "outside"),
        ("Film 0,1990,400,nan", "outside"),
        ("Film 0,1990,7,2.0", "shots must stand in the film's order"),
        ("Film 0,1990,400", "has 3 fields"),
        ('Film "0,1990,400,2.0"x', "3202"),
    ],
)
def test_a_broken_line_is_named(tmp_path, line, says):
    path = table(tmp_path / "films.csv")
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(EditorError, match="line 3202") as error:
        pace.fit(path)
    assert says in str(error.value)


def test_what_cannot_be_fitted_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "films.csv"
    for text, says in (
        ("", "lacks the columns"),
        ("film,seconds\n", "lacks the columns"),
        ("film,year,shot,seconds\n", "no film of the years"),
        ("film,year,shot,seconds\nA,1990,0,2\n", "has 1 shots"),
        ("film,year,shot,seconds\n" + "".join(f"A,1990,{n},2\n" for n in range(40)), "nothing to"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EditorError, match=says):
            pace.fit(path)
    with pytest.raises(EditorError, match="No such file"):
        pace.fit(tmp_path / "absent.csv")
    path.write_bytes(b"film,year,shot,seconds\n\xff\xfe")
    with pytest.raises(EditorError, match="not UTF-8"):
        pace.fit(path)


@pytest.mark.parametrize("name", style_names())
def test_every_style_in_the_package_is_whole_and_says_why(name):
    style = load_style(name)
    assert style.description
    assert style.pace.shortest < style.pace.median < style.pace.longest


@pytest.mark.skipif(not HOLLYWOOD.exists(), reason="the table of real films is not on this machine")
@pytest.mark.parametrize(("name", "years"), [("default", (1990, 2005)), ("calm", (1935, 1955))])
def test_the_fitted_styles_say_what_the_table_says(name, years):
    found, style = pace.fit(HOLLYWOOD, *years).pace, load_style(name).pace
    assert (style.median, style.log_sd, style.autocorrelation) == (
        found.median, found.log_sd, found.autocorrelation,
    )  # fmt: skip
    assert (style.shortest, style.longest) == (found.shortest, found.longest)
    if name == "default":
        assert style.curve == found.curve


STYLE = """\
description = "made"
duration = 60
order = "recorded"

[pace]
median = 9.9  # s, fitted (8.0 to 9.0): half of all shots are shorter
log_sd = 0.5  # chosen: as it pleases
autocorrelation = 0.1  # measured
curve = [1.0, 1.0]  # fitted
shortest = 0.6  # chosen, not fitted: a table has no say
"""


def test_a_style_is_refitted_in_its_fitted_numbers_and_in_nothing_else(tmp_path):
    found = pace.fit(table(tmp_path / "films.csv"))
    path = tmp_path / "made.toml"
    path.write_text(STYLE.replace("chosen, not fitted", "chosen"), encoding="utf-8")
    _, changed = pace.write_into(str(path), found)
    style = load_style(str(path))
    assert style.pace.median == found.pace.median
    assert style.pace.curve == found.pace.curve
    assert (style.pace.log_sd, style.pace.shortest) == (0.5, 0.6)
    assert [row.split(":")[0] for row in changed] == ["median", "autocorrelation", "curve"]
    low, high = found.median_interval or (0.0, 0.0)
    assert f"fitted ({low:.1f} to {high:.1f}): half of all" in path.read_text(encoding="utf-8")
    assert pace.write_into(str(path), found)[1] == ()
    assert [entry.name for entry in tmp_path.glob("*.toml*")] == ["made.toml"]


def test_a_style_whose_pace_was_chosen_is_not_refitted(tmp_path):
    with pytest.raises(EditorError, match="all were chosen"):
        pace.write_into("documentary", pace.fit(table(tmp_path / "films.csv")))


def test_the_fastest_films_are_those_of_the_shortest_shots(tmp_path):
    path = table(tmp_path / "films.csv")
    rows = "".join(f"Quick,1995,{n},{1.0 + n % 7 / 10}\n" for n in range(60))
    path.write_text(path.read_text(encoding="utf-8") + rows, encoding="utf-8")
    found = pace.fit(path, fastest=1)
    assert (found.films, found.shots) == (1, 60)
    assert found.median < 1.5


@pytest.mark.parametrize(
    ("name", "first", "last", "fastest"),
    [("default", 1990, 2005, None), ("calm", 1935, 1955, None), ("brisk", 1990, 2005, 5)],
)
def test_the_package_styles_hold_what_their_command_fits(name, first, last, fastest):
    if not HOLLYWOOD.exists():
        pytest.skip("the table of Hollywood's shot lengths is not here")
    text = (STYLES / f"{name}.toml").read_text(encoding="utf-8")
    assert pace.into_style(text, pace.fit(HOLLYWOOD, first, last, fastest))[1] == ()
