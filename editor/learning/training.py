"""Train the base policy: clone a local search on simulated and recombined pools, then improve it by
policy gradient on its own films, and by cloning the best of these once their trims are mended.

Everything that a step draws comes from (seed, step), so that a training resumed from its checkpoint
goes on to the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.cutting import agent, baselines, local, mending, search
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import FEATURES, SIZES, Watched, watch
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS
from editor.errors import EditorError, PolicyError
from editor.learning import card, keeping
from editor.learning.curriculum import sample_brief
from editor.learning.keeping import Kept, Log
from editor.learning.recombine import recombine
from editor.learning.simulate import LEAST_SHOTS, sample_world, simulate
from models import checkpoint, cloning
from models.algorithms import ALGORITHMS
from models.checkpoint import Card
from models.policy import Policy
from models.rollout import Trajectories, one_thread, rollout

RATE = 6e-4  # learning rate at the start; falls linearly to a tenth,
FURTHER = 2e-4  # and of a policy that was trained before: a longer step forgets what it knows
POLICY = keeping.POLICY
SAVE_EVERY = 50  # steps between checkpoints
SAVE_AFTER = 120.0  # s between checkpoints where steps are slow: no more than this is lost
REPLAY = 12  # films of earlier pools that a cloning step reads beside the new
READINGS = 4  # cloning steps a new film: making it takes longer than reading it
TEACHER = 12  # rounds of the local search that is cloned; a beam spends recorded footage too early
REAL = 0.5  # share of pools recombined from real footage, where there is some
AT_ONCE = 8_000  # shots times films of one pool: above, fewer films, as a step costs their product
FEWEST = 6  # films of a pool, however large
TRIES = 20  # pools drawn until one can be cut to the brief drawn with it
HEADS = ("shot", "in", "out")


@dataclass(frozen=True)
class Training:
    """How a policy is trained."""

    folder: Path  # policy.safetensors, state.safetensors, log.jsonl, events and card.md go here
    algorithm: str = "ppo"  # one of models.algorithms.ALGORITHMS
    steps: int = 800  # policy-gradient steps
    warm: int = 400  # pools cut by local search and cloned first
    pools: int = 2  # pools a step
    films: int = 32  # films a pool; fewer of a large one
    trims: int = 2  # cloning steps a step, on the best film of each pool with its trims mended
    most_shots: int = 200  # of the largest simulated pool; the policy serves larger ones
    begin: str = ""  # policy, by name or file, that goes on to learn; empty: a new one
    seed: int = 0
    resume: bool = False
    footage: tuple[Pool, ...] = ()  # real pools, recombined
    names: tuple[str, ...] = ()  # their clips, for the card
    command: str = ""  # for the card
    settings: Any = None  # the algorithm's own dataclass; None: its defaults
    examined: int = 24  # pools of each kind on which the finished policy is scored, for the card


@dataclass(frozen=True)
class Trained:
    """What training left behind."""

    policy: Path
    steps: int
    score: float | None  # mean film score over the last tenth of the steps; None: only cloned


Advance = Callable[[int, int, str], None]  # done, total, what it says


def train(config: Training, advance: Advance) -> Trained:
    """Train, and write policy, checkpoints, log and card into the folder.

    Raises PolicyError for an unknown algorithm, pools of fewer than LEAST_SHOTS shots, footage with
    features that are no numbers, a folder that holds another training, and a checkpoint that does
    not fit.
    """
    if config.algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise PolicyError(f"No algorithm is called {config.algorithm!r}. Known: {known}.")
    if config.most_shots < LEAST_SHOTS:
        raise PolicyError(
            f"--most-shots {config.most_shots}: simulated pools begin at {LEAST_SHOTS} shots, so it"
            " is to be that at least."
        )
    for pool in config.footage:
        check_numbers(pool)
    with keeping.held(config.folder), one_thread():
        return _train(config, advance)


def check_numbers(pool: Pool) -> None:
    """Raise PolicyError, naming clip and feature, where a pool holds NaN or infinity."""
    for item in fields(Pool):
        values = getattr(pool, item.name)
        if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
            continue
        bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
        if bad.any():
            clip = pool.clips[int(pool.clip[int(np.flatnonzero(bad)[0])])]
            raise PolicyError(
                f"{clip.name}: its {item.name} is not a number, so nothing is learned from it."
                " Analyse it again, or leave it out."
            )


@dataclass
class _Run:
    """A training under way."""

    config: Training
    policy: Policy
    optimizer: torch.optim.Optimizer
    advance: Advance
    log: Log
    card: Card
    shown: "_Shown"
    saved: float = field(default_factory=monotonic)  # when the last checkpoint was written

    @property
    def total(self) -> int:
        """Steps, cloning's among them."""
        return _total(self.config)

    def keep(self, done: int, last: bool = False) -> None:
        """Write a checkpoint where it is time, or where it is the last of a part."""
        if not last and done % SAVE_EVERY and monotonic() - self.saved < SAVE_AFTER:
            return
        self.log.sync()
        config, notes = self.config, dict(self.card.notes)
        notes["steps"] = f"{min(done, config.warm)} + {max(0, done - config.warm)}"
        told = Card(**{**vars(self.card), "notes": notes})
        shown = self.shown.choices if done < config.warm else ()
        kept = Kept(done, tuple(shown))
        if done == config.warm and config.warm:
            cloned = (config.folder / POLICY).with_suffix(keeping.CLONED)
            checkpoint.save_policy(cloned, self.policy, told)
        keeping.save(config.folder, self.policy, self.optimizer, told, kept, _metadata(config))
        card.write(config.folder / card.FILE, told, (), self.log.rows)
        self.saved = monotonic()


