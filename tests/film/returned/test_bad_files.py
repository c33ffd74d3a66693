"""A file that is wrong, cut off or hostile is named in one sentence, at once, and harms nothing."""

import json
import os
import re
import stat
import zipfile
from fractions import Fraction

import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned import bundle, readers, safe
from editor.film.returned.items import ReturnedError
from editor.film.returned.readers import SUFFIXES
from tests.film import edits
from tests.film.returned import films

CLIPS = [films.clip("one.mov", 25, 400, "01:00:00:00"), films.clip("two.mp4", 25, 300)]
TEXTS = (".otio", ".edl", ".xml", ".fcpxml", ".mlt", ".kdenlive")
XML = (".xml", ".fcpxml", ".mlt", ".kdenlive")
RATE = Fraction(25)


def good(suffix, folder):
    film = edits.film(25, films.spread(CLIPS), size=(1920, 1080))
    return exporters.export(Sequence("film", film), SUFFIXES[suffix], folder).files[0]


def refused(path, match):
    with pytest.raises(ReturnedError, match=match) as told:
        readers.read(path, RATE)
    said = str(told.value)
    assert path.name in said and "\n" not in said
    return said


@pytest.mark.parametrize("suffix", TEXTS)
def test_every_good_file_reads(suffix, tmp_path):
    assert readers.read(good(suffix, tmp_path), RATE).items


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("other", TEXTS)
def test_what_is_not_what_its_suffix_says_is_named(suffix, other, tmp_path):
    path = good(suffix, tmp_path)
    wrong = path.rename(tmp_path / f"wrong{other}")
    if suffix != other:
        refused(wrong, "is no ")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"\0" * 4096, b"\xff\xd8\xff\xe0 a picture", b"Scene 4, take 2: good.\n"],
    ids=["empty", "blank", "zeros", "picture", "words"],
)
def test_what_is_no_timeline_at_all_is_named(suffix, data, tmp_path):
    path = tmp_path / f"film{suffix}"
    path.write_bytes(data)
    refused(path, "is no|empty")


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_named_or_read_as_far_as_it_goes(suffix, share, tmp_path):
    path = good(suffix, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    if suffix == ".edl":  # a list has no end: its whole events are there
        if share > 0.1:
            assert readers.read(path, RATE).items
    else:
        refused(path, "is no")


@pytest.mark.parametrize("name", ["film.mov", "film", "film.prproj"])
def test_an_unknown_suffix_is_answered_with_the_known_ones(name, tmp_path):
    (tmp_path / name).write_text("x")
    said = refused(tmp_path / name, "cannot be imported")
    assert ".fcpxml" in said and "nothing" not in said


def test_a_folder_is_called_one_and_the_files_in_it_that_could_be_meant_are_named(tmp_path):
    folder = tmp_path / "toys-v003"
    folder.mkdir()
    assert "no file that can be imported" in refused(folder, "is a folder")
    for name in ("timeline.otio", "toys.MLT", "film.mp4", ".hidden.otio", "report.json"):
        (folder / name).write_text("x")
    (folder / "deep.edl").mkdir()
    said = refused(folder, "is a folder")
    assert said.endswith(f"Name a file in it: {folder / 'timeline.otio'} or {folder / 'toys.MLT'}.")
    refused(folder / "deep.edl", "is a folder")
    for number in range(9):
        (folder / f"cut {number}.edl").write_text("x")
    assert refused(folder, "is a folder").endswith(" and 8 more.")


def test_a_file_that_is_not_there_is_called_so_whatever_it_ends_in(tmp_path):
    refused(tmp_path / "toys-v003", "No such file")
    refused(tmp_path / "film.mov", "No such file")


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "film.edl")
    refused(tmp_path / "film.edl", "no file")
    (tmp_path / "film.mlt").mkdir()
    refused(tmp_path / "film.mlt", "is a folder")
    refused(tmp_path / "gone.otio", "No such file")


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_file_beyond_all_sizes_is_not_read(suffix, tmp_path, monkeypatch):
    path = good(suffix, tmp_path)
    monkeypatch.setattr(safe, "MOST_BYTES", 1000)
    refused(path, "larger than")


