"""The words of the commands that learn and measure: train, evaluate, fit-pace, bench."""

from pathlib import Path

from editor import values
from editor.arguments.common import (
    PROGRAM,
    Commands,
    Parser,
    add_backbone,
    add_json,
    add_outputs,
    add_seed,
    add_style,
)

MEASURES = {  # what evaluate measures instead -> its help; as in measures.suite.MEASURES
    "recover": "are the films' own cuts found again, beside chance and mere similarity",
    "dose": "does the reward fall as more of the films' cuts are spoilt",
    "rhythm": "shot lengths of the policy's films of FOOTAGE beside real films'",
    "hacks": "do absurd ways to cut films and FOOTAGE score below the real edit and the policy",
}


def add_train(commands: "Commands[Parser]") -> None:
    """train."""
    train = commands.add_parser(
        "train",
        help="train a policy of your own",
        description="Train a policy on simulated footage, and on recombined footage of your own\n"
        "where some is named, each FOOTAGE a shoot. Interrupted, it goes on with --resume.",
        epilog=f"example:\n  {PROGRAM} train shoot1/ shoot2/ --folder runs/mine --seed 1\n"
        f"  {PROGRAM} cut dailies/ --policy runs/mine/policy.safetensors",
    )
    train.add_argument(
        "footage", nargs="*", type=values.path, metavar="FOOTAGE", help="shoots to learn from"
    )
    train.add_argument(
        "--folder",
        type=values.path,
        default=Path("runs/policy"),
        metavar="DIR",
        help="policy.safetensors, its card.md, the checkpoint and the log go here (default:"
        " runs/policy)",
    )
    train.add_argument(
        "--algorithm",
        default="ppo",
        metavar="NAME",
        help="ppo, actor-critic, reinforce (its baseline the other films' mean), reinforce-value (a"
        " learned baseline), reinforce-plain (none) or clone (default: ppo)",
    )
    for name, read, default, what in (
        ("steps", values.count, 800, "steps of policy gradient"),
        ("warm", values.number, 400, "pools cut by local search and imitated first, 0 for none"),
        ("pools", values.count, 2, "pools a step"),
        ("films", values.count, 32, "films a pool, fewer of large ones"),
        (
            "trims",
            values.number,
            2,
            "times that a step imitates its best films with their trims mended",
        ),
        ("most-shots", values.count, 200, "shots of the largest simulated pool"),
        ("examined", values.count, 24, "pools of each kind that its card's scores are of"),
    ):
        train.add_argument(
            f"--{name}",
            type=values.asked(read),
            default=default,
            metavar="N",
            help=f"{what} (default: {default})",
        )
    train.add_argument(
        "--from",
        dest="begin",
        default="",
        metavar="POLICY",
        help="a trained policy, by name or file, that goes on to learn, at a third of the pace;"
        " with --warm 0 by policy gradient alone (default: a new one)",
    )
    add_seed(train)
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on from the folder's checkpoint, to the same numbers as if nothing had happened",
    )
    add_outputs(train)
    add_backbone(train)
    add_style(train, "under which the footage is offered")
    add_json(train)


def add_bench(commands: "Commands[Parser]") -> None:
    """bench."""
    bench = commands.add_parser(
        "bench",
        help="measure speed and memory against the tools that set the floor",
        description="Measure analysis, render and memory in one run, as ratios to ffmpeg's own\n"
        "time on the same files. Without FILE it makes its own footage.",
    )
    bench.add_argument(
        "files", nargs="*", type=values.path, metavar="FILE", help="videos to measure on"
    )
    bench.add_argument(
        "--runs",
        type=values.asked(values.count),
        metavar="N",
        help="medians are of so many (default: 3)",
    )
    bench.add_argument(
        "--parts",
        nargs="+",
        choices=("analysis", "render", "many", "agent", "hour", "retrain"),
        metavar="PART",
        help="only these: analysis, render, many (a second cut of 500 shots), agent (deciding and"
        " learning), hour (of 1080p), retrain (on 20 corrected films of 60 cuts)",
    )
    bench.add_argument(
        "--quick", action="store_true", help="without the hour of 1080p and the 500 shots"
    )
    peers = bench.add_argument_group("learning, beside Stable-Baselines3 (pip install '.[peers]')")
    peers.add_argument(
        "--peers", action="store_true", help="measure this: steps to learn CartPole and Pendulum"
    )
    peers.add_argument(
        "--seeds",
        type=values.asked(values.count),
        metavar="N",
        help="runs of each (default: 5)",
    )
    peers.add_argument(
        "--first-seed",
        type=values.asked(values.seed),
        metavar="N",
        help="seed of the first run; the others follow (default: 0)",
    )
    peers.add_argument(
        "--trials", nargs="+", default=(), metavar="NAME", help='only these: "ppo on CartPole-v1"'
    )
    peers.add_argument(
        "--log",
        type=values.path,
        metavar="FILE",
        help="finished runs, as JSON lines; kept, not run again",
    )
    peers.add_argument(
        "--plot", type=values.path, metavar="FILE.png", help="draw the learning curves"
    )
    add_json(bench)


