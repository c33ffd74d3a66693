"""Make what a browser shows of a version, when it is first asked for: films, clips, thumbnails.

All of it lies in the outputs' cache under names made from content, so that what is asked again is
there, undo brings back the film that was, and nothing ever has to be told that it is old.
"""

import hashlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editor.errors import EditorError, FootageError, OutputError
from editor.film import intra
from editor.film.timeline import Cut, Timeline
from editor.footage.clip import Clip
from editor.footage.frames import FrameReader
from editor.footage.measures import Sound
from editor.progress import printable
from editor.timing import FrameSpan

VERSION = 2  # of what is made: raised when it is made better
WIDTHS = (80, 160, 320, 640, 1280)  # px of thumbnails; the last is for a picture at rest
JPEG_QUALITY = 80
MOST_BYTES = 12 << 30  # of films and chunks: what was used longest ago goes first
STALE_AFTER = 3600.0  # s; what is half made for so long was left by a server that was killed
RETRY = 10.0  # s after which what could not be made is tried again, when it is asked for
PICTURES, JOIN = 0.8, 0.05  # shares of a film's time: its pictures, joining them; sound the rest


@dataclass
class Making:
    """A film or a clip that is being made, or was."""

    path: Path
    share: float = 0.0
    future: "Future[None] | None" = None
    began: float = 0.0  # s, monotonic

    @property
    def ready(self) -> bool:
        """True where the file is there."""
        return self.path.exists()

    @property
    def problem(self) -> str:
        """Why it cannot be made, or ""."""
        if self.future is None or not self.future.done() or self.future.cancelled():
            return ""
        error = None if self.ready else self.future.exception()
        return printable(str(error)) if error else ""

    @property
    def idle(self) -> bool:
        """True where nobody makes it, and it is time to try."""
        if self.future is None or self.future.cancelled():
            return True
        failed = self.future.done() and not self.ready
        return failed and time.monotonic() - self.began > RETRY


