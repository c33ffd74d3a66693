"""A policy is measured beside plain cutters, and the measurement can be read and seen."""

import json

import pytest
from PIL import Image

from editor.errors import PolicyError
from editor.learning import examination, plotting
from editor.learning.examination import Examination


@pytest.fixture(scope="module")
def found():
    told = []
    asked = Examination("base", simulated=2, seeds=1)
    patched = pytest.MonkeyPatch()
    patched.setattr(examination, "MOST_SHOTS", 12)
    patched.setattr(examination, "SIGHTED", 3)
    result = examination.examine(asked, [], lambda *said: told.append(said))
    patched.undo()
    return result, told


def test_every_cutter_is_measured_with_an_interval(found):
    cutters = found[0]["simulated"]["cutters"]
    assert {
        "base",
        "base+best",
        "base+beam",
        "base+search",
        "base, only cloned",
        *examination.QUICK,
    } == cutters.keys()
    for row in cutters.values():
        assert row["score"]["low"] <= row["score"]["mean"] <= row["score"]["high"]


def test_the_result_is_plain_json(found):
    assert json.loads(json.dumps(found[0])) == json.loads(json.dumps(found[0]))
    assert "base, free order, embeddings permuted" in found[0]["embeddings"]


def test_the_page_names_every_cutter_and_head(found):
    page = examination.text(found[0])
    for word in ("base+search", "uniform", "recorded order, embeddings zeroed", "asked 2.8 s"):
        assert word in page


def test_the_picture_is_drawn(found, tmp_path):
    plotting.draw(found[0], tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 400


def test_nothing_in_the_picture_runs_over_its_edge(found, tmp_path):
    plotting.draw(found[0], tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        edge = picture.convert("RGB").crop((picture.width - 8, 0, picture.width, picture.height))
        assert len(edge.getcolors()) == 1


def test_progress_ends_at_the_total(found):
    done, total, _ = found[1][-1]
    assert done == total


def test_a_plain_way_is_no_policy_to_measure():
    with pytest.raises(PolicyError, match="plain way"):
        examination.examine(Examination("beam8", 1), [], lambda *said: None)
