"""When which check is due: a clock in, names out. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

HOSTS = ""
"""Stands among the checks for the query that tells which hosts are up."""

DISCOVERY_S = 5.0
SETTLING_S = 120.0
_DISCOVERY_SHARE = 10


@dataclass(frozen=True, slots=True)
class Due:
    """A check that is to be evaluated; ``new_only`` if only to find services that are not known yet."""

    name: str
    new_only: bool = False


class Schedule:
    """Every check at its interval, spread out, and between that, while hosts are new, a look for new services.

    Times are seconds of a monotonic clock.
    """

    def __init__(self, intervals: Mapping[str, float], now: float) -> None:
        self._intervals = dict(intervals)
        self._next = dict.fromkeys(self._intervals, now)
        self._settled_at = now + SETTLING_S
        self._next_discovery = now + DISCOVERY_S
        self._unspread = set(self._intervals)

    def due(self, now: float) -> list[Due]:
        """Return what is due, and take it as done: a check that missed its time is evaluated once."""
        regular = [name for name, time in self._next.items() if time <= now]
        for name in regular:
            self._next[name] = self._after(name, now)
        found = [Due(name) for name in regular]
        if self._next_discovery > now:
            return found
        self._next_discovery = math.inf
        if now < self._settled_at:
            found += [Due(name, new_only=True) for name in self._intervals if name not in regular and name != HOSTS]
            self._next_discovery = now + DISCOVERY_S
        return found

    def next_time(self) -> float:
        """When something will be due, or may be."""
        return min(self._next_discovery, *self._next.values())

    def settle(self, now: float) -> None:
        """Look for new services for a while: a host is new, or came back."""
        self._settled_at = now + SETTLING_S
        if math.isinf(self._next_discovery):
            self._next_discovery = now

    def discovered(self, now: float, took: float) -> None:
        """Note that a look for new services has ended and how long it took; the next waits accordingly."""
        self._next_discovery = now + max(DISCOVERY_S, took * _DISCOVERY_SHARE)

    def _after(self, name: str, now: float) -> float:
        interval = self._intervals[name]
        if name in self._unspread:
            # The first time all are due at once; the second time comes earlier, each by another share of its interval.
            self._unspread.remove(name)
            position = list(self._intervals).index(name) + 1
            return now + interval * position / len(self._intervals)
        missed = int((now - self._next[name]) // interval)
        return self._next[name] + interval * (missed + 1)
