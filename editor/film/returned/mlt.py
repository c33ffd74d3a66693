"""Read a project of Shotcut or melt, or any MLT XML, and a project of Kdenlive."""

from fractions import Fraction
from pathlib import Path

from editor.film.returned import kdenlive, safe
from editor.film.returned.graph import Graph
from editor.film.returned.items import Returned, ReturnedError


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .mlt project; its profile says the rate. Raises ReturnedError."""
    root = safe.tree(path)
    if kdenlive.is_kdenlive(root):
        raise ReturnedError(
            f"{path}: is no project of Shotcut or melt, but of Kdenlive: rename it."
        )
    return Graph(path, root).read("mlt")


def read_kdenlive(path: Path, rate: Fraction | None = None) -> Returned:
    """Read a .kdenlive project. Raises ReturnedError."""
    root = safe.tree(path)
    graph = Graph(path, root)
    if not kdenlive.is_kdenlive(root):
        raise ReturnedError(
            f"{path}: is no Kdenlive project, but other MLT XML: rename it to .mlt."
        )
    kdenlive.check_version(root, path)
    return graph.read("kdenlive")
