import json
import sys
from dataclasses import replace

import pytest

from editor.bench import curves, peers
from editor.bench.peers import OURS, PEER, TRIALS, Curve
from editor.cli import main
from editor.errors import EditorError
from models.algorithms import ALGORITHMS

CARTPOLE, PENDULUM = TRIALS[:2]
EASY = replace(CARTPOLE, mark=5.0, budget=1024, every=256, peer="")  # any policy reaches it
HARD = replace(EASY, mark=1e6)  # none does


def silent(done: float, total: float, label: str) -> None:
    """Progress that nobody reads."""


def curve(who: str, seed: int, reached: int | None, trial: peers.Trial = CARTPOLE) -> Curve:
    return Curve(trial.name, who, seed, (1000, 2000), (50.0, 480.0), reached, 1.5)


def test_a_run_ends_when_it_reaches_the_mark():
    found = peers.ours(EASY, 0)
    assert found.reached == found.steps[-1] == 256
    assert found.mean[-1] >= EASY.mark


def test_a_run_that_never_reaches_the_mark_ends_with_its_budget():
    found = peers.ours(HARD, 0)
    assert found.reached is None
    assert found.steps == (256, 512, 768, 1024)


def test_one_seed_runs_the_same():
    one, two = (peers.ours(HARD, 3) for _ in range(2))
    assert (one.steps, one.mean) == (two.steps, two.mean)


def test_finished_runs_are_kept_and_not_run_again(tmp_path):
    log = tmp_path / "runs.jsonl"
    first = peers.measure([EASY], range(2), log, silent)
    kept = log.read_text()
    assert len(kept.splitlines()) == 2
    assert peers.measure([EASY], range(2), log, silent) == first
    assert log.read_text() == kept


@pytest.mark.parametrize("line", ["{", "[1]", '{"trial": "x"}'])
def test_a_log_that_holds_something_else_is_refused_by_line(tmp_path, line):
    log = tmp_path / "runs.jsonl"
    log.write_text(json.dumps(peers.asdict(curve(OURS, 0, 1))) + "\n" + line + "\n")
    with pytest.raises(EditorError, match="line 2 is no finished run"):
        peers.measure([EASY], [0], log, silent)


def test_without_the_peer_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(EditorError, match=r"pip install .*\[peers\]"):
        peers.theirs(CARTPOLE, 0)


def test_without_the_peer_the_command_says_so_before_it_measures_anything(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    monkeypatch.setattr(peers, "ours", lambda trial, seed: pytest.fail("time was spent"))
    assert main(["bench", "--peers"]) == 2
    assert "[peers]" in capsys.readouterr().err


def test_the_command_prints_what_the_log_holds_and_draws_it(tmp_path, capsys, monkeypatch):
    log, plot = tmp_path / "runs.jsonl", tmp_path / "peers.png"
    runs = [curve(who, 0, 2000, trial) for trial in TRIALS for who in (OURS, PEER)]
    log.write_text("".join(json.dumps(peers.asdict(run)) + "\n" for run in runs))
    argv = ["bench", "--peers", "--seeds", "1", "--log", str(log), "--plot", str(plot), "--json"]
    assert main(argv) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["median"] for row in told["rows"][:3]] == [2000.0, 2000.0, 1.0]
    assert plot.exists()


def test_the_peer_runs_once_for_a_trial_with_a_memory_and_the_one_without(monkeypatch):
    asked = []

    def run(trial, seed, who):
        asked.append((trial.name, who))
        return curve(who, seed, 2000, trial)

    monkeypatch.setattr(peers, "ours", lambda trial, seed: run(trial, seed, OURS))
    monkeypatch.setattr(peers, "theirs", lambda trial, seed: run(trial, seed, PEER))
    monkeypatch.setattr(peers, "_peer", lambda: None)
    both = (CARTPOLE, replace(CARTPOLE, memory=64))
    made = peers.measure(both, [0], None, lambda *told: None)
    assert [who for _, who in asked] == [OURS, PEER, OURS]
    found = curves.rows(made, both)
    ratios = [row for row in found if row.what.endswith(f"ours / {PEER}")]
    assert len(ratios) == 2 and "with a memory" in ratios[1].what


def test_medians_are_held_against_the_peers():
    runs = [
        *(curve(OURS, seed, steps) for seed, steps in enumerate((9000, 10_000, 30_000))),
        *(curve(PEER, seed, steps) for seed, steps in enumerate((8000, 12_000, 40_000))),
    ]
    ours, theirs, ratio, itself = curves.rows(runs)
    assert (ours.figure, ours.least, ours.greatest, ours.holds) == (10_000, 9000, 30_000, True)
    assert theirs.figure == 12_000 and theirs.holds is None
    assert ratio.figure == pytest.approx(10 / 12) and ratio.holds and ratio.target == 1.2
    assert itself.least < 1 < itself.greatest and itself.target is None


