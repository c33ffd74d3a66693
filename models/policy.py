"""Turn a pool of shots and the films cut from it so far into the odds of the next cut.

B films, T steps, N shots, P cut points, D width. A set encoder whose cost is linear in N (induced
attention: Lee et al. 2019, Set Transformer, eq. 9) reads the shots once; a causal transformer reads
the cuts so far, with a key-value cache while sampling; pointer heads (Vinyals et al. 2015) choose a
shot or stop, then the in point given the shot, then the out point given both. Left out: position
codes, since what has passed of the film is a feature, and any order of the input's shots.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

FORBIDDEN = -1e9  # logit of what the mask forbids


@dataclass(frozen=True)
class Sizes:
    """Numbers of features of each kind, and of the network's units."""

    shot: int
    point: int
    style: int
    film: int
    shot_pair: int
    in_pair: int
    out_pair: int
    width: int = 64  # D
    point_width: int = 32
    pair_width: int = 24  # hidden units of the shot pointer's pair features: N times a step
    heads: int = 4
    layers: int = 2
    induced: int = 8  # inducing points

    def table(self) -> dict[str, int]:
        """The sizes by name."""
        return asdict(self)


@dataclass(frozen=True)
class Scene:
    """What does not change while films are cut from one pool in one style."""

    shots: Tensor  # (N, shot) float32
    points: Tensor  # (N, P, point) float32
    style: Tensor  # (style,) float32


@dataclass(frozen=True)
class Encoded:
    """A scene as the network keeps it."""

    keys: Tensor  # (N, D)
    points: Tensor  # (N, P, point_width)
    summary: Tensor  # (D,) of pool and style
    style: Tensor  # (D,)


@dataclass(frozen=True)
class Cache:
    """Keys and values of the steps so far: one (B, heads, T, D / heads) pair a layer."""

    layers: tuple[tuple[Tensor, Tensor], ...] = ()

    def select(self, index: Tensor) -> "Cache":
        """Of the films of `index` (B',), in that order."""
        return Cache(tuple((key[index], value[index]) for key, value in self.layers))


class Attention(nn.Module):
    """Multi-head attention whose keys and values can be kept."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, heads, T, D / heads)."""
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of (B, T, D)."""
        key, value = self.key_value(x).chunk(2, -1)
        return self.split(key), self.split(value)

    def forward(self, x: Tensor, key: Tensor, value: Tensor, causal: bool = False) -> Tensor:
        """Queries from x (B, T, D) over given keys and values."""
        found = nn.functional.scaled_dot_product_attention(
            self.split(self.query(x)), key, value, is_causal=causal
        )
        mixed: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return mixed


def _mlp(into: int, hidden: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(into, hidden), nn.GELU(), nn.Linear(hidden, out))


class Induced(nn.Module):
    """Set block: a few learned points attend to all, then all attend to them; linear in N."""

    def __init__(self, width: int, heads: int, points: int) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.randn(points, width) / width**0.5)
        self.gather = Attention(width, heads)
        self.spread = Attention(width, heads)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.mlp = _mlp(width, 2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(1, N, D) -> (1, N, D), whatever the order."""
        normed = self.norms[0](x)
        core = self.gather(self.points[None], *self.gather.project(normed))
        x = x + self.spread(normed, *self.spread.project(self.norms[1](core)))
        out: Tensor = x + self.mlp(self.norms[2](x))
        return out


class Block(nn.Module):
    """Causal transformer block, pre-norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.mlp = _mlp(width, 2 * width, width)

    def forward(
        self, x: Tensor, kept: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(B, T, D); with `kept` keys and values, x is the one step after them."""
        normed = self.norms[0](x)
        key, value = self.attention.project(normed)
        if kept is not None:
            key, value = torch.cat([kept[0], key], 2), torch.cat([kept[1], value], 2)
        x = x + self.attention(normed, key, value, causal=kept is None and x.shape[1] > 1)
        return x + self.mlp(self.norms[1](x)), (key, value)


class Pointer(nn.Module):
    """Odds over candidates: a hidden layer over their pair features, code and the film's state."""

    def __init__(self, state: int, code: int, pair: int, hidden: int) -> None:
        super().__init__()
        self.state = nn.Linear(state, hidden)
        self.code = nn.Linear(code, hidden, bias=False) if code else None
        self.pair = nn.Linear(pair, hidden, bias=False)
        self.out = nn.Linear(hidden, 1)

    def forward(self, state: Tensor, code: Tensor | None, pair: Tensor) -> Tensor:
        """(B, state), (B, P, code), (B, P, pair) -> (B, P) logits."""
        hidden = self.pair(pair) + self.state(state)[:, None]
        if self.code is not None and code is not None:
            hidden = hidden + self.code(code)
        logits: Tensor = self.out(torch.relu(hidden)).squeeze(-1)
        return logits


