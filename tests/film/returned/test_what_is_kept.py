"""What the film's model does not hold is named, kept as it was written, and handed on."""

import json
from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned import readers
from editor.film.returned.readers import READERS, SUFFIXES
from tests.film import edits
from tests.film.returned import films

CLIPS = [films.clip("one.mov", 25, 400, "01:00:00:00"), films.clip("two.mp4", 25, 300)]
SPANS = [(CLIPS[0], 10, 60), (CLIPS[1], 20, 50), (CLIPS[0], 100, 140)]
ALL = [*CLIPS, films.clip("three.mov", 25, 200, "02:00:00:00")]
RATE = Fraction(25)


def exported(format, folder, opaque=None):
    film = edits.film(25, SPANS, size=(1920, 1080))
    return exporters.export(Sequence("film", film, opaque=opaque or {}), format, folder).files[0]


def altered(path, right, wrong, count=1):
    """The file with its first `right` made `wrong`."""
    whole = path.read_text()
    assert right in whole
    path.write_text(whole.replace(right, wrong, count))
    return path


def back(path):
    return films.back(path, CLIPS, rate=RATE)


@pytest.mark.parametrize("format", sorted(READERS.keys() - {"otioz"}))
@pytest.mark.parametrize(
    ("first", "stop", "left", "why"),
    [(500, 560, 2, "60 frames"), (380, 430, 3, "30 frames"), (399, 401, 3, "1 frame")],
)
def test_what_lies_beyond_the_media_is_named_with_its_points_and_their_length(
    format, first, stop, left, why, tmp_path
):
    longer = [replace(clip, frames=4000) for clip in CLIPS]
    spans = [(longer[0], 10, 60), (longer[0], first, stop), (longer[1], 20, 50)]
    film = edits.film(25, spans, size=(1920, 1080))
    path = exporters.export(Sequence("film", film), format, tmp_path).files[0]
    found = back(path)
    assert len(found.timeline.cuts) == left
    assert found.notes == (
        f"one.mov at 00:00:02:00: it shows frames {first} to {stop} of a clip of 400 frames: a gap"
        f" of {why}, which is closed",
    )


@pytest.mark.parametrize("format", sorted(READERS.keys() - {"otioz"}))
def test_a_cut_that_ends_with_its_media_may_begin_earlier_than_it_did(format, tmp_path):
    before = edits.film(25, [*SPANS, (CLIPS[1], 260, 300)], size=(1920, 1080))
    after = edits.film(25, [*SPANS, (CLIPS[1], 239, 300)], size=(1920, 1080))
    path = exporters.export(Sequence("film", after), format, tmp_path).files[0]
    found = films.back(path, CLIPS, before, rate=RATE)
    assert films.cuts(found.timeline) == films.cuts(after)
    assert found.notes == ()


def test_points_of_fcp7_before_the_media_begin_are_named_too(tmp_path):
    path = altered(exported("fcp7", tmp_path), "<in>10</in>", "<in>-40</in>")
    said = back(path).notes
    assert "shows frames -40 to 10 of a clip of 400 frames: a gap of 40 frames" in said[1]


def slipped(track, clip):
    clip.source_range = otio.opentime.TimeRange(
        clip.source_range.start_time + otio.opentime.RationalTime(10, 25),
        clip.source_range.duration,
    )


def taken_out(track, clip):
    track[track.index(clip)] = otio.schema.Gap(duration=clip.source_range.duration)


def switched_off(track, clip):
    clip.enabled = False


