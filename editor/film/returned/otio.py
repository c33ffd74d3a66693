"""Turn an OpenTimelineIO file, or a bundle of one with its media, into items."""

import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import opentimelineio as otio

from editor.errors import EditorError
from editor.film.export import opaque
from editor.film.export.carried import NAMESPACE
from editor.film.returned import places, safe
from editor.film.returned.items import (
    Item,
    Media,
    Returned,
    ReturnedError,
    Source,
    VersionUnknown,
    checked,
)
from editor.timing import FrameSpan, parse_rate, snap_rate, to_frames

FINEST = 1_000_000  # parts of a frame: doubles of other programs are off by less
CONTENT, VERSION = "content.otio", "version.txt"  # of a bundle


def read(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .otio file. rate: the film's, where the file does not say. Raises ReturnedError."""
    return _read(safe.text(path), path, rate, frozenset(), "otio")


def read_bundle(path: Path, rate: Fraction | None = None) -> Returned:
    """Read an .otioz bundle; its media stay in it. Raises ReturnedError."""
    try:
        with zipfile.ZipFile(path) as bundle:
            names = safe.members(bundle, path)
            if CONTENT not in names:
                raise ReturnedError(f"{path}: is no bundle of OpenTimelineIO: it lacks {CONTENT}.")
            if VERSION in names and names[VERSION].file_size <= safe.MOST_BYTES:
                version = b"".join(safe.unpacked(bundle, names[VERSION], path))
                if not re.fullmatch(rb"1\.\d+\.\d+\s*", version):
                    said = version[:20].decode("ascii", "replace").strip()
                    raise VersionUnknown(f"{path}: {VERSION}", said, "1.0.0 and later ones of 1")
            if names[CONTENT].file_size > safe.MOST_BYTES:
                raise ReturnedError(f"{path}: {CONTENT} is larger than any timeline.")
            data = b"".join(safe.unpacked(bundle, names[CONTENT], path))
    except (zipfile.BadZipFile, OSError, NotImplementedError) as err:
        raise ReturnedError(f"{path}: is no whole bundle: {err}.") from err
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as err:
        raise ReturnedError(f"{path}: {CONTENT} is no text: byte {err.start} is wrong.") from err
    return _read(text, path, rate, frozenset(names), "otioz")


def _read(
    text: str, path: Path, rate: Fraction | None, members: frozenset[str], format: str
) -> Returned:
    reading = _Reading(path, members)
    timeline = reading.timeline(text)
    ours = _ours(timeline)
    film_rate = reading.film_rate(timeline, ours) or rate
    if film_rate is None:
        raise ReturnedError(f"{path}: no clip says how long it is, so there is nothing to cut.")
    items = tuple(reading.items(timeline, film_rate))
    return checked(
        Returned(
            format=format,
            items=items,
            rate=film_rate,
            name=timeline.name or "",
            size=_size(ours),
            fit=ours["fit"] if ours.get("fit") in ("letterbox", "fill") else None,
            parent=ours["version"] if isinstance(ours.get("version"), str) else None,
            notes=tuple(dict.fromkeys(reading.notes)),
        ),
        str(path),
    )


@dataclass(frozen=True)
class _Shown:
    """Where what is played lies in the film, and how much of it is seen there. Times in s."""

    at: Fraction  # where it begins, seen or not
    stop: Fraction
    first: Fraction = Fraction(0)
    kind: str = "picture"
    enabled: bool = True

    def within(self, item: otio.core.Item, length: Fraction) -> "_Shown":
        """The same, no longer than the item lasts, and as it is switched."""
        sound = getattr(item, "kind", None) == otio.schema.TrackKind.Audio
        return replace(
            self,
            first=max(self.first, self.at),
            stop=min(self.stop, self.at + length),
            kind="sound" if sound else self.kind,
            enabled=self.enabled and item.enabled,
        )


class _Reading:
    """One file being read: where it lies, what it brings along, what was found."""

    def __init__(self, path: Path, members: frozenset[str]) -> None:
        self.path, self.members = path, members
        self.notes: list[str] = []
        self.layer = 0

    def timeline(self, text: str) -> otio.schema.Timeline:
        """The file's timeline; of several the longest."""
        safe.check_json_depth(text, self.path)
        try:
            json.loads(text)
        except ValueError as err:
            raise ReturnedError(f"{self.path}: is no OpenTimelineIO file: {err}.") from err
        try:
            found = otio.adapters.read_from_string(text, "otio_json")
        except (otio.exceptions.OTIOError, ValueError, TypeError, KeyError) as err:
            for schema, version in re.findall(r'"OTIO_SCHEMA": *"(\w+)\.(\d{1,9})"', text):
                latest = otio.core.type_version_map().get(schema, int(version))
                if int(version) > latest:
                    known = f"{schema} 0 to {latest}"
                    raise VersionUnknown(str(self.path), f"{schema} {version}", known) from err
            said = str(err).splitlines()[0] if str(err) else type(err).__name__
            raise ReturnedError(f"{self.path}: is no OpenTimelineIO file: {said}.") from err
        if isinstance(found, otio.schema.SerializableCollection):
            timelines = [one for one in found if isinstance(one, otio.schema.Timeline)]
            if len(timelines) > 1:
                self.notes.append(f"of {len(timelines)} timelines the longest was read")
            found = max(timelines, key=lambda one: len(list(one.find_clips())), default=None)
        if not isinstance(found, otio.schema.Timeline):
            raise ReturnedError(f"{self.path}: holds no timeline. Export one from your program.")
        return found

    def film_rate(self, timeline: otio.schema.Timeline, ours: Mapping[str, Any]) -> Fraction | None:
        """Frames a second of the film: as we wrote it, as it starts, as its first clip lasts."""
        if isinstance(ours.get("rate"), str):
            try:
                return parse_rate(ours["rate"])
            except EditorError:
                pass  # somebody changed our note: what every program writes still tells
        if timeline.global_start_time is not None and timeline.global_start_time.rate > 1:
            return self.rate(timeline.global_start_time.rate)
        for track in timeline.video_tracks():
            for clip in track.find_clips():
                with_range = clip.source_range or _available(clip)
                if with_range is not None:
                    return self.rate(with_range.duration.rate)
        return None

    def items(self, timeline: otio.schema.Timeline, rate: Fraction) -> Iterator[Item]:
        """Every item, on the film's frames nearest to its exact place; what is nested as well."""
        whole = timeline.tracks
        yield from self._play(whole, _Shown(Fraction(0), self.length(whole)), rate)

    def _play(self, item: otio.core.Item, shown: "_Shown", rate: Fraction) -> Iterator[Item]:
        """What an item comes down to, as far as it is shown. What lies in it begins with it."""
        shown = shown.within(item, self.length(item))
        if shown.stop <= shown.first or isinstance(item, otio.schema.Gap):
            return
        if not isinstance(item, otio.core.Composition) or self._changes(item):
            laid = self._laid(item, shown, rate)
            if laid.place.first < laid.place.stop or shown.first == shown.at:
                yield laid  # what was cut to less than half a frame is not shown
            return
        for effect in item.effects:
            self.notes.append(
                f"the effect {effect.name or effect.effect_name!r} on the nested"
                f" {item.name!r} is left out"
            )
        begin = shown.at
        if item.source_range is not None:
            begin -= self.seconds(item.source_range.start_time)
        for child in item:
            if isinstance(child, otio.schema.Transition):
                if shown.enabled and shown.kind == "picture":
                    name = child.name or child.transition_type or "transition"
                    self.notes.append(f"the transition {name!r} is a cut here")
                continue
            if isinstance(item, otio.schema.Stack):
                self.layer += 1
            yield from self._play(child, replace(shown, at=begin), rate)
            if not isinstance(item, otio.schema.Stack):
                begin += self.length(child)

    def _changes(self, item: otio.core.Composition) -> bool:
        """True of what is played at another speed: it cannot be told by its clips."""
        timed = [effect for effect in item.effects if isinstance(effect, otio.schema.TimeEffect)]
        return self._speed(timed) != 1

    def _laid(self, child: otio.core.Item, shown: "_Shown", rate: Fraction) -> Item:
        place = FrameSpan(to_frames(shown.first, rate), to_frames(shown.stop, rate))
        item = self._item(child, place, self.layer, shown.kind)
        late = (shown.first - shown.at) * max(item.speed, Fraction(0))
        exact = item.source.exact if shown.stop - shown.at == self.length(child) else None
        source = replace(item.source, first=item.source.first + late, exact=exact)
        return replace(item, source=source, enabled=shown.enabled)

    def length(self, item: otio.core.Item) -> Fraction:
        """How long an item lasts in its row, in seconds. Only a gap or what is nested may be 0."""
        span = item.source_range or _available(item)
        if span is not None:
            length = self.seconds(span.duration)
        elif isinstance(item, otio.core.Composition):
            parts = [self.length(one) for one in item if isinstance(one, otio.core.Item)]
            stacked = isinstance(item, otio.schema.Stack)
            length = max(parts, default=Fraction(0)) if stacked else sum(parts, Fraction(0))
        else:
            raise ReturnedError(f"{self.path}: {item.name!r} does not say how long it is.")
        if length < 0 or (length == 0 and isinstance(item, otio.schema.Clip)):
            problem = "has no length" if length == 0 else "has a negative length"
            raise ReturnedError(
                f"{self.path}: {item.name!r} {problem}. It was not written by an editing program,"
                " or is damaged."
            )
        return length

    def _item(self, child: otio.core.Item, place: FrameSpan, layer: int, kind: str) -> Item:
        what = _what(child)
        effects = tuple(self._effect(effect) for effect in child.effects)
        if what != "clip":
            whole = _opaque(child, what)
            return Item(
                Media(child.name or what), Source(Fraction(0)), place, layer, kind,
                what=what, held=False, opaque=(whole,),
            )  # fmt: skip
        media = self._media(child)
        span = child.source_range or _available(child)
        first = Fraction(0) if span is None else self.seconds(span.start_time)
        timed = [effect for effect in child.effects if isinstance(effect, otio.schema.TimeEffect)]
        return Item(
            media,
            Source(first, by_timecode=True, exact=_exact(_ours(child))),
            place,
            layer,
            kind,
            speed=self._speed(timed),
            opaque=effects,
        )

    def _effect(self, effect: otio.schema.Effect) -> dict[str, str]:
        timed = isinstance(effect, otio.schema.TimeEffect) and self._speed([effect]) != 1
        return _opaque(effect, opaque.SPEED if timed else opaque.EFFECT)

    def _speed(self, effects: list[otio.schema.TimeEffect]) -> Fraction:
        speed = Fraction(1)
        for effect in effects:
            scalar = getattr(effect, "time_scalar", 1.0)
            if not math.isfinite(scalar):
                raise ReturnedError(f"{self.path}: a clip's speed is {scalar}.")
            speed *= Fraction(scalar).limit_denominator(10_000)
        return speed

    def _media(self, clip: otio.schema.Clip) -> Media:
        reference, ours = clip.media_reference, _ours(clip)
        named, member = self._where(reference, ours)
        digest, span = ours.get("digest"), _available(clip)
        media = Media(
            named.name or clip.name,
            named.paths,
            digest=digest if isinstance(digest, str) else None,
            member=member,
            said=named.said,
        )
        if span is None:
            return media
        return replace(
            media,
            start=self.seconds(span.start_time),
            duration=self.seconds(span.duration),
            rate=self.rate(span.duration.rate),
        )

    def _where(
        self, reference: otio.core.MediaReference, ours: Mapping[str, Any]
    ) -> tuple[places.Named, str | None]:
        """Where the media may lie, and its name inside the bundle if it is there."""
        if not isinstance(reference, otio.schema.ExternalReference):
            return places.Named("", (), "no file is named"), None
        url = reference.target_url or ""
        for inside in (str(PurePosixPath(url)), str(PurePosixPath(unquote(url)))):
            if inside in self.members:
                return places.Named(PurePosixPath(inside).name), inside
        named = places.from_url(url, self.path.parent)
        relative = ours.get("relative")
        if isinstance(relative, str) and relative:
            more = places.from_url(relative, self.path.parent).paths
            named = replace(named, paths=tuple(dict.fromkeys((*named.paths, *more))))
        return named, None

    def seconds(self, time: otio.opentime.RationalTime) -> Fraction:
        """A time in exact seconds: the nearest that its double can mean."""
        if not math.isfinite(time.value):
            raise ReturnedError(f"{self.path}: a time is {time.value}.")
        return Fraction(time.value).limit_denominator(FINEST) / self.rate(time.rate)

    def rate(self, rate: float) -> Fraction:
        """The exact rate that a double abbreviates."""
        if not (math.isfinite(rate) and 0 < rate <= 1_000_000):
            raise ReturnedError(f"{self.path}: {rate} is no rate of frames a second.")
        return snap_rate(Fraction(rate).limit_denominator(1001))


def _available(item: otio.core.Item) -> otio.opentime.TimeRange | None:
    reference = getattr(item, "media_reference", None)
    return None if reference is None else reference.available_range


def _what(child: otio.core.Item) -> str:
    if not isinstance(child, otio.schema.Clip):
        return "nested sequence"
    reference = child.media_reference
    if isinstance(reference, otio.schema.GeneratorReference):
        return "generator"
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return "image sequence"
    return "clip"


def _opaque(value: Any, what: str) -> dict[str, str]:
    name = value.name or getattr(value, "effect_name", "") or type(value).__name__
    return {"what": what, "name": name, "text": value.to_json_string(indent=-1)}


def _ours(value: Any) -> Mapping[str, Any]:
    """What we wrote into its metadata, if that is a table still."""
    found = value.metadata.get(NAMESPACE, {})
    return found if isinstance(found, Mapping) else {}


def _exact(ours: Mapping[str, Any]) -> FrameSpan | None:
    """The frames of the clip that we noted."""
    first, stop = ours.get("clip_in"), ours.get("clip_out")
    return FrameSpan(first, stop) if type(first) is int and type(stop) is int else None


def _size(ours: Mapping[str, Any]) -> tuple[int, int] | None:
    size = list(ours["size"]) if isinstance(ours.get("size"), list | otio._otio.AnyVector) else []
    if len(size) == 2 and all(type(side) is int and 0 < side <= 65_536 for side in size):
        return size[0], size[1]
    return None
