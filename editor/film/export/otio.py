"""Turn a timeline into an OpenTimelineIO file: what an editor opens to go on from the rough cut.

Times of a clip count at the clip's own rate, from its source timecode where it has one. What a
cut lasts counts on the film's grid, so that clips of other rates leave no gap and no overlap.
"""

import os
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from editor.errors import OutputError
from editor.film.encode import sound_length
from editor.film.loudness import RATE
from editor.film.music import CROSSING
from editor.film.timeline import Alternative, Cut, Music, Timeline
from editor.footage.clip import Clip
from editor.timing import frame_at, rate_text, to_frames

NAMESPACE = "film_editor"  # key of all our metadata


def write(timeline: Timeline, path: Path) -> None:
    """Write the timeline as .otio, whole or not at all. Raises OutputError."""
    text = otio.adapters.write_to_string(compose(timeline, path.stem), "otio_json")
    try:
        handle, name = tempfile.mkstemp(prefix=".timeline-", suffix=".otio", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as err:
        raise OutputError(f"{path}: the timeline cannot be written: {err.strerror}.") from err


def compose(timeline: Timeline, name: str) -> otio.schema.Timeline:
    """The timeline in OpenTimelineIO's terms: V1, A1 with the same cuts, A2 with the music."""
    picture = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    for index, cut in enumerate(timeline.cuts):
        picture.append(_picture(index, cut, timeline.rate))
        sound.append(_sound(index, cut, timeline.rate))
    result = otio.schema.Timeline(plain(name))
    result.global_start_time = _time(Fraction(0), timeline.rate)
    result.tracks.append(picture)
    result.tracks.append(sound)
    if timeline.music is not None:
        result.tracks.append(_music(timeline.music, timeline))
    result.metadata[NAMESPACE] = {
        "rate": rate_text(timeline.rate),
        "size": list(timeline.size),
        "fit": timeline.fit,
        "frames": timeline.frames,
    }
    return result


def _picture(index: int, cut: Cut, rate: Fraction) -> otio.schema.Clip:
    clip = _clip(index, cut, rate)
    clip.metadata[NAMESPACE].update(
        {
            "reward": cut.reward,
            "terms": dict(cut.terms),
            "reason": cut.reason,
            "alternatives": [_alternative(other) for other in cut.alternatives],
        }
    )
    if cut.reason:
        marked = otio.opentime.TimeRange(
            clip.source_range.start_time, _time(Fraction(1), cut.clip.rate)
        )
        colour = otio.schema.MarkerColor.GREEN
        clip.markers.append(otio.schema.Marker(plain(cut.reason), marked, colour))
    return clip


def _sound(index: int, cut: Cut, rate: Fraction) -> otio.core.Item:
    if cut.clip.sound:
        return _clip(index, cut, rate)
    return otio.schema.Gap(duration=_time(Fraction(cut.length), rate))


def _clip(index: int, cut: Cut, rate: Fraction) -> otio.schema.Clip:
    """The cut with its media. Picture and sound of a cut share the number of their link."""
    return otio.schema.Clip(
        name=plain(cut.clip.name),
        media_reference=media(cut.clip),
        source_range=source_range(cut, rate),
        metadata={
            NAMESPACE: {
                "link": index + 1,
                "shot": plain(cut.shot),
                "digest": cut.clip.digest,
                "clip_rate": rate_text(cut.clip.rate),
                "clip_in": cut.source.first,
                "clip_out": cut.source.stop,
                "film_in": cut.start,
                "film_out": cut.stop,
                "source_timecode": str(cut.clip.timecode_at(cut.source.first)),
            },
            "Resolve_OTIO": {"Link Group ID": index + 1},
        },
    )


def media(clip: Clip) -> otio.schema.ExternalReference:
    """The clip's file, and the frames that it has."""
    return otio.schema.ExternalReference(
        target_url=clip.path.as_uri(),
        available_range=_range(first_time(clip), clip.frames, clip.rate),
    )


def first_time(clip: Clip) -> Fraction:
    """Source timecode of frame 0, in frames at the clip's rate; 0 where there is none."""
    if clip.timecode is None:
        return Fraction(0)
    return clip.timecode.frame * clip.rate / clip.timecode.rate


def source_range(cut: Cut, rate: Fraction) -> otio.opentime.TimeRange:
    """What the cut shows: from a time of the clip, at its rate, for a length on the film's grid.

    Where that grid made it up to half a frame longer than the media goes on, it begins that little
    earlier, so that no range ends outside the media.
    """
    length = cut.length * cut.clip.rate / rate  # frames of the clip
    first = min(Fraction(cut.source.first), max(Fraction(0), cut.clip.frames - length))
    return otio.opentime.TimeRange(
        _time(first_time(cut.clip) + first, cut.clip.rate), _time(Fraction(cut.length), rate)
    )


def _alternative(other: Alternative) -> dict[str, Any]:
    """What could have stood here, by file and frames, in words that survive a round trip."""
    return {
        "media": other.clip.path.as_uri(),
        "digest": other.clip.digest,
        "shot": plain(other.shot),
        "why": plain(other.why),
        "clip_rate": rate_text(other.clip.rate),
        "clip_in": other.source.first,
        "clip_out": other.source.stop,
        "source_timecode": str(other.clip.timecode_at(other.source.first)),
    }


def _music(music: Music, timeline: Timeline) -> otio.schema.Track:
    """A2: the music from its offset on, again and again where it is shorter than the film."""
    track = otio.schema.Track("A2", kind=otio.schema.TrackKind.Audio)
    rate = timeline.rate
    whole = frame_at(sound_length(music.path), rate)
    first = to_frames(music.offset, rate)
    round_trip = max(1, whole - first - to_frames(Fraction(CROSSING, RATE), rate))
    left = timeline.frames
    while left:
        length = min(left, whole - first if left <= whole - first else round_trip)
        track.append(
            otio.schema.Clip(
                name=plain(music.path.name),
                media_reference=otio.schema.ExternalReference(
                    target_url=music.path.as_uri(),
                    available_range=_range(Fraction(0), whole, rate),
                ),
                source_range=_range(Fraction(first), length, rate),
                metadata={NAMESPACE: {"music": True}},
            )
        )
        left -= length
    return track


def _range(start: Fraction, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(Fraction(frames), rate))


def _time(frames: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    """The last line before the library: OpenTimelineIO counts in doubles."""
    return otio.opentime.RationalTime(float(frames), float(rate))


def plain(text: str) -> str:
    """The text as valid UTF-8: a file name may hold bytes that are none."""
    return text.encode("utf-8", "replace").decode("utf-8")
