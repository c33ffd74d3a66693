"""A style that cannot be used says in plain words what to write, and where."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from editor.config import STYLES, Pace, load_style, style_names
from editor.errors import StyleError

PACE = "[pace]\nmedian = 2.8\nlog_sd = 0.8\nautocorrelation = 0.3\n"
TOP = 'description = "mine"\nduration = 30\norder = "free"\n'


def refused(path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(StyleError) as caught:
        load_style(str(path))
    said = str(caught.value)
    assert "\n" not in said and str(path) in said
    assert not re.search(r"\[['\"]", said), f"a list as Python writes it: {said}"
    return said


def test_a_style_file_that_is_not_there_is_said_not_to_exist_and_the_known_styles_are_listed():
    with pytest.raises(StyleError, match=r"nosuch\.toml: no such file") as caught:
        load_style("nosuch.toml")
    assert all(name in str(caught.value) for name in style_names())


def test_a_style_that_lacks_keys_says_which_in_which_table_and_what_to_write(tmp_path):
    said = refused(tmp_path / "my.toml", "[weights]\nnovelty = 1.0\n")
    assert "lacks description, duration, order and [pace]" in said
    assert 'order = "recorded" or "free"' in said and "before the first [table]" in said
    assert str(STYLES / "default.toml") in said

    said = refused(tmp_path / "my.toml", TOP + "[pace]\nmedian = 3\n")
    assert "[pace] lacks log_sd and autocorrelation" in said
    assert "log_sd = 0.8" in said and "description" not in said


def test_what_a_style_is_told_to_write_makes_it_whole(tmp_path):
    """Nobody is to mend one key after another: the file that does as it is told can be used."""
    path = tmp_path / "my.toml"
    for text in ("", TOP + "[pace]\n"):
        written = re.findall(r'\w+ = (?:"[^"]*"|[\d.]+)', refused(path, text))
        before, _, table = text.partition("[pace]\n")
        pace = [line for line in written if re.match("median|log_sd|autocorrelation", line)]
        top = [line for line in written if line not in pace]
        path.write_text("\n".join([before, *top, "[pace]", table, *(pace or [PACE[7:]])]))
        assert load_style(str(path)).name == "my"


def test_a_key_that_no_style_has_is_named_beside_those_of_its_table(tmp_path):
    said = refused(tmp_path / "my.toml", "dir = 1\npause = 2\n" + TOP + PACE)
    assert "no such key as dir and pause" in said and "description, duration, order" in said
    said = refused(tmp_path / "my.toml", TOP + PACE + "mean = 3\n")
    assert "[pace] knows no such key as mean" in said and "median, log_sd" in said


def test_a_key_that_slipped_into_a_table_is_said_to_belong_before_it(tmp_path):
    said = refused(tmp_path / "my.toml", TOP.replace("order", "#") + PACE + 'order = "free"\n')
    assert "lacks order at its top, before the first [table]" in said


def test_a_shape_bends_lengths_there_and_back_and_without_one_they_are_log_normal():
    plain = Pace(2.0, 0.5, 0.3)
    bent = replace(plain, shape=(-1.8, -0.2, 0.1, 2.5))
    score = np.linspace(-3, 3, 61)
    assert plain.seconds_at(score) == pytest.approx(2.0 * np.exp(0.5 * score))
    assert bent.scores(bent.seconds_at(score)) == pytest.approx(score)
    assert bent.seconds_at(bent.knots[2]) == pytest.approx(2.0 * math.exp(0.5 * 0.1))
    assert sum(score < 0 for score in bent.knots) == 2, "as many of four shares lie below"


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("[-1.0, 0.5, 0.5]", "must rise"),
        ("[0.3]", "2 to 100 numbers"),
        ("[-1.0, nan]", "outside -20 to 20"),
        ('[-1.0, "high"]', "must be a number"),
        ("0.3", "a list of numbers"),
        ("[5, 6, 7]", "must begin below 0"),
        ("[-20.0, 20.0]", "asks for shots of"),
    ],
)
def test_a_shape_that_is_none_is_refused_and_said_why(shape, said, tmp_path):
    assert said in refused(tmp_path / "my.toml", TOP + PACE + f"shape = {shape}\n")
