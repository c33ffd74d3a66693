"""Turn a film into an .otioz bundle: the timeline and all its media in one file.

OpenTimelineIO's own writer refuses two files of one name; here each keeps its name as far as it is
the only one, and media are copied block by block.
"""

import os
import unicodedata
import zipfile
from pathlib import Path
from urllib.parse import quote

from editor.errors import FootageError
from editor.film.export import otio
from editor.film.export.files import plain, writing
from editor.film.export.sequence import Sequence, clips

VERSION = "1.0.0"  # of the bundle's layout
BLOCK = 1 << 20  # bytes copied at a time
LONGEST = 120  # characters of a name in the bundle


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film with its media. Raises OutputError; FootageError for media that are gone."""
    media = [clip.path for clip in clips(sequence)]
    if sequence.song is not None:
        media.append(sequence.song.path)
    for source in media:
        if not source.is_file():
            raise FootageError(f"{path.name}: {source} is gone; a bundle holds all its media.")
    names = name_members(media)
    text = otio.text(sequence, lambda source: quote(names[source]))
    with writing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        bundle.writestr("version.txt", VERSION)
        bundle.writestr("content.otio", text, zipfile.ZIP_DEFLATED)
        for source in media:
            _copy(source, names[source], bundle)
    return (path,)


def name_members(media: list[Path]) -> dict[Path, str]:
    """A place in the bundle for every file, no two the same on any file system."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for source in media:
        stem, suffix = os.path.splitext(_clean(source.name))
        name, number = f"{stem[:LONGEST]}{suffix}", 1
        while (key := unicodedata.normalize("NFC", name).casefold()) in taken:
            number += 1
            name = f"{stem[:LONGEST]} {number}{suffix}"
        taken.add(key)
        names[source] = f"media/{name}"
    return names


def _clean(name: str) -> str:
    """The name with what archives and other systems refuse replaced."""
    return "".join(c if c.isprintable() and c not in '\\/:*?"<>|' else "_" for c in plain(name))


def _copy(source: Path, name: str, bundle: zipfile.ZipFile) -> None:
    try:
        info = zipfile.ZipInfo.from_file(source, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_STORED
        with open(source, "rb") as media, bundle.open(info, "w", force_zip64=True) as member:
            while block := media.read(BLOCK):
                member.write(block)
    except OSError as err:
        if err.filename is None or Path(os.fsdecode(err.filename)) != source:
            raise  # the bundle's own disk: its writer says so
        raise FootageError(f"{source} cannot be read: {err.strerror}.") from err
