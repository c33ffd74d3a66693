"""Choose cuts by looking at the reward: proposals, greedy choice and beam search, one at a time or
many films together.

B films, N shots, P cut points, K candidates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.rules import NEVER
from editor.cutting.whole import ROOM
from editor.cutting.whole import Choice as Choice

SKETCHES = 6  # legal pairs by which a shot is judged before all its pairs are looked at
RIVALS = 3  # next-best choices named with each cut
SHOTLIST = 24  # shots whose every legal pair is then scored: the stated top-k of search


@dataclass(frozen=True)
class Proposals:
    """The best next cuts of each film, best first; `gain` -inf where there are fewer than K."""

    shot: Tensor  # (B, K) int64
    first: Tensor  # (B, K) int64
    last: Tensor  # (B, K) int64
    gain: Tensor  # (B, K) float32, step reward
    scored: int  # candidates whose reward was looked at


def propose(stage: Stage, films: Films, count: int, generator: torch.Generator) -> Proposals:
    """The `count` best next cuts by step reward: every legal pair of the SHOTLIST shots whose
    SKETCHES random legal pairs promise most."""
    m = stage.material
    mask = stage.shot_mask(films)[:, :-1]
    width = min(m.size, int(mask.sum(1).max()))
    if not width:
        nothing = torch.zeros(len(mask), 0, dtype=torch.int64)
        return Proposals(nothing, nothing, nothing, torch.zeros(len(mask), 0), 0)
    legal, shots = mask.float().topk(width, 1)
    pairs = _pairs(stage, films, shots, legal.bool())
    scored = 0
    if width > SHOTLIST:
        noise = torch.rand(pairs.shape, generator=generator).masked_fill(~pairs, -1.0)
        best, index = noise.topk(min(SKETCHES, noise.shape[-1]), -1)  # (B, S, K)
        gain = _gains(stage, films, shots, index, best > 0)
        scored += gain.numel()
        keep = gain.max(-1).values.topk(SHOTLIST, 1).indices
        shots = shots.gather(1, keep)
        pairs = pairs.gather(1, keep[..., None].expand(-1, -1, pairs.shape[-1]))
    dense = int(pairs.sum(-1).max())
    legal, index = pairs.float().topk(dense, -1)
    gain = _gains(stage, films, shots, index, legal.bool())
    scored += gain.numel()
    best, at = gain.flatten(1).topk(min(count, gain[0].numel()), 1)
    pair = index.flatten(1).gather(1, at)
    return Proposals(shots.gather(1, at // dense), pair // m.points, pair % m.points, best, scored)


def rivals(stage: Stage, films: Films, made: Sequence[Choice]) -> list[list[Choice]]:
    """For each of B films under way and the cut `made` (B) next, what else would have done best by
    step reward: of each of RIVALS other shots its best pair, best first; of the same shot only
    where there is no other.

    A shot is judged by the pair that is nearest in length, since that is what would stand there.
    """
    m = stage.material
    each = max(1, ROOM // (m.size * m.points**2))
    found: list[list[Choice]] = []
    for first in range(0, len(made), each):
        rows = torch.arange(first, min(first + each, len(made)))
        found += _rivals(stage, films.select(rows), made[first : first + each])
    return found


def _rivals(stage: Stage, films: Films, made: Sequence[Choice]) -> list[list[Choice]]:
    m = stage.material
    mine = torch.tensor(made)  # (B, 3)
    mask = stage.shot_mask(films)[:, :-1]
    legal, shots = mask.float().topk(min(m.size, int(mask.sum(1).max())), 1)  # (B, S)
    pairs = _pairs(stage, films, shots, legal.bool())  # (B, S, P * P)
    wanted = m.length[tuple(mine.T)][:, None, None]
    apart = (m.length[shots].flatten(2) - wanted).abs().masked_fill(~pairs, NEVER)
    nearest = apart.argmin(-1, keepdim=True)
    sketch = _gains(stage, films, shots, nearest, pairs.gather(2, nearest))[..., 0]
    keep = sketch.topk(min(RIVALS + 1, shots.shape[1]), 1).indices
    shots = shots.gather(1, keep)
    pairs = pairs.gather(1, keep[..., None].expand(-1, -1, pairs.shape[-1]))
    legal, index = pairs.float().topk(int(pairs.sum(-1).max()), -1)
    gain = _gains(stage, films, shots, index, legal.bool())
    order = gain.flatten(1).sort(1, descending=True)
    found = []
    for row, choice in enumerate(made):
        ranked = order.indices[row][order.values[row] > -torch.inf]
        pair = index[row].flatten()[ranked]
        shot = shots[row][ranked // index.shape[-1]]
        rows = torch.stack([shot, pair // m.points, pair % m.points], 1).tolist()
        found.append(_distinct([(s, i, o) for s, i, o in rows], choice))
    return found


def _distinct(ranked: Sequence[Choice], mine: Choice) -> list[Choice]:
    """The first choice of each other shot; of the same shot only where there is no other."""
    others: dict[int, Choice] = {}
    for choice in ranked:
        others.setdefault(choice[0], choice)
    others.pop(mine[0], None)
    found = list(others.values()) or [choice for choice in ranked if choice != mine]
    return found[:RIVALS]


def _pairs(stage: Stage, films: Films, shots: Tensor, legal: Tensor) -> Tensor:
    """(B, S, P * P) bool: legal pairs of shots (B, S), none where a shot is not `legal`."""
    film, place = torch.nonzero(legal, as_tuple=True)
    found = torch.zeros(*shots.shape, stage.material.points**2, dtype=torch.bool)
    asked = Films(films.state.select(film), films.progress, films.done[film])
    found[film, place] = stage.pair_mask(asked, shots[film, place]).flatten(1)
    return found


def _gains(stage: Stage, films: Films, shots: Tensor, pair: Tensor, valid: Tensor) -> Tensor:
    """(B, S, K) step rewards of pairs (B, S, K) of shots (B, S); -inf where not valid."""
    points = stage.material.points
    shot = shots[..., None].expand_as(pair).flatten(1)
    flat = pair.flatten(1)
    gain, _ = stage.reward.preview(films.progress, shot, flat // points, flat % points)
    return gain.reshape(pair.shape).masked_fill(~valid, -torch.inf)


def beam(stage: Stage, width: int, seed: int, branch: int = 8) -> list[Choice]:
    """Keep the `width` best-scoring prefixes, each grown by its `branch` best cuts, until all have
    stopped; the best film of all that may stop. Width 1, branch 1 is the greedy cutter."""
    generator = torch.Generator().manual_seed(seed)
    films = stage.start(1)
    paths: list[list[Choice]] = [[]]
    best: tuple[float, list[Choice]] = (-torch.inf, [])
    while paths:
        may_stop = stage.shot_mask(films)[:, -1].tolist()
        for row, stops in enumerate(may_stop):
            score = float(films.progress.score[row])
            if stops and score > best[0]:
                best = score, paths[row]
        found = propose(stage, films, branch, generator)
        if not found.gain.numel():
            break
        total = (films.progress.score[:, None] + found.gain).flatten()
        top = total.topk(min(width, len(total)))
        keep = top.indices[top.values > -torch.inf]
        if not len(keep):
            break
        each = found.gain.shape[1]
        parent = keep // each
        shot, first, last = (t.flatten()[keep] for t in (found.shot, found.first, found.last))
        films, _, _ = stage.step(films.select(parent), shot, first, last)
        rows = zip(parent.tolist(), shot.tolist(), first.tolist(), last.tolist(), strict=True)
        paths = [[*paths[p], (s, i, o)] for p, s, i, o in rows]
    return best[1]


def greedy(stage: Stage, seed: int) -> list[Choice]:
    """Always the cut that adds most; stops where it may and no cut adds anything."""
    generator = torch.Generator().manual_seed(seed)

    def pick(films: Films) -> Choice | None:
        found = propose(stage, films, 1, generator)
        stops = bool(stage.shot_mask(films)[0, -1])
        if not found.gain.numel() or (stops and float(found.gain[0, 0]) <= 0):
            return None
        return int(found.shot[0, 0]), int(found.first[0, 0]), int(found.last[0, 0])

    return play(stage, pick)


def play(stage: Stage, pick: Callable[[Films], Choice | None], scored: bool = True) -> list[Choice]:
    """Cut one film by a rule that names the next cut, or None to stop.

    scored: the rule looks at what the film scores; without, that is not worked out.
    """
    films, made = stage.start(1), list[Choice]()
    while stage.shot_mask(films)[0, :-1].any():
        choice = pick(films)
        if choice is None:
            break
        cut = [torch.tensor([value]) for value in choice]
        if scored:
            films, _, _ = stage.step(films, *cut)
        else:
            films = stage.follow(films, *cut)
        made.append(choice)
    return made
