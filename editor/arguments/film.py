"""The words of the commands that make a film: cut, analyze, doctor."""

from editor import values
from editor.arguments.common import (
    DEFAULT_STYLE,
    PROGRAM,
    Commands,
    Parser,
    add_backbone,
    add_footage,
    add_json,
    add_outputs,
    add_style,
)
from editor.arguments.exchange import add_export_formats
from editor.config import ORDERS, style_names
from editor.cutting.policies import SEARCHES
from editor.timing import parse_rate

CUT_EXAMPLES = f"""\
CLIP is a file name of the footage, or as much of its path as tells it from others. IN-OUT are
frames (36-90), seconds (1.5s-4s) or timecode (01:00:02:12-01:00:05:00, the clip's own where it
has one); OUT is not included, and either may be left out (1.5s-).

examples:
  {PROGRAM} cut sample_footage/
  {PROGRAM} cut day1/ day2/ --name wedding --style event --music waltz.mp3
  {PROGRAM} cut dailies/ --duration 15 --ban "take 2.mov" "take 4.mov@0-3.5s"
  {PROGRAM} cut dailies/ --must-include kiss.mov@01:00:02:12-01:00:05:00
  {PROGRAM} cut dailies/ --like trailer.mp4
  {PROGRAM} cut --json dailies/ | jq .cuts
  {PROGRAM} cut -- -clip-that-begins-with-a-dash.mov

exit status: 0 made, 2 the input or the command was wrong, 130 interrupted, 1 our own fault
"""


def add_cut(commands: "Commands[Parser]") -> None:
    """cut."""
    cut = commands.add_parser(
        "cut",
        help="make a rough cut of footage",
        description="Make a rough cut: a new version folder OUTPUTS/NAME-vNNN with film.mp4,\n"
        "timeline.otio, storyboard.png, pacing.png, report.json and left_out.txt. It takes\n"
        "three shots at least; a long take counts as one every ten seconds or so.",
        epilog=CUT_EXAMPLES,
    )
    add_footage(cut)
    film = cut.add_argument_group("the film")
    film.add_argument(
        "--duration",
        type=values.asked(values.duration),
        metavar="SECONDS",
        help="length, hit within 1 s or 5 %% (default: the style's, at most 40 %% of the footage)",
    )
    film.add_argument(
        "--style",
        default=DEFAULT_STYLE,
        metavar="NAME|FILE.toml",
        help=f"{', '.join(style_names())}, or a file of your own (default: {DEFAULT_STYLE})",
    )
    film.add_argument(
        "--like",
        type=values.path,
        metavar="FILM",
        help="take pace and likings from a finished film; length and order stay the style's",
    )
    film.add_argument(
        "--order",
        choices=ORDERS,
        help="as recorded, or free for the policy to choose (default: the style's)",
    )
    film.add_argument(
        "--music", type=values.path, metavar="FILE", help="laid under, cut on its beats"
    )
    film.add_argument(
        "--size",
        type=values.asked(values.size),
        metavar="WxH",
        help="pixels, even, {} to {} a side (default: the footage's)".format(*values.SIDES),
    )
    film.add_argument(
        "--rate",
        type=values.asked(parse_rate),
        metavar="R",
        help="frames a second, as 25, 23.976 or 24000/1001 (default: the footage's)",
    )
    clips = cut.add_argument_group("which footage")
    clips.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="CLIP", help="use these alone"
    )
    clips.add_argument(
        "--ban",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLIP[@IN-OUT]",
        help="never use these, or these parts of them",
    )
    clips.add_argument(
        "--must-include",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLIP[@IN-OUT]",
        help="use something of these, or all of these parts",
    )
    result = cut.add_argument_group("the result")
    add_outputs(result)
    result.add_argument(
        "--name",
        help="of the version: NAME-v001, NAME-v002, ... (default: the footage folder's name)",
    )
    result.add_argument(
        "--no-render", action="store_true", help="decide and write the timeline, but no film.mp4"
    )
    add_export_formats(result)
    add_json(result)
    minds = cut.add_argument_group("who decides")
    add_backbone(minds)
    minds.add_argument(
        "--policy", metavar="NAME", help="trained policy that cuts (default: the package's own)"
    )
    minds.add_argument(
        "--search",
        choices=tuple(SEARCHES),
        help="how the policy searches by the reward: not at all, the best of many films drawn, a"
        " beam that it guides, or local search on from the best (default: local)",
    )
    minds.add_argument(
        "--seed",
        type=values.asked(values.seed),
        default=0,
        metavar="N",
        help="another number, another cut of the same footage (default: 0)",
    )


def add_analyze(commands: "Commands[Parser]") -> None:
    """analyze."""
    analyze = commands.add_parser(
        "analyze",
        help="look at footage and remember it",
        description="Read and analyse footage into OUTPUTS/.cache, so that the next cut is quick.",
    )
    add_footage(analyze)
    add_outputs(analyze)
    add_backbone(analyze)
    add_style(analyze, "whose shot detector looks")
    add_json(analyze)


def add_doctor(commands: "Commands[Parser]") -> None:
    """doctor."""
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed and what is missing",
        description="Say what is installed, which backbones and policies are here, by which ways\n"
        "films can be rendered, and how to get what is missing.",
    )
    add_json(doctor)
