"""Turn what an editor types, CLIP[@IN-OUT], into frames of one clip of the footage.

CLIP is a path, the end of a path or a file name; IN and OUT are frames (36), seconds (1.5s) or
timecode (01:00:02:12, the clip's own where it has one), OUT exclusive, either left out for the
clip's end. A file name may itself hold "@" or "-": what names a clip as it stands is that clip.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path

from editor.cutting.pool import Wish
from editor.errors import EditorError, FootageError
from editor.footage.clip import Clip, Skipped
from editor.timing import FrameSpan, Timecode, to_frames

LISTED = 8  # names in a message: more is no help
ASKED = 3  # names in "Did you mean"
CLOSE = 0.75  # of two names' letters that they share in order: with less it is another name
PART = 3  # letters of a name that name it by themselves
_SECONDS = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*s")


def parse(text: str, clips: Sequence[Clip], skipped: Sequence[Skipped], option: str) -> Wish:
    """Read one CLIP[@IN-OUT] of `option` ("--ban"). Raises FootageError with what would be right.

    `skipped` only makes the message better where the clip named is one of them.
    """
    if found := _named(text, clips):
        return Wish(_only_one(found, text, option))
    name, mark, points = text.rpartition("@")
    if mark and (found := _named(name, clips)):
        clip = _only_one(found, name, option)
        return Wish(clip, _span(points, clip, name, f"{option} {text}"))
    raise FootageError(_unknown(text, name if mark else text, clips, skipped, option))


def is_skipped(text: str, clips: Sequence[Clip], skipped: Sequence[Skipped]) -> bool:
    """True where the text names no clip but footage that is left out anyway."""
    names = (text, text.rpartition("@")[0])
    if any(_named(name, clips) for name in names):
        return False
    return any(_is(name, left) for left in skipped for name in names)


def _is(name: str, left: Skipped) -> bool:
    return bool(name) and (_same(Path(name), left.path) or Path(name).name == left.path.name)


def _named(text: str, clips: Sequence[Clip]) -> list[Clip]:
    """Clips that the text names: by the path as it stands, else by the end of their paths."""
    if not text:
        return []
    path = Path(text)
    exact = [clip for clip in clips if _same(path, clip.path)]
    if exact or path.is_absolute():
        return exact
    parts = tuple(part for part in path.parts if part != ".")
    return [clip for clip in clips if parts and clip.path.parts[-len(parts) :] == parts]


def _same(path: Path, clip: Path) -> bool:
    try:
        return path.absolute() == clip or path.samefile(clip)
    except (OSError, ValueError):  # no such file, or no file name at all: it may still be a name
        return False


def _only_one(found: Sequence[Clip], text: str, option: str) -> Clip:
    if len(found) == 1:
        return found[0]
    paths = ", ".join(str(clip.path) for clip in found[:LISTED])
    raise FootageError(f"{option} {text}: {len(found)} clips are called so. Give one path: {paths}")


def _span(points: str, clip: Clip, name: str, where: str) -> FrameSpan:
    """Read IN-OUT on a clip, which was typed as `name`."""
    first, mark, stop = (part.strip() for part in points.partition("-"))
    if not mark or "-" in stop or not (first or stop):
        raise FootageError(f"{where}: after the @ stands IN-OUT, as 36-90, 1.5s-4s or 1.5s-.")
    span = FrameSpan(
        _frame(first, clip, where) if first else 0,
        _frame(stop, clip, where) if stop else clip.frames,
    )
    if not 0 <= span.first < span.stop <= clip.frames:
        wrong, right = _amiss(span, first, stop, clip, name)
        begin, last, end = (clip.timecode_at(at) for at in (0, clip.frames - 1, clip.frames))
        raise FootageError(
            f"{where}: {wrong}. The clip has frames 0 to {clip.frames}"
            f" ({float(clip.duration):.2f} s, timecode {begin} to {end}), OUT not included: its"
            f" last frame is {clip.frames - 1}, timecode {last}. {right}."
        )
    return span


def _amiss(span: FrameSpan, first: str, stop: str, clip: Clip, name: str) -> tuple[str, str]:
    """What is wrong with a span that is not on the clip, and what would be right."""
    if span.first >= clip.frames:
        latest = f"IN must be {clip.frames - 1} or less"
        return f"IN ({first}) lies beyond the clip's end", latest
    if span.stop > clip.frames:
        return f"OUT ({stop}) lies beyond the clip's end", f"Write {name}@{first}- for all up to it"
    if span.first < 0:
        return f"IN ({first}) lies before the clip's start", "IN may be left out for the start"
    if span.stop < 0:
        return f"OUT ({stop}) lies before the clip's start", "OUT may be left out for the end"
    if span.stop < span.first:
        turned = f"Write {name}@{stop}-{first}"
        return f"IN ({first}) comes after OUT ({stop}), and IN lies before OUT", turned
    same = f"IN ({first or 'the start'}) and OUT ({stop}) are the same frame"
    return f"{same}, and IN lies before OUT", "One frame is OUT one more than IN"


def _frame(text: str, clip: Clip, where: str) -> int:
    """Read one point on a clip: a frame number, seconds or a timecode."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text):
        return int(text)
    if match := _SECONDS.fullmatch(text):
        return to_frames(Fraction(match[1]), clip.rate)
    if ":" in text or ";" in text:
        start = clip.timecode_at(0)
        try:
            code = Timecode.parse(text, start.rate)
        except EditorError as err:
            raise FootageError(f"{where}: {err}") from err
        after = code.frame - start.frame
        if after < 0 and start.frame + _duration(clip, start) > _day(start):
            after += _day(start)  # the clip runs over midnight
        return to_frames(after / start.rate, clip.rate)
    raise FootageError(
        f"{where}: {text!r} is no point of a clip. Write a frame as 36, seconds as 1.5s, or a"
        " timecode as 01:00:02:12."
    )


def _duration(clip: Clip, start: Timecode) -> int:
    return to_frames(clip.duration, start.rate)


def _day(code: Timecode) -> int:
    """Frames of a timecode's 24 hours: drop-frame skips labels in 1296 of the 1440 minutes."""
    return 86_400 * code.base - (code.base // 15 * 1296 if code.drop else 0)


def _unknown(
    text: str, name: str, clips: Sequence[Clip], skipped: Sequence[Skipped], option: str
) -> str:
    for left in skipped:
        for candidate in (text, name):
            if _is(candidate, left):
                return f"{option} {candidate}: it is not used, {left.reason}"
    names = sorted({clip.name for clip in clips})
    near = _near(Path(name).name, names)
    listed = ", ".join(near or names[:LISTED]) + ("" if near or len(names) <= LISTED else ", ...")
    ask = "Did you mean" if near else "The footage has"
    return f"{option} {text}: no clip of the footage is called so. {ask}: {listed}."


def _near(typed: str, names: Sequence[str]) -> list[str]:
    """The names that may have been meant, the nearest first: a slip or two of the keyboard lie
    between, or they hold what was typed. Capitals do not count."""
    small = {name.casefold(): name for name in names}
    close = get_close_matches(typed.casefold(), list(small), ASKED, CLOSE)
    part = Path(typed).stem.casefold()
    holding = [name for name in small if len(part) >= PART and part in Path(name).stem]
    return [small[name] for name in dict.fromkeys([*close, *holding])][:ASKED]
