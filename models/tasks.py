"""Let a small policy act in several copies of a Gymnasium task, and keep what an update needs.

B copies or episodes, T steps, O numbers of an observation, A of a continuous action.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from models.batch import Scored
from models.perceptron import Perceptron


@dataclass(frozen=True)
class Steps:
    """Steps taken in a task: a `Batch` whose rows are single steps, for each stands alone."""

    observation: Tensor  # (B, T, O) float32
    action: Tensor  # (B, T) int64, or (B, T, A) float32
    log_prob: Tensor  # (B, T) as drawn
    value: Tensor  # (B, T)
    reward: Tensor  # (B, T)
    valid: Tensor  # (B, T) bool
    ends: Tensor  # (B, T) bool: the episode ended here, or the stretch did
    after: Tensor  # (B, T) value of the state after; 0 where the task itself was over
    led: Tensor  # (B, T, O) float32: what was seen after, before another episode began
    over: Tensor  # (B, T) bool: the task itself was over, not its time

    @property
    def count(self) -> int:
        """Single steps."""
        return self.valid.numel()

    def folded(self, each: Tensor) -> Tensor:
        """(B, T) -> (B T, 1)."""
        return each.reshape(-1, 1)

    def rows(self, index: Tensor) -> "Steps":
        """Some of the single steps."""
        names = self.__dataclass_fields__
        return Steps(*(getattr(self, name).flatten(0, 1)[index][:, None] for name in names))

    def scored(self, policy: Perceptron) -> Scored:
        """The steps as the policy sees them now."""
        log_prob, entropy, value = policy.evaluate(self.observation, self.action)
        going = self.valid.float()
        return Scored(log_prob * going, entropy * going[..., None], value * going)

    @torch.no_grad()
    def valued(self, policy: Perceptron) -> "Steps":
        """The same steps, as the policy values what was seen now."""
        after = torch.where(self.over, torch.zeros(()), policy.value(self.led))
        return replace(self, value=policy.value(self.observation), after=after)


def policy_for(task: "Task", head: str = "", seed: int = 0) -> Perceptron:
    """A blank policy of the task's sizes. head: one of perceptron.HEADS, without one the usual."""
    space = task.envs[0].action_space
    if isinstance(space, spaces.Discrete):
        return Perceptron(task.sees, head or "categorical", int(space.n), seed=seed)
    if not isinstance(space, spaces.Box):
        raise ValueError(f"No head is known for actions of {space}. Known: Discrete and Box.")
    low, high = space.low.ravel().tolist(), space.high.ravel().tolist()
    return Perceptron(task.sees, head or "gaussian", len(low), low, high, seed=seed)


