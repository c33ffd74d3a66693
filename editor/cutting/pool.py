"""Turn analysed clips into the pool: every shot on offer, its legal in and out points, and why
the rest is not on offer.

N shots, P cut points a shot (padded), F shot features, G point features, C running totals,
E reduced embedding, H colour bins. No array holds a file name or a position in the footage other
than `rank`, `clip`, `line`, `setup` and `voice`, which serve masks and are never features.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from editor.config import Style
from editor.cutting import embedding, features, hygiene, regions, series, takes, wishes
from editor.cutting.regions import Region
from editor.errors import FootageError
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

# Quantities summed over time from a shot's first frame, so that any cut's mean is a difference.
TOTALS = ("sharpness", "motion", "speech", "face", "exposure", "saturation", "loudness")


@dataclass(frozen=True)
class Shot:
    """A region of a take that may be cut from: at most about 10 s, its ends are cut points."""

    clip: int  # index into Pool.clips
    span: FrameSpan  # frames of the clip
    name: str  # the clip's name and the shot's number in it, "rabbit.mp4 #3"


@dataclass(frozen=True)
class LeftOut:
    """Frames that are not on offer, and why, in an editor's words."""

    clip: Clip
    span: FrameSpan
    reason: str  # "slate", "before the clap", "camera settles", "black", "banned", ...


@dataclass(frozen=True)
class Wish:
    """Footage that the editor bans or must have: a whole clip, or frames of it."""

    clip: Clip
    span: FrameSpan | None = None


@dataclass(frozen=True)
class Pool:
    """All that may be cut, as arrays."""

    clips: tuple[Clip, ...]
    shots: tuple[Shot, ...]  # N
    left_out: tuple[LeftOut, ...]
    points: np.ndarray  # (N,) int64, cut points of each shot; the rest of P is padding
    frame: np.ndarray  # (N, P) int64, clip frame of each point; padding -1
    time: np.ndarray  # (N, P) float32, s from the shot's first frame; padding 0
    kind: np.ndarray  # (N, P) int8, measures.Kind; padding -1
    pair: np.ndarray  # (N, P, P) bool, [shot, in, out]: legal by hygiene, speech and air alone
    totals: np.ndarray  # (N, P, C) float32, integral of each of TOTALS (0-1 each) to the point, s
    point_features: np.ndarray  # (N, P, G) float32, about unit scale
    shot_features: np.ndarray  # (N, F) float32, about unit scale
    embedding: np.ndarray  # (N, P, E) float32, of the frame at the point, unit length
    colour: np.ndarray  # (N, P, H) float32, HSV histogram at the point, sums to 1
    flow: np.ndarray  # (N, P, 2) float32, global motion at the point, widths a second
    level: np.ndarray  # (N, P) float32, sound level about the point, dBFS
    face: np.ndarray  # (N, P) float32, largest face's share of the frame at the point
    clip: np.ndarray  # (N,) int64, index into clips
    line: np.ndarray  # (N,) int64, takes of one set-up and line share a number; -1 alone
    setup: np.ndarray  # (N,) int64, shots of one camera position and framing share a number
    rank: np.ndarray  # (N,) int64, recording order, distinct
    voice: np.ndarray  # (N,) int64, the clip's index where the shot has speech, else -1
    must: np.ndarray  # (N,) int64, number of the must-include wish that it answers, else -1
    usable: Fraction  # s of footage on offer, takes counted once
    notes: tuple[str, ...] = ()  # what the editor should know of the wishes, in an editor's words

    @property
    def size(self) -> int:
        """Number of shots on offer."""
        return len(self.shots)


@dataclass(frozen=True)
class _Source:
    """One clip, what it offers and what it does not."""

    clip: Clip
    known: Analysis
    asked: wishes.Asked
    masked: np.ndarray  # (N,) bool, frames of the clip
    left_out: tuple[LeftOut, ...]
    regions: tuple[Region, ...] = ()


