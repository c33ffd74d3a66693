"""Turn a finished film into the style that it was cut in: its pace, and what it cares for.

The pace is that of the film's own shot lengths, whatever their shape. What it cares for is read as
apprentices read a master: a term that the film serves more than films cut at random do is weighed
up, one that it serves less is weighed down (Abbeel & Ng, Apprenticeship learning via inverse
reinforcement learning, ICML 2004, https://doi.org/10.1145/1015330.1015430: the reward lies in the
direction in which the expert's feature expectations differ from others'). One film is little to
learn from, so every weight stays within a factor of MOST of the base style's. S shots.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from editor.config import Pace, Style, check_style, normal_scores
from editor.cutting.reward import CUT_TERMS, TERMS, load_statistics, weights_of
from editor.errors import StyleError
from editor.footage import analysis, ingest, sound
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.learning.edited import Edited, as_material
from editor.progress import Advance
from editor.timing import FrameSpan

LEAST_SHOTS = 6  # of a film that can be taken after: fewer have no pace
FLASH = 0.2  # s; what is detected as a shorter shot is a flash, not a shot
MEMORY_SHOTS = 30  # the base style's autocorrelation weighs as if it had been seen in so many
CURVE_SHOTS = 10  # a step of the curve: a median of fewer is mostly chance
KNOTS = 20  # at most, at which the lengths' shape is read
NARROWEST, WIDEST = 0.1, 1.5  # of the standard deviation of log length that is asked for
ROOM = 1.25  # times the median, which the longest cut may always have: footage is as it is
MOST_STEPS = 7  # of the curve, as `fit-pace` has them
CURVE_PRIOR = 5  # shots that a flat curve weighs in every step
PULL = 0.5  # log of a weight's factor for each standard deviation that the film stands off
MOST = 2.5  # factor on a weight, up or down
NEARNESS = 2.0  # score that it may cost to come nearer to the film's lengths by a distance of 1
LIKENESS = 3.0  # factor on what the pace weighs: that is what was asked for
NEAR_BEAT = 0.08  # s, two frames at 25 a second: a cut that is felt as on the beat
SURE = 2.0  # standard errors above chance from which cuts are made on the beat
CARED = {
    "faces": "near and far framings",
    "movement": "movement",
    "exposure": "light",
    "colour_match": "colour from shot to shot",
    "motion_match": "direction from shot to shot",
    "novelty": "variety",
    "speech": "speech",
}
CLOSE, MEDIUM = 0.05, 0.008  # share of the frame that the largest face fills, from which it is so


@dataclass(frozen=True)
class Liking:
    """A style taken from a finished film, and what speaks for each of its numbers."""

    style: Style
    evidence: tuple[str, ...]  # a sentence for each thing that was looked at
    seconds: np.ndarray  # (S,) lengths of the film's shots in s

    def away(self, lengths: Sequence[float] | np.ndarray) -> float:
        """How far a film's shot lengths in seconds lie from these, as `distance`."""
        return distance(np.asarray(lengths), self.seconds)


def read(
    path: Path, base: Style, settings: analysis.Settings, cache: Cache, advance: Advance
) -> Liking:
    """Look at a film's file, or find in the cache what was seen, and take after it.

    Raises FootageError where it cannot be read, StyleError as `take_after`.
    """
    clips, _ = ingest.ingest((path,), cache, lambda done, total, label: None)
    if len(clips) != 1:
        raise StyleError(f"--like {path}: name one finished film, not {len(clips)} clips.")
    film = clips[0]
    known = analysis.analyse(film, settings, cache, lambda share: advance(share, 1.0, film.name))
    return take_after(film, known, _beats(film, cache), base)


def _beats(film: Clip, cache: Cache) -> np.ndarray:
    """(M,) seconds of the beats of a film's music, found once."""
    if not film.sound:
        return np.zeros(0)
    if (kept := cache.load("beats", film.digest)) is not None:
        return np.asarray(kept[0]["beats"], np.float64)
    beats = sound.beats(film.path)
    cache.save("beats", film.digest, {"beats": beats}, {})
    return beats


