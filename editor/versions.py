"""Turn a finished film into a numbered version folder: whole, or not there at all.

A version is built in a hidden folder beside the versions, held by a lock file, and renamed to its
number when all of it is on the disk. What a killed run left behind is unlocked, so the next run
removes it; what another run is building is locked, so nobody touches it.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from editor.errors import OutputError

PARTIAL = ".partial-"
LOCK = ".lock"
NAMING = ".naming.lock"  # held while a number is chosen and taken
LONGEST_NAME = 100  # bytes; with "-v001" and a hidden prefix it stays under every file system's 255
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NAMED = 8  # versions in a message: the newest of them are meant
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Version:
    """A finished version folder."""

    folder: Path  # absolute
    name: str  # the film's name, without the number
    number: int

    @property
    def title(self) -> str:
        """Name and number, "toys-v003"."""
        return self.folder.name


@dataclass(frozen=True)
class Draft:
    """A version being built: write into `folder`, then `publish`."""

    folder: Path  # absolute, hidden
    outputs: Path
    name: str

    def expected(self) -> Version:
        """The version that it becomes unless another run publishes one of that name before."""
        number = 1 + max((v.number for v in versions(self.outputs, self.name)), default=0)
        return Version(self.outputs / f"{self.name}-v{number:03}", self.name, number)

    def publish(self, seal: Callable[[Version], None]) -> Version:
        """Move the folder to the first number after the last, and return where it stands.

        `seal` is called with the version that it is about to become, to write what names it. A
        folder that somebody else puts at that number meanwhile is never replaced.
        """
        with _locked(self.outputs / NAMING):
            number = self.expected().number
            while True:
                folder = self.outputs / f"{self.name}-v{number:03}"
                if not os.path.lexists(folder):
                    version = Version(folder, self.name, number)
                    seal(version)
                    _sync_tree(self.folder)
                    if _rename_to_new(self.folder, folder):
                        _sync(self.outputs)
                        return version
                number += 1


def check_name(name: str) -> str:
    """Return the name if it can be part of a folder's name; raise OutputError if not."""
    wrong = (
        "is empty"
        if not name.strip()
        else "has a slash"
        if "/" in name or "\\" in name
        else "begins with a dot or a dash"
        if name[0] in ".-"
        else "has a control character"
        if not name.isprintable()
        else "has '..'"
        if ".." in name
        else "begins or ends with a space"
        if name != name.strip()
        else f"is longer than {LONGEST_NAME} bytes"
        if len(os.fsencode(name)) > LONGEST_NAME
        else ""
    )
    if wrong:
        raise OutputError(f"--name {name!r} {wrong}. A name like 'toys' or 'day 3' would do.")
    return name


def name_for(footage: Path) -> str:
    """A name from the footage's folder or file that `check_name` accepts."""
    footage = footage.absolute()
    stem = footage.stem if os.path.isfile(footage) else Path(os.path.normpath(footage)).name
    printable = "".join(c if c.isprintable() and c not in "/\\" else " " for c in stem)
    name = re.sub(r"\.{2,}", ".", printable).lstrip(". -").rstrip()
    name = os.fsencode(name)[:LONGEST_NAME].decode("utf-8", "ignore").rstrip(". ")
    return name or "film"


def versions(outputs: Path, name: str | None = None) -> tuple[Version, ...]:
    """The finished versions in a folder, of one name or of all, by name and number."""
    found = []
    for folder in _entries(outputs):
        match = re.fullmatch(r"([^.].*)-v(\d{3,9})", folder.name, re.DOTALL)
        if match and name in (None, match[1]) and folder.is_dir():
            found.append(Version(folder, match[1], int(match[2])))
    return tuple(sorted(found, key=lambda version: (version.name, version.number)))


def find_version(text: str, outputs: Path) -> Version:
    """The version of that title in `outputs`, or in that folder. Raises OutputError.

    The message names the versions that are there.
    """
    every = versions(outputs)
    for version in every:
        if version.title == text:
            return version
    folder = Path(os.path.abspath(text))
    for version in versions(folder.parent) if folder.is_dir() else ():
        if version.folder.name == folder.name:
            return Version(folder, version.name, version.number)
    known = ", ".join(version.title for version in every[-NAMED:]) or "none"
    raise OutputError(f"There is no version {text!r} in {outputs}. Known: {known}.")


@contextmanager
def drafting(outputs: Path, name: str) -> Iterator[Draft]:
    """A new draft in `outputs`, made if need be; gone afterwards unless it was published.

    Raises OutputError where the folder cannot be made, written to, or is full, also when that
    shows only inside the `with`.
    """
    outputs = outputs.absolute()
    with writing_to(outputs):
        make_outputs(outputs)
        clean(outputs)
        lock, folder = _new_partial(outputs)
        try:
            yield Draft(folder, outputs, check_name(name))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _release(lock, _lock_path(folder))


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say a full or unwritable disk in the user's words: raises OutputError for them."""
    try:
        yield
    except (OSError, OutputError) as err:
        cause = _of_the_system(err)
        if cause.errno in FULL:
            raise OutputError(
                f"{folder} is full ({cause.strerror}): free some space, or name another folder"
                " with --outputs. Finished analyses are kept."
            ) from err
        if isinstance(err, OSError) and err.errno in UNWRITABLE:
            raise OutputError(
                f"{err.filename or folder} cannot be written to ({err.strerror}): name another"
                " folder with --outputs."
            ) from err
        raise


def _of_the_system(err: BaseException | None) -> OSError:
    """The system's error that an error was raised from; one without a number if there is none."""
    while err is not None and not isinstance(err, OSError):
        err = err.__cause__
    return err or OSError()


def clean(outputs: Path) -> int:
    """Remove what killed runs left behind, and return how many drafts that were."""
    stems = {
        entry.name.removesuffix(LOCK)
        for entry in _entries(outputs)
        if entry.name.startswith(PARTIAL)
    }
    return sum(_clean_one(outputs / stem) for stem in stems)


def _clean_one(folder: Path) -> bool:
    path = _lock_path(folder)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:  # somebody else's folder in a shared place: not ours to remove
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held: another run is building it
        os.close(lock)
        return False
    if not _same_file(lock, path):  # its owner finished between the open and the lock
        os.close(lock)
        return False
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):  # a dying encoder still writes there: the next run removes it
        os.close(lock)
        return False
    _release(lock, path)
    return True


def _new_partial(outputs: Path) -> tuple[int, Path]:
    """A locked lock file's descriptor and the new folder that it guards."""
    while True:
        folder = outputs / f"{PARTIAL}{secrets.token_hex(6)}"
        path = _lock_path(folder)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _same_file(lock, path):
            folder.mkdir()
            return lock, folder
        os.close(lock)  # a cleaner took the lock first and removed the file


def make_outputs(outputs: Path) -> None:
    """Make the folder of the outputs, if it is not there. Raises OutputError where it cannot be."""
    try:
        outputs.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as err:
        raise OutputError(
            f"--outputs {outputs}: it, or a part of its path, is a file. Name a folder."
        ) from err
    except OSError as err:
        raise OutputError(
            f"--outputs {outputs} cannot be made ({err.strerror}): name a folder that can."
        ) from err


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except NotADirectoryError as err:
        raise OutputError(f"{folder} is a file, not a folder.") from err


def _rename_to_new(source: Path, target: Path) -> bool:
    """Rename a folder unless something stands at the target by now."""
    try:
        source.rename(target)
    except OSError as err:
        if err.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + LOCK)


def _release(lock: int, path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    os.close(lock)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent, name))
        _sync(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
