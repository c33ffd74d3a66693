"""Tell the story of export: a version out to the programs in which editors go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editor.errors import EditorError, FootageError, OutputError
from editor.film import saved
from editor.film.export.carried import CARRIES, Written, lost_lines, written_json
from editor.film.saved import Edit
from editor.film.timeline import Timeline
from editor.progress import Watch, printable
from editor.versions import Version, find_version

if TYPE_CHECKING:
    from editor.film.export.sequence import Sequence as Film


@dataclass(frozen=True)
class Wanted:
    """What one export asks."""

    version: str  # title of a version in `outputs`, or its folder
    outputs: Path
    formats: tuple[str, ...]  # names in carried.CARRIES
    folder: Path | None = None  # where the files go; None: into the version's own
    handles: Fraction = Fraction(0)  # s at either side of every cut
    music: bool = False
    relative: bool = False  # media are named from the written files' folder


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    version: Version
    written: tuple[Written, ...]
    notes: tuple[str, ...]  # what holds for every format, in an editor's words

    @property
    def whole(self) -> bool:
        """True where every format was written."""
        return not any(one.refused for one in self.written)


def export(wanted: Wanted, watch: Watch) -> Exported:
    """Write a version in every format asked for. Raises EditorError where none can be written."""
    from editor.film.export import exporters  # OpenTimelineIO: not before it is needed

    version = find_version(wanted.version, wanted.outputs)
    edit = saved.read(version.folder)
    if not edit.timeline.cuts:
        raise FootageError(f"{version.title} has no cuts: there is nothing to export.")
    film, notes = compose(version.title, edit, wanted.music, wanted.handles, wanted.relative)
    folder = wanted.folder or version.folder
    _make(folder)
    written = []
    with watch.stage("export") as advance:
        for number, format in enumerate(wanted.formats):
            advance(number, len(wanted.formats), CARRIES[format].title)
            written.append(exporters.export(film, format, folder))
    if all(one.refused for one in written):
        raise EditorError(" ".join(one.refused for one in written))
    short = exporters.short_of_handles(film) if film.handles else ()
    return Exported(version, tuple(written), (*notes, *_short(short, film.handles)))


def standard(edit: Edit, version: Version, folder: Path) -> None:
    """Write timeline.otio into the folder that becomes a version. Raises OutputError."""
    from editor.film.export import exporters

    film, _ = compose(version.title, edit, music=True)
    exporters.standard(film, folder)


def beside(
    edit: Edit, version: Version, formats: Sequence[str], folder: Path
) -> tuple[Written, ...]:
    """Write timeline.otio, and other formats, into the folder that becomes a version.

    What is returned names the files as they will lie in the version. Raises OutputError.
    """
    from editor.film.export import exporters

    film, _ = compose(version.title, edit, music=True)
    exporters.standard(film, folder)
    made = [exporters.export(film, format, folder) for format in formats]
    return tuple(
        Written(
            one.format,
            tuple(version.folder / path.name for path in one.files),
            one.lost,
            one.refused.replace(str(folder), str(version.folder)),
        )
        for one in made
    )


def compose(
    title: str,
    edit: Edit,
    music: bool,
    handles: Fraction = Fraction(0),
    relative: bool = False,
) -> tuple["Film", tuple[str, ...]]:
    """The film as it is to be written, and what an editor should know of it."""
    from editor.film.export.sequence import Sequence as Film
    from editor.film.export.sequence import lay

    timeline = edit.timeline
    notes = _gone(timeline)
    song = None
    if timeline.music is not None and not music:
        notes.append("The music is left out: --music lays it on a track of its own.")
    elif timeline.music is not None:
        try:
            song = lay(timeline.music.path, timeline.music.offset, timeline)
        except FootageError as err:
            notes.append(f"The music is left out: {err}")
    film = Film(title, timeline, handles, song, edit.selects, relative, edit.opaque)
    return film, tuple(notes)


def _gone(timeline: Timeline) -> list[str]:
    """Media that are not where the edit says."""
    paths = dict.fromkeys(cut.clip.path for cut in timeline.cuts)
    return [f"Not where it was, so it will not link: {p}" for p in paths if not p.is_file()]


def _short(cuts: Sequence[str], wanted: Fraction) -> list[str]:
    if not cuts:
        return []
    count = "1 cut has" if len(cuts) == 1 else f"{len(cuts)} cuts have"
    return [f"{count} less than {float(wanted):g} s of handles: {'; '.join(cuts)}"]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise OutputError(f"--folder {folder} cannot be made: {err.strerror}.") from err


def as_json(exported: Exported) -> dict[str, Any]:
    """The export as plain values."""
    return {
        "version": exported.version.title,
        "written": written_json([one for one in exported.written if not one.refused]),
        "refused": [
            {"format": one.format, "reason": one.refused} for one in exported.written if one.refused
        ],
        "notes": list(exported.notes),
    }


def summary(exported: Exported) -> str:
    """What the command line says at the end: each loss once, by the names of its formats."""
    lines = [f"Exported {exported.version.title}"]
    lines += [
        f"  {CARRIES[one.format].title:30}{printable(str(path))}"
        for one in exported.written
        for path in one.files
    ]
    lines += _labelled("Lost", lost_lines(exported.written))
    lines += _labelled("Refused", [one.refused for one in exported.written if one.refused])
    lines += _labelled("Notes", exported.notes)
    return "\n".join(lines)


def _labelled(label: str, lines: Sequence[str]) -> list[str]:
    return [
        f"{label if number == 0 else '':8}{printable(line)}" for number, line in enumerate(lines)
    ]