def build(
    clips: Sequence[Clip],
    analyses: Mapping[str, Analysis],
    style: Style,
    *,
    only: Sequence[Wish] = (),
    ban: Sequence[Wish] = (),
    must: Sequence[Wish] = (),
) -> Pool:
    """Return all that may be cut. `analyses` are by clip digest.

    Raises FootageError where a wish cannot be met, where a measure is absent or not a number, and
    where nothing at all can be cut.
    """
    asked = wishes.resolve(clips, only, ban, must)
    sources = []
    for index in recording_order(clips):
        clip = clips[index]
        if clip.digest not in analyses:
            raise FootageError(f"{clip.name} has not been analysed. Analyse it first.")
        features.check(clip, analyses[clip.digest])
        clean = _clean(clip, analyses[clip.digest], asked[clip.digest])
        sources.append(_last_takes(clean))
    grouped = _group(sources)
    whole = _without_false_starts(sources, grouped)
    sources = [_offer(source, grouped.retaken(index)) for index, source in enumerate(whole)]
    if not any(source.regions for source in sources):
        raise FootageError(_nothing(sources))
    for source in sources:
        _check_whole(source)
    return replace(_assemble(sources, grouped), notes=tuple(_caveats(sources)))


def _caveats(sources: Sequence[_Source]) -> Iterator[str]:
    for source in sources:
        masked = [(left.span, left.reason) for left in source.left_out]
        yield from wishes.caveats(source.clip, source.asked, source.known.sound.speech, masked)


def _clean(clip: Clip, known: Analysis, asked: wishes.Asked) -> _Source:
    """Take out what hygiene and the editor forbid; every reason that adds frames is kept."""
    masked = np.zeros(clip.frames, bool)
    left_out = []
    masks = [(mask.span, mask.reason) for mask in hygiene.inspect(clip, known)]
    for span, reason in (*asked.barred, *masks):
        if not masked[span.first : span.stop].all():
            left_out.append(LeftOut(clip, span, reason))
        masked[span.first : span.stop] = True
    return _Source(clip, known, asked, masked, tuple(left_out))


def _last_takes(source: _Source) -> _Source:
    """Mask all but the last of several takes of a line in one running clip."""
    masked, left_out = source.masked.copy(), list(source.left_out)
    for shot in source.known.shots:
        for run in regions.free_runs(source.masked, shot):
            for span, reason in series.earlier(source.clip, source.known, run):
                masked[span.first : span.stop] = True
                left_out.append(LeftOut(source.clip, span, reason))
    return replace(source, masked=masked, left_out=tuple(left_out))


@dataclass(frozen=True)
class _Grouped:
    """The takes of all clips, and which of them say the same."""

    found: tuple[takes.Take, ...]  # `clip` is the place in recording order
    lines: takes.Lines

    def retaken(self, clip: int) -> tuple[FrameSpan, ...]:
        """The clip's takes whose words other takes say too."""
        return tuple(
            take.span
            for take, number in zip(self.found, self.lines.number.tolist(), strict=True)
            if take.clip == clip and number >= 0 and take.action is None
        )


def _group(sources: Sequence[_Source]) -> _Grouped:
    """Find the takes of one line, and those that broke off."""
    found, looked = [], []
    for index, source in enumerate(sources):
        shown = source.known.moments.frame
        for shot in source.known.shots:
            for run in regions.free_runs(source.masked, shot):
                low, high = np.searchsorted(shown, [run.first, run.stop])
                low = min(low, len(shown) - 1)
                looked.append((source.known, np.arange(low, max(high, low + 1))))
                found.append(takes.take(index, source.clip, source.known, run))
    if not found:
        return _Grouped((), takes.Lines(np.zeros(0, np.int64), np.zeros(0, bool)))
    setup = takes.setups(takes.looks(looked))
    return _Grouped(tuple(found), takes.lines(found, setup))


def _without_false_starts(sources: Sequence[_Source], grouped: _Grouped) -> list[_Source]:
    """Mask takes that broke off where a whole one exists, unless the editor must have the clip."""
    kept = list(sources)
    for take, false_start in zip(grouped.found, grouped.lines.false_start, strict=True):
        source = kept[take.clip]
        if false_start and source.asked.whole < 0:
            masked = source.masked.copy()
            masked[take.span.first : take.span.stop] = True
            left = LeftOut(source.clip, take.span, "false start: a whole take exists")
            kept[take.clip] = replace(source, masked=masked, left_out=(*source.left_out, left))
    return kept


