"""Keep what an editor did: versions, corrections, verdicts, preferences, policies, runs."""

from editor.store.rows import (
    ActRow,
    PolicyRow,
    PreferenceRow,
    RunRow,
    VerdictRow,
    VersionFacts,
    VersionRow,
)
from editor.store.store import REASONS, VERDICTS, Store

__all__ = [
    "REASONS",
    "VERDICTS",
    "ActRow",
    "PolicyRow",
    "PreferenceRow",
    "RunRow",
    "Store",
    "VerdictRow",
    "VersionFacts",
    "VersionRow",
]
