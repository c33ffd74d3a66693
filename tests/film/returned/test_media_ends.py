"""Cuts that begin with their media's first frame or end with its last come back from every format,
whatever the rates: there the film's grid may ask for more than the media has."""

from fractions import Fraction

import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned import readers
from editor.film.returned.moments import begins
from editor.timing import convert_length
from tests.film import edits
from tests.film.returned import films
from tests.film.returned.test_round_trips import WITHOUT_MEDIA

RATES = [
    Fraction(24),
    Fraction(25),
    Fraction(30),
    Fraction(24000, 1001),
    Fraction(30000, 1001),
    Fraction(50),
    Fraction(60000, 1001),
]
PAIRS = [(film, clip) for film in RATES for clip in RATES]


def at_the_ends(rate, clip_rate):
    """A film of cuts that begin with their media or end with it, and one clear of both ends."""
    one = films.clip("one.mov", clip_rate, 200, "01:00:00:00")
    two = films.clip("two.mov", clip_rate, 143)
    # Of two that begin together and last as long in the film none could be told from the other.
    lasting = {convert_length(n, clip_rate, rate): n for n in (41, 40, 39, 24, 13, 12, 7, 5, 4, 3)}
    spans = []
    for clip in (one, two):
        for length in lasting.values():
            spans += [(clip, 0, length), (clip, clip.frames - length, clip.frames)]
        spans.append((clip, 0, clip.frames))
    return edits.film(rate, [*spans, (one, 50, 110)], size=(1920, 1080)), [one, two]


def written(film, format, folder):
    return exporters.export(Sequence("film-v001", film), format, folder).files[0]


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize(("rate", "clip_rate"), PAIRS, ids=str)
def test_what_begins_or_ends_with_its_media_comes_back_to_the_frame(
    format, rate, clip_rate, tmp_path
):
    film, clips = at_the_ends(rate, clip_rate)
    path = written(film, format, tmp_path)
    found = films.back(path, clips, film, rate=rate)
    assert films.cuts(found.timeline) == films.cuts(film)
    alone = films.back(path, clips, rate=rate)
    assert [(cut.clip.name, cut.start, cut.length) for cut in alone.timeline.cuts] == [
        (cut.clip.name, cut.start, cut.length) for cut in film.cuts
    ]
    assert alone.timeline.cuts[-1].source == film.cuts[-1].source
    for back, cut in zip(alone.timeline.cuts, film.cuts, strict=True):
        early = cut.source.first - back.source.first
        # What needs more than its media has begins earlier, by half a frame of the film at most.
        assert early == 0 or 0 < early < 1 + clip_rate / rate / 2
        assert early == 0 or cut.source.stop == cut.clip.frames


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize(("rate", "clip_rate"), PAIRS, ids=str)
def test_no_range_that_is_written_needs_more_than_its_media_has(format, rate, clip_rate, tmp_path):
    film, (one, two) = at_the_ends(rate, clip_rate)
    returned = readers.read(written(film, format, tmp_path), rate)
    for item in returned.items:
        if item.kind != "picture":
            continue
        clip = one if item.media.name == "one.mov" else two
        begin = begins(item, clip, rate)
        # MLT counts in frames of the film, and shows the last of the media until its next would be
        # nearer; nobody can begin earlier than the media does.
        slack = 1 / rate if returned.grid == "melt" else 0
        assert begin >= 0
        assert begin == 0 or begin + len(item.place) / rate <= clip.duration + slack
