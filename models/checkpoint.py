"""Keep a policy, or a whole training, in a safetensors file that says what it is, and refuse one
that does not fit.

No pickle is ever read or written. Files are written under another name and renamed, so that a file
of that name is always whole.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.policy import Cache, Policy, Scene, Sizes

FORMAT = "film-editor-policy 1"
LARGEST = 4096  # of any size: a file cannot make this machine build a larger network
MOST_ODDS = 1e8  # of a choice: what is forbidden has policy.FORBIDDEN
POLICY, MOMENTS = "policy.", "adam."  # how a training's tensors begin


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
    data = save({name: t.detach().contiguous() for name, t in tensors.items()}, dict(metadata))
    write_bytes(path, data)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
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


# --- a policy -------------------------------------------------------------------------------------


def save_policy(path: Path, policy: Policy, card: Card) -> None:
    """Write a policy and its card."""
    write(path, policy.state_dict(), {"format": FORMAT, "card": card_text(card)})


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
    card = read_card(path, metadata.get("card", ""))
    check_card(path, card, features, terms)
    policy = _blank(path, Sizes(**card.sizes), tensors)
    check_tensors(path, tensors, policy.state_dict())
    policy.load_state_dict(tensors)
    policy.eval()
    check_reckoning(path, policy)
    return policy, card


@torch.no_grad()
def check_reckoning(path: Path, policy: Policy) -> None:
    """Let a policy look at a made scene. Raises ValueError where its odds are no numbers, or so
    large that what is forbidden would be likelier than what is not."""
    sizes, draws = policy.sizes, torch.Generator().manual_seed(0)

    def made(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draws)

    scene = Scene(made(3, sizes.shot), made(3, 4, sizes.point), made(sizes.style))
    encoded, one = policy.encode(scene), torch.zeros(1, dtype=torch.int64)
    state, cache = policy.advance(encoded, made(1, sizes.film), torch.tensor([[-1, 0, 0]]), Cache())
    state, _ = policy.advance(encoded, made(1, sizes.film), torch.tensor([[0, 1, 2]]), cache)
    points = torch.ones(1, 4, dtype=torch.bool)
    found = (
        policy.shot_logits(encoded, state, made(1, 3, sizes.shot_pair), points),
        policy.in_logits(encoded, state, one, made(1, 4, sizes.in_pair), points),
        policy.out_logits(encoded, state, one, one, made(1, 4, sizes.out_pair), points),
        policy.value(state),
    )
    if not all(bool((odds.abs() < MOST_ODDS).all()) for odds in found):
        raise ValueError(
            f"{path} holds weights that nothing can be reckoned with: odds of a choice overflow."
        )


def _blank(path: Path, sizes: Sizes, tensors: Mapping[str, Tensor]) -> Policy:
    """A policy of those sizes, without drawing from the world's randomness. Raises ValueError for
    one whose layers are larger than all that the file holds, before any memory is taken for it."""
    if sizes.width % sizes.heads:
        raise ValueError(
            f"{path} carries a card that cannot be: a width of {sizes.width} does not part into"
            f" {sizes.heads} heads."
        )
    held = sum(tensor.numel() for tensor in tensors.values())
    if (least := sizes.layers * sizes.width**2) > held:  # each layer has a matrix of that size
        raise ValueError(
            f"{path} carries a card that cannot be: {sizes.layers} layers of width {sizes.width}"
            f" have {least} weights and more, and the file holds {held}."
        )
    with torch.random.fork_rng():
        return Policy(sizes)


# --- its card -------------------------------------------------------------------------------------


def card_text(card: Card) -> str:
    """The card as JSON."""
    return json.dumps({item.name: getattr(card, item.name) for item in fields(Card)})


def read_card(path: Path, text: str) -> Card:
    """The card of a file's metadata. Raises ValueError where it is none."""
    try:
        card = Card(**json.loads(text))
        wrong = _fault(card)
    except (TypeError, ValueError, RecursionError) as err:
        raise ValueError(f"{path} carries a card that cannot be read: {err}.") from err
    if wrong:
        raise ValueError(f"{path} carries a card that cannot be read: {wrong}.")
    return card


