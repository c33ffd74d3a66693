"""Turn shots into set-ups (one camera position and framing) and lines (takes of the same words, or
of the same action where nobody speaks).

N shots, H colour bins, W = 18 x 32 pixels of a thumb, U takes, T steps of 40 ms of speech.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editor.cutting import actions
from editor.cutting.actions import Action
from editor.cutting.warping import prefix_distance, warped_distance
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

# Correlation of two pictures above which the camera stood the same, and the shared part of two
# colour histograms. Halves of one static take: 0.86-1.0 and 0.87-0.99; two people framed alike
# before one wall: at most 0.77 and 0.90.
SAME_FRAMING = 0.82
SAME_COLOUR = 0.60

SEEN = 9  # moments of a shot that its look is made of, evenly spread

STEP = 0.040  # s, of Sound.timbre
# Spread of each cepstral coefficient in speech, measured on 17 recordings of 9 speakers.
SPREAD = np.array([6.8, 5.2, 2.9, 3.4, 2.2, 1.9, 1.9, 1.6, 1.9, 2.1, 1.8, 1.9], np.float32)
# Mean distance along the best time warp. Retakes made from 17 recordings by changing tempo, pitch,
# stress and noise: 90 % below 2.12; other words, the nearest of 130 pairs: 2.16.
SAME_WORDS = 2.15
SAME_BEGINNING = 2.25  # a false start's words against the beginning of the whole take's
LEAST_SPEECH = 0.6  # s, less tells nothing
FALSE_START = 0.6  # a take whose speech is shorter than this share of the whole take's broke off;
BROKE_OFF = 1.1  # one up to this share did, where two whole takes agree and it does not
BEGINNING = 30  # steps from the first word, 1.2 s, in which a false start is like the whole take
LENGTHS = 1.5  # takes of one line differ by no more than this factor in length
NEIGHBOURS = 8  # takes of one set-up, in recording order, within which others are sought
AT_ONCE = 3  # takes likewise, within which a false start is followed by the whole
OVERLAP = 0.5  # share of the shorter region that lies in the other: they hold the same words


@dataclass(frozen=True)
class Looks:
    """What each of N shots looks like on the whole."""

    picture: np.ndarray  # (N, W) float32, luma about its mean, unit length
    colour: np.ndarray  # (N, H) float32, sums to 1


@dataclass(frozen=True)
class Take:
    """An unbroken stretch of a clip's shot: what was recorded in one go."""

    clip: int  # index among the clips, in recording order
    span: FrameSpan
    speech: tuple[float, float] | None  # s on the clip's clock, first word to last; None if silent
    timbre: np.ndarray  # (T, 12) float32, of that speech
    seconds: tuple[float, float] = (0.0, 0.0)  # of the span, on the clip's clock
    action: Action | None = None  # where too little is said to tell takes by their words


@dataclass(frozen=True)
class Lines:
    """Which takes say the same words, or show the same action, in the same set-up."""

    number: np.ndarray  # (U,) int64, -1 alone
    false_start: np.ndarray  # (U,) bool, broke off although a whole take exists


def looks(shots: Sequence[tuple[Analysis, np.ndarray]]) -> Looks:
    """The median picture and mean colour of each shot's moments (indices)."""
    pictures, colours = [], []
    for known, every in shots:
        moment = every[np.linspace(0, len(every) - 1, min(len(every), SEEN)).astype(np.int64)]
        thumb = np.median(known.moments.thumb[moment], axis=0).ravel().astype(np.float32)
        thumb -= thumb.mean()
        pictures.append(thumb / max(float(np.linalg.norm(thumb)), 1e-6))
        colours.append(known.moments.colour[moment].mean(axis=0))
    return Looks(np.stack(pictures), np.stack(colours).astype(np.float32))