class Proxies:
    """What one outputs folder's cache holds for review. A context manager; safe for threads."""

    def __init__(self, cache: Path) -> None:
        """cache: the outputs' .cache folder."""
        self._folder = cache / "review"
        self._films = ThreadPoolExecutor(1, "films")  # a clip's decoder already fills the cores
        self._clips = ThreadPoolExecutor(1, "clips")  # a long clip must not hold up the film
        self._making: dict[Path, Making] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._few = threading.Semaphore(2)  # decoders for thumbnails: a page asks for forty at once

    def __enter__(self) -> "Proxies":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is being made."""
        self._stopped.set()
        self._films.shutdown(cancel_futures=True)
        self._clips.shutdown(cancel_futures=True)

    # --- films ------------------------------------------------------------------------------------

    def film(self, timeline: Timeline, sounds: Mapping[str, Sound]) -> Making:
        """A timeline as a film to be looked at; begins to make it unless it is there.

        sounds: analyses of its clips' sound by digest; a clip without one is mixed unheard. Films
        that were asked for before and are not begun are given up: the editor has gone on.
        """
        return self._ask(timeline, sounds, self._films)

    def clip(self, clip: Clip, timeline: Timeline, sound: Sound | None) -> Making:
        """A whole clip likewise, framed as in the film: every frame of its grid is one frame."""
        cut = Cut(clip, FrameSpan(0, clip.frames), 0, clip.frames, clip.name)
        whole = Timeline((cut,), clip.rate, timeline.size, None, timeline.fit)
        return self._ask(whole, {clip.digest: sound} if sound else {}, self._clips)

    def _ask(
        self, timeline: Timeline, sounds: Mapping[str, Sound], threads: ThreadPoolExecutor
    ) -> Making:
        path = self._folder / "films" / f"{_film_key(timeline, sounds)}.mp4"
        with self._lock:
            making = self._making.setdefault(path, Making(path))
            if making.ready:
                with suppress(OSError):
                    os.utime(path)  # used now: not the first to go
            elif making.idle:
                for other in self._making.values():
                    if threads is self._films and other.future is not None:
                        other.future.cancel()
                making.began = time.monotonic()
                making.future = threads.submit(self._make, making, timeline, sounds)
        return making

    def wait(self, making: Making) -> Path:
        """The file, when it is there. Raises EditorError where it cannot be made."""
        if not making.ready and making.future is not None:
            try:
                making.future.result()
            except CancelledError as err:
                raise EditorError("A newer film was asked for meanwhile.") from err
        return making.path

    def _make(self, making: Making, timeline: Timeline, sounds: Mapping[str, Sound]) -> None:
        from editor.film import encode
        from editor.film.mix import mix  # scipy: only where a film is made

        size = intra.proxy_size(timeline.size)
        making.path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=encode.TEMPORARY, dir=making.path.parent))
        try:
            self._make_chunks(making, timeline, size)
            picture, sound, film = (folder / name for name in ("picture.mp4", "sound.m4a", "f.mp4"))

            def chunk(clip: Clip, number: int) -> Path:
                return self._chunk(clip, number, size, timeline.fit)

            intra.join(timeline, chunk, picture, lambda done: self._go_on())
            making.share = PICTURES + JOIN
            mix(timeline, sounds, folder, sound, lambda share: self._go_on())
            encode.join(picture, sound, film, lambda copied: self._go_on())
            encode.check(film, timeline.frames, timeline.rate, size)
            os.replace(film, making.path)
            making.share = 1.0
            self._prune()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make_chunks(self, making: Making, timeline: Timeline, size: tuple[int, int]) -> None:
        needed = intra.chunks(timeline)
        done = 0
        for clip, numbers in intra.grouped(needed):
            lacking = [n for n in numbers if not self._chunk(clip, n, size, timeline.fit).exists()]
            done += len(numbers) - len(lacking)
            if not lacking:
                continue
            with intra.ChunkWriter(clip, size, timeline.fit) as writer:
                for number in lacking:
                    self._go_on()
                    path = self._chunk(clip, number, size, timeline.fit)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    writer.write(number, path)
                    done += 1
                    making.share = PICTURES * done / len(needed)

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise OutputError("The server is being stopped.")

    def _chunk(self, clip: Clip, number: int, size: tuple[int, int], fit: str) -> Path:
        """Where a chunk of a clip lies, or will."""
        shape = f"{size[0]}x{size[1]}-{fit}-{VERSION}"
        return self._folder / "chunks" / clip.digest / f"{shape}-{number}.mp4"

    def _prune(self) -> None:
        """Remove what killed servers left half made, and what was used longest ago where there is
        too much."""
        for path in (*self._folder.glob("films/.*"), *self._folder.glob("*/*/.*")):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > STALE_AFTER:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        files = [path for path in self._folder.glob("films/*.mp4") if path.is_file()]
        files += [path for path in self._folder.glob("chunks/*/*.mp4") if path.is_file()]
        facts = []
        for path in files:
            with suppress(FileNotFoundError):  # another server removed it first
                facts.append((path.stat().st_mtime, path.stat().st_size, path))
        total = sum(size for _, size, _ in facts)
        for _, size, path in sorted(facts):
            if total <= MOST_BYTES:
                return
            path.unlink(missing_ok=True)
            total -= size

    # --- pictures ---------------------------------------------------------------------------------

    def thumbnail(self, clip: Clip, frame: int, width: int, timeline: Timeline) -> Path:
        """A JPEG of one frame of a clip as the film frames it. Raises FootageError, OutputError.

        Read from a chunk where one is there and wide enough, in a hundredth of the time.
        """
        if width not in WIDTHS or not 0 <= frame < clip.frames:
            raise FootageError(f"{clip.name} has no frame {frame} that is {width} px wide.")
        across, down = timeline.size
        size = (width, max(2, round(width * down / across)))
        name = f"{VERSION}-{frame}-{size[0]}x{size[1]}-{timeline.fit}.jpg"
        path = self._folder / "thumbs" / clip.digest / name
        if not path.exists():
            _write_jpeg(self._still(clip, frame, size, timeline), path)
        return path

    def _still(
        self, clip: Clip, frame: int, size: tuple[int, int], timeline: Timeline
    ) -> np.ndarray:
        number, index = divmod(frame, intra.chunk_frames(clip.rate))
        held = intra.proxy_size(timeline.size)
        chunk = self._chunk(clip, number, held, timeline.fit)
        if size[0] <= held[0] and chunk.exists():
            with suppress(FootageError):  # pruned meanwhile
                return _scaled(intra.picture(chunk, index), size)
        with self._few, FrameReader(clip, size, timeline.fit) as reader:
            return next(iter(reader.arrays(frame, frame + 1)))


def _scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    shrunk = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(shrunk)


def _write_jpeg(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            Image.fromarray(picture).save(part, "JPEG", quality=JPEG_QUALITY)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as err:
        raise OutputError(f"{path.parent}: cannot be written: {err.strerror or err}.") from err


def _film_key(timeline: Timeline, sounds: Mapping[str, Sound]) -> str:
    """A name made from all that a film's proxy is made from."""
    music = timeline.music
    stamp = None
    if music is not None:
        with suppress(OSError):
            stamp = music.path.stat().st_mtime_ns
    parts = [
        VERSION, timeline.rate, timeline.size, timeline.fit,
        (music.path, music.offset, stamp) if music else None,
        *((cut.clip.digest, cut.source, cut.length) for cut in timeline.cuts),
        sorted(sounds.keys() & {cut.clip.digest for cut in timeline.cuts}),
    ]  # fmt: skip
    return hashlib.blake2b(repr(parts).encode(errors="surrogateescape"), digest_size=16).hexdigest()
