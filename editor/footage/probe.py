"""Turn a file into a Clip: one pass over its packets, the first pictures decoded, nothing believed.

Headers are read for what only they can say (timecode, rotation, colour) and checked against the
packets for what those say better (rate, length, where sound begins).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.stream import VideoStream

from editor.errors import FootageError, NoFootageError
from editor.footage import ending, grid, packets, timecode
from editor.footage.clip import Clip, SoundTrack
from editor.footage.container import (
    Decoder,
    decoded,
    open_container,
    picture_decoder,
)
from editor.footage.packets import Seen
from editor.timing import Timecode, rate_text, snap_rate, to_frames

LARGEST = 16_384  # px a side; larger is a damaged or hostile header
SLACK = Fraction(1, 2)  # s that a header may be wrong by before anybody would call it wrong
SQUARE = Fraction(1, 100)  # a sample aspect that close to 1 is one
_TRANSFERS = {16: "pq", 18: "hlg"}
_EARLIEST = 631_152_000.0  # s, 1990-01-01: a camera whose clock was never set says 1904 or 1970


def probe(path: Path, digest: str) -> Clip:
    """Read all that is to be known of a file without decoding it whole.

    Raises FootageError, in a user's words, for what holds no moving picture or cannot be read.
    """
    with open_container(path) as container:
        stream = _picture_stream(container, path)
        decoder = picture_decoder(stream)
        seen = packets.read(container, stream, decoder)
        if seen.look is None:
            reason = seen.errors[0] if seen.errors else seen.ended or "it holds no packets"
            raise FootageError(f"{path}: its picture ({decoder.name}) cannot be decoded: {reason}.")
        clip = _clip(path, digest, container, stream, decoder, seen, seen.look)
    return clip


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The largest moving picture of a file; cover art and thumbnails are none."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving:
        what = "sound" if container.streams.audio else "neither sound nor picture"
        raise NoFootageError(f"{path}: holds no moving picture, only {what}.")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise FootageError(f"{path}: its picture is of a codec that this FFmpeg cannot decode.")
    stream = max(known, key=lambda stream: stream.width * stream.height)
    if max(stream.width, stream.height) > LARGEST:
        size = f"{stream.width}x{stream.height}"
        raise FootageError(f"{path}: a picture of {size} px; at most {LARGEST} a side can be read.")
    return stream


# --- the clip -------------------------------------------------------------------------------------


def _clip(
    path: Path,
    digest: str,
    container: InputContainer,
    stream: VideoStream,
    decoder: Decoder,
    seen: Seen,
    look: av.VideoFrame,
) -> Clip:
    base = look.time_base or stream.time_base or Fraction(1)
    counted = _must_count(seen)
    notes: list[str] = []
    start = (look.pts or 0) * base
    fitted = None if counted else _timed_grid(path, stream, seen, base)
    if fitted is None or _lost_its_place(container, stream, fitted):
        counted, fitted = True, _counted_grid(path, stream, seen, notes)
    clip = Clip(
        path=path.absolute(),
        digest=digest,
        container=container.format.name,
        codec=decoder.name,
        stream=stream.index,
        rate=fitted.rate,
        frames=fitted.frames,
        start=start,
        size=(0, 0),
        coded_size=(look.width, look.height),
        rotation=-round(look.rotation / 90) * 90 % 360,
        sample_aspect=_sample_aspect(stream),
        pixel_format=look.format.name,
        bit_depth=max(component.bits for component in look.format.components),
        transfer=_TRANSFERS.get(look.color_trc, "sdr"),
        variable_rate=fitted.variable,
        interlaced=seen.interlaced,
        alpha=any(component.is_alpha for component in look.format.components),
        timecode=_timecode(path, container, stream, fitted.rate, notes),
        recorded=_recorded(container, stream),
        sound=_sounds(seen, start),
        tail=fitted.tail,
        counted=counted,
        broken_off=_breaks_off(path, container),
    )
    clip = replace(clip, size=_shown_size(clip), missing=_missing(clip, container, stream, seen))
    notes = _grid_notes(clip, fitted, stream, seen) + _picture_notes(clip, look) + notes
    return replace(clip, notes=tuple(notes))


def _breaks_off(path: Path, container: InputContainer) -> str:
    try:
        return ending.breaks_off(path, container.format.name)
    except OSError as err:
        raise FootageError(f"{path}: cannot be read: {err.strerror or err}.") from err


def _missing(clip: Clip, container: InputContainer, stream: VideoStream, seen: Seen) -> float:
    """Seconds that the header promises beyond what is there; 0 where it promises nothing sure."""
    ends = [clip.start + clip.duration]
    if stream.duration and stream.time_base:
        promised = clip.start + stream.duration * stream.time_base
    elif container.duration and container.format.name.startswith("matroska"):
        promised = Fraction(container.duration, av.time_base)  # of its longest stream
        ends += [sound.end for sound in seen.sounds]
    else:
        return 0.0
    gap = promised - max(ends)
    return float(gap) if not clip.counted and gap > max(SLACK, clip.duration / 50) else 0.0


def _must_count(seen: Seen) -> bool:
    """True where the times of a file's frames are missing, out of order, or jump."""
    known = [time for time in seen.shown if time is not None]
    ordered = all(after > before for before, after in pairwise(known))
    return seen.jumps or len(known) < len(seen.shown) or not ordered or len(seen.ticks) < 2


