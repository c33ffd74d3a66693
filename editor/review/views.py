"""Turn versions, as they stand, into the JSON that docs/review-api.md describes."""

from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from editor.correcting import Listed, Opened
from editor.correcting.analyses import style_of
from editor.correcting.footage import Found
from editor.correcting.history import contradictions
from editor.film.applying import handles
from editor.film.corrected import Corrected, Marked, Piece, changes
from editor.film.corrections import words
from editor.film.timeline import Cut
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.progress import printable
from editor.store import VerdictRow
from editor.timing import FrameSpan, convert_length

Json = dict[str, Any]


def rate(value: Fraction) -> str:
    """A rate as numerator/denominator, always with both."""
    return f"{value.numerator}/{value.denominator}"


def listed(one: Listed, standing: int, verdict: VerdictRow | None) -> Json:
    """A row of the list of versions. standing: how many corrections stand."""
    row = one.row
    if row is None:
        return {
            "title": one.version.title,
            "name": one.version.name,
            "number": one.version.number,
            "problem": printable(one.problem),
        }
    exact = Fraction(row.rate)
    return {
        "title": row.title,
        "name": row.name,
        "number": row.number,
        "made_by": row.made_by,
        "parent": row.parent,
        "made_at": row.made_at,
        "cuts": row.cuts,
        "frames": row.frames,
        "rate": rate(exact),
        "duration_s": round(float(row.frames / exact), 3),
        "style": row.style,
        "policy": row.policy,
        "rendered": (one.version.folder / "film.mp4").exists(),
        "revision": row.revision,
        "corrections": standing,
        "verdict": judged(verdict),
        "problem": None,
    }


def version(opened: Opened, found: Mapping[str, Found], analyses: Mapping[str, Analysis]) -> Json:
    """A version as it stands. found, analyses: by digest, as far as they are known."""
    state, log, timeline = opened.log.state, opened.log, opened.timeline
    style, asked = style_of(opened.edit), opened.edit.asked
    undone = log.states[log.cursor - 1] if log.cursor else None
    problems = [*opened.problems, *(one.says for one in found.values() if one.says)]
    return {
        "title": opened.version.title,
        "name": opened.version.name,
        "number": opened.version.number,
        "made_by": opened.edit.made_by,
        "parent": opened.edit.parent,
        "children": list(opened.children),
        "revision": opened.revision,
        "undo": log.cursor,
        "redo": len(log.corrections) - log.cursor,
        "undo_says": words(undone, log.undoable) if undone and log.undoable else None,
        "redo_says": words(state, log.redoable) if log.redoable else None,
        "rate": rate(timeline.rate),
        "size": list(timeline.size),
        "fit": timeline.fit,
        "frames": timeline.frames,
        "duration_s": round(float(timeline.duration), 6),
        "rendered": (opened.version.folder / "film.mp4").exists(),
        "corrected": not state.untouched,
        "style": {**asdict(style), "weights": dict(style.weights)} if style else None,
        "policy": asked.get("policy"),
        "seed": asked.get("seed"),
        "music": printable(timeline.music.path.name) if timeline.music else None,
        "cuts": _cuts(opened, analyses),
        "clips": {digest: clip_view(one, found.get(digest)) for digest, one in state.clips.items()},
        "bans": [_marked(mark) for mark in state.bans],
        "musts": [_marked(mark) for mark in state.musts],
        "note": state.note(""),
        "verdict": judged(opened.verdicts.get(None)),
        "notes": [printable(note) for note in opened.edit.notes],
        "contradictions": list(contradictions(opened)),
        "problems": [printable(problem) for problem in problems],
    }


def _cuts(opened: Opened, analyses: Mapping[str, Analysis]) -> list[Json]:
    state = opened.log.state
    starts, numbers, done = {}, state.numbers(), changes(state)
    places = {cut.start: place for place, cut in enumerate(state.base.cuts, 1)}
    at = 0
    for piece in state.shown:
        starts[piece.id] = at
        at += piece.cut.length
    return [
        {
            **_cut(state, piece, numbers.get(piece.id), starts.get(piece.id)),
            "changed": list(done[piece.id]),
            "was": _was(piece.origin, places) if piece.origin else None,
            "shot_span": _shot_span(piece.cut, analyses.get(piece.cut.clip.digest)),
            "verdict": judged(opened.verdicts.get(piece.id)),
        }
        for piece in state.pieces
    ]


def _cut(state: Corrected, piece: Piece, number: int | None, start: int | None) -> Json:
    cut, film_rate = piece.cut, state.base.rate
    before, after = handles(cut, film_rate)
    origin = piece.origin
    told = origin or cut  # the reason and the terms speak of the cut as it was decided
    return {
        "id": piece.id,
        "number": number,
        "dropped": piece.dropped,
        "locked": piece.locked,
        "film_in": start,
        "film_out": None if start is None else start + cut.length,
        "length": cut.length,
        **_source(cut.clip, cut.source),
        "shot": printable(cut.shot),
        "before": before,
        "after": after,
        "reward": told.reward if origin else None,
        "terms": dict(told.terms) if origin else {},
        "reason": printable(told.reason) if origin else "",
        "note": state.note(piece.id),
        "alternatives": [
            {
                **_source(other.clip, other.source),
                "shot": printable(other.shot),
                "why": printable(other.why),
                "length": convert_length(len(other.source), other.clip.rate, film_rate),
            }
            for other in cut.alternatives
        ],
    }


def _was(origin: Cut, places: Mapping[int, int]) -> Json:
    """The cut as the version had it. places: number by first film frame."""
    source = _source(origin.clip, origin.source)
    return {**source, "length": origin.length, "number": places[origin.start]}


def _source(clip: Clip, span: FrameSpan) -> Json:
    return {
        "clip": clip.digest,
        "clip_in": span.first,
        "clip_out": span.stop,
        "timecode_in": str(clip.timecode_at(span.first)),
        "timecode_out": str(clip.timecode_at(span.stop)),
    }


def _shot_span(cut: Cut, known: Analysis | None) -> list[int]:
    """The detected shots that a cut shows something of, as one span."""
    shots = [shot for shot in known.shots if shot.overlaps(cut.source)] if known else []
    spans = [*shots, cut.source]
    return [min(span.first for span in spans), max(span.stop for span in spans)]


def clip_view(clip: Clip, found: Found | None) -> Json:
    """A clip; `found` where it was looked for."""
    return {
        "name": printable(clip.name),
        "rate": rate(clip.rate),
        "frames": clip.frames,
        "duration_s": round(float(clip.duration), 6),
        "size": list(clip.size),
        "sound": bool(clip.sound),
        "timecode": str(clip.timecode_at(0)),
        "state": found.state if found else "here",
        "says": printable(found.says) if found else "",
    }


def _marked(mark: Marked) -> Json:
    span = mark.span
    return {
        "clip": mark.digest,
        "clip_in": span.first if span else None,
        "clip_out": span.stop if span else None,
    }


def judged(row: VerdictRow | None) -> Json | None:
    """A verdict that stands."""
    if row is None or row.verdict is None:
        return None
    return {
        "verdict": row.verdict,
        "reasons": list(row.reasons),
        "note": row.note,
        "made_at": row.made_at,
        "revision": row.revision,
    }