def take_after(clip: Clip, known: Analysis, beats: np.ndarray, base: Style) -> Liking:
    """Read a finished film's style; length, order and fit stay the base style's.

    beats: (M,) seconds of the film's music, none where it has none. Raises StyleError where the
    film has too few shots to have a style.
    """
    rate = float(clip.rate)
    shots = [shot for shot in known.shots if len(shot) >= FLASH * rate]
    if len(shots) < LEAST_SHOTS:
        raise StyleError(
            f"--like {clip.name}: {len(shots)} {'shot was' if len(shots) == 1 else 'shots were'}"
            f" found in it; a film to be taken after needs {LEAST_SHOTS} or more. Is it a finished"
            " film, not a take?"
        )
    seconds = np.array([len(shot) for shot in shots]) / rate
    pace, paced = pace_of(seconds, base.pace)
    film = as_material(clip, known, shots, clip.name, clip.name)
    weights, cared = _weights(film, known, shots, base)
    beat, heard = _beat(clip, shots, beats, weights["on_the_beat"])
    weights["on_the_beat"] = beat
    for name in ("length_fit", "rhythm"):
        weights[name] = round(LIKENESS * weights_of(base)[name], 2)
    style = replace(
        base,
        name=f"like {clip.path.stem}",
        description=f"Cut like {clip.name}: {len(shots)} shots, median {np.median(seconds):.3g} s.",
        pace=pace,
        weights=weights,
    )
    framings = _framings(known, shots)
    evidence = (*paced, heard, framings, *cared)
    return Liking(check_style(style, f"--like {clip.name}"), evidence, seconds)


def pace_of(seconds: np.ndarray, base: Pace) -> tuple[Pace, tuple[str, ...]]:
    """The pace of a film's shots (S,) in s, in order, and what speaks for each number.

    Median and spread are those of the log-normal nearest to the film's lengths, the shape is the
    film's own; memory and curve, which few shots hardly tell, are drawn towards the base's memory
    and a flat curve.
    """
    count, memory = len(seconds), lag_one(np.log(seconds))
    share = count / (count + MEMORY_SHOTS)
    held = share * memory + (1 - share) * base.autocorrelation
    curve = _curve(seconds)
    about = curve if _curve_is_told(seconds, curve) else _flat(seconds)
    pace = _fitted_pace(seconds, about)
    pace = replace(
        pace,
        autocorrelation=round(float(np.clip(held, -0.9, 0.9)), 2),
        shortest=round(max(0.1, float(seconds.min())), 2),
        longest=round(max(float(seconds.max()), ROOM * pace.median), 1),
    )
    away = [distance(asked_lengths(one), seconds) for one in (pace, replace(pace, shape=()), base)]
    steps = ", ".join(f"{factor:.2f}" for factor in pace.curve)
    return pace, (
        f"shot lengths: {count} shots, median {np.median(seconds):.2f} s,"
        f" {seconds.min():.2f} to {seconds.max():.1f} s; asked for: lengths of that shape,"
        f" {away[0]:.2f} from the film's own (a log-normal about {pace.median:.2f} s, log sd"
        f" {pace.log_sd:.2f}: {away[1]:.2f}; the style's: {away[2]:.2f})",
        f"memory: lag-1 autocorrelation {memory:+.2f}, taken as {held:+.2f} since"
        f" {count} shots are {'few' if share < 0.6 else 'some'}",
        f"curve over the film: {steps}",
    )


def _curve_is_told(seconds: np.ndarray, about: tuple[tuple[float, ...], np.ndarray]) -> bool:
    """True where the film's curve explains its lengths better than none by Schwarz's criterion
    (Annals of Statistics 6 (1978)): each of its steps must earn half a log of the shots' number."""
    curve, drift = about
    if len(curve) < 3:
        return False
    log = np.log(seconds)
    gained = len(log) * np.log(log.std() / max(1e-6, float((log - drift).std())))
    return bool(gained > len(curve) * np.log(len(log)) / 2)


def _fitted_pace(seconds: np.ndarray, about: tuple[tuple[float, ...], np.ndarray]) -> Pace:
    """The log-normal nearest to a film's lengths about a curve and its log at each shot, and the
    shape that they have beside it. Lengths that are all but one get room of NARROWEST."""
    curve, drift = about
    rest = np.log(seconds) - drift  # the curve is asked for beside
    mean, spread = _fitted(rest)
    knots = np.array(normal_scores(min(KNOTS, len(seconds))))
    ordered = np.quantile(rest, (np.arange(len(knots)) + 0.5) / len(knots), method="hazen")
    room = NARROWEST * knots  # lengths less this rise, or stay: so they rise by that at least
    level = np.maximum.accumulate(ordered - room)
    fall = np.minimum.accumulate((ordered - room)[::-1])[::-1]
    shape = ((level + fall) / 2 + room - mean) / spread
    return Pace(
        round(float(np.exp(mean)), 2),
        round(spread, 2),
        0.0,
        curve,
        shape=tuple(round(float(place), 3) for place in shape),
    )


