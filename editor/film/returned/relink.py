"""Turn the media that an exchange file names into clips: by path, name, content, then timecode."""

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote_to_bytes

from editor.errors import EditorError, FootageError
from editor.film.returned.items import Media
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.timing import Timecode

# Files looked at in all folders together. A project file in a home folder must not walk a disk.
MOST_FILES = 20_000
MOST_PROBED = 500  # files opened to find one by its timecode
SPECIAL = ("/proc", "/sys", "/dev")  # files there are no files, and some never end
CLOSE = Fraction(1, 2)  # frame by which a length or a timecode may differ from what was written


@dataclass(frozen=True)
class Linked:
    """Which clip each medium is, and which could not be found."""

    clips: Mapping[Media, Clip]
    lost: Mapping[Media, str]  # why, in a user's words
    notes: tuple[str, ...]  # what was found otherwise than by its path
    offline: Mapping[Media, str] = field(default_factory=dict)  # linked, though gone: why

    @cached_property
    def _heard(self) -> Mapping[object, Clip]:
        """The clips by all that a sound may name them by: content, path, name."""
        named: dict[object, Clip] = {}
        for media, clip in self.clips.items():
            for key in (clip.digest, clip.path, *media.paths, media.name):
                named.setdefault(key, clip)
        return named

    def heard(self, media: Media) -> Clip | None:
        """The clip whose own sound a medium is: a file may name it otherwise than its picture."""
        if media in self.clips:
            return self.clips[media]
        keys = (media.digest,) if media.digest else (*media.paths, media.name)
        return next((self._heard[key] for key in keys if key in self._heard), None)


@dataclass
class Search:
    """Where media may lie: the parent's clips, then folders; each file is looked at once."""

    known: Sequence[Clip]  # of the version that it came from
    folders: Sequence[Path]
    cache: Cache
    _probed: dict[Path, Clip | str] = field(default_factory=dict)

    def at(self, path: Path) -> Clip | str:
        """The clip at a path, or why there is none."""
        if path not in self._probed:
            self._probed[path] = self._look(path)
        return self._probed[path]

    def _look(self, path: Path) -> Clip | str:
        if reason := refusal(path):
            return reason
        try:
            digest = ingest.digest(path, self.cache)
            for clip in self.known:
                if clip.digest == digest:
                    return replace(clip, path=path)
            return ingest.ingest((path,), self.cache, _quiet)[0][0]
        except FootageError as err:
            return str(err).removeprefix(f"{path}: ").removesuffix(".")

    @cached_property
    def files(self) -> list[Path]:
        """Footage in the folders, at most MOST_FILES of it."""
        found: dict[Path, None] = {}
        for clip in self.known:
            found[clip.path] = None
        for folder in self.folders:
            for path in _walk(folder, MOST_FILES - len(found)):
                found[path] = None
        return list(found)

    def sound(self, media: Media) -> Path | None:
        """The one file of its name, of sound or of picture: music lies beside footage too."""
        return self._sounds.get(same_name(media.name))

    @cached_property
    def _sounds(self) -> Mapping[str, Path]:
        named: dict[str, set[Path]] = {}
        for folder in self.folders:
            for path in _walk(folder, MOST_FILES, ingest.PICTURE_SUFFIXES | ingest.SOUND_SUFFIXES):
                named.setdefault(same_name(path.name), set()).add(path)
        return {name: next(iter(paths)) for name, paths in named.items() if len(paths) == 1}

    @cached_property
    def by_name(self) -> Mapping[str, list[Path]]:
        """The files by name, as both people and file systems tell names apart or do not."""
        named: dict[str, list[Path]] = {}
        for path in self.files:
            named.setdefault(same_name(path.name), []).append(path)
        return named


def link(
    media: Sequence[Media], search: Search, advance: Callable[[int, int, str], None]
) -> Linked:
    """Find each medium's clip. advance: told those done, all of them, and the name at hand."""
    found: dict[Media, _Found] = {}
    lost: dict[Media, str] = {}
    distinct = list(dict.fromkeys(media))
    for number, one in enumerate(distinct):
        advance(number, len(distinct), one.name)
        one_found = _find(one, search)
        if isinstance(one_found, str):
            lost[one] = one_found
        else:
            found[one] = one_found
    advance(len(distinct), len(distinct), "")
    clips = {media: one.clip for media, one in found.items()}
    return Linked(clips, lost, tuple(dict.fromkeys(_notes(found))))