def add_evaluate(commands: "Commands[Parser]") -> None:
    """evaluate."""
    test = commands.add_parser(
        "evaluate",
        help="measure a policy beside plain ways to cut",
        description="Measure a policy beside plain ways to cut, by the same reward, on simulated\n"
        "pools and on footage it has not seen; look into its heads and at what it heeds.",
    )
    test.add_argument(
        "footage", nargs="*", type=values.path, metavar="FOOTAGE", help="each one shoot"
    )
    test.add_argument("--policy", metavar="NAME", help="(default: base)")
    test.add_argument(
        "--pools",
        type=values.asked(values.number),
        metavar="N",
        help="simulated pools; 0 for FOOTAGE alone (default: 24)",
    )
    test.add_argument(
        "--shots",
        type=values.asked(values.count),
        default=None,
        metavar="N",
        help="of every simulated pool; then cutters alone are measured (default: 8 to 300)",
    )
    test.add_argument(
        "--seeds",
        type=values.asked(values.count),
        metavar="N",
        help="films of each cutter of each pool (default: 5)",
    )
    test.add_argument(
        "--thorough",
        action="store_true",
        help="also beams of 64 and 256 and local search in the same time: minutes a film",
    )
    test.add_argument(
        "--plot", type=values.path, metavar="FILE.png", help="draw the table as a picture"
    )
    _add_editors(test)
    _add_measures(test)
    add_seed(test)
    add_outputs(test)
    add_backbone(test)
    add_style(test, "under which the footage is offered")
    add_json(test)


def _add_measures(test: Parser) -> None:
    """What the reward does not contain: one of them at a time."""
    group = test.add_argument_group(
        "instead, what the reward does not contain (FOOTAGE is then finished films)"
    )
    one = group.add_mutually_exclusive_group()
    for name, what in MEASURES.items():
        one.add_argument(f"--{name}", dest="measure", action="store_const", const=name, help=what)
    one.add_argument(
        "--like",
        dest="references",
        nargs="+",
        default=(),
        type=values.path,
        metavar="FILM",
        help="how near films of FOOTAGE come to each FILM's shot lengths when cut --like it, beside"
        " the style itself (--seeds films of each)",
    )
    group.add_argument(
        "--lengths",
        type=values.path,
        metavar="CSV",
        help="real films' shot lengths for --rhythm: film, year, shot, seconds",
    )


def _add_editors(test: Parser) -> None:
    """--editors and what goes with it."""
    test.add_argument(
        "--editors",
        action="store_true",
        help="measure instead whether corrections teach: simulated editors correct, and the next"
        " cut of unseen pools is counted in corrections (an hour and more)",
    )
    test.add_argument(
        "--wrong",
        type=float,
        nargs="+",
        metavar="SHARE",
        help="with --editors: shares of corrections that are mistakes (default: 0 0.1)",
    )
    test.add_argument(
        "--jobs",
        type=values.asked(values.count),
        metavar="N",
        help="with --editors: processes (default: one a core); what is measured is kept in the"
        " outputs, and a measurement that was stopped goes on",
    )


def add_fit_pace(commands: "Commands[Parser]") -> None:
    """fit-pace."""
    fit = commands.add_parser(
        "fit-pace",
        help="fit a style's pace to the shot lengths of real films",
        description="Fit a style's [pace] to a table of shot lengths, and print it as TOML.",
    )
    fit.add_argument(
        "table", type=values.path, metavar="CSV", help="with the columns film, year, shot, seconds"
    )
    fit.add_argument("--from", dest="first_year", type=int, metavar="YEAR", help="films since")
    fit.add_argument("--to", dest="last_year", type=int, metavar="YEAR", help="films until")
    fit.add_argument(
        "--fastest",
        type=values.asked(values.count),
        metavar="N",
        help="only so many of them, those of the shortest shots",
    )
    fit.add_argument(
        "--into",
        metavar="NAME|FILE.toml",
        help="write the numbers that this style calls fitted or measured into it",
    )
    add_json(fit)
