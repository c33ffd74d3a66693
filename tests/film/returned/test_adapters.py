"""What OpenTimelineIO's own adapters write of our film is read back with the same cuts."""

from fractions import Fraction

import opentimelineio as otio
import pytest

from editor.film.export import exporters
from editor.film.export.sequence import Sequence
from tests.film import edits
from tests.film.returned import films

RATES = [Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001)]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(
    ("adapter", "suffix", "package"),
    [("cmx_3600", ".edl", "otio_cmx3600_adapter"), ("fcp_xml", ".xml", "otio_fcp_adapter")],
)
def test_the_cuts_of_a_foreign_writer_come_back(adapter, suffix, package, rate, tmp_path):
    pytest.importorskip(package, reason=f"{package} is not installed")
    clips = [films.clip("one.mov", rate, 400, "01:00:00:00"), films.clip("two.mp4", rate, 300)]
    film = edits.film(rate, films.spread(clips), size=(1920, 1080))
    ours = exporters.export(Sequence("film", film), "otio", tmp_path).files[0]
    timeline = otio.adapters.read_from_file(str(ours))
    for track in reversed(list(timeline.audio_tracks())):
        timeline.tracks.remove(track)  # the adapter empties a sound clip that equals its picture
    options = {"rate": float(rate)} if adapter == "cmx_3600" else {}
    foreign = tmp_path / f"foreign{suffix}"
    otio.adapters.write_to_file(timeline, str(foreign), adapter_name=adapter, **options)
    found = films.back(foreign, clips, rate=rate).timeline
    assert films.cuts(found) == films.cuts(film)
    assert found.rate == rate
