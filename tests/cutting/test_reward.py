from dataclasses import replace

import numpy as np
import pytest
import torch

from editor.config import Pace, Style
from editor.cutting import search, terms
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.evaluation import Case, compare, film_of
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, TERMS, load_statistics
from editor.errors import StyleError
from editor.learning.simulate import World, sample_world, simulate
from tests.cutting.hacks import HACKS

PACE = Pace(median=2.5, log_sd=0.7, autocorrelation=0.3, shortest=0.5, longest=12.0)
STYLE = Style("test", "", 20.0, "free", PACE)
WORLD = World(16, 2.0, 0.3, 0.5, 0.7, 0.3, 2.0, 8.0)
BEATS = np.arange(0.0, 60.0, 0.5)


def stage_of(seed: int = 0, style: Style = STYLE, beats: np.ndarray = BEATS) -> Stage:
    pool = simulate(WORLD, np.random.default_rng(seed))
    return make_stage(pool, Brief(style, 20.0, style.order, 0, beats))


def term(stage: Stage, made: list[tuple[int, int, int]], name: str) -> float:
    """A per-cut term of the last cut of a film, or a term of the whole film."""
    films = stage.start(1)
    for choice in made:
        films, _, raw = stage.step(films, *(torch.tensor([value]) for value in choice))
    if name in CUT_TERMS:
        return float(raw[0, CUT_TERMS.index(name)])
    return float(stage.reward.film_terms(films.progress)[0, FILM_TERMS.index(name)])


def _pairs(stage: Stage, shot: int) -> list[list[int]]:
    return torch.nonzero(stage.rules.allowed[shot]).tolist()


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_bounded_on_any_film(name):
    stage = stage_of()
    for seed in range(5):
        made = BASELINES["random"](stage, seed)
        assert all(-1 <= term(stage, made[: n + 1], name) <= 1 for n in range(len(made)))


@pytest.mark.parametrize("name", TERMS)
def test_every_term_has_a_family_and_words_for_an_editor(name):
    row = TERMS[name]
    assert row.family in ("pacing", "continuity", "engagement")
    assert (row.cut is None) != (row.film is None)
    function = row.cut or row.film
    assert function is not None and "[" not in row.words


@pytest.mark.parametrize("name", TERMS)
def test_every_term_is_standardised_by_measured_statistics(name):
    mean, spread = load_statistics()[name]
    assert -1 <= mean <= 1 and spread > 0
    assert (mean, spread) != (0.0, 0.5), "no statistics were measured"


def test_the_rewards_of_a_film_sum_to_its_score():
    stage = stage_of()
    made = BASELINES["random"](stage, 3)
    films, total = stage.start(1), 0.0
    for choice in made:
        films, gain, _ = stage.step(films, *(torch.tensor([value]) for value in choice))
        total += float(gain)
    films, gain, _ = stage.step(films, *(torch.tensor([v]) for v in (stage.stop, 0, 0)))
    assert float(gain) == 0.0
    assert total == pytest.approx(float(stage.reward.score(films.progress)), abs=1e-4)


def test_a_preview_is_the_reward_that_the_cut_then_earns():
    stage = stage_of()
    films = stage.start(1)
    for choice in BASELINES["random"](stage, 1):
        each = [torch.tensor([[value]]) for value in choice]
        promised, _ = stage.reward.preview(films.progress, *each)
        films, gain, _ = stage.step(films, *(torch.tensor([value]) for value in choice))
        assert float(promised) == pytest.approx(float(gain), abs=1e-5)


def test_a_cut_on_the_beat_scores_one_and_between_beats_minus_one():
    stage = stage_of()
    m = stage.material
    shot, first, last = next(
        (s, i, o)
        for s in range(m.size)
        for i, o in _pairs(stage, s)
        if abs(float(m.length[s, i, o]) / m.rate / 0.5 % 1 - 0.5) < 0.1
    )
    assert term(stage, [(shot, first, last)], "on_the_beat") < -0.95
    end = float(m.length[shot, first, last]) / m.rate
    onto = stage_of(beats=np.array([end]))
    assert term(onto, [(shot, first, last)], "on_the_beat") == pytest.approx(1.0)


def test_without_music_no_weight_is_lost_to_the_beat():
    silent = stage_of(beats=np.zeros(0))
    assert float(silent.reward.cut_weight[CUT_TERMS.index("on_the_beat")]) == 0.0
    weights = silent.reward.cut_weight.sum() + silent.reward.film_weight.sum()
    assert float(weights) == pytest.approx(1.0)


def test_the_same_framing_of_the_same_set_up_jumps_and_another_set_up_does_not():
    stage = stage_of()
    shot = max(range(stage.material.size), key=lambda s: len(_pairs(stage, s)))
    pairs = _pairs(stage, shot)
    first = pairs[0]
    later = next((i, o) for i, o in pairs if i > first[1])
    far = int((stage.material.likeness[shot]).argmin())
    jump = term(stage, [(shot, *first), (shot, *later)], "jump_cut")
    clean = term(stage, [(shot, *first), (far, *_pairs(stage, far)[0])], "jump_cut")
    assert jump < 0 < clean


