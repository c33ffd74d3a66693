"""What a cut is asked to be: a style, a length, an order, a seed, and the music's beats."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from editor.config import Style

TOLERANCE = 0.05  # of the asked length: what an editor still calls "a minute"
LEAST_TOLERANCE = 1.0  # s; five per cent of a short film is less than a cut's granularity


@dataclass(frozen=True)
class Brief:
    """The wish that one film answers. Lengths are counted in whole frames of the film."""

    style: Style
    duration: float  # s
    order: str  # one of config.ORDERS
    seed: int
    beats: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (M,) float64, film seconds
    rate: Fraction = Fraction(25)  # film frames/s
    longest: bool = False  # no shorter than the asked length, if that can be

    @property
    def window(self) -> tuple[int, int]:
        """Shortest and longest film that hits the asked length, in film frames, both included."""
        slack = max(LEAST_TOLERANCE, TOLERANCE * self.duration)
        rate = float(self.rate)
        low = max(1.0, (self.duration - (0 if self.longest else slack)) * rate)
        return int(np.ceil(low - 1e-6)), int(np.floor((self.duration + slack) * rate + 1e-6))
