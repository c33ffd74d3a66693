"""Whole films scored at once come to what stepping through them comes to."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.cutting import local, passed, reasons, reward, taste, whole
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.taste import Taste
from tests.cutting.test_environment import STYLE, pool_of

ORDERS = ("recorded", "free")


def stage_of(order, beats=()):
    pool = pool_of(5, shots=25, speech=0.2)
    return make_stage(pool, Brief(replace(STYLE, order=order), 20.0, order, 0, np.array(beats)))


def stepped(stage, film):
    """The film cut by cut: what it came to, its step rewards and raw terms; None if illegal."""
    films, gains, terms = stage.start(1), [], []
    for choice in film:
        shot, first, last = (torch.tensor([value]) for value in choice)
        legal = stage.shot_mask(films)[0, choice[0]]
        if not legal or not stage.pair_mask(films, shot)[0, choice[1], choice[2]]:
            return None
        films, gain, raw = stage.step(films, shot, first, last)
        gains.append(float(gain))
        terms.append(raw[0])
    return (films, gains, terms) if stage.shot_mask(films)[0, -1] else None


def tried(stage, count=60):
    """Films about a plain one, most of them illegal."""
    plain, random = BASELINES["uniform"](stage, 0), np.random.default_rng(1)
    offered = torch.nonzero(stage.rules.allowed.flatten(1).any(1))[:, 0].numpy()
    return [plain, *(local._neighbour(stage, offered, plain, random) for _ in range(count))]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("room", [1, whole.ROOM])
def test_films_score_at_once_what_their_steps_add_up_to(order, room, monkeypatch):
    monkeypatch.setattr(whole, "ROOM", room)  # one step a block, and all in one
    stage = stage_of(order, beats=(1.0, 2.5, 7.0))
    films = tried(stage)
    found = whole.scores(stage, films).tolist()
    legal = 0
    for film, score in zip(films, found, strict=True):
        slow = stepped(stage, film)
        assert (slow is None) == (score == float("-inf"))
        if slow is not None:
            legal += 1
            assert score == pytest.approx(sum(slow[1]), abs=1e-5)
    assert 5 < legal < len(films)


@pytest.mark.parametrize("order", ORDERS)
def test_who_looks_for_a_better_film_is_told_of_better_ones_alone(order):
    stage = stage_of(order)
    films = tried(stage)
    found = whole.scores(stage, films)
    above = float(found[found.isfinite()].median())
    better = torch.where(found > above, found, torch.full((), -torch.inf))
    assert torch.equal(whole.scores(stage, films, above), better)
    assert 2 < int(better.isfinite().sum()) < int(found.isfinite().sum())


@pytest.mark.parametrize("order", ORDERS)
def test_a_film_told_at_once_has_the_rewards_and_terms_of_its_steps(order):
    stage = stage_of(order)
    film = BASELINES["greedy"](stage, 0)
    told = whole.told(stage, film)
    films, gains, terms = stepped(stage, film)
    assert told.gain.tolist() == pytest.approx(gains, abs=1e-5)
    assert torch.allclose(told.raw, torch.stack(terms), atol=1e-5)
    for name in films.progress.__dataclass_fields__:
        slow, fast = getattr(films.progress, name), getattr(told.whole, name)
        assert torch.allclose(slow.float(), fast.float(), atol=1e-4, equal_nan=True), name
    again = stage.start(1)
    for number, choice in enumerate(film):
        here = told.before.select(torch.tensor([number]))
        assert torch.equal(stage.shot_mask(here), stage.shot_mask(again))
        assert float(here.progress.score) == pytest.approx(float(again.progress.score), abs=1e-5)
        again, _, _ = stage.step(again, *(torch.tensor([value]) for value in choice))


def test_a_taught_taste_scores_whole_films_as_it_scores_their_steps():
    names = (*reward.TERMS, *taste.MEASURES)
    mine = Taste(names=names, mean=tuple(0.01 * (n + 1) for n in range(len(names))))
    stage = taste.dressed(stage_of("recorded"), mine)
    film = BASELINES["uniform"](stage, 0)
    _, gains, _ = stepped(stage, film)
    assert float(whole.scores(stage, [film])[0]) == pytest.approx(sum(gains), abs=1e-5)
    other = BASELINES["random"](stage, 4)[0]
    total, said = reasons.compare_whole(stage, stage.start(1), film[0], other, film[1:])
    assert total != 0 and set(said) <= set(names)


def test_a_film_without_a_cut_has_no_score():
    stage = stage_of("recorded")
    film = BASELINES["uniform"](stage, 0)
    assert whole.scores(stage, [[], film])[0] == float("-inf")
    assert whole.scores(stage, [[]])[0] == float("-inf")


def test_films_of_any_length_are_played_together_each_as_if_alone():
    stage = stage_of("recorded")
    film = BASELINES["uniform"](stage, 0)
    films = [[], film, film[: len(film) // 2], film[1:]]
    together, legal = whole.play(stage, films)
    for row, one in enumerate(films):
        alone, alone_legal = whole.play(stage, [one])
        assert bool(legal[row]) == bool(alone_legal[0])
        assert float(together.score[row]) == pytest.approx(float(alone.score[0]), abs=1e-5)
    assert legal.tolist()[:2] == [False, True]


@pytest.mark.parametrize("room", [1, passed.ROOM])
@pytest.mark.parametrize("begun", [0, 3, 9])
def test_what_films_had_come_to_is_what_following_them_makes_it_to_the_last_bit(
    begun, room, monkeypatch
):
    monkeypatch.setattr(passed, "ROOM", room)
    stage = stage_of("free")
    m, reward = stage.material, stage.reward
    films = [
        film[:count] for film, count in zip(tried(stage, 12), (20, 1, 0, *[15] * 10), strict=True)
    ]
    start = reward.start(len(films))
    for choice in BASELINES["random"](stage, 2)[:begun]:
        start = reward.follow(start, *(torch.full((len(films),), part) for part in choice))
    script = whole.Script.of(films)
    found = passed.Passed.of(reward, start, script.cuts)
    ends = found.ends(script.count)
    for step, cut in enumerate((*script.cuts, None)):
        over = script.count == step
        for name in ("length", "count", "shot", "out", "setups"):
            assert torch.equal(getattr(ends, name)[over], getattr(start, name)[over]), name
        wide = start.z.shape[1]
        assert torch.equal(ends.z[over, :wide].nan_to_num(), start.z[over].nan_to_num())
        assert ends.z[over, wide:].isnan().all()
        if cut is None:
            break
        before, shot = found.before(step, step + 1), cut[0][:, None]
        for name in ("length", "count", "shot", "out"):
            assert torch.equal(getattr(before, name), getattr(start, name)), name
        for name, column in (("shown", shot), ("scene", shot), ("setups", m.setup[shot])):
            asked = (getattr(progress, name).gather(1, column) for progress in (before, start))
            assert torch.equal(*asked), name
        assert torch.equal(before.z[:, :wide].nan_to_num(), start.z.nan_to_num())
        start = reward.follow(start, *cut)
    assert start.z.shape == ends.z.shape


@pytest.mark.parametrize("order", ORDERS)
def test_a_join_weighs_the_same_before_a_short_cut_and_a_long_one(order):
    stage = stage_of(order)
    reward, film = stage.reward, BASELINES["random"](stage, 3)
    films, z = stage.start(1), []
    for choice in film:
        shot, first, last = (torch.tensor([value]) for value in choice)
        raw = reward.cut_terms(films.progress, *(part[:, None] for part in (shot, first, last)))
        z.append(reward.standardise(films.progress, raw)[0, 0])
        films, _, _ = stage.step(films, shot, first, last)
    found, terms = reward.means(films.progress)[0], torch.stack(z)
    frames = torch.tensor([float(stage.material.length[choice]) for choice in film])
    seen = (terms * frames[:, None]).sum(0) / frames.sum()
    assert len(set(frames.tolist())) > 3
    assert torch.allclose(found[reward.joins], terms[1:].mean(0)[reward.joins], atol=1e-5)
    assert torch.allclose(found[~reward.joins], seen[~reward.joins], atol=1e-5)