def test_going_on_where_the_last_cut_ended_is_no_edit():
    stage = stage_of()
    for shot in range(stage.material.size):
        pairs = _pairs(stage, shot)
        joined = [(a, b) for a in pairs for b in pairs if a[1] == b[0]]
        if joined:
            one, two = joined[0]
            assert term(stage, [(shot, *one), (shot, *two)], "jump_cut") == -1.0
            return
    raise AssertionError("no shot could be cut in two")


def test_what_was_just_shown_is_not_new():
    stage = stage_of()
    pairs = _pairs(stage, 0)
    assert term(stage, [(0, *pairs[0])], "novelty") == 1.0
    later = next((i, o) for i, o in pairs if i >= pairs[0][1])
    assert term(stage, [(0, *pairs[0]), (0, *later)], "novelty") == -1.0


def test_what_was_shown_long_ago_is_not_new_again():
    stage = stage_of()
    row = stage.material.likeness[0]
    others = [s for s in range(1, stage.material.size) if float(row[s]) < 0.5][:4]
    first, later = _pairs(stage, 0)[0], _pairs(stage, 0)[-1]
    made = [(0, *first), *((s, *_pairs(stage, s)[0]) for s in others), (0, *later)]
    assert term(stage, made, "novelty") == -1.0


def test_the_reverse_shot_and_back_is_of_the_scene_and_another_place_is_not():
    stage, (one, other, away, _) = _two_scenes()
    start = [(one[0], 0, 1), (other[0], 0, 1)]
    back, gone = (term(stage, [*start, (s, 0, 1)], "scene") for s in (one[1], away[0]))
    assert gone < 0 < back


def test_the_second_cut_belongs_to_no_scene_yet():
    stage, (one, other, away, _) = _two_scenes()
    for shot in (other[0], away[0]):
        assert term(stage, [(one[0], 0, 1), (shot, 0, 1)], "scene") == 0.0


def test_a_film_told_scene_by_scene_scores_better_than_the_same_cuts_mixed():
    stage, setups = _two_scenes()
    here, there = (
        [shot for pair in zip(*some, strict=True) for shot in pair]
        for some in (setups[:2], setups[2:])
    )
    told, mixed = [*here, *there], [s for pair in zip(here, there, strict=True) for s in pair]
    scores = [film_of(stage, [(s, 0, 1) for s in film]).score for film in (told, mixed)]
    assert scores[0] > scores[1] + 0.02


def test_another_set_up_as_like_as_real_films_join_does_not_jump_and_the_same_framing_does():
    like = torch.tensor([0.25, 0.5, 0.95])  # median, 90th percentile; the same framing again
    other, same = (terms.jump(like, torch.full((3,), value)) for value in (False, True))
    assert other.tolist() == [0.0, 0.0, 0.5] and same.tolist() == [0.0, 0.0, 1.0]


def _two_scenes() -> tuple[Stage, list[list[int]]]:
    """Shots of 2 s with two cut points: two set-ups of one place, then two of another."""
    pool = simulate(replace(WORLD, shots=12, speech=0.0, length=2.0), np.random.default_rng(0))
    rng, look = np.random.default_rng(1), np.eye(pool.embedding.shape[2])
    scene, each = np.repeat([0, 1], 6), np.repeat([2, 3, 4, 5], 3)
    centre = look[scene] + look[each] + 0.05 * rng.standard_normal((12, look.shape[1]))
    centre /= np.linalg.norm(centre, axis=1, keepdims=True)
    bins = np.eye(pool.colour.shape[2])
    hue = (bins[scene] + bins[each]) / 2
    pair = np.zeros_like(pool.pair)
    pair[:, 0, 1] = True
    time = np.tile(np.array([0.0, 2.0, *[2.0] * (pool.frame.shape[1] - 2)]), (12, 1))
    frame = pool.frame.copy()
    rate = float(pool.clips[0].rate)
    frame[:, 1] = frame[:, 0] + round(2 * rate)
    made = replace(
        pool,
        clip=np.arange(12),
        clips=(pool.clips[0],) * 12,
        setup=each,
        pair=pair,
        frame=frame,
        time=time.astype(np.float32),
        embedding=np.repeat(centre[:, None], pool.frame.shape[1], 1).astype(np.float32),
        colour=np.repeat(hue[:, None], pool.frame.shape[1], 1).astype(np.float32),
    )
    groups = np.arange(12).reshape(4, 3).tolist()
    return make_stage(made, Brief(STYLE, 22.0, "free", 0)), groups


