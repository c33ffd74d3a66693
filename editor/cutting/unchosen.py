"""Turn a pool and the film made from it into what was on offer and stayed out, each with why."""

from editor.cutting.pool import LeftOut, Pool
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
    takes = {
        line: pool.clips[int(clip)].name
        for line, clip, here in zip(pool.line.tolist(), pool.clip, used, strict=True)
        if here and line >= 0
    }
    return tuple(
        LeftOut(
            pool.clips[shot.clip],
            shot.span,
            OTHER_TAKE + takes[line] if line in takes else NOT_NEEDED,
        )
        for shot, line, here in zip(pool.shots, pool.line.tolist(), used, strict=True)
        if not here
    )
