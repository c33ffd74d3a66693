"""Turn films with hand-checked cuts into how well their professional edit is found again.

Sound, names, timecodes and the frames next to each cut are hidden (seen.HIDDEN). A learned scorer
of a film has seen no file of that film: one film is left out at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from editor.cutting.evaluation import Interval
from editor.measures import pairs, shown
from editor.measures.ranking import Answers, Scores, answer
from editor.measures.seen import HIDDEN, Views

RESAMPLES = 2000  # of the bootstrap
BLOCK = 5  # questions drawn together: neighbouring cuts are of one scene, and alike
LONG = 20  # shots from which a film is long enough to say something by itself
FLOOR, LEARNED = "embedding and colour", "learned pair"
FLOOR_ON, FILM_ON = "embedding and colour, unseen shots", "the film so far, unseen shots"
FLOOR_OF = {LEARNED: FLOOR, FILM_ON: FLOOR_ON}  # scorer -> similarity on the same questions
AIM = {"auc": 0.85, "order": 0.40}  # people put about two triples in five back in order


@dataclass(frozen=True)
class Film:
    """One file of a film, and how every scorer did on it."""

    title: str
    film: str
    shots: int
    found: Mapping[str, Answers]  # scorer -> answers


@dataclass(frozen=True)
class Recovered:
    """All films, each scored by scorers that never saw it."""

    films: tuple[Film, ...]
    learned_from: Mapping[str, tuple[str, ...]]  # film left out -> titles of those learned from
    seed: int

    def as_json(self) -> dict[str, Any]:
        """Means and intervals under their names."""
        return {
            "hidden frames at each side of a cut": HIDDEN,
            "films": [_film_json(film, self.seed) for film in self.films],
            "over films": _whole_json(self),
            "aim": AIM,
        }

    def text(self) -> str:
        """A page for people: every film, every scorer, then plainly whether the floor is beaten."""
        return _text(self)


def recover(
    films: Sequence[tuple[str, Views]], rewarded: Mapping[str, Scores], seed: int
) -> Recovered:
    """Score (title, what may be seen) of each file. `rewarded`: scores by the reward, by title."""
    done, learned_from = [], {}
    for title, views in films:
        others = [(name, other) for name, other in films if other.film != views.film]
        learned_from[title] = tuple(name for name, _ in others)
        scores = {
            "embedding": pairs.similarity(views, 1.0),
            "colour": pairs.similarity(views, 0.0),
            FLOOR: pairs.similarity(views),
        }
        if title in rewarded:
            scores["the reward's joins"] = rewarded[title]
        if others:
            known = [other for _, other in others]
            pair, order = (pairs.learn(known, kind) for kind in pairs.RIDGE)
            scores[LEARNED] = pairs.score(views, pair, order)
        scores[FLOOR_ON] = Scores(scores[FLOOR].following, unseen=True)
        scores[FILM_ON] = shown.scores(views)
        found = {name: answer(one) for name, one in scores.items()}
        done.append(Film(title, views.film, views.size, found))
    return Recovered(tuple(done), learned_from, seed)


# --- intervals ------------------------------------------------------------------------------------


def by_shot(values: np.ndarray, seed: int) -> Interval:
    """Mean of a film's answers and its 95 % interval by a circular block bootstrap (Politis &
    Romano 1992): BLOCK neighbouring questions are drawn together."""
    rng = np.random.default_rng(seed)
    blocks = -(-len(values) // BLOCK)
    start = rng.integers(len(values), size=(RESAMPLES, blocks, 1))
    index = ((start + np.arange(BLOCK)) % len(values)).reshape(RESAMPLES, -1)[:, : len(values)]
    low, high = np.quantile(values[index].mean(axis=1), [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def by_film(values: Mapping[str, np.ndarray], seed: int) -> Interval:
    """Mean over films of each film's mean; films are drawn, and within each its shots."""
    rng = np.random.default_rng(seed)
    rows = list(values.values())
    means = []
    for _ in range(RESAMPLES):
        drawn = [rows[n] for n in rng.integers(len(rows), size=len(rows))]
        means.append(np.mean([rng.choice(row, len(row)).mean() for row in drawn]))
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(np.mean([row.mean() for row in rows])), float(low), float(high))


