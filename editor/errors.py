"""The errors that an editor can mend: what is wrong, where, and what would be right."""


class EditorError(Exception):
    """The input or the command was wrong. The command line prints the message and exits 2."""


class FootageError(EditorError):
    """A clip or a folder cannot be used. A clip's own error is reported in `skipped`."""


class NoFootageError(FootageError):
    """A file is no clip at all, and none was lost: a text, a still, a sound."""


class TooShortError(FootageError):
    """The film that is asked for is shorter than any that the footage makes."""

    def __init__(self, message: str, shortest: float) -> None:
        super().__init__(message)
        self.shortest = shortest  # s, of a film that can be made


class StyleError(EditorError):
    """A style, or an option that overrides one, is unknown or contradictory."""


class PolicyError(EditorError):
    """A policy or a backbone is unknown, unusable, or its weights are not on this machine."""


class OutputError(EditorError):
    """The outputs folder cannot take what is to be written."""


class UnknownError(EditorError):
    """What was asked for does not exist; the message names what does."""


class CorrectionError(EditorError):
    """A correction cannot hold: the reason, as it is said at the control that asked for it."""


class StoreError(EditorError):
    """The store of versions, corrections and verdicts cannot be read or written."""


class StaleError(StoreError):
    """Somebody else changed the version first: nothing was written."""

    def __init__(self, message: str, revision: int) -> None:
        super().__init__(message)
        self.revision = revision  # of the version now
