"""Turn runs of ours and of a peer into medians, their ratios, and pictures of learning curves."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np

from editor.bench import table
from editor.bench.peers import JUDGED, OURS, PEER, SEEDS, TRIALS, Curve, Trial
from editor.bench.table import Row

WITHIN = 1.2  # of the peer's median steps
DRAWS = 10_000  # of the bootstrap
COVERED = 0.95  # of the interval


def steps_to_mark(curves: Sequence[Curve], trial: Trial, who: str) -> list[float]:
    """Steps to the mark of each seed; infinite where it was not reached."""
    return [
        float("inf") if curve.reached is None else float(curve.reached)
        for curve in curves
        if (curve.trial, curve.who) == (trial.run_by(who).name, who)
    ]


def rows(curves: Sequence[Curve], trials: Sequence[Trial] = TRIALS) -> list[Row]:
    """Medians: our steps over the peer's where there is a peer and the mark is one that is shared,
    and our own steps to every mark."""
    found = []
    for trial in trials:
        mine = steps_to_mark(curves, trial, OURS)
        if not mine:
            continue
        what = f"{trial.name}: steps to {trial.mark:g}"
        footage = f"{sum(map(np.isfinite, mine))} of {len(mine)} seeds"
        found.append(_row(what, footage, mine, float(trial.budget), "steps"))
        theirs_ = steps_to_mark(curves, trial, PEER)
        if not theirs_:
            continue
        reached = f"{sum(map(np.isfinite, theirs_))} of {len(theirs_)} seeds"
        found.append(_row(f"{what}, {PEER}", reached, theirs_, None, "steps"))
        ratio, low, high = ratio_of(mine, theirs_, paired=trial.alike)
        held = WITHIN if trial.algorithm == "ppo" else None
        name = f"{what}, ours / {PEER}"
        found.append(Row(name, "medians, 95 % interval", ratio, low, high, held, "x", len(mine)))
        if held is not None:
            _, low, high = ratio_of(theirs_, theirs_, SEEDS)
            name = f"{what}, {PEER} / itself, {SEEDS} seeds each"
            found.append(Row(name, "drawn from these", 1.0, low, high, None, "x", len(theirs_)))
    return found


def ratio_of(
    mine: Sequence[float],
    theirs: Sequence[float],
    seeds: int | None = None,
    paired: bool = False,
) -> tuple[float, float, float]:
    """Ratio of the medians, and its bootstrap interval (Efron 1979, percentile): seeds of the two
    sides are drawn anew each on their own, for a seed means nothing across libraries; but together
    where the runs are paired, one for one. seeds: drawn of each; without it as many as there are.
    """
    rng = np.random.default_rng(0)
    together = rng.integers(len(mine), size=(DRAWS, seeds or len(mine))) if paired else None

    def medians(values: Sequence[float]) -> np.ndarray:
        drawn = together
        if drawn is None:
            drawn = rng.integers(len(values), size=(DRAWS, seeds or len(values)))
        found: np.ndarray = np.median(np.asarray(values)[drawn], axis=1)
        return found

    with np.errstate(invalid="ignore"):  # neither side reached the mark: no number
        ratios = medians(mine) / medians(theirs)
        whole = float(np.median(mine) / np.median(theirs))
    ratios = np.where(np.isnan(ratios), np.inf, ratios)
    low, high = np.quantile(ratios, [(1 - COVERED) / 2, (1 + COVERED) / 2], method="nearest")
    return whole, float(low), float(high)


def as_json(curves: Sequence[Curve], found: Sequence[Row]) -> dict[str, object]:
    """Rows and runs as one JSON object; what was not reached is null."""
    return {
        "rows": [
            {
                name: None if isinstance(value, float) and not np.isfinite(value) else value
                for name, value in table.as_json(row).items()
            }
            for row in found
        ],
        "runs": [asdict(curve) for curve in curves],
    }


def _row(what: str, footage: str, each: list[float], target: float | None, unit: str) -> Row:
    return Row(what, footage, median(each), min(each), max(each), target, unit, len(each))


COLOURS = {OURS: "#1f5fa8", PEER: "#d1742a"}


def draw(curves: Sequence[Curve], path: Path, trials: Sequence[Trial] = TRIALS) -> None:
    """Learning curves, a panel a trial: a line a seed, a dot where it reached the mark."""
    from matplotlib.figure import Figure

    shown = [trial for trial in trials if steps_to_mark(curves, trial, OURS)]
    across = 3
    down = -(-len(shown) // across)
    figure = Figure(figsize=(4.4 * across, 3.2 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, trial in zip(panels, shown, strict=False):
        for who, colour in COLOURS.items():
            own = [c for c in curves if (c.trial, c.who) == (trial.run_by(who).name, who)]
            for curve in own:
                panel.plot(curve.steps, curve.mean, color=colour, alpha=0.55, lw=1.2)
                if curve.reached is not None:
                    panel.plot(curve.reached, curve.mean[-1], "o", color=colour, ms=4)
            if own:
                middle = median(steps_to_mark(curves, trial, who))
                words = f"{who}: median {middle:,.0f}" if np.isfinite(middle) else who
                panel.plot([], [], color=colour, label=words)
        panel.axhline(trial.mark, color="0.4", lw=0.8, ls="--")
        panel.set_title(f"{trial.name}, mark {trial.mark:g}", fontsize=10)
        panel.set_xlabel("steps in the task")
        panel.locator_params(axis="x", nbins=6)  # numbers of five figures run into each other
        panel.set_ylabel(f"mean return of {JUDGED} episodes")
        panel.set_xlim(left=0)
        panel.legend(fontsize=8, loc="lower right", frameon=False)
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    figure.savefig(path, dpi=110)
