"""Turn a table of real films' shot lengths into the [pace] of a style.

Shot lengths of a film are close to log-normal, short shots follow short shots, and the tempo
drifts over the film; Cutting, DeLong and Nothelfer, "Attention and the evolution of Hollywood
film", Psychological Science 21 (2010), doi:10.1177/0956797610361679, measured all three.
"""

import csv
import math
import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from editor.config import STYLES, Pace, load_style, style_names
from editor.errors import EditorError
from editor.versions import writing_to

COLUMNS = ("film", "year", "shot", "seconds")
LEAST_SHOTS = 30  # shots a film: a lag-1 correlation of fewer has a standard error above 0.18
LEAST_FILMS = 5  # films: an interval resampled from fewer is far too narrow
LONGEST_SHOT = 7200.0  # s; a longer "shot" is a mistake of unit, not a shot
STEPS = 7  # points of the curve: an act and its turn each get one
RESAMPLES = 1000  # bootstrap draws: the ends of a 95 % interval settle to about 5 %
EXTREMES = (1.0, 99.0)  # percentiles of shot length that bound what a style may cut
SEED = 0  # of the bootstrap, so that the same table prints the same interval

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class PaceFit:
    """What a set of films says of pace, with 95 % intervals resampled by film (None: too few)."""

    films: int
    shots: int
    first_year: int  # of the films used
    last_year: int
    median: float  # s, over all shots
    log_sd: float  # of the natural log of length, over all shots
    autocorrelation: float  # lag 1 of log length, mean over films
    curve: tuple[float, ...]  # relative median at equal steps over the film, geometric mean 1
    shortest: float  # s, 1st percentile
    longest: float  # s, 99th percentile
    median_interval: Interval
    log_sd_interval: Interval
    autocorrelation_interval: Interval
    curve_interval: tuple[Interval, ...]

    @property
    def pace(self) -> Pace:
        """The fit as a style's pace, rounded as far as its intervals mean anything."""
        return Pace(
            median=round(self.median, 2),
            log_sd=round(self.log_sd, 2),
            autocorrelation=round(self.autocorrelation, 2),
            curve=tuple(round(factor, 2) for factor in self.curve),
            shortest=round(self.shortest, 2),
            longest=round(self.longest, 1),
        )

    def toml(self) -> str:
        """The fit as a [pace] table, each number with its meaning and interval as a comment."""
        pace = self.pace
        curve = ", ".join(f"{factor:.2f}" for factor in pace.curve)
        lines = (
            f"# {self.films} films, {self.first_year}-{self.last_year}, {self.shots} shots;"
            " 95 % intervals resampled by film.",
            "[pace]",
            f"median = {pace.median}  # s; {_range(self.median_interval)}",
            f"log_sd = {pace.log_sd}  # of the natural log of length;"
            f" {_range(self.log_sd_interval)}",
            f"autocorrelation = {pace.autocorrelation}  # lag 1 of log length, mean over films;"
            f" {_range(self.autocorrelation_interval)}",
            f"curve = [{curve}]  # factor on the median at equal steps over the film",
            f"shortest = {pace.shortest}  # s, 1st percentile",
            f"longest = {pace.longest}  # s, 99th percentile",
        )
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        """All figures under their names, for `--json`."""
        return asdict(self)


FITTED = re.compile(
    r"(?P<key>\w+)(?P<is> = )(?P<value>[^#]*?)(?P<why>\s*#.*\b(fitted|measured)\b.*)"
)
SPAN = re.compile(r"(?<=fitted \()[\d.]+ to [\d.]+(?=\))")


def into_style(text: str, fitted: PaceFit) -> tuple[str, tuple[str, ...]]:
    """A style file's text with the fit in its [pace], and a line for each number that changed.

    Only numbers whose comment calls them fitted or measured are replaced, with their interval
    where the comment has one: what was chosen stays chosen. Raises EditorError where there is none.
    """
    lines, changed, inside, found = [], [], False, False
    table: dict[str, Any] = asdict(fitted.pace)
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip() == "[pace]"
        match = FITTED.fullmatch(line) if inside else None
        if match and match["key"] in table:
            found = True
            value, why = _toml_value(table[match["key"]]), match["why"]
            span = getattr(fitted, f"{match['key']}_interval", None)
            if isinstance(span, tuple) and len(span) == 2 and not isinstance(span[0], tuple):
                why = SPAN.sub(f"{_short(span[0])} to {_short(span[1])}", why)
            if tomllib.loads(f"v = {match['value']}") != tomllib.loads(f"v = {value}"):
                changed.append(f"{match['key']}: {match['value']} -> {value}")
                line = f"{match['key']}{match['is']}{value}{why}"
        lines.append(line)
    if not found:
        raise EditorError("No number of its [pace] is called fitted or measured: all were chosen.")
    return "\n".join(lines) + "\n", tuple(changed)


