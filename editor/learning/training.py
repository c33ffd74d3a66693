"""Train the base policy: clone a local search on simulated and recombined pools, then improve it by
policy gradient on its own films.

Everything that a step draws comes from (seed, step), so that a training resumed from its checkpoint
goes on to the same numbers.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.cutting import baselines, local, search
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import FEATURES, SIZES, Watched, watch
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS
from editor.errors import EditorError, PolicyError
from editor.learning.curriculum import sample_brief
from editor.learning.simulate import sample_world, simulate
from models import checkpoint, cloning
from models.algorithms import ALGORITHMS
from models.checkpoint import Card
from models.policy import Policy
from models.rollout import Trajectories, one_thread, rollout

RATE = 6e-4  # learning rate at the start; falls linearly to a tenth
POLICY = "policy.safetensors"
SAVE_EVERY = 50  # steps between checkpoints
REPLAY = 12  # films of earlier pools that a cloning step reads beside the new
TEACHER = 12  # rounds of the local search that is cloned; a beam spends recorded footage too early
REAL = 0.3  # share of pools recombined from real footage, where there is some
TRIES = 20  # pools drawn until one can be cut to the brief drawn with it


@dataclass(frozen=True)
class Training:
    """How a policy is trained."""

    folder: Path  # policy.safetensors, state.safetensors, log.jsonl, events and card.md go here
    algorithm: str = "ppo"  # one of ALGORITHMS
    steps: int = 800  # policy-gradient steps
    warm: int = 400  # pools cut by local search and cloned first
    pools: int = 2  # pools a step
    films: int = 32  # films a pool
    most_shots: int = 200  # largest training pool; smaller than what the policy serves
    seed: int = 0
    resume: bool = False
    footage: tuple[Pool, ...] = ()  # real pools, recombined
    names: tuple[str, ...] = ()  # their clips, for the card
    command: str = ""  # for the card
    settings: Any = None  # the algorithm's own dataclass; None: its defaults


@dataclass(frozen=True)
class Trained:
    """What training left behind."""

    policy: Path
    steps: int
    score: float  # mean film score over the last tenth of the steps


Advance = Callable[[int, int, str], None]  # done, total, what it says


def train(config: Training, advance: Advance) -> Trained:
    """Train, and write policy and checkpoints into the folder.

    Raises PolicyError for an unknown algorithm or a checkpoint that does not fit.
    """
    if config.algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise PolicyError(f"No algorithm is called {config.algorithm!r}. Known: {known}.")
    config.folder.mkdir(parents=True, exist_ok=True)
    with one_thread():
        return _train(config, advance)


def _train(config: Training, advance: Advance) -> Trained:
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        policy = Policy(SIZES)
    optimizer = torch.optim.Adam(policy.parameters(), lr=RATE, eps=1e-5)
    done = _restore(config, policy, optimizer) if config.resume else 0
    total = config.warm + config.steps
    if done < config.warm:
        _clone(config, policy, optimizer, advance, total)
        done = config.warm
        _keep(config, policy, optimizer, done)
    scores: list[float] = []
    with _Log(config.folder) as log:
        for step in range(done, total if ALGORITHMS[config.algorithm].own else done):
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - 0.9 * (step - config.warm) / max(1, config.steps))
            row = _improve(config, policy, optimizer, step)
            scores.append(row["score"])
            log.write(step, row)
            advance(step + 1, total, f"score {np.mean(scores[-50:]):+.3f}")
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == total:
                _keep(config, policy, optimizer, step + 1)
    path = config.folder / POLICY
    last = scores[-max(1, len(scores) // 10) :]
    return Trained(path, total, float(np.mean(last)) if last else 0.0)


def draw(config: Training, rng: np.random.Generator) -> Stage:
    """A random pool and brief that can be cut: simulated, or recombined where there is footage."""
    for _ in range(TRIES):
        if config.footage and rng.random() < REAL:
            from editor.learning.recombine import recombine

            pool = recombine(config.footage, rng)
        else:
            pool = simulate(sample_world(rng, 5, config.most_shots), rng)
        try:
            return make_stage(pool, sample_brief(pool, rng))
        except EditorError:
            continue
    raise PolicyError("No pool that can be cut was drawn: the training footage is too short.")


def _clone(
    config: Training,
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    advance: Advance,
    total: int,
) -> None:
    """Cut `warm` pools by local search, and clone each with some of those before."""
    shown: list[Trajectories] = []
    for step in range(config.warm):
        rng = np.random.default_rng([config.seed, 1, step])
        stage = draw(config, rng)
        taught = teach(policy, watch(stage), master(stage, step))
        picks = rng.integers(max(1, len(shown)), size=min(len(shown), REPLAY)).tolist()
        miss = cloning.update(policy, optimizer, [taught, *(shown[n] for n in picks)])
        shown.append(taught)
        advance(step + 1, total, f"cloning, {miss:.2f} nats a cut")


def master(stage: Stage, seed: int) -> list[search.Choice]:
    """The film that is cloned: a local search from the better of two plain cutters' films."""
    plain = [search.greedy(stage, seed), baselines.uniform(stage, seed)]
    best = int(local.scores(stage, plain).argmax())
    return local.improve(stage, plain[best], seed, TEACHER)[0]


