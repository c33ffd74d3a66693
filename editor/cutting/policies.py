"""Turn a policy's name into whether it can be one, without loading any: torch takes seconds."""

from pathlib import Path

import models
from editor.errors import PolicyError

WEIGHTS = Path(models.__file__).parent / "weights"
SUFFIX = ".safetensors"
SEARCH = "+search"  # after a trained policy's name: local search goes on from its films
# Plain ways to cut, as baselines.BASELINES has them: a test holds both together.
PLAIN = (
    "random", "chronological", "uniform", "similar", "greedy",
    "beam1", "beam8", "beam64", "beam256", "local",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """What `--policy` knows: the trained policies that are here, each also with search, then the
    plain ways."""
    trained = sorted(path.stem for path in WEIGHTS.glob(f"*{SUFFIX}"))
    return (*trained, *(name + SEARCH for name in trained), *PLAIN)


def check(name: str) -> None:
    """Raise PolicyError, listing the known, where nothing is called so and no such file exists."""
    file = Path(name.removesuffix(SEARCH))
    if name in names() or (file.suffix == SUFFIX and file.is_file()):
        return
    known = ", ".join(names())
    raise PolicyError(f"No trained policy is called {name!r}. Known: {known}, or a {SUFFIX} file.")
