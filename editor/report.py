"""Turn what a cut came to into its report: the JSON object, the list of what was left out, and
the closing summary."""

import json
import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editor import skips
from editor.config import Config
from editor.cutting.pool import LeftOut
from editor.cutting.unchosen import OTHER_TAKE
from editor.film import conform
from editor.film.export.carried import Written, lost_lines, written_json
from editor.film.timeline import Alternative, Cut, Timeline
from editor.footage.clip import Clip, Skipped
from editor.footage.measures import Analysis
from editor.progress import printable, span_text
from editor.timing import rate_text
from editor.versions import Version

if TYPE_CHECKING:
    from editor.film.render import RenderReport

DIGITS = 4  # of rewards and terms: the fifth is the order in which floats were added
STAGES = ("ingest", "shots", "analysis", "cutting", "render")
PAPERS = "papers"  # storyboard and pacing picture, timed for the summary alone
REASONS_SHOWN = 6  # lines of the summary: the rest is in left_out.txt
NAMES_SHOWN = 5


@dataclass(frozen=True)
class Made:
    """A finished cut, and all that an editor would ask about it."""

    version: Version
    config: Config
    policy: str  # name of the one that cut
    backbone: str  # name of the one that looked
    timeline: Timeline
    score: float  # the film's reward: the sum of its cuts' rewards
    film_terms: Mapping[str, float]  # raw terms of the film as a whole, each in [-1, 1]
    said: tuple[str, ...]  # by the cutting: what could not be held
    clips: tuple[Clip, ...]  # used footage, copies dropped
    usable: Fraction  # s of it on offer, takes counted once
    asked: float  # s, the length that the policy was given
    length: str  # which length was chosen, and why
    left_out: tuple[LeftOut, ...]  # not on offer
    unchosen: tuple[LeftOut, ...]  # on offer, and not in the film
    skipped: tuple[Skipped, ...]
    rendered: "RenderReport | None"  # None with --no-render
    seconds: Mapping[str, float]  # of each of STAGES, and PAPERS
    shots: int  # on offer
    evidence: tuple[str, ...] = ()  # what a style taken from a film rests on
    exports: tuple[Written, ...] = ()  # for editing programs, beside timeline.otio


def write(made: Made, folder: Path) -> None:
    """Write report.json and left_out.txt into the version's folder, as it will be called."""
    (folder / "report.json").write_text(json_text(as_json(made)) + "\n", encoding="utf-8")
    (folder / "left_out.txt").write_text(left_out_text(made), encoding="utf-8")


def as_json(made: Made) -> dict[str, Any]:
    """The report as plain values, the issue's keys first. Paths are absolute."""
    timeline, folder = made.timeline, made.version.folder
    return {
        "version": made.version.title,
        "film": str(folder / "film.mp4") if made.rendered else None,
        "timeline": str(folder / "timeline.otio"),
        "report": str(folder / "report.json"),
        "rate": rate_text(timeline.rate),
        "size": list(timeline.size),
        "duration_s": round(float(timeline.duration), 6),
        "seed": made.config.seed,
        "policy": made.policy,
        "style": made.config.style.name,
        "cuts": [_cut(index, cut) for index, cut in enumerate(timeline.cuts)],
        "skipped": [{"path": str(left.path), "reason": left.reason} for left in made.skipped],
        "seconds": {stage: round(made.seconds.get(stage, 0.0), 3) for stage in STAGES},
        "exports": written_json(made.exports),
        "score": _finite(made.score),
        "film_terms": {name: _finite(value) for name, value in made.film_terms.items()},
        "length": made.length,
        "footage": {
            "clips": len(made.clips),
            "duration_s": round(float(_footage(made.clips)), 3),
            "usable_s": round(float(made.usable), 3),
            "shots": made.shots,
        },
        "left_out": [_left_out(left) for left in made.left_out],
        "not_chosen": [_left_out(left) for left in made.unchosen],
        "notes": list(notes(made)),
        "style_evidence": list(made.evidence),
        "render": _rendered(made.rendered),
        "settings": settings(made),
    }


def _cut(index: int, cut: Cut) -> dict[str, Any]:
    return {
        "index": index,
        "clip": str(cut.clip.path),
        "shot": cut.shot,
        "clip_in": cut.source.first,
        "clip_out": cut.source.stop,
        "source_timecode": str(cut.clip.timecode_at(cut.source.first)),
        "film_in": cut.start,
        "film_out": cut.stop,
        "reward": _finite(cut.reward),
        "terms": {name: _finite(value) for name, value in cut.terms.items()},
        "reason": cut.reason,
        "alternatives": [_alternative(other) for other in cut.alternatives],
    }


def _alternative(other: Alternative) -> dict[str, Any]:
    return {
        "clip": str(other.clip.path),
        "shot": other.shot,
        "clip_in": other.source.first,
        "clip_out": other.source.stop,
        "source_timecode": str(other.clip.timecode_at(other.source.first)),
        "why": other.why,
    }


