"""Tell the story of import: an exchange file in, its media found, and a new version out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from editor import brought, exchange
from editor.brought import Brought, Import
from editor.errors import FootageError
from editor.film import conform, difference, saved
from editor.film.export import opaque
from editor.film.returned import ancestry, bundle, readers, relink
from editor.film.returned.ancestry import Ancestor
from editor.film.returned.items import RateUnknown, Returned
from editor.film.returned.rebuild import NothingShown, Rebuilt, rebuild
from editor.film.returned.relink import Linked, Search
from editor.film.saved import Edit
from editor.film.timeline import Timeline
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.progress import Watch
from editor.timing import rate_text
from editor.versions import Draft, Version, drafting, name_for, writing_to

if TYPE_CHECKING:
    from editor.film.render import RenderReport


@dataclass(frozen=True)
class _Found:
    """The film as far as it could be put together, before it is a version."""

    parent: Ancestor | None
    linked: Linked
    rebuilt: Rebuilt


def bring_back(asked: Import, watch: Watch) -> Brought:
    """Make a new version from an exchange file. Raises EditorError for what an editor can mend."""
    # Media that lie beside the file are kept by whole paths, wherever one stands.
    asked = replace(asked, file=asked.file.absolute())
    ancestors = ancestry.candidates(asked.outputs, asked.onto)
    with writing_to(asked.outputs):
        cache = Cache(asked.cache)
        returned, said = _read(asked, ancestors, cache, watch)
        try:
            found = _find(asked, returned, ancestors, cache, watch)
        except NothingShown as err:
            raise FootageError(f"{asked.file}: {err}") from err
    edit = _edit(asked, returned, found, said)
    changed = None
    if found.parent is not None:
        before = found.parent.edit.timeline
        speeds = found.rebuilt.speeds, opaque.speeds(found.parent.edit.opaque, returned.format)
        changed = difference.compare(before, edit.timeline, *speeds)
    with drafting(asked.outputs, _name(asked, found.parent)) as draft:
        whole_film = asked.render and not found.linked.offline
        rendered = _write(whole_film, edit, draft, cache, watch)

        def whole(version: Version) -> Brought:
            lost = {**found.linked.lost, **found.linked.offline}
            return Brought(version, asked, returned, edit, lost, changed, rendered)

        def seal(version: Version) -> None:
            exchange.beside(edit, version, (), draft.folder)
            saved.write(edit, draft.folder)
            brought.write(whole(version), draft.folder)

        return whole(draft.publish(seal))


def _name(asked: Import, parent: Ancestor | None) -> str:
    return asked.name or (parent.version.name if parent else name_for(asked.file))


def _edit(asked: Import, returned: Returned, found: _Found, said: Sequence[str]) -> Edit:
    parent, rows = found.parent, [dict(row) for row in found.rebuilt.opaque]
    return Edit(
        found.rebuilt.timeline,
        made_by="import",
        parent=parent.version.title if parent else None,
        asked={**(parent.edit.asked if parent else {}), "imported": str(asked.file.absolute())},
        notes=(*said, *found.rebuilt.notes),
        opaque={returned.format: rows} if rows else {},
        selects=parent.edit.selects if parent else (),
    )


# --- reading --------------------------------------------------------------------------------------


def _read(
    asked: Import, ancestors: Sequence[Ancestor], cache: Cache, watch: Watch
) -> tuple[Returned, tuple[str, ...]]:
    """The file as read, and what had to be assumed for that."""
    with watch.stage("reading"):
        try:
            return _with_contents(readers.read(asked.file, asked.rate), asked), ()
        except RateUnknown as err:
            unknown = err
    named = ancestors[0] if asked.onto else ancestry.called(unknown.name, ancestors)
    if named is not None:
        rate, why = named.edit.timeline.rate, f"as {named.version.title} has"
    else:
        rate, why = _rate_of_media(unknown, _search(asked, ancestors, cache), watch)
    said = (
        f"the file does not say its rate: it was read at {rate_text(rate)} frames a second, {why}"
    )
    return readers.read(asked.file, rate), (said,)


def _rate_of_media(unknown: RateUnknown, search: Search, watch: Watch) -> tuple[Fraction, str]:
    """The rate that most of the film's media have. Raises `unknown` where none is found."""
    with watch.stage("finding media") as advance:
        linked = relink.link(unknown.media, search, advance)
    if not linked.clips:
        raise unknown
    return conform.conform(list(linked.clips.values()), None, None)[0], "as most of its media have"


def _with_contents(returned: Returned, asked: Import) -> Returned:
    """The film with each bundled medium known by its content."""
    inside = frozenset(item.media.member for item in returned.items if item.media.member)
    if not inside:
        return returned
    contents = bundle.digests(asked.file, inside)
    items = []
    for item in returned.items:
        if item.media.member is not None:
            media = replace(item.media, digest=contents.get(item.media.member))
            item = replace(item, media=media)
        items.append(item)
    return replace(returned, items=tuple(items))


# --- finding --------------------------------------------------------------------------------------


