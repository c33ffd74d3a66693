"""Projects that other programs saved come back with the cuts that those programs show."""

import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from editor.film.returned import readers
from tests import media
from tests.film import edits
from tests.film.returned import films

GOLDEN = Path(__file__).parent / "golden"
NTSC = Fraction(30000, 1001)
CLIPS = [
    films.clip("one.mp4", 25, 100),
    films.clip("two.mov", 25, 120, "01:00:00:00"),
    films.clip("three.mp4", NTSC, 150, sound=0),
]
NUMBERS = {"one.mp4": 0, "two.mov": 1000, "three.mp4": 2000}  # that their first frames carry

PATIENCE = 120  # s for a film of six seconds; a hang is not waited out

# What the program shows: clip, its in and out, frame and length in the film, gaps closed.
SHOWN: dict[str, list[tuple[str, int, int, int, int]]] = {
    "melt_trims.mlt": [("one.mp4", 10, 40, 0, 30), ("two.mov", 5, 25, 30, 20)],
    "melt_layers.mlt": [
        ("one.mp4", 10, 30, 0, 20), ("three.mp4", 3, 15, 20, 10), ("two.mov", 5, 25, 30, 20),
    ],
    "melt_mix.mlt": [("one.mp4", 0, 44, 0, 44), ("two.mov", 6, 120, 44, 114)],
    "melt_effects.mlt": [
        ("three.mp4", 3, 33, 0, 30), ("three.mp4", 60, 90, 30, 30), ("one.mp4", 8, 34, 60, 31),
        ("two.mov", 0, 17, 91, 20),
    ],
    "film.mlt": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 100, 70, 40),
        ("two.mov", 50, 90, 110, 40),
    ],
    "melt_nested.mlt": [
        ("one.mp4", 20, 40, 0, 20), ("three.mp4", 12, 60, 20, 40), ("one.mp4", 60, 70, 60, 10),
    ],
    "melt_nested_mix.mlt": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 48, 30, 30), ("one.mp4", 40, 56, 60, 16),
        ("three.mp4", 53, 60, 76, 6), ("one.mp4", 60, 100, 82, 40), ("two.mov", 50, 90, 122, 40),
    ],
    "melt_nested_layers.mlt": [
        ("one.mp4", 10, 30, 0, 20), ("one.mp4", 40, 60, 20, 20), ("three.mp4", 24, 60, 40, 30),
        ("one.mp4", 60, 90, 70, 30), ("one.mp4", 90, 100, 100, 10), ("two.mov", 50, 90, 110, 40),
        ("two.mov", 5, 25, 150, 20),
    ],
    "melt_deep.mlt": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 36, 30, 20), ("three.mp4", 36, 60, 50, 20),
        ("one.mp4", 60, 100, 70, 40), ("one.mp4", 0, 10, 110, 10),
    ],
    "python_edit.mlt": [
        ("one.mp4", 15, 35, 0, 20), ("two.mov", 3, 13, 20, 10), ("two.mov", 50, 90, 30, 40),
        ("one.mp4", 60, 70, 70, 10), ("one.mp4", 70, 100, 80, 30),
    ],
    "python_nested.mlt": [
        ("one.mp4", 50, 70, 0, 20), ("one.mp4", 20, 40, 20, 20), ("three.mp4", 12, 60, 40, 40),
        ("one.mp4", 60, 80, 80, 20), ("one.mp4", 90, 100, 100, 10), ("two.mov", 50, 90, 110, 40),
    ],
    "shotcut_split.mlt": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 79, 70, 19),
        ("one.mp4", 79, 100, 89, 21), ("two.mov", 50, 90, 110, 40),
    ],
    "shotcut_nested.mlt": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 18, 60, 30, 35), ("one.mp4", 60, 96, 65, 36),
        ("two.mov", 55, 90, 101, 35), ("one.mp4", 10, 40, 136, 30), ("three.mp4", 12, 60, 166, 40),
        ("one.mp4", 60, 100, 206, 40), ("two.mov", 50, 90, 246, 40),
    ],
    "kdenlive_gap.kdenlive": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 100, 70, 40),
        ("two.mov", 50, 90, 110, 40),
    ],
    "kdenlive_mix.kdenlive": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 88, 70, 28),
        ("two.mov", 38, 90, 98, 52),
    ],
    "by_hand_2304.kdenlive": [
        ("one.mp4", 60, 80, 0, 20), ("one.mp4", 20, 45, 20, 25), ("two.mov", 25, 50, 45, 25),
        ("three.mp4", 30, 60, 70, 25),
    ],
    "otiotool_trim.otio": [
        ("one.mp4", 35, 40, 0, 5), ("three.mp4", 12, 60, 5, 40), ("one.mp4", 60, 95, 45, 35),
    ],
    "otiotool_concat.otio": [
        ("one.mp4", 35, 40, 0, 5), ("three.mp4", 12, 60, 5, 40), ("one.mp4", 60, 95, 45, 35),
        ("one.mp4", 35, 40, 80, 5), ("three.mp4", 12, 60, 85, 40), ("one.mp4", 60, 95, 125, 35),
    ],
    "otioconvert.edl": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 100, 70, 40),
        ("two.mov", 50, 90, 110, 40),
    ],
    "otioconvert.xml": [
        ("one.mp4", 10, 40, 0, 30), ("three.mp4", 12, 60, 30, 40), ("one.mp4", 60, 100, 70, 40),
        ("two.mov", 50, 90, 110, 40),
    ],
}  # fmt: skip
RATE = Fraction(25)  # of all of them but one; lists do not say it
BY_MELT = [name for name in SHOWN if Path(name).suffix in (".mlt", ".kdenlive")]
GAPS = {"melt_layers.mlt": (30, 40), "python_nested.mlt": (100, 105),
        "kdenlive_gap.kdenlive": (30, 50), "kdenlive_mix.kdenlive": (30, 50)}  # fmt: skip
