"""Shotcut opens the .mlt as editors do, in its window: it asks nothing and saves the same film."""

import shutil
from fractions import Fraction

from tests.film.export.opened import exported, is_the_same, needs
from tests.film.export.screen import end, screen

pytestmark = needs(shotcut="shotcut")


def test_shotcut_opens_the_mlt_asks_nothing_and_saves_the_same_film(tmp_path):
    ours, film = exported("mlt", Fraction(30000, 1001), tmp_path)
    opened = shutil.copy(ours, tmp_path / "opened.mlt")
    before = opened.stat()
    with screen(tmp_path / "home") as display:
        program = display.start(
            "shotcut", "--noupgrade", "--appdata", display.home / "data", opened
        )
        try:
            title = ["opened.mlt - Shotcut"]
            display.until(
                "a window with the project, no dialog, no mark that it was changed",
                program,
                lambda: list(display.windows().values()) == title,
            )
            (window,) = display.windows()
            display.until(
                "a saved project",
                program,
                lambda: opened.stat().st_mtime_ns != before.st_mtime_ns,
                press=(window, "ctrl+s"),
            )
            display.until("the end", program, lambda: program.poll() == 0, (window, "ctrl+q"))
        finally:
            end(program)
    is_the_same(opened, ours, film)
