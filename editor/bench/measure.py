"""Turn a command into what it cost: processor time, wall time and memory of its whole tree."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from editor.errors import EditorError

LOOK_EVERY = 0.05  # s between two looks at the tree's memory
ASK_EVERY = 0.01  # s between two looks for what a command makes
MEGABYTE = 1e6  # bytes


@dataclass(frozen=True)
class Cost:
    """What one run of a command took."""

    cpu: float  # s, user and system, with every child that was waited for
    wall: float  # s
    memory: float  # MB, largest sum of resident sizes over the tree; shared pages count twice
    output: str  # what it printed on standard output
    reached_wall: float = 0.0  # s until it had come to what was asked
    reached_cpu: float = 0.0  # s of its own, user and system, until then


def run(command: Sequence[str | Path], reached: Callable[[], bool] | None = None) -> Cost:
    """Run a command to its end. Raises EditorError with its last words where it fails.

    reached: says whether what the command makes is there; asked a hundred times a second.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        watch = _Memory(process.pid)
        watch.start()
        arrival = _Arrival(process.pid, began, reached) if reached else None
        if arrival:
            arrival.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must know
        watch.ended.set()
        watch.join()
        if arrival:
            arrival.ended.set()
            arrival.join()
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            words = err.read().decode(errors="replace").strip()[-400:]
            raise EditorError(
                f"{Path(str(command[0])).name} {' '.join(map(str, command[1:4]))} ... ended with"
                f" {process.returncode}: {words}"
            )
        own = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Cost(
            cpu=usage.ru_utime + usage.ru_stime,
            wall=wall,
            memory=max(watch.peak, own) / MEGABYTE,
            output=out.read().decode(errors="replace"),
            reached_wall=arrival.wall if arrival else 0.0,
            reached_cpu=arrival.cpu if arrival else 0.0,
        )


class _Memory(threading.Thread):
    """Watches the resident size of a process and all below it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak = 0.0  # bytes
        self._root = psutil.Process(pid)

    def run(self) -> None:
        while not self.ended.wait(LOOK_EVERY):
            self.peak = max(self.peak, self._now())

    def _now(self) -> float:
        total = 0.0
        try:
            for process in (self._root, *self._root.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass  # it ended while we looked: the next look, or the last one's peak, stands
        return total


class _Arrival(threading.Thread):
    """Notes when a process has come to what is asked; nan where it never does."""

    def __init__(self, pid: int, began: float, reached: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.wall = self.cpu = float("nan")  # s
        self._process, self._began, self._reached = psutil.Process(pid), began, reached

    def run(self) -> None:
        while not self.ended.wait(ASK_EVERY):
            if self._reached():
                self.wall = perf_counter() - self._began
                with suppress(psutil.NoSuchProcess):
                    spent = self._process.cpu_times()
                    self.cpu = spent.user + spent.system
                return


def turns(commands: dict[str, Sequence[str | Path]], runs: int) -> dict[str, list[Cost]]:
    """Run the commands in turn, A B C A B C, so that a machine that slows down slows all alike.

    One round before is not counted: it fills the page cache.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            cost = run(command)
            if turn:
                costs[name].append(cost)
    return costs


def ratio(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and greatest of the ratios, run by run."""
    each = [a / max(b, 1e-9) for a, b in zip(over, under, strict=True)]
    return median(each), min(each), max(each)
