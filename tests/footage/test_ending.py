"""A stream whose header promises nothing is told to break off by its own last packet."""

import pytest

from editor.footage import ending, ingest
from editor.footage.cache import Cache
from tests import media


@pytest.fixture(scope="module", params=["mpg", "ts"])
def whole(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    codec = {"mpg": {"codec": "mpeg2video"}, "ts": {}}[request.param]
    return media.numbered(
        folder / f"whole.{request.param}", 100, 25, sound=media.tone(4.0), **codec
    )


def kind(path):
    return {".mpg": "mpeg", ".ts": "mpegts"}[path.suffix]


def test_a_whole_file_is_not_said_to_break_off(whole, tmp_path):
    clips, _ = ingest.ingest([whole], Cache(tmp_path), lambda *_: None)
    assert clips[0].broken_off == ""


@pytest.mark.parametrize("share", [0.21, 0.5, 0.73, 0.98])
def test_a_file_that_was_not_copied_whole_is_said_to_break_off(whole, tmp_path, share):
    part = tmp_path / whole.name
    length = (int(whole.stat().st_size * share) | 1) + 40  # odd, as no packet's place is
    part.write_bytes(whole.read_bytes()[:length])
    assert "breaks off" in ending.breaks_off(part, kind(part))
    clips, _ = ingest.ingest([part], Cache(tmp_path / "cache"), lambda *_: None)
    assert "breaks off" in clips[0].broken_off


def test_padding_after_the_last_packet_is_no_break(whole, tmp_path):
    padded = tmp_path / whole.name
    padded.write_bytes(whole.read_bytes() + (b"" if whole.suffix == ".ts" else bytes(16)))
    assert ending.breaks_off(padded, kind(padded)) == ""


def test_what_is_no_stream_of_packets_is_left_alone(whole, tmp_path):
    noise = media.text(tmp_path / whole.name)
    assert ending.breaks_off(noise, kind(noise)) == ""
    assert ending.breaks_off(noise, "mov,mp4,m4a,3gp,3g2,mj2") == ""
