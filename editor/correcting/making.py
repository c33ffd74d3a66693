"""Turn corrections into new versions: the film as corrected, or cut again under what was asked."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editor.config import Config, Style, load_style
from editor.correcting import analyses
from editor.correcting.desk import Desk, Opened
from editor.correcting.footage import roots
from editor.correcting.history import Event, events
from editor.errors import CorrectionError, FootageError
from editor.film import saved
from editor.film.corrected import Corrected, Marked, standing
from editor.film.saved import Edit
from editor.film.timeline import Timeline
from editor.footage import analysis
from editor.footage.clip import Clip
from editor.footage.measures import Sound
from editor.progress import Watch
from editor.timing import FrameSpan, rate_text
from editor.versions import Version, drafting, versions

if TYPE_CHECKING:
    from editor.film.render import RenderReport

DEFAULT_STYLE = "default"  # of a version that says none
ANY_SEED = 1 << 32


def render(desk: Desk, title: str, watch: Watch, film: bool = True) -> Version:
    """Make the film as it stands a new version. Raises EditorError.

    The version that it came from stays as it is. film: with film.mp4.
    """
    opened = desk.open(title)
    _check_footage(desk, opened)
    edit = replace(
        opened.edit,
        timeline=opened.timeline,
        made_by="correction",
        parent=title,
        notes=(*opened.edit.notes, *_marks_said(opened)),
        marks=standing(opened.log.state),
    )
    with drafting(desk.outputs, opened.version.name) as draft:
        rendered = _film(desk, edit, draft.folder, watch) if film else None
        with watch.stage("papers"):
            _papers(edit, draft.folder)
        done = tuple(
            event for event in events(desk, title) if event.kind in ("correction", "undo", "redo")
        )

        def seal(version: Version) -> None:
            from editor import exchange

            saved.write(edit, draft.folder)
            exchange.beside(edit, version, (), draft.folder)
            text = json.dumps(_report(edit, version, opened, rendered, done), indent=2)
            (draft.folder / "report.json").write_text(text + "\n", encoding="utf-8")

        version = draft.publish(seal)
    desk.register(version, parent_revision=opened.revision)
    return version


def _check_footage(desk: Desk, opened: Opened) -> None:
    """Raise FootageError where a clip that the film shows is not what it was."""
    found = desk.states(opened.version.title)
    shown = dict.fromkeys(cut.clip.digest for cut in opened.timeline.cuts)
    wrong = [found[digest].says for digest in shown if found[digest].state != "here"]
    if wrong:
        more = f" And {len(wrong) - 1} more." if len(wrong) > 1 else ""
        raise FootageError(f"{wrong[0]}{more}")


def _marks_said(opened: Opened) -> tuple[str, ...]:
    """Notes of the editor, which would be lost with the corrections otherwise."""
    state = opened.log.state
    said = [(state.name(cut) if cut else "the film", text) for cut, text in _notes(state)]
    return tuple(f"Note on {what}: {text}" for what, text in said)


def _notes(state: Corrected) -> list[tuple[str, str]]:
    here = {piece.id for piece in state.pieces}
    return [(cut, text) for cut, text in (state.notes or {}).items() if not cut or cut in here]


def _film(desk: Desk, edit: Edit, folder: Path, watch: Watch) -> "RenderReport":
    from editor.film import render as rendering  # MoviePy: not before

    asked = analyses.settings(edit)
    sounds: dict[str, Sound] = {}
    clips = {cut.clip.digest: cut.clip for cut in edit.timeline.cuts}
    with watch.stage("analysis") as advance:
        for number, clip in enumerate(clips.values()):
            advance(number, len(clips), clip.name)
            seen = analysis.analyse(clip, asked, desk.cache, lambda share: None)
            sounds[clip.digest] = seen.sound
    with watch.stage("render") as advance:
        return rendering.render(
            edit.timeline,
            folder / "film.mp4",
            sounds,
            lambda share: advance(share, 1.0, "film.mp4"),
        )


def _papers(edit: Edit, folder: Path) -> None:
    from editor.film import pacing, storyboard  # matplotlib: not before

    storyboard.draw(edit.timeline, folder / "storyboard.png")
    style = analyses.style_of(edit) or load_style(DEFAULT_STYLE)
    pacing.draw(_same_terms(edit.timeline), style, folder / "pacing.png")


def _same_terms(timeline: Timeline) -> Timeline:
    """Cuts that an editor put in have no terms; a drawing wants all of them or none."""
    if all(cut.terms for cut in timeline.cuts):
        return timeline
    return replace(timeline, cuts=tuple(replace(cut, terms={}) for cut in timeline.cuts))


def _report(
    edit: Edit,
    version: Version,
    opened: Opened,
    rendered: "RenderReport | None",
    done: tuple[Event, ...],
) -> dict[str, Any]:
    """report.json: the keys of a cut's that hold here, and what was corrected."""
    timeline, folder = edit.timeline, version.folder
    return {
        "version": version.title,
        "film": str(folder / "film.mp4") if rendered else None,
        "timeline": str(folder / "timeline.otio"),
        "report": str(folder / "report.json"),
        "rate": rate_text(timeline.rate),
        "size": list(timeline.size),
        "duration_s": round(float(timeline.duration), 6),
        "made_by": edit.made_by,
        "parent": edit.parent,
        "parent_revision": opened.revision,
        "cuts": [
            {
                "index": index,
                "clip": str(cut.clip.path),
                "shot": cut.shot,
                "clip_in": cut.source.first,
                "clip_out": cut.source.stop,
                "source_timecode": str(cut.clip.timecode_at(cut.source.first)),
                "film_in": cut.start,
                "film_out": cut.stop,
                "reason": cut.reason,
            }
            for index, cut in enumerate(timeline.cuts)
        ],
        "corrections": [f"{one.kind}: {one.says}" for one in done],
        "notes": [*edit.notes, *(rendered.notes if rendered else ())],
        "settings": dict(edit.asked),
    }


