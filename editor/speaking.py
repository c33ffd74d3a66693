"""Speak to whoever typed a command: results on stdout, progress and complaints on stderr.

Part of the command line, which alone may print.
"""

import _thread
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from editor import __version__
from editor.progress import Bars, Lines, Watch, printable

AGAIN = 0.05  # s until a dropped interrupt comes again
DEBUG = "EDITOR_DEBUG"  # set to 1 to see tracebacks, and every stage in a log


def watching() -> Watch:
    """Bars on a terminal, plain lines elsewhere; of every stage where EDITOR_DEBUG is set."""
    if sys.stderr.isatty():
        return Bars(sys.stderr)
    return Lines(sys.stderr, 0.0) if os.environ.get(DEBUG) == "1" else Lines(sys.stderr)


def say(text: str) -> None:
    """Print to stdout; a reader that has gone away does not undo what was made."""
    try:
        print(text.rstrip("\n"), flush=True)
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit: let it go nowhere.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str, err: BaseException | None = None) -> None:
    """One line on stderr, and the traceback before it where EDITOR_DEBUG is set."""
    with suppress(BrokenPipeError):
        if err is not None and os.environ.get(DEBUG) == "1":
            traceback.print_exception(err)
        print(f"editor: {printable(message)}", file=sys.stderr, flush=True)


def fault(err: Exception, argv: Sequence[str]) -> str:
    """Say that the fault is ours, and where its traceback lies."""
    said = f"a fault of this program, not of your footage: {type(err).__name__}: {err}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="film-editor-", suffix=".log", delete=False, errors="backslashreplace"
        ) as log:
            log.write(f"film-editor {__version__}\n{list(argv)!r}\n\n")
            log.write("".join(traceback.format_exception(err)))
    except OSError:
        return f"{said}. {DEBUG}=1 shows where."
    return f"{said}. What happened is written in {log.name}."


@contextmanager
def signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a run as Ctrl-C does: cleanly."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the caller's matter
        return
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, stop)
    unraisable = sys.unraisablehook

    def again(dropped: "sys.UnraisableHookArgs") -> None:
        """Python drops what is raised inside a callback or a finaliser: an interrupt that fell
        there comes again a moment later, as often as it must."""
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            unraisable(dropped)
            return
        number = next(iter(before), signal.SIGINT)
        later = threading.Timer(AGAIN, _thread.interrupt_main, [number])
        later.daemon = True
        later.start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        _forget_interrupt()
        sys.unraisablehook = unraisable
        for number, handler in before.items():
            signal.signal(number, handler)


def _forget_interrupt() -> None:
    """Let the exit status be ours: where an interrupt came out of code that was made from text, as
    dataclasses are while modules load, Python remembers it, caught or not, and kills itself with
    SIGINT at the very end. Any further text that is run makes it forget."""
    exec("")
