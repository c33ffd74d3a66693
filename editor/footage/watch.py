"""Turn a clip's picture into its measures, shots, moments and cut points, in one decode pass.

Cut points of the picture are chosen a little behind the decoder, while the small pictures are
still held, so that nothing is decoded twice and an hour takes no more memory than a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np

from editor.footage import cut_points, decode, shots
from editor.footage.clip import Clip
from editor.footage.cut_points import Chooser, Point
from editor.footage.measures import CutPoints, Kind, Moments, Picture, Sound
from editor.footage.moments import Gallery
from editor.footage.picture import Meter
from editor.timing import FrameSpan
from models.backbone import Backbone

WINDOW = 2.0  # s of frames whose cut points are chosen together
LAG = max(shots.LATEST, cut_points.CONTEXT) + 0.5  # s that the choice stays behind the decoder
SAMPLE = 0.5  # s, no two moments lie further apart
TELL = 50  # frames between two words on how far it is


@dataclass(frozen=True)
class Watched:
    """What one pass over a clip's picture found."""

    picture: Picture
    shots: tuple[FrameSpan, ...]
    moments: Moments
    cut_points: CutPoints
    errors: int  # packets that could not be decoded
    finding: float  # s of the pass that went into finding shots


def measure(
    clip: Clip, detector: str, advance: Callable[[float], None]
) -> tuple[Picture, tuple[FrameSpan, ...]]:
    """Picture's measures and shots alone, without moments: what the benchmark times as such."""
    progress = decode.Progress()
    meter, finder = Meter(clip.frames, clip.rate), shots.Finder(detector, clip.rate)
    cuts: list[int] = []
    for frame, small in decode.ahead(decode.small_pictures(clip, progress)):
        meter.see(frame, small)
        cuts.extend(finder.see(frame, small))
        if frame % TELL == 0:
            advance(frame / clip.frames)
    cuts.extend(finder.finish())
    picture = meter.picture(progress.decoded, progress.damaged)
    return picture, shots.spans(cuts, picture.black[: picture.decoded], clip.rate)


def watch(
    clip: Clip, sound: Sound, detector: str, backbone: Backbone, advance: Callable[[float], None]
) -> Watched:
    """Watch a clip once. Raises FootageError where no frame can be decoded."""
    progress = decode.Progress()
    pass_ = _Pass(clip, sound, detector, backbone)
    for frame, small in decode.ahead(decode.small_pictures(clip, progress)):
        pass_.see(frame, small)
        if frame % TELL == 0:
            advance(frame / clip.frames)
    return pass_.finish(progress)


