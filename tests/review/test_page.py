"""A real Chromium drives the review page; after each deed the server's own state is asked."""

import base64
import io
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn

from editor.cli import MADE, main
from editor.film import saved
from editor.film.timeline import Alternative, Cut
from editor.review import server
from editor.review.room import Room
from editor.timing import FrameSpan, parse_rate, source_frame
from tests import media

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
PATIENCE = 20_000  # ms: two busy cores
FRAMES, RATE = 120, 25  # of each clip
APART = 1000  # numbers between two clips' first frames
FILMS = (  # (take, in, out) of each cut: two films of the same footage
    ((1, 10, 40), (2, 65, 100), (3, 12, 32), (1, 70, 95), (2, 5, 45)),
    ((3, 20, 50), (1, 62, 92), (2, 8, 38)),
)
Page = Any
Json = dict[str, Any]


# --- a version to review --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """An outputs folder with two versions of one small film, analysed once."""
    folder = tmp_path_factory.mktemp("page")
    for number in range(3):
        media.numbered(
            folder / "rushes" / f"take {number + 1}.mp4",
            FRAMES,
            RATE,
            size=(320, 180),
            sound=media.tone(FRAMES / RATE, 300.0 + 100 * number),
            scenes=media.Scenes(seed=1000 * number, cuts=(60,), pan=1.5),
            first_number=APART * number,
        )
    outputs = folder / "outputs"
    words = ["--outputs", str(outputs), "--no-render", "--duration", "3", "--policy", "greedy"]
    assert main(["cut", str(folder / "rushes"), *words]) == MADE
    shutil.copytree(outputs / "rushes-v001", outputs / "rushes-v002")
    with Room(outputs, 1) as room:
        for number, spans in enumerate(FILMS, 1):
            recut(outputs / f"rushes-v{number:03}", spans)
            making, _ = room.film(room.desk.open(f"rushes-v{number:03}"), 0)
            room.proxies.wait(making)
    return outputs


def recut(version: Path, spans: Sequence[tuple[int, int, int]]) -> None:
    """Give a version the cuts that the tests speak of: (take, in, out) each."""
    edit = saved.read(version)
    clips = {cut.clip.name: cut.clip for cut in edit.timeline.cuts}
    clips |= {
        other.clip.name: other.clip for cut in edit.timeline.cuts for other in cut.alternatives
    }
    cuts: list[Cut] = []
    for take, first, stop in spans:
        clip = clips[f"take {take}.mp4"]
        other = Alternative(clip, FrameSpan(first + 2, stop + 2), clip.name, "other take")
        start = cuts[-1].stop if cuts else 0
        told = {"terms": {"sharpness": 0.5, "jump_cut": -0.25}, "reason": "over another"}
        span = FrameSpan(first, stop)
        cuts.append(
            Cut(clip, span, start, stop - first, clip.name, 0.1, alternatives=(other,), **told)
        )
    saved.write(replace(edit, timeline=replace(edit.timeline, cuts=tuple(cuts))), version)


@pytest.fixture(scope="module")
def meek(tmp_path_factory) -> str:
    """Chromium's path, for root by way of a script that gives up real-time priority.

    Where it may, Chromium runs its sound in real time: a thread that spins there takes a whole core
    from all else, which once held a run up for an hour.
    """
    setpriv = shutil.which("setpriv")
    words = [str(setpriv), "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]
    if setpriv is None or os.geteuid() != 0 or subprocess.run([*words, "true"]).returncode:
        return str(CHROMIUM)
    script = tmp_path_factory.mktemp("browser") / "chromium"
    script.write_text(f'#!/bin/sh\nexec {shlex.join([*words, str(CHROMIUM)])} "$@"\n')
    script.chmod(0o755)
    return str(script)


@pytest.fixture(scope="module")
def browser(meek) -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=meek,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def served(made, tmp_path) -> Iterator[str]:
    """The address of a server over a copy of the outputs."""
    outputs = shutil.copytree(made, tmp_path / "outputs")
    with server.listen(0) as sock, Room(outputs, sock.getsockname()[1]) as room:
        config = uvicorn.Config(server.create_app(room), log_level="error", lifespan="off")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: running.run(sockets=[sock]))
        thread.start()
        yield f"http://127.0.0.1:{room.port}/#token={room.token}"
        running.should_exit = True
        thread.join(10)


