"""What an editor marked and a version carries on: cuts that are locked, footage banned or wanted.

Marks name footage, not cuts: a film that is cut again has other cuts, and the same footage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from editor.film.checked import Table
from editor.footage.clip import Clip
from editor.timing import FrameSpan


@dataclass(frozen=True)
class Mark:
    """Footage that was marked."""

    clip: Clip
    span: FrameSpan | None  # frames of the clip; None: all of it, or (wanted) something of it


@dataclass(frozen=True)
class Marks:
    """All that holds for a version from its first revision on."""

    locked: tuple[Mark, ...] = ()  # cuts that show just these frames are locked
    bans: tuple[Mark, ...] = ()
    musts: tuple[Mark, ...] = ()

    def clips(self) -> dict[str, Clip]:
        """The clips that are named, by digest."""
        return {mark.clip.digest: mark.clip for mark in (*self.locked, *self.bans, *self.musts)}

    def with_clips(self, clips: Mapping[str, Clip]) -> "Marks":
        """The same on these clips, where they hold the digest."""

        def moved(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
            return tuple(
                replace(mark, clip=clips.get(mark.clip.digest, mark.clip)) for mark in marks
            )

        return Marks(moved(self.locked), moved(self.bans), moved(self.musts))


def as_json(marks: Marks) -> dict[str, Any]:
    """Marks as plain values; clips by digest."""

    def rows(given: tuple[Mark, ...]) -> list[dict[str, Any]]:
        return [
            {
                "clip": mark.clip.digest,
                "in": mark.span.first if mark.span else None,
                "out": mark.span.stop if mark.span else None,
            }
            for mark in given
        ]

    return {"locked": rows(marks.locked), "bans": rows(marks.bans), "musts": rows(marks.musts)}


def read(table: Table, clips: Mapping[str, Clip]) -> Marks:
    """Marks from plain values. Raises ValueError that names the place."""
    locked, bans, musts = (
        tuple(_read(row, clips) for row in table.rows(key)) for key in ("locked", "bans", "musts")
    )
    return Marks(locked, bans, musts)


def _read(row: Table, clips: Mapping[str, Clip]) -> Mark:
    digest = row.get("clip", str)
    if digest not in clips:
        raise ValueError(f"{row.where}.clip names a clip that the file does not list.")
    clip = clips[digest]
    first = row.maybe("in", lambda at, key: at.count(key))
    stop = row.maybe("out", lambda at, key: at.count(key))
    if first is None and stop is None:
        return Mark(clip, None)
    if first is None or stop is None or not first < stop <= clip.frames:
        raise ValueError(
            f"{row.where}: frames {first} to {stop} are not in {clip.name}, which has"
            f" {clip.frames}."
        )
    return Mark(clip, FrameSpan(first, stop))
