"""Turn a path into an open container that reads this one file and nothing else.

Footage is hostile: its name never reaches FFmpeg as an option, a protocol or a pattern, and its
content never as a playlist, a script or a text picture that names or invents other files.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from editor.errors import FootageError, NoFootageError

if TYPE_CHECKING:
    Packet = av.Packet[Any]  # of any stream; generic in the stubs alone
else:
    Packet = av.Packet

# Demuxers that open other files or devices, that take any text or any bytes for a picture, or
# that read one still picture.
# fmt: off
_REFUSED = frozenset((
    "adf", "alsa", "avisynth", "bin", "concat", "concatf", "dash", "dvdvideo", "fbdev",
    "ffmetadata", "hls", "idf", "image2", "image2pipe", "imf", "kmsgrab", "lavfi", "libcdio",
    "live_flv", "loas", "mca", "mpegtsraw", "rawvideo", "rcwt", "rtp", "rtsp", "sap", "sdp",
    "tedcaptions", "tty", "vapoursynth", "video4linux2", "webm_dash_manifest", "x11grab",
    "xbin", "ico", "alias_pix",
))
# fmt: on
_ALLOWED = ",".join(
    sorted(
        name
        for name in av.formats_available
        if not name.endswith("_pipe") and not _REFUSED.intersection(name.split(","))
    )
)
MOST_COMPLAINTS = 20  # kept of a damaged file: one says as much as a thousand
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _ALLOWED}


def open_container(path: Path) -> InputContainer:
    """Open a file for reading; the caller closes it.

    Raises FootageError that says what the file is instead, as far as its first bytes tell.
    """
    try:
        return av.open(f"file:{os.path.abspath(path)}", options=dict(_OPTIONS))
    except (av.FFmpegError, OSError, UnicodeError, MemoryError) as err:
        raise _refusal(path, err) from err


def said(err: Exception) -> str:
    """What FFmpeg or the system says of an error, without numbers and paths."""
    return str(getattr(err, "strerror", None) or err)


def _refusal(path: Path, err: Exception) -> FootageError:
    """Why a file cannot be opened, and what would be right, in a user's words."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as unreadable:
        return FootageError(f"{path}: cannot be read: {unreadable.strerror or unreadable}.")
    if none := _no_clip(head):
        return NoFootageError(f"{path}: {none}")
    return FootageError(f"{path}: {_damage(size, head, err)}")


def _no_clip(head: bytes) -> str:
    """What a file is instead of a clip, by its first bytes; empty where it may be one."""
    if head[:7] == b"#EXTM3U" or head[:8] == b"ffconcat" or head[:5].lower() == b"<?xml":
        return "a playlist or a list of files, not a clip. Name the clips themselves."
    if _is_text(head):
        return "a text file, not a clip."
    if _is_still(head):
        return "a still picture, not a clip."
    return ""


def _damage(size: int, head: bytes, err: Exception) -> str:
    """What is wrong with a clip that cannot be opened."""
    if size == 0:
        return "the file is empty. Copy it again from the card."
    if not any(head):
        return "its first 4096 bytes are all zero: the copy is damaged. Copy it again."
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip"):
        return (
            "the file is cut off: its index (moov) is missing, so the recording was not finished "
            "or not copied whole. Copy it again from the card."
        )
    return f"no container that can be read: {said(err)}."


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    printable = sum(letter.isprintable() or letter.isspace() for letter in text)
    return printable > 0.95 * len(text)


def _is_still(head: bytes) -> bool:
    starts = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"8BPS")
    return head.startswith(starts) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


# --- decoding -------------------------------------------------------------------------------------


class Decoder:
    """Decodes one picture stream's packets; transparency is kept where the codec carries any."""

    def __init__(self, context: av.VideoCodecContext, name: str) -> None:
        self.name = name  # FFmpeg's decoder
        self._context = context

    def decode(self, packet: Packet | None) -> list[av.VideoFrame]:
        """Pictures that come out after a packet goes in; None takes out the last ones."""
        return self._context.decode(packet)

    def flush(self) -> None:
        """Forget all that went in, as after a seek."""
        self._context.flush_buffers()


# FFmpeg's own decoders leave the transparency of these codecs out; the library's do not.
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def picture_decoder(stream: VideoStream, threads: str = "SLICE") -> Decoder:
    """A decoder for a stream. threads: SLICE answers at once, AUTO is fast over many pictures."""
    context = stream.codec_context
    name = context.codec.name
    transparent = any(
        key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items()
    )
    if transparent and _WITH_ALPHA.get(name) in av.codecs_available:
        name = _WITH_ALPHA[name]
        own = av.CodecContext.create(name, "r")
        assert isinstance(own, av.VideoCodecContext)
        own.extradata = context.extradata
        context = own
    context.thread_type = threads
    return Decoder(context, name)


def decoded(
    container: InputContainer,
    stream: VideoStream,
    decoder: Decoder,
    damage: list[str],
    from_keyframe: bool = False,
) -> Iterator[av.VideoFrame]:
    """Decode a stream from where its file stands; what cannot be decoded is named in `damage`.

    from_keyframe: nothing counts that is presented before the first keyframe, as after a seek:
    such pictures lean on others that were not decoded.
    """
    earliest: int | None = None
    waiting = from_keyframe
    for packet in packets(container, stream, damage):
        if waiting:
            if not packet.is_keyframe:
                continue
            waiting, earliest = False, packet.pts
        try:
            frames = decoder.decode(packet)
        except av.FFmpegError as err:
            _complain(damage, err)
            continue
        for frame in frames:
            if earliest is None or frame.pts is None or frame.pts >= earliest:
                yield frame
    try:
        yield from decoder.decode(None)
    except av.FFmpegError as err:
        _complain(damage, err)


def packets(
    container: InputContainer, stream: VideoStream | AudioStream, damage: list[str]
) -> Iterator[Packet]:
    """A stream's packets; a file that breaks off just ends."""
    demuxed: Iterator[Packet] = container.demux(stream)
    while True:
        try:
            packet = next(demuxed, None)
        except (av.FFmpegError, OSError) as err:
            _complain(damage, err)
            return
        if packet is None:
            return
        if packet.size:  # an empty one ends the stream: the decoder is emptied below
            yield packet


def _complain(damage: list[str], err: Exception) -> None:
    if len(damage) < MOST_COMPLAINTS:
        damage.append(said(err))