@dataclass
class Tab:
    """A page that is open on the first version."""

    page: Page
    home: str
    title: str = "rushes-v001"

    def get(self, path: str) -> Json:
        answer = self.page.request.get(f"{self.home}{path}")
        assert answer.ok, answer.text()
        return dict(answer.json())

    @property
    def version(self) -> Json:
        return self.get(f"/api/versions/{self.title}")

    @property
    def cuts(self) -> list[Json]:
        """Of the film as the server has it, in order."""
        return sorted(
            (cut for cut in self.version["cuts"] if not cut["dropped"]),
            key=lambda cut: cut["film_in"],
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def after(self, deed: Callable[[], None], changes: int = 1) -> Json:
        """Do something, wait until the page shows so many changes more, return the version."""
        before = int(self.page.locator("body").get_attribute("data-revision"))
        deed()
        self.wait("body", "data-revision", str(before + changes))
        return self.version

    def wait(self, selector: str, name: str, value: str | re.Pattern[str]) -> None:
        expect(self.page.locator(selector)).to_have_attribute(name, value, timeout=PATIENCE)

    def whole(self) -> None:
        """Wait until the film plays in one piece."""
        self.wait("body", "data-whole", "true")

    def number(self, frame: int) -> int | None:
        """The number in the picture when the canvas says that it shows this film frame."""
        self.wait("#picture", "data-drawn", str(frame))
        return self.read()[1]

    def read(self) -> tuple[int, int | None]:
        """The film frame that the canvas says it shows, and the number that is in its pixels."""
        frame, data = self.page.evaluate(
            "() => { const c = document.querySelector('#picture');"
            " return [Number(c.dataset.drawn), c.toDataURL('image/png')]; }"
        )
        return frame, number_in(data)

    def expected(self, *frames: int) -> list[int]:
        """The numbers that film frames have to show."""
        version = self.version
        rate = parse_rate(version["rate"])
        return [numbered(version, rate, frame) for frame in frames]


def numbered(version: Json, rate: Fraction, frame: int) -> int:
    """The number that a film frame has to show."""
    cuts = (cut for cut in version["cuts"] if not cut["dropped"])
    cut = next(cut for cut in cuts if cut["film_in"] <= frame < cut["film_out"])
    clip = version["clips"][cut["clip"]]
    spans = frame - cut["film_in"], cut["clip_in"], cut["clip_out"]
    take = int(clip["name"].split()[1].removesuffix(".mp4"))
    return APART * (take - 1) + source_frame(*spans, parse_rate(clip["rate"]), rate)


def number_in(data: str) -> int | None:
    """The frame number in a picture as a data address."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as picture:
        return media.read_number(np.asarray(picture.convert("RGB")))


@pytest.fixture
def tab(browser, served) -> Iterator[Tab]:
    """A page on the first version. It may complain of nothing, and ask nobody else."""
    said: list[str] = []
    with open_tab(browser, served, said) as opened:
        yield opened
    assert said == []


class open_tab:
    """One more tab, in a profile of its own."""

    def __init__(self, browser: Any, address: str, said: list[str]) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.address, self.said = address, said

    def __enter__(self) -> Tab:
        page = self.context.new_page()
        page.set_default_timeout(3 * PATIENCE)  # to open; what is waited for has PATIENCE
        home = self.address.partition("/#")[0]
        page.on("pageerror", lambda err: self.said.append(str(err)))
        page.on("console", self._heard)
        page.on("request", lambda asked: self._asked(asked.url, home))
        page.goto(self.address)
        tab = Tab(page, home)
        tab.wait("body", "data-started", "yes")
        page.locator("#version").select_option(tab.title)
        tab.wait("body", "data-title", tab.title)
        tab.whole()
        return tab

    def _heard(self, message: Any) -> None:
        # A refusal is an answer with status 409 or 422, which Chromium logs by itself.
        if message.type in ("error", "warning") and not re.search("409|422", message.text):
            self.said.append(message.text)

    def _asked(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            self.said.append(f"asked {url}")

    def __exit__(self, *_: object) -> None:
        self.context.close()


# --- the picture ----------------------------------------------------------------------------------


def test_every_step_shows_exactly_the_frame_under_the_playhead(tab):
    frame, last = 0, tab.version["frames"] - 1
    for keys, change in (
        (["ArrowRight"], 1),
        (["ArrowRight"] * 3, 3),
        (["Shift+ArrowRight"], 10),
        (["ArrowLeft"], -1),
        (["End"], last),
        (["Shift+ArrowLeft"], -10),
        (["Home"], -last),
    ):
        tab.press(*keys)
        frame = min(last, max(0, frame + change))
        assert [tab.number(frame)] == tab.expected(frame)


def test_both_sides_of_every_cut_are_shown_to_the_frame(tab):
    for cut in tab.cuts[1:]:
        tab.press("ArrowDown")
        assert [tab.number(cut["film_in"])] == tab.expected(cut["film_in"])
        tab.press("ArrowLeft")
        assert [tab.number(cut["film_in"] - 1)] == tab.expected(cut["film_in"] - 1)
        tab.press("ArrowRight")


def test_playing_on_and_back_shows_only_frames_that_are_true(tab):
    expected = tab.expected(*range(tab.version["frames"]))
    tab.press("l")
    tab.wait("#picture", "data-drawn", re.compile(r"^[2-9]\d$"))
    seen = [tab.read() for _ in range(8)]
    tab.press("k")
    tab.wait("body", "data-playing", "0")
    stopped, _ = tab.read()
    tab.press("j")
    tab.wait("#picture", "data-drawn", re.compile(rf"^({'|'.join(map(str, range(stopped)))})$"))
    seen += [tab.read() for _ in range(4)]
    tab.press("k")
    assert {frame for frame, _ in seen}.issubset(range(len(expected)))
    assert [number for _, number in seen] == [expected[frame] for frame, _ in seen]


def test_frames_that_are_announced_late_are_still_named_rightly(tab):
    tab.page.evaluate(
        "() => { const told = HTMLVideoElement.prototype.requestVideoFrameCallback;"
        " HTMLVideoElement.prototype.requestVideoFrameCallback = function (call) {"
        " return told.call(this, (...given) => setTimeout(() => call(...given), 90)); }; }"
    )
    tab.press("l")
    tab.wait("#picture", "data-drawn", re.compile(r"^[2-9]\d$"))
    seen = [tab.read() for _ in range(6)]
    tab.press("k")
    assert [number for _, number in seen] == tab.expected(*(frame for frame, _ in seen))


@pytest.mark.parametrize(
    ("key", "frame"), [("Home", 0), ("End", None), ("ArrowDown", None), ("Shift+ArrowLeft", None)]
)
def test_a_step_while_it_plays_stops_at_the_frame_under_the_playhead(tab, key, frame):
    tab.press("l")
    tab.wait("#picture", "data-drawn", re.compile(r"^[1-9]\d$"))
    tab.press(key)
    tab.wait("body", "data-playing", "0")
    if frame is None:
        code = tab.page.locator("#film-time").inner_text()
        _, minutes, seconds, frames = map(int, code.split(":"))
        frame = (60 * minutes + seconds) * RATE + frames
    assert [tab.number(frame)] == tab.expected(frame)


def test_nothing_on_the_page_moves_while_it_plays(tab):
    tab.page.evaluate(
        "() => { window.shifts = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shifts += entry.value;"
        " }).observe({ type: 'layout-shift' }); }"
    )
    tab.press("Space")
    tab.wait("#picture", "data-drawn", re.compile(r"^[5-9]\d$"))
    tab.press("Space")
    tab.wait("body", "data-playing", "0")
    assert tab.page.evaluate("window.shifts") == 0


def test_a_picture_that_is_not_the_playheads_is_dimmed_while_the_right_one_is_awaited(tab):
    held: list[Any] | None = []

    def hold(route: Any) -> None:
        if held is None:
            route.continue_()
        else:
            held.append(route)

    tab.page.route("**/media/**", hold)
    tab.press(".")  # the film begins a frame later: a picture that was not fetched yet
    tab.wait("#picture", "data-late", re.compile(r"^\d+$"))
    waiting, held = held, None
    for route in waiting:
        route.continue_()
    expect(tab.page.locator("#picture:not([data-late])")).to_have_count(1, timeout=PATIENCE)
    assert [tab.number(0)] == tab.expected(0)


def test_a_version_that_is_opened_again_is_stepped_through_and_played(tab):
    for title in ("rushes-v002", "rushes-v001"):
        tab.page.locator("#version").select_option(title)
        tab.wait("body", "data-title", title)
        tab.whole()
    tab.press("ArrowRight", "ArrowRight")
    assert [tab.number(2)] == tab.expected(2)
    tab.press("l")
    tab.wait("#picture", "data-drawn", re.compile(r"^[1-9]\d$"))
    tab.press("k")
    tab.wait("body", "data-playing", "0")
    frame, number = tab.read()
    assert [number] == tab.expected(frame)


# --- corrections ----------------------------------------------------------------------------------


def test_comma_and_full_stop_move_the_chosen_edge_by_a_frame(tab):
    tab.press("ArrowDown")
    before = tab.cuts
    second = before[1]
    version = tab.after(lambda: tab.press("."))
    trimmed = tab.cuts[1]
    assert trimmed["clip_in"] == second["clip_in"] + 1
    assert trimmed["clip_out"] == second["clip_out"]
    assert version["frames"] == sum(cut["length"] for cut in before) - 1
    assert [tab.number(second["film_in"])] == tab.expected(second["film_in"])
    tab.press("e")  # the out point now
    tab.after(lambda: tab.press("<"))
    assert tab.cuts[1]["clip_out"] == second["clip_out"] - 10
    last = tab.cuts[1]["film_out"] - 1
    assert [tab.number(last)] == tab.expected(last)


def test_i_and_o_begin_and_end_a_cut_at_the_playhead(tab):
    first = tab.cuts[0]
    tab.press(*["ArrowRight"] * 4)
    tab.number(4)
    tab.after(lambda: tab.press("i"))
    assert tab.cuts[0]["clip_in"] == first["clip_in"] + 4
    tab.press("Home", *["ArrowRight"] * 9)
    tab.number(9)
    tab.after(lambda: tab.press("o"))
    assert tab.cuts[0]["length"] == 10


def drag(tab: Tab, box: Json, start: tuple[float, float], by: float) -> None:
    """Press at a place of an element's box, move sideways and let go."""
    mouse = tab.page.mouse
    x, y = box["x"] + start[0], box["y"] + start[1]
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + by / 2, y, steps=3)
    mouse.move(x + by, y, steps=3)
    mouse.up()


