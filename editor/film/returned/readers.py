"""Read an exchange file by its suffix, and by what it really is: the table of readers."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from editor.film.returned import mlt, otio
from editor.film.returned.items import Returned, ReturnedError

# Each takes the file, and the film's rate for formats that do not say it.
Reader = Callable[[Path, Fraction | None], Returned]

READERS: dict[str, Reader] = {
    "otio": otio.read,
    "otioz": otio.read_bundle,
    "mlt": mlt.read,
}
SUFFIXES = {".otio": "otio", ".otioz": "otioz", ".mlt": "mlt"}


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an exchange file. Raises ReturnedError, RateUnknown where `rate` has to be given."""
    format = SUFFIXES.get(path.suffix.lower())
    if format is None:
        known = ", ".join(sorted(SUFFIXES))
        raise ReturnedError(
            f"{path}: files that end in {path.suffix or 'nothing'!r} cannot be imported. Known:"
            f" {known}."
        )
    return READERS[format](path, rate)
