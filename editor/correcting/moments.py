"""Turn a version's analysed footage into moments that can be looked for and put into the film."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from editor.config import Style
from editor.cutting import pool
from editor.errors import FootageError
from editor.footage import copies
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.timing import FrameSpan

SHORTEST = 0.3  # s: what was left out for shorter is no moment
PICTURE_SHARE = 0.6  # of likeness, that comes from the embedding; the rest from colour
FACE = 0.002  # share of the picture from which a face counts
SPOKEN = 0.1  # share of a moment's time from which it counts as speech


@dataclass(frozen=True)
class Moment:
    """A stretch of a clip that may be put into the film."""

    clip: Clip
    span: FrameSpan  # frames of the clip
    shot: str
    left_out: str  # why it was not on offer to the policy, or ""
    frame: int  # of the clip, that shows it best
    faces: float  # largest face's share of the picture
    speech: float  # share of its time
    motion: float  # mean luma change a frame, 0-1


@dataclass(frozen=True)
class Look:
    """What moments look like. N moments, D embedding, H colour bins."""

    embedding: np.ndarray  # (N, D) float32, unit length, the footage's mean taken out
    colour: np.ndarray  # (N, H) float32, square roots of a histogram that sums to 1


@dataclass(frozen=True)
class Moments:
    """All of a version's moments, in recorded order."""

    rows: tuple[Moment, ...]
    look: Look
    mean: np.ndarray  # (D,) float32, of all embeddings
    analyses: Mapping[str, Analysis]

    def likeness(self, clip: Clip, span: FrameSpan) -> np.ndarray:
        """(N,) in [0, 1]: how like these frames each moment looks."""
        if clip.digest not in self.analyses:
            raise FootageError(f"{clip.name} has not been analysed: nothing is known of its look.")
        one = _look([(self.analyses[clip.digest], span)], self.mean)
        picture = np.clip(self.look.embedding @ one.embedding[0], 0, 1)
        colour = np.clip(self.look.colour @ one.colour[0], 0, 1) ** 2
        return np.asarray(PICTURE_SHARE * picture + (1 - PICTURE_SHARE) * colour)


def gather(clips: Sequence[Clip], analyses: Mapping[str, Analysis], style: Style) -> Moments:
    """All moments of analysed clips: the shots on offer, and what was left out with its reason.

    Raises FootageError where nothing of the footage was analysed.
    """
    known = [clip for clip in clips if clip.digest in analyses]
    if not known:
        raise FootageError(
            "This footage's analyses are not in the cache: `python -m editor analyze` finds them."
        )
    used, _ = copies.drop_copies(tuple(known), analyses)
    try:
        offer = pool.build(used, analyses, style)
    except FootageError:  # nothing that may be cut; everything can still be looked at
        offer = None
    rows = _rows(used, analyses, offer)
    every = np.concatenate([analyses[clip.digest].moments.embedding for clip in used])
    mean = every.astype(np.float32).mean(0)
    look = _look([(analyses[row.clip.digest], row.span) for row in rows], mean)
    return Moments(tuple(rows), look, mean, analyses)


def _rows(
    clips: Sequence[Clip], analyses: Mapping[str, Analysis], offer: pool.Pool | None
) -> list[Moment]:
    found: list[tuple[Clip, FrameSpan, str, str]] = []
    if offer is None:
        found = [(clip, FrameSpan(0, clip.frames), clip.name, "") for clip in clips]
    else:
        for shot in offer.shots:
            found.append((offer.clips[shot.clip], shot.span, shot.name, ""))
        for left in offer.left_out:
            if len(left.span) >= SHORTEST * left.clip.rate:
                found.append((left.clip, left.span, left.clip.name, left.reason))
    order = {clip.digest: n for n, clip in enumerate(offer.clips if offer else clips)}
    found.sort(key=lambda row: (order[row[0].digest], row[1]))
    return [
        Moment(clip, span, shot, why, *_measures(clip, span, analyses[clip.digest]))
        for clip, span, shot, why in found
    ]


def _measures(clip: Clip, span: FrameSpan, known: Analysis) -> tuple[int, float, float, float]:
    """The frame that shows a span best, its faces, its speech and its motion."""
    at = _within(known, span)
    faces = known.moments.faces[at, 1] * (known.moments.faces[at, 0] > 0)
    sharp = known.picture.sharpness[np.minimum(known.moments.frame[at], clip.frames - 1)]
    best = int(known.moments.frame[at[int(np.argmax(faces + 0.1 * sharp))]])
    first, stop = (float(edge / clip.rate) for edge in (span.first, span.stop))
    spoken = np.clip(known.sound.speech, first, stop)
    share = float((spoken[:, 1] - spoken[:, 0]).sum()) / max(stop - first, 1e-6)
    motion = float(known.picture.motion[span.first : span.stop].mean())
    frame = min(max(best, span.first), span.stop - 1)
    return frame, float(faces.max()), min(1.0, share), motion


def _within(known: Analysis, span: FrameSpan) -> np.ndarray:
    """Indices of the moments of a span; the nearest one where it holds none."""
    frames = known.moments.frame
    inside = np.flatnonzero((frames >= span.first) & (frames < span.stop))
    return inside if len(inside) else np.array([int(np.abs(frames - span.first).argmin())])


def _look(spans: Sequence[tuple[Analysis, FrameSpan]], mean: np.ndarray) -> Look:
    embeddings, colours = [], []
    for known, span in spans:
        at = _within(known, span)
        embeddings.append(known.moments.embedding[at].astype(np.float32).mean(0) - mean)
        colours.append(np.sqrt(known.moments.colour[at].mean(0).clip(min=0)))
    embedding = np.stack(embeddings)
    length = np.linalg.norm(embedding, axis=1, keepdims=True)
    return Look(embedding / length.clip(min=1e-6), np.stack(colours).astype(np.float32))


@dataclass(frozen=True)
class Asked:
    """What is looked for; None: whatever."""

    text: str = ""  # in the shot's or the clip's name
    clip: str | None = None  # digest
    faces: bool | None = None
    speech: bool | None = None


def matching(rows: Sequence[Moment], asked: Asked) -> list[int]:
    """Indices of the moments that answer, in order."""
    text = asked.text.casefold()
    return [
        index
        for index, row in enumerate(rows)
        if (text in row.shot.casefold() or text in row.left_out.casefold())
        and asked.clip in (None, row.clip.digest)
        and asked.faces in (None, row.faces >= FACE)
        and asked.speech in (None, row.speech >= SPOKEN)
    ]
