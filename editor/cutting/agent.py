"""Turn a pool and a brief into a decided film, by a trained policy or a named plain way.

The policy's own decode sees no reward: at every step it takes the likeliest shot, then the
likeliest in point, then the likeliest out point. The reward is looked at afterwards, to say why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import torch

from editor.config import Style
from editor.cutting import (
    decode,
    guided,
    learned,
    local,
    mending,
    policies,
    reasons,
    search,
    trims,
    whole,
)
from editor.cutting.baselines import BASELINES, BLIND, Cutting
from editor.cutting.brief import Brief
from editor.cutting.environment import Stage, make_stage
from editor.cutting.observation import FEATURES
from editor.cutting.pool import Pool
from editor.cutting.reward import CUT_TERMS, FILM_TERMS, TERMS
from editor.cutting.search import Choice
from editor.cutting.taste import Taste, dressed
from editor.errors import FootageError, PolicyError, StyleError
from editor.film.timeline import Alternative, Cut, Music, Timeline
from editor.timing import FrameSpan, convert_length
from models import checkpoint, rollout
from models.checkpoint import Card
from models.policy import Policy

DEFAULT = "base+search"  # plain decode falls behind whole-film search in recorded order
SEARCH = policies.SEARCH
FEW_SHOTS = 200  # up to so many, search goes on from both its starts
LEAST_SHOTS = 3  # of fewer there is no film to choose
SHARE = Fraction(2, 5)  # of the usable footage: a film of more is no selection
WEIGHTS = policies.WEIGHTS


@dataclass(frozen=True)
class Cutter:
    """Something that cuts: a trained policy, or a plain way to the same end."""

    name: str
    decide: Callable[[Stage, int], list[tuple[Choice, list[Choice]]]]  # cuts, each with runners-up
    taste: Taste = field(default_factory=Taste)  # what an editor taught it: it cuts by that reward
    choose: Cutting | None = None  # the film alone; none where it never looks at what one scores


@dataclass(frozen=True)
class Decided:
    """One cut of the film, with what speaks for it."""

    shot: int  # index into the pool
    first: int  # in point
    last: int  # out point
    reward: float  # step reward
    terms: dict[str, float]  # raw per-cut terms, each in [-1, 1]
    reason: str
    alternatives: tuple[Alternative, ...]
    moved: trims.Offset = (0, 0)  # clip frames by which in and out lie off the points, by habit


@dataclass(frozen=True)
class Decision:
    """The film as decided."""

    choices: tuple[Decided, ...]
    score: float  # the film's; the sum of its choices' rewards
    film_terms: dict[str, float]  # raw whole-film terms
    notes: tuple[str, ...]  # what could not be held, in an editor's words


def policy_names() -> tuple[str, ...]:
    """What `--policy` knows: trained policies that are here, each also with every search, then the
    plain ways."""
    return policies.names()


def default_policy(folder: Path) -> str:
    """The policy that cuts where none is named: the one chosen in a folder of learned policies,
    else the package's. Raises PolicyError."""
    return learned.default(folder) or DEFAULT


def named(name: str | None, search: str | None, folder: Path) -> str:
    """The policy that was asked for, with the search that was asked for. Raises PolicyError where
    they do not go together."""
    name = name or default_policy(folder)
    if search is None:
        return name
    bare, _ = policies.split(name)
    if bare in BASELINES:
        raise PolicyError(f"--search goes on from a trained policy: {bare} is a plain way to cut.")
    if search == "none" and bare in learned.names(folder):
        raise PolicyError(
            f"{bare} cuts by the reward that it learned, so it always searches: ask for"
            " --search best, beam or local, or for another --policy."
        )
    return bare + policies.SEARCHES[search]


def load_policy(name: str, folder: Path | None = None) -> Cutter:
    """The cutter of that name, or of a policy file's path. Raises PolicyError.

    An ending of policies.SEARCHES says how the policy searches: the best by reward of many films
    that it draws, a beam that it guides, or a local search that goes on from the best. What the
    package does not have is looked for among the learned ones in `folder`; those search, by the
    reward that they learned.
    """
    here = learned.names(folder) if folder is not None else ()
    bare, search = policies.split(name)
    if folder is not None and name not in policy_names() and bare in here:
        return learned_cutter(learned.read(folder, bare), search)
    if name in BASELINES:
        plain = plain_cutter(name, BASELINES[name])
        return replace(plain, choose=None) if name in BLIND else plain
    policy = load_weights(bare, here)
    if search in WAYS:
        return plain_cutter(name, lambda stage, seed: WAYS[search](policy, stage, seed))
    return policy_cutter(name, policy)


