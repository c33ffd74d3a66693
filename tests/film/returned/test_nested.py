"""Projects that play other projects come back with the cuts of all, or with a gap that is named."""

import shutil
from fractions import Fraction
from itertools import pairwise

import opentimelineio as otio
import pytest

from editor.errors import FootageError
from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned import graph, readers
from editor.film.returned.items import ReturnedError
from tests.film import edits
from tests.film.returned import films

CLIPS = [films.clip("one.mov", 25, 400, "01:00:00:00"), films.clip("two.mp4", 25, 300)]
SPANS = [(CLIPS[0], 10, 60), (CLIPS[1], 20, 50), (CLIPS[0], 100, 140)]
RATE = Fraction(25)
PLAYS = """<mlt><profile frame_rate_num="{rate}" frame_rate_den="1"/>
<producer id="one" in="0" out="399"><property name="resource">one.mov</property></producer>
<producer id="inner" in="{first}" out="{last}"><property name="length">120</property>
<property name="resource">{file}</property><property name="mlt_service">{service}</property>{more}
</producer><playlist id="row"><entry producer="one" in="0" out="9"/>
<entry producer="inner" in="{begin}" out="{end}"/></playlist>
<tractor id="whole"><track producer="row"/></tractor></mlt>"""


def film(folder, format="mlt", name="film-v001"):
    cut = edits.film(25, SPANS, size=(1920, 1080))
    return exporters.export(Sequence(name, cut), format, folder).files[0]


def playing(folder, file, service="xml", rate=25, points=(0, 119), inside=(0, 119), more=""):
    """A project that plays ten frames of a clip, then another project's file."""
    path = folder / "outer.mlt"
    values = dict(zip(("first", "last", "begin", "end"), (*points, *inside), strict=True))
    path.write_text(PLAYS.format(file=file, service=service, rate=rate, more=more, **values))
    return path


def back(path):
    return films.back(path, CLIPS, rate=RATE)


@pytest.mark.parametrize("service", ["xml", "xml-nogl", "consumer"])
@pytest.mark.parametrize("format", ["mlt", "kdenlive"])
def test_a_project_is_played_from_its_points_on(format, service, tmp_path):
    name = film(tmp_path, format).name
    found = back(playing(tmp_path, name, service, points=(40, 109), inside=(5, 64)))
    assert films.cuts(found.timeline) == [
        ("one.mov", 0, 10, 0, 10), ("one.mov", 55, 60, 10, 5), ("two.mp4", 20, 50, 15, 30),
        ("one.mov", 100, 125, 45, 25),
    ]  # fmt: skip
    assert not found.notes


def test_the_version_that_a_nested_project_was_written_from_is_known(tmp_path):
    assert readers.read(playing(tmp_path, film(tmp_path).name)).parent == "film-v001"


def test_a_project_that_moved_is_found_beside_the_one_that_plays_it(tmp_path):
    name = film(tmp_path).name
    found = back(playing(tmp_path, f"/gone/away/{name}"))
    assert found.timeline.frames == 130


def test_an_effect_on_a_nested_project_is_named(tmp_path):
    more = '<filter><property name="mlt_service">greyscale</property></filter>'
    found = back(playing(tmp_path, film(tmp_path).name, more=more))
    assert "the effect 'greyscale' on the nested film-v001.mlt is left out" in found.notes


@pytest.mark.parametrize(
    ("name", "rate", "service", "why"),
    [
        ("gone.mlt", 25, "xml", "the project gone.mlt is not there"),
        ("film-v001.mlt", 30, "xml", "it plays 25 of its frames a second in a film of 30"),
        ("2:film-v001.mlt", 25, "timewarp", "it plays 50 of its frames a second in a film of 25"),
        ("outer.mlt", 25, "xml", "plays itself: a project was saved over the one that it plays"),
        ("words.mlt", 25, "xml", "words.mlt: is no whole XML file"),
        ("pipe.mlt", 25, "xml", "the project pipe.mlt is not there"),
    ],
)
def test_a_project_that_cannot_be_followed_is_a_gap_that_says_why(
    name, rate, service, why, tmp_path
):
    film(tmp_path)
    (tmp_path / "words.mlt").write_text("Scene 4, take 2: good.\n")
    (tmp_path / "pipe.mlt").mkdir()
    found = back(playing(tmp_path, name, service, rate))
    assert len(found.timeline.cuts) == 1
    (said,) = (note for note in found.notes if "is not held" in note)
    assert why in said and "nested sequence" in said


def test_where_all_is_nested_and_gone_the_error_says_so(tmp_path):
    path = playing(tmp_path, "gone.mlt")
    path.write_text(path.read_text().replace('<entry producer="one" in="0" out="9"/>', ""))
    with pytest.raises(FootageError, match=r"nested sequence 'gone.mlt': .* is not there"):
        back(path)


def test_two_projects_that_play_each_other_end(tmp_path):
    path = playing(tmp_path, "b.mlt")
    shutil.copy(path, tmp_path / "a.mlt")
    (tmp_path / "b.mlt").write_text(path.read_text().replace("b.mlt", "a.mlt"))
    assert any("plays itself" in note for note in back(tmp_path / "a.mlt").notes)


