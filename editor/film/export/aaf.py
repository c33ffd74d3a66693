"""Turn a film into AAF, by OpenTimelineIO's adapter: an extra, for Avid Media Composer.

The adapter wants one rate for everything, and names media by ids: here the same file has the same
id every time, made of its content.
"""

from fractions import Fraction
from hashlib import blake2b
from math import floor
from pathlib import Path

import opentimelineio as otio

from editor.errors import OutputError
from editor.film.export.files import as_url, plain, replacing
from editor.film.export.sequence import Item, Sequence, Track, counted, on_grid, pictures, sounds
from editor.timing import Timecode

ADAPTER = "AAF"  # the adapter's name in OpenTimelineIO
MATERIAL = "urn:smpte:umid:060a2b34.01010105.01010f10.13000000"  # how ids of material begin


def write(sequence: Sequence, path: Path) -> tuple[Path, ...]:
    """Write the film as .aaf. Raises OutputError, also where the adapter is not installed."""
    if ADAPTER not in otio.adapters.available_adapter_names():
        raise OutputError(
            f"{path.name}: AAF is an extra that is not installed. Get it: pip install -e '.[aaf]'"
            " in the program's folder."
        )
    timeline = compose(sequence)
    with replacing(path) as name:
        otio.adapters.write_to_file(timeline, str(name), ADAPTER)
    return (path,)


def compose(sequence: Sequence) -> otio.schema.Timeline:
    """V1 and a track for each of the clips' sound tracks, all on the film's grid."""
    result = otio.schema.Timeline(plain(sequence.name))
    result.global_start_time = _time(sequence.start.frame, sequence.rate)
    film = pictures(sequence)[0]
    for track in (film, *sounds(film, by_channel=False)):
        result.tracks.append(_track(track, sequence))
    return result


def _track(track: Track, sequence: Sequence) -> otio.schema.Track:
    kinds = {"video": otio.schema.TrackKind.Video, "audio": otio.schema.TrackKind.Audio}
    row = otio.schema.Track(track.name, kind=kinds[track.kind])
    at = 0
    for item in track.items:
        if item.start > at:
            row.append(otio.schema.Gap(duration=_time(item.start - at, sequence.rate)))
        row.append(_clip(item, sequence.rate))
        at = item.stop
    if left := sequence.timeline.frames - at:
        row.append(otio.schema.Gap(duration=_time(left, sequence.rate)))
    return row


def _clip(item: Item, rate: Fraction) -> otio.schema.Clip:
    clip = item.clip
    start: Timecode = counted(clip, rate)
    digest = blake2b(clip.digest.encode(), digest_size=16).hexdigest()
    words = [digest[at : at + 8] for at in range(0, 32, 8)]
    whole = max(floor(clip.duration * rate), on_grid(item, rate) + item.length)
    return otio.schema.Clip(
        name=plain(clip.name),
        media_reference=otio.schema.ExternalReference(
            target_url=as_url(clip.path),
            available_range=_range(start.frame, whole, rate),
            metadata={ADAPTER: {"MobID": ".".join((MATERIAL, *words))}},
        ),
        source_range=_range(start.frame + on_grid(item, rate), item.length, rate),
    )


def _range(start: int, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(frames, rate))


def _time(frames: int, rate: Fraction) -> otio.opentime.RationalTime:
    """The last line before the library: OpenTimelineIO counts in doubles."""
    return otio.opentime.RationalTime(float(frames), float(rate))
