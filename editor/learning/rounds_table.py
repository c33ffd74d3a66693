"""Turn what simulated editors left to correct into a table: means, changes, intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from editor.cutting import evaluation

ARMS = ("prior", "bradley-terry", "bradley-terry + ppo", "cloning", "dpo")


@dataclass(frozen=True)
class Row:
    """One editor, seed, share of mistakes, arm and number of corrected films."""

    editor: str
    kind: str
    seed: int
    wrong: float
    arm: str
    films: int
    distance: float  # corrections a cut of the editor's film, mean over unseen pools
    corrections: float  # the same, not divided
    accuracy: float  # of preferences between films of unseen pools; NaN: the arm has no reward
    regret: float  # score by the editor's own reward lost against the best film known, mean
    promoted: bool  # whether a retraining on these films was promoted


def summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Mean and interval of every arm and count, by kind of editor and share of mistakes; changes
    are paired with the same editor and seed before anything was learned."""
    start = {(r.editor, r.seed, r.wrong): r for r in rows if r.arm == "prior"}
    found = []
    for wrong in sorted({row.wrong for row in rows}):
        for kind in ("all", "inside", "outside", "random"):
            for arm in ARMS:
                some = [
                    row
                    for row in rows
                    if row.arm == arm and row.wrong == wrong
                    and (row.kind == kind or (kind == "all" and row.kind != "random"))
                ]  # fmt: skip
                for films in sorted({row.films for row in some}):
                    group = [row for row in some if row.films == films]
                    found.append(_line(wrong, kind, arm, films, group, start))
    return found


def by_editor(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The same of every editor, by arm, count and share of mistakes."""
    start = {(r.editor, r.seed, r.wrong): r for r in rows if r.arm == "prior"}
    groups: dict[tuple[float, str, str, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.wrong, row.editor, row.arm, row.films), []).append(row)
    return [_line(*key, some, start) for key, some in groups.items()]


def _line(
    wrong: float,
    kind: str,
    arm: str,
    films: int,
    group: Sequence[Row],
    start: dict[tuple[str, int, float], Row],
) -> dict[str, Any]:
    before = np.array([start[r.editor, r.seed, r.wrong].distance for r in group])
    after = np.array([r.distance for r in group])
    return {
        "wrong": wrong,
        "editors": kind,
        "arm": arm,
        "films": films,
        "n": len(group),
        "distance": asdict(evaluation.interval(after.tolist())),
        "corrections": float(np.mean([r.corrections for r in group])),
        "change": asdict(_change(before, after)),
        "accuracy": _mean([r.accuracy for r in group]),
        "regret": _mean([r.regret for r in group]),
        "promoted": float(np.mean([r.promoted for r in group])),
    }


def _mean(values: Sequence[float]) -> float:
    """Of the values that are known; NaN where none is."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _change(before: np.ndarray, after: np.ndarray, seed: int = 0) -> evaluation.Interval:
    """Relative change of the mean distance, with a bootstrap interval over editors and seeds."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(before), size=(evaluation.RESAMPLES, len(before)))
    ratios = after[drawn].mean(1) / before[drawn].mean(1).clip(min=1e-9) - 1
    low, high = np.quantile(ratios, [0.025, 0.975])
    return evaluation.Interval(float(after.mean() / before.mean() - 1), float(low), float(high))


def text(lines: Sequence[dict[str, Any]]) -> str:
    """The table for people."""
    said = [
        "Simulated editors; change of the edit distance on unseen pools [95 % interval]",
        f"{'wrong':6}{'editors':9}{'arm':21}{'films':>5}{'n':>4}{'distance':>10}{'change':>9}"
        f"{'':20}{'accuracy':>9}{'regret':>8}{'promoted':>9}",
    ]
    for line in lines:
        change = line["change"]
        said.append(
            f"{line['wrong']:<6.0%}{line['editors']:9}{line['arm']:21}{line['films']:>5}"
            f"{line['n']:>4}{line['distance']['mean']:>10.2f}{change['mean']:>+9.0%}"
            f" [{change['low']:+.0%}, {change['high']:+.0%}]".ljust(20)
            + f"{line['accuracy']:>9.2f}{line['regret']:>8.2f}{line['promoted']:>9.0%}"
        )
    return "\n".join(said)
