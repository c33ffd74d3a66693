"""Turn the text of one option into a checked value."""

import argparse
import math
import re
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from editor.errors import EditorError

Value = TypeVar("Value")

LONGEST_FILM = 86_400.0  # s, a day: longer is a slip of the keyboard
LONGEST_HANDLES = 600  # s; more is the whole clip
SIDES = (16, 8192)  # px, what H.264 holds
LARGEST_SEED = 2**32 - 1
FILES = {  # option that takes a file -> what would be right
    "--weights": "Name that backbone's weights, a .pth or .safetensors file, or leave --weights"
    " out: doctor says which weights are in their place",
    "--music": "Name a file with sound, as song.ogg",
    "--like": "Name a finished film, as trailer.mp4",
    "--lengths": "Name a CSV file with the columns film, year, shot, seconds",
}


def asked(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A reader of an option's value whose EditorError becomes argparse's own error."""

    def reader(text: str) -> Value:
        try:
            return read(text)
        except EditorError as err:
            raise argparse.ArgumentTypeError(str(err).rstrip(".")) from err

    return reader


def path(text: str) -> Path:
    """A path as it is written; one with ".." in it whole and without, as it is kept and said.

    ".." leads out of where a link leads to, as everywhere.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty path: name a file or folder")
    written = Path(text)
    if ".." not in written.parts:
        return written
    found = Path.cwd()
    for part in written.parts:
        if part == "..":
            found = (found.resolve() if found.is_symlink() else found).parent
        else:
            found = found / part
    return found


def duration(text: str) -> float:
    """A film's length in seconds."""
    try:
        seconds = float(text.strip().removesuffix("s"))
    except ValueError as err:
        raise EditorError(f"{text!r} is no length: write seconds, as 45 or 12.5") from err
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_FILM):
        raise EditorError(f"{text} s is no length of a film: more than 0, at most a day (86400)")
    return seconds


def handles(text: str) -> Fraction:
    """Seconds before and after a cut, exactly as written."""
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,6})?)\s*s?\s*", text)
    if not match or Fraction(match[1]) > LONGEST_HANDLES:
        raise EditorError(f"{text!r} are no handles: write seconds, 0 to {LONGEST_HANDLES}")
    return Fraction(match[1])


def size(text: str) -> tuple[int, int]:
    """Width and height in pixels, both even."""
    match = re.fullmatch(r"\s*([1-9]\d*)\s*[xX*]\s*([1-9]\d*)\s*", text)
    if not match:
        raise EditorError(f"{text!r} is no size: write width x height in pixels, as 1920x1080")
    low, high = SIDES
    if any(len(side) > len(str(high)) or not low <= int(side) <= high for side in match.groups()):
        raise EditorError(f"{text}: each side must be {low} to {high} pixels, even, as 1920x1080")
    width, height = int(match[1]), int(match[2])
    if width % 2 or height % 2:
        even = f"{width - width % 2}x{height - height % 2}"
        raise EditorError(f"{text}: both sides must be even, as H.264 has them; {even} would do")
    return width, height


def seed(text: str) -> int:
    """A whole number that generators take."""
    if not re.fullmatch(r"\d{1,10}", text) or int(text) > LARGEST_SEED:
        raise EditorError(f"{text!r} is no seed: write a whole number from 0 to {LARGEST_SEED}")
    return int(text)


def count(text: str) -> int:
    """A whole number from 1."""
    if not re.fullmatch(r"[1-9]\d{0,6}", text):
        raise EditorError(f"{text!r} is no count: write a whole number from 1")
    return int(text)


def number(text: str) -> int:
    """A whole number from 0."""
    if not re.fullmatch(r"\d{1,7}", text):
        raise EditorError(f"{text!r} is no count: write a whole number from 0")
    return int(text)


def check_writable(path: Path, option: str) -> None:
    """Raise EditorError unless a file can be made there."""
    folder = path.absolute().parent
    if path.is_dir():
        raise EditorError(f"{option} {path} is a folder: name a file.")
    if not folder.is_dir():
        raise EditorError(f"{option} {path}: {folder} is no folder.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as err:
        raise EditorError(f"{option} {path}: {folder}: {err.strerror or err}.") from err


def check_file(path: Path, option: str) -> None:
    """Raise EditorError, which says what would be right, unless the file of one of FILES can be
    read."""
    right = FILES[option]
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as err:
        raise EditorError(f"{option} {path}: {err.strerror or err}. {right}.") from err
    if empty:
        raise EditorError(f"{option} {path}: the file is empty. {right}.")
