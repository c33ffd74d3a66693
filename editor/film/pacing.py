"""Draw a timeline's rhythm: each shot's length over the film beside what the style asks, and the
reward terms by which each was chosen.

Top left: a block a shot, as wide and (on a logarithmic scale) as high as it is long, over the
style's median and its middle two thirds. Top right: the same lengths counted, beside the style's
distribution. Below: each cut's reward and its terms, aligned with the film above.
"""

import io
import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from PIL import Image

from editor.config import Pace, Style
from editor.film.storyboard import Colour, clip_colours, printable, save_png
from editor.film.timeline import Timeline
from editor.timing import rate_text

GROUND, SUNK, RULE = "#161719", "#212326", "#3a3d41"
BRIGHT, QUIET = "#ecedee", "#9ea2a7"
LOW, HIGH = "#e69f00", "#56b4e9"  # Okabe and Ito's orange and blue: apart in all colour vision
TERM_COLOURS = LinearSegmentedColormap.from_list("terms", [LOW, "#2b2d30", HIGH])
DPI = 100
WIDTH = 16.0  # in
FURNITURE = 1.75  # in, of title, labels and margins
LENGTHS, REWARD, TERM = 4.2, 0.8, 0.26  # in, heights of the panels and of one term's row
NUMBERED = 0.012  # share of the film: a narrower block has no room for its number
RUNNING = 5  # shots whose median the thin line shows: one is noise, more hides a quick passage
LEAST_RUNNING = 20  # shots: over fewer, the line only repeats the blocks
TEXT = 10  # pt
TO = "\N{EN DASH}"


def draw(timeline: Timeline, style: Style, path: Path) -> None:
    """Write the pacing picture of `timeline` as a PNG at `path`, whole or not at all.

    Raises OutputError where `path` cannot be written.
    """
    terms = list(dict.fromkeys(term for cut in timeline.cuts for term in cut.terms))
    height = FURNITURE + LENGTHS + (REWARD + TERM * len(terms) + 0.35 if terms else 0.0)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=GROUND)
    FigureCanvasAgg(figure)
    _title(figure, timeline, style, height)
    lengths = _panel(figure, height, 1.15, LENGTHS, left=True)
    counts = _panel(figure, height, 1.15, LENGTHS, left=False)
    seconds = np.array([cut.length / float(timeline.rate) for cut in timeline.cuts])
    _draw_lengths(lengths, timeline, seconds, style)
    _draw_counts(counts, lengths, seconds, style)
    if terms:
        top = 1.15 + LENGTHS + 0.2
        _draw_reward(_panel(figure, height, top, REWARD - 0.1, left=True), timeline)
        top += REWARD
        table = _terms(timeline, terms)
        _draw_terms(
            _panel(figure, height, top, TERM * len(terms), left=True), timeline, terms, table
        )
        _draw_means(
            _panel(figure, height, top, TERM * len(terms), left=False), table, seconds, terms
        )
    else:
        lengths.set_xlabel("film, s", color=QUIET, fontsize=TEXT)
        lengths.tick_params(labelbottom=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=GROUND)
    save_png(Image.open(buffer), path)


def style_median(pace: Pace, place: np.ndarray) -> np.ndarray:
    """Median that a style asks for at places in the film (0 its start, 1 its end), in s."""
    steps = np.linspace(0.0, 1.0, len(pace.curve))
    middle = float(pace.seconds_at(0.0))
    return np.asarray(middle * np.interp(place, steps, pace.curve), dtype=np.float64)


def expected_counts(pace: Pace, edges: np.ndarray, cuts: int) -> np.ndarray:
    """How many of a film's cuts a style puts between each two edges (s)."""
    standard = pace.scores(edges) / math.sqrt(2.0)
    below = np.array([0.5 * (1.0 + math.erf(value)) for value in standard])
    return np.asarray(cuts * np.diff(below), dtype=np.float64)


def _panel(figure: Figure, height: float, top: float, tall: float, *, left: bool) -> Axes:
    """Axes in the wide left or the narrow right column, `top` and `tall` in inches from above."""
    start, wide = (1.6, 11.1) if left else (12.95, 2.6)
    axes: Axes = figure.add_axes(
        (start / WIDTH, 1 - (top + tall) / height, wide / WIDTH, tall / height)
    )
    axes.set_facecolor(SUNK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=QUIET, labelsize=TEXT - 1, length=0)
    return axes


