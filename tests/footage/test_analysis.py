"""A clip is heard and watched once; what was found is kept, and found again."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from editor.errors import FootageError, PolicyError
from editor.footage import analysis, decode, moments, sound, watch
from editor.footage.analysis import Settings, analyse
from editor.footage.cache import Cache
from editor.footage.faces import Face
from editor.footage.ingest import ingest
from editor.footage.measures import Analysis, Kind
from models import backbone
from tests import media

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage"


def unseen(_: float) -> None:
    """A progress bar that is not there."""


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    """A 7 s clip of two scenes and clicks, its cache and its analysis."""
    folder = tmp_path_factory.mktemp("footage")
    clicks = media.click_track((1, 2.5, 5), 7, room=0.001)
    path = media.numbered(
        folder / "a.mp4", 210, 30, scenes=media.Scenes(cuts=(100,), pan=1.5), sound=clicks
    )
    cache = Cache(folder / "cache")
    (clip,), _ = ingest([path], cache, lambda *_: None)
    return clip, cache, analyse(clip, Settings(), cache, unseen)


def only(path: Path, cache: Cache):
    (clip,), _ = ingest([path], cache, lambda *_: None)
    return clip


def same(one: Analysis, other: Analysis) -> None:
    for part in ("picture", "moments", "sound", "cut_points"):
        first, second = vars(getattr(one, part)), vars(getattr(other, part))
        for name, value in first.items():
            np.testing.assert_array_equal(value, second[name], err_msg=f"{part}.{name}")
    assert (one.shots, one.digest, one.backbone) == (other.shots, other.digest, other.backbone)


def test_shots_measures_and_points_cover_the_clip(footage):
    clip, _, known = footage
    assert [(span.first, span.stop) for span in known.shots] == [(0, 100), (100, 210)]
    assert known.picture.decoded == clip.frames == len(known.picture.motion)
    points = known.cut_points
    edges = points.frame[points.kind == Kind.EDGE]
    assert edges.tolist() == [0, 100, 210]
    assert (np.diff(points.frame) > 0).all()
    assert np.diff(points.frame).max() <= clip.rate + 1  # no frame further than half a second
    assert len(points.frame) <= 4 * clip.duration + 3
    assert known.sound.present and len(known.sound.onsets) == 3


def test_every_cut_point_was_looked_at_itself(footage):
    clip, _, known = footage
    shown = known.moments.frame[known.cut_points.moment]
    np.testing.assert_array_equal(shown, np.minimum(known.cut_points.frame, clip.frames - 1))


def test_the_last_frame_of_every_shot_was_looked_at(footage):
    _, _, known = footage
    assert {span.stop - 1 for span in known.shots} <= set(known.moments.frame.tolist())


def test_two_moments_a_second_and_more(footage):
    clip, _, known = footage
    frame = known.moments.frame
    assert frame[0] == 0 and (np.diff(frame) > 0).all()
    assert np.diff(frame).max() <= clip.rate / 2
    many = len(frame)
    assert known.moments.embedding.shape == (many, 1280)
    assert known.moments.thumb.shape == (many, 18, 32)
    assert known.moments.faces.shape == (many, 4)
    assert known.moments.colour.sum(axis=1) == pytest.approx(1)


def test_a_moment_is_of_the_frame_that_it_names(footage):
    clip, _, known = footage
    thumbs = dict(zip(known.moments.frame.tolist(), known.moments.thumb, strict=True))
    for frame, small in decode.small_pictures(clip, decode.Progress()):
        if frame in thumbs:
            gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
            expected = cv2.resize(gray, (32, 18), interpolation=cv2.INTER_AREA)
            np.testing.assert_array_equal(thumbs[frame], expected)


def test_moments_of_one_scene_are_more_alike_than_those_of_two(footage):
    _, _, known = footage
    vectors = known.moments.embedding.astype(np.float32)
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first = known.moments.frame < 100
    within = (vectors[first] @ vectors[first].T).mean()
    across = (vectors[first] @ vectors[~first].T).mean()
    assert within > across + 0.3


def test_a_second_time_nothing_is_heard_watched_or_loaded(footage, monkeypatch):
    clip, cache, known = footage

    def fail(*_args, **_named):
        raise AssertionError("analysed again")

    for owner, name in ((sound, "listen"), (watch, "watch"), (backbone, "load")):
        monkeypatch.setattr(owner, name, fail)
    same(analyse(clip, Settings(), Cache(cache.folder), unseen), known)
    assert analysis.is_kept(clip, Settings(), cache)


def test_another_detector_hears_nothing_again(footage, monkeypatch):
    clip, cache, _ = footage

    def fail(*_args):
        raise AssertionError("heard again")

    monkeypatch.setattr(sound, "listen", fail)
    assert not analysis.is_kept(clip, Settings(detector="adaptive"), cache)
    assert analyse(clip, Settings(detector="adaptive"), cache, unseen).detector == "adaptive"


def test_a_damaged_entry_is_made_anew(footage):
    clip, cache, known = footage
    for kept in (cache.folder / "picture").iterdir():
        kept.write_bytes(kept.read_bytes()[:-100])
    same(analyse(clip, Settings(), cache, unseen), known)


def test_stopped_midway_it_leaves_nothing_that_a_next_run_trips_over(tmp_path, footage):
    clip, _, known = footage
    cache = Cache(tmp_path)

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyse(clip, Settings(), cache, stop)
    assert not analysis.is_kept(clip, Settings(), cache)
    same(analyse(clip, Settings(), cache, unseen), known)


def test_progress_goes_from_little_to_all(footage, tmp_path):
    clip, _, _ = footage
    told: list[float] = []
    analyse(clip, Settings(), Cache(tmp_path), told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 3


def test_a_clip_that_ends_early_gives_the_decoded_part(tmp_path):
    whole = media.numbered(tmp_path / "w.mkv", 240, 24, options={"g": "24"})
    cache = Cache(tmp_path / "cache")
    clip = only(media.truncated(tmp_path / "t.mkv", whole, 0.6), cache)
    known = analyse(clip, Settings(), cache, unseen)
    assert 60 < known.picture.decoded <= clip.frames < 240
    assert known.shots[-1].stop == known.picture.decoded == known.cut_points.frame[-1]
    assert not known.sound.present


@pytest.mark.parametrize(("frames", "rate"), [(2, 25), (7, 60), (13, 12)])
def test_the_shortest_clips_have_an_analysis(frames, rate, tmp_path):
    cache = Cache(tmp_path / "cache")
    clip = only(media.numbered(tmp_path / "s.mp4", frames, rate), cache)
    known = analyse(clip, Settings(), cache, unseen)
    assert known.cut_points.frame[0] == 0 and known.cut_points.frame[-1] == clip.frames
    assert known.moments.frame[0] == 0


def test_a_black_clip_has_no_shots_and_is_no_error(tmp_path):
    import av

    path = tmp_path / "black.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        picture = np.zeros((180, 320, 3), np.uint8)
        for _ in range(60):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    cache = Cache(tmp_path / "cache")
    known = analyse(only(path, cache), Settings(), cache, unseen)
    assert known.shots == () and len(known.cut_points.frame) == 0
    assert known.picture.black.all() and len(known.moments.frame) >= 4


def test_a_backbone_without_weights_is_an_error_in_the_user_s_words(footage, tmp_path, monkeypatch):
    clip, _, _ = footage

    def refuse(*_args, **_named):
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    with pytest.raises(PolicyError, match=r"resnet50.*--weights.*efficientnet_lite0"):
        analyse(clip, Settings(backbone="resnet50"), Cache(tmp_path / "cache"), unseen)


def test_unknown_names_are_answered_with_the_known(footage, tmp_path):
    clip, _, _ = footage
    with pytest.raises(PolicyError, match="efficientnet_lite0"):
        analyse(clip, Settings(backbone="vgg"), Cache(tmp_path), unseen)
    with pytest.raises(FootageError, match="content"):
        analyse(clip, Settings(detector="edges"), Cache(tmp_path), unseen)


# --- faces and colours ----------------------------------------------------------------------------

A_FACE = Face(0.5, 0.4, 0.05)


def test_a_face_that_is_seen_once_is_none():
    found = [(), (A_FACE,), (), ()]
    assert moments.confirmed(found, np.arange(4) * 0.5)[:, 0].tolist() == [0, 0, 0, 0]


def test_a_face_that_is_seen_again_is_one_and_a_far_one_is_not_it():
    far = Face(0.9, 0.9, 0.05)
    found = [(A_FACE,), (A_FACE, far), (far,), ()]
    rows = moments.confirmed([*found[:2], (), ()], np.arange(4) * 0.5)
    assert rows[:, 0].tolist() == [1, 1, 0, 0]
    assert rows[0] == pytest.approx([1, 0.05, 0.5, 0.4])


def test_a_face_in_a_moment_alone_counts():
    assert moments.confirmed([(A_FACE,)], np.zeros(1))[0, 0] == 1


def test_colours_tell_red_from_blue_and_grey_from_both():
    pictures = {
        "red": np.full((144, 256, 3), (20, 20, 200), np.uint8),
        "blue": np.full((144, 256, 3), (200, 20, 20), np.uint8),
        "grey": np.full((144, 256, 3), 128, np.uint8),
    }
    found = {name: moments.colours(picture) for name, picture in pictures.items()}
    for one in found:
        assert found[one].sum() == pytest.approx(1)
        for other in found:
            alike = np.minimum(found[one], found[other]).sum()
            assert alike == pytest.approx(1 if one == other else 0)


FACES = [f"dailies/sentences/{name}.mpg" for name in ("bbaf2n", "brbk7n", "lbbc2a", "lrwp9a")]
FACES += ["dailies/sentences/id2_vcd_swwp2s.mpg", "single/address.mp4"]
NO_FACES = [f"single/{name}" for name in ("flower.mp4", "cityCC0.mpg", "vtest.avi")]


@pytest.mark.parametrize("name", FACES + NO_FACES)
def test_faces_are_found_where_people_speak_to_camera_and_nowhere_else(name, tmp_path):
    path = FOOTAGE / name
    if not path.is_file():
        pytest.skip("the development footage is not here")
    cache = Cache(tmp_path)
    faces = analyse(only(path, cache), Settings(), cache, unseen).moments.faces
    share = (faces[:, 0] > 0).mean()
    assert share >= 0.9 if name in FACES else share <= 0.05
    if name in FACES:
        assert 0.02 < np.median(faces[:, 1]) < 0.5
        assert np.abs(np.median(faces[:, 2:], axis=0) - 0.5).max() < 0.3