def _offer(source: _Source, retaken: Sequence[FrameSpan]) -> _Source:
    """Part what is left of a clip into regions. retaken: its takes that have other takes."""
    offer = regions.offer(source.clip, source.known, source.masked, source.asked.spans, retaken)
    refused = (
        LeftOut(source.clip, span, _refusal(source, span, retaken)) for span in offer.refused
    )
    left_out = sorted((*source.left_out, *refused), key=lambda left: left.span)
    return replace(source, regions=offer.regions, left_out=tuple(left_out))


def _refusal(source: _Source, span: FrameSpan, retaken: Sequence[FrameSpan]) -> str:
    """Why nothing of a span can be cut."""
    if len(span) < regions.SHORTEST * source.clip.rate:
        return "too short"
    rate = float(source.clip.rate)
    speech = source.known.sound.speech
    quiet = not ((speech[:, 0] * rate < span.stop) & (speech[:, 1] * rate > span.first)).any()
    if quiet and any(take.overlaps(span) for take in retaken):
        return "nothing is said here, in a take of a line that has other takes"
    return "no place to cut in and out between words"


def _nothing(sources: Sequence[_Source]) -> str:
    """Why a pool would be empty."""
    if not sources:
        return "There is no footage to cut from."
    reasons = sorted({left.reason for source in sources for left in source.left_out})
    said = f"Nothing of the footage can be cut: {', '.join(reasons) or 'no shot was found'}."
    return f"{said} Ban less, or add footage." if "banned" in reasons else said


def _check_whole(source: _Source) -> None:
    if source.asked.whole >= 0 and not source.regions:
        reasons = sorted({left.reason for left in source.left_out})
        raise FootageError(
            f"--must-include {source.clip.name}: nothing of it can be cut ({', '.join(reasons)}). "
            f"Name its frames to have them all the same: {source.clip.name}@IN-OUT."
        )


def _assemble(sources: Sequence[_Source], grouped: _Grouped) -> Pool:
    """Fill the pool's arrays, in recording order."""
    clips = tuple(source.clip for source in sources)
    every = [(i, region) for i, source in enumerate(sources) for region in source.regions]
    described = [features.describe(s.clip, s.known, s.regions) for s in sources if s.regions]
    pad = _Padding(np.array([len(region.frame) for _, region in every]))
    clip = np.array([index for index, _ in every])
    first = np.array([region.span.first for _, region in every])
    frame = pad.fill([region.frame for _, region in every], -1)
    rate = np.array([float(clips[index].rate) for index in clip])
    seconds = (frame - first[:, None]) / rate[:, None]
    pair = np.zeros((len(every), pad.width, pad.width), bool)
    for row, (_, region) in enumerate(every):
        pair[row, : len(region.frame), : len(region.frame)] = region.pair
    shown = [(sources[index].known, region.moment) for index, region in every]
    line = _lines(sources, grouped, every)
    return Pool(
        clips=clips,
        shots=_shots(clips, every),
        left_out=tuple(left for source in sources for left in source.left_out),
        points=pad.counts,
        frame=frame,
        time=np.where(frame >= 0, seconds, 0.0).astype(np.float32),
        kind=pad.fill([region.kind for _, region in every], -1),
        pair=pair,
        totals=pad.fill([one.totals for one in described], 0),
        point_features=pad.fill([one.point_features for one in described], 0),
        shot_features=np.concatenate([one.shot_features for one in described]),
        embedding=pad.fill([_embed(shown)], 0),
        colour=pad.fill([known.moments.colour[moment] for known, moment in shown], 0),
        flow=pad.fill([one.flow for one in described], 0),
        level=pad.fill([one.level for one in described], 0),
        face=pad.fill([one.face for one in described], 0),
        clip=clip,
        line=line,
        setup=takes.setups(takes.looks(shown)),
        rank=np.arange(len(every)),
        voice=np.array([_voice(sources[index], index, region) for index, region in every]),
        must=np.array(
            [
                region.must if region.must >= 0 else sources[index].asked.whole
                for index, region in every
            ]
        ),
        usable=usable(pair, frame, clip, line, clips),
    )


def _embed(shown: Sequence[tuple[Analysis, np.ndarray]]) -> np.ndarray:
    """(Q, E) float32: the reduced embedding at every cut point of every shot."""
    if len({known.moments.embedding.shape[1] for known, _ in shown}) > 1:
        raise FootageError(
            "The clips were analysed with different backbones. Analyse them again with one."
        )
    rows = np.concatenate([known.moments.embedding[moment] for known, moment in shown])
    return embedding.reduce(rows, len(shown))[0]


