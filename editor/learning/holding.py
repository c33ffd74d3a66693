"""Say whether a habit holds on films that it was not learned from: trims and shot lengths.

Every film gains or loses by the habit that was learned from the others; Student's t over films says
whether that is more than chance (one-sided, 5 %).
"""

import math
from dataclasses import replace

import numpy as np

from editor.cutting.taste import Taste
from editor.learning import habits, weighing
from editor.learning.feedback import Told
from editor.learning.lessons import pacing_features

LEAST_FILMS = 3  # below which no habit is told from one film's matter
# Student's t, one-sided 5 %, by films (NIST handbook, 1.3.6.7.2); more films: T_USUAL.
T = {2: 6.31, 3: 2.92, 4: 2.35, 5: 2.13, 6: 2.02, 7: 1.94, 8: 1.89, 9: 1.86, 10: 1.83}
T_USUAL = 1.75
LEAST_TRIM = 0.01  # s an end: less is a quarter of a frame, which nobody sees
TRIM_CHANCE = 0.01  # s: no less is assumed for the spread of a few films' gains
LEAST_LENGTH = 0.1  # sd of the shot lengths' term over random films
LENGTH_CHANCE = 0.15  # the same unit


def sure(gains: np.ndarray, least: float, chance: float) -> bool:
    """Whether films left out gain by more than `least` and more than chance. gains: (F,) by film;
    chance: no less is assumed for their spread, since a few may agree by accident."""
    count = len(gains)
    if count < LEAST_FILMS:
        return False
    error = max(float(gains.std(ddof=1)), chance) / math.sqrt(count)
    mean = float(gains.mean())
    return mean > least and mean > T.get(count, T_USUAL) * error


def trim_gains(told: Told, present: Taste) -> np.ndarray:
    """(F,) float64, s an end: how much nearer than by the present habit the ends of each film lie
    to the habit that is learned from the others. Empty below LEAST_FILMS."""
    films = np.unique(told.offset_group)
    if len(films) < LEAST_FILMS:
        return np.zeros(0)
    now = np.array([present.trims.head, present.trims.tail])
    found = []
    for part in range(min(len(films), weighing.FOLDS)):
        out = np.isin(told.offset_group, films[part :: weighing.FOLDS])
        rest = replace(told, offsets=told.offsets[~out], offset_group=told.offset_group[~out])
        learned = habits.trimming(rest)
        habit = np.array([learned.head.sure, learned.tail.sure])
        gain = np.abs(told.offsets - now) - np.abs(told.offsets - habit)
        for film in films[part :: weighing.FOLDS]:
            mine = gain[told.offset_group == film]
            if not np.isnan(mine).all():
                found.append(float(np.nanmean(mine)))
    return np.array(found)


def length_gain(told: Told, group: int, learned: Taste, present: Taste) -> float:
    """How much better the shot lengths of the editor's own films of a group fit the learned pace
    than the present: sd of that term over random films. NaN where the group has none."""
    found = []
    for paced, owner in zip(told.lengths.films, told.lengths.owner, strict=True):
        if owner == group:
            mine, theirs = (
                float(pacing_features(paced, one.pace, one.spread)[0, 0])
                for one in (learned, present)
            )
            found.append(mine - theirs)
    return float(np.mean(found)) if found else float("nan")
