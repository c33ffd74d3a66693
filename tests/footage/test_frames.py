"""Any span of any clip gives exactly its frames, upright, in the shape that was asked for."""

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from editor.errors import FootageError
from editor.footage import decode, frames, tonemap
from editor.footage.clip import Clip
from editor.footage.convert import inner_size
from editor.footage.frames import FrameReader
from editor.footage.ingest import probe
from tests import media
from tests.media import numbered, read_number

NTSC = Fraction(30000, 1001)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"


def numbers(clip: Clip, first: int, stop: int, size: tuple[int, int] | None = None) -> list:
    with FrameReader(clip, size) as reader:
        return [read_number(picture) for picture in reader.arrays(first, stop)]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Clip]:
    """Write a numbered clip and probe it."""

    def made(name: str, count: int, rate: Fraction | int = 25, **look) -> Clip:
        return probe(numbered(tmp_path / name, count, rate, **look), name)

    return made


RATES = [24, 25, 30, Fraction(24000, 1001), NTSC, Fraction(60000, 1001), 10]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_every_frame_at_every_rate_is_itself(make, rate):
    clip = make("a.mp4", 90, rate, options={"g": "30"})
    assert clip.rate == rate
    assert clip.frames == 90
    assert numbers(clip, 0, 90) == list(range(90))


