"""Waiting before the next try: full jitter, so that many who wait do not come back at once.

Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of up to ``first_s`` seconds, doubled with every failure up to ``most_s``."""

    first_s: float
    most_s: float

    def wait(self, failures: int, source: random.Random) -> float:
        """Return the seconds to wait after ``failures`` failures in a row, at least one."""
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        return source.uniform(0, min(self.most_s, self.first_s * 2**doublings))


SINK_DOWN = Backoff(1.0, 300.0)
REFUSED = Backoff(60.0, 3600.0)