def test_a_film_without_its_sound_is_named(tmp_path):
    path = exported("otio", tmp_path)
    film = otio.adapters.read_from_file(str(path))
    film.tracks[:] = film.video_tracks()
    otio.adapters.write_to_file(film, str(path))
    assert back(path).notes == ("no cut has sound there, and each has its own here",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (slipped, "one.mov at 00:00:00:00: its sound is 10 frames early there, and in sync here"),
        (taken_out, "one.mov at 00:00:00:00: its own sound is not there, and is here"),
        (switched_off, "one.mov at 00:00:00:00: its own sound is not there, and is here"),
    ],
)
def test_a_cut_whose_sound_was_changed_alone_is_named(change, said, tmp_path):
    path = exported("otio", tmp_path)
    film = otio.adapters.read_from_file(str(path))
    for track in film.audio_tracks():
        if track.enabled:
            change(track, next(iter(track)))
    otio.adapters.write_to_file(film, str(path))
    found = back(path)
    assert found.notes == (said,)
    assert films.cuts(found.timeline) == films.cuts(edits.film(25, SPANS))


FCP7_BLUR = (
    "<filter><effect><name>Gaussian Blur</name><effectid>Gaussian Blur</effectid>"
    "<effecttype>filter</effecttype></effect></filter>"
)
MLT_BLUR = (
    '<filter><property name="shotcut:filter">blur</property>'
    '<property name="mlt_service">boxblur</property></filter>'
)


def with_effect(format, folder):
    """An exported film with a blur on its first cut, as a program of that format saves it."""
    path = exported(format, folder)
    if format == "fcp7":
        return altered(path, "</clipitem>", f"{FCP7_BLUR}</clipitem>")
    if format == "mlt":
        whole = path.read_text()
        at = whole.index("</producer>", whole.index('id="clip0_0"'))
        path.write_text(whole[:at] + MLT_BLUR + whole[at:])
        return path
    if format == "kdenlive":
        whole = path.read_text()
        row = whole.index('id="playlist2"')
        at = whole.index("</entry>", row)
        path.write_text(whole[:at] + MLT_BLUR + whole[at:])
        return path
    whole = path.read_text()
    at = whole.index('"effects": []', whole.index('"OTIO_SCHEMA": "Clip.'))
    effect = {"OTIO_SCHEMA": "Effect.1", "metadata": {}, "name": "soft", "effect_name": "blur"}
    path.write_text(f'{whole[:at]}"effects": [{json.dumps(effect)}]{whole[at + 13 :]}')
    return path


@pytest.mark.parametrize("format", ["fcp7", "mlt", "kdenlive", "otio"])
def test_an_effect_is_kept_and_written_again_on_its_cut(format, tmp_path):
    found = back(with_effect(format, tmp_path))
    (row,) = found.opaque
    assert (row["cut"], row["what"]) == (0, "effect")
    assert any("cut 1 (one.mov): the effect" in note for note in found.notes)
    folder = tmp_path / "again"
    folder.mkdir()
    again = back(exported(format, folder, {format: list(found.opaque)}))
    assert [(r["cut"], r["name"]) for r in again.opaque] == [(0, row["name"])]
    assert films.cuts(again.timeline) == films.cuts(found.timeline)


@pytest.mark.parametrize("format", ["edl", "fcpxml", "otio", "mlt"])
def test_what_we_wrote_ourselves_is_no_effect(format, tmp_path):
    found = back(exported(format, tmp_path))
    assert found.opaque == () and found.notes == ()


def test_a_disabled_clip_or_track_is_no_part_of_the_film(tmp_path):
    path = altered(
        exported("fcp7", tmp_path), "<enabled>TRUE</enabled>", "<enabled>FALSE</enabled>"
    )
    found = back(path)
    assert films.cuts(found.timeline)[0][:3] == ("two.mp4", 20, 50)
    assert any("switched off" in note for note in found.notes)
    path = altered(exported("fcpxml", tmp_path), "<asset-clip ", '<asset-clip enabled="0" ')
    assert len(back(path).timeline.cuts) == 2


