"""Turn a clip's detected shots into regions on offer, and say which in and out points are legal.

What is legal is decided by speech, by masked frames and by length alone; a style's own shortest
and longest cut come later. P cut points of one region, K stretches of speech.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from editor.cutting.air import AIR, EPSILON, Speech, insert, latest, with_air
from editor.footage.clip import Clip
from editor.footage.measures import Analysis, CutPoints, Kind
from editor.timing import FrameSpan

LISTENING = 1.0  # s, shortest cut without speech out of a region with speech: less is dead air
BREATH = 0.60  # s, a shorter pause parts no sentence from the next: both are one utterance,
UTTERANCE = 4.0  # s, unless that is longer; then it is parted in its widest pauses
REACTION = 4.0  # s, a shorter silence about words is a pause, or waits for the line or for "cut";
SCENE = 8.0  # s, likewise in a take of a line that has other takes
SHORTEST = 0.30  # s, a shorter picture is not read as a shot
WORD_GUARD = 0.06  # s, a cut without speech keeps this far from words: a detector's ends are soft
REGION = 10.0  # s, length that a region is split down to
REGION_LIMIT = 12.0  # s, length that it may have to spare a worse place to split
BESIDE = 0.5  # s about frames that the editor named: nearer ones would go on into them, or stutter
POINTS = 40  # most cut points of one region

# What it costs to end one region and begin the next at a cut point of each kind; a further region
# costs 0.4, a second above REGION 2.0, so a pause is waited for and a grid point is not.
SPLIT_COST = {
    Kind.EDGE: 0.0,
    Kind.PAUSE: 0.0,
    Kind.SETTLE: 0.1,
    Kind.PEAK: 0.6,
    Kind.ONSET: 0.8,
    Kind.GRID: 1.0,
    Kind.SPLIT: 4.0,
}
LEFT_FIRST = (Kind.GRID, Kind.ONSET, Kind.PEAK, Kind.SETTLE, Kind.SPLIT, Kind.PAUSE, Kind.EDGE)


@dataclass(frozen=True)
class Region:
    """One stretch of a clip on offer, with its cut points and their legal pairs."""

    span: FrameSpan  # frames of the clip
    frame: np.ndarray  # (P,) int64, ascending
    kind: np.ndarray  # (P,) int8, Kind
    weak: np.ndarray  # (P,) bool
    moment: np.ndarray  # (P,) int64, index into Moments
    pair: np.ndarray  # (P, P) bool, [in, out]
    must: int = -1  # number of the must-include wish that it answers


@dataclass(frozen=True)
class Offer:
    """A clip's regions, and the stretches in which no legal pair was found."""

    regions: tuple[Region, ...]
    refused: tuple[FrameSpan, ...]


def offer(
    clip: Clip,
    known: Analysis,
    masked: np.ndarray,
    musts: Sequence[tuple[int, FrameSpan]] = (),
    retaken: Sequence[FrameSpan] = (),
) -> Offer:
    """Return what of a clip may be cut from.

    masked: (N,) bool, frames that hygiene or the editor took out. `musts` are (number of the wish,
    frames): each becomes a region whose only pair is exactly those frames, whatever is masked;
    what lies right beside them is not offered, for a film that had it too would show them longer.
    `retaken`: takes whose words other takes say too: what is quiet in them stands for no line.
    """
    taken = masked.copy()
    beside = round(BESIDE * clip.rate)
    for _, span in musts:
        taken[max(0, span.first - beside) : span.stop + beside] = True
    speech = _speech_within(clip, known)
    heard = Speech.of(known, speech)
    every = with_air(clip, known, heard)
    regions = [_demanded(clip, known, span, number) for number, span in musts]
    refused = []
    for shot in known.shots:
        for run in free_runs(taken, shot):
            points = _points(every, known.moments.frame, run, shot)
            waits = any(take.overlaps(run) for take in retaken)
            said = heard.joined(_utterances(speech, clip, run))
            legal = _Legality.of(points.frame, clip, said, run, waits)
            for first, last in _parts(points, clip, legal):
                region = _region(points, legal, first, last)
                span = FrameSpan(int(points.frame[first]), int(points.frame[last]))
                if region is None:
                    refused.append(span)
                else:
                    regions.append(region)
    regions.sort(key=lambda region: region.span)
    return Offer(tuple(regions), tuple(refused))


def free_runs(masked: np.ndarray, within: FrameSpan) -> list[FrameSpan]:
    """Maximal stretches of unmasked frames inside a span."""
    stop = min(within.stop, len(masked))
    free = ~masked[within.first : stop]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.view(np.int8), [0]])))
    starts, stops = edges[::2] + within.first, edges[1::2] + within.first
    return [FrameSpan(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]


def _speech_within(clip: Clip, known: Analysis) -> np.ndarray:
    """(K, 2) float64 s: speech inside the picture's length, ascending, touching stretches joined"""
    speech: np.ndarray = np.clip(known.sound.speech, 0.0, float(clip.duration))
    speech = speech[speech[:, 1] - speech[:, 0] > EPSILON]
    if len(speech) < 2:
        return speech
    speech = speech[np.argsort(speech[:, 0], kind="stable")]
    ends = np.maximum.accumulate(speech[:, 1])
    new = np.concatenate([[True], speech[1:, 0] > ends[:-1] + EPSILON])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(speech) - 1]])
    return np.stack([speech[new, 0], ends[last]], axis=1)


