from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from editor.cutting import agent, local
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from tests.cutting.test_environment import STYLE, pool_of


def stage_of(order, seed=3):
    pool = pool_of(seed, shots=25, speech=0.2)
    return pool, make_stage(pool, Brief(replace(STYLE, order=order), 20.0, order, 0))


@pytest.mark.parametrize("order", ["recorded", "free"])
def test_a_local_search_gives_a_legal_film_that_scores_more(order):
    _, stage = stage_of(order)
    plain = BASELINES["uniform"](stage, 0)
    before = float(local.scores(stage, [plain])[0])
    better, looked = local.improve(stage, plain, seed=0, rounds=15)
    assert float(local.scores(stage, [better])[0]) > before + 0.05
    assert looked > 1


def test_a_local_search_is_the_same_for_the_same_seed():
    _, stage = stage_of("recorded")
    plain = BASELINES["uniform"](stage, 0)
    assert local.improve(stage, plain, 5, 4) == local.improve(stage, plain, 5, 4)


@pytest.mark.parametrize("order", ["recorded", "free"])
def test_a_search_from_several_films_ends_no_worse_than_from_any_of_them(order):
    _, stage = stage_of(order)
    starts = [BASELINES[name](stage, 0) for name in ("uniform", "greedy", "random")]
    alone = [local.improve(stage, start, 5)[0] for start in starts]
    best = local.improve_best(stage, starts, 5)
    assert float(local.scores(stage, [best])[0]) >= float(local.scores(stage, alone).max())


def test_a_film_with_an_illegal_cut_has_no_score():
    _, stage = stage_of("recorded")
    film = BASELINES["uniform"](stage, 0)
    backwards = [film[-1], *film[1:-1], film[0]]
    assert np.isneginf(float(local.scores(stage, [backwards])[0]))
    assert np.isneginf(float(local.scores(stage, [film[:1]])[0])), "too short to stop"


def test_a_whole_films_score_is_what_its_steps_add_up_to():
    _, stage = stage_of("free")
    film = BASELINES["greedy"](stage, 0)
    decision = agent.cut(
        pool_of(3, shots=25, speech=0.2),
        stage.brief,
        agent.plain_cutter("greedy", BASELINES["greedy"]),
    )
    assert float(local.scores(stage, [film])[0]) == pytest.approx(decision.score, abs=1e-5)


def test_cuts_that_go_on_where_the_last_one_ended_are_one_cut_on_the_timeline():
    pool, stage = stage_of("recorded")
    rate = Fraction(25)
    decision = agent.cut(pool, stage.brief, agent.plain_cutter("uniform", BASELINES["uniform"]))
    whole = next(n for n in range(pool.size) if pool.points[n] > 4)
    choices = tuple(
        replace(decision.choices[0], shot=whole, first=first, last=last)
        for first, last in ((0, 2), (2, 4))
    )
    timeline = agent.assemble(
        pool, replace(decision, choices=choices), rate, (320, 180), None, "letterbox"
    )
    assert len(timeline.cuts) == 1
    cut = timeline.cuts[0]
    assert (cut.source.first, cut.source.stop) == (pool.frame[whole, 0], pool.frame[whole, 4])
    assert cut.reward == pytest.approx(sum(choice.reward for choice in choices))


def test_a_searched_film_never_jumps_a_few_frames_forward_inside_one_take():
    _, stage = stage_of("recorded", seed=8)
    better, _ = local.improve(stage, BASELINES["uniform"](stage, 0), seed=2, rounds=10)
    assert not local.stutters(stage, better)
    shot = int(stage.material.real.sum(1).argmax())
    step = float(stage.material.time[shot, 3] - stage.material.time[shot, 2])
    assert local.stutters(stage, [(shot, 0, 2), (shot, 3, 5)]) == (step < local.STUTTER)
    assert not local.stutters(stage, [(shot, 0, 2), (shot, 2, 5)]), "going on is no jump"


def drawn_about(stage, film, count=600):
    """Films about one, as the search draws them."""
    offered = np.flatnonzero(stage.rules.allowed.flatten(1).any(1).numpy())
    random = np.random.default_rng(0)
    return [local._neighbour(stage, offered, film, random) for _ in range(count)]


def test_in_free_order_the_search_also_swaps_two_cuts_and_moves_one():
    _, stage = stage_of("free")
    film = BASELINES["greedy"](stage, 0)
    others = [new for new in drawn_about(stage, film) if sorted(new) == sorted(film) != film]
    assert any(sum(a != b for a, b in zip(new, film, strict=True)) == 2 for new in others)
    assert any([cut for cut in new if cut != film[0]] == film[1:] != new[1:] for new in others)


def test_in_recorded_order_no_film_is_tried_that_only_stands_in_another_order():
    _, stage = stage_of("recorded")
    film = BASELINES["uniform"](stage, 0)
    tried = [new for new in drawn_about(stage, film) if new != film]
    assert tried
    assert not any(sorted(new) == sorted(film) for new in tried)


def test_a_film_whose_cuts_stand_in_a_worse_order_is_mended():
    _, stage = stage_of("free")
    best = local.improve_best(stage, [BASELINES["greedy"](stage, 0)], 1)
    orders = [np.random.default_rng(n).permutation(len(best)) for n in range(200)]
    films = [[best[at] for at in order] for order in orders]
    found = local.scores(stage, films)
    worst = int(found.nan_to_num(neginf=np.inf).argmin())
    mended, _ = local.improve(stage, films[worst], seed=3)
    assert float(local.scores(stage, [mended])[0]) > float(found[worst]) + 0.02
