"""The decision: which frames, in which order."""