def test_an_edge_dragged_in_roll_moves_the_neighbour_along(tab):
    tab.press("t")
    before, frames = tab.cuts, tab.version["frames"]
    box = tab.page.locator(f'[data-cut="{before[0]["id"]}"]').bounding_box()
    pixels = box["width"] / before[0]["length"]
    edge = (box["width"] - 3, 60)
    tab.after(lambda: drag(tab, box, edge, -8 * pixels))
    after = tab.cuts
    assert after[0]["clip_out"] == before[0]["clip_out"] - 8
    assert after[1]["clip_in"] == before[1]["clip_in"] - 8
    assert tab.version["frames"] == frames


def test_a_cut_is_moved_by_dragging_and_by_key(tab):
    order = [cut["id"] for cut in tab.cuts]
    box = tab.page.locator(f'[data-cut="{order[0]}"]').bounding_box()
    second = tab.page.locator(f'[data-cut="{order[1]}"]').bounding_box()
    tab.after(lambda: drag(tab, box, (box["width"] / 2, 60), second["width"] + box["width"] / 3))
    assert [cut["id"] for cut in tab.cuts][:2] == [order[1], order[0]]
    tab.press("Home")
    tab.number(0)
    tab.after(lambda: tab.press("Alt+ArrowRight"))
    assert [cut["id"] for cut in tab.cuts] == order


