"""Turn argv into checked options: every command's words, defaults and help."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from editor import __version__, values
from editor.arguments import exchange, film, learning, review, teaching
from editor.arguments.common import PROGRAM, Parser, UsageError
from editor.config import Config, load_style
from editor.cutting import policies
from editor.errors import EditorError, PolicyError
from editor.versions import check_name, name_for

__all__ = ["FIRST_SCREEN", "PROGRAM", "UsageError", "config", "parse"]

FIRST_SCREEN = f"""\
film editor's assistant {__version__}: a folder of footage in, a rough cut out.

  {PROGRAM} cut FOOTAGE...       make a rough cut: film.mp4, timeline.otio, storyboard, report
  {PROGRAM} analyze FOOTAGE...   only look at the footage, so that the next cut is quick
  {PROGRAM} export VERSION       write a cut for your editing program
  {PROGRAM} import FILE          read it back when you have changed it there
  {PROGRAM} review               watch the cuts in the browser, correct and judge them
  {PROGRAM} doctor               what is installed, what is missing and how to get it

Try it:
  {PROGRAM} cut sample_footage/
  {PROGRAM} cut dailies/ --style interview --duration 45 --music song.ogg

What review does, typed, with VERSION as toys-v003:
  versions, show, history        the cuts of a folder; one of them; all that happened to it
  correct, verdict, prefer       change a cut, judge it, say which of two is better
  render, again                  make the corrected film; cut again, with what is locked and banned
  find, relink                   look for moments of the footage; find footage that was moved

For learning and measuring:
  {PROGRAM} train                train a policy of your own
  {PROGRAM} fit-pace CSV         fit a style's pace to real films' shot lengths
  {PROGRAM} retrain              learn from your corrections, so that the next cut needs fewer
  {PROGRAM} policies             list, choose and compare what was learned
  {PROGRAM} evaluate FOOTAGE...  a policy beside plain ways to cut
  {PROGRAM} bench                speed and memory against the tools that set the floor

{PROGRAM} COMMAND --help explains each of them.
"""

COMMANDS = (
    *review.ADD,
    film.add_cut,
    film.add_analyze,
    exchange.add_export,
    exchange.add_import,
    film.add_doctor,
    learning.add_train,
    learning.add_fit_pace,
    learning.add_bench,
    learning.add_evaluate,
    teaching.add_retrain,
    teaching.add_policies,
)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read a command line. Raises UsageError; exits 0 for --help and --version."""
    parser = Parser(
        prog=PROGRAM,
        description="A folder of footage in, a rough cut out.",
        epilog=FIRST_SCREEN.partition("\n\n")[2],
    )
    parser.add_argument("--version", action="version", version=f"film-editor {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for add in COMMANDS:
        add(commands)
    return parser.parse_args(argv)


def config(options: argparse.Namespace) -> Config:
    """What `cut` or `analyze` was asked. Raises EditorError before anything is read."""
    given = vars(options)
    style = load_style(options.style)
    if order := given.get("order"):
        style = replace(style, order=order)
    name = given.get("name")
    if name is None:
        name = name_for(*options.footage[:1] or [Path()])
    for option in ("weights", "music", "like"):
        if (path := given.get(option)) is not None:
            values.check_file(path, f"--{option}")
    check_name(name)
    _check_minds(options.backbone, options.weights, given.get("policy"))
    for path in options.footage:
        if not os.path.lexists(path):
            raise EditorError(f"{path}: no such file or folder. Name footage that exists.")
    return Config(
        footage=tuple(options.footage),
        outputs=options.outputs.absolute(),
        style=style,
        name=name,
        like=given.get("like"),
        duration=given.get("duration"),
        only=tuple(given.get("only", ())),
        ban=tuple(given.get("ban", ())),
        must=tuple(given.get("must_include", ())),
        music=given.get("music"),
        backbone=options.backbone,
        weights=options.weights,
        policy=given.get("policy"),
        search=given.get("search") or _search(given),
        size=given.get("size"),
        rate=given.get("rate"),
        seed=given.get("seed", 0),
        render=not given.get("no_render", False),
        exports=tuple(dict.fromkeys(given.get("export", ()))),
    )


def _search(given: Mapping[str, Any]) -> str | None:
    """How a policy that is named without saying how searches: where it can, as the default does."""
    name = given.get("policy")
    if "search" not in given or name is None or name in policies.PLAIN:
        return None
    return "local" if policies.split(name)[1] == "none" else None


def check_train(options: argparse.Namespace) -> None:
    """Raise EditorError where nothing would be learned, or there is nothing to go on from."""
    if options.resume and not options.folder.is_dir():
        raise EditorError(
            f"--resume: {options.folder} is no folder, so no training can go on there. Name its"
            " --folder, or leave --resume out to begin one."
        )
    if options.algorithm == "clone" and not options.warm:
        raise EditorError(
            "--algorithm clone learns from the --warm pools alone, and --warm 0 leaves none: ask"
            " for --warm 1 or more."
        )


def _check_minds(network: str | None, weights: Path | None, policy: str | None) -> None:
    """Raise PolicyError for an unknown backbone or policy before anything heavy is imported."""
    if policy is not None:
        policies.check(policy)
    if network is None and weights is None:
        return
    from models import backbone  # numpy: only where it is needed

    try:
        backbone.weights_digest(network or backbone.DEFAULT, weights)
    except ValueError as err:
        raise PolicyError(str(err)) from err
