"""Say which cuts are legal next, for many films at once: the one mask of sampling, scoring,
updating and search.

B films, N shots, P cut points, W wishes. Frames are used once. A cut is legal only if the film can
still be completed inside the window of its asked length with every must-include in it: exactly so
in recorded order (completion.suffix); in free order by a sufficient condition, that the untouched
footage holds enough cuts no longer than the window is wide, which cannot overshoot it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from editor.cutting.material import Material
from editor.cutting.state import State

NEVER = 1 << 40  # film frames: no such segment
STUTTER = 0.5  # s: a shorter jump forward inside one take reads as a fault, not as a cut


@dataclass(frozen=True)
class Rules:
    """The constraints of one pool and brief, with their tables."""

    material: Material
    order: str  # as it is held: "recorded" also where a free order could not be proven completable
    low: int  # film frames, the window's; lowered where the footage does not reach it
    high: int
    allowed: Tensor  # (N, P, P) bool
    line: Tensor  # (N,) int64, lines of which one take is used; -1 free of that rule
    wish: Tensor  # (N,) int64, -1 none
    wishes: int  # W
    notes: tuple[str, ...]  # what could not be held, in an editor's words
    grain: int
    after: Tensor  # (W + 1, N, P, bytes) uint8
    again: Tensor
    start_cells: Tensor  # (W + 1, C, N) bool
    fill: Tensor  # (N, P, P) int64
    counted: Tensor  # (N,) bool, shots that the reach counts
    reserve: Tensor  # (W,) int64, film frames kept for each unanswered wish
    kept_for: Tensor  # (W,) int64, the shot that is kept for it

    def start(self, films: int) -> State:
        """Empty films."""
        m = self.material
        zero = torch.zeros(films, dtype=torch.int64)
        free = self.order == "free"
        shots = m.size if free else 0
        state = State(
            length=zero,
            shot=zero - 1,
            out=zero.clone(),
            alive=self.allowed.flatten(1).any(1).expand(films, -1).clone(),
            answered=torch.zeros(films, self.wishes, dtype=torch.bool),
            used=torch.zeros(films, shots, m.points, dtype=torch.bool),
            reach=torch.zeros(films, shots, dtype=torch.int64),
            shortest=torch.zeros(films, shots, dtype=torch.int64),
            shortest_loss=torch.zeros(films, shots, dtype=torch.int64),
            thrifty=torch.zeros(films, shots, dtype=torch.int64),
        )
        if not free:
            return state
        every = torch.arange(m.size)
        fresh = self._canonical(every, torch.zeros(m.size, m.points, dtype=torch.bool))
        reach = torch.where(self.counted, self.fill[:, 0, -1], torch.zeros((), dtype=torch.int64))
        rows = {
            "reach": reach,
            "shortest": fresh[0],
            "shortest_loss": fresh[1],
            "thrifty": fresh[2],
        }
        return replace(state, **{k: v.expand(films, -1).clone() for k, v in rows.items()})

    # -- masks --------------------------------------------------------------------------------

    def shot_mask(self, state: State) -> Tensor:
        """(B, N + 1) bool: shots from which a legal cut exists, and stop (the last column)."""
        shots = self._free_shots(state) if self.order == "free" else self._recorded_shots(state)
        inside = (state.length >= self.low) & (state.length <= self.high)
        stop = inside & state.answered.all(1)
        stop = stop | ~shots.any(1)  # honest end where nothing else is left
        return torch.cat([shots, stop[:, None]], 1)

    def shot_legal(self, state: State, shot: Tensor) -> Tensor:
        """(B,) bool: whether one shot of each film is legal, as `shot_mask` has it."""
        free = self.order == "free"
        return self._free_shot(state, shot) if free else self._recorded_shot(state, shot)

    def pair_mask(self, state: State, shot: Tensor) -> Tensor:
        """(B, P, P) bool: legal [in, out] of the shot (B,) chosen for each film.

        A jump forward of less than STUTTER inside one take is legal only where the shot has nothing
        else: every pair that is left can be completed, so nothing is lost by leaving some out.
        """
        free = self.order == "free"
        legal = self._free_pairs(state, shot) if free else self._recorded_pairs(state, shot)
        if not bool((state.shot >= 0).any()):
            return legal
        clean = legal & ~self._stutter(state, shot)[:, :, None]
        return torch.where(clean.flatten(1).any(1)[:, None, None], clean, legal)

    def pair_legal(self, state: State, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """(B,) bool: whether one pair of each film's shot is legal, as `pair_mask` has it; much
        cheaper than the mask where the pair is known."""
        if self.order == "free":
            legal = self._free_pair(state, shot, first, last)
        else:
            legal = self._recorded_pair(state, shot, first, last)
        seamless = (state.shot == shot) & (state.out == first)
        stutter = self._stutter(state, shot).gather(1, first[:, None])[:, 0]
        doubtful = legal & (seamless | stutter)
        at = torch.nonzero(doubtful)[:, 0]
        if len(at):
            mask = self.pair_mask(state.select(at), shot[at])
            legal[at] = mask[torch.arange(len(at)), first[at], last[at]]
        return legal

    def _recorded_pair(self, state: State, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """`_recorded_pairs` of one pair (B,) each."""
        m = self.material
        end = state.length + m.length[shot, first, last]
        level = self._prefix(self._answer(state, shot)).expand(len(shot))
        cell = (end // self.grain).clamp(max=self.start_cells.shape[1] - 1)
        byte = self.after[level, shot, last, cell >> 3]
        open_ = ((byte >> (cell & 7).to(torch.uint8)) & 1).bool()
        done = (level == self.wishes) & (end >= self.low)
        ok = self.allowed[shot, first, last] & (end <= self.high) & (open_ | done)
        return ok & ((state.shot != shot) | (first > state.out))

    def _stutter(self, state: State, shot: Tensor) -> Tensor:
        """(B, P) bool: in points that jump forward by less than STUTTER inside the last take."""
        m = self.material
        last = state.shot.clamp(min=0)
        gap = m.frame[shot] - m.frame[last, state.out][:, None]
        end = m.real[shot].sum(1, keepdim=True) - 1
        frames = (m.frame[shot].gather(1, end) - m.frame[shot, :1]).clamp(min=1)
        seconds = gap * m.time[shot].gather(1, end) / frames
        same = (state.shot >= 0) & (m.clip[last] == m.clip[shot])
        return same[:, None] & (gap > 0) & (seconds < STUTTER)

    def _prefix(self, answered: Tensor) -> Tensor:
        return answered.int().cumprod(1).sum(1) if self.wishes else answered.new_zeros(()).long()

    def _answer(self, state: State, shot: Tensor) -> Tensor:
        if not self.wishes:
            return state.answered
        mine = torch.arange(self.wishes) == self.wish[shot][:, None]
        return state.answered | mine

    def _recorded_shots(self, state: State) -> Tensor:
        m = self.material
        level = self._prefix(state.answered)
        cell = (state.length // self.grain).clamp(max=self.start_cells.shape[1] - 1)
        shots = self.start_cells[level, cell] & state.alive
        begun = state.shot >= 0
        last = state.shot.clamp(min=0)
        shots &= ~begun[:, None] | (m.rank > m.rank[last][:, None])
        byte = self.again[level, last, state.out, cell >> 3]
        more = begun & ((byte >> (cell & 7)) & 1).bool()
        return shots.scatter(1, last[:, None], (shots.gather(1, last[:, None]) | more[:, None]))

    def _recorded_shot(self, state: State, shot: Tensor) -> Tensor:
        """`_recorded_shots` of one shot (B,)."""
        m, films = self.material, torch.arange(len(shot))
        level = self._prefix(state.answered)
        cell = (state.length // self.grain).clamp(max=self.start_cells.shape[1] - 1)
        last = state.shot.clamp(min=0)
        fresh = self.start_cells[level, cell, shot] & state.alive[films, shot]
        fresh &= (state.shot < 0) | (m.rank[shot] > m.rank[last])
        byte = self.again[level, last, state.out, cell >> 3]
        more = ((byte >> (cell & 7)) & 1).bool() & (state.shot == shot)
        return fresh | more

    def _recorded_pairs(self, state: State, shot: Tensor) -> Tensor:
        m = self.material
        films, points = len(shot), m.points
        end = state.length[:, None, None] + m.length[shot]
        level = self._prefix(self._answer(state, shot)).expand(films)
        width = self.after.shape[-1]
        cell = (end // self.grain).clamp(max=self.start_cells.shape[1] - 1)
        row = ((level * m.size + shot) * points)[:, None] + torch.arange(points)  # (B, P)
        flat = (row * width)[:, None, :] + (cell >> 3)
        byte = self.after.view(-1)[flat]
        open_ = ((byte >> (cell & 7).to(torch.uint8)) & 1).bool()
        done = (level == self.wishes)[:, None, None] & (end >= self.low)
        ok = self.allowed[shot] & (end <= self.high) & (open_ | done)
        from_ = torch.where(state.shot == shot, state.out + 1, torch.zeros_like(shot))
        return ok & (torch.arange(points) >= from_[:, None])[:, :, None]

    # -- free order ---------------------------------------------------------------------------

    def _gaps(self, used: Tensor) -> tuple[Tensor, Tensor]:
        """First and last point of the unused stretch about each point: (B, P) each."""
        points = used.shape[1]
        at = torch.arange(points)
        begin = torch.where(used, at + 1, torch.zeros(())).long().cummax(1).values
        begin = torch.cat([torch.zeros_like(begin[:, :1]), begin[:, :-1]], 1)
        end = torch.where(used, at, torch.full((), points - 1)).long()
        return begin, end.flip(1).cummin(1).values.flip(1)

    def _pair_losses(self, shot: Tensor, used: Tensor) -> tuple[Tensor, Tensor]:
        """Legal-and-unused (B, P, P) bool, and the reach that each pair wastes (B, P, P) int64."""
        m = self.material
        points = m.points
        begin, end = self._gaps(used)
        at = torch.arange(points)
        room = self.allowed[shot] & (begin[:, None, :] <= at[:, None])
        table = self.fill[shot].flatten(1)  # (B, P * P)

        def reach(first: Tensor, last: Tensor) -> Tensor:
            index = (first * points + last).expand(-1, points, points)
            return table.gather(1, index.flatten(1)).view(-1, points, points)

        whole = reach(begin[:, :, None], end[:, None, :])
        right = reach(at.expand(len(shot), 1, points), end[:, None, :])
        left = reach(begin[:, :, None], at[:, None].expand(len(shot), points, 1))
        left = torch.where((m.voice[shot] >= 0)[:, None, None], torch.zeros_like(left), left)
        kept = torch.where(self.counted[shot][:, None, None], whole - left - right, 0)
        return room, kept - m.length[shot]

    def _pair_loss(
        self, shot: Tensor, used: Tensor, first: Tensor, last: Tensor
    ) -> tuple[Tensor, Tensor]:
        """`_pair_losses` of one pair: (B,) each."""
        m = self.material
        begin, end = self._gaps(used)
        head, tail = (
            row[:, 0] for row in (begin.gather(1, first[:, None]), end.gather(1, last[:, None]))
        )
        room = self.allowed[shot, first, last] & (begin.gather(1, last[:, None])[:, 0] <= first)
        left = torch.where(m.voice[shot] >= 0, 0, self.fill[shot, head, first])
        kept = self.fill[shot, head, tail] - left - self.fill[shot, last, tail]
        return room, torch.where(self.counted[shot], kept, 0) - m.length[shot, first, last]

    def _canonical(self, shot: Tensor, used: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Shortest cut left, what it wastes, and the shortest that wastes nothing: (B,) each."""
        room, loss = self._pair_losses(shot, used)
        length = torch.where(room, self.material.length[shot], NEVER).flatten(1)
        shortest, at = length.min(1)
        wasted = loss.flatten(1).gather(1, at[:, None])[:, 0]
        thrifty = torch.where(loss.flatten(1) <= 0, length, NEVER).min(1).values
        return shortest, wasted, thrifty

    def _other_losses(self, state: State) -> Tensor:
        """(B, N): reach of other shots that choosing the shot would ban."""
        m, reach = self.material, state.reach * state.alive
        loss = torch.zeros_like(reach)
        if bool((m.voice >= 0).any()):
            order = torch.argsort(m.voice * m.size + m.rank)
            before = reach[:, order].cumsum(1) - reach[:, order]
            voice = m.voice[order]
            head = torch.searchsorted(voice, voice)
            lower = torch.where(voice >= 0, before - before[:, head], 0)
            loss = loss.index_copy(1, order, lower)
        if bool((self.line >= 0).any()):
            takes = (self.line + 1) * (int(m.clip.max()) + 1) + m.clip
            lines = torch.unique(self.line, return_inverse=True)[1]
            takes = torch.unique(takes, return_inverse=True)[1]
            empty = torch.zeros(len(reach), m.size, dtype=torch.int64)
            by_line = empty.index_add(1, lines, reach)[:, lines]
            by_take = empty.index_add(1, takes, reach)[:, takes]
            loss = loss + torch.where(self.line >= 0, by_line - by_take, 0)
        return loss

    @cached_property
    def _bans(self) -> Tensor:
        """(N, N) uint8: how often `_other_losses` counts the reach of each shot against a choice
        (first)."""
        m = self.material
        voice = (m.voice == m.voice[:, None]) & (m.voice >= 0) & (m.rank < m.rank[:, None])
        line = (self.line == self.line[:, None]) & (self.line >= 0) & (m.clip != m.clip[:, None])
        return voice.to(torch.uint8) + line.to(torch.uint8)

    @cached_property
    def _kills(self) -> Tensor:
        """(W, N) bool: shots that would silence the one that is kept for each wish."""
        m, kept = self.material, self.kept_for[:, None]
        later = (m.voice == m.voice[kept]) & (m.voice >= 0) & (m.rank > m.rank[kept])
        return later & (self.wish != torch.arange(self.wishes)[:, None])

    def _free_terms(self, state: State) -> tuple[Tensor, Tensor, Tensor]:
        """Per shot (B, N): reserve after, total (length + reserve + reach) after, blocked."""
        open_ = ~state.answered
        reserve = (open_ * self.reserve).sum(1, keepdim=True).expand(-1, self.material.size)
        blocked = ~state.alive
        for wish in range(self.wishes):
            waits = open_[:, wish : wish + 1]
            blocked = blocked | (waits & self._kills[wish])
            reserve = reserve - (waits & (self.wish == wish)) * self.reserve[wish]
        total = state.length + (state.reach * state.alive).sum(1)
        return reserve, total[:, None] + reserve - self._other_losses(state), blocked

    def _free_term(self, state: State, shot: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`_free_terms` of one shot: (B,) each."""
        open_, reach = ~state.answered, state.reach * state.alive
        mine = self.wish[shot][:, None] == torch.arange(self.wishes)
        reserve = (open_ * ~mine * self.reserve).sum(1)
        blocked = ~state.alive[torch.arange(len(shot)), shot]
        blocked |= (open_ & self._kills[:, shot].T).any(1)
        lost = (reach * self._bans[shot]).sum(1)
        return reserve, state.length + reach.sum(1) + reserve - lost, blocked

    def _free_shots(self, state: State) -> Tensor:
        reserve, total, blocked = self._free_terms(state)
        room = self.high - state.length[:, None] - reserve
        spare = total - self.low
        short = (state.shortest <= room) & (state.shortest_loss <= spare)
        return ~blocked & (short | ((state.thrifty <= room) & (spare >= 0)))

    def _free_shot(self, state: State, shot: Tensor) -> Tensor:
        """`_free_shots` of one shot (B,)."""
        reserve, total, blocked = self._free_term(state, shot)
        at = (torch.arange(len(shot)), shot)
        room, spare = self.high - state.length - reserve, total - self.low
        short = (state.shortest[at] <= room) & (state.shortest_loss[at] <= spare)
        return ~blocked & (short | ((state.thrifty[at] <= room) & (spare >= 0)))

    def _free_pair(self, state: State, shot: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """`_free_pairs` of one pair (B,) each, but for going on at once, which it allows."""
        reserve, total, blocked = self._free_term(state, shot)
        room, loss = self._pair_loss(shot, state.used[torch.arange(len(shot)), shot], first, last)
        fits = state.length + self.material.length[shot, first, last] + reserve <= self.high
        return room & fits & (loss <= total - self.low) & ~blocked

    def _free_pairs(self, state: State, shot: Tensor) -> Tensor:
        reserve, total, blocked = (
            row.gather(1, shot[:, None])[:, :, None] for row in self._free_terms(state)
        )
        room, loss = self._pair_losses(shot, state.used[torch.arange(len(shot)), shot])
        fits = state.length[:, None, None] + self.material.length[shot] + reserve <= self.high
        ok = room & fits & (loss <= total - self.low) & ~blocked
        at = torch.arange(self.material.points)
        seamless = ((state.shot == shot)[:, None] & (at == state.out[:, None]))[:, :, None]
        edits = ok & ~seamless  # going on at once is no cut, and taken only where nothing else is
        return torch.where(edits.flatten(1).any(1)[:, None, None], edits, ok)

    @cached_property
    def apart(self) -> Tensor:
        """(N, N) bool: the shots that may still come after a shot: no other take of its line."""
        clip, line = self.material.clip, self.line
        alike = (line[:, None] == line) & (line >= 0)
        return ~(alike & (clip[:, None] != clip))

    # -- step ---------------------------------------------------------------------------------

    def step(self, state: State, shot: Tensor, first: Tensor, last: Tensor) -> State:
        """Make one legal cut (B,) in each film."""
        m = self.material
        films = torch.arange(len(shot))
        new = replace(
            state,
            length=state.length + m.length[shot, first, last],
            shot=shot,
            out=last,
            alive=state.alive & self.apart[shot],
            answered=self._answer(state, shot),
        )
        if self.order != "free":
            return new
        voice = m.voice[shot][:, None]
        silenced = (m.voice == voice) & (voice >= 0) & (m.rank < m.rank[shot][:, None])
        at = torch.arange(m.points)
        from_ = torch.where(voice >= 0, torch.zeros_like(voice), first[:, None])
        row = state.used[films, shot] | ((at >= from_) & (at < last[:, None]))
        used = state.used.clone()
        used[films, shot] = row
        alike, each = torch.unique(torch.cat([shot[:, None], row], 1), dim=0, return_inverse=True)
        kinds, rows = alike[:, 0], alike[:, 1:].bool()  # films tried about one are mostly alike
        shortest, wasted, thrifty = (found[each] for found in self._canonical(kinds, rows))
        reach = torch.where(self.counted[kinds], self._reach(kinds, rows), 0)[each]
        return replace(
            new,
            alive=new.alive & ~silenced,
            used=used,
            reach=state.reach.index_put((films, shot), reach),
            shortest=state.shortest.index_put((films, shot), shortest),
            shortest_loss=state.shortest_loss.index_put((films, shot), wasted),
            thrifty=state.thrifty.index_put((films, shot), thrifty),
        )

    def _reach(self, shot: Tensor, used: Tensor) -> Tensor:
        """(B,): film frames that small cuts can take from the unused stretches of a shot."""
        points = self.material.points
        begin, end = self._gaps(used)
        at = torch.arange(points)
        head = (begin == at) & ~used  # first point of an unused stretch
        table = self.fill[shot].flatten(1)
        each = table.gather(1, begin * points + end)
        return torch.where(head, each, 0).sum(1)
