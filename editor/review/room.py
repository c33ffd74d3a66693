"""Hold what the review server works with: the versions, their proxies, the work that runs."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from editor.config import load_style
from editor.correcting import Desk, Opened
from editor.correcting import moments as looking
from editor.correcting.analyses import kept, style_of
from editor.correcting.moments import Asked, Moment, Moments
from editor.errors import EditorError, FootageError
from editor.film.timeline import Timeline
from editor.progress import printable
from editor.review.jobs import Jobs
from editor.review.proxies import Making, Proxies
from editor.review.security import cookie_name, token_of
from editor.review.views import rate
from editor.timing import convert_length

MOST_MOMENTS = 500  # of one answer
SECRETS = "review"  # folder in the cache


class Room:
    """One outputs folder under review. A context manager; shared by the server's threads."""

    def __init__(self, outputs: Path, port: int, patience: float = 5.0) -> None:
        """port: where the server listens. patience: s to wait for a locked store."""
        self.desk = Desk(outputs, patience)
        self.proxies = Proxies(self.desk.cache.folder)
        self.jobs = Jobs()
        self.port = port
        self.cookie = cookie_name(port)
        self.token = token_of(self.desk.cache.folder / SECRETS)
        self._moments: dict[int, tuple[frozenset[str], Moments]] = {}  # version id -> of what, all

    def __enter__(self) -> "Room":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up what runs, and let go of the store."""
        self.jobs.close()
        self.proxies.close()
        self.desk.close()

    # --- films ------------------------------------------------------------------------------------

    def film(self, opened: Opened, revision: int) -> tuple[Making, Timeline]:
        """The film as it stood at a revision, being made or ready. Raises EditorError."""
        timeline = self.timeline_at(opened, revision)
        clips = [cut.clip for cut in timeline.cuts]
        found = self.desk.states_of(opened)
        for clip in clips:
            if clip.digest in found and found[clip.digest].state != "here":
                raise FootageError(found[clip.digest].says)
        analyses = kept(clips, opened.edit, self.desk.cache)
        sounds = {digest: known.sound for digest, known in analyses.items()}
        return self.proxies.film(timeline, sounds), timeline

    def timeline_at(self, opened: Opened, revision: int) -> Timeline:
        """The film as it stood at a revision. Raises EditorError for one that never was."""
        if revision == opened.revision:
            return opened.timeline
        if not 0 <= revision < opened.revision:
            title = opened.version.title
            raise EditorError(f"{title} has no revision {revision}: it is at {opened.revision}.")
        return self.desk.at(opened, revision).state.timeline

    # --- moments ----------------------------------------------------------------------------------

    def moments(self, title: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Moments of a version's footage that answer a search, as the API has it."""
        opened = self.desk.open(title)
        clips = self.desk.footage(title)
        analyses = kept(clips.values(), opened.edit, self.desk.cache)
        known = self._moments.get(opened.row.id)
        if known is None or known[0] != analyses.keys():
            known = (frozenset(analyses), every_moment(self.desk, opened))
            self._moments[opened.row.id] = known
        return answer(opened, known[1], asked)


def search(desk: Desk, opened: Opened, asked: Mapping[str, str]) -> dict[str, Any]:
    """The same once, without a server."""
    return answer(opened, every_moment(desk, opened), asked)


def every_moment(desk: Desk, opened: Opened) -> Moments:
    """All moments of a version's footage. Raises FootageError where none is analysed."""
    clips = desk.footage(opened.version.title)
    analyses = kept(clips.values(), opened.edit, desk.cache)
    style = style_of(opened.edit) or load_style("default")
    return looking.gather(list(clips.values()), analyses, style)


def answer(opened: Opened, every: Moments, asked: Mapping[str, str]) -> dict[str, Any]:
    """The moments that answer a search."""
    found = looking.matching(every.rows, _asked(asked))
    likeness = None
    if like := asked.get("like"):
        cut = opened.log.state.piece(like).cut
        likeness = every.likeness(cut.clip, cut.source)
        order = likeness.tolist()
        found.sort(key=lambda index: -order[index])
    film_rate = opened.timeline.rate
    rows = [_row(opened, every.rows[index], index, likeness, film_rate) for index in found]
    if asked.get("unused") == "yes":
        rows = [row for row in rows if not row["used_by"]]
    first = _count(asked, "offset", 0)
    limit = min(MOST_MOMENTS, _count(asked, "limit", 60))
    return {"moments": rows[first : first + limit], "total": len(rows)}


def _row(
    opened: Opened, one: Moment, index: int, likeness: np.ndarray | None, film_rate: Fraction
) -> dict[str, Any]:
    state, clip, span = opened.log.state, one.clip, one.span
    return {
        "clip": clip.digest,
        "name": printable(clip.name),
        "rate": rate(clip.rate),
        "shot": printable(one.shot),
        "clip_in": span.first,
        "clip_out": span.stop,
        "length": convert_length(len(span), clip.rate, film_rate),
        "timecode_in": str(clip.timecode_at(span.first)),
        "timecode_out": str(clip.timecode_at(span.stop)),
        "frame": one.frame,
        "faces": round(one.faces, 4),
        "speech": round(one.speech, 3),
        "motion": round(one.motion, 4),
        "likeness": None if likeness is None else round(float(likeness[index]), 4),
        "left_out": one.left_out or None,
        "used_by": [
            piece.id
            for piece in state.shown
            if piece.cut.clip.digest == clip.digest and piece.cut.source.overlaps(span)
        ],
        "banned": any(ban.overlaps(clip.digest, span) for ban in state.bans),
    }


def _asked(values: Mapping[str, str]) -> Asked:
    return Asked(
        text=values.get("text", "")[:200],
        clip=values.get("clip") or None,
        faces=_choice(values, "faces"),
        speech=_choice(values, "speech"),
    )


def _choice(values: Mapping[str, str], key: str) -> bool | None:
    word = values.get(key, "")
    if word not in ("", "yes", "no"):
        raise EditorError(f"{key} is yes or no, not {word!r:.40}.")
    return {"yes": True, "no": False, "": None}[word]


def _count(values: Mapping[str, str], key: str, default: int) -> int:
    word = values.get(key, "")
    if word and not (word.isdecimal() and len(word) < 7):
        raise EditorError(f"{key} is a whole number, not {word!r:.40}.")
    return int(word) if word else default
