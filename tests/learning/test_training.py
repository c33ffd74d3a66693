import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from editor.cli import MADE, WRONG, main
from editor.cutting.observation import FEATURES
from editor.cutting.pool import TOTALS
from editor.cutting.reward import TERMS
from editor.errors import PolicyError
from editor.learning import recombine, statistics, training
from editor.learning.curriculum import sample_brief, sample_style
from editor.learning.simulate import World, plain_world, sample_world, simulate
from editor.learning.training import Training, train
from models import checkpoint

TINY = {"steps": 3, "warm": 2, "pools": 1, "films": 4, "most_shots": 12, "seed": 2, "examined": 1}


def silent(done: int, total: int, label: str) -> None:
    """Progress that nobody reads."""


def weights(path):
    return checkpoint.read(path)[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    told = []
    found = train(Training(folder, **TINY, command="first"), lambda *said: told.append(said))
    return folder, found, told


def test_training_leaves_a_policy_that_can_be_loaded(trained):
    _, found, _ = trained
    _, card = checkpoint.load_policy(found.policy, FEATURES, tuple(TERMS))
    assert card.seed == 2 and card.notes["algorithm"] == "ppo"


def test_progress_is_told_from_its_start_to_the_end(trained):
    _, found, told = trained
    assert [done for done, _, _ in told] == [0, 1, 2, 3, 4, 5]
    assert found.steps == told[-1][1] == 5


def test_every_term_head_and_measure_of_the_update_is_logged(trained):
    folder, _, _ = trained
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [("score" in row, "cloning/nats" in row) for row in rows] == [
        *[(False, True)] * 2,
        *[(True, False)] * 3,
    ]
    wanted = {"score", "kl", "clip_fraction", "explained_variance", "entropy/shot", "entropy/out"}
    assert wanted | {f"term/{name}" for name in TERMS} <= rows[-1].keys()
    assert list((folder / "events").iterdir())


def test_one_seed_trains_the_same_policy(trained, tmp_path):
    _, found, _ = trained
    again = train(Training(tmp_path, **TINY), silent)
    assert all(torch.equal(t, weights(again.policy)[n]) for n, t in weights(found.policy).items())


def test_a_training_that_was_stopped_resumes_to_the_same_numbers(trained, tmp_path):
    _, found, _ = trained

    class Killed(Exception):
        """The training was stopped here."""

    def stop_after_cloning(done, total, label):
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        train(Training(tmp_path, **TINY), stop_after_cloning)
    again = train(replace(Training(tmp_path, **TINY), resume=True), silent)
    assert all(torch.equal(t, weights(again.policy)[n]) for n, t in weights(found.policy).items())


def test_training_without_a_warm_start_begins_with_the_policy_gradient(tmp_path, capsys):
    folder = tmp_path / "run"
    argv = ["train", "--folder", str(folder), "--warm", "0", "--pools", "1", "--films", "3"]
    argv += ["--most-shots", "8", "--examined", "1", "--steps"]
    assert main([*argv, "2"]) == MADE
    assert "Trained 2 steps" in capsys.readouterr().out
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert len(rows) == 2 and all("score" in row for row in rows)
    checkpoint.load_policy(folder / "policy.safetensors", FEATURES, tuple(TERMS))
    assert main([*argv, "3", "--resume"]) == MADE
    assert "Trained 3 steps" in capsys.readouterr().out


def test_cloning_alone_of_nothing_is_refused_with_what_would_be_right(tmp_path, capsys):
    argv = ["train", "--folder", str(tmp_path / "run"), "--algorithm", "clone", "--warm", "0"]
    assert main(argv) == WRONG
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "--warm 1 or more" in said
    assert not (tmp_path / "run").exists()


def test_resuming_with_another_seed_is_refused(trained):
    folder, _, _ = trained
    with pytest.raises(PolicyError, match="seed 2, not 9"):
        train(Training(folder, **{**TINY, "seed": 9}, resume=True), silent)


def test_a_trained_policy_goes_on_to_learn_and_its_card_tells_of_both(trained, tmp_path):
    _, found, _ = trained
    again = train(
        Training(
            tmp_path,
            **{**TINY, "warm": 0, "steps": 1},
            begin=str(found.policy),
            command="further",
            names=("b.mov",),
        ),
        silent,
    )
    before, after = weights(found.policy), weights(again.policy)
    apart = [float((after[name] - tensor).abs().max()) for name, tensor in before.items()]
    assert 0 < max(apart) < 0.05  # a step or two away, not another policy
    _, card = checkpoint.load_policy(again.policy, FEATURES, tuple(TERMS))
    assert card.command == "further" and "b.mov" in card.footage
    assert "first" in card.notes["commands before"].splitlines()


def test_going_on_from_a_policy_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="No trained policy is called 'nosuch'"):
        train(Training(tmp_path, **TINY, begin="nosuch"), silent)


def test_pools_too_small_to_simulate_are_refused(tmp_path):
    with pytest.raises(PolicyError, match="--most-shots 4: simulated pools begin at 5 shots"):
        train(Training(tmp_path, **{**TINY, "most_shots": 4}), silent)


@pytest.mark.parametrize("shots, films", [(5, 24), (200, 24), (1000, 8), (2000, 6), (9000, 6)])
def test_a_step_makes_fewer_films_of_a_large_pool_never_more_than_asked(shots, films):
    assert training.films_of(24, shots) == films


def test_an_unknown_algorithm_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(PolicyError, match="ppo"):
        train(Training(tmp_path, algorithm="sarsa"), silent)


