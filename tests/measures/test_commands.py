"""The commands that measure by real films and take after them, as a user runs them."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editor import pipeline
from editor.cli import INTERRUPTED, MADE, WRONG, main
from editor.cutting import agent
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.measures import checked
from editor.measures.checked import CutList
from editor.timing import FrameSpan
from tests import media

CUTS = (30, 50, 95, 110, 140, 185, 205, 250, 270)  # frames; ten shots
FRAMES = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two finished films of ten shots each, and a folder of two takes."""
    made = tmp_path_factory.mktemp("measures")
    for seed in (1, 2):
        scenes = media.Scenes(seed=1000 * seed, cuts=CUTS, pan=0.4 * seed)
        media.numbered(made / f"film {seed}.mp4", FRAMES, 25, size=(160, 96), scenes=scenes)
        takes = media.Scenes(seed=50 * seed, cuts=(100,))
        media.numbered(made / "rushes" / f"{seed}.mp4", 200, 25, size=(160, 96), scenes=takes)
    return made


@pytest.fixture(scope="module")
def lists(folder, tmp_path_factory) -> tuple[CutList, ...]:
    """The films' true shots, as a person would have written them down."""
    cache = Cache(tmp_path_factory.mktemp("cache"))
    shots = tuple(FrameSpan(a, b) for a, b in pairwise((0, *CUTS, FRAMES)))
    found = []
    for path in sorted(folder.glob("film *.mp4")):
        clip = ingest.ingest([path], cache, lambda *told: None)[0][0]
        words = (path.stem, path.stem, "made", "none", "https://example.org", "made so")
        found.append(CutList(*words, clip.digest, clip.rate, clip.frames, shots))
    return tuple(found)


@pytest.fixture
def listed(monkeypatch, lists):
    monkeypatch.setattr(checked, "known", lambda: lists)


def run(capsys, *argv: object) -> tuple[int, str, str]:
    status = main([str(word) for word in argv])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_recover_says_for_every_film_whether_the_floor_is_beaten(folder, listed, capsys):
    films = sorted(folder.glob("film *.mp4"))
    asked = ("--outputs", folder / "out", "--json")
    status, out, _ = run(capsys, "evaluate", "--recover", *films, *asked)
    assert status == MADE
    found = json.loads(out)
    assert [film["shots"] for film in found["films"]] == [10, 10]
    for film in found["films"]:
        rows = film["scorers"]["the film so far, unseen shots"]
        assert 0 <= rows["auc"]["low"] <= rows["auc"]["mean"] <= rows["auc"]["high"] <= 1
        assert "learned pair" in film["gain over the floor"]


def test_dose_tells_how_the_reward_falls(folder, listed, capsys):
    film = folder / "film 1.mp4"
    status, out, _ = run(capsys, "evaluate", "--dose", film, "--outputs", folder / "out")
    assert status == MADE
    assert "shuffled" in out and "Where the reward does not fall at every step of the dose:" in out


def test_a_film_whose_cuts_nobody_checked_is_refused_with_those_that_were(folder, capsys):
    film = folder / "film 1.mp4"
    status, out, err = run(capsys, "evaluate", "--recover", film, "--outputs", folder / "out")
    assert status == WRONG and out == ""
    last = err.strip().splitlines()[-1]
    assert "have not been checked by hand" in last and "Big Buck Bunny" in last


def test_two_measures_at_once_are_refused(folder, capsys):
    status, _, err = run(capsys, "evaluate", "--recover", "--dose", folder / "film 1.mp4")
    assert status == WRONG and "not allowed with" in err


def test_a_cut_like_a_film_says_what_its_style_rests_on_and_keeps_it(folder, capsys):
    status, out, _ = run(
        capsys, "cut", folder / "rushes", "--like", folder / "film 1.mp4", "--no-render",
        "--policy", "uniform", "--outputs", folder / "out", "--json",
    )  # fmt: skip
    assert status == MADE
    made = json.loads(out)
    assert made["style"] == "like film 1"
    assert any(line.startswith("shot lengths: 10 shots") for line in made["style_evidence"])
    style = Path(made["report"]).parent / "style.toml"
    lengths = np.diff([0, *CUTS, FRAMES]) / 25
    again, out, _ = run(
        capsys, "cut", folder / "rushes", "--style", style, "--no-render",
        "--policy", "uniform", "--outputs", folder / "out", "--json",
    )  # fmt: skip
    assert again == MADE
    pace = json.loads(out)["settings"]["style"]["pace"]
    assert pace == made["settings"]["style"]["pace"]
    assert lengths.min() <= pace["median"] <= lengths.max()


def likenesses(capsys, folder: Path, films: list[Path], seeds: int) -> list[dict[str, Any]]:
    """The rows of a page on films of the takes that are cut like each of these."""
    status, out, _ = run(
        capsys, "evaluate", folder / "rushes", "--like", *films, "--style", "calm", "--policy",
        "uniform", "--seeds", seeds, "--outputs", folder / "out", "--json",
    )  # fmt: skip
    assert status == MADE
    return list(json.loads(out)["rows"])


