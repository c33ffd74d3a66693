"""Make a film for programs with a window to open, and check what they save of it."""

from fractions import Fraction
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from editor.film.export.exporters import export
from editor.film.export.sequence import Sequence, lay
from editor.film.timeline import Timeline
from tests import media
from tests.film import edits
from tests.film.export.conftest import SIZE, told
from tests.film.export.melted import render, wrong
from tests.film.export.screen import missing
from tests.film.returned import films

UNHEARD = 64  # of 32768: sound that is decoded from another place differs so; a slip by thousands


def needs(**packages: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed. packages: Debian's, by program."""
    gone = missing(melt="melt", Xvfb="xvfb", xdotool="xdotool", **packages)
    return pytest.mark.skipif(
        bool(gone), reason=f"not installed: apt install {' '.join(sorted(gone))}"
    )


def exported(format: str, rate: Fraction, folder: Path) -> tuple[Path, Timeline]:
    """A film of clips with sound and without, with alternatives, reasons and music."""
    spoken = edits.numbered(
        folder / "täke <1>.mov",
        60,
        rate,
        size=SIZE,
        sound=media.tone(float(60 / rate)),
        start_timecode="01:00:00:00",
    )
    tall = edits.numbered(folder / "tall & mute.mp4", 50, rate, size=SIZE[::-1])
    spans = [(spoken, 10, 40), (tall, 0, 17), (tall, 17, 50), (spoken, 59, 60), (spoken, 0, 60)]
    timeline = told(edits.film(rate, spans, size=SIZE), tall)
    song = lay(media.audio_only(folder / "sóng.wav", 2.0), Fraction(1, 2), timeline)
    (path,) = export(Sequence("film", timeline, song=song), format, folder).files
    return path, timeline


def is_the_same(saved: Path, ours: Path, film: Timeline) -> None:
    """Check that a saved project has our cuts, frames, sound and reasons."""
    clips = [cut.clip for cut in film.cuts]
    assert films.cuts(films.back(saved, clips).timeline) == films.cuts(film)
    text = unescape(saved.read_text(encoding="utf-8")).replace('\\"', '"')  # Kdenlive's are JSON
    assert [cut.reason for cut in film.cuts if cut.reason not in text] == []
    # Kdenlive's projects are black for minutes after the last cut; the cuts above say where it is.
    theirs = render(saved, saved.with_name("theirs.mov"), film.frames)
    assert wrong(theirs, film) == 0
    heard = edits.heard(theirs).astype(np.int32)  # from 16 bits
    meant = edits.heard(render(ours, saved.with_name("ours.mov"))).astype(np.int32)
    assert heard.shape == meant.shape and np.abs(heard - meant).max() < UNHEARD