def setups(shots: Looks) -> np.ndarray:
    """(N,) int64: shots of one camera position and framing share a number.

    Each shot joins the set-up whose mean picture agrees with it most, or begins a new one.
    """
    count = len(shots.picture)
    number = np.zeros(count, np.int64)
    pictures = np.zeros_like(shots.picture)  # sums over members, as are colours
    colours = np.zeros_like(shots.colour)
    members = np.zeros(count)
    found = 0
    for row, (picture, colour) in enumerate(zip(shots.picture, shots.colour, strict=True)):
        best = found
        if found:
            length = np.linalg.norm(pictures[:found], axis=1)
            framing = pictures[:found] @ picture / np.maximum(length, 1e-6)
            shared = np.minimum(colours[:found] / members[:found, None], colour).sum(axis=1)
            framing[shared < SAME_COLOUR] = -1
            if framing.max() >= SAME_FRAMING:
                best = int(np.argmax(framing))
        found = max(found, best + 1)
        pictures[best] += picture
        colours[best] += colour
        members[best] += 1
        number[row] = best
    return number


def take(index: int, clip: Clip, known: Analysis, span: FrameSpan) -> Take:
    """Describe a stretch of a clip as a take."""
    rate = float(clip.rate)
    within = span.first / rate, span.stop / rate
    speech = np.clip(known.sound.speech, *within)
    speech = speech[speech[:, 1] > speech[:, 0]]
    if not len(speech):
        nothing = np.zeros((0, len(SPREAD)), np.float32)
        return Take(index, span, None, nothing, within, actions.of(clip, known, span))
    begin, end = float(speech[0, 0]), float(speech[-1, 1])
    timbre = known.sound.timbre[round(begin / STEP) : round(end / STEP)].astype(np.float32)
    timbre = timbre / SPREAD if len(timbre) else timbre
    spoken = len(timbre) * STEP >= LEAST_SPEECH
    action = None if spoken else actions.of(clip, known, span)
    return Take(index, span, (begin, end), timbre, within, action)


def lines(takes: Sequence[Take], setup: np.ndarray) -> Lines:
    """Group the takes of one line or action, and find those that broke off.

    setup: (U,), of each take. Two takes are of one line where their set-up is one, their lengths
    are near and their words agree along the best time warp; a false start is far shorter and
    agrees with the beginning of a whole take. Where nobody speaks, pictures and sounds are compared
    likewise. Only takes recorded near each other are compared.
    """
    spoken = _spoken_lines(takes, setup)
    acted = _actions(takes, setup)
    first = 1 + int(spoken.number.max(initial=-1))
    number = np.where(acted.number >= 0, acted.number + first, spoken.number)
    return Lines(number, spoken.false_start | acted.false_start)


def _actions(takes: Sequence[Take], setup: np.ndarray) -> Lines:
    """Takes of one action among those that are not told by their words."""
    number = np.full(len(takes), -1)
    false_start = np.zeros(len(takes), bool)
    described = [one.action for one in takes]
    near = [
        (a, b, one, other)
        for a, b in actions.pairs(described, setup, AT_ONCE)
        if (one := described[a]) is not None and (other := described[b]) is not None
    ]
    for group, members in enumerate(
        _joined([(a, b) for a, b, one, other in near if actions.same(one, other)])
    ):
        number[members] = group
    for a, b, one, other in near:
        if number[a] < 0 and actions.broke_off(one, other):
            false_start[a] = True
        elif number[b] < 0 and actions.broke_off(other, one):
            false_start[b] = True
    return Lines(number, false_start)


def _spoken_lines(takes: Sequence[Take], setup: np.ndarray) -> Lines:
    """Takes of one line, by their words."""
    number = np.full(len(takes), -1)
    false_start = np.zeros(len(takes), bool)
    spoken = [i for i, one in enumerate(takes) if len(one.timbre) * STEP >= LEAST_SPEECH]
    near = [
        (a, b)
        for place, a in enumerate(spoken)
        for b in _following(spoken[place + 1 :], setup, int(setup[a]))
    ]
    long = [pair for pair in near if _ratio(takes, *pair) <= LENGTHS]
    distance = warped_distance([(_levelled(takes[a]), _levelled(takes[b])) for a, b in long])
    same = [pair for pair, apart in zip(long, distance, strict=True) if apart <= SAME_WORDS]
    for group, members in enumerate(_joined(same)):
        number[members] = group
    nearest = [
        (a, b) if number[a] < 0 else (b, a)
        for place, a in enumerate(spoken)
        for b in _following(spoken[place + 1 :], setup, int(setup[a]))[:AT_ONCE]
        if number[a] < 0 or number[b] < 0
    ]
    nearest += [(b, a) for a, b in nearest if number[b] < 0]
    short = [(a, b) for a, b in nearest if _may_have_broken_off(takes, number, a, b)]
    apart = prefix_distance([(takes[a].timbre[:BEGINNING], takes[b].timbre) for a, b in short])
    for (a, _), beginning in zip(short, apart, strict=True):
        false_start[a] |= beginning <= SAME_BEGINNING
    number[false_start] = -1
    return Lines(number, false_start)


