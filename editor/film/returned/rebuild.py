"""Turn items and the clips that they are into a timeline: what is seen, without gaps, to the frame.

What an item shows is taken from where its own format says it begins, for as long as its place in
the film lasts. Where that is a cut of the film that it came from, as near as the format can tell,
it is that very cut, with the exact frames and all that was known of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from editor.errors import FootageError
from editor.film import conform
from editor.film.export import mlt, opaque
from editor.film.export import sequence as exported
from editor.film.returned import sounds, splits
from editor.film.returned.flatten import Piece, flatten
from editor.film.returned.items import Item, Returned, frames_text
from editor.film.returned.moments import begins
from editor.film.returned.relink import Linked
from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.timing import FrameSpan, Timecode, convert_length, source_frame, to_frames

NEAR = Fraction(1, 2)  # of a frame: what is nearer than that is the frame
# Of a clip's frame: programs that count in doubles are off by less. An exact time is the frame that
# is on screen then; one that counts on the film's grid is the nearest.
SLIGHT = Fraction(1, 50)
SHOWN = 8  # media named in one message


class NothingShown(FootageError):
    """Nothing of a film that came back can be shown: why, to stand behind the file's name."""


@dataclass(frozen=True)
class Rebuilt:
    """The film as it came back."""

    timeline: Timeline
    notes: tuple[str, ...]  # what could not be held, in an editor's words
    speeds: Mapping[int, Fraction]  # by place among the cuts: of those that do not play at 1
    opaque: tuple[Mapping[str, object], ...]  # rows as editor.film.export.opaque tells them


def rebuild(returned: Returned, linked: Linked, parent: Timeline | None) -> Rebuilt:
    """Lay what was found as cuts. Raises NothingShown where nothing of the film was found."""
    pictures = [item for item in returned.items if item.kind == "picture"]
    shown = [item for item in pictures if item.enabled and item.held and item.media in linked.clips]
    pieces, gaps = flatten(shown)
    if not pieces:
        raise NothingShown(_nothing(returned, linked))
    laying = _Laying(returned, linked, parent)
    for piece in pieces:
        laying.lay(piece)
    if not laying.cuts:
        raise NothingShown(f"nothing of the film can be shown. {' '.join(laying.notes[:3])}")
    notes = (
        *_switched_off(
            [item for item in pictures if not _is_offered(item, linked, returned, parent)]
        ),
        *_not_found(pictures, linked, returned.rate),
        *_not_held(pictures, returned.rate),
        *_gaps(gaps, returned),
        *splits.split_edits(pieces, returned, linked),
        *laying.notes,
    )
    timeline, said = _film(returned, linked, laying.cuts, parent)
    return Rebuilt(
        timeline,
        tuple(dict.fromkeys((*returned.notes, *linked.notes, *notes, *said))),
        laying.speeds,
        (*returned.opaque, *laying.opaque, *_unplaced(pictures)),
    )


