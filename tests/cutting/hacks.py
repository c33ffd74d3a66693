"""Ways to cut that an editor would laugh at, to see that the reward laughs too."""

from editor.measures.hacks import HACKS

__all__ = ["HACKS"]
