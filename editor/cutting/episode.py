"""The decision process as a Gymnasium environment of one film; of many at once it is `Stage`.

Apart from `environment`, as loading Gymnasium takes a tenth of a second that no cut has use for.
"""

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from editor.config import Style
from editor.cutting.brief import Brief
from editor.cutting.environment import make_stage
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS
from editor.errors import StyleError

ILLEGAL = -1.0  # reward of an action that the mask forbids; it ends the episode
NAME = "editor/RoughCut-v0"


class RoughCut(gymnasium.Env[dict[str, np.ndarray], np.ndarray]):
    """One film as a Gymnasium environment.

    Action: [shot or stop (N), in point, out point]; in and out are ignored for stop. Observation:
    `shots`, what each shot's next cut would meet, and `film`, what the film has come to. A film
    that stops is terminated; none is ever truncated, for the rules make stopping inevitable. An
    illegal action terminates with ILLEGAL and is named in `info["illegal"]`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self, pool: Pool, style: Style, brief: Brief | None = None, duration: float | None = None
    ) -> None:
        """pool: what may be cut. style: what is wanted. duration: s, the style's where none is
        asked. brief: all of it at once, with the same style. Raises as make_stage does, and
        StyleError where a brief says otherwise than style or duration."""
        seconds = style.duration if duration is None else duration
        asked = brief or Brief(style, seconds, style.order, 0)
        if asked.style != style:
            raise StyleError(
                f"The brief asks for style {asked.style.name!r}, style= for {style.name!r}, or for"
                " other numbers of it: give the brief's own."
            )
        if brief and duration not in (None, brief.duration):
            raise StyleError(
                f"The brief asks for {asked.duration:g} s, duration= for {duration:g} s: give one."
            )
        self.stage = make_stage(pool, asked)
        m = self.stage.material
        self.action_space = spaces.MultiDiscrete([m.size + 1, m.points, m.points])
        self.observation_space = spaces.Dict(  # type: ignore[assignment]
            {
                "shots": spaces.Box(-1.0, 1.0, (m.size, 4), np.float32),
                "film": spaces.Box(-1e3, 1e3, (4,), np.float32),
            }
        )
        self._films = self.stage.start(1)
        self._over = True  # until it is reset

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin an empty film. Nothing is drawn: every seed begins the same film."""
        super().reset(seed=seed)
        self._films = self.stage.start(1)
        self._over = False
        return self._observe(), self._info()

    def step(
        self, action: np.ndarray
    ) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Make one cut, or stop. Raises ResetNeeded once the film is over."""
        if self._over:
            raise gymnasium.error.ResetNeeded("The film is over: reset() begins another.")
        if fault := self._fault(action):
            self._over = True
            return self._observe(), ILLEGAL, True, False, {**self._info(), "illegal": fault}
        chosen = (torch.tensor([int(value)]) for value in action)
        self._films, gain, raw = self.stage.step(self._films, *chosen)
        terms = dict(zip(CUT_TERMS, raw[0].tolist(), strict=True))
        self._over = bool(self._films.done[0])
        return self._observe(), float(gain), self._over, False, {**self._info(), "terms": terms}

    def action_masks(self) -> np.ndarray:
        """(N + 1 + P + P,) bool, as learners with masks ask for a MultiDiscrete: legal shots and
        stop; in points, then out points, that are legal with *some* legal shot. Which pairs a shot
        allows, no flat mask can say: `pair_mask` does."""
        shots = self.stage.shot_mask(self._films)[0]
        legal = torch.nonzero(shots[:-1])[:, 0]
        if not len(legal):
            return np.concatenate([shots.numpy(), np.ones(2 * self.stage.material.points, bool)])
        films = self._films.select(torch.zeros_like(legal))
        pairs = self.stage.pair_mask(films, legal).any(0)  # (L, P, P) -> (P, P)
        return torch.cat([shots, pairs.any(1), pairs.any(0)]).numpy()

    def pair_mask(self, shot: int) -> np.ndarray:
        """(P, P) bool: legal [in, out] of a shot."""
        return self.stage.pair_mask(self._films, torch.tensor([shot]))[0].numpy()

    def _fault(self, action: np.ndarray) -> str:
        """Why an action is illegal; empty where it is not."""
        try:
            given = np.asarray(action)
        except ValueError:  # rows of unlike length
            given = np.asarray(None)
        if not self.action_space.contains(given):
            said = given.tolist() if isinstance(action, np.ndarray) else action
            sizes = [self.stage.material.size + 1, *2 * [self.stage.material.points]]
            return f"{said} is no [shot, in, out] of {sizes} choices"
        shot, first, last = (int(value) for value in action)
        if not bool(self.stage.shot_mask(self._films)[0, shot]):
            return "stop outside the length window" if shot == self.stage.stop else f"shot {shot}"
        if shot != self.stage.stop and not self.pair_mask(shot)[first, last]:
            return f"shot {shot} from point {first} to {last}"
        return ""

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.action_masks(), "score": float(self._films.progress.score[0])}

    def _observe(self) -> dict[str, np.ndarray]:
        m, film = self.stage.material, self._films.progress
        last = film.shot.clamp(min=0)
        begun = (film.shot >= 0).float()[:, None]
        mask = self.stage.shot_mask(self._films)[:, :-1].float()
        shots = torch.stack(
            [
                film.shown,
                (m.setup == m.setup[last][:, None]) * begun,
                (m.likeness[last] * begun),
                mask,
            ],
            -1,
        )
        target = self.stage.brief.duration * m.rate
        whole = [
            film.length[0] / target,
            film.count[0] / 100.0,
            film.score[0],
            torch.tensor(self.stage.brief.style.pace.log_mean),
        ]
        return {
            "shots": shots[0].clamp(-1, 1).float().numpy(),
            "film": torch.stack([value.float() for value in whole]).numpy(),
        }


def register() -> None:
    """Make `gymnasium.make("editor/RoughCut-v0", pool=..., style=...)` known."""
    if NAME not in gymnasium.registry:
        gymnasium.register(NAME, entry_point="editor.cutting.episode:RoughCut")
