"""Draw what was examined: every cutter's score with its interval and time, and the heads."""

import io
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from editor.film.pacing import BRIGHT, DPI, GROUND, HIGH, LOW, QUIET, RULE, SUNK, TEXT
from editor.film.storyboard import save_png

WIDTH = 14.0  # in
ROW = 0.34  # in, height of a cutter's row
FURNITURE = 1.5  # in, of titles and axes
HEADS = 2.2  # in, height of the heads' histograms


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the picture as a PNG, whole or not at all. Raises OutputError."""
    groups = [name for name in ("simulated", "real") if name in found]
    rows = max(len(found[name]["cutters"]) for name in groups)
    heads = found.get("heads", {})
    below = HEADS if heads else 0.01  # in
    height = rows * ROW + below + (2 if heads else 1.2) * FURNITURE
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=GROUND)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2, 6, height_ratios=[rows * ROW, below], hspace=0.42, wspace=1.6,
        left=0.13, right=0.97, top=1 - 0.9 / height, bottom=0.6 / height,
    )  # fmt: skip
    figure.suptitle(
        f"Policy {found['policy']} beside plain ways to cut: mean film score, 95 % interval"
        f" over shoots and cases, {found['seeds']} seed{'' if found['seeds'] == 1 else 's'}",
        color=BRIGHT, fontsize=TEXT + 3, x=0.02, ha="left",
    )  # fmt: skip
    width = 6 // len(groups)
    for place, name in enumerate(groups):
        axes = figure.add_subplot(grid[0, place * width : (place + 1) * width])
        _scores(axes, f"{found[name]['cases']} {name} cases", found[name]["cutters"], found)
    for place, (head, row) in enumerate(heads.items()):
        _head(figure.add_subplot(grid[1, 2 * place : 2 * place + 2]), head, row)
    held = io.BytesIO()
    figure.savefig(held, format="png", facecolor=GROUND)
    held.seek(0)
    save_png(Image.open(held), path)


def _scores(axes: Axes, title: str, cutters: dict[str, Any], found: dict[str, Any]) -> None:
    """A row a cutter, the best on top: mean and interval, with its CPU time."""
    ranked = sorted(cutters, key=lambda name: cutters[name]["score"]["mean"])
    for place, name in enumerate(ranked):
        score = cutters[name]["score"]
        colour = HIGH if name.startswith(found["policy"]) else LOW
        axes.plot([score["low"], score["high"]], [place, place], color=colour, linewidth=3)
        axes.plot([score["mean"]], [place], "o", color=colour, markersize=7)
        axes.annotate(
            f"{cutters[name]['seconds']:.2f} s", (score["high"], place), xytext=(8, 0),
            textcoords="offset points", color=QUIET, va="center", fontsize=TEXT - 2,
        )  # fmt: skip
    axes.set_yticks(range(len(ranked)), ranked)
    axes.margins(x=0.16)
    _dress(axes, f"{title}; CPU seconds a film")


def _head(axes: Axes, head: str, row: dict[str, Any]) -> None:
    """Where among the legal choices a head's choices lie, first to last."""
    bins = row["histogram"]
    axes.bar(range(len(bins)), bins, color=HIGH, width=0.9)
    axes.set_xticks([0, len(bins) - 1], ["first legal", "last legal"])
    said = f"{head}: entropy {row['share']:.0%} of even, ends {row['ends']:.0%}"
    _dress(axes, said)


def _dress(axes: Axes, title: str) -> None:
    axes.set_facecolor(SUNK)
    axes.set_title(title, color=BRIGHT, fontsize=TEXT, loc="left")
    axes.tick_params(colors=QUIET, labelsize=TEXT - 1)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(RULE)
