"""Write a film in any exchange format: the table of writers, and what each leaves behind."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from editor.errors import FootageError, OutputError
from editor.film.export import (
    aaf,
    cutlist,
    edl,
    fcp7,
    fcp7_media,
    fcpxml,
    kdenlive,
    mlt,
    opaque,
    otio,
    otioz,
)
from editor.film.export.carried import CARRIES, WHOLE_PATHS, WITHOUT_RELATIVE, Written
from editor.film.export.sequence import Sequence, channels, handles
from editor.timing import rate_text

TIMELINE = "timeline.otio"  # of every version

Writer = Callable[[Sequence, Path], tuple[Path, ...]]

EXPORTERS: dict[str, Writer] = {
    "otio": otio.write,
    "otioz": otioz.write,
    "edl": edl.write,
    "fcp7": fcp7.write,
    "fcpxml": fcpxml.write,
    "mlt": mlt.write,
    "kdenlive": kdenlive.write,
    "csv": cutlist.write,
    "aaf": aaf.write,
}


def export(sequence: Sequence, format: str, folder: Path) -> Written:
    """Write the film into `folder` as NAME.suffix, or say why it cannot be written so."""
    path = folder / f"{sequence.name}{CARRIES[format].suffix}"
    try:
        files = EXPORTERS[format](sequence, path)
    except (OutputError, FootageError) as err:
        return Written(format, refused=str(err))
    return Written(format, files, losses(sequence, format))


def standard(sequence: Sequence, folder: Path) -> Path:
    """Write the timeline that every version has. Raises OutputError."""
    return otio.write(sequence, folder / TIMELINE)[0]


def losses(sequence: Sequence, format: str) -> tuple[str, ...]:
    """What this format does not carry of what this film has."""
    row = CARRIES[format]
    said = [
        words for what, words in row.lost.items() if what != "transitions" and HAS[what](sequence)
    ]
    said += _unsaid_rates(sequence) if format == "fcp7" else []
    said += [WHOLE_PATHS] * (sequence.relative and format in WITHOUT_RELATIVE)
    known = opaque.lost(sequence.opaque, format, len(sequence.timeline.cuts))
    if known:
        said.append(f"left out, as it came in and is not held here: {', '.join(known)}")
    return tuple(said)


def _unsaid_rates(sequence: Sequence) -> list[str]:
    """Clips whose rate FCP7 XML cannot say."""
    rates = {cut.clip.rate for cut in sequence.timeline.cuts if not fcp7_media.has(cut.clip.rate)}
    listed = ", ".join(rate_text(rate) for rate in sorted(rates))
    return [f"clips of {listed} frames a second are counted on the film's frames"] * bool(rates)


def _has_timecode(sequence: Sequence) -> bool:
    return any(cut.clip.timecode for cut in sequence.timeline.cuts)


def _has_many_channels(sequence: Sequence) -> bool:
    return any(
        len(cut.clip.sound) > 1 or len(channels(cut.clip)) > 4 for cut in sequence.timeline.cuts
    )


def _has_other_rates(sequence: Sequence) -> bool:
    return any(cut.clip.rate != sequence.rate for cut in sequence.timeline.cuts)


# Of carried.WHAT: whether a film has it, and so can lose it.
HAS: dict[str, Callable[[Sequence], bool]] = {
    "timecode": _has_timecode,
    "handles": lambda sequence: True,
    "audio": _has_many_channels,
    "markers": lambda sequence: any(cut.reason for cut in sequence.timeline.cuts),
    "alternates": lambda sequence: (
        bool(sequence.unused) or any(cut.alternatives for cut in sequence.timeline.cuts)
    ),
    "effects": lambda sequence: False,  # what came in is named one by one
    "transitions": lambda sequence: False,
    "mixed rates": _has_other_rates,
    "music": lambda sequence: sequence.song is not None,
}


def short_of_handles(sequence: Sequence) -> tuple[str, ...]:
    """The cuts whose media end before the handles that are wanted, in words."""
    said = []
    wanted: Fraction = sequence.handles
    for number, cut in enumerate(sequence.timeline.cuts, start=1):
        clip, spare = cut.clip, handles(cut.clip, cut.source, wanted)
        before = (cut.source.first - spare.first) / clip.rate
        after = (spare.stop - cut.source.stop) / clip.rate
        short = [
            f"{float(there):.2f} s {where}"
            for there, where in ((before, "before"), (after, "after"))
            if there < wanted - Fraction(1, 2) / clip.rate
        ]
        if short:
            said.append(f"cut {number}, {clip.name}: {' and '.join(short)}")
    return tuple(said)
