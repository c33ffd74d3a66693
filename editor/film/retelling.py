"""Turn a difference between two films into what one editor would tell another about it."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from math import ceil

from editor.film.difference import Change, Difference
from editor.film.swaps import Swap, swaps
from editor.film.timeline import Cut
from editor.timing import Timecode, rate_text, to_frames

SAID_OF_SETTINGS = {
    "rate": "the film's rate",
    "size": "the film's size",
    "fit": "how pictures are fitted",
    "music": "the music",
}


def words(difference: Difference) -> tuple[str, ...]:
    """The difference, a sentence a change; what was kept is one sentence. Cuts count from 1."""
    if difference.same:
        count = len(difference.after.cuts)
        return (f"Nothing was changed: all {count} cuts are as they were.",)
    return (_kept(difference), *_changes(difference), *_settings(difference), *_length(difference))


def name(cut: Cut) -> str:
    """The cut by its clip and the clip's timecode, from its first frame to the one after its last.

    Where the clip's own timecode is not the picture's rate, the label is that of the frame on
    screen.
    """
    first, stop = (cut.clip.timecode_at(frame) for frame in (cut.source.first, cut.source.stop))
    return f"{cut.clip.name} {first} to {stop}"


def frames(count: int) -> str:
    """A number of frames, in words: "1 frame", "12 frames"."""
    return f"{abs(count)} {'frame' if abs(count) == 1 else 'frames'}"


def _kept(difference: Difference) -> str:
    kept, all_before = len(difference.of("kept")), len(difference.before.cuts)
    noun = "cut" if all_before == 1 else "cuts"
    if kept == 0:
        return f"Kept none of the {all_before} {noun} as it was."
    return f"Kept {kept} of {all_before} {noun} as {'it was' if kept == 1 else 'they were'}."


def _changes(difference: Difference) -> Iterator[str]:
    rolled, told = _rolls(difference), list[Swap]()
    exchanged = {one.before_index: pair for pair in swaps(difference) for one in pair}
    for index, change in enumerate(difference.changes):
        pair = None if change.before_index is None else exchanged.get(change.before_index)
        if pair is not None and pair not in told:
            yield _swapped(pair, difference)
            told.append(pair)
        if pair is not None and change.moved:
            continue
        if index in rolled:
            yield rolled[index]
        elif index - 1 not in rolled and change.kind != "kept":
            yield _sentence(change, difference)


def _swapped(pair: Swap, difference: Difference) -> str:
    first, second = pair
    said = " and ".join(f"{_number(one.before_index)} ({one.cut.clip.name})" for one in pair)
    said = f"Cuts {said} changed places"
    if (first.after_index, second.after_index) != (second.before_index, first.before_index):
        said += (
            f", they are now cuts {_number(first.after_index)} and {_number(second.after_index)}"
        )
    for one in pair:
        if one.moved and (one.trimmed or one.speed != 1):
            ends = _ends(one, difference) if one.trimmed else "retimed"
            said += f"; cut {_number(one.before_index)}: {ends}{_speed(one)}"
    return f"{said}."


def _sentence(change: Change, difference: Difference) -> str:
    told = {
        "trimmed": _trimmed,
        "retimed": _retimed,
        "moved": _moved,
        "replaced": _replaced,
        "inserted": _inserted,
        "dropped": _dropped,
    }
    return told[change.kind](change, difference)


def _trimmed(change: Change, difference: Difference) -> str:
    return f"Cut {_place(change)} ({change.cut.clip.name}): {_ends(change, difference)}."


def _retimed(change: Change, difference: Difference) -> str:
    ends = f", {_ends(change, difference)}" if change.trimmed else ""
    return (
        f"Cut {_place(change)} ({change.cut.clip.name}): retimed, it plays at"
        f" {_percent(change.speed)}{ends}."
    )


def _moved(change: Change, difference: Difference) -> str:
    ends = f"; {_ends(change, difference)}" if change.trimmed else ""
    way = "later" if _came_later(change, difference) else "earlier"
    return (
        f"Cut {_number(change.before_index)} ({change.cut.clip.name}) moved {way}, it is now cut"
        f" {_number(change.after_index)}{ends}{_speed(change)}."
    )


def _came_later(moved: Change, difference: Difference) -> bool:
    """Whether more of the cuts that both films have stand before it than did: what was dropped or
    inserted there moved nothing."""
    both = [one for one in difference.changes if one.before and one.after and one is not moved]

    def ahead(place: str) -> int:
        mine = getattr(moved, place)
        return sum(getattr(one, place) < mine for one in both)

    return ahead("after_index") > ahead("before_index")


def _replaced(change: Change, difference: Difference) -> str:
    if change.before is None or change.after is None:
        raise ValueError("What is replaced was there before, and what replaces it is there after.")
    same = change.before.clip.digest == change.after.clip.digest
    other = "another moment of the same clip, " if same else ""
    return (
        f"Cut {_number(change.before_index)} ({name(change.before)}) replaced by"
        f" {other}{name(change.after)}{_speed(change)}."
    )


def _again(inserted: Change, difference: Difference) -> bool:
    """Whether frames of it still stand in the cut that it shares them with: nothing was split.

    Pieces of a clip of another rate may have a frame of the film in common and be split ones.
    """
    span, clip = inserted.cut.source, inserted.cut.clip
    rate = difference.after.rate
    rounded = 0 if clip.rate == rate else ceil(clip.rate / rate)  # frames of the clip
    others = [one.after for one in difference.changes if one.before_index == inserted.shared]
    return any(
        min(one.source.stop, span.stop) - max(one.source.first, span.first) > rounded
        for one in others
        if one is not None
    )


def _inserted(change: Change, difference: Difference) -> str:
    length = frames(change.cut.length)
    if change.shared is not None:
        what = "is shown again" if _again(change, difference) else "was split"
        return (
            f"Cut {change.shared + 1} {what}: {name(change.cut)} is now cut"
            f" {_number(change.after_index)}, {length}{_speed(change)}."
        )
    return (
        f"Inserted as cut {_number(change.after_index)}: {name(change.cut)},"
        f" {length}{_speed(change)}."
    )


def _dropped(change: Change, difference: Difference) -> str:
    gone = f"Cut {_number(change.before_index)} ({name(change.cut)})"
    if change.shared is not None:
        return f"{gone} was joined to what is now cut {change.shared + 1}."
    return f"{gone} dropped, {frames(change.cut.length)}."


def _rolls(difference: Difference) -> dict[int, str]:
    """Edit points that moved with the film's length unchanged, by the index of the cut before."""
    told: dict[int, str] = {}
    changes = difference.changes
    for index, (one, other) in enumerate(pairwise(changes)):
        if index - 1 in told or one.kind != "trimmed" or other.kind != "trimmed":
            continue
        shift = -_film_ends(one, difference)[1]
        if one.head == 0 and other.tail == 0 and shift == _film_ends(other, difference)[0]:
            told[index] = (
                f"The edit point between cuts {_place(one)} and {_place(other)}"
                f" ({one.cut.clip.name}, {other.cut.clip.name}) rolled {frames(shift)}"
                f" {'later' if shift > 0 else 'earlier'}."
            )
    return told


