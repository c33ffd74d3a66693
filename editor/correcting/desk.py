"""Turn an outputs folder into versions that can be corrected, and corrections into what stays.

A version's folder holds the film as it was made and is never changed; the store holds what was done
to it since. Both together, played from the start, are the film as it stands.
"""

import hashlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from editor.correcting import footage
from editor.correcting.facts import facts, made_at
from editor.correcting.footage import Found
from editor.errors import CorrectionError, EditorError, FootageError, StaleError, UnknownError
from editor.film import corrections, saved
from editor.film.corrected import begin
from editor.film.corrections import Correction
from editor.film.replay import Log, replay
from editor.film.saved import Edit
from editor.film.timeline import Timeline
from editor.footage import ingest
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.store import PreferenceRow, Store, VerdictRow, VersionRow
from editor.store.database import PATIENCE
from editor.versions import Version, versions

LONGEST_NOTE = 4000  # characters, as of a correction's note


@dataclass(frozen=True)
class Listed:
    """A version of the outputs folder, known to the store unless it cannot be reviewed."""

    version: Version
    row: VersionRow | None
    problem: str = ""  # why it cannot be reviewed


@dataclass(frozen=True)
class Opened:
    """A version with all that was done to it."""

    version: Version
    row: VersionRow
    edit: Edit  # as it was made, its clips where they lie now
    log: Log
    given: tuple[VerdictRow, ...]  # every verdict, in order
    children: tuple[str, ...]  # titles of the versions that came of it
    problems: tuple[str, ...] = ()  # what an editor has to know of it

    @property
    def timeline(self) -> Timeline:
        """The film as it stands."""
        return self.log.state.timeline

    @property
    def verdicts(self) -> dict[str | None, VerdictRow]:
        """Those that stand, by cut id; None: the film's."""
        last = {row.cut: row for row in self.given}
        return {cut: row for cut, row in last.items() if row.verdict is not None}

    @property
    def revision(self) -> int:
        """Rises with every change."""
        return self.row.revision


def _check_text(text: object) -> None:
    """Raise CorrectionError for what cannot be written down as text."""
    try:
        str(text).encode("utf-8")
    except UnicodeEncodeError as err:
        raise CorrectionError("A note is Unicode text: this one holds half a character.") from err