def teach(policy: Policy, watched: Watched, made: Sequence[search.Choice]) -> Trajectories:
    """A film's choices as trajectories to clone, its stop included."""
    forced = torch.tensor([*made, (watched.stop, 0, 0)])
    films, _ = rollout(policy, watched, 1, None, forced)
    return films


def _improve(
    config: Training, policy: Policy, optimizer: torch.optim.Optimizer, step: int
) -> dict[str, float]:
    """One step of policy gradient on films of a few pools."""
    rng = np.random.default_rng([config.seed, 2, step])
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    groups, terms = [], []
    for _ in range(config.pools):
        stage = draw(config, rng)
        films, ended = rollout(policy, watch(stage), config.films, generator)
        groups.append(films)
        progress = ended.progress
        mean = progress.sums / progress.length.clamp(min=1)[:, None]
        terms.append(torch.cat([mean.mean(0), stage.reward.film_terms(progress).mean(0)]))
    row = {"score": float(torch.cat([group.reward.sum(1) for group in groups]).mean())}
    algorithm = ALGORITHMS[config.algorithm]
    settings = config.settings or algorithm.settings
    report = algorithm.update(policy, optimizer, groups, settings, generator)
    row |= {
        "loss": report.loss,
        "kl": report.kl,
        "explained_variance": report.explained,
        **{f"entropy/{n}": v for n, v in zip(HEADS, report.entropy, strict=True)},
    }
    if report.clip_fraction is not None:
        row["clip_fraction"] = report.clip_fraction
    names = (*_cut_names(), *_film_names())
    each = torch.stack(terms).mean(0).tolist()
    return row | {f"term/{name}": value for name, value in zip(names, each, strict=True)}


HEADS = ("shot", "in", "out")


def _cut_names() -> tuple[str, ...]:
    return tuple(name for name, term in TERMS.items() if term.cut)


def _film_names() -> tuple[str, ...]:
    return tuple(name for name, term in TERMS.items() if term.film)


class _Log:
    """TensorBoard events, and the same numbers as lines of JSON."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.events = SummaryWriter(str(folder / "events"))
        self.lines = open(folder / "log.jsonl", "a", encoding="utf-8")  # noqa: SIM115

    def write(self, step: int, row: dict[str, float]) -> None:
        for name, value in row.items():
            self.events.add_scalar(name, value, step)
        self.lines.write(json.dumps({"step": step, **row}) + "\n")
        self.lines.flush()

    def __enter__(self) -> "_Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.events.close()
        self.lines.close()


def _card(config: Training) -> Card:
    return Card(
        sizes=SIZES.table(),
        features={kind: list(names) for kind, names in FEATURES.items()},
        terms=list(TERMS),
        command=config.command,
        seed=config.seed,
        footage=list(config.names),
        notes={"algorithm": config.algorithm, "steps": f"{config.warm} + {config.steps}"},
    )


def _keep(config: Training, policy: Policy, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write what resuming needs: weights, the optimiser's moments, the step."""
    tensors: dict[str, Tensor] = {f"policy.{k}": v for k, v in policy.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": value for name, value in state.items()}
    checkpoint.save_policy(config.folder / POLICY, policy, _card(config))
    metadata = {"step": str(step), "seed": str(config.seed), "algorithm": config.algorithm}
    checkpoint.write(config.folder / "state.safetensors", tensors, metadata)


def _restore(config: Training, policy: Policy, optimizer: torch.optim.Optimizer) -> int:
    """Put a checkpoint back; returns the steps that were done. Raises PolicyError."""
    path = config.folder / "state.safetensors"
    if not path.exists():
        return 0
    try:
        tensors, metadata = checkpoint.read(path)
        if metadata.get("seed") != str(config.seed):
            raise ValueError(
                f"{path} was trained with seed {metadata.get('seed')}, not {config.seed}."
            )
        policy.load_state_dict(
            {k.removeprefix("policy."): v for k, v in tensors.items() if k.startswith("policy.")}
        )
    except (ValueError, RuntimeError) as err:
        raise PolicyError(f"This training cannot be resumed: {err}") from err
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("adam."):
            _, number, name = key.split(".")
            state.setdefault(int(number), {})[name] = value
    table = optimizer.state_dict()
    optimizer.load_state_dict({**table, "state": state})
    return int(metadata["step"])
