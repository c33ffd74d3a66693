"""Turn a film's shots into what may be seen of each, the frames next to its cuts hidden.

S shots, V views a shot (its start, three quarters between, its end), D embedding, H colour bins.
Sound, names and timecodes are not read at all. Of every shot the HIDDEN frames at each side of a
cut are hidden, so that fades, blends and a cut that is no cut leak nothing.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from editor.errors import PolicyError
from editor.footage import decode
from editor.footage.cache import Cache
from editor.footage.clip import Clip
from editor.footage.measures import Analysis
from editor.footage.moments import Gallery
from editor.timing import FrameSpan
from models import backbone

HIDDEN = 3  # frames at each side of a cut that nobody sees
VIEWS = 5  # frames of a shot that are looked at closely
WINDOW = 0.4  # s at a shot's visible ends over which motion and light are means
VERSION = 1  # raise it when what is seen changes: kept views are made anew
THUMB_SIDE = (16, 9)  # px of the small colour picture: what hangs where


@dataclass(frozen=True)
class Views:
    """What may be seen of S shots of one film, in the film's order."""

    film: str  # its name in the cut list
    seconds: np.ndarray  # (S,) float32, visible length
    embedding: np.ndarray  # (S, V, D) float32, unit length
    colour: np.ndarray  # (S, V, H) float32, HSV histogram, sums to 1
    thumb: np.ndarray  # (S, V, 9, 16, 3) float32, Lab, 0-1
    face: np.ndarray  # (S, V, 4) float32: count, largest's share of the frame, its centre x y
    ends: np.ndarray  # (S, 2, 6) float32: motion, flow x y, luma, saturation, sharpness at the
    # visible start and end

    @property
    def size(self) -> int:
        """S."""
        return len(self.seconds)


def visible(shot: FrameSpan) -> FrameSpan:
    """The frames of a shot that may be seen; of a very short one its middle frame."""
    if len(shot) > 2 * HIDDEN:
        return FrameSpan(shot.first + HIDDEN, shot.stop - HIDDEN)
    middle = (shot.first + shot.stop - 1) // 2
    return FrameSpan(middle, middle + 1)


def look(
    clip: Clip,
    known: Analysis,
    shots: Sequence[FrameSpan],
    film: str,
    cache: Cache,
    advance: Callable[[float], None],
) -> Views:
    """Look at the visible frames of a clip's shots, or find in the cache what was seen.

    Raises FootageError where the clip cannot be decoded, PolicyError where the backbone's weights
    are not here.
    """
    frames = np.stack([_views(visible(shot)) for shot in shots])  # (S, V)
    key = _key(clip, known, frames)
    kept = cache.load("views", key)
    if kept is None:
        arrays = _gathered(clip, known, frames, cache.folder / "backbones", advance)
        cache.save("views", key, arrays, {})
    else:
        arrays = kept[0]
    seconds = np.array([len(visible(shot)) / float(clip.rate) for shot in shots], np.float32)
    embedding = arrays["embedding"].astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=-1, keepdims=True).clip(1e-6)
    return Views(
        film=film,
        seconds=seconds,
        embedding=embedding,
        colour=arrays["colour"],
        thumb=arrays["thumb"],
        face=arrays["face"],
        ends=_ends(known, shots, float(clip.rate)),
    )


def mirrored(views: Views) -> Views:
    """The film run backwards: the last shot first, every shot from its end to its start."""
    turned = {name: getattr(views, name)[::-1] for name in _BY_SHOT}
    for name in ("embedding", "colour", "thumb", "face", "ends"):
        turned[name] = turned[name][:, ::-1]
    ends = turned["ends"].copy()
    ends[..., 1:3] *= -1  # what moved right moves left
    return Views(views.film, **{**turned, "ends": ends})


def select(views: Views, index: np.ndarray) -> Views:
    """The shots of `index`, in that order."""
    return Views(views.film, **{name: getattr(views, name)[index] for name in _BY_SHOT})


_BY_SHOT = tuple(field.name for field in fields(Views) if field.name != "film")


def _views(shown: FrameSpan) -> np.ndarray:
    """(V,) frames evenly over the visible part, both its ends among them."""
    return np.round(np.linspace(shown.first, shown.stop - 1, VIEWS)).astype(np.int64)


def _key(clip: Clip, known: Analysis, frames: np.ndarray) -> str:
    text = f"{clip.digest} {known.backbone} {VERSION}".encode()
    return hashlib.blake2b(text + frames.tobytes(), digest_size=20).hexdigest()


def _gathered(
    clip: Clip,
    known: Analysis,
    frames: np.ndarray,
    weights: Path,
    advance: Callable[[float], None],
) -> dict[str, np.ndarray]:
    """What the wanted frames show, in one decode pass: arrays (S, V, ...)."""
    import cv2

    try:
        gallery = Gallery(backbone.load(known.backbone, None, weights), float(clip.rate))
    except ValueError as err:
        raise PolicyError(str(err)) from err
    wanted = np.unique(frames)
    thumbs, last = [], int(wanted[-1])
    look_at = set(wanted.tolist())
    for frame, picture in decode.small_pictures(clip, decode.Progress()):
        if frame in look_at:
            gallery.look(frame, picture)
            lab = cv2.cvtColor(
                cv2.resize(picture, THUMB_SIDE, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2LAB
            )
            thumbs.append(lab.astype(np.float32) / 255)
            advance(frame / (last + 1))
        if frame >= last:
            break
    moments = gallery.moments()
    at = np.minimum(np.searchsorted(moments.frame, frames), len(moments.frame) - 1)  # (S, V)
    return {
        "embedding": moments.embedding[at],
        "colour": moments.colour[at],
        "thumb": np.stack(thumbs)[at],
        "face": moments.faces[at],
    }


def _ends(known: Analysis, shots: Sequence[FrameSpan], rate: float) -> np.ndarray:
    """(S, 2, 6) float32: means over WINDOW at each shot's visible start and end."""
    picture = known.picture
    table = np.column_stack(
        [
            picture.motion * rate,
            picture.flow,
            picture.luma,
            picture.saturation,
            picture.sharpness,
        ]
    )
    width = max(1, round(WINDOW * rate))
    rows = []
    for shot in shots:
        shown = visible(shot)
        # Motion is a difference from the frame before: the first visible one's is of hidden ones.
        first = min(shown.first + 1, shown.stop - 1)
        start = table[first : min(first + width, shown.stop)].mean(axis=0)
        end = table[max(shown.stop - width, first) : shown.stop].mean(axis=0)
        rows.append(np.stack([start, end]))
    return np.stack(rows).astype(np.float32)
