"""Hold simulated pools against real footage: what shots have in common in either.

`python -m editor.bench.lifelike FOOTAGE...` prints a table, a row a shoot.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from editor import looking
from editor.config import Config, load_style
from editor.cutting.pool import Pool, build
from editor.errors import EditorError
from editor.footage.cache import Cache
from editor.learning.lifelike import SHARED, Alike, measure
from editor.learning.simulate import World, plain_world, sample_world, simulate
from editor.progress import Lines, printable

WORLDS = 60  # simulated pools a row
SHOTS = 5, 200  # of each
HEAD = (
    "footage", "shots", "cosine in a shot", "of a set-up's shots", "of other set-ups",
    "s between points", "silent", *(f"{name} by set-up" for name in SHARED),
)  # fmt: skip
Draw = Callable[[np.random.Generator, int, int], World]
KINDS: dict[str, Draw] = {"simulated": sample_world, "plain simulated": plain_world}


def worlds(draw: Draw, low: int = SHOTS[0], high: int = SHOTS[1], seed: int = 0) -> list[Pool]:
    """Simulated pools of `low` to `high` shots, of worlds that are drawn."""
    rng = np.random.default_rng(seed)
    return [simulate(draw(rng, low, high), rng) for _ in range(WORLDS)]


def row(name: str, found: list[Alike]) -> str:
    """A row of the table: of one pool its figures, of several the medians and in brackets the 10th
    and the 90th percentile of what each of them has in the middle."""

    def told(values: list[float]) -> str:
        some = [value for value in values if np.isfinite(value)]
        if not some:
            return "-"
        low, middle, high = np.quantile(some, [0.1, 0.5, 0.9])
        return f"{middle:.2f}" if len(values) == 1 else f"{middle:.2f} [{low:.2f}, {high:.2f}]"

    columns = [told([a.within[1] for a in found if a.within])]
    columns += [told([a.takes[1] for a in found if a.takes])]
    columns += [told([a.apart[1] for a in found if a.apart])]
    columns += [told([a.every for a in found]), told([a.silent for a in found])]
    columns += [told([a.shared[name] for a in found]) for name in SHARED]
    size = f"{found[0].shots}" if len(found) == 1 else f"{len(found)} pools"
    return " | ".join([f"| {name}", size, *columns]) + " |"


def main(words: list[str] | None = None) -> int:
    """Print the table. 2 where footage cannot be used, which is said in a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("footage", type=Path, nargs="+", help="folders, each a shoot")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="holds the cache")
    asked = parser.parse_args(words)
    try:
        rows = [_row_of(folder, asked.outputs) for folder in asked.footage]
    except EditorError as err:
        print(f"lifelike: {printable(str(err))}", file=sys.stderr)
        return 2
    rows += [row(name, [measure(pool) for pool in worlds(draw)]) for name, draw in KINDS.items()]
    print("| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|", *rows, sep="\n")
    return 0


def _row_of(folder: Path, outputs: Path) -> str:
    style = load_style("default")
    config = Config(footage=(folder,), outputs=outputs, style=style)
    seen = looking.look(config, Cache(config.cache), looking.Stages(Lines(sys.stderr)))
    return row(folder.name, [measure(build(seen.clips, seen.analyses, style))])


if __name__ == "__main__":
    raise SystemExit(main())
