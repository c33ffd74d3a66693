"""A training that is killed at any moment goes on to the same numbers, bit by bit."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from editor.cli import INTERRUPTED, main
from editor.errors import PolicyError
from editor.learning import keeping, training
from editor.learning.simulate import sample_world, simulate
from editor.learning.training import Training, train
from models import checkpoint
from models.algorithms import ALGORITHMS

STEPS, WARM = 2, 3
SIZES = {"steps": STEPS, "warm": WARM, "pools": 1, "films": 3, "most_shots": 8, "seed": 4}
TINY = {**SIZES, "examined": 0}

# Trains in a child that SIGKILLs itself just before, or just after, its n-th file gets its name;
# then once more, to the end. Forked from one process, so that torch is loaded once.
DRIVER = """
    import os, signal, sys
    from pathlib import Path

    import torch

    torch.set_num_threads(1)
    from editor.learning import training
    from editor.learning.training import Training, train

    training.SAVE_EVERY = training.TEACHER = 1
    folder, sizes = Path(sys.argv[1]), eval(sys.argv[2])

    def run(die_at=None, after=False):
        config = Training(folder, resume=True, **sizes)
        rename, named = os.replace, 0

        def replace(*names):
            nonlocal named
            named += 1
            if named == die_at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            rename(*names)
            if named == die_at and after:
                os.kill(os.getpid(), signal.SIGKILL)

        os.replace = replace
        train(config, lambda done, total, said: None)

    for die_at, after in [(2, False), (3, True), (6, False), (5, True)]:
        child = os.fork()
        if not child:
            run(die_at, after)
            os._exit(7)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (die_at, status)
    run()
"""


def silent(done: int, total: int, label: str) -> None:
    """Progress that nobody reads."""


def numbers(folder: Path) -> dict[str, bytes]:
    """All that must be the same, bit by bit."""
    found = {"log": (folder / keeping.LOG).read_bytes()}
    for name in (keeping.POLICY, keeping.STATE):
        tensors, metadata = checkpoint.read(folder / name)
        found |= {f"{name} {key}": t.numpy().tobytes() for key, t in tensors.items()}
        found[name] = json.dumps(metadata, sort_keys=True).encode()
    return found


@pytest.fixture(autouse=True, scope="module")
def quick_teacher() -> Iterator[None]:
    """A short search is cloned as well as a long one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("editor.learning.training.TEACHER", 1)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A training that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    train(Training(folder, **TINY), silent)
    return folder


