"""Options that several commands share, and the parser that reads them all."""

import argparse
from pathlib import Path
from typing import NoReturn

from editor import values
from editor.errors import EditorError

PROGRAM = "python -m editor"
DEFAULT_STYLE = "default"


class UsageError(EditorError):
    """The command line cannot be understood."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of printing, and takes no abbreviations."""

    def __init__(self, *args: object, **options: object) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Raise UsageError: one line, with where to read on."""
        raise UsageError(f"{message}. See {self.prog} --help.")


Commands = argparse._SubParsersAction  # argparse gives the class no public name


def add_footage(parser: Parser) -> None:
    """FOOTAGE..., files and folders."""
    parser.add_argument(
        "footage",
        nargs="+",
        type=values.path,
        metavar="FOOTAGE",
        help="files, or folders with all below",
    )


def add_outputs(group: argparse._ActionsContainer) -> None:
    """--outputs."""
    group.add_argument(
        "--outputs",
        type=values.path,
        default=Path("outputs"),
        metavar="DIR",
        help="where versions and the cache go (default: outputs/ in the current folder)",
    )


def add_style(group: argparse._ActionsContainer, what: str) -> None:
    """--style; `what` says what it is for."""
    group.add_argument(
        "--style",
        default=DEFAULT_STYLE,
        metavar="NAME|FILE.toml",
        help=f"{what} (default: {DEFAULT_STYLE})",
    )


def add_backbone(group: argparse._ActionsContainer) -> None:
    """--backbone and --weights."""
    group.add_argument(
        "--backbone",
        metavar="NAME",
        help="pretrained network that looks at pictures; doctor lists them (default: the one"
        " whose weights come with the package)",
    )
    group.add_argument(
        "--weights",
        type=values.path,
        metavar="FILE",
        help="the backbone's weights, if not in their place",
    )


def add_json(group: argparse._ActionsContainer) -> None:
    """--json."""
    group.add_argument(
        "--json", action="store_true", help="print one JSON object, and nothing else, on stdout"
    )


def add_seed(group: argparse._ActionsContainer) -> None:
    """--seed, of all that a command draws."""
    group.add_argument(
        "--seed",
        type=values.asked(values.seed),
        default=0,
        metavar="N",
        help="of all that is drawn (default: 0)",
    )
