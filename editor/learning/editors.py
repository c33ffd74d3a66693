"""Simulated editors with hidden tastes: they correct rough cuts as a person might.

Nothing here is a person; whatever is measured with them is called a simulation. An editor has
weights of their own over the reward's terms, a pace, a habit of trimming, and some judge by
features that no learner here is shown. They change what is worth the trouble, one move at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from editor.cutting import local, whole
from editor.cutting.environment import Stage
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, Reward, weights_of
from editor.cutting.search import Choice
from editor.cutting.taste import (
    MEASURES,
    Measure,
    Taste,
    TasteReward,
    Trims,
    closeness,
    length_z,
    reward_of,
)
from editor.cutting.terms import Cuts
from editor.cutting.trims import offsets
from editor.film.timeline import Cut, Timeline
from editor.learning import moves
from editor.learning.moves import Film
from editor.timing import FrameSpan, convert_length

TROUBLE = 0.12  # cuts' worth of score that a whole correction must gain to be made
LOOKED = 128  # films that come to mind, a round
ROUNDS = 60  # at most
IDLE = 3  # rounds without anything worth the trouble before the editor is content
WOBBLE = 0.05  # s, standard deviation of a trim about the habit: a frame or so
UNSEEN = 0.08  # s: two frames; a smaller change is not made
BINS = 24  # colour bins that a hidden look weighs
LOOK_SEED = 5  # of the hidden looks: the same in every run


# --- what the learner is never shown --------------------------------------------------------------


def _look(column: int) -> Callable[[Cuts, Reward], Tensor]:
    """A palette that an editor likes: a fixed random contrast of colour bins."""

    def cut(cuts: Cuts, reward: Reward) -> Tensor:
        colour = cuts.material.colour[cuts.shot, cuts.first]
        generator = torch.Generator().manual_seed(LOOK_SEED + column)
        likes = torch.randn(colour.shape[-1], generator=generator)
        return torch.tanh(3 * (colour.clamp(min=0).sqrt() @ likes))

    return cut


def _breath(cuts: Cuts, reward: Reward) -> Tensor:
    """A long shot after a short one and a short one after a long."""
    z = cuts.before.z.nan_to_num(0.0)
    last = z.gather(1, (cuts.before.count - 1).clamp(min=0)[:, None])
    return torch.tanh(-0.7 * last * length_z(cuts, reward))


def _build(cuts: Cuts, reward: Reward) -> Tensor:
    """Little movement at the film's beginning and much at its end."""
    target = cuts.material.rate * reward.brief.duration
    place = (cuts.before.length / target).clamp(0, 1)[:, None]
    return (2 * place - 1) * (2 * cuts.mean("motion") - 1)


def _louder(cuts: Cuts, reward: Reward) -> Tensor:
    """A join to a louder place."""
    old, new = cuts.at_join(cuts.material.level)
    return torch.tanh((new - old) / 12)


def _faces_unheard(cuts: Cuts, reward: Reward) -> Tensor:
    """Close faces of people who do not speak: listeners."""
    return closeness(cuts) * (1 - 2 * cuts.mean("speech"))


HIDDEN: dict[str, Measure] = {
    "a palette": Measure("a palette of their own", _look(0), 0.0, 0.6),
    "breath": Measure("long after short", _breath, 0.0, 0.4, joins=True),
    "build": Measure("movement that builds up", _build, 0.0, 0.3),
    "louder": Measure("joins to louder places", _louder, 0.0, 0.4, joins=True),
    "listeners": Measure("faces of listeners", _faces_unheard, 0.2, 0.4),
}


# --- editors --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Editor:
    """One simulated editor."""

    name: str
    kind: str  # "inside" the learner's terms, "outside" them, or "random"
    weights: Mapping[str, float] = field(default_factory=dict)  # factor on the style's weight
    measures: Mapping[str, float] = field(default_factory=dict)  # share of MEASURES or HIDDEN
    pace: float = 1.0  # factor on the style's median shot length
    spread: float = 1.0  # factor on its log_sd
    trims: Trims = field(default_factory=Trims)
    wrong: float = 0.0  # share of corrections that are any other legal move