def write_into(name: str, fitted: PaceFit) -> tuple[Path, tuple[str, ...]]:
    """Refit a style of the package, or of a file: its path, and what changed. The file is replaced
    whole or not at all. Raises StyleError for an unknown style, EditorError as `into_style`."""
    load_style(name)  # says what is wrong with the name or the file
    path = STYLES / f"{name}.toml" if name in style_names() else Path(name)
    text, changed = into_style(path.read_text(encoding="utf-8"), fitted)
    if changed:
        with writing_to(path.parent):
            _replace(path, text)
    return path, changed


def _replace(path: Path, text: str) -> None:
    """Put a file's new text in its place, whole."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, path.stat().st_mode)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _toml_value(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(f'{factor:.2f}' for factor in value)}]"
    return str(value)


def _short(value: float) -> str:
    """A bound as the styles write it: 2.6, 0.77."""
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


@dataclass(frozen=True)
class _Film:
    """One film's shots: lengths and places as arrays of its S shots."""

    title: str
    year: int
    log_length: np.ndarray  # (S,) float64, natural log of s
    drift: np.ndarray  # (STEPS,) float64, log median about each step less the film's; NaN: none
    autocorrelation: float  # lag 1 of log_length


def fit(
    path: Path,
    first_year: int | None = None,
    last_year: int | None = None,
    fastest: int | None = None,
) -> PaceFit:
    """Fit the pace of the films in a CSV of film, year, shot, seconds (shots in order).

    fastest: only so many of the era's films, those of the shortest median shots. Raises EditorError
    naming the line that is wrong, a film with too few shots, or an empty era.
    """
    films = [
        _film(title, year, lengths)
        for (title, year), lengths in read(path).items()
        if (first_year is None or year >= first_year) and (last_year is None or year <= last_year)
    ]
    if not films:
        era = f"{first_year or 'the first'} to {last_year or 'the last'}"
        raise EditorError(f"{path} has no film of the years {era}.")
    films.sort(key=lambda film: (float(np.median(film.log_length)), film.title))
    films = films[:fastest]
    every = np.concatenate([film.log_length for film in films])
    shortest, longest = np.exp(np.percentile(every, EXTREMES))
    intervals = _intervals(films)
    return PaceFit(
        films=len(films),
        shots=len(every),
        first_year=min(film.year for film in films),
        last_year=max(film.year for film in films),
        median=_median(films),
        log_sd=_log_sd(films),
        autocorrelation=_autocorrelation(films),
        curve=tuple(float(factor) for factor in _curve(films)),
        shortest=float(shortest),
        longest=float(longest),
        median_interval=intervals[0],
        log_sd_interval=intervals[1],
        autocorrelation_interval=intervals[2],
        curve_interval=tuple(intervals[3:]),
    )


def _median(films: Sequence[_Film]) -> float:
    return float(np.exp(np.median(np.concatenate([film.log_length for film in films]))))


def _log_sd(films: Sequence[_Film]) -> float:
    return float(np.std(np.concatenate([film.log_length for film in films])))


def _autocorrelation(films: Sequence[_Film]) -> float:
    return float(np.mean([film.autocorrelation for film in films]))


def _curve(films: Sequence[_Film]) -> np.ndarray:
    """(STEPS,) float64: median length about each step over the film's own median, films equal.

    A step that a film has no shot at (one long shot covers it) is left to the other films; the
    whole is scaled to a geometric mean of 1, so that the curve moves no style's median.
    """
    table = np.stack([film.drift for film in films])  # (F, STEPS)
    known = ~np.isnan(table)
    mean = np.where(known, table, 0.0).sum(0) / np.maximum(known.sum(0), 1)
    scaled: np.ndarray = np.exp(mean - mean.mean())
    return scaled


