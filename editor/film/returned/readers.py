"""Read an exchange file by its suffix, and by what it really is: the table of readers."""

import errno
import os
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

from editor.film.returned import edl, fcp7, fcpxml, mlt, otio
from editor.film.returned.items import Returned, ReturnedError

# Each takes the file, and the film's rate for formats that do not say it.
Reader = Callable[[Path, Fraction | None], Returned]

# By the names that editor.film.export.carried has for the formats.
READERS: dict[str, Reader] = {
    "otio": otio.read,
    "otioz": otio.read_bundle,
    "edl": edl.read,
    "fcp7": fcp7.read,
    "fcpxml": fcpxml.read,
    "mlt": mlt.read,
    "kdenlive": mlt.read_kdenlive,
}
SUFFIXES = {
    ".otio": "otio",
    ".otioz": "otioz",
    ".edl": "edl",
    ".xml": "fcp7",
    ".fcpxml": "fcpxml",
    ".fcpxmld": "fcpxml",
    ".mlt": "mlt",
    ".kdenlive": "kdenlive",
}
BUNDLES = (".fcpxmld",)  # folders that are one file to an editor
MOST_ENTRIES = 10_000  # of a folder that are looked at


SHOWN = 3  # files of a folder that are named


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an exchange file. Raises ReturnedError, RateUnknown where `rate` has to be given."""
    suffix = path.suffix.lower()
    if path.is_dir() and suffix not in BUNDLES:
        raise ReturnedError(_of_folder(path))
    format = SUFFIXES.get(suffix)
    if format is None:
        if not path.exists():
            raise ReturnedError(f"{path}: {os.strerror(errno.ENOENT)}.")
        ending = f"that ends in {path.suffix!r}" if suffix else "without a suffix"
        known = ", ".join(SUFFIXES)
        raise ReturnedError(f"{path}: a file {ending} cannot be imported. These can: {known}.")
    return READERS[format](path, rate)


def _of_folder(folder: Path) -> str:
    """What is said of a folder: which file in it could be meant."""
    try:
        entries = sorted(islice(folder.iterdir(), MOST_ENTRIES))
    except OSError as err:
        return f"{folder}: is a folder that cannot be read: {err.strerror or err}."
    found = [
        str(path)
        for path in entries
        if path.suffix.lower() in SUFFIXES
        and not path.name.startswith(".")
        and path.is_dir() == (path.suffix.lower() in BUNDLES)
    ]
    if not found:
        known = ", ".join(SUFFIXES)
        return f"{folder}: is a folder, and holds no file that can be imported ({known})."
    shown, rest = found[:SHOWN], len(found) - SHOWN
    if rest > 0:
        named = f"{', '.join(shown)} and {rest} more"
    else:
        named = " or ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
    return f"{folder}: is a folder. Name a file in it: {named}."
