"""Keep learned policies in folders of plain data: OUTPUTS/policies/NAME, checked when read.

A folder holds learned.json (the taste, whether it was promoted and why) and, where the network was
trained on, policy.safetensors. default.json beside the folders names the one that cuts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editor.cutting.taste import Taste, Trims, check
from editor.errors import OutputError, PolicyError
from editor.film.export.files import write_text

POLICIES = "policies"  # folder within the outputs
FILE = "learned.json"
WEIGHTS = "policy.safetensors"
DEFAULT_FILE = "default.json"
FORMAT = "film-editor-learned 1"
MOST_BYTES = 4 << 20  # a taste is some kilobytes
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class LearnedPolicy:
    """A policy that came of an editor's corrections."""

    name: str
    taste: Taste
    base: str = "base"  # the package's network that it stands on, where it has none of its own
    weights: Path | None = None  # its own network
    promoted: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)  # what it learned from, and the verdict


def names(policies: Path) -> tuple[str, ...]:
    """Names of the learned policies in a folder, by name."""
    if not policies.is_dir():
        return ()
    return tuple(
        sorted(
            one.name
            for one in policies.iterdir()
            if NAME.fullmatch(one.name) and (one / FILE).is_file()
        )
    )


def next_name(policies: Path, stem: str = "mine") -> str:
    """A name that no policy there has: "mine-001", "mine-002"."""
    taken = [int(found[1]) for one in names(policies)
             if (found := re.fullmatch(rf"{re.escape(stem)}-(\d{{1,9}})", one))]  # fmt: skip
    return f"{stem}-{max(taken, default=0) + 1:03}"


def read(policies: Path, name: str) -> LearnedPolicy:
    """A learned policy. Raises PolicyError that says what cannot be used, and where."""
    folder = policies / name
    if not NAME.fullmatch(name) or not (folder / FILE).is_file():
        known = ", ".join(names(policies)) or "none"
        raise PolicyError(f"No learned policy is called {name!r}. Known here: {known}.")
    try:
        table = _table(folder / FILE)
        if table.get("format") != FORMAT:
            raise ValueError(f"its format is {table.get('format')!r}, not {FORMAT!r}.")
        taste = check(_taste(_kind(table, "taste", dict)))
        base, facts = _kind(table, "base", str), _kind(table, "facts", dict)
        promoted = _kind(table, "promoted", bool)
        if not NAME.fullmatch(base):
            raise ValueError(f"its base {base!r} is no policy's name.")
    except (ValueError, RecursionError) as err:
        raise PolicyError(f"{folder / FILE} cannot be used: {err}") from err
    weights = folder / WEIGHTS
    return LearnedPolicy(name, taste, base, weights if weights.exists() else None, promoted, facts)


def write(policies: Path, policy: LearnedPolicy) -> Path:
    """Write a policy's learned.json into its folder, whole or not at all. Raises OutputError."""
    folder = policies / policy.name
    taste = policy.taste
    table = {
        "format": FORMAT,
        "base": policy.base,
        "promoted": policy.promoted,
        "taste": {
            "names": list(taste.names),
            "mean": list(taste.mean),
            "members": [list(row) for row in taste.members],
            "doubt": taste.doubt,
            "reference": list(taste.reference),
            "pace": taste.pace,
            "spread": taste.spread,
            "head_s": taste.trims.head,
            "tail_s": taste.trims.tail,
        },
        "facts": dict(policy.facts),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise OutputError(f"{folder} cannot be made: {err.strerror}.") from err
    _write(folder / FILE, table)
    return folder


def default(policies: Path) -> str | None:
    """The policy that cuts where none is named; None: the package's. Raises PolicyError."""
    path = policies / DEFAULT_FILE
    if not path.exists():
        return None
    try:
        return str(_kind(_table(path), "name", str))
    except (ValueError, RecursionError) as err:
        raise PolicyError(f"{path} cannot be used: {err} Choose again: policies use NAME.") from err


def use(policies: Path, name: str) -> None:
    """Let a policy cut from now on where none is named. Raises OutputError."""
    try:
        policies.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise OutputError(f"{policies} cannot be made: {err.strerror}.") from err
    _write(policies / DEFAULT_FILE, {"name": name})


# --- plain data -----------------------------------------------------------------------------------


def _table(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises ValueError."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as err:
        raise ValueError(f"it cannot be read: {err.strerror}.") from err
    if len(text) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 20} MB.")
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError("it is no JSON object.")
    return table


def _kind(table: Mapping[str, Any], key: str, kind: type) -> Any:
    if type(table.get(key)) is not kind:
        raise ValueError(f"its {key} must be {kind.__name__}, not {table.get(key)!r:.60}.")
    return table[key]


def _numbers(value: object, key: str) -> tuple[float, ...]:
    if not isinstance(value, list) or any(
        isinstance(one, bool) or not isinstance(one, int | float) for one in value
    ):
        raise ValueError(f"its {key} must be a list of numbers.")
    return tuple(float(one) for one in value)


def _taste(table: Mapping[str, Any]) -> Taste:
    """Raises ValueError for what is absent or of another kind; `check` looks at the values."""
    told = _kind(table, "names", list)
    if any(not isinstance(name, str) for name in told):
        raise ValueError("its names must be texts.")
    single = {}
    for key in ("doubt", "pace", "spread", "head_s", "tail_s"):
        single[key] = _numbers([table.get(key)], key)[0]
    return Taste(
        names=tuple(told),
        mean=_numbers(table.get("mean"), "mean"),
        members=tuple(_numbers(row, "members") for row in _kind(table, "members", list)),
        doubt=single["doubt"],
        reference=_numbers(table.get("reference"), "reference"),
        pace=single["pace"],
        spread=single["spread"],
        trims=Trims(single["head_s"], single["tail_s"]),
    )


def _write(path: Path, table: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(table, indent=1, allow_nan=False) + "\n", "ascii")
