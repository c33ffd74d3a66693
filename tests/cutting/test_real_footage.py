"""What the pool makes of real clips; those kept for the final table are left alone."""

from pathlib import Path

import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import pool
from editor.footage import analysis, ingest, samples
from editor.footage.cache import Cache

FOOTAGE = Path(__file__).resolve().parents[2] / "../shared/footage"
STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))

pytestmark = pytest.mark.skipif(
    not FOOTAGE.is_dir(), reason="the development footage is not on this machine"
)


def analysed(paths, folder):
    cache = Cache(folder)
    clips, _ = ingest.ingest(paths, cache, lambda done, total, label: None)
    known = {
        clip.digest: analysis.analyse(clip, analysis.Settings(), cache, lambda share: None)
        for clip in clips
    }
    return clips, known


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    paths = [p for p in sorted((FOOTAGE / "dailies/sentences").iterdir()) if p.name[0] in "bil"]
    clips, known = analysed(paths, tmp_path_factory.mktemp("cache"))
    return pool.build(clips, known, STYLE), known


def test_each_sentence_is_offered_with_air_and_without_its_dead_ends(sentences):
    found, known = sentences
    assert found.size == len(found.clips) == 7
    for row in range(found.size):
        clip = found.clips[found.clip[row]]
        (start, end) = known[clip.digest].sound.speech[[0, -1], [0, 1]]
        first, last = np.nonzero(found.pair[row])
        lead = start - found.frame[row, first] / float(clip.rate)
        tail = found.frame[row, last] / float(clip.rate) - end
        whole = (lead > 0) & (tail > 0)
        assert whole.any(), clip.name
        assert lead[whole].max() <= 0.41 and tail[whole].max() <= 0.41, clip.name


def level_of(clip):
    """dBFS of each 10 ms, by nothing but the samples."""
    heard = samples.read(clip, 0, clip.duration, 16000, 1)[:, 0]
    power = (heard[: len(heard) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1)
    return 10 * np.log10(np.maximum(power, 1e-10))


@pytest.mark.parametrize("ear", ["midway", "loud", "peak"])
def test_beside_a_sentence_lie_at_most_four_tenths_of_silence_for_any_ear(sentences, ear):
    """Speech here is what lies above a line that has nothing to do with the detector."""
    found, _ = sentences
    silence = []
    for row in range(found.size):
        clip = found.clips[found.clip[row]]
        level = level_of(clip)
        floor, loud = np.percentile(level, [10, 95])
        line = {"midway": (floor + loud) / 2, "loud": loud - 20, "peak": level.max() - 25}[ear]
        for pair in np.argwhere(found.pair[row]):
            first, last = np.round(found.frame[row, pair] / float(clip.rate) * 100).astype(int)
            (spoken,) = np.nonzero(level[first:last] > line)
            silence += [spoken[0] / 100, (last - first - 1 - spoken[-1]) / 100]
    assert np.median(silence) <= 0.4
    assert np.max(silence) <= 0.48  # two frames at 25 a second over it where no frame lies nearer


def test_every_legal_cut_of_a_sentence_falls_where_the_clip_is_quiet(sentences):
    found, _ = sentences
    over = []
    for row in range(found.size):
        clip = found.clips[found.clip[row]]
        level = level_of(clip)
        floor, loud = np.percentile(level, [10, 95])
        used = found.pair[row].any(axis=0) | found.pair[row].any(axis=1)
        for frame in found.frame[row][used]:
            at = round(frame / float(clip.rate) * 100)
            near = level[max(0, at - 2) : at + 2].mean()
            over.append((near - floor) / (loud - floor))
    assert np.median(over) < 0.15
    assert max(over) < 0.45  # 0 is the clip's floor, 1 its loudest words


def test_different_sentences_by_different_people_are_no_takes_of_one_another(sentences):
    found, _ = sentences
    assert set(found.line.tolist()) == {-1}
    assert len(set(found.setup.tolist())) == 7


def test_nothing_of_ordinary_clips_is_taken_for_a_slate(sentences, tmp_path):
    names = ("address.mp4", "chaplin.mp4", "flower.mp4", "cityCC0.mpg", "friday.mp4")
    clips, known = analysed([FOOTAGE / "single" / name for name in names], tmp_path)
    found = pool.build(clips, known, STYLE)
    assert not [left.reason for left in (*found.left_out, *sentences[0].left_out)]
    assert {found.clips[index].name for index in found.clip} == set(names)
