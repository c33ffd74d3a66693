"""Turn the files that were not used into a few lines, first what a reader has to know most."""

import re
from collections.abc import Sequence

from editor.footage.clip import Skipped
from editor.progress import printable

NAMED = 3  # files of one reason: the rest is a count
COPY = re.compile(r"a copy \(|the same file as ")  # a proxy or a copy, whose original is used
NO_FOOTAGE = re.compile(r".*\b(not a clip|not a file|not footage|no moving picture)\b")


def lines(skipped: Sequence[Skipped], most: int) -> list[str]:
    """At most `most` lines, one a reason, and one that counts the files beyond them.

    First what is footage and could not be read, or not whole: it may be missed in the film; then
    copies and proxies of what is used; last what is no footage. Otherwise as they were found.
    """
    files: dict[str, list[str]] = {}
    for left in skipped:
        files.setdefault(left.reason, []).append(left.path.name)
    ranked = sorted(files, key=_rank)
    told = [f"{_names(files[reason])}: {printable(reason)}" for reason in ranked[:most]]
    if rest := sum(len(files[reason]) for reason in ranked[most:]):
        told.append(f"and {rest} more, see report.json")
    return told


def _rank(reason: str) -> int:
    if COPY.match(reason):
        return 1
    return 2 if NO_FOOTAGE.match(reason) else 0


def _names(files: Sequence[str]) -> str:
    named = ", ".join(printable(name) for name in files[:NAMED])
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{len(files)} files ({named}{more})" if len(files) > 1 else named
