"""The checks' own metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vedette_server.checks.fleet import Fleet
from vedette_server.state.states import HostState
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge


def fleet_families(fleet: Fleet) -> Iterator[MetricFamily]:
    """Yield how many hosts and services are in which state."""
    found = Counter(host.state for host in fleet.hosts())
    hosts = gauge("vedette_hosts", "Hosts, by state.")
    for state in HostState:
        hosts.add(found[state.name], make_labels(state=state.name))
    yield hosts
    services = gauge("vedette_services", "Services, by state.")
    for name, count in fleet.totals().items():
        services.add(count, make_labels(state=name))
    yield services