def _left_out(left: LeftOut) -> dict[str, Any]:
    return {
        "path": str(left.clip.path),
        "clip_in": left.span.first,
        "clip_out": left.span.stop,
        "reason": left.reason,
    }


def _rendered(rendered: "RenderReport | None") -> dict[str, Any] | None:
    if rendered is None:
        return None
    return {
        "way": rendered.way,
        "loudness_lufs": _finite(rendered.loudness),
        "true_peak_dbtp": _finite(rendered.true_peak),
        "gain_db": _finite(rendered.gain),
    }


def settings(made: Made) -> dict[str, Any]:
    """All that, with the same footage and version of this program, makes the same film again."""
    config = made.config
    style = asdict(config.style)
    style["weights"] = dict(config.style.weights)
    return {
        "footage": [os.path.abspath(path) for path in config.footage],
        "policy": made.policy,
        "seed": config.seed,
        "duration_s": config.duration,
        "like": os.path.abspath(config.like) if config.like else None,
        "like_lengths_s": list(config.like_lengths),
        "only": list(config.only),
        "ban": list(config.ban),
        "must_include": list(config.must),
        "music": os.path.abspath(config.music) if config.music else None,
        "backbone": made.backbone,
        "weights": os.path.abspath(config.weights) if config.weights else None,
        "size": list(config.size) if config.size else None,
        "rate": rate_text(config.rate) if config.rate else None,
        "style": style,
    }


def _finite(value: float) -> float | None:
    """A number that JSON can hold: the loudness of a silent film is none."""
    return round(float(value), DIGITS) if math.isfinite(value) else None


def notes(made: Made) -> tuple[str, ...]:
    """What was conformed, mapped or assumed, clip by clip, and in the render."""
    of_clips = (f"{clip.name}: {note}" for clip in made.clips for note in clip.notes)
    return (*made.said, *of_clips, *(made.rendered.notes if made.rendered else ()))


def json_text(value: Mapping[str, Any], ascii_only: bool = False) -> str:
    """JSON text; a file name that is no Unicode text is escaped so that it reads back the same."""
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only, allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # surrogates of a name's raw bytes
        return json.dumps(value, indent=2, allow_nan=False)
    return text


def left_out_text(made: Made) -> str:
    """Every file that was not used, every span not on offer, every shot not chosen, and why."""
    parts = (
        ("Skipped files", [f"{left.path}  {left.reason}" for left in made.skipped]),
        ("Not on offer", [_said(left) for left in made.left_out]),
        ("On offer, and not chosen", [_said(left) for left in made.unchosen]),
    )
    text = "\n".join(
        "".join(f"{line}\n" for line in (title, *(f"  {printable(row)}" for row in rows)))
        for title, rows in parts
        if rows
    )
    return text or "Nothing was left out.\n"


def _said(left: LeftOut) -> str:
    first, stop = (left.clip.timecode_at(at) for at in (left.span.first, left.span.stop))
    return f"{left.clip.name}  {first} to {stop}  {left.reason}"


def summary(made: Made) -> str:
    """What the command line says at the end."""
    timeline, folder = made.timeline, made.version.folder
    width, height = timeline.size
    count = len(timeline.cuts)
    film = "film.mp4" if made.rendered else "timeline.otio"
    lines = [
        f"Made {made.version.title}: {count} {_plural('cut', count)},"
        f" {float(timeline.duration):.1f} s, {width}x{height} at {rate_text(timeline.rate)} fps",
        f"  {printable(str(folder / film))}",
        f"From    {len(made.clips)} {_plural('clip', len(made.clips))},"
        f" {span_text(float(_footage(made.clips)))} of footage,"
        f" {span_text(float(made.usable))} of it on offer",
        f"Length  {made.length}",
        f"Format  {_format(made)}",
        f"Times   {_times(made.seconds)}",
    ]
    lines += _labelled("Style", [printable(line) for line in made.evidence])
    lines += _labelled("Exports", _exports(made.exports))
    lines += _labelled("Sound", [_loudness(made.rendered)] if made.rendered else [])
    lines += _labelled("Unused", _reasons(made))
    lines += _labelled("Spare", _spare(made.unchosen))
    lines += _labelled("Skipped", skips.lines(made.skipped, NAMES_SHOWN))
    lines += _labelled("Notes", _some([printable(note) for note in notes(made)]))
    lines += _labelled("Next", _next(made))
    return "\n".join(lines)


def _format(made: Made) -> str:
    asked, timeline = made.config, made.timeline
    return conform.why(
        made.clips, timeline.rate, timeline.size, asked.rate is not None, asked.size is not None
    )


