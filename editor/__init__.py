"""A learning assistant for film editors: a folder of footage in, a rough cut out."""

__version__ = "0.1.0"