class _Laying:
    """The film as far as it is laid."""

    def __init__(self, returned: Returned, linked: Linked, parent: Timeline | None) -> None:
        self.returned, self.rate = returned, returned.rate
        self.linked, self.clips = linked, linked.clips
        self.known: dict[str, list[Cut]] = {}
        for cut in parent.cuts if parent else ():
            self.known.setdefault(cut.clip.digest, []).append(cut)
        self.cuts: list[Cut] = []
        self.notes: list[str] = []
        self.speeds: dict[int, Fraction] = {}
        self.opaque: list[Mapping[str, object]] = []

    def lay(self, piece: Piece) -> None:
        """Add a piece's cut behind the last, and note what of it cannot be held."""
        item, clip = piece.item, self.clips[piece.item.media]
        into = piece.into(self.rate) * max(item.speed, Fraction(0))
        begin = (begins(item, clip, self.rate) + into) * clip.rate  # frames of the clip
        cut = self._known_cut(item, clip, begin, len(piece.place))
        cut = cut or self._new(item, clip, begin, piece)
        if cut is None:
            return
        index = len(self.cuts)
        self.cuts.append(replace(cut, start=self.cuts[-1].stop if self.cuts else 0))
        if item.speed != 1:
            self.speeds[index] = item.speed
            self._keep_speed(index, piece, clip)
        for row in item.opaque:
            if row["what"] == opaque.SPEED and item.speed != 1:
                continue
            self.opaque.append({"cut": index, **row})
            again = opaque.again(row, self.returned.format)
            kept = "is kept for the same format, and" if again else "is not written again, and"
            self.notes.append(
                f"cut {index + 1} ({clip.name}): the {row['what']} {row['name']!r} {kept} not shown"
                " here"
            )

    def _keep_speed(self, index: int, piece: Piece, clip: Clip) -> None:
        """Keep a cut's speed, and its sound's, as they were written; name them once."""
        item, percent = piece.item, opaque.percent(piece.item.speed)
        kept = [{**row, "name": percent} for row in item.opaque if row["what"] == opaque.SPEED]
        kept = kept or [{"what": opaque.SPEED, "name": percent, "text": ""}]
        again = all(opaque.again(row, self.returned.format) for row in kept)
        for sound in self.returned.items:
            if sound.kind == "sound" and sound.enabled and sound.place == item.place:
                kept += [
                    {**row, "what": opaque.SOUND_SPEED, "name": opaque.percent(sound.speed)}
                    for row in sound.opaque
                    if row["what"] == opaque.SPEED and self.linked.heard(sound.media) == clip
                ][: 1 - sum(row["what"] == opaque.SOUND_SPEED for row in kept)]
        self.opaque += [{"cut": index, **row} for row in kept]
        self.notes.append(
            f"cut {index + 1} ({clip.name}) plays at {percent} there; here at 100 %, for the same"
            f" time{'; its speed is kept for the same format' if again else ''}"
        )

    def _known_cut(self, item: Item, clip: Clip, begin: Fraction, length: int) -> Cut | None:
        """The parent's cut that begins here and lasts as long; else the frames that we noted."""
        span = item.source.exact
        fits = [
            cut
            for cut in self.known.get(clip.digest, ())
            if cut.length == length and self._begins(cut.source, clip, begin, length)
        ]
        if fits:  # of two that last as long in the film, the one that was noted or is still to come
            taken = [(cut.clip.digest, cut.source) for cut in self.cuts]
            still = [
                cut
                for cut in fits
                if taken.count((clip.digest, cut.source))
                < sum(other.source == cut.source for other in fits)
            ] or fits
            noted = [cut for cut in still if cut.source == span]
            return replace((noted or still)[0], clip=clip)
        if span is None or not 0 <= span.first < span.stop <= clip.frames:
            return None
        whole = convert_length(len(span), clip.rate, self.rate) == length
        if not whole or not self._begins(span, clip, begin, length):
            return None
        return Cut(clip, span, 0, length, clip.name)

    def _begins(self, span: FrameSpan, clip: Clip, begin: Fraction, length: int) -> bool:
        """True where our own writers write a cut of these frames as beginning at `begin`."""
        item = exported.Item(clip, span, 0, length, 0, "")
        if not self.returned.grid:
            written = item.begin(self.rate)
            return abs(written - begin) <= NEAR or floor(written) == begin
        begins = mlt.begins if self.returned.grid == "melt" else exported.on_grid
        return begins(item, self.rate) == begin * self.rate / clip.rate

    def _first(self, clip: Clip, begin: Fraction) -> int:
        """The clip's first frame, from where the format says it begins."""
        for cut in self.known.get(clip.digest, ()):
            if self._begins(cut.source, clip, begin, cut.length):
                return cut.source.first
        if self.returned.grid == "melt":
            # MLT shows the frame nearest to each time, we the one on screen at its frame's middle.
            return floor(begin - (clip.rate / self.rate - 1) / 2 + NEAR)
        return floor(begin + (NEAR if self.returned.grid else SLIGHT))

    def _new(self, item: Item, clip: Clip, begin: Fraction, piece: Piece) -> Cut | None:
        """A cut that no film had before, inside its media; None where none of it is."""
        length = len(piece.place)
        begins = first = self._first(clip, begin)
        late = max(0, ceil(-first * self.rate / clip.rate))  # film frames before the media begins
        first = max(first, 0) if late else first
        fits = min(length - late, _frames_to_the_end(clip, first, self.rate))
        if fits < length:
            self._say_outside(clip, piece, begins, length - max(0, fits))
        if fits <= 0:
            return None
        span = FrameSpan(first, self._stop(item, clip, first, fits))
        near = max(
            self.known.get(clip.digest, ()), key=lambda cut: _common(cut, span), default=None
        )
        if near is None or not _common(near, span):
            return Cut(clip, span, 0, fits, clip.name)
        return Cut(clip, span, 0, fits, near.shot, alternatives=near.alternatives)

    def _stop(self, item: Item, clip: Clip, first: int, length: int) -> int:
        """The clip's frame after the last that a cut of this length shows."""
        count = to_frames(length / self.rate, clip.rate)
        likely = []
        if item.source.duration is not None and item.speed == 1:
            likely.append(to_frames(item.source.duration, clip.rate))
        for cut in self.known.get(clip.digest, ()):
            if abs(cut.source.stop - first - count) < clip.rate / self.rate:
                likely.append(cut.source.stop - first)
        for wanted in likely:
            whole = convert_length(wanted, clip.rate, self.rate) == length
            if whole and 0 < wanted <= clip.frames - first:
                return first + wanted
        shown = source_frame(length - 1, first, clip.frames, clip.rate, self.rate)
        return min(clip.frames, max(shown + 1, first + count))

    def _say_outside(self, clip: Clip, piece: Piece, first: int, count: int) -> None:
        at = Timecode(piece.place.first, self.rate)
        stop = first + to_frames(len(piece.place) / self.rate, clip.rate)
        noun = "frame" if count == 1 else "frames"
        self.notes.append(
            f"{clip.name} at {at}: it shows {frames_text(FrameSpan(first, stop))} of a clip of"
            f" {clip.frames} frames: a gap of {count} {noun}, which is closed"
        )