# --- again ----------------------------------------------------------------------------------------


def again(
    desk: Desk,
    title: str,
    watch: Watch,
    seed: int | None = None,
    duration: float | None = None,
    film: bool = True,
) -> Version:
    """Cut the same footage again: what is locked stays, what is banned goes, a new version.

    seed: None for another than the version's own; duration: s, None for what was asked then.
    Raises EditorError.
    """
    from editor import pipeline  # torch: seconds

    opened = desk.open(title)
    config = again_config(desk, opened, seed, duration, film)
    carried = pipeline.Carried(title, standing(opened.log.state), _lost(desk, opened))
    made = pipeline.cut(config, watch, carried)
    desk.register(made.version, parent_revision=opened.revision)
    return made.version


def _lost(desk: Desk, opened: Opened) -> tuple[str, ...]:
    """What of the footage is no longer what it was, which the next cut has to do without."""
    clips = opened.log.state.clips
    said = {
        "missing": "is gone: cut again without it",
        "changed": "has other content than before: cut again from what it is now",
        "unreadable": "cannot be read: cut again without it",
    }
    return tuple(
        f"{clips[digest].path} {said[found.state]}"
        for digest, found in desk.states_of(opened).items()
        if found.state in said
    )


def again_config(
    desk: Desk, opened: Opened, seed: int | None, duration: float | None, film: bool
) -> Config:
    """What the next cut is asked: as the version was, with what is marked now."""
    asked = opened.edit.asked
    footage = _footage(desk, opened)
    known = desk.footage(opened.version.title)
    # Marks hold all that was asked once; versions that carry none have it in words.
    words = asked if opened.edit.marks is None else {}
    bans = [*_texts(words, "ban"), *(_words(mark, known) for mark in _barred(desk, opened, known))]
    own = asked.get("seed")
    timeline = opened.timeline
    return Config(
        footage=footage,
        outputs=desk.outputs,
        style=_style(opened),
        like_lengths=_seconds(asked, "like_lengths_s"),
        name=opened.version.name,
        duration=duration if duration is not None else _number(asked, "duration_s"),
        only=tuple(_texts(asked, "only")),
        ban=tuple(dict.fromkeys(bans)),
        must=_musts(opened, known, _texts(words, "must_include")),
        music=timeline.music.path if timeline.music else None,
        backbone=_text(asked, "backbone"),
        weights=Path(weights) if (weights := _text(asked, "weights")) else None,
        policy=_policy(asked),
        size=timeline.size,
        rate=timeline.rate,
        seed=seed if seed is not None else ((own if isinstance(own, int) else 0) + 1) % ANY_SEED,
        render=film,
    )


def _footage(desk: Desk, opened: Opened) -> tuple[Path, ...]:
    """What the version was cut from, and its clips that were found again elsewhere."""
    named = roots(opened.edit)
    there = tuple(path for path in named if path.exists())
    states = desk.states(opened.version.title)
    clips = opened.log.state.clips
    found = [clips[digest].path for digest, one in states.items() if one.state == "here"]
    if not there and not found:
        raise FootageError(
            f"The footage of {opened.version.title} is gone: {', '.join(map(str, named)) or '-'}."
            " Put it back, or find it again by its content (relink)."
        )
    inside = [path.resolve() for path in there]
    elsewhere = (
        path for path in found if not any(path.resolve().is_relative_to(at) for at in inside)
    )
    return (*there, *elsewhere)


def _locked(state: Corrected) -> list[Marked]:
    return [
        Marked(piece.cut.clip.digest, piece.cut.source) for piece in state.shown if piece.locked
    ]


