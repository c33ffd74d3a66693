"""Draw a timeline as one contact sheet: what every cut shows, where it comes from, how long it is.

A card a cut: the frame it begins on, large; below it the frame at its middle and the one it ends
on, where the film has few enough cuts to look at them so closely.
"""

import math
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from editor.errors import OutputError
from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.footage.frames import FrameReader
from editor.timing import Timecode, rate_text

Colour = tuple[int, int, int]

# A neutral dark sheet, as grading suites have, so that the pictures keep their own colours.
GROUND: Colour = (22, 23, 25)
SUNK: Colour = (33, 35, 38)  # where a picture will stand
BRIGHT: Colour = (236, 237, 238)
QUIET: Colour = (158, 162, 167)  # 7:1 against GROUND
# Okabe and Ito's colours that stand out on GROUND, told apart by all kinds of colour vision.
CLIP_COLOURS: tuple[Colour, ...] = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66),
    (204, 121, 167), (213, 94, 0), (128, 140, 214), (176, 176, 176),
)  # fmt: skip
TALLEST = 24_000  # px: above it, viewers refuse a picture, so the cards get smaller
PACKED = 3  # of PNG's 0 to 9: half the time of its usual 6 for a twentieth more bytes
MARGIN = 40  # px
RIBBON = 22  # px, height of the film's ribbon
HEADER = 132  # px, from the top margin to the first card
GAP = 26  # px between columns
CAPTION = 6.8  # sizes of the small text: three lines, and the gap to the next row of cards
TIMES, TO = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"


@dataclass(frozen=True)
class Layout:
    """Sizes in px of a sheet's cards, and what each one shows."""

    columns: int
    rows: int
    picture: tuple[int, int]  # of a cut's first frame
    strip: tuple[int, int] | None  # of its middle and last frame
    text: int  # size of the small text

    @property
    def card(self) -> tuple[int, int]:
        """Width and height of a card with the gap below it."""
        strip = self.strip[1] + 4 if self.strip else 0
        return self.picture[0], self.picture[1] + strip + round(self.text * CAPTION)

    @property
    def sheet(self) -> tuple[int, int]:
        """Width and height of the whole picture."""
        width = 2 * MARGIN + self.columns * self.picture[0] + (self.columns - 1) * GAP
        return max(width, 1000), 2 * MARGIN + HEADER + self.rows * self.card[1]


def draw(timeline: Timeline, path: Path) -> None:
    """Write the storyboard of `timeline` as a PNG at `path`, whole or not at all.

    The pictures are what the film shows: fitted into its frame as the render fits them. Raises
    FootageError where a clip's frame cannot be read, OutputError where `path` cannot be written.
    """
    plan = layout(len(timeline.cuts), timeline.size)
    sheet = Image.new("RGB", plan.sheet, GROUND)
    pen = ImageDraw.Draw(sheet)
    colours = clip_colours(timeline)
    _header(pen, timeline, plan)
    _ribbon(pen, timeline, plan, colours)
    for number, cut in enumerate(timeline.cuts):
        left, top = _corner(plan, number)
        _caption(pen, (left, top), plan, number, cut, timeline.rate, colours[cut.clip.digest])
    for number, sample, picture in _pictures(timeline, plan):
        sheet.paste(Image.fromarray(picture), place_of(plan, number, sample))
    save_png(sheet, path)


def layout(cuts: int, size: tuple[int, int]) -> Layout:
    """Choose the cards for a number of cuts of a film of `size` px: the fewer, the larger."""
    aspect = Fraction(*size)
    tall = aspect < 1
    for most, columns, width in ((3, 3, 560), (8, 4, 460), (24, 5, 400), (60, 6, 360)):
        if cuts <= most:
            return _grid(cuts, min(columns * (2 if tall else 1), max(cuts, 1)), width, aspect, True)
    plan = _grid(cuts, 8, 288, aspect, False)
    while plan.sheet[1] > TALLEST and plan.columns < 24:
        plan = _grid(cuts, plan.columns + 2, plan.picture[0] - 12, aspect, False)
    return plan


