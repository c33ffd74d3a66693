"""Measure speed and memory against the tools that set the floor, in one run, in ratios."""
