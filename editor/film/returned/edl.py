"""Turn a CMX3600 edit decision list into items.

A list knows reels and timecode, no files and no rate: files are named in comments or in our table
of reels beside it, the rate is asked for unless drop-frame tells it. Timecode of media is kept as
it is written, since only the media knows what it counts from.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from editor.errors import EditorError
from editor.film.returned import places, safe
from editor.film.returned.items import (
    Item,
    Media,
    RateUnknown,
    Returned,
    ReturnedError,
    Source,
    checked,
)
from editor.timing import FrameSpan, Timecode, parse_rate

_LABEL = r"(\d{2}[:;.,]\d{2}[:;.,]\d{2}[:;.,]\d{2,3})"
_EVENT = re.compile(
    r"\s*(?P<number>\d{1,6})\s+(?P<reel>\S.*?)\s+(?P<channels>V\d?|B|NONE|AA?\d{0,2}(?:/V)?)\s+"
    r"(?P<kind>C|D|W\d{1,3}|K[BO]?)\s*(?P<length>\d{1,4})?\s+"
    rf"{_LABEL}\s+{_LABEL}\s+{_LABEL}\s+{_LABEL}\s*"
)
# What would be an event, were the rest of it right: four timecodes, or a number and one of them.
_LIKE_EVENT = re.compile(
    rf"(?!\s*[*>]).*{_LABEL}\s+{_LABEL}\s+{_LABEL}\s+{_LABEL}\s*"
    r"|\s*\d{3,6}\s+\S+\s+\S+\s+\S+\s.*\d{2}[:;]\d{2}.*"
)
_SPEED = re.compile(r"M2\s+(?P<reel>\S.*?)\s+(?P<speed>-?\d{1,4}(?:\.\d{1,4})?)(?:\s.*)?")
_COMMENT = re.compile(r"\*?\s*(?P<key>[A-Z][A-Z ]{2,30}?)\s*:\s*(?P<value>.*)")
_EXACT = re.compile(r"(\d{1,12})-(\d{1,12}) OF \d+ AT \S+")
_MUSIC = re.compile(r"(.+) FROM FRAME (\d{1,12}) AT (\S+)")
DROPPED = ("0000", "0001")  # seconds and frames of minutes that drop-frame skips at every rate
BLACK = ("BL", "BLACK")  # reels that are no media
NAMELESS = ("AX", "AUX")  # reels that say nothing of the medium
REELS = ".reels.csv"  # of our table beside a list
ROUGH = Fraction(1, 100)  # to which a speed is said


@dataclass
class _Line:
    """One line of an event."""

    where: int  # line of the file
    number: str
    reel: str
    channels: str
    kind: str  # "C", "D", "W001", "K"
    length: int  # frames of a dissolve or wipe
    labels: tuple[str, str, str, str]  # source in and out, record in and out
    notes: dict[str, str] = field(default_factory=dict)
    speed: str = ""  # frames a second, as written
    drop: bool = False  # the list counts in drop-frame here

    @property
    def picture(self) -> bool:
        """True where it is seen."""
        return "V" in self.channels or self.channels == "B"

    @property
    def sound(self) -> bool:
        """True where it is heard."""
        return self.channels[0] in "AB"


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .edl at the film's rate. Raises ReturnedError, RateUnknown where it is not known."""
    reading = _Reading(path, safe.text(path))
    return reading.read(rate)


