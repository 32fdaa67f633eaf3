"""Waits between attempts: exponential with full jitter
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)."""

from __future__ import annotations

import random


class Backoff:
    """Draws the wait after each failure in a row, from 0 up to a bound that doubles."""

    def __init__(self, base: float, most: float, rng: random.Random) -> None:
        self._base = base
        self._most = most
        self._rng = rng
        self.failures = 0

    def next_delay(self, at_least: float | None = None) -> float:
        """Return the seconds to wait after one more failure; what the server asked for comes before the jitter."""
        bound = min(self._most, self._base * 2 ** min(self.failures, 32))
        self.failures += 1
        return (at_least or 0.0) + self._rng.uniform(0, bound)

    def reset(self) -> None:
        self.failures = 0