def offline(linked: Linked, search: Search) -> Linked:
    """The same, with media that are gone linked to the clips that a version knows them as.

    So a film keeps its length, and nobody is said to have dropped what merely could not be found.
    """
    clips, lost, gone, notes = dict(linked.clips), {}, {}, list(linked.notes)
    for media, why in linked.lost.items():
        known = _known(media, search.known)
        if known is None:
            lost[media] = why
            continue
        clips[media], gone[media] = known, why
        notes.append(
            f"{media.name}: {why}. Its cuts keep their place, as offline media do; the film cannot"
            f" be rendered until it lies at {known.path} again"
        )
    if gone and not linked.clips:
        notes.append("None of its media is there: name the folder where they lie with --footage")
    return Linked(clips, lost, tuple(dict.fromkeys(notes)), gone)


def _known(media: Media, clips: Sequence[Clip]) -> Clip | None:
    """The one clip that a medium was, by its content, else by its path or name."""
    if media.digest is not None:
        return next((clip for clip in clips if clip.digest == media.digest), None)
    names = {same_name(path.name) for path in media.paths} | {same_name(media.name)}
    found = {clip.digest: clip for clip in clips if clip.path in media.paths}
    found = found or {clip.digest: clip for clip in clips if same_name(clip.name) in names}
    fitting = [clip for clip in found.values() if _like(media, clip)]
    return fitting[0] if len(fitting) == 1 else None


NAME, RELATIVE, BUNDLE = "name", "relative path", "bundle"  # by which many are found at once
NAMES_SHOWN = 8  # media named in one note


@dataclass(frozen=True)
class _Found:
    clip: Clip
    said: str = ""
    by: str = ""  # NAME, RELATIVE or BUNDLE, told once for all of a folder; "": where it was named


def _notes(found: Mapping[Media, _Found]) -> Iterator[str]:
    """What was found otherwise than by its path: one note for all that lie in one folder."""
    together: dict[tuple[str, Path], dict[Path, str]] = {}
    for media, one in found.items():
        if one.by:
            key = one.by, one.clip.path.parent
            together.setdefault(key, {})[one.clip.path] = media.name
        elif one.said:
            yield f"{media.name}: {one.said}"
    for (by, folder), named in together.items():
        if by == BUNDLE:
            count = "1 medium is" if len(named) == 1 else f"{len(named)} media are"
            yield f"{count} in the bundle and in {folder}: linked there, nothing was unpacked"
        elif len(named) == 1:
            ((path, name),) = named.items()
            yield f"{name}: relinked: found by its {by} at {path}"
        else:
            yield (
                f"{len(named)} media relinked: found by their {by}s in {folder}"
                f" ({names_text(list(named.values()))})"
            )


def names_text(names: Sequence[str]) -> str:
    """Names of media in a note, and how many more there are."""
    rest = len(names) - NAMES_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f"{', '.join(names[:NAMES_SHOWN])}{more}"


def _find(media: Media, search: Search) -> _Found | str:
    """The clip of one medium, or why there is none."""
    reasons = [media.said] if media.said else []
    changed: list[Clip] = []
    for path in media.paths:
        clip = search.at(path)
        if isinstance(clip, str):
            reasons.append(clip)
        elif media.digest and clip.digest != media.digest:
            changed.append(clip)
        else:
            there = _is_spelt(path, media.paths[0])
            return _Found(clip, by="" if there else RELATIVE)
    called = [search.at(path) for path in _called(media, search)]
    named = _fitting(media, called, reasons)
    if len(named) == 1:
        return _Found(named[0], by=NAME if media.member is None else BUNDLE)
    for clip in _of_content(media, search):
        by = "" if media.member is None else BUNDLE
        return _Found(clip, f"relinked: found by its content at {clip.path}", by)
    changed += [clip for clip in called if isinstance(clip, Clip) and _like(media, clip)]
    if changed:
        return _Found(changed[0], "is not the file that it was: its content has changed")
    if len(named) > 1:
        return f"{len(named)} files are called so: {', '.join(str(c.path) for c in named[:3])}"
    timed = _of_timecode(media, search)
    if len(timed) == 1:
        return _Found(timed[0], f"relinked: found by its timecode alone at {timed[0].path}")
    if len(timed) > 1:
        return f"no file is called so, and {len(timed)} have its timecode"
    return reasons[0] if reasons else "no file is called so"


