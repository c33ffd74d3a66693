"""Turn tasks that everybody knows into learning curves of our algorithms beside a peer's.

The peer is Stable-Baselines3 (Raffin et al. 2021), with the hyperparameters that its own zoo
publishes; ours get the same. PPO is tried once more with the peer's own draws, and once with a
memory for its value, which the peer has not. A run is judged by its likeliest actions on episodes
from fixed starts, the same for both, and ends when it reaches the task's mark.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from editor.bench import alike
from editor.errors import EditorError
from models import actor_critic, ppo, reinforce
from models.algorithms import ALGORITHMS
from models.memory import Memory
from models.perceptron import Perceptron
from models.rollout import one_thread
from models.tasks import Task, play_by, policy_for

OURS, PEER = "ours", "Stable-Baselines3"
SEEDS = 5
JUDGED = 20  # episodes whose mean is held against the mark
STARTS = 10_000  # seed of the first judged episode: training's seeds are small

Advance = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Trial:
    """A task, how it is learned, and what counts as learned."""

    task: str  # of Gymnasium
    algorithm: str  # of ALGORITHMS
    mark: float  # mean return
    budget: int  # steps of all copies together, at most
    every: int  # steps between two looks
    copies: int
    stretch: int  # steps of each copy an update; for whole episodes not used
    rate: float  # learning rate
    settings: Any  # of the algorithm
    falling: bool = False  # rate and clip fall linearly to 0 over the budget
    momentum: bool = True  # Adam; False: RMSProp
    head: str = ""  # of the policy; empty: the task's usual
    hold: int = 1  # steps for which a smooth head's noise is held
    memory: int = 0  # steps from which the value learns; 0: each batch alone, as the peer's
    alike: bool = False  # begins with the peer's weights and starts, and draws as it does
    peer: str = ""  # class of the peer; empty: it has none

    @property
    def name(self) -> str:
        """The trial in a few words."""
        memory = " with a memory" if self.memory else ""
        alike = " with the peer's draws" if self.alike else ""
        return f"{self.algorithm}{memory}{alike} on {self.task}"

    def run_by(self, who: str) -> "Trial":
        """What that one runs of it: the peer has no memory, its draws are always its own, and it
        runs the published trial once."""
        return replace(self, memory=0, alike=False) if who == PEER else self


# https://github.com/DLR-RM/rl-baselines3-zoo, hyperparams/ppo.yml and a2c.yml; what they leave to
# the library's defaults (norm 0.5, value 0.5, eps 1e-5, minibatch 64) is written out.
PUBLISHED: tuple[Trial, ...] = (
    Trial(
        "CartPole-v1", "ppo", 475.0, 100_000, 256, 8, 32, 1e-3,
        ppo.Settings(clip=0.2, epochs=20, minibatch=256, entropy=0.0, lam=0.8, gamma=0.98,
                     most_kl=float("inf")),
        falling=True, peer="PPO",
    ),
    Trial(
        "Pendulum-v1", "ppo", -250.0, 100_000, 4096, 4, 1024, 1e-3,
        ppo.Settings(clip=0.2, epochs=10, minibatch=64, entropy=0.0, lam=0.95, gamma=0.9,
                     most_kl=float("inf")),
        head="smooth", hold=4, peer="PPO",
    ),
    Trial(
        "CartPole-v1", "actor-critic", 450.0, 500_000, 1_000, 8, 5, 7e-4,
        actor_critic.Settings(gamma=0.99, lam=1.0, normalise=False, entropy=0.0),
        momentum=False, peer="A2C",
    ),
    Trial(
        "CartPole-v1", "reinforce", 195.0, 300_000, 1_000, 8, 0, 5e-3,
        reinforce.Settings(gamma=0.99, normalise=True, entropy=0.0),
    ),
    Trial(
        "CartPole-v1", "reinforce-value", 195.0, 300_000, 1_000, 8, 0, 5e-3,
        reinforce.Settings(baseline="value", gamma=0.99, normalise=True, entropy=0.0),
    ),
    Trial(
        "CartPole-v1", "reinforce-plain", 195.0, 300_000, 1_000, 8, 0, 5e-3,
        reinforce.Settings(baseline="none", gamma=0.99, normalise=True, entropy=0.0),
    ),
)  # fmt: skip
MEMORY = 4096  # steps
TRIALS = (
    *PUBLISHED,
    replace(PUBLISHED[0], alike=True),
    *(replace(t, memory=MEMORY) for t in PUBLISHED if t.algorithm == "ppo"),
)


@dataclass(frozen=True)
class Curve:
    """One run."""

    trial: str
    who: str  # OURS or PEER
    seed: int
    steps: tuple[int, ...]  # taken at each look
    mean: tuple[float, ...]  # return at each look
    reached: int | None  # steps at which the mark was reached; None: not within the budget
    seconds: float  # CPU, looks included


class _Reached(Exception):
    """The run has come to its mark."""


class _Judge:
    """Looks at a policy every so many steps."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.steps: list[int] = []
        self.mean: list[float] = []
        self.next = trial.every

    def look(self, taken: int, act: Callable[[np.ndarray], Any]) -> None:
        """Judge the policy where it is time. Raises _Reached."""
        if taken < self.next:
            return
        self.next = taken + self.trial.every
        mean = float(np.mean(play_by(act, self.trial.task, JUDGED, STARTS)))
        self.steps.append(taken)
        self.mean.append(mean)
        if mean >= self.trial.mark:
            raise _Reached

    def curve(self, who: str, seed: int, reached: bool, began: float) -> Curve:
        """What was seen."""
        return Curve(
            self.trial.name,
            who,
            seed,
            tuple(self.steps),
            tuple(self.mean),
            self.steps[-1] if reached else None,
            process_time() - began,
        )


