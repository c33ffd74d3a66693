"""Tell how near films that were cut like a finished one come to its shot lengths, beside films in a
style that knows nothing of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np

from editor.cutting.evaluation import interval
from editor.learning.like import Liking
from editor.progress import Advance

# Which shoot, what its film is to be like, which seed -> (T,) the lengths of its cuts in seconds.
Made = Callable[[int, Liking | None, int], np.ndarray]


@dataclass(frozen=True)
class Pair:
    """Films of one shoot, cut like one reference and not, paired by seed: S seeds."""

    shoot: str
    reference: str
    like: tuple[float, ...]  # (S,) Wasserstein-1 distance of natural log shot lengths
    plain: tuple[float, ...]  # (S,) the same of films in the style itself
    cuts: tuple[float, float]  # mean number of cuts of the one and the other

    @property
    def nearer(self) -> int:
        """Seeds whose film that is cut like the reference is the nearer one."""
        return sum(one < other for one, other in zip(self.like, self.plain, strict=True))


def compare(
    shoots: Sequence[str],
    references: Sequence[tuple[str, Liking]],  # by the names that they are told by
    seeds: int,
    made: Made,
    advance: Advance,
) -> list[Pair]:
    """Cut every shoot like every reference, and in the style itself."""
    rows: list[Pair] = []
    for at, shoot in enumerate(shoots):
        plain = [made(at, None, turn) for turn in range(seeds)]
        for reference, liking in references:
            advance(len(rows), len(shoots) * len(references), f"{shoot} like {reference}")
            like = [made(at, liking, turn) for turn in range(seeds)]
            away = [tuple(liking.away(film) for film in films) for films in (like, plain)]
            rows.append(Pair(shoot, reference, away[0], away[1], (_cuts(like), _cuts(plain))))
    advance(len(rows), len(rows), "")
    return rows


def lengths(kept: Mapping[str, Any]) -> np.ndarray:
    """(T,) lengths of a film's cuts in seconds, as they were kept. Raises ValueError for none."""
    found = np.array([float(length) for length in kept["lengths"]])
    if not len(found) or not bool((found > 0).all()):
        raise ValueError("a film without lengths")
    return found


def _cuts(films: Sequence[np.ndarray]) -> float:
    return float(np.mean([len(film) for film in films]))


@dataclass(frozen=True)
class Table:
    """Every shoot beside every reference."""

    style: str
    rows: Sequence[Pair]
    seed: int

    def as_json(self) -> dict[str, Any]:
        """All figures under their names."""
        return {
            "style": self.style,
            "rows": [
                {
                    **asdict(row),
                    "like": {"each": row.like, **asdict(interval(row.like, self.seed))},
                    "plain": {"each": row.plain, **asdict(interval(row.plain, self.seed))},
                    "nearer": row.nearer,
                }
                for row in self.rows
            ],
        }

    def text(self) -> str:
        """A page for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield "Films cut like finished ones: how far their shot lengths lie from those of the"
        yield "finished film (Wasserstein distance of natural logs), beside films of the same"
        yield f"footage in style {self.style}; mean of the seeds and its 95 % interval."
        for shoot, rows in groupby(self.rows, lambda row: row.shoot):
            heads = f"{'cut like it':>20}{'cuts':>6}{'the style':>20}{'cuts':>6}{'nearer':>12}"
            yield f"\n{shoot:30}{heads}"
            for row in rows:
                cells = [
                    f"{_cell(values, self.seed):>20}{cuts:>6.1f}"
                    for values, cuts in zip((row.like, row.plain), row.cuts, strict=True)
                ]
                count = f"{row.nearer} of {len(row.like)}"
                yield f"  {row.reference:28}{''.join(cells)}{count:>12}"
        near = [float(np.mean(row.like)) < float(np.mean(row.plain)) for row in self.rows]
        yield f"\nNearer on average in {sum(near)} of {len(near)} rows."


def _cell(values: Sequence[float], seed: int) -> str:
    if len(values) == 1:
        return f"{values[0]:.2f}"
    mean = interval(values, seed)
    return f"{mean.mean:.2f} [{mean.low:.2f}, {mean.high:.2f}]"
