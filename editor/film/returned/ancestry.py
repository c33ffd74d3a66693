"""Turn a returned film and the versions in the outputs into the version that it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from editor.errors import FootageError
from editor.film import saved
from editor.film.returned.items import Returned
from editor.film.saved import Edit
from editor.film.timeline import Timeline
from editor.footage.clip import Clip
from editor.versions import Version, find_version, versions

MOST = 500  # versions looked at, the latest first
# Frames in common, over the mean of both films: with less, one is no descendant of the other.
LEAST_LIKE = Fraction(1, 5)


@dataclass(frozen=True)
class Ancestor:
    """A version that a returned film may have come from."""

    version: Version
    edit: Edit


def candidates(outputs: Path, onto: str | None) -> tuple[Ancestor, ...]:
    """Every version whose edit can be read, the latest first; or `onto` alone.

    Raises FootageError where `onto` is no version or its edit cannot be read.
    """
    if onto is not None:
        version = find_version(onto, outputs)
        return (Ancestor(version, saved.read(version.folder)),)
    found = []
    latest = sorted(versions(outputs), key=lambda version: -_made(version))
    for version in latest[:MOST]:
        try:
            found.append(Ancestor(version, saved.read(version.folder)))
        except FootageError:
            continue  # made by an older program, or damaged: it is not the one, unless it is named
    return tuple(found)


def said_by(returned: Returned, ancestors: Sequence[Ancestor]) -> Ancestor | None:
    """The version that the file itself names, in our note or as the film's name."""
    return called(returned.parent, ancestors) or called(returned.name, ancestors)


def called(title: str | None, ancestors: Sequence[Ancestor]) -> Ancestor | None:
    """The version of that title."""
    return next((one for one in ancestors if one.version.title == title), None)


def most_like(film: Timeline, ancestors: Sequence[Ancestor]) -> Ancestor | None:
    """The version that shows most of the same frames, the latest of equals; None if hardly any."""
    likeness = [(like(film, one.edit.timeline), -place) for place, one in enumerate(ancestors)]
    most, place = max(likeness, default=(Fraction(0), 0))
    return ancestors[-place] if most >= LEAST_LIKE else None


def like(one: Timeline, other: Timeline) -> Fraction:
    """Seconds of footage that both films show, over their mean length: about 0 to 1."""
    shown: dict[str, list[tuple[int, int]]] = {}
    for cut in other.cuts:
        shown.setdefault(cut.clip.digest, []).append((cut.source.first, cut.source.stop))
    common = Fraction(0)
    for cut in one.cuts:
        frames = sum(
            max(0, min(cut.source.stop, stop) - max(cut.source.first, first))
            for first, stop in shown.get(cut.clip.digest, ())
        )
        common += min(frames, len(cut.source)) / cut.clip.rate
    length = one.duration + other.duration
    return 2 * common / length if length else Fraction(0)


def clips_of(ancestors: Sequence[Ancestor]) -> tuple[Clip, ...]:
    """Every clip of some versions, each content and path once, alternatives among them."""
    found: dict[tuple[str, Path], Clip] = {}
    for ancestor in ancestors:
        for cut in ancestor.edit.timeline.cuts:
            for clip in (cut.clip, *(other.clip for other in cut.alternatives)):
                found.setdefault((clip.digest, clip.path), clip)
    return tuple(found.values())


def _made(version: Version) -> float:
    try:
        return (version.folder / saved.NAME).stat().st_mtime
    except OSError:
        return 0.0
