import sys
import warnings
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from editor.config import Pace, Style
from editor.cutting import episode
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.completion import fill
from editor.cutting.environment import Films, Stage, make_stage
from editor.cutting.episode import ILLEGAL
from editor.cutting.material import film_frames
from editor.cutting.pool import Pool
from editor.errors import EditorError, FootageError, StyleError
from editor.learning.curriculum import sample_brief
from editor.learning.simulate import World, sample_world, simulate
from editor.timing import convert_length

PACE = Pace(median=2.5, log_sd=0.7, autocorrelation=0.3, shortest=0.5, longest=12.0)
STYLE = Style("test", "", 20.0, "recorded", PACE)
WORLD = World(12, 2.0, 0.4, 0.5, 0.7, 0.3, 2.0, 8.0)


def pool_of(seed: int = 0, **changes: object) -> Pool:
    return simulate(replace(WORLD, **changes), np.random.default_rng(seed))


def play_at_random(stage: Stage, films: int, seed: int = 0) -> tuple[Films, torch.Tensor]:
    """Cut films by any legal choice, and check on the way that there always is one."""
    generator = torch.Generator().manual_seed(seed)
    under_way, total = stage.start(films), torch.zeros(films)
    while not bool(under_way.done.all()):
        mask = stage.shot_mask(under_way)
        assert bool(mask.any(1).all())
        shot = torch.multinomial(mask.float(), 1, generator=generator)[:, 0]
        pairs = stage.pair_mask(under_way, shot).flatten(1)
        assert bool(pairs.any(1).all()), "a shot was offered without a legal in and out"
        pair = torch.multinomial(pairs.float(), 1, generator=generator)[:, 0]
        points = stage.material.points
        under_way, gain, raw = stage.step(under_way, shot, pair // points, pair % points)
        assert bool((raw.abs() <= 1).all())
        total += gain
    return under_way, total


def odd_pools() -> list[tuple[str, Pool, float]]:
    """Pools on which a mask is likely to lead astray, with a length to ask for."""
    one = pool_of(1, shots=1)
    speech = pool_of(2, speech=1.0, takes=3.0, shots=20)
    twins = pool_of(3, speech=1.0, takes=4.0, shots=8)
    must = pool_of(4, shots=15)
    wanted = np.full(must.size, -1)
    wanted[[1, 6, must.size - 1]] = 0, 1, 2
    voices = pool_of(5, speech=1.0, takes=1.0, shots=14)
    late = np.full(voices.size, -1)
    late[voices.size - 1] = 0
    return [
        ("one shot", one, 0.4 * float(one.usable)),
        ("speech only", speech, 12.0),
        ("takes of few lines", twins, 9.0),
        ("must-includes", replace(must, must=wanted), 18.0),
        ("speech with a late must-include", replace(voices, must=late), 10.0),
        ("large", pool_of(6, shots=120), 45.0),
        (
            "nearly all of it",
            pool_of(7, shots=5, speech=0.0),
            0.9 * float(pool_of(7, shots=5).usable),
        ),
    ]


@pytest.mark.parametrize("order", ["recorded", "free"])
@pytest.mark.parametrize("name,pool,seconds", odd_pools(), ids=lambda value: str(value)[:30])
def test_no_choice_leads_to_a_dead_end(name, pool, seconds, order):
    stage = make_stage(pool, Brief(STYLE, seconds, order, 0))
    films, total = play_at_random(stage, 500)  # 14 cases: with the sampled ones over 10,000
    length = films.progress.length
    assert bool(((length >= stage.rules.low) & (length <= stage.rules.high)).all())
    assert bool(films.state.answered.all())
    assert torch.allclose(total, films.progress.score, atol=1e-4)


@pytest.mark.parametrize("seed", range(60))
def test_sampled_pools_and_styles_have_no_dead_end(seed):
    rng = np.random.default_rng(seed)
    pool = simulate(sample_world(rng, 1, 80), rng)
    if seed % 3 == 0:
        must = np.full(pool.size, -1)
        must[rng.integers(pool.size, size=2)] = 0, 1
        pool = replace(pool, must=must)
    try:
        stage = make_stage(pool, sample_brief(pool, rng))
    except FootageError:
        return  # said before anything is cut, which is no dead end
    films, _ = play_at_random(stage, 60, seed)
    length = films.progress.length
    assert bool(((length >= stage.rules.low) & (length <= stage.rules.high)).all())
    assert bool(films.state.answered.all())


def cuts_of(stage: Stage, films: int, seed: int = 0) -> list[list[tuple[int, int, int]]]:
    generator = torch.Generator().manual_seed(seed)
    under_way, made = stage.start(films), [[] for _ in range(films)]
    while not bool(under_way.done.all()):
        shot = torch.multinomial(stage.shot_mask(under_way).float(), 1, generator=generator)[:, 0]
        pairs = stage.pair_mask(under_way, shot).flatten(1)
        pair = torch.multinomial(pairs.float(), 1, generator=generator)[:, 0]
        first, last = pair // stage.material.points, pair % stage.material.points
        for film in range(films):
            if not under_way.done[film] and shot[film] != stage.stop:
                made[film].append((int(shot[film]), int(first[film]), int(last[film])))
        under_way, _, _ = stage.step(under_way, shot, first, last)
    return made


@pytest.mark.parametrize("order", ["recorded", "free"])
def test_no_frame_is_used_twice(order):
    pool = pool_of(0, speech=0.0)
    stage = make_stage(pool, Brief(STYLE, 25.0, order, 0))
    for made in cuts_of(stage, 60):
        seen = set()
        for shot, first, last in made:
            frames = range(pool.frame[shot, first], pool.frame[shot, last])
            used = {(int(pool.clip[shot]), frame) for frame in frames}
            assert not used & seen
            seen |= used


def test_a_shot_may_be_used_more_than_once():
    pool = pool_of(0, speech=0.0, shots=3)
    stage = make_stage(pool, Brief(STYLE, 10.0, "free", 0))
    assert any(len({shot for shot, _, _ in made}) < len(made) for made in cuts_of(stage, 60))


def test_recorded_order_never_goes_back():
    pool = pool_of(3, speech=0.5)
    stage = make_stage(pool, Brief(STYLE, 20.0, "recorded", 0))
    for made in cuts_of(stage, 60):
        places = [(pool.rank[shot], pool.frame[shot, first]) for shot, first, _ in made]
        assert places == sorted(places)


def test_in_free_order_one_voice_still_speaks_in_order():
    pool = pool_of(8, speech=1.0, takes=1.0, length=24.0, shots=14)
    stage = make_stage(pool, Brief(STYLE, 20.0, "free", 0))
    assert stage.rules.order == "free"
    moved = False
    for made in cuts_of(stage, 60):
        places = [(pool.rank[shot], pool.frame[shot, first]) for shot, first, _ in made]
        moved |= places != sorted(places)
        for voice in set(pool.voice[pool.voice >= 0]):
            own = [
                p for p, (shot, _, _) in zip(places, made, strict=True) if pool.voice[shot] == voice
            ]
            assert own == sorted(own)
    assert moved


def test_no_cut_goes_on_where_the_last_one_ended():
    pool = pool_of(0, speech=0.0, shots=6)
    stage = make_stage(pool, Brief(STYLE, 15.0, "recorded", 0))
    for made in cuts_of(stage, 60):
        for (shot, _, last), (after, first, _) in pairwise(made):
            assert (shot, last) != (after, first)


@pytest.mark.parametrize("order", ["recorded", "free"])
def test_of_one_line_only_one_take_is_used(order):
    pool = pool_of(2, speech=1.0, takes=3.0, shots=20)
    assert (pool.line >= 0).any()
    stage = make_stage(pool, Brief(STYLE, 12.0, order, 0))
    for made in cuts_of(stage, 60):
        takes: dict[int, set[int]] = {}
        for shot, _, _ in made:
            if pool.line[shot] >= 0:
                takes.setdefault(int(pool.line[shot]), set()).add(int(pool.clip[shot]))
        assert all(len(clips) == 1 for clips in takes.values())


def test_a_take_that_the_editor_names_is_the_one_used():
    pool = pool_of(2, speech=1.0, takes=3.0, shots=20)
    line = int(pool.line[pool.line >= 0][0])
    wanted = int(np.flatnonzero(pool.line == line)[-1])
    pool = replace(pool, must=np.where(np.arange(pool.size) == wanted, 0, -1))
    stage = make_stage(pool, Brief(STYLE, 12.0, "recorded", 0))
    for made in cuts_of(stage, 40):
        assert {int(pool.clip[s]) for s, _, _ in made if pool.line[s] == line} == {
            int(pool.clip[wanted])
        }


def test_lengths_are_whole_film_frames_as_the_timeline_counts_them():
    pool = pool_of(1)
    rate = Fraction(24000, 1001)
    frames = film_frames(pool, rate)
    for shot in range(pool.size):
        clip = pool.clips[int(pool.clip[shot])]
        for last in range(1, int(pool.points[shot])):
            span = int(pool.frame[shot, last] - pool.frame[shot, 0])
            assert frames[shot, 0, last] == convert_length(span, clip.rate, rate)


def test_footage_that_cannot_fill_the_length_gives_an_honestly_shorter_film():
    pool = pool_of(1, shots=2, speech=0.0)
    asked = 1.5 * float(pool.usable)
    stage = make_stage(pool, Brief(STYLE, asked, "recorded", 0))
    films, _ = play_at_random(stage, 40)
    assert "of the asked" in stage.rules.notes[0]
    assert float(films.progress.length.min()) / stage.material.rate < asked


def test_footage_without_any_legal_cut_is_refused():
    pool = pool_of(1)
    with pytest.raises(FootageError, match="No shot can be cut"):
        make_stage(replace(pool, pair=np.zeros_like(pool.pair)), Brief(STYLE, 20.0, "recorded", 0))


def test_features_that_are_not_numbers_are_named():
    pool = pool_of(1)
    broken = pool.level.copy()
    broken[0, 0] = np.nan
    with pytest.raises(ValueError, match="level"):
        make_stage(replace(pool, level=broken), Brief(STYLE, 20.0, "recorded", 0))


def test_small_cuts_fill_as_much_as_trying_all_ways_says():
    rng = np.random.default_rng(0)
    times = np.sort(rng.integers(1, 90, (4, 7)), axis=1)
    length = np.maximum(times[:, None, :] - times[:, :, None], 0)
    allowed = (length > 3) & (rng.random(length.shape) < 0.6)

    def most(shot, first, last):
        best = 0
        for into in range(first, last):
            for out in range(into + 1, last + 1):
                if allowed[shot, into, out] and length[shot, into, out] <= 40:
                    best = max(best, length[shot, into, out] + most(shot, out, last))
        return best

    found = fill(allowed, length, 40)
    for shot in range(4):
        assert found[shot, 0, 6] == most(shot, 0, 6)
        assert found[shot, 2, 5] == most(shot, 2, 5)


def test_many_films_at_once_earn_what_each_earns_alone():
    pool = pool_of(5)
    stage = make_stage(pool, Brief(STYLE, 15.0, "recorded", 0))
    made = cuts_of(stage, 12)
    films, _ = play_at_random(stage, 12)  # drawn by the same generator: the same films
    for film, cuts in enumerate(made):
        env = episode.RoughCut(pool, STYLE, Brief(STYLE, 15.0, "recorded", 0))
        env.reset(seed=0)
        total, ended = 0.0, False
        for action in [*cuts, (pool.size, 0, 0)]:
            _, reward, ended, truncated, info = env.step(np.array(action))
            total += reward
            assert not truncated and "illegal" not in info
        assert ended
        assert total == pytest.approx(float(films.progress.score[film]), abs=1e-4)


@pytest.mark.parametrize("seed", range(16))
def test_on_any_pool_and_brief_the_batch_and_the_single_film_agree_step_by_step(seed):
    """Rewards, masks and ends, of films cut together and of the same films cut one by one."""
    rng = np.random.default_rng([seed, 5])
    pool = simulate(sample_world(rng, 2, 40), rng)
    brief = sample_brief(pool, rng, most_cuts=12)
    try:
        stage = make_stage(pool, brief)
    except FootageError:
        return  # said before anything is cut
    generator = torch.Generator().manual_seed(seed)
    alone = [episode.RoughCut(pool, brief.style, brief) for _ in range(3)]
    for env in alone:
        env.reset()
    together, over = stage.start(3), [False] * 3
    while not all(over):
        mask = stage.shot_mask(together)
        shot = torch.multinomial(mask.float(), 1, generator=generator)[:, 0]
        pairs = stage.pair_mask(together, shot)
        pair = torch.multinomial(pairs.flatten(1).float(), 1, generator=generator)[:, 0]
        first, last = pair // stage.material.points, pair % stage.material.points
        together, gain, _ = stage.step(together, shot, first, last)
        for film, env in enumerate(alone):
            if over[film]:
                assert float(gain[film]) == 0.0, "a film that has stopped earns nothing more"
                continue
            flat = env.action_masks()
            assert np.array_equal(flat[: pool.size + 1], mask[film].numpy())
            if int(shot[film]) != stage.stop:
                ins, outs = np.split(flat[pool.size + 1 :], 2)
                assert ins[first[film]] and outs[last[film]]
            action = np.array([shot[film], first[film], last[film]])
            _, reward, ended, truncated, info = env.step(action)
            assert reward == pytest.approx(float(gain[film]), abs=1e-5)
            assert (ended, truncated) == (bool(together.done[film]), False)
            assert info["score"] == pytest.approx(float(together.progress.score[film]), abs=1e-5)
            over[film] = ended


def made_by_gymnasium(name: str = episode.NAME, **wishes: object) -> gymnasium.Env:
    episode.register()
    return gymnasium.make(name, pool=pool_of(1), style=STYLE, **wishes)


def test_gymnasiums_own_check_finds_nothing_to_say():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made_by_gymnasium().unwrapped, skip_render_check=True)


