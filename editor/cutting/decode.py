"""Let a trained policy cut one film, keeping at every step what it would have chosen instead."""

from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from editor.cutting import whole
from editor.cutting.environment import Films, Stage
from editor.cutting.observation import Watched, watch
from editor.cutting.search import Choice
from models import rollout
from models.policy import FORBIDDEN, Cache, Encoded, Policy

RUNNERS_UP = 3  # next-best choices kept with each cut
DRAWN = 64  # films that a search draws, from pools of up to
FEW = 150  # shots; of more, fewer films, so that a search takes about as long, but at least
LEAST = 16  # films: on 12 simulated pools of 576 shots a search lost .004 +- .005 by them
WARMTH = 0.5  # temperature of every seed but 0: another cut, still a likely one


def decode(policy: Policy, stage: Stage, seed: int) -> list[tuple[Choice, list[Choice]]]:
    """The film's cuts, each with the next-best choices at that moment, best first.

    Seed 0 takes the likeliest shot, then the likeliest in point of it, then the likeliest out
    point; another seed draws at temperature WARMTH, and draws the same again. No reward is looked
    at, and nothing is looked ahead.
    """
    generator = torch.Generator().manual_seed(seed) if seed else None
    with torch.no_grad():
        return _decode(policy, _unscored(stage), generator, RUNNERS_UP)


def likeliest(policy: Policy, stage: Stage) -> list[Choice]:
    """The cuts of `decode` with seed 0, without the next-best."""
    with torch.no_grad():
        return [choice for choice, _ in _decode(policy, _unscored(stage), None, 0)]


def _decode(
    policy: Policy, watched: Watched, generator: torch.Generator | None, others_kept: int
) -> list[tuple[Choice, list[Choice]]]:
    encoded = policy.encode(watched.scene)
    films, cache, made = watched.start(1), Cache(), []
    last = torch.tensor([[-1, 0, 0]])
    while not bool(films.done[0]):
        pair, mask = watched.shots(films)
        state, cache = policy.advance(encoded, watched.film(films, mask), last, cache)
        logits = policy.shot_logits(encoded, state, pair, mask)[0]
        shot = _draw(logits, generator)
        if shot == watched.stop:
            break
        shots = [shot, *_likely(logits, shot, others_kept)]
        found, pairs, outs = _points(policy, encoded, watched, films, state, shots, generator)
        choice, *others = found
        if others_kept and not others:
            others = _elsewhere(policy, encoded, watched, films, state, choice, pairs, outs)
        made.append((choice, others))
        films, _ = watched.step(films, *(torch.tensor([value]) for value in choice))
        last = torch.tensor([choice])
    return made


def _draw(logits: Tensor, generator: torch.Generator | None) -> int:
    if generator is None:
        return int(logits.argmax())
    odds = (logits / WARMTH).softmax(-1)
    return int(torch.multinomial(odds, 1, generator=generator))


def _likely(logits: Tensor, shot: int, count: int) -> list[int]:
    """The likeliest legal shots but `shot`, at most `count`, best first."""
    if not count:
        return []
    ranked = logits[:-1].argsort(descending=True)[: count + 1].tolist()
    legal = [other for other in ranked if other != shot and float(logits[other]) > -1e8]
    return legal[:count]


def _points(
    policy: Policy,
    encoded: Encoded,
    watched: Watched,
    films: Films,
    state: Tensor,
    shots: list[int],
    generator: torch.Generator | None,
) -> tuple[list[Choice], Tensor, Tensor]:
    """In and out points of shots that one film could take next, all looked at in one batch: the
    first shot's as drawn, the others' likeliest. Also the first shot's legal pairs (P, P), and the
    logits of its out points (P,)."""
    each = films.select(torch.zeros(len(shots), dtype=torch.long)) if len(shots) > 1 else films
    states, chosen = state.expand(len(shots), -1), torch.tensor(shots)
    pairs = watched.pairs(each, chosen)
    seen = watched.ins(each, chosen, pairs)
    ins = policy.in_logits(encoded, states, chosen, seen, pairs.any(2))
    first = ins.argmax(-1)
    first[0] = _draw(ins[0], generator)
    seen = watched.outs(each, chosen, first)
    mask = pairs[torch.arange(len(shots)), first]
    outs = policy.out_logits(encoded, states, chosen, first, seen, mask)
    out = outs.argmax(-1)
    out[0] = _draw(outs[0], generator)
    return list(zip(shots, first.tolist(), out.tolist(), strict=True)), pairs[0], outs[0]


def _elsewhere(
    policy: Policy,
    encoded: Encoded,
    watched: Watched,
    films: Films,
    state: Tensor,
    choice: Choice,
    pairs: Tensor,
    outs: Tensor,
) -> list[Choice]:
    """Other points of the chosen shot, where no other shot is legal. pairs, outs: of that shot, as
    `_points` tells them."""
    shot, first, last = choice
    pairs[first, last] = False
    if not bool(pairs.any()):
        return []
    if bool(pairs[first].any()):
        outs[last] = FORBIDDEN
        return [(shot, first, int(outs.argmax()))]
    into, at = torch.tensor([shot]), pairs.any(1).nonzero()[:1, 0]
    seen = watched.outs(films, into, at)
    out = policy.out_logits(encoded, state, into, at, seen, pairs[at])[0]
    return [(shot, int(at), int(out.argmax()))]


class _Unscored(Watched):
    """A stage as a policy sees it, on which nobody asks what a step scores."""

    def step(self, films: Films, shot: Tensor, first: Tensor, last: Tensor) -> tuple[Films, Tensor]:
        """Make one legal cut, or stop, in each film: the films, and no rewards (B,)."""
        return self.stage.follow(films, shot, first, last), torch.zeros(len(shot))


def _unscored(stage: Stage) -> _Unscored:
    seen = watch(stage)
    return _Unscored(**{item.name: getattr(seen, item.name) for item in fields(seen)})


def best_of(policy: Policy, stage: Stage, seed: int, samples: int | None = None) -> list[Choice]:
    """Search with the policy: the best by reward of its own decode and `samples` drawn films;
    without it DRAWN, fewer of many shots."""
    if samples is None:
        samples = max(LEAST, min(DRAWN, DRAWN * FEW // stage.material.size))
    generator = torch.Generator().manual_seed(seed)
    actions = rollout.play(policy, _unscored(stage), 1 + samples, generator, plain=1)
    drawn = [choices(film, stage.stop) for film in actions]
    return drawn[int(whole.scores(stage, drawn).argmax())]


def choices(actions: Tensor, stop: int) -> list[Choice]:
    """Actions (T, 3) before the stop."""
    rows: list[Any] = actions.tolist()
    ends = [row[0] for row in rows].index(stop) if stop in [row[0] for row in rows] else len(rows)
    return [(row[0], row[1], row[2]) for row in rows[:ends]]
