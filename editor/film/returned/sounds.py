"""Tell what is heard in an exchange file apart: the film's music, and clips' own sound."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path, PurePath

from editor.errors import FootageError
from editor.film.returned.items import Item, Returned
from editor.film.returned.moments import begins
from editor.film.returned.relink import Linked, refusal, same_name
from editor.film.timeline import Music, Timeline
from editor.timing import Timecode


def music(
    returned: Returned, linked: Linked, pictures: set[Path], parent: Timeline | None
) -> tuple[Music | None, list[str]]:
    """The first sound without a picture of ours that lies under the film's first frame.

    pictures: the files that the film shows. The notes name every other sound.
    """
    notes, found = [], None
    had = parent.music.path if parent and parent.music else None
    stop = max((one.place.stop for one in returned.items if one.kind == "picture"), default=0)
    lasting: dict[tuple[Path, ...], int] = {}  # frames, of each file
    for item in _without_picture(returned):
        lasting[item.media.paths] = lasting.get(item.media.paths, 0) + len(item.place)
    for item in _without_picture(returned):
        path = next((path for path in item.media.paths if not refusal(path)), None)
        at = Timecode(item.place.first, returned.rate)
        picture = _own_picture(item, returned, linked)
        clip = linked.heard(item.media)
        if path in pictures or (clip is not None and clip.path in pictures):
            continue
        if picture is not None:
            notes.append(
                f"the sound {item.media.name} at {at} is the own sound of {picture.media.name},"
                " whose picture is gone: it is left out with it"
            )
        elif (number := _cut_of(item, parent, returned.rate)) is not None:
            notes.append(
                f"the sound {item.media.name} at {at} is that of cut {number} of the version that"
                " it came from, left without its picture: it is no music, and is left out"
            )
        elif path is None or not _sounds(path):
            notes.append(f"the sound {item.media.name} was not found")
        elif path != had and 2 * lasting.get(item.media.paths, 0) < stop:
            notes.append(
                f"the sound {item.media.name} at {at} is left out: it lasts less than half of the"
                " film, and music lies under the whole film here"
            )
        elif found is None and item.place.first == 0:
            found = Music(path, max(Fraction(0), item.source.first - (item.media.start or 0)))
        elif found is None or path != found.path:
            notes.append(
                f"the sound {item.media.name} at {at} is left out: one piece of music lies under"
                " the whole film here"
            )
    if found and parent and parent.music and parent.music.path == found.path:
        near = abs(parent.music.offset - found.offset) * returned.rate
        found = parent.music if near <= 1 else found
    return found, list(dict.fromkeys(notes))


def _without_picture(returned: Returned) -> Sequence[Item]:
    """What is heard of media that are seen nowhere, in order."""
    seen = {item.media for item in returned.items if item.kind == "picture"}
    heard = (
        item
        for item in returned.items
        if item.kind == "sound" and item.enabled and item.held and item.media not in seen
    )
    return sorted(heard, key=lambda item: (item.place.first, item.layer))


def _own_picture(sound: Item, returned: Returned, linked: Linked) -> Item | None:
    """The picture that a sound belongs to, where that one's media are gone: it lies over just the
    same frames of the film, or over some of them and is called the same."""
    name = _called(sound)
    for item in returned.items:
        gone = item.media in linked.lost or item.media in linked.offline
        if item.kind != "picture" or not item.enabled or not gone:
            continue
        if item.place == sound.place or (
            _called(item) == name and item.place.overlaps(sound.place)
        ):
            return item
    return None


def _cut_of(sound: Item, parent: Timeline | None, rate: Fraction) -> int | None:
    """Number of the parent's cut whose own sound it is: of those of its clip the one that shows
    most of what is heard. None where it is of no clip, or is the film's music."""
    media = sound.media
    if parent is None or (parent.music is not None and parent.music.path in media.paths):
        return None
    heard = len(sound.place) / rate
    shared: dict[int, Fraction] = {}
    for number, cut in enumerate(parent.cuts, start=1):
        clip = cut.clip
        named = clip.path in media.paths or same_name(clip.name) == same_name(media.name)
        if clip.digest == media.digest if media.digest else named:
            begin = begins(sound, clip, rate)
            first, stop = (frame / clip.rate for frame in (cut.source.first, cut.source.stop))
            shared[number] = min(stop, begin + heard) - max(first, begin)
    return max(shared, key=shared.__getitem__, default=None)


def _called(item: Item) -> str:
    """Its file's name as names are compared, without what the kind of file is called."""
    return same_name(PurePath(item.media.name).stem)


def _sounds(path: Path) -> bool:
    from editor.film.encode import sound_format  # takes long to load, and few films need it

    try:
        return sound_format(path)[0] > 0
    except FootageError:
        return False