class Task:
    """Copies of a task, stepped together; each begins anew when its episode is over."""

    def __init__(self, name: str, copies: int, seed: int, **options: Any) -> None:
        self.envs: Sequence[gymnasium.Env[Any, Any]] = [
            gymnasium.make(name, **options) for _ in range(copies)
        ]
        self.sees = int(np.prod(self.envs[0].observation_space.shape or (1,)))
        self.taken = 0  # steps of all copies together
        self.returns: list[float] = []  # of finished episodes, undiscounted, in order
        self._sum = np.zeros(copies)
        self._now = np.stack(
            [_flat(env.reset(seed=seed + n)[0]) for n, env in enumerate(self.envs)]
        )

    def close(self) -> None:
        """Let the copies go."""
        for env in self.envs:
            env.close()

    @torch.no_grad()
    def stretch(
        self, policy: Perceptron, steps: int, generator: torch.Generator, hold: int = 1
    ) -> Steps:
        """Take `steps` steps in every copy, over the ends of episodes: what actor-critic and PPO
        want. Where time ran out the state after still has its value; where the task was over, 0.

        hold: steps for which what is drawn stays drawn: for the head "smooth", of which it makes
        paths; any other would repeat its noise.
        """
        rows, seed = [], 0
        for step in range(steps):
            if hold > 1 and step % hold == 0:
                seed = int(torch.randint(1 << 62, (), generator=generator))
            drawn = torch.Generator().manual_seed(seed) if hold > 1 else generator
            rows.append(self._step(policy, drawn))
        beyond = policy.value(torch.from_numpy(self._now))  # (B,)
        whole = _stack(rows)
        after = torch.cat([whole["value"][:, 1:], beyond[:, None]], 1)
        after = torch.where(whole["ended"], whole["final"], after)
        ends = whole["ended"].clone()
        ends[:, -1] = True
        return _steps(whole, torch.ones_like(ends), ends, after)

    @torch.no_grad()
    def episodes(self, policy: Perceptron, generator: torch.Generator) -> Steps:
        """Play every copy's episode from its start to its end once: what REINFORCE wants."""
        self._now = np.stack([_flat(env.reset()[0]) for env in self.envs])
        self._sum[:] = 0
        going = np.ones(len(self.envs), bool)
        rows, valid = [], []
        while going.any():
            valid.append(torch.from_numpy(going.copy()))
            rows.append(self._step(policy, generator, going))
            going = going & ~rows[-1]["ended"].numpy()
        whole, at = _stack(rows), torch.stack(valid, 1)
        after = torch.cat([whole["value"][:, 1:], torch.zeros(len(going), 1)], 1)
        after = torch.where(whole["ended"], whole["final"], after)
        return _steps(whole, at, whole["ended"], after)

    def _step(
        self, policy: Perceptron, generator: torch.Generator, going: np.ndarray | None = None
    ) -> dict[str, Tensor]:
        """One step of the copies that are going."""
        seen = torch.from_numpy(self._now)
        odds = policy.odds(seen)
        action = odds.sample(generator)
        copies = len(self.envs)
        reward, final = torch.zeros(copies), torch.zeros(copies)
        ended, finished = (torch.zeros(copies, dtype=torch.bool) for _ in range(2))
        after, led = self._now.copy(), self._now.copy()
        for n in range(copies) if going is None else np.flatnonzero(going).tolist():
            found, gain, over, late, _ = self.envs[n].step(_given(action[n], self.envs[n]))
            after[n] = led[n] = _flat(found)
            reward[n], finished[n] = float(gain), over
            self._sum[n] += float(gain)
            self.taken += 1
            if over or late:
                ended[n] = True
                if not over:
                    final[n] = policy.value(torch.from_numpy(after[n]))
                self.returns.append(float(self._sum[n]))
                self._sum[n] = 0
                if going is None:
                    after[n] = _flat(self.envs[n].reset()[0])
        row = {
            "observation": seen,
            "action": action,
            "log_prob": odds.log_prob(action),
            "value": policy.value(seen),
            "reward": reward,
            "ended": ended,
            "final": final,
            "led": torch.from_numpy(led),
            "over": finished,
        }
        self._now = after
        return row


def _stack(rows: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([row[name] for row in rows], 1) for name in rows[0]}


def _steps(whole: dict[str, Tensor], valid: Tensor, ends: Tensor, after: Tensor) -> Steps:
    names = ("observation", "action", "log_prob", "value", "reward", "led", "over")
    return Steps(**{name: whole[name] for name in names}, valid=valid, ends=ends, after=after)


def _flat(observation: Any) -> np.ndarray:
    """An observation as O float32 numbers."""
    return np.asarray(observation, np.float32).ravel()


def _given(action: Tensor, env: gymnasium.Env[Any, Any]) -> Any:
    """An action as the task takes it: continuous ones clipped to its bounds, choices by its own
    numbers."""
    space = env.action_space
    if isinstance(space, spaces.Box):
        return np.clip(action.numpy().reshape(space.shape), space.low, space.high)
    return int(action) + int(getattr(space, "start", 0))


def play(policy: Perceptron, name: str, episodes: int, seed: int) -> list[float]:
    """Returns of episodes played by the policy's likeliest actions, from fixed starts."""
    return play_by(lambda seen: policy.odds(torch.from_numpy(seen)).mode(), name, episodes, seed)


@torch.no_grad()
def play_by(act: Any, name: str, episodes: int, seed: int) -> list[float]:
    """Returns of episodes from fixed starts. act: (B, O) float32 observations -> B actions."""
    envs = [gymnasium.make(name) for _ in range(episodes)]
    seen = np.stack([_flat(env.reset(seed=seed + n)[0]) for n, env in enumerate(envs)])
    total, going = np.zeros(episodes), np.ones(episodes, bool)
    while going.any():
        actions = torch.as_tensor(act(seen))
        for n in np.flatnonzero(going).tolist():
            found, gain, over, late, _ = envs[n].step(_given(actions[n], envs[n]))
            seen[n], total[n] = _flat(found), total[n] + float(gain)
            going[n] = not (over or late)
    for env in envs:
        env.close()
    return total.tolist()