def test_lengths_drawn_from_the_style_fit_it_and_equal_lengths_do_not():
    stage = stage_of()
    film = stage.start(1).progress
    quantile = torch.erfinv(2 * (torch.arange(30) + 0.5) / 30 - 1) * 2**0.5
    count = torch.tensor([30])
    drawn = replace(film, z=quantile[torch.randperm(30)][None], count=count)
    equal = replace(film, z=torch.zeros(1, 30), count=count)
    short = replace(film, z=quantile[None] - 2, count=count)
    fit = [float(terms.length_fit(f, stage.brief, stage.material)) for f in (drawn, equal, short)]
    assert fit[0] > 0.95
    assert fit[0] > fit[1] + 0.5 and fit[1] > fit[2]


def test_long_and_short_shots_in_runs_beat_long_and_short_in_turn():
    stage = stage_of()
    film = stage.start(1).progress
    z = torch.tensor([1.0, 1.2, 0.9, 0.2, -0.3, -1.0, -1.1, -0.9, 0.1, 0.8])
    turns = torch.tensor([1.0, -1.0, 1.2, -1.1, 0.9, -0.9, 0.8, -0.3, 0.2, 0.1])
    runs, turn = (
        float(
            terms.rhythm(
                replace(film, z=row[None], count=torch.tensor([10])), stage.brief, stage.material
            )
        )
        for row in (z, turns)
    )
    assert runs > turn + 0.5


def test_one_run_of_quick_shots_is_no_fault_and_shuffling_it_gains_nothing():
    stage = stage_of()
    film, count = stage.start(1).progress, torch.tensor([16])
    montage = torch.tensor([-1.4] * 8 + [1.1] * 8)  # r near 1: all the quick shots, then the slow
    orders = [montage, *(montage[torch.randperm(16)] for _ in range(20))]
    brief, material = stage.brief, stage.material
    scores = [
        float(terms.rhythm(replace(film, z=z[None], count=count), brief, material)) for z in orders
    ]
    assert scores[0] == max(scores)


def test_a_style_that_weighs_an_unknown_term_is_refused_with_the_known_ones():
    with pytest.raises(StyleError, match="jump_cut"):
        stage_of(style=replace(STYLE, weights={"jumpcut": 1.0}))


def test_a_style_that_weighs_nothing_is_refused():
    with pytest.raises(StyleError, match="weight 0"):
        stage_of(style=replace(STYLE, weights=dict.fromkeys(TERMS, 0.0)))


def test_a_style_changes_which_cut_is_best():
    faces = replace(STYLE, weights={**dict.fromkeys(TERMS, 0.0), "faces": 1.0})
    sharp = replace(STYLE, weights={**dict.fromkeys(TERMS, 0.0), "sharpness": 1.0})
    best = []
    for style in (faces, sharp):
        stage = stage_of(style=style)
        best.append(film_of(stage, search.greedy(stage, 0)).lengths)
    assert best[0] != best[1]


def test_greedy_beats_random_and_a_wide_beam_beats_greedy():
    cases = [
        Case(simulate(sample_world(rng, 10, 40), rng), Brief(STYLE, 15.0, "free", 0))
        for rng in (np.random.default_rng(seed) for seed in range(6))
    ]
    found = compare(cases, {name: BASELINES[name] for name in ("beam8", "greedy", "random")})
    assert found["beam8"].score.mean > found["greedy"].score.mean > found["random"].score.mean


@pytest.fixture(scope="module")
def hacked():
    cases = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        pool = simulate(sample_world(rng, 12, 30), rng)
        order = "free" if seed % 2 else "recorded"
        duration = min(12.0, 0.4 * float(pool.usable))
        cases.append(Case(pool, Brief(replace(STYLE, order=order), duration, order, 0)))
    return compare(cases, {"sensible": BASELINES["beam8"], **HACKS})


@pytest.mark.parametrize("name", HACKS)
def test_a_hack_scores_below_a_sensible_film_interval_apart(hacked, name):
    assert hacked[name].ahead.low > 0
    assert hacked[name].score.high < hacked["sensible"].score.low


def test_terms_of_a_film_do_not_depend_on_the_shots_order_in_the_pool():
    pool = simulate(WORLD, np.random.default_rng(0))
    order = np.random.default_rng(1).permutation(pool.size)
    turned = replace(
        pool,
        shots=tuple(pool.shots[n] for n in order),
        **{
            name: getattr(pool, name)[order]
            for name, value in vars(pool).items()
            if isinstance(value, np.ndarray)
        },
    )
    brief = Brief(STYLE, 20.0, "free", 0, BEATS)
    made = BASELINES["random"](make_stage(pool, brief), 2)
    place = np.argsort(order)
    same = [(int(place[shot]), first, last) for shot, first, last in made]
    one, two = film_of(make_stage(pool, brief), made), film_of(make_stage(turned, brief), same)
    assert one.score == pytest.approx(two.score, abs=1e-5)
