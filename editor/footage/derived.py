"""Turn all that a result of many clips depends on into the key under which it is kept.

What is worked out of kept analyses takes seconds where there are hundreds of shots, and comes out
the same as long as clips, analyses, wishes and code are the same. The code is told by its own text,
so nobody has to remember to raise a number.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

from editor.footage.analysis import Settings, picture_key
from editor.footage.clip import Clip

PACKAGES = ("cutting", "footage")  # of editor: what makes pools and finds copies
MODULES = ("timing.py", "config.py")


def key(what: str, clips: Sequence[Clip], settings: Settings, *asked: object) -> str | None:
    """A cache key for `what` is worked out of clips as analysed under `settings`, in that order,
    and of all else `asked`, told by its repr; None where the code's text is not at hand."""
    if not (text := _code()):
        return None
    total = blake2b(text.encode(), digest_size=20)
    for part in (what, *((clip, picture_key(clip, settings)) for clip in clips), *asked):
        total.update(repr(part).encode("utf-8", "surrogatepass") + b"\n")
    return total.hexdigest()


@cache
def _code() -> str:
    """Digest of the program's text; empty where it is installed without."""
    root = Path(__file__).parents[1]
    files = [file for name in PACKAGES for file in sorted((root / name).glob("*.py"))]
    total = blake2b(digest_size=20)
    for file in (*files, *(root / name for name in MODULES)):
        if not file.is_file():
            return ""
        total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest() if files else ""
