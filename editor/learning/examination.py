"""Turn a policy into a table: its films beside plain cutters', its heads, and what it heeds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from editor.config import ORDERS, Style, load_style, style_names
from editor.cutting import agent, evaluation, inspection, policies
from editor.cutting.baselines import BASELINES, local_for
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.evaluation import Case, Interval, Timed, Way
from editor.cutting.inspection import with_wrong_sight, without_sight
from editor.cutting.pool import Pool
from editor.errors import EditorError, FootageError, PolicyError
from editor.learning import keeping
from editor.learning.finished import Finished, policy_files
from editor.learning.simulate import sample_world, simulate
from editor.progress import Advance, Work
from models.policy import Policy
from models.rollout import one_thread

SHARE = 0.4  # of the usable footage, at most, as `cut` does
LONGEST = 60.0  # s of film
LOOKED_INTO = 12  # cases for heads and pace: each is cut many times
SIGHTED = 96  # cases for what the policy sees: the loss is small beside its spread
PACES = (1.5, 2.8, 5.0)  # s, medians asked
LEAST_SHOTS, MOST_SHOTS = 8, 300  # of a simulated pool, where no number is asked
REAL_STYLES = ("default", "brisk", "calm", "interview")
SAME_TIME = "local, same time"
QUICK = ("random", "chronological", "uniform", "similar", "greedy", "beam8", "local")
THOROUGH = tuple(BASELINES)  # wide beams take minutes a film

# CPU time beside the policy's own decode, as measured on seven simulated pools of 10 to 202 shots:
# it tells how much is left, and nothing else hangs on it.
SEARCH_COSTS = 8.0  # search with the policy
HEADS_COST = 2.0  # the films that are drawn together to look into the heads
FREE_COSTS = 2.0  # a search in free order beside one in recorded order
GROWS = 0.25  # with the number of shots to this power


@dataclass(frozen=True)
class Examination:
    """What is asked of `examine`."""

    policy: str  # a name, without search
    simulated: int  # pools
    seeds: int = 5  # of every cutter on every case
    seed: int = 0  # of what is drawn
    thorough: bool = False  # wide beams, and local search in the same time as search with policy
    shots: int = 0  # of each simulated pool; 0: as many as come. Where asked, cutters alone


@dataclass(frozen=True)
class Prepared:
    """A measurement about to be made: the policy, and the pools that it is measured on."""

    asked: Examination
    name: str  # the policy's, without search
    policy: Policy
    groups: Mapping[str, Sequence[Case]]  # "simulated" and "real"
    ways: Mapping[str, Way]
    keeper: Finished | None  # where what is finished is kept, and found again


def prepare(asked: Examination, real: Sequence[Pool], outputs: Path | None = None) -> Prepared:
    """Make ready to measure a trained policy on real pools and on simulated ones.

    outputs: where finished cases are kept, and found again by the same measurement.
    Raises PolicyError for an unknown policy. Simulated pools are drawn from their own seeds, which
    training does not use.
    """
    name, _ = policies.split(asked.policy)
    if name in BASELINES:
        raise PolicyError(f"{name} is a plain way to cut: evaluate measures a trained policy.")
    if not real and not asked.simulated:
        raise FootageError("There is nothing to measure on: name footage, or ask for --pools.")
    policy = agent.load_weights(name)
    simulated = simulated_cases(asked.simulated, asked.seed, asked.shots)
    groups = {"simulated": simulated, "real": real_cases(real, asked.seed)}
    ways = _ways(name, policy, asked)
    keeper = _kept(name, asked, ways, outputs) if outputs else None
    return Prepared(asked, name, policy, groups, ways, keeper)


def compare_cutters(ready: Prepared, advance: Advance) -> dict[str, Any]:
    """Measure the policy's films beside plain cutters'."""
    asked, work = ready.asked, Work(advance)
    told = {
        group: work.part(f"{group} pools", [_compared(case, asked, ready.keeper) for case in cases])
        for group, cases in ready.groups.items()
    }
    found: dict[str, Any] = {"policy": ready.name, "seeds": asked.seeds, "seed": asked.seed}
    with one_thread():
        for group, cases in ready.groups.items():
            if cases:
                found[group] = _group(
                    ready.name, cases, ready.ways, asked, told[group], ready.keeper
                )
    work.part("", [])(0)
    return found


def look_into(ready: Prepared, advance: Advance) -> dict[str, Any]:
    """Look into the policy on the same pools: its heads, what its films lose where it sees no
    pictures, and whether it heeds the pace. Nothing where pools of one size are asked for."""
    if ready.asked.shots:
        return {}
    work = Work(advance)
    every = [case for cases in ready.groups.values() for case in cases]
    looks = _looks(ready.name, ready.policy, every, ready.asked, work, ready.keeper)
    with one_thread():
        found = _looked_into(looks)
    work.part("", [])(0)
    return found


# --- what each piece costs ------------------------------------------------------------------------


def _cost(case: Case) -> float:
    """What the policy's own film of a case costs, beside that of a pool of one shot."""
    return float(case.pool.size**GROWS)


def _search_cost(case: Case) -> float:
    """As `_cost` for what searches, which costs more where the order is free."""
    return _cost(case) * (FREE_COSTS if case.brief.order == "free" else 1.0)


def _compared(case: Case, asked: Examination, keeper: Finished | None) -> float:
    """What it costs to cut a case in every way; nothing where that is kept."""
    if keeper is not None and keeper.recall(case) is not None:
        return 0.0
    return _search_cost(case) * asked.seeds


# --- every way to cut -----------------------------------------------------------------------------


