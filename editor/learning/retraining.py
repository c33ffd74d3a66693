"""Turn feedback into the next policy: a taste, a judgement of it, and a network led after it.

What is learned is laid beside the present policy, never over it. Training goes on from the present
network by PPO on the editor's own pools, with a penalty for every nat that it moves away from it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from editor.cutting import agent, learned
from editor.cutting.environment import Stage
from editor.cutting.learned import LearnedPolicy
from editor.cutting.observation import FEATURES, SIZES, watch
from editor.cutting.reward import TERMS
from editor.cutting.taste import Taste, dressed
from editor.film.difference import compare
from editor.film.timeline import Timeline
from editor.learning import feedback, lessons, promotion, telling, weighing
from editor.learning.feedback import Told
from editor.learning.lessons import Lesson, Preference
from editor.learning.promotion import Judgement
from models import checkpoint, ppo
from models.checkpoint import Card
from models.policy import Policy
from models.rollout import Trajectories, one_thread, rollout, score

STEPS = 40  # PPO steps: about a minute for films of 60 cuts
FILMS = 16  # drawn a step
TIE = 0.05  # score that a nat of distance from the present policy costs, summed over a film
RATE = 1e-4  # learning rate: a sixth of the base's, it starts from a trained network
SAVE_EVERY = 5  # steps between checkpoints
STATE = "state.safetensors"
RUN = ".run"  # folder within the policies, where an unfinished retraining lies

Advance = Callable[[float, float, str], None]  # done, total, what it says


@dataclass(frozen=True)
class Asked:
    """What one retraining starts from."""

    lessons: tuple[Lesson, ...]
    preferences: tuple[Preference, ...]
    policies: Path  # folder of learned policies
    present: str  # name of the policy that cuts now
    steps: int = STEPS  # of PPO; 0: the network stays
    seed: int = 0
    dry: bool = False  # learn and judge, write nothing
    command: str = ""


@dataclass(frozen=True)
class Retrained:
    """What came of it."""

    policy: LearnedPolicy
    folder: Path | None  # None: a dry run
    learned: weighing.Learned
    judgement: Judgement
    words: telling.Words
    corrections: int
    films: int
    steps: int  # of PPO that were done
    kl: float  # nats a choice that the network moved


def retrain(asked: Asked, advance: Advance) -> Retrained:
    """Learn from all feedback, judge it, and keep the policy; promoted, it cuts from now on.

    Interrupted, the same call on the same feedback goes on from its last checkpoint.
    Raises PolicyError where the present policy cannot be used.
    """
    with one_thread():
        return _retrain(asked, advance)


def _retrain(asked: Asked, advance: Advance) -> Retrained:
    total = 10.0 + asked.steps
    advance(0, total, "reading the corrections")
    told = feedback.told_by(asked.lessons, asked.preferences, asked.seed)
    advance(3, total, "learning weights, pace and trims")
    found = weighing.learn(told, asked.seed)
    advance(5, total, "leaving films out in turn")
    present, base, weights = _present(asked)
    judged = promotion.judge(
        told, lambda some: weighing.learn(some, asked.seed, found.measures, members=0), present
    )
    stages = tuple({id(one.stage): one.stage for one in asked.lessons}.values())
    if (judged.taste or judged.lengths) and stages:
        advance(8, total, "cutting by it, to see that it still cuts well")
        judged = promotion.with_base(
            judged,
            promotion.base_measures(
                stages, promotion.promoted(found.taste, present, judged), present, asked.seed
            ),
        )
    network, kl, done = None, 0.0, 0
    # What was not promoted is kept as it was learned: it may still be chosen by name.
    taste = promotion.promoted(found.taste, present, judged) if judged.promoted else found.taste
    leads = judged.promoted and (judged.taste or judged.lengths)
    if leads and asked.steps and stages and not asked.dry:
        start = agent.load_weights(str(weights) if weights else base)
        network, kl = lead(asked, start, stages, taste, advance, total)
        done = asked.steps
    words = telling.words(told, found, judged)
    name = learned.next_name(asked.policies)
    facts = _facts(asked, told, found, judged, words, kl, done)
    policy = LearnedPolicy(name, taste, base, None, judged.promoted, facts)
    folder = None if asked.dry else _keep(asked, policy, network, found, words)
    advance(total, total, "")
    return Retrained(
        policy, folder, found, judged, words, told.corrections, len(told.films), done, kl
    )


def _present(asked: Asked) -> tuple[Taste, str, Path | None]:
    """The taste and the network of the policy that cuts now."""
    if asked.present in learned.names(asked.policies):
        now = learned.read(asked.policies, asked.present)
        return now.taste, now.base, now.weights
    return Taste(), "base", None


def apart(film: Timeline, wanted: Timeline) -> float:
    """Corrections a cut from a film to the one that was wanted."""
    return lessons.distance(compare(film, wanted)) / max(1, len(wanted.cuts))


# --- the network ----------------------------------------------------------------------------------


def lead(
    asked: Asked,
    start: Policy,
    stages: Sequence[Stage],
    taste: Taste,
    advance: Advance,
    total: float,
) -> tuple[Policy, float]:
    """PPO from the present network under the learned reward, on the editor's own pools; the
    network, and how far it moved in nats a choice."""
    policy = Policy(start.sizes)
    policy.load_state_dict(start.state_dict())
    optimizer = torch.optim.Adam(policy.parameters(), lr=RATE, eps=1e-5)
    run = asked.policies / RUN
    key = _key(asked)
    done = _restore(run / STATE, key, policy, optimizer)
    away = 0.0
    seen = [dressed(stage, taste) for stage in stages]
    for step in range(done, asked.steps):
        stage = seen[step % len(seen)]
        away = improve(policy, start, optimizer, stage, asked.seed, step)
        advance(10 + step, total, f"leading the network, {away:.3f} nats away")
        if (step + 1) % SAVE_EVERY == 0:
            run.mkdir(parents=True, exist_ok=True)
            _save(run / STATE, key, policy, optimizer, step + 1)
    return policy, away


def improve(
    policy: Policy,
    reference: Policy,
    optimizer: torch.optim.Optimizer,
    stage: Stage,
    seed: int,
    step: int,
    tie: float = TIE,
) -> float:
    """One step of PPO on films of one pool, each choice's reward less `tie` times its log ratio to
    the reference (Ziegler et al. 2019, eq. 2). Returns the distance from it in nats a choice."""
    rng = np.random.default_rng([seed, 4, step])
    generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    films, _ = rollout(policy, watch(stage), FILMS, generator)
    with torch.no_grad():
        held = score(reference, films).log_prob
    ratio = torch.where(films.valid, films.log_prob - held, torch.zeros(()))
    tied: Trajectories = replace(films, reward=films.reward - tie * ratio)
    ppo.update(policy, optimizer, [tied], ppo.Settings(epochs=2, minibatch=FILMS), generator)
    return float(ratio[films.valid].mean())


def _key(asked: Asked) -> str:
    """What an unfinished training may go on for: the same feedback from the same start."""
    told = {
        "titles": [one.title for one in asked.lessons],
        "cuts": [
            [[cut.clip.digest, cut.source.first, cut.source.stop] for cut in one.after.cuts]
            for one in asked.lessons
        ],
        "preferences": [like.title for like in asked.preferences],
        "present": asked.present,
        "seed": asked.seed,
        "steps": asked.steps,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _save(
    path: Path, key: str, policy: Policy, optimizer: torch.optim.Optimizer, step: int
) -> None:
    tensors: dict[str, Tensor] = {f"policy.{k}": v for k, v in policy.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": value for name, value in state.items()}
    checkpoint.write(path, tensors, {"step": str(step), "key": key})


def _restore(path: Path, key: str, policy: Policy, optimizer: torch.optim.Optimizer) -> int:
    """Steps that were done on the same feedback; 0 where there is nothing to go on from."""
    if not path.exists():
        return 0
    try:
        tensors, metadata = checkpoint.read(path)
        if metadata.get("key") != key:
            return 0
        policy.load_state_dict(
            {k.removeprefix("policy."): v for k, v in tensors.items() if k.startswith("policy.")}
        )
        step = int(metadata["step"])
    except (ValueError, RuntimeError, KeyError):  # damaged or of another network: begin anew
        return 0
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, number, what = name.split(".")
            state.setdefault(int(number), {})[what] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return step


# --- keeping --------------------------------------------------------------------------------------


def _facts(
    asked: Asked,
    told: Told,
    found: weighing.Learned,
    judged: Judgement,
    words: telling.Words,
    kl: float,
    steps: int,
) -> Mapping[str, Any]:
    return {
        "parent": asked.present,
        "from": [one.title for one in asked.lessons] + [one.title for one in asked.preferences],
        "corrections": told.corrections,
        "judgement": asdict(judged),
        "learned": list(words.learned),
        "unsure": list(words.unsure),
        "measures": found.measures,
        "steps": steps,
        "kl": round(kl, 5),
        "seed": asked.seed,
        "command": asked.command,
    }


def _keep(
    asked: Asked,
    policy: LearnedPolicy,
    network: Policy | None,
    found: weighing.Learned,
    words: telling.Words,
) -> Path:
    """Write the policy's folder; learned.json last, since it is what makes it a policy."""
    folder = asked.policies / policy.name
    folder.mkdir(parents=True, exist_ok=True)
    if network is not None:
        card = Card(
            sizes=SIZES.table(),
            features={kind: list(names) for kind, names in FEATURES.items()},
            terms=list(TERMS),
            command=asked.command,
            seed=asked.seed,
            footage=sorted({clip.name for one in asked.lessons for clip in one.pool.clips}),
            notes={"algorithm": "ppo tied to the policy before", "parent": asked.present},
        )
        checkpoint.save_policy(folder / learned.WEIGHTS, network, card)
    else:
        _same_network(asked, folder)
    telling.draw(found, words, folder / "learned.png")
    learned.write(asked.policies, policy)
    if policy.promoted:
        learned.use(asked.policies, policy.name)
    (asked.policies / RUN / STATE).unlink(missing_ok=True)
    return folder


def _same_network(asked: Asked, folder: Path) -> None:
    """A policy whose network did not move keeps its parent's own, where it has one."""
    _, _, weights = _present(asked)
    if weights is not None:
        tensors, metadata = checkpoint.read(weights)
        checkpoint.write(folder / learned.WEIGHTS, tensors, metadata)