def test_what_is_dropped_can_be_undone_redone_and_put_back(tab):
    order = [cut["id"] for cut in tab.cuts]
    tab.after(lambda: tab.press("x"))
    assert [cut["id"] for cut in tab.cuts] == order[1:]
    assert [tab.number(0)] == tab.expected(0)
    tab.after(lambda: tab.press("Control+z"))
    assert [cut["id"] for cut in tab.cuts] == order
    tab.after(lambda: tab.press("Control+Shift+z"))
    assert [cut["id"] for cut in tab.cuts] == order[1:]
    tab.page.get_by_role("tab", name="Film").click()
    tab.after(lambda: tab.page.get_by_role("button", name="Put back").click())
    assert [cut["id"] for cut in tab.cuts] == order


def test_a_locked_cut_says_at_the_control_why_it_is_not_trimmed(tab):
    tab.after(lambda: tab.press("p"))
    before = tab.cuts
    assert before[0]["locked"]
    tab.press(".")
    refusal = tab.page.locator("#refusal")
    expect(refusal).to_be_visible(timeout=PATIENCE)
    expect(refusal).to_contain_text("lock")
    assert tab.cuts == before
    tab.press("Escape")
    expect(refusal).to_be_hidden()


def test_footage_that_is_found_and_marked_takes_a_cuts_place(tab):
    tab.press("f")
    tab.page.get_by_label("Find a shot by name").fill("take 3")
    moment = tab.page.locator(".moment").first
    expect(moment).to_contain_text("take 3", timeout=PATIENCE)
    moment.click()
    tab.page.get_by_label(re.compile("^Frame of take 3")).focus()
    start = tab.page.locator(".source-range").input_value()
    tab.press("i", *["Shift+ArrowRight"] * 2)
    tab.number(int(start) + 20)
    tab.press("o")
    tab.after(lambda: tab.press("Enter"))
    put = tab.cuts[0]
    assert (put["clip_in"], put["clip_out"]) == (int(start), int(start) + 21)
    assert tab.version["clips"][put["clip"]]["name"] == "take 3.mp4"
    assert [tab.number(0)] == tab.expected(0) == [2 * APART + int(start)]


