"""A page in the browser on which a cut is watched, corrected and judged."""
