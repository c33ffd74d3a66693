"""Hand-checked cut lists: whole, found by the film's bytes, and refused where they are broken."""

from dataclasses import replace
from pathlib import Path

import pytest

from editor.errors import EditorError
from editor.measures import checked
from tests.cutting import analyses

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage/edited"


@pytest.mark.parametrize("made", checked.known(), ids=lambda made: made.title)
def test_every_list_names_its_film_licence_and_source_and_has_enough_shots(made):
    assert len(made.shots) >= checked.LEAST_SHOTS
    assert made.licence and made.source.startswith("https://") and len(made.digest) >= 32
    assert made.shots[-1].stop <= made.frames
    assert all(a.stop <= b.first for a, b in zip(made.shots, made.shots[1:], strict=False))


def test_files_of_one_film_count_as_one_film():
    films = {made.title: made.film for made in checked.known()}
    assert films["Big Buck Bunny"] == films["Big Buck Bunny (a trailer)"]
    assert len(set(films.values())) == len(films) - 1


@pytest.mark.parametrize("made", checked.known(), ids=lambda made: made.title)
def test_a_list_is_read_back_as_it_was_written(made, tmp_path):
    path = tmp_path / "list.toml"
    path.write_text(checked.write(made), encoding="utf-8")
    assert checked.read(path) == made


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("shots = [", "shots = 3 # [", "TOML"),
        ('licence = "', 'license = "', "has the keys"),
        ('title = "T"', "title = 3", "title must be text"),
        ("frames = 100", "frames = 0", "frames must be"),
        ("[0, 10]", "[0, 10, 12]", "shot 0 must be"),
        ("[0, 10]", "[0, 30]", "shot 1"),
        ("[20, 90]", "[20, 190]", "lie within"),
        ("[20, 90]", "[true, 90]", "shot 1 must be"),
    ],
)
def test_a_broken_list_is_named_with_its_fault(tmp_path, old, new, says):
    text = (
        'title = "T"\nfilm = "t"\nwhat = "w"\nlicence = "CC0"\nsource = "https://e.org"\n'
        'checked = "by hand"\ndigest = "ab"\nrate = "25"\nframes = 100\n'
        "shots = [\n  [0, 10],\n  [20, 90],\n]\n"
    )
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    assert len(checked.read(path).shots) == 2
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(EditorError, match=r"list\.toml") as error:
        checked.read(path)
    assert says in str(error.value)


def test_a_film_is_known_by_its_bytes_and_another_is_not():
    made = replace(checked.known()[0], digest=analyses.clip().digest, frames=250)
    clip = analyses.clip()
    assert checked.of(clip) is None
    assert checked.of(clip, [replace(made, rate=clip.rate)]) is not None
    with pytest.raises(EditorError, match="frames"):
        checked.of(clip, [replace(made, rate=clip.rate, frames=99)])
