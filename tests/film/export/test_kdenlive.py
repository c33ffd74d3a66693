"""Kdenlive opens its project as editors do, in its window: asks nothing and saves the same film."""

import shutil
from fractions import Fraction

from tests.film.export.opened import exported, is_the_same, needs
from tests.film.export.screen import end, screen

WINDOW = "/kdenlive/MainWindow_1"  # Kdenlive's main window on the message bus

pytestmark = needs(kdenlive="kdenlive", **{"dbus-daemon": "dbus-daemon", "dbus-send": "dbus-bin"})


def asked(display, program, method, *arguments):
    """What the main window answers over the message bus; nothing while there is none."""
    words = [f"string:{argument}" for argument in arguments]
    whom = f"--dest=org.kde.kdenlive-{program.pid}"
    return display.ask("dbus-send", "--print-reply=literal", whom, WINDOW, method, *words)


def title(display, program):
    """The main window's title; nothing while there is none, or a dialog is in the way."""
    get = ("org.freedesktop.DBus.Properties.Get", "org.qtproject.Qt.QWidget", "windowTitle")
    return asked(display, program, *get).removeprefix("variant").strip()


def test_kdenlive_opens_its_project_asks_nothing_and_saves_the_same_film(tmp_path):
    ours, film = exported("kdenlive", Fraction(30000, 1001), tmp_path)
    opened = shutil.copy(ours, tmp_path / "opened.kdenlive")
    before = opened.stat()
    with screen(tmp_path / "home") as display:
        program = display.start("kdenlive", opened)
        try:
            display.until(
                "a window with the project",
                program,
                lambda: title(display, program).startswith("opened "),
            )
            assert asked(display, program, "org.kde.KMainWindow.activateAction", "file_save")
            display.until(
                "a saved project",
                program,
                lambda: opened.stat().st_mtime_ns != before.st_mtime_ns,
            )
        finally:
            end(program)  # not asked to end: 22.12 crashes then, whatever it has open
    is_the_same(opened, ours, film)