def _intervals(films: Sequence[_Film]) -> list[Interval]:
    """95 % percentile bootstrap of median, log sd, autocorrelation and each curve point.

    Films are drawn, not shots: the shots of one film are alike (Efron, Annals of Statistics 7
    (1979), doi:10.1214/aos/1176344552).
    """
    if len(films) < LEAST_FILMS:
        return [None] * (3 + STEPS)
    chance = np.random.default_rng(SEED)
    measures: tuple[Callable[[Sequence[_Film]], Any], ...] = (
        _median,
        _log_sd,
        _autocorrelation,
        _curve,
    )
    draws = []
    for _ in range(RESAMPLES):
        drawn = [films[i] for i in chance.integers(len(films), size=len(films))]
        draws.append(np.hstack([measure(drawn) for measure in measures]))
    low, high = np.percentile(np.stack(draws), [2.5, 97.5], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _film(title: str, year: int, lengths: Sequence[float]) -> _Film:
    if len(lengths) < LEAST_SHOTS:
        raise EditorError(
            f"{title} ({year}) has {len(lengths)} shots; a fit needs {LEAST_SHOTS} or more a film."
        )
    seconds = np.array(lengths)
    log_length = np.log(seconds)
    if log_length.std() < 1e-9:
        raise EditorError(f"{title} ({year}): all shots are {lengths[0]:g} s long, nothing to fit.")
    middle = (np.cumsum(seconds) - seconds / 2) / seconds.sum()
    step = np.rint(middle * (STEPS - 1)).astype(np.int64)
    drift = np.full(STEPS, np.nan)
    for near in np.unique(step):
        drift[near] = np.median(log_length[step == near]) - np.median(log_length)
    return _Film(
        title=title,
        year=year,
        log_length=log_length,
        drift=drift,
        autocorrelation=_lag_one(log_length),
    )


def _lag_one(values: np.ndarray) -> float:
    """Lag-1 autocorrelation about the series' own mean, in [-1, 1]."""
    centred = values - values.mean()
    return float((centred[:-1] * centred[1:]).sum() / (centred**2).sum())


def read(path: Path) -> dict[tuple[str, int], list[float]]:
    """Shot lengths in s, in order, by film and year, of a CSV with COLUMNS.

    Raises EditorError naming the line that is wrong.
    """
    films: dict[tuple[str, int], list[float]] = {}
    last: dict[tuple[str, int], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, [])]
            if missing := [name for name in COLUMNS if name not in header]:
                raise EditorError(
                    f"{path}, line 1 lacks the columns {', '.join(missing)}: it would read"
                    f" {','.join(COLUMNS)}."
                )
            for row in rows:
                if not row:
                    continue
                where = f"{path}, line {rows.line_num}"
                film, shot, seconds = _row(row, header, where)
                if film in last and shot <= last[film]:
                    raise EditorError(
                        f"{where}: shot {shot} of {film[0]} follows shot {last[film]};"
                        " shots must stand in the film's order."
                    )
                last[film] = shot
                films.setdefault(film, []).append(seconds)
    except OSError as err:
        raise EditorError(f"{path}: {err.strerror or err}.") from err
    except UnicodeDecodeError as err:
        raise EditorError(f"{path} is not UTF-8 text: byte {err.start} is wrong.") from err
    except csv.Error as err:
        raise EditorError(f"{path}, line {rows.line_num} is not valid CSV: {err}.") from err
    return films


def _row(
    row: Sequence[str], header: Sequence[str], where: str
) -> tuple[tuple[str, int], int, float]:
    """The film, its shot number and the shot's length in s."""
    if len(row) != len(header):
        raise EditorError(f"{where} has {len(row)} fields, the header has {len(header)}.")
    cell = {name: text.strip() for name, text in zip(header, row, strict=True)}
    try:
        year, shot, seconds = int(cell["year"]), int(cell["shot"]), float(cell["seconds"])
    except ValueError as err:
        raise EditorError(
            f"{where}: year, shot and seconds must be numbers, not {cell['year']!r},"
            f" {cell['shot']!r}, {cell['seconds']!r}."
        ) from err
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_SHOT):
        raise EditorError(
            f"{where}: a shot of {cell['seconds']} s is outside 0 to {LONGEST_SHOT:g} s."
        )
    return (cell["film"], year), shot, seconds


def _range(interval: Interval) -> str:
    if interval is None:
        return f"no interval from fewer than {LEAST_FILMS} films"
    return f"{interval[0]:.2f} to {interval[1]:.2f}"
