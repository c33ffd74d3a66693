"""The picture's measures say what an eye would: how sharp, how bright, what moves and where to."""

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest

from editor.errors import FootageError
from editor.footage import decode, watch
from editor.footage.cache import Cache
from editor.footage.ingest import ingest
from editor.footage.picture import Meter, sharpness
from tests import media

RATE = Fraction(25)


def texture(width: int = 600, height: int = 144, seed: int = 0) -> np.ndarray:
    """A (H, W, 3) uint8 picture with edges of all sizes."""
    made = np.zeros((height, width, 3), np.uint8)
    draw = np.random.default_rng(seed)
    for _ in range(150):
        x, y, w, h = draw.integers(0, (width, height, 60, 40))
        colour = tuple(int(value) for value in draw.integers(20, 236, 3))
        cv2.rectangle(made, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
    return made


def measured(pictures: list[np.ndarray]):
    meter = Meter(len(pictures), RATE)
    for n, picture in enumerate(pictures):
        meter.see(n, picture)
    return meter.picture(len(pictures))


def clip_at(path, tmp_path):
    (clip,), _ = ingest([path], Cache(tmp_path / "cache"), lambda *_: None)
    return clip


def test_sharpness_falls_with_every_step_of_blur():
    gray = cv2.cvtColor(texture()[:, :256], cv2.COLOR_BGR2GRAY)
    steps = [
        sharpness(cv2.GaussianBlur(gray, (0, 0), sigma) if sigma else gray)
        for sigma in (0, 0.8, 1.5, 3)
    ]
    assert steps[0] > 0.9 and steps[-1] < 0.3
    assert all(a > b for a, b in pairwise(steps))


def test_sharpness_does_not_rise_with_grain_or_fall_with_contrast():
    gray = cv2.cvtColor(texture()[:, :256], cv2.COLOR_BGR2GRAY)
    soft = cv2.GaussianBlur(gray, (0, 0), 2.0)
    grain = np.random.default_rng(1).normal(0, 4, gray.shape)
    noisy = np.clip(soft + grain, 0, 255).astype(np.uint8)
    assert abs(sharpness(noisy) - sharpness(soft)) < 0.15
    flat = (gray * 0.4 + 70).astype(np.uint8)
    assert abs(sharpness(flat) - sharpness(gray)) < 0.1


def test_a_picture_without_edges_is_not_sharp():
    assert sharpness(np.full((144, 256), 90, np.uint8)) == 0.0


def test_a_wall_of_grain_is_not_sharp():
    grain = np.random.default_rng(2).normal(90, 2, (144, 256))
    assert sharpness(grain.astype(np.uint8)) == 0.0


@pytest.mark.parametrize(("step", "sign"), [(2, -1), (-2, 1)])
def test_a_pan_shows_its_direction_and_speed(step, sign):
    wide = texture()
    starts = [150 + step * n for n in range(50)]
    flow = measured([wide[:, x : x + 256] for x in starts]).flow
    expected = sign * 2 * 25 / 256  # widths a second; the picture moves against the camera
    assert np.median(flow[:, 0]) == pytest.approx(expected, rel=0.15)
    assert abs(np.median(flow[:, 1])) < 0.02


def test_a_tilt_shows_in_the_second_direction():
    tall = texture(256, 400, seed=3)
    flow = measured([np.ascontiguousarray(tall[2 * n : 2 * n + 144]) for n in range(50)]).flow
    assert np.median(flow[:, 1]) == pytest.approx(-2 * 25 / 256, rel=0.2)


def test_what_moves_before_a_still_camera_is_motion_but_no_pan():
    still = texture()[:, :256]
    pictures = []
    for n in range(50):
        picture = still.copy()
        cv2.circle(picture, (40 + 3 * n, 72), 18, (250, 250, 250), -1)
        pictures.append(picture)
    picture = measured(pictures)
    assert picture.motion[1:].min() > 0.001
    assert np.abs(np.median(picture.flow, axis=0)).max() < 0.03


def test_a_cut_gives_no_pan():
    pictures = [texture(seed=1)[:, :256]] * 20 + [texture(seed=2)[:, :256]] * 20
    assert np.abs(measured(pictures).flow).max() < 0.05


def test_black_bright_clipped_and_coloured_pictures_are_told_apart():
    names = ("black", "white", "grey", "red", "half blown")
    made = {name: np.zeros((144, 256, 3), np.uint8) for name in names}
    made["white"][:] = 255
    made["grey"][:] = 128
    made["red"][:] = (0, 0, 200)
    made["half blown"][:] = 120
    made["half blown"][:, :128] = 255
    found = measured([made[name] for name in names])
    at = {name: n for n, name in enumerate(names)}
    assert list(found.black) == [True, False, False, False, False]
    assert found.luma[at["white"]] == pytest.approx(1) and found.luma[at["grey"]] == pytest.approx(
        0.5, abs=0.01
    )
    assert found.clipped[at["white"]] == pytest.approx(1) and found.clipped[at["grey"]] == 0
    assert found.clipped[at["half blown"]] == pytest.approx(0.5, abs=0.01)
    assert found.saturation[at["red"]] == pytest.approx(1) and found.saturation[at["grey"]] == 0


def test_white_titles_on_black_are_a_picture():
    title = np.zeros((144, 256, 3), np.uint8)
    cv2.putText(title, "A FILM BY", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 3)
    assert not measured([title]).black[0]


def test_a_repeated_picture_is_frozen_and_a_grainy_still_is_not():
    still = texture()[:, :256].astype(np.int16)
    draw = np.random.default_rng(4)
    grainy = [
        np.clip(still + draw.normal(0, 3, still.shape), 0, 255).astype(np.uint8) for _ in range(3)
    ]
    found = measured([grainy[0], grainy[0], grainy[0].copy(), grainy[1], grainy[2]])
    assert list(found.frozen) == [False, True, True, False, False]


def test_every_frame_of_the_grid_is_measured_once(tmp_path):
    clip = clip_at(media.numbered(tmp_path / "a.mp4", 73, Fraction(24000, 1001)), tmp_path)
    seen = [n for n, _ in decode.small_pictures(clip, decode.Progress())]
    assert seen == list(range(73))


def test_the_small_picture_is_the_frame_of_its_number(tmp_path):
    clip = clip_at(media.numbered(tmp_path / "a.mp4", 40, 25, size=(640, 360)), tmp_path)
    for n, small in decode.small_pictures(clip, decode.Progress()):
        assert small.shape == (144, 256, 3)
        assert media.read_number(cv2.resize(small, (640, 360))[..., ::-1]) == n


def test_a_variable_rate_clip_holds_each_picture_until_the_next(tmp_path):
    times = [Fraction(n, 30) for n in (0, 1, 2, 3, 7, 8, 9, 10, 11, 12)]
    clip = clip_at(media.numbered(tmp_path / "v.mp4", 10, 30, vfr=times, size=(640, 360)), tmp_path)
    assert clip.variable_rate
    shown = [
        media.read_number(cv2.resize(small, (640, 360))[..., ::-1])
        for _, small in decode.small_pictures(clip, decode.Progress())
    ]
    assert shown[:12] == [0, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_phone_clip_is_seen_upright(rotation, tmp_path):
    path = media.numbered(tmp_path / "r.mp4", 5, 25, size=(360, 640), rotation=rotation)
    clip = clip_at(path, tmp_path)
    for n, small in decode.small_pictures(clip, decode.Progress()):
        assert small.shape[0] > small.shape[1]
        assert (
            media.read_number(
                cv2.resize(small, (720, 1280), interpolation=cv2.INTER_CUBIC)[..., ::-1]
            )
            == n
        )


def test_wide_pixels_are_made_square(tmp_path):
    path = media.numbered(tmp_path / "s.mp4", 3, 25, size=(320, 360), sample_aspect=Fraction(2))
    clip = clip_at(path, tmp_path)
    _, small = next(decode.small_pictures(clip, decode.Progress()))
    assert small.shape[:2] == (144, 256)


def test_a_damaged_middle_is_survived_and_counted(tmp_path):
    whole = media.numbered(tmp_path / "w.mp4", 200, 25, options={"g": "25"})
    clip = clip_at(media.with_broken_middle(tmp_path / "b.mp4", whole, 0.5, 0.05), tmp_path)
    progress = decode.Progress()
    frames = [n for n, _ in decode.small_pictures(clip, progress)]
    assert frames == list(range(len(frames)))
    assert progress.decoded == len(frames) >= 190


def test_damaged_frames_are_named_until_a_picture_stands_by_itself_again(tmp_path):
    whole = media.numbered(tmp_path / "w.mp4", 200, 25, options={"g": "25", "bf": "0"})
    clip = clip_at(media.with_broken_middle(tmp_path / "b.mp4", whole, 0.5, 0.03), tmp_path)
    progress, undamaged = decode.Progress(), decode.Progress()
    seen = dict(decode.small_pictures(clip, progress))
    right = dict(decode.small_pictures(clip_at(whole, tmp_path), undamaged))
    assert not undamaged.damaged
    hurt = [n for n in right if np.abs(seen[n].astype(int) - right[n]).max() > 40]
    assert hurt and set(hurt) <= set(progress.damaged)
    assert set(progress.damaged) <= set(range(min(hurt) - 25, max(hurt) + 26))


def test_a_clip_without_one_decodable_frame_is_an_error_that_names_it(tmp_path):
    whole = media.numbered(tmp_path / "w.mp4", 30, 25)
    clip = clip_at(whole, tmp_path)
    data = bytearray(whole.read_bytes())
    start = data.index(b"mdat") + 4
    stop = data.index(b"moov") - 4 if data.index(b"moov") > start else len(data)
    data[start:stop] = bytes(stop - start)
    whole.write_bytes(data)
    with pytest.raises(FootageError, match=r"w\.mp4.*no picture could be decoded"):
        list(decode.small_pictures(clip, decode.Progress()))


def test_an_error_of_the_decoding_thread_is_raised_where_pictures_are_used():
    def pictures():
        yield 0, np.zeros((2, 2, 3), np.uint8)
        raise FootageError("the card was pulled")

    seen = decode.ahead(pictures())
    assert next(seen)[0] == 0
    with pytest.raises(FootageError, match="pulled"):
        next(seen)


def test_reading_may_stop_in_the_middle(tmp_path):
    clip = clip_at(media.numbered(tmp_path / "a.mp4", 200, 25), tmp_path)
    seen = decode.ahead(decode.small_pictures(clip, decode.Progress()))
    assert next(seen)[0] == 0
    seen.close()  # would hang if the thread were left waiting


def test_picture_alone_finds_what_was_made(tmp_path):
    path = media.numbered(tmp_path / "a.mp4", 90, 30, scenes=media.Scenes(cuts=(45,)))
    picture, spans = watch.measure(clip_at(path, tmp_path), "content", lambda _: None)
    assert picture.decoded == 90 and len(picture.motion) == 90
    assert [(span.first, span.stop) for span in spans] == [(0, 45), (45, 90)]


def test_hdr_is_brought_to_ordinary_brightness(tmp_path):
    plain = clip_at(media.numbered(tmp_path / "sdr.mp4", 3, 25, size=(640, 360)), tmp_path)
    tagged = media.numbered(tmp_path / "pq.mp4", 3, 25, size=(640, 360), transfer="pq")
    clip = clip_at(tagged, tmp_path)
    assert clip.transfer == "pq"
    _, ordinary = next(decode.small_pictures(plain, decode.Progress()))
    _, mapped = next(decode.small_pictures(clip, decode.Progress()))
    curve = decode._pq_curve()
    assert curve[0] == 0 and (np.diff(curve.astype(int)) >= 0).all() and curve[255] == 255
    assert 165 <= curve[148] <= 215  # 203 cd/m2, the white of a page in the room
    # The tag also names other primaries, so colours differ a little; brightness may not.
    assert np.abs(mapped.mean(axis=2) - curve[ordinary].mean(axis=2)).mean() < 6
