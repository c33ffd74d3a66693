"""A proxy or a re-encode is used once; another take, however alike, is never taken for a copy."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from editor.footage import copies, frames, samples
from editor.footage.clip import Clip
from editor.footage.ingest import probe
from editor.footage.measures import Analysis, CutPoints, Moments, Picture, Sound
from tests import media
from tests.media import Scenes, numbered

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"


def looked_at(clip: Clip, step: float = 0.5, offset: int = 0) -> Analysis:
    """What copies are told by: thumbs every `step` s, as analysis takes them, and levels."""
    chosen = {0, clip.frames - 1, *(min(clip.frames - 1, offset + int(n * step * clip.rate))
              for n in range(int(clip.duration / Fraction(step)) + 1))}  # fmt: skip
    wanted = np.array(sorted(chosen))
    thumbs = []
    with frames.FrameReader(
        clip, (256, max(16, round(256 * clip.size[1] / clip.size[0])))
    ) as reader:
        for frame in wanted:
            grey = cv2.cvtColor(next(reader.arrays(int(frame), int(frame) + 1)), cv2.COLOR_RGB2GRAY)
            thumbs.append(cv2.resize(grey, (32, 18), interpolation=cv2.INTER_AREA))
    none, nothing = np.zeros(clip.frames, np.float32), np.zeros(len(wanted), np.float32)
    no, flow = np.zeros(clip.frames, bool), np.zeros((clip.frames, 2), np.float32)
    return Analysis(
        clip.digest,
        "content",
        "none",
        (),
        Picture(clip.frames, none, flow, none, none, none, none, no, no),
        Moments(wanted, nothing[:, None].astype(np.float16), nothing[:, None],
                np.zeros((len(wanted), 4), np.float32), np.stack(thumbs)),
        heard(clip),
        CutPoints(wanted, np.zeros(len(wanted), np.int8), no[: len(wanted)], wanted),
    )  # fmt: skip


def heard(clip: Clip) -> Sound:
    level = np.zeros(0, np.float32)
    if clip.sound:
        sound = samples.read(clip, Fraction(0), clip.duration, 16_000, 1)[:, 0]
        power = np.square(sound[: len(sound) // 160 * 160]).reshape(-1, 160).mean(axis=1)
        level = (10 * np.log10(np.maximum(power, 1e-10))).astype(np.float32)
    none = np.zeros((0, 2))
    return Sound(bool(clip.sound), none, level, level, -20.0, -60.0, np.zeros(0), none)


def kept(clips: Sequence[Clip], *, offset: int = 0) -> tuple[list[str], dict[str, str]]:
    analyses = {clip.digest: looked_at(clip, offset=offset * n) for n, clip in enumerate(clips)}
    used, skipped = copies.drop_copies(clips, analyses)
    return [clip.name for clip in used], {skip.path.name: skip.reason for skip in skipped}


def moving(path: Path, count: int, rate: int = 25, seed: int = 1, start: int = 0, **look) -> Clip:
    """A table at one camera position on which a ball rolls about by its own path."""
    size = look.get("size", (320, 180))
    table = media._texture(640, 360, seed=99)
    chance = np.random.default_rng(seed)
    phases, speeds = chance.uniform(0, 6, 4), chance.uniform(0.7, 2.5, 4)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(
            "libx264", rate=rate, options={"preset": "ultrafast", "crf": str(look.get("crf", 20))}
        )
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(start, start + count):
            time = number / rate
            waves = np.sin(phases + speeds * time)
            picture = table.copy()
            centre = (int(320 + 120 * (waves[0] + waves[1])), int(180 + 70 * (waves[2] + waves[3])))
            cv2.circle(picture, centre, 45, (30, 60, 220), -1)
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            small = np.clip(small * look.get("gain", 1.0), 0, 255).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(small, "rgb24")))
        output.mux(stream.encode(None))
    return probe(path, path.name)


def test_a_small_proxy_is_recognised_and_the_better_picture_kept(tmp_path):
    proxy = moving(tmp_path / "a_proxy.mp4", 150, size=(160, 90), crf=32)
    original = moving(tmp_path / "b.mp4", 150, size=(640, 360))
    used, skipped = kept([proxy, original])
    assert used == ["b.mp4"]
    assert skipped["a_proxy.mp4"].startswith("a copy (160x90) of ")
    assert skipped["a_proxy.mp4"].endswith("b.mp4, which is used.")


@pytest.mark.parametrize(
    "look",
    [
        {"size": (160, 120)},
        {"crf": 36},
        {"gain": 0.7},
        {"rate": 30},
        {"rate": 12},
        {"start": 5, "count": 140},
    ],
    ids=str,
)
def test_a_re_encode_is_recognised_in_any_shape_rate_light_and_trim(tmp_path, look):
    original = moving(tmp_path / "a.mp4", 150, size=(640, 360))
    look = {"size": (320, 180), **look}
    count = look.pop("count", 6 * look.get("rate", 25))
    used, skipped = kept([original, moving(tmp_path / "b.mp4", count, **look)], offset=3)
    assert used == ["a.mp4"]
    assert list(skipped) == ["b.mp4"]


def test_takes_from_one_camera_position_are_all_kept(tmp_path):
    takes = [moving(tmp_path / f"take {seed}.mp4", 150, seed=seed) for seed in range(2, 9)]
    used, skipped = kept(takes)
    assert used == [take.name for take in takes]
    assert skipped == {}


def test_an_empty_set_filmed_twice_is_kept_twice(tmp_path):
    still = Scenes(pan=0.0, seed=4)
    takes = []
    for name in ("a.mp4", "b.mp4"):
        path = tmp_path / name
        picture = next(media.backgrounds(1, (320, 180), still))
        noise = np.random.default_rng(ord(name[0]))
        with av.open(str(path), "w") as output:
            stream = output.add_stream(
                "libx264", rate=25, options={"preset": "ultrafast", "crf": "18"}
            )
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            for _ in range(75):
                grain = noise.normal(0, 2, picture.shape)
                seen = np.clip(picture + grain, 0, 255).astype(np.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(seen, "rgb24")))
            output.mux(stream.encode(None))
        takes.append(probe(path, name))
    assert kept(takes) == (["a.mp4", "b.mp4"], {})


def test_two_takes_that_both_fade_in_are_kept(tmp_path):
    table = media._texture(320, 180, seed=9)
    takes = []
    for name, side in (("a.mp4", 1), ("b.mp4", -1)):
        path = tmp_path / name
        with av.open(str(path), "w") as output:
            stream = output.add_stream(
                "libx264", rate=25, options={"preset": "ultrafast", "crf": "18"}
            )
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            for number in range(100):
                picture = table.copy()
                cv2.circle(picture, (160 + side * number, 90), 25, (220, 60, 30), -1)
                seen = (picture * min(1.0, number / 25)).astype(np.uint8)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(seen, "rgb24")))
            output.mux(stream.encode(None))
        takes.append(probe(path, name))
    assert kept(takes)[0] == ["a.mp4", "b.mp4"]


def test_a_still_shot_and_its_copy_are_told_by_their_sound(tmp_path):
    clicks = media.click_track([0.3, 0.9, 1.1, 2.2, 2.9], 3, room=0.003)
    scenes = Scenes(pan=0.0, seed=5)
    one = still_with(tmp_path / "a.mp4", clicks, scenes, 18)
    two = still_with(tmp_path / "b.mp4", clicks, scenes, 30)
    other = still_with(
        tmp_path / "c.mp4", media.click_track([0.6, 1.6, 2.5], 3, room=0.003), scenes, 20
    )
    used, skipped = kept([one, two, other])
    assert len(used) == 2
    assert "c.mp4" in used
    assert list(skipped) in (["a.mp4"], ["b.mp4"])


def still_with(path: Path, sound: np.ndarray, scenes: Scenes, crf: int) -> Clip:
    picture = next(media.backgrounds(1, (320, 180), scenes))
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        track = output.add_stream("aac", rate=48_000, layout="stereo")
        for _ in range(75):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.reshape(1, -1)), "flt", "stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return probe(path, path.name)


def test_numbered_clips_of_different_scenes_are_no_copies(tmp_path):
    clips = [
        probe(numbered(tmp_path / f"{seed}.mp4", 100, 25, scenes=Scenes(seed=seed)), str(seed))
        for seed in range(3)
    ]
    assert kept(clips)[0] == ["0.mp4", "1.mp4", "2.mp4"]


def test_of_equal_pictures_the_camera_s_own_file_is_kept(tmp_path):
    first = moving(tmp_path / "a.mp4", 100, crf=15)
    second = moving(tmp_path / "b.mp4", 100, crf=25)
    shot = replace(second, recorded=1_700_000_000.0)
    used, _ = kept([first, shot])
    assert used == ["b.mp4"]


def test_a_clip_too_short_to_compare_is_kept(tmp_path):
    clips = [moving(tmp_path / name, 12) for name in ("a.mp4", "b.mp4")]
    assert kept(clips)[0] == ["a.mp4", "b.mp4"]


def test_black_clips_are_no_copies_of_one_another(tmp_path):
    clips = [moving(tmp_path / name, 75, gain=0.0) for name in ("a.mp4", "b.mp4")]
    assert kept(clips)[0] == ["a.mp4", "b.mp4"]


TOYS = ("crystal", "elf", "frog", "monster", "pig", "rabbit")


def real(*names: str) -> list[Clip]:
    paths = [SHARED / name for name in names]
    if not all(path.exists() for path in paths):
        pytest.skip("the development footage is not on this machine")
    return [probe(path, str(path)) for path in paths]


def test_the_rabbit_s_proxy_is_the_rabbit_and_the_toys_are_six():
    toys = [f"dailies/toys/{toy}.mp4" for toy in TOYS]
    clips = real("proxies/rabbit320.mp4", *toys)
    used, skipped = kept(clips)
    assert used == [clip.name for clip in clips[1:]]
    assert list(skipped) == ["rabbit320.mp4"]
    assert skipped["rabbit320.mp4"].endswith("rabbit.mp4, which is used.")


def test_every_spoken_sentence_is_a_take_of_its_own():
    folder = SHARED / "dailies" / "sentences"
    clips = real(*(f"dailies/sentences/{path.name}" for path in sorted(folder.glob("*.mpg"))))
    if not clips:
        pytest.skip("the development footage is not on this machine")
    used, skipped = kept(clips)
    assert len(used) == len(clips)
    assert skipped == {}