def _find(
    asked: Import, returned: Returned, ancestors: Sequence[Ancestor], cache: Cache, watch: Watch
) -> _Found:
    """Link the media, and find the version that the film came from."""
    said = ancestry.said_by(returned, ancestors) if asked.onto is None else ancestors[0]
    search = _search(asked, [said] if said else ancestors, cache)
    media = [item.media for item in returned.items if item.kind == "picture" and item.held]
    with watch.stage("finding media") as advance:
        linked = relink.link(media, search, advance)
        linked = relink.offline(_unpacked(linked, asked, search), search)
    parent = said
    if parent is None:
        parent = ancestry.most_like(rebuild(returned, linked, None).timeline, ancestors)
    film = parent.edit.timeline if parent else None
    returned = _with_songs(returned, linked, asked, film, cache)
    returned = _with_sounds(returned, linked, search)
    return _Found(parent, linked, rebuild(returned, linked, film))


def _search(asked: Import, ancestors: Sequence[Ancestor], cache: Cache) -> Search:
    """Where media may lie: as the versions have it, where the user says, beside the file."""
    clips = ancestry.clips_of(ancestors)
    beside = dict.fromkeys(clip.path.parent for clip in clips)
    folders = dict.fromkeys((*asked.footage, asked.file.absolute().parent, *beside))
    return Search(clips, tuple(folders), cache)


def _unpacked(linked: Linked, asked: Import, search: Search) -> Linked:
    """Media that lies in the bundle and nowhere else, unpacked into the outputs."""
    clips, lost = dict(linked.clips), dict(linked.lost)
    unpacked: dict[Path, str] = {}
    for media in linked.lost:
        if media.member is None or media.digest is None:
            continue
        path = bundle.unpack(asked.file, media.member, media.digest, asked.outputs)
        clip = search.at(path)
        if isinstance(clip, str):
            lost[media] = clip
        else:
            clips[media] = clip
            del lost[media]
            unpacked[path] = media.name
    return Linked(clips, lost, (*linked.notes, *_of_unpacked(unpacked, asked.outputs)))


def _of_unpacked(unpacked: Mapping[Path, str], outputs: Path) -> tuple[str, ...]:
    """Where media of the bundle lie now. unpacked: their names by path."""
    if not unpacked:
        return ()
    if len(unpacked) == 1:
        ((path, name),) = unpacked.items()
        return (f"{name}: unpacked from the bundle to {path}",)
    named = relink.names_text(list(unpacked.values()))
    below = outputs / bundle.FOLDER
    return (f"{len(unpacked)} media unpacked from the bundle, below {below} ({named})",)


def _with_songs(
    returned: Returned, linked: Linked, asked: Import, film: Timeline | None, cache: Cache
) -> Returned:
    """The film with the bundled music where it lies: as the parent has it, else unpacked."""
    items = []
    for item in returned.items:
        media = item.media
        song = item.kind == "sound" and media not in linked.clips and media not in linked.lost
        if song and media.member is not None and media.digest is not None:
            known = film.music.path if film and film.music else None
            if known is not None and not relink.refusal(known):
                known = known if ingest.digest(known, cache) == media.digest else None
            path = known or bundle.unpack(asked.file, media.member, media.digest, asked.outputs)
            item = replace(item, media=replace(media, paths=(path,)))
        items.append(item)
    return replace(returned, items=tuple(items))


def _with_sounds(returned: Returned, linked: Linked, search: Search) -> Returned:
    """The film with sounds that are not where it says and of no picture here found by their name,
    as pictures are."""
    items, notes = [], []
    for item in returned.items:
        media = item.media
        there = linked.heard(media) or not all(map(relink.refusal, media.paths))
        found = None if item.kind != "sound" or there else search.sound(media)
        if found is not None:
            notes.append(f"{media.name}: relinked: found by its name at {found}")
            item = replace(item, media=replace(media, paths=(found,)))
        items.append(item)
    return replace(returned, items=tuple(items), notes=tuple((*returned.notes, *notes)))


# --- writing --------------------------------------------------------------------------------------


def _write(
    whole_film: bool, edit: Edit, draft: Draft, cache: Cache, watch: Watch
) -> "RenderReport | None":
    """Write what stands beside the edit in every version's folder."""
    from editor.film import storyboard  # matplotlib: not before

    rendered = _render(edit, draft.folder, cache, watch) if whole_film else None
    with watch.stage("papers"):
        storyboard.draw(edit.timeline, draft.folder / "storyboard.png")
    return rendered


def _render(edit: Edit, folder: Path, cache: Cache, watch: Watch) -> "RenderReport":
    """Make the film; its mix has to know where speech is."""
    from editor.film import render
    from editor.footage import analysis
    from editor.footage.measures import Sound

    sounds: dict[str, Sound] = {}
    clips = {cut.clip.digest: cut.clip for cut in edit.timeline.cuts}
    with watch.stage("sound") as advance:
        for number, clip in enumerate(clips.values()):
            advance(number, len(clips), clip.name)
            sounds[clip.digest] = analysis.hear(clip, cache)
    with watch.stage("render") as advance:
        return render.render(
            edit.timeline,
            folder / "film.mp4",
            sounds,
            lambda share: advance(share, 1.0, "film.mp4"),
        )
