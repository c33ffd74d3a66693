"""Ask for films as varied as users ask for them: random styles, lengths, orders and music."""

from fractions import Fraction

import numpy as np

from editor.config import Pace, Style
from editor.cutting.brief import Brief
from editor.cutting.pool import Pool
from editor.cutting.reward import TERMS

RATES = (Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001))


def sample_style(rng: np.random.Generator) -> Style:
    """A style about those in the package: weights within a factor of about two of the table's,
    one in ten of them 0."""
    weights = {
        name: float(term.weight * np.exp(rng.normal(0, 0.5)) * (rng.random() > 0.1))
        for name, term in TERMS.items()
    }
    weights["length_fit"] = max(weights["length_fit"], 0.5)
    median = float(np.exp(rng.uniform(np.log(1.2), np.log(7.0))))
    curve = np.exp(rng.normal(0, 0.15, rng.integers(2, 8)))
    return Style(
        name="sampled",
        description="",
        duration=60.0,
        order="free" if rng.random() < 0.4 else "recorded",
        pace=Pace(
            median=median,
            log_sd=float(rng.uniform(0.35, 1.0)),
            autocorrelation=float(rng.uniform(0.0, 0.5)),
            curve=tuple(float(factor) for factor in curve),
            shortest=float(rng.uniform(0.3, min(1.0, 0.5 * median))),
            longest=float(median * rng.uniform(3.0, 9.0)),
        ),
        weights=weights,
    )


def sample_brief(pool: Pool, rng: np.random.Generator, most_cuts: int = 40) -> Brief:
    """A style, a length that the pool allows, and for three films in ten, music with beats."""
    style = sample_style(rng)
    cuts = np.exp(rng.uniform(np.log(3), np.log(most_cuts)))
    share = rng.uniform(0.1, 0.6) * float(pool.usable)
    duration = float(max(2.0, min(cuts * style.pace.median * 1.3, share)))
    beats = np.zeros(0)
    if rng.random() < 0.3:
        step = 60.0 / rng.uniform(70, 160)
        beats = np.arange(rng.uniform(0, step), 1.2 * duration, step)
        beats = np.sort(beats + rng.normal(0, 0.01, len(beats)))
    rate = RATES[rng.integers(len(RATES))]
    return Brief(style, duration, style.order, int(rng.integers(1 << 31)), beats, rate)
