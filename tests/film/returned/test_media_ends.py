"""Cuts that begin with their media's first frame or end with its last come back from every format,
whatever the rates: there the film's grid may ask for more than the media has."""

from fractions import Fraction

import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned import readers
from editor.film.returned.moments import begins
from editor.film.returned.rebuild import rebuild
from editor.timing import convert_length
from tests.film import edits
from tests.film.returned import films
from tests.film.returned.test_round_trips import NEARLY, WITHOUT_MEDIA

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
    lasting = {convert_length(n, clip_rate, rate): n for n in (40, 39, 13, 12, 5, 4)}
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
    returned = readers.read(written(film, format, tmp_path), rate)
    linked = films.linked(returned, clips)
    assert films.cuts(rebuild(returned, linked, film).timeline) == films.cuts(film)
    alone = rebuild(returned, linked, None).timeline
    if format not in NEARLY:
        assert films.cuts(alone) == films.cuts(film)
    assert [(cut.clip.name, cut.start, cut.length) for cut in alone.cuts] == [
        (cut.clip.name, cut.start, cut.length) for cut in film.cuts
    ]
    assert alone.cuts[-1].source == film.cuts[-1].source
    for back, cut in zip(alone.cuts, film.cuts, strict=True):
        early = cut.source.first - back.source.first
        # What needs more than its media has begins earlier, by half a frame of the film at most.
        assert early == 0 or 0 < early < 1 + clip_rate / rate / 2
        assert early == 0 or cut.source.stop == cut.clip.frames
    ends_inside(returned, linked)


def ends_inside(returned, linked):
    """No range that was written needs more than its media has, by the format's own numbers."""
    for item in returned.items:
        if item.kind != "picture":
            continue
        clip = linked.clips[item.media]
        begin = begins(item, clip, returned.rate)
        slack = Fraction(0)
        if returned.grid == "melt":  # counts in frames of the film, to the nearest of the media
            slack = 1 / returned.rate
        elif returned.format == "fcp7":  # counts in the clip's frames, to the nearest
            slack = Fraction(49, 100) / clip.rate
        assert begin >= 0  # nobody can begin earlier than that: a whole clip may be a little short
        assert begin == 0 or begin + len(item.place) / returned.rate <= clip.duration + slack


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize("order", [1, -1])
def test_of_cuts_that_begin_together_and_last_as_long_each_is_itself(format, order, tmp_path):
    clip = films.clip("one.mov", Fraction(60000, 1001), 200, "01:00:00:00")
    spans = [(clip, 0, 35), (clip, 100, 160), (clip, 0, 36)][::order]
    film = edits.film(25, spans, size=(1920, 1080))
    assert film.cuts[0].length == film.cuts[2].length
    returned = readers.read(written(film, format, tmp_path), Fraction(25))
    again = rebuild(returned, films.linked(returned, [clip]), film).timeline
    assert films.cuts(again) == films.cuts(film)
