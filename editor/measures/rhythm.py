"""Turn shot lengths into a film's rhythm, beside that of real films.

Four figures that no reward term states: the lag-1 autocorrelation of log lengths, and how they go
with speech, motion and framing (Cutting, DeLong & Nothelfer 2010: real films' shots shorten
where they move, lengthen where somebody is near). And, as a check of sanity, how far the lengths
lie from their era's (Wasserstein-1 on natural logs). S shots.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from editor.config import Pace, Style
from editor.cutting.environment import Stage
from editor.cutting.evaluation import Interval, interval
from editor.cutting.search import Choice
from editor.errors import EditorError
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.learning import pace
from editor.learning.edited import as_material
from editor.learning.like import lag_one
from editor.measures.checked import CutList
from editor.timing import FrameSpan

LEAST = 5  # shots: a correlation of fewer is noise
PASSAGE = 30  # shots of a real film's passage, as long as a rough cut
PASSAGES = 200  # drawn from real films
ERA = (1990, 2005)  # years of the films that the default style's pace is fitted to
WITH = ("speech", "motion", "framing")


@dataclass(frozen=True)
class Shots:
    """Shots of one film, in order. Each array (S,)."""

    name: str
    group: str  # who cut it, or "real films"
    pace: Pace  # asked for, or the default's
    seconds: np.ndarray
    speech: np.ndarray  # share of the shot in which somebody speaks
    motion: np.ndarray  # mean, 0-1
    framing: np.ndarray  # mean of the largest face's size, 0-1


@dataclass(frozen=True)
class Rhythm:
    """One film's figures; None where nothing varies or too few shots are there."""

    name: str
    group: str
    shots: int
    autocorrelation: float | None
    correlation: Mapping[str, float | None]  # of log length with each of WITH
    distance: float  # from the pace asked for, on natural logs


@dataclass(frozen=True)
class Table:
    """Films by who cut them, beside passages of real films where a table of lengths is given."""

    films: tuple[Rhythm, ...]
    passages: Mapping[str, Interval]  # of real films: autocorrelation, distance; by percentile
    seed: int

    def as_json(self) -> dict[str, Any]:
        """All figures under their names."""
        return {
            "films": [asdict(film) for film in self.films],
            "groups": {
                name: {k: asdict(v) for k, v in rows.items()}
                for name, rows in self._groups().items()
            },
            f"real passages of {PASSAGE} shots": {k: asdict(v) for k, v in self.passages.items()},
        }

    def text(self) -> str:
        """A page for people."""
        lines = [
            "Rhythm of shot lengths: means over films with 95 % intervals. Autocorrelation is lag",
            "1 of log length; the others are log length's correlations; distance is Wasserstein's",
            "on natural logs from the pace asked for.",
            "",
            f"  {'':24}" + "".join(f"{name:>24}" for name in _COLUMNS),
        ]
        for group, rows in self._groups().items():
            cells = "".join(f"{_cell(rows.get(name)):>24}" for name in _COLUMNS)
            lines.append(f"  {group:24}{cells}")
        for name, row in self.passages.items():
            lines.append(
                f"  real films, {PASSAGE}-shot passages, {name}: median {row.mean:+.2f},"
                f" 5th to 95th percentile {row.low:+.2f} to {row.high:+.2f}"
            )
        return "\n".join(lines)

    def _groups(self) -> dict[str, dict[str, Interval]]:
        found: dict[str, dict[str, list[float]]] = {}
        for film in self.films:
            rows = found.setdefault(film.group, {})
            values = {
                "autocorrelation": film.autocorrelation,
                **film.correlation,
                "distance": film.distance,
            }
            for name, value in values.items():
                if value is not None:
                    rows.setdefault(name, []).append(value)
        return {
            group: {name: interval(values, self.seed) for name, values in rows.items()}
            for group, rows in found.items()
        }


_COLUMNS = ("autocorrelation", *WITH, "distance")


def _cell(row: Interval | None) -> str:
    if row is None:
        return "-"
    ends = f" [{row.low:+.2f}, {row.high:+.2f}]" if row.of != 1 else ""  # of one there is none
    return f"{row.mean:+.2f}{ends}"


