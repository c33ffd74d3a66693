"""Say in an editor's words why a choice beat its runner-up, and what else could stand there."""

from collections.abc import Sequence

import torch

from editor.cutting import whole
from editor.cutting.environment import Films, Stage
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, TERMS
from editor.cutting.search import Choice
from editor.film.timeline import Alternative
from editor.timing import FrameSpan

NAMED = 3  # terms that a reason names: more is not read
TELLING = 0.05  # raw units: a smaller difference is no reason
TELLING_WHOLE = 0.005  # likewise of a whole film's mean, in which one cut is one of many
TAKES = 3  # other takes offered as alternatives


Gains = dict[str, float]  # by term, most weighty first


def compared(
    stage: Stage, films: Films, made: Sequence[Choice], others: Sequence[Sequence[Choice]]
) -> list[list[Gains]]:
    """For each of B films under way, what each term's raw value gains by the cut `made` next over
    each of its `others`."""
    most = max((len(row) for row in others), default=0)
    rows = [
        [mine, *theirs, *[mine] * (most - len(theirs))]
        for mine, theirs in zip(made, others, strict=True)
    ]
    if not rows:
        return []
    reward = stage.reward
    shot, first, last = torch.tensor(rows).unbind(-1)  # (B, 1 + K)
    _, raw = reward.preview(films.progress, shot, first, last)
    worth = torch.cat(
        [reward.cut_weight / reward.cut_spread, reward.film_weight / reward.film_spread]
    )
    gain = raw[:, :1] - raw[:, 1:]  # (B, K, C + W)
    order = torch.argsort(gain * worth, -1, descending=True).tolist()
    names, weighs, every = (*CUT_TERMS, *FILM_TERMS), (worth > 0).tolist(), gain.tolist()
    return [
        [
            {names[at]: every[row][k][at] for at in order[row][k] if weighs[at]}
            for k in range(len(theirs))
        ]
        for row, theirs in enumerate(others)
    ]


def reason(
    pool: Pool,
    stage: Stage,
    films: Films,
    mine: Choice,
    others: Sequence[Choice],
    rest: Sequence[Choice] = (),
    gains: Sequence[Gains] | None = None,
) -> str:
    """Say what `mine` won by, as an editor reads it; honest where nothing speaks for it.

    For instance "over rabbit.mp4 #2: motion match +0.4, novelty +0.3". Where the cut itself wins by
    nothing, the whole film is scored with each of the two and the `rest` of the cuts after it.
    gains: over each of the others, as `compared` finds them, where that was asked before.
    """
    if not others:
        return "the only choice that lets the film be completed"
    other = others[0]
    mine_over = (gains or compared(stage, films, [mine], [[other]])[0])[0]
    won = [(name, gain) for name, gain in mine_over.items() if gain >= TELLING][:NAMED]
    name = pool.shots[other[0]].name
    if other[0] == mine[0]:
        seconds = float(pool.time[other[0], other[2]] - pool.time[other[0], other[1]])
        name = f"{seconds:.1f} s of the same shot"
    if won:
        said = ", ".join(f"{TERMS[term].words} {gain:+.1f}" for term, gain in won)
        return f"over {name}: {said}"
    total, over = compare_whole(stage, films, mine, other, rest)
    won = [(name, gain) for name, gain in over.items() if gain >= TELLING_WHOLE][:NAMED]
    if not won or total <= 0:
        return f"over {name}: no term; by these terms the film would be as good with the other"
    said = ", ".join(f"{TERMS[term].words} {gain:+.2f}" for term, gain in won)
    return f"over {name}, for the film as a whole: {said}"


def compare_whole(
    stage: Stage, films: Films, mine: Choice, other: Choice, rest: Sequence[Choice]
) -> tuple[float, Gains]:
    """By how much the whole film scores better with `mine` than with `other` in its place, and what
    each term's raw mean gains, most weighty gain first. rest: the cuts that follow."""
    reward = stage.reward
    both = films.progress.select(torch.zeros(2, dtype=torch.int64))
    film = whole.finished(stage, both, [[one, *rest] for one in (mine, other)])
    mean = reward.means(film)
    cut = (mean[0] - mean[1])[: len(CUT_TERMS)]  # standardised; a taste has measures after them
    raw = reward.film_terms(film)
    ends = (raw[0] - raw[1]) / reward.film_spread
    worth = torch.cat([cut * reward.cut_weight, ends * reward.film_weight])
    gain = torch.cat([cut * reward.cut_spread, ends * reward.film_spread])
    names = (*CUT_TERMS, *FILM_TERMS)
    order = torch.argsort(worth, descending=True).tolist()
    gains = {names[index]: float(gain[index]) for index in order if float(worth[index]) > 0}
    return float(film.score[0] - film.score[1]), gains


def alternatives(
    pool: Pool, stage: Stage, mine: Choice, others: Sequence[Choice], gains: Sequence[Gains]
) -> tuple[Alternative, ...]:
    """The policy's next-best choices with the terms on which they lost, then the other takes.

    gains: of `mine` over each of the others, as `compared` finds them."""
    lost = zip(others, gains, strict=True)
    found = [_alternative(pool, other, _lost(gained)) for other, gained in lost]
    found += [_alternative(pool, take, "other take") for take in other_takes(pool, stage, mine)]
    return tuple(found)


def _lost(gains: Gains) -> str:
    lost = [(name, gain) for name, gain in gains.items() if gain >= TELLING][:NAMED]
    said = ", ".join(f"{TERMS[term].words} {-gain:+.1f}" for term, gain in lost)
    return said or "no term by itself"


def other_takes(pool: Pool, stage: Stage, mine: Choice) -> list[Choice]:
    """In each other take of the same line, the legal cut nearest in place and length."""
    shot, first, last = mine
    line, clip = stage.material.line, stage.material.clip
    if line[shot] < 0:
        return []
    takes = torch.nonzero((line == line[shot]) & (clip != clip[shot]))[:, 0].tolist()
    here = pool.time[shot]
    best: dict[int, tuple[float, Choice]] = {}
    for take in takes:
        time = torch.from_numpy(pool.time[take])
        gap = (time[:, None] - float(here[first])).abs() + (time - float(here[last])).abs()
        gap = torch.where(stage.material.legal[take], gap, torch.inf)
        at = int(gap.argmin())
        points = gap.shape[1]
        far, number = float(gap.min()), int(clip[take])
        if far < best.get(number, (torch.inf, mine))[0]:
            best[number] = far, (take, at // points, at % points)
    return [choice for _, choice in sorted(best.values())[:TAKES]]


def _alternative(pool: Pool, choice: Choice, why: str) -> Alternative:
    shot, first, last = choice
    frame = pool.frame[shot]
    return Alternative(
        clip=pool.clips[int(pool.clip[shot])],
        source=FrameSpan(int(frame[first]), int(frame[last])),
        shot=pool.shots[shot].name,
        why=why,
    )
