"""Without the package's own policy a command says what is gone, where, and how to get it back."""

import re

import pytest

from editor import arguments, doctor
from editor.cli import WRONG, main
from editor.cutting import agent, policies


@pytest.fixture
def stripped(tmp_path, monkeypatch):
    """A program whose weights are gone, and a folder with a file called footage."""
    folder = tmp_path / "program" / "models" / "weights"
    folder.mkdir(parents=True)
    for module in (policies, agent):
        monkeypatch.setattr(module, "WEIGHTS", folder)
    (tmp_path / "a.mp4").write_text("footage")
    monkeypatch.chdir(tmp_path)
    return folder


def complaint(capsys, *argv: str) -> str:
    assert main(argv) == WRONG
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1, said
    return said[0]


@pytest.mark.parametrize(
    "argv",
    [
        ["cut", "a.mp4"],
        ["cut", "a.mp4", "--search", "beam"],
        ["cut", "a.mp4", "--policy", "base"],
        ["cut", "a.mp4", "--policy", "base+best"],
        ["evaluate", "--pools", "1"],
    ],
    ids=" ".join,
)
def test_a_command_that_needs_the_missing_policy_says_so_and_offers_no_plain_ways(
    stripped, capsys, argv
):
    said = complaint(capsys, *argv)
    assert str(stripped / "base.safetensors") in said and "is missing" in said
    assert re.search(r"pip install --force-reinstall .*--policy FILE.safetensors", said), said
    assert "random" not in said and "greedy" not in said


def test_in_a_clone_git_brings_the_policy_back(stripped, capsys):
    root = stripped.parents[1]
    (root / ".git").mkdir()
    said = complaint(capsys, "cut", "a.mp4")
    assert f"git -C {root} checkout -- models/weights" in said


def test_a_damaged_policy_of_the_package_is_brought_back_likewise(stripped, capsys):
    (stripped / "base.safetensors").write_text("version https://git-lfs.github.com/spec/v1")
    said = complaint(capsys, "cut", "a.mp4")
    assert "cannot be used" in said and "pip install --force-reinstall" in said


def test_the_doctor_misses_the_policy_that_cuts(stripped):
    found = doctor.examine()
    said = doctor.text(found)
    assert not found.ready
    assert re.search(r"--  base\+search \(default\)", said)
    assert re.search(r"base\+search: .*pip install --force-reinstall", said)


@pytest.mark.parametrize(
    ("words", "search"),
    [
        (["--policy", "base"], "local"),
        (["--policy", "base", "--search", "none"], "none"),
        (["--policy", "base+beam"], None),
        (["--policy", "greedy"], None),
        ([], None),
    ],
)
def test_a_policy_that_is_named_searches_as_the_default_does_unless_it_is_told_otherwise(
    words, search, tmp_path
):
    options = arguments.parse(["cut", str(tmp_path), *words])
    assert arguments.config(options).search == search
