"""Turn what other editing programs save into a film of ours again: one reader a format."""
