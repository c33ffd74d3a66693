"""The sample footage: rushes as a camera leaves them, and the script that makes them again."""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from editor.footage import ingest, samples, sound
from editor.footage.clip import Clip
from editor.footage.faces import Faces
from editor.footage.frames import FrameReader
from editor.footage.probe import probe

FOLDER = Path(__file__).resolve().parents[1] / "sample_footage"
MOST_BYTES = 8_000_000  # of clips in the repository
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
TAKES = {take["file"]: take for take in MANIFEST["clips"]}
SPOKEN = [name for name, take in TAKES.items() if take["speech_s"]]
SLATED = [name for name, take in TAKES.items() if take["clap_s"] is not None]


@dataclass(frozen=True)
class Made:
    """A sample clip as ingested, and what the script says of it."""

    clip: Clip
    truth: dict


@pytest.fixture(scope="module")
def made():
    known: dict[str, Made] = {}

    def get(name):
        if name not in known:
            digest = hashlib.blake2b((FOLDER / name).read_bytes(), digest_size=16).hexdigest()
            known[name] = Made(probe(FOLDER / name, digest), TAKES[name])
        return known[name]

    return get


def picture(clip, frame):
    with FrameReader(clip) as reader:
        return next(iter(reader.arrays(frame, frame + 1)))


def test_the_clips_are_those_that_the_script_lists_and_no_others():
    found, skipped = ingest.find([FOLDER])
    assert sorted(path.name for path in found) == sorted(TAKES)
    assert skipped == []


def test_the_clips_are_small_enough_to_live_in_the_repository():
    assert sum((FOLDER / name).stat().st_size for name in TAKES) <= MOST_BYTES


def test_rates_sizes_and_containers_vary_as_on_a_real_day(made):
    clips = [made(name).clip for name in TAKES]
    assert {clip.rate for clip in clips} == {Fraction(24000, 1001), 25, 30, 50}
    assert {clip.size for clip in clips} == {(1280, 720), (1024, 576), (576, 1024)}
    assert {clip.path.suffix for clip in clips} == {".mov", ".mp4"}
    assert any(clip.rotation for clip in clips)
    assert any(clip.timecode is None for clip in clips)


@pytest.mark.parametrize("name", TAKES)
def test_a_clip_is_as_long_large_and_fast_as_the_manifest_says(made, name):
    clip, truth = made(name).clip, TAKES[name]
    assert (clip.frames, str(clip.rate), list(clip.size)) == (
        truth["frames"], truth["rate"], truth["size"],
    )  # fmt: skip
    assert clip.rotation == truth["rotation"]
    assert str(clip.timecode or "") == truth["timecode"]
    assert not clip.variable_rate and clip.codec == "h264" and len(clip.sound) == 1


def test_the_clips_sort_in_the_order_in_which_they_were_recorded(made):
    recorded = [made(name).clip.recorded for name in TAKES]
    assert None not in recorded
    assert recorded == sorted(set(recorded))


@pytest.mark.parametrize("name", SPOKEN)
def test_speech_is_found_where_the_line_is_said_and_nowhere_else(made, name):
    clip, truth = made(name).clip, TAKES[name]
    heard = sound.listen(clip).speech
    (start, end), = truth["speech_s"]  # fmt: skip
    assert heard[0, 0] == pytest.approx(start, abs=0.15)
    assert heard[-1, 1] == pytest.approx(end, abs=0.15)


@pytest.mark.parametrize("name", [name for name in TAKES if name not in SPOKEN])
def test_nobody_speaks_where_no_line_is_said(made, name):
    assert len(sound.listen(made(name).clip).speech) == 0


@pytest.mark.parametrize("name", SLATED)
def test_the_clap_is_the_loudest_moment_and_where_the_manifest_says(made, name):
    clip, truth = made(name).clip, TAKES[name]
    heard = np.abs(samples.read(clip, Fraction(0), clip.duration, channels=1)[:, 0])
    crack = int((truth["clap_s"] + 0.03) * 48_000)
    peak = int(heard.argmax())
    assert abs(peak - crack) < 0.06 * 48_000
    assert heard[: int((truth["clap_s"] - 0.02) * 48_000)].max() < 0.05