def _is_spelt(path: Path, other: Path) -> bool:
    """True where two paths are one, written with escapes or without."""
    return unquote_to_bytes(os.fsencode(path)) == unquote_to_bytes(os.fsencode(other))


def _called(media: Media, search: Search) -> list[Path]:
    """Files of its name; of its name with any suffix where it has none; else of its reel."""
    names = dict.fromkeys((media.name, *(path.name for path in media.paths)))
    found = [path for name in names if name for path in search.by_name.get(same_name(name), ())]
    if not found:
        stems = {same_name(name) for name in names if name}
        found = [path for path in search.files if same_name(path.stem) in stems]
    if not found and media.reel:
        found = [path for path in search.files if _as_reel(path).startswith(media.reel.upper())]
    return found


def _as_reel(path: Path) -> str:
    """A file's name as reels are spelt: capitals and digits."""
    return re.sub(r"[^A-Z0-9]", "", path.stem.upper())


def _fitting(media: Media, found: Sequence[Clip | str], reasons: list[str]) -> list[Clip]:
    """Clips that may be the one named: of its content, else of its length and timecode."""
    clips = {clip.digest: clip for clip in reversed(found) if isinstance(clip, Clip)}
    reasons += [clip for clip in found if isinstance(clip, str)]
    if media.digest is not None:
        return [clips[media.digest]] if media.digest in clips else []
    fitting = [clip for clip in clips.values() if _like(media, clip)]
    return fitting or list(clips.values())


def _like(media: Media, clip: Clip) -> bool:
    """True where length and first timecode are as said, as far as they are said."""
    frame = CLOSE / clip.rate
    length = media.duration is None or abs(media.duration - clip.duration) <= frame
    return length and (media.start is None or abs(media.start - first_second(clip)) <= frame)


def _of_content(media: Media, search: Search) -> Iterator[Clip]:
    if media.digest is None:
        return
    for path in search.files:
        if not refusal(path):
            clip = search.at(path)
            if isinstance(clip, Clip) and clip.digest == media.digest:
                yield clip


def _of_timecode(media: Media, search: Search) -> list[Clip]:
    """Clips whose timecode is the medium's; one that begins at zero tells nothing."""
    if media.label is None and (not media.start or media.duration is None):
        return []
    clips = [search.at(path) for path in search.files[:MOST_PROBED]]
    fits = _like if media.label is None else _holds
    found = {clip.digest: clip for clip in clips if isinstance(clip, Clip) and fits(media, clip)}
    return list(found.values())


def _holds(media: Media, clip: Clip) -> bool:
    """True where the clip's own timecode runs over the label that the medium is known by."""
    code = clip.timecode
    if code is None or code.frame == 0 or media.label is None:
        return False
    mark = ";" if code.drop else ":"
    try:
        wanted = Timecode.parse(f"{media.label[:8]}{mark}{media.label[9:]}", code.rate)
    except EditorError:
        return False  # no label of this clip's rate
    return 0 <= (wanted.frame - code.frame) / code.rate < clip.duration


def first_second(clip: Clip) -> Fraction:
    """Seconds at which the clip's timecode begins; 0 where it has none."""
    code = clip.timecode
    return Fraction(0) if code is None else code.frame / code.rate


def refusal(path: Path) -> str:
    """Why a path is not looked at; empty where it may be."""
    try:
        facts = path.stat()
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return "the file is not there"
    if not stat.S_ISREG(facts.st_mode) or real.startswith(tuple(f"{at}/" for at in SPECIAL)):
        return "it is no file of footage"
    return "" if facts.st_size else "the file is empty"


def _walk(
    folder: Path, most: int, suffixes: frozenset[str] = ingest.PICTURE_SUFFIXES
) -> Iterator[Path]:
    """Footage below a folder, at most `most` entries looked at, hidden ones passed over."""
    looked = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            looked += 1
            if looked > most:
                return
            if name.rpartition(".")[2].lower() in suffixes and name[0] != ".":
                yield Path(parent, name)
        looked += len(folders)


def same_name(name: str) -> str:
    """The name as names are compared: case and ways to write an accent are told apart nowhere."""
    return unicodedata.normalize("NFC", name).casefold()


def _quiet(done: int, total: int, name: str) -> None:
    """Files are looked at one by one here; the caller tells how far it is."""
