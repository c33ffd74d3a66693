"""Turn a policy's name into whether it can be one, without loading any: torch takes seconds."""

from pathlib import Path

import models
from editor.errors import PolicyError

WEIGHTS = Path(models.__file__).parent / "weights"
SUFFIX = ".safetensors"
BASE = "base"  # the package's own
# After a trained policy's name: how it searches. What `--search` knows -> the name's ending.
SEARCHES = {"none": "", "best": "+best", "beam": "+beam", "local": "+search"}
SEARCH = SEARCHES["local"]  # local search goes on from its films
# Plain ways to cut, as baselines.BASELINES has them: a test holds both together.
PLAIN = (
    "random", "chronological", "uniform", "similar", "greedy",
    "beam1", "beam8", "beam64", "beam256", "local",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """What `--policy` knows: the trained policies that are here, each also with every search, then
    the plain ways."""
    trained = sorted(path.stem for path in WEIGHTS.glob(f"*{SUFFIX}") if "." not in path.stem)
    return (*(name + ending for name in trained for ending in SEARCHES.values()), *PLAIN)


def split(name: str) -> tuple[str, str]:
    """A policy's bare name or file, and how it searches: one of SEARCHES."""
    for search, ending in SEARCHES.items():
        if ending and name.endswith(ending):
            return name.removesuffix(ending), search
    return name, "none"


def file_of(bare: str) -> Path:
    """The file of a policy in the package, or the one that is named; it may not be there."""
    return Path(bare) if bare.endswith(SUFFIX) else WEIGHTS / (bare + SUFFIX)


def check(name: str) -> None:
    """Raise PolicyError, listing the known, where nothing is called so and no such file exists."""
    bare = split(name)[0]
    if name in names() or (Path(bare).suffix == SUFFIX and Path(bare).is_file()):
        return
    if bare == BASE:
        raise PolicyError(missing())
    if Path(bare).name == bare and (WEIGHTS / f"{bare}{SUFFIX}").is_file():
        return  # an earlier state of one of them
    known = f"Known: {', '.join(names())}, or a {SUFFIX} file that train wrote."
    if Path(bare).suffix == SUFFIX:
        raise PolicyError(f"--policy {bare}: no such file. {known}")
    raise PolicyError(f"No trained policy is called {name!r}. {known}")


def missing() -> str:
    """What to say where the package's own policy is gone."""
    return f"The policy that cuts is missing: {WEIGHTS / (BASE + SUFFIX)} is not there. {back()}"


def back() -> str:
    """How to get the package's own policy back, and what would do instead."""
    root = WEIGHTS.parents[1]
    how = "pip install --force-reinstall --no-deps . in the folder of this program, fetched anew"
    if (root / ".git").exists():
        how = f"git -C {root} checkout -- {WEIGHTS.relative_to(root)}"
    return f"Get it back: {how}. Or name one that you trained: --policy FILE{SUFFIX}."