def test_a_speed_is_named_and_the_place_kept(tmp_path):
    remap = (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid><parameter>"
        "<parameterid>speed</parameterid><value>50</value></parameter></effect></filter>"
    )
    path = altered(exported("fcp7", tmp_path), "</clipitem>", f"{remap}</clipitem>")
    found = back(path)
    assert found.speeds == {0: Fraction(1, 2)}
    assert [cut.length for cut in found.timeline.cuts] == [50, 30, 40]
    assert any("plays at 50 % there" in note for note in found.notes)
    listed = altered(
        exported("edl", tmp_path), "* FROM CLIP", "M2   ONE       050.0   01:00:00:10\n* FROM CLIP"
    )
    assert back(listed).speeds == {0: Fraction(2)}


def warped(folder, effect, sound=None):
    """The film in OpenTimelineIO with a time effect on its second cut."""
    path = exported("otio", folder)
    timeline = otio.adapters.read_from_file(str(path))
    timeline.tracks[0][1].effects.append(effect)
    if sound is not None:
        timeline.tracks[1][1].effects.append(sound)
    otio.adapters.write_to_file(timeline, str(path))
    return path, timeline


@pytest.mark.parametrize(
    ("effect", "percent"),
    [
        (otio.schema.LinearTimeWarp(name="fast", time_scalar=2.0), "200 %"),
        (otio.schema.LinearTimeWarp(time_scalar=-0.5), "-50 %"),
        (otio.schema.FreezeFrame(name="held"), "0 %"),
    ],
)
@pytest.mark.parametrize("with_sound", [False, True])
def test_a_speed_of_opentimelineio_is_handed_on_unchanged_and_named_once(
    effect, percent, with_sound, tmp_path
):
    path, timeline = warped(tmp_path, effect.clone(), effect.clone() if with_sound else None)
    found = back(path)
    said = [note for note in found.notes if "cut 2" in note]
    assert said == [
        f"cut 2 (two.mp4) plays at {percent} there; here at 100 %, for the same time; its speed is"
        " kept for the same format"
    ]
    film = Sequence("film", found.timeline, opaque={"otio": found.opaque})
    written = exporters.export(film, "otio", tmp_path)
    assert not [lost for lost in written.lost if "came in" in lost]
    again = otio.adapters.read_from_file(str(written.files[0]))
    for track in (0, 1):
        before, after = timeline.tracks[track][1], again.tracks[track][1]
        assert after.source_range == before.source_range
        assert [one.to_json_string() for one in after.effects] == [
            one.to_json_string() for one in before.effects
        ]
    (lost,) = (words for words in exporters.losses(film, "mlt") if "came in" in words)
    more = f", the speed of its sound, {percent}, at cut 2" if with_sound else ""
    assert lost == (
        f"left out, as it came in and is not held here: the speed, {percent}, at cut 2{more}"
    )


@pytest.mark.parametrize("gone", [0, 1, 2])
@pytest.mark.parametrize("relative", [False, True], ids=["whole", "named otherwise"])
def test_a_sound_whose_picture_was_deleted_is_named_by_its_cut_and_is_no_music(
    gone, relative, tmp_path
):
    spans = [(clip, first, stop) for clip, (_, first, stop) in zip(ALL, SPANS, strict=True)]
    film = edits.film(25, spans, size=(1920, 1080))
    path = exporters.export(Sequence("film", film), "otio", tmp_path).files[0]
    timeline = otio.adapters.read_from_file(str(path))
    picture, sound = timeline.tracks[0], timeline.tracks[1]
    length = picture[gone].source_range.duration
    picture[gone] = otio.schema.Gap(duration=length)
    if relative:
        for clip in sound:
            clip.media_reference.target_url = "file:///elsewhere/" + clip.name
    otio.adapters.write_to_file(timeline, str(path))
    found = films.back(path, ALL, film)
    assert found.timeline.music is None and len(found.timeline.cuts) == 2
    at = f"00:00:0{film.cuts[gone].start // 25}:{film.cuts[gone].start % 25:02}"
    (said,) = (note for note in found.notes if note.startswith("the sound"))
    assert said == (
        f"the sound {ALL[gone].name} at {at} is that of cut {gone + 1} of the version that it came"
        " from, left without its picture: it is no music, and is left out"
    )
    assert not any("own sound is not there" in note for note in found.notes)


