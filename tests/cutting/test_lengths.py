"""A length for which no film can be made is refused with the shortest for which one can."""

import re
from dataclasses import replace

import numpy as np
import pytest

from editor.config import Style
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.pool import Pool
from editor.errors import FootageError
from tests.cutting.test_environment import PACE, STYLE, play_at_random, pool_of

SLOW = replace(STYLE, name="slow", pace=replace(PACE, shortest=3.0, longest=20.0))


def wished(pool: Pool, *shots: int) -> Pool:
    must = np.full(pool.size, -1)
    must[list(shots)] = range(len(shots))
    return replace(pool, must=must)


def brief(style: Style, seconds: float, order: str) -> Brief:
    return Brief(replace(style, order=order), seconds, order, 0)


def refusal(pool: Pool, asked: Brief) -> str:
    with pytest.raises(FootageError) as caught:
        make_stage(pool, asked)
    return str(caught.value)


def shortest(said: str) -> float:
    found = re.search(r"ask for ([\d.]+) s or more", said)
    assert found, said
    return float(found[1])


@pytest.mark.parametrize("order", ["recorded", "free"])
@pytest.mark.parametrize(
    ("pool", "style", "word"),
    [
        (pool_of(0), SLOW, "style slow"),
        (wished(pool_of(1, shots=15), 1, 6, 12), STYLE, "must-include"),
        (wished(pool_of(2, speech=1.0, shots=15), 4), SLOW, "must-include"),
    ],
    ids=["slow style", "three wishes", "a line"],
)
def test_too_short_a_length_is_refused_with_the_shortest_that_works(pool, style, word, order):
    said = refusal(pool, brief(style, 0.2, order))
    assert "\n" not in said and "0.2 s is too short" in said and word in said
    least = shortest(said)
    films, _ = play_at_random(make_stage(pool, brief(style, least, order)), 4)
    assert bool(films.done.all())
    assert shortest(refusal(pool, brief(style, least - 1.3, order))) == least


def test_a_style_whose_shots_are_longer_than_any_of_the_footage_is_told_from_a_short_film():
    style = replace(STYLE, name="slow", pace=replace(PACE, shortest=500.0, longest=600.0))
    said = refusal(pool_of(0), brief(style, 30.0, "free"))
    assert "500 to 600 s" in said and "style slow" in said and "or more" not in said
    assert re.search(r"cut to between [\d.]+ and [\d.]+ s", said)