def load_weights(name: str, here: Sequence[str] = ()) -> Policy:
    """A trained policy by its name in the package, or from its file. Raises PolicyError, which
    names those of the package and the learned ones that are `here`."""
    return load_weights_and_card(name, here)[0]


def load_weights_and_card(name: str, here: Sequence[str] = ()) -> tuple[Policy, Card]:
    """As `load_weights`, with the card of how it was trained."""
    path = WEIGHTS / f"{name}.safetensors"
    if not path.exists():
        path = Path(name)
    if name == policies.BASE and not path.exists():
        raise PolicyError(policies.missing())
    if path.suffix != ".safetensors" or not path.exists():
        known = ", ".join((*here, *policy_names()))
        raise PolicyError(
            f"No trained policy is called {name!r}. Known: {known}, or a .safetensors file."
        )
    try:
        return checkpoint.load_policy(path, FEATURES, tuple(TERMS))
    except ValueError as err:
        mend = f" {policies.back()}" if path.parent == WEIGHTS else ""
        raise PolicyError(f"Policy {name} cannot be used: {err}{mend}") from err


def searched(policy: Policy, stage: Stage, seed: int) -> list[Choice]:
    """Search with a policy: local search from the best of many films that it draws, from a beam
    that it guides and from a greedy film, for longest from the best of what they become. From many
    shots only one goes on, the better of what it draws and an even spread over the footage.
    """
    drawn = decode.best_of(policy, stage, seed)
    if stage.material.size <= FEW_SHOTS:
        starts = [drawn, guided.beam(policy, stage, seed), BASELINES["greedy"](stage, seed)]
        return local.improve_best(stage, starts, seed)
    starts = [drawn, BASELINES["uniform"](stage, seed)]
    return local.improve(stage, starts[int(local.scores(stage, starts).argmax())], seed)[0]


WAYS: dict[str, Callable[[Policy, Stage, int], list[Choice]]] = {
    "best": decode.best_of,
    "beam": guided.beam,
    "local": searched,
}


def learned_cutter(mine: learned.LearnedPolicy, search: str = "local") -> Cutter:
    """A cutter that searches by what an editor taught; one that would not, by local search."""
    policy = load_weights(str(mine.weights) if mine.weights else mine.base)
    way = WAYS.get(search, searched)
    plain = plain_cutter(mine.name, lambda stage, seed: way(policy, stage, seed))
    return replace(plain, taste=mine.taste)


def policy_cutter(name: str, policy: Policy) -> Cutter:
    """A cutter that lets a trained policy choose, by its own likelihood alone."""
    return Cutter(name, lambda stage, seed: decode.decode(policy, stage, seed))


def plain_cutter(name: str, choose: Cutting) -> Cutter:
    """A cutter of a plain way, whose runners-up are the next best by reward."""

    def decide(stage: Stage, seed: int) -> list[tuple[Choice, list[Choice]]]:
        film = choose(stage, seed)
        if not film:
            return []
        others = search.rivals(stage, whole.told(stage, film).before, film)
        return list(zip(film, others, strict=True))

    return Cutter(name, decide, choose=choose)


def aiming(cutter: Cutter, aim: Callable[[Sequence[float]], float]) -> Cutter:
    """The cutter, with its films' trims mended by their score and by what the lengths of their cuts
    in seconds are worth beside it; one that never looks at what a film scores is left alone."""
    first = cutter.choose
    if first is None:
        return cutter

    def choose(stage: Stage, seed: int) -> list[Choice]:
        m = stage.material
        film = first(stage, seed)

        def worth(made: Sequence[Choice]) -> float:
            return aim([float(m.length[cut]) / m.rate for cut in made])

        return mending.mend(stage, film, aim=worth) if film else film

    return replace(plain_cutter(cutter.name, choose), taste=cutter.taste)


def cut(pool: Pool, brief: Brief, cutter: Cutter) -> Decision:
    """Decide the film. The same pool, brief and cutter decide the same film.

    Raises FootageError where no film can be made, StyleError for unknown reward terms.
    """
    with rollout.one_thread():
        return _cut(pool, _stage(pool, brief), brief.seed, cutter)