def _utterances(speech: np.ndarray, clip: Clip, run: FrameSpan) -> np.ndarray:
    """(K, 2) s: speech with what is said in one breath, within the run, joined up to UTTERANCE."""
    rate = float(clip.rate)
    within = (speech[:-1, 1] >= run.first / rate) & (speech[1:, 0] <= run.stop / rate)
    breath = within & (speech[1:, 0] - speech[:-1, 1] < BREATH)
    joined: list[tuple[float, float]] = []
    begin = 0
    for last in [*np.flatnonzero(~breath).tolist(), len(speech) - 1] if len(speech) else []:
        joined.extend(_parted(speech[begin : last + 1]))
        begin = last + 1
    return np.array(joined, np.float64).reshape(-1, 2)


def _parted(stretches: np.ndarray) -> list[tuple[float, float]]:
    """Stretches (K, 2) of one breath as one, or parted at the widest pause where that is long."""
    begin, end = float(stretches[0, 0]), float(stretches[-1, 1])
    if len(stretches) == 1 or end - begin <= UTTERANCE:
        return [(begin, end)]
    widest = 1 + int(np.argmax(stretches[1:, 0] - stretches[:-1, 1]))
    return [*_parted(stretches[:widest]), *_parted(stretches[widest:])]


def _points(every: CutPoints, moments: np.ndarray, run: FrameSpan, shot: FrameSpan) -> CutPoints:
    """The run's cut points, its two ends among them. At its end the picture is the last shown."""
    low, high = np.searchsorted(every.frame, [run.first, run.stop + 1])
    points = CutPoints(
        every.frame[low:high], every.kind[low:high], every.weak[low:high], every.moment[low:high]
    )
    for end in (run.first, run.stop):
        if end not in points.frame:
            reason = Kind.EDGE if end in (shot.first, shot.stop) else Kind.SETTLE
            nearest = int(np.argmin(np.abs(moments - end)))
            points = insert(points, end, reason, nearest)
    before = int(np.searchsorted(moments, run.stop)) - 1
    if before < 0 or moments[before] < run.first:
        return points
    moment = points.moment.copy()
    moment[-1] = before
    return replace(points, moment=moment)


@dataclass(frozen=True)
class _Legality:
    """Of each of P points: where it lies to speech, and what it may begin or end."""

    seconds: np.ndarray  # (P,)
    inside: np.ndarray  # (P,) bool, in the middle of speech
    next_word: np.ndarray  # (P,) s, start of the first speech at or after it; infinite
    in_speech: np.ndarray  # (P,) bool, may begin a cut with speech
    out_speech: np.ndarray  # (P,) bool, may end a cut with speech
    in_quiet: np.ndarray  # (P,) bool, may begin a cut without speech
    out_quiet: np.ndarray  # (P,) bool, may end a cut without speech

    @classmethod
    def of(
        cls, frame: np.ndarray, clip: Clip, speech: Speech, run: FrameSpan, waits: bool = False
    ) -> "_Legality":
        """frame: (P,) int64; run: the unmasked frames about the points; waits: what is quiet in the
        run waits for a line."""
        rate = float(clip.rate)
        t = frame / rate
        said = speech.span
        starts = np.concatenate([said[:, 0], [np.inf]])
        ends = np.concatenate([[-np.inf], said[:, 1]])
        begun = np.searchsorted(said[:, 0], t - EPSILON)
        ended = np.searchsorted(said[:, 1], t + EPSILON, side="right")
        following, before = starts[begun], ends[ended]
        inside = begun > ended
        lead, tail = following - t, t - before
        # Less air only where the clip, or what is left of it unmasked, itself has less.
        lead_least = np.minimum(AIR[0], following - run.first / rate) - EPSILON
        tail_least = np.minimum(AIR[0], run.stop / rate - before) - EPSILON
        most = np.concatenate([[[0.0, 0.0]], latest(speech.most, rate), [[0.0, 0.0]]])  # (K + 2, 2)
        lead_most, tail_most = most[begun + 1, 0], most[ended, 1]
        silence = _silence(before, following, run, rate, SCENE if waits else REACTION)
        return cls(
            seconds=t,
            inside=inside,
            next_word=following,
            in_speech=~inside & (lead >= lead_least) & (lead <= lead_most + EPSILON),
            out_speech=~inside & (tail >= tail_least) & (tail <= tail_most + EPSILON),
            in_quiet=~inside & (tail >= WORD_GUARD) & silence,
            out_quiet=~inside & (lead >= WORD_GUARD) & silence,
        )


