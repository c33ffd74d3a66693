"""Turn a film into an OpenTimelineIO file: what an editor opens to go on from the rough cut.

Times of a clip count at the clip's own rate, from its source timecode where it has one. What a
cut lasts counts on the film's grid, so that clips of other rates leave no gap and no overlap.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from editor.film.export import opaque
from editor.film.export.carried import MUSIC, NAMESPACE
from editor.film.export.files import as_url, plain, write_text
from editor.film.export.sequence import (
    Item,
    Sequence,
    Song,
    Track,
    first_time,
    handles,
    pictures,
    sounds,
)
from editor.film.timeline import Alternative
from editor.footage.clip import Clip
from editor.timing import rate_text, to_frames

Url = Callable[[Path], str]  # how the file names a medium


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .otio, whole or not at all. Raises OutputError."""
    folder = path.parent if sequence.relative else None
    return (write_text(path, text(sequence, lambda media: as_url(media, folder), path.parent)),)


def text(sequence: Sequence, url: Url, folder: Path | None = None) -> str:
    """The film as OpenTimelineIO's JSON; `folder` is where relative paths in metadata begin."""
    return str(otio.adapters.write_to_string(compose(sequence, url, folder), "otio_json"))


def compose(sequence: Sequence, url: Url, folder: Path | None) -> otio.schema.Timeline:
    """The film in OpenTimelineIO's terms.

    V1, its alternatives disabled above it, a sound track for each of the clips' own, the music.
    """
    timeline = sequence.timeline
    result = otio.schema.Timeline(plain(sequence.name))
    result.global_start_time = _time(Fraction(sequence.start.frame), timeline.rate)
    rows = pictures(sequence)
    for track in (*rows, *(sound for row in rows for sound in sounds(row, by_channel=False))):
        result.tracks.append(_track(track, sequence, url, folder))
    if sequence.song is not None:
        result.tracks.append(_music(sequence.song, timeline.rate, url))
    result.metadata[NAMESPACE] = {
        "rate": rate_text(timeline.rate),
        "size": list(timeline.size),
        "fit": timeline.fit,
        "frames": timeline.frames,
        "start_timecode": str(sequence.start),
        "unused": [_select(other, url) for other in sequence.unused],
    }
    return result


def _track(track: Track, sequence: Sequence, url: Url, folder: Path | None) -> otio.schema.Track:
    kinds = {"video": otio.schema.TrackKind.Video, "audio": otio.schema.TrackKind.Audio}
    row = otio.schema.Track(plain(track.name), kind=kinds[track.kind])
    row.enabled = track.enabled
    at = 0
    for item in track.items:
        if item.start > at:
            row.append(_gap(item.start - at, sequence.rate))
        clip = _clip(item, sequence, url, folder)
        if track.kind == "audio":
            sound = item.clip.sound[track.number]
            clip.metadata[NAMESPACE].update({"sound": track.number, "channels": sound.channels})
            if item.cut is not None:
                _put_back(clip, item, sequence, sound=True)
        elif item.cut is not None:
            _tell(clip, item, sequence, url)
        clip.enabled = track.enabled
        row.append(clip)
        at = item.stop
    if at < sequence.timeline.frames and track.enabled:
        row.append(_gap(sequence.timeline.frames - at, sequence.rate))
    return row


def _gap(frames: int, rate: Fraction) -> otio.schema.Gap:
    return otio.schema.Gap(duration=_time(Fraction(frames), rate))


def _clip(item: Item, sequence: Sequence, url: Url, folder: Path | None) -> otio.schema.Clip:
    """The item with its media. Picture and sound of a cut share the number of their link."""
    clip, rate = item.clip, sequence.rate
    spare = handles(clip, item.source, sequence.handles)
    return otio.schema.Clip(
        name=plain(clip.name),
        media_reference=media(clip, url),
        source_range=otio.opentime.TimeRange(
            _time(first_time(clip) + item.begin(rate), clip.rate),
            _time(Fraction(item.length), rate),
        ),
        metadata={
            NAMESPACE: {
                "link": item.link,
                "shot": plain(item.shot),
                "digest": clip.digest,
                "relative": as_url(clip.path, folder) if folder else "",
                "clip_rate": rate_text(clip.rate),
                "clip_in": item.source.first,
                "clip_out": item.source.stop,
                "film_in": item.start,
                "film_out": item.stop,
                "handles": [item.source.first - spare.first, spare.stop - item.source.stop],
                "source_timecode": str(clip.timecode_at(item.source.first)),
            },
            "Resolve_OTIO": {"Link Group ID": item.link},
        },
    )


def _tell(clip: otio.schema.Clip, item: Item, sequence: Sequence, url: Url) -> None:
    """Add what the decision knows of a cut, its reason as a marker, and what came in with it."""
    cut = item.cut
    assert cut is not None  # the caller's
    clip.metadata[NAMESPACE].update(
        {
            "reward": cut.reward,
            "terms": dict(cut.terms),
            "reason": plain(cut.reason),
            "alternatives": [_select(other, url) for other in cut.alternatives],
        }
    )
    if cut.reason:
        marked = otio.opentime.TimeRange(
            clip.source_range.start_time, _time(Fraction(1), cut.clip.rate)
        )
        colour = otio.schema.MarkerColor.GREEN
        clip.markers.append(otio.schema.Marker(plain(cut.reason), marked, colour))
    _put_back(clip, item, sequence)


def _put_back(clip: otio.schema.Clip, item: Item, sequence: Sequence, sound: bool = False) -> None:
    """Add the effects and the speed that came in with a cut."""
    for kept in opaque.objects(sequence.opaque, "otio", item.link - 1, sound):
        effect = otio.adapters.read_from_string(kept, "otio_json")
        if isinstance(effect, otio.schema.Effect):
            clip.effects.append(effect)


def media(clip: Clip, url: Url) -> otio.schema.ExternalReference:
    """The clip's file, and the frames that it has."""
    return otio.schema.ExternalReference(
        target_url=url(clip.path),
        available_range=_range(first_time(clip), clip.frames, clip.rate),
    )


def _select(other: Alternative, url: Url) -> dict[str, Any]:
    """What could have stood here, by file and frames, in words that survive a round trip."""
    return {
        "media": url(other.clip.path),
        "digest": other.clip.digest,
        "shot": plain(other.shot),
        "why": plain(other.why),
        "clip_rate": rate_text(other.clip.rate),
        "clip_in": other.source.first,
        "clip_out": other.source.stop,
        "source_timecode": str(other.clip.timecode_at(other.source.first)),
    }


def _music(song: Song, rate: Fraction, url: Url) -> otio.schema.Track:
    track = otio.schema.Track(MUSIC, kind=otio.schema.TrackKind.Audio)
    whole = max(piece.first + piece.length for piece in song.pieces)
    for piece in song.pieces:
        track.append(
            otio.schema.Clip(
                name=plain(song.path.name),
                media_reference=otio.schema.ExternalReference(
                    target_url=url(song.path),
                    available_range=_range(
                        Fraction(0), max(whole, to_frames(song.duration, rate)), rate
                    ),
                ),
                source_range=_range(Fraction(piece.first), piece.length, rate),
                metadata={NAMESPACE: {"music": True}},
            )
        )
    return track


def _range(start: Fraction, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(Fraction(frames), rate))


def _time(frames: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    """The last line before the library: OpenTimelineIO counts in doubles."""
    return otio.opentime.RationalTime(float(frames), float(rate))
