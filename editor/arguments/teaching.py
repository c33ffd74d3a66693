"""The words of the commands that learn from an editor: retrain, policies."""

from pathlib import Path

from editor import values
from editor.arguments.common import PROGRAM, Commands, Parser, add_json, add_seed


def _add_outputs(parser: Parser) -> None:
    parser.add_argument(
        "--outputs",
        type=values.path,
        default=Path("outputs"),
        metavar="DIR",
        help="folder with the versions (default: outputs/ in the current folder)",
    )


def add_retrain(commands: "Commands[Parser]") -> None:
    """retrain."""
    retrain = commands.add_parser(
        "retrain",
        help="learn from what you corrected, approved, rejected and preferred",
        description="Learn weights, pace and trims from all corrections, verdicts and preferences\n"
        "of an outputs folder, and lead the network after them. A new policy is kept beside the\n"
        "others; it cuts from then on if it foretells corrections of films that it did not see.\n"
        "Interrupted, the same command goes on where it stopped.",
        epilog=f"examples:\n  {PROGRAM} retrain\n  {PROGRAM} retrain --from toys-v001 toys-v002"
        f" --dry-run\n  {PROGRAM} policies",
    )
    retrain.add_argument(
        "--from",
        dest="versions",
        nargs="+",
        default=(),
        metavar="VERSION",
        help="learn from these versions alone (default: all)",
    )
    retrain.add_argument(
        "--dry-run", action="store_true", help="say what would be learned; keep nothing"
    )
    retrain.add_argument(
        "--steps",
        type=values.asked(values.seed),
        metavar="N",
        help="steps by which the network is led (default: 40; 0: the network stays)",
    )
    add_seed(retrain)
    _add_outputs(retrain)
    add_json(retrain)


def add_policies(commands: "Commands[Parser]") -> None:
    """policies."""
    policies = commands.add_parser(
        "policies",
        help="list the policies, choose the one that cuts, compare two",
        description="Without more: list every policy, with what it learned and which one cuts.\n"
        "use NAME: that one cuts from now on where none is named. compare A B: cut every\n"
        "corrected shoot by both, and say how far each stays from what you made of it.",
        epilog=f"examples:\n  {PROGRAM} policies\n  {PROGRAM} policies use base+search\n"
        f"  {PROGRAM} policies compare mine-001 base+search",
    )
    policies.add_argument(
        "action", nargs="?", choices=("list", "use", "compare"), default="list", metavar="ACTION",
        help="list (default), use or compare",
    )  # fmt: skip
    policies.add_argument("names", nargs="*", metavar="NAME", help="one for use, two for compare")
    add_seed(policies)
    _add_outputs(policies)
    add_json(policies)