def test_gymnasium_finds_the_environment_by_the_module_that_registers_it():
    gymnasium.registry.pop(episode.NAME, None)
    sys.modules.pop("editor.gym", None)
    env = gymnasium.make(f"editor.gym:{episode.NAME}", pool=pool_of(1), style=STYLE)
    assert isinstance(env.unwrapped, episode.RoughCut)


def test_an_environment_made_by_gymnasium_runs_a_film_under_its_passive_checks():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = made_by_gymnasium(duration=12.0)
        env.reset(seed=3)
        over = False
        while not over:
            mask = env.unwrapped.action_masks()[: pool_of(1).size + 1]
            shot = int(np.flatnonzero(mask)[0])
            first, last = np.argwhere(env.unwrapped.pair_mask(shot))[0]
            _, _, over, truncated, _ = env.step(np.array([shot, first, last]))
            assert not truncated


def test_an_illegal_action_ends_the_episode_and_is_named():
    env = episode.RoughCut(pool_of(1), STYLE, duration=20.0)
    env.reset(seed=0)
    stop = np.array([env.stage.stop, 0, 0])
    _, reward, ended, truncated, info = env.step(stop)
    assert (reward, ended, truncated) == (ILLEGAL, True, False)
    assert "stop" in info["illegal"]
    env.reset(seed=0)
    _, reward, ended, _, info = env.step(np.array([0, 3, 1]))
    assert reward == ILLEGAL and ended and "shot 0" in info["illegal"]


