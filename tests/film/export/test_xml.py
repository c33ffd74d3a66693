"""FCP7 XML and FCPXML hold together: every id is used, every range is inside its media."""

import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from editor.film.export import fcp7, fcpxml, kdenlive, mlt
from editor.film.export.sequence import Sequence, lay
from editor.film.timeline import Alternative
from editor.timing import FrameSpan
from tests.film import edits
from tests.film.export.conftest import told
from tests.film.export.readings import seconds

XMLLINT = shutil.which("xmllint")


@pytest.fixture
def film(clips, song):
    _, drop, mute, _ = clips
    timeline = told(edits.many_cuts(clips, 25, 12), drop)
    unused = (Alternative(mute, FrameSpan(0, 30), "mute.mp4 #1", "not needed"),)
    return Sequence("toys-v001", timeline, Fraction(1), lay(song, Fraction(0), timeline), unused)


def root(writer, film, tmp_path, name="film.xml"):
    (path,) = writer.write(film, tmp_path / name)
    return ElementTree.parse(path).getroot()


@pytest.mark.skipif(XMLLINT is None, reason="xmllint is not installed (apt install libxml2-utils)")
@pytest.mark.parametrize("writer", [fcp7, fcpxml, mlt, kdenlive], ids=lambda w: w.__name__)
def test_xmllint_finds_well_formed_xml(writer, film, tmp_path):
    (path,) = writer.write(film, tmp_path / "film.xml")
    done = subprocess.run([XMLLINT, "--noout", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# --- Final Cut Pro 7 XML --------------------------------------------------------------------------


def test_every_file_is_described_once_and_every_link_leads_to_an_item(film, tmp_path):
    tree = root(fcp7, film, tmp_path)
    items = {item.get("id"): item for item in tree.iter("clipitem")}
    assert len(items) == len(list(tree.iter("clipitem")))
    described = [file.get("id") for file in tree.iter("file") if file.find("pathurl") is not None]
    assert len(described) == len(set(described))
    assert set(described) == {file.get("id") for file in tree.iter("file")}
    assert all(link.text in items for link in tree.iter("linkclipref"))
    masters = {clip.get("id") for clip in tree.iter("clip")}
    assert {name.text for name in tree.iter("masterclipid")} <= masters
    for url in tree.iter("pathurl"):
        assert url.text.startswith("file://localhost/") and " " not in url.text


def test_every_channel_is_an_item_linked_to_its_picture(clips, tmp_path):
    twice = clips[3]
    tree = root(fcp7, Sequence("film", edits.film(25, [(twice, 5, 30)])), tmp_path)
    audio = tree.findall("./project/children/sequence/media/audio/track/clipitem")
    assert [item.findtext("./sourcetrack/trackindex") for item in audio] == ["1", "2", "3"]
    assert [item.findtext("start") for item in audio] == ["0", "0", "0"]
    video = tree.find("./project/children/sequence/media/video/track/clipitem")
    for item in (video, *audio):
        links = {link.findtext("linkclipref") for link in item.findall("link")}
        assert links == {other.get("id") for other in (video, *audio)}
    counts = [count.text for count in video.findall("./file/media/audio/channelcount")]
    assert counts == ["1", "2"]


def test_ranges_lie_inside_the_file_and_timecode_counts_at_its_own_rate(film, clips, tmp_path):
    tree = root(fcp7, film, tmp_path)
    files = {file.get("id"): file for file in tree.iter("file") if len(file)}
    for item in tree.iter("clipitem"):
        if item.find("in") is None:
            continue
        length = int(files[item.find("file").get("id")].findtext("duration"))
        assert 0 <= int(item.findtext("in")) < int(item.findtext("out")) <= length
    found = {file.findtext("name"): file.find("timecode") for file in files.values()}
    assert found["drop.mov"].findtext("string") == "00:59:59;28"
    assert found["drop.mov"].findtext("displayformat") == "DF"
    assert found["drop.mov"].findtext("frame") == str(clips[1].timecode.frame)
    assert found["mute.mp4"] is None


def test_alternatives_are_on_a_disabled_track_and_in_a_bin_with_their_why(film, tmp_path):
    tree = root(fcp7, film, tmp_path)
    tracks = tree.findall("./project/children/sequence/media/video/track")
    assert [track.findtext("enabled") for track in tracks] == ["TRUE", "FALSE"]
    assert {item.findtext("enabled") for item in tracks[1].findall("clipitem")} == {"FALSE"}
    bins = {part.findtext("name"): part for part in tree.iter("bin")}
    whys = [why.text for why in bins["Alternatives"].iter("mastercomment1")]
    assert set(whys) == {"sharpness -0.2", "other take", "not needed"}
    reasons = [marker.findtext("name") for marker in tracks[0].iter("marker")]
    assert reasons == [cut.reason for cut in film.timeline.cuts]


def test_a_picture_of_another_size_is_scaled_into_the_film(clips, tmp_path):
    twice = clips[3]  # 96 x 160
    timeline = edits.film(25, [(twice, 5, 30)], size=(320, 180))
    tree = root(fcp7, Sequence("film", timeline), tmp_path)
    assert tree.findtext(".//filter/effect/parameter/value") == "112.5"
    filled = replace(timeline, fit="fill")
    tree = root(fcp7, Sequence("film", filled), tmp_path)
    assert tree.findtext(".//filter/effect/parameter/value") == "333.333"


# --- FCPXML ---------------------------------------------------------------------------------------

# Of what may stand in a clip, the order that the format's document type wants (version 1.9).
ORDER = ("note", "conform-rate", "adjust-conform", "asset-clip", "marker", "keyword")


def test_every_asset_has_a_format_and_every_id_is_used(film, tmp_path):
    tree = root(fcpxml, film, tmp_path)
    formats = {format.get("id") for format in tree.iter("format")}
    assets = {asset.get("id"): asset for asset in tree.iter("asset")}
    assert len(formats | set(assets)) == len(list(tree.find("resources")))
    assert {asset.get("format") for asset in assets.values()} <= formats
    used = {element.get("format") for element in tree.iter() if element.tag != "asset"}
    assert formats == (used - {None}) | {asset.get("format") for asset in assets.values()}
    assert {clip.get("ref") for clip in tree.iter("asset-clip")} == set(assets)


@pytest.mark.skipif(XMLLINT is None, reason="xmllint is not installed (apt install libxml2-utils)")
@pytest.mark.parametrize("fit", ["letterbox", "fill"])
def test_it_is_what_the_published_document_type_allows(fit, film, tmp_path):
    """Apple's whole type is in no package; what it says of our elements is in fcpxml.dtd."""
    kept = [
        '<adjust-volume amount="-3dB"/>', '<adjust-transform scale="1.25 1.25"/>',
        '<adjust-crop mode="trim"><trim-rect left="4"/></adjust-crop>',
        '<adjust-blend amount="0.5"/>',
    ]  # fmt: skip
    rows = [{"cut": 0, "what": "effect", "name": "x", "text": text} for text in kept]
    film = replace(film, opaque={"fcpxml": rows}, timeline=replace(film.timeline, fit=fit))
    (path,) = fcpxml.write(film, tmp_path / "film.fcpxml")
    assert all(text.split()[0] in path.read_text() for text in kept)
    command = [XMLLINT, "--noout", "--dtdvalid", Path(__file__).with_name("fcpxml.dtd"), path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_clips_lie_inside_their_assets_and_stand_in_the_formats_order(film, tmp_path):
    tree = root(fcpxml, film, tmp_path)
    assets = {asset.get("id"): asset for asset in tree.iter("asset")}
    for clip in tree.iter("asset-clip"):
        asset = assets[clip.get("ref")]
        begin, length = seconds(asset.get("start")), seconds(asset.get("duration"))
        start, duration = seconds(clip.get("start")), seconds(clip.get("duration"))
        frame = Fraction(1, 50)  # half a frame of the film, by which its grid may be longer
        assert begin <= start
        assert start + duration <= begin + length + frame
        places = [ORDER.index(part.tag) for part in clip]
        assert places == sorted(places)


def test_the_spine_has_no_gap_and_ends_with_the_sequence(film, tmp_path):
    tree = root(fcpxml, film, tmp_path)
    sequence = tree.find(".//project/sequence")
    at = seconds(sequence.get("tcStart"))
    for clip in sequence.find("spine"):
        assert seconds(clip.get("offset")) == at
        at += seconds(clip.get("duration"))
    assert at == seconds(sequence.get("tcStart")) + seconds(sequence.get("duration"))


def test_alternatives_hang_disabled_above_their_cut_and_music_below(film, tmp_path):
    tree = root(fcpxml, film, tmp_path)
    spine = tree.find(".//spine")
    above = [clip for clip in spine.iter("asset-clip") if clip.get("lane") == "1"]
    assert len(above) == len(film.timeline.cuts)
    assert {clip.get("enabled") for clip in above} == {"0"}
    below = [clip for clip in spine.iter("asset-clip") if clip.get("lane") == "-1"]
    assert sum(seconds(clip.get("duration")) for clip in below) == film.timeline.duration
    for parent in spine:
        for clip in parent.findall("asset-clip"):
            inside = seconds(clip.get("offset")) - seconds(parent.get("start"))
            assert 0 <= inside < seconds(parent.get("duration"))
    event = tree.find(".//event")
    keywords = [clip.findtext("note") for clip in event.findall("asset-clip")]
    assert set(keywords) == {"sharpness -0.2", "other take", "not needed"}


# --- MLT and Kdenlive -----------------------------------------------------------------------------


@pytest.mark.parametrize("writer", [mlt, kdenlive], ids=lambda w: w.__name__)
def test_every_entry_plays_a_producer_inside_its_length(writer, film, tmp_path):
    tree = root(writer, film, tmp_path)
    producers = {part.get("id"): part for part in tree.iter("producer")}
    known = {part.get("id") for part in tree}
    assert len(producers) == len(list(tree.iter("producer")))
    for entry in tree.iter("entry"):
        length = int(producers[entry.get("producer")].findtext("property[@name='length']"))
        assert 0 <= int(entry.get("in")) <= int(entry.get("out")) < length
    assert {track.get("producer") for track in tree.iter("track")} <= known
    played = {entry.get("producer") for entry in tree.iter("entry")}
    played |= {track.get("producer") for track in tree.iter("track")}
    assert set(producers) <= played
