"""Turn a pool and the film made from it into what was on offer and stayed out, each with why."""

from editor.cutting.pool import LeftOut, Pool, Shot
from editor.film.timeline import Timeline
from editor.timing import FrameSpan

NOT_NEEDED = "not needed for the length of the film"
OTHER_TAKE = "another take is used: "  # and its clip's name


def unchosen(pool: Pool, timeline: Timeline) -> tuple[LeftOut, ...]:
    """The shots on offer of which the film shows no frame, in the pool's order."""
    shown: dict[str, list[FrameSpan]] = {}
    for cut in timeline.cuts:
        shown.setdefault(cut.clip.digest, []).append(cut.source)
    used = [
        any(span.overlaps(shot.span) for span in shown.get(pool.clips[shot.clip].digest, ()))
        for shot in pool.shots
    ]
    lines = pool.line.tolist()
    takes = {
        line: shot for line, shot, here in zip(lines, pool.shots, used, strict=True)
        if here and line >= 0
    }  # fmt: skip
    return tuple(
        LeftOut(
            pool.clips[shot.clip],
            shot.span,
            _other_take(pool, shot, takes[line]) if line in takes else NOT_NEEDED,
        )
        for shot, line, here in zip(pool.shots, lines, used, strict=True)
        if not here
    )


def _other_take(pool: Pool, shot: Shot, used: Shot) -> str:
    """Which take is used instead; where both run in one clip, by its timecode."""
    clip = pool.clips[used.clip]
    place = f" at {clip.timecode_at(used.span.first)}" if used.clip == shot.clip else ""
    return f"{OTHER_TAKE}{clip.name}{place}"
