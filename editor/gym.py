"""Make `gymnasium.make("editor.gym:editor/RoughCut-v0", pool=..., style=...)` find the environment.

Gymnasium (1.0 and newer) reads no entry points: it imports what stands before the colon and expects
that to register. So this is the one module here whose import does something, and it does no more.
"""

from editor.cutting.episode import register

register()
