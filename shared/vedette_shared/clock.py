"""The two clocks: wall time for timestamps, monotonic time for intervals. Tests bring a clock of their own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Wall time may step; monotonic time never goes back."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to, for tests and for the replay of recorded data."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._monotonic = 0.0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, milliseconds: int) -> None:
        """Let both clocks run on."""
        self._now_ms += milliseconds
        self._monotonic += milliseconds / 1000

    def step(self, milliseconds: int) -> None:
        """Step wall time alone, as an administrator or NTP does."""
        self._now_ms += milliseconds