def _title(figure: Figure, timeline: Timeline, style: Style, height: float) -> None:
    lengths = np.array([cut.length / float(timeline.rate) for cut in timeline.cuts])
    figure.text(0.4 / WIDTH, 1 - 0.52 / height, "Pacing", color=BRIGHT, fontsize=20, weight="bold")
    name, asked = printable(style.name), round(float(style.pace.seconds_at(0.0)), 2)
    facts = [
        f"{len(lengths)} {'shot' if len(lengths) == 1 else 'shots'}",
        f"{float(timeline.duration):.2f} s at {rate_text(timeline.rate)} fps",
    ]
    if len(lengths):
        facts += [
            f"median {np.median(lengths):.2f} s, {name} asks {asked:g} s",
            f"shortest {lengths.min():.2f} s",
            f"longest {lengths.max():.2f} s",
        ]
    if timeline.music:
        facts.append(f"music {printable(timeline.music.path.name)}")
    line = "   ·   ".join(facts)
    figure.text(
        0.4 / WIDTH,
        1 - 0.82 / height,
        line,
        color=QUIET,
        fontsize=TEXT + 1,
        parse_math=False,
    )


def _draw_lengths(axes: Axes, timeline: Timeline, seconds: np.ndarray, style: Style) -> None:
    """Blocks of shot length over film time, over the style's median and middle two thirds."""
    total = float(timeline.duration) or 1.0
    pace = style.pace
    place = np.linspace(0.0, 1.0, 200)
    median = style_median(pace, place)
    low, middle, high = pace.seconds_at(np.array([-1.0, 0.0, 1.0]))
    low, high = median * low / middle, median * high / middle
    floor = min([*seconds, low.min()]) / 1.5
    ceiling = max([*seconds, high.max()]) * 1.35
    axes.set_yscale("log", base=2)
    axes.set_ylim(floor, ceiling)
    axes.set_xlim(0.0, total)
    axes.fill_between(place * total, low, high, color="#ffffff", alpha=0.07, lw=0)
    starts = np.array([cut.start / float(timeline.rate) for cut in timeline.cuts])
    _draw_blocks(axes, timeline, starts, seconds)
    axes.plot(place * total, median, color=BRIGHT, lw=1.6, ls=(0, (4, 3)))
    if len(seconds) >= LEAST_RUNNING:
        windows = np.lib.stride_tricks.sliding_window_view(seconds, RUNNING)
        middle = (starts + seconds / 2)[RUNNING // 2 : len(seconds) - RUNNING // 2]
        axes.plot(middle, np.median(windows, axis=1), color=GROUND, lw=3.5)
        axes.plot(middle, np.median(windows, axis=1), color=BRIGHT, lw=1.4)
    _seconds_axis(axes)
    axes.set_ylabel("shot length, s", color=QUIET, fontsize=TEXT)
    axes.tick_params(labelbottom=not any(cut.terms for cut in timeline.cuts))
    _legend(axes, printable(style.name), len(seconds) >= LEAST_RUNNING)


def _draw_blocks(axes: Axes, timeline: Timeline, starts: np.ndarray, seconds: np.ndarray) -> None:
    """A block a shot in its clip's colour: pale, with a bright top, so that lines stay readable."""
    floor = axes.get_ylim()[0]
    known = clip_colours(timeline)
    colours = [_unit(known[cut.clip.digest]) for cut in timeline.cuts]
    total = max(float(timeline.duration), 1e-9)
    width = np.maximum(seconds - total * 0.0015, seconds * 0.7)
    axes.bar(starts, seconds - floor, width, floor, align="edge", color=colours, alpha=0.38, lw=0)
    axes.hlines(seconds, starts, starts + width, colors=colours, linewidths=3)
    for number, (start, length) in enumerate(zip(starts, seconds, strict=True), 1):
        if length >= NUMBERED * total:
            middle = start + length / 2
            axes.annotate(
                str(number),
                (middle, length),
                (0, 4),
                textcoords="offset points",
                color=BRIGHT,
                fontsize=TEXT - 2,
                ha="center",
            )


def _legend(axes: Axes, name: str, running: bool) -> None:
    """Name the lines above the panel, at its right edge."""
    entries = [(f"- -  {name}: median, and its middle two thirds shaded", QUIET)]
    if running:
        entries.insert(0, (f"{TO}{TO}  film: median of {RUNNING} shots", BRIGHT))
    for row, (text, colour) in enumerate(entries):
        axes.text(
            1.0 - 0.44 * (len(entries) - 1 - row) if row < len(entries) - 1 else 1.0,
            1.015,
            text,
            transform=axes.transAxes,
            color=colour,
            fontsize=TEXT - 1,
            ha="right",
            va="bottom",
            parse_math=False,
        )


def _seconds_axis(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=RULE, lw=0.6)
    axes.set_axisbelow(True)


def _draw_counts(axes: Axes, beside: Axes, seconds: np.ndarray, style: Style) -> None:
    """Shots counted by length, beside the number that the style would have."""
    low, high = beside.get_ylim()
    edges = 2.0 ** np.arange(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 0.5, 0.5)
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    counts, _ = np.histogram(seconds, edges)
    axes.barh(
        edges[:-1],
        counts,
        height=np.diff(edges) * 0.94,
        align="edge",
        color=HIGH,
        alpha=0.85,
        lw=0,
    )
    wanted = expected_counts(style.pace, edges, len(seconds))
    axes.stairs(wanted, edges, orientation="horizontal", color=BRIGHT, lw=1.6, ls=(0, (4, 3)))
    _seconds_axis(axes)
    axes.tick_params(labelleft=False)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlim(0.0, max(*counts, *wanted, 1.0) * 1.12)
    axes.set_title("shots of each length", color=QUIET, fontsize=TEXT - 1, loc="left", pad=5)


def _draw_reward(axes: Axes, timeline: Timeline) -> None:
    """Each cut's step reward as a bar up or down."""
    rate = float(timeline.rate)
    starts = np.array([cut.start / rate for cut in timeline.cuts])
    lengths = np.array([cut.length / rate for cut in timeline.cuts])
    rewards = np.array([cut.reward for cut in timeline.cuts])
    reach = max(float(np.abs(rewards).max()), 1e-6) * 1.15
    axes.set_xlim(0.0, float(timeline.duration))
    axes.set_ylim(
        -reach if rewards.min() < 0 else -0.08 * reach, reach if rewards.max() > 0 else 0.08 * reach
    )
    axes.bar(
        starts,
        rewards,
        width=lengths - np.minimum(0.0015 * lengths.sum(), 0.3 * lengths),
        align="edge",
        color=np.where(rewards < 0, LOW, HIGH).tolist(),
        lw=0,
    )
    axes.axhline(0.0, color=RULE, lw=1)
    axes.tick_params(labelbottom=False)
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.set_ylabel("reward", color=BRIGHT, fontsize=TEXT, rotation=0, ha="right", va="center")


def _terms(timeline: Timeline, terms: list[str]) -> np.ndarray:
    """Raw value of each term at each cut: (K, T) float64, NaN where a cut has no such term."""
    return np.array([[cut.terms.get(term, np.nan) for cut in timeline.cuts] for term in terms])


def _draw_terms(axes: Axes, timeline: Timeline, terms: list[str], table: np.ndarray) -> None:
    """A row a term, a column a cut as wide as the cut."""
    rate = float(timeline.rate)
    edges = np.array([cut.start / rate for cut in timeline.cuts] + [float(timeline.duration)])
    axes.pcolormesh(edges, np.arange(len(terms) + 1), table, cmap=TERM_COLOURS, vmin=-1.0, vmax=1.0)
    rows = [[(0.0, row), (edges[-1], row)] for row in range(1, len(terms))]
    axes.add_collection(LineCollection(rows, colors=GROUND, linewidths=2.5))
    columns = [[(edge, 0), (edge, len(terms))] for edge in edges[1:-1]]
    axes.add_collection(LineCollection(columns, colors=GROUND, linewidths=0.8))
    axes.set_xlim(0.0, edges[-1])
    axes.set_ylim(len(terms), 0)
    axes.set_yticks(np.arange(len(terms)) + 0.5, [term.replace("_", " ") for term in terms])
    axes.tick_params(axis="y", colors=BRIGHT, pad=6)
    axes.set_xlabel("film, s", color=QUIET, fontsize=TEXT)


def _draw_means(axes: Axes, table: np.ndarray, seconds: np.ndarray, terms: list[str]) -> None:
    """Each term's mean over the film, every second counted alike."""
    known = ~np.isnan(table)
    weight = known * seconds
    means = np.where(known, table, 0.0) * seconds  # (K, T)
    means = means.sum(1) / np.maximum(weight.sum(1), 1e-9)  # (K, T) -> (K,)
    rows = np.arange(len(terms)) + 0.5
    axes.barh(rows, means, height=0.62, color=[HIGH if m >= 0 else LOW for m in means], lw=0)
    axes.axvline(0.0, color=RULE, lw=1)
    axes.set_xlim(-1.6, 1.6)
    axes.set_ylim(len(terms), 0)
    for row, mean in zip(rows, means, strict=True):
        side = "left" if mean >= 0 else "right"
        place = mean + (0.06 if mean >= 0 else -0.06)
        axes.text(place, row, f"{mean:+.2f}", color=BRIGHT, fontsize=TEXT - 2, ha=side, va="center")
    axes.set_yticks([])
    axes.set_xticks([-1, 0, 1])
    axes.set_xlabel("film's mean of each term", color=QUIET, fontsize=TEXT)


def _unit(colour: Colour) -> tuple[float, float, float]:
    """A 0-255 colour as matplotlib takes it."""
    red, green, blue = (channel / 255 for channel in colour)
    return red, green, blue