# --- XML ------------------------------------------------------------------------------------------

LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE {root} [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<{root} version="1.9">&d;</{root}>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE {root} [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<{root} version="1.9">&file;</{root}>"""
ROOTS = {".xml": "xmeml", ".fcpxml": "fcpxml", ".mlt": "mlt", ".kdenlive": "mlt"}


@pytest.mark.parametrize("suffix", XML)
@pytest.mark.parametrize("bomb", [LAUGHS, OUTSIDE], ids=["billion laughs", "another file"])
def test_a_document_that_declares_entities_is_refused(suffix, bomb, tmp_path):
    path = tmp_path / f"film{suffix}"
    path.write_text(bomb.format(root=ROOTS[suffix]))
    refused(path, "declares")


@pytest.mark.parametrize("suffix", XML)
def test_elements_without_end_inside_one_another_are_refused(suffix, tmp_path):
    path = tmp_path / f"film{suffix}"
    path.write_text(f"<{ROOTS[suffix]}>" + "<a>" * 100_000)
    refused(path, "deep inside one another")


@pytest.mark.parametrize("suffix", XML)
def test_elements_without_number_are_refused(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr(safe, "MOST_ELEMENTS", 20)
    refused(good(suffix, tmp_path), "more than 20 elements")


def test_a_document_type_that_declares_nothing_is_read(tmp_path):
    path = good(".fcpxml", tmp_path)
    assert "<!DOCTYPE fcpxml>" in path.read_text()
    assert readers.read(path).items


def test_an_unknown_version_is_named(tmp_path):
    path = good(".fcpxml", tmp_path)
    whole = path.read_text()
    path.write_text(whole.replace('version="1.9"', 'version="3.0"'))
    assert "1.13" in refused(path, "version is 3.0")
    path.write_text(whole.replace('version="1.9"', 'version="1.20"'))
    assert any("1.20" in note for note in readers.read(path).notes)


def test_a_project_that_plays_itself_is_refused(tmp_path):
    path = tmp_path / "film.mlt"
    path.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/>'
        '<tractor id="a"><track producer="b"/></tractor>'
        '<playlist id="b"><entry producer="a" in="0" out="9"/></playlist>'
        '<tractor id="c"><track producer="d"/></tractor>'
        '<playlist id="d"><entry producer="c" in="0" out="9"/></playlist>'
        '<tractor id="e"><track producer="e"/></tractor></mlt>'
    )
    refused(path, "plays itself")


def test_sequences_inside_one_another_for_ever_are_not_followed(tmp_path):
    path = tmp_path / "film.fcpxml"
    path.write_text(
        '<fcpxml version="1.9"><resources><format id="r1" frameDuration="1/25s"/>'
        '<media id="m"><sequence format="r1"><spine><ref-clip ref="m" duration="1s"/></spine>'
        '</sequence></media></resources><project><sequence format="r1"><spine>'
        '<ref-clip name="loop" ref="m" duration="1s"/></spine></sequence></project></fcpxml>'
    )
    assert [item.what for item in readers.read(path).items] == ["nested sequence"]


# --- times ----------------------------------------------------------------------------------------

LENGTHS = {
    ".edl": ("01:00:00:00 01:00:00:07 01:00:00:00 01:00:00:07", [
        "01:00:00:00 01:00:00:07 01:00:00:00 01:00:00:00",
        "01:00:00:00 01:00:00:07 01:00:00:07 01:00:00:00",
    ]),
    ".xml": ("<end>7</end>", ["<end>0</end>", "<end>-7</end>", "<end>1e9</end>"]),
    ".fcpxml": ('duration="7/25s" format', [
        'duration="0s" format', 'duration="-7/25s" format', 'duration="7/0s" format',
    ]),
    ".mlt": ('in="0" out="6"', ['in="0" out="-1"', 'in="6" out="0"', 'in="0" out="x"']),
    ".kdenlive": ('in="0" out="6"', ['in="0" out="-1"', 'in="6" out="0"', 'in="0" out="x"']),
    ".otio": ('"value": 7.0', ['"value": 0.0', '"value": -7.0', '"value": NaN', '"value": Inf']),
}  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "wrong"), [(suffix, wrong) for suffix in LENGTHS for wrong in LENGTHS[suffix][1]]
)
def test_a_clip_of_no_or_negative_length_is_named(suffix, wrong, tmp_path):
    path = good(suffix, tmp_path)
    right = LENGTHS[suffix][0]
    whole = path.read_text()
    assert right in whole
    path.write_text(whole.replace(right, wrong, 1))
    refused(path, "length|no time|not a number|is nan|is inf|is no|outside")


@pytest.mark.parametrize(("first", "stop"), [(9, 7), (9, 9), (9, 0), (0, 0)])
def test_points_of_fcp7_that_leave_nothing_between_them_are_named(first, stop, tmp_path):
    path = good(".xml", tmp_path)
    path.write_text(
        path.read_text()
        .replace("<in>0</in>", f"<in>{first}</in>")
        .replace("<out>7</out>", f"<out>{stop}</out>")
    )
    said = refused(path, "length")
    assert "'one.mov'" in said and f"in {first}, out {stop}" in said


@pytest.mark.parametrize(
    ("suffix", "right", "wrong"),
    [
        (".mlt", 'frame_rate_num="25"', 'frame_rate_num="0"'),
        (".kdenlive", 'frame_rate_den="1"', 'frame_rate_den="0"'),
        (".xml", "<timebase>25</timebase>", "<timebase>0</timebase>"),
        (".fcpxml", 'frameDuration="1/25s"', 'frameDuration="0s"'),
        (".otio", '"rate": 25.0', '"rate": 0.0'),
    ],
)
def test_a_rate_that_cannot_be_is_named(suffix, right, wrong, tmp_path):
    path = good(suffix, tmp_path)
    path.write_text(path.read_text().replace(right, wrong).replace('"rate": "25"', '"rate": "x"'))
    refused(path, "rate|frame")


STORY = """<fcpxml version="1.10"><resources>
<format id="r1" frameDuration="1/25s" width="1920" height="1080"/>
<asset id="a1" name="one.mov" start="3600s" duration="16s" hasVideo="1" hasAudio="1" format="r1">
<media-rep kind="original-media" src="file:///rushes/one.mov"/></asset></resources>
<project name="story"><sequence format="r1" duration="4s" tcStart="3600s"><spine>
<asset-clip ref="a1" name="one.mov" offset="3600s" start="3601s" duration="2s" audioStart="3601s"
 audioDuration="2s"><asset-clip ref="a1" name="on top" lane="1" offset="3602s" duration="1s"/>
<timeMap><timept time="3601s" value="3601s"/><timept time="3603s" value="3603s"/></timeMap>
</asset-clip><gap offset="3602s" start="0s" duration="1s"/>
<transition name="soft" offset="3603s" duration="1s"/>
<asset-clip ref="a1" name="one.mov" offset="3603s" start="3605s" duration="1s"/>
</spine></sequence></project></fcpxml>
"""
TIMES = [match.span(2) for match in re.finditer(r'(\w+)="(-?[\d/.]+s)"', STORY)]
NEVER = ("1/0s", "NaN", "NaNs", "inf", "1e9s", "5", "9" * 18 + "s", "9" * 400 + "s", "1/-25s", "")


@pytest.mark.parametrize("span", TIMES, ids=[f"{STORY[a - 14 : b]!r}" for a, b in TIMES])
@pytest.mark.parametrize("wrong", NEVER, ids=[one[:20] for one in NEVER])
def test_a_time_of_fcpxml_that_cannot_be_is_named_with_its_element(span, wrong, tmp_path):
    path = tmp_path / "film.fcpxml"
    path.write_text(STORY)
    assert readers.read(path).items
    path.write_text(STORY[: span[0]] + wrong + STORY[span[1] :])
    element = STORY[: span[0]].rpartition("<")[2].split()[0]
    attribute = STORY[: span[0] - 2].split()[-1]
    said = refused(path, f"<{element}>.* {attribute}='{wrong[:40]}")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('start="3600s" duration="16s"', 'start="-5s" duration="16s"'),
        ('start="3600s" duration="16s"', 'start="3600s" duration="-16s"'),
        ('duration="4s" tcStart', 'duration="-4s" tcStart'),
        ('tcStart="3600s"', 'tcStart="-1s"'),
        ('frameDuration="1/25s"', 'frameDuration="-1/25s"'),
        ('frameDuration="1/25s"', 'frameDuration="1/999999999s"'),
        ('offset="3600s" start="3601s"', 'offset="-5s" start="3601s"'),
        ('offset="3603s" start="3605s"', 'offset="-5s" start="3605s"'),
        ('offset="3603s" duration="1s"', 'offset="3603s" duration="-1s"'),
        ('audioDuration="2s"', 'audioDuration="-2s"'),
        ('<gap offset="3602s" start="0s" duration="1s"', '<gap offset="3602s" duration="-1s"'),
    ],
)
def test_a_negative_time_of_fcpxml_where_none_can_be_is_named(right, wrong, tmp_path):
    path = tmp_path / "film.fcpxml"
    path.write_text(STORY.replace(right, wrong, 1))
    text = next(part for part in wrong.split() if part not in right.split())
    refused(path, text.replace('"', "'"))


def test_a_clip_of_fcpxml_that_begins_before_the_last_one_ends_is_named(tmp_path):
    path = tmp_path / "film.fcpxml"
    path.write_text(STORY.replace('offset="3603s" start="3605s"', 'offset="3601s" start="3605s"'))
    (said,) = (note for note in readers.read(path).notes if "before" in note)
    assert said == (
        "<asset-clip> 'one.mov': offset='3601s' lies 50 frames before the end of what stands ahead"
        " of it; here it follows that"
    )


def test_no_endless_number_is_printed(tmp_path):
    path = good(".otio", tmp_path)
    path.write_text(path.read_text().replace('"value": 7.0', '"value": 1e300', 1))
    assert len(refused(path, "outside the film")) < 300


def test_a_label_that_cannot_be_is_named_with_its_line(tmp_path):
    path = good(".edl", tmp_path)
    path.write_text(path.read_text().replace("01:00:00:07", "01:00:00:77"))
    refused(path, "line 4: .*77")


# --- OpenTimelineIO -------------------------------------------------------------------------------


def test_brackets_without_end_inside_one_another_are_refused(tmp_path):
    path = tmp_path / "film.otio"
    path.write_text('{"a": ' * 100_000)
    refused(path, "deep inside one another")
    path.write_text("[" * 1_000_000)
    refused(path, "deep inside one another")


def test_json_that_is_no_timeline_is_named(tmp_path):
    path = tmp_path / "film.otio"
    for value in ({}, [], 7, {"OTIO_SCHEMA": "Clip.2"}, {"OTIO_SCHEMA": "Marker.2"}):
        path.write_text(json.dumps(value))
        refused(path, "holds no timeline|is no OpenTimelineIO")


# --- bundles --------------------------------------------------------------------------------------


def bundled(path, members, **changes):
    """A bundle with a good timeline and members {name: bytes}."""
    timeline = good(".otio", path.parent)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("content.otio", timeline.read_text())
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            for key, value in changes.items():
                setattr(info, key, value)
            file.writestr(info, data)
    return path


@pytest.mark.parametrize(
    "name",
    ["../outside.mov", "/etc/outside.mov", "media/../../x", "C:\\x.mov", "media\\x", "a\x01b"],
)
def test_a_member_that_leads_out_of_the_bundle_is_refused(name, tmp_path):
    refused(bundled(tmp_path / "film.otioz", {name: b"x"}), "leads out|control character")


def test_a_link_in_a_bundle_is_refused(tmp_path):
    link = (stat.S_IFLNK | 0o777) << 16
    path = bundled(tmp_path / "film.otioz", {"media/x.mov": b"/etc/passwd"}, external_attr=link)
    refused(path, "is a link")


def test_a_bomb_in_a_bundle_is_refused(tmp_path):
    members = {"media/x.mov": b"\0" * (8 << 20)}
    path = bundled(tmp_path / "film.otioz", members, compress_type=zipfile.ZIP_DEFLATED)
    refused(path, "unpacks to")


def test_a_member_that_is_longer_than_it_says_is_not_written(tmp_path):
    path = bundled(tmp_path / "film.otioz", {"media/one.mov": b"picture" * 100})
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    shorter = data[: at + 24] + (7).to_bytes(4, "little") + data[at + 28 :]
    path.write_bytes(shorter)
    with pytest.raises(ReturnedError, match=r"unpacked|as long"):
        bundle.digests(path, frozenset(["media/one.mov"]))
    assert not (tmp_path / bundle.FOLDER).exists()


def test_two_members_of_one_name_are_refused(tmp_path):
    path = bundled(tmp_path / "film.otioz", {"media/x.mov": b"1"})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("media/x.mov", b"2")
    refused(path, "twice")


def test_a_bundle_without_a_timeline_or_cut_off_is_named(tmp_path):
    path = tmp_path / "film.otioz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("version.txt", "1.0.0")
    refused(path, "lacks content.otio")
    bundled(path, {"media/x.mov": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:4000])
    refused(path, "no whole bundle")


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ("99:99:99:99 00:00:01:09", "99:99:99:99' is no timecode"),
        ("00:61:00:00 00:61:01:00", "is no timecode"),
        ("00:00:03:24 00:00:01:20", "negative length"),
    ],
)
def test_an_event_whose_source_cannot_be_is_named_with_its_line(labels, match, tmp_path):
    path = tmp_path / "film.edl"
    path.write_text(f"TITLE: film\n001  ONE  V  C  {labels} 01:00:00:00 01:00:01:10\n")
    assert "line 2" in refused(path, match)


@pytest.mark.parametrize("begin", ["1234567  ONE  V  C ", "#3  ONE  V  C ", "001  ONE  X9  C ", ""])
def test_a_line_that_is_an_event_but_for_its_beginning_does_not_vanish(begin, tmp_path):
    path = tmp_path / "film.edl"
    good = "001  ONE  V  C  00:00:00:00 00:00:01:10 01:00:00:00 01:00:01:10"
    labels = "00:00:02:00 00:00:03:10 01:00:01:10 01:00:02:20"
    path.write_text(f"TITLE: film\n{good}\n{begin} {labels}\n")
    assert "is no event" in refused(path, "line 3")


def test_a_source_that_runs_over_midnight_is_no_negative_length(tmp_path):
    path = tmp_path / "film.edl"
    event = "001  ONE  V  C  23:59:59:20 00:00:00:20 01:00:00:00 01:00:01:00"
    path.write_text(f"TITLE: film\n{event}\n")
    assert len(readers.read(path, RATE).items) == 1


def test_a_list_that_stops_inside_a_line_says_so(tmp_path):
    path = good(".edl", tmp_path)
    whole = path.read_text()
    at = whole.index("FROM CLIP NAME") + 8
    path.write_text(whole[:at])
    assert any("stops inside a line" in note for note in readers.read(path, RATE).notes)
    path.write_text(whole)
    assert not any("stops inside" in note for note in readers.read(path, RATE).notes)
    path.write_bytes(whole.replace("\n", "\r").encode())
    assert not any("stops inside" in note for note in readers.read(path, RATE).notes)


def test_a_later_kdenlive_is_named(tmp_path):
    path = good(".kdenlive", tmp_path)
    whole = path.read_text()
    at = whole.index("kdenlive:docproperties.version")
    path.write_text(whole[:at] + re.sub(r">[\d.]+<", ">99.9<", whole[at:], count=1))
    refused(path, "99.9.*Kdenlive 0 to 1")


def test_an_event_whose_source_has_no_length_is_named_whatever_its_comments_say(tmp_path):
    path = good(".edl", tmp_path)
    whole = path.read_text()
    event = next(line for line in whole.splitlines() if line.startswith("001"))
    labels = re.findall(r"\d\d:\d\d:\d\d:\d\d", event)
    path.write_text(whole.replace(labels[1], labels[0], 1))
    assert "event 001 has no length" in refused(path, f"begins and ends at {labels[0]}")
    held = whole.replace(labels[1], labels[0], 1).replace("* FROM", "M2 X 000.0 X\n* FROM", 1)
    path.write_text(held)
    assert readers.read(path, RATE).items[0].speed == 0


def test_a_schema_that_is_newer_than_any_known_is_named_with_both_versions(tmp_path):
    path = good(".otio", tmp_path)
    path.write_text(path.read_text().replace("Timeline.1", "Timeline.99"))
    assert "Timeline 99; Timeline 0 to 1 are read" in refused(path, "its format's version is")


@pytest.mark.parametrize("label", ["00:01:00;00", "01:59:00;01", "10:11:00;00"])
@pytest.mark.parametrize("place", range(4))
def test_a_label_that_drop_frame_skips_is_named_with_what_would_be_right(label, place, tmp_path):
    labels = [label if place == at else "01:00:10;00" for at in range(4)]
    path = tmp_path / "film.edl"
    path.write_text(f"TITLE: film\nFCM: DROP FRAME\n001  ONE  V  C  {' '.join(labels)}\n")
    said = refused(path, "drop-frame timecode skips")
    assert f"line 3: event 001: {label!r}" in said and f"is {label[:9]}02" in said


def test_labels_of_a_tenth_minute_and_without_drop_frame_are_read(tmp_path):
    path = tmp_path / "film.edl"
    labels = "01:10:00;00 01:10:01;00 01:01:00:00 01:01:01:00"
    path.write_text(f"TITLE: film\n001  ONE  V  C  {labels}\n")
    assert len(readers.read(path, RATE).items) == 1


@pytest.mark.parametrize("suffix", [".mlt", ".kdenlive"])
def test_a_blank_of_negative_length_is_refused(suffix, tmp_path):
    path = good(suffix, tmp_path)
    whole = path.read_text()
    path.write_text(whole.replace("<entry", '<blank length="-500"/><entry'))
    assert "-500 frames" in refused(path, "a blank has a negative length")


@pytest.mark.parametrize(
    ("suffix", "right", "wrong", "known"),
    [
        (".xml", 'version="5"', 'version="99"', "99; 1 to 5 are read"),
        (".mlt", 'version="7', 'version="99', "MLT 0 to 7 are read"),
        (".kdenlive", 'version="7', 'version="8', "MLT 0 to 7 are read"),
        (".mlt", 'version="7', 'version="x', "MLT 0 to 7 are read"),
    ],
)
def test_an_unknown_version_is_refused_alike_in_every_format(suffix, right, wrong, known, tmp_path):
    path = good(suffix, tmp_path)
    whole = path.read_text()
    assert right in whole
    path.write_text(whole.replace(right, wrong, 1))
    assert known in refused(path, "its format's version is")


@pytest.mark.parametrize("version", [b"99.0.0", b"", b"\xff\xfe", b"2.0.0"])
def test_a_bundle_of_an_unknown_version_is_refused_too(version, tmp_path):
    path = bundled(tmp_path / "film.otioz", {"version.txt": version})
    assert "1.0.0 and later ones of 1 are read" in refused(path, "its format's version is")
    assert readers.read(bundled(path, {"version.txt": b"1.0.0"}), RATE).items