class _Pass:
    """The state of one pass."""

    def __init__(self, clip: Clip, sound: Sound, detector: str, backbone: Backbone) -> None:
        self._rate = float(clip.rate)
        self._clip = clip
        self._meter = Meter(clip.frames, clip.rate)
        self._finder = shots.Finder(detector, clip.rate)
        self._chooser = Chooser(sound, clip.rate, clip.frames)
        self._gallery = Gallery(backbone, self._rate)
        self._cuts: list[int] = []
        self._finding = 0.0  # s
        self._held: dict[int, np.ndarray] = {}  # frame -> small picture, of the last few seconds
        self._begun = 0  # first frame of the shot that the next window begins in
        self._next = 0  # first frame of the next window

    def see(self, frame: int, small: np.ndarray) -> None:
        self._meter.see(frame, small)
        began = perf_counter()
        self._cuts.extend(self._finder.see(frame, small))
        self._finding += perf_counter() - began
        self._held[frame] = small
        stop = self._next + round(WINDOW * self._rate)
        if frame + 1 >= stop + LAG * self._rate:
            edges = self._edges(frame + 1)
            self._choose(stop, edges, frame + 1)

    def finish(self, progress: decode.Progress) -> Watched:
        decoded = progress.decoded
        self._cuts.extend(self._finder.finish())
        edges = self._edges(decoded)
        new = self._chooser.finish(
            decoded,
            [edge for edge in edges if edge >= self._next],
            self._seen(decoded, edges, decoded),
        )
        self._look(new, decoded)
        picture = self._meter.picture(decoded, progress.damaged)
        spans = shots.spans(self._cuts, picture.black[:decoded], self._clip.rate)
        moments = self._gallery.moments()
        points = _arrays(_within(self._chooser.chosen, spans), moments.frame)
        return Watched(picture, spans, moments, points, progress.errors, self._finding)

    def _edges(self, seen: int) -> list[int]:
        """First frames of shots and of black, from the shot that the window begins in on."""
        dark = shots.dark_frames(self._meter.black()[self._begun : seen])
        changes = np.flatnonzero(np.diff(dark)) + 1 + self._begun
        cuts = shots.hard(self._cuts, self._clip.rate)
        return sorted({*changes.tolist(), *(cut for cut in cuts if cut > self._begun)})

    def _choose(self, stop: int, edges: list[int], seen: int) -> None:
        near = [edge for edge in edges if self._next <= edge < stop]
        new = self._chooser.choose(stop, near, self._seen(stop, edges, seen))
        self._look(new, stop)
        self._begun = max([self._begun, *near])
        self._next = stop
        for frame in [frame for frame in self._held if frame < self._gallery.last]:
            del self._held[frame]

    def _seen(self, stop: int, edges: list[int], seen: int) -> list[Point]:
        """Points of the picture in the window, each shot judged by itself."""
        motion, flow = self._meter.motion()
        found = []
        for begin, end in pairwise([self._begun, *edges, seen]):
            first, last = max(begin, self._next), min(end, stop)
            if first < last:
                low = max(begin, first - round(4 * self._rate))
                part = slice(low, end)
                for point in cut_points.of_picture(
                    motion[part], flow[part], first - low, last - low, self._clip.rate
                ):
                    found.append(Point(low + point.frame, point.kind))
        return found

    def _look(self, new: list[Point], stop: int) -> None:
        """Look at the points' frames, at the last frame of a shot, and every SAMPLE between."""
        wanted = {min(point.frame, stop - 1) for point in new}
        wanted |= {point.frame - 1 for point in new if point.kind == Kind.EDGE}
        if self._gallery.last < 0:
            wanted.add(0)
        wanted.add(stop - 1) if not wanted else None
        for frame in sorted(wanted):
            self._fill(frame)
            if frame > self._gallery.last:
                self._gallery.look(frame, self._held[frame])

    def _fill(self, frame: int) -> None:
        """Look at frames evenly between the last moment and `frame`, SAMPLE apart at most."""
        last = self._gallery.last
        if last < 0:
            return
        count = int(np.ceil((frame - last) / (SAMPLE * self._rate) - 1e-6))
        for i in range(1, count):
            between = round(last + i * (frame - last) / count)
            if self._gallery.last < between < frame:
                self._gallery.look(between, self._held[between])


def _within(chosen: tuple[Point, ...], spans: tuple[FrameSpan, ...]) -> list[Point]:
    """The points that lie in a shot or at its ends; every end is one."""
    points = {
        point.frame: point
        for point in chosen
        if any(span.first <= point.frame <= span.stop for span in spans)
    }
    for span in spans:
        for frame in (span.first, span.stop):
            points[frame] = Point(frame, Kind.EDGE)
    return [points[frame] for frame in sorted(points)]


def _arrays(points: list[Point], looked: np.ndarray) -> CutPoints:
    """Points as arrays, each with the last moment at or before its frame."""
    frame = np.array([point.frame for point in points], np.int64)
    return CutPoints(
        frame,
        np.array([point.kind for point in points], np.int8),
        np.array([point.weak for point in points], bool),
        np.maximum(np.searchsorted(looked, frame, side="right") - 1, 0),
    )
