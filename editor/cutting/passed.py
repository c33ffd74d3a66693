"""Tell what whole films had come to before each of their cuts, and at their ends, at once.

Walking through a film, `Reward.follow` carries tables over all shots and set-ups from cut to cut,
of which the terms of a cut ask the one column of its own shot. Here only those columns are worked
out, for all cuts together, and every number is what the walk would have made it, to the last bit.

B films, T cuts of the longest, N shots, S set-ups, R rows: cuts step by step, in a step by film.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from editor.cutting.material import Material
from editor.cutting.reward import Reward
from editor.cutting.terms import SCENE_MEMORY, Progress

ROOM = 1_000_000  # pairs of cuts in the table of a part of the films


@dataclass(frozen=True)
class Passed:
    """What films had come to. `count` may go on beyond a film's last cut; that says nothing."""

    material: Material
    start: Progress  # B films
    shot: Tensor  # (T + 1, B) int64, the shot before each cut, and the last
    out: Tensor  # (T + 1, B) int64, its out point
    length: Tensor  # (T + 1, B) int64, film frames
    z: Tensor  # (B, Z) float32, of every cut
    shown: Tensor  # (T, B) float32, Progress.shown of the coming shot
    scene: Tensor  # (T, B) float32, likewise
    seen: Tensor  # (T, B) bool, its set-up was seen

    @classmethod
    def of(cls, reward: Reward, start: Progress, cuts: Tensor) -> "Passed":
        """Films (B) that go on from `start` by cuts (T, 3, B)."""
        m = reward.material
        shot, into, out = cuts.unbind(1)
        frames = m.length[shot, into, out]
        length = torch.cat([start.length[None], start.length + frames.cumsum(0)])
        z = reward.length_z(length[:-1].flatten(), frames.flatten()).view(frames.shape)
        each = max(1, ROOM // len(shot) ** 2)
        parts = torch.split(torch.arange(len(start.count)), each)
        columns = [_columns(m, start.select(some), shot[:, some]) for some in parts]
        shown, scene, seen = (torch.cat(column, 1) for column in zip(*columns, strict=True))
        return cls(
            material=m,
            start=start,
            shot=torch.cat([start.shot[None], shot]),
            out=torch.cat([start.out[None], out]),
            length=length,
            z=_lengths(start, z),
            shown=shown,
            scene=scene,
            seen=seen,
        )

    def before(self, first: int, stop: int) -> Progress:
        """Before the cuts of steps [first, stop): R rows. Of `shown`, `scene` and `setups` each
        row knows only what the cut that comes asks for."""
        m, start, steps = self.material, self.start, stop - first
        count = start.count + torch.arange(first, stop)[:, None]  # (steps, B)
        known = torch.arange(self.z.shape[1]) < count[..., None]

        def column(table: Tensor, width: int) -> Tensor:
            return table[first:stop].reshape(-1, 1).expand(-1, width)

        return Progress(
            length=self.length[first:stop].flatten(),
            count=count.flatten(),
            shot=self.shot[first:stop].flatten(),
            out=self.out[first:stop].flatten(),
            sums=start.sums.repeat(steps, 1),
            z=torch.where(known, self.z, math.nan).flatten(0, 1),
            shown=column(self.shown, m.size),
            scene=column(self.scene, m.size),
            setups=column(self.seen, m.setups),
            score=start.score.repeat(steps),
        )

    def ends(self, count: Tensor) -> Progress:
        """After as many cuts as each film has, (B,): nothing of `shown` and `scene`, which no term
        of a whole film asks for, and `sums` and `score` as at the start."""
        start, total = self.start, self.start.count + count
        setups = self.material.setup[self.shot[1:]].T  # a shorter film's last cut stands on
        seen = start.setups.scatter(1, setups, True)
        known = torch.arange(self.z.shape[1]) < total[:, None]
        return Progress(
            length=self.length.gather(0, count[None])[0],
            count=total,
            shot=self.shot.gather(0, count[None])[0],
            out=self.out.gather(0, count[None])[0],
            sums=start.sums,
            z=torch.where(known, self.z, math.nan),
            shown=start.shown[:, :0],
            scene=start.scene[:, :0],
            setups=torch.where(count[:, None] > 0, seen, start.setups),
            score=start.score,
        )


def _lengths(start: Progress, z: Tensor) -> Tensor:
    """(B, Z): the films' standardised lengths and those of further cuts (T, B), in a table that
    grows as `Reward.follow` lets it grow: what a row of it sums to depends on how wide it is."""
    count = start.count + torch.arange(len(z))[:, None]
    width = start.z.shape[1]
    while width <= int(count.max()):
        width *= 2
    wide = start.z.new_full((len(start.z), width - start.z.shape[1]), math.nan)
    return torch.cat([start.z, wide], 1).scatter(1, count.T, z.T)


def _columns(m: Material, start: Progress, shot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(T, B) each: what was shown, the scene and whether its set-up was seen, as each cut's shot
    (T, B) is told of them."""
    earlier = torch.ones(len(shot), len(shot), dtype=torch.bool).triu(1)[..., None]  # [s, t]: s < t
    like = m.likeness[shot[:, None], shot].masked_fill(~earlier, -math.inf)  # (T, T, B)
    shown = torch.maximum(start.shown.gather(1, shot.T).T, like.amax(0))
    setup = m.setup[shot]
    same = (setup[:, None] == setup) & earlier
    seen = start.setups.gather(1, setup.T).T | same.any(0)

    last = torch.cat([start.shot[None], shot[:-1]])  # (T, B): the shot before each cut
    begun = (last >= 0).float()
    above = (1 - SCENE_MEMORY) * begun[:, None] * m.above[last.clamp(min=0)[:, None], shot]
    scene, found = start.scene.gather(1, shot.T).T, []
    for step in range(len(shot)):
        found.append(scene[0])
        scene = SCENE_MEMORY * scene[1:] + above[step, step + 1 :]
    return shown, torch.stack(found), seen