def _grid(cuts: int, columns: int, width: int, aspect: Fraction, roomy: bool) -> Layout:
    if aspect < 1:
        width = max(
            width * 3 // 5, 216
        )  # an upright film's cards are narrower, text must still fit
    height = round(width / aspect)
    half = (width - 4) // 2
    return Layout(
        columns=columns,
        rows=math.ceil(cuts / columns),
        picture=(width, height),
        strip=(half, round(half / aspect)) if roomy else None,
        text=max(11, min(16, width // 24)),
    )


def clip_colours(timeline: Timeline) -> dict[str, Colour]:
    """A colour for each clip by its digest, in the order in which the film first shows them."""
    clips = dict.fromkeys(cut.clip.digest for cut in timeline.cuts)
    return {digest: CLIP_COLOURS[number % len(CLIP_COLOURS)] for number, digest in enumerate(clips)}


def printable(text: str) -> str:
    """The text with line breaks, other control characters and broken bytes written as escapes."""
    return "".join(
        char
        if not unicodedata.category(char).startswith(("C", "Z")) or char == " "
        else char.encode("unicode_escape", "backslashreplace").decode("ascii")
        for char in text
    )


def shorten(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, its middle left out where it is wider than `width` px; its ends tell most."""
    if font.getlength(text) <= width:
        return text
    for keep in range(len(text) - 1, 1, -1):
        head = (keep + 1) // 2
        short = f"{text[:head]}…{text[len(text) - keep + head :]}"
        if font.getlength(short) <= width:
            return short
    return "…"


def save_png(picture: Image.Image, path: Path) -> None:
    """Write a picture under a temporary name beside `path` and rename it when whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            picture.save(file, "PNG", compress_level=PACKED)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as err:
        part.unlink(missing_ok=True)
        raise OutputError(f"Cannot write {path}: {err.strerror or err}.") from err


def _pictures(timeline: Timeline, plan: Layout) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield cut number, sample and picture (H, W, 3) uint8 RGB, clip by clip in frame order.

    So each clip is opened once and read forwards, however often the film returns to it.
    """
    wanted: dict[str, list[tuple[int, int, int]]] = {}
    clips: dict[str, Clip] = {}
    for number, cut in enumerate(timeline.cuts):
        clips[cut.clip.digest] = cut.clip
        frames = _samples(cut) if plan.strip else _samples(cut)[:1]
        for sample, frame in enumerate(frames):
            wanted.setdefault(cut.clip.digest, []).append((frame, number, sample))
    for digest, wishes in wanted.items():
        if not clips[digest].path.exists():
            continue  # offline: its cards keep their place, without a picture
        with FrameReader(clips[digest], plan.picture, timeline.fit) as reader:
            for frame, number, sample in sorted(wishes):
                picture = next(iter(reader.arrays(frame, frame + 1)))
                yield number, sample, _scaled(picture, plan, sample)


def _samples(cut: Cut) -> tuple[int, ...]:
    """Frames of the clip that a cut shows first, in its middle and last."""
    first, last = cut.source.first, cut.source.stop - 1
    return first, (first + last) // 2, last


def _scaled(picture: np.ndarray, plan: Layout, sample: int) -> np.ndarray:
    if sample == 0 or plan.strip is None:
        return picture
    small = Image.fromarray(picture).resize(plan.strip, Image.Resampling.LANCZOS)
    return np.asarray(small)


def _corner(plan: Layout, number: int) -> tuple[int, int]:
    """Top left corner of a cut's card."""
    row, column = divmod(number, plan.columns)
    return MARGIN + column * (plan.picture[0] + GAP), MARGIN + HEADER + row * plan.card[1]


def place_of(plan: Layout, number: int, sample: int) -> tuple[int, int]:
    """Top left corner of one of a card's pictures."""
    left, top = _corner(plan, number)
    if sample == 0 or plan.strip is None:
        return left, top
    right = left + plan.picture[0] - plan.strip[0]
    return (left if sample == 1 else right), top + plan.picture[1] + 4


def _header(pen: ImageDraw.ImageDraw, timeline: Timeline, plan: Layout) -> None:
    width, _ = plan.sheet
    clips = len({cut.clip.digest for cut in timeline.cuts})
    pen.text((MARGIN, MARGIN + 26), "Storyboard", BRIGHT, font("bold", 32), anchor="ls")
    facts = (
        _count(len(timeline.cuts), "cut"),
        f"from {_count(clips, 'clip')}",
        f"{float(timeline.duration):.2f} s",
        f"{rate_text(timeline.rate)} fps",
        f"{timeline.size[0]} {TIMES} {timeline.size[1]}",
        *((f"music {timeline.music.path.name}",) if timeline.music else ()),
    )
    line = shorten(printable("   ·   ".join(facts)), font("sans", 16), width - 2 * MARGIN)
    pen.text((MARGIN, MARGIN + 56), line, QUIET, font("sans", 16), anchor="ls")


def _ribbon(
    pen: ImageDraw.ImageDraw, timeline: Timeline, plan: Layout, colours: dict[str, Colour]
) -> None:
    """The film from left to right: a block a cut, as long as the cut, in its clip's colour."""
    left, top = MARGIN, MARGIN + 74
    span = plan.sheet[0] - 2 * MARGIN
    label = font("bold", 12)
    for number, cut in enumerate(timeline.cuts):
        start = left + round(cut.start * span / timeline.frames)
        stop = left + round(cut.stop * span / timeline.frames)
        stop = max(stop - 2, start + 1)
        pen.rectangle((start, top, stop - 1, top + RIBBON - 1), colours[cut.clip.digest])
        if (text := str(number + 1)) and label.getlength(text) + 4 <= stop - start:
            middle = ((start + stop) // 2, top + RIBBON // 2)
            pen.text(middle, text, GROUND, label, anchor="mm")


def _caption(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    plan: Layout,
    number: int,
    cut: Cut,
    rate: Fraction,
    colour: Colour,
) -> None:
    """The card's frame and text: number and clip, source timecode and length, place in the film."""
    left, top = corner
    right = left + plan.picture[0]
    pen.rectangle((left, top, right - 1, top + plan.picture[1] - 1), SUNK)
    below = top + plan.card[1] - round(plan.text * CAPTION)
    pen.rectangle((left, below, right - 1, below + 2), colour)
    small, mono, bold = (font(kind, plan.text) for kind in ("sans", "mono", "bold"))
    line = plan.text * 1.45
    first = below + plan.text * 1.75
    pen.text((left, first), str(number + 1), colour, bold, anchor="ls")
    indent = left + bold.getlength(f"{number + 1}") + plan.text * 0.7
    name = shorten(printable(cut.clip.name), bold, right - indent)
    pen.text((indent, first), name, BRIGHT, bold, anchor="ls")
    codes = [str(cut.clip.timecode_at(frame)) for frame in (cut.source.first, cut.source.stop)]
    pen.text((left, first + line), f"{codes[0]} {TO} {codes[1]}", BRIGHT, mono, anchor="ls")
    length = f"{float(cut.length / rate):.2f} s · {cut.length} fr"
    pen.text((left, first + 2 * line), length, BRIGHT, small, anchor="ls")
    place = f"film {Timecode(cut.start, rate)}"
    pen.text((right, first + 2 * line), place, QUIET, mono, anchor="rs")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@cache
def font(kind: str, size: int) -> ImageFont.FreeTypeFont:
    """DejaVu, which matplotlib brings along: "sans", "bold" or "mono"."""
    names = {"sans": "DejaVuSans", "bold": "DejaVuSans-Bold", "mono": "DejaVuSansMono"}
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"{names[kind]}.ttf"), size)