def asked_lengths(pace: Pace) -> np.ndarray:
    """(1000,) lengths in s, ascending, of the shots that a pace asks for over a whole film: a quick
    stretch of the curve holds more of them."""
    place = np.linspace(0, len(pace.curve) - 1, 101)
    factor = np.exp(np.interp(place, np.arange(len(pace.curve)), np.log(pace.curve)))
    each = pace.seconds_at(np.array(normal_scores(200)))
    length = factor[:, None] * each  # (101, 200)
    weight = np.repeat(1 / factor, len(each))
    order = np.argsort(length, axis=None)
    reached = np.cumsum(weight[order]) / weight.sum()
    found = np.interp((np.arange(1000) + 0.5) / 1000, reached, length.flat[order])
    return np.asarray(np.clip(found, pace.shortest, pace.longest))


def lag_one(values: np.ndarray) -> float:
    """Lag-1 autocorrelation about the series' own mean; 0 where nothing varies."""
    centred = values - values.mean()
    power = float((centred**2).sum())
    return float((centred[:-1] * centred[1:]).sum() / power) if power > 1e-12 else 0.0


def distance(seconds: np.ndarray, others: np.ndarray) -> float:
    """Wasserstein-1 distance of two sets of shot lengths (s), on their natural logs."""
    places = (np.arange(1000) + 0.5) / 1000
    one, other = (np.quantile(np.log(values), places) for values in (seconds, others))
    return float(np.abs(one - other).mean())


def worth(pattern: np.ndarray, lengths: Sequence[float]) -> float:
    """What shot lengths (s) are worth beside a film's score that come near to a pattern (S,)."""
    return -NEARNESS * distance(np.asarray(lengths), pattern)


