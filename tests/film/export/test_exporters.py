"""Every exchange format holds the film's cuts, as other readers than ours see them."""

import os
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from time import process_time

import pytest

from editor.errors import OutputError
from editor.film.export.carried import CARRIES, WHAT
from editor.film.export.exporters import EXPORTERS, HAS, export, losses, short_of_handles, standard
from editor.film.export.sequence import Sequence, lay
from editor.film.timeline import Alternative, Timeline
from editor.timing import FrameSpan
from tests.film import edits
from tests.film.export.conftest import RATES, told
from tests.film.export.readings import READINGS, linked, wanted


@pytest.fixture
def film(clips, song):
    """A film of several rates with all that a format may carry."""
    spoken, drop, _, twice = clips
    timeline = told(edits.many_cuts((spoken, drop, twice), 25, 8), drop)
    unused = (Alternative(twice, FrameSpan(0, 30), "twice.mov #1", "not needed"),)
    return Sequence("toys-v001", timeline, song=lay(song, Fraction(0), timeline), unused=unused)


def test_every_format_has_a_writer_and_a_row_that_says_what_it_carries():
    assert set(EXPORTERS) == set(CARRIES) == set(READINGS)
    assert set(HAS) == set(WHAT)
    assert all(set(row.lost) <= set(WHAT) for row in CARRIES.values())
    assert len({row.suffix for row in CARRIES.values()}) == len(CARRIES)


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("format", EXPORTERS)
def test_other_readers_find_the_same_cuts(format, rate, same, tmp_path):
    clip = same(rate)
    film = Sequence("film", edits.many_cuts([clip], rate, 12))
    written = export(film, format, tmp_path)
    assert READINGS[format](written.files[0], film) == wanted(film)


@pytest.mark.parametrize("format", EXPORTERS)
def test_drop_frame_timecode_reads_back_as_the_same_cuts(format, same, tmp_path):
    rate = Fraction(30000, 1001)
    clip = same(rate, "00:59:59;28")  # over a minute of which two labels are dropped
    film = Sequence("film", edits.many_cuts([clip], rate, 12))
    assert film.start.drop
    written = export(film, format, tmp_path)
    assert READINGS[format](written.files[0], film) == wanted(film)


@pytest.mark.parametrize("format", [name for name in EXPORTERS if name not in ("otioz", "aaf")])
def test_two_hours_at_30000_1001_drift_by_no_frame(format, same, tmp_path):
    rate = Fraction(30000, 1001)
    clip = replace(same(rate), frames=400_000)
    lengths = [61 + 7 * (number % 97) for number in range(560)]
    starts = list(accumulate([0, *lengths]))
    assert starts[-1] > 2 * 3600 * rate
    spans = [(clip, 500 * n, 500 * n + length) for n, length in enumerate(lengths)]
    cuts = edits.film(rate, spans)
    film = Sequence("film", cuts)
    found = READINGS[format](export(film, format, tmp_path).files[0], film)
    assert [cut[2] for cut in found] == starts[:-1]
    assert found == wanted(film)


EXACT = [name for name in EXPORTERS if "mixed rates" not in CARRIES[name].lost]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30)], ids=str)
@pytest.mark.parametrize("format", EXACT)
def test_clips_of_other_rates_keep_their_exact_frames(format, rate, clips, tmp_path):
    spoken, drop, mute, _ = clips
    film = Sequence("film", edits.many_cuts((spoken, drop, mute), rate, 20))
    found = READINGS[format](export(film, format, tmp_path).files[0], film)
    for cut, (name, first, start, length) in zip(film.timeline.cuts, found, strict=True):
        assert (name, start, length) == (cut.clip.name, cut.start, cut.length)
        # Where the film's grid makes a cut longer than its media go on, it begins earlier.
        before = cut.source.first - first
        assert before == 0 or (before <= 1 and cut.source.stop == cut.clip.frames)


