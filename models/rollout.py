"""Let a policy act in many films at once, and read a whole batch of films back for an update.

B films, T steps, N shots, P cut points. The pool is encoded once; choices are drawn by the Gumbel
trick (argmax of logits plus Gumbel noise), which needs no normalisation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from models import returns
from models.batch import Scored as Scored
from models.policy import Cache, Encoded, Policy, Scene


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, as small tensors want it: on two busy cores, two threads spent 16
    times the CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Stage(Protocol):
    """What a policy acts on: a scene, and films F under way."""

    @property
    def scene(self) -> Scene: ...
    @property
    def stop(self) -> int: ...
    def start(self, films: int) -> Any: ...
    def done(self, films: Any) -> Tensor: ...
    def shots(self, films: Any) -> tuple[Tensor, Tensor]: ...
    def film(self, films: Any, mask: Tensor) -> Tensor: ...
    def pairs(self, films: Any, shot: Tensor) -> Tensor: ...
    def ins(self, films: Any, shot: Tensor, pairs: Tensor) -> Tensor: ...
    def outs(self, films: Any, shot: Tensor, first: Tensor) -> Tensor: ...
    def step(self, films: Any, shot: Tensor, first: Tensor, last: Tensor) -> tuple[Any, Tensor]: ...


@dataclass(frozen=True)
class Trajectories:
    """Films as they were cut: everything that scoring them again needs. The step that stops is the
    last valid one."""

    scene: Scene
    film: Tensor  # (B, T, film)
    last: Tensor  # (B, T, 3) int64, the cut before: shot (-1 none), in, out
    shot_pair: Tensor  # (B, T, N, shot_pair)
    shot_mask: Tensor  # (B, T, N + 1) bool
    in_pair: Tensor  # (B, T, P, in_pair)
    in_mask: Tensor  # (B, T, P) bool
    out_pair: Tensor  # (B, T, P, out_pair)
    out_mask: Tensor  # (B, T, P) bool
    action: Tensor  # (B, T, 3) int64, shot (N is stop), in, out
    log_prob: Tensor  # (B, T) of the whole action, as drawn
    value: Tensor  # (B, T)
    reward: Tensor  # (B, T)
    valid: Tensor  # (B, T) bool
    entropy: Tensor  # (B, T, 3) of each head, as drawn

    def rows(self, index: Tensor) -> "Trajectories":
        """Some of the films, cut to their longest."""
        steps = int(self.valid[index].sum(1).max())
        names = [name for name in self.__dataclass_fields__ if name != "scene"]
        return Trajectories(self.scene, *(getattr(self, name)[index, :steps] for name in names))

    # What models.batch.Batch asks besides: a row is one whole film.

    @property
    def ends(self) -> Tensor:
        """(B, T) bool: the step that stopped."""
        return returns.last_steps(self.valid)

    @property
    def after(self) -> Tensor:
        """(B, T): value of the state after each step; 0 after the film's end."""
        return returns.following(self.value, self.valid)

    @property
    def count(self) -> int:
        """Films."""
        return len(self.film)

    def folded(self, each: Tensor) -> Tensor:
        """(B, T) as it is."""
        return each

    def scored(self, policy: Policy) -> Scored:
        """The films as the policy sees them now."""
        return score(policy, self)


NOTHING = (-1, 0, 0)  # the cut before a film's first


@dataclass(frozen=True)
class Draws:
    """How the choices of films under way are drawn. Where some are set aside, it is drawn for all
    all the same: what a film becomes does not hang on how long the others are."""

    generator: torch.Generator | None = None  # None: each choice is the likeliest
    likeliest: Tensor | None = None  # (B,) bool, films whose choices are the likeliest all the same
    films: int = 0  # for which it is drawn; 0: those that there are
    going: Tensor | None = None  # (B,) int64, which of them there still are; None: all

    def select(self, index: Tensor) -> "Draws":
        """Of the films of `index` (B',), in that order; the others are set aside."""
        return replace(
            self,
            likeliest=None if self.likeliest is None else self.likeliest[index],
            going=index if self.going is None else self.going[index],
        )

    def choose(self, logits: Tensor) -> Tensor:
        """(B,): argmax of logits (B, K), with Gumbel noise."""
        if self.generator is None:
            return logits.argmax(-1)
        drawn = torch.empty(self.films or len(logits), logits.shape[1])
        drawn.exponential_(generator=self.generator)
        noise = -(drawn if self.going is None else drawn[self.going]).clamp(min=1e-20).log()
        if self.likeliest is not None:
            noise = noise.masked_fill(self.likeliest[:, None], 0.0)
        return (logits + noise).argmax(-1)