def _total(config: Training) -> int:
    return config.warm + (config.steps if ALGORITHMS[config.algorithm].own else 0)


def _metadata(config: Training) -> dict[str, str]:
    """What must agree between a checkpoint and the training that goes on from it."""
    told = {"seed": str(config.seed), "warm": str(config.warm), "from": config.begin}
    told |= {"pools": str(config.pools), "films": str(config.films), "trims": str(config.trims)}
    told |= {
        "most-shots": str(config.most_shots),
        keeping.FOOTAGE: ", ".join(config.names) or "none",
    }
    if ALGORITHMS[config.algorithm].own:  # what was only cloned may go on by any algorithm
        told["algorithm"] = config.algorithm
    return told


def _train(config: Training, advance: Advance) -> Trained:
    policy, before = _begun(config)
    optimizer = torch.optim.Adam(policy.parameters(), lr=_rate(config), eps=1e-5)
    now = _joined(_card(config), before)
    if not config.resume and (config.folder / keeping.STATE).exists():
        raise PolicyError(
            f"{config.folder} holds a training already: go on with it by --resume, or name another"
            " --folder."
        )
    kept = keeping.restore(config.folder, policy, optimizer, now, _metadata(config), _total(config))
    with Log(config.folder, kept.step) as log:
        shown = _Shown(config, policy, list(kept.shown))
        run = _Run(config, policy, optimizer, advance, log, _joined(now, kept.card), shown)
        advance(kept.step, run.total, "")
        _clone(run, kept.step)
        _climb(run, max(kept.step, config.warm))
        return _finish(run)


def _begun(config: Training) -> tuple[Policy, Card | None]:
    """The policy that is to learn, and the card of one that was trained before."""
    if config.begin:
        policy, before = agent.load_weights_and_card(config.begin)
        return policy.train(), before
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        return Policy(SIZES), None


def _rate(config: Training) -> float:
    return FURTHER if config.begin else RATE


def _climb(run: _Run, done: int) -> None:
    """The policy gradient's steps, from `done` on."""
    config, group = run.config, run.optimizer.param_groups[0]
    for step in range(done, run.total):
        group["lr"] = _rate(config) * (1 - 0.9 * (step - config.warm) / max(1, config.steps))
        try:
            row = _improve(config, run.policy, run.optimizer, step)
        except ValueError as err:
            raise PolicyError(
                f"Training stopped at step {step + 1}: {err} The last checkpoint stands."
            ) from err
        run.log.write(step, row)
        recent = [found["score"] for found in run.log.rows[-50:] if "score" in found]
        run.advance(step + 1, run.total, f"score {np.mean(recent):+.3f}")
        run.keep(step + 1, step + 1 == run.total)


def _finish(run: _Run) -> Trained:
    """Score the policy kind by kind, and write its card."""
    config = run.config
    run.policy.eval()
    scores = card.measure(
        run.policy, config.footage, config.examined, config.most_shots, config.seed
    )
    notes = {**run.card.notes, "steps": f"{config.warm} + {run.total - config.warm}"}
    told = Card(**{**vars(run.card), "notes": notes})
    card.write(config.folder / card.FILE, told, scores, run.log.rows)
    score = keeping.mean_of(run.log.rows, "score")
    return Trained(config.folder / POLICY, run.total, score)


