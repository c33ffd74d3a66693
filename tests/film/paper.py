"""Clips and films on paper: no file is behind them, for tests of what is decided and not shown."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from editor.film.timeline import Timeline
from editor.footage.clip import Clip, SoundTrack
from tests.film import edits


def clip(name: str, frames: int = 100, rate: Fraction | int = 25, **changes: Any) -> Clip:
    """A clip of so many frames at that rate."""
    rate = Fraction(rate)
    sound = (SoundTrack(0, 48_000, 2, Fraction(0), frames / rate),)
    facts: dict[str, Any] = {
        "path": Path("/footage") / name, "digest": name.replace(".", "").replace(" ", ""),
        "container": "mov", "codec": "h264", "stream": 0, "rate": rate, "frames": frames,
        "start": Fraction(0), "size": (320, 180), "coded_size": (320, 180), "rotation": 0,
        "sample_aspect": Fraction(1), "pixel_format": "yuv420p", "bit_depth": 8,
        "transfer": "sdr", "variable_rate": False, "interlaced": False, "alpha": False,
        "timecode": None, "recorded": None, "sound": sound,
    }  # fmt: skip
    return Clip(**{**facts, **changes})


def film(rate: Fraction | int, spans: Sequence[tuple[Clip, int, int]], **changes: Any) -> Timeline:
    """A timeline of clips' frames [first, stop), one after another."""
    return edits.film(rate, spans, **changes)
