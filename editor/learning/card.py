"""Turn a trained policy into its model card: what made it, which real clips it saw, and how it
scores on each kind of pool apart.

Training writes one beside its checkpoint, and measures it when it ends. Of a policy alone, on
simulated pools: `python -m editor.learning.card models/weights/base.safetensors > base.md`.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editor.cutting import evaluation
from editor.cutting.baselines import BASELINES
from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Case, Interval
from editor.cutting.observation import FEATURES
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS
from editor.errors import EditorError
from editor.learning import examination, keeping
from editor.learning.curriculum import sample_brief
from editor.learning.recombine import recombine
from editor.learning.simulate import sample_world, simulate
from editor.progress import printable
from models import checkpoint
from models.checkpoint import Card
from models.policy import Policy
from models.rollout import one_thread

FILE = "card.md"
STREAM = 3  # of draws that training does not use: 1 cloning's pools, 2 policy gradient's
TRIES = 20  # pools drawn for one that can be cut
BASELINE = "uniform"  # the plain cutter that stands beside

KINDS = {
    "simulated": "simulated pools that training did not draw",
    "recombined": "shots of the clips above, recombined: not unseen footage",
    "real": "each real shoot whole: seen in training",
}


@dataclass(frozen=True)
class Score:
    """How the policy's own decode does on one kind of pool."""

    kind: str  # one of KINDS
    pools: int
    own: Interval  # film score
    plain: Interval  # BASELINE's
    ahead: Interval  # the one less the other, paired by pool


def measure(
    policy: Policy, footage: Sequence[Pool], count: int, most_shots: int, seed: int
) -> list[Score]:
    """Score a policy on up to `count` pools of each kind that there is footage for."""
    found = []
    for kind in KINDS:
        cases = _cases(kind, footage, count, most_shots, seed)
        if cases:
            found.append(_score(kind, policy, cases))
    return found


def _cases(
    kind: str, footage: Sequence[Pool], count: int, most_shots: int, seed: int
) -> list[Case]:
    if kind == "real":
        return examination.real_cases(footage, seed)[: max(count, 1)]
    if kind == "recombined" and not footage:
        return []
    cases: list[Case] = []
    rng = np.random.default_rng([seed, STREAM, kind == "recombined"])
    for _ in range(count * TRIES):
        if len(cases) == count:
            break
        if kind == "recombined":
            pool = recombine(footage, rng)
        else:
            pool = simulate(sample_world(rng, high=most_shots), rng)
        try:
            case = Case(pool, sample_brief(pool, rng))
            make_stage(case.pool, case.brief)
        except EditorError:
            continue
        cases.append(case)
    return cases


def _score(kind: str, policy: Policy, cases: Sequence[Case]) -> Score:
    ways = (evaluation.own_decode(policy), BASELINES[BASELINE])
    scores: list[list[float]] = [[], []]
    for case in cases:
        stage = make_stage(case.pool, case.brief)
        for row, way in zip(scores, ways, strict=True):
            row.append(evaluation.film_of(stage, way(stage, case.brief.seed)).score)
    own, plain = scores
    ahead = [a - b for a, b in zip(own, plain, strict=True)]
    intervals = (evaluation.interval(values) for values in (own, plain, ahead))
    return Score(kind, len(cases), *intervals)


def text(card: Card, scores: Sequence[Score], rows: Sequence[Mapping[str, float]]) -> str:
    """The card as a page. rows: the training's log, without it what is told of it is left out."""
    notes = dict(card.notes)
    lines = [
        "# Model card",
        "",
        "A policy that cuts films: it chooses shot, in point and out point, one cut after another.",
        "Weights: the `.safetensors` file beside this card; its metadata holds the same facts.",
        "",
        "## Made by",
        "",
        "```",
        *notes.pop("commands before", "").splitlines(),
        card.command or "(no command was given)",
        "```",
        "",
        f"Seed {card.seed}. "
        + ". ".join(f"{name}: {value}" for name, value in notes.items())
        + ".",
        "",
        f"Sizes: {', '.join(f'{name} {size}' for name, size in card.sizes.items())}.",
        f"Reward terms: {', '.join(card.terms)}.",
        "",
        "## Real clips seen",
        "",
        *([f"- {name}" for name in card.footage] or ["None: simulated pools alone."]),
        "",
        *_measured(scores),
        *_told(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _measured(scores: Sequence[Score]) -> list[str]:
    if not scores:
        return []
    return [
        "## Film score of its own decode, kind by kind",
        "",
        f"| pools | n | policy, 95 % interval | {BASELINE} | policy ahead by |",
        "|---|---|---|---|---|",
        *(f"| {KINDS[s.kind]} | {s.pools} | {s.own} | {s.plain} | {s.ahead} |" for s in scores),
        "",
        "Footage that it has not seen: `python -m editor evaluate FOOTAGE...`.",
        "",
    ]


def _told(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Means over the training's last tenth, of drawn films and not of the likeliest."""
    watched = ("score", "score/simulated", "score/recombined", "kl", "clip_fraction")
    names = (*watched, "explained_variance", *(f"entropy/{head}" for head in ("shot", "in", "out")))
    told = [(name, keeping.mean_of(rows, name)) for name in names]
    found = [f"| {name} | {value:+.4f} |" for name, value in told if value is not None]
    if not found:
        return []
    title = "## The training's last tenth, films as drawn"
    return [title, "", "| what | mean |", "|---|---|", *found]


def write(
    path: Path, card: Card, scores: Sequence[Score], rows: Sequence[Mapping[str, float]]
) -> None:
    """Write the card whole or not at all."""
    checkpoint.write_bytes(path, text(card, scores, rows).encode())


def main(words: Sequence[str] | None = None) -> int:
    """Print the card of a policy's file. 2 where it is none, which is said in a line."""
    parser = argparse.ArgumentParser(description="Print a policy's model card.")
    parser.add_argument("policy", type=Path, help="a .safetensors file")
    parser.add_argument("--pools", type=int, default=24, help="simulated ones (default: 24)")
    parser.add_argument("--most-shots", type=int, default=200, help="of a pool (default: 200)")
    asked = parser.parse_args(words)
    try:
        policy, card = checkpoint.load_policy(asked.policy, FEATURES, tuple(TERMS))
    except (OSError, ValueError) as err:
        print(f"card: {printable(f'{asked.policy}: {err}')}", file=sys.stderr)
        return 2
    with one_thread():
        scores = measure(policy, (), asked.pools, asked.most_shots, card.seed)
    print(text(card, scores, keeping.read_log(asked.policy.parent)), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
