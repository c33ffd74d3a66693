"""Turn a policy into a table: its films beside plain cutters', its heads, and what it heeds."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from editor.config import Style, load_style, style_names
from editor.cutting import agent, evaluation
from editor.cutting.baselines import BASELINES
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Case, Way
from editor.cutting.pool import Pool
from editor.errors import EditorError
from editor.learning.simulate import sample_world, simulate

SHARE = 0.4  # of the usable footage, at most, as `cut` does
LONGEST = 60.0  # s of film
LOOKED_INTO = 12  # cases for heads and pace: each is cut many times
PACES = (1.5, 2.8, 5.0)  # s, medians asked
MOST_SHOTS = 300  # of a simulated pool
TABLE = tuple(name for name in BASELINES if name != "beam64")  # it takes minutes a film


def examine(
    name: str, real: Sequence[Pool], count: int, seed: int, advance: Callable[[int, int, str], None]
) -> dict[str, Any]:
    """Measure a trained policy on real pools (one order each) and on `count` simulated ones.

    Raises PolicyError for an unknown policy. Simulated pools are drawn from their own seeds, which
    training does not use.
    """
    policy = agent.load_weights(name)
    ways: dict[str, Way] = {
        name: evaluation.own_decode(policy),
        name + agent.SEARCH: lambda stage, at: agent.searched(policy, stage, at),
        **{plain: BASELINES[plain] for plain in TABLE},
    }
    simulated = simulated_cases(count, seed)
    found: dict[str, Any] = {"policy": name, "seed": seed}
    groups = {"simulated": simulated, "real": real_cases(real, seed)}
    for step, (group, cases) in enumerate(groups.items()):
        advance(step, 3, f"{group} pools")
        if cases:
            found[group] = {
                "pools": len(cases),
                "cutters": {
                    way: asdict(row) for way, row in evaluation.compare(cases, ways).items()
                },
            }
    advance(2, 3, "heads and sight")
    some = simulated[:LOOKED_INTO]
    found["heads"] = {k: asdict(head) for k, head in evaluation.heads(policy, some).items()}
    found["zeroed embeddings"] = asdict(
        evaluation.sight(policy, simulated, evaluation.without_sight)
    )
    found["permuted embeddings"] = asdict(
        evaluation.sight(policy, simulated, evaluation.with_wrong_sight)
    )
    found["median asked, got"] = evaluation.pace_heeded(policy, some, PACES)
    advance(3, 3, "")
    return found


def simulated_cases(count: int, seed: int) -> list[Case]:
    """Simulated pools under the package's styles in turn."""
    rng = np.random.default_rng([seed, 77])
    styles = [load_style(name) for name in style_names()]
    cases: list[Case] = []
    while len(cases) < count:
        pool = simulate(sample_world(rng, 8, MOST_SHOTS), rng)
        cases += _case(pool, styles[len(cases) % len(styles)], None, len(cases))
    return cases


def real_cases(pools: Sequence[Pool], seed: int) -> list[Case]:
    """Each real pool in both orders under three styles."""
    styles = [load_style(name) for name in ("default", "brisk", "calm")]
    return [
        case
        for pool in pools
        for style in styles
        for order in ("recorded", "free")
        for case in _case(pool, style, order, seed)
    ]


def _case(pool: Pool, style: Style, order: str | None, seed: int) -> list[Case]:
    """The case, or none where the pool cannot be cut in that style."""
    length = min(LONGEST, float(style.duration), SHARE * float(pool.usable))
    brief = Brief(style, length, order or style.order, seed)
    try:
        make_stage(pool, brief)
    except EditorError:
        return []
    return [Case(pool, brief)]


def text(found: dict[str, Any]) -> str:
    """The measurement as a page for people."""
    lines: list[str] = []
    for group in ("simulated", "real"):
        if group not in found:
            continue
        lines.append(f"{found[group]['pools']} {group} cases: mean film score [95 % interval]")
        for way, row in found[group]["cutters"].items():
            lines.append(
                f"  {way:14} {_interval(row['score'])}   {row['seconds']:6.2f} s of CPU a film,"
                f" median shot {row['median']:.1f} s"
            )
    lines.append("heads: entropy as a share of an even choice; choices at the first or last legal")
    for head, row in found["heads"].items():
        histogram = " ".join(f"{share:.2f}" for share in row["histogram"])
        lines.append(f"  {head:5} {row['share']:.2f}   ends {row['ends']:.2f}   {histogram}")
    for spoilt in ("zeroed", "permuted"):
        row = found[f"{spoilt} embeddings"]
        lines.append(
            f"embeddings {spoilt}: {row['changed']:.0%} of films change,"
            f" score lost {_interval(row['lost'])}"
        )
    for asked, got in found["median asked, got"].items():
        lines.append(f"median shot asked {asked:g} s: got {got:.2f} s")
    return "\n".join(lines)


def _interval(row: dict[str, float]) -> str:
    return f"{row['mean']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
