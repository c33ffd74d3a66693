"""Turn a style's TOML and the command line's wishes into checked, frozen values."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from editor.errors import StyleError

if TYPE_CHECKING:
    import numpy as np

STYLES = Path(__file__).parent / "styles"
ORDERS = ("recorded", "free")
FITS = ("letterbox", "fill")
MOST_KNOTS, LEAST_STEP = 100, 0.001  # of a pace's shape
BRIEFEST, LONGEST = 0.01, 3_600.0  # s, shots that it may ask for


@dataclass(frozen=True)
class Pace:
    """Shot lengths that a style asks for: log-normal, or of a shape of their own, with memory and a
    curve over the film."""

    median: float  # s, of shot length
    log_sd: float  # standard deviation of the natural log of length
    autocorrelation: float  # lag 1, of log length
    curve: tuple[float, ...] = (1.0, 1.0)  # factor on the median at equal steps over the film
    shortest: float = 0.5  # s, no cut is shorter
    longest: float = 20.0  # s, no cut is longer
    shape: tuple[float, ...] = ()  # (log length - log median) / log_sd at equal shares of shots

    @property
    def log_mean(self) -> float:
        """Mean of the natural log of shot length, where no shape is given."""
        return math.log(self.median)

    @property
    def knots(self) -> tuple[float, ...]:
        """Where a normal would lie at the shares at which `shape` is given: 1/2K, 3/2K and so on
        of K. Both are () where lengths are log-normal."""
        return normal_scores(len(self.shape))

    def seconds_at(self, score: "float | np.ndarray") -> "np.ndarray":
        """Lengths in s, of the same size, that as many shots fall below as of a normal below
        `score`: 0 for the middle one, -1 and 1 about two thirds. Curve and bounds left aside."""
        import numpy as np  # a command's help has no need of it

        z = np.asarray(score, np.float64)
        return np.asarray(np.exp(self.log_mean + self.log_sd * _bent(z, self.knots, self.shape)))

    def scores(self, seconds: "np.ndarray") -> "np.ndarray":
        """What `seconds_at` makes lengths of: the shots' normal scores, of the same size."""
        import numpy as np

        z = (np.log(seconds) - self.log_mean) / self.log_sd
        return _bent(z, self.shape, self.knots)


def normal_scores(count: int) -> tuple[float, ...]:
    """Where a normal's values lie at the middles of `count` equal shares, ascending."""
    normal = NormalDist()
    return tuple(normal.inv_cdf((place + 0.5) / count) for place in range(count))


def _bent(z: "np.ndarray", start: Sequence[float], end: Sequence[float]) -> "np.ndarray":
    """Values as a line through the points (start, end) takes them, beyond its ends by slope 1."""
    import numpy as np

    if not start:
        return z
    inside = np.interp(z, start, end)
    return np.asarray(inside + np.minimum(z - start[0], 0) + np.maximum(z - start[-1], 0))


@dataclass(frozen=True)
class Style:
    """What kind of film is wanted: length, order, pace, and what each reward term weighs."""

    name: str
    description: str
    duration: float  # s, where none is asked
    order: str  # one of ORDERS
    pace: Pace
    weights: Mapping[str, float] = field(default_factory=dict)  # reward term -> weight, >= 0
    fit: str = "letterbox"  # one of FITS
    detector: str = "content"  # name of a shot detector


NEEDED: Mapping[type, Mapping[str, str]] = {  # keys without which there is no style -> an example
    Style: {
        "description": 'description = "what it is for"',
        "duration": "duration = 60 (s of film)",
        "order": 'order = "recorded" or "free"',
        "pace": "and a table [pace] with median, log_sd and autocorrelation",
    },
    Pace: {
        "median": "median = 2.8 (s of shot length)",
        "log_sd": "log_sd = 0.8 (how much lengths vary)",
        "autocorrelation": "autocorrelation = 0.34 (how much a quick shot calls for another)",
    },
}


@dataclass(frozen=True)
class Config:
    """What one command asks: which footage, where the results go, and all wishes for the film."""

    footage: tuple[Path, ...]  # files and folders as given
    outputs: Path  # absolute; holds the versions, and the cache under .cache
    style: Style  # with the order that was asked
    name: str = "film"  # of the versions: NAME-v001
    like: Path | None = None  # a finished film whose pace and likings the style takes on
    like_lengths: tuple[float, ...] = ()  # s, of its shots: the film's are to come near to them
    duration: float | None = None  # s; None: the style's, as far as the footage goes
    only: tuple[str, ...] = ()  # CLIP[@IN-OUT] as typed, see editor.selects
    ban: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    music: Path | None = None
    backbone: str | None = None  # name of a pretrained network; None: the one in the package
    weights: Path | None = None  # the backbone's, where they are not in their usual place
    policy: str | None = None  # name or file of a trained policy; None: the one in the package
    search: str | None = None  # one of cutting.policies.SEARCHES; None: as the policy's name says
    size: tuple[int, int] | None = None  # px of the film; None: chosen from the footage
    rate: Fraction | None = None  # frames/s of the film; None: chosen from the footage
    seed: int = 0
    render: bool = True
    exports: tuple[str, ...] = ()  # formats beside timeline.otio, names in film.export.carried

    @property
    def cache(self) -> Path:
        """Where analyses are kept."""
        return self.outputs / ".cache"


def style_names() -> tuple[str, ...]:
    """Names of the styles in the package."""
    return tuple(sorted(path.stem for path in STYLES.glob("*.toml")))