def films_of(asked: int, shots: int) -> int:
    """How many films a step makes of a pool of so many shots."""
    return min(asked, max(FEWEST, AT_ONCE // shots))


def draw(config: Training, rng: np.random.Generator) -> Stage:
    """A random pool and brief that can be cut: simulated, or recombined where there is footage."""
    return draw_kind(config, rng)[1]


def draw_kind(config: Training, rng: np.random.Generator) -> tuple[str, Stage]:
    """As `draw`, with the kind of the pool: one of card.KINDS."""
    for _ in range(TRIES):
        if config.footage and rng.random() < REAL:
            kind, pool = "recombined", recombine(config.footage, rng)
        else:
            world = sample_world(rng, high=config.most_shots)
            kind, pool = "simulated", simulate(world, rng)
        try:
            return kind, make_stage(pool, sample_brief(pool, rng))
        except EditorError:
            continue
    raise PolicyError("No pool that can be cut was drawn: the training footage is too short.")


class _Shown:
    """The films shown in cloning. Of those before a resume only the choices were kept: a film is
    played again, on its pool drawn again, when it is first asked for."""

    def __init__(self, config: Training, policy: Policy, choices: list[Tensor]) -> None:
        self.choices = choices  # (T, 3) each, its stop included
        self._config, self._policy = config, policy
        self._films: dict[int, Trajectories] = {}

    def add(self, films: Trajectories) -> None:
        """Keep the film of the step at hand."""
        self._films[len(self.choices)] = films
        self.choices.append(films.action[0])

    def film(self, step: int) -> Trajectories:
        """The film of an earlier step."""
        if step not in self._films:
            stage = draw(self._config, np.random.default_rng([self._config.seed, 1, step]))
            films, _ = rollout(self._policy, watch(stage), 1, None, self.choices[step])
            self._films[step] = films
        return self._films[step]


def _clone(run: _Run, done: int) -> None:
    """Cut `warm` pools by local search, and clone each with some of those before."""
    config, shown = run.config, run.shown
    for step in range(done, config.warm):
        rng = np.random.default_rng([config.seed, 1, step])
        stage = draw(config, rng)
        taught = teach(run.policy, watch(stage), master(stage, step))
        shown.add(taught)
        miss = 0.0
        for _ in range(READINGS):
            picks = rng.integers(step + 1, size=min(step, REPLAY)).tolist()
            films = [taught, *(shown.film(n) for n in picks)]
            miss += cloning.update(run.policy, run.optimizer, films) / READINGS
        run.log.write(step, {"cloning/nats": miss})
        run.advance(step + 1, run.total, f"cloning, {miss:.2f} nats a cut")
        run.keep(step + 1, step + 1 == config.warm)


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
    groups, terms, mended = [], [], []
    scores: dict[str, list[Tensor]] = {}
    for _ in range(config.pools):
        kind, stage = draw_kind(config, rng)
        count = films_of(config.films, stage.material.size)
        watched = watch(stage)
        films, ended = rollout(policy, watched, count, generator)
        groups.append(films)
        if config.trims and (better := mending.mend(stage, best_of(films, watched.stop))):
            mended.append(teach(policy, watched, better))
        scores.setdefault(f"score/{kind}", []).append(films.reward.sum(1).mean())
        progress = ended.progress
        mean = stage.reward.means(progress)
        terms.append(torch.cat([mean.mean(0), stage.reward.film_terms(progress).mean(0)]))
    row = {"score": float(torch.cat([group.reward.sum(1) for group in groups]).mean())}
    row |= {name: float(torch.stack(each).mean()) for name, each in scores.items()}
    algorithm = ALGORITHMS[config.algorithm]
    settings = config.settings or algorithm.settings
    report = algorithm.update(policy, optimizer, groups, settings, generator)
    row |= _learn_trims(config, policy, optimizer, mended)
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


def best_of(films: Trajectories, stop: int) -> list[search.Choice]:
    """The cuts of the film of the highest score, its stop left out."""
    best = int(films.reward.sum(1).argmax())
    made = films.action[best][films.valid[best]].tolist()
    return [(shot, first, last) for shot, first, last in made if shot != stop]


def _learn_trims(
    config: Training, policy: Policy, optimizer: torch.optim.Optimizer, mended: list[Trajectories]
) -> dict[str, float]:
    """Clone films whose trims were mended. The value learns nothing of them: they are better than
    what the policy makes."""
    if not mended:
        return {}
    row = {"score/trimmed": float(np.mean([float(film.reward.sum()) for film in mended]))}
    alone = cloning.Settings(value=0.0)
    for step in range(config.trims):
        miss = cloning.update(policy, optimizer, mended, alone)
        if not step:
            row["cloning/trims"] = miss
    return row


def _cut_names() -> tuple[str, ...]:
    return tuple(name for name, term in TERMS.items() if term.cut)


def _film_names() -> tuple[str, ...]:
    return tuple(name for name, term in TERMS.items() if term.film)


def _card(config: Training) -> Card:
    return Card(
        sizes=SIZES.table(),
        features={kind: list(names) for kind, names in FEATURES.items()},
        terms=list(TERMS),
        command=config.command,
        seed=config.seed,
        footage=list(config.names),
        notes={"algorithm": config.algorithm},
    )


def _joined(now: Card, before: Card | None) -> Card:
    """The card of a training that goes on: what was seen before was seen, whatever is named now."""
    if before is None:
        return now
    seen = dict.fromkeys([*before.footage, *now.footage])
    commands = dict.fromkeys([*before.notes.get("commands before", "").splitlines()])
    if before.command != now.command:
        commands[before.command] = None
    notes = dict(now.notes)
    if commands:
        notes["commands before"] = "\n".join(commands)
    return Card(**{**vars(now), "footage": list(seen), "notes": notes})
