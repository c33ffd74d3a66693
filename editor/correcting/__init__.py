"""The story of a cut that is looked at: opened, corrected, judged, made again."""

from editor.correcting.desk import Desk, Listed, Opened

__all__ = ["Desk", "Listed", "Opened"]