def editors() -> tuple[Editor, ...]:
    """The table's editors: half of them judge by what the learner's terms and measures lack."""
    return (
        Editor(
            "quick",
            "inside",
            {"movement": 3.0, "novelty": 2.0, "level_match": 0.0, "speech": 0.3},
            pace=0.6,
            trims=Trims(0.16, 0.12),
        ),
        Editor(
            "patient",
            "inside",
            {"sharpness": 3.0, "exposure": 3.0, "movement": -2.0, "colour_match": 5.0},
            pace=1.6,
            trims=Trims(-0.12, -0.16),
        ),
        Editor(
            "faces",
            "inside",
            {"faces": 4.0, "speech": 2.0, "novelty": 0.3},
            {"close_after_speech": 0.12},
            pace=0.85,
            trims=Trims(0.0, -0.16),
        ),
        Editor(
            "painter",
            "outside",
            {"colour_match": 3.0, "faces": 0.3},
            {"a palette": 0.25},
            pace=1.3,
            trims=Trims(0.2, 0.0),
        ),
        Editor(
            "musician",
            "outside",
            {"movement": 2.0, "action_cut": 2.0},
            {"breath": 0.2, "louder": 0.1},
            pace=0.75,
            trims=Trims(0.12, 0.12),
        ),
        Editor(
            "storyteller",
            "outside",
            {"coverage": 2.0, "jump_cut": 2.0},
            {"build": 0.25},
            pace=0.9,
            trims=Trims(-0.16, 0.0),
        ),
        Editor(
            "listener",
            "outside",
            {"speech": 0.2, "movement": 0.2},
            {"listeners": 0.25},
            pace=1.2,
            trims=Trims(0.0, 0.2),
        ),
        Editor("random", "random"),
    )


def stage_of(editor: Editor, stage: Stage) -> Stage:
    """The stage as the editor sees it: their reward and their pace, the same rules."""
    asked = stage.brief.style
    known = weights_of(asked)
    total = sum(known.values())
    names = (*CUT_TERMS, *FILM_TERMS)
    gained = [known[name] / total * (editor.weights.get(name, 1.0) - 1) for name in names]
    style = Taste(pace=editor.pace, spread=editor.spread).style(asked)
    paced = replace(stage.brief, style=replace(asked, pace=style.pace))
    told = [{**MEASURES, **HIDDEN}[name] for name in editor.measures]
    taste = Taste(mean=(*gained, *editor.measures.values()))
    reward: TasteReward = reward_of(stage.material, paced, taste, told)
    return replace(stage, brief=paced, reward=reward)


def worth(seen: Stage, films: Sequence[Film]) -> np.ndarray:
    """(B,) float64: what films are worth to the editor whose stage it is, -inf where not legal."""
    if not films:
        return np.zeros(0)
    return np.asarray(whole.scores(seen, films).double().numpy())


def correct(editor: Editor, stage: Stage, film: Film, random: np.random.Generator) -> Film:
    """The film as the editor leaves it: corrected at cut points, before any trim by habit."""
    return correct_all(editor, stage, [film], [random])[0]


def correct_all(
    editor: Editor, stage: Stage, films: Sequence[Film], randoms: Sequence[np.random.Generator]
) -> list[Film]:
    """Films of one stage as the editor leaves them, each with its own generator.

    The editor looks for the film of most worth, less TROUBLE for every correction from what was
    proposed: what is good enough is left alone.
    """
    seen = stage_of(editor, stage)
    if editor.kind == "random":
        return [_spoilt(seen, film, random) for film, random in zip(films, randoms, strict=True)]
    own = worth(seen, films)
    minds = [
        _Mind(film, film, float(value) * len(film), random)
        for film, value, random in zip(films, own, randoms, strict=True)
    ]
    for _ in range(ROUNDS):
        going = [mind for mind in minds if mind.idle < IDLE]
        if not going:
            break
        _round(seen, going)
    return [with_mistakes(editor, seen, mind.proposed, mind.film, mind.random) for mind in minds]


@dataclass
class _Mind:
    """An editor over one film."""

    proposed: Film
    film: Film
    best: float  # cuts' worth of score, less the trouble
    random: np.random.Generator
    idle: int = 0


def _round(seen: Stage, minds: Sequence[_Mind]) -> None:
    """One round of each: what comes to mind is weighed, and the best is done if it is worth it."""
    tried = [
        moves.in_window(seen, [thought(seen, mind.film, mind.random) for _ in range(LOOKED)])
        for mind in minds
    ]
    values = worth(seen, [film for films in tried for film in films])
    at = 0
    for mind, films in zip(minds, tried, strict=True):
        found = values[at : at + len(films)] * len(mind.proposed)
        at += len(films)
        mind.idle += 1
        # The likeliest gains first: how much trouble a film is takes longer to say than its worth.
        for place in (-found).argsort(kind="stable").tolist():
            if not found[place] > mind.best + 1e-6:
                break
            gained = float(found[place]) - TROUBLE * effort(seen, mind.proposed, films[place])
            if gained > mind.best + 1e-6 and not local.stutters(seen, films[place]):
                mind.film, mind.best, mind.idle = films[place], gained, 0


def _spoilt(seen: Stage, film: Film, random: np.random.Generator) -> Film:
    """The film after some legal moves at random."""
    for _ in range(1 + int(random.poisson(0.4 * len(film)))):
        film = _anything(seen, film, random)
    return film


def with_mistakes(
    editor: Editor, seen: Stage, proposed: Film, film: Film, random: np.random.Generator
) -> Film:
    """The film with a share of its corrections made at random instead."""
    corrections = sum(cut not in proposed for cut in film)
    for _ in range(int(random.binomial(corrections, editor.wrong))):
        film = _anything(seen, film, random)
    return film