def _lost_its_place(container: InputContainer, stream: VideoStream, fitted: grid.Grid) -> bool:
    """True for a damaged AVI: its times count chunks, so that after a lost one a seek finds other
    frames at the same time than reading on does."""
    return container.format.name == "avi" and stream.frames > fitted.frames


def _timed_grid(path: Path, stream: VideoStream, seen: Seen, base: Fraction) -> grid.Grid:
    first = seen.shown[0] or 0
    ticks = np.unique(np.frombuffer(seen.ticks, dtype=np.int64))
    ticks = ticks[ticks >= first]  # before it: pictures that lean on what was cut away
    if _are_fields(ticks, seen):
        ticks = ticks[::2]
    if len(ticks) < 2:
        raise NoFootageError(f"{path}: holds a single picture: a still, not a clip.")
    last = Fraction(seen.last_length) * base if seen.last_length else None
    return grid.fit(ticks, base, last, _stated_rates(stream))


def _are_fields(ticks: np.ndarray, seen: Seen) -> bool:
    """True where each packet holds one field, so that two make a picture."""
    times = [time for time in seen.shown if time is not None]
    if len(times) < 6:
        return False
    packets = int(np.count_nonzero((ticks >= times[0]) & (ticks < times[-1])))
    return packets >= 1.8 * (len(times) - 1)


def _counted_grid(path: Path, stream: VideoStream, seen: Seen, notes: list[str]) -> grid.Grid:
    rates = _stated_rates(stream)
    rate = snap_rate(rates[0]) if rates else Fraction(25)
    frames = _count(path, stream.index)
    if frames < 2:
        raise NoFootageError(f"{path}: holds a single picture: a still, not a clip.")
    why = "jump" if seen.jumps else "are missing or out of order"
    notes.append(
        f"the times of its frames {why}: they are counted as decoded, "
        f"{rate_text(rate)} a second{'' if rates else ' assumed'}"
    )
    return grid.Grid(rate, frames, variable=False, held=0, dropped=0, tail=0)


def _count(path: Path, index: int) -> int:
    """Number of pictures that a file gives when it is decoded whole."""
    with open_container(path) as container:
        stream = container.streams[index]
        assert isinstance(stream, VideoStream)
        decoder = picture_decoder(stream, threads="AUTO")
        return sum(1 for _ in decoded(container, stream, decoder, damage=[]))


def _stated_rates(stream: VideoStream) -> list[Fraction]:
    stated = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return [Fraction(rate) for rate in stated if rate]


def _sample_aspect(stream: VideoStream) -> Fraction:
    """Width of a stored pixel over its height; 1 where it is not said or is absurd."""
    aspect = stream.sample_aspect_ratio
    if not aspect or not Fraction(1, 4) <= aspect <= 4 or abs(aspect - 1) < SQUARE:
        return Fraction(1)
    return Fraction(aspect)


def _shown_size(clip: Clip) -> tuple[int, int]:
    width, height = clip.coded_size
    width = max(1, to_frames(width * clip.sample_aspect, Fraction(1)))
    return (height, width) if clip.rotation in (90, 270) else (width, height)


def _sounds(seen: Seen, start: Fraction) -> tuple[SoundTrack, ...]:
    tracks = []
    for number, sound in enumerate(seen.sounds):
        context = sound.stream.codec_context
        if sound.first is not None and sound.end > sound.first and context.sample_rate:
            tracks.append(
                SoundTrack(
                    stream=number,
                    sample_rate=context.sample_rate,
                    channels=context.channels,
                    start=sound.first - start,
                    duration=sound.end - sound.first,
                    marked=bool(sound.stream.disposition & Disposition.default),
                )
            )
    return tuple(tracks)


