"""Turn a clip that was never stopped into which of its takes of a line are not the last.

The director says "again" and the actor begins anew: the words come twice in one clip. The last of
them is the one that let everybody go on; what is said before it, between the takes too, is left
out. The measure is that of takes in clips of their own, held tighter.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from editor.cutting.air import AIR
from editor.cutting.regions import BREATH
from editor.cutting.takes import LENGTHS, SPREAD, STEP
from editor.cutting.warping import warped_distance
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

SHORTEST = 1.5  # s of speech: "thank you" may be meant twice
# Mean distance along the best warp, of one voice before one microphone. Seven made pairs of takes:
# at most 1.2; other words, the nearest of 480 pairs of real and made speech: 2.28.
SAME_WORDS = 1.9
WITHIN = 90.0  # s after a line in which it may be said again
TALK = 8.0  # s of other speech between two takes, the director's: more is a scene with a refrain
COARSE = 4  # steps taken as one for a first look at many pairs, and by how much more they may
COARSELY = 0.6  # differ there
EARLIER = "an earlier take of the same words in this clip: the last is offered"
BETWEEN = "between two takes in this clip"


@dataclass(frozen=True)
class _Said:
    """One or two utterances in a row."""

    first: int  # number of the first
    stop: int  # after the last
    begin: float  # s on the clip's clock
    end: float  # s
    timbre: np.ndarray  # (T, 12) float32 about its mean


def earlier(clip: Clip, known: Analysis, run: FrameSpan) -> tuple[tuple[FrameSpan, str], ...]:
    """Return frames of a run in which a line is said that is said again later in it, and why."""
    rate = float(clip.rate)
    heard = _utterances(known.sound.speech, run.first / rate, run.stop / rate)
    said = list(_candidates(heard, known.sound.timbre))
    again = _again(heard, said)
    found = []
    for number, next_take in sorted(again.items()):
        begin = max(run.first, round((heard[number, 0] - AIR[1]) * rate))
        end = min(run.stop, round((heard[number, 1] + AIR[1]) * rate))
        found.append((FrameSpan(begin, end), EARLIER))
        until = round((heard[next_take, 0] - AIR[1]) * rate)
        following = [one for one in again if number < one < next_take]
        if following:
            until = min(until, round((heard[min(following), 0] - AIR[1]) * rate))
        if until > end:
            found.append((FrameSpan(end, until), BETWEEN))
    return tuple(found)


def _utterances(speech: np.ndarray, begin: float, end: float) -> np.ndarray:
    """(K, 2) s: what is said in one breath, wholly within a run."""
    joined: list[list[float]] = []
    for start, stop in speech[(speech[:, 0] >= begin) & (speech[:, 1] <= end)].tolist():
        if joined and start - joined[-1][1] < BREATH:
            joined[-1][1] = stop
        else:
            joined.append([start, stop])
    return np.array(joined, np.float64).reshape(-1, 2)


def _candidates(heard: np.ndarray, timbre: np.ndarray) -> Iterator[_Said]:
    """Every utterance, and every two in a row: a pause in one take may be none in the next."""
    for count in (1, 2):
        for first in range(len(heard) - count + 1):
            begin, end = float(heard[first, 0]), float(heard[first + count - 1, 1])
            rows = timbre[round(begin / STEP) : round(end / STEP)].astype(np.float32) / SPREAD
            if len(rows) * STEP >= SHORTEST:
                yield _Said(first, first + count, begin, end, rows - rows.mean(axis=0))


def _again(heard: np.ndarray, said: list[_Said]) -> dict[int, int]:
    """Number of each utterance that is said again -> number of that by which its next take begins.

    A match counts where little else is said between the two but what is said again itself.
    """
    near = [
        (one, other)
        for one, other in _pairs(said)
        if max(len(one.timbre), len(other.timbre)) <= LENGTHS * min(map(_length, (one, other)))
    ]
    rough = warped_distance([(_coarse(one), _coarse(other)) for one, other in near])
    near = [pair for pair, far in zip(near, rough, strict=True) if far <= SAME_WORDS + COARSELY]
    exact = warped_distance([(one.timbre, other.timbre) for one, other in near])
    same = [pair for pair, far in zip(near, exact, strict=True) if far <= SAME_WORDS]
    begun: dict[int, int] = {}
    for one, other in same:
        for number in range(one.first, one.stop):
            begun[number] = min(other.first, begun.get(number, other.first))
    seconds = heard[:, 1] - heard[:, 0]
    return {
        number: other
        for number, other in begun.items()
        if sum(seconds[k] for k in range(number + 1, other) if k not in begun) <= TALK
    }


def _length(one: _Said) -> int:
    return len(one.timbre)


def _pairs(said: list[_Said]) -> Iterator[tuple[_Said, _Said]]:
    """Every two that follow one another within WITHIN."""
    ordered = sorted(said, key=lambda one: one.begin)
    begins = [one.begin for one in ordered]
    for one in ordered:
        for other in ordered[bisect_left(begins, one.end) :]:
            if other.begin - one.end > WITHIN:
                break
            yield one, other


def _coarse(one: _Said) -> np.ndarray:
    """(T / COARSE, 12) means of the timbre."""
    count = len(one.timbre) // COARSE
    return np.asarray(one.timbre[: count * COARSE].reshape(count, COARSE, -1).mean(axis=1))