def _ways(name: str, policy: Policy, asked: Examination) -> dict[str, Way]:
    return {
        name: evaluation.own_decode(policy),
        **_searches(name, policy),
        **_before(name),
        **{plain: BASELINES[plain] for plain in (THOROUGH if asked.thorough else QUICK)},
    }


def _group(
    name: str,
    cases: Sequence[Case],
    ways: Mapping[str, Way],
    asked: Examination,
    advance: Callable[[float], None],
    keeper: Finished | None,
) -> dict[str, Any]:
    matched: dict[str, tuple[str, Timed]] = {SAME_TIME: (name + agent.SEARCH, local_for)}
    rows = evaluation.compare(
        cases,
        ways,
        seeds=asked.seeds,
        matched=matched if asked.thorough else None,
        leaders=(name, name + agent.SEARCH),
        advance=advance,
        keeper=keeper,
    )
    pools = {id(case.pool): case.pool for case in cases}.values()
    return {
        "cases": len(cases),
        "pools": [pool.clips[0].path.parent.name for pool in pools],  # as by_pool has them
        "cutters": {way: asdict(row) for way, row in rows.items()},
    }


def _kept(name: str, asked: Examination, ways: Mapping[str, Way], outputs: Path) -> Finished:
    plan = {"ways": [*ways], "seeds": asked.seeds, "thorough": asked.thorough}
    return Finished.of(outputs, policy_files(name), plan)


def _searches(name: str, policy: Policy) -> dict[str, Way]:
    """The policy with each of agent.WAYS."""

    def way(search: str) -> Way:
        return lambda stage, seed: agent.WAYS[search](policy, stage, seed)

    return {name + policies.SEARCHES[search]: way(search) for search in agent.WAYS}


def _before(name: str) -> dict[str, Way]:
    """The policy as it was when it had only been cloned, where that was kept: by what it falls
    behind, the policy gradient added."""
    path = policies.file_of(name)
    cloned = path.with_name(path.stem + keeping.CLONED)
    if not cloned.exists():
        return {}
    return {name + ", only cloned": evaluation.own_decode(agent.load_weights(str(cloned)))}


@dataclass(frozen=True)
class _Looks:
    """What is looked into, each ready to be done and told of."""

    heads: Callable[[], dict[str, inspection.Head]]
    sight: Mapping[str, Callable[[], dict[str, Any]]]
    pace: Callable[[], Sequence[inspection.Heeded]]


def _looks(
    name: str,
    policy: Policy,
    cases: Sequence[Case],
    asked: Examination,
    work: Work,
    keeper: Finished | None,
) -> _Looks:
    """Heads, sight and pace. What ships, search with the policy, is spoilt too."""
    own = evaluation.own_decode(policy)
    some = cases[:LOOKED_INTO]
    drawn = [*cases, *simulated_cases(max(0, SIGHTED - len(cases)), asked.seed + 1)]

    def search(stage: Any, at: int) -> Any:
        return agent.searched(policy, stage, at)

    heads = work.part("heads", [HEADS_COST * _cost(case) for case in some])
    sight: dict[str, Callable[[], dict[str, Any]]] = {}
    for way, cutter, seen, cost, films in (
        (name, own, drawn, _cost, 2.0),
        (name + agent.SEARCH, search, cases, _search_cost, 2.0 * SEARCH_COSTS),
    ):
        for order in ORDERS:
            asked_so = _in_order(seen, order)
            for word, spoil in (("zeroed", without_sight), ("permuted", with_wrong_sight)):
                what = f"{way}, {order} order, embeddings {word}"
                told = work.part(what, [films * cost(case) for case in asked_so])
                look = partial(_sight, cutter, asked_so, spoil, told)
                sight[what] = (
                    partial(keeper.look, what, asked_so, look, _read_sight) if keeper else look
                )
    pace = work.part("pace", [_cost(case) for case in some] * len(PACES))
    return _Looks(
        heads=partial(inspection.heads, policy, some, advance=heads),
        sight=sight,
        pace=partial(inspection.pace_heeded, own, some, PACES, pace),
    )


def _looked_into(looks: _Looks) -> dict[str, Any]:
    return {
        "heads": {head: asdict(row) for head, row in looks.heads().items()},
        "embeddings": {what: look() for what, look in looks.sight.items()},
        "pace": [asdict(row) for row in looks.pace()],
    }


def _sight(*given: Any) -> dict[str, Any]:
    return asdict(inspection.sight(*given))


def _read_sight(kept: Mapping[str, Any]) -> dict[str, Any]:
    mean, low, high = (float(kept["lost"][end]) for end in ("mean", "low", "high"))
    lost = Interval(mean, low, high, int(kept["lost"]["of"]))
    return asdict(inspection.Sight(lost, float(kept["changed"]), int(kept["cases"])))


def _in_order(cases: Sequence[Case], order: str) -> list[Case]:
    """The same cases asked in one order. Fewer choices are free in recorded order: sight matters
    less there."""
    return [Case(case.pool, replace(case.brief, order=order)) for case in cases]


def simulated_cases(count: int, seed: int, shots: int = 0) -> list[Case]:
    """Simulated pools under the package's styles in turn; of `shots` each where that is not 0."""
    rng = np.random.default_rng([seed, 77, shots] if shots else [seed, 77])
    styles = [load_style(name) for name in style_names()]
    cases: list[Case] = []
    while len(cases) < count:
        world = sample_world(rng, LEAST_SHOTS, MOST_SHOTS)
        pool = simulate(replace(world, shots=shots) if shots else world, rng)
        cases += _case(pool, styles[len(cases) % len(styles)], None, len(cases))
    return cases


def real_cases(pools: Sequence[Pool], seed: int) -> list[Case]:
    """Each real pool in both orders under REAL_STYLES."""
    styles = [load_style(name) for name in REAL_STYLES]
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