def _silence(
    before: np.ndarray, following: np.ndarray, run: FrameSpan, rate: float, least: float
) -> np.ndarray:
    """(P,) bool: points in a silence of at least so many s, or in a run in which nobody speaks.

    before, following: (P,) s at which speech ends before each point and begins after it.
    """
    begin, end = run.first / rate, run.stop / rate
    alone = (before <= begin + EPSILON) & (following >= end - EPSILON)
    return np.asarray(
        alone | (np.minimum(following, end) - np.maximum(before, begin) >= least - EPSILON)
    )


def _parts(points: CutPoints, clip: Clip, legal: _Legality) -> list[tuple[int, int]]:
    """Split a run into parts of about REGION at its best cut points: pairs of point indices.

    The cheapest chain of boundaries by dynamic programming over SPLIT_COST; never at a point
    inside speech unless it is a split.
    """
    t = legal.seconds
    if t[-1] - t[0] <= REGION:
        return [(0, len(t) - 1)]
    cost = np.array([SPLIT_COST[Kind(int(kind))] for kind in points.kind])
    cost += 2.0 * (~legal.inside & ~(legal.in_quiet & legal.out_quiet))
    allowed = ~legal.inside | (points.kind == Kind.SPLIT)
    allowed[[0, -1]] = True
    cost[[0, -1]] = 0.0
    (candidate,) = np.nonzero(allowed)
    times, costs = t[candidate], cost[candidate]
    best, came = np.zeros(len(candidate)), np.zeros(len(candidate), np.int64)
    reach = np.searchsorted(times, times - REGION_LIMIT)
    for j in range(1, len(candidate)):
        low = min(int(reach[j]), j - 1)
        length = times[j] - times[low:j]
        total = best[low:j] + 2.0 * np.maximum(0, length - REGION)
        total += 0.7 * np.maximum(0, 4.0 - length)  # a splinter is of little use
        pick = int(np.argmin(total))
        best[j], came[j] = total[pick] + costs[j] + 0.4, low + pick
    chain = [len(candidate) - 1]
    while chain[-1] > 0:
        chain.append(int(came[chain[-1]]))
    marks = candidate[chain[::-1]]
    return [(int(a), int(b)) for a, b in pairwise(marks)]


def _region(points: CutPoints, legal: _Legality, first: int, last: int) -> Region | None:
    """The part from point `first` to `last` as a region, or None where no pair of it is legal."""
    keep = np.arange(first, last + 1)
    split = points.kind == Kind.SPLIT
    useful = ~legal.inside | split
    useful[[first, last]] = True
    keep = keep[useful[keep]]
    keep = keep[_thin(points.frame[keep], points.kind[keep])]
    pair = _pairs(legal, split, keep)
    if not pair.any():
        return None
    moment = points.moment[keep]
    return Region(
        span=FrameSpan(int(points.frame[first]), int(points.frame[last])),
        frame=points.frame[keep],
        kind=points.kind[keep],
        weak=points.weak[keep] | split[keep],
        moment=moment,
        pair=pair,
    )


def _pairs(legal: _Legality, split: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """(P, P) bool, [in, out]: the pairs of the kept points that are legal."""
    t, own = legal.seconds[keep], split[keep]
    in_speech, out_speech = legal.in_speech[keep] | own, legal.out_speech[keep] | own
    cut_in_word = own & legal.inside[keep]
    spoken = (legal.next_word[keep][:, None] < t - EPSILON) | cut_in_word[:, None]
    spoken |= cut_in_word  # ends in speech, so holds some
    length = t - t[:, None]  # (P, P)
    quiet = legal.in_quiet[keep][:, None] & legal.out_quiet[keep]
    quiet &= length >= (LISTENING if spoken[0, -1] else SHORTEST) - EPSILON
    pair = np.where(spoken, in_speech[:, None] & out_speech, quiet)
    return np.asarray(pair & (length >= SHORTEST - EPSILON))


def _thin(frame: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Indices of at most POINTS points: the least telling go first, where they stand closest.

    The two ends always stay.
    """
    keep = list(range(len(frame)))
    order = {int(kind): place for place, kind in enumerate(LEFT_FIRST)}
    while len(keep) > POINTS:
        at = frame[keep]
        gap = np.minimum(at[1:-1] - at[:-2], at[2:] - at[1:-1])
        places = [order[int(one)] for one in kind[keep][1:-1]]
        keep.pop(1 + int(np.lexsort((gap, places))[0]))
    return np.array(keep, np.int64)


def _demanded(clip: Clip, known: Analysis, span: FrameSpan, number: int) -> Region:
    """The region that holds exactly the frames which the editor must have."""
    moments = known.moments.frame
    first = int(np.argmin(np.abs(moments - span.first)))
    last = max(0, int(np.searchsorted(moments, span.stop)) - 1)
    return Region(
        span=span,
        frame=np.array([span.first, span.stop], np.int64),
        kind=np.full(2, Kind.EDGE, np.int8),
        weak=np.zeros(2, bool),
        moment=np.array([first, last], np.int64),
        pair=np.array([[False, True], [False, False]]),
        must=number,
    )
