"""An edit decision list as a conform artist reads it."""

import csv
from dataclasses import replace
from fractions import Fraction

import pytest

from editor.film.export import edl
from editor.film.export.sequence import Sequence, counted, lay
from editor.timing import Timecode
from tests.film import edits
from tests.film.export.conftest import told


def lines(film, tmp_path):
    path, _ = edl.write(film, tmp_path / "film.edl")
    return path.read_text(encoding="utf-8").splitlines()


def events(text):
    return [line.split() for line in text if line[:3].isdigit()]


def test_an_event_says_reel_channels_and_four_timecodes(clips, tmp_path):
    spoken, _, mute, twice = clips
    film = Sequence("toys-v001", edits.film(25, [(spoken, 10, 40), (twice, 0, 25)]))
    text = lines(film, tmp_path)
    assert text[:2] == ["TITLE: toys-v001", "FCM: NON-DROP FRAME"]
    assert text[3] == (
        "001  ITSATAKE AA/V  C        01:00:00:10 01:00:01:15 01:00:00:00 01:00:01:05"
    )
    assert '* FROM CLIP NAME: it\'s a "täke" 100% <b>&c;.mov' in text
    assert events(text)[1] == [
        "002", "TWICE", "AA/V", "C", "10:00:00:05", "10:00:01:05", "01:00:01:05", "01:00:02:05",
    ]  # fmt: skip
    assert "AUD  3" in text  # a mono and a stereo track
    silent = Sequence("film", edits.film(Fraction(60000, 1001), [(mute, 0, 60)]))
    assert events(lines(silent, tmp_path))[0][2] == "V"


def test_drop_frame_is_marked_at_the_source_and_at_the_record(clips, tmp_path):
    drop = clips[1]
    text = lines(Sequence("film", edits.film(drop.rate, [(drop, 0, 64)])), tmp_path)
    assert text[1] == "FCM: DROP FRAME"
    assert events(text)[0][4:] == ["00:59:59;28", "01:00:02;02", "01:00:00;00", "01:00:02;04"]


def test_reels_are_clean_unique_and_listed_with_their_files(clips, tmp_path):
    spoken = clips[0]
    names = ["Ärger.mov", "arger.mov", "ARGER!.mov", "черника.mov", "bl.mov", "a b-c.d.mov"]
    odd = [replace(spoken, path=tmp_path / name) for name in names]
    film = Sequence("film", edits.film(25, [(clip, 0, 25) for clip in odd]))
    _, table = edl.write(film, tmp_path / "film.edl")
    with open(table, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == names
    assert [row["start_timecode"] for row in rows] == ["01:00:00:00"] * len(names)
    reels = [row["reel"] for row in rows]
    assert reels == ["ARGER", "ARGER2", "ARGER3", "REEL", "BL2", "ABCD"]
    assert [event[1] for event in events(lines(film, tmp_path))] == reels


def test_reasons_exact_frames_handles_and_music_stand_in_comments(clips, song, tmp_path):
    spoken = clips[0]
    timeline = told(edits.film(25, [(spoken, 10, 40)]), spoken)
    laid = lay(song, Fraction(1), timeline)
    text = lines(Sequence("film", timeline, handles=Fraction(1), song=laid), tmp_path)
    assert "* CLIP FRAMES: 10-40 OF 100 AT 25" in text
    assert "* HANDLES: 10 BEFORE, 25 AFTER" in text
    assert '* LOC: 01:00:00:00 GREEN   over 0: pace +0.1 <&> "é"' in text
    assert f"* MUSIC: {song.as_uri()} FROM FRAME 25 AT 25" in text


def test_no_name_and_no_reason_breaks_a_line(clips, tmp_path):
    spoken = replace(clips[0], path=tmp_path / "two\nlines\r\t.mov")
    timeline = edits.film(25, [(spoken, 10, 40)])
    cuts = (replace(timeline.cuts[0], reason="first\nsecond"),)
    text = lines(Sequence("a\nb", replace(timeline, cuts=cuts)), tmp_path)
    assert "* FROM CLIP NAME: two\\nlines\\r\\t.mov" in text
    assert all(line[:1] in "*TF0A" for line in text)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(24000, 1001)], ids=str)
def test_no_source_lies_outside_its_media(rate, clips, tmp_path):
    film = Sequence("film", edits.many_cuts(clips[:3], rate, 40))
    for cut, event in zip(film.timeline.cuts, events(lines(film, tmp_path)), strict=True):
        first, stop = (Timecode.parse(text, rate).frame for text in event[4:6])
        begin = counted(cut.clip, rate).frame
        assert begin <= first
        assert stop <= begin + max(cut.length, cut.clip.duration * rate)


def test_a_label_stays_the_same_label_at_another_rate(clips):
    spoken, drop, _, twice = clips
    assert str(counted(twice, Fraction(25))) == "10:00:00:05"
    assert str(counted(twice, Fraction(50))) == "10:00:00:10"
    assert str(counted(twice, Fraction(24000, 1001))) == "10:00:00:04"
    assert str(counted(drop, Fraction(60000, 1001))) == "00:59:59;56"
    assert str(counted(drop, Fraction(25))) == "00:59:59:23"
    assert str(counted(replace(spoken, timecode=None), Fraction(30))) == "00:00:00:00"
