"""Turn an imported film into its report: the JSON object, and what the command line says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editor.film import retelling
from editor.film.difference import KINDS, Change, Difference
from editor.film.returned.items import Media, Returned
from editor.film.saved import Edit
from editor.film.timeline import Cut
from editor.progress import printable
from editor.report import json_text
from editor.timing import rate_text
from editor.versions import Version

if TYPE_CHECKING:
    from editor.film.render import RenderReport

LINES_SHOWN = 24  # of the difference and of the notes, each: the rest is in report.json


@dataclass(frozen=True)
class Import:
    """What one `import` was asked."""

    file: Path
    outputs: Path  # absolute
    onto: str | None = None  # title or folder of the version that it came from; None: found
    name: str | None = None  # of the new version; None: the parent's, or the file's
    footage: tuple[Path, ...] = ()  # where media are looked for as well
    rate: Fraction | None = None  # frames/s of the film, for formats that do not say it
    render: bool = False

    @property
    def cache(self) -> Path:
        """Where analyses are kept."""
        return self.outputs / ".cache"


@dataclass(frozen=True)
class Brought:
    """A film that came back, as a version."""

    version: Version
    asked: Import
    returned: Returned
    edit: Edit
    lost: Mapping[Media, str]  # media that were not found, and why
    difference: Difference | None  # None: no version is known that it came from
    rendered: "RenderReport | None"  # None without --render


def write(brought: Brought, folder: Path) -> None:
    """Write report.json into the version's folder, as it will be called."""
    text = json_text(as_json(brought), True)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")


def as_json(brought: Brought) -> dict[str, Any]:
    """The report as plain values: a cut's keys first, then what is an import's own."""
    timeline, folder = brought.edit.timeline, brought.version.folder
    return {
        "version": brought.version.title,
        "film": str(folder / "film.mp4") if brought.rendered else None,
        "timeline": str(folder / "timeline.otio"),
        "report": str(folder / "report.json"),
        "rate": rate_text(timeline.rate),
        "size": list(timeline.size),
        "duration_s": round(float(timeline.duration), 6),
        "made_by": brought.edit.made_by,
        "parent": brought.edit.parent,
        "file": str(brought.asked.file.absolute()),
        "format": brought.returned.format,
        "cuts": [_cut(index, cut) for index, cut in enumerate(timeline.cuts)],
        "difference": _difference(brought.difference) if brought.difference else None,
        "skipped": _skipped(brought.lost),
        "notes": [*brought.edit.notes, *(brought.rendered.notes if brought.rendered else ())],
    }


def _skipped(lost: Mapping[Media, str]) -> list[dict[str, Any]]:
    """What was not found, each file once: a list names a medium at every event."""
    reasons: dict[str, str] = {}
    for media, why in lost.items():
        reasons.setdefault(str(media.paths[0]) if media.paths else media.name, why)
    return [{"path": path, "reason": why} for path, why in reasons.items()]


def _cut(index: int, cut: Cut) -> dict[str, Any]:
    return {"index": index, **_place(cut), "film_in": cut.start, "film_out": cut.stop}


def _place(cut: Cut) -> dict[str, Any]:
    return {
        "clip": str(cut.clip.path),
        "shot": cut.shot,
        "clip_in": cut.source.first,
        "clip_out": cut.source.stop,
        "source_timecode": str(cut.clip.timecode_at(cut.source.first)),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "words": list(retelling.words(difference)),
        "counts": {kind: len(difference.of(kind)) for kind in KINDS},
        "settings": list(difference.settings),
        "changes": [_change(change) for change in difference.changes if change.kind != "kept"],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "before": None if change.before is None else _place(change.before),
        "after": None if change.after is None else _place(change.after),
        "before_index": change.before_index,
        "after_index": change.after_index,
        "head": change.head,
        "tail": change.tail,
        "moved": change.moved,
        "speed": rate_text(change.speed),
        "shared": change.shared,
    }


def summary(brought: Brought) -> str:
    """What the command line says at the end."""
    timeline, folder = brought.edit.timeline, brought.version.folder
    width, height = timeline.size
    count = len(timeline.cuts)
    lines = [
        f"Made {brought.version.title} from {printable(brought.asked.file.name)}: {count}"
        f" {'cut' if count == 1 else 'cuts'}, {float(timeline.duration):.1f} s, {width}x{height} at"
        f" {rate_text(timeline.rate)} fps",
        f"  {printable(str(folder / ('film.mp4' if brought.rendered else 'timeline.otio')))}",
    ]
    lines += _labelled("Onto", [_onto(brought)])
    if brought.difference is not None:
        lines += _labelled("Changed", _some(retelling.words(brought.difference)))
    lines += _labelled("Notes", _some(brought.edit.notes))
    steps = [] if brought.rendered else [f"the same with --render makes {'film.mp4'}"]
    steps.append("look at storyboard.png; report.json has every change as data")
    return "\n".join([*lines, *_labelled("Next", steps)])


def _onto(brought: Brought) -> str:
    if brought.edit.parent is None:
        return "no version in the outputs shows the same footage: nothing to compare with"
    return f"{brought.edit.parent}, which it came from"


def _labelled(label: str, lines: Sequence[str]) -> list[str]:
    return [f"{label if number == 0 else '':8}{line}" for number, line in enumerate(lines)]


def _some(lines: Sequence[str]) -> list[str]:
    shown = [printable(line) for line in lines[:LINES_SHOWN]]
    rest = len(lines) - LINES_SHOWN
    return [*shown, f"and {rest} more, see report.json"] if rest > 0 else shown
