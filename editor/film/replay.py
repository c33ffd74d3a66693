"""Turn a version and all that was done to it, undone and done again, into the film as it stands."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from editor.errors import CorrectionError
from editor.film.applying import apply
from editor.film.corrected import Corrected
from editor.film.corrections import Act, Correction


@dataclass(frozen=True)
class Log:
    """All corrections in order, and how many of them stand: undo and redo move the cursor."""

    states: tuple[Corrected, ...]  # before the first correction, after each
    corrections: tuple[Correction, ...] = ()
    cursor: int = 0  # corrections that stand

    @property
    def state(self) -> Corrected:
        """The film as it stands."""
        return self.states[self.cursor]

    @property
    def undoable(self) -> Correction | None:
        """What undo would take back."""
        return self.corrections[self.cursor - 1] if self.cursor else None

    @property
    def redoable(self) -> Correction | None:
        """What redo would do again."""
        return self.corrections[self.cursor] if self.cursor < len(self.corrections) else None

    def act(self, act: Act) -> "Log":
        """The log after one more act. Raises CorrectionError where it cannot be done."""
        if act == "undo":
            if not self.cursor:
                raise CorrectionError("There is nothing to undo: this is the film as it was made.")
            return replace(self, cursor=self.cursor - 1)
        if act == "redo":
            if self.redoable is None:
                raise CorrectionError("There is nothing to redo.")
            return replace(self, cursor=self.cursor + 1)
        after = apply(self.state, act)
        return Log(
            (*self.states[: self.cursor + 1], after),
            (*self.corrections[: self.cursor], act),
            self.cursor + 1,
        )


def replay(start: Corrected, acts: Iterable[Act]) -> Log:
    """The log after all acts. Raises CorrectionError."""
    log = Log((start,))
    for act in acts:
        log = log.act(act)
    return log