@pytest.mark.parametrize("format", [name for name in EXPORTERS if name not in EXACT])
def test_a_format_on_the_films_grid_is_off_by_less_than_a_frame_of_the_film(
    format, clips, tmp_path
):
    spoken, drop, mute, _ = clips
    film = Sequence("film", edits.many_cuts((spoken, drop, mute), 25, 20))
    written = export(film, format, tmp_path)
    assert CARRIES[format].lost["mixed rates"] in written.lost
    for cut, (_, first, start, length) in zip(
        film.timeline.cuts, READINGS[format](written.files[0], film), strict=True
    ):
        assert (start, length) == (cut.start, cut.length)
        assert abs(first - cut.source.first) <= cut.clip.rate / 25 + 1


@pytest.mark.parametrize("format", EXPORTERS)
def test_every_medium_is_named_so_that_it_is_found(format, film, tmp_path):
    written = export(film, format, tmp_path)
    found = linked(format, written.files[0])
    used = {str(cut.clip.path) for cut in film.timeline.cuts}
    if format == "otioz":
        assert {name.count("/") for name in found} == {1}
        assert len(found) == len(used) + 1
    else:
        assert used <= found
        music = str(film.song.path) in found
        assert music == ("music" not in CARRIES[format].lost)


@pytest.mark.parametrize("format", EXPORTERS)
def test_it_says_what_it_loses_of_this_film_and_nothing_else(format, film, same, tmp_path):
    plain = Sequence("plain", edits.film(25, [(same(Fraction(25)), 5, 25)]))
    never = {"timecode"}  # a clip with timecode is in both films
    assert [words for words in losses(plain, format)] == [
        words for what, words in CARRIES[format].lost.items() if what in never
    ]
    unsaid = {"effects", "transitions"}  # are named one by one where there are any
    expected = [words for what, words in CARRIES[format].lost.items() if what not in unsaid]
    assert list(losses(film, format)) == expected


@pytest.mark.parametrize("format", EXPORTERS)
def test_a_file_is_whole_or_absent_and_as_open_as_any_other(format, film, tmp_path):
    written = export(film, format, tmp_path)
    mask = os.umask(0o022)
    os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in written.files} == {0o666 & ~mask}
    before = {path.name for path in tmp_path.iterdir()}
    assert before == {path.name for path in written.files}
    refused = export(film, format, tmp_path / "missing")
    assert "missing" in refused.refused
    written.files[0].unlink()
    written.files[0].mkdir()
    assert written.files[0].name in export(film, format, tmp_path).refused
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("format", EXPORTERS)
def test_the_same_film_is_written_the_same_again(format, film, tmp_path):
    if format in ("otioz", "aaf"):
        pytest.skip("the file holds the time at which it was written")
    first = [path.read_bytes() for path in export(film, format, tmp_path).files]
    assert [path.read_bytes() for path in export(film, format, tmp_path).files] == first


@pytest.mark.parametrize("format", EXPORTERS)
def test_names_that_are_no_text_are_linked_or_the_film_is_refused(format, same, tmp_path):
    clip = same(Fraction(25))
    folder = tmp_path / "media"
    folder.mkdir()
    for name in (b"n\xe4me \xff.mov", b"two\nlines.mov", b"bell\x07.mov"):
        path = folder / os.fsdecode(name)
        path.write_bytes(clip.path.read_bytes())
        odd = replace(clip, path=path)
        film = Sequence("film", edits.film(25, [(odd, 5, 25)]))
        written = export(film, format, tmp_path)
        if written.refused:
            assert format in ("mlt", "kdenlive") and name != b"two\nlines.mov"
            assert "Rename" in written.refused
            continue
        text = written.files[0].read_bytes()
        if format not in ("otioz", "csv", "mlt", "kdenlive", "aaf"):
            assert os.fsencode(path.parent) + b"/" in text
            assert path.as_uri().rpartition("/")[2].encode() in text


