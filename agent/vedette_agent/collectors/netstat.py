"""Counters of the network protocols: ``/proc/net/netstat``, ``snmp`` and ``snmp6``."""

from __future__ import annotations

import re
from typing import NamedTuple

from vedette_agent.collectors.families import UNTYPED, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present, read_text
from vedette_shared.metrics import MetricFamily

_SNMP6_PROTOCOL = re.compile(r"(Ip6|Icmp6|Udp6|UdpLite6)(.+)")


class Row(NamedTuple):
    """A pair of lines: the names of a protocol's counters, as they stand in the file, and their values."""

    header: str
    values: str


def parse_rows(text: str) -> list[Row]:
    """Return the pairs of lines of ``/proc/net/netstat`` or ``/proc/net/snmp``.

    Raises:
        ValueError: a line of names has no line of values after it.
    """
    lines = text.splitlines()
    rows = [Row(*pair) for pair in zip(lines[::2], lines[1::2], strict=True)]
    for header, values in rows:
        if header.partition(":")[0] != values.partition(":")[0]:
            raise ValueError(f"names and values do not belong together: {header[:40]!r}")
    return rows


def parse_snmp6(text: str) -> list[tuple[str, str, str]]:
    """Return protocol, counter and value of each line of ``/proc/net/snmp6``; lines of other shapes are left out."""
    found = []
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if match := _SNMP6_PROTOCOL.match(name):
            found.append((match[1], match[2].rstrip(), value.strip()))
    return found


class NetstatCollector:
    """The counters whose names match ``fields``."""

    name = "netstat"

    def __init__(self, options: NodeOptions) -> None:
        self._paths = (options.proc("net/netstat"), options.proc("net/snmp"))
        self._snmp6 = options.proc("net/snmp6")
        self._fields = re.compile(options.netstat.fields)
        self._columns: dict[str, list[tuple[int, Metric]]] = {}
        self._metrics6: dict[tuple[str, str], Metric | None] = {}

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for path in self._paths:
            for header, values in parse_rows(read_text(path)):
                columns = self._columns.get(header)
                if columns is None:
                    columns = self._columns[header] = self._choose(header)
                if columns:
                    words = values.split()
                    for place, metric in columns:
                        families.add(metric, float(words[place]))
        self._add_snmp6(families)
        return families.all()

    def _choose(self, header: str) -> list[tuple[int, Metric]]:
        protocol, *names = header.replace(":", "").split()
        metrics = [self._metric(protocol, name) for name in names]
        return [(place, metric) for place, metric in enumerate(metrics, start=1) if metric is not None]

    def _add_snmp6(self, families: Families) -> None:
        content = read_if_present(self._snmp6)
        for protocol, name, value in parse_snmp6((content or b"").decode()):
            key = (protocol, name)
            if key not in self._metrics6:
                self._metrics6[key] = self._metric(protocol, name)
            metric = self._metrics6[key]
            if metric is not None:
                families.add(metric, float(value))

    def _metric(self, protocol: str, name: str) -> Metric | None:
        key = f"{protocol}_{name}"
        if self._fields.search(key) is None:
            return None
        return Metric(f"node_netstat_{key}", UNTYPED, f"Statistic {protocol}{name}.")
