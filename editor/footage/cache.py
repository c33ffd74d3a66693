"""Turn arrays and facts that were costly to compute into files that are whole or absent.

One safetensors file a key: the arrays, and the facts as JSON in its header beside a checksum of
both. Written under a temporary name, synced and renamed, so two runs may write the same key.
"""

import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from editor.errors import OutputError

STALE_AFTER = 3600.0  # s; a temporary file that old was left by a run that was killed
SETTLED_AFTER = 2.0  # s; exFAT cards keep times to 2 s, a younger file may change unseen
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_TEMPORARY = ".tmp"


class Cache:
    """Files under one folder, by kind and key. Made when first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._swept = False

    def load(self, kind: str, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the arrays and the facts saved under `key`, or None.

        A truncated or altered file is removed and counts as absent. The arrays are read-only.
        """
        path = self._path(kind, key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise OutputError(f"Cache {path}: cannot be read: {err.strerror or err}.") from err
        try:
            return _unpack(data)
        except (ValueError, KeyError, SafetensorError):
            _remove(path)
            return None

    def save(
        self, kind: str, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]
    ) -> None:
        """Keep arrays and JSON-able facts under `key`; raises OutputError where it cannot."""
        self._write(self._path(kind, key), _pack(arrays, meta))

    def keep_newest(self, kind: str, most: int) -> None:
        """Remove all but the `most` entries of a kind that were saved or loaded last."""
        found = []
        for path in (self.folder / kind).glob("*.safetensors"):
            with suppress(FileNotFoundError):  # another run was quicker
                found.append((path.stat().st_mtime_ns, path))
        for _, path in sorted(found)[: max(0, len(found) - most)]:
            _remove(path)

    def touch(self, kind: str, key: str) -> None:
        """Count an entry as used now, for `keep_newest`."""
        with suppress(OSError):  # gone, or not ours to change: it is only an order
            os.utime(self._path(kind, key))

    def remembered_digest(self, path: Path) -> str | None:
        """Digest remembered for a file whose path, size, time and inode are what they were."""
        known = self.load("digest", _path_key(path))
        if known is None:
            return None
        digest = known[1].get("digest")
        return digest if known[1].get("stamp") == stamp(path) and isinstance(digest, str) else None

    def remember_digest(self, path: Path, digest: str) -> None:
        """Remember a file's digest, unless the file changed so lately that it may be changing."""
        facts = stamp(path)
        if time.time() - facts[1] / 1e9 >= SETTLED_AFTER:
            self.save("digest", _path_key(path), {}, {"stamp": facts, "digest": digest})

    def _path(self, kind: str, key: str) -> Path:
        for text in (kind, key):
            if not _NAME.fullmatch(text):
                raise ValueError(f"{text!r} cannot name a cache entry: letters, digits and ._- do.")
        return self.folder / kind / f"{key}.safetensors"

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{_TEMPORARY}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep()
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                _remove(temporary)
                raise
        except OSError as err:
            reason = err.strerror or err
            raise OutputError(
                f"Cache {self.folder}: cannot be written: {reason}. Make room, or choose another "
                "outputs folder."
            ) from err

    def _sweep(self) -> None:
        """Remove what killed runs left half-written, once a run."""
        if self._swept:
            return
        self._swept = True
        for path in self.folder.glob(f"*/.*{_TEMPORARY}"):
            try:
                old = time.time() - path.stat().st_mtime > STALE_AFTER
            except FileNotFoundError:
                continue  # another run was quicker
            if old:
                _remove(path)


def stamp(path: Path) -> list[int]:
    """Size in bytes, modification time in ns, inode and device of a file."""
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_dev]


def _path_key(path: Path) -> str:
    return blake2b(os.fsencode(os.path.abspath(path)), digest_size=16).hexdigest()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as err:
        raise OutputError(f"Cache {path}: cannot be removed: {err.strerror or err}.") from err


def _pack(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> bytes:
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    facts = json.dumps(meta, ensure_ascii=True)
    return save_tensors(whole, {"facts": facts, "checksum": _checksum(whole, facts)})


def _unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 + length:
        raise ValueError("cut off inside its header")
    header = json.loads(data[8 : 8 + length])["__metadata__"]
    arrays = load_tensors(data)
    if header["checksum"] != _checksum(arrays, header["facts"]):
        raise ValueError("checksum differs")
    meta = json.loads(header["facts"])
    if not isinstance(meta, dict):
        raise ValueError("facts are no table")
    return arrays, meta


def _checksum(arrays: Mapping[str, np.ndarray], facts: str) -> str:
    total = blake2b(facts.encode(), digest_size=16)
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()
