"""Name split edits: where a clip is heard before or after it is seen. Here each cut has its sound.

Editors call them J cuts (the sound comes first) and L cuts (it goes on).
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from fractions import Fraction

from editor.film.returned.flatten import Piece
from editor.film.returned.items import Item, Returned
from editor.film.returned.moments import begins
from editor.film.returned.relink import Linked
from editor.footage.clip import Clip
from editor.timing import FrameSpan, Timecode

# Frame of the film at which a clip's own first would stand: what has the same is in sync.
Sync = tuple[str, int]  # by content


def split_edits(pieces: Sequence[Piece], returned: Returned, linked: Linked) -> list[str]:
    """What is heard apart from its picture, in words. pieces: what is seen, in order."""
    spans: dict[Sync, list[FrameSpan]] = {}
    for item in returned.items:
        clip = linked.heard(item.media)
        if item.kind == "sound" and item.enabled and item.held and item.speed == 1 and clip:
            sync = _sync(item, clip, returned.rate)
            spans.setdefault((clip.digest, sync), []).append(item.place)
    heard = {sync: _joined(found) for sync, found in spans.items()}
    seen: dict[tuple[Sync, FrameSpan], list[Piece]] = {}
    alone, lonely = [], []
    for piece in pieces:
        clip = linked.clips[piece.item.media]
        under = list(_under(piece, clip, heard, returned.rate))
        for sound in under:
            seen.setdefault(sound, []).append(piece)
        if clip.sound and piece.item.speed == 1 and not under:
            at = Timecode(piece.place.first, returned.rate)
            alone.append(f"{clip.name} at {at}: {_without(piece, clip, heard, returned.rate)}")
            lonely.append((clip.digest, piece.place))
    if alone and not any(item.kind == "sound" for item in returned.items):
        return ["no cut has sound there, and each has its own here"]
    lost = _without_picture(heard, seen, lonely, returned, linked)
    return (
        alone
        + lost
        + [
            f"{linked.clips[shown[0].item.media].name} at"
            f" {Timecode(shown[0].place.first, returned.rate)}: {said}"
            for (_, sound), shown in seen.items()
            for said in _apart([piece.place for piece in shown], sound)
        ]
    )


def _without_picture(
    heard: Mapping[Sync, Sequence[FrameSpan]],
    seen: Container[tuple[Sync, FrameSpan]],
    lonely: Sequence[tuple[str, FrameSpan]],
    returned: Returned,
    linked: Linked,
) -> list[str]:
    """Sounds of clips of the film that run under no picture in sync with them. seen: those that do.
    lonely: content and place of pictures whose own sound does not, of which that is told."""
    names = {
        clip.digest: clip.name
        for item in returned.items
        if item.kind == "picture" and item.enabled and (clip := linked.clips.get(item.media))
    }
    found = [
        (span, names[digest])
        for (digest, sync), spans in heard.items()
        for span in spans
        if digest in names
        and ((digest, sync), span) not in seen
        and not any(digest == other and span.overlaps(place) for other, place in lonely)
    ]
    return [
        f"the sound of {name} at {Timecode(span.first, returned.rate)}, {_frames(len(span))}, runs"
        " there without its picture: it is left out"
        for span, name in sorted(found, key=lambda one: (one[0].first, one[1]))
    ]


def _sync(item: Item, clip: Clip, rate: Fraction) -> int:
    return round(item.place.first - begins(item, clip, rate) * rate)


def _under(
    piece: Piece, clip: Clip, heard: dict[Sync, list[FrameSpan]], rate: Fraction
) -> Iterable[tuple[Sync, FrameSpan]]:
    """The sound of a piece's own clip, in sync with it to a frame, that is heard under it."""
    if piece.item.speed != 1:
        return
    sync = _sync(piece.item, clip, rate)
    for near in (sync, sync - 1, sync + 1):  # of another rate, formats round
        for sound in heard.get((clip.digest, near), ()):
            if sound.first < piece.place.stop and piece.place.first < sound.stop:
                yield (clip.digest, near), sound
                return


def _without(piece: Piece, clip: Clip, heard: dict[Sync, list[FrameSpan]], rate: Fraction) -> str:
    """What is heard under a piece whose own sound does not run with it."""
    sync = _sync(piece.item, clip, rate)
    shifts = [
        other - sync
        for (digest, other), sounds in heard.items()
        if digest == clip.digest and any(sound.overlaps(piece.place) for sound in sounds)
    ]
    if not shifts:
        return "its own sound is not there, and is here"
    shift = min(shifts, key=abs)
    when = "late" if shift > 0 else "early"
    return f"its sound is {_frames(shift)} {when} there, and in sync here"


def _joined(spans: Iterable[FrameSpan]) -> list[FrameSpan]:
    """The spans in order, those that touch as one: a file has one for every channel."""
    found: list[FrameSpan] = []
    for span in sorted(spans):
        if found and span.first <= found[-1].stop:
            found[-1] = FrameSpan(found[-1].first, max(found[-1].stop, span.stop))
        else:
            found.append(span)
    return found


def _apart(pictures: Sequence[FrameSpan], sound: FrameSpan) -> Iterable[str]:
    """How a sound differs from the pictures that it belongs to. pictures: in order."""
    early, late = pictures[0].first - sound.first, sound.stop - pictures[-1].stop
    if early:
        when = "before" if early > 0 else "after"
        yield f"its sound begins {_frames(early)} {when} its picture there, and with it here"
    if late:
        when = "after" if late > 0 else "before"
        yield f"its sound ends {_frames(late)} {when} its picture there, and with it here"
    over = pictures[-1].stop - pictures[0].first - sum(len(place) for place in pictures)
    if over:
        yield f"its sound goes on under {_frames(over)} of other pictures there, and not here"


def _frames(count: int) -> str:
    return f"{abs(count)} {'frame' if abs(count) == 1 else 'frames'}"