@pytest.mark.parametrize("action", [[99, 0, 0], [0, -1, 2], [0, 0, 10_000], [0, 1], [0.5, 1, 2]])
def test_an_action_outside_the_action_space_is_illegal_too(action):
    env = episode.RoughCut(pool_of(1), STYLE, duration=20.0)
    env.reset(seed=0)
    _, reward, ended, truncated, info = env.step(np.array(action))
    assert (reward, ended, truncated) == (ILLEGAL, True, False)
    assert str(env.action_space.nvec.tolist()) in info["illegal"]


def test_an_action_that_is_no_array_at_all_is_illegal_too():
    env = episode.RoughCut(pool_of(1), STYLE, duration=20.0)
    env.reset(seed=0)
    _, reward, ended, _, info = env.step([[1], [2, 3]])
    assert reward == ILLEGAL and ended and "[[1], [2, 3]]" in info["illegal"]


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("nan"), float("inf")])
def test_a_length_that_is_no_length_is_refused_and_not_taken_for_the_styles(seconds):
    with pytest.raises(StyleError, match="more than 0 s"):
        episode.RoughCut(pool_of(1), STYLE, duration=seconds)
    with pytest.raises(StyleError, match="more than 0 s"):
        make_stage(pool_of(1), Brief(STYLE, seconds, "recorded", 0))


