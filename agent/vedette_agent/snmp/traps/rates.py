"""How many traps of a sender are looked at: token buckets, for a bounded number of senders. Without I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST_SENDERS = 4096
"""Remembered; those heard of longest ago are forgotten first, and begin anew."""

Sender = TypeVar("Sender", bound=Hashable)


@dataclass(slots=True)
class _Bucket:
    """Tokens left, and when that was."""

    tokens: float
    at: float


class Rates(Generic[Sender]):
    """Lets through ``rate`` a second of each sender, and ``burst`` at once.

    Attributes:
        dropped: How many were not let through.
    """

    def __init__(self, rate: float, burst: int, most_senders: int = MOST_SENDERS) -> None:
        self.dropped = 0
        self._rate = rate
        self._burst = float(burst)
        self._most_senders = most_senders
        self._buckets: OrderedDict[Sender, _Bucket] = OrderedDict()
        self._exceeded: dict[Sender, int] = {}

    def admits(self, sender: Sender, monotonic: float) -> bool:
        """Whether one more of ``sender`` is looked at now."""
        bucket = self._buckets.get(sender)
        if bucket is None:
            bucket = self._buckets[sender] = _Bucket(self._burst, monotonic)
            if len(self._buckets) > self._most_senders:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(sender)
        bucket.tokens = min(self._burst, bucket.tokens + (monotonic - bucket.at) * self._rate)
        bucket.at = monotonic
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return True
        self.dropped += 1
        if sender in self._exceeded or len(self._exceeded) < self._most_senders:
            self._exceeded[sender] = self._exceeded.get(sender, 0) + 1
        return False

    def take_exceeded(self) -> dict[Sender, int]:
        """Return how many of which sender were not let through since the last call."""
        exceeded, self._exceeded = self._exceeded, {}
        return exceeded