def test_killed_again_and_again_a_training_comes_to_the_same_bits(whole, tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text(textwrap.dedent(DRIVER))
    done = subprocess.run(
        [sys.executable, str(driver), str(tmp_path / "run"), repr(TINY)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert numbers(tmp_path / "run") == numbers(whole)
    assert (tmp_path / "run" / "card.md").read_text() == (whole / "card.md").read_text()
    left = [path.name for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    assert left == [keeping.LOCK], "nothing half-written stays"


class Stopped(Exception):
    """The training was stopped here."""


@pytest.mark.parametrize("at", [1, 2, 4])
def test_stopped_after_any_step_a_training_comes_to_the_same_bits(whole, tmp_path, at, monkeypatch):
    monkeypatch.setattr("editor.learning.training.SAVE_EVERY", 2)

    def stop(done, total, label):
        if done == at:
            raise Stopped

    with pytest.raises(Stopped):
        train(Training(tmp_path, **TINY), stop)
    train(replace(Training(tmp_path, **TINY), resume=True), silent)
    assert numbers(tmp_path) == numbers(whole)


def test_a_broken_last_line_of_the_log_is_written_anew(whole, tmp_path):
    for name in (keeping.POLICY, keeping.STATE):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    log = (whole / keeping.LOG).read_text()
    (tmp_path / keeping.LOG).write_text(log + '{"step": 99, "score": 0.')
    train(replace(Training(tmp_path, **TINY), resume=True), silent)
    assert (tmp_path / keeping.LOG).read_text() == log


def copied(whole, folder):
    for name in (keeping.POLICY, keeping.STATE, keeping.LOG):
        (folder / name).write_bytes((whole / name).read_bytes())
    return replace(Training(folder, **TINY), resume=True)


def test_fewer_steps_than_a_training_has_gone_are_refused(whole, tmp_path):
    asked = copied(whole, tmp_path)
    with pytest.raises(PolicyError, match=f"has gone {asked.warm + asked.steps} steps"):
        train(replace(asked, steps=asked.steps - 1), silent)
    assert numbers(tmp_path) == numbers(whole)


@pytest.mark.parametrize("log", ["", "nonsense\n", '{"step": 0, "score": 0.5}\n'])
def test_a_log_that_lost_what_was_logged_is_refused_and_kept(log, whole, tmp_path):
    asked = copied(whole, tmp_path)
    (tmp_path / keeping.LOG).write_text(log)
    with pytest.raises(PolicyError, match=r"log\.jsonl is damaged"):
        train(asked, silent)
    assert (tmp_path / keeping.LOG).read_text() == log


def test_a_log_that_was_deleted_is_begun_anew(whole, tmp_path):
    asked = copied(whole, tmp_path)
    (tmp_path / keeping.LOG).unlink()
    train(replace(asked, steps=asked.steps + 1), silent)
    assert len(keeping.read_log(tmp_path)) == 1


def test_a_training_of_before_there_were_mended_trims_goes_on_without_them(whole, tmp_path):
    asked = copied(whole, tmp_path)
    tensors, metadata = checkpoint.read(tmp_path / keeping.STATE)
    metadata.pop("trims")
    checkpoint.write(tmp_path / keeping.STATE, tensors, metadata)
    with pytest.raises(PolicyError, match="trained with trims 0, not 2"):
        train(asked, silent)
    train(replace(asked, trims=0), silent)


def test_a_training_is_not_begun_over_another(whole):
    before = numbers(whole)
    with pytest.raises(PolicyError, match="--resume, or name another"):
        train(Training(whole, **TINY), silent)
    assert numbers(whole) == before


def test_two_trainings_never_write_to_one_folder(tmp_path):
    with (
        keeping.held(tmp_path),
        pytest.raises(PolicyError, match="Another training is writing"),
    ):
        train(Training(tmp_path, **TINY), silent)


@pytest.mark.parametrize(
    "changes,said",
    [
        ({"seed": 5}, "seed 4, not 5"),
        ({"warm": 9}, "warm 3, not 9"),
        ({"most_shots": 77}, "most-shots [0-9]+, not 77"),
        ({"pools": 7}, "pools [0-9]+, not 7"),
        ({"films": 9}, "films [0-9]+, not 9"),
    ],
)
def test_resuming_with_other_settings_is_refused_with_both_sides_named(whole, changes, said):
    before = numbers(whole)
    with pytest.raises(PolicyError, match=said):
        train(Training(whole, **{**TINY, **changes}, resume=True), silent)
    assert numbers(whole) == before


def test_an_interrupt_says_how_to_go_on_once_there_is_a_checkpoint(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("editor.learning.training.SAVE_EVERY", 1)
    real, stopped = training._Run.keep, []

    def keep(run, done, last=False):
        real(run, done, last)
        stopped.append(done)
        raise KeyboardInterrupt

    monkeypatch.setattr(training._Run, "keep", keep)
    words = ["train", "--warm", "2", "--steps", "1", "--folder", str(tmp_path / "run")]
    assert main(words) == INTERRUPTED and stopped
    assert "same command goes on from it with --resume" in capsys.readouterr().err


def test_other_footage_is_refused_while_cloning_goes_on(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    pool = simulate(sample_world(rng, 8, 12), rng)
    config = Training(tmp_path, **TINY, footage=(pool,), names=("a.mp4",))
    monkeypatch.setattr("editor.learning.training.SAVE_EVERY", 1)

    def stop(done, total, label):
        if done == 2:  # the first is kept
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, stop)
    with pytest.raises(PolicyError, match=r"footage a\.mp4, not none"):
        train(replace(config, footage=(), names=(), resume=True), silent)
    train(replace(config, resume=True), silent)


def test_resuming_with_another_algorithm_is_refused_unless_it_was_only_cloned(whole, tmp_path):
    with pytest.raises(PolicyError, match="algorithm ppo, not reinforce"):
        train(Training(whole, "reinforce", **TINY, resume=True), silent)
    train(Training(tmp_path, "clone", **TINY), silent)
    train(Training(tmp_path, "actor-critic", **TINY, resume=True), silent)
    assert "2 + 0" not in (tmp_path / "card.md").read_text()
    assert "actor-critic" in (tmp_path / "card.md").read_text()


def broken(whole: Path, folder: Path, change) -> Path:
    """A folder with a checkpoint that was changed."""
    tensors, metadata = checkpoint.read(whole / keeping.STATE)
    change(tensors, metadata)
    checkpoint.write(folder / keeping.STATE, tensors, metadata)
    return folder


def other_size(tensors, metadata):
    tensors["policy.key.weight"] = torch.zeros(3, 3)


def other_moment(tensors, metadata):
    tensors["adam.0.exp_avg"] = torch.zeros(3, 3)


def lost_moments(tensors, metadata):
    for name in [name for name in tensors if name.startswith("adam.7.")]:
        del tensors[name]


def no_number(tensors, metadata):
    tensors["adam.0.exp_avg_sq"][0] = float("nan")


def no_step(tensors, metadata):
    metadata["step"] = "many"


def other_feature(tensors, metadata):
    metadata["card"] = metadata["card"].replace('"footage passed"', '"tide"')


def half_shown(tensors, metadata):
    tensors["shown.choices"] = torch.zeros(5, 3, dtype=torch.int64)
    tensors["shown.lengths"] = torch.tensor([2, 2])


@pytest.mark.parametrize(
    "change,said",
    [
        (other_size, r"key\.weight is float32 \(3, 3\) there and float32 \(64, 64\) here"),
        (other_moment, r"exp_avg is float32 \(3, 3\) there"),
        (lost_moments, "moments of"),
        (no_number, "NaN or infinity in exp_avg_sq"),
        (no_step, "names no step"),
        (other_feature, "tide.*footage passed"),
        (half_shown, "5 choices that were shown, not 4"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_with_both_sides_named(
    whole, tmp_path, change, said
):
    folder = broken(whole, tmp_path, change)
    before = (folder / keeping.STATE).read_bytes()
    with pytest.raises(PolicyError, match=said):
        train(Training(folder, **TINY, resume=True), silent)
    assert (folder / keeping.STATE).read_bytes() == before


def test_a_truncated_checkpoint_is_refused(whole, tmp_path):
    (tmp_path / keeping.STATE).write_bytes((whole / keeping.STATE).read_bytes()[:9000])
    with pytest.raises(PolicyError, match="no whole safetensors file"):
        train(Training(tmp_path, **TINY, resume=True), silent)


def test_footage_with_features_that_are_no_numbers_is_named_and_not_learned_from(tmp_path):
    pool = simulate(sample_world(np.random.default_rng(0), 5, 9), np.random.default_rng(0))
    level = pool.level.copy()
    level[2, 0] = np.nan
    name = pool.clips[int(pool.clip[2])].name
    with pytest.raises(PolicyError, match=f"{name}: its level is not a number"):
        train(Training(tmp_path, footage=(replace(pool, level=level),), **TINY), silent)
    assert not (tmp_path / keeping.POLICY).exists()


def test_a_step_that_is_no_number_stops_the_training_and_leaves_the_checkpoint(
    tmp_path, monkeypatch
):
    def no_numbers(*_):
        raise ValueError("The loss's gradient is nan long: the weights were left as they were.")

    broken_ppo = replace(ALGORITHMS["ppo"], update=no_numbers)
    with monkeypatch.context() as patch:
        patch.setitem(ALGORITHMS, "ppo", broken_ppo)
        with pytest.raises(PolicyError, match="step 4: The loss's gradient is nan"):
            train(Training(tmp_path, **TINY), silent)
    tensors, metadata = checkpoint.read(tmp_path / keeping.STATE)
    assert metadata["step"] == "3" and all(bool(t.isfinite().all()) for t in tensors.values())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_trains_films_and_leaves_rows_and_a_card(name, tmp_path):
    found = train(
        Training(tmp_path, name, **{**TINY, "warm": 1, "steps": 1, "examined": 1}), silent
    )
    rows = keeping.read_log(tmp_path)
    text = (tmp_path / "card.md").read_text()
    assert f"algorithm: {name}" in text and "simulated pools" in text
    assert found.steps == len(rows) == (2 if ALGORITHMS[name].own else 1)
    if ALGORITHMS[name].own:
        assert {"kl", "explained_variance", "entropy/in", "score/simulated"} <= rows[-1].keys()
        assert ("clip_fraction" in rows[-1]) == (name == "ppo")


def test_the_card_names_every_real_clip_that_was_ever_seen(tmp_path):
    rng = np.random.default_rng(1)
    pools = tuple(simulate(sample_world(rng, 8, 12), rng) for _ in range(2))
    config = Training(
        tmp_path,
        **{**TINY, "examined": 1},
        footage=pools,
        names=("a.mp4", "b.mp4"),
        command="train a b",
    )
    train(config, silent)
    more = replace(config, names=("b.mp4", "c.mp4"), command="train b c", resume=True, steps=4)
    train(more, silent)
    text = (tmp_path / "card.md").read_text()
    assert all(f"- {name}" in text for name in ("a.mp4", "b.mp4", "c.mp4"))
    assert text.index("train a b") < text.index("train b c")
    assert "| recombined" not in text and "not unseen footage" in text
    assert "seen in training" in text