def ours(trial: Trial, seed: int) -> Curve:
    """Learn a task with this project's algorithm, until the mark or the budget's end."""
    began, judge = process_time(), _Judge(trial)
    try:
        _learn(trial, seed, judge)
    except _Reached:
        return judge.curve(OURS, seed, True, began)
    return judge.curve(OURS, seed, False, began)


def _learn(trial: Trial, seed: int, judge: _Judge) -> None:
    task, policy, generator = _begun(trial, seed)
    optimizer = optimizer_of(trial, policy)
    algorithm = ALGORITHMS[trial.algorithm]
    # The peer shuffles rows by numbers from elsewhere, so that its draws are of actions alone.
    order = torch.Generator().manual_seed(seed) if trial.alike else generator
    more = {"recall": Memory(trial.memory)} if trial.memory else {}
    while task.taken < trial.budget:
        if algorithm.whole:
            steps = task.episodes(policy, generator)
        else:
            steps = task.stretch(policy, trial.stretch, generator, trial.hold)
        settings, left = trial.settings, max(0.0, 1 - task.taken / trial.budget)
        if trial.alike:  # what differs without: a deviation of n in place of n - 1
            settings = replace(settings, corrected=True)
        if trial.falling:
            settings = replace(settings, clip=settings.clip * left)
            optimizer.param_groups[0]["lr"] = trial.rate * left
        algorithm.update(policy, optimizer, [steps], settings, order, **more)
        judge.look(task.taken, lambda seen: policy.odds(torch.from_numpy(seen)).mode())
    task.close()


def _begun(trial: Trial, seed: int) -> tuple[Task, Perceptron, torch.Generator]:
    """A run's task, blank policy and draws."""
    if trial.alike:
        with torch.random.fork_rng():
            return alike.begin(_learner(trial, seed), trial.task, trial.copies, seed)
    task = Task(trial.task, trial.copies, seed=100 * seed)
    return task, policy_for(task, trial.head, seed), torch.Generator().manual_seed(seed)


def _learner(trial: Trial, seed: int) -> Any:
    """The peer's learner, blank. Raises EditorError where the peer is not installed."""
    library = _peer()
    from stable_baselines3.common.env_util import make_vec_env

    copies = make_vec_env(trial.task, trial.copies, seed=100 * seed)
    make = getattr(library, trial.peer)
    return make("MlpPolicy", copies, seed=seed, device="cpu", **peers_options(trial))


def optimizer_of(trial: Trial, policy: nn.Module) -> torch.optim.Optimizer:
    """Adam or RMSProp, as the peer sets it up."""
    if trial.momentum:
        return torch.optim.Adam(policy.parameters(), lr=trial.rate, eps=1e-5)
    return torch.optim.RMSprop(policy.parameters(), lr=trial.rate, alpha=0.99, eps=1e-5)


