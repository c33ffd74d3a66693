from dataclasses import replace

import numpy as np
import pytest

from editor.bench import lifelike
from editor.learning.lifelike import correlation, measure
from editor.learning.recombine import select
from editor.learning.simulate import plain_world, sample_world


def test_what_a_group_shares_wholly_is_correlated_wholly_and_what_it_does_not_share_is_not():
    group = np.repeat(np.arange(200), 3)
    own = np.random.default_rng(0).standard_normal(600)
    assert correlation(np.repeat(own[:200], 3), group) == pytest.approx(1)
    assert abs(correlation(own, group)) < 0.1
    half = correlation(np.repeat(own[:200], 3) + np.roll(own, 7), group)
    assert 0.35 < half < 0.65


def test_a_correlation_by_hand():
    # Groups (1, 3) and (5, 9): means 2 and 7 of 4.5; inside (2 + 8) / 2 = 5; between
    # 2 (2.5^2 + 2.5^2) / 1 = 25; (25 - 5) / (25 + 5) = 2/3. Whoever is alone says nothing.
    values, group = np.array([1.0, 3.0, 5.0, 9.0, 100.0]), np.array([4, 4, 7, 7, 9])
    assert correlation(values, group) == pytest.approx(2 / 3)


@pytest.mark.parametrize("group", [[0, 1, 2], [0, 0, 0], [0, 0, 1]])
def test_without_two_groups_of_two_nothing_is_told(group):
    assert np.isnan(correlation(np.arange(3.0), np.array(group)))


def test_simulated_shots_share_with_their_set_up_what_real_ones_do():
    # Of the real training shoots: sharpness .91 to 1, motion .47 to .93, exposure .74 to 1, two
    # shots of one set-up .93 to .96 alike: python -m editor.bench.lifelike tells them.
    found = [measure(pool) for pool in lifelike.worlds(sample_world, 40, 90)]
    for name in ("sharpness", "motion", "exposure"):
        assert np.nanmedian([each.shared[name] for each in found]) > 0.65, name
    assert 0.9 < np.median([each.takes[1] for each in found if each.takes]) < 0.98
    assert any(each.silent == 1 for each in found) and any(each.silent == 0 for each in found)


def test_plain_worlds_hold_still():
    plain = [measure(pool) for pool in lifelike.worlds(plain_world, 9, 20)]
    assert min(each.within[1] for each in plain) > 0.97


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_what_is_no_footage_is_refused_in_a_line(name, tmp_path, capsys, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert lifelike.main([name, "--outputs", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.err.splitlines()[-1].startswith(f"lifelike: {name}: ") and not said.out


def test_of_shots_that_have_nothing_in_common_nothing_is_told(recwarn):
    pool = lifelike.worlds(sample_world, 5, 6)[0]
    alone = select(pool, np.arange(pool.size) == 0)
    alone = replace(alone, points=np.ones_like(alone.points))  # a shot of a single cut point
    told = lifelike.row("alone", [measure(alone)])
    assert told.startswith("| alone | 1 | - | - | - | - |") and not len(recwarn)


def test_a_row_tells_one_pool_by_its_figures_and_several_by_their_spread():
    found = [measure(pool) for pool in lifelike.worlds(sample_world, 8, 12)[:4]]
    one, many = lifelike.row("one", found[:1]), lifelike.row("many", found)
    assert one.startswith(f"| one | {found[0].shots} | {found[0].within[1]:.2f} |")
    assert many.startswith("| many | 4 pools |") and "[" in many
    assert one.count("|") == many.count("|") == len(lifelike.HEAD) + 1
