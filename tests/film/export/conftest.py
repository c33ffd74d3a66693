"""Clips and films that every exchange format is tested on."""

from dataclasses import replace
from fractions import Fraction

import pytest

from editor.film.timeline import Alternative
from editor.timing import FrameSpan
from tests import media
from tests.film import edits

# So that a check that fails there says what it found, as in a test.
pytest.register_assert_rewrite("tests.film.export.melted", "tests.film.export.opened")

SIZE = (160, 96)  # px: small, and the numbers can still be read
RATES = [
    Fraction(24),
    Fraction(25),
    Fraction(30),
    Fraction(24000, 1001),
    Fraction(30000, 1001),
    Fraction(50),
    Fraction(60000, 1001),
]
ODD = 'it\'s a "täke" 100% <b>&c;.mov'


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """With timecode and stereo; drop-frame; silent at 60000/1001; two sound tracks."""
    folder = tmp_path_factory.mktemp("clips")
    spoken = edits.numbered(
        folder / ODD, 100, 25, size=SIZE, sound=media.tone(4), start_timecode="01:00:00:00"
    )
    drop = edits.numbered(
        folder / "drop.mov", 120, Fraction(30000, 1001), size=SIZE, start_timecode="00:59:59;28"
    )
    mute = edits.numbered(folder / "mute.mp4", 240, Fraction(60000, 1001), size=SIZE)
    twice = edits.numbered(
        folder / "twice.mov",
        75,
        25,
        size=(96, 160),
        sound=[media.tone(3, channels=1), media.tone(3, 300.0)],
        start_timecode="10:00:00:05",
    )
    return spoken, drop, mute, twice


@pytest.fixture(scope="session")
def song(tmp_path_factory):
    return media.audio_only(tmp_path_factory.mktemp("song") / "sóng & dance.wav", 5.0)


@pytest.fixture(scope="session")
def same(tmp_path_factory):
    """A clip at a rate, with a start timecode and sound; made once."""
    folder, made = tmp_path_factory.mktemp("same"), {}

    def clip(rate, code="01:00:00:00"):
        if (rate, code) not in made:
            name = f"{str(rate).replace('/', '_')} {code.replace(':', '').replace(';', 'd')}.mov"
            made[rate, code] = edits.numbered(
                folder / name, 90, rate, size=SIZE, sound=media.tone(2), start_timecode=code
            )
        return made[rate, code]

    return clip


def told(timeline, other):
    """The timeline with reasons, and with frames of another clip as alternatives."""
    cuts = tuple(
        replace(
            cut,
            reason=f'over {number}: pace +0.1 <&> "é"',
            alternatives=(
                Alternative(other, FrameSpan(3, 20), f"{other.name} #1", "sharpness -0.2"),
                Alternative(other, FrameSpan(30, 60), f"{other.name} #2", "other take"),
            ),
        )
        for number, cut in enumerate(timeline.cuts)
    )
    return replace(timeline, cuts=cuts)