def test_an_alternative_is_taken_by_its_number(tab):
    cut = next(cut for cut in tab.cuts if cut["alternatives"])
    tab.press("Home", *["ArrowDown"] * (cut["number"] - 1))
    tab.number(cut["film_in"])
    tab.after(lambda: tab.press("1"))
    other, now = cut["alternatives"][0], tab.cuts[cut["number"] - 1]
    assert [now[key] for key in ("clip", "clip_in", "clip_out")] == [
        other[key] for key in ("clip", "clip_in", "clip_out")
    ]


def test_a_ban_a_must_and_a_note_are_kept(tab):
    tab.after(lambda: tab.press("m"))
    assert len(tab.version["musts"]) == 1
    tab.press("n")
    tab.page.keyboard.type("her look lands here")
    tab.after(lambda: tab.press("Control+Enter"))
    assert tab.cuts[0]["note"] == "her look lands here"
    tab.after(lambda: tab.press("m", "b"), changes=2)
    version = tab.version
    assert version["musts"] == [] and len(version["bans"]) == 1


def test_a_corrected_film_plays_exactly_before_it_is_there_in_one_piece(tab):
    def unready(route: Any) -> None:
        route.fulfill(json={"ready": False, "share": 0.5, "url": "", "problem": None})

    tab.page.route(re.compile("/api/versions/[^/]+/film"), unready)
    tab.press("ArrowDown")
    tab.after(lambda: tab.press("x"))
    tab.wait("body", "data-whole", "false")
    expected = tab.expected(*range(tab.version["frames"]))
    join = tab.cuts[1]["film_in"]
    for key, frame in (("ArrowLeft", join - 1), ("ArrowRight", join), ("Home", 0)):
        tab.press(key)
        assert tab.number(frame) == expected[frame]
    tab.press("l")
    seen = []
    while not seen or seen[-1][0] < join + 8:
        seen.append(tab.read())
    tab.press("k")
    tab.wait("body", "data-playing", "0")
    assert [number for _, number in seen] == [expected[frame] for frame, _ in seen]
    assert {frame < join for frame, _ in seen} == {True, False}


