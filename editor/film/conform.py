"""Turn the footage's many rates and sizes into the one rate and the one size of the film."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from editor.errors import EditorError
from editor.footage.clip import Clip
from editor.timing import rate_text, snap_rate

Key = TypeVar("Key", Fraction, tuple[int, int])

# Rates in which films are delivered and edited, ascending. 12 or 15 frames a second are not.
FILM_RATES = tuple(
    Fraction(n, d)
    for n, d in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1),
        (48, 1), (50, 1), (60000, 1001), (60, 1),
    )
)  # fmt: skip
RATE_STEP = (
    200  # mismatches are compared in steps of 1/200, so that equal fits go to the lower rate
)
SMALLEST = 16  # px a side: one H.264 macroblock
LARGEST = 8192  # px a side: H.264 level 6.2's reach


def conform(
    clips: Sequence[Clip], rate: Fraction | None, size: tuple[int, int] | None
) -> tuple[Fraction, tuple[int, int]]:
    """Return the film's rate and size in pixels: those asked, else the footage's most used.

    Most used means by duration of picture; the smaller of two equals, so that one odd clip never
    scales all others up. A size counts only if it is no smaller than what most of the footage has:
    to scale a small clip up loses less than to throw away what larger ones show. Rates a thousandth
    apart, as 29.97 and 30, count as one. Raises EditorError for a size that H.264 cannot hold, or
    no clips.
    """
    if not clips:
        raise EditorError("There is no clip from which the film's rate and size could be taken.")
    if size is not None:
        check_size(size)
    if rate is None:
        rates = [(film_rate(clip.rate), clip.duration) for clip in clips]
        family = _most_used([(Fraction(round(rate)), length) for rate, length in rates])
        rate = _most_used([use for use in rates if round(use[0]) == family])
    if size is None:
        sizes = [(even_size(clip.size), clip.duration) for clip in clips]
        least = _middle(sizes)
        size = _most_used([use for use in sizes if _area(use[0]) >= least])
    return rate, size


def why(
    clips: Sequence[Clip],
    rate: Fraction,
    size: tuple[int, int],
    rate_asked: bool = False,
    size_asked: bool = False,
) -> str:
    """From what `conform` chose a film's rate and size, in a few words."""
    sizes = [(even_size(clip.size), clip.duration) for clip in clips]
    said = f"{size[0]}x{size[1]} {'as asked' if size_asked else _size_why(sizes, size)}"
    rates = [(film_rate(clip.rate), clip.duration) for clip in clips]
    return f"{said}; {rate_text(rate)} fps {'as asked' if rate_asked else _rate_why(rates, rate)}"


def _size_why(uses: list[tuple[tuple[int, int], Fraction]], size: tuple[int, int]) -> str:
    if all(other == size for other, _ in uses):
        return "is the size of all footage"
    smaller = sum(length for other, length in uses if _area(other) < _area(size))
    larger = sum(length for other, length in uses if _area(other) > _area(size))
    have = sum(length for other, length in uses if other == size)
    said = f"is the size of {_share(have, uses)}"
    return f"{said} ({float(smaller):.0f} s are smaller, {float(larger):.0f} s larger)"


def _rate_why(uses: list[tuple[Fraction, Fraction]], rate: Fraction) -> str:
    if all(round(other) == round(rate) for other, _ in uses):
        return "suits all footage best"
    alike = sum(length for other, length in uses if round(other) == round(rate))
    return f"suits {_share(alike, uses)} best"


def _share(part: Fraction | int, uses: Sequence[tuple[object, Fraction]]) -> str:
    return f"{float(part):.0f} of {float(sum(length for _, length in uses)):.0f} s"


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _middle(uses: list[tuple[tuple[int, int], Fraction]]) -> int:
    """The least area that half of the seconds do not exceed, in pixels."""
    half = sum((length for _, length in uses), Fraction(0)) / 2
    passed = Fraction(0)
    for size, length in sorted(uses, key=lambda use: _area(use[0])):
        passed += length
        if passed >= half:
            return _area(size)
    raise AssertionError("half of the seconds are passed before their end")


def film_rate(rate: Fraction) -> Fraction:
    """The delivery rate that shows footage of `rate` with the most even steps, else the lowest."""
    rate = snap_rate(rate)
    if rate in FILM_RATES:
        return rate
    return min(FILM_RATES, key=lambda film: _misfit(film, rate))


def _misfit(film: Fraction, rate: Fraction) -> tuple[int, bool, Fraction]:
    """Sorts film rates: the one nearest a whole multiple or share of `rate` that drops least."""
    slow, fast = sorted((film, rate))
    steps = max(1, round(fast / slow))
    mismatch = abs(fast / slow - steps) / steps
    dropped = steps - 1 if rate > film else 0  # frames of the footage for each that is shown
    return round(mismatch * RATE_STEP) + dropped, mismatch > 0, film


def even_size(size: tuple[int, int]) -> tuple[int, int]:
    """The size rounded down to even sides, as 4:2:0 pictures have, within what H.264 holds."""
    largest = max(size)
    if largest > LARGEST:
        size = (size[0] * LARGEST // largest, size[1] * LARGEST // largest)
    width, height = (max(SMALLEST, side - side % 2) for side in size)
    return width, height


def check_size(size: tuple[int, int]) -> None:
    """Raise EditorError for a size that H.264 with 4:2:0 colour cannot hold."""
    width, height = size
    if width % 2 or height % 2:
        raise EditorError(
            f"A film of {width}x{height} has an odd side; {width - width % 2}x{height - height % 2}"
            " would do."
        )
    if min(size) < SMALLEST or max(size) > LARGEST:
        raise EditorError(
            f"A film of {width}x{height} is outside {SMALLEST} to {LARGEST} pixels a side."
        )


def _most_used(uses: list[tuple[Key, Fraction]]) -> Key:
    """The key with the largest sum; the smaller key where two are equal."""
    total: dict[Key, Fraction] = {}
    for key, duration in uses:
        total[key] = total.get(key, Fraction(0)) + duration
    return min(total, key=lambda key: (-total[key], key))
