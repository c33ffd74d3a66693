from fractions import Fraction

import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from editor.film.returned.readers import READERS
from tests.film import edits
from tests.film.returned import films

# What an editor meets: the film's rate, and the first timecode of its clips.
RATES = [
    (Fraction(24), "01:00:00:00"),
    (Fraction(25), "10:11:12:13"),
    (Fraction(30), "23:59:58:00"),
    (Fraction(24000, 1001), "01:00:00:00"),
    (Fraction(30000, 1001), "01:00:00:00"),
    (Fraction(30000, 1001), "00:59:59;28"),
    (Fraction(50), "02:00:00:00"),
    (Fraction(60000, 1001), "09:08:07:06"),
    (Fraction(60000, 1001), "00:09:59;20"),
]
# FCPXML has no place for the frame after the last: what ends with its media begins a little early.
NEARLY = ("fcpxml",)
WITHOUT_MEDIA = sorted(set(READERS) - {"otioz"})  # a bundle holds the files themselves


def written(film, format, folder, name="film-v001"):
    return exporters.export(Sequence(name, film), format, folder).files[0]


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize(("rate", "code"), RATES, ids=str)
def test_the_same_cuts_come_back_to_the_frame(format, rate, code, tmp_path):
    clips = [films.clip("one.mov", rate, 400, code), films.clip("two ü.mp4", rate, 300)]
    film = edits.film(rate, films.spread(clips), size=(1920, 1080))
    found = films.back(written(film, format, tmp_path), clips, rate=rate)
    assert films.cuts(found.timeline) == films.cuts(film)
    assert (found.timeline.rate, found.timeline.size) == (film.rate, film.size)


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
@pytest.mark.parametrize(("rate", "code"), RATES, ids=str)
def test_clips_of_other_rates_come_back_with_the_frames_that_the_film_shows(
    format, rate, code, tmp_path
):
    clips = [
        films.clip("same.mov", rate, 400, code),
        films.clip("pal.mov", 25, 500, "10:00:00:00"),
        films.clip("fast.mp4", Fraction(60000, 1001), 700, "01:00:00;00"),
        films.clip("slow.mp4", 12, 200),
        films.clip("film.mov", Fraction(24000, 1001), 300, "23:59:59:00"),
    ]
    film = edits.film(rate, films.spread(clips), size=(1920, 1080))
    path = written(film, format, tmp_path)
    assert films.cuts(films.back(path, clips, film, rate=rate).timeline) == films.cuts(film)
    alone = films.shown(films.back(path, clips, rate=rate).timeline)
    off = 1 if format in NEARLY else 0
    assert [name for name, _ in alone] == [name for name, _ in films.shown(film)]
    for (_, found), (_, wanted) in zip(alone, films.shown(film), strict=True):
        assert abs(found - wanted) <= off


@pytest.mark.parametrize("format", WITHOUT_MEDIA)
def test_two_hours_drift_by_no_frame(format, tmp_path):
    rate = Fraction(30000, 1001)
    clips = [films.clip("long.mov", rate, 216_000, "00:00:00;00")]
    spans = [(clips[0], first, first + 2159) for first in range(0, 214_900, 2160)]
    film = edits.film(rate, spans, size=(1920, 1080))
    found = films.back(written(film, format, tmp_path), clips, rate=rate).timeline
    assert films.cuts(found) == films.cuts(film)
    assert found.frames == 2159 * len(spans)
