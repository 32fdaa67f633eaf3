"""The ARP table: over netlink, or ``/proc/net/arp``."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.neighbours import dump_neighbours, parse_neighbours
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_shared.metrics import MetricFamily

_ENTRIES = Metric("node_arp_entries", GAUGE, "ARP entries by device")
_STATES = Metric("node_arp_states", GAUGE, "ARP states by device")


def parse_arp(text: str) -> Counter[str]:
    """Return the number of entries of each device in ``/proc/net/arp``."""
    return Counter(words[-1] for line in text.splitlines()[1:] if len(words := line.split()) >= 6)


class ArpCollector:
    """Entries, and over netlink states, of the ARP table by device."""

    name = "arp"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("net/arp")
        self._filter = options.arp.filter("device")
        self._netlink = options.arp.netlink

    def collect(self) -> list[MetricFamily]:
        entries, states = self._ask() if self._netlink else (parse_arp(read_text(self._path)), Counter())
        families = Families()
        for device, count in entries.items():
            if self._filter.keeps(device):
                families.add(_ENTRIES, float(count), (("device", device),))
        for (device, state), count in states.items():
            if self._filter.keeps(device):
                families.add(_STATES, float(count), (("device", device), ("state", state)))
        return families.all()

    def _ask(self) -> tuple[Counter[str], Counter[tuple[str, str]]]:
        states: Counter[tuple[str, str]] = Counter()
        for (interface, state), count in Counter(parse_neighbours(dump_neighbours())).items():
            # An interface may have gone away in the meantime, and its entries with it.
            with contextlib.suppress(OSError):
                states[socket.if_indextoname(interface), state] += count
        entries: Counter[str] = Counter()
        for (device, _), count in states.items():
            entries[device] += count
        return entries, states
