"""Measure every reward term over random films of training pools, so that terms weigh alike.

`python -m editor.learning.statistics` writes models/weights/terms.json again.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from editor.cutting import reward
from editor.cutting.environment import Stage, make_stage
from editor.cutting.reward import CUT_TERMS, FILM_TERMS
from editor.errors import EditorError
from editor.learning.curriculum import sample_brief
from editor.learning.simulate import plain_world, simulate

MODULE = "editor.learning.statistics"
POOLS = 400
FILMS = 8  # random films a pool


def random_films(
    stage: Stage, films: int, generator: torch.Generator
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Raw per-cut terms (C,) of every cut but the first, and whole-film terms (B, W), of films
    whose every choice is any legal one."""
    under_way, rows = stage.start(films), []
    while not bool(under_way.done.all()):
        mask = stage.shot_mask(under_way)
        shot = torch.multinomial(mask.float(), 1, generator=generator)[:, 0]
        pairs = stage.pair_mask(under_way, shot).flatten(1)
        pair = torch.multinomial(pairs.float(), 1, generator=generator)[:, 0]
        points = stage.material.points
        joins = (under_way.progress.shot >= 0) & (shot != stage.stop)
        under_way, _, raw = stage.step(under_way, shot, pair // points, pair % points)
        rows += list(raw[joins])
    return rows, stage.reward.film_terms(under_way.progress)


def measure(pools: int, seed: int) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of every raw term."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    neutral = {name: (0.0, 1.0) for name in reward.TERMS}
    cuts: list[torch.Tensor] = []
    beats: list[torch.Tensor] = []
    whole: list[torch.Tensor] = []
    for _ in range(pools):
        pool = simulate(plain_world(rng, 5, 300), rng)
        brief = sample_brief(pool, rng)
        try:
            stage = make_stage(pool, brief, neutral)
        except EditorError:
            continue
        rows, ends = random_films(stage, FILMS, generator)
        cuts += rows
        whole += list(ends)
        if len(brief.beats):
            beats += [row[CUT_TERMS.index("on_the_beat")] for row in rows]
    table = torch.stack(cuts)
    found = {
        name: (float(table[:, n].mean()), float(table[:, n].std()))
        for n, name in enumerate(CUT_TERMS)
    }
    heard = torch.stack(beats)
    found["on_the_beat"] = (float(heard.mean()), float(heard.std()))
    ends = torch.stack(whole)
    for n, name in enumerate(FILM_TERMS):
        found[name] = (float(ends[:, n].mean()), float(ends[:, n].std()))
    return found


def main() -> None:
    """Write the statistics file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=reward.STATISTICS)
    parser.add_argument("--pools", type=int, default=POOLS)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    terms = {
        name: [round(v, 4) for v in pair] for name, pair in measure(asked.pools, asked.seed).items()
    }
    table = {
        "made_by": f"python -m {MODULE} --pools {asked.pools} --seed {asked.seed}",
        "what": "mean and standard deviation of each raw term, random films of simulated pools",
        "terms": terms,
    }
    asked.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