def _fault(card: Card) -> str:
    """What of a card is not of its kind; empty where all is."""
    known = {item.name for item in fields(Sizes)}
    if not isinstance(card.sizes, dict) or set(card.sizes) != known:
        return f"its sizes are {_short(card.sizes)}, not {sorted(known)}"
    for name, size in card.sizes.items():
        if type(size) is not int or not 1 <= size <= LARGEST:
            return f"its {name} is {_short(size)}, not a number from 1 to {LARGEST}"
    texts: dict[str, Any] = {"terms": card.terms, "footage": card.footage}
    if not isinstance(card.features, dict):
        return f"its features are {_short(card.features)}, not a table"
    texts |= {f"{kind} features": names for kind, names in card.features.items()}
    for name, value in texts.items():
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            return f"its {name} are {_short(value)}, not a list of names"
    if type(card.seed) is not int or not isinstance(card.command, str):
        return f"its seed and command are {_short(card.seed)} and {_short(card.command)}"
    if not isinstance(card.notes, dict):
        return f"its notes are {_short(card.notes)}, not a table"
    return ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def check_card(
    path: Path, card: Card, features: Mapping[str, Sequence[str]], terms: Sequence[str]
) -> None:
    """Raise ValueError, naming both sides, unless the card speaks of these features and terms."""
    _same(path, "kinds of features", sorted(card.features), sorted(features))
    for kind, names in features.items():
        _same(path, f"{kind} features", list(card.features.get(kind, [])), list(names))
        if card.sizes[kind] != len(names):
            raise ValueError(
                f"{path} names {len(names)} {kind} features and has room for {card.sizes[kind]}."
            )
    _same(path, "reward terms", list(card.terms), list(terms))


def _same(path: Path, what: str, found: list[str], wanted: list[str]) -> None:
    if found == wanted:
        return
    only_there = [name for name in found if name not in wanted]
    only_here = [name for name in wanted if name not in found]
    raise ValueError(
        f"{path} was trained on other {what}: it has {only_there or found},"
        f" this version has {only_here or wanted}."
    )


def check_tensors(path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raise ValueError, naming both sides, unless names, shapes and kinds agree and all are finite
    numbers."""

    def table(tensors: Mapping[str, Tensor]) -> dict[str, str]:
        kinds = {name: str(t.dtype).removeprefix("torch.") for name, t in tensors.items()}
        return {name: f"{kinds[name]} {tuple(t.shape)}" for name, t in tensors.items()}

    there, here = table(found), table(wanted)
    for name in sorted(there.keys() | here.keys()):
        if there.get(name) != here.get(name):
            raise ValueError(
                f"{path} holds other tensors than its sizes say: {name} is"
                f" {there.get(name, 'absent')} there and {here.get(name, 'absent')} here."
            )
    if bad := sorted(name for name, t in found.items() if not bool(t.isfinite().all())):
        raise ValueError(f"{path} holds NaN or infinity in {', '.join(bad[:4])}.")


# --- a training -----------------------------------------------------------------------------------


def training_tensors(policy: Policy, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Weights and the optimiser's moments by name: what a training needs to go on."""
    tensors = {f"{POLICY}{name}": tensor for name, tensor in policy.state_dict().items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"{MOMENTS}{number}.{name}": value for name, value in state.items()}
    return tensors


def restore_training(
    path: Path, tensors: Mapping[str, Tensor], policy: Policy, optimizer: torch.optim.Optimizer
) -> None:
    """Put weights and moments back. Raises ValueError, with both as they were, naming what does not
    fit."""
    weights = _named(tensors, POLICY)
    check_tensors(path, weights, policy.state_dict())
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in _named(tensors, MOMENTS).items():
        number, _, name = key.partition(".")
        if not number.isdecimal():
            raise ValueError(f"{path} holds moments of no weight: {MOMENTS}{key}.")
        state.setdefault(int(number), {})[name] = value
    _check_moments(path, state, list(policy.parameters()))
    policy.load_state_dict(weights)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _check_moments(
    path: Path, state: Mapping[int, Mapping[str, Tensor]], weights: Sequence[Tensor]
) -> None:
    """Adam keeps two moments of every weight, and the number of its steps."""
    if state and set(state) != set(range(len(weights))):
        raise ValueError(f"{path} holds moments of {len(state)} weights, not of {len(weights)}.")
    for number, moments in state.items():
        like = weights[number]
        wanted = {"step": torch.zeros(()), "exp_avg": like, "exp_avg_sq": like}
        check_tensors(path, moments, wanted)
