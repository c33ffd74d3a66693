"""Mend a film's trims: other in and out points for its own shots, which stay as they are, in order.

From the last cut back to the first, so that a cut answers to those before it: what a film still
lacks is mended where it was last possible to know of it. A policy that chooses cut by cut can
learn that; a film mended anywhere it can not.

Of how a policy's own films fall behind locally searched ones, most is trims: by lengths that the
style does not ask and a film that ends beside its time.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from editor.cutting.environment import Stage
from editor.cutting.whole import Choice, scores

SWEEPS = 2  # over the film, at most
NEAREST = 48  # pairs tried of a shot, those of about its length first
SHIFT = 0.01  # frames of length that a point's shift counts as: of equal lengths the nearest
Aim = Callable[[Sequence[Choice]], float]  # what a film is worth beside its score


def mend(
    stage: Stage, made: Sequence[Choice], sweeps: int = SWEEPS, aim: Aim | None = None
) -> list[Choice]:
    """The film with better trims, where there are any: never worse than `made`, by its score and
    what it is worth to the aim, and the same each time. Of a film that is not legal, nothing."""
    film = list(made)
    top = float(_worth(stage, [film], aim)[0])
    if top == -torch.inf:
        return []
    for _ in range(sweeps):
        before = top
        for place in reversed(range(len(film))):
            tried = [[*film[:place], cut, *film[place + 1 :]] for cut in others(stage, film[place])]
            if not tried:
                continue
            found = _worth(stage, tried, aim, top)
            at = int(found.argmax())
            if float(found[at]) > top + 1e-6:
                film, top = tried[at], float(found[at])
        if top == before:
            break
    return film


def _worth(
    stage: Stage, films: Sequence[Sequence[Choice]], aim: Aim | None, above: float = -torch.inf
) -> Tensor:
    if aim is None:
        return scores(stage, films, above)
    beside = torch.tensor([aim(film) for film in films])
    return scores(stage, films, above - float(beside.max())) + beside


def others(stage: Stage, cut: Choice) -> list[Choice]:
    """Other pairs of the cut's shot, NEAREST at most, those of about its length first."""
    shot, first, last = cut
    m = stage.material
    pairs = stage.rules.allowed[shot].nonzero()  # (K, 2)
    length = m.length[shot, pairs[:, 0], pairs[:, 1]]
    far = (length - m.length[shot, first, last]).abs().float()
    far += SHIFT * (m.frame[shot, pairs[:, 0]] - m.frame[shot, first]).abs()
    order = far.argsort(stable=True)[: NEAREST + 1]
    found = [(shot, int(a), int(b)) for a, b in pairs[order].tolist() if (a, b) != (first, last)]
    return found[:NEAREST]
