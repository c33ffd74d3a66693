"""Turn a bundle's media into files of the outputs, each under its content's own name, once."""

import os
import secrets
import zipfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from editor.film.returned import safe
from editor.film.returned.items import ReturnedError

FOLDER = "media"  # in the outputs: media that came in bundles and lies nowhere else
DIGEST_BYTES = 20  # as editor.footage.ingest hashes files
_SHORT = 16  # letters of a digest that name its folder


def digests(path: Path, members: frozenset[str]) -> Mapping[str, str]:
    """Content hash of each member, as ingest makes it. Raises ReturnedError."""
    found = {}
    with _opened(path) as bundle:
        infos = safe.members(bundle, path)
        for name in sorted(members & infos.keys()):
            total = blake2b(digest_size=DIGEST_BYTES)
            for block in safe.unpacked(bundle, infos[name], path):
                total.update(block)
            found[name] = total.hexdigest()
    return found


def unpack(path: Path, member: str, digest: str, outputs: Path) -> Path:
    """Unpack one member whose content hash is known, and return where it lies.

    Raises ReturnedError for a bundle that changed meanwhile, OSError where it cannot be written.
    """
    folder = outputs / FOLDER / digest[:_SHORT]
    target = folder / Path(member).name
    if target.is_file() and _hash(target) == digest:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".partial-{secrets.token_hex(6)}"
    total = blake2b(digest_size=DIGEST_BYTES)
    try:
        with _opened(path) as bundle, partial.open("xb") as file:
            info = safe.members(bundle, path)[member]
            for block in safe.unpacked(bundle, info, path):
                total.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if total.hexdigest() != digest:
            raise ReturnedError(f"{path}: {member!r} changed while it was read.")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as err:
        raise ReturnedError(f"{path}: is no whole bundle: {err}.") from err


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        total = blake2b(digest_size=DIGEST_BYTES)
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()
