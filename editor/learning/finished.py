"""Keep the finished parts of a measurement, so that it goes on where it was interrupted: cases that
every cutter has cut, looks at what a policy heeds, films.

A part's file is written whole or not at all. Another policy, plan, pool or version of the code is
another measurement: nothing stale is found.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from editor.cutting import learned, policies
from editor.cutting.evaluation import Case, Tally
from editor.cutting.pool import Pool
from editor.learning import keeping
from editor.learning.fingerprint import code_digest
from models import checkpoint

FOLDER = ".evaluate"  # in the outputs

Read = TypeVar("Read")


@dataclass(frozen=True)
class Finished:
    """The finished parts of one measurement."""

    folder: Path

    @classmethod
    def of(cls, outputs: Path, weights: Sequence[Path], plan: Mapping[str, object]) -> "Finished":
        """Those of one plan: what is compared, and how. weights: files of the policies in it."""
        told = [json.dumps(plan, sort_keys=True), code_digest()]
        told += [hashlib.sha256(path.read_bytes()).hexdigest() for path in weights]
        name = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        return cls(outputs / FOLDER / name)

    def recall(self, case: Case) -> dict[str, Tally] | None:
        """What was kept of a case; None where nothing was, or it cannot be read."""
        try:
            rows = json.loads(self._file(case).read_text(encoding="utf-8"))
            return {
                name: Tally(**{**row, "terms": tuple(row["terms"])}) for name, row in rows.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def keep(self, case: Case, tallies: Mapping[str, Tally]) -> None:
        """Write a case down. Raises OSError."""
        path = self._file(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: asdict(tally) for name, tally in tallies.items()})
        checkpoint.write_bytes(path, text.encode())

    def look(
        self,
        what: str,
        cases: Sequence[Case],
        measure: Callable[[], dict[str, Any]],
        read: Callable[[dict[str, Any]], Read],
    ) -> Read:
        """What a look at some cases came to, as `part`. what: which look."""
        names = [self._file(case).name for case in cases]
        return self.part("\n".join([what, *names]), measure, read)

    def part(
        self,
        what: str,
        measure: Callable[[], dict[str, Any]],
        read: Callable[[dict[str, Any]], Read],
    ) -> Read:
        """What a part came to: as it was kept, or measured and kept. Raises OSError as it writes.

        what: all that the part hangs on, beside the plan. What is measured has to be plain data,
        and comes to `read` as JSON has it, lists for tuples. What `read` cannot read (KeyError,
        TypeError, ValueError) is measured again.
        """
        path = self.folder / f"part-{hashlib.sha256(what.encode()).hexdigest()[:24]}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(kept, dict) and kept.get("what") == what:
                return read(kept["found"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass  # nothing was kept, or nothing that can be read: it is measured
        text = json.dumps({"what": what, "found": measure()})
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write_bytes(path, text.encode())
        return read(json.loads(text)["found"])

    def _file(self, case: Case) -> Path:
        told = hashlib.sha256(repr(case.brief).encode())
        told.update(pool_digest(case.pool).encode())
        return self.folder / f"{told.hexdigest()[:24]}.json"


def pool_digest(pool: Pool) -> str:
    """A digest of all that a policy can see of a pool."""
    told = hashlib.sha256()
    for item in fields(Pool):
        value = getattr(pool, item.name)
        if isinstance(value, np.ndarray):
            told.update(f"{item.name} {value.shape}".encode())
            told.update(np.ascontiguousarray(value).tobytes())
    told.update(" ".join(str(clip.rate) for clip in pool.clips).encode())
    return told.hexdigest()


def policy_files(name: str, folder: Path | None = None) -> list[Path]:
    """The files that a policy's name stands for, for `Finished.of`; none for a plain way to cut.

    folder: of learned policies, which may be meant too.
    """
    bare, _ = policies.split(name)
    own = policies.file_of(bare)
    files = [own, own.with_name(own.stem + keeping.CLONED)]
    if folder is not None and learned.NAME.fullmatch(bare):
        files += [folder / bare / learned.FILE, folder / bare / learned.WEIGHTS]
        files.append(policies.WEIGHTS / (policies.BASE + policies.SUFFIX))  # what it stands on
    return [path for path in files if path.is_file()]
