"""What is heard apart from its picture is named by every reader: here each cut has its sound."""

import re
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from tests.film import edits
from tests.film.returned import films

CLIPS = [films.clip("one.mov", 25, 400, "01:00:00:00"), films.clip("two.mp4", 25, 300)]
SPANS = [(CLIPS[0], 10, 60), (CLIPS[1], 20, 50), (CLIPS[0], 100, 140)]
RATE = Fraction(25)
EARLY = 5  # frames by which the second clip is heard before it is seen, and the first no more


def exported(format, folder):
    film = edits.film(25, SPANS, size=(1920, 1080))
    return exporters.export(Sequence("film", film), format, folder).files[0]


def of_otio(path):
    timeline = otio.adapters.read_from_file(str(path))
    early = otio.opentime.RationalTime(EARLY, 25)
    for track in timeline.audio_tracks():
        first, second = track[0].source_range, track[1].source_range
        track[0].source_range = otio.opentime.TimeRange(first.start_time, first.duration - early)
        track[1].source_range = otio.opentime.TimeRange(
            second.start_time - early, second.duration + early
        )
    otio.adapters.write_to_file(timeline, str(path))


def of_fcp7(path):
    tree = ElementTree.parse(path)
    for track in tree.iterfind(".//sequence/media/audio/track"):
        first, second = track.findall("clipitem")[:2]
        for item, names in ((first, ("end", "out")), (second, ("start", "in"))):
            for name in names:
                item.find(name).text = str(int(item.findtext(name)) - EARLY)
    tree.write(path)


def of_fcpxml(path):
    tree = ElementTree.parse(path)
    first, second = list(tree.iter("asset-clip"))[:2]
    first.set("audioDuration", "45/25s")
    second.set("audioStart", "15/25s")
    tree.write(path)


def of_edl(path):
    whole = path.read_text()
    whole = whole.replace("B     C", "V     C")
    lines = re.findall(r"(?m)^00[123] .*$", whole)
    channels = {"V": "A", "AA/V": "AA"}
    heard = []
    for number, line in enumerate(lines):
        parts = line.split()
        parts[2] = channels.get(parts[2], "AA")
        shift = {0: ((5, 7), -EARLY), 1: ((4, 6), -EARLY)}.get(number, ((), 0))
        for place in shift[0]:
            label = parts[place]
            hours, minutes, seconds, frames = (int(part) for part in label.split(":"))
            count = (hours * 3600 + minutes * 60 + seconds) * 25 + frames + shift[1]
            seconds, frames = divmod(count, 25)
            parts[place] = (
                f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frames:02}"
            )
        name = ("one.mov", "two.mp4", "one.mov")[number]
        heard.append(f"{'  '.join(parts)}\n* FROM CLIP NAME: {name}\n")
        seen = line.split()
        whole = whole.replace(line, "  ".join([*seen[:2], "V", *seen[3:]]))
    path.write_text(whole.rstrip("\n") + "\n" + "".join(heard))


def _track(entries, files):
    rows = []
    for kind, *values in entries:
        if kind == "blank":
            rows.append(f'<blank length="{values[0]}"/>')
        else:
            rows.append(f'<entry producer="sound{kind}" in="{values[0]}" out="{values[1]}"/>')
    producers = "".join(
        f'<producer id="sound{kind}" in="0" out="399"><property name="resource">{name}</property>'
        '<property name="mlt_service">avformat</property>'
        '<property name="video_index">-1</property></producer>'
        for kind, name in files.items()
    )
    return producers + f'<playlist id="heard">{"".join(rows)}</playlist>'


def of_mlt(path):
    """Sound taken off its pictures, as Shotcut does it: a track of its own below."""
    whole = path.read_text()
    files = {"a": "/rushes/one.mov", "b": "/rushes/two.mp4"}
    row = _track([("a", 10, 54), ("b", 15, 49), ("a", 100, 139)], files)
    whole = whole.replace('<tractor id="tractor0"', f'{row}<tractor id="tractor0"')
    whole = whole.replace('<track producer="playlist0" />', (
        '<track producer="playlist0" hide="audio"/><track producer="heard" hide="video"/>'
    ))  # fmt: skip
    assert "heard" in whole
    path.write_text(whole)


def of_kdenlive(path):
    tree = ElementTree.parse(path)
    mark = "property[@name='kdenlive:audio_track']"
    tracks = [row for row in tree.iter("playlist") if row.find(mark) is not None]
    rows = [row for row in tracks if row.find("entry") is not None]
    for row in rows:
        first, second = row.findall("entry")[:2]
        first.set("out", str(int(first.get("out")) - EARLY))
        second.set("in", str(int(second.get("in")) - EARLY))
    assert rows
    tree.write(path)


SPLIT = {"edl": of_edl, "fcp7": of_fcp7, "fcpxml": of_fcpxml, "kdenlive": of_kdenlive,
         "mlt": of_mlt, "otio": of_otio}  # fmt: skip


@pytest.mark.parametrize("format", SPLIT)
def test_a_sound_that_begins_before_its_picture_is_named(format, tmp_path):
    path = exported(format, tmp_path)
    SPLIT[format](path)
    found = films.back(path, CLIPS, rate=RATE)
    assert [cut.length for cut in found.timeline.cuts] == [50, 30, 40]
    said = [note for note in found.notes if "its sound" in note]
    assert said == [
        "one.mov at 00:00:00:00: its sound ends 5 frames before its picture there, and with it"
        " here",
        "two.mp4 at 00:00:02:00: its sound begins 5 frames before its picture there, and with it"
        " here",
    ]


@pytest.mark.parametrize("format", SPLIT)
def test_where_sound_and_picture_are_together_nothing_is_said(format, tmp_path):
    found = films.back(exported(format, tmp_path), CLIPS, rate=RATE)
    assert not any("its sound" in note for note in found.notes)


def test_a_sound_that_goes_on_under_another_picture_is_named(tmp_path):
    path = exported("otio", tmp_path)
    timeline = otio.adapters.read_from_file(str(path))
    over = timeline.video_tracks()[0][1].clone()
    span = over.source_range
    short = otio.opentime.RationalTime(12, 25)
    over.source_range = otio.opentime.TimeRange(span.start_time, short)
    before = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 25),
                                     otio.opentime.RationalTime(20, 25))  # fmt: skip
    track = otio.schema.Track("V2", [otio.schema.Gap(source_range=before), over])
    timeline.tracks.insert(1, track)
    otio.adapters.write_to_file(timeline, str(path))
    found = films.back(path, CLIPS)
    assert [cut.length for cut in found.timeline.cuts] == [20, 12, 18, 30, 40]
    assert (
        "one.mov at 00:00:00:00: its sound goes on under 12 frames of other pictures there, and"
        " not here"
    ) in found.notes
