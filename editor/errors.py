"""The errors that an editor can mend: what is wrong, where, and what would be right."""


class EditorError(Exception):
    """The input or the command was wrong. The command line prints the message and exits 2."""


class FootageError(EditorError):
    """A clip or a folder cannot be used. A clip's own error is reported in `skipped`."""


class StyleError(EditorError):
    """A style, or an option that overrides one, is unknown or contradictory."""


class PolicyError(EditorError):
    """A policy or a backbone is unknown, unusable, or its weights are not on this machine."""


class OutputError(EditorError):
    """The outputs folder cannot take what is to be written."""
