"""A style that cannot be used says in plain words what to write, and where."""

import re

import pytest

from editor.config import load_style, style_names
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
