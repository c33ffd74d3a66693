"""melt, which is not ours, renders what is exported: every frame carries its own number."""

from dataclasses import replace
from fractions import Fraction

import av
import pytest

from editor.film.export import kdenlive, mlt
from editor.film.export.sequence import Sequence, lay
from editor.footage.probe import probe
from tests import media
from tests.film import edits
from tests.film.export.conftest import RATES, told
from tests.film.export.melted import MELT, levels, render, wrong

WRITERS = {"mlt": mlt.write, "kdenlive": kdenlive.write}

pytestmark = pytest.mark.skipif(MELT is None, reason="melt is not installed (apt install melt)")


@pytest.fixture(scope="module")
def rushes(tmp_path_factory):
    """Clips of one rate: with timecode and tone; of another shape; in another container."""
    folder, made = tmp_path_factory.mktemp("rushes"), {}

    def clips(rate):
        if rate not in made:
            name = str(rate).replace("/", "_")
            made[rate] = (
                edits.numbered(
                    folder / f"{name} täke <1>.mov",
                    60,
                    rate,
                    size=edits.SIZE,
                    sound=media.tone(3),
                    start_timecode="01:00:00:00",
                ),
                edits.numbered(folder / f"{name}.mp4", 50, rate, size=(180, 320)),
                edits.numbered(folder / f"{name}.mkv", 50, rate, size=edits.SIZE),
            )
        return made[rate]

    return clips


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_melt_shows_every_frame_of_the_mlt(rate, rushes, tmp_path):
    timeline = edits.many_cuts(rushes(rate), rate, 12, size=edits.SIZE)
    mlt.write(Sequence("film", timeline), tmp_path / "film.mlt")
    assert wrong(render(tmp_path / "film.mlt", tmp_path / "film.mov"), timeline) == 0


@pytest.mark.parametrize("writer", WRITERS)
def test_alternatives_are_neither_seen_nor_heard_and_sound_stays_with_its_picture(
    writer, rushes, tmp_path
):
    rate = Fraction(30000, 1001)
    spoken, tall, mute = rushes(rate)
    spans = [(mute, 5, 35), (spoken, 20, 50), (tall, 0, 30), (spoken, 0, 15)]
    timeline = told(edits.film(rate, spans, size=edits.SIZE), spoken)
    WRITERS[writer](Sequence("film", timeline), tmp_path / f"film.{writer}")
    film = render(tmp_path / f"film.{writer}", tmp_path / "film.mov")
    assert wrong(film, timeline) == 0
    heard = levels(film, timeline)
    assert heard[0] < 0.02 and heard[2] < 0.02
    assert heard[1] > 0.1 and heard[3] > 0.1


@pytest.mark.parametrize("writer", WRITERS)
def test_music_lies_under_all_of_the_film_and_is_found_from_the_projects_folder(
    writer, rushes, tmp_path
):
    clip = rushes(Fraction(25))[2]
    timeline = edits.film(25, [(clip, 0, 50), (clip, 0, 50), (clip, 0, 50)], size=edits.SIZE)
    song = lay(media.audio_only(tmp_path / "sóng.wav", 4.0), Fraction(1, 2), timeline)
    assert len(song.pieces) > 1
    WRITERS[writer](
        Sequence("film", timeline, song=song, relative=True), tmp_path / f"film.{writer}"
    )
    film = render(tmp_path / f"film.{writer}", tmp_path / "film.mov")
    assert wrong(film, timeline) == 0
    assert min(levels(film, timeline)) > 0.1


@pytest.mark.parametrize("writer", WRITERS)
def test_clips_of_other_rates_show_their_own_frames_at_most_one_off(writer, rushes, tmp_path):
    (clip,) = rushes(Fraction(60000, 1001))[2:]
    timeline = edits.film(25, [(clip, 0, 20), (clip, 21, 50), (clip, 7, 31)], size=edits.SIZE)
    WRITERS[writer](Sequence("film", timeline), tmp_path / f"film.{writer}")
    found = edits.numbers(render(tmp_path / f"film.{writer}", tmp_path / "film.mov"))
    assert len(found) == timeline.frames
    for cut in timeline.cuts:
        shown = [timeline.source_of(frame)[1] for frame in range(cut.start, cut.stop)]
        for number, meant in zip(found[cut.start : cut.stop], shown, strict=True):
            assert abs(number - meant) <= 1
            assert cut.source.first <= number < cut.source.stop


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    ("rate", "clip_rate"),
    [(50, 25), (Fraction(60000, 1001), Fraction(24000, 1001)), (60, 24)],
    ids=str,
)
def test_a_slower_clip_that_ends_with_its_media_shows_nothing_from_before_its_cut(
    rate, clip_rate, writer, rushes, tmp_path
):
    (clip,) = rushes(Fraction(clip_rate))[2:]
    spans = [(clip, first, 50) for first in (21, 31, 33, 38, 47)]
    timeline = edits.film(rate, spans, size=edits.SIZE)
    WRITERS[writer](Sequence("film", timeline), tmp_path / f"film.{writer}")
    found = edits.numbers(render(tmp_path / f"film.{writer}", tmp_path / "film.mov"))
    assert len(found) == timeline.frames
    for cut in timeline.cuts:
        shown = found[cut.start : cut.stop]
        assert min(shown) == cut.source.first and max(shown) == cut.source.stop - 1


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_whose_sound_comes_first_is_seen_and_heard(writer, rushes, tmp_path):
    spoken = rushes(Fraction(25))[0]
    turned = tmp_path / "sound first.mov"
    with av.open(str(spoken.path)) as source, av.open(str(turned), "w") as output:
        kinds = (*source.streams.audio, *source.streams.video)
        copies = {stream.index: output.add_stream_from_template(stream) for stream in kinds}
        for packet in source.demux(*kinds):
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                output.mux(packet)
    clip = probe(turned, turned.name)
    assert clip.stream == 1
    timeline = edits.film(25, [(clip, 5, 45)], size=edits.SIZE)
    WRITERS[writer](Sequence("film", timeline), tmp_path / f"film.{writer}")
    film = render(tmp_path / f"film.{writer}", tmp_path / "film.mov")
    assert wrong(film, timeline) == 0
    assert levels(film, timeline)[0] > 0.1


def test_a_filled_film_has_no_bars(rushes, tmp_path):
    clip = rushes(Fraction(25))[1]
    timeline = replace(edits.film(25, [(clip, 0, 5)], size=edits.SIZE), fit="fill")
    mlt.write(Sequence("film", timeline), tmp_path / "film.mlt")
    with av.open(str(render(tmp_path / "film.mlt", tmp_path / "film.mov"))) as source:
        picture = next(source.decode(video=0)).to_ndarray(format="gray")
    assert picture[:, :8].mean() > 20 and picture[:, -8:].mean() > 20