def _frames_to_the_end(clip: Clip, first: int, rate: Fraction) -> int:
    """Frames of the film that the clip lasts from `first` on; half a frame counts as one."""
    left = clip.frames - first
    return convert_length(left, clip.rate, rate) if left > 0 else 0


def _common(cut: Cut, span: FrameSpan) -> int:
    return max(0, min(cut.source.stop, span.stop) - max(cut.source.first, span.first))


# --- the film as a whole --------------------------------------------------------------------------


def _film(
    returned: Returned, linked: Linked, cuts: Sequence[Cut], parent: Timeline | None
) -> tuple[Timeline, list[str]]:
    notes: list[str] = []
    clips = [cut.clip for cut in cuts]
    size = returned.size or (parent.size if parent else None)
    if size is not None and conform.even_size(size) != size:
        notes.append(f"a film of {size[0]}x{size[1]} cannot be made: its sides are made even")
        size = conform.even_size(size)
    _, size = conform.conform(clips, returned.rate, size)
    fit = returned.fit or (parent.fit if parent else "letterbox")
    music, said = sounds.music(returned, linked, {cut.clip.path for cut in cuts}, parent)
    return Timeline(tuple(cuts), returned.rate, size, music, fit), notes + said


# --- what is said ---------------------------------------------------------------------------------


def _nothing(returned: Returned, linked: Linked) -> str:
    if not any(item.kind == "picture" for item in returned.items):
        return "it holds no picture: there is no clip on any of its video tracks."
    unshown = [item for item in returned.items if item.enabled and not item.held]
    if not linked.lost and unshown:
        first = min(unshown, key=lambda item: item.place)
        why = f": {first.media.said}" if first.media.said else ""
        return (
            f"nothing of the film can be shown: it is the {first.what} {first.media.name!r}{why}."
        )
    if not linked.lost:
        return "nothing of the film is switched on here: every clip or its track is disabled."
    named = [f"{media.name} ({why})" for media, why in linked.lost.items()]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return (
        f"none of its media was found: {', '.join(named[:SHOWN])}{more}. Name the folder where they"
        " lie with --footage."
    )


def _switched_off(items: Sequence[Item]) -> list[str]:
    off = [item for item in items if not item.enabled and item.what == "clip"]
    if not off:
        return []
    if len(off) == 1:
        return ["1 clip is switched off, or its track is: it is no part of the film"]
    return [f"{len(off)} clips are switched off, or their tracks are: they are no part of the film"]


def _is_offered(item: Item, linked: Linked, returned: Returned, parent: Timeline | None) -> bool:
    """True of an alternative that we wrote along ourselves, switched off."""
    clip = linked.clips.get(item.media)
    if clip is None or parent is None or item.enabled:
        return False
    begin = begins(item, clip, returned.rate) * clip.rate
    offered = (other for cut in parent.cuts for other in cut.alternatives)
    return any(
        other.clip.digest == clip.digest
        and abs(other.source.first - begin) <= 1 + clip.rate / returned.rate
        for other in offered
    )


def _not_found(items: Sequence[Item], linked: Linked, rate: Fraction) -> list[str]:
    """Each gap that missing media leaves, by name."""
    return [
        f"{item.media.name} at {Timecode(item.place.first, rate)}: {linked.lost[item.media]};"
        f" {len(item.place)} frames are left out"
        for item in sorted(items, key=lambda item: item.place)
        if item.enabled and item.held and item.media in linked.lost
    ]


def _not_held(items: Sequence[Item], rate: Fraction) -> list[str]:
    return [
        f"the {item.what} {item.media.name!r} at {Timecode(item.place.first, rate)} is not held"
        f" here{f' ({item.media.said})' if item.media.said else ''}; it is kept aside"
        for item in sorted(items, key=lambda item: item.place)
        if item.enabled and not item.held
    ]


def _unplaced(items: Sequence[Item]) -> list[Mapping[str, object]]:
    return [{"cut": None, **row} for item in items if not item.held for row in item.opaque]


def _gaps(gaps: Sequence[FrameSpan], returned: Returned) -> list[str]:
    """Where nothing is seen: the film has no gaps, so they are closed."""
    if not gaps:
        return []
    at = ", ".join(str(Timecode(gap.first, returned.rate)) for gap in gaps[:SHOWN])
    more = f" and {len(gaps) - SHOWN} more" if len(gaps) > SHOWN else ""
    total = sum(len(gap) for gap in gaps)
    noun = "gap" if len(gaps) == 1 else "gaps"
    closed = f"{len(gaps)} {noun} closed, {total} frames in all, at {at}{more}"
    return [f"{closed}: the film is that much shorter"]