# --- judgement ------------------------------------------------------------------------------------


def test_a_verdict_is_kept_with_its_reasons(tab):
    tab.after(lambda: tab.press("r"))
    tab.after(lambda: tab.page.get_by_role("button", name="rhythm", exact=True).click())
    verdict = tab.cuts[0]["verdict"]
    assert (verdict["verdict"], verdict["reasons"]) == ("reject", ["rhythm"])
    tab.after(lambda: tab.press("Shift+A"))
    assert tab.version["verdict"]["verdict"] == "approve"
    tab.after(lambda: tab.press("r"))  # the same again takes it back
    assert tab.cuts[0]["verdict"] is None


def test_a_preference_is_for_the_version_and_not_for_the_side(tab):
    page = tab.page
    tab.press("v")
    tab.wait("#compare", "data-ready", "yes")
    numbers = [
        number_in(page.locator(f".{side} canvas").first.evaluate("(c) => c.toDataURL()"))
        for side in ("left", "right")
    ]
    tab.press("1")
    tab.wait("#compare", "data-answered", "yes")
    preferred = page.locator(".side.won h3").inner_text()
    assert page.locator(".left h3").inner_text() == preferred
    first = {title: first_number(tab, title) for title in ("rushes-v001", "rushes-v002")}
    assert first[preferred] == numbers[0]
    kept = [event for event in tab.get("/api/history")["events"] if "prefer" in str(event)]
    assert preferred in str(kept[0])


def first_number(tab: Tab, title: str) -> int:
    """The number that a version's first frame shows."""
    return Tab(tab.page, tab.home, title).expected(0)[0]


def test_two_versions_that_are_paused_stand_on_the_same_frame(tab):
    tab.press("v")
    tab.wait("#compare", "data-ready", "yes")
    tab.press("l")
    left, right = (tab.page.locator(f".{side} .stage canvas") for side in ("left", "right"))
    expect(left).to_have_attribute("data-drawn", re.compile(r"^[1-5]\d$"), timeout=PATIENCE)
    tab.press("k")
    tab.wait("#compare", "data-playing", "false")
    frame = left.get_attribute("data-drawn")
    expect(right).to_have_attribute("data-drawn", frame, timeout=PATIENCE)
    assert left.get_attribute("data-drawn") == frame


# --- more than one --------------------------------------------------------------------------------


def test_a_stale_tab_reloads_its_state_and_says_what_was_not_done(tab, browser, served):
    with open_tab(browser, served, []) as other:
        other.after(lambda: other.press("x"))
        order = [cut["id"] for cut in tab.cuts]
        tab.press("p")
        refusal = tab.page.locator("#refusal")
        expect(refusal).to_contain_text("changed elsewhere", timeout=PATIENCE)
        tab.wait("body", "data-revision", "1")
        assert [cut["id"] for cut in tab.cuts] == order
        assert not any(cut["locked"] for cut in tab.cuts)
        expect(tab.page.locator(".cut")).to_have_count(len(order))


