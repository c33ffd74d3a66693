"""Turn argv into checked options: every command's words, defaults and help."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from editor import __version__, values
from editor.config import ORDERS, Config, load_style, style_names
from editor.errors import EditorError
from editor.timing import parse_rate
from editor.versions import check_name, name_for

PROGRAM = "python -m editor"
DEFAULT_STYLE = "default"

FIRST_SCREEN = f"""\
film editor's assistant {__version__}: a folder of footage in, a rough cut out.

  {PROGRAM} cut FOOTAGE...       make a rough cut: film.mp4, timeline.otio, storyboard, report
  {PROGRAM} analyze FOOTAGE...   only look at the footage, so that the next cut is quick
  {PROGRAM} doctor               what is installed, what is missing and how to get it

Try it:
  {PROGRAM} cut sample_footage/
  {PROGRAM} cut dailies/ --style interview --duration 45 --music song.ogg

For learning and measuring:
  {PROGRAM} train                train a policy of your own
  {PROGRAM} fit-pace CSV         fit a style's pace to real films' shot lengths
  {PROGRAM} evaluate FOOTAGE...  a policy beside plain ways to cut
  {PROGRAM} bench                speed and memory against the tools that set the floor

{PROGRAM} COMMAND --help explains each of them.
"""

CUT_EXAMPLES = f"""\
CLIP is a file name of the footage, or as much of its path as tells it from others. IN-OUT are
frames (36-90), seconds (1.5s-4s) or timecode (01:00:02:12-01:00:05:00, the clip's own where it
has one); OUT is not included, and either may be left out (1.5s-).

examples:
  {PROGRAM} cut sample_footage/
  {PROGRAM} cut day1/ day2/ --name wedding --style event --music waltz.mp3
  {PROGRAM} cut dailies/ --duration 15 --ban "take 2.mov" "take 4.mov@0-3.5s"
  {PROGRAM} cut dailies/ --must-include kiss.mov@01:00:02:12-01:00:05:00
  {PROGRAM} cut --json dailies/ | jq .cuts
  {PROGRAM} cut -- -clip-that-begins-with-a-dash.mov