def test_titles_generators_and_nested_sequences_are_named_gaps(tmp_path):
    title = (
        "<generatoritem><name>Lower third</name><start>0</start><end>50</end>"
        "<effect><name>Text</name><effectcategory>Text</effectcategory></effect></generatoritem>"
    )
    whole = exported("fcp7", tmp_path).read_text()
    first, last = whole.index("<clipitem"), whole.index("</clipitem>") + len("</clipitem>")
    (tmp_path / "title.xml").write_text(whole[:first] + title + whole[last:])
    found = back(tmp_path / "title.xml")
    assert len(found.timeline.cuts) == 2
    assert found.opaque[0] | {"text": ""} == {
        "cut": None, "what": "title", "name": "Lower third", "text": ""
    }  # fmt: skip
    assert any("title 'Lower third' at 00:00:00:00" in note for note in found.notes)


DISSOLVE = """TITLE: dissolve
FCM: NON-DROP FRAME
001  ONE      V     C        01:00:00:10 01:00:02:10 01:00:00:00 01:00:02:00
* FROM CLIP NAME: one.mov
002  ONE      V     C        01:00:02:10 01:00:02:10 01:00:02:00 01:00:02:00
002  TWO      V     D    010 00:00:00:20 00:00:02:20 01:00:02:00 01:00:04:00
* FROM CLIP NAME: one.mov
* TO CLIP NAME: two.mp4
003  BL       V     C        00:00:00:00 00:00:01:00 01:00:04:00 01:00:05:00
004  TWO      V     C        00:00:05:00 00:00:06:00 01:00:05:00 01:00:06:00
* FROM CLIP NAME: two.mp4
"""


def test_a_dissolve_in_a_list_is_a_cut_in_its_middle_and_black_a_gap(tmp_path):
    path = tmp_path / "film.edl"
    path.write_text(DISSOLVE)
    found = back(path)
    assert films.cuts(found.timeline) == [
        ("one.mov", 10, 65, 0, 55), ("two.mp4", 25, 70, 55, 45), ("two.mp4", 125, 150, 100, 25),
    ]  # fmt: skip
    assert any("dissolve of 10 frames is a cut here" in note for note in found.notes)
    assert any("1 gap closed, 25 frames" in note for note in found.notes)


def test_a_transition_in_fcp7_is_a_cut_where_it_is_aligned(tmp_path):
    path = exported("fcp7", tmp_path)
    whole = path.read_text()
    transition = (
        "<transitionitem><start>45</start><end>55</end><alignment>center</alignment>"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )
    at = whole.index("</clipitem>") + len("</clipitem>")
    head, tail = whole[:at], whole[at:]
    head = head.replace("<end>50</end>", "<end>-1</end>").replace("<out>60</out>", "<out>65</out>")
    tail = tail.replace("<start>50</start>", "<start>-1</start>", 1)
    tail = tail.replace("<in>20</in>", "<in>15</in>", 1)
    path.write_text(head + transition + tail)
    found = back(path)
    assert films.cuts(found.timeline) == [
        ("one.mov", 10, 60, 0, 50), ("two.mp4", 20, 50, 50, 30), ("one.mov", 100, 140, 80, 40),
    ]  # fmt: skip
    assert any("'Cross Dissolve' is a cut here" in note for note in found.notes)


