"""The fleet as it is now, for the API and the terminal."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from vedette_server.checks.cycle import CheckCycle
from vedette_server.checks.service_evaluation import is_stale
from vedette_server.checks.services import ServiceTable
from vedette_server.checks.summary import host_summary, service_summary
from vedette_server.state.states import HostState, ServiceState
from vedette_shared.clock import Clock


class HostStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A host as it is now. Times are ms since the epoch.

    Attributes:
        host: Its name.
        state: UP, DOWN or UNREACH.
        hard: Whether the state counts already.
        attempt: How many evaluations in a row led to it.
        since: When the state began.
        last_seen: When it last reported; 0 for never.
        summary: One line for people.
        services: How many services are in each state, by its name.
    """

    host: str
    state: str
    hard: bool
    attempt: int
    since: int
    last_seen: int
    summary: str
    services: dict[str, int]


class LevelsStatus(msgspec.Struct, frozen=True):
    """The levels of a service, each ``[warn, crit]`` or null; null instead of a number that never applies."""

    upper: tuple[float | None, float | None] | None
    lower: tuple[float | None, float | None] | None


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A service as it is now. Times are ms since the epoch.

    Attributes:
        host: Its host.
        service: Its name, of one service on that host only.
        check: The check that it comes from.
        labels: The labels that tell the check's items apart.
        state: OK, WARN, CRIT or UNKNOWN.
        hard: Whether the state counts already.
        attempt: How many evaluations in a row led to it.
        value: The last value, null for none.
        unit: The value's unit.
        levels: What the value is compared with.
        summary: One line for people.
        since: When the state began.
        last_check: When it last had a value.
        stale: Whether that is longer ago than one and a half intervals.
        graph: PromQL for its graph.
    """

    host: str
    service: str
    check: str
    labels: dict[str, str]
    state: str
    hard: bool
    attempt: int
    value: float | None
    unit: str
    levels: LevelsStatus
    summary: str
    since: int
    last_check: int
    stale: bool
    graph: str


class Fleet:
    """Reads the states that a ``CheckCycle`` holds; call it in the thread that evaluates."""

    def __init__(self, cycle: CheckCycle, clock: Clock) -> None:
        self._cycle = cycle
        self._clock = clock

    def hosts(self) -> list[HostStatus]:
        """All hosts, by name."""
        hosts, now = self._cycle.hosts, self._clock.now_ms()
        counts = self._counts()
        ids = sorted(np.flatnonzero(hosts.rows["known"]).tolist(), key=hosts.names.__getitem__)
        views = []
        for host in ids:
            row = hosts.rows[host]
            views.append(
                HostStatus(
                    host=hosts.names[host],
                    state=HostState(row["state"]).name,
                    hard=bool(row["state"] == row["hard_state"]),
                    attempt=int(row["attempt"]),
                    since=int(row["since"]),
                    last_seen=int(row["seen"]),
                    summary=host_summary(hosts, host, now),
                    services={state.name: int(counts[host, state]) for state in ServiceState},
                )
            )
        return views

    def services(self, host: str) -> list[ServiceStatus]:
        """The services of a host, by name; none for a host that is not known."""
        number = self._cycle.hosts.id_of(host)
        if number is None:
            return []
        now = self._clock.now_ms()
        views = [_status(table, i, now) for table in self._cycle.tables.values() for i in table.of_host(number)]
        return sorted(views, key=lambda view: view.service)

    def totals(self) -> dict[str, int]:
        """How many services of the whole fleet are in each state, by its name."""
        totals = self._counts().sum(axis=0)
        return {state.name: int(totals[state]) for state in ServiceState}

    def _counts(self) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """Services by host id and state, int64 of shape (hosts, states)."""
        size = len(self._cycle.hosts)
        counts = np.zeros(size * len(ServiceState), np.int64)
        for table in self._cycle.tables.values():
            counts += np.bincount(table.host_ids * len(ServiceState) + table.rows["state"], minlength=len(counts))
        return counts.reshape(size, len(ServiceState))


def _status(table: ServiceTable, i: int, now: int) -> ServiceStatus:
    held, key = table.held(i), table.key(i)
    return ServiceStatus(
        host=key.host,
        service=table.name(i),
        check=key.check,
        labels=dict(key.item),
        state=ServiceState(held.state).name,
        hard=held.state == held.hard_state,
        attempt=held.attempt,
        value=held.value if math.isfinite(held.value) else None,
        unit=table.check.unit,
        levels=LevelsStatus(_pair(held.upper), _pair(held.lower)),
        summary=service_summary(table, i, now),
        since=held.since,
        last_check=held.last_check,
        stale=is_stale(table, i, now),
        graph=table.graph(i),
    )


def _pair(levels: tuple[float, ...]) -> tuple[float | None, float | None] | None:
    if not levels:
        return None
    warn, crit = (level if math.isfinite(level) else None for level in levels)
    return warn, crit
