"""Each cell of the table of what the formats carry: a yes is found in the file, a no is not."""

import csv
import itertools
import json
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from editor.film.export.carried import CARRIES, WHAT, lost_lines, table
from editor.film.export.exporters import export
from editor.film.export.sequence import Sequence, channels, lay
from editor.film.timeline import Alternative
from editor.timing import FrameSpan
from tests import media
from tests.film import edits
from tests.film.export.readings import READINGS, linked, seconds, wanted

BLUR = {
    "fcp7": "<filter><effect><name>Blur</name><effectid>Blur</effectid></effect></filter>",
    "fcpxml": '<adjust-transform scale="1.25 1.25" />',
    "mlt": '<filter><property name="mlt_service">boxblur</property></filter>',
    "kdenlive": '<filter><property name="mlt_service">boxblur</property></filter>',
    "otio": '{"OTIO_SCHEMA": "Effect.1", "effect_name": "Blur", "name": "", "metadata": {}}',
}
BLUR["otioz"] = BLUR["otio"]
MARKS = ("boxblur", "Blur", 'scale="1.25 1.25"')
WIPE = "Wipe of the editor's"


@pytest.fixture
def film(clips, song):
    """One cut of a clip with timecode, two sound tracks, and all else that can be lost."""
    spoken, drop, _, twice = clips
    timeline = edits.film(25, [(twice, 5, 30), (spoken, 0, 25)])
    other = Alternative(drop, FrameSpan(7, 30), "drop.mov #1", "why it lost")
    cuts = tuple(
        replace(cut, reason="a good reason", alternatives=(other,)) for cut in timeline.cuts
    )
    timeline = replace(timeline, cuts=cuts)
    opaque = {
        format: [
            {"cut": 0, "what": "effect", "name": "Blur", "text": text},
            {"cut": 0, "what": "transition", "name": WIPE, "text": f"<t>{WIPE}</t>"},
        ]
        for format, text in BLUR.items()
    }
    return Sequence(
        "film", timeline, Fraction(1, 5), lay(song, Fraction(0), timeline), (), False, opaque
    )


def words(format, path):
    """The file as text, unescaped as far as a search needs it."""
    if format == "otioz":
        with zipfile.ZipFile(path) as bundle:
            return bundle.read("content.otio").decode()
    if format == "aaf":
        return str(otio.adapters.read_from_file(str(path)))
    return path.read_text(encoding="utf-8-sig")


def has_timecode(format, path, film):
    """The first cut begins 5 frames after 10:00:00:05."""
    text = words(format, path)
    if format == "fcpxml":
        return f'start="{Fraction(36000) + Fraction(10, 25)}s"' in text
    if format == "fcp7":
        return "<string>10:00:00:05</string>" in text
    frames = 36_000 * 25 + 10
    return "10:00:00:10" in text or f"value={frames}," in text or f'"value": {frames}' in text


def has_handles(format, path, film):
    """What is there beyond the cut can be read: the length of the file, or the handles."""
    clip, text = film.timeline.cuts[0].clip, words(format, path)
    if format == "csv":
        row = next(csv.DictReader(text.splitlines()))
        return (row["handle_before"], row["handle_after"]) == ("5", "5")
    if format == "edl":
        return "* HANDLES: 5 BEFORE, 5 AFTER" in text
    if format == "fcpxml":
        lengths = [seconds(a.get("duration")) for a in ElementTree.fromstring(text).iter("asset")]
        return clip.duration in lengths
    if format == "aaf":
        found = next(iter(otio.adapters.read_from_file(str(path)).find_clips()))
        return found.media_reference.available_range.duration.value == clip.frames
    spellings = (f"<duration>{clip.frames}<", f'name="length">{clip.frames}<')
    return (
        any(word in text for word in spellings)
        or f"value={clip.frames}," in text
        or (f'"value": {clip.frames}.0' in text)
    )


def has_audio(format, path, film):
    """All channels of a clip with a mono and a stereo track."""
    text, count = words(format, path), len(channels(film.timeline.cuts[0].clip))
    if format == "csv":
        return f"{count} channels" in text
    if format == "edl":
        return "AA/V" in text and "AUD  3" in text
    if format == "fcp7":
        film_tracks = ElementTree.fromstring(text).findall(".//sequence/media/audio/track")
        items = [track.find("clipitem/start") for track in film_tracks[:count]]
        return [item.text for item in items] == ["0"] * count
    if format == "fcpxml":
        return 'audioSources="2"' in text
    if format in ("otio", "otioz", "aaf"):
        timeline = otio.adapters.read_from_file(str(path))
        names = [track[0].name for track in timeline.audio_tracks() if len(track)]
        return names.count(film.timeline.cuts[0].clip.name) == 2
    return 'name="audio_index">all<' in text


HOLDS = {
    "timecode": has_timecode,
    "handles": has_handles,
    "audio": has_audio,
    "markers": lambda format, path, film: "a good reason" in words(format, path),
    "alternates": lambda format, path, film: "drop.mov" in words(format, path),
    "effects": lambda format, path, film: any(mark in words(format, path) for mark in MARKS),
    "transitions": lambda format, path, film: WIPE in words(format, path),
    "mixed rates": lambda format, path, film: READINGS[format](path, film) == wanted(film),
    "music": lambda format, path, film: any(
        Path(name).name == film.song.path.name for name in linked(format, path)
    ),
}
# Tested for themselves: they are lost of other films only.
ELSEWHERE = {("edl", "audio"), *((format, "mixed rates") for format in CARRIES)}


