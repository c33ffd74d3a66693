"""Encode a take as its camera would: H.264 and AAC, with timecode, rotation and time of day.

x264's macroblock tree reads memory that nobody wrote where a side is no multiple of 16: at
960x540 two runs gave two files. So all pictures here have sides that are.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from speech import RATE
from takes import Take

QUALITY = {1280: "27", 1024: "27", 576: "27"}  # x264's crf by width: 8 MB for all clips together
SOUND = 48_000  # bit/s, mono
MORNING = 9  # hour at which the first take was shot


def write(
    path: Path,
    take: Take,
    frames: int,
    picture: Callable[[int], np.ndarray],
    sound: np.ndarray,
    order: int,
) -> None:
    """Write `frames` pictures (H, W, 3) uint8 RGB and mono sound at speech.RATE as a clip."""
    with av.open(f"file:{path}", "w", options={"movflags": "+faststart"}) as output:
        output.metadata["creation_time"] = (
            f"2026-03-14T{MORNING + order // 12:02}:{5 * (order % 12):02}:00Z"
        )
        stream = _picture_stream(output, take)
        track = output.add_stream("aac", rate=RATE, layout="mono")
        track.codec_context.bit_rate = SOUND
        packets = _pictures(stream, take, frames, picture)
        heard = _sounds(track, sound)
        for packet in _by_time(packets, heard):
            output.mux(packet)


def _picture_stream(output: Any, take: Take) -> Any:
    if take.timecode:
        output.metadata["timecode"] = take.timecode
    stream = output.add_stream("libx264", rate=take.rate)
    context = stream.codec_context
    turned = take.rotation % 180 != 0
    context.width, context.height = take.size[::-1] if turned else take.size
    context.pix_fmt = "yuv420p"
    context.time_base = 1 / take.rate
    context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
    context.color_range = 1  # limited
    context.thread_count = 1  # the same bits on every machine
    context.options = {
        "preset": "slower",
        "crf": QUALITY[take.size[0]],
        "g": "100",
        "x264-params": "aq-mode=3:aq-strength=0.8:psy-rd=0.6,0.0",
    }
    if take.rotation:
        stream.set_display_rotation(-take.rotation)  # FFmpeg's matrix counts counterclockwise
    return stream


def _pictures(
    stream: Any, take: Take, frames: int, picture: Callable[[int], np.ndarray]
) -> Iterator[Any]:
    for number in range(frames):
        pixels = np.rot90(picture(number), take.rotation // 90)  # stored turned against the display
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
        frame.time_base = stream.codec_context.time_base
        frame.pts = number
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sounds(track: Any, sound: np.ndarray) -> Iterator[Any]:
    block = 1024
    for first in range(0, len(sound), block):
        part = np.ascontiguousarray(sound[None, first : first + block])
        frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), first
        yield from track.encode(frame)
    yield from track.encode(None)


def _by_time(pictures: Iterator[Any], sounds: Iterator[Any]) -> Iterator[Any]:
    """Both streams' packets, interleaved by time."""
    sound = next(sounds, None)
    for packet in pictures:
        while sound is not None and _time(sound) <= _time(packet):
            yield sound
            sound = next(sounds, None)
        yield packet
    while sound is not None:
        yield sound
        sound = next(sounds, None)


def _time(packet: Any) -> Fraction:
    stamp = packet.dts if packet.dts is not None else 0
    base: Fraction = packet.time_base
    return stamp * base
