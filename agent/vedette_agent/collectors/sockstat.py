"""Sockets in use: ``/proc/net/sockstat`` and ``sockstat6``."""

from __future__ import annotations

import os

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_USED = Metric("node_sockstat_sockets_used", GAUGE, "Number of IPv4 sockets in use.")


def parse_sockstat(text: str) -> list[tuple[str, str, int]]:
    """Return protocol, state and number of each pair in the file.

    Raises:
        ValueError: a number is none, or is missing.
    """
    found = []
    for line in text.splitlines():
        protocol, _, rest = line.partition(":")
        words = rest.split()
        found += [(protocol, state, int(number)) for state, number in zip(words[::2], words[1::2], strict=True)]
    return found


class SockstatCollector:
    """Sockets by protocol and state, and the memory that they hold, in pages and bytes."""

    name = "sockstat"

    def __init__(self, options: NodeOptions) -> None:
        self._paths = (options.proc("net/sockstat"), options.proc("net/sockstat6"))
        self._page_size = os.sysconf("SC_PAGE_SIZE")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for path in self._paths:
            # A kernel without IPv4 or IPv6 lacks a file.
            for protocol, state, number in parse_sockstat((read_if_present(path) or b"").decode()):
                families.add(_metric(protocol, state), float(number))
                if state == "mem":
                    families.add(_metric(protocol, "mem_bytes"), float(number * self._page_size))
        if not families.all():
            raise NoDataError("the kernel tells of no sockets")
        return families.all()


def _metric(protocol: str, state: str) -> Metric:
    if protocol == "sockets":
        return _USED
    return Metric(f"node_sockstat_{protocol}_{state}", GAUGE, f"Number of {protocol} sockets in state {state}.")
