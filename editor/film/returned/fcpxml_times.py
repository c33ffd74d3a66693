"""Turn the times of FCPXML, fractions as text, into exact seconds, or name what cannot be."""

import re
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from editor.film.returned.items import ReturnedError

CLIPS = ("asset-clip", "clip", "video", "audio", "sync-clip")
# What stands in a storyline.
STORY = (*CLIPS, "ref-clip", "mc-clip", "title", "gap", "audition", "spine", "transition")
TIMES = ("offset", "start", "duration", "audioStart", "audioDuration", "tcStart", "frameDuration")
TIMED = (*STORY, "asset", "format", "sequence")  # elements whose TIMES are read
LENGTHS = ("duration", "audioDuration", "frameDuration")
MOST_SECONDS = 10_000_000  # of any time: 115 days; timecode ends after one
SHOWN = 40  # letters of a value that are named
_TIME = re.compile(r"(-?\d{1,18})(?:/([1-9]\d{0,12}))?s")
_DECIMAL = re.compile(r"-?\d{1,9}\.\d{1,12}s")


def seconds(node: Element, name: str, path: Path) -> Fraction:
    """An attribute in exact seconds; 0 where it is not there. Raises ReturnedError."""
    text = node.get(name, "0s").strip()
    if match := _TIME.fullmatch(text):
        time = Fraction(int(match[1]), int(match[2] or 1))
    elif _DECIMAL.fullmatch(text):
        time = Fraction(text[:-1])
    else:
        raise wrong(node, name, "is no time: one is written 5s or 1001/24000s", path)
    if abs(time) > MOST_SECONDS:
        raise wrong(node, name, f"is no time of a film: {MOST_SECONDS}s is the most", path)
    return time


def check(root: Element, path: Path) -> None:
    """Raise ReturnedError for the first time that cannot be, whether or not it would be used.

    What is connected to a clip may begin before the clip's own clock does; a film, what stands in
    its row, and the timecode of media begin at zero or later.
    """
    for node in root.iter():
        for name in ("time", "value") if node.tag == "timept" else ():
            seconds(node, name, path)
        for name in TIMES if node.tag in TIMED else ():
            if seconds(node, name, path) >= 0:
                continue
            if name in LENGTHS:
                raise wrong(node, name, "is a negative length", path)
            if name == "tcStart" or (name == "start" and node.tag == "asset"):
                raise wrong(node, name, "is negative, and timecode never is", path)
    for spine in root.iter("spine"):
        for child in spine:
            if child.tag in STORY and seconds(child, "offset", path) < 0:
                raise wrong(child, "offset", "lies before its storyline begins", path)


def wrong(node: Element, name: str, why: str, path: Path) -> ReturnedError:
    """The error of an attribute that cannot be."""
    return ReturnedError(f"{path}: {said(node, name)} {why}.")


def said(node: Element, name: str) -> str:
    """An attribute as the file has it, and where: <clip> 'one.mov': offset='1/0s'."""
    called = node.get("name") or node.get("id")
    value = (node.get(name) or "").strip()
    short = f"{value[:SHOWN]}…" if len(value) > SHOWN else value
    return f"<{node.tag}>{f' {called[:80]!r}' if called else ''}: {name}={short!r}"
