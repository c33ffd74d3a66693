"""Turn the files that were not used into a few lines, first what a reader has to know most."""

from collections.abc import Sequence

from editor.footage.clip import Loss, Skipped
from editor.progress import printable

NAMED = 3  # files of one reason: the rest is a count


def lines(skipped: Sequence[Skipped], most: int) -> list[str]:
    """At most `most` lines, one a reason, and one that counts the files beyond them.

    First what is footage and could not be read, or not whole: it may be missed in the film; then
    copies and proxies of what is used; last what is no footage. Otherwise as they were found.
    """
    files: dict[tuple[Loss, str], list[str]] = {}
    for left in skipped:
        files.setdefault((left.loss, left.reason), []).append(left.path.name)
    ranked = sorted(files, key=lambda kind: kind[0])
    told = [f"{_names(files[kind])}: {printable(kind[1])}" for kind in ranked[:most]]
    if rest := sum(len(files[kind]) for kind in ranked[most:]):
        told.append(f"and {rest} more, see report.json")
    return told


def _names(files: Sequence[str]) -> str:
    named = ", ".join(printable(name) for name in files[:NAMED])
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return f"{len(files)} files ({named}{more})" if len(files) > 1 else named