@pytest.mark.parametrize("name", SLATED)
def test_a_slate_covers_the_picture_until_after_the_clap_and_no_longer(made, name):
    clip, truth = made(name).clip, TAKES[name]
    height, width = clip.size[1], clip.size[0]
    middle = (slice(int(height * 0.45), int(height * 0.6)), slice(int(width * 0.4), width // 2))

    def dark(seconds):
        shown = picture(clip, int(seconds * clip.rate))[middle].max(axis=2)
        return float((shown < 70).mean())

    assert dark(truth["clap_s"]) > 0.3
    assert dark(truth["slate_end_s"] + 0.1) < 0.1


@pytest.mark.parametrize("name", [name for name in SPOKEN if TAKES[name]["setup"][:3] in "herhim"])
def test_the_face_that_speaks_is_found(made, name):
    clip, truth = made(name).clip, TAKES[name]
    (start, end), = truth["speech_s"]  # fmt: skip
    finder = Faces()
    seen = [
        finder.find(cv2.cvtColor(picture(clip, int(t * clip.rate)), cv2.COLOR_RGB2GRAY), False)
        for t in np.linspace(start, end, 5)
    ]
    assert sum(bool(faces) for faces in seen) >= 4


def test_lines_have_several_takes_and_false_starts_are_the_shorter_ones():
    by_line: dict[int, list[dict]] = {}
    for take in TAKES.values():
        if take["line"] is not None:
            by_line.setdefault(take["line"], []).append(take)
    assert sum(len(takes) > 1 for takes in by_line.values()) >= 5
    spoiled = [take for take in TAKES.values() if take["false_start"]]
    assert len(spoiled) == 2
    for take in spoiled:
        whole = [other for other in by_line[take["line"]] if not other["false_start"]]
        assert len(whole) == 2
        assert all(take["end_s"] < other["end_s"] for other in whole)


def test_a_cut_of_two_fifths_would_be_a_film_of_half_a_minute_or_more():
    once: dict[str, float] = {}
    for take in TAKES.values():
        if not take["false_start"]:
            once[take["setup"]] = take["tail_s"] - take["begin_s"]
    assert 75 <= sum(once.values()) <= 150


def test_the_camera_settles_at_the_head_and_jerks_at_the_tail(made):
    for name in ("4E_take2.mp4", "4L_take1.mp4"):
        clip, truth = made(name).clip, TAKES[name]
        rate = clip.rate

        def unrest(start, end, clip=clip, rate=rate):
            with FrameReader(clip, (240, 135)) as reader:
                shown = [
                    frame.mean(axis=2)
                    for frame in reader.arrays(int(start * rate), int(end * rate))
                ]
            return float(np.mean([np.abs(a - b).mean() for a, b in pairwise(shown)]))

        calm = unrest(truth["tail_s"] - 0.8, truth["tail_s"])
        assert unrest(truth["tail_s"], truth["end_s"]) > 3 * calm
        assert unrest(0, 0.25) > 3 * calm


@pytest.fixture(scope="module")
def script():
    """The script's modules, imported as it imports them."""
    pytest.importorskip("espeakng_loader", reason="espeakng-loader, which speaks, is not installed")
    sys.path.insert(0, os.fspath(FOLDER))
    try:
        import make
        import takes

        yield make, takes
    finally:
        sys.path.remove(os.fspath(FOLDER))
        for name in ("make", "takes", "stage", "camera", "clay", "kitchen", "people",
                     "speech", "foley", "writer"):  # fmt: skip
            sys.modules.pop(name, None)


def test_the_manifest_is_what_the_script_says_today(script):
    make, takes = script
    listed = [take.name + take.suffix for take in takes.TAKES]
    assert listed == list(TAKES)
    take = takes.TAKES[7]
    assert make.truth(take, make.plan(take)) == TAKES[take.name + take.suffix]


def test_the_script_makes_the_same_pictures_and_the_same_sound_again(script, made):
    make, takes = script
    take = takes.TAKES[7]
    clip = made(take.name + take.suffix).clip
    when = make.plan(take)
    draw = make.film(take, when)
    for number in (30, 120):
        drawn = draw(number)
        assert np.array_equal(drawn, draw(number))
        apart = drawn.astype(float) - picture(clip, number)
        assert 10 * np.log10(255**2 / np.mean(apart**2)) > 30  # dB, what the encoder took away
    spoken = make.hear(take, when)
    assert np.array_equal(spoken, make.hear(take, make.plan(take)))
    kept = samples.read(clip, Fraction(0), clip.duration, channels=1)[:, 0]
    shorter = min(len(kept), len(spoken))
    assert np.corrcoef(kept[:shorter], spoken[:shorter])[0, 1] > 0.97
