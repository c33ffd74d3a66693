"""Whatever the footage: a pool that keeps its promises, or an error that says why."""

from fractions import Fraction

import numpy as np
import pytest

from editor.config import Pace, Style
from editor.cutting import pool
from editor.cutting.pool import Wish
from editor.errors import FootageError
from editor.footage.measures import Kind
from editor.timing import FrameSpan
from tests.cutting.analyses import by_digest, shot

STYLE = Style("plain", "", 30.0, "recorded", Pace(3.0, 0.5, 0.2))
RATES = (Fraction(1), Fraction(12), Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001))


def anything(rng, name):
    """A clip of any length and rate, with speech, cuts and faults anywhere, past its end too."""
    rate = RATES[rng.integers(len(RATES))]
    seconds = max(round(float(rng.choice([0.04, 0.5, 3, 8, 25, 61])), 2), 1.01 / float(rate))
    speech, at = [], float(rng.uniform(0, 2))
    while rng.random() < 0.7 and at < seconds + 1:
        end = at + float(rng.uniform(0.1, 9))
        speech.append((round(at, 3), round(end, 3)))
        at = end + float(rng.choice([0, 0.05, 0.2, 0.5, 1.5]))
    cuts = sorted(
        {round(float(x), 1) for x in rng.uniform(0, seconds, 3) if 0.3 < x < seconds - 0.3}
    )

    def sometimes():
        return [(0.0, float(rng.uniform(0, seconds)))] if rng.random() < 0.2 else []

    return shot(
        name,
        seconds,
        rate,
        speech=speech,
        words=int(rng.integers(3)),
        cuts=cuts if seconds > 1 and rng.random() < 0.5 else [],
        looks=tuple(rng.integers(0, 3, 4).tolist()),
        splits=[float(rng.uniform(a + 1, b - 1)) for a, b in speech if b - a > 4],
        peaks=rng.uniform(0, seconds, int(rng.integers(0, 8))).tolist(),
        claps=rng.uniform(0, seconds, int(rng.integers(0, 3))).tolist(),
        sound_on=bool(rng.random() < 0.8),
        black=sometimes(),
        frozen=sometimes(),
        shake=sometimes(),
        blur=sometimes(),
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(80))
def test_any_footage_makes_a_pool_that_keeps_its_promises_or_says_why_not(seed):
    rng = np.random.default_rng(seed)
    made = dict(anything(rng, f"{i}.mp4") for i in range(int(rng.integers(1, 6))))
    first = next(iter(made))
    ban = [Wish(first, FrameSpan(0, max(1, first.frames // 3)))] if seed % 3 == 0 else []
    must = [Wish(first, FrameSpan(first.frames // 2, first.frames))] if seed % 4 == 1 else []
    try:
        found = pool.build(list(made), by_digest(made), STYLE, ban=ban, must=must)
    except FootageError as err:
        assert "Nothing of the footage can be cut: " in str(err)
        return
    assert found.pair.any(axis=(1, 2)).all()
    for wish in must:
        assert wish.span in [s.span for s in found.shots if found.clips[s.clip] == wish.clip]
    for row, offered in enumerate(found.shots):
        one = found.clips[offered.clip]
        if found.must[row] < 0:
            gone = [left.span for left in found.left_out if left.clip == one]
            assert not any(span.overlaps(offered.span) for span in gone)
            assert_words_are_whole(found, row, made[one].sound.speech)


def assert_words_are_whole(found, row, speech):
    rate = float(found.clips[found.clip[row]].rate)
    used = found.pair[row].any(axis=0) | found.pair[row].any(axis=1)
    for frame, kind in zip(found.frame[row][used], found.kind[row][used], strict=True):
        second = frame / rate
        inside = (speech[:, 0] + 2e-3 < second) & (second < speech[:, 1] - 2e-3)
        end = second >= float(found.clips[found.clip[row]].duration) - 1e-6
        assert kind == Kind.SPLIT or end or not inside.any()