def test_the_ratio_of_medians_comes_with_an_interval_of_seeds_drawn_anew():
    alike = [9000.0, 10_000.0, 11_000.0, 12_000.0, 13_000.0]
    whole, low, high = curves.ratio_of(alike, alike)
    assert whole == 1 and low < 0.85 and high > 1.15
    assert curves.ratio_of([20_000.0] * 5, [10_000.0] * 5) == (2, 2, 2)


def test_a_ratio_to_what_was_never_reached_is_no_success():
    whole, low, high = curves.ratio_of([float("inf")] * 3, [float("inf")] * 3)
    assert not whole <= 1.2 and low == high == float("inf")
    assert curves.ratio_of([9000.0, float("inf"), float("inf")], [9000.0] * 3)[0] == float("inf")


def test_the_command_can_be_asked_for_one_trial_and_other_seeds(tmp_path, capsys):
    log = tmp_path / "runs.jsonl"
    runs = [curve(who, seed, 2000) for who in (OURS, PEER) for seed in (100, 101)]
    log.write_text("".join(json.dumps(peers.asdict(run)) + "\n" for run in runs))
    argv = ["bench", "--peers", "--trials", CARTPOLE.name, "--seeds", "2", "--first-seed", "100"]
    assert main([*argv, "--log", str(log), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [run["seed"] for run in told["runs"]] == [100, 100, 101, 101]


def test_a_trial_that_is_not_known_is_refused_with_the_known_ones(capsys):
    assert main(["bench", "--peers", "--trials", "ppo on Chess"]) == 2
    assert CARTPOLE.name in capsys.readouterr().err


def test_what_was_not_reached_falls_short_and_is_null_in_json():
    runs = [curve(OURS, seed, None) for seed in range(3)]
    (row,) = curves.rows(runs)
    assert row.holds is False and row.footage == "0 of 3 seeds"
    text = json.dumps(curves.as_json(runs, [row]), allow_nan=False)
    assert json.loads(text)["rows"][0]["median"] is None


def test_the_learning_curves_are_drawn(tmp_path):
    path = tmp_path / "peers.png"
    curves.draw([curve(who, 0, 2000) for who in (OURS, PEER)], path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_every_trial_names_an_algorithm_and_gives_it_its_own_settings(trial):
    assert isinstance(trial.settings, type(ALGORITHMS[trial.algorithm].settings))
    if trial.peer:
        given = peers.peers_options(trial)
        assert given["gamma"] == trial.settings.gamma and given["n_steps"] == trial.stretch


def test_a_falling_rate_falls_for_the_peer_as_for_ours():
    given = peers.peers_options(CARTPOLE)
    assert given["learning_rate"](0.25) == pytest.approx(0.25e-3)
    assert given["clip_range"](0.5) == pytest.approx(0.1)


def test_the_peer_is_judged_as_ours_is():
    pytest.importorskip("stable_baselines3", reason="the peer is not installed: .[peers]")
    found = peers.theirs(replace(CARTPOLE, mark=5.0, budget=512, every=256), 0)
    assert found.reached == found.steps[-1] == 256 and found.who == PEER


def test_runs_that_share_their_draws_are_held_against_each_other_one_for_one():
    mine, theirs = [100.0, 900.0, 5000.0, 2000.0, 400.0], [110.0, 990.0, 5500.0, 2200.0, 440.0]
    whole, low, high = curves.ratio_of(mine, theirs, paired=True)
    assert whole == pytest.approx(1 / 1.1)
    assert low == pytest.approx(1 / 1.1) and high == pytest.approx(1 / 1.1)
    _, low, high = curves.ratio_of(mine, theirs)
    assert low < 0.5 and high > 2


def test_the_peer_runs_once_whatever_is_tried_beside_its_trial():
    trials = [trial for trial in TRIALS if trial.task == CARTPOLE.task and trial.algorithm == "ppo"]
    assert len(trials) == 3
    assert len({trial.run_by(PEER) for trial in trials}) == 1
    assert len({trial.name for trial in trials}) == 3


def test_without_the_peer_ours_goes_on_where_only_that_is_left_but_not_with_the_peers_draws(
    monkeypatch, tmp_path
):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    monkeypatch.setattr(peers, "ours", lambda trial, seed: curve(OURS, seed, 1000, trial))
    log, alike = tmp_path / "runs.jsonl", replace(CARTPOLE, alike=True)
    log.write_text(json.dumps(peers.asdict(curve(PEER, 0, 1000))) + "\n")
    assert [each.who for each in peers.measure([CARTPOLE], [0], log, silent)] == [OURS, PEER]
    with pytest.raises(EditorError, match="not installed"):
        peers.measure([alike], [0], log, silent)