KINDS = {
    "b-frames in mp4.mp4": {"options": {"g": "20", "bf": "3", "preset": "medium"}},
    "open groups.mp4": {"options": {"g": "20", "preset": "medium", "x264-params": "open-gop=1"}},
    "one keyframe only.mp4": {"options": {"g": "999"}},
    "hevc with open groups.mp4": {"codec": "libx265", "options": {"g": "20"}},
    "av1.mkv": {"codec": "libsvtav1", "options": {"preset": "12", "svtav1-params": "lookahead=0"}},
    "milliseconds in mkv.mkv": {"rate": Fraction(24000, 1001), "options": {"g": "20"}},
    "lossless.mkv": {"codec": "ffv1"},
    "hidden frames.webm": {
        "codec": "libvpx",
        "options": {"cpu-used": "8", "g": "20", "auto-alt-ref": "1", "lag-in-frames": "16"},
    },
    "late start.ts": {"start": Fraction(100), "options": {"g": "20"}},
    "mpeg2 late start.ts": {"codec": "mpeg2video", "start": Fraction(9), "options": {"bf": "2"}},
    "late start.mpg": {"codec": "mpeg1video", "start": Fraction(3), "options": {"bf": "2"}},
    "mpeg2.mxf": {"codec": "mpeg2video", "size": (320, 192)},
    "packed times.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "no times.avi": {"options": {"g": "20"}},
    "bare stream.h264": {},
    "bare stream.m2v": {"codec": "mpeg2video", "options": {"bf": "2"}},
    "flash.flv": {"options": {"g": "20"}},
    "windows.wmv": {"codec": "wmv2"},
    "full range.mov": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "odd size.mp4": {"size": (321, 181), "pixel_format": "yuv444p"},
    "odd size.mov": {"size": (321, 181), "codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "quarter turn.mp4": {"rotation": 90, "options": {"g": "20"}},
    "upside down.mp4": {"rotation": 180},
    "three quarters.mov": {"rotation": 270},
    "wide pixels.mp4": {"sample_aspect": Fraction(4, 3), "size": (240, 180)},
    "ten bit.mp4": {"codec": "libx265", "pixel_format": "yuv420p10le"},
    "pq.mp4": {"codec": "libx265", "pixel_format": "yuv420p10le", "transfer": "pq"},
    "hlg.mp4": {"codec": "libx265", "pixel_format": "yuv420p10le", "transfer": "hlg"},
    "interlaced.mp4": {"interlaced": True},
    "palette.gif": {"codec": "gif", "pixel_format": "rgb8"},
}


@pytest.mark.parametrize("name", KINDS)
def test_frames_come_right_in_order_and_out_of_order(make, name):
    look = dict(KINDS[name])
    clip = make(name, 80, look.pop("rate", 25), **look)
    chance = random.Random(3)
    with FrameReader(clip) as reader:
        assert [read_number(picture) for picture in reader.arrays(0, 80)] == list(range(80))
        for _ in range(12):
            first = chance.randrange(80)
            stop = min(80, first + chance.randint(1, 5))
            seen = [read_number(picture) for picture in reader.arrays(first, stop)]
            assert seen == list(range(first, stop))


def test_reading_on_does_not_seek(make, monkeypatch):
    clip = make("a.mp4", 60, options={"g": "10"})
    with FrameReader(clip) as reader:
        list(reader.arrays(12, 20))
        monkeypatch.setattr(frames.Source, "seek", None)
        monkeypatch.setattr(frames.Source, "restart", None)
        seen = [read_number(picture) for picture in reader.arrays(20, 30)]
    assert seen == list(range(20, 30))


def test_two_spans_may_share_their_edge_and_a_frame_be_read_twice(make):
    clip = make("a.mp4", 40)
    with FrameReader(clip) as reader:
        for first, stop in ((5, 9), (8, 12), (8, 9), (8, 9), (39, 40), (0, 1)):
            seen = [read_number(picture) for picture in reader.arrays(first, stop)]
            assert seen == list(range(first, stop))


def test_a_variable_rate_file_shows_what_is_presented_at_each_moment(make):
    times = [Fraction(n, 30) for n in range(30)] + [1 + Fraction(n, 10) for n in range(1, 21)]
    clip = make("a.mp4", 50, 30, vfr=times)
    assert clip.variable_rate
    assert "variable frame rate" in " ".join(clip.notes)
    shown = numbers(clip, 0, clip.frames)
    for frame, number in enumerate(shown):
        presented = [n for n, time in enumerate(times) if clip.frame_of(time + clip.start) <= frame]
        assert number == presented[-1]


def test_spans_of_a_variable_rate_file_agree_with_the_whole(make):
    chance = random.Random(5)
    times, time = [], Fraction(0)
    for _ in range(90):
        times.append(time)
        time += Fraction(chance.randint(15, 120), 1000)
    clip = make("a.mp4", 90, 25, vfr=times, options={"g": "15"})
    whole = numbers(clip, 0, clip.frames)
    for first in range(0, clip.frames - 4, 7):
        assert numbers(clip, first, first + 4) == whole[first : first + 4]


# --- shape ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(640, 640), (200, 180), (1280, 720), (160, 90), (333, 201)])
def test_a_letterboxed_picture_is_whole_and_bordered_with_black(make, size):
    clip = make("a.mp4", 8)
    with FrameReader(clip, size) as reader:
        pictures = list(reader.arrays(2, 5))
    assert [picture.shape for picture in pictures] == [(size[1], size[0], 3)] * 3
    assert [read_number(picture) for picture in pictures] == [2, 3, 4]
    _, height = inner_size(clip.size, size, "letterbox", even=False)
    border = (size[1] - height) // 2 - 1
    if border > 2:
        assert pictures[0][:border].max() < 8
        assert pictures[0][-border:].max() < 8
    assert pictures[0][size[1] // 2].max() > 100


def test_a_filling_picture_has_no_border_and_keeps_its_shape(make):
    clip = make("a.mp4", 4)
    with FrameReader(clip, (240, 180), fit="fill") as reader:
        (picture,) = reader.arrays(3, 4)
    assert read_number(picture) == 3
    assert picture[:, 0].max() > 30
    assert picture[0].max() > 30
    assert picture[-1].max() > 30


def test_thin_borders_are_scaled_away():
    assert inner_size((854, 480), (1280, 720), "letterbox", even=True) == (1280, 720)
    assert inner_size((720, 405), (1280, 720), "letterbox", even=True) == (1280, 720)
    assert inner_size((720, 480), (1280, 720), "letterbox", even=True) == (1080, 720)
    assert inner_size((1080, 1920), (1280, 720), "letterbox", even=True) == (406, 720)
    assert inner_size((720, 480), (1280, 720), "fill", even=True) == (1280, 854)


def test_square_pixels_are_made_of_wide_ones(make):
    clip = make("a.mp4", 3, sample_aspect=Fraction(4, 3), size=(240, 180))
    assert clip.size == (320, 180)
    picture = frames.still(clip, 1, 320)
    assert picture.shape == (180, 320, 3)
    assert read_number(picture) == 1
    left, top, right, bottom = media._ring(picture)
    assert (right - left) / (bottom - top) == pytest.approx(14 / 6 * 4 / 3, rel=0.05)


def test_a_still_keeps_the_clip_s_shape(make):
    clip = make("a.mp4", 3, rotation=90)
    assert clip.size == (320, 180)
    assert frames.still(clip, 2, 160).shape == (90, 160, 3)


def test_pictures_that_need_nothing_pass_untouched(make):
    clip = make("a.mp4", 10, size=(1280, 720))
    with FrameReader(clip, (1280, 720), pixel_format="yuv420p") as reader:
        read = list(reader.pictures(0, 10))
    with av.open(str(clip.path)) as container:
        bare = list(container.decode(video=0))
    for one, other in zip(read, bare, strict=True):
        assert one.format.name == "yuv420p"
        assert one.pts == other.pts
        assert bytes(one.planes[0]) == bytes(other.planes[0])


def test_pictures_come_in_the_asked_format(make):
    clip = make("a.mov", 4, codec="prores_ks", pixel_format="yuv422p10le")
    with FrameReader(clip, (640, 480), pixel_format="yuv420p") as reader:
        for number, picture in enumerate(reader.pictures(0, 4)):
            assert (picture.width, picture.height, picture.format.name) == (640, 480, "yuv420p")
            assert read_number(picture.to_ndarray(format="rgb24")) == number


# --- colour ---------------------------------------------------------------------------------------


def patch(path: Path, colour: tuple[int, int, int], **look) -> np.ndarray:
    """A clip of one colour, through encoder and reader: mean RGB."""
    size = look.pop("size", (320, 180))
    matrix = look.pop("matrix", 2)
    picture = np.full((size[1], size[0], 3), colour, np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "5", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, look.get("pixel_format", "yuv420p")
        context = stream.codec_context
        context.colorspace = matrix
        context.color_range = look.get("range", 1)
        frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
            format=stream.pix_fmt,
            dst_colorspace=matrix if matrix != 2 else look["meant"],
            dst_color_range=look.get("range", 1),
        )
        for pts in range(3):
            frame.pts = pts
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return frames.still(probe(path, "x"), 1, size[0]).reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize(
    "look",
    [
        {"matrix": 1},
        {"matrix": 6},
        {"matrix": 1, "size": (1280, 720)},
        {"matrix": 6, "size": (1280, 720)},
        {"matrix": 2, "meant": 5},
        {"matrix": 2, "meant": 1, "size": (1280, 720)},
        {"matrix": 1, "range": 2, "pixel_format": "yuv420p"},
        {"matrix": 5, "pixel_format": "yuv444p"},
    ],
    ids=str,
)
@pytest.mark.parametrize("colour", [(200, 40, 60), (40, 190, 80), (30, 60, 220), (235, 235, 235)])
def test_colours_come_out_as_they_went_in(tmp_path, look, colour):
    assert patch(tmp_path / "a.mp4", colour, **look) == pytest.approx(colour, abs=4)


def test_a_standard_definition_picture_becomes_bt709_in_a_film(make):
    clip = make("a.mp4", 2, size=(640, 360))  # without a matrix: BT.601 at this size
    with FrameReader(clip, pixel_format="yuv420p") as reader:
        (picture,) = reader.pictures(1, 2)
    direct = frames.still(clip, 1, 640).astype(float)
    as_709, as_601 = by_formula(picture, 0.2126, 0.0722), by_formula(picture, 0.299, 0.114)
    assert np.abs((as_709 - direct).mean(axis=(0, 1))).max() < 0.5
    assert np.abs((as_601 - direct).mean(axis=(0, 1))).max() > 1.5


def by_formula(picture: av.VideoFrame, red: float, blue: float) -> np.ndarray:
    """RGB of a limited-range yuv420p picture by its matrix's weights, ITU-R BT.709 section 3."""
    planes = []
    for plane in picture.planes:
        rows = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)
        planes.append(rows[:, : plane.width].astype(float))
    luma = (planes[0] - 16) / 219
    cb, cr = ((plane.repeat(2, 0).repeat(2, 1) - 128) / 224 for plane in planes[1:])
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.stack([r, g, b], axis=-1) * 255, 0, 255)


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("qtrle", "argb", ".mov"),
        ("png", "rgba", ".mov"),
        ("prores_ks", "yuva444p10le", ".mov"),
        ("libvpx-vp9", "yuva420p", ".webm"),
    ],
)
def test_transparency_is_shown_over_black(make, codec, pixel_format, suffix):
    def opacity(frame: int) -> np.ndarray:
        alpha = np.zeros((180, 320), np.uint8)
        alpha[:, 160:] = 128
        return alpha

    clip = make(f"a{suffix}", 6, codec=codec, pixel_format=pixel_format, alpha=opacity)
    solid = make("b.mov", 6, codec="png", pixel_format="rgb24")
    assert clip.alpha
    assert "has transparency: shown over black" in clip.notes
    picture, whole = frames.still(clip, 3, 320), frames.still(solid, 3, 320)
    assert read_number(picture) == 3
    assert picture[:20, :150].mean() < 4, "wholly transparent"
    assert picture[:20, 170:].mean() == pytest.approx(whole[:20, 170:].mean() / 2, rel=0.06)


