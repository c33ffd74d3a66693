"""Start programs that need a window, on a screen and in a home of their own, and wait for them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 120  # s until a program has done what it was asked; a hang is not waited out
BEAT = 0.1  # s between two looks at what is waited for
AGAIN = 3.0  # s after which a key that may have been lost is pressed once more
FOREIGN = ("XDG_", "QT_", "KDE", "WAYLAND", "DBUS_")  # what the tester's own desktop sets


def missing(**packages: str) -> list[str]:
    """Debian's packages of the programs that are not here, by program."""
    return [package for program, package in packages.items() if shutil.which(program) is None]


@dataclass
class Screen:
    """A display without a monitor, a message bus where one is installed, and an empty home."""

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program; what it says goes to a file in the home."""
        with (self.home / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [str(word) for word in command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def ask(self, *command: str) -> str:
        """What a short command prints; nothing where it fails."""
        done = subprocess.run(command, env=self.env, capture_output=True, timeout=PATIENCE)
        return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""

    def windows(self) -> dict[str, str]:
        """The titled windows that can be seen, dialogs too: number to title."""
        found = self.ask("xdotool", "search", "--onlyvisible", "--name", ".").split()
        return {window: self.ask("xdotool", "getwindowname", window) for window in found}

    def until(
        self,
        what: str,
        program: subprocess.Popen[bytes],
        condition: Callable[[], bool],
        press: tuple[str, ...] = (),
    ) -> None:
        """Wait until something is so, pressing (window, key) now and then, and fail in words."""
        stop, due = time.monotonic() + PATIENCE, 0.0
        while not condition():
            if time.monotonic() > stop or program.poll() is not None:
                said = (self.home / "said.txt").read_text(errors="replace")[-2000:]
                raise AssertionError(
                    f"waited for: {what}; ended: {program.poll()}; "
                    f"windows: {list(self.windows().values())}; said: {said}"
                )
            if press and time.monotonic() >= due:
                window, key = press
                self.ask("xdotool", "windowfocus", window, "key", "--clearmodifiers", key)
                due = time.monotonic() + AGAIN
            time.sleep(BEAT)


@contextmanager
def screen(home: Path) -> Iterator[Screen]:
    """A screen as long as it is needed. home: a folder that is made."""
    home.mkdir()
    runtime = Path(tempfile.mkdtemp(prefix="run"))  # short: a socket's path has 107 bytes at most
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    folders = {"HOME": home, "XDG_RUNTIME_DIR": runtime, "TMPDIR": runtime}
    env |= {name: str(folder) for name, folder in folders.items()}
    env |= {"LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "xcb", "SDL_AUDIODRIVER": "dummy"}
    env |= {"LIBGL_ALWAYS_SOFTWARE": "1"}
    started: list[subprocess.Popen[bytes]] = []
    try:
        env["DISPLAY"] = ":" + _display(started)
        if shutil.which("dbus-daemon"):
            env["DBUS_SESSION_BUS_ADDRESS"] = _bus(started)
        yield Screen(home, env)
    finally:
        for program in reversed(started):
            end(program)
        shutil.rmtree(runtime, ignore_errors=True)


def end(program: subprocess.Popen[bytes]) -> None:
    """Stop a program and all that it started, also one that does not listen."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _display(started: list[subprocess.Popen[bytes]]) -> str:
    """The number of a new display, which the server itself finds free.

    It is not to begin anew whenever its last program has gone: the next one may just be coming.
    """
    ready, tell = os.pipe()
    command = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1600x1000x24", "-noreset"]
    started.append(
        subprocess.Popen(
            command, pass_fds=[tell], stderr=subprocess.DEVNULL, start_new_session=True
        )
    )
    os.close(tell)
    with os.fdopen(ready) as number:
        display = number.readline().strip()
    assert display, "Xvfb ended before it had a display"
    return display


def _bus(started: list[subprocess.Popen[bytes]]) -> str:
    """The address of a new message bus."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    bus = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    started.append(bus)
    assert bus.stdout is not None
    return bus.stdout.readline().decode().strip()
