"""Make finished films that nobody cut: what analysis and the eye would have said of them."""

import numpy as np

from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.learning.edited import Edited, as_material
from editor.measures.seen import Views
from tests.cutting import analyses


def film(lengths: list[float], looks: list[int], seed: int = 0) -> tuple[Clip, Analysis]:
    """A film at 25 frames a second of shots of such lengths (s) and looks."""
    ends = np.round(np.cumsum(lengths), 2)
    return analyses.shot(
        f"film {seed}.mp4",
        float(ends[-1]),
        cuts=[float(end) for end in ends[:-1]],
        looks=looks,
        seed=seed,
        sound_on=False,
    )


def scenes(count: int, seed: int) -> tuple[Clip, Analysis]:
    """A film of scenes, each cut back and forth between two looks; lengths have memory."""
    rng = np.random.default_rng(seed)
    level, lengths, looks = 0.0, [], []
    for number in range(count):
        level = 0.5 * level + 0.85 * rng.normal()
        lengths.append(round(float(np.clip(2.8 * np.exp(0.6 * level), 0.8, 12.0)), 2))
        looks.append(100 * seed + 2 * (number // 6) + number % 2)
    return film(lengths, looks, seed)


def edited(count: int = 24, seed: int = 1) -> Edited:
    """Such a film as material."""
    clip, known = scenes(count, seed)
    return as_material(clip, known, known.shots, f"Film {seed}", f"film-{seed}")


def views(size: int, seed: int, scene: int = 5, back: bool = True) -> Views:
    """What may be seen of a film of scenes; where `back`, cut to and fro between two set-ups."""
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((size // scene + 1, 32))
    sides = 0.7 * rng.standard_normal((size // scene + 1, 2, 32))
    rows = []
    for shot in range(size):
        side = sides[shot // scene, shot % 2 if back else 0]
        rows.append(places[shot // scene] + side + 0.35 * rng.standard_normal((5, 32)))
    embedding = np.stack(rows)
    embedding /= np.linalg.norm(embedding, axis=-1, keepdims=True)
    colour = np.abs(embedding) + 0.05
    return Views(
        film=f"film-{seed}",
        seconds=rng.uniform(1, 6, size).astype(np.float32),
        embedding=embedding.astype(np.float32),
        colour=(colour / colour.sum(-1, keepdims=True)).astype(np.float32),
        thumb=rng.uniform(0, 1, (size, 5, 9, 16, 3)).astype(np.float32),
        face=np.zeros((size, 5, 4), np.float32),
        ends=rng.uniform(0, 1, (size, 2, 6)).astype(np.float32),
    )
