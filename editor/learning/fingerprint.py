"""Tell one version of the code that measurements rest on from another."""

import hashlib
from functools import lru_cache
from pathlib import Path

import editor
import models

# What the figures rest on: any change of it is another measurement.
SOURCES = ("cutting", "learning", "measures", "film", "styles", "pipeline.py")


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of the code that the figures rest on."""
    house, found = Path(editor.__file__).parent, hashlib.sha256()
    tops = (*(house / name for name in SOURCES), Path(models.__file__).parent)
    files = [path for top in tops for path in (top, *top.rglob("*"))]
    for path in sorted(files):
        if path.suffix in (".py", ".toml", ".json"):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()
