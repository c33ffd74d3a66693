"""Real films: their lists are of these very files, and their spoilt edits are worth less."""

from pathlib import Path

import pytest

from editor.config import load_style
from editor.footage import analysis, ingest
from editor.footage.cache import Cache
from editor.learning.edited import as_material
from editor.measures import checked, dose

EDITED = Path(__file__).resolve().parents[2] / "../shared/footage/edited"
FILES = ("chrome.mp4", "googlework_short.mp4", "rocket.mkv", "trailer_bbb.mp4")


def found(name: str, folder: Path):
    path = EDITED / name
    if not path.exists():
        pytest.skip(f"the development footage {name} is not here")
    cache = Cache(folder)
    return ingest.ingest([path], cache, lambda *told: None)[0][0], cache


@pytest.mark.parametrize("name", FILES)
def test_a_cut_list_is_of_the_very_file(name, tmp_path):
    clip, _ = found(name, tmp_path)
    made = checked.of(clip)
    assert made is not None
    assert (made.rate, made.frames) == (clip.rate, clip.frames)


def test_a_real_advert_loses_where_its_shots_are_trimmed_wrongly_or_replaced(tmp_path):
    clip, cache = found("chrome.mp4", tmp_path)
    known = analysis.analyse(clip, analysis.Settings(), cache, lambda share: None)
    made = checked.of(clip)
    assert made is not None
    film = as_material(clip, known, made.shots, made.title, made.film)
    ways = dose.respond(film, load_style("default"), 0, corruptions=20).ways
    assert ways["mis-trimmed"].trend.high < 0
    assert ways["replaced"].trend.high < 0