def test_a_reload_keeps_the_place_and_the_corrections(tab):
    tab.press("ArrowDown", "e", "t")
    second = tab.cuts[1]
    tab.after(lambda: tab.press("p"))
    tab.page.reload()
    tab.wait("body", "data-started", "yes")
    assert [tab.number(second["film_out"] - 1)] == tab.expected(second["film_out"] - 1)
    expect(tab.page.locator("#trim-edge")).to_have_text("Out")
    expect(tab.page.locator("#trim-mode")).to_have_text("Roll")
    selected = tab.page.get_by_role("option", selected=True).and_(tab.page.locator(".cut"))
    expect(selected).to_have_attribute("data-cut", second["id"])
    expect(selected).to_have_attribute("aria-label", re.compile("locked"))


def test_a_note_that_is_being_typed_outlives_a_reload_and_is_saved_when_it_is_left(tab):
    tab.press("n")
    tab.page.keyboard.type("hold on her")
    tab.page.reload()
    tab.wait("body", "data-started", "yes")
    box = tab.page.locator("#panel-cut textarea")
    expect(box).to_have_value("hold on her", timeout=PATIENCE)
    assert "unsaved" in box.get_attribute("class")
    assert tab.cuts[0]["note"] == ""
    tab.press("n")
    tab.after(lambda: tab.press("Control+Enter"))
    assert tab.cuts[0]["note"] == "hold on her"
    expect(box).not_to_have_class(re.compile("unsaved"))


def test_cutting_again_keeps_what_is_locked(tab):
    tab.after(lambda: tab.press("p"))
    locked = tab.cuts[0]
    tab.page.get_by_role("button", name="Cut again").click()
    tab.page.get_by_role("button", name=re.compile("^Open rushes-v003")).click(timeout=60_000)
    tab.wait("body", "data-title", "rushes-v003")
    again = Tab(tab.page, tab.home, "rushes-v003")
    kept = {(cut["clip"], cut["clip_in"], cut["clip_out"]) for cut in again.cuts}
    assert (locked["clip"], locked["clip_in"], locked["clip_out"]) in kept


def test_what_was_learned_from_corrections_is_told_on_the_page(tab):
    tab.after(lambda: tab.press("."))
    tab.page.get_by_role("button", name="Learn").click()
    told = tab.page.get_by_role("dialog", name="What was learned")
    expect(told).to_contain_text("1 correction of 1 film", timeout=90_000)
    job = tab.get("/api/jobs")["jobs"][-1]
    assert (job["kind"], job["state"]) == ("retrain", "done")
    for line in job["result"]["cannot"]:
        expect(told).to_contain_text(line)


# --- for everybody --------------------------------------------------------------------------------


def test_everything_that_can_be_pressed_has_a_name_and_the_keys_are_listed(tab):
    for name in ("Film", "Footage", "Cut"):
        tab.page.get_by_role("tab", name=name).click()
        nameless = tab.page.evaluate(
            "() => [...document.querySelectorAll('button, select, input, textarea')]"
            ".filter((e) => e.checkVisibility() && !e.labels?.length && !e.ariaLabel"
            " && !e.innerText.trim() && !e.title).map((e) => e.outerHTML)"
        )
        assert nameless == []
    tab.press("?")
    keys = tab.page.locator("#keys")
    expect(keys).to_be_visible()
    for key in ("J", "K", "L", "I", "O", ",", "."):
        expect(
            keys.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$")).first
        ).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 800), (2560, 1440)])
def test_nothing_is_cut_off_at_either_width(tab, size):
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    tab.wait("body", "data-started", "yes")
    over = tab.page.evaluate(
        "() => [...document.querySelectorAll('#head button, #transport button, .strip-tools button,"
        " .deeds button, .choices button, .chips button')].filter((e) => {"
        " const b = e.getBoundingClientRect();"
        " return b.right > innerWidth || b.bottom > innerHeight && !e.closest('.panel')"
        " || e.scrollWidth > e.clientWidth + 1; }).map((e) => e.innerText || e.title)"
    )
    assert over == []