def pq(light: float) -> float:
    """Code value in [0, 1] of cd/m2."""
    power = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def test_tone_mapping_keeps_black_rolls_off_highlights_and_rises_throughout():
    levels = np.array([0, 1, 10, 50, 100, 203, 400, 700, 1000.0])
    grey = np.repeat(np.array([pq(level) for level in levels])[:, None], 3, axis=1)
    mapped = tonemap.tone_map(grey, "pq")
    assert np.ptp(mapped, axis=1).max() < 0.002, "grey stays grey"
    shown = mapped.mean(axis=1)
    assert shown[0] == pytest.approx(0, abs=1e-3)
    assert shown[-1] == pytest.approx(1, abs=0.01)
    assert np.all(np.diff(shown) > 0)
    assert 0.87 < shown[5] < 0.95, "diffuse white"


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_what_other_clips_can_show_looks_as_in_them(transfer):
    """BT.709 colours up to two fifths of white, put into HDR with white at 203 cd/m2."""
    shown = np.random.default_rng(0).uniform(0, 0.4 ** (1 / 2.4), (200, 3))
    light = shown**2.4 @ np.linalg.inv(tonemap._TO_709).T * 203
    if transfer == "pq":
        code = np.vectorize(pq)(np.maximum(light, 0))
    else:
        luma = np.maximum(light @ tonemap._LUMA / 1000, 1e-9)[:, None]
        scene = np.maximum(light / 1000, 0) * luma ** (1 / 1.2 - 1)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        code = np.where(
            scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
        )
    assert np.abs(tonemap.tone_map(code, transfer) - shown).max() < 0.02