class Policy(nn.Module):
    """The network. `sizes` fix its shape; a checkpoint carries them."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        d, p = sizes.width, sizes.point_width
        self.read_shot = _mlp(sizes.shot, d, d)
        self.read_style = _mlp(sizes.style, d, d)
        self.blocks = nn.ModuleList(Induced(d, sizes.heads, sizes.induced) for _ in range(2))
        self.key = nn.Linear(d, d)
        self.read_point = nn.Sequential(nn.Linear(sizes.point, p), nn.GELU(), nn.Linear(p, p))
        self.summarise = nn.Linear(2 * d, d)
        self.token = nn.Linear(sizes.film + d + 2 * p, d)
        self.decoder = nn.ModuleList(Block(d, sizes.heads) for _ in range(sizes.layers))
        self.state = nn.Sequential(nn.Linear(3 * d + sizes.film, d), nn.GELU())
        self.ask = nn.Linear(d, d)
        self.shot_pointer = Pointer(d, 0, sizes.shot_pair, sizes.pair_width)
        self.stop = _mlp(d, d, 1)
        self.in_pointer = Pointer(2 * d, p, sizes.in_pair, 2 * p)
        self.out_pointer = Pointer(2 * d + p, p, sizes.out_pair, 2 * p)
        self.worth = _mlp(d, d, 1)

    def encode(self, scene: Scene) -> Encoded:
        """Read a pool and a style once."""
        style = self.read_style(scene.style)
        x = (self.read_shot(scene.shots) + style)[None]
        for block in self.blocks:
            x = block(x)
        summary = self.summarise(torch.cat([x[0].mean(0), x[0].amax(0)]))
        return Encoded(self.key(x[0]), self.read_point(scene.points), summary + style, style)

    def tokens(self, encoded: Encoded, film: Tensor, last: Tensor) -> Tensor:
        """What the decoder reads of a step: film (..., film), last (..., 3) shot, in, out; shot -1
        before the first cut. Returns (..., D)."""
        begun = (last[..., :1] >= 0).float()
        shot = last[..., 0].clamp(min=0)
        parts = (
            encoded.keys[shot],
            encoded.points[shot, last[..., 1]],
            encoded.points[shot, last[..., 2]],
        )
        token: Tensor = self.token(torch.cat([film, *(part * begun for part in parts)], -1))
        return token + encoded.style

    def advance(
        self, encoded: Encoded, film: Tensor, last: Tensor, cache: Cache
    ) -> tuple[Tensor, Cache]:
        """State (B, D) after one more step, film (B, film), and the cache that holds it."""
        x = self.tokens(encoded, film, last)[:, None]
        kept = []
        for index, block in enumerate(self.decoder):
            x, pair = block(x, cache.layers[index] if cache.layers else None)
            kept.append(pair)
        return self.join(encoded, x[:, 0], film), Cache(tuple(kept))

    def states(self, encoded: Encoded, film: Tensor, last: Tensor) -> Tensor:
        """States (B, T, D) of whole films, film (B, T, film), all steps at once."""
        x = self.tokens(encoded, film, last)
        for block in self.decoder:
            x, _ = block(x)
        return self.join(encoded, x, film)

    def join(self, encoded: Encoded, x: Tensor, film: Tensor) -> Tensor:
        """The decoder's output beside style, pool and the film's own numbers."""
        wide = [part.expand(*x.shape[:-1], -1) for part in (encoded.summary, encoded.style)]
        state: Tensor = self.state(torch.cat([x, *wide, film], -1))
        return state

    def shot_logits(self, encoded: Encoded, state: Tensor, pair: Tensor, mask: Tensor) -> Tensor:
        """(B, N + 1): shots and stop. pair (B, N, shot_pair), mask (B, N + 1)."""
        fit = self.ask(state) @ encoded.keys.T / self.sizes.width**0.5
        shots = fit + self.shot_pointer(state, None, pair)
        return torch.cat([shots, self.stop(state)], -1).masked_fill(~mask, FORBIDDEN)

    def in_logits(
        self, encoded: Encoded, state: Tensor, shot: Tensor, pair: Tensor, mask: Tensor
    ) -> Tensor:
        """(B, P): in points of the chosen shots (B,)."""
        told = torch.cat([state, encoded.keys[shot]], -1)
        logits: Tensor = self.in_pointer(told, encoded.points[shot], pair)
        return logits.masked_fill(~mask, FORBIDDEN)

    def out_logits(
        self,
        encoded: Encoded,
        state: Tensor,
        shot: Tensor,
        first: Tensor,
        pair: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """(B, P): out points of the chosen shots and in points."""
        told = torch.cat([state, encoded.keys[shot], encoded.points[shot, first]], -1)
        logits: Tensor = self.out_pointer(told, encoded.points[shot], pair)
        return logits.masked_fill(~mask, FORBIDDEN)

    def value(self, state: Tensor) -> Tensor:
        """(...,): expected sum of the rewards still to come."""
        worth: Tensor = self.worth(state).squeeze(-1)
        return worth
