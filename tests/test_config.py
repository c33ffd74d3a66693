"""A style that cannot be used says in plain words what to write, and where."""

import re

import pytest

from editor.config import STYLES, load_style, style_names
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
