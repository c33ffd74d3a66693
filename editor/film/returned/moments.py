"""Tell at which moment of its media an item begins, by whichever clock its format counts."""

from fractions import Fraction

from editor.errors import EditorError
from editor.film.export.sequence import counted
from editor.film.returned.items import Item
from editor.film.returned.relink import first_second
from editor.footage.clip import Clip
from editor.timing import Timecode


def begins(item: Item, clip: Clip, rate: Fraction) -> Fraction:
    """Seconds from the clip's first frame to the item's."""
    source = item.source
    if source.label is not None:
        return _from_labels(source.label, clip, rate) + source.first
    if not source.by_timecode:
        return source.first
    start, own = item.media.start, first_second(clip)
    if start is None:  # a program that wrote no start counted from the timecode, or from 0
        start = own if source.first >= own else Fraction(0)
    return source.first - start


def _from_labels(label: str, clip: Clip, rate: Fraction) -> Fraction:
    """Seconds into the clip of a timecode as lists have it: at the film's rate, else the clip's."""
    starts = (counted(clip, rate), clip.timecode_at(0))
    found = [seconds for start in starts if (seconds := _after(label, start)) is not None]
    inside = [seconds for seconds in found if seconds < clip.duration]
    return next(iter((*inside, *found)), clip.duration)


def _after(label: str, start: Timecode) -> Fraction | None:
    """Seconds from a timecode to a label of its kind; over midnight where it lies before."""
    # A list may write the same frame drop-frame where the clip counts otherwise: the mark tells.
    mark = ";" if start.drop or label[8] == ";" else ":"
    try:
        code = Timecode.parse(f"{label[:8]}{mark}{label[9:]}", start.rate)
    except EditorError:
        return None
    if code.frame < start.frame:
        code = code + start.day
    return (code.frame - start.frame) / start.rate