def test_hlg_and_pq_of_the_same_light_look_the_same():
    """75 % HLG and 58 % PQ are both diffuse white, 203 cd/m2 (ITU-R BT.2408, table 1)."""
    hlg = tonemap.tone_map(np.full((1, 3), 0.75), "hlg")
    assert hlg == pytest.approx(tonemap.tone_map(np.full((1, 3), pq(203)), "pq"), abs=0.01)


def test_light_of_pq_is_the_standard_s():
    assert tonemap.light(np.full((1, 3), pq(100.0)), "pq")[0, 0] == pytest.approx(0.1, rel=1e-6)
    assert tonemap.light(np.full((1, 3), 1.0), "hlg")[0, 0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_the_reader_s_hdr_pictures_are_those_of_the_formula(tmp_path, transfer):
    codes = np.linspace(0.05, 0.75, 8)
    luma = np.repeat(64 + 876 * codes, 40)[None].repeat(64, axis=0).round().astype(np.uint16)
    planes = np.concatenate([luma.ravel(), np.full(luma.size // 2, 512, np.uint16)])
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        options = {"preset": "ultrafast", "crf": "4", "x265-params": "log-level=none"}
        stream = output.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 64, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries = {"pq": 16, "hlg": 18}[transfer], 9
        context.colorspace, context.color_range = 9, 1
        for pts in range(2):
            frame = av.VideoFrame.from_ndarray(planes.reshape(96, 320), "yuv420p10le")
            frame.pts = pts
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    clip = probe(path, "x")
    assert clip.transfer == transfer
    assert clip.bit_depth == 10
    assert any("tone-mapped to Rec. 709" in note for note in clip.notes)
    shown = frames.still(clip, 1, 320)[32, 20::40].mean(axis=1)
    wanted = 255 * tonemap.tone_map(np.repeat(codes[:, None], 3, axis=1), transfer).mean(axis=1)
    assert shown == pytest.approx(wanted, abs=4)


# --- what goes wrong ------------------------------------------------------------------------------


def test_frames_that_a_clip_does_not_have_are_refused(make):
    clip = make("a.mp4", 10)
    with FrameReader(clip) as reader:
        for first, stop in ((-1, 3), (3, 3), (5, 4), (8, 11)):
            with pytest.raises(ValueError, match="frames 0 to 9"):
                list(reader.arrays(first, stop))


def test_an_undecodable_tail_is_an_error_that_names_clip_and_frame(make, tmp_path):
    clip = make("a.mkv", 100, options={"g": "10"}, codec="libx264")
    data = bytearray(clip.path.read_bytes())
    clip.path.write_bytes(bytes(data[: int(len(data) * 0.5)]))  # the disk lost its second half
    with FrameReader(clip) as reader:
        assert read_number(next(reader.arrays(5, 6))) == 5
        with pytest.raises(FootageError, match=r"a\.mkv: frame 9\d of 100 cannot be decoded"):
            list(reader.arrays(95, 99))


def test_a_damaged_stretch_is_passed_over_and_all_after_it_is_right(make, tmp_path):
    clip = make("a.ts", 100, options={"g": "10"})
    broken = media.with_broken_middle(tmp_path / "b.ts", clip.path, 0.5, 0.03)
    hurt = probe(broken, "b")
    seen = numbers(hurt, 0, hurt.frames)
    assert len(seen) == hurt.frames
    assert hurt.frames == pytest.approx(100, abs=3)
    assert seen[:40] == list(range(40))
    assert seen[-30:] == list(range(hurt.frames - 30, hurt.frames))


def test_a_clip_that_went_away_is_named(make):
    clip = make("a.mp4", 10)
    clip.path.unlink()
    with FrameReader(clip) as reader, pytest.raises(FootageError, match=r"a\.mp4"):
        next(reader.arrays(0, 1))


def test_leaving_the_reader_lets_go_of_the_file(make):
    clip = make("a.mp4", 10)
    held = Path("/proc/self/fd")
    if not held.is_dir():
        pytest.skip("this system does not list open files in /proc")
    with FrameReader(clip) as reader:
        next(reader.arrays(0, 1))
    names = [entry.readlink() for entry in held.iterdir() if entry.is_symlink()]
    assert clip.path not in names


# --- real clips -----------------------------------------------------------------------------------


REAL = [
    "dailies/sentences/bbaf2n.mpg", "single/address.mp4", "single/chaplin.mp4",
    "single/flower.mp4", "single/cityCC0.mpg", "single/vtest.avi", "single/tree.avi",
    "single/stream-of-water.webm", "single/friday.mp4", "edited/googlework_short.mp4",
    "edited/rocket.mkv", "edited/shot_change.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_a_real_clip_gives_the_same_frames_by_seeking_as_in_order(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip("the development footage is not on this machine")
    clip = probe(path, name)
    size = (96, 72)
    with FrameReader(clip, size) as reader:
        whole = [picture.copy() for picture in reader.arrays(0, clip.frames)]
        chance = random.Random(7)
        for _ in range(12):
            first = chance.randrange(clip.frames)
            (picture,) = reader.arrays(first, first + 1)
            assert np.array_equal(picture, whole[first]), first


DAMAGED = {
    "a.mkv": {},
    "a.ts": {},
    "a.mpg": {"codec": "mpeg1video", "options": {"bf": "2"}},
    "a.avi": {"codec": "mpeg4", "options": {"g": "6"}},
    "index first.mp4": {"container_options": {"movflags": "+faststart"}},
    "in pieces.mp4": {
        "container_options": {"movflags": "+frag_keyframe+empty_moov"},
        "options": {"g": "20"},
    },
    "bare.h264": {},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_analysis_could_decode_of_a_damaged_file_the_reader_can_show(tmp_path, name):
    whole = numbered(tmp_path / "whole" / name, 60, 25, **DAMAGED[name])
    hurts = [media.truncated(tmp_path / f"{n} {name}", whole, 0.5 + 0.15 * n) for n in range(3)]
    hurts += [
        media.with_broken_middle(tmp_path / f"m{n} {name}", whole, 0.3 + 0.2 * n, 0.04)
        for n in range(3)
    ]
    for hurt in hurts:
        clip, progress = probe(hurt, hurt.name), decode.Progress()
        for _ in decode.small_pictures(clip, progress):
            pass
        assert 0 < progress.decoded <= clip.frames
        with FrameReader(clip, (160, 90)) as reader:
            pictures = [picture.copy() for picture in reader.arrays(0, progress.decoded)]
            assert len(pictures) == progress.decoded
            for frame in (progress.decoded - 1, 0, progress.decoded // 2, progress.decoded // 3):
                (picture,) = reader.arrays(frame, frame + 1)
                assert read_number(picture) == read_number(pictures[frame])
