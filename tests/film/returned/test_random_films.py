"""Films made at random, of any rates, timecodes and lengths, come back from every format."""

import random
from fractions import Fraction
from math import ceil

import pytest

from editor.film.export import exporters, fcp7_media
from editor.film.export.sequence import Sequence
from editor.film.timeline import Alternative
from editor.timing import FrameSpan, Timecode
from tests.film import edits
from tests.film.returned import films
from tests.film.returned.test_round_trips import NEARLY, WITHOUT_MEDIA

RATES = [Fraction(24), Fraction(25), Fraction(30), Fraction(24000, 1001), Fraction(30000, 1001),
         Fraction(50), Fraction(60000, 1001)]  # fmt: skip
STRANGE = [Fraction(12), Fraction(15), Fraction(48), Fraction(120), Fraction(1194, 100),
           Fraction(60), Fraction(48000, 1001), Fraction(25, 2)]  # fmt: skip
NAMES = ["a.mov", "b c.mp4", "ü'n\"d <&>;.mov", "100%25 #1?.mxf", "字 幕.mp4", "A.MOV", "e.e.e.mkv",
         "--f.mp4", "g=h:i.mov", "* FROM CLIP NAME: j.mov"]  # fmt: skip
SEEDS = range(12)


def a_clip(chance, name, rate):
    code = ""
    if chance.random() < 0.6:
        label = films.label_rate(rate)
        drop = label == Fraction(30000, 1001) and chance.random() < 0.5
        whole = Timecode(chance.randrange(24 * 3600 * ceil(label)), label).base
        frame = chance.randrange(86_000 * whole)
        code = str(Timecode(frame, label, drop)) if label in RATES else ""
    sound = chance.choice([0, 1, 1, 2])
    return films.clip(name, rate, chance.randrange(20, 3000), code, sound)


def a_film(seed, same_rate):
    """A film at random, and its clips. same_rate: all clips have the film's."""
    chance = random.Random(seed)
    rate = chance.choice(RATES)
    clips = [
        a_clip(chance, name, rate if same_rate else chance.choice([rate, *RATES, *STRANGE]))
        for name in chance.sample(NAMES, chance.randrange(1, 6))
    ]
    spans = []
    for _ in range(chance.randrange(1, 25)):
        clip = chance.choice(clips)
        least = ceil(clip.rate / rate)  # a cut has a frame of the film at least
        first = chance.randrange(clip.frames - least)
        longest = min(clip.frames - first, chance.choice([least, 40, 400]))
        spans.append((clip, first, first + chance.randint(least, max(least, longest))))
    film = edits.film(rate, spans, size=chance.choice([(1920, 1080), (720, 480), (1080, 1920)]))
    return film, clips


def written(film, format, folder):
    other = film.cuts[0].clip
    unused = (Alternative(other, FrameSpan(0, min(9, other.frames)), "x", "not needed"),)
    whole = Sequence("film-v001", film, Fraction(1, 2), None, unused)
    done = exporters.export(whole, format, folder)
    assert not done.refused, done.refused
    return done.files[0]


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_film_of_one_rate_comes_back_as_it_was(format, seed, tmp_path):
    film, clips = a_film(seed, same_rate=True)
    found = films.back(written(film, format, tmp_path), clips, rate=film.rate)
    assert films.cuts(found.timeline) == films.cuts(film)
    assert found.timeline.rate == film.rate
    assert found.timeline.size == film.size or format == "edl"  # a list says no size


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_film_of_any_rates_comes_back_with_the_frames_that_it_shows(format, seed, tmp_path):
    film, clips = a_film(1000 + seed, same_rate=False)
    path = written(film, format, tmp_path)
    onto = films.back(path, clips, film, rate=film.rate).timeline
    assert films.cuts(onto) == films.cuts(film)
    alone = films.back(path, clips, rate=film.rate).timeline
    assert [(cut.clip.name, cut.start, cut.length) for cut in alone.cuts] == [
        (cut.clip.name, cut.start, cut.length) for cut in film.cuts
    ]
    unsaid = format == "fcp7" and not all(fcp7_media.has(clip.rate) for clip in clips)
    off = 1 if format in NEARLY or unsaid else 0  # FCP7 XML has no such rate, and we say so
    for (_, shown), (_, wanted) in zip(films.shown(alone), films.shown(film), strict=True):
        assert abs(shown - wanted) <= off
