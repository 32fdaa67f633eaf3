"""How many traps came, by sender and trap: a bounded number of series, whatever is sent."""

from __future__ import annotations

from vedette_agent.snmp.traps.receiver import DROP_REASONS
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, counter

MOST_SERIES = 2000
OTHER = "other"
RATE, QUEUE, BUFFER = "rate", "queue", "receive_buffer"


class TrapCounts:
    """Counters. Traps beyond ``MOST_SERIES`` pairs of sender and trap are counted as one."""

    def __init__(self) -> None:
        self.dropped = dict.fromkeys((*DROP_REASONS, RATE, QUEUE, BUFFER), 0)
        self._taken: dict[tuple[str, str], int] = {}

    def take(self, sender: str, trap: str) -> None:
        key = (sender, trap)
        if key not in self._taken and len(self._taken) >= MOST_SERIES:
            key = (OTHER, OTHER)
        self._taken[key] = self._taken.get(key, 0) + 1

    def families(self) -> list[MetricFamily]:
        """The counters as metrics."""
        taken = counter("snmp_traps_total", "Traps and informs that were taken, by sender and trap.")
        for (sender, trap), count in self._taken.items():
            taken.add(float(count), make_labels(sender=sender, trap=trap))
        dropped = counter("snmp_traps_dropped_total", "Datagrams that were not taken for a trap, by reason.")
        for reason, count in self.dropped.items():
            dropped.add(float(count), make_labels(reason=reason))
        return [taken, dropped]