def pooled(done: Recovered, scorer: str, measure: str) -> dict[str, np.ndarray]:
    """film -> its answers, those of its files one after another."""
    found: dict[str, list[np.ndarray]] = {}
    for film in done.films:
        if scorer in film.found and measure in film.found[scorer].rows:
            found.setdefault(film.film, []).append(film.found[scorer].rows[measure])
    return {name: np.concatenate(rows) for name, rows in found.items()}


def gain(film: Film, scorer: str, floor: str, measure: str, seed: int) -> Interval:
    """By how much a scorer beats a floor on the same questions of a film."""
    return by_shot(film.found[scorer].rows[measure] - film.found[floor].rows[measure], seed)


# --- said -----------------------------------------------------------------------------------------


def _film_json(film: Film, seed: int) -> dict[str, Any]:
    rows = {
        scorer: {name: asdict(by_shot(row, seed)) for name, row in found.rows.items()}
        for scorer, found in film.found.items()
    }
    gains = {
        scorer: {
            name: asdict(gain(film, scorer, floor, name, seed)) for name in film.found[scorer].rows
        }
        for scorer, floor in FLOOR_OF.items()
        if scorer in film.found
    }
    return {
        "title": film.title,
        "film": film.film,
        "shots": film.shots,
        "scorers": rows,
        "gain over the floor": gains,
        "chance": {scorer: dict(found.chance) for scorer, found in film.found.items()},
    }


def _whole_json(done: Recovered) -> dict[str, Any]:
    scorers = {name: found for film in done.films for name, found in film.found.items()}
    return {
        scorer: {
            name: asdict(by_film(pooled(done, scorer, name), done.seed)) for name in found.rows
        }
        for scorer, found in scorers.items()
    }


def _text(done: Recovered) -> str:
    lines = [
        "Finding a professional edit again: the real next shot against others of the same film,",
        f"three shots put back in order. Hidden: sound, names, timecodes, {HIDDEN} frames at each",
        "side of a cut. Means with 95 % intervals over shots; no film's scorer has seen that film.",
    ]
    for film in done.films:
        lines += ["", f"{film.title}, {film.shots} shots"]
        lines += _film_lines(film, done.seed)
    lines += ["", "Is the floor beaten?"]
    lines += [f"  {line}" for film in done.films for line in _verdict(film, done.seed)]
    if any(not names for names in done.learned_from.values()):
        lines.append("  Nothing was learned where no other film is named: give two films or more.")
    return "\n".join(lines)


MEASURES = ("auc", "recall@1", "recall@5", "order", "pairwise", "tau")


def _film_lines(film: Film, seed: int) -> list[str]:
    lines = [f"  {'':35}" + "".join(f"{name:>21}" for name in MEASURES)]
    for scorer, found in film.found.items():
        cells = [
            f"{_cell(by_shot(found.rows[name], seed)):>21}" if name in found.rows else " " * 21
            for name in MEASURES
        ]
        lines.append(f"  {scorer:35}" + "".join(cells))
    chance = film.found[FLOOR].chance
    lines.append(f"  {'chance':35}" + "".join(f"{chance[name]:>21.2f}" for name in MEASURES))
    return lines


def _cell(row: Interval) -> str:
    return f"{row.mean:.2f} [{row.low:.2f}, {row.high:.2f}]"


def _verdict(film: Film, seed: int) -> list[str]:
    lines = []
    for scorer, floor in FLOOR_OF.items():
        if scorer not in film.found:
            continue
        said = []
        for name in film.found[scorer].rows:
            ahead = gain(film, scorer, floor, name, seed)
            word = "yes" if ahead.low > 0 else "no, worse" if ahead.high < 0 else "not shown"
            said.append(f"{name} {ahead} {word}")
        short = "" if film.shots >= LONG else f" (fewer than {LONG} shots: little to go by)"
        lines += [f"{film.title}, {scorer}{short}:", *(f"    {line}" for line in said)]
    return lines