class _Reading:
    """One list being read."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.name = path, ""
        self.notes: list[str] = []
        self.music: list[str] = []
        self.lines: list[_Line] = []
        self._parse(text)
        if not self.lines:
            raise ReturnedError(f"{path}: is no edit decision list: it has no events.")
        self.reels = _reels(path)
        self.folder = path.absolute().parent

    def _parse(self, text: str) -> None:
        drop, line = False, ""
        for where, line in enumerate(text.splitlines(), start=1):
            if match := _EVENT.fullmatch(line):
                self.lines.append(self._checked(_line(match, where, drop)))
            elif line.strip().upper().startswith("FCM:"):
                drop = "NON" not in line.upper()
            elif self.lines and (match := _SPEED.fullmatch(line.strip())):
                self._retime(match)
            elif match := _COMMENT.fullmatch(line.strip()):
                self._note(match["key"], match["value"].strip())
            elif _LIKE_EVENT.fullmatch(line):
                raise ReturnedError(
                    f"{self.path}: line {where} is no event: {line.strip()[:60]!r}."
                )

        if line.strip() and not text.endswith(("\n", "\r")) and not _EVENT.fullmatch(line):
            self.notes.append("the list stops inside a line: events after it may be missing")

    def _checked(self, line: _Line) -> _Line:
        """The line, unless its labels cannot be."""
        where = f"{self.path}: line {line.where}: event {line.number}"
        for label in line.labels:
            if label[:2] > "23" or label[3:5] > "59" or label[6:8] > "59":
                raise ReturnedError(f"{where}: {label!r} is no timecode.")
            if label[8] in ";," and label[6:8] + label[9:] in DROPPED and label[4] != "0":
                raise ReturnedError(
                    f"{where}: {label!r} is a label that drop-frame timecode skips: the first of"
                    f" that minute is {label[:9]}02, or {label[:9]}04 at 60 frames a second."
                )
        first, stop = (re.sub(r"\D", "", label).ljust(9, "0") for label in line.labels[:2])
        over_midnight = first[:2] == "23" and stop[:2] == "00"
        if stop < first and not over_midnight and line.reel not in BLACK:
            raise ReturnedError(
                f"{where}: has a negative length: its source ends at {line.labels[1]}, before it"
                f" begins at {line.labels[0]}."
            )
        return line

    def _note(self, key: str, value: str) -> None:
        if key == "TITLE":
            self.name = value
        elif key == "MUSIC":
            self.music.append(value)
        elif self.lines:
            self.lines[-1].notes.setdefault(key, value)
            if key == "SPLIT":
                self.notes.append(f"event {self.lines[-1].number}: sound begins apart from picture")

    def _retime(self, match: re.Match[str]) -> None:
        for line in reversed(self.lines[-2:]):
            if line.reel == match["reel"]:
                line.speed = match["speed"]
                return
        self.lines[-1].speed = match["speed"]

    # --- the film ---------------------------------------------------------------------------------

    def read(self, rate: Fraction | None) -> Returned:
        rate = rate or self._rate()
        if rate is None:
            raise RateUnknown(
                f"{self.path}: does not say at how many frames a second it counts. Say it with"
                " --rate, or name the version that it came from with --onto.",
                tuple(self._media(line, line.notes) for line in self.lines),
                self.name,
            )
        groups = self._events()
        origin = min(self._span(line, rate)[0] for group in groups for line in group)
        items: list[Item] = []
        for group in groups:
            self._event(group, rate, origin, items)
        items += self._songs(rate, max((item.place.stop for item in items), default=0))
        return checked(
            Returned(
                format="edl",
                items=tuple(items),
                rate=rate,
                name=self.name,
                notes=tuple(dict.fromkeys(self.notes)),
                grid="film",
            ),
            str(self.path),
        )

    def _rate(self) -> Fraction | None:
        """The rate that drop-frame tells; or our comment on the music."""
        for value in self.music:
            if match := _MUSIC.fullmatch(value):
                try:
                    return parse_rate(match[3])
                except EditorError:
                    break  # somebody changed our comment
        if not any(
            line.drop or any(";" in label for label in line.labels[2:]) for line in self.lines
        ):
            return None
        fast = any(int(label[9:]) > 29 for line in self.lines for label in line.labels[2:])
        return Fraction(60000, 1001) if fast else Fraction(30000, 1001)

    def _events(self) -> list[list[_Line]]:
        """Lines of one number that follow one another: two for a dissolve."""
        groups: list[list[_Line]] = []
        for line in self.lines:
            together = groups and groups[-1][-1].number == line.number and line.kind != "C"
            if together:
                groups[-1].append(line)
            else:
                groups.append([line])
        return groups

    def _event(
        self, group: Sequence[_Line], rate: Fraction, origin: int, items: list[Item]
    ) -> None:
        line, notes = group[-1], {key: v for one in group for key, v in one.notes.items()}
        first, stop = (at - origin for at in self._span(line, rate))
        late = 0
        if len(group) > 1 or line.kind != "C":
            late = min(line.length // 2, max(0, stop - first - 1))
            if line.picture:
                self._cross(line, first, late, items)
        if line.reel in BLACK:
            return
        if first >= stop:
            problem = "has no length" if first == stop else "has a negative length"
            raise ReturnedError(f"{self.path}: line {line.where}: event {line.number} {problem}.")
        if line.labels[0] == line.labels[1] and not line.speed:
            raise ReturnedError(
                f"{self.path}: line {line.where}: event {line.number} has no length: its source"
                f" begins and ends at {line.labels[0]}, and {stop - first} frames of the film show"
                " it. A frame that is held has a line M2 with its speed."
            )
        if len(group) > 1 and "TO CLIP NAME" in notes:
            notes["FROM CLIP NAME"] = notes["TO CLIP NAME"]
        speed = self._speed(line, rate)
        source = Source(
            late / rate * max(Fraction(0), speed),
            label=line.labels[0],
            exact=_exact(notes) if not late else None,
        )
        item = Item(
            self._media(line, notes),
            source,
            FrameSpan(first + late, stop),
            speed=speed,
        )
        if line.picture:
            items.append(item)
        if line.sound:
            items.append(Item(item.media, source, item.place, kind="sound", speed=speed))

    def _cross(self, line: _Line, first: int, late: int, items: list[Item]) -> None:
        """Let what is on screen before a dissolve go on to its middle, where the cut is."""
        what = {"D": "dissolve", "W": "wipe", "K": "key"}[line.kind[0]]
        self.notes.append(f"event {line.number}: the {what} of {line.length} frames is a cut here")
        for index in range(len(items) - 1, -1, -1):
            before = items[index]
            if before.kind == "picture" and before.place.stop == first:
                longer = FrameSpan(before.place.first, first + late)
                items[index] = Item(
                    before.media,
                    Source(before.source.first, label=before.source.label),
                    longer,
                    speed=before.speed,
                )
                return

    def _span(self, line: _Line, rate: Fraction) -> tuple[int, int]:
        """Frames of the film, counted from midnight, that a line covers."""
        first, stop = (self._code(label, line, rate) for label in line.labels[2:])
        if 2 * (first.frame - stop.frame) > first.day:  # it runs over midnight
            stop = stop + first.day
        return first.frame, stop.frame

    def _code(self, label: str, line: _Line, rate: Fraction) -> Timecode:
        can_drop = rate in (Fraction(30000, 1001), Fraction(60000, 1001))
        mark = ";" if can_drop and (line.drop or ";" in label) else ":"
        try:
            return Timecode.parse(f"{label[:8]}{mark}{label[9:]}", rate)
        except EditorError as err:
            raise ReturnedError(f"{self.path}: line {line.where}: {err}") from err

    def _speed(self, line: _Line, rate: Fraction) -> Fraction:
        if not line.speed:
            return Fraction(1)
        return round(Fraction(line.speed) / rate / ROUGH) * ROUGH

    def _songs(self, rate: Fraction, frames: int) -> Iterator[Item]:
        """The music as our comment names it, under the whole film."""
        for value in self.music:
            match = _MUSIC.fullmatch(value)
            if match and frames:
                named = places.from_url(match[1], self.folder)
                media = Media(named.name, named.paths, said=named.said)
                source = Source(int(match[2]) / rate)
                yield Item(media, source, FrameSpan(0, frames), kind="sound")

    # --- media ------------------------------------------------------------------------------------

    def _media(self, line: _Line, notes: Mapping[str, str]) -> Media:
        """The medium by its comments, our table of reels, or the reel alone."""
        file, listed = self.reels.get(line.reel, ("", ""))
        urls = [places.from_url(notes[key], self.folder) for key in _FILES if notes.get(key)]
        if listed:
            urls.append(places.from_path(listed, self.folder))
        name = notes.get("FROM CLIP NAME") or file or next((url.name for url in urls), "")
        return Media(
            name or line.reel,
            tuple(dict.fromkeys(path for url in urls for path in url.paths)),
            said=next((url.said for url in urls if url.said), ""),
            reel=None if line.reel in NAMELESS else line.reel,
            label=line.labels[0],
        )


_FILES = ("SOURCE FILE", "SOURCE FILE PATH", "FROM FILE", "FROM CLIP")


def _line(match: re.Match[str], where: int, drop: bool) -> _Line:
    return _Line(
        where=where,
        number=match["number"],
        reel=match["reel"].strip(),
        channels=match["channels"],
        kind=match["kind"],
        length=int(match["length"] or 0),
        labels=(match[6], match[7], match[8], match[9]),
        drop=drop,
    )


def _exact(notes: Mapping[str, str]) -> FrameSpan | None:
    """The frames of the clip that we noted."""
    match = _EXACT.fullmatch(notes.get("CLIP FRAMES", ""))
    return FrameSpan(int(match[1]), int(match[2])) if match else None


def _reels(path: Path) -> dict[str, tuple[str, str]]:
    """File name and path by reel, from our table beside the list, if it is there and is one."""
    table = path.with_suffix(REELS)
    if not table.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(safe.text(table)))
    found = {}
    try:
        for row in rows:
            if row.get("reel"):
                found[row["reel"]] = (row.get("file") or "", row.get("path") or "")
    except csv.Error as err:
        raise ReturnedError(f"{table}: is no table of reels: {err}.") from err
    return found