def load_style(name: str) -> Style:
    """Read a style by its name in the package, or from a TOML file's path.

    Raises StyleError with the known names, the file's faulty line, or the unknown key.
    """
    path = STYLES / f"{name}.toml"
    if name not in style_names():
        path = Path(name)
        if path.suffix != ".toml":
            raise StyleError(f"No style is called {name!r}. {_known()}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise StyleError(f"Style {path}: no such file exists. {_known()}") from err
    except OSError as err:
        raise StyleError(f"Style {path}: {err.strerror or err}. {_known()}") from err
    except UnicodeDecodeError as err:
        raise StyleError(f"Style {path} is not UTF-8 text: byte {err.start} is wrong.") from err
    except tomllib.TOMLDecodeError as err:
        raise StyleError(f"Style {path} is not valid TOML: {err}.") from err
    return _style(table, path)


def _known() -> str:
    return f"Known: {', '.join(style_names())}, or a .toml file of your own."


def _style(table: Mapping[str, Any], path: Path) -> Style:
    where = f"Style {path}"
    values = dict(table)
    values.setdefault("name", path.stem)
    _check_keys(values, Style, where)
    pace = values.get("pace", {})
    if not isinstance(pace, Mapping):
        raise StyleError(f"{where}: [pace] must be a table.")
    _check_keys(pace, Pace, f"{where} [pace]")
    weights = values.get("weights", {})
    if not isinstance(weights, Mapping):
        raise StyleError(f"{where}: [weights] must be a table of reward terms and weights.")
    curve, shape = pace.get("curve", [1.0, 1.0]), pace.get("shape", [])
    if not isinstance(curve, list) or len(curve) < 2:
        raise StyleError(f"{where} [pace]: curve must be a list of two or more factors.")
    if not isinstance(shape, list):
        raise StyleError(f"{where} [pace]: shape must be a list of numbers that rise.")
    return check_style(
        replace(
            Style(
                **{**values, "pace": Pace(**{**pace, "curve": tuple(curve), "shape": tuple(shape)})}
            ),
            weights=dict(weights),
        ),
        where,
    )


def _check_keys(values: Mapping[str, Any], kind: type, where: str) -> None:
    known = [item.name for item in fields(kind)]
    place = "" if kind is Pace else " at its top, before the first [table]"
    if unknown := [key for key in values if key not in known]:
        raise StyleError(
            f"{where} knows no such key as {listed(unknown)}. Known{place}: {', '.join(known)}."
        )
    needed = NEEDED[kind]
    if missing := [key for key in needed if key not in values]:
        names = [f"[{key}]" if key == "pace" else key for key in missing]
        raise StyleError(
            f"{where} lacks {listed(names)}{place}: write, as it may be,"
            f" {', '.join(needed[key] for key in missing)}. A whole one to copy:"
            f" {STYLES / 'default.toml'}."
        )


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    """Words as people write them: "one", "one and two", "one, two and three"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _check_shape(pace: Pace, where: str) -> None:
    """Raise StyleError for a shape that no shots have."""
    shape = pace.shape
    if not shape:
        return
    if not 2 <= len(shape) <= MOST_KNOTS:
        raise StyleError(f"{where}: pace.shape holds 2 to {MOST_KNOTS} numbers, or none.")
    if any(after - before < LEAST_STEP for before, after in pairwise(shape)):
        raise StyleError(f"{where}: pace.shape must rise by {LEAST_STEP} or more at every step.")
    if not shape[0] < 0 < shape[-1]:
        raise StyleError(f"{where}: pace.shape must begin below 0, the median, and end above it.")
    low, high = (float(pace.seconds_at(knot)) for knot in (pace.knots[0], pace.knots[-1]))
    if low < BRIEFEST or high > LONGEST:
        raise StyleError(
            f"{where}: pace.shape asks for shots of {low:.3g} to {high:.3g} s; they may last"
            f" {BRIEFEST:g} to {LONGEST:g} s."
        )


def check_style(style: Style, where: str) -> Style:
    """Return the style if every value is of its kind and in its range; raise StyleError if not."""
    pace = style.pace
    rules: tuple[tuple[str, object, float, float], ...] = (
        ("duration", style.duration, 1.0, 86_400.0),
        ("pace.median", pace.median, 0.1, 600.0),
        ("pace.log_sd", pace.log_sd, 0.01, 3.0),
        ("pace.autocorrelation", pace.autocorrelation, -0.99, 0.99),
        ("pace.shortest", pace.shortest, 0.1, 60.0),
        ("pace.longest", pace.longest, pace.shortest, 3_600.0),
        *(("pace.curve", factor, 0.05, 20.0) for factor in pace.curve),
        *(("pace.shape", place, -20.0, 20.0) for place in pace.shape),
        *((f"weights.{term}", weight, 0.0, 100.0) for term, weight in style.weights.items()),
    )
    for key, value, low, high in rules:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise StyleError(f"{where}: {key} must be a number, not {value!r}.")
        if not low <= value <= high:
            raise StyleError(f"{where}: {key} = {value} is outside {low:g} to {high:g}.")
    _check_shape(pace, where)
    for text_key, text, choices in (
        ("order", style.order, ORDERS),
        ("fit", style.fit, FITS),
    ):
        if text not in choices:
            raise StyleError(f"{where}: {text_key} = {text!r}; known: {', '.join(choices)}.")
    for text_key, text in (
        ("name", style.name),
        ("description", style.description),
        ("detector", style.detector),
    ):
        if not isinstance(text, str):
            raise StyleError(f"{where}: {text_key} must be text, not {text!r}.")
    return style
