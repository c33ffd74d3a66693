from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest

from editor.errors import OutputError
from editor.film.export import otio as exporter
from editor.film.export.carried import MUSIC, NAMESPACE
from editor.film.export.sequence import Sequence, lay
from editor.film.timeline import Alternative
from editor.timing import FrameSpan
from tests import media
from tests.film import edits


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    spoken = edits.numbered(
        folder / 'it\'s a "täke" 100%.mov',
        100,
        25,
        sound=media.tone(4),
        start_timecode="01:00:00:00",
    )
    drop = edits.numbered(
        folder / "drop.mov", 120, Fraction(30000, 1001), start_timecode="00:59:59;28"
    )
    mute = edits.numbered(folder / "mute.mp4", 240, Fraction(60000, 1001))
    return spoken, drop, mute


def read(timeline, path, **changes):
    exporter.write(Sequence(path.stem, timeline, **changes), path)
    return otio.adapters.read_from_file(str(path))


def time(value, rate):
    return otio.opentime.RationalTime(value, float(rate))


def inside(part, whole):
    rest = whole.end_time_exclusive() - part.end_time_exclusive()
    return part.start_time >= whole.start_time and rest.to_seconds() > -1e-9


def test_picture_and_sound_say_which_frames_of_which_file(clips, tmp_path):
    spoken, _, mute = clips
    timeline = edits.film(25, [(spoken, 10, 40), (mute, 48, 96), (spoken, 70, 100)])
    found = read(timeline, tmp_path / "timeline.otio")
    picture, sound = found.tracks
    assert (picture.name, picture.kind, sound.name, sound.kind) == ("V1", "Video", "A1", "Audio")
    first = picture[0]
    assert first.source_range.start_time == time(90_000 + 10, 25)
    assert first.source_range.duration == time(30, 25)
    assert first.media_reference.available_range.start_time == time(90_000, 25)
    assert first.media_reference.available_range.duration == time(100, 25)
    assert otio.url_utils.filepath_from_url(first.media_reference.target_url) == str(spoken.path)
    assert sound[0].source_range == first.source_range
    assert isinstance(sound[1], otio.schema.Gap)
    assert sound[1].duration() == picture[1].duration()
    links = [item.metadata[NAMESPACE]["link"] for item in (picture[0], sound[0], picture[2])]
    assert links == [1, 1, 3]


def test_a_drop_frame_clip_counts_from_its_timecode(clips, tmp_path):
    _, drop, _ = clips
    timeline = edits.film(drop.rate, [(drop, 4, 34)])
    item = read(timeline, tmp_path / "timeline.otio").tracks[0][0]
    assert item.source_range.start_time.value == drop.timecode.frame + 4
    assert item.metadata[NAMESPACE]["source_timecode"] == "01:00:00;02"


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30)], ids=str)
def test_mixed_rates_lie_on_the_films_grid_and_inside_their_media(rate, clips, tmp_path):
    timeline = edits.many_cuts(clips, rate, 60)
    track = read(timeline, tmp_path / "timeline.otio").tracks[0]
    for cut, item in zip(timeline.cuts, track, strict=True):
        place = item.range_in_parent()
        assert place.start_time.rescaled_to(float(rate)).value == pytest.approx(cut.start, abs=1e-6)
        assert place.duration == time(cut.length, rate)
        assert inside(item.source_range, item.media_reference.available_range)
        numbers = item.metadata[NAMESPACE]
        assert (numbers["clip_in"], numbers["clip_out"]) == (cut.source.first, cut.source.stop)
        assert (numbers["film_in"], numbers["film_out"]) == (cut.start, cut.stop)
        assert item.source_range.start_time.rate == float(cut.clip.rate)


def test_the_reason_the_terms_and_the_alternatives_travel_along(clips, tmp_path):
    spoken, drop, _ = clips
    timeline = edits.film(25, [(spoken, 10, 40)])
    cut = replace(
        timeline.cuts[0],
        reward=0.25,
        terms={"sharpness": 0.5, "pace": -0.125},
        reason="sharper, on pace",
        alternatives=(Alternative(drop, FrameSpan(3, 33), "drop.mov #1", "other take"),),
    )
    item = read(replace(timeline, cuts=(cut,)), tmp_path / "timeline.otio").tracks[0][0]
    kept = item.metadata[NAMESPACE]
    assert dict(kept["terms"]) == {"sharpness": 0.5, "pace": -0.125}
    assert (kept["reward"], kept["reason"]) == (0.25, "sharper, on pace")
    other = kept["alternatives"][0]
    assert (other["clip_in"], other["clip_out"], other["why"]) == (3, 33, "other take")
    assert item.markers[0].name == "sharper, on pace"
    assert inside(item.markers[0].marked_range, item.trimmed_range())


def test_it_reads_back_and_writes_again_the_same(clips, tmp_path):
    timeline = edits.many_cuts(clips, 25, 20)
    found = read(timeline, tmp_path / "timeline.otio")
    again = otio.adapters.write_to_string(found, "otio_json")
    assert again == (tmp_path / "timeline.otio").read_text(encoding="utf-8")
    assert found.duration() == time(timeline.frames, 25)


def test_music_lies_on_its_own_track_to_the_films_end(clips, tmp_path):
    spoken, _, _ = clips
    song = media.audio_only(tmp_path / "song.wav", 2.5)
    timeline = edits.film(25, [(spoken, 0, 100)])
    laid = lay(song, Fraction(0), timeline)
    track = read(timeline, tmp_path / "timeline.otio", song=laid).tracks[2]
    assert (track.name, track.kind) == (MUSIC, "Audio")
    assert track.duration() == time(100, 25)
    assert all(inside(i.source_range, i.media_reference.available_range) for i in track)


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(clips, tmp_path):
    timeline = edits.film(25, [(clips[0], 0, 100)])
    with pytest.raises(OutputError, match="missing"):
        read(timeline, tmp_path / "missing" / "timeline.otio")
    (tmp_path / "timeline.otio").mkdir()
    with pytest.raises(OutputError):
        read(timeline, tmp_path / "timeline.otio")
    assert [path.name for path in tmp_path.iterdir()] == ["timeline.otio"]