def of(shots: Shots) -> Rhythm:
    """The rhythm of one film, of at least one shot."""
    log = np.log(shots.seconds)
    enough = len(log) >= LEAST
    return Rhythm(
        name=shots.name,
        group=shots.group,
        shots=len(log),
        autocorrelation=lag_one(log) if enough and log.std() > 1e-9 else None,
        correlation={name: _correlation(log, getattr(shots, name), enough) for name in WITH},
        distance=from_pace(shots.seconds, shots.pace),
    )


def made(name: str, stage: Stage, choices: Sequence[Choice]) -> Shots:
    """The shots of a film that was cut on a stage."""
    m = stage.material
    shot, first, last = torch.tensor([list(choice) for choice in choices]).T
    return Shots(
        name=name,
        group=name,
        pace=stage.brief.style.pace,
        seconds=(m.length[shot, first, last] / m.rate).numpy(),
        speech=m.mean("speech", shot, first, last).numpy(),
        motion=m.mean("motion", shot, first, last).numpy(),
        framing=m.mean("face", shot, first, last).numpy(),
    )


def real(clip: Clip, known: Analysis, listed: CutList, style: Style) -> Shots:
    """The shots of a finished film, its own soundtrack heard."""
    film = as_material(clip, known, listed.shots, listed.title, listed.film)
    whole = film.reward(style, float(film.seconds.sum())).material
    shot, first, last = torch.tensor([list(choice) for choice in film.edit]).T
    return Shots(
        name=listed.title,
        group="real films",
        pace=style.pace,
        seconds=film.seconds,
        speech=np.array([_spoken(known, span, float(clip.rate)) for span in listed.shots]),
        motion=whole.mean("motion", shot, first, last).numpy(),
        framing=whole.mean("face", shot, first, last).numpy(),
    )


def _spoken(known: Analysis, shot: FrameSpan, rate: float) -> float:
    """Share of a shot in which somebody speaks."""
    begin, end = shot.first / rate, shot.stop / rate
    heard = np.clip(known.sound.speech, begin, end)
    return float((heard[:, 1] - heard[:, 0]).sum() / (end - begin))


def _correlation(log: np.ndarray, other: np.ndarray, enough: bool) -> float | None:
    if not enough or log.std() < 1e-9 or other.std() < 1e-9:
        return None
    return float(np.corrcoef(log, other)[0, 1])


def from_pace(seconds: np.ndarray, wanted: Pace) -> float:
    """Wasserstein-1 distance of shot lengths from those that a pace asks for, on natural logs."""
    from scipy.special import ndtri

    places = (np.arange(1000) + 0.5) / 1000
    asked = np.log(wanted.seconds_at(ndtri(places)))
    return float(np.abs(np.quantile(np.log(seconds), places) - asked).mean())


def passages(path: Path, seed: int) -> dict[str, Interval]:
    """How passages of PASSAGE shots of the era's real films scatter: median, 5th and 95th
    percentile of their autocorrelation, and of their distance from the era's films together.

    Raises EditorError for a table that `fit-pace` would refuse, or without a film of the era.
    """
    films = [
        np.log(np.array(lengths))
        for (_, year), lengths in pace.read(path).items()
        if ERA[0] <= year <= ERA[1] and len(lengths) >= PASSAGE
    ]
    if not films:
        raise EditorError(f"{path} has no film of {ERA[0]}-{ERA[1]} with {PASSAGE} shots.")
    rng = np.random.default_rng(seed)
    places = (np.arange(1000) + 0.5) / 1000
    every = np.quantile(np.concatenate(films), places)
    memory, away = [], []
    for _ in range(PASSAGES):
        film = films[int(rng.integers(len(films)))]
        begin = int(rng.integers(len(film) - PASSAGE + 1))
        part = film[begin : begin + PASSAGE]
        memory.append(lag_one(part))
        away.append(float(np.abs(np.quantile(part, places) - every).mean()))
    return {"autocorrelation": _scatter(memory), "distance": _scatter(away)}


def _scatter(values: Sequence[float]) -> Interval:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return Interval(float(middle), float(low), float(high))