def rows(levels, times):
    """Playlists each of which plays the next a number of times."""
    made = [
        f'<playlist id="p{one}">' + f'<entry producer="p{other}"/>' * times
        for one, other in pairwise(range(levels + 1))
    ]
    clip = '<producer id="one"><property name="resource">one.mov</property></producer>'
    last = f'<playlist id="p{levels}"><entry producer="one" in="0" out="3"/></playlist>'
    head = '<mlt><profile frame_rate_num="25" frame_rate_den="1"/>'
    body = "".join(f"{row}</playlist>" for row in reversed(made))
    return f'{head}{clip}{last}{body}<tractor id="t"><track producer="p0"/></tractor></mlt>'


def test_what_is_nested_at_every_level_again_and_again_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "MOST_PASSED", 10_000)
    path = tmp_path / "film.mlt"
    path.write_text(rows(4, 3))
    assert readers.read(path).items
    path.write_text(rows(35, 3))
    with pytest.raises(ReturnedError, match="nested in one another"):
        readers.read(path)
    path.write_text(rows(300, 1))
    with pytest.raises(ReturnedError, match="plays itself"):
        readers.read(path)
    path.write_text(rows(300, 1).replace('producer="p1"/', 'producer="p1" in="0" out="3"/'))
    with pytest.raises(ReturnedError, match="plays itself"):
        readers.read(path)


def test_a_tractor_that_only_mixes_sound_is_no_dissolve(tmp_path):
    path = tmp_path / "film.mlt"
    path.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/>'
        '<producer id="a"><property name="resource">one.mov</property></producer>'
        '<producer id="b"><property name="resource">two.mp4</property></producer>'
        '<playlist id="v"><entry producer="a" in="10" out="59"/></playlist>'
        '<playlist id="s"><entry producer="b" in="10" out="59"/></playlist>'
        '<tractor id="inner"><track producer="v"/><track hide="video" producer="s"/>'
        '<transition><property name="mlt_service">mix</property></transition></tractor>'
        '<playlist id="p"><entry producer="inner" in="5" out="44"/></playlist>'
        '<tractor id="t"><track producer="p"/></tractor></mlt>'
    )
    found = back(path)
    assert films.cuts(found.timeline) == [("one.mov", 15, 55, 0, 40)]


@pytest.mark.parametrize(
    ("proxy", "name", "original"),
    [("kdenlive:proxy", "/small/one.mov.mkv", "kdenlive:originalurl"),
     ("shotcut:proxy", "/small/4f21.mp4", "shotcut:originalResource")],
)  # fmt: skip
def test_of_a_small_copy_the_original_is_linked(proxy, name, original, tmp_path):
    path = playing(tmp_path, film(tmp_path).name)
    told = (
        f'<property name="resource">{name}</property><property name="{proxy}">{name}</property>'
        f'<property name="{original}">/rushes/one.mov</property>'
    )
    plain = '<property name="resource">one.mov</property>'
    path.write_text(path.read_text().replace(plain, told))
    assert films.cuts(back(path).timeline)[0] == ("one.mov", 0, 10, 0, 10)


# --- OpenTimelineIO -------------------------------------------------------------------------------


def written(timeline, folder):
    path = folder / "nested.otio"
    otio.adapters.write_to_file(timeline, str(path))
    return path


def test_a_nested_timeline_is_played_from_its_points_on(tmp_path):
    inner = otio.adapters.read_from_file(str(film(tmp_path, "otio"))).tracks
    second = otio.opentime.TimeRange(
        otio.opentime.RationalTime(40, 25), otio.opentime.RationalTime(60, 25)
    )
    again = inner.clone()
    again.source_range = second
    outer = otio.schema.Timeline("outer")
    outer.tracks.append(otio.schema.Track("V1", [inner.clone(), again]))
    found = back(written(outer, tmp_path))
    assert films.cuts(found.timeline) == [
        ("one.mov", 10, 60, 0, 50), ("two.mp4", 20, 50, 50, 30), ("one.mov", 100, 140, 80, 40),
        ("one.mov", 50, 60, 120, 10), ("two.mp4", 20, 50, 130, 30), ("one.mov", 100, 120, 160, 20),
    ]  # fmt: skip


def test_a_nested_timeline_that_plays_faster_is_a_gap_with_a_name(tmp_path):
    inner = otio.adapters.read_from_file(str(film(tmp_path, "otio"))).tracks.clone()
    fast = inner.clone()
    fast.name = "montage"
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    outer = otio.schema.Timeline("outer")
    outer.tracks.append(otio.schema.Track("V1", [inner, fast]))
    found = back(written(outer, tmp_path))
    assert found.timeline.frames == 120
    assert any("nested sequence 'montage'" in note for note in found.notes)


def test_a_nested_timeline_on_a_track_of_sound_shows_nothing(tmp_path):
    inner = otio.adapters.read_from_file(str(film(tmp_path, "otio"))).tracks
    outer = otio.schema.Timeline("outer")
    outer.tracks.append(otio.schema.Track("V1", [inner.clone()]))
    outer.tracks.append(otio.schema.Track("A1", [inner.clone()], kind=otio.schema.TrackKind.Audio))
    assert back(written(outer, tmp_path)).timeline.frames == 120
    kinds = [item.kind for item in readers.read(tmp_path / "nested.otio").items]
    assert kinds.count("picture") == 3
