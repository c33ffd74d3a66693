"""Do on the command line all that the page does: what was asked, as text and as JSON."""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editor import selects
from editor.correcting import Desk, Opened, history, making
from editor.correcting.analyses import kept
from editor.errors import CorrectionError, EditorError
from editor.film.corrected import Corrected, Piece, changes
from editor.progress import Watch, printable
from editor.review import views
from editor.review.room import search
from editor.store.database import restore
from editor.versions import find_version

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a command says: as text, or with --json."""

    text: str
    facts: Json


def run(options: argparse.Namespace, watch: Watch) -> Answer:
    """Do what one command asks. Raises EditorError."""
    outputs = options.outputs.absolute()
    if options.command == "history" and options.restore_backup:
        return _restored(outputs)
    title = getattr(options, "version", None)
    if title is not None:
        found = find_version(title, outputs)
        outputs, options.version = found.folder.parent, found.title
    with Desk(outputs) as desk:
        return COMMANDS[options.command](desk, options, watch)


def _versions(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    rows, lines = [], []
    for one in desk.versions():
        if one.row is None:
            rows.append(views.listed(one, 0, None))
            lines.append((one.version.title, "", "", "", printable(one.problem)))
            continue
        opened = desk.open(one.version.title)
        row = views.listed(one, opened.log.cursor, opened.verdicts.get(None))
        rows.append(row)
        film = opened.verdicts.get(None)
        said = [f"from {row['parent']}"] if row["parent"] else []
        said += [_count(row["corrections"], "correction")] if row["corrections"] else []
        said += [history.PAST[str(film.verdict)]] if film else []
        lines.append(
            (
                row["title"],
                _when(row["made_at"]),
                _count(row["cuts"], "cut"),
                f"{row['duration_s']:.1f} s",
                ", ".join(said),
            )
        )
    contrary = history.contrary_preferences(desk)
    text = _table(lines) or "No version yet: python -m editor cut FOOTAGE makes one."
    return Answer(
        "\n".join([text, *contrary]), {"versions": rows, "contradictions": list(contrary)}
    )


def _show(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    return _shown(desk, desk.open(options.version))


def _shown(desk: Desk, opened: Opened, said: str = "") -> Answer:
    """A version as it stands; `said`: what was just done."""
    clips = opened.log.state.clips.values()
    found = desk.states_of(opened)
    facts = views.version(opened, found, kept(clips, opened.edit, desk.cache))
    state, rate = opened.log.state, opened.timeline.rate
    numbers = state.numbers()
    done = changes(state)
    lines = [
        _cut_line(opened, piece, numbers.get(piece.id), done[piece.id]) for piece in state.pieces
    ]
    title = (
        f"{opened.version.title}: {_count(len(state.shown), 'cut')},"
        f" {float(opened.timeline.frames / rate):.1f} s, revision {opened.revision},"
        f" {opened.log.cursor} to undo, {facts['redo']} to redo"
    )
    marks = [_mark(state, "banned", facts["bans"]), _mark(state, "must have", facts["musts"])]
    film = opened.verdicts.get(None)
    rest = [
        *([history.verdict_words(film, "the film")] if film else []),
        *([f"note: {state.note('')}"] if state.note("") else []),
        *[line for lines_ in marks for line in lines_],
        *facts["contradictions"],
        *facts["problems"],
    ]
    text = "\n".join([*([said] if said else []), title, _table(lines), *map(printable, rest)])
    return Answer(text, facts)


def _cut_line(
    opened: Opened, piece: Piece, number: int | None, done: tuple[str, ...]
) -> tuple[str, ...]:
    state, cut = opened.log.state, piece.cut
    verdict = opened.verdicts.get(piece.id)
    said = [
        *(["dropped"] if piece.dropped else []),
        *(["locked"] if piece.locked else []),
        *done,
        *([history.verdict_words(verdict, "")] if verdict else []),
        *([f"note: {state.note(piece.id)}"] if state.note(piece.id) else []),
    ]
    clip = cut.clip
    return (
        str(number) if number else "-",
        piece.id,
        printable(clip.name),
        f"{clip.timecode_at(cut.source.first)} - {clip.timecode_at(cut.source.stop)}",
        f"{float(cut.length / opened.timeline.rate):.2f} s",
        printable("; ".join(said)),
    )


def _mark(state: Corrected, word: str, marks: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{word}: {state.clips[mark['clip']].name}"
        + ("" if mark["clip_in"] is None else f"@{mark['clip_in']}-{mark['clip_out']}")
        for mark in marks
    ]


def _correct(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    opened = desk.open(options.version)
    asked = _asked(desk, opened, options)
    before = opened.log
    opened = desk.act(options.version, opened.revision, asked)
    from editor.film.corrections import words

    if asked == "undo":
        done, said = before.undoable, "undid: "
        state = opened.log.state
    else:
        done, said = opened.log.undoable, "redid: " if asked == "redo" else ""
        state = before.state
    assert done is not None
    state = state if not isinstance(asked, dict) or "clip" not in asked else opened.log.state
    return _shown(desk, opened, f"{said}{words(state, done)}")


# Kinds by what follows them on the command line.
_CUT_ALONE = ("drop", "restore", "lock", "unlock")
_MARKS = ("ban", "unban", "must-include", "need-not")


def _asked(desk: Desk, opened: Opened, options: argparse.Namespace) -> Json | str:
    """The correction that was typed, as JSON. Raises EditorError."""
    what, words, state = options.what, list(options.words), opened.log.state
    if what in ("undo", "redo") and not words:
        return str(what)
    before = _cut(state, options.before) if options.before is not None else None
    match what, words:
        case str(), [cut] if what in _CUT_ALONE:
            return {"kind": what, "cut": _cut(state, cut)}
        case "trim", [cut, ("in" | "out") as edge, frames]:
            mode = "roll" if options.roll else "ripple"
            asked = {"cut": _cut(state, cut), "edge": edge, "by": _frames(frames), "mode": mode}
            return {"kind": "trim", **asked}
        case "slip", [cut, frames]:
            return {"kind": "slip", "cut": _cut(state, cut), "by": _frames(frames)}
        case "move", [cut]:
            return {"kind": "move", "cut": _cut(state, cut), "before": before}
        case "replace", [cut, "alternative", number]:
            return {"kind": "replace", "cut": _cut(state, cut), **_other(state, cut, number)}
        case "replace", [cut, clip]:
            return {"kind": "replace", "cut": _cut(state, cut), **_span(desk, opened, clip, what)}
        case "insert", [clip]:
            return {"kind": "insert", "before": before, **_span(desk, opened, clip, what)}
        case str(), [clip] if what in _MARKS:
            return {"kind": what, **_span(desk, opened, clip, what, whole=False)}
        case "note", [text]:
            return {"kind": "note", "cut": None, "text": text}
        case "note", [cut, text]:
            return {"kind": "note", "cut": _cut(state, cut), "text": text}
    raise EditorError(
        f"correct {what} {' '.join(words)}: that cannot be understood. See python -m editor correct"
        " --help for what can be done."
    )


def _cut(state: Corrected, text: str) -> str:
    """The id of a cut that was typed as its number or its id. Raises CorrectionError."""
    shown = state.shown
    if text.isdecimal():
        if not 1 <= int(text) <= len(shown):
            raise CorrectionError(f"The film has cuts 1 to {len(shown)}, not {text}.")
        return shown[int(text) - 1].id
    return state.piece(text).id


def _frames(text: str) -> int:
    try:
        return int(text)
    except ValueError as err:
        raise EditorError(f"{text!r} is no number of frames: as 12, or -12 for earlier.") from err


def _span(desk: Desk, opened: Opened, text: str, what: str, whole: bool = True) -> Json:
    """CLIP[@IN-OUT] as it was typed; `whole`: with frames, also where none were named."""
    clips = tuple(desk.footage(opened.version.title).values())
    wish = selects.parse(text, clips, (), what)
    first, stop = (wish.span.first, wish.span.stop) if wish.span else (None, None)
    if whole and wish.span is None:
        first, stop = 0, wish.clip.frames
    return {"clip": wish.clip.digest, "clip_in": first, "clip_out": stop}


def _other(state: Corrected, cut: str, number: str) -> Json:
    others = state.piece(_cut(state, cut)).cut.alternatives
    if not number.isdecimal() or not 1 <= int(number) <= len(others):
        raise CorrectionError(f"Cut {cut} has {_count(len(others), 'alternative')}, not {number}.")
    chosen = others[int(number) - 1]
    span = chosen.source
    return {"clip": chosen.clip.digest, "clip_in": span.first, "clip_out": span.stop}


def _verdict(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    opened = desk.open(options.version)
    cut = _cut(opened.log.state, options.cut) if options.cut is not None else None
    verdict = None if options.verdict == "withdraw" else options.verdict
    opened = desk.judge(
        options.version, opened.revision, cut, verdict, options.because, options.note
    )
    return _shown(desk, opened, history.verdict_words(opened.given[-1], _named(opened, cut)))


def _named(opened: Opened, cut: str | None) -> str:
    return opened.log.state.name(cut) if cut else "the film"


def _prefer(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    over = find_version(options.over, desk.outputs).title
    row = desk.prefer(options.version, over, options.because, options.note)
    facts = {"comparison": row.id, "preferred": options.version, "over": over}
    return Answer(f"{options.version} is preferred to {over}", facts)


def _history(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    events = history.events(desk, options.version)
    lines = [
        (_when(one.at), one.version, str(one.revision or ""), one.kind, printable(one.says))
        for one in events
    ]
    text = _table(lines) or "Nothing has happened yet."
    return Answer(text, {"events": [history.as_json(one) for one in events]})


def _restored(outputs: Path) -> Answer:
    store, aside = restore(outputs)
    kept_at = f"; the one that stood there is {aside}" if aside else ""
    facts = {"store": str(store), "damaged": str(aside) if aside else None}
    return Answer(f"The last good backup is now {store}{kept_at}", facts)


def _render(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    made = making.render(desk, options.version, watch, film=not options.no_render)
    return _made(desk, made.title)


def _again(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    made = making.again(
        desk, options.version, watch, options.seed, options.duration, not options.no_render
    )
    return _made(desk, made.title)


def _made(desk: Desk, title: str) -> Answer:
    opened = desk.open(title)
    answer = _shown(desk, opened)
    folder = opened.version.folder
    film = folder / "film.mp4"
    path = printable(str(film if film.exists() else folder))
    notes = [f"note: {printable(note)}" for note in opened.edit.notes]
    return Answer("\n".join([f"Made {path}", *notes, answer.text]), answer.facts)


def _find(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    opened = desk.open(options.version)
    asked = {"text": options.text, "limit": str(options.most)}
    asked |= {key: value for key in ("faces", "speech") if (value := getattr(options, key))}
    if options.clip is not None:
        clips = tuple(desk.footage(options.version).values())
        asked["clip"] = selects.parse(options.clip, clips, (), "--clip").clip.digest
    if options.like is not None:
        asked["like"] = _cut(opened.log.state, options.like)
    if options.unused:
        asked["unused"] = "yes"
    with watch.stage("looking"):
        found = search(desk, opened, asked)
    lines = [
        (
            row["shot"],
            f"{row['clip_in']}-{row['clip_out']}",
            f"{row['timecode_in']} - {row['timecode_out']}",
            f"like {row['likeness']:.2f}" if row["likeness"] is not None else "",
            ", ".join(
                [
                    *(["face"] if row["faces"] else []),
                    *([f"speech {row['speech']:.0%}"] if row["speech"] else []),
                    *([f"left out: {row['left_out']}"] if row["left_out"] else []),
                    *([f"used by {', '.join(row['used_by'])}"] if row["used_by"] else []),
                    *(["banned"] if row["banned"] else []),
                ]
            ),
        )
        for row in found["moments"]
    ]
    shown = f"{len(lines)} of {_count(found['total'], 'moment')}"
    return Answer("\n".join([shown, _table(lines)]), found)


def _relink(desk: Desk, options: argparse.Namespace, watch: Watch) -> Answer:
    with watch.stage("looking"):
        found, lost = desk.relink(options.version, [path.absolute() for path in options.folders])
    lines = [f"found {printable(str(path))}" for path in found.values()]
    lines += [f"not found: {printable(name)}" for name in lost]
    facts = {"found": {key: str(path) for key, path in found.items()}, "lost": list(lost)}
    return Answer("\n".join(lines) or "All footage is where it was.", facts)


COMMANDS: dict[str, Callable[[Desk, argparse.Namespace, Watch], Answer]] = {
    "versions": _versions,
    "show": _show,
    "correct": _correct,
    "verdict": _verdict,
    "prefer": _prefer,
    "history": _history,
    "render": _render,
    "again": _again,
    "find": _find,
    "relink": _relink,
}


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as they must be, the last one as it is."""
    if not rows:
        return ""
    wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = (
        "  ".join([*(text.ljust(width) for text, width in zip(row, wide, strict=False)), row[-1]])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
