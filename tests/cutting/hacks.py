"""Ways to cut that an editor would laugh at, to see that the reward laughs too."""

from collections.abc import Callable

import torch
from torch import Tensor

from editor.cutting import search
from editor.cutting.environment import Films, Stage
from editor.cutting.search import Choice


def _greedy(wish: Callable[[Stage, Films, Tensor], Tensor]) -> Callable[[Stage, int], list[Choice]]:
    """Always the legal cut of the greatest wish (N, P, P), until the film may stop."""

    def way(stage: Stage, seed: int) -> list[Choice]:
        m = stage.material
        every = torch.arange(m.size)

        def pick(films: Films) -> Choice | None:
            mask = stage.shot_mask(films)[0]
            if mask[-1]:
                return None
            rows = films.select(torch.zeros(m.size, dtype=torch.int64))
            legal = stage.pair_mask(rows, every) & mask[:-1, None, None]
            at = int(torch.where(legal, wish(stage, films, legal), -1e9).argmax())
            shot, pair = divmod(at, m.points * m.points)
            return shot, pair // m.points, pair % m.points

        return search.play(stage, pick)

    return way


def _mean(stage: Stage, name: str) -> Tensor:
    """(N, P, P): mean of a total over every cut."""
    m = stage.material
    points = torch.arange(m.points)
    shot = torch.arange(m.size)[:, None, None]
    return m.mean(name, shot, points[None, :, None], points[None, None, :])


def _again(stage: Stage, films: Films, legal: Tensor) -> Tensor:
    same = torch.arange(stage.material.size) == films.progress.shot[0]
    return same[:, None, None].float() - stage.material.length / 1e4


def _strobe(stage: Stage, films: Films, legal: Tensor) -> Tensor:
    """Back and forth between two shots for as long as the rules allow."""
    m = stage.material
    shown = films.progress.shown[0] > 0.8
    last = torch.arange(m.size) == films.progress.shot[0]
    return (shown & ~last)[:, None, None].float() - m.length / 1e4


HACKS = {
    "flash frames": _greedy(lambda stage, films, legal: -stage.material.length.float()),
    "one shot repeated": _greedy(_again),
    "near black": _greedy(lambda stage, films, legal: -_mean(stage, "exposure")),
    "longest static": _greedy(
        lambda stage, films, legal: (
            stage.material.length / stage.material.rate * (1 - _mean(stage, "motion"))
        )
    ),
    "strobing": _greedy(_strobe),
    "most saturated": _greedy(lambda stage, films, legal: _mean(stage, "saturation")),
    "in order, uncut": _greedy(
        lambda stage, films, legal: (
            stage.material.length - 1e4 * stage.material.rank[:, None, None].float()
        )
    ),
}