MIXED = {"melt_mix.mlt": range(38, 50), "melt_nested_mix.mlt": range(72, 80),
         "shotcut_nested.mlt": range(96, 105), "by_hand_2304.kdenlive": range(40, 50),
         "kdenlive_mix.kdenlive": range(105, 131)}  # fmt: skip
GREY = {"melt_effects.mlt": range(30, 60)}  # by an effect: the numbers' ring is no longer green
SPED = {"melt_effects.mlt": range(91, 111)}  # the model has no other speed
TURNED = {"melt_effects.mlt": range(111, 121)}  # red, which is no clip


@pytest.mark.parametrize("name", SHOWN)
def test_the_cuts_are_those_that_the_program_shows(name):
    found = films.back(GOLDEN / name, CLIPS, rate=RATE)
    assert films.cuts(found.timeline) == SHOWN[name]


def test_every_golden_file_is_read():
    assert {path.name for path in GOLDEN.iterdir()} - {"NOTE.md"} == set(SHOWN)


def test_what_is_not_held_is_named_and_kept():
    found = films.back(GOLDEN / "melt_effects.mlt", CLIPS)
    assert found.speeds == {3: Fraction(2)}
    kept = [(row["cut"], row["what"], row["name"]) for row in found.opaque]
    assert kept == [(1, "effect", "grayscale"), (3, "speed", "200 %"), (None, "generator", "red")]
    assert '<property name="mlt_service">grayscale</property>' in str(found.opaque[0]["text"])
    said = " ".join(found.notes)
    assert "'grayscale'" in said and "200 %" in said and "generator 'red'" in said


def test_a_mix_is_a_cut_in_its_middle_and_said_to_be(tmp_path):
    mixes = {"melt_mix.mlt": 12, "shotcut_nested.mlt": 9, "kdenlive_mix.kdenlive": 26}
    mixes["by_hand_2304.kdenlive"] = 10
    for name, frames in mixes.items():
        assert any(f"{frames} frames is a cut" in n for n in films.back(GOLDEN / name, CLIPS).notes)


def test_the_version_that_programs_kept_a_note_of_is_known():
    for name in ("shotcut_split.mlt", "kdenlive_gap.kdenlive", "melt_nested.mlt", "melt_deep.mlt"):
        assert readers.read(GOLDEN / name).parent == "film"


# --- as melt shows them ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rushes(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rushes")
    for clip in CLIPS:
        media.numbered(
            folder / clip.name,
            clip.frames,
            clip.rate,
            size=(160, 96),
            sound=media.tone(float(clip.duration)) if clip.sound else None,
            start_timecode=str(clip.timecode) if clip.timecode else None,
            first_number=NUMBERS[clip.name],
        )
    return folder


@pytest.mark.skipif(shutil.which("melt") is None, reason="melt is not installed: apt install melt")
@pytest.mark.parametrize("name", BY_MELT)
def test_every_frame_is_the_one_that_melt_shows(name, rushes, tmp_path):
    shutil.copy(GOLDEN / "film.mlt", rushes)  # which some of them play
    project = Path(shutil.copy(GOLDEN / name, rushes / name))
    film = films.back(project, CLIPS).timeline
    first, stop = GAPS.get(name, (0, 0))
    frames = film.frames + stop - first + len(TURNED.get(name, ()))
    melted = tmp_path / "melted.mov"
    coding = ["vcodec=libx264", "preset=ultrafast", "crf=16", "an=1", "real_time=-1"]
    command = ["melt", str(project), "in=0", f"out={frames - 1}"]
    done = subprocess.run(
        [*command, "-consumer", f"avformat:{melted}", *coding],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert melted.exists(), done.stderr.decode(errors="replace")[-2000:]  # it exits 0 all the same
    shown = edits.numbers(melted)
    assert len(shown) == frames
    ours = [NUMBERS[clip] + frame for clip, frame in films.shown(film)]
    ours[first:first] = [None] * (stop - first)
    told = {frame for found in (MIXED, GREY, SPED, TURNED) for frame in found.get(name, ())}
    for frame in set(range(frames)) - told:
        nearest = 1 if _is_other_rate(film, frame, first, stop) else 0
        assert (shown[frame] is None) == (ours[frame] is None), frame
        if shown[frame] is not None:
            assert abs(shown[frame] - ours[frame]) <= nearest, frame


def _is_other_rate(film, frame: int, first: int, stop: int) -> bool:
    """True where a clip of another rate shows: MLT and we may differ by a frame of it."""
    if first <= frame < stop:
        return False
    cut, _ = film.source_of(frame - (stop - first if frame >= stop else 0))
    return cut.clip.rate != film.rate
