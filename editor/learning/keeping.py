"""Keep a training, so that a kill at any moment costs some steps and changes no number.

A checkpoint is one file that is always whole: weights, the optimiser's moments, the films that were
shown in cloning, how far it came. All that a step draws comes from (seed, step), so nothing else
needs keeping; the log is cut back to the checkpoint. A folder holds one training, and one process
at a time writes to it.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from editor.errors import PolicyError
from models import checkpoint
from models.checkpoint import Card
from models.policy import Policy

POLICY, STATE, LOG, LOCK = "policy.safetensors", "state.safetensors", "log.jsonl", ".lock"
CLONED = ".cloned.safetensors"  # after a policy's stem: the same, when it had only been cloned
SHOWN, LENGTHS = "shown.choices", "shown.lengths"  # films cloned so far, one after another
FOOTAGE = "footage"  # its setting: more may be learned from later, but not while cloning goes on


@dataclass(frozen=True)
class Kept:
    """How far a training came."""

    step: int = 0  # steps done, cloning's among them
    shown: tuple[Tensor, ...] = ()  # (T, 3) choices of each film cloned; only while cloning goes on
    card: Card | None = None  # as it was then; None in checkpoints of before it was kept


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a training's folder. Raises PolicyError where another process does.

    What a killed process was about to write is removed: it never had its name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise PolicyError(
            f"--folder {folder} cannot be made: {err.strerror}. Name one that can be written to."
        ) from err
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise PolicyError(
                f"Another training is writing to {folder}: let it end, or name another --folder."
            ) from err
        for name in (POLICY, "policy" + CLONED, STATE, LOG, "card.md"):
            for left in folder.glob(f".{name}.*"):
                left.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)


def save(
    folder: Path,
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    card: Card,
    kept: Kept,
    metadata: Mapping[str, str],
) -> None:
    """Write the policy, then the checkpoint, which is thus never ahead of it."""
    checkpoint.save_policy(folder / POLICY, policy, card)
    tensors = checkpoint.training_tensors(policy, optimizer)
    if kept.shown:
        tensors[SHOWN] = torch.cat(list(kept.shown))
        tensors[LENGTHS] = torch.tensor([len(film) for film in kept.shown])
    told = {**metadata, "step": str(kept.step), "card": checkpoint.card_text(card)}
    checkpoint.write(folder / STATE, tensors, told)


def restore(
    folder: Path,
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    now: Card,
    metadata: Mapping[str, str],
    total: int,
) -> Kept:
    """Put a checkpoint back; a blank Kept where there is none. total: steps that are asked for.

    Raises PolicyError, naming both sides, where it is damaged or of another training.
    """
    path = folder / STATE
    if not path.exists():
        return Kept()
    try:
        tensors, told = checkpoint.read(path)
        _check(path, told, metadata, total)
        card = checkpoint.read_card(path, told["card"]) if "card" in told else None
        if card is not None:
            checkpoint.check_card(path, card, now.features, now.terms)
        shown = _shown(path, tensors)
        checkpoint.restore_training(path, tensors, policy, optimizer)
        return Kept(int(told["step"]), shown, card)
    except (KeyError, ValueError) as err:
        raise PolicyError(f"This training cannot be resumed: {err}") from err


BEFORE = {"trims": "0"}  # of a checkpoint that says nothing of it: written before there was it


def _check(path: Path, told: Mapping[str, str], metadata: Mapping[str, str], total: int) -> None:
    """Raise ValueError for a checkpoint of other settings than these."""
    if not told.get("step", "").isdecimal():
        raise ValueError(f"{path} is no checkpoint of a training: it names no step.")
    told = {**BEFORE, **told}
    if int(told["step"]) > total:
        raise ValueError(
            f"{path} has gone {told['step']} steps, --warm's among them, and {total} are asked"
            " for. Ask for as many --steps at least."
        )
    cloned = int(told["step"]) >= int(metadata.get("warm", "0"))
    for name, value in metadata.items():
        if name == FOOTAGE and cloned:
            continue
        if name in told and told[name] != value:
            raise ValueError(
                f"{path} was trained with {name} {told[name]}, not {value}. Type the command of"
                " card.md beside it, and --resume."
            )


def _shown(path: Path, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    if SHOWN not in tensors:
        return ()
    choices, lengths = tensors[SHOWN], tensors.get(LENGTHS)
    if lengths is None or choices.ndim != 2 or choices.shape[1] != 3:
        raise ValueError(f"{path} holds films that were shown, and not how long each is.")
    if lengths.ndim != 1 or bool((lengths < 1).any()) or int(lengths.sum()) != len(choices):
        raise ValueError(
            f"{path} holds {len(choices)} choices that were shown, not {int(lengths.sum())}."
        )
    return torch.split(choices, lengths.tolist())


# --- the log --------------------------------------------------------------------------------------


class Log:
    """TensorBoard events, and the same numbers as lines of JSON, one a step."""

    def __init__(self, folder: Path, done: int) -> None:
        """done: steps that the checkpoint holds; what was logged of later ones is dropped.

        Raises PolicyError where what was logged of those before is not there any more."""
        from torch.utils.tensorboard import SummaryWriter

        self.rows = [row for row in read_log(folder) if row["step"] < done]
        if (
            done
            and (folder / LOG).exists()
            and [row["step"] for row in self.rows[-1:]] != [done - 1]
        ):
            raise PolicyError(
                f"This training cannot be resumed: {folder / LOG} is damaged, it does not reach the"
                f" {done} steps of the checkpoint. Put it back, or delete it to begin another log."
            )
        lines = "".join(f"{json.dumps(row)}\n" for row in self.rows)
        checkpoint.write_bytes(folder / LOG, lines.encode())
        self._events = SummaryWriter(str(folder / "events"), purge_step=done)
        self._lines = open(folder / LOG, "a", encoding="utf-8")  # noqa: SIM115

    def write(self, step: int, row: Mapping[str, float]) -> None:
        """Log a step's numbers."""
        for name, value in row.items():
            self._events.add_scalar(name, value, step)
        self.rows.append({"step": step, **row})
        self._lines.write(f"{json.dumps(self.rows[-1])}\n")
        self._lines.flush()

    def sync(self) -> None:
        """Have what was logged on the disk: before a checkpoint that counts on it."""
        os.fsync(self._lines.fileno())

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()
        self._lines.close()


def read_log(folder: Path) -> list[dict[str, float]]:
    """The log's rows, in order. A kill leaves at most its last line broken: from there on nothing
    is read."""
    path, rows = folder / LOG, []
    if not path.exists():
        return []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict) or not isinstance(row.get("step"), int):
            break
        rows.append(row)
    return rows


def mean_of(rows: Sequence[Mapping[str, float]], name: str) -> float | None:
    """Mean of a number over the last tenth of the rows that have it; None where none has."""
    found = [row[name] for row in rows if name in row]
    last = found[-max(1, len(found) // 10) :]
    return sum(last) / len(last) if last else None