def _cut(pool: Pool, stage: Stage, seed: int, cutter: Cutter) -> Decision:
    if cutter.taste.names:
        stage = dressed(stage, cutter.taste)
    decided = cutter.decide(stage, seed)
    film = [choice for choice, _ in decided]
    others = [rivals for _, rivals in decided]
    habit = (cutter.taste.trims.head, cutter.taste.trims.tail)
    moved = trims.offsets(pool, stage, film, [habit] * len(film)) if any(habit) else None
    told = whole.told(stage, film)
    compared = reasons.compared(stage, told.before, film, others)
    made = []
    for number, choice in enumerate(film):
        films = told.before.select(torch.tensor([number]))
        rest, gains = film[number + 1 :], compared[number]
        made.append(
            Decided(
                *choice,
                reward=float(told.gain[number]),
                terms=dict(zip(CUT_TERMS, told.raw[number].tolist(), strict=True)),
                reason=reasons.reason(pool, stage, films, choice, others[number], rest, gains),
                alternatives=reasons.alternatives(pool, stage, choice, others[number], gains),
                moved=moved[number] if moved else (0, 0),
            )
        )
    terms = stage.reward.film_terms(told.whole)[0].tolist()
    return Decision(
        choices=tuple(made),
        score=float(told.whole.score[0]),
        film_terms=dict(zip(FILM_TERMS, terms, strict=True)),
        notes=stage.rules.notes,
    )


def _stage(pool: Pool, brief: Brief) -> Stage:
    try:
        return make_stage(pool, brief)
    except ValueError as err:
        raise FootageError(str(err)) from err


def assemble(
    pool: Pool,
    decision: Decision,
    rate: Fraction,
    size: tuple[int, int],
    music: Music | None,
    fit: str,
) -> Timeline:
    """Lay the decided cuts on the film's frame grid, one after another.

    Where a cut goes on at the very frame at which the one before ended, both are one cut: nobody
    would see two.
    """
    cuts: list[Cut] = []
    for made in decision.choices:
        clip = pool.clips[int(pool.clip[made.shot])]
        frame = pool.frame[made.shot]
        head, tail = made.moved
        source = FrameSpan(int(frame[made.first]) + head, int(frame[made.last]) + tail)
        cut = Cut(
            clip=clip,
            source=source,
            start=cuts[-1].stop if cuts else 0,
            length=convert_length(len(source), clip.rate, rate),
            shot=pool.shots[made.shot].name,
            reward=made.reward,
            terms=made.terms,
            reason=made.reason,
            alternatives=made.alternatives,
        )
        if cuts and cuts[-1].clip == clip and cuts[-1].source.stop == source.first:
            cuts[-1] = _joined(cuts[-1], cut, rate)
        else:
            cuts.append(cut)
    return Timeline(tuple(cuts), rate, size, music, fit)


def _joined(one: Cut, more: Cut, rate: Fraction) -> Cut:
    """A cut and what goes on from it, as one: terms are means by length, rewards add up."""
    source = FrameSpan(one.source.first, more.source.stop)
    share = one.length / (one.length + more.length)
    return replace(
        one,
        source=source,
        length=convert_length(len(source), one.clip.rate, rate),
        reward=one.reward + more.reward,
        terms={
            name: share * value + (1 - share) * more.terms[name]
            for name, value in one.terms.items()
        },
    )


def suggest_duration(pool: Pool, style: Style) -> float:
    """The style's length in seconds, or SHARE of the usable footage where that is less."""
    return min(float(style.duration), float(SHARE * pool.usable))


def check_shots(pool: Pool) -> None:
    """Raise FootageError for so few shots that there is nothing to choose from."""
    if pool.size < LEAST_SHOTS:
        offered = "1 shot is" if pool.size == 1 else f"{pool.size} shots are"
        raise FootageError(
            f"{offered} on offer ({float(pool.usable):.1f} s), and a film is cut from"
            f" {LEAST_SHOTS} at least: add footage."
        )


def length(pool: Pool, style: Style, asked: float | None) -> tuple[float, str]:
    """The film's length in seconds, and why that one: what was asked for, as far as the footage
    goes, else the style's. Raises StyleError for a length that is no length."""
    usable = float(pool.usable)
    if asked is not None:
        if not 0 < asked < float("inf"):
            raise StyleError(f"A film of {asked:g} s cannot be made: ask for more than 0 s.")
        if asked > usable:
            return usable, f"{usable:.1f} s, all that is usable; {asked:g} s were asked for"
        return asked, f"{asked:g} s, as asked"
    suggested = suggest_duration(pool, style)
    if suggested >= style.duration:
        return suggested, f"{suggested:g} s, the length of style {style.name}"
    return suggested, (
        f"{suggested:.1f} s, {suggested / usable:.0%} of the {usable:.1f} s on offer (style"
        f" {style.name} takes {style.duration:g} s where there is more footage)"
    )


def cut_short(asked: float | None, length: float, made: Timeline) -> tuple[str, ...]:
    """A warning where a longer film was asked for, in seconds, than the footage allows."""
    if asked is None or asked <= length:
        return ()
    return (
        f"A film of {asked:g} s was asked for, and the usable footage lasts {length:.1f} s: this"
        f" one lasts {float(made.duration):.1f} s. Add footage for a longer one.",
    )
