"""Turn text or bytes into a file that is whole or absent, and paths into what formats can hold."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from editor.errors import OutputError

MODE = 0o666  # of written files, less the umask: as any program's, so that others can open them


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text file, whole or not at all, and return its path. Raises OutputError."""
    with writing(path) as file:
        file.write(text.encode(encoding))
    return path


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file under a temporary name that takes the place of `path` when all went well.

    Raises OutputError for what the system says against it; whatever is raised, nothing is left.
    """
    with replacing(path) as name:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(handle, "wb") as file:
            yield file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, of the same suffix, that takes its place when all went well.

    Raises OutputError for what the system says against it; whatever is raised, nothing is left.
    """
    name = path.parent / f".export-{secrets.token_hex(6)}{path.suffix}"
    try:
        try:
            yield name
            with open(name, "rb") as file:
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
    except OSError as err:
        raise OutputError(f"{path} cannot be written: {err.strerror or err}.") from err


def plain(text: str) -> str:
    """The text as valid UTF-8: a file name may hold bytes that are none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """The text on one line, with newlines, tabs and other control characters as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in plain(text)
    )


def for_xml(text: str) -> str:
    """The text without what XML 1.0 cannot hold at all, not even escaped."""
    return "".join(c if _is_xml(ord(c)) else "\ufffd" for c in plain(text))


def _is_xml(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or (code >= 0x10000)
    )


def as_url(path: Path, folder: Path | None = None) -> str:
    """The path as a URL, its bytes escaped: from `folder` on where one is given."""
    if folder is None:
        return path.as_uri()
    return quote(os.fsencode(os.path.relpath(path, folder)))


def is_text(path: Path) -> bool:
    """True where XML text can hold the path as it stands, byte for byte."""
    text = str(path)
    return for_xml(text) == text and "\r" not in text
