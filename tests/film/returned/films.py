"""Build films of clips that need no media, and read exchange files as if their media were found."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from editor.film.returned import readers
from editor.film.returned.items import Media, Returned
from editor.film.returned.rebuild import Rebuilt, rebuild
from editor.film.returned.relink import Linked
from editor.film.timeline import Timeline
from editor.footage.clip import Clip, SoundTrack
from editor.timing import Timecode


def clip(name: str, rate: Fraction | int, frames: int, timecode: str = "", sound: int = 1) -> Clip:
    """A clip as ingest would find it, without its file. sound: number of stereo tracks."""
    rate = Fraction(rate)
    code = Timecode.parse(timecode, label_rate(rate)) if timecode else None
    return Clip(
        path=Path("/rushes") / name,
        digest=name.encode().hex()[:40].ljust(40, "0"),
        container="mov",
        codec="h264",
        stream=0,
        rate=rate,
        frames=frames,
        start=Fraction(0),
        size=(1920, 1080),
        coded_size=(1920, 1080),
        rotation=0,
        sample_aspect=Fraction(1),
        pixel_format="yuv420p",
        bit_depth=8,
        transfer="sdr",
        variable_rate=False,
        interlaced=False,
        alpha=False,
        timecode=code,
        recorded=None,
        sound=tuple(
            SoundTrack(number, 48_000, 2, Fraction(0), frames / rate) for number in range(sound)
        ),
    )


def label_rate(rate: Fraction) -> Fraction:
    """The rate at which cameras label footage of a rate: fast rates count pairs of frames."""
    return rate / 2 if rate > 30 else rate


def back(path: Path, clips: Iterable[Clip], parent: Timeline | None = None, **options) -> Rebuilt:
    """The film that a file holds, its media found by name among `clips`."""
    returned = readers.read(path, **options)
    return rebuild(returned, linked(returned, clips), parent)


def linked(returned: Returned, clips: Iterable[Clip]) -> Linked:
    """Each medium of a film linked to the clip of its name."""
    named = {one.name: one for one in clips}
    found: dict[Media, Clip] = {}
    lost: dict[Media, str] = {}
    for item in returned.items:
        if item.held and item.kind == "picture":
            if item.media.name in named:
                found[item.media] = named[item.media.name]
            else:
                lost[item.media] = "the file is not there"
    return Linked(found, lost, ())


def cuts(film: Timeline) -> list[tuple[str, int, int, int, int]]:
    """What is shown when: clip, its in and out, place and length in the film."""
    return [
        (cut.clip.name, cut.source.first, cut.source.stop, cut.start, cut.length)
        for cut in film.cuts
    ]


def shown(film: Timeline) -> list[tuple[str, int]]:
    """Clip and frame that every frame of the film shows."""
    seen = []
    for frame in range(film.frames):
        cut, number = film.source_of(frame)
        seen.append((cut.clip.name, number))
    return seen


def spread(clips: Sequence[Clip]) -> list[tuple[Clip, int, int]]:
    """Spans all over some clips: single frames, both ends, and the odd in between."""
    spans = []
    for number, one in enumerate(clips):
        spans += [
            (one, 0, 7),
            (one, 31 + number, 32 + number),
            (one, 40, 97 + 2 * number),
            (one, one.frames - 12, one.frames),
        ]
    return spans
