"""Turn how an exchange file names a medium, a URL or a path, into where it may lie on this disk."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from editor.film.returned.safe import LONGEST_NAME

LOCAL_HOSTS = ("", "localhost", "127.0.0.1")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://([^/]*))?(.*)", re.DOTALL)
_DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")


@dataclass(frozen=True)
class Named:
    """A medium by its name, and where it may lie."""

    name: str  # the file's, as its own program shows it
    paths: tuple[Path, ...] = ()  # absolute; not looked at
    said: str = ""  # why there is none, in a user's words


def from_url(text: str, folder: Path) -> Named:
    """Read a URL, or a path with escapes; relative ones lie from `folder` on."""
    match = _SCHEME.fullmatch(text.strip())
    if match is None or _DRIVE.match(text.strip()):
        return _both(text, folder)
    scheme, host, path = match[1].lower(), match[2] or "", match[3]
    name = last(_decoded(path))
    if scheme != "file":
        return Named(name or text[:80], (), f"it lies at {scheme}:, not in a file")
    if host.lower() not in LOCAL_HOSTS:
        return Named(name, (), f"it lies on another machine, {host[:80]}")
    return from_path(_decoded(path), folder)


def from_path(text: str, folder: Path) -> Named:
    """Read a path as it stands; a relative one lies from `folder` on."""
    if not text.strip():
        return Named("", (), "no file is named")
    if "\0" in text or len(text) > LONGEST_NAME:
        return Named(last(text.replace("\0", " "))[:80], (), "its path cannot be a file's")
    if _DRIVE.match(text) or text.startswith("\\\\"):
        return Named(last(text), (), f"it lies on another machine, at {text[:120]}")
    return Named(last(text), (Path(os.path.normpath(folder / text)),))


def _both(text: str, folder: Path) -> Named:
    """A bare path: programs write it with escapes or without."""
    plain, decoded = from_path(text, folder), from_path(_decoded(text), folder)
    if plain == decoded:
        return plain
    return Named(decoded.name, (*plain.paths, *decoded.paths), decoded.said)


def _decoded(text: str) -> str:
    return os.fsdecode(unquote_to_bytes(text))


def last(path: str) -> str:
    """The last part of a path of any system."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
