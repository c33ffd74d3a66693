"""Score whole films at once: what stepping through them comes to, in few and large steps.

Every cut's terms and legality are those of the film before it, so one cheap walk notes what the
films have come to before each cut, and the costly questions are then asked of many cuts together.

B films, T cuts of the longest, N shots, P cut points, R rows: cuts of several films and steps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.passed import Passed
from editor.cutting.reward import CUT_TERMS
from editor.cutting.state import State
from editor.cutting.terms import Progress

Choice = tuple[int, int, int]  # shot, in point, out point
ROOM = 1_000_000  # elements of the widest table of a block of rows: what a processor's cache holds
Batch = TypeVar("Batch", State, Progress)


@dataclass(frozen=True)
class Script:
    """Films written down: `cuts` beyond a film's own `count` repeat its last."""

    cuts: Tensor  # (T, 3, B) int64: shot, in point, out point
    count: Tensor  # (B,) int64

    @classmethod
    def of(cls, films: Sequence[Sequence[Choice]]) -> "Script":
        """Write films down."""
        longest = max((len(film) for film in films), default=0)
        rows = [
            [*film, *[film[-1] if film else (0, 0, 0)] * (longest - len(film))] for film in films
        ]
        values = chain.from_iterable(chain.from_iterable(rows))  # flat: torch reads nests slowly
        flat = np.fromiter(values, np.int64, len(films) * longest * 3)
        cuts = torch.from_numpy(flat).view(len(films), longest, 3)
        return cls(cuts.permute(1, 2, 0), torch.tensor([len(film) for film in films]))

    def rows(self, index: Tensor) -> "Script":
        """Some of the films."""
        count = self.count[index]
        return Script(self.cuts[: int(count.max()), :, index], count)


@dataclass(frozen=True)
class _Block(Generic[Batch]):
    """Some steps of a walk, as rows: step by step, within a step film by film."""

    steps: int
    going: Tensor  # (R,) bool: the film has that cut
    before: Batch  # R films
    cut: tuple[Tensor, Tensor, Tensor]  # (R,) each


def scores(stage: Stage, films: Sequence[Sequence[Choice]], above: float = -torch.inf) -> Tensor:
    """(B,) float32 score of each whole film; -inf where a cut or the stop is not legal, and where
    the score is not `above`: whether a film that is of no interest is legal is the costly question,
    and is not asked.
    """
    found = torch.full((len(films),), -torch.inf)
    there = torch.tensor([index for index, film in enumerate(films) if film], dtype=torch.int64)
    script = Script.of([film for film in films if film])
    hopeful = torch.nonzero(_hopeful(stage, script))[:, 0]
    if not len(hopeful):
        return found
    script = script.rows(hopeful)
    score = _finished(stage, stage.reward.start(len(hopeful)), script).score
    better = torch.nonzero(score > above)[:, 0]
    if len(better):
        legal = better[_walkable(stage, script.rows(better))]
        found[there[hopeful[legal]]] = score[legal]
    return found


def play(stage: Stage, films: Sequence[Sequence[Choice]]) -> tuple[Progress, Tensor]:
    """What whole films (B) come to, and which of them are legal, stop included: (B,) bool. An
    illegal one comes to what its cuts are worth, whatever the masks say of them."""
    if not films:
        return stage.reward.start(0), torch.zeros(0, dtype=torch.bool)
    script = Script.of(films)
    return _finished(stage, stage.reward.start(len(films)), script), _legal(stage, script)


def plausible(stage: Stage, films: Sequence[Sequence[Choice]]) -> Tensor:
    """(B,) bool: films of at least one cut that by pairs, order and length may be legal; a cheap
    look that most of what is drawn at random does not pass."""
    script, m, rules = Script.of(films), stage.material, stage.rules
    shot, first, last = script.cuts.unbind(1)  # (T, B) each
    there = torch.arange(len(shot))[:, None] < script.count
    length = (m.length[shot, first, last] * there).sum(0)
    fine = rules.allowed[shot, first, last].all(0) & (length >= rules.low) & (length <= rules.high)
    if rules.order == "recorded":
        fine &= (m.rank[shot[1:]] >= m.rank[shot[:-1]]).all(0)
    return fine