def test_a_simulated_pool_keeps_what_takes_share():
    world = World(60, 3.0, 0.5, 0.5, 0.7, 0.3, 3.0, 8.0)
    pool = simulate(world, np.random.default_rng(0))
    centre = pool.embedding[:, 0]
    like = centre @ centre.T
    same = pool.setup[:, None] == pool.setup[None]
    alone = ~np.eye(pool.size, dtype=bool)
    assert like[same & alone].mean() > like[~same].mean() + 0.3
    assert pool.totals.shape[2] == len(TOTALS)
    assert np.all(np.diff(pool.frame[0, : pool.points[0]]) > 0)


def nearness(pool):
    """Median cosine of the cut points of one shot with each other."""
    found = []
    for row, count in enumerate(pool.points):
        seen = pool.embedding[row, :count]
        found.append((seen @ seen.T)[np.triu_indices(count, 1)])
    return float(np.median(np.concatenate(found)))


def test_pictures_move_on_within_simulated_shots_by_as_little_and_as_much_as_within_real_ones():
    # Real training shoots: .97 (people before a camera), .90 (walkers, a city), .90 (a cartoon,
    # a quarter of which lies below .76). Plain worlds hold still: .99.
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found.append(nearness(simulate(sample_world(rng, 20, 40), rng)))
    assert np.quantile(found, 0.1) < 0.85 and np.quantile(found, 0.9) > 0.97
    assert 0.88 < np.median(found) < 0.98


def test_a_simulated_clip_without_sound_has_none_anywhere():
    world = replace(plain_world(np.random.default_rng(0), 40, 50), speech=0.0, silent=0.5)
    world = replace(world, length=15.0)
    pool = simulate(world, np.random.default_rng(0))
    mute = {int(clip) for clip, row in zip(pool.clip, pool.level, strict=True) if row[0] == -100}
    assert 0 < len(mute) < len(np.unique(pool.clip))
    loud = pool.totals[..., TOTALS.index("loudness")]
    for row, count in enumerate(pool.points):
        silent = int(pool.clip[row]) in mute
        assert bool(np.all(pool.level[row, :count] == -100)) == silent
        assert not silent or loud[row, count - 1] == 0


def test_a_simulated_finished_film_holds_many_set_ups_in_one_clip():
    world = replace(plain_world(np.random.default_rng(0), 60, 61), takes_a_clip=15.0)
    pool = simulate(world, np.random.default_rng(0))
    assert len(np.unique(pool.clip)) < len(np.unique(pool.setup)) / 3
    for number in np.unique(pool.clip):
        spans = [pool.shots[row].span for row in np.flatnonzero(pool.clip == number)]
        for before, after in pairwise(spans):
            assert before.stop <= after.first
        assert spans[-1].stop <= pool.clips[number].frames


def test_another_eye_sees_other_likenesses_but_the_same_picture_as_itself():
    rng = np.random.default_rng(0)
    pool = simulate(sample_world(rng, 12, 13), rng)
    pool = replace(pool, embedding=pool.embedding.copy())
    pool.embedding[3] = 0.0  # nothing was seen
    pool.embedding[1, 0] = pool.embedding[0, 0]
    seen = recombine.another_eye(pool, rng).embedding
    assert np.allclose(seen[1, 0], seen[0, 0], atol=1e-6) and np.all(seen[3] == 0)
    assert np.allclose(np.linalg.norm(seen[0, : pool.points[0]], axis=1), 1, atol=1e-5)
    before, after = (e[:, 0] @ e[:, 0].T for e in (pool.embedding, seen))
    assert 0.03 < np.abs(before - after).mean() < 0.4
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_simulated_pools_are_whole(seed):
    rng = np.random.default_rng(seed)
    pool = simulate(sample_world(rng, 5, 200), rng)
    assert pool.usable > 0
    for value in vars(pool).values():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert np.isfinite(value).all()
    assert np.allclose(pool.colour.sum(-1)[pool.frame >= 0], 1, atol=1e-4)
    assert not pool.pair[pool.frame < 0].any()


def test_worlds_are_of_every_size_from_five_to_two_thousand():
    rng = np.random.default_rng(0)
    shots = [sample_world(rng).shots for _ in range(400)]
    assert min(shots) < 8 and max(shots) > 1500
    assert 60 < np.median(shots) < 170  # log-uniform: the middle is 100


def test_sampled_styles_differ_in_pace_order_and_weights():
    rng = np.random.default_rng(0)
    styles = [sample_style(rng) for _ in range(60)]
    assert {style.order for style in styles} == {"recorded", "free"}
    medians = [style.pace.median for style in styles]
    assert min(medians) < 1.8 and max(medians) > 5.0
    assert any(0 in style.weights.values() for style in styles)
    briefs = [sample_brief(simulate(sample_world(rng, 10, 20), rng), rng) for _ in range(30)]
    assert any(len(brief.beats) for brief in briefs)


def test_recombined_pools_mix_shoots_and_keep_frames_with_their_clips():
    rng = np.random.default_rng(3)
    shoots = [simulate(sample_world(rng, 8, 20), rng) for _ in range(3)]
    whole = recombine.join(shoots)
    assert whole.size == sum(pool.size for pool in shoots)
    assert len(np.unique(whole.rank)) == whole.size
    assert len(np.unique(whole.setup)) == sum(len(np.unique(p.setup)) for p in shoots)
    for row in range(whole.size):
        clip = whole.clips[whole.clip[row]]
        assert whole.frame[row].max() <= clip.frames
    made = recombine.recombine(shoots, rng)
    assert 3 <= made.size <= whole.size
    assert float(made.usable) > 0


def test_statistics_are_measured_for_every_term():
    found = statistics.measure(12, 0)
    assert found.keys() == TERMS.keys()
    assert all(spread > 0 and -1 <= mean <= 1 for mean, spread in found.values())
