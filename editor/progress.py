"""Turn a stage's advance into a bar with the time left, or into plain lines in a log.

The pipeline is given a Watch and tells it what it does; only the command line chooses which one.
All of it goes to stderr, so that stdout stays the result's.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import accumulate
from typing import Protocol, TextIO

Advance = Callable[[float, float, str], None]  # done, total (any unit), what is being done

REFRESH = 0.1  # s between redraws of a bar: the eye sees no more
LINE_SHARE = 0.05  # of a stage between plain lines: a log of a day's footage stays short
LONG = 1.0  # s from which a stage is worth a line in a log
LONG_STAGES = {"loading": 10.0}  # s likewise: imports take the same every time, and tell nothing
LINE_GAP = 5.0  # s after which a plain line is written however little was done


class Watch(Protocol):
    """Somebody who is told of stages as they run."""

    def stage(self, title: str) -> AbstractContextManager[Advance]:
        """Enter a stage; call what it yields as the work advances."""


def printable(text: str) -> str:
    """Text with newlines, control and invisible characters as escapes: safe on a terminal."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
        for c in text
    )


def span_text(seconds: float) -> str:
    """A time as people say it: "0.4 s", "12 s", "3 min 20 s", "1 h 05 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


class Work:
    """Parts of one stage, of pieces that cost unlike: told together, so that the time left is true.

    All parts are named before the first piece is begun.
    """

    def __init__(self, advance: Advance) -> None:
        self._advance, self._total = advance, 0.0

    def part(self, label: str, costs: Sequence[float]) -> Callable[[float], None]:
        """Add a part, by what each of its pieces costs in one unit for all parts. What it returns
        is called with the pieces that are done, and the share of the next."""
        begun = self._total
        ends = list(accumulate(costs, initial=begun))
        self._total = ends[-1]

        def told(done: float) -> None:
            whole = min(int(done), len(costs))
            more = (done - whole) * costs[whole] if whole < len(costs) else 0.0
            self._advance(ends[whole] + more, self._total, label)

        return told


class Silent:
    """A watch that says nothing."""

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Run a stage unseen."""
        yield lambda done, total, label: None


class Lines:
    """A watch that writes plain lines, for a log or a pipe; a short stage leaves none.

    A stage's first line waits until it has run for `patience` seconds, so that an error that comes
    before anything long has begun is the only line there is; `patience` 0 tells of all.
    """

    def __init__(self, stream: TextIO, patience: float = LONG) -> None:
        self._stream = stream
        self._patience = patience  # s

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Write a line as the stage proves long, as it moves on, and when it is done."""
        patience = self._patience and max(self._patience, LONG_STAGES.get(title, 0.0))
        told = _Told(self._say, title, patience)
        try:
            yield told.advance
            told.done()
        finally:
            told.close()

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # nobody reads any more; the work is still wanted
            self._stream.write(line.rstrip() + "\n")
            self._stream.flush()


class _Told:
    """One stage of `Lines`: what has been said of it."""

    def __init__(self, say: Callable[[str], None], title: str, patience: float) -> None:
        self._say, self._title = say, title
        self._began = self._said = time.monotonic()
        self._share, self._label = 0.0, ""
        self._from: tuple[float, float] | None = None  # when, and what share, was told of first
        self._lock = threading.Lock()
        self._open = False  # the first line is written
        self._closed = False
        self._timer = threading.Timer(patience, self._begin)
        self._timer.daemon = True
        if patience > 0:
            self._timer.start()
        else:
            self._begin()

    def advance(self, done: float, total: float, label: str) -> None:
        """Note how far the stage is, and say so where that is news."""
        with self._lock:
            share, now = done / total if total else 0.0, time.monotonic()
            self._from = self._from or (now, share)
            first = not self._label and bool(label)
            moved = bool(label) and label != self._label and share - self._share >= LINE_SHARE
            if self._open and (first or moved or now - self._said >= LINE_GAP):
                left = _left(self._from, now, share)
                self._say(f"{self._title}: {share:4.0%} {printable(label)}{left}")
                self._said, self._share, self._label = now, share, label

    def done(self) -> None:
        """Say how long the stage took, if it was ever spoken of."""
        with self._lock:
            if self._open:
                self._say(f"{self._title}: done in {span_text(time.monotonic() - self._began)}")

    def close(self) -> None:
        """Let nothing be said of the stage any more."""
        self._timer.cancel()
        with self._lock:
            self._closed = True

    def _begin(self) -> None:
        with self._lock:
            if not self._closed:
                self._open = True
                self._say(f"{self._title}: begins")


class Bars:
    """A watch that draws a bar on a terminal and takes it away when the stage is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Draw the stage's bar while it runs: share, time left, and the clip in hand."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft
        from rich.table import Column

        bars = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(width=10)),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeLeft(),
            TextColumn(
                "{task.fields[label]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=Console(file=self._stream),
            transient=True,
            refresh_per_second=4,
            expand=True,
        )
        drawn = 0.0
        with bars:
            task = bars.add_task(title, total=None, label="")

            def advance(done: float, total: float, label: str) -> None:
                nonlocal drawn
                now = time.monotonic()
                if now - drawn >= REFRESH or done >= total:
                    drawn = now
                    bars.update(task, completed=done, total=total, label=printable(label))

            yield advance


def _left(begun: tuple[float, float], now: float, share: float) -> str:
    """The time left, once enough is done to tell. What was done before the first word, by a run
    that this one goes on from, took none of its time."""
    moved = share - begun[1]
    left = (now - begun[0]) * (1 - share) / moved if moved >= LINE_SHARE else 0.0
    return f", {span_text(left)} left" if left >= 1.0 else ""