def finished(stage: Stage, start: Progress, films: Sequence[Sequence[Choice]]) -> Progress:
    """What films (B) that begin as `start` (B) have come to after further cuts, at least one each,
    whether or not the rules would allow them."""
    return _finished(stage, start, Script.of(films))


@dataclass(frozen=True)
class Told:
    """One film, cut by cut."""

    before: Films  # T films: what it had come to before each cut
    whole: Progress  # the one film, finished
    gain: Tensor  # (T,) float32, step rewards: they sum to the film's score
    raw: Tensor  # (T, C) float32, raw terms of each cut


def told(stage: Stage, film: Sequence[Choice]) -> Told:
    """Tell a film of at least one cut as stepping through it would, at once."""
    script, reward, start = Script.of([film]), stage.reward, stage.start(1)
    ends: list[tuple[Tensor, Progress]] = []
    blocks = list(_walk(stage, start.progress, reward.follow, script, ends))
    raw = torch.cat([_raw(stage, block) for block in blocks])
    sums = [row for block in blocks for row in _weighed(stage, block)]
    whole = _scored(stage, _ended(ends), sums)
    so_far = [start.progress.sums]
    for row in sums:
        so_far.append(so_far[-1] + row)
    before = replace(_joined([block.before for block in blocks]), sums=torch.cat(so_far[:-1]))
    before = replace(before, score=reward.score(before))
    gain = torch.cat([before.score[1:], whole.score]) - before.score
    states = [block.before for block in _walk(stage, start.state, stage.rules.step, script, [])]
    films = Films(_joined(states), before, torch.zeros(len(film), dtype=torch.bool))
    return Told(films, whole, gain, raw[:, : len(CUT_TERMS)])


# --- the walk -------------------------------------------------------------------------------------


