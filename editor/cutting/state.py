"""What films under way have used of a pool: all that the rules remember of them.

B films, N shots, P cut points, W wishes.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class State:
    """What a batch of films has used. Tensors, B first; the last five serve free order only."""

    length: Tensor  # (B,) int64, film frames
    shot: Tensor  # (B,) int64, last shot, -1 before the first
    out: Tensor  # (B,) int64, its out point
    alive: Tensor  # (B, N) bool, not banned by a chosen take or by the order of a voice
    answered: Tensor  # (B, W) bool, wishes answered
    used: Tensor  # (B, N, P) bool, [.., p] from point p to p + 1
    reach: Tensor  # (B, N) int64, film frames that small cuts can still take from the shot
    shortest: Tensor  # (B, N) int64, length of the shortest legal cut left
    shortest_loss: Tensor  # (B, N) int64, reach that it would waste
    thrifty: Tensor  # (B, N) int64, length of the shortest legal cut that wastes nothing

    def select(self, index: Tensor) -> "State":
        """The films of `index` (B',), in that order."""
        return State(*(getattr(self, name)[index] for name in self.__dataclass_fields__))