# --- what only metadata says ----------------------------------------------------------------------


def _timecode(
    path: Path, container: InputContainer, stream: VideoStream, rate: Fraction, notes: list[str]
) -> Timecode | None:
    """Timecode of the first frame, from the picture's stream, a timecode track or the file."""
    tables = [stream.metadata, container.metadata]
    tables += [other.metadata for other in container.streams if other.index != stream.index]
    label = _said_in(tables, "timecode")
    if label is None:
        return None
    read = timecode.read(label, rate, timecode.track_rate(path, rate))
    if read is None:
        notes.append(f"its start timecode {label!r} is no timecode at {rate_text(rate)}; not used")
    return read


def _recorded(container: InputContainer, stream: VideoStream) -> float | None:
    """When the camera recorded, in s since the epoch; the writer's own statement first."""
    tables = [container.metadata, stream.metadata]
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date"):
        text = _said_in(tables, key)
        if text is None:
            continue
        try:
            time = datetime.fromisoformat(text.strip()).timestamp()
        except (ValueError, OverflowError, OSError):
            continue  # no date that can be read
        if time >= _EARLIEST and len(text.strip()) > 10:
            return time
    return None


def _said_in(tables: Sequence[dict[str, str]], key: str) -> str | None:
    for table in tables:
        for name, value in table.items():
            if name.lower() == key and value.strip():
                return value
    return None


# --- what a user should know ----------------------------------------------------------------------


def _grid_notes(clip: Clip, fitted: grid.Grid, stream: VideoStream, seen: Seen) -> list[str]:
    notes = []
    if fitted.gaps:
        notes.append(
            f"variable frame rate: on a grid of {rate_text(clip.rate)}, frames missing from the "
            f"file: {fitted.held}; the one before is held"
        )
    elif fitted.variable:
        notes.append(
            f"variable frame rate: conformed to {rate_text(clip.rate)} by presentation time "
            f"({fitted.held} frames held, {fitted.dropped} dropped)"
        )
    claimed = stream.frames
    found = len(seen.ticks) or seen.packets
    if claimed and min(abs(claimed - found), abs(claimed - clip.frames)) > max(1, found // 200):
        notes.append(f"its header claims {claimed} frames; {found} are there")
    elif stream.duration and stream.time_base and not clip.counted:
        seconds = stream.duration * stream.time_base
        if abs(seconds - clip.duration) > max(SLACK, clip.duration / 50):
            notes.append(
                f"its header claims {float(seconds):.1f} s; {float(clip.duration):.1f} s are there"
            )
    if seen.ended:
        notes.append(f"reading stopped before the file's end: {seen.ended}")
    return notes


def _picture_notes(clip: Clip, look: av.VideoFrame) -> list[str]:
    notes = []
    if clip.interlaced:
        notes.append("interlaced: both fields are shown woven, not deinterlaced")
    if clip.transfer != "sdr":
        notes.append(f"HDR ({clip.transfer.upper()}): tone-mapped to Rec. 709")
    if clip.alpha:
        notes.append("has transparency: shown over black")
    if clip.sample_aspect != 1:
        notes.append(f"its pixels are not square: shown as {clip.size[0]}x{clip.size[1]}")
    if look.rotation % 90:
        notes.append(f"turned by {look.rotation} degrees in its metadata: {clip.rotation} is used")
    if _is_mirrored(look):
        notes.append("mirrored in its metadata: shown as it is stored")
    if len(clip.sound) > 1:
        which = (
            "the one marked as to be heard is used, unless it is silent"
            if any(track.marked for track in clip.sound) and not _all_marked(clip)
            else "the first that is not silent is used"
        )
        notes.append(f"has {len(clip.sound)} sound tracks: {which}")
    return notes


def _all_marked(clip: Clip) -> bool:
    """True where every sound track is marked as to be heard, which tells nothing."""
    return all(track.marked for track in clip.sound)


def _is_mirrored(look: av.VideoFrame) -> bool:
    """True where the display matrix turns left into right: its determinant is negative."""
    side_data: Any = look.side_data  # mistyped in PyAV's stubs
    for data in side_data:
        if data.type == SideDataType.DISPLAYMATRIX and len(bytes(data)) >= 20:
            a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(data), np.int32)[:5])
            return a * d - b * c < 0
    return False