class Desk:
    """The versions of one outputs folder. A context manager; may be shared by threads."""

    def __init__(self, outputs: Path, patience: float = PATIENCE) -> None:
        """Raises StoreError where the store cannot be used, EditorError where there is no folder"""
        outputs = outputs.absolute()
        if not outputs.is_dir():
            raise EditorError(
                f"{outputs}: no such folder. Name the outputs folder of a cut, or cut first."
            )
        self.outputs = outputs
        self.cache = Cache(outputs / ".cache")
        self.store = Store(outputs, patience)
        self._lock = threading.RLock()
        self._seen = self.store.written_elsewhere
        self._edits: dict[str, tuple[tuple[int, int], str]] = {}  # title -> stamp, digest
        self._opened: dict[str, Opened] = {}  # by title
        self._looked: dict[tuple[Path, str], tuple[object, Found]] = {}  # file -> stamp, what
        self._footage: dict[int, dict[str, Clip]] = {}  # version id -> all its clips

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    # --- versions ---------------------------------------------------------------------------------

    def versions(self) -> tuple[Listed, ...]:
        """All versions that stand in the folder, the newest first; new ones become known."""
        found = []
        for version in versions(self.outputs):
            try:
                found.append(Listed(version, self.register(version)))
            except FootageError as err:
                found.append(Listed(version, None, str(err)))
        made = {listed.version.title: made_at(listed.version) for listed in found}
        return tuple(sorted(found, key=lambda one: made[one.version.title], reverse=True))

    def register(self, version: Version, parent_revision: int | None = None) -> VersionRow:
        """Make a version known to the store. Raises FootageError where its edit is unusable."""
        digest = self._edit_digest(version)
        known = [row for row in self.store.versions() if row.title == version.title]
        for row in known:
            if row.edit == digest:
                return row
        edit = saved.read(version.folder)
        return self.store.register(facts(version, digest, edit), parent_revision)

    def _edit_digest(self, version: Version) -> str:
        """Digest of a version's edit.json, remembered while the file stays as it is."""
        path = version.folder / saved.NAME
        try:
            seen = path.stat()
            stamp = (seen.st_mtime_ns, seen.st_size)
            kept = self._edits.get(version.title)
            if kept is None or kept[0] != stamp:
                digest = hashlib.blake2b(path.read_bytes(), digest_size=20).hexdigest()
                kept = self._edits[version.title] = (stamp, digest)
        except OSError as err:
            raise FootageError(
                f"{version.title}: its {saved.NAME} cannot be read ({err.strerror}). Where an older"
                " version of this program made it, cut the same footage again."
            ) from err
        return kept[1]

    def find(self, title: str) -> Version:
        """The version of that title. Raises UnknownError with the titles that are there."""
        every = versions(self.outputs)
        for version in every:
            if version.title == title:
                return version
        known = ", ".join(version.title for version in every[-8:]) or "none"
        raise UnknownError(f"There is no version {title!r:.120} in {self.outputs}. Known: {known}.")

    def open(self, title: str) -> Opened:
        """A version as it stands. Raises EditorError."""
        version = self.find(title)
        with self._lock:
            self._forget_what_is_old()
            row = self.register(version)
            kept = self._opened.get(title)
            if kept is None or kept.row != row:
                kept = self._opened[title] = self._read(version, row)
            return replace(kept, children=self._children(row))

    def _forget_what_is_old(self) -> None:
        """Another tab's server, or the command line, may have found footage or given verdicts."""
        if (now := self.store.written_elsewhere) != self._seen:
            self._seen = now
            self._opened.clear()
            self._footage.clear()

    def _read(self, version: Version, row: VersionRow) -> Opened:
        edit = saved.read(version.folder)
        lie = self.store.clips()
        edit = footage.relinked(edit, lie)
        acts = [
            act.act if act.correction is None else corrections.from_json(act.correction)
            for act in self.store.acts(row.id)
        ]
        named = {getattr(act, "clip", None) for act in acts}
        used = {
            digest: ingest.from_facts(facts, Path(path))
            for digest, (path, facts) in lie.items()
            if digest in named
        }
        known = footage.known(edit)
        try:
            start = begin(edit.timeline, {**used, **known}, edit.marks)
            log = replay(start, acts)  # type: ignore[arg-type]
        except CorrectionError as err:
            raise EditorError(
                f"The corrections of {version.title} cannot be played again: {err} Its edit.json"
                " or the store was changed by hand."
            ) from err
        given = self.store.verdicts(row.id)
        problems = self._problems(row)
        return Opened(version, row, edit, log, given, self._children(row), problems)

    def _problems(self, row: VersionRow) -> tuple[str, ...]:
        """Corrections that were made of another film under the same title."""
        others = [
            other
            for other in self.store.versions()
            if other.title == row.title and other.id != row.id and other.revision
        ]
        if not others:
            return ()
        return (
            f"{row.title} is not the film that was corrected under this title before: its"
            f" {saved.NAME} changed. What was done then is in the history, and does not hold here.",
        )

    def _children(self, row: VersionRow) -> tuple[str, ...]:
        return tuple(other.title for other in self.store.versions() if other.parent == row.title)

    def at(self, opened: Opened, revision: int) -> Log:
        """A version as it stood at an earlier revision."""
        acts = [
            act.act if act.correction is None else corrections.from_json(act.correction)
            for act in self.store.acts(opened.row.id)
            if act.revision <= revision
        ]
        return replay(opened.log.states[0], acts)  # type: ignore[arg-type]

    # --- changes ----------------------------------------------------------------------------------

    def act(self, title: str, revision: int, asked: Mapping[str, Any] | str) -> Opened:
        """Correct a version, or (asked "undo", "redo") go back and forth; returns it as it stands.

        revision: the one that the editor saw. asked: as `corrections.as_json`; an insert's `cut`
        may be left out. Raises StaleError where the version was changed since, CorrectionError
        where the correction cannot hold. When this returns, it is on the disk.
        """
        with self._lock:
            opened = self.open(title)
            self._check_fresh(opened, revision)
            if isinstance(asked, str):
                if asked not in ("undo", "redo"):
                    raise CorrectionError(f"No act is called {asked!r:.60}.")
                log = opened.log.act("undo" if asked == "undo" else "redo")
                new = self.store.act(opened.row.id, revision, asked, None)
            else:
                given = dict(asked)
                _check_text(given.get("text"))
                if given.get("kind") == "insert":
                    given["cut"] = f"n{revision + 1}"
                correction = corrections.from_json(given)
                opened = self._with_clip(opened, correction)
                log = opened.log.act(correction)
                body = corrections.as_json(correction)
                new = self.store.act(opened.row.id, revision, "do", body)
            return self._keep(replace(opened, log=log), new)

    def judge(
        self,
        title: str,
        revision: int,
        cut: str | None,
        verdict: str | None,
        reasons: Sequence[str] = (),
        note: str = "",
    ) -> Opened:
        """Keep what the editor thinks of a cut, or (None) of the film. Raises as `act`."""
        with self._lock:
            opened = self.open(title)
            self._check_fresh(opened, revision)
            if len(note) > LONGEST_NOTE:
                raise CorrectionError(f"A note has at most {LONGEST_NOTE} characters.")
            _check_text(note)
            if cut is not None:
                opened.log.state.piece(cut)
            new = self.store.judge(opened.row.id, revision, cut, verdict, reasons, note)
            return self._keep(replace(opened, given=self.store.verdicts(opened.row.id)), new)

    def _check_fresh(self, opened: Opened, revision: int) -> None:
        if opened.revision != revision:
            raise StaleError(
                f"{opened.version.title} was changed elsewhere meanwhile (it is at revision"
                f" {opened.revision}, this was for {revision}): look at it again, then repeat what"
                " is still wanted.",
                opened.revision,
            )

    def _keep(self, opened: Opened, revision: int) -> Opened:
        opened = replace(opened, row=replace(opened.row, revision=revision))
        self._opened[opened.version.title] = opened
        return opened

    # --- two versions -----------------------------------------------------------------------------

    def compare(self, one: str, other: str) -> tuple[int, str, str]:
        """Show two versions side by side: the comparison's number, left and right, by lot."""
        if one == other:
            raise EditorError("Two different versions can be compared, not one with itself.")
        sides = [self.open(one), self.open(other)]
        if secrets.randbelow(2):
            sides.reverse()
        left, right = sides
        number = self.store.ask(left.row.id, right.row.id)
        return number, left.version.title, right.version.title

    def answer(
        self, comparison: int, side: str, reasons: Sequence[str] = (), note: str = ""
    ) -> PreferenceRow:
        """Keep which side was preferred: "left", "right" or "neither"."""
        _check_text(note)
        asked = {row.id: row for row in self.store.preferences()}
        if comparison not in asked:
            raise UnknownError(f"There is no comparison {comparison}.")
        row = asked[comparison]
        preferred = {"left": row.left, "right": row.right, "neither": None}[side]
        return self.store.answer(comparison, preferred, reasons, note)

    def prefer(
        self, title: str, over: str, reasons: Sequence[str] = (), note: str = ""
    ) -> PreferenceRow:
        """Keep that one version is preferred over another."""
        comparison, left, _ = self.compare(title, over)
        return self.answer(comparison, "left" if left == title else "right", reasons, note)

    # --- footage ----------------------------------------------------------------------------------

    def footage(self, title: str) -> dict[str, Clip]:
        """All clips that a version was cut from, by digest, also those that it does not show."""
        opened = self.open(title)
        with self._lock:
            known = self._footage.get(opened.row.id)
            if known is None:
                known = footage.gather(opened.edit, self.cache, self.store)
                self._footage[opened.row.id] = known
        return {**known, **opened.log.state.clips}

    def states(self, title: str) -> dict[str, Found]:
        """Whether the clips of a version are where they were, by digest."""
        return self.states_of(self.open(title))

    def states_of(self, opened: Opened) -> dict[str, Found]:
        """The same of a version that is open. A file is looked into only when its stamp changed."""
        found = {}
        for digest, clip in opened.log.state.clips.items():
            key = (clip.path, digest)
            seen = footage.stamp_of(clip.path)
            kept = self._looked.get(key)
            if kept is None or kept[0] != seen:
                kept = self._looked[key] = (seen, footage.look(clip, self.cache))
            found[digest] = kept[1]
        return found

    def beats(self, opened: Opened) -> np.ndarray:
        """Beats of a version's music, (M,) float64 s, where they were found before."""
        music = opened.edit.timeline.music
        if music is None or not music.path.exists():
            return np.zeros(0)
        known = self.cache.load("beats", ingest.digest(music.path, self.cache))
        return known[0]["beats"] if known is not None else np.zeros(0)

    def relink(
        self, title: str, folders: Sequence[Path] = ()
    ) -> tuple[dict[str, Path], tuple[str, ...]]:
        """Find clips that are no longer where they were, by content, in the version's footage
        folders and in those named: where each was found, and the names of those that were not."""
        opened = self.open(title)
        clips, states = opened.log.state.clips, self.states_of(opened)
        lost = [clips[digest] for digest, one in states.items() if one.state != "here"]
        found = footage.search(lost, opened.edit, folders, self.cache)
        for digest, path in found.items():
            self.store.relink(digest, str(path))
        with self._lock:
            self._opened.clear()
            self._footage.clear()
        return found, tuple(clip.name for clip in lost if clip.digest not in found)

    def _with_clip(self, opened: Opened, correction: Correction) -> Opened:
        """The version with the clip that a correction names, if it is part of its footage."""
        digest = getattr(correction, "clip", None)
        start = opened.log.states[0]
        if digest is None or digest in start.clips:
            return opened
        clips = self.footage(opened.version.title)
        if digest not in clips:
            return opened  # the correction says so itself
        clip = clips[digest]
        self.store.put_clips({digest: (str(clip.path), ingest.to_facts(clip))})
        states = tuple(
            replace(state, clips={**state.clips, digest: clip}) for state in opened.log.states
        )
        return replace(opened, log=replace(opened.log, states=states))
