"""Run work that takes time beside the server, one piece after the other, and say how far it is."""

import ctypes
import itertools
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from editor.errors import EditorError
from editor.progress import Advance, printable

GRACE = 1.0  # s that work has to end by itself when the server is ended
REMEMBERED = 50  # jobs that can still be asked about when they are done


class Stopped(Exception):
    """The editor gave a job up; raised inside it, where it says how far it is."""


@dataclass
class Job:
    """One piece of work, and how far it is. Fields are replaced, never changed in place."""

    id: int
    kind: str  # "render", "again", "export", ...
    title: str  # of the version that it is about
    state: str = "waiting"  # "running", "done", "failed", "stopped"
    stage: str = ""
    share: float = 0.0  # of the stage, 0 to 1
    label: str = ""
    message: str = ""  # what went wrong, or what was made
    result: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    thread: int | None = None  # that runs it, by threading's number

    def as_json(self) -> dict[str, Any]:
        """As docs/review-api.md has it."""
        keys = ("id", "kind", "title", "state", "stage", "share", "label", "message", "result")
        return {key: getattr(self, key) for key in keys}

    @contextmanager
    def stage_of(self, title: str) -> Iterator[Advance]:
        """A stage of the work: what it yields is told how far it is, and raises Stopped."""
        self.stage, self.share, self.label = title, 0.0, ""

        def advance(done: float, total: float, label: str) -> None:
            if self.stop.is_set():
                raise Stopped
            self.share = min(1.0, done / total) if total else 0.0
            self.label = printable(label)

        yield advance


def _break_off(thread: int) -> None:
    """Raise Stopped in a thread, at its next line of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(Stopped))


class JobWatch:
    """A progress.Watch that writes into a job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.stage = job.stage_of


class Jobs:
    """A queue of work, and one thread that does it. A context manager."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1, "work")
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __enter__(self) -> "Jobs":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what waits and what runs, and wait until it has cleaned up.

        Work stops by itself where it says how far it is; a step that takes longer is broken off
        where it stands, once. What it writes is whole or absent, so nothing is half done.
        """
        for job in self.all():
            job.stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for job in self.all():
            if job.thread is not None and not job.ended.wait(GRACE):
                _break_off(job.thread)
        self._threads.shutdown()

    def all(self) -> tuple[Job, ...]:
        """The last jobs, the oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    def find(self, number: int) -> Job | None:
        """A job by its number."""
        return self._jobs.get(number)

    def start(self, kind: str, title: str, work: Callable[[JobWatch], dict[str, Any]]) -> Job:
        """Queue work; it returns the job's result, and raises EditorError where it cannot."""
        job = Job(next(self._numbers), kind, title)
        with self._lock:
            self._jobs[job.id] = job
            for old in [one for one in self._jobs.values() if one.ended.is_set()][:-REMEMBERED]:
                del self._jobs[old.id]
        self._threads.submit(self._run, job, work)
        return job

    def _run(self, job: Job, work: Callable[[JobWatch], dict[str, Any]]) -> None:
        try:
            if job.stop.is_set():
                raise Stopped
            job.state, job.thread = "running", threading.get_ident()
            job.result = work(JobWatch(job))
            job.share, job.state = 1.0, "done"
        except Stopped:
            job.state, job.message = "stopped", "Given up. What was finished before is kept."
        except EditorError as err:
            job.state, job.message = "failed", printable(str(err))
        except Exception as err:  # the thread's outermost boundary: whatever is left is our fault
            traceback.print_exc()
            job.message = f"A fault of this program: {type(err).__name__}: {printable(str(err))}."
            job.state = "failed"
        finally:
            job.ended.set()
