"""Do one measured thing in a process of its own: `python -m editor.bench.tasks NAME ARGUMENT...`"""

import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from editor.film.timeline import Cut, Timeline
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.timing import FrameSpan

CUT = Fraction(3)  # s, length of a cut of the rendered film
STEP = Fraction(5)  # s of footage from one cut to the next


def clip_of(path: Path, cache: Cache) -> Clip:
    """The clip at a path."""
    from editor.footage import ingest

    clips, skipped = ingest.ingest([path], cache, lambda done, total, label: None)
    if not clips:
        raise SystemExit(f"{path}: {skipped[0].reason}")
    return clips[0]


def every_few_seconds(clip: Clip) -> Timeline:
    """A film of 3 s from every 5 s of the clip, at its own rate and size: nothing to compose."""
    length, step = int(CUT * clip.rate), int(STEP * clip.rate)
    starts = range(0, clip.frames - length + 1, step)
    cuts = tuple(
        Cut(clip, FrameSpan(first, first + length), n * length, length, f"{clip.name} #{n + 1}")
        for n, first in enumerate(starts)
    )
    return Timeline(cuts, clip.rate, clip.size)


def picture(file: str, cache: str) -> None:
    """Measure the picture and find the shots, without embeddings."""
    from editor.footage import watch

    watch.measure(clip_of(Path(file), Cache(Path(cache))), "content", lambda share: None)


def analysis(file: str, cache: str) -> None:
    """Analyse whole: picture, shots, embeddings, faces, speech, sound."""
    from editor.footage import analysis

    store = Cache(Path(cache))
    analysis.analyse(clip_of(Path(file), store), analysis.Settings(), store, lambda share: None)


def render(file: str, cache: str, film: str, way: str) -> None:
    """Render a film of cuts; the clip's sound analysis is in the cache."""
    from editor.film import render
    from editor.footage import analysis

    store = Cache(Path(cache))
    clip = clip_of(Path(file), store)
    sound = analysis.analyse(clip, analysis.Settings(), store, lambda share: None).sound
    done = render.render(
        every_few_seconds(clip), Path(film), {clip.digest: sound}, lambda share: None, way
    )
    print(done.way)


def retrain(policies: str) -> None:
    """Retrain on many corrected films; prints what it took as JSON."""
    from editor.bench import lessons

    print(json.dumps(lessons.timed(Path(policies))))


TASKS: dict[str, Callable[..., None]] = {
    "picture": picture,
    "analysis": analysis,
    "render": render,
    "retrain": retrain,
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](*sys.argv[2:])
