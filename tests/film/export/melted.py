"""Have melt render a project, and say what is wrong with the film."""

import os
import shutil
import subprocess

import av
import numpy as np

from tests.film import edits

MELT = shutil.which("melt")
PATIENCE = 120  # s for a film of four seconds; a hang is not waited out


def render(project, film, frames=None):
    """The film that melt makes, of all frames or the first ones.

    It exits 0 even when it failed, so its file is looked at.
    """
    part = [] if frames is None else ["in=0", f"out={frames - 1}"]
    command = [MELT, str(project), *part, "-consumer", f"avformat:{film}", "real_time=-1"]
    coding = ["vcodec=libx264", "preset=ultrafast", "crf=16", "acodec=pcm_s16le", "ar=48000"]
    done = subprocess.run(
        [*command, *coding],
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert film.exists() and film.stat().st_size, done.stderr.decode(errors="replace")[-2000:]
    return film


def wrong(film, timeline):
    """Frames that are not the film's, of each of its frames and no more."""
    found = edits.numbers(film)
    assert len(found) == timeline.frames
    with av.open(str(film)) as source:
        assert source.streams.video[0].average_rate == timeline.rate
    shown = [timeline.source_of(frame)[1] for frame in range(timeline.frames)]
    return sum(a != b for a, b in zip(found, shown, strict=True))


def levels(film, timeline):
    """Level of each cut's sound: RMS, full scale 1."""
    with av.open(str(film)) as source:
        parts = [f.to_ndarray().reshape(-1, 2) for f in source.decode(source.streams.audio[0])]
    sound = np.concatenate(parts) / 32768
    spans = [(cut.start / timeline.rate, cut.stop / timeline.rate) for cut in timeline.cuts]
    return [
        float(np.sqrt((sound[round(a * 48_000) : round(b * 48_000)] ** 2).mean())) for a, b in spans
    ]