def region_lines(
    takes: Sequence[Take], number: np.ndarray, regions: Sequence[tuple[int, FrameSpan, float]]
) -> np.ndarray:
    """(N,) int64: line of each region, given as (its take or -1, frames, frame rate).

    A line longer than one region is parted by where its takes' regions lie on the line, from its
    first word to its last (an action: from the take's first frame to its last): regions that hold
    the same words share a number. -1 stands alone.
    """
    line = np.full(len(regions), -1)
    next_line = 0
    for group in range(int(number.max(initial=-1)) + 1):
        members = [i for i, (owner, _, _) in enumerate(regions) if owner >= 0]
        members = [i for i in members if number[regions[i][0]] == group]
        placed = {i: _place(takes[regions[i][0]], *regions[i][1:]) for i in members}
        pairs = [
            (i, j)
            for place, i in enumerate(members)
            for j in members[place + 1 :]
            if regions[i][0] != regions[j][0] and _overlap(placed[i], placed[j]) >= OVERLAP
        ]
        for joined in _joined(pairs):
            line[joined] = next_line
            next_line += 1
    return line


def _following(later: Sequence[int], setup: np.ndarray, number: int) -> list[int]:
    """The next NEIGHBOURS takes of the set-up."""
    return [i for i in later if setup[i] == number][:NEIGHBOURS]


def _ratio(takes: Sequence[Take], a: int, b: int) -> float:
    """Length of the longer of two takes' speech over the shorter's."""
    lengths = sorted((len(takes[a].timbre), len(takes[b].timbre)))
    return lengths[1] / lengths[0]


def _may_have_broken_off(takes: Sequence[Take], number: np.ndarray, a: int, b: int) -> bool:
    """True where take `a` is as short, beside the whole take or takes `b`, as false starts are."""
    if number[b] >= 0:
        return len(takes[a].timbre) <= BROKE_OFF * _usual(takes, number, int(number[b]))
    return len(takes[a].timbre) <= FALSE_START * len(takes[b].timbre)


def _levelled(one: Take) -> np.ndarray:
    """(T, 12): timbre about its mean, so that a microphone moved a little does not count."""
    return np.asarray(one.timbre - one.timbre.mean(axis=0))


def _usual(takes: Sequence[Take], number: np.ndarray, group: int) -> float:
    """Median length of the speech of a group's takes, in steps."""
    members = [len(one.timbre) for one, its in zip(takes, number, strict=True) if its == group]
    return float(np.median(members))


def _joined(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Connected groups of what the pairs connect, each ascending, in order of their first."""
    groups: dict[int, set[int]] = {}
    for a, b in pairs:
        union = groups.get(a, {a}) | groups.get(b, {b})
        for member in union:
            groups[member] = union
    distinct = {min(group): sorted(group) for group in groups.values()}
    return [distinct[first] for first in sorted(distinct)]


def _place(one: Take, span: FrameSpan, rate: float) -> tuple[float, float]:
    """Where a region lies on its take's line: 0 at the first word, 1 at the end of the last."""
    begin, end = one.seconds if one.speech is None or one.action is not None else one.speech
    low, high = (frame / rate - begin for frame in (span.first, span.stop))
    return max(0.0, low / (end - begin)), min(1.0, high / (end - begin))


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Shared part of two stretches over the shorter; 0 where one is empty."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    shorter = min(one[1] - one[0], other[1] - other[0])
    return shared / shorter if shorter > 0 else 0.0
