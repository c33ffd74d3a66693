"""Measure films as they grow: each function is one raw term in [-1, 1], for many films at once.

B films, K candidates for the next cut of each, N shots, P cut points, C per-cut terms, T cuts.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from editor.cutting.brief import Brief
from editor.cutting.material import Material
from editor.cutting.pool import TOTALS

BEAT_WIDTH = 0.04  # s, one frame at 25 fps: how near a cut sounds "on" the beat
# Likeness at a join. 90 % of a real film's joins lie below the first (Big Buck Bunny, 128 joins);
# half of its pairs of shots of one set-up, none of which it joins, above the second.
JUMP = (0.54, 0.94)
STILL = 0.05  # widths/s: global motion below it reads as a locked-off camera
LEVEL_RANGE = 24.0  # dB: a jump that loud is as bad as any
LENGTH_SCALE = 0.7  # sd of log length: the distance at which length_fit has lost 63 %
MEMORY = 6.0  # cuts: lag-1 autocorrelation of fewer says little and is shrunk to the style's
SCENE_MEMORY = 0.6  # a cut: how much less each earlier cut says of what the scene is
SCENE_RANGE = 0.4  # of likeness above the pool's own: that much nearer is wholly of the scene
# How much a cut point of each measures.Kind invites a cut: on action (PEAK), in rest or a pause,
# at a sound; a fallback point invites nothing, a split inside speech repels. After the continuity
# editor's rule "cut on action" and Smith & Henderson 2008 (edit blindness); the figures a proxy.
KIND_VALUE = (0.0, 0.6, 0.6, 1.0, 0.5, -0.5, -1.0)


@dataclass(frozen=True)
class Progress:
    """What a batch of films has come to. A pytree of tensors, B first."""

    length: Tensor  # (B,) int64, film frames
    count: Tensor  # (B,) int64, cuts
    shot: Tensor  # (B,) int64, the last cut's shot; -1 before the first
    out: Tensor  # (B,) int64, its out point
    sums: Tensor  # (B, C) float32, standardised per-cut terms times frames
    z: Tensor  # (B, Z) float32, each cut's log length, standardised by pace and curve
    shown: Tensor  # (B, N) float32, each shot's greatest likeness to what was shown
    scene: Tensor  # (B, N) float32, how much each shot is of the scene that is going on
    setups: Tensor  # (B, S) bool, set-ups seen
    score: Tensor  # (B,) float32

    def select(self, index: Tensor) -> "Progress":
        """The films of `index` (B',), in that order."""
        return Progress(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Cuts:
    """Candidates: K next cuts of each of B films, with what every term needs to see."""

    material: Material
    beats: Tensor  # (M,) float32, film seconds
    before: Progress
    shot: Tensor  # (B, K) int64
    first: Tensor  # (B, K) int64, in point
    last: Tensor  # (B, K) int64, out point

    @cached_property
    def _means(self) -> Tensor:
        return self.material.means(self.shot, self.first, self.last)

    def mean(self, name: str) -> Tensor:
        """(B, K): mean over the cut of one of pool.TOTALS, in [0, 1]."""
        return self._means[..., TOTALS.index(name)]

    @cached_property
    def intersection(self) -> Tensor:
        """(B, K): colour histogram intersection at the join (Swain & Ballard 1991), in [0, 1]."""
        old, new = self.at_join(self.material.colour)
        return torch.minimum(old, new).sum(-1).clamp(max=1)

    @property
    def opening(self) -> Tensor:
        """(B, 1) bool: no cut stands before."""
        return self.before.shot[:, None] < 0

    def at_join(self, table: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of an (N, P, ...) table at the cut before's out point and at this cut's in point."""
        old = table[self.before.shot.clamp(min=0), self.before.out][:, None]
        return old, table[self.shot, self.first]


def on_the_beat(cuts: Cuts) -> Tensor:
    """Closeness of the cut's end to a beat: 2 exp(-(gap / BEAT_WIDTH)^2 / 2) - 1; 0 without music.

    A cut within a frame or two of the beat is felt as on it (Dancyger, The Technique of Film and
    Video Editing, on music); the bell is a proxy.
    """
    gap = beat_gap(cuts)
    return 2 * torch.exp(-0.5 * (gap / BEAT_WIDTH) ** 2) - 1 if len(cuts.beats) else 0 * gap


def beat_gap(cuts: Cuts) -> Tensor:
    """(B, K) float32: seconds from the cut's end to the nearest beat; 0 where there are none."""
    material = cuts.material
    end = cuts.before.length[:, None] + material.length[cuts.shot, cuts.first, cuts.last]
    return nearest(cuts.beats, end / material.rate)


def nearest(beats: Tensor, seconds: Tensor) -> Tensor:
    """Distance of each time to the nearest of the ascending beats, in seconds; 0 without beats."""
    if not len(beats):
        return torch.zeros_like(seconds)
    after = torch.searchsorted(beats, seconds.contiguous()).clamp(max=len(beats) - 1)
    before = (after - 1).clamp(min=0)
    return torch.minimum((beats[after] - seconds).abs(), (beats[before] - seconds).abs())


def jump_cut(cuts: Cuts) -> Tensor:
    """1 - 2 x how much the join jumps; -1 for no cut at all.

    Proxy for the 30-degree rule (Bordwell & Thompson, Film Art): nearly the same framing of the
    same set-up jumps. Likeness is the mean of embedding cosine and histogram intersection. Going
    on in the same take where the last cut left it is no edit and scores -1.
    """
    m = cuts.material
    like = 0.5 * (cosine(cuts).clamp(min=0) + cuts.intersection)
    old = cuts.before.shot.clamp(min=0)[:, None]
    same = (m.setup[old] == m.setup[cuts.shot]) | (m.clip[old] == m.clip[cuts.shot])
    out, into = cuts.at_join(m.frame)
    seamless = (m.clip[old] == m.clip[cuts.shot]) & (out == into)
    jumps = jump(like, same)
    return torch.where(seamless, -torch.ones_like(jumps), 1 - 2 * jumps)


def jump(like: Tensor, same: Tensor) -> Tensor:
    """How much joins of that likeness jump, in [0, 1]: nothing up to JUMP[0], all from JUMP[1],
    and half as much between set-ups. `same`: of one set-up or clip, bool or 0 to 1."""
    low, high = JUMP
    return ((like - low) / (high - low)).clamp(0, 1) * (0.5 + 0.5 * same.float())


def cosine(cuts: Cuts) -> Tensor:
    """(B, K): cosine of the embeddings at the join."""
    old, new = cuts.at_join(cuts.material.embedding)
    return (old * new).sum(-1)


def motion_match(cuts: Cuts) -> Tensor:
    """2 a.b / (|a|^2 + |b|^2 + STILL^2) of the global motion at the join: same direction is 1.

    Matching screen direction across a cut (Bordwell & Thompson); two still pictures score 0, so
    that stillness does not pay. Proxy: the camera's motion, not the actors'.
    """
    old, new = cuts.at_join(cuts.material.flow)
    norm = (old**2).sum(-1) + (new**2).sum(-1) + STILL**2
    return 2 * (old * new).sum(-1) / norm


def colour_match(cuts: Cuts) -> Tensor:
    """2 x histogram intersection at the join - 1 (Swain & Ballard 1991)."""
    return 2 * cuts.intersection - 1


def level_match(cuts: Cuts) -> Tensor:
    """1 - 2 x the jump in sound level at the join, over LEVEL_RANGE."""
    old, new = cuts.at_join(cuts.material.level)
    return 1 - 2 * ((old - new).abs() / LEVEL_RANGE).clamp(max=1)


def action_cut(cuts: Cuts) -> Tensor:
    """How much its in and out points invite a cut: mean of KIND_VALUE."""
    value, m = torch.tensor(KIND_VALUE), cuts.material
    ends = m.kind[cuts.shot, cuts.first], m.kind[cuts.shot, cuts.last]
    return 0.5 * (value[ends[0].clamp(min=0)] + value[ends[1].clamp(min=0)])


def novelty(cuts: Cuts) -> Tensor:
    """1 - 2 x the greatest likeness to what was shown (maximal marginal relevance, Carbonell &
    Goldstein 1998). Nothing is forgotten: while old cuts faded, leaving a scene in order to come
    back to it paid, and real films scored better shuffled."""
    return 1 - 2 * cuts.before.shown.gather(1, cuts.shot)


def scene(cuts: Cuts) -> Tensor:
    """How much nearer the shot's look is to the cuts before the last than to the pool at large,
    over SCENE_RANGE: a scene goes on, shot and reverse shot, until it is left for another.

    After the fading memory of shots by which Kender & Yeo (1998, Video scene segmentation via
    continuous video coherence) find scenes. The last cut is not asked: how like it a shot may be is
    the join's affair. Proxy: what looks alike need not be one place."""
    return cuts.before.scene.gather(1, cuts.shot) / SCENE_RANGE


def remember(film: Progress, material: Material) -> Tensor:
    """(B, N): Progress.scene once one more cut follows: what was the last cut joins the memory, as
    likeness above each shot's likeness to the whole pool, the weights summing to 1 in the end."""
    above = material.above[film.shot.clamp(min=0)]
    begun = (film.shot >= 0).float()[:, None]
    return SCENE_MEMORY * film.scene + (1 - SCENE_MEMORY) * begun * above


def measured(name: str) -> Callable[[Cuts], Tensor]:
    return lambda cuts: 2 * cuts.mean(name) - 1


def length_fit(film: Progress, brief: Brief, material: Material) -> Tensor:
    """2 exp(-d / LENGTH_SCALE) - 1, d the Wasserstein-1 distance of the film's standardised log
    shot lengths from the style's normal (log-normal lengths: Salt 2006; Redfern 2012)."""
    z = _sorted(film.z)
    counts = film.count[:, None].clamp(min=1)
    place = (torch.arange(z.shape[1]) + 0.5) / counts  # (B, Z)
    quantile = math.sqrt(2) * torch.erfinv((2 * place - 1).clamp(-0.9999, 0.9999))
    valid = torch.arange(z.shape[1]) < counts
    distance = torch.where(valid, (z - quantile).abs(), torch.zeros(())).sum(1) / counts[:, 0]
    return 2 * torch.exp(-distance / LENGTH_SCALE) - 1


def _sorted(z: Tensor) -> Tensor:
    return torch.where(z.isnan(), torch.full_like(z, 1e9), z).sort(1).values


def rhythm(film: Progress, brief: Brief, material: Material) -> Tensor:
    """1 - 2 max(0, rho - r): lag-1 autocorrelation of log shot length against the style's (Cutting,
    DeLong & Nothelfer 2010), shrunk towards it while there are few cuts. Too little memory is the
    fault, too much is none: a run of quick shots is what montage is, and a real film of photographs
    (r = 0.88) scored better shuffled while more than rho was punished."""
    z = film.z.nan_to_num(0.0)
    both = ~(film.z[:, 1:].isnan() | film.z[:, :-1].isnan())
    r = (z[:, 1:] * z[:, :-1] * both).sum(1) / (z**2).sum(1).clamp(min=0.25)
    shrink = film.count / (film.count + MEMORY)
    gap = (brief.style.pace.autocorrelation - r.clamp(-1, 1)).clamp(min=0) * shrink
    return 1 - 2 * gap.clamp(max=1)


def film_length(film: Progress, brief: Brief, material: Material) -> Tensor:
    """1 - 2 x the relative error of the film's length."""
    target = brief.duration * float(brief.rate)
    return 1 - 2 * ((film.length - target).abs() / target).clamp(max=1)


def coverage(film: Progress, brief: Brief, material: Material) -> Tensor:
    """2 x the share of set-ups seen - 1, of those that a film of this length and pace could show.

    Proxy for a film that tells the whole situation: coverage in the sense of shooting for it.
    """
    room = max(1.0, min(material.setups, brief.duration / (1.3 * brief.style.pace.median)))
    return 2 * (film.setups.sum(1) / room).clamp(max=1) - 1
