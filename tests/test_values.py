"""Text of options becomes values that are kept and said."""

from pathlib import Path

import pytest

from editor import values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("outputs", "outputs"), ("/a/b", "/a/b"), ("../out", "{home}/out"),
        ("a/../../out", "{home}/out"), ("../here/x y", "{home}/here/x y"),
        ("/a/../b/./c", "/b/c"), ("..", "{home}"), ("/../..", "/"),
    ],
)  # fmt: skip
def test_a_path_that_leads_up_is_whole_and_all_others_are_as_written(
    text, found, tmp_path, monkeypatch
):
    (tmp_path / "here" / "a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert values.path(text) == Path(found.format(home=tmp_path))


def test_a_path_leads_up_from_where_a_link_leads_to(tmp_path, monkeypatch):
    (tmp_path / "far" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "folder")
    monkeypatch.chdir(tmp_path)
    assert values.path("link/../x") == tmp_path / "far" / "x"
