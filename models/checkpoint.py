"""Keep a policy in a safetensors file that says what it is, and refuse one that does not fit.

No pickle is ever read or written.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.policy import Policy, Sizes

FORMAT = "film-editor-policy 1"


@dataclass(frozen=True)
class Card:
    """What stands beside the weights."""

    sizes: Mapping[str, int]
    features: Mapping[str, Sequence[str]]  # kind -> names, in the order of the input
    terms: Sequence[str]  # reward terms it was trained on
    command: str  # that makes it again
    seed: int
    footage: Sequence[str]  # every real clip seen
    notes: Mapping[str, str]


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors under a temporary name in the same folder, then rename: whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    data = save({name: t.detach().contiguous() for name, t in tensors.items()}, dict(metadata))
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a file. Raises ValueError where it is no whole safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError) as err:
        raise ValueError(f"{path} is no whole safetensors file: {err}.") from err


def save_policy(path: Path, policy: Policy, card: Card) -> None:
    """Write a policy and its card."""
    table = {name: getattr(card, name) for name in card.__dataclass_fields__}
    write(path, policy.state_dict(), {"format": FORMAT, "card": json.dumps(table)})


def load_policy(
    path: Path, features: Mapping[str, Sequence[str]], terms: Sequence[str]
) -> tuple[Policy, Card]:
    """Read a policy that was trained on these features and reward terms.

    Raises ValueError naming both sides of what does not fit.
    """
    tensors, metadata = read(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path} is no policy: its format is {metadata.get('format')!r}, not {FORMAT!r}."
        )
    try:
        card = Card(**json.loads(metadata["card"]))
        sizes = Sizes(**card.sizes)
    except (KeyError, TypeError, ValueError) as err:
        raise ValueError(f"{path} carries a card that cannot be read: {err}.") from err
    for kind, names in features.items():
        _same(path, f"{kind} features", list(card.features.get(kind, [])), list(names))
    _same(path, "reward terms", list(card.terms), list(terms))
    with torch.random.fork_rng():
        policy = Policy(sizes)
    wanted = {name: tuple(t.shape) for name, t in policy.state_dict().items()}
    found = {name: tuple(t.shape) for name, t in tensors.items()}
    if wanted != found:
        odd = sorted(set(wanted.items()) ^ set(found.items()))[:4]
        raise ValueError(f"{path} holds other tensors than its sizes say: {odd}.")
    if bad := sorted(name for name, t in tensors.items() if not bool(t.isfinite().all())):
        raise ValueError(f"{path} holds NaN or infinity in {', '.join(bad[:4])}.")
    policy.load_state_dict(tensors)
    policy.eval()
    return policy, card


def _same(path: Path, what: str, found: list[str], wanted: list[str]) -> None:
    if found == wanted:
        return
    only_there = [name for name in found if name not in wanted]
    only_here = [name for name in wanted if name not in found]
    raise ValueError(
        f"{path} was trained on other {what}: it has {only_there or found},"
        f" this version has {only_here or wanted}."
    )
