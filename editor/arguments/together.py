"""Turn options that go with each other or do not into what was asked: an option that the asked
measurement makes no use of is refused, for whoever typed it wants something of it."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from editor import values
from editor.config import listed
from editor.errors import EditorError

FEWEST, MOST = 8, 5000  # shots of a simulated pool: of fewer, many cannot be cut
PICTURE = ".png"

# Of evaluate: what makes use of an option, "" being the table of cutters.
CUTTERS = ""
USES: Mapping[str, Sequence[str]] = {
    "policy": (CUTTERS, "like", "rhythm", "hacks", "editors"),
    "pools": (CUTTERS,),
    "shots": (CUTTERS,),
    "thorough": (CUTTERS,),
    "plot": (CUTTERS,),
    "seeds": (CUTTERS, "like", "editors"),
    "lengths": ("rhythm",),
    "wrong": ("editors",),
    "jobs": ("editors",),
}
DEFAULTS: Mapping[str, Any] = {
    "policy": "base",
    "pools": 24,
    "seeds": 5,
    "wrong": [0.0, 0.1],
    "jobs": os.cpu_count() or 1,
}
FOOTAGE = {  # what is measured of it
    "recover": "finished films whose cuts were checked by hand",
    "dose": "finished films whose cuts were checked by hand",
    "rhythm": "footage or finished films",
    "hacks": "footage or finished films",
    "like": "the footage that is cut, before it",
}

# Of bench: what the runs beside Stable-Baselines3 make use of, and what the others do.
PEERS: Mapping[str, Any] = {"seeds": 5, "first_seed": 0, "trials": (), "log": None, "plot": None}
OTHERS: Mapping[str, Any] = {"files": [], "runs": 3, "parts": None, "quick": False}


def check_evaluate(options: argparse.Namespace) -> None:
    """Set what was not given. Raises EditorError for options that do not go together or cannot be
    met."""
    asked = "editors" if options.editors else "like" if options.references else options.measure
    asked = asked or CUTTERS
    for name, users in USES.items():
        if getattr(options, name) not in (None, False) and asked not in users:
            whom = [f"--{user}" if user else "the table of cutters" for user in users]
            raise EditorError(f"--{name} is of no use {_with(asked)}: it is for {listed(whom)}")
    if asked == "editors" and options.footage:
        raise EditorError("--editors correct films of simulated footage: leave FOOTAGE out")
    if asked in FOOTAGE and not options.footage:
        raise EditorError(f"--{asked} measures footage: name FOOTAGE, {FOOTAGE[asked]}")
    for name, default in DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, default)
    if options.shots is not None and not FEWEST <= options.shots <= MOST:
        raise EditorError(
            f"--shots {options.shots}: simulated pools have {FEWEST} to {MOST:,} shots"
        )
    if options.shots is not None and not options.pools:
        raise EditorError("--shots is of simulated pools, and --pools 0 asks for none")
    for share in options.wrong:
        if not 0 <= share <= 1:
            raise EditorError(f"--wrong {share:g}: a share of corrections is 0 to 1")
    if options.plot is not None:
        check_picture(options.plot)
    if options.lengths is not None:
        values.check_file(options.lengths, "--lengths")
    for reference in options.references:
        values.check_file(reference, "--like")


def check_bench(options: argparse.Namespace) -> None:
    """Set what was not given. Raises EditorError as `check_evaluate`."""
    useless, where = (OTHERS, "with") if options.peers else (PEERS, "without")
    for name in useless:
        if getattr(options, name) not in (None, False, [], ()):
            raise EditorError(f"{_word(name)} is of no use {where} --peers: leave it out")
    if options.parts and options.quick:
        raise EditorError("--quick chooses the parts, and --parts names them: leave one out")
    for name, default in {**PEERS, **OTHERS}.items():
        if getattr(options, name) is None:
            setattr(options, name, default)
    if options.plot is not None:
        check_picture(options.plot)


def check_picture(path: Path) -> None:
    """Raise EditorError for a --plot that is no picture's name, or cannot be written."""
    if not str(path).lower().endswith(PICTURE):
        raise EditorError(f"--plot {path}: pictures are PNG, so name a file that ends in .png")
    values.check_writable(path, "--plot")


def _with(asked: str) -> str:
    return f"with --{asked}" if asked else "with the table of cutters"


def _word(name: str) -> str:
    return "FILE" if name == "files" else f"--{name.replace('_', '-')}"
