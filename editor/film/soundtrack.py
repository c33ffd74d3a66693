"""Turn a timeline into the pieces of its sound: which samples of which clip lie where, and what
lies between them.

Positions are whole samples at 48 kHz, taken from exact frame times, so nothing adds up to a drift.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import numpy as np

from editor.film.loudness import RATE
from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip, SoundTrack
from editor.footage.measures import Sound

FADE = 240  # samples, 5 ms: a hard join steps by up to 0.34 of full scale, this by 0.01
HANDLE = 240  # samples that a sound may run on past its cut, to cross into the next one
SHORTEST = 2 * FADE  # samples; less sound than this in a cut is not worth two fades

Track = Callable[[Clip], SoundTrack | None]


@dataclass(frozen=True)
class Piece:
    """A stretch of one clip's sound, or of room tone, on the film's sample grid."""

    start: int  # sample of the film
    stop: int  # sample of the film, exclusive
    clip: Clip | None  # None is room tone
    source: int = 0  # sample on the clip's clock that lies at `start`
    fade_in: int = 0  # samples at the start
    fade_out: int = 0  # samples at the end
    handles: tuple[int, int] = (HANDLE, HANDLE)  # samples that exist before and after, up to HANDLE
    around: tuple[Clip | None, Clip | None] = (None, None)  # room tone's neighbours with sound

    def __len__(self) -> int:
        return self.stop - self.start


def sample_at(frame: int, rate: Fraction) -> int:
    """Sample of the film that is nearest to the start of a film frame."""
    return floor(frame * RATE / rate + Fraction(1, 2))


def plan(timeline: Timeline, track: Track) -> tuple[Piece, ...]:
    """The film's sound as pieces that overlap by their fades and leave nothing bare.

    A clip's sound stays with its picture. Where a clip has none, room tone of the neighbours lies.
    track(clip) is the sound track that is used, or None. Empty if no clip has sound.
    """
    pieces: list[Piece] = []
    for cut in timeline.cuts:
        for piece in _of_cut(cut, timeline.rate, track(cut.clip)):
            if pieces and (joined := _join(pieces[-1], piece)):
                pieces[-1] = joined
            else:
                pieces.append(piece)
    if all(piece.clip is None for piece in pieces):
        return ()
    return tuple(_with_fades(_with_neighbours(pieces)))


def _of_cut(cut: Cut, rate: Fraction, track: SoundTrack | None) -> list[Piece]:
    """Room tone, sound, room tone; each only where there is any."""
    begin, end = sample_at(cut.start, rate), sample_at(cut.stop, rate)
    if track is None:
        return [Piece(begin, end, None)]
    source = sample_at(cut.source.first, cut.clip.rate)
    first = begin + ceil(track.start * RATE) - source  # of the track, on the film's grid
    last = begin + floor((track.start + track.duration) * RATE) - source
    start, stop = max(begin, first), min(end, last)
    if stop - start < SHORTEST:
        return [Piece(begin, end, None)]
    handles = (min(HANDLE, start - first), min(HANDLE, last - stop))
    sound = Piece(start, stop, cut.clip, source + start - begin, handles=handles)
    tone = (Piece(begin, start, None), Piece(stop, end, None))
    return [piece for piece in (tone[0], sound, tone[1]) if len(piece)]


def _join(left: Piece, right: Piece) -> Piece | None:
    """One piece, where the second goes on exactly where the first ends."""
    if (left.clip is None) != (right.clip is None):
        return None
    if left.clip is None or right.clip is None:
        return replace(left, stop=right.stop)
    same = left.clip.digest == right.clip.digest
    if not same or right.source != left.source + len(left):
        return None
    return replace(left, stop=right.stop, handles=(left.handles[0], right.handles[1]))


def _with_neighbours(pieces: list[Piece]) -> list[Piece]:
    """Tell each stretch of room tone which clips with sound lie before and after it."""
    result = []
    for index, piece in enumerate(pieces):
        if piece.clip is None:
            before = pieces[index - 1].clip if index else None
            after = pieces[index + 1].clip if index + 1 < len(pieces) else None
            piece = replace(piece, around=(before, after))
        result.append(piece)
    return result


def _with_fades(pieces: list[Piece]) -> list[Piece]:
    """Let neighbours overlap by their handles, and fade both over the overlap, at least FADE."""
    whole = list(pieces)
    whole[0] = replace(whole[0], fade_in=min(FADE, len(whole[0]) // 2))
    whole[-1] = replace(whole[-1], fade_out=min(FADE, len(whole[-1]) // 2))
    for index, (left, right) in enumerate(pairwise(pieces)):
        over, under = left.handles[1], right.handles[0]
        fade = max(FADE, over + under)
        out = min(fade, len(left) // 2 + over)
        into = min(fade, len(right) // 2 + under)
        whole[index] = replace(whole[index], stop=left.stop + over, fade_out=out)
        whole[index + 1] = replace(
            whole[index + 1], start=right.start - under, source=right.source - under, fade_in=into
        )
    return whole


def fade_curve(count: int) -> np.ndarray:
    """Rising gains of an equal-power fade: (count,) float32 in (0, 1)."""
    return np.sin((np.arange(count) + 0.5) / max(1, count) * np.pi / 2).astype(np.float32)


def envelope(piece: Piece, start: int, stop: int) -> np.ndarray:
    """A piece's fades over film samples [start, stop): (stop - start,) float32, 1 between them."""
    gains = np.ones(stop - start, dtype=np.float32)
    rise, fall = fade_curve(piece.fade_in), fade_curve(piece.fade_out)[::-1]
    for curve, first in ((rise, piece.start), (fall, piece.stop - piece.fade_out)):
        low, high = max(start, first), min(stop, first + len(curve))
        if low < high:
            gains[low - start : high - start] *= curve[low - first : high - first]
    return gains


def speech_in_film(timeline: Timeline, sounds: Mapping[str, Sound]) -> np.ndarray:
    """Speech of the clips on the film's clock: (K, 2) float64 seconds, ascending."""
    spans = []
    for cut in timeline.cuts:
        sound = sounds.get(cut.clip.digest)
        if sound is None or not len(sound.speech):
            continue
        begin = float(cut.source.first / cut.clip.rate)
        length = float(cut.length / timeline.rate)
        inside = np.clip(sound.speech - begin, 0.0, length)
        spans.append(inside[inside[:, 1] > inside[:, 0]] + float(cut.start / timeline.rate))
    return np.concatenate(spans) if spans else np.zeros((0, 2))