def _ends(change: Change, difference: Difference) -> str:
    """What was done to a cut's beginning and end."""
    rate = difference.after.rate
    if slip := change.slipped:
        way = "later" if slip > 0 else "earlier"
        moved = _film_frames(slip, change.cut, rate)
        return f"slipped by {_counted(slip, moved)} to {way} ones of the clip"
    said = []
    head, tail = _film_ends(change, difference)
    for count, film, end in ((change.head, head, "beginning"), (change.tail, tail, "end")):
        if count > 0:
            said.append(f"{_counted(count, film)} off its {end}")
        elif count < 0:
            said.append(f"{_counted(count, film)} added at its {end}")
    return ", ".join(said)


def _film_ends(change: Change, difference: Difference) -> tuple[int, int]:
    """Frames of the film by which a cut became shorter at its beginning and end: together what its
    length in the film says, of which the clip's frames alone may be a frame off."""
    rate = difference.after.rate
    head, tail = (_film_frames(count, change.cut, rate) for count in (change.head, change.tail))
    one, other = change.before, change.after
    if one is None or other is None or change.speed != 1 or difference.before.rate != rate:
        return head, tail
    gone = one.length - other.length
    return (head, gone - head) if change.tail else (gone if change.head else 0, 0)


def _counted(count: int, film: int) -> str:
    """Frames of the clip, as frames of the film where the two differ."""
    if film == count:
        return frames(count)
    return (
        f"{frames(film)} ({abs(count)} of the clip's)" if film else f"{frames(count)} of the clip"
    )


def _film_frames(count: int, cut: Cut, rate: Fraction) -> int:
    return to_frames(count / cut.clip.rate, rate)


def _place(change: Change) -> str:
    """Its number before, and after where that is another."""
    if change.before_index == change.after_index:
        return _number(change.before_index)
    return f"{_number(change.before_index)}, now {_number(change.after_index)}"


def _number(index: int | None) -> str:
    if index is None:
        raise ValueError("A cut that one film lacks has no number in it.")
    return str(index + 1)


def _speed(change: Change) -> str:
    return f"; it plays at {_percent(change.speed)}" if change.speed != 1 else ""


def _percent(speed: Fraction) -> str:
    return f"{float(100 * speed):g} %"


def _settings(difference: Difference) -> Iterator[str]:
    for setting in difference.settings:
        was, is_now = (
            _shown(getattr(film, setting)) for film in (difference.before, difference.after)
        )
        said = SAID_OF_SETTINGS[setting]
        yield f"{said[0].upper()}{said[1:]} was {was} and is now {is_now}."


def _shown(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{rate_text(value)} frames a second"
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    path = getattr(value, "path", None)
    return "none" if value is None else str(value) if path is None else path.name


def _length(difference: Difference) -> Iterator[str]:
    before, after = difference.before, difference.after
    change = after.frames - to_frames(before.duration, after.rate)
    if change:
        length = Timecode(after.frames, after.rate)
        way = "longer" if change > 0 else "shorter"
        yield f"The film is {frames(change)} {way}: {length}."