def test_short_handles_are_named_with_what_is_there(same):
    clip = same(Fraction(25))
    film = Sequence("film", edits.film(25, [(clip, 10, 40), (clip, 40, 65)]), Fraction(1))
    assert short_of_handles(film) == (f"cut 1, {clip.name}: 0.40 s before",)


def test_every_version_has_a_timeline(film, tmp_path):
    assert standard(film, tmp_path).name == "timeline.otio"
    with pytest.raises(OutputError, match="missing"):
        standard(film, tmp_path / "missing")


def test_media_are_named_from_the_folder_where_that_is_asked_for(film, clips, tmp_path):
    spoken = clips[0]
    film = replace(film, relative=True, timeline=edits.film(25, [(spoken, 5, 25)]), song=None)
    film = replace(film, unused=())
    for format in ("otio", "edl", "fcpxml", "mlt", "kdenlive"):
        names = linked(format, export(film, format, tmp_path).files[0])
        assert len(names) == 1
        (name,) = names
        assert not name.startswith("/")
        assert os.path.samefile(tmp_path / name, spoken.path)


@pytest.mark.parametrize("format", CARRIES)
def test_a_format_without_relative_paths_says_so_where_they_were_asked_for(format, film, tmp_path):
    whole = [words for words in export(film, format, tmp_path).lost if "whole paths" in words]
    asked = replace(film, relative=True)
    said = [words for words in export(asked, format, tmp_path).lost if "whole paths" in words]
    assert whole == [] and len(said) == (format in ("fcp7", "aaf"))


def test_a_film_of_a_rate_that_the_format_lacks_is_refused_with_what_would_do(same, tmp_path):
    clip = same(Fraction(25))
    odd = Sequence(
        "film", Timeline(edits.film(25, [(clip, 5, 25)]).cuts, Fraction(597, 50), (64, 36))
    )
    assert "--rate 12" in export(odd, "fcp7", tmp_path).refused
    fast = replace(odd, timeline=replace(odd.timeline, rate=Fraction(120)))
    assert "--rate 60" in export(fast, "edl", tmp_path).refused
    assert not list(tmp_path.iterdir())


def test_fcp7_says_which_clips_it_counts_on_the_films_grid(same, tmp_path):
    clip = replace(same(Fraction(25)), rate=Fraction(597, 50))
    film = Sequence("film", edits.film(25, [(clip, 10, 40)]))
    written = export(film, "fcp7", tmp_path)
    (said,) = written.lost
    assert "597/50" in said
    ((_, first, start, length),) = READINGS["fcp7"](written.files[0], film)
    assert (start, length) == (0, film.timeline.frames)
    assert abs(first - 10) <= 1


def test_aaf_without_its_adapter_says_how_to_get_it(same, tmp_path, monkeypatch):
    monkeypatch.setattr("opentimelineio.adapters.available_adapter_names", lambda: ["otio_json"])
    film = Sequence("film", edits.film(25, [(same(Fraction(25)), 10, 40)]))
    assert "pip install -e '.[aaf]'" in export(film, "aaf", tmp_path).refused
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", [name for name in EXPORTERS if name not in ("otioz", "aaf")])
def test_a_long_film_of_many_clips_is_written_in_seconds(format, same, tmp_path):
    clip = same(Fraction(25))
    many = [
        replace(clip, path=tmp_path / f"{number}.mov", digest=str(number)) for number in range(200)
    ]
    spans = [(many[number % 200], number % 50, number % 50 + 30) for number in range(1000)]
    film = Sequence("film", told(edits.film(25, spans), many[0]))
    began = process_time()
    written = export(film, format, tmp_path)
    assert process_time() - began < 10  # 1.5 s and less were measured
    assert not written.refused


def test_no_name_of_a_medium_leads_up_and_down_again(clips, song, tmp_path):
    timeline = edits.film(25, [(clips[0], 5, 25)])
    laid = lay(song.parent / ".." / song.parent.name / song.name, Fraction(0), timeline)
    assert laid.path == song
