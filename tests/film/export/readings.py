"""Read exchange files back without our own importers: by OpenTimelineIO's adapters where they are
installed, else by the file's plain words. A cut is (file name, first frame of the clip, film frame,
frames of the film)."""

import csv
import zipfile
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from editor.film.export.sequence import counted, first_time
from editor.timing import to_frames


def adapter(name):
    """Skip the test where OpenTimelineIO lacks the adapter."""
    if name not in otio.adapters.available_adapter_names():
        pytest.skip(f"the OpenTimelineIO adapter {name} is not installed (pip install '.[test]')")


def exact(time, rate):
    """A RationalTime as the whole frame that it must be; OpenTimelineIO counts in doubles."""
    value = time.value * float(rate) / time.rate
    assert abs(value - round(value)) < 1e-3
    return round(value)


def by_otio(timeline, sequence):
    """Cuts of the first picture track."""
    track = next(t for t in timeline.tracks if t.kind == "Video" and t.enabled)
    files = {cut.clip.name: cut.clip for cut in sequence.timeline.cuts}
    found = []
    for item in track:
        if not isinstance(item, otio.schema.Clip):
            continue
        place, clip = item.range_in_parent(), files[item.name]
        # Where a cut lasts half a frame longer than its media go on, it begins between two frames.
        start = item.source_range.start_time.rescaled_to(float(clip.rate)).value
        start = round(start - float(first_time(clip)))
        begin = exact(place.start_time, sequence.rate)
        found.append((item.name, start, begin, exact(place.duration, sequence.rate)))
    return found


def of_otio(path, sequence):
    return by_otio(otio.adapters.read_from_file(str(path)), sequence)


def of_fcp7(path, sequence):
    adapter("fcp_xml")
    return by_otio(otio.adapters.read_from_file(str(path)), sequence)


def of_edl(path, sequence):
    adapter("cmx_3600")
    return at_one_rate(
        otio.adapters.read_from_file(str(path), rate=float(sequence.rate)).tracks[0], sequence
    )


def of_aaf(path, sequence):
    adapter("AAF")
    return at_one_rate(otio.adapters.read_from_file(str(path)).video_tracks()[0], sequence)


def at_one_rate(track, sequence):
    """Cuts of a track that counts all at the film's rate."""
    files = {cut.clip.name: cut.clip for cut in sequence.timeline.cuts}
    found = []
    for item in track:
        clip, place = files[item.name], item.range_in_parent()
        first = exact(item.source_range.start_time, sequence.rate)
        first -= counted(clip, sequence.rate).frame
        first = to_frames(first / sequence.rate, clip.rate)
        begin = exact(place.start_time, sequence.rate)
        found.append((item.name, first, begin, exact(place.duration, sequence.rate)))
    return found


def of_fcpxml(path, sequence):
    """By the file's own fractions: the adapter is tried elsewhere, it goes by doubles."""
    root = ElementTree.parse(path).getroot()
    assets = {asset.get("id"): asset for asset in root.iter("asset")}
    film = root.find(".//project/sequence")
    rates = {cut.clip.name: cut.clip.rate for cut in sequence.timeline.cuts}
    found = []
    for clip in film.find("spine"):
        asset = assets[clip.get("ref")]
        name = asset.get("name")
        start = (seconds(clip.get("start")) - seconds(asset.get("start"))) * rates[name]
        begin = (seconds(clip.get("offset")) - seconds(film.get("tcStart"))) * sequence.rate
        length = seconds(clip.get("duration")) * sequence.rate
        assert all(value.denominator == 1 for value in (start, begin, length))
        found.append((name, int(start), int(begin), int(length)))
    return found


def seconds(text):
    return Fraction(text.removesuffix("s"))


def of_mlt(path, sequence):
    return _playlist(path, "playlist0", sequence)


def of_kdenlive(path, sequence):
    """The lowest track of picture: the playlist of the first tractor that is no sound."""
    root = ElementTree.parse(path).getroot()
    for tractor in root.iter("tractor"):
        first = tractor.find("track")
        if tractor.find("property[@name='kdenlive:audio_track']") is None:
            return _playlist(path, first.get("producer"), sequence)
    raise AssertionError("no track of picture")


def _playlist(path, name, sequence):
    root = ElementTree.parse(path).getroot()
    files = {
        element.get("id"): element.findtext("property[@name='resource']")
        for element in root.iter("producer")
    }
    rates = {cut.clip.name: cut.clip.rate for cut in sequence.timeline.cuts}
    found, at = [], 0
    for entry in root.find(f"playlist[@id='{name}']"):
        if entry.tag == "blank":
            at += int(entry.get("length"))
        elif entry.tag == "entry":
            file = Path(files[entry.get("producer")]).name
            length = int(entry.get("out")) - int(entry.get("in")) + 1
            first = to_frames(int(entry.get("in")) / sequence.rate, rates[file])
            found.append((file, first, at, length))
            at += length
    return found


def of_csv(path, sequence):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["track"] == "V1"]
    return [
        (
            Path(row["path"]).name,
            int(row["clip_in_frame"]),
            int(row["film_in_frame"]),
            int(row["film_out_frame"]) - int(row["film_in_frame"]),
        )
        for row in rows
    ]


READINGS = {
    "otio": of_otio,
    "otioz": of_otio,
    "edl": of_edl,
    "fcp7": of_fcp7,
    "fcpxml": of_fcpxml,
    "mlt": of_mlt,
    "kdenlive": of_kdenlive,
    "csv": of_csv,
    "aaf": of_aaf,
}


def wanted(sequence):
    """What every reading should find."""
    return [
        (cut.clip.name, cut.source.first, cut.start, cut.length) for cut in sequence.timeline.cuts
    ]


def linked(format, path):
    """The media that the file names, as paths; a bundle's as members."""
    if format == "otioz":
        with zipfile.ZipFile(path) as bundle:
            return {name for name in bundle.namelist() if name.startswith("media/")}
    if format == "aaf":
        timeline = otio.adapters.read_from_file(str(path))
        urls = [clip.media_reference.target_url for clip in timeline.find_clips()]
        return {unquote(urlparse(url).path) for url in urls}
    if format == "csv":
        with open(path, encoding="utf-8-sig", newline="") as file:
            return {row["path"] for row in csv.DictReader(file)}
    text = path.read_text(encoding="utf-8")
    if format == "edl":
        urls = [line.split(": ", 1)[1] for line in text.splitlines() if "SOURCE FILE: " in line]
    elif format == "otio":
        timeline = otio.adapters.read_from_string(text, "otio_json")
        urls = [clip.media_reference.target_url for clip in timeline.find_clips()]
    else:
        root = ElementTree.fromstring(text.encode())
        if format in ("mlt", "kdenlive"):
            names = [p.text for p in root.iter("property") if p.get("name") == "resource"]
            return {name for name in names if name not in ("0", "black")}
        urls = [element.text for element in root.iter("pathurl")]
        urls += [element.get("src") for element in root.iter("media-rep")]
    return {unquote(urlparse(url).path) for url in urls}