def looked_json(
    clips: Sequence[Clip],
    analyses: Mapping[str, Analysis],
    skipped: Sequence[Skipped],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """What `analyze` found, as plain values. analyses: by digest."""
    return {
        "clips": [_clip(clip, analyses[clip.digest]) for clip in clips],
        "skipped": [{"path": str(left.path), "reason": left.reason} for left in skipped],
        "seconds": {stage: round(seconds.get(stage, 0.0), 3) for stage in STAGES[:3]},
    }


def _clip(clip: Clip, seen: Analysis) -> dict[str, Any]:
    return {
        "path": str(clip.path),
        "rate": rate_text(clip.rate),
        "size": list(clip.size),
        "frames": clip.frames,
        "duration_s": round(float(clip.duration), 6),
        "codec": clip.codec,
        "timecode": str(clip.timecode) if clip.timecode else None,
        "shots": [[span.first, span.stop] for span in seen.shots],
        "cut_points": len(seen.cut_points.frame),
        "speech": [[round(float(a), 3), round(float(b), 3)] for a, b in seen.sound.speech],
        "loudness_lufs": _finite(seen.sound.integrated) if seen.sound.present else None,
        "notes": list(clip.notes),
    }


def looked_summary(
    clips: Sequence[Clip],
    analyses: Mapping[str, Analysis],
    skipped: Sequence[Skipped],
    seconds: Mapping[str, float],
) -> str:
    """What `analyze` says at the end."""
    found = [analyses[clip.digest] for clip in clips]
    shots = sum(len(seen.shots) for seen in found)
    speech = sum(float((seen.sound.speech[:, 1] - seen.sound.speech[:, 0]).sum()) for seen in found)
    lines = [
        f"Looked at {len(clips)} {_plural('clip', len(clips))}, {span_text(float(_footage(clips)))}"
        f" of footage: {shots} {_plural('shot', shots)}, {span_text(speech)} of speech",
        f"Times   {_times(seconds)}",
    ]
    lines += _labelled("Skipped", skips.lines(skipped, NAMES_SHOWN))
    of_clips = [printable(f"{clip.name}: {note}") for clip in clips for note in clip.notes]
    lines += _labelled("Notes", _some(of_clips))
    lines += _labelled("Next", ["cut the same footage with the same --outputs: that is quick now"])
    return "\n".join(lines)


def _labelled(label: str, lines: list[str]) -> list[str]:
    return [f"{label if number == 0 else '':8}{line}" for number, line in enumerate(lines)]


def _times(seconds: Mapping[str, float]) -> str:
    each = ", ".join(
        f"{stage} {span_text(seconds[stage])}" for stage in (*STAGES, PAPERS) if stage in seconds
    )
    return f"{each}; {span_text(sum(seconds.values()))} in all"


def _loudness(rendered: "RenderReport") -> str:
    if not math.isfinite(rendered.loudness):
        return f"silent; rendered by way of {rendered.way}"
    return (
        f"{rendered.loudness:.1f} LUFS, true peak {rendered.true_peak:.1f} dBTP,"
        f" gain {rendered.gain:+.1f} dB; rendered by way of {rendered.way}"
    )


def _exports(written: Sequence[Written]) -> list[str]:
    lines = [printable(str(path)) for one in written for path in one.files]
    lines += [printable(f"lost in {line}") for line in lost_lines(written)]
    return lines + [printable(f"refused: {one.refused}") for one in written if one.refused]


def _reasons(made: Made) -> list[str]:
    """Seconds left out by reason, the longest first."""
    spans: Counter[str] = Counter()
    length: dict[str, float] = {}
    for left in made.left_out:
        spans[left.reason] += 1
        length[left.reason] = length.get(left.reason, 0.0) + len(left.span) / float(left.clip.rate)
    ranked = sorted(length, key=lambda reason: -length[reason])
    lines = [
        f"{printable(reason)}: {span_text(length[reason])} in {spans[reason]}"
        f" {_plural('place', spans[reason])}"
        for reason in ranked[:REASONS_SHOWN]
    ]
    if len(ranked) > REASONS_SHOWN:
        lines.append(f"and for {len(ranked) - REASONS_SHOWN} more reasons, see left_out.txt")
    return lines


def _spare(unchosen: Sequence[LeftOut]) -> list[str]:
    """How much was on offer and stayed out."""
    if not unchosen:
        return []
    takes = sum(left.reason.startswith(OTHER_TAKE) for left in unchosen)
    seconds = sum(len(left.span) / float(left.clip.rate) for left in unchosen)
    count = len(unchosen)
    why = f", {takes} of them since another take is used" if takes else ""
    return [f"{count} {_plural('shot', count)}, {span_text(seconds)}{why}: see left_out.txt"]


def _some(lines: list[str]) -> list[str]:
    rest = len(lines) - NAMES_SHOWN
    return [*lines[:NAMES_SHOWN], f"and {rest} more, see report.json"] if rest > 0 else lines


def _next(made: Made) -> list[str]:
    steps = [
        "look at storyboard.png and pacing.png beside it; report.json says why each cut",
        "open timeline.otio in your editing program to go on by hand",
        "again with other wishes: --duration, --style, --ban CLIP@IN-OUT, --must-include, --seed",
    ]
    return steps if made.rendered else ["the same without --no-render makes the film", *steps]


def _footage(clips: Sequence[Clip]) -> Fraction:
    """Length of the footage in seconds."""
    return sum((clip.duration for clip in clips), Fraction(0))


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
