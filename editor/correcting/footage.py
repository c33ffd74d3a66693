"""Say whether a version's clips are where they were, and find those that are not, by content."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from editor.errors import FootageError
from editor.film.saved import Edit
from editor.film.timeline import Alternative, Timeline
from editor.footage import ingest
from editor.footage.cache import Cache, stamp
from editor.footage.clip import Clip
from editor.store import Store


@dataclass(frozen=True)
class Found:
    """What became of a clip."""

    state: str  # "here", "missing", "changed" or "unreadable"
    says: str = ""  # what is wrong, and what to do


def clips_of(timeline: Timeline) -> dict[str, Clip]:
    """The clips that a timeline shows, and those of its alternatives, by digest."""
    clips = {cut.clip.digest: cut.clip for cut in timeline.cuts}
    for cut in timeline.cuts:
        clips |= {other.clip.digest: other.clip for other in cut.alternatives}
    return clips


def known(edit: Edit) -> dict[str, Clip]:
    """All clips that a version's own file tells of, by digest."""
    selects = {other.clip.digest: other.clip for other in edit.selects}
    marked = edit.marks.clips() if edit.marks is not None else {}
    return marked | selects | clips_of(edit.timeline)


def stamp_of(path: Path) -> object:
    """What changes when a file does; None where there is none."""
    try:
        return stamp(path)
    except OSError:
        return None


def look(clip: Clip, cache: Cache) -> Found:
    """What became of a clip. Its content is read again only where its file's stamp changed."""
    if not clip.path.exists():
        return Found(
            "missing",
            f"{clip.path} is gone. If it was moved or renamed it can be found again by its"
            " content.",
        )
    try:
        content = ingest.digest(clip.path, cache)
    except FootageError as err:
        return Found("unreadable", str(err))
    if content != clip.digest:
        return Found(
            "changed",
            f"{clip.path} is not the file that was cut: its content changed. Put the old one back,"
            " or cut again from the new one.",
        )
    return Found("here")


def relinked(edit: Edit, lie: Mapping[str, tuple[str, Any]]) -> Edit:
    """The edit with every clip where the store says it lies now."""

    def moved(clip: Clip) -> Clip:
        path = Path(lie[clip.digest][0]) if clip.digest in lie else clip.path
        return clip if path == clip.path else replace(clip, path=path)

    def all_moved(others: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return tuple(replace(other, clip=moved(other.clip)) for other in others)

    cuts = tuple(
        replace(cut, clip=moved(cut.clip), alternatives=all_moved(cut.alternatives))
        for cut in edit.timeline.cuts
    )
    marks = edit.marks
    if marks is not None:
        marks = marks.with_clips({key: moved(clip) for key, clip in marks.clips().items()})
    return replace(
        edit,
        timeline=replace(edit.timeline, cuts=cuts),
        selects=all_moved(edit.selects),
        marks=marks,
    )


def roots(edit: Edit) -> tuple[Path, ...]:
    """The files and folders that a version was cut from, as they were named."""
    named = edit.asked.get("footage")
    if not isinstance(named, list):
        return ()
    return tuple(Path(one) for one in named if isinstance(one, str) and os.path.isabs(one))


def gather(edit: Edit, cache: Cache, store: Store) -> dict[str, Clip]:
    """All clips of a version's footage that are still there, by digest."""
    named = [path for path in roots(edit) if os.path.lexists(path)]
    found = known(edit)
    if named:
        try:
            clips, _ = ingest.ingest(named, cache, lambda done, total, name: None)
        except (
            FootageError
        ):  # none of it can be used now: what the film shows is known all the same
            clips = ()
        found = {clip.digest: clip for clip in clips} | found
    store.put_clips({key: (str(clip.path), ingest.to_facts(clip)) for key, clip in found.items()})
    return found


def search(
    lost: Sequence[Clip], edit: Edit, folders: Sequence[Path], cache: Cache
) -> dict[str, Path]:
    """Where clips lie now, by digest: files with the same suffix, then the same content.

    The version's footage folders, those of its files, and `folders` are searched in depth; where a
    folder is gone, the one above it.
    """
    wanted = {clip.digest: clip for clip in lost}
    found: dict[str, Path] = {}
    for path in _candidates(lost, edit, folders):
        if not wanted.keys() - found.keys():
            break
        try:
            content = ingest.digest(path, cache)
        except FootageError:  # a file that cannot be read is not the one that is looked for
            continue
        if content in wanted:
            found.setdefault(content, path)
    return found


def _candidates(lost: Sequence[Clip], edit: Edit, folders: Sequence[Path]) -> Iterator[Path]:
    """Files that may be the lost ones: those of the same name first."""
    names = {clip.name for clip in lost}
    suffixes = {clip.path.suffix.lower() for clip in lost}
    places = [*folders, *roots(edit), *(clip.path.parent for clip in lost)]
    beside = (place if place.is_dir() else place.parent for place in places)
    wide = (Path(os.sep), Path.home())  # a whole machine is not searched unasked
    there = [place for place in dict.fromkeys(beside) if place.is_dir() and place not in wide]
    listed, _ = ingest.find(there)
    alike = [path for path in listed if path.suffix.lower() in suffixes]
    yield from sorted(alike, key=lambda path: path.name not in names)
