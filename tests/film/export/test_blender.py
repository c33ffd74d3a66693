"""Blender's sequencer, filled from the .otio by a script, shows every frame in its place.

Blender has no reader of OpenTimelineIO: this is evidence of positions in the file, as
OpenTimelineIO's own reader gives them, and of no reader of Blender's.
"""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from editor.film.export.exporters import export
from editor.film.export.sequence import Sequence
from tests import media
from tests.film import edits
from tests.film.export.conftest import SIZE, told

BLENDER = shutil.which("blender")
SCRIPT = Path(__file__).with_name("blender_film.py")
PATIENCE = 120  # s for a film of five seconds; a hang is not waited out
RATES = [Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]

pytestmark = pytest.mark.skipif(
    BLENDER is None, reason="blender is not installed (apt install --no-install-recommends blender)"
)


def strips(timeline):
    """The tracks of picture as a program shows them: whose frames, from which, where, how many."""
    rate = timeline.global_start_time.rate
    return [
        [
            {
                "path": otio.url_utils.filepath_from_url(item.media_reference.target_url),
                "first": frame(item.source_range.start_time - item.available_range().start_time),
                "start": frame(item.range_in_parent().start_time, rate),
                "length": frame(item.range_in_parent().duration, rate),
                "shown": track.enabled and item.enabled,
            }
            for item in track
            if isinstance(item, otio.schema.Clip)
        ]
        for track in timeline.video_tracks()
    ]


def frame(time, rate=None):
    """A whole number of frames; a time between two is a fault of the file."""
    value = time.value_rescaled_to(rate or time.rate)
    assert abs(value - round(value)) < 1e-6
    return round(value)


def rendered(tracks, film, folder):
    """The number that each frame carries which Blender rendered."""
    told = {
        "width": film.size[0],
        "height": film.size[1],
        "rate": film.rate.as_integer_ratio(),
        "frames": max(strip["start"] + strip["length"] for track in tracks for strip in track),
        "tracks": tracks,
    }
    (folder / "strips.json").write_text(json.dumps(told), encoding="utf-8")
    command = [BLENDER, "-b", "--factory-startup", "--python-exit-code", "3", "--python", SCRIPT]
    done = subprocess.run(
        [*map(str, command), "--", str(folder / "strips.json"), str(folder / "frames")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    pictures = sorted((folder / "frames").iterdir())
    return [media.read_number(np.asarray(Image.open(path).convert("RGB"))) for path in pictures]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_blenders_sequencer_shows_every_frame_of_the_otio(rate, tmp_path):
    first = edits.numbered(
        tmp_path / "spöken <1>.mov", 60, rate, size=SIZE, start_timecode="09:59:58:20"
    )
    second = edits.numbered(tmp_path / "mute.mp4", 50, rate, size=SIZE, first_number=1000)
    film = told(edits.many_cuts([first, second], rate, 14, size=SIZE), second)
    (path,) = export(Sequence("film", film), "otio", tmp_path).files
    tracks = strips(otio.adapters.read_from_file(str(path)))
    assert len(tracks) == 2 and not any(strip["shown"] for strip in tracks[1])

    found = rendered(tracks, film, tmp_path)
    assert len(found) == film.frames
    begins = {first.path: 0, second.path: 1000}
    meant = [film.source_of(frame) for frame in range(film.frames)]
    numbers = [begins[cut.clip.path] + number for cut, number in meant]
    assert [frame for frame in range(film.frames) if found[frame] != numbers[frame]] == []
