"""A film is written whole or not at all, and says how it was made."""

import os
import resource
import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest

from editor.errors import FootageError, OutputError
from editor.film import mix, pictures
from editor.film.render import film_clip, render
from tests import media
from tests.film import edits


def quiet(share):
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return edits.numbered(path, 200, 25, sound=media.tone(8.0))


@pytest.fixture
def timeline(clip):
    return edits.film(25, [(clip, 10, 60), (clip, 100, 160)])


def atoms(path):
    """Names of the boxes at the top of an MP4, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return names


@pytest.mark.parametrize("way", ["moviepy", "direct"])
def test_a_film_is_h264_and_aac_tagged_bt709_with_its_index_in_front(way, timeline, tmp_path):
    path = tmp_path / "film.mp4"
    render(timeline, path, {}, quiet, way)
    with av.open(str(path)) as source:
        picture, sound = source.streams.video[0].codec_context, source.streams.audio[0]
        assert (picture.name, picture.pix_fmt, sound.codec_context.name) == (
            "h264",
            "yuv420p",
            "aac",
        )
        tags = (picture.colorspace, picture.color_primaries, picture.color_trc, picture.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]
        assert (sound.rate, sound.codec_context.layout.name) == (48_000, "stereo")
    assert atoms(path).index("moov") < atoms(path).index("mdat")
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def test_what_needs_no_composing_goes_direct_and_all_else_through_moviepy(clip, tmp_path):
    spans = [(clip, 0, 20)]
    for size, way in (((320, 180), "direct"), ((640, 360), "moviepy"), ((320, 240), "moviepy")):
        report = render(edits.film(25, spans, size), tmp_path / "film.mp4", {}, quiet)
        assert report.way == way


def test_the_same_timeline_gives_the_same_bytes(clip, tmp_path):
    timeline = edits.many_cuts([clip], 25, 8, size=(360, 288))
    films = set()
    for way in ("moviepy", "direct", "auto", "direct"):
        render(timeline, tmp_path / "film.mp4", {}, quiet, way)
        films.add((tmp_path / "film.mp4").read_bytes())
    assert len(films) == 1


def test_progress_rises_from_nothing_to_one(timeline, tmp_path):
    shares = []
    render(timeline, tmp_path / "film.mp4", {}, shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.2
    assert shares[-1] == 1.0


def test_an_older_film_of_that_name_stays_until_the_new_one_is_whole(timeline, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_text("older")
    with pytest.raises(RuntimeError, match="enough"):
        render(timeline, path, {}, interrupting(RuntimeError("enough"), 0.5))
    assert path.read_text() == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]


def interrupting(error, share):
    def advance(done):
        if done >= share:
            raise error

    return advance


def children():
    """Processes that we started and that still run."""
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    ).stdout.splitlines()
    return [line for line in listed if "ffmpeg" in line]


@pytest.mark.parametrize("way", ["moviepy", "direct"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_an_interrupt_at_any_moment_leaves_no_file_and_no_process(way, share, timeline, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        render(timeline, tmp_path / "f.mp4", {}, interrupting(KeyboardInterrupt(), share), way)
    assert list(tmp_path.iterdir()) == []
    assert children() == []


@pytest.fixture
def full_disk():
    """The kernel refuses files of more than 30 kB, as it refuses a full disk's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_and_leaves_nothing(timeline, full_disk, tmp_path):
    with pytest.raises(OutputError, match="cannot be written: File too large") as caught:
        render(timeline, tmp_path / "film.mp4", {}, quiet)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["moviepy", "direct"])
def test_a_disk_that_fills_up_while_the_picture_is_written_is_said(
    way, timeline, full_disk, tmp_path, monkeypatch
):
    monkeypatch.setattr("editor.film.render.mix", lambda *arguments: None)
    with pytest.raises(OutputError, match="cannot be written: ") as caught:
        render(timeline, tmp_path / "film.mp4", {}, quiet, way)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert list(tmp_path.iterdir()) == []
    assert children() == []


def test_a_folder_that_cannot_be_written_is_named(timeline, tmp_path):
    with pytest.raises(OutputError, match="missing"):
        render(timeline, tmp_path / "missing" / "film.mp4", {}, quiet)


@pytest.mark.parametrize("way", ["moviepy", "direct"])
def test_a_clip_that_went_away_is_named_and_nothing_is_left(way, clip, tmp_path):
    footage = tmp_path / "footage"
    gone = edits.numbered(footage / "gone.mp4", 60, 25)
    timeline = edits.film(25, [(clip, 0, 30), (gone, 0, 60)])
    gone.path.unlink()
    with pytest.raises(FootageError, match="gone"):
        render(timeline, tmp_path / "film.mp4", {}, quiet, way)
    assert [entry.name for entry in tmp_path.iterdir()] == ["footage"]


def test_sound_that_fails_ends_the_picture_too(timeline, tmp_path, monkeypatch):
    def failing(*arguments):
        raise OutputError("no room for the sound")

    monkeypatch.setattr("editor.film.render.mix", failing)
    with pytest.raises(OutputError, match="no room for the sound"):
        render(timeline, tmp_path / "film.mp4", {}, quiet)
    assert list(tmp_path.iterdir()) == []


def test_file_names_with_everything_in_them_work(tmp_path):
    folder = tmp_path / "a 'b' \"c\"\n-%d é"
    folder.mkdir()
    clip = edits.numbered(folder / ".-it's 100%: 1.mp4", 40, 25, sound=media.tone(1.6))
    for way in ("moviepy", "direct"):
        path = folder / f"-film {way}.mp4"
        render(edits.film(25, [(clip, 5, 30)]), path, {}, quiet, way)
        assert edits.numbers(path) == list(range(5, 30))


def test_an_unknown_way_and_an_empty_timeline_are_refused(timeline, tmp_path):
    with pytest.raises(ValueError, match="moviepy"):
        render(timeline, tmp_path / "film.mp4", {}, quiet, "slowly")
    with pytest.raises(ValueError, match="cuts"):
        render(edits.film(25, []), tmp_path / "film.mp4", {}, quiet)


def test_moviepys_clip_gives_each_frame_once_and_in_order(clip):
    timeline = edits.film(Fraction(24000, 1001), [(clip, 0, 100), (clip, 30, 90)])
    film = film_clip(timeline, iter(pictures.in_order(timeline)))
    frames = list(film.iter_frames(fps=float(timeline.rate)))
    assert len(frames) == timeline.frames
    assert frames[0].shape == (180 * 3 // 2, 320)
    with pytest.raises(ValueError, match="Frame 0"):
        film.get_frame(0)


def test_the_sound_of_a_long_film_never_lies_in_memory(tmp_path):
    """The mix works in blocks of mix.BLOCK samples, whatever the film's length."""
    file = mix.SampleFile(tmp_path / "mix.f32", 600 * 48_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file.add(599 * 48_000, np.full((48_000, 2), 0.5, dtype=np.float32))
    peaks = [float(np.abs(block).max()) for block in file.blocks()]
    file.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (max(peaks), peaks[0]) == (0.5, 0.0)
    assert grown < 50_000  # KB; ten minutes are 230,400