def _fitted(log: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the normal nearest to the values: least mean distance of the
    sorted values from its quantiles (the Wasserstein-1 distance by which `distance` judges)."""
    from scipy.optimize import minimize
    from scipy.special import ndtri

    quantile = ndtri((np.arange(len(log)) + 0.5) / len(log))
    ordered = np.sort(log)
    slope = float((ordered * quantile).sum() / (quantile**2).sum())

    def away(line: np.ndarray) -> float:
        return float(np.abs(ordered - line[0] - line[1] * quantile).mean())

    found = minimize(away, [float(np.median(log)), slope], method="Nelder-Mead").x
    return float(found[0]), float(np.clip(found[1], NARROWEST, WIDEST))


def _flat(seconds: np.ndarray) -> tuple[tuple[float, ...], np.ndarray]:
    """No curve, as `_curve` gives one."""
    return (1.0, 1.0), np.zeros(len(seconds))


def _curve(seconds: np.ndarray) -> tuple[tuple[float, ...], np.ndarray]:
    """Factors on the median at equal steps over the film, flat where few, geometric mean 1 over the
    shots; and (S,) the log of the factor at each shot."""
    steps = min(MOST_STEPS, len(seconds) // CURVE_SHOTS)
    if steps < 3:
        return _flat(seconds)
    log = np.log(seconds)
    middle = (np.cumsum(seconds) - seconds / 2) / seconds.sum()
    near = np.rint(middle * (steps - 1)).astype(np.int64)
    drift = np.zeros(steps)
    for step in np.unique(near):
        inside = log[near == step]
        share = len(inside) / (len(inside) + CURVE_PRIOR)
        drift[step] = share * (np.median(inside) - np.median(log))
    along = np.interp(middle * (steps - 1), np.arange(steps), drift)
    rest = float(along.mean())  # over shots: a quick stretch holds more of them
    return tuple(round(float(factor), 2) for factor in np.exp(drift - rest)), along - rest


def _weights(
    film: Edited, known: Analysis, shots: Sequence[FrameSpan], base: Style
) -> tuple[dict[str, float], list[str]]:
    """Every term's weight, and the evidence for those that the film moved."""
    stands = _standing(film, base)
    stands["speech"] = _spoken(film, known)
    weights = dict(weights_of(base))
    said = []
    for name, words in CARED.items():
        if name == "speech" and not known.sound.present:
            continue
        factor = float(np.clip(np.exp(PULL * stands[name]), 1 / MOST, MOST))
        usual, weights[name] = weights[name], round(factor * weights[name], 2)
        said.append(
            f"{words}: {stands[name]:+.2f} sd from films cut at random, so {name} weighs"
            f" {weights[name]:g} (else {usual:g})"
        )
    return weights, said


def _standing(film: Edited, base: Style) -> dict[str, float]:
    """Mean of each per-cut term over the film, in standard deviations of random films' cuts."""
    reward = film.reward(base, float(film.seconds.sum()))
    under_way = reward.start(1)
    for choice in film.edit:
        each = (torch.tensor([value]) for value in choice)
        under_way, _, _ = reward.grow(under_way, *each)
    mean = reward.means(under_way)[0].tolist()
    return dict(zip(CUT_TERMS, mean, strict=True))


def _spoken(film: Edited, known: Analysis) -> float:
    """How far the share of speech stands from that of random films, in their standard deviations;
    the film's music is no hindrance, its own soundtrack is heard."""
    total = float(film.seconds.sum())
    heard = float((known.sound.speech[:, 1] - known.sound.speech[:, 0]).sum())
    mean, spread = load_statistics()["speech"]
    return float((2 * min(1.0, heard / total) - 1 - mean) / spread)


def _beat(
    clip: Clip, shots: Sequence[FrameSpan], beats: np.ndarray, usual: float
) -> tuple[float, str]:
    """What the beat weighs, and why: cuts within NEAR_BEAT of one, against chance."""
    cuts = np.array([shot.first for shot in shots[1:]]) / float(clip.rate)
    if len(beats) < 2:
        return usual, f"music: no beat was found, so on_the_beat keeps {usual:g}"
    gaps = np.abs(cuts[:, None] - beats[None]).min(axis=1)
    share = float((gaps <= NEAR_BEAT).mean())
    period = float(np.median([b - a for a, b in pairwise(beats)]))
    chance = min(1.0, 2 * NEAR_BEAT / period)
    error = float(np.sqrt(chance * (1 - chance) / len(cuts))) or 1.0
    lead = (share - chance) / error
    factor = float(np.clip(np.exp(PULL * (lead - SURE)), 1 / MOST, MOST))
    weight = round(usual * factor, 2)
    return weight, (
        f"music: {60 / period:.0f} beats a minute, {share:.0%} of {len(cuts)} cuts within"
        f" {NEAR_BEAT * 1000:.0f} ms of one (chance {chance:.0%}), so on_the_beat weighs"
        f" {weight:g} (else {usual:g})"
    )


def _framings(known: Analysis, shots: Sequence[FrameSpan]) -> str:
    """How many shots are near and far, by the largest face in each."""
    sizes = []
    for shot in shots:
        low, high = np.searchsorted(known.moments.frame, [shot.first, shot.stop])
        faces = known.moments.faces[low:high]
        sizes.append(float(faces[:, 1].max()) if len(faces) else 0.0)
    size = np.array(sizes)
    near, middle = (size >= CLOSE).mean(), ((size >= MEDIUM) & (size < CLOSE)).mean()
    return (
        f"framings: {near:.0%} of shots near (a face fills {CLOSE:.0%} of the frame or more),"
        f" {middle:.0%} middle, {1 - near - middle:.0%} far or without a face"
    )


def toml(liking: Liking) -> str:
    """The style as a file that --style takes, its evidence as comments."""
    style, pace = liking.style, liking.style.pace
    lines = [f"# {line}" for line in liking.evidence]
    lines += [
        "",
        f"description = {_quoted(style.description)}",
        f"duration = {style.duration:g}  # s",
        f'order = "{style.order}"',
        f'fit = "{style.fit}"',
        f'detector = "{style.detector}"',
        "",
        "[pace]",
        f"median = {pace.median}",
        f"log_sd = {pace.log_sd}",
        f"autocorrelation = {pace.autocorrelation}",
        f"curve = [{', '.join(map(str, pace.curve))}]",
        f"shortest = {pace.shortest}",
        f"longest = {pace.longest}",
        f"shape = [{', '.join(map(str, pace.shape))}]  # (log length - log median) / log_sd, at",
        "# equal shares of the shots from the shortest up: without it lengths are log-normal",
        "",
        "[weights]",
        *(f"{name} = {style.weights[name]:g}" for name in TERMS),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Text as a TOML string."""
    safe = "".join(c if c.isprintable() else " " for c in text)
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'