def test_a_brief_that_says_otherwise_than_style_or_duration_is_refused():
    brief = Brief(STYLE, 20.0, "recorded", 0)
    with pytest.raises(StyleError, match=r"style 'test'.*'other'"):
        episode.RoughCut(pool_of(1), replace(STYLE, name="other"), brief)
    with pytest.raises(StyleError, match=r"20 s.*7 s"):
        episode.RoughCut(pool_of(1), STYLE, brief, duration=7.0)
    same = episode.RoughCut(pool_of(1), STYLE, brief, duration=20.0)
    assert same.stage.brief is brief


@pytest.mark.parametrize("how", ["not begun", "illegal", "stopped"])
def test_a_film_that_is_over_takes_no_more_actions(how):
    env = episode.RoughCut(pool_of(1), STYLE, duration=8.0)
    if how != "not begun":
        env.reset(seed=0)
    if how == "illegal":
        env.step(np.array([env.stage.stop, 0, 0]))
    over = how != "stopped"
    while not over:
        shot = int(np.flatnonzero(env.action_masks()[: env.stage.stop + 1])[-1])
        pair = np.argwhere(env.pair_mask(shot))[0]
        _, _, over, _, _ = env.step(np.array([shot, *pair]))
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset"):
        env.step(np.array([0, 0, 1]))
    env.reset()
    assert env.action_masks().any()