@pytest.mark.parametrize(
    ("format", "what"),
    [cell for cell in itertools.product(CARRIES, WHAT) if cell not in ELSEWHERE],
)
def test_a_cell_says_what_is_in_the_file(format, what, film, tmp_path):
    written = export(film, format, tmp_path)
    assert HOLDS[what](format, written.files[0], film) == (what not in CARRIES[format].lost)


@pytest.mark.parametrize("format", CARRIES)
def test_the_cell_of_mixed_rates_says_whether_frames_between_the_films_are_in_the_file(
    format, clips, tmp_path
):
    spoken, _, fast, _ = clips
    # No frame of 25 a second begins where frames 6, 11 and 23 of 60000/1001 do.
    spans = [(fast, 6, 30), (spoken, 3, 20), (fast, 11, 59), (fast, 23, 47)]
    film = Sequence("film", edits.film(25, spans))
    written = export(film, format, tmp_path)
    carried = "mixed rates" not in CARRIES[format].lost
    assert HOLDS["mixed rates"](format, written.files[0], film) == carried
    assert carried or CARRIES[format].lost["mixed rates"] in written.lost
    for found, meant in zip(READINGS[format](written.files[0], film), wanted(film), strict=True):
        assert found[0] == meant[0] and found[2:] == meant[2:]
        half = float(fast.rate / film.rate) / 2 if found[0] == fast.name else 0
        assert abs(found[1] - meant[1]) <= half + 0.5  # the reading gives whole frames


def test_the_cell_of_an_edls_audio_says_that_four_channels_of_six_are_in_the_file(tmp_path):
    sounds = [media.tone(2.0, channels=count) for count in (1, 2, 2, 1)]
    clip = edits.numbered(tmp_path / "six.mov", 50, 25, size=(160, 96), sound=sounds)
    film = Sequence("film", edits.film(25, [(clip, 5, 30)]))
    assert len(channels(clip)) == 6
    written = export(film, "edl", tmp_path)
    text = words("edl", written.files[0])
    assert "AA/V" in text
    assert [line for line in text.splitlines() if line.startswith("AUD")] == ["AUD  3    4"]
    assert CARRIES["edl"].lost["audio"] in written.lost
    assert CARRIES["edl"].lost["audio"] == "a clip's channels beyond the fourth are left out"


@pytest.mark.parametrize("format", CARRIES)
def test_what_came_in_and_does_not_go_out_is_named(format, film, tmp_path):
    said = " ".join(export(film, format, tmp_path).lost)
    assert WIPE in said
    assert ("Blur" in said) == ("effects" in CARRIES[format].lost or len(BLUR) > 1)
    alone = replace(film, opaque={format: film.opaque.get(format, [])[:1]})
    said = " ".join(export(alone, format, tmp_path).lost)
    assert "Blur" not in said


def test_what_came_in_is_written_only_where_it_can_do_no_harm(film, tmp_path):
    bombs = [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><filter>&a;</filter>',
        "<filter>",
        "<script />",
        "",
        "{}",
    ]
    rows = [{"cut": 0, "what": "effect", "name": "bomb", "text": text} for text in bombs]
    bad = replace(film, opaque={"fcp7": rows, "mlt": rows, "otio": rows, "edl": "no rows at all"})
    for format in ("fcp7", "mlt", "otio"):
        written = export(bad, format, tmp_path)
        assert "bomb" in " ".join(written.lost)
        text = words(format, written.files[0])
        assert "ENTITY" not in text and "<script" not in text


@pytest.mark.parametrize("format", ["fcp7", "fcpxml", "mlt", "kdenlive"])
def test_what_we_added_to_fill_the_film_is_not_added_again_when_it_comes_back(
    format, clips, tmp_path
):
    tags = {"fcp7": "filter", "fcpxml": "adjust-conform", "mlt": "filter", "kdenlive": "filter"}
    timeline = edits.film(25, [(clips[3], 5, 30)])
    film = Sequence("film", replace(timeline, fit="fill"))
    (path,) = export(film, format, tmp_path).files
    (ours,) = ElementTree.parse(path).getroot().iter(tags[format])
    row = {
        "cut": 0,
        "what": "effect",
        "name": "ours",
        "text": ElementTree.tostring(ours, "unicode"),
    }
    again = export(replace(film, opaque={format: [row]}), format, tmp_path)
    assert again.lost == export(film, format, tmp_path).lost
    assert len(list(ElementTree.parse(again.files[0]).getroot().iter(tags[format]))) == 1


def test_a_loss_is_said_once_with_the_formats_that_have_it(film, tmp_path):
    film = replace(film, opaque={})
    said = lost_lines([export(film, format, tmp_path) for format in ("edl", "mlt", "aaf")])
    assert "CMX3600 EDL, AAF: alternatives are left out" in said
    assert len(said) == len(set(said))


def test_the_document_holds_the_table():
    page = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
    assert table() in page.read_text(encoding="utf-8")


def test_metadata_of_the_timeline_are_plain_json(film, tmp_path):
    (path,) = export(film, "otio", tmp_path).files
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["film_editor"]["frames"] == 50