def _walk(
    stage: Stage,
    films: Batch,
    step: Callable[[Batch, Tensor, Tensor, Tensor], Batch],
    script: Script,
    ends: list[tuple[Tensor, Batch]],
) -> Iterator[_Block[Batch]]:
    """Walk through the films; their ends, with their numbers (B',), are put into `ends`."""
    longest, _, count = script.cuts.shape
    m = stage.material
    wide = max(m.size * (m.points if stage.rules.order == "free" else 1), m.points**2)
    each = max(1, ROOM // (count * wide))
    lengths = set(script.count.tolist())
    if 0 in lengths:
        index = torch.nonzero(script.count == 0)[:, 0]
        ends.append((index, films.select(index)))
    for first in range(0, longest, each):
        before = []
        for number in range(first, min(first + each, longest)):
            before.append(films)
            films = step(films, *script.cuts[number].unbind())
            if number + 1 in lengths:
                index = torch.nonzero(script.count == number + 1)[:, 0]
                ends.append((index, films.select(index)))
        yield _block(first, before, script)


def _block(first: int, before: Sequence[Batch], script: Script) -> _Block[Batch]:
    steps = len(before)
    cuts = script.cuts[first : first + steps].transpose(0, 1).flatten(1)  # (S, 3, B) -> (3, S * B)
    number = torch.arange(first, first + steps)[:, None]
    shot, into, out = cuts.unbind()
    going = (number < script.count).flatten()
    return _Block(steps, going, _joined(before), (shot, into, out))


def _joined(parts: Sequence[Batch]) -> Batch:
    """Batches one after another; a column that some do not have yet is filled with NaN."""
    values: dict[str, Any] = {}
    for name in parts[0].__dataclass_fields__:
        tables = [getattr(part, name) for part in parts]
        if tables[0].dim() == 2 and len({table.shape[1] for table in tables}) > 1:
            wide = max(table.shape[1] for table in tables)
            tables = [
                torch.cat([t, t.new_full((len(t), wide - t.shape[1]), float("nan"))], 1)
                for t in tables
            ]
        values[name] = torch.cat(tables)
    return type(parts[0])(**values)


def _ended(ends: Sequence[tuple[Tensor, Batch]]) -> Batch:
    """The films at their ends, in their own order."""
    order = torch.cat([index for index, _ in ends]).argsort()
    return _joined([films for _, films in ends]).select(order)


# --- what is asked of many cuts together ----------------------------------------------------------


def _legal(stage: Stage, script: Script) -> Tensor:
    """(B,) bool: films whose every cut, and whose stop, is legal."""
    legal = _hopeful(stage, script)
    index = torch.nonzero(legal)[:, 0]
    if len(index):
        legal[index] = _walkable(stage, script.rows(index))
    return legal


def _hopeful(stage: Stage, script: Script) -> Tensor:
    """(B,) bool: films of allowed pairs that are not too long; most of what is tried at random is
    not even that."""
    shot, first, last = script.cuts.unbind(1)  # (T, B) each
    there = torch.arange(len(shot))[:, None] < script.count
    length = (stage.material.length[shot, first, last] * there).sum(0)
    found: Tensor = stage.rules.allowed[shot, first, last].all(0) & (length <= stage.rules.high)
    return found


def _walkable(stage: Stage, script: Script) -> Tensor:
    """(B,) bool: as `_legal`, of films that are hopeful."""
    rules, fine = stage.rules, ~_clashing(stage, script)
    index = torch.nonzero(fine)[:, 0]
    if not len(index):
        return fine
    script, ends = script.rows(index), list[tuple[Tensor, State]]()
    for block in _walk(stage, rules.start(len(index)), rules.step, script, ends):
        shot, first, last = block.cut
        can = rules.shot_legal(block.before, shot)
        can &= rules.pair_legal(block.before, shot, first, last)
        fine[index] &= (can | ~block.going).view(block.steps, -1).all(0)
    fine[index] &= rules.shot_mask(_ended(ends))[:, -1]
    return fine


def _clashing(stage: Stage, script: Script) -> Tensor:
    """(B,) bool: films two of whose cuts exclude each other, seen without walking through them: of
    the same frames, or takes of one line. All of these are illegal, not only these."""
    shot, first, last = script.cuts.unbind(1)  # (T, B) each
    there = torch.arange(len(shot))[:, None] < script.count
    later = torch.ones(len(shot), len(shot), dtype=torch.bool).triu(1)[:, :, None]
    both = there[:, None] & there & later  # (T, T, B): an earlier cut and a later one
    twice = (first[:, None] < last) & (first < last[:, None]) & (shot[:, None] == shot)
    return (both & (twice | ~stage.rules.apart[shot[:, None], shot])).flatten(0, 1).any(0)


def _finished(stage: Stage, start: Progress, script: Script) -> Progress:
    longest, _, films = script.cuts.shape
    if not longest:
        return _scored(stage, start, [])
    passed = Passed.of(stage.reward, start, script.cuts)
    going = torch.arange(longest)[:, None] < script.count
    sums: list[Tensor] = []
    each = max(1, ROOM // (films * stage.material.embedding.shape[-1]))
    for first in range(0, longest, each):
        stop = min(first + each, longest)
        shot, into, out = script.cuts[first:stop].transpose(0, 1).flatten(1)  # (3, S * B)
        before, there = passed.before(first, stop), going[first:stop].flatten()
        sums += _weighed(stage, _Block(stop - first, there, before, (shot, into, out)))
    return _scored(stage, passed.ends(script.count), sums)


def _raw(stage: Stage, block: _Block[Progress]) -> Tensor:
    """(R, C): raw terms of each cut."""
    shot, first, last = (part[:, None] for part in block.cut)
    return stage.reward.cut_terms(block.before, shot, first, last)[:, 0]


def _weighed(stage: Stage, block: _Block[Progress]) -> Iterator[Tensor]:
    """(B, C) for each step: standardised terms times what the cut weighs in them, 0 where the film
    has no such cut."""
    z = stage.reward.standardise(block.before, _raw(stage, block)[:, None])[:, 0]
    weighs = stage.reward.weighs(stage.material.length[block.cut]) * block.going[:, None]
    yield from (z * weighs).view(block.steps, -1, z.shape[1])


def _scored(stage: Stage, films: Progress, sums: Sequence[Tensor]) -> Progress:
    """Films with what their cuts weigh added up in the order of the cuts, and their scores."""
    total = films.sums
    for row in sums:
        total = total + row
    films = replace(films, sums=total)
    return replace(films, score=stage.reward.score(films))
