"""A folder of anything becomes clips that are told exactly, and everything else is named."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from editor.errors import FootageError
from editor.footage import grid, timecode
from editor.footage import ingest as ingesting
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.ingest import find, from_facts, ingest, probe, to_facts
from editor.timing import STANDARD_RATES, Timecode
from tests import media
from tests.media import numbered

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
NTSC_60 = Fraction(60000, 1001)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"


def quiet(done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Clip]:
    def made(name: str, count: int = 20, rate: Fraction | int = 25, **look) -> Clip:
        return probe(numbered(tmp_path / name, count, rate, **look), name)

    return made


# --- what is found --------------------------------------------------------------------------------


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(*paths: Path) -> list[str]:
    return [path.name for path in find(paths)[0]]


def test_a_folder_is_searched_in_depth_in_the_order_that_people_count(tmp_path):
    touch(tmp_path, "take 10.mp4", "take 2.MP4", "Take 1.mov", "b/deep/x.mxf", "a/y.mts")
    touch(tmp_path, "notes.txt", "Thumbs.db", "still.jpg", "x.xml", "no suffix")
    assert found(tmp_path) == ["Take 1.mov", "take 2.MP4", "take 10.mp4", "y.mts", "x.mxf"]
    assert find([tmp_path]) == find([tmp_path])


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    touch(tmp_path, "._a.mp4", ".Trash/b.mp4", "c.mp4")
    assert found(tmp_path) == ["c.mp4"]


def test_a_file_listed_twice_or_linked_to_counts_once(tmp_path):
    touch(tmp_path, "a.mp4", "b/c.mp4")
    (tmp_path / "linked.mp4").symlink_to(tmp_path / "a.mp4")
    (tmp_path / "folder").symlink_to(tmp_path / "b")
    assert found(tmp_path, tmp_path / "a.mp4", tmp_path / "b" / ".." / "a.mp4") == [
        "a.mp4",
        "c.mp4",
    ]


def test_links_that_lead_in_circles_end(tmp_path):
    touch(tmp_path, "a/b/c.mp4")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    files, skipped = find([tmp_path])
    assert [path.name for path in files] == ["c.mp4"]
    assert [(skip.path.name, skip.reason) for skip in skipped] == [
        ("loop.mp4", "a link to nothing.")
    ]


def test_a_pipe_and_a_dead_link_are_named_and_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "dead.mp4").symlink_to(tmp_path / "gone.mp4")
    files, skipped = find([tmp_path, tmp_path / "pipe.mp4"])
    assert files == []
    assert {skip.path.name: skip.reason for skip in skipped} == {
        "pipe.mp4": "not a file.",
        "dead.mp4": "a link to nothing.",
    }


def test_a_missing_path_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FootageError, match=r"missing\.mp4: no such file or folder"):
        find([tmp_path / "missing.mp4"])


HOSTILE = [
    "-x.mp4", "a:b.mp4", "http:x.mp4", "concat:a|b.mp4", "%03d.mp4", "two\nlines.mp4",
    "quotes \"'`$(x).mp4", "ünïcødé 映画.mp4", " spaces .mp4", "pipe:.mp4", "file:x.mp4", "\\.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_any_file_name_is_read_as_a_file_name(tmp_path, monkeypatch, name):
    whole = numbered(tmp_path / "whole.mov", 5, 25)
    (tmp_path / "in").mkdir()
    whole.rename(tmp_path / "in" / name)
    monkeypatch.chdir(tmp_path / "in")
    for path in (Path("."), Path(name)):
        clips, skipped = ingest([path], Cache(tmp_path / "cache"), quiet)
        assert [clip.path.name for clip in clips] == [name]
        assert clips[0].path.is_absolute()
        assert clips[0].frames == 5
        assert skipped == ()


def test_a_file_name_that_is_no_text_is_read(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
    try:
        numbered(tmp_path / "a.mov", 5, 25).rename(path)
    except OSError:
        pytest.skip("this file system takes no such name")
    (clip,), _ = ingest([tmp_path], Cache(tmp_path / "cache"), quiet)
    assert clip.frames == 5


# --- what is told of a clip -----------------------------------------------------------------------


@pytest.mark.parametrize("rate", [*STANDARD_RATES, Fraction(18)], ids=str)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_rate_is_exact_and_the_frames_are_counted(make, rate, suffix):
    clip = make(f"a{suffix}", 60, rate)
    assert (clip.rate, clip.frames, clip.variable_rate) == (rate, 60, False)
    assert clip.duration == 60 / rate


@pytest.mark.parametrize("factor", [0.4, 3.0])
@pytest.mark.parametrize(("suffix", "codec"), [(".avi", "mpeg4"), (".mp4", "libx264")])
def test_a_header_that_lies_about_the_length_is_not_believed(tmp_path, factor, suffix, codec):
    whole = numbered(tmp_path / f"whole{suffix}", 50, 25, codec=codec)
    clip = probe(media.with_wrong_length(tmp_path / f"a{suffix}", whole, factor), "a")
    assert (clip.frames, clip.rate) == (50, 25)
    if suffix == ".avi":
        assert any(note.startswith("its header claims") for note in clip.notes)


def test_a_file_cut_off_in_its_pictures_keeps_those_before(tmp_path):
    for name in ("a.mkv", "a.ts", "a.mpg", "a.avi"):
        codec = {"a.mpg": "mpeg1video", "a.avi": "mpeg4"}.get(name, "libx264")
        whole = numbered(tmp_path / f"whole {name}", 100, 25, codec=codec)
        clip = probe(media.truncated(tmp_path / name, whole, 0.6), name)
        assert 30 < clip.frames < 75, name


def test_a_fast_start_file_cut_off_is_counted_to_where_it_ends(tmp_path):
    options = {"movflags": "+faststart"}
    whole = numbered(tmp_path / "whole.mp4", 100, 25, container_options=options)
    clip = probe(media.truncated(tmp_path / "a.mp4", whole, 0.6), "a")
    assert 30 < clip.frames < 75
    assert any("its header claims 100 frames" in note for note in clip.notes)


def test_a_clip_that_starts_late_counts_from_its_first_frame(make):
    clip = make("a.ts", 40, start=Fraction(100), sound=media.click_track([0.4], 1.6))
    assert clip.start == pytest.approx(100, abs=2)
    assert clip.frames == 40
    assert abs(clip.sound[0].start) < Fraction(1, 20)


def test_sound_that_starts_late_says_when(make):
    clip = make("a.mkv", 50, sound=media.tone(1.0), sound_start=Fraction(1, 2))
    assert clip.sound[0].start == pytest.approx(0.5, abs=0.03)
    assert clip.sound[0].duration == pytest.approx(1.0, abs=0.05)


def test_several_tracks_are_all_told(make):
    clip = make("a.mov", 25, sound=[media.tone(1.0), media.tone(1.0, 900, channels=1)])
    assert [(track.stream, track.channels) for track in clip.sound] == [(0, 2), (1, 1)]
    assert any(note.startswith("has 2 sound tracks: the ") for note in clip.notes)


def test_a_silent_clip_has_no_sound(make):
    assert make("a.mp4").sound == ()


def test_rotation_and_sample_aspect_give_the_size_as_shown(make):
    turned = make("a.mp4", rotation=90)
    assert (turned.size, turned.coded_size, turned.rotation) == ((320, 180), (180, 320), 90)
    wide = make("b.mp4", size=(720, 576), sample_aspect=Fraction(16, 15))
    assert (wide.size, wide.sample_aspect) == ((768, 576), Fraction(16, 15))
    assert "its pixels are not square: shown as 768x576" in wide.notes
    assert make("c.mp4").sample_aspect == 1


def test_interlaced_footage_says_so(make):
    clip = make("a.mp4", interlaced=True)
    assert clip.interlaced
    assert any("not deinterlaced" in note for note in clip.notes)
    assert not make("b.mp4").interlaced


def test_depth_and_transfer_are_told(make):
    clip = make("a.mp4", codec="libx265", pixel_format="yuv420p10le", transfer="pq")
    assert (clip.bit_depth, clip.transfer) == (10, "pq")
    assert "HDR (PQ): tone-mapped to Rec. 709" in clip.notes
    assert make("b.mp4").transfer == "sdr"


def test_variable_rate_is_conformed_and_said(make):
    chance = np.random.default_rng(4)
    jitter = [Fraction(int(n * 1000 + chance.integers(-300, 300)), 30_000) for n in range(300)]
    lost = sorted(chance.choice(300, 260, replace=False))
    times = [jitter[n] - jitter[lost[0]] for n in lost]
    clip = make("a.mp4", 260, 30, vfr=times)
    assert clip.variable_rate
    assert clip.rate in (30, NTSC)
    assert clip.duration == pytest.approx(float(times[-1]) + 1 / 30, abs=0.1)
    assert any("variable frame rate: conformed to 30" in note for note in clip.notes)


def test_a_long_last_frame_is_kept_for_as_long_as_it_is_shown(make):
    times = [Fraction(n, 30) for n in range(30)] + [Fraction(5, 2), Fraction(4)]
    clip = make("a.mp4", 32, 30, vfr=times)
    assert clip.frames >= 121
    assert clip.tail == clip.frames - 121


# --- time and place of recording ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (Fraction(24), "01:00:00:00"),
        (FILM, "23:59:58:23"),
        (Fraction(25), "10:11:12:13"),
        (NTSC, "01:00:00:00"),
        (NTSC, "01:01:00;02"),
        (Fraction(50), "02:00:00:49"),
        (NTSC_60, "03:10:00;59"),
        (NTSC_60, "03:10:00:59"),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_a_timecode_track_gives_the_first_frame_its_label(make, rate, label, suffix):
    clip = make(f"a{suffix}", 20, rate, start_timecode=label)
    assert str(clip.timecode) == label
    assert clip.timecode.rate == rate
    assert clip.timecode.drop == (";" in label)
    assert clip.timecode_at(3) == clip.timecode + 3


def test_a_material_exchange_file_gives_its_timecode(make):
    clip = make("a.mxf", codec="mpeg2video", size=(320, 192), start_timecode="10:00:00:00")
    assert str(clip.timecode) == "10:00:00:00"


def with_timecode_track_of(path: Path, scale: int, duration: int, count: int) -> Path:
    """Rewrite the rate in a file's timecode track."""
    data = bytearray(path.read_bytes())
    at = data.find(b"\0\0\0\x24tmcd") + 4  # the sample description, not the handler
    assert at > 4
    data[at + 20 : at + 28] = scale.to_bytes(4, "big") + duration.to_bytes(4, "big")
    data[at + 28] = count
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize(
    ("picture", "scale", "duration", "count", "counted"),
    [
        (NTSC_60, 30_000, 1001, 30, NTSC),
        (NTSC_60, 30, 1, 30, NTSC),
        (NTSC, 2997, 100, 30, NTSC),
        (FILM, 24, 1, 24, FILM),
        (Fraction(50), 25, 1, 25, Fraction(25)),
    ],
)
def test_a_timecode_track_counts_at_its_own_rate(
    tmp_path, picture, scale, duration, count, counted
):
    hours = round(counted / picture * 4)  # the track holds a number of frames, not a label
    path = numbered(tmp_path / "a.mov", 60, picture, start_timecode=f"{hours:02}:00:00:00")
    clip = probe(with_timecode_track_of(path, scale, duration, count), "a")
    assert clip.timecode == Timecode.parse("04:00:00:00", counted)
    second = round(picture)
    assert str(clip.timecode_at(second)).startswith("04:00:01")
    assert str(clip.timecode_at(second // 2)) == f"04:00:00:{round(counted) // 2:02}"


@pytest.mark.parametrize(
    "junk", [b"", b"\0" * 64, os.urandom(4096), b"\0\0\0\1moov" + b"\xff" * 99]
)
def test_a_hostile_header_gives_no_timecode_track(tmp_path, junk):
    path = tmp_path / "a.mov"
    path.write_bytes(junk + b"\0\0\0\x08moov" * 20_000)
    assert timecode.track_rate(path, Fraction(25)) is None


def test_a_label_that_does_not_fit_the_rate_is_named_not_used(make):
    assert timecode.read("01:00:00:29", Fraction(25), None) is None
    assert timecode.read("01:00:00;02", Fraction(30), None) == Timecode.parse("01:00:00;02", NTSC)
    assert timecode.read("00:00:00:29", NTSC_60, NTSC).rate == NTSC


def test_the_recording_date_is_read_from_metadata(make):
    clip = make("a.mp4", metadata={"creation_time": "2024-05-06T07:08:09.000000Z"})
    assert clip.recorded == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    unset = make("b.mp4", metadata={"creation_time": "1970-01-01T00:00:00.000000Z"})
    assert unset.recorded is None
    assert make("c.mp4").recorded is None


# --- what cannot be used --------------------------------------------------------------------------


def test_what_is_no_clip_is_named_with_the_reason_and_the_rest_is_used(tmp_path):
    folder = tmp_path / "footage"
    numbered(folder / "good.mp4", 10, 25)
    whole = numbered(tmp_path / "whole.mp4", 60, 25)
    media.empty(folder / "empty.mp4")
    media.text(folder / "text.mp4")
    media.truncated(folder / "cut off.mp4", whole, 0.5)
    media.audio_only(folder / "sound.m4a")
    media.audio_only(folder / "sound.wav")
    (folder / "zeros.mov").write_bytes(bytes(10_000))
    (folder / "noise.mkv").write_bytes(np.random.default_rng(1).bytes(10_000))
    numbered(folder / "one picture.mp4", 1, 25)
    (folder / "playlist.mp4").write_text("#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n")
    (folder / "list.mov").write_text("ffconcat version 1.0\nfile 'good.mp4'\n")
    (folder / "script.avi").write_text("Version()\n")
    media.still_picture(tmp_path / "x.png").rename(folder / "still.mp4")
    clips, skipped = ingest([folder], Cache(tmp_path / "cache"), quiet)
    assert [clip.name for clip in clips] == ["good.mp4"]
    reasons = {skip.path.name: skip.reason for skip in skipped}
    assert reasons["empty.mp4"] == "the file is empty. Copy it again from the card."
    assert reasons["text.mp4"] == "a text file, not a clip."
    assert "its index (moov) is missing" in reasons["cut off.mp4"]
    assert reasons["sound.m4a"] == "holds no moving picture, only sound."
    assert reasons["sound.wav"] == "holds no moving picture, only sound."
    assert "all zero" in reasons["zeros.mov"]
    assert "no container that can be read" in reasons["noise.mkv"]
    assert "a single picture: a still" in reasons["one picture.mp4"]
    assert "a playlist" in reasons["playlist.mp4"]
    assert "a playlist" in reasons["list.mov"]
    assert reasons["script.avi"] == "a text file, not a clip."
    assert reasons["still.mp4"] == "a still picture, not a clip."
    assert all(str(tmp_path) not in reason for reason in reasons.values())


def test_a_picture_or_a_note_named_itself_is_told_apart(tmp_path):
    still = media.still_picture(tmp_path / "a.jpg")
    with pytest.raises(FootageError, match=r"a\.jpg: a still picture"):
        ingest([still], Cache(tmp_path / "cache"), quiet)


def test_a_song_with_cover_art_is_no_clip(tmp_path):
    import av
    from PIL import Image

    path = tmp_path / "song.mp3"
    cover = np.asarray(Image.new("RGB", (64, 64), (200, 10, 10)))
    with av.open(str(path), "w") as output:
        sound = output.add_stream("libmp3lame", rate=48_000, layout="stereo")
        art = output.add_stream("mjpeg", rate=25)
        art.width, art.height, art.pix_fmt = 64, 64, "yuvj420p"
        art.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(cover, "rgb24").reformat(format="yuvj420p")
        frame.pts = 0
        samples = np.ascontiguousarray(media.tone(0.5).reshape(1, -1))
        heard = av.AudioFrame.from_ndarray(samples, "flt", "stereo")
        heard.sample_rate = 48_000
        for packet in (*art.encode(frame), *art.encode(None)):
            output.mux(packet)
        for packet in (*sound.encode(heard), *sound.encode(None)):
            output.mux(packet)
    with pytest.raises(FootageError, match="no moving picture, only sound"):
        probe(path, "x")


def test_nothing_usable_is_an_error_that_says_why(tmp_path):
    (tmp_path / "footage").mkdir()
    with pytest.raises(FootageError, match="holds no footage"):
        ingest([tmp_path / "footage"], Cache(tmp_path / "cache"), quiet)
    media.text(tmp_path / "footage" / "a.mp4")
    with pytest.raises(FootageError, match=r"no clip can be used. a\.mp4: a text file"):
        ingest([tmp_path / "footage"], Cache(tmp_path / "cache"), quiet)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path):
    numbered(tmp_path / "a.mp4", 5, 25).chmod(0)
    with pytest.raises(FootageError, match="Permission denied"):
        ingest([tmp_path], Cache(tmp_path / "cache"), quiet)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_bytes_anywhere_never_break_the_reader(tmp_path, seed):
    chance = np.random.default_rng(seed)
    whole = numbered(tmp_path / "whole.mp4", 30, 25, sound=media.tone(1.2))
    data = bytearray(whole.read_bytes())
    for at in chance.integers(0, len(data), 300):
        data[at] = int(chance.integers(0, 256))
    (tmp_path / "a.mp4").write_bytes(bytes(data))
    try:
        clip = probe(tmp_path / "a.mp4", "a")
    except FootageError as err:
        assert "a.mp4: " in str(err)
    else:
        assert clip.frames >= 2


# --- once and again -------------------------------------------------------------------------------


def test_byte_identical_copies_are_used_once_and_named(tmp_path):
    folder = tmp_path / "footage"
    first = numbered(folder / "a.mp4", 10, 25)
    (folder / "b.mp4").write_bytes(first.read_bytes())
    clips, skipped = ingest([folder], Cache(tmp_path / "cache"), quiet)
    assert [clip.name for clip in clips] == ["a.mp4"]
    assert [skip.path.name for skip in skipped] == ["b.mp4"]
    assert "the same file as" in skipped[0].reason
    assert "a.mp4" in skipped[0].reason


def test_a_second_look_reads_no_footage(tmp_path, monkeypatch):
    folder = tmp_path / "footage"
    for name in ("a.mp4", "b.mp4"):
        path = numbered(folder / name, 10, 25, scenes=media.Scenes(seed=ord(name[0])))
        os.utime(path, (1_700_000_000,) * 2)
    media.text(folder / "c.mp4")
    os.utime(folder / "c.mp4", (1_700_000_000,) * 2)
    first = ingest([folder], Cache(tmp_path / "cache"), quiet)
    monkeypatch.setattr(ingesting, "probe", None)
    monkeypatch.setattr(ingesting, "_hash", None)
    assert ingest([folder], Cache(tmp_path / "cache"), quiet) == first


def test_a_moved_clip_is_known_by_its_content(tmp_path, monkeypatch):
    path = numbered(tmp_path / "footage" / "a.mp4", 10, 25)
    (clip,), _ = ingest([path], Cache(tmp_path / "cache"), quiet)
    moved = path.rename(tmp_path / "elsewhere.mp4")
    monkeypatch.setattr(ingesting, "probe", None)
    (again,), _ = ingest([moved], Cache(tmp_path / "cache"), quiet)
    assert again == replace(clip, path=moved)


def test_a_clip_survives_being_kept(make):
    for clip in (
        make("a.mov", rate=NTSC_60, start_timecode="01:00:00;00", sound=media.tone(0.3)),
        make("b.mp4", rotation=90, sample_aspect=Fraction(4, 3)),
    ):
        assert from_facts(to_facts(clip), clip.path) == clip


def test_a_file_that_grows_while_it_is_read_is_named(tmp_path, monkeypatch):
    path = numbered(tmp_path / "footage" / "a.mp4", 10, 25)
    hashed = ingesting._hash

    def growing(at: Path) -> str:
        digest = hashed(at)
        with at.open("ab") as file:
            file.write(b"more")
        return digest

    monkeypatch.setattr(ingesting, "_hash", growing)
    with pytest.raises(FootageError, match="still being written"):
        ingest([path], Cache(tmp_path / "cache"), quiet)


def test_progress_counts_every_file(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        numbered(tmp_path / name, 5, 25, first_number=ord(name[0]))
    told = []
    ingest([tmp_path], Cache(tmp_path / "cache"), lambda *progress: told.append(progress))
    assert told == [(0, 2, "a.mp4"), (1, 2, "b.mp4"), (2, 2, "")]


# --- the grid -------------------------------------------------------------------------------------

MILLISECOND = Fraction(1, 1000)


def ticks(times: list[Fraction], base: Fraction) -> np.ndarray:
    return np.array([round(time / base) for time in times], dtype=np.int64)


@pytest.mark.parametrize("rate", STANDARD_RATES, ids=str)
@pytest.mark.parametrize("base", [MILLISECOND, Fraction(1, 90_000)], ids=str)
def test_rounded_times_of_ten_minutes_give_the_exact_rate(rate, base):
    count = int(600 * rate)
    fitted = grid.fit(ticks([n / rate for n in range(count)], base), base, None, [])
    assert (fitted.rate, fitted.frames, fitted.variable) == (rate, count, False)


def test_a_short_clip_in_milliseconds_takes_its_header_s_rate():
    for rate in (Fraction(24), FILM, Fraction(30), NTSC):
        times = ticks([n / rate for n in range(20)], MILLISECOND)
        assert grid.fit(times, MILLISECOND, None, [rate]).rate == rate


def test_a_header_s_rate_is_not_believed_against_the_frames():
    times = ticks([Fraction(n, 25) for n in range(500)], MILLISECOND)
    assert grid.fit(times, MILLISECOND, None, [Fraction(30), Fraction(1000)]).rate == 25


def test_lost_frames_leave_the_grid_whole():
    kept = [n for n in range(300) if n % 7 and not 100 < n < 130]
    times = ticks([Fraction(n - kept[0], 25) for n in kept], MILLISECOND)
    fitted = grid.fit(times, MILLISECOND, None, [Fraction(25)])
    assert (fitted.rate, fitted.variable, fitted.dropped) == (25, True, 0)
    assert fitted.frames == 299
    assert fitted.held == 299 - len(kept)


def test_equal_times_are_one_frame():
    times = np.repeat(ticks([Fraction(n, 25) for n in range(40)], MILLISECOND), 2)
    assert grid.fit(times, MILLISECOND, None, [Fraction(25)]).frames == 40


def test_an_unusual_constant_rate_stays_exact():
    rate = Fraction(1194, 100)
    times = ticks([n / rate for n in range(200)], Fraction(1, 600_000))
    fitted = grid.fit(times, Fraction(1, 600_000), None, [rate])
    assert (fitted.rate, fitted.variable) == (rate, False)


# --- real clips -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate", "frames", "size"),
    [
        ("dailies/sentences/bbaf2n.mpg", Fraction(25), 75, (360, 288)),
        ("single/address.mp4", Fraction(12), 105, (320, 240)),
        ("single/vtest.avi", Fraction(10), 795, (768, 576)),
        ("single/tree.avi", Fraction(15), 444, (320, 240)),
        ("single/cityCC0.mpg", Fraction(25), 190, (720, 405)),
        ("single/stream-of-water.webm", NTSC, 90, (480, 360)),
        ("single/flower.mp4", NTSC, 150, (960, 540)),
        ("edited/rocket.mkv", NTSC_60, 3120, (640, 360)),
        ("edited/big_buck_bunny_0_30.webm", Fraction(24), 720, (1280, 720)),
        ("edited/googlework_short.mp4", NTSC, 1027, (320, 180)),
        ("edited/Chrome_ImF.mp4", NTSC, 1025, (640, 320)),
    ],
)
def test_real_clips_are_told_exactly(name, rate, frames, size):
    path = SHARED / name
    if not path.exists():
        pytest.skip("the development footage is not on this machine")
    clip = probe(path, name)
    assert (clip.rate, clip.frames, clip.size) == (rate, frames, size)


def test_a_missing_frame_is_told_apart_from_a_variable_rate(make):
    times = [Fraction(n, 25) for n in range(60) if n not in (20, 21, 40)]
    clip = make("a.mp4", 57, 25, vfr=times)
    assert (clip.rate, clip.frames) == (25, 60)
    assert any("frames missing from the file: 3" in note for note in clip.notes)


def test_a_gap_of_hours_in_the_times_is_no_picture_that_stands_so_long(make):
    times = [Fraction(n, 25) + (36_000 if n >= 50 else 0) for n in range(100)]
    clip = make("a.mkv", 100, 25, vfr=times)
    assert (clip.rate, clip.frames) == (25, 100)
    assert any("the times of its frames jump" in note for note in clip.notes)


def test_a_mirrored_clip_says_so(tmp_path):
    path = numbered(tmp_path / "a.mp4", 5, 25, rotation=180)
    data = bytearray(path.read_bytes())
    turned = (-65536).to_bytes(4, "big", signed=True)
    at = data.find(turned + bytes(12) + turned)  # the matrix of a half turn
    assert at > 0
    data[at + 16 : at + 20] = (65536).to_bytes(4, "big")  # turned back from top to bottom
    path.write_bytes(bytes(data))
    assert "mirrored in its metadata: shown as it is stored" in probe(path, "a").notes


def test_an_hour_of_pictures_takes_little_memory_to_probe(make):
    """What is kept of a clip while it is probed is one picture and its times."""
    from editor.footage import container, packets

    clip = make("a.mp4", 60, 25)
    with container.open_container(clip.path) as opened:
        stream = opened.streams.video[0]
        seen = packets.read(opened, stream, container.picture_decoder(stream))
    assert len(seen.shown) == packets.PICTURES
    assert seen.look is not None
    assert len(seen.ticks) == 60
