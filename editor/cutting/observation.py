"""Show a policy what it may see of a pool and of films under way: tensors of about unit scale.

B films, N shots, P cut points. Embeddings enter only as cosines, so that any backbone serves and
rotating the embedding space changes nothing. No name, no place in the footage: in recorded order
the share of the footage that a choice would pass over is shown, for that is what it costs.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from editor.cutting import promise, wanted
from editor.cutting.environment import Films, Stage
from editor.cutting.pool import TOTALS
from editor.cutting.promise import Worth
from editor.cutting.reward import TERMS, weights_of
from editor.cutting.terms import KIND_VALUE, LEVEL_RANGE, SCENE_RANGE, STILL, jump, nearest
from models.policy import Scene, Sizes

KINDS = 7  # of measures.Kind
SHOT = (
    "longest", "shortest", "pairs", "points", *TOTALS, "voice", "takes", "crowd", "twin",
    "setup share", "flow x", "flow y", "level", "inviting points", "worth", "worth among all",
)  # fmt: skip
POINT = (
    *(f"kind {n}" for n in range(KINDS)), "invites", "level", "face", "flow x", "flow y", "place",
    "from start", "to end", *(f"{name} ahead" for name in TOTALS),
    *(f"{name} behind" for name in TOTALS), "may be in", "may be out", "worth onward",
)  # fmt: skip
STYLE = (
    *(f"weight {name}" for name in TERMS), "median", "log_sd", "autocorrelation",
    *(f"curve {n}" for n in range(5)), "shortest", "longest", "recorded", "duration", "shots",
    "cuts", "beats", "footage",
)  # fmt: skip
FILM = (
    "begun", "length", "left", "cuts left", "last z", "last z but one", "mean z", "spread z",
    "count", "next place", "may stop", "legal share", "footage passed", "footage to spare",
    "setups seen", "setups wanted", "unanswered", "beat gap", "fit", "wanted z", "wanted gain",
    "rhythm",
)  # fmt: skip
SHOT_PAIR = (
    "cosine", "likeness", "colour", "shown", "same clip", "same setup", "setup seen", "same shot",
    "flow", "level", "scene", "passed over", "step", "spare after", "wanted", "join worth",
    "novelty worth", "scene worth", "coverage worth", "promise", "short of best", "better ahead",
    "enough ahead", "length wanted", "setups left behind", "setups ahead", "opening",
)  # fmt: skip
IN_PAIR = (
    "cosine", "colour", "flow", "level", "same setup", "seamless", "invites", "longest z",
    "shortest z", "nearest z", "opening", "legal outs", "join worth", "worth onward", "both",
    "short of best", "length wanted",
)  # fmt: skip
OUT_PAIR = (
    "z", "distance", "rhythm", "length", "left", "may end", "beat", "on beat", "invites",
    *TOTALS, "beat known", "worth", "short of best", "length wanted", "rhythm after", "error",
)  # fmt: skip
JOINED = 11  # of SHOT_PAIR, those that need a last cut to meet
FEATURES = {
    "shot": SHOT, "point": POINT, "style": STYLE, "film": FILM, "shot_pair": SHOT_PAIR,
    "in_pair": IN_PAIR, "out_pair": OUT_PAIR,
}  # fmt: skip
SIZES = Sizes(**{name: len(names) for name, names in FEATURES.items()})


def _flow_match(old: Tensor, new: Tensor) -> Tensor:
    norm = (old**2).sum(-1) + (new**2).sum(-1) + STILL**2
    return 2 * (old * new).sum(-1) / norm


@dataclass(frozen=True)
class Watched:
    """A stage with what a policy sees of it. The protocol of models.rollout.Stage."""

    stage: Stage
    scene: Scene  # what does not change while films are cut
    invites: Tensor  # (N, P) float32, KIND_VALUE
    flow: Tensor  # (N, 2) mean motion
    level: Tensor  # (N,) mean level, dBFS
    seconds: Tensor  # (N,) s on offer in the shot
    before: Tensor  # (N,) s on offer in the shots recorded before it
    worth: Worth
    covers: float  # worth of a new set-up
    # (U, Q) bool, what lengths there are shots of, steps of wanted.GRID; (N,) int64, which of them
    # each shot has: many shots can be cut to the same.
    lengths: tuple[Tensor, Tensor]
    last_of: Tensor  # (S, N) float32, 1 where a set-up can still be met after the shot's rank

    @property
    def stop(self) -> int:
        """The number that stands for stop among the shots."""
        return self.stage.stop

    def start(self, films: int) -> Films:
        """Empty films."""
        return self.stage.start(films)

    def step(self, films: Films, shot: Tensor, first: Tensor, last: Tensor) -> tuple[Films, Tensor]:
        """Make one legal cut, or stop, in each film: the films and the step rewards (B,)."""
        films, gain, _ = self.stage.step(films, shot, first, last)
        return films, gain

    def done(self, films: Films) -> Tensor:
        """(B,) bool: stopped."""
        return films.done

    def passed(self, films: Films) -> Tensor:
        """(B,): seconds on offer that in recorded order lie behind the last cut."""
        state, m = films.state, self.stage.material
        last = state.shot.clamp(min=0)
        inside = torch.minimum(m.time[last, state.out], self.seconds[last])
        return torch.where(state.shot >= 0, self.before[last] + inside, torch.zeros(()))

    def film(self, films: Films, mask: Tensor) -> Tensor:
        """(B, len(FILM)): what the films have come to; `mask` their legal shots and stop."""
        stage, film, state = self.stage, films.progress, films.state
        m, brief = stage.material, stage.brief
        target = brief.duration * m.rate
        begun = (film.shot >= 0).float()
        length = film.length / target
        left = ((target - film.length) / m.rate).clamp(min=0)
        z = film.z.nan_to_num(0.0)
        count = film.count.clamp(min=1)
        last = z.gather(1, (film.count - 1).clamp(min=0)[:, None])[:, 0]
        before = z.gather(1, (film.count - 2).clamp(min=0)[:, None])[:, 0]
        mean = z.sum(1) / count
        spread = ((z**2).sum(1) / count - mean**2).clamp(min=0).sqrt()
        recorded = float(stage.rules.order == "recorded")
        passed = self.passed(films) * recorded
        spare = self.seconds.sum() - passed
        room = max(1.0, min(m.setups, brief.duration / (1.3 * brief.style.pace.median)))
        seen = film.setups.sum(1) / room
        open_ = (~state.answered).sum(1).float()
        gap = nearest(stage.reward.beats, film.length / m.rate)
        wants = wanted.lengths(stage, film)
        best = wants.max(1)
        rows = [
            begun, length, (left + 0.1).log() / 2, left / brief.style.pace.median / 10, last,
            before * (film.count > 1), mean, spread, (film.count + 1.0).log() / 3,
            stage.reward.length_z(film.length, torch.full_like(film.length, round(m.rate))),
            mask[:, -1].float(), mask[:, :-1].float().mean(1),
            passed / self.seconds.sum(), (spare.clamp(min=0.1) / left.clamp(min=0.5)).log() / 2,
            seen, seen - length, open_, gap.clamp(max=1), wanted.fit(film) * begun,
            wanted.GRID[best.indices], best.values, wanted.rhythm(stage, film) * begun,
        ]  # fmt: skip
        return torch.stack([row.float() for row in rows], -1).clamp(-4, 4)

    def shots(self, films: Films) -> tuple[Tensor, Tensor]:
        """What choosing each shot would meet (B, N, len(SHOT_PAIR)), and the mask (B, N + 1)."""
        stage, film = self.stage, films.progress
        m = stage.material
        mask = stage.shot_mask(films)
        begun = (film.shot >= 0)[:, None]
        last = film.shot.clamp(min=0)
        recorded = float(stage.rules.order == "recorded")
        left = (stage.brief.duration - film.length / m.rate).clamp(min=0.5)[:, None]
        passed = self.passed(films)[:, None]
        spare = (self.seconds.sum() - passed).clamp(min=0.1)
        over = ((self.before - passed) / spare).clamp(0, 1) * recorded
        fair = (stage.brief.style.pace.median * 1.3 / left).clamp(max=1.0)
        after = (self.seconds.sum() - self.before).clamp(min=0.1) / left
        wanted = (m.must >= 0).float().expand_as(over)
        old = m.embedding[last, film.out]
        rows = [
            old @ m.centre.T,
            m.likeness[last],
            torch.einsum("bh,nh->bn", m.colour[last, film.out].sqrt(), self._palette),
            film.shown,
            (m.clip == m.clip[last][:, None]).float(),
            (m.setup == m.setup[last][:, None]).float(),
            film.setups[:, m.setup].float(),
            (torch.arange(m.size) == last[:, None]).float(),
            _flow_match(m.flow[last, film.out][:, None], self.flow),
            (m.level[last, film.out][:, None] - self.level).abs() / LEVEL_RANGE,
            film.scene / SCENE_RANGE,
            over,
            ((over + 0.01) / (fair + 0.01)).log().clamp(-3, 3) * recorded / 2,
            after.log().clamp(-4, 4) * recorded / 2,
            wanted,
        ]
        brings = self._promise(films, mask[:, :-1], rows)
        opening = (~begun).float().expand_as(over)
        if opening.any():  # nothing to meet
            rows[:JOINED] = [row.masked_fill(~begun, 0.0) for row in rows[:JOINED]]
        found = torch.stack([*rows, *brings, opening])
        found[len(rows) : -1].clamp_(-4, 4)
        return found.movedim(0, -1), mask  # rows stay whole: a third of the time of gathering them

    @cached_property
    def _palette(self) -> Tensor:
        return self.stage.material.palette.sqrt()

    def _promise(self, films: Films, mask: Tensor, rows: list[Tensor]) -> list[Tensor]:
        """What each shot would bring (B, N), by its means, and what of better is still ahead."""
        stage, film = self.stage, films.progress
        m = stage.material
        begun = (film.shot >= 0)[:, None]
        cosine, _, colour, shown, _, same, seen, _, flow, level, of_scene = rows[:11]
        like = 0.5 * (cosine.clamp(min=0) + colour)
        join = (
            promise.weighed(stage, "jump_cut", 1 - 2 * jump(like, same))
            + promise.weighed(stage, "motion_match", flow)
            + promise.weighed(stage, "colour_match", 2 * colour - 1)
            + promise.weighed(stage, "level_match", 1 - 2 * level.clamp(max=1))
        ) * begun
        new = promise.weighed(stage, "novelty", 1 - 2 * shown)
        stays = promise.weighed(stage, "scene", of_scene.clamp(-1, 1)) * begun
        covers = self.covers * (1 - seen)
        whole = self.worth.shot + join + new + stays + covers
        short = whole - whole.masked_fill(~mask, -9.0).amax(1, keepdim=True).clamp(min=-8)
        ahead = self.worth.ahead(mask.float(), self.seconds)
        left = (stage.brief.duration - film.length / m.rate).clamp(min=0.5)[:, None]
        offered = (mask * self.seconds).sum(1, keepdim=True).clamp(min=0.1)
        ranges, of_shot = self.lengths
        wants = wanted.lengths(stage, film)[:, None].masked_fill(~ranges, -1.0).amax(2)[:, of_shot]
        unseen = (~film.setups).float()
        recorded = float(stage.rules.order == "recorded")
        still = (unseen @ self.last_of) * recorded  # (B, N)
        room = max(1.0, min(m.setups, stage.brief.duration / (1.3 * stage.brief.style.pace.median)))
        behind = (unseen.sum(1, keepdim=True) * recorded - still) / room
        return [
            join, new, stays, covers, whole, short, ahead, ahead * offered / left, wants, behind,
            still / room,
        ]  # fmt: skip

    def pairs(self, films: Films, shot: Tensor) -> Tensor:
        """(B, P, P) bool: legal [in, out] of the chosen shots."""
        return self.stage.pair_mask(films, shot)

    def ins(self, films: Films, shot: Tensor, pairs: Tensor) -> Tensor:
        """What each in point of the chosen shots would meet: (B, P, len(IN_PAIR))."""
        stage, film = self.stage, films.progress
        m = stage.material
        begun = (film.shot >= 0)[:, None]
        last = film.shot.clamp(min=0)
        shot = shot.clamp(max=m.size - 1)
        z = stage.reward.length_z(film.length[:, None, None], m.length[shot])
        count = pairs.sum(-1)
        some = count > 0
        longest = z.masked_fill(~pairs, -9.0).amax(-1)
        shortest = z.masked_fill(~pairs, 9.0).amin(-1)
        near = z.abs().masked_fill(~pairs, 9.0).amin(-1)
        old = m.embedding[last, film.out][:, None]
        same = (m.setup[last] == m.setup[shot])[:, None].expand_as(some)
        joint = (m.clip[last] == m.clip[shot])[:, None]
        joins = [
            (old * m.embedding[shot]).sum(-1),
            torch.minimum(m.colour[last, film.out][:, None], m.colour[shot]).sum(-1),
            _flow_match(m.flow[last, film.out][:, None], m.flow[shot]),
            (m.level[last, film.out][:, None] - m.level[shot]).abs() / LEVEL_RANGE,
            same.float(),
            (joint & (m.frame[shot] == m.frame[last, film.out][:, None])).float(),
        ]
        if not begun.all():  # nothing to meet
            joins = [join.masked_fill(~begun, 0.0) for join in joins]
        rows = [self.invites[shot], longest, shortest, near]
        rows = [torch.where(some, row, torch.zeros(())).clamp(-3, 3) for row in rows]
        joined, onward = promise.joins(stage, films, shot), self.worth.onward[shot]
        both = joined + onward
        short = both - both.masked_fill(~some, -9.0).amax(1, keepdim=True).clamp(min=-8)
        wants = wanted.at(wanted.lengths(stage, film), z.flatten(1)).view_as(z)
        wants = torch.where(pairs, wants, -1.0).amax(-1)
        rows += [(~begun).float().expand_as(near), (count + 1.0).log() / 3, joined, onward, both]
        return torch.stack([*joins, *rows, short.clamp(min=-4), wants]).movedim(0, -1)

    def outs(self, films: Films, shot: Tensor, first: Tensor) -> Tensor:
        """What each out point would make of the chosen in points: (B, P, len(OUT_PAIR))."""
        stage, film = self.stage, films.progress
        m, brief = stage.material, stage.brief
        shot = shot.clamp(max=m.size - 1)
        rows_ = torch.arange(m.points).expand(len(shot), -1)
        frames = m.length[shot, first]  # (B, P)
        z = stage.reward.length_z(film.length[:, None], frames).clamp(-4, 4)
        history = film.z.nan_to_num(0.0)
        last = history.gather(1, (film.count - 1).clamp(min=0)[:, None])
        end = film.length[:, None] + frames
        left = (brief.duration - end / m.rate).clamp(min=0)
        gap = nearest(stage.reward.beats, end / m.rate)
        known = torch.full_like(z, float(len(stage.reward.beats) > 0))
        means = m.means(shot[:, None], first[:, None], rows_).unbind(-1)
        worth = self.worth.pair[shot, first]  # (B, P)
        fits = stage.rules.allowed[shot, first]
        short = worth - worth.masked_fill(~fits, -9.0).amax(1, keepdim=True).clamp(min=-8)
        rows = [
            z, z.abs(), (z - brief.style.pace.autocorrelation * last).abs(),
            (frames / m.rate + 0.05).log(), (left + 0.1).log() / 2,
            (end >= stage.rules.low).float(), gap.clamp(max=1),
            torch.exp(-0.5 * (gap / 0.05) ** 2) * known, self.invites[shot], *means, known,
            worth, short, wanted.at(wanted.lengths(stage, film), z),
            wanted.rhythm_after(stage, film, z), 10 * (end / m.rate / brief.duration - 1),
        ]  # fmt: skip
        return torch.stack(rows).clamp_(-4, 4).movedim(0, -1)


def watch(stage: Stage) -> Watched:
    """Measure once what does not change while films are cut."""
    m = stage.material
    weight = m.real / m.real.sum(1, keepdim=True).clamp(min=1)
    invites = torch.tensor(KIND_VALUE)[m.kind.clamp(min=0)] * m.real
    flow = (m.flow * weight[..., None]).sum(1)
    level = (m.level * weight).sum(1)
    ends = torch.where(stage.rules.allowed.any(1), m.time, torch.zeros(()))
    seconds = ends.amax(1)
    order = m.rank.argsort()
    before = torch.empty_like(seconds)
    before[order] = seconds[order].cumsum(0) - seconds[order]
    worth = promise.measure(stage, seconds)
    scene = Scene(
        shots=_shots(stage, flow, level, invites, weight, worth, worth.better(seconds[None])[0]),
        points=_points(stage, invites, worth),
        style=_style(stage),
    )
    covers = promise.coverage_step(stage)
    offers = torch.unique(wanted.offered(stage), dim=0, return_inverse=True)
    last_rank = torch.full((m.setups,), -1).scatter_reduce(
        0, m.setup, torch.where(seconds > 0, m.rank, -1), "amax"
    )
    last_of = (last_rank[:, None] > m.rank).float()
    return Watched(
        stage, scene, invites, flow, level, seconds, before, worth, covers, offers, last_of
    )


def _shots(
    stage: Stage,
    flow: Tensor,
    level: Tensor,
    invites: Tensor,
    weight: Tensor,
    worth: Worth,
    better: Tensor,
) -> Tensor:
    m, allowed = stage.material, stage.rules.allowed
    seconds = m.length / m.rate
    some = allowed.flatten(1).any(1)
    longest = torch.where(allowed, seconds, 0.0).flatten(1).amax(1)
    shortest = torch.where(allowed, seconds, 99.0).flatten(1).amin(1)
    last = m.real.sum(1) - 1
    every = torch.arange(m.size)
    whole = m.totals[every, last] / m.time[every, last].clamp(min=0.1)[:, None]
    others = m.likeness - torch.eye(m.size)
    crowd = torch.bincount(m.setup, minlength=m.setups)[m.setup] / m.size
    rows = [
        (longest + 0.1).log(), torch.where(some, (shortest + 0.1).log(), 0.0),
        (allowed.flatten(1).sum(1) + 1.0).log() / 4, m.real.sum(1) / 20,
        *(whole.clamp(0, 1).T * 2 - 1), (m.voice >= 0).float(), (m.line >= 0).float(),
        others.clamp(min=0).mean(1) * 2, others.amax(1), crowd, *flow.T, (level + 40) / 20,
        (invites * weight).sum(1) * 2, worth.shot, better / m.size / (longest.mean() + 0.1),
    ]  # fmt: skip
    return torch.stack([row.float() for row in rows], -1).clamp(-4, 4)


def _points(stage: Stage, invites: Tensor, worth: Worth) -> Tensor:
    m, allowed = stage.material, stage.rules.allowed
    kinds = torch.nn.functional.one_hot(m.kind.clamp(min=0), KINDS) * m.real[..., None]
    length = m.time.amax(1, keepdim=True).clamp(min=0.1)
    step = torch.diff(m.totals, dim=1) / torch.diff(m.time, dim=1).clamp(min=0.04)[..., None]
    step = step.clamp(0, 1)
    edge = torch.zeros_like(step[:, :1])
    rows = torch.stack(
        [
            invites, (m.level + 40) / 20, m.face * 4, m.flow[..., 0], m.flow[..., 1],
            m.time / length, (m.time + 0.1).log() / 2, (length - m.time + 0.1).log() / 2,
        ],
        -1,
    )  # fmt: skip
    ends = torch.stack([allowed.any(2).float(), allowed.any(1).float(), worth.onward], -1)
    parts = [kinds, rows, torch.cat([step, edge], 1), torch.cat([edge, step], 1), ends]
    return (torch.cat(parts, -1) * m.real[..., None]).clamp(-4, 4)


def _style(stage: Stage) -> Tensor:
    brief, m = stage.brief, stage.material
    pace = brief.style.pace
    weights = weights_of(brief.style)
    total = sum(weights.values())
    curve = torch.tensor(pace.curve).log()[None, None]
    sampled = torch.nn.functional.interpolate(curve, 5, mode="linear", align_corners=True)[0, 0]
    usable = float(stage.rules.allowed.flatten(1).any(1).sum()) * 4.0
    numbers = [
        *(8 * weights[name] / total for name in TERMS), _log(pace.median), pace.log_sd,
        pace.autocorrelation, *sampled.tolist(), _log(pace.shortest), _log(pace.longest) / 3,
        float(stage.rules.order == "recorded"), _log(brief.duration) / 4, _log(m.size) / 4,
        _log(brief.duration / pace.median) / 3, float(len(brief.beats) > 0),
        _log(usable / brief.duration) / 3,
    ]  # fmt: skip
    return torch.tensor(numbers).clamp(-4, 4)


def _log(value: float) -> float:
    return float(torch.tensor(max(value, 1e-3)).log())
