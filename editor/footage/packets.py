"""Turn a file into what one pass over its packets tells: times, damage, where sound begins.

The first pictures are decoded on the way; no more than one is kept.
"""

from array import array
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from editor.footage.container import Decoder, Packet, said

PICTURES = 24  # decoded for a look at the picture: enough to see reordering and fields
HOPELESS = 600  # packets without one decodable picture: the codec is beyond this FFmpeg
LONGEST_JUMP = 10.0  # s; packets of a broadcast stream further apart are on different clocks,
LONGEST_PICTURE = 600.0  # s; and of any other: no picture is meant to stand for so long


@dataclass
class Heard:
    """What the packets of one audio stream told."""

    stream: AudioStream
    first: Fraction | None = None  # s, of the first decoded sample
    end: Fraction = Fraction(0)  # s


@dataclass
class Seen:
    """What one pass over a file's packets told."""

    ticks: "array[int]" = field(default_factory=lambda: array("q"))  # presentation times
    packets: int = 0
    untimed: int = 0  # packets without a time
    jumps: bool = False
    last_length: int = 0  # ticks that the packet presented last claims
    look: av.VideoFrame | None = None  # the first picture
    shown: list[int | None] = field(default_factory=list)  # times of the first pictures decoded
    interlaced: bool = False  # one of these pictures is
    errors: list[str] = field(default_factory=list)  # the decoder's
    ended: str = ""  # why reading stopped before the file's end
    sounds: list[Heard] = field(default_factory=list)


def read(container: InputContainer, stream: VideoStream, decoder: Decoder) -> Seen:
    """Read all packets of the picture and of all sound; a file that breaks off just ends."""
    seen = Seen(sounds=[Heard(audio) for audio in container.streams.audio if audio.codec_context])
    wanted = {stream.index, *(sound.stream.index for sound in seen.sounds)}
    for other in container.streams:
        if other.index not in wanted:
            other.discard = Discard.all
    sounds = {sound.stream.index: sound for sound in seen.sounds}
    clock = _Clock(stream, broadcast=container.format.name in ("mpeg", "mpegts"))
    trailing_damage = 0
    packets = container.demux(stream, *(sound.stream for sound in seen.sounds))
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as err:
            seen.ended = said(err)
            break
        if packet is None:
            break
        if packet.stream_index in sounds:
            _hear(packet, sounds[packet.stream_index])
        elif packet.size:
            _see(packet, seen, clock)
            trailing_damage = trailing_damage + 1 if packet.is_corrupt else 0
            _decode(packet, seen, decoder)
    _decode(None, seen, decoder)
    if 0 < trailing_damage < len(seen.ticks):  # cut off inside its last pictures
        del seen.ticks[-trailing_damage:]
    return seen


class _Clock:
    """Follows the decoding times of a stream and tells where they jump."""

    def __init__(self, stream: VideoStream, broadcast: bool) -> None:
        self._base = stream.time_base or Fraction(1)
        self._broadcast = broadcast
        self._before: int | None = None

    def jumps(self, dts: int | None) -> bool:
        """True where `dts` cannot follow the one before on the same clock."""
        before, self._before = self._before, dts if dts is not None else self._before
        if dts is None or before is None:
            return False
        gap = float((dts - before) * self._base)
        return gap < -0.5 or gap > (LONGEST_JUMP if self._broadcast else LONGEST_PICTURE)


def _see(packet: Packet, seen: Seen, clock: _Clock) -> None:
    seen.jumps |= clock.jumps(packet.dts)
    if packet.is_discard:
        return  # before or after what the file's edit list shows
    seen.packets += 1
    if packet.pts is None:
        seen.untimed += 1
        return
    if not seen.ticks or packet.pts >= max(seen.ticks[-1], 0):
        seen.last_length = packet.duration or 0
    seen.ticks.append(packet.pts)


def _decode(packet: Packet | None, seen: Seen, decoder: Decoder) -> None:
    """Decode for the first look, until enough pictures are there or there is no hope."""
    if len(seen.shown) >= PICTURES or (seen.look is None and seen.packets > HOPELESS):
        return
    try:
        for picture in decoder.decode(packet):
            seen.look = seen.look or picture
            seen.shown.append(picture.pts)
            seen.interlaced |= picture.interlaced_frame
    except av.FFmpegError as err:
        seen.errors.append(said(err))


def _hear(packet: Packet, sound: Heard) -> None:
    if packet.size == 0 or packet.pts is None or packet.time_base is None:
        return
    if sound.first is None:
        try:
            frames = sound.stream.codec_context.decode(packet)
        except av.FFmpegError:
            return  # a damaged start: sound begins with what can be decoded
        for frame in frames:
            if sound.first is None and frame.pts is not None and frame.time_base is not None:
                sound.first = frame.pts * frame.time_base
    sound.end = max(sound.end, (packet.pts + (packet.duration or 0)) * packet.time_base)
