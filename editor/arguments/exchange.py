"""The words of the commands that exchange films with editing programs: export, import."""

import argparse
from pathlib import Path

from editor import values
from editor.arguments.common import PROGRAM, Commands, Parser, add_json, add_outputs
from editor.errors import EditorError
from editor.film.export.carried import ALIASES, CARRIES

FORMATS = "\n".join(f"  {name:9} {row.suffix:10} {row.title}" for name, row in CARRIES.items())
EXPORT_EXAMPLES = f"""\
formats:
{FORMATS}

examples:
  {PROGRAM} export toys-v003 --to edl fcp7
  {PROGRAM} export outputs/toys-v003 --to mlt --music --folder ~/Desktop
  {PROGRAM} export toys-v003 --to otioz --handles 2
"""


def format_name(text: str) -> str:
    """The name of a format. Raises EditorError with the known ones."""
    name = text.strip().lower().removeprefix(".")
    name = ALIASES.get(name, name)
    if name not in CARRIES:
        raise EditorError(f"{text!r} is no format. Known: {', '.join(CARRIES)}")
    return name


def add_export_formats(group: argparse._ArgumentGroup) -> None:
    """--export, of cut."""
    group.add_argument(
        "--export",
        nargs="+",
        action="extend",
        default=[],
        type=values.asked(format_name),
        metavar="FORMAT",
        help=f"write it for editing programs at once: {', '.join(CARRIES)}",
    )


def add_export(commands: "Commands[Parser]") -> None:
    """export."""
    export = commands.add_parser(
        "export",
        help="write a version for editing programs",
        description="Write a finished version in the formats of editing programs. What a format\n"
        "cannot carry is said.",
        epilog=EXPORT_EXAMPLES,
    )
    export.add_argument("version", metavar="VERSION", help="a version's title, or its folder")
    options = export.add_argument_group("options")
    options.add_argument(
        "--to",
        nargs="+",
        required=True,
        type=values.asked(format_name),
        metavar="FORMAT",
        help=", ".join(CARRIES),
    )
    options.add_argument(
        "--folder", type=Path, metavar="DIR", help="write here (default: the version's own folder)"
    )
    options.add_argument(
        "--handles",
        type=values.asked(values.handles),
        default=0,
        metavar="SECONDS",
        help="media wanted before and after every cut; clips that have less are named",
    )
    options.add_argument(
        "--music", action="store_true", help="with the music, on a track of its own"
    )
    options.add_argument(
        "--relative",
        action="store_true",
        help="name media from the written file's folder, where the format can",
    )
    add_outputs(options)
    add_json(options)