def thought(seen: Stage, film: Film, random: np.random.Generator) -> Film:
    """The film after one move that comes to mind, or two or three that belong together."""
    for _ in range(1 + int(random.integers(3))):
        if not film:
            return film
        at = int(random.integers(len(film)))
        move = float(random.random())
        if move < 0.3:
            tried = moves.trims(seen, film, at)
        elif move < 0.6:
            tried = moves.replacements(seen, film, at, 1, random)
        elif move < 0.7:
            tried = moves.drops(film)
        elif move < 0.95:
            tried = moves.insertions(seen, film, int(random.integers(len(film) + 1)), 1, random)
        else:
            tried = moves.relocations(seen, film, at)
        if tried:
            film = tried[int(random.integers(len(tried)))]
    return film


def _anything(seen: Stage, film: Film, random: np.random.Generator) -> Film:
    """Any legal move, all kinds alike; the film itself where there is none."""
    at = int(random.integers(len(film)))
    kinds = (
        moves.trims(seen, film, at),
        moves.replacements(seen, film, at, 8, random),
        moves.insertions(seen, film, at, 8, random),
        moves.drops(film),
    )
    for kind in random.permutation(len(kinds)).tolist():
        tried = moves.in_window(seen, kinds[kind])
        if tried:
            legal = np.flatnonzero(np.isfinite(worth(seen, tried)))
            if len(legal):
                return tried[int(random.choice(legal))]
    return film


def effort(stage: Stage, before: Film, after: Film) -> float:
    """Corrections from one film to another of the same stage: a drop or an insertion counts 1, a
    trim its seconds up to 1, a move a half (the shortest way, cuts in order; then the moves)."""
    time = _seconds(stage.material.time)
    cost = [float(place) for place in range(len(after) + 1)]
    for cut in before:
        old, cost = cost, [cost[0] + 1]
        for place, other in enumerate(after):
            same = old[place] + _trim_cost(time, cut, other)
            cost.append(min(same, old[place + 1] + 1, cost[place] + 1))
    moved = sum(cut in before for cut in after) - _in_order(before, after)
    return cost[-1] - 1.5 * moved


@lru_cache(maxsize=32)
def _seconds(time: Tensor) -> list[list[float]]:
    rows: list[list[float]] = time.tolist()
    return rows


def _in_order(before: Film, after: Film) -> int:
    """The most cuts of both films that stand in one order."""
    places = [before.index(cut) for cut in after if cut in before]
    best: list[int] = []
    for index, place in enumerate(places):
        best.append(1 + max((best[n] for n in range(index) if places[n] < place), default=0))
    return max(best, default=0)


def _trim_cost(time: list[list[float]], one: Choice, other: Choice) -> float:
    if one == other:
        return 0.0
    if one[0] != other[0] or max(one[1], other[1]) >= min(one[2], other[2]):
        return 2.0
    row = time[one[0]]
    return min(1.0, abs(row[one[1]] - row[other[1]]) + abs(row[one[2]] - row[other[2]]))


# --- as timelines ---------------------------------------------------------------------------------


def timeline(pool: Pool, stage: Stage, film: Film, moved: list[tuple[int, int]]) -> Timeline:
    """A film of a simulated pool as a timeline, its ends `moved` off their cut points."""
    cuts: list[Cut] = []
    rate = stage.brief.rate
    for (shot, first, last), (head, tail) in zip(film, moved, strict=True):
        clip = pool.clips[int(pool.clip[shot])]
        frame = pool.frame[shot]
        source = FrameSpan(int(frame[first]) + head, int(frame[last]) + tail)
        start = cuts[-1].stop if cuts else 0
        length = convert_length(len(source), clip.rate, rate)
        cuts.append(Cut(clip, source, start, length, pool.shots[shot].name))
    return Timeline(tuple(cuts), rate, (1280, 720))


def trimmed(
    editor: Editor,
    pool: Pool,
    stage: Stage,
    proposed: Mapping[Choice, tuple[int, int]],
    film: Film,
    random: np.random.Generator,
) -> list[tuple[int, int]]:
    """Where the editor leaves each end, in frames off the cut points. proposed: the same of the
    film as it was laid before them, by cut; an end that is near enough stays there."""
    if editor.kind == "random":
        wanted = [tuple(random.normal(0, 0.15, 2).tolist()) for _ in film]
    else:
        habit = np.array([editor.trims.head, editor.trims.tail])
        wanted = [tuple((habit + random.normal(0, WOBBLE, 2)).tolist()) for _ in film]
    found = []
    for cut, moved in zip(film, offsets(pool, stage, film, wanted), strict=True):
        rate = float(pool.clips[int(pool.clip[cut[0]])].rate)
        lies = proposed.get(cut, (0, 0))
        near = [
            there if abs(mine - there) < UNSEEN * rate else mine
            for mine, there in zip(moved, lies, strict=True)
        ]
        found.append((near[0], near[1]))
    return found
