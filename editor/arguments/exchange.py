"""The words of the commands that exchange films with editing programs: export, import."""

import argparse

from editor import values
from editor.arguments.common import PROGRAM, Commands, Parser, add_json, add_outputs
from editor.errors import EditorError
from editor.film.export.carried import ALIASES, CARRIES
from editor.timing import parse_rate
from editor.versions import check_name

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
        known = ", ".join(CARRIES)
        raise EditorError(f"{text!r} is no format (a version stands before --to). Known: {known}")
    return name


def add_export_formats(group: argparse._ActionsContainer) -> None:
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
    export.add_argument(
        "--to",
        nargs="+",
        required=True,
        type=values.asked(format_name),
        metavar="FORMAT",
        help=", ".join(CARRIES),
    )
    export.add_argument(
        "--folder",
        type=values.path,
        metavar="DIR",
        help="write here (default: the version's own folder)",
    )
    export.add_argument(
        "--handles",
        type=values.asked(values.handles),
        default=0,
        metavar="SECONDS",
        help="media wanted before and after every cut; clips that have less are named",
    )
    export.add_argument(
        "--music", action="store_true", help="with the music, on a track of its own"
    )
    export.add_argument(
        "--relative",
        action="store_true",
        help="name media from the written file's folder, where the format can",
    )
    add_outputs(export)
    add_json(export)


IMPORT_EXAMPLES = f"""\
reads .otio, .otioz, .edl, .xml (Final Cut Pro 7), .fcpxml, .mlt and .kdenlive. The version that
the film came from is found in the outputs, and the difference from it is told in words.

examples:
  {PROGRAM} import ~/Desktop/toys-v003.mlt
  {PROGRAM} import recut.edl --onto toys-v003 --rate 25
  {PROGRAM} import recut.fcpxml --footage /media/disk2 --render
"""


def add_import(commands: "Commands[Parser]") -> None:
    """import."""
    back = commands.add_parser(
        "import",
        help="read what an editing program made of a version",
        description="Make a new version of a film that was changed in an editing program, and say\n"
        "what was changed.",
        epilog=IMPORT_EXAMPLES,
    )
    back.add_argument("file", type=values.path, metavar="FILE", help="a project or exchange file")
    back.add_argument(
        "--onto",
        metavar="VERSION",
        help="the version that it came from (default: the one that the file names, else the one"
        " that shows most of the same)",
    )
    back.add_argument(
        "--footage",
        nargs="+",
        action="extend",
        default=[],
        type=values.path,
        metavar="DIR",
        help="look for media here as well",
    )
    back.add_argument(
        "--rate",
        type=values.asked(parse_rate),
        metavar="R",
        help="frames a second, for a list that does not say it: 25, 23.976 or 24000/1001",
    )
    back.add_argument(
        "--name",
        type=values.asked(check_name),
        help="of the new version (default: that of the version it came from)",
    )
    back.add_argument("--render", action="store_true", help="make film.mp4 at once")
    add_outputs(back)
    add_json(back)
