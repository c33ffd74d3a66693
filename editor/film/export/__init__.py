"""Turn a timeline into the formats in which editing programs exchange films."""

from collections.abc import Callable
from pathlib import Path

from editor.film.export.otio import write as write_otio
from editor.film.timeline import Timeline

EXPORTERS: dict[str, Callable[[Timeline, Path], None]] = {"otio": write_otio}
