"""The notifications that one method has yet to send: when, and in which order. No I/O.

What is about one subject goes in order, one after the other. While the receiver is down, one notification at a time
tries whether it is back. What the receiver refuses waits long, and holds up only its own subject.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vedette_server.notify.backoff import REFUSED, SINK_DOWN
from vedette_server.state.rows import QueuedRow

MOST_AT_ONCE = 4


@dataclass(slots=True)
class _Chain:
    """What waits about one subject, and how often its first was tried in vain since the process started."""

    rows: deque[QueuedRow]
    failures: int = 0


class DeliveryQueue:
    """The queue of one method. Times are seconds of a monotonic clock."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._chains: dict[str, _Chain] = {}
        self._due: list[tuple[float, int, str]] = []
        self._ids: set[str] = set()
        self._count = 0
        self._flying: set[str] = set()
        self._failures = 0
        self._paused_until = 0.0

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[QueuedRow]:
        return (row for chain in self._chains.values() for row in chain.rows)

    def add(self, row: QueuedRow, now: float) -> None:
        """Queue a notification, unless it is queued already."""
        if row.id in self._ids:
            return
        self._ids.add(row.id)
        chain = self._chains.get(row.subject)
        if chain is None:
            self._chains[row.subject] = _Chain(deque([row]))
            self._schedule(row.subject, now)
        else:
            chain.rows.append(row)

    def take(self, now: float) -> QueuedRow | None:
        """Return a notification to be sent now, if any; ``delivered``, ``dropped`` or ``failed`` must follow."""
        time = self.next_time()
        if time is None or time > now:
            return None
        _, _, subject = heapq.heappop(self._due)
        self._flying.add(subject)
        return self._chains[subject].rows[0]

    def next_time(self) -> float | None:
        """When ``take`` may have something, as far as time alone decides; ``None`` while nothing waits."""
        if not self._due or len(self._flying) >= (1 if self._failures else MOST_AT_ONCE):
            return None
        return max(self._due[0][0], self._paused_until)

    def delivered(self, row: QueuedRow, now: float) -> None:
        """The receiver has accepted ``row``."""
        self._failures, self._paused_until = 0, 0.0
        self._finish(row, now)

    def dropped(self, row: QueuedRow, now: float) -> None:
        """``row`` will not be tried again."""
        self._finish(row, now)

    def failed(self, row: QueuedRow, now: float, *, refused: bool) -> QueuedRow:
        """``row`` was not accepted: by a receiver that is well and refused it, or else by one that is down.

        Returns:
            The row with one more attempt.
        """
        self._flying.discard(row.subject)
        chain = self._chains[row.subject]
        chain.rows[0] = tried = replace(row, attempts=row.attempts + 1)
        chain.failures += 1
        if refused:
            self._failures, self._paused_until = 0, 0.0
        else:
            self._failures += 1
            self._paused_until = now + SINK_DOWN.wait(self._failures, self._source)
        backoff = REFUSED if refused else SINK_DOWN
        self._schedule(row.subject, now + backoff.wait(chain.failures, self._source))
        return tried

    def expire(self, before: int) -> list[QueuedRow]:
        """Remove and return what was made before a time (ms) and is not being sent."""
        expired = [
            row
            for subject, chain in self._chains.items()
            if subject not in self._flying
            for row in chain.rows
            if row.created < before
        ]
        for row in expired:
            self._ids.discard(row.id)
            chain = self._chains[row.subject]
            chain.rows.remove(row)
            if not chain.rows:
                del self._chains[row.subject]
        self._due = [entry for entry in self._due if entry[2] in self._chains]
        heapq.heapify(self._due)
        return expired

    def _finish(self, row: QueuedRow, now: float) -> None:
        self._flying.discard(row.subject)
        self._ids.discard(row.id)
        chain = self._chains[row.subject]
        chain.rows.popleft()
        chain.failures = 0
        if chain.rows:
            self._schedule(row.subject, now)
        else:
            del self._chains[row.subject]

    def _schedule(self, subject: str, due: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (due, self._count, subject))
