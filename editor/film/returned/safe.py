"""Turn a stranger's file into text, an element tree or a list of members that cannot harm.

Everything here comes before any parser or adapter that trusts its input: size, depth, document
types, entities, names inside bundles and what they unpack to are checked first.
"""

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree
from xml.parsers import expat

from editor.film.returned.items import ReturnedError

MOST_BYTES = 256 << 20  # of a text file: a Kdenlive project with effects is a few megabytes
MOST_ELEMENTS = 2_000_000  # of XML: a film of ten thousand cuts has about 200,000
DEEPEST = 200  # elements or brackets inside one another; editing programs stay under 40
LONGEST_NAME = 4096  # characters of a path, as PATH_MAX has it
BLOCK = 1 << 16  # bytes parsed at a time
# A bundle's members. Media hardly shrinks when it is packed: what grows more than so is a bomb.
MOST_MEMBERS = 20_000
MOST_UNPACKED = 1 << 42  # bytes: 4 TB
MOST_GROWTH = 200
SMALL = 1 << 20  # bytes that a member may always have
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]', re.DOTALL)  # and strings, to pass over


def text(path: Path) -> str:
    """The file as UTF-8 text (a byte order mark is dropped). Raises ReturnedError."""
    data = contents(path)
    if b"\0" in data[:BLOCK] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReturnedError(f"{path}: is no text, as this kind of file would be.")
    coding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(coding)
    except UnicodeDecodeError as err:
        if coding == "utf-8-sig":
            return data.decode("latin-1")  # older programs write names so; times are ASCII
        raise ReturnedError(f"{path}: is no text: byte {err.start} is wrong.") from err


def contents(path: Path) -> bytes:
    """A regular file's bytes, at most MOST_BYTES of them. Raises ReturnedError."""
    try:
        # Not to block on a pipe that nobody writes to, nor to follow one put there meanwhile.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                raise ReturnedError(f"{path}: is no file that can be read.")
            if facts.st_size > MOST_BYTES:
                raise ReturnedError(
                    f"{path}: is larger than {MOST_BYTES >> 20} MB, no project file is."
                )
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or err
        raise ReturnedError(f"{path}: cannot be read: {reason}.") from err
    if not data.strip():
        raise ReturnedError(f"{path}: the file is empty.")
    return data


# --- XML ------------------------------------------------------------------------------------------


def tree(path: Path) -> ElementTree.Element:
    """The root element of an XML file. Raises ReturnedError with the line of what is wrong.

    A document type may be named, as FCPXML does; it may declare nothing, and no entity.
    """
    return tree_of(contents(path), path)


def tree_of(data: bytes, path: Path) -> ElementTree.Element:
    """The root element of XML bytes that came from `path`. Raises ReturnedError."""
    building = _Building(path)
    try:
        for at in range(0, len(data), BLOCK):
            building.parser.Parse(data[at : at + BLOCK], False)
        building.parser.Parse(b"", True)
    except expat.ExpatError as err:
        raise ReturnedError(
            f"{path}: is no whole XML file: line {err.lineno}: {expat.ErrorString(err.code)}."
        ) from err
    except (LookupError, UnicodeError) as err:
        raise ReturnedError(f"{path}: its text coding is not known: {err}.") from err
    root = building.builder.close()
    assert isinstance(root, ElementTree.Element)
    return root


class _Building:
    """An expat parser that builds a tree and stops at the first thing that could harm."""

    def __init__(self, path: Path) -> None:
        self.path, self.depth, self.elements = path, 0, 0
        self.builder = ElementTree.TreeBuilder()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._external

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST:
            raise self._refused(f"elements lie more than {DEEPEST} deep inside one another")
        if self.elements > MOST_ELEMENTS:
            raise self._refused(f"there are more than {MOST_ELEMENTS} elements")
        self.builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(tag)

    def _doctype(
        self, name: str, system: str | None, public: str | None, has_internal_subset: bool
    ) -> None:
        if has_internal_subset:
            raise self._refused("its document type declares things of its own")

    def _entity(self, name: str, *_: object) -> None:
        raise self._refused(f"it declares the entity {name!r}")

    def _external(self, *_: object) -> int:
        raise self._refused("it refers to another file as an entity")

    def _refused(self, why: str) -> ReturnedError:
        return ReturnedError(
            f"{self.path}: line {self.parser.CurrentLineNumber}: {why}. No editing program writes"
            " that; the file is not read."
        )


# --- JSON -----------------------------------------------------------------------------------------


def check_json_depth(json_text: str, path: Path) -> None:
    """Raise ReturnedError where brackets lie too deep: parsers in C fall off their stack."""
    depth = 0
    for found in _BRACKETS.finditer(json_text):
        if found[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise ReturnedError(
                    f"{path}: brackets lie more than {DEEPEST} deep inside one another. No editing"
                    " program writes that; the file is not read."
                )
        elif found[0] in "]}":
            depth -= 1


# --- bundles --------------------------------------------------------------------------------------


def members(bundle: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """A bundle's files by name. Raises ReturnedError naming the first that could harm."""
    infos = bundle.infolist()
    if len(infos) > MOST_MEMBERS:
        raise ReturnedError(f"{path}: holds {len(infos)} files; {MOST_MEMBERS} are read at most.")
    found: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        _check_name(info, path)
        total += info.file_size
        bomb = info.file_size > SMALL and info.file_size > MOST_GROWTH * max(1, info.compress_size)
        if bomb or total > MOST_UNPACKED:
            raise ReturnedError(
                f"{path}: {info.filename!r} unpacks to {info.file_size} bytes from"
                f" {info.compress_size}. No media does; the bundle is not read."
            )
        if info.filename in found:
            raise ReturnedError(f"{path}: holds {info.filename!r} twice.")
        if not info.is_dir():
            found[info.filename] = info
    return found


def _check_name(info: zipfile.ZipInfo, path: Path) -> None:
    name = info.filename
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(info.external_attr >> 16)
    wrong = (
        "has no name"
        if not parts
        else "has a name that is too long"
        if len(name) > LONGEST_NAME
        else "leads out of the bundle"
        if name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":"
        else "has a control character in its name"
        if any(ord(letter) < 32 for letter in name)
        else "is a link, not a file"
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR)
        else "is locked with a password"
        if info.flag_bits & 1
        else ""
    )
    if wrong:
        raise ReturnedError(f"{path}: its part {name!r} {wrong}. The bundle is not read.")


def unpacked(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Iterator[bytes]:
    """A member's bytes, block by block, never more than it claims. Raises ReturnedError."""
    left = info.file_size
    try:
        with bundle.open(info) as file:
            while block := file.read(1 << 20):
                left -= len(block)
                if left < 0:
                    break
                yield block
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as err:
        raise ReturnedError(f"{path}: {info.filename!r} cannot be unpacked: {err}.") from err
    if left:
        raise ReturnedError(f"{path}: {info.filename!r} is not as long as the bundle says.")
