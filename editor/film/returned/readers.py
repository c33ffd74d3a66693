"""Read an exchange file by its suffix, and by what it really is: the table of readers."""

from collections.abc import Callable
from fractions import Fraction
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


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an exchange file. Raises ReturnedError, RateUnknown where `rate` has to be given."""
    format = SUFFIXES.get(path.suffix.lower())
    if format is None:
        known = ", ".join(suffix for suffix in SUFFIXES)
        raise ReturnedError(
            f"{path}: a file that ends in {path.suffix or 'nothing'!r} cannot be imported. These"
            f" can: {known}."
        )
    return READERS[format](path, rate)