def theirs(trial: Trial, seed: int) -> Curve:
    """Learn a task with the peer's algorithm. Raises EditorError where it is not installed."""
    _peer()
    from stable_baselines3.common.callbacks import BaseCallback

    judge = _Judge(trial)

    class Looks(BaseCallback):  # type: ignore[misc,unused-ignore]
        """Judges the peer's policy between its updates, as ours is judged."""

        def _on_rollout_start(self) -> None:
            judge.look(
                self.num_timesteps, lambda seen: self.model.predict(seen, None, None, True)[0]
            )

        def _on_step(self) -> bool:
            return True

    began = process_time()
    learner = _learner(trial, seed)
    try:
        learner.learn(trial.budget, callback=Looks())
        judge.next = 0  # the last update has not been looked at
        judge.look(learner.num_timesteps, lambda seen: learner.predict(seen, None, None, True)[0])
    except _Reached:
        return judge.curve(PEER, seed, True, began)
    return judge.curve(PEER, seed, False, began)


def _peer() -> ModuleType:
    """The peer's library. Raises EditorError where it is not installed."""
    try:
        import stable_baselines3
    except ImportError as err:
        raise EditorError(
            f"{PEER} is not installed ({err}): pip install 'film-editor-assistant[peers]'"
        ) from err
    library: ModuleType = stable_baselines3
    return library


def peers_options(trial: Trial) -> dict[str, Any]:
    """A trial's hyperparameters by the peer's names."""
    given = trial.settings

    def schedule(value: float) -> Any:
        return (lambda left: left * value) if trial.falling else value

    shared = {
        "n_steps": trial.stretch,
        "learning_rate": schedule(trial.rate),
        "gamma": given.gamma,
        "gae_lambda": given.lam,
        "ent_coef": given.entropy,
        "vf_coef": given.value,
        "max_grad_norm": given.norm,
    }
    if trial.head == "smooth":
        shared |= {"use_sde": True, "sde_sample_freq": trial.hold}
    if trial.peer == "PPO":
        shared |= {
            "n_epochs": given.epochs,
            "batch_size": given.minibatch,
            "clip_range": schedule(given.clip),
        }
    return shared


def named(names: Sequence[str]) -> tuple[Trial, ...]:
    """Trials by their names; all where none is named. Raises EditorError for an unknown name."""
    known = {trial.name: trial for trial in TRIALS}
    for name in names:
        if name not in known:
            raise EditorError(f"No trial is called {name!r}. Known: {', '.join(known)}.")
    return tuple(known[name] for name in names) or TRIALS


def measure(
    trials: Sequence[Trial], seeds: Sequence[int], log: Path | None, advance: Advance
) -> list[Curve]:
    """Run every trial with every seed, ours and the peer's in turn.

    log: JSON lines of finished runs, added to as they finish; what is there is not run again.
    Raises EditorError where the peer is absent or the log is none.
    """
    done = _read(log) if log is not None else {}
    plan = list(dict.fromkeys(_plan(trials, seeds)))
    needs = (run for run in plan if run[1] == PEER or run[0].alike)
    if any((trial.name, who, seed) not in done for trial, who, seed in needs):
        _peer()  # said before minutes are spent on ours
    curves = []
    for number, (trial, who, seed) in enumerate(plan):
        advance(number, len(plan), f"{trial.name}, {who}, seed {seed}")
        curve = done.get((trial.name, who, seed))
        if curve is None:
            with one_thread():
                curve = (ours if who == OURS else theirs)(trial, seed)
            if log is not None:
                with open(log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(curve)) + "\n")
        curves.append(curve)
    return curves


def _plan(trials: Sequence[Trial], seeds: Sequence[int]) -> Iterator[tuple[Trial, str, int]]:
    for trial in trials:
        for seed in seeds:
            yield trial, OURS, seed
            if trial.peer:
                yield trial.run_by(PEER), PEER, seed


def _read(log: Path) -> dict[tuple[str, str, int], Curve]:
    """Finished runs by trial, who and seed."""
    if not log.exists():
        return {}
    found = {}
    for number, line in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            curve = Curve(**{**row, "steps": tuple(row["steps"]), "mean": tuple(row["mean"])})
        except (ValueError, TypeError, KeyError) as err:
            raise EditorError(f"{log}: line {number} is no finished run: {err}.") from err
        found[curve.trial, curve.who, curve.seed] = curve
    return found