def test_likeness_tells_of_every_film_how_near_its_lengths_are_come_to(folder, capsys):
    """The films are quick, the style's shots are long: films that are cut like them come nearer."""
    films = sorted(folder.glob("film *.mp4"))
    rows = likenesses(capsys, folder, films, seeds=2)
    assert [(row["shoot"], row["reference"]) for row in rows] == [
        ("rushes", "film 1.mp4"),
        ("rushes", "film 2.mp4"),
    ]
    for row in rows:
        assert len(row["like"]["each"]) == 2
        assert row["like"]["mean"] < row["plain"]["mean"] and row["nearer"] == 2


def test_likeness_is_a_page_that_counts_how_often_it_came_nearer(folder, capsys):
    status, out, _ = run(
        capsys, "evaluate", folder / "rushes", "--like", folder / "film 1.mp4", "--style", "calm",
        "--policy", "uniform", "--seeds", "1", "--outputs", folder / "out",
    )  # fmt: skip
    assert status == MADE
    assert "rushes" in out and "film 1.mp4" in out and "1 of 1" in out
    assert out.strip().endswith("Nearer on average in 1 of 1 rows.")


def test_likeness_goes_on_from_the_films_that_it_has_cut(folder, capsys, tmp_path, monkeypatch):
    words = (
        "evaluate", folder / "rushes", "--like", folder / "film 1.mp4", "--style", "calm",
        "--policy", "uniform", "--seeds", "2", "--outputs", tmp_path,
    )  # fmt: skip
    decided: list[int] = []
    cut = agent.cut

    def cutting(offer, brief, cutter):
        decided.append(brief.seed)
        if len(decided) == 5:  # two films in the style, and of the first like the other only two
            raise KeyboardInterrupt
        return cut(offer, brief, cutter)

    monkeypatch.setattr(agent, "cut", cutting)
    assert run(capsys, *words)[0] == INTERRUPTED
    status, out, _ = run(capsys, *words)
    like = 2 * pipeline.FILMS_LIKE
    assert status == MADE and len(decided) == 5 + like
    assert run(capsys, *words)[:2] == (MADE, out) and len(decided) == 5 + like
    status, out, _ = run(capsys, *words, "--seed", "7")
    assert status == MADE and len(decided) == 5 + like + 2 + like


def test_a_film_like_another_is_sought_anew_by_another_seed_and_when_it_is_cut_again(
    folder, capsys, tmp_path, monkeypatch
):
    decided: list[int] = []
    cut = agent.cut

    def cutting(offer, brief, cutter):
        decided.append(brief.seed)
        return cut(offer, brief, cutter)

    monkeypatch.setattr(agent, "cut", cutting)
    words = (
        "cut", folder / "rushes", "--like", folder / "film 1.mp4", "--no-render",
        "--policy", "greedy", "--outputs", tmp_path,
    )  # fmt: skip
    for seed in (0, 1, 2**32 - 1):
        assert run(capsys, *words, "--seed", str(seed))[0] == MADE
    assert run(capsys, "again", "rushes-v001", "--no-render", "--outputs", tmp_path)[0] == MADE
    assert len(decided) == 4 * pipeline.FILMS_LIKE
    assert len(set(decided)) == 3 * pipeline.FILMS_LIKE  # again takes the next seed: as the second
    made = [
        json.loads((tmp_path / f"rushes-v00{n}" / "report.json").read_text())["settings"]
        for n in (1, 2, 4)
    ]
    assert made[0]["like"] == str(folder / "film 1.mp4") and len(made[0]["like_lengths_s"]) >= 6
    assert made[0]["like_lengths_s"] == made[1]["like_lengths_s"] == made[2]["like_lengths_s"]


def test_two_references_of_one_name_are_two_rows(folder, capsys, tmp_path):
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        (tmp_path / str(seed) / "film.mp4").symlink_to(folder / f"film {seed}.mp4")
    films = sorted(tmp_path.glob("*/film.mp4"))
    rows = likenesses(capsys, folder, films, seeds=1)
    assert [row["reference"] for row in rows] == ["film.mp4", "film.mp4"]


def test_likeness_without_footage_is_refused(folder, capsys):
    status, _, err = run(capsys, "evaluate", "--like", folder / "film 1.mp4")
    assert status == WRONG and "name FOOTAGE, the footage that is cut, before it" in err


def test_a_take_is_no_film_to_cut_like(folder, capsys):
    take = folder / "rushes" / "1.mp4"
    status, _, err = run(
        capsys, "cut", folder / "rushes", "--like", take, "--no-render", "--policy", "uniform",
        "--outputs", folder / "out",
    )  # fmt: skip
    assert status == WRONG and "is it a finished film" in err.casefold()
    assert not list((folder / "out").glob(".partial*"))


def test_a_film_to_cut_like_that_is_not_there_is_refused_before_anything_is_read(folder, capsys):
    status, _, err = run(capsys, "cut", folder / "rushes", "--like", folder / "none.mp4")
    assert status == WRONG and "--like" in err and "none.mp4" in err
