"""The words of the commands that look at a cut, correct it and judge it."""

from pathlib import Path

from editor import values
from editor.arguments.common import PROGRAM, Commands, Parser, add_json, add_outputs
from editor.errors import EditorError

REASONS = ("rhythm", "continuity", "content", "performance", "technical")
FOOTAGE_WORDS = """\
CUT is a cut's number in the film as it stands (show lists them), or its id (c3): a dropped cut has
only that. CLIP@IN-OUT is as of cut: frames (36-90), seconds (1.5s-4s) or timecode.
"""
CORRECT_EXAMPLES = f"""\
{FOOTAGE_WORDS}
what can be done:
  drop CUT, restore CUT           take it out, put it back
  trim CUT in|out FRAMES          ripple; with --roll the neighbour's edge goes along
  slip CUT FRAMES                 show what lies so many frames later in the clip
  move CUT [--before CUT]         without --before: to the end
  replace CUT CLIP@IN-OUT         other footage in its place; or: replace CUT alternative N
  insert CLIP@IN-OUT [--before CUT]
  lock CUT, unlock CUT            a locked cut is kept when the film is cut again
  ban CLIP[@IN-OUT], unban ...    never use it; cuts that show it are dropped
  must-include CLIP[@IN-OUT], need-not ...
  note [CUT] TEXT                 on a cut, or on the film
  undo, redo                      without end

examples:
  {PROGRAM} correct toys-v001 trim 3 in 12
  {PROGRAM} correct toys-v001 trim 3 out -5 --roll
  {PROGRAM} correct toys-v001 insert rabbit.mp4@1.5s-3s --before 2
"""


def add_review(commands: "Commands[Parser]") -> None:
    """review."""
    review = commands.add_parser(
        "review",
        help="look at the cuts in the browser, correct and judge them",
        description="Open a page in the browser on which the cuts of an outputs folder are\n"
        "played, corrected, judged and cut again. It is served on this machine alone.",
    )
    review.add_argument(
        "outputs",
        nargs="?",
        type=values.path,
        default=Path("outputs"),
        metavar="OUTPUTS",
        help="folder with the versions (default: outputs/)",
    )
    review.add_argument(
        "--port", type=values.asked(_port), metavar="N", help="(default: the first free from 8642)"
    )
    review.add_argument(
        "--no-browser", action="store_true", help="only say the address, do not open it"
    )


def add_versions(commands: "Commands[Parser]") -> None:
    """versions."""
    versions = commands.add_parser("versions", help="list the cuts of an outputs folder")
    _add_options(versions)


def add_show(commands: "Commands[Parser]") -> None:
    """show."""
    show = _of_version(commands, "show", "show a cut as it is corrected now, cut by cut")
    _add_options(show)


def add_correct(commands: "Commands[Parser]") -> None:
    """correct."""
    correct = _of_version(commands, "correct", "correct a cut, undo, redo", CORRECT_EXAMPLES)
    correct.add_argument("what", metavar="WHAT", help="drop, trim, move, ... as below")
    correct.add_argument("words", nargs="*", metavar="WORD", help="as below")
    correct.add_argument("--before", metavar="CUT", help="the cut that is to follow")
    correct.add_argument("--roll", action="store_true", help="trim the neighbour along")
    _add_options(correct)


def add_verdict(commands: "Commands[Parser]") -> None:
    """verdict."""
    verdict = _of_version(
        commands,
        "verdict",
        "approve or reject a cut film, or one of its cuts",
        f"{FOOTAGE_WORDS}\nexamples:\n  {PROGRAM} verdict toys-v001 approve\n"
        f"  {PROGRAM} verdict toys-v001 reject --cut 3 --because rhythm --note 'too long'\n",
    )
    verdict.add_argument("verdict", choices=("approve", "reject", "withdraw"))
    verdict.add_argument("--cut", metavar="CUT", help="of this cut (default: of the film)")
    _add_why(verdict)
    _add_options(verdict)


def add_prefer(commands: "Commands[Parser]") -> None:
    """prefer."""
    prefer = _of_version(commands, "prefer", "say that one version is better than another")
    prefer.add_argument("over", metavar="OTHER", help="the version that is not as good")
    _add_why(prefer)
    _add_options(prefer)


def add_history(commands: "Commands[Parser]") -> None:
    """history."""
    history = commands.add_parser(
        "history", help="all that was made, corrected and judged, in order"
    )
    history.add_argument("version", nargs="?", metavar="VERSION", help="of this version alone")
    history.add_argument(
        "--restore-backup",
        action="store_true",
        help="put the last good backup in the place of a damaged store",
    )
    _add_options(history)


def add_render(commands: "Commands[Parser]") -> None:
    """render."""
    render = _of_version(commands, "render", "make a corrected cut a new version, with its film")
    _add_no_render(render)
    _add_options(render)


def add_again(commands: "Commands[Parser]") -> None:
    """again."""
    again = _of_version(
        commands, "again", "cut the same footage again: locks, bans and must-includes hold"
    )
    again.add_argument(
        "--seed", type=values.asked(values.seed), metavar="N", help="(default: the next one)"
    )
    again.add_argument(
        "--duration",
        type=values.asked(values.duration),
        metavar="SECONDS",
        help="(default: as was asked)",
    )
    _add_no_render(again)
    _add_options(again)


def add_find(commands: "Commands[Parser]") -> None:
    """find."""
    find = _of_version(commands, "find", "look for moments of a cut's footage", FOOTAGE_WORDS)
    find.add_argument("--text", default="", metavar="WORD", help="in the shot's name")
    find.add_argument("--clip", metavar="CLIP", help="of this clip alone")
    for name, what in (("faces", "with a face"), ("speech", "with speech")):
        find.add_argument(f"--{name}", choices=("yes", "no"), help=f"{what}, or without")
    find.add_argument("--like", metavar="CUT", help="what looks most like this cut first")
    find.add_argument("--unused", action="store_true", help="only what the film does not show")
    find.add_argument(
        "--most", type=values.asked(values.count), default=20, metavar="N", help="(default: 20)"
    )
    _add_options(find)


def add_relink(commands: "Commands[Parser]") -> None:
    """relink."""
    relink = _of_version(commands, "relink", "find footage that was moved, by its content")
    relink.add_argument(
        "folders", nargs="*", type=values.path, metavar="FOLDER", help="where to look besides"
    )
    _add_options(relink)


def _of_version(
    commands: "Commands[Parser]", name: str, what: str, epilog: str | None = None
) -> Parser:
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.",
                                 epilog=epilog)  # fmt: skip
    parser.add_argument("version", metavar="VERSION", help="a version's title, or its folder")
    return parser


def _add_options(parser: Parser) -> None:
    add_outputs(parser)
    add_json(parser)


def _add_why(parser: Parser) -> None:
    parser.add_argument(
        "--because",
        nargs="+",
        action="extend",
        default=[],
        choices=REASONS,
        metavar="REASON",
        help=", ".join(REASONS),
    )
    parser.add_argument("--note", default="", metavar="TEXT", help="in your own words")


def _add_no_render(parser: Parser) -> None:
    parser.add_argument("--no-render", action="store_true", help="without film.mp4")


def _port(text: str) -> int:
    """A port that a user may listen on. Raises EditorError."""
    if not (text.isdecimal() and len(text) < 6 and 1024 <= int(text) <= 65_535):
        raise EditorError(f"{text!r} is no port: 1024 to 65535")
    return int(text)


ADD = (
    add_review,
    add_versions,
    add_show,
    add_correct,
    add_verdict,
    add_prefer,
    add_history,
    add_render,
    add_again,
    add_find,
    add_relink,
)