exit status: 0 made, 2 the input or the command was wrong, 130 interrupted, 1 our own fault
"""


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


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read a command line. Raises UsageError; exits 0 for --help and --version."""
    parser = Parser(
        prog=PROGRAM,
        description="A folder of footage in, a rough cut out.",
        epilog=FIRST_SCREEN.partition("\n\n")[2],
    )
    parser.add_argument("--version", action="version", version=f"film-editor {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_cut(commands)
    _add_analyze(commands)
    _add_doctor(commands)
    _add_train(commands)
    _add_fit_pace(commands)
    _add_bench(commands)
    _add_evaluate(commands)
    return parser.parse_args(argv)


Commands = argparse._SubParsersAction  # argparse gives the class no public name


def _add_cut(commands: "Commands[Parser]") -> None:
    cut = commands.add_parser(
        "cut",
        help="make a rough cut of footage",
        description="Make a rough cut: a new version folder OUTPUTS/NAME-vNNN with film.mp4,\n"
        "timeline.otio, storyboard.png, pacing.png, report.json and left_out.txt.",
        epilog=CUT_EXAMPLES,
    )
    _add_footage(cut)
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
        "--order",
        choices=ORDERS,
        help="as recorded, or free for the policy to choose (default: the style's)",
    )
    film.add_argument("--music", type=Path, metavar="FILE", help="laid under, cut on its beats")
    film.add_argument(
        "--size",
        type=values.asked(values.size),
        metavar="WxH",
        help="pixels (default: the footage's)",
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
    _add_outputs(result)
    result.add_argument(
        "--name",
        help="of the version: NAME-v001, NAME-v002, ... (default: the footage folder's name)",
    )
    result.add_argument(
        "--no-render", action="store_true", help="decide and write the timeline, but no film.mp4"
    )
    _add_json(result)
    minds = cut.add_argument_group("who decides")
    _add_backbone(minds)
    minds.add_argument(
        "--policy", metavar="NAME", help="trained policy that cuts (default: the package's own)"
    )
    minds.add_argument(
        "--seed",
        type=values.asked(values.seed),
        default=0,
        metavar="N",
        help="another number, another cut of the same footage (default: 0)",
    )


def _add_analyze(commands: "Commands[Parser]") -> None:
    analyze = commands.add_parser(
        "analyze",
        help="look at footage and remember it",
        description="Read and analyse footage into OUTPUTS/.cache, so that the next cut is quick.",
    )
    _add_footage(analyze)
    options = analyze.add_argument_group("options")
    _add_outputs(options)
    _add_backbone(options)
    _add_style(options, "whose shot detector looks")
    _add_json(options)


def _add_doctor(commands: "Commands[Parser]") -> None:
    doctor = commands.add_parser(
        "doctor",
        help="say what is installed and what is missing",
        description="Say what is installed, which backbones and policies are here, by which ways\n"
        "films can be rendered, and how to get what is missing.",
    )
    _add_json(doctor)


def _add_train(commands: "Commands[Parser]") -> None:
    train = commands.add_parser(
        "train",
        help="train a policy of your own",
        description="Train a policy on simulated footage, and on recombined footage of your own\n"
        "where some is named, each FOOTAGE a shoot. Interrupted, it goes on with --resume.",
        epilog=f"example:\n  {PROGRAM} train shoot1/ shoot2/ --folder runs/mine --seed 1\n"
        f"  {PROGRAM} cut dailies/ --policy runs/mine/policy.safetensors",
    )
    train.add_argument(
        "footage", nargs="*", type=Path, metavar="FOOTAGE", help="shoots to learn from"
    )
    options = train.add_argument_group("options")
    options.add_argument(
        "--folder",
        type=Path,
        default=Path("runs/policy"),
        metavar="DIR",
        help="policy.safetensors, checkpoints and the log go here (default: runs/policy)",
    )
    options.add_argument(
        "--algorithm", default="ppo", metavar="NAME", help="ppo, reinforce or clone (default: ppo)"
    )
    for name, default, what in (
        ("steps", 800, "steps of policy gradient"),
        ("warm", 400, "pools cut by local search and imitated first"),
        ("pools", 2, "pools a step"),
        ("films", 32, "films a pool"),
    ):
        options.add_argument(
            f"--{name}",
            type=values.asked(values.count),
            default=default,
            metavar="N",
            help=f"{what} (default: {default})",
        )
    options.add_argument(
        "--seed",
        type=values.asked(values.seed),
        default=0,
        metavar="N",
        help="of all that is drawn",
    )
    options.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    _add_outputs(options)
    _add_backbone(options)
    _add_style(options, "under which the footage is offered")
    _add_json(options)


def _add_bench(commands: "Commands[Parser]") -> None:
    bench = commands.add_parser(
        "bench",
        help="measure speed and memory against the tools that set the floor",
        description="Measure analysis, render and memory in one run, as ratios to ffmpeg's own\n"
        "time on the same files. Without FILE it makes its own footage.",
    )
    bench.add_argument("files", nargs="*", type=Path, metavar="FILE", help="videos to measure on")
    bench.add_argument(
        "--runs",
        type=values.asked(values.count),
        default=3,
        metavar="N",
        help="medians are of so many (default: 3)",
    )
    bench.add_argument(
        "--quick", action="store_true", help="without the hour of 1080p and the 500 shots"
    )
    _add_json(bench)


def _add_evaluate(commands: "Commands[Parser]") -> None:
    test = commands.add_parser(
        "evaluate",
        help="measure a policy beside plain ways to cut",
        description="Measure a policy beside plain ways to cut, by the same reward, on simulated\n"
        "pools and on footage it has not seen; look into its heads and at what it heeds.",
    )
    options = test.add_argument_group("options")
    test.add_argument("footage", nargs="*", type=Path, metavar="FOOTAGE", help="each one shoot")
    test.add_argument("--policy", default="base", metavar="NAME", help="(default: base)")
    test.add_argument(
        "--pools",
        type=values.asked(values.count),
        default=24,
        metavar="N",
        help="simulated pools (default: 24)",
    )
    test.add_argument(
        "--seed",
        type=values.asked(values.seed),
        default=0,
        metavar="N",
        help="of all that is drawn",
    )
    _add_outputs(options)
    _add_backbone(options)
    _add_style(options, "under which the footage is offered")
    _add_json(test)


def _add_fit_pace(commands: "Commands[Parser]") -> None:
    fit = commands.add_parser(
        "fit-pace",
        help="fit a style's pace to the shot lengths of real films",
        description="Fit a style's [pace] to a table of shot lengths, and print it as TOML.",
    )
    fit.add_argument(
        "table", type=Path, metavar="CSV", help="with the columns film, year, shot, seconds"
    )
    fit.add_argument("--from", dest="first_year", type=int, metavar="YEAR", help="films since")
    fit.add_argument("--to", dest="last_year", type=int, metavar="YEAR", help="films until")
    _add_json(fit)


def _add_footage(parser: Parser) -> None:
    parser.add_argument(
        "footage", nargs="+", type=Path, metavar="FOOTAGE", help="files, or folders with all below"
    )


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--outputs",
        type=Path,
        default=Path("outputs"),
        metavar="DIR",
        help="where versions and the cache go (default: outputs/ in the current folder)",
    )


def _add_style(group: argparse._ArgumentGroup, what: str) -> None:
    group.add_argument(
        "--style",
        default=DEFAULT_STYLE,
        metavar="NAME|FILE.toml",
        help=f"{what} (default: {DEFAULT_STYLE})",
    )


def _add_backbone(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--backbone",
        metavar="NAME",
        help="pretrained network that looks at pictures; doctor lists them (default: the one"
        " whose weights come with the package)",
    )
    group.add_argument(
        "--weights", type=Path, metavar="FILE", help="the backbone's weights, if not in their place"
    )


def _add_json(group: argparse._ArgumentGroup | Parser) -> None:
    group.add_argument(
        "--json", action="store_true", help="print one JSON object, and nothing else, on stdout"
    )


def config(options: argparse.Namespace) -> Config:
    """What `cut` or `analyze` was asked. Raises EditorError before anything is read."""
    given = vars(options)
    style = load_style(options.style)
    if order := given.get("order"):
        style = replace(style, order=order)
    name = given.get("name")
    if name is None:
        name = name_for(*options.footage[:1] or [Path()])
    for option in ("weights", "music"):
        if (path := given.get(option)) is not None:
            values.check_file(path, f"--{option}")
    check_name(name)
    for path in options.footage:
        if not os.path.lexists(path):
            raise EditorError(f"{path}: no such file or folder. Name footage that exists.")
    return Config(
        footage=tuple(options.footage),
        outputs=options.outputs.absolute(),
        style=style,
        name=name,
        duration=given.get("duration"),
        only=tuple(given.get("only", ())),
        ban=tuple(given.get("ban", ())),
        must=tuple(given.get("must_include", ())),
        music=given.get("music"),
        backbone=options.backbone,
        weights=options.weights,
        policy=given.get("policy"),
        size=given.get("size"),
        rate=given.get("rate"),
        seed=given.get("seed", 0),
        render=not given.get("no_render", False),
    )