def test_masks_are_offered_as_maskable_learners_ask_for_them():
    env = episode.RoughCut(pool_of(1), STYLE, duration=20.0)
    _, info = env.reset(seed=0)
    assert env.action_masks().shape == (env.action_space.nvec.sum(),)
    assert np.array_equal(env.action_masks(), info["action_mask"])
    size, points = env.stage.material.size, env.stage.material.points
    shots = np.flatnonzero(env.action_masks()[:size])
    pairs = np.any([env.pair_mask(int(shot)) for shot in shots], axis=0)
    assert np.array_equal(env.action_masks()[size + 1 : size + 1 + points], pairs.any(1))
    assert np.array_equal(env.action_masks()[size + 1 + points :], pairs.any(0))


def test_must_includes_that_cannot_fit_are_refused_in_an_editors_words():
    pool = pool_of(4, shots=15, speech=0.0)
    must = np.arange(pool.size)
    with pytest.raises(EditorError, match="must-include"):
        make_stage(replace(pool, must=must), Brief(STYLE, 3.0, "recorded", 0))


@pytest.mark.parametrize("order", ["free", "recorded"])
def test_no_cut_jumps_forward_by_less_than_half_a_second_where_there_is_another(order):
    pool = pool_of(5, shots=12, speech=0.2)
    stage = make_stage(pool, Brief(replace(STYLE, order=order), 25.0, order, 0))
    jumps = 0
    for seed in range(30):
        films = stage.start(1)
        for choice in BASELINES["random"](stage, seed):
            shot, first, last = (torch.tensor([value]) for value in choice)
            ins = stage.pair_mask(films, shot)[0].any(1).nonzero()[:, 0].tolist()
            before = int(films.state.shot[0]), int(films.state.out[0])
            small = [_small_jump(pool, before, (choice[0], point)) for point in ins]
            assert all(small) or not any(small)
            jumps += any(
                _small_jump(pool, before, (choice[0], point))
                for point in range(int(pool.points[choice[0]]))
            )
            films, _, _ = stage.step(films, shot, first, last)
    assert jumps, "there was something to leave out"


def _small_jump(pool: Pool, out: tuple[int, int], into: tuple[int, int]) -> bool:
    """True where going from one point to the other skips under half a second of one take."""
    if out[0] < 0 or pool.clip[out[0]] != pool.clip[into[0]]:
        return False
    frames = int(pool.frame[into]) - int(pool.frame[out])
    return 0 < frames < 0.499 * float(pool.clips[pool.clip[into[0]]].rate)


@pytest.mark.parametrize("name", ["embedding", "colour", "flow", "level", "face", "totals", "time"])
def test_a_pool_without_a_feature_is_refused_by_its_name(name):
    pool = pool_of(0)
    whole = getattr(pool, name)
    for wrong in (None, whole[1:], whole[..., :0], np.full_like(whole, np.nan)):
        with pytest.raises(ValueError, match=f"The pool's {name} "):
            make_stage(replace(pool, **{name: wrong}), Brief(STYLE, 20.0, "recorded", 0))