def _lines(
    sources: Sequence[_Source], grouped: _Grouped, every: Sequence[tuple[int, Region]]
) -> np.ndarray:
    """(N,) int64, the line of each shot."""
    owners: dict[int, list[tuple[int, FrameSpan]]] = {}
    for number, take in enumerate(grouped.found):
        owners.setdefault(take.clip, []).append((number, take.span))
    placed = []
    for index, region in every:
        holding = [
            number
            for number, span in owners.get(index, ())
            if span.first <= region.span.first and region.span.stop <= span.stop
        ]
        rate = float(sources[index].clip.rate)
        placed.append((holding[0] if holding else -1, region.span, rate))
    return takes.region_lines(grouped.found, grouped.lines.number, placed)


@dataclass(frozen=True)
class _Padding:
    """Lays rows that follow one another, `counts` a shot, out as (N, P, ...)."""

    counts: np.ndarray  # (N,)

    @property
    def width(self) -> int:
        return int(self.counts.max())

    def fill(self, parts: Sequence[np.ndarray], padding: float) -> np.ndarray:
        """Parts of Q rows in all, (Q, ...) -> (N, P, ...), of the rows' type."""
        rows = np.concatenate(parts)
        filled = np.full((len(self.counts), self.width, *rows.shape[1:]), padding, rows.dtype)
        filled[np.arange(self.width) < self.counts[:, None]] = rows
        return filled


def _shots(clips: Sequence[Clip], every: Sequence[tuple[int, Region]]) -> tuple[Shot, ...]:
    numbers: dict[int, int] = {}
    shots = []
    for index, region in every:
        numbers[index] = numbers.get(index, 0) + 1
        shots.append(Shot(index, region.span, f"{clips[index].name} #{numbers[index]}"))
    return tuple(shots)


def _voice(one: _Source, index: int, region: Region) -> int:
    """The clip's index where the region overlaps speech, else -1."""
    speech, rate = one.known.sound.speech, float(one.clip.rate)
    heard = (speech[:, 0] * rate < region.span.stop) & (speech[:, 1] * rate > region.span.first)
    return index if heard.any() else -1


def recording_order(clips: Sequence[Clip]) -> list[int]:
    """Indices of the clips in the order they were shot.

    By the time in their metadata, then timecode, then the natural order of their names; a clip
    without a time follows the clip before it by name, since one missing time must not part a
    folder in two.
    """
    by_name = sorted(range(len(clips)), key=lambda index: natural(str(clips[index].path)))
    keys: dict[int, tuple[float, float, int]] = {}
    recorded, started = float("-inf"), float("-inf")
    for place, index in enumerate(by_name):
        clip = clips[index]
        recorded = clip.recorded if clip.recorded is not None else recorded
        if clip.timecode is not None:
            started = float(clip.timecode.frame / clip.timecode.rate)
        keys[index] = (recorded, started, place)
    return sorted(by_name, key=lambda index: keys[index])


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key by which "take 2" comes before "take 10"."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def usable(
    pair: np.ndarray, frame: np.ndarray, clip: np.ndarray, line: np.ndarray, clips: Sequence[Clip]
) -> Fraction:
    """Seconds that lie inside some legal pair; of the takes of one line only the longest."""
    count = pair.shape[1]
    last = np.where(pair.any(axis=2), count - 1 - np.argmax(pair[:, :, ::-1], axis=2), 0)
    reach = np.maximum.accumulate(last, axis=1)[:, :-1]  # (N, P - 1): the farthest legal out
    covered = (reach > np.arange(count - 1)) & (frame[:, 1:] >= 0)
    frames = (np.diff(frame, axis=1) * covered).sum(axis=1)
    seconds = [int(n) / clips[int(c)].rate for n, c in zip(frames, clip, strict=True)]
    alone = sum((s for s, group in zip(seconds, line, strict=True) if group < 0), Fraction(0))
    longest: dict[int, Fraction] = {}
    for s, group in zip(seconds, line.tolist(), strict=True):
        if group >= 0:
            longest[group] = max(longest.get(group, Fraction(0)), s)
    return alone + sum(longest.values(), Fraction(0))