def _barred(desk: Desk, opened: Opened, known: Mapping[str, Clip]) -> Iterator[Marked]:
    """What may not be used: what is banned, where it is still there, and the frame before and
    after each locked cut. Footage that must be included may be part of a longer cut; a lock has
    the cut begin and end where it does."""
    state, lie = opened.log.state, desk.states_of(opened)
    yield from (mark for mark in state.bans if lie[mark.digest].state == "here")
    locked = _locked(state)
    needed = [*locked, *(mark for mark in state.musts if mark.span)]
    for lock in locked:
        assert lock.span is not None
        for frame in (lock.span.first - 1, lock.span.stop):
            span = FrameSpan(frame, frame + 1)
            inside = 0 <= frame < known[lock.digest].frames
            if inside and not any(other.overlaps(lock.digest, span) for other in needed):
                yield Marked(lock.digest, span)


def _musts(opened: Opened, known: Mapping[str, Clip], asked: list[str]) -> tuple[str, ...]:
    """What has to be used: what is locked, to the frame; what was marked, where no lock holds it.

    Raises CorrectionError where a mark and a lock share frames and neither can have all.
    """
    state = opened.log.state
    locked = _locked(state)
    marked = []
    for mark in state.musts:
        meeting = [one for one in locked if one.span and mark.overlaps(one.digest, one.span)]
        if not meeting:
            marked.append(mark)
        elif mark.span is not None and not any(_holds(one.span, mark.span) for one in meeting):
            name = known[mark.digest].name
            raise CorrectionError(
                f"{name}: the frames {mark.span.first} to {mark.span.stop} must be included, and a"
                " locked cut shows only some of them. Unlock it, or take the other back."
            )
    texts = [_words(mark, known) for mark in (*locked, *marked)]
    held = {text.rpartition("@")[0] for text in texts}
    kept = [text for text in asked if text not in texts and text.rpartition("@")[0] not in held]
    return tuple(dict.fromkeys((*kept, *texts)))


def _holds(span: FrameSpan | None, inner: FrameSpan) -> bool:
    return span is not None and span.first <= inner.first and inner.stop <= span.stop


def _words(mark: Marked, known: Mapping[str, Clip]) -> str:
    """A mark as it is typed: CLIP@IN-OUT."""
    path = str(known[mark.digest].path)
    return path if mark.span is None else f"{path}@{mark.span.first}-{mark.span.stop}"


def _style(opened: Opened) -> Style:
    return analyses.style_of(opened.edit) or load_style(DEFAULT_STYLE)


def _policy(asked: Mapping[str, Any]) -> str | None:
    """A plain way that was asked for by name is taken again; else whichever policy cuts now."""
    from editor.cutting.baselines import BASELINES

    name = asked.get("policy")
    return name if name in BASELINES else None


def _texts(asked: Mapping[str, Any], key: str) -> list[str]:
    value = asked.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(asked: Mapping[str, Any], key: str) -> str | None:
    value = asked.get(key)
    return value if isinstance(value, str) else None


def _seconds(asked: Mapping[str, Any], key: str) -> tuple[float, ...]:
    """Lengths as they were asked; none where what is written there is not all lengths."""
    value = asked.get(key)
    found = [_number({key: one}, key) for one in value] if isinstance(value, list) else []
    good = [one for one in found if one is not None and 0 < one < math.inf]
    return tuple(good) if len(good) == len(found) else ()


def _number(asked: Mapping[str, Any], key: str) -> float | None:
    value = asked.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        return None
    return float(value)


# --- other work -----------------------------------------------------------------------------------


def formats() -> list[dict[str, str]]:
    """What a film can be exported to."""
    from editor.film.export.carried import CARRIES

    return [{"name": name, "title": one.title} for name, one in CARRIES.items()]


def export(desk: Desk, title: str, format: str, watch: Watch) -> dict[str, Any]:
    """Write the film as it stands for another program. Raises EditorError.

    A version that was corrected is made a version of its own first, without its film: files of one
    version never show another film than the folder's.
    """
    from editor import exchange

    opened = desk.open(title)
    if not opened.log.state.untouched:
        title = _made_before(desk, opened) or render(desk, title, watch, film=False).title
    wanted = exchange.Wanted(title, desk.outputs, (format,), music=True)
    done = exchange.export(wanted, watch)
    files = [str(path) for one in done.written for path in one.files]
    lost = [line for one in done.written for line in one.lost]
    return {"version": title, "files": files, "lost": lost, "notes": list(done.notes)}


def _made_before(desk: Desk, opened: Opened) -> str | None:
    """The version that was made of just these corrections, if there is one."""
    here = {version.title for version in versions(desk.outputs)}
    for row in reversed(desk.store.versions()):
        same = row.parent == opened.version.title and row.parent_revision == opened.revision
        if same and row.made_by == "correction" and row.title in here:
            return row.title
    return None


def retrain(desk: Desk, watch: Watch) -> dict[str, Any]:
    """Learn from all that was corrected and judged, as `retrain` does. Raises EditorError."""
    with watch.stage("loading"):
        from editor.correcting import taught, teaching  # torch: seconds
    return taught.as_json(teaching.retrain(desk, watch))
