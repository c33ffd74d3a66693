"""Let a trained policy cut one film, keeping at every step what it would have chosen instead."""

from typing import Any

import torch
from torch import Tensor

from editor.cutting.environment import Films, Stage
from editor.cutting.observation import Watched, watch
from editor.cutting.search import Choice
from models import rollout
from models.policy import Cache, Encoded, Policy

RUNNERS_UP = 3  # next-best choices kept with each cut
WARMTH = 0.5  # temperature of every seed but 0: another cut, still a likely one


def decode(policy: Policy, stage: Stage, seed: int) -> list[tuple[Choice, list[Choice]]]:
    """The film's cuts, each with the next-best choices at that moment, best first.

    Seed 0 takes the likeliest shot, then the likeliest in point of it, then the likeliest out
    point; another seed draws at temperature WARMTH, and draws the same again. No reward is looked
    at, and nothing is looked ahead.
    """
    generator = torch.Generator().manual_seed(seed) if seed else None
    with torch.no_grad():
        return _decode(policy, watch(stage), generator)


def _decode(
    policy: Policy, watched: Watched, generator: torch.Generator | None
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
        choice = _points(policy, encoded, watched, films, state, shot, generator)
        made.append((choice, _others(policy, encoded, watched, films, state, logits, choice)))
        films, _ = watched.step(films, *(torch.tensor([value]) for value in choice))
        last = torch.tensor([choice])
    return made


def _draw(logits: Tensor, generator: torch.Generator | None) -> int:
    if generator is None:
        return int(logits.argmax())
    odds = (logits / WARMTH).softmax(-1)
    return int(torch.multinomial(odds, 1, generator=generator))


def _points(
    policy: Policy,
    encoded: Encoded,
    watched: Watched,
    films: Films,
    state: Tensor,
    shot: int,
    generator: torch.Generator | None,
) -> Choice:
    """In and out point of a shot."""
    chosen = torch.tensor([shot])
    pairs = watched.pairs(films, chosen)
    seen = watched.ins(films, chosen, pairs)
    first = _draw(policy.in_logits(encoded, state, chosen, seen, pairs.any(2))[0], generator)
    into = torch.tensor([first])
    seen = watched.outs(films, chosen, into)
    out = policy.out_logits(encoded, state, chosen, into, seen, pairs[:, first])[0]
    return shot, first, _draw(out, generator)


def _others(
    policy: Policy,
    encoded: Encoded,
    watched: Watched,
    films: Films,
    state: Tensor,
    logits: Tensor,
    choice: Choice,
) -> list[Choice]:
    """The next-likeliest other shots, each with its likeliest points; else other points."""
    ranked = logits[:-1].argsort(descending=True)[: RUNNERS_UP + 1].tolist()
    likely = [shot for shot in ranked if shot != choice[0] and float(logits[shot]) > -1e8]
    found = [
        _points(policy, encoded, watched, films, state, shot, None) for shot in likely[:RUNNERS_UP]
    ]
    if found:
        return found
    shot, first, last = choice
    pairs = watched.pairs(films, torch.tensor([shot]))
    pairs[0, first, last] = False
    if not bool(pairs.any()):
        return []
    into = torch.tensor([shot])
    same = pairs[0, first]
    at = first if bool(same.any()) else int(pairs[0].any(1).nonzero()[0])
    seen = watched.outs(films, into, torch.tensor([at]))
    out = policy.out_logits(encoded, state, into, torch.tensor([at]), seen, pairs[:, at])[0]
    return [(shot, at, int(out.argmax()))]


def best_of(policy: Policy, stage: Stage, seed: int, samples: int = 64) -> list[Choice]:
    """Search with the policy: the best by reward of its own decode and `samples` drawn films."""
    watched = watch(stage)
    plain = rollout.play(policy, watched, 1, None)
    drawn = rollout.play(policy, watched, samples, torch.Generator().manual_seed(seed))
    if float(plain[2].progress.score[0]) >= float(drawn[2].progress.score.max()):
        return choices(plain[0][0], stage.stop)
    return choices(drawn[0][int(drawn[2].progress.score.argmax())], stage.stop)


def choices(actions: Tensor, stop: int) -> list[Choice]:
    """Actions (T, 3) before the stop."""
    rows: list[Any] = actions.tolist()
    ends = [row[0] for row in rows].index(stop) if stop in [row[0] for row in rows] else len(rows)
    return [(row[0], row[1], row[2]) for row in rows[:ends]]
