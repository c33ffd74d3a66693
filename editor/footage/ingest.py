"""Turn the files and folders that a user names into clips, each once, and name what is none."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from typing import Any

import av

from editor.errors import FootageError, NoFootageError
from editor.footage.cache import Cache, stamp
from editor.footage.clip import Clip, Loss, Skipped, SoundTrack
from editor.footage.probe import probe
from editor.timing import Timecode

__all__ = ["digest", "find", "ingest", "probe"]

VERSION = 7  # of what `probe` finds: raised when it finds better
_BLOCK = 1 << 22  # bytes read at a time while hashing

# Suffixes of what a folder is searched for. A file that is named itself is tried whatever it is.
# fmt: off
PICTURE_SUFFIXES = frozenset((
    "3g2", "3gp", "amv", "asf", "avi", "avs2", "avs3", "bik", "dav", "dif", "divx", "dv", "dvr-ms",
    "evo", "f4v", "flv", "gif", "gxf", "h264", "h265", "264", "265", "hevc", "insv", "ivf",
    "lrv", "m1v", "m2p", "m2t", "m2ts", "m2v", "m4v", "mj2", "mjpeg", "mjpg", "mk3d", "mkv",
    "mod", "mov", "mp4", "mpe", "mpeg", "mpg", "mpv", "mts", "mxf", "nut", "nuv", "obu", "ogm",
    "ogv", "qt", "r3d", "rm", "rmvb", "tod", "trp", "ts", "vob", "vro", "webm", "wmv", "wtv",
    "xvid", "y4m", "braw", "crm", "ari", "arx", "cin",
))
SOUND_SUFFIXES = frozenset((
    "aac", "ac3", "aif", "aiff", "amr", "caf", "flac", "m4a", "mka", "mp3", "oga", "ogg",
    "opus", "wav", "wma",
))
# fmt: on


MADE_HERE = {"edit.json", "report.json", "timeline.otio"}  # in the folder of a film made here


def find(paths: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """Files with footage under `paths`, each once, and what a reader would expect but cannot be.

    A folder is searched in depth, links followed once, hidden files and folders passed over,
    names in the order in which people count ("take 2" before "take 10"). A file that is named
    itself is taken whatever its suffix. Raises FootageError where a path is missing.
    """
    found: list[Path] = []
    skipped: list[Skipped] = []
    seen: set[Path] = set()
    for path in paths:
        if not os.path.lexists(path):
            raise FootageError(f"{path}: no such file or folder. Name one that exists.")
        files = _in_folder(path, skipped, set()) if path.is_dir() else iter([path])
        for file in files:
            left = _not_a_file(file)
            real = Path(os.path.realpath(file))
            if left is not None:
                skipped.append(left)
            elif real not in seen:
                seen.add(real)
                found.append(Path(os.path.abspath(file)))
    return found, skipped


def _in_folder(folder: Path, skipped: list[Skipped], above: set[Path]) -> Iterator[Path]:
    real = Path(os.path.realpath(folder))
    if real in above:
        return  # a link that leads back to where we came from
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: _counting(entry.name))
    except OSError as err:
        reason = f"the folder cannot be read: {err.strerror or err}."
        skipped.append(Skipped(Path(os.path.abspath(folder)), reason))
        return
    if {entry.name for entry in entries} >= MADE_HERE:
        reason = "a film that was made from footage, and not footage. Name its file to cut it."
        skipped.append(Skipped(Path(os.path.abspath(folder)), reason, Loss.NO_FOOTAGE))
        return
    folders = []
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            folders.append(Path(entry.path))
        elif _suffix(entry.name) in PICTURE_SUFFIXES | SOUND_SUFFIXES:
            yield Path(entry.path)
    for inner in folders:
        yield from _in_folder(inner, skipped, above | {real})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads in a circle; by its suffix it may be named


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _counting(name: str) -> list[tuple[int, int, str]]:
    """A sort key by which clip2 comes before clip10, and a capital beside its small letter."""
    parts = re.split(r"([0-9]+)", name)
    key = [(0, int(part), "") if i % 2 else (1, 0, part.casefold()) for i, part in enumerate(parts)]
    return [*key, (2, 0, name)]


def _not_a_file(path: Path) -> Skipped | None:
    """What is named and is no file that can be opened; None for one that may be."""
    here = Path(os.path.abspath(path))
    try:
        if path.is_file():
            return None
    except OSError as err:
        return Skipped(here, f"cannot be read: {err.strerror or err}.")
    if path.is_symlink():
        return Skipped(here, "a link to nothing.")
    return Skipped(here, "not a file.", Loss.NO_FOOTAGE)


def ingest(
    paths: Sequence[Path], cache: Cache, advance: Callable[[int, int, str], None]
) -> tuple[tuple[Clip, ...], tuple[Skipped, ...]]:
    """Find, identify and probe all footage under `paths`; a second look comes from the cache.

    advance: called with the files done, the files in all, and the name of the one at hand.
    Byte-identical copies are used once. Raises FootageError where a path is missing or nothing
    can be used.
    """
    files, skipped = find(paths)
    clips: dict[str, Clip] = {}
    for number, path in enumerate(files):
        advance(number, len(files), path.name)
        try:
            content = digest(path, cache)
            other = clips[content].path if content in clips else None
            if other and len(path.name) >= len(other.name):
                skipped.append(_same(path, other))
                continue
            clips[content] = _probe_once(path, content, cache)
            if other:  # "take 1 copy.mov" was found before "take 1.mov"
                skipped.append(_same(other, path))
        except NoFootageError as err:
            skipped.append(Skipped(path, _reason(path, err), Loss.NO_FOOTAGE))
        except FootageError as err:
            skipped.append(Skipped(path, _reason(path, err)))
    advance(len(files), len(files), "")
    if not clips:
        raise FootageError(_nothing(paths, skipped))
    return tuple(clips.values()), tuple(skipped)


def _same(path: Path, used: Path) -> Skipped:
    return Skipped(path, f"the same file as {used}, which is used.", Loss.COPY)


def _reason(path: Path, err: FootageError) -> str:
    return str(err).removeprefix(f"{path}: ")


def _nothing(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(str(path) for path in paths) or "no path"
    if not skipped:
        return f"{where}: holds no footage. Name clips, or a folder that holds some."
    first = skipped[0]
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"{where}: no clip can be used. {first.path.name}: {first.reason}{more}"


def digest(path: Path, cache: Cache) -> str:
    """BLAKE2b of a file's bytes, remembered while its path, size, time and inode stay.

    Raises FootageError where it cannot be read, or is still being written.
    """
    try:
        known = cache.remembered_digest(path)
        if known is None:
            before = stamp(path)
            known = _hash(path)
            if stamp(path) != before:
                raise FootageError(f"{path}: is still being written. Cut when its copy is whole.")
            cache.remember_digest(path, known)
    except OSError as err:
        raise FootageError(f"{path}: cannot be read: {err.strerror or err}.") from err
    return known


def _hash(path: Path) -> str:
    total = blake2b(digest_size=20)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


# --- what was found, kept -------------------------------------------------------------------------


def _probe_once(path: Path, digest: str, cache: Cache) -> Clip:
    key = f"{digest}-{VERSION}-{'.'.join(map(str, av.library_versions['libavformat']))}"
    kept = cache.load("clip", key)
    if kept is not None:
        facts = kept[1]
        if "unusable" in facts:
            kind = NoFootageError if facts["no_footage"] else FootageError
            raise kind(f"{path}: {facts['unusable']}")
        return from_facts(facts, path)
    try:
        clip = probe(path, digest)
    except FootageError as err:
        none = isinstance(err, NoFootageError)
        cache.save("clip", key, {}, {"unusable": _reason(path, err), "no_footage": none})
        raise
    cache.save("clip", key, {}, to_facts(clip))
    return clip


def to_facts(clip: Clip) -> dict[str, Any]:
    """A clip as JSON-able facts, without its path: the same bytes may lie elsewhere tomorrow."""
    facts = asdict(clip)
    del facts["path"]
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value


def from_facts(facts: dict[str, Any], path: Path) -> Clip:
    """The clip that `to_facts` described, lying at `path`."""
    label = facts["timecode"]
    clip = Clip(**{**facts, "path": path})
    return replace(
        clip,
        rate=Fraction(facts["rate"]),
        start=Fraction(facts["start"]),
        sample_aspect=Fraction(facts["sample_aspect"]),
        size=tuple(facts["size"]),
        coded_size=tuple(facts["coded_size"]),
        timecode=label and Timecode(label["frame"], Fraction(label["rate"]), label["drop"]),
        sound=tuple(
            SoundTrack(
                **{
                    **track,
                    "start": Fraction(track["start"]),
                    "duration": Fraction(track["duration"]),
                }
            )
            for track in facts["sound"]
        ),
        notes=tuple(facts["notes"]),
    )