STORY = """<fcpxml version="1.10"><resources>
<format id="r1" frameDuration="100/2500s" width="1920" height="1080"/>
<asset id="a1" name="one" start="3600s" duration="16s" hasVideo="1" hasAudio="1" format="r1">
<media-rep kind="original-media" src="file:///rushes/one.mov"/></asset>
<asset id="a2" name="two" start="0s" duration="12s" hasVideo="1" format="r1">
<media-rep kind="original-media" src="file:///rushes/two.mp4"/></asset>
<effect id="e1" name="Basic Title" uid="x"/></resources>
<library><event><project name="story"><sequence format="r1" tcStart="3600s" tcFormat="NDF"><spine>
<asset-clip ref="a1" offset="3600s" start="18010/5s" duration="2s" name="one">
  <asset-clip ref="a2" lane="1" offset="18013/5s" start="1s" duration="1s" name="two"/>
  <title ref="e1" lane="2" offset="18010/5s" duration="1s" name="Hello"/>
</asset-clip>
<gap offset="3602s" start="3600s" duration="1s">
  <spine lane="1" offset="3600s"><clip name="inner" duration="1s" start="1s">
    <video ref="a2" offset="0s" start="2s" duration="9s"/></clip></spine>
</gap>
<transition name="Cross Dissolve" offset="3602.9s" duration="1/5s"/>
<audition offset="3603s"><asset-clip ref="a2" start="5s" duration="1s" name="picked"/>
  <asset-clip ref="a1" duration="1s" name="other"/></audition>
<ref-clip ref="m1" name="Compound" offset="3604s" duration="1s"/>
<asset-clip ref="a1" offset="3605s" start="3608s" duration="1s" name="one"/>
</spine></sequence></project></event></library></fcpxml>
"""


def test_the_storylines_of_fcpxml_are_laid_as_final_cut_shows_them(tmp_path):
    path = tmp_path / "story.fcpxml"
    path.write_text(STORY)
    found = back(path)
    assert films.cuts(found.timeline) == [
        ("one.mov", 50, 65, 0, 15),  # up to the connected clip
        ("two.mp4", 25, 50, 15, 25),  # above it, for its second
        ("one.mov", 90, 100, 40, 10),
        ("two.mp4", 75, 100, 50, 25),  # the connected storyline over the gap
        ("two.mp4", 125, 150, 75, 25),  # what was picked of an audition
        ("one.mov", 200, 225, 100, 25),
    ]
    named = " ".join(found.notes)
    for what in ("title 'Hello'", "nested sequence 'Compound'", "'Cross Dissolve' is a cut"):
        assert what in named
    assert {row["what"] for row in found.opaque} == {"title", "nested sequence"}


def test_what_is_connected_before_the_film_begins_is_left_out_by_name(tmp_path):
    path = tmp_path / "story.fcpxml"
    right = '<asset-clip ref="a2" lane="1" offset="18013/5s"'
    assert right in STORY
    path.write_text(STORY.replace(right, '<asset-clip ref="a2" lane="1" offset="90049/25s"'))
    found = back(path)
    assert "'two' is connected 1 frame before the film begins, and is left out" in found.notes
    assert films.cuts(found.timeline)[0] == ("one.mov", 50, 100, 0, 50)
    assert len(found.timeline.cuts) == 4


def test_an_id_that_is_defined_nowhere_is_named_with_the_clip_that_uses_it(tmp_path):
    path = tmp_path / "story.fcpxml"
    last = '<asset-clip ref="a1" offset="3605s" start="3608s" duration="1s" name="one"/>'
    path.write_text(STORY.replace(last, last.replace('"a1"', '"r99"').replace("one", "gone.mov")))
    found = back(path)
    assert any(
        note.startswith("gone.mov at 00:00:05:00:") and "25 frames" in note for note in found.notes
    )
    (why,) = {item.media.said for item in readers.read(path).items if item.media.said and item.held}
    assert why == "the id 'r99' that it uses is defined nowhere in the file"
    path.write_text(STORY.replace(last, last.replace('"a1"', '"r99"').replace("one", "two.mp4")))
    assert films.cuts(back(path).timeline)[-1][0] == "two.mp4"  # its name is found
    assert any("'m1' is defined nowhere" in note for note in found.notes)


def test_every_suffix_has_a_reader_and_every_reader_a_suffix():
    assert set(SUFFIXES.values()) == set(READERS)
