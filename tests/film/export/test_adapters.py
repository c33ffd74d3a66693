"""What OpenTimelineIO's own adapters get wrong, and our writers do not.

Each test shows the fault first; where a later adapter has mended it, the test says so and the
writer of ours may go.
"""

import zipfile
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from editor.film.export import edl, fcp7, fcpxml, otioz
from editor.film.export import otio as ours
from editor.film.export.sequence import Sequence
from editor.film.returned.edl import read as read_edl
from tests.film import edits
from tests.film.export.readings import READINGS, adapter, wanted

RATE = Fraction(25)


@pytest.fixture
def film(same):
    clip = same(RATE)
    return Sequence("film", edits.film(RATE, [(clip, 10, 40), (clip, 45, 60)]))


def composed(film):
    return ours.compose(film, lambda path: path.as_uri(), None)


def mended(fault):
    """Skip a test whose adapter no longer has the fault."""
    if not fault:
        pytest.skip("mended in the installed adapter: our own writer may go")


def test_the_edl_adapter_ignores_where_the_film_begins_and_lets_reels_collide(film, same, tmp_path):
    adapter("cmx_3600")
    timeline = composed(film)
    del timeline.tracks[1:]
    theirs = otio.adapters.write_to_string(timeline, "cmx_3600", rate=25)
    mended("01:00:00:00 01:00:01:05" not in theirs)
    (path, _) = edl.write(film, tmp_path / "film.edl")
    assert "01:00:00:10 01:00:01:15 01:00:00:00 01:00:01:05" in path.read_text()
    long = [replace(same(RATE), path=tmp_path / f"interview with {n}.mov") for n in "ab"]
    reels = edl.name_reels(tuple(long))
    assert sorted(reels.values()) == ["INTERVI2", "INTERVIE"]


def test_the_edl_adapter_cannot_read_a_source_that_runs_over_midnight(same, tmp_path):
    adapter("cmx_3600")
    late = same(RATE, "23:59:59:00")
    film = Sequence("film", edits.film(RATE, [(late, 10, 40)]))
    path, _ = edl.write(film, tmp_path / "film.edl")
    assert "23:59:59:10 00:00:00:15" in path.read_text()
    (item,) = (item for item in read_edl(path, RATE).items if item.kind == "picture")
    assert (item.source.label, len(item.place)) == ("23:59:59:10", 30)
    try:
        otio.adapters.read_from_file(str(path), rate=25.0)
    except otio.exceptions.OTIOError as err:
        assert "duration don't match" in str(err)
    else:
        mended(False)


def test_the_fcp7_adapter_writes_an_empty_clip_where_sound_equals_picture(film, tmp_path):
    adapter("fcp_xml")
    timeline = composed(film)
    del timeline.tracks[1:]
    timeline.tracks.append(timeline.tracks[0].clone())
    timeline.tracks[1].kind = otio.schema.TrackKind.Audio
    theirs = ElementTree.fromstring(otio.adapters.write_to_string(timeline, "fcp_xml"))
    mended(any(len(item) == 0 for item in theirs.iter("clipitem")))
    (path,) = fcp7.write(film, tmp_path / "film.xml")
    tracks = otio.adapters.read_from_file(str(path)).tracks
    assert [len(track) for track in tracks] == [2, 2, 2]
    assert all(item.media_reference.target_url for track in tracks for item in track)


def test_the_fcpx_adapter_leaves_out_where_the_film_begins_and_reads_ours(film, tmp_path):
    adapter("fcpx_xml")
    theirs = otio.adapters.write_to_string(composed(film), "fcpx_xml")
    mended("tcStart" not in theirs)
    (path,) = fcpxml.write(film, tmp_path / "film.fcpxml")
    assert 'tcStart="3600s"' in path.read_text(encoding="utf-8")
    (found,) = otio.adapters.read_from_file(str(path))
    read = [clip.source_range for clip in found.find_clips()]
    for cut, shown in zip(film.timeline.cuts, read, strict=True):
        code = cut.clip.timecode_at(cut.source.first).frame
        assert shown.start_time == otio.opentime.RationalTime(code, 25)
        assert shown.duration == otio.opentime.RationalTime(cut.length, 25)


def test_the_otioz_adapter_refuses_two_files_of_one_name(film, same, tmp_path):
    folders = [tmp_path / "card 1", tmp_path / "card 2"]
    clips = []
    for folder in folders:
        folder.mkdir()
        path = folder / "C0001.MOV"
        path.write_bytes(same(RATE).path.read_bytes())
        clips.append(replace(same(RATE), path=path))
    twice = Sequence("film", edits.film(RATE, [(clip, 5, 20) for clip in clips]))
    try:
        otio.adapters.write_to_file(composed(twice), str(tmp_path / "theirs.otioz"))
    except otio.exceptions.OTIOError:
        pass
    else:
        mended(False)
    (path,) = otioz.write(twice, tmp_path / "ours.otioz")
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        assert {"media/C0001.MOV", "media/C0001 2.MOV"} < set(bundle.namelist())
    assert READINGS["otioz"](path, twice) == wanted(twice)