def _picked(logits: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability of the picked, and the distribution's entropy: (B,) each."""
    log_prob = logits.log_softmax(-1)
    entropy = -(log_prob.exp() * log_prob.clamp(min=-1e4)).sum(-1)
    return log_prob.gather(-1, index[..., None])[..., 0], entropy


@dataclass(frozen=True)
class Seen:
    """What a policy sees before it chooses the next cut of each film."""

    film: Tensor  # (B, film)
    last: Tensor  # (B, 3) int64, the cut before: shot (-1 none), in, out
    shot_pair: Tensor  # (B, N, shot_pair)
    shot_mask: Tensor  # (B, N + 1) bool
    state: Tensor  # (B, D)
    cache: Cache  # this step's keys and values in it

    def select(self, index: Tensor) -> "Seen":
        """Of the films of `index` (B',), in that order."""
        return Seen(
            self.film[index],
            self.last[index],
            self.shot_pair[index],
            self.shot_mask[index],
            self.state[index],
            self.cache.select(index),
        )


@dataclass(frozen=True)
class Picked:
    """One step's choices (B,), with what they were chosen from."""

    action: tuple[Tensor, Tensor, Tensor]
    record: dict[str, Tensor]


def see(
    policy: Policy, encoded: Encoded, stage: Stage, films: Any, last: Tensor, cache: Cache
) -> Seen:
    """Look at films before their next cut. cache: of the steps before."""
    shot_pair, shot_mask = stage.shots(films)
    film = stage.film(films, shot_mask)
    state, cache = policy.advance(encoded, film, last, cache)
    return Seen(film, last, shot_pair, shot_mask, state, cache)


def pick(
    policy: Policy,
    encoded: Encoded,
    stage: Stage,
    films: Any,
    seen: Seen,
    draws: Draws,
    forced: tuple[Tensor, Tensor, Tensor] | None = None,
    record: bool = True,
) -> Picked:
    """Choose the next cut of each film; `forced` choices are scored, not drawn. Without `record`
    nothing is kept of what they were chosen from."""
    state, shot_pair, shot_mask = seen.state, seen.shot_pair, seen.shot_mask
    logits = policy.shot_logits(encoded, state, shot_pair, shot_mask)
    shot = draws.choose(logits) if forced is None else forced[0]
    of_shot = logits
    inside = shot.clamp(max=stage.stop - 1)
    pairs = stage.pairs(films, shot)
    in_mask, in_pair = pairs.any(2), stage.ins(films, shot, pairs)
    logits = policy.in_logits(encoded, state, inside, in_pair, in_mask)
    first = draws.choose(logits) if forced is None else forced[1]
    of_first = logits
    out_mask, out_pair = pairs[torch.arange(len(first)), first], stage.outs(films, shot, first)
    logits = policy.out_logits(encoded, state, inside, first, out_pair, out_mask)
    out = draws.choose(logits) if forced is None else forced[2]
    if not record:
        return Picked((shot, first, out), {})
    log_prob, entropy = _picked(of_shot, shot)
    in_log_prob, in_entropy = _picked(of_first, first)
    out_log_prob, out_entropy = _picked(logits, out)
    cuts = (shot != stage.stop).float()
    kept = {
        "film": seen.film,
        "last": seen.last,
        "shot_pair": shot_pair,
        "shot_mask": shot_mask,
        "in_pair": in_pair,
        "in_mask": in_mask,
        "out_pair": out_pair,
        "out_mask": out_mask,
        "action": torch.stack([shot, first, out], -1),
        "log_prob": log_prob + cuts * (in_log_prob + out_log_prob),
        "value": policy.value(state),
        "entropy": torch.stack([entropy, cuts * in_entropy, cuts * out_entropy], -1),
    }
    return Picked((shot, first, out), kept)


@torch.no_grad()
def rollout(
    policy: Policy,
    stage: Stage,
    films: int,
    generator: torch.Generator | None,
    forced: Tensor | None = None,
) -> tuple[Trajectories, Any]:
    """Cut `films` films to their end; also returns the films. Without a generator each choice is
    the likeliest. `forced` (T, 3) plays given choices first, for films that begin alike."""
    encoded, draws = policy.encode(stage.scene), Draws(generator)
    under_way, cache = stage.start(films), Cache()
    last = torch.tensor([NOTHING]).expand(films, -1)
    steps: list[dict[str, Tensor]] = []
    while not bool(stage.done(under_way).all()):
        valid, given = ~stage.done(under_way), None
        if forced is not None and len(steps) < len(forced):
            shot, first, out = forced[len(steps)].expand(films, -1).unbind(-1)
            given = (shot, first, out)
        seen = see(policy, encoded, stage, under_way, last, cache)
        chosen = pick(policy, encoded, stage, under_way, seen, draws, given)
        under_way, reward = stage.step(under_way, *chosen.action)
        cache, last = seen.cache, chosen.record["action"].clone()
        last[:, 0] = torch.where(last[:, 0] == stage.stop, chosen.record["last"][:, 0], last[:, 0])
        steps.append({**chosen.record, "reward": reward, "valid": valid})
    names = [name for name in Trajectories.__dataclass_fields__ if name != "scene"]
    whole = {name: torch.stack([step.pop(name) for step in steps], 1) for name in names}
    return Trajectories(stage.scene, **whole), under_way


@torch.no_grad()
def play(
    policy: Policy,
    stage: Stage,
    films: int,
    generator: torch.Generator | None,
    plain: int = 0,
) -> Tensor:
    """Cut films and keep their actions (B, T, 3) alone. A film that has stopped is set aside, and
    its further actions are stops. The first `plain` films take the likeliest though there is a
    generator."""
    encoded, every = policy.encode(stage.scene), torch.arange(films)
    draws = Draws(generator, every < plain if plain else None, films, every)
    under_way, cache = stage.start(films), Cache()
    last = torch.tensor([NOTHING]).expand(films, -1)
    actions = []
    while len(every):
        seen = see(policy, encoded, stage, under_way, last, cache)
        action = pick(policy, encoded, stage, under_way, seen, draws, record=False).action
        made = torch.tensor([(stage.stop, 0, 0)]).repeat(films, 1)
        cache, last = seen.cache, torch.stack(action, -1)
        made[every] = last
        actions.append(made)
        under_way, _ = stage.step(under_way, *action)
        left = torch.nonzero(~stage.done(under_way))[:, 0]
        if len(left) < len(every):
            every, last, draws = every[left], last[left], draws.select(left)
            under_way, cache = under_way.select(left), cache.select(left)
    return torch.stack(actions, 1)


def score(policy: Policy, films: Trajectories) -> Scored:
    """Score the actions of whole films in one teacher-forced pass."""
    encoded = policy.encode(films.scene)
    states = policy.states(encoded, films.film, films.last)
    at = films.valid.nonzero(as_tuple=True)
    state, action = states[at], films.action[at]
    stop = films.shot_mask.shape[-1] - 1
    logits = policy.shot_logits(encoded, state, films.shot_pair[at], films.shot_mask[at])
    log_prob, entropy = _picked(logits, action[:, 0])
    cuts = (action[:, 0] != stop).float()
    shot, first, out = action[:, 0].clamp(max=stop - 1), action[:, 1], action[:, 2]
    logits = policy.in_logits(encoded, state, shot, films.in_pair[at], films.in_mask[at])
    in_log_prob, in_entropy = _picked(logits, first)
    logits = policy.out_logits(encoded, state, shot, first, films.out_pair[at], films.out_mask[at])
    out_log_prob, out_entropy = _picked(logits, out)
    joint = log_prob + cuts * (in_log_prob + out_log_prob)
    heads = torch.stack([entropy, cuts * in_entropy, cuts * out_entropy], -1)
    shape = films.valid.shape
    return Scored(
        torch.zeros(shape).index_put(at, joint),
        torch.zeros(*shape, 3).index_put(at, heads),
        torch.zeros(shape).index_put(at, policy.value(state)),
    )
