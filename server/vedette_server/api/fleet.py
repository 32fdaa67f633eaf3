"""Vedette's own API: the fleet's hosts and services, for the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import ApiError
from vedette_server.checks import Fleet, HostStatus
from vedette_server.promql import Engine
from vedette_server.storage.interface import Matcher, MatchOp, Querier
from vedette_shared.clock import Clock
from vedette_shared.labels import METRIC_NAME

HOST_VALUES = {
    "load1": "max by (host) (node_load1)",
    "memory_used_percent": "max by (host) (100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes))",
}
"""What the fleet table shows of each host beside its states, as queries by host."""


class NotificationTotals(msgspec.Struct, frozen=True):
    """How many notifications were accepted, and how many wait to be."""

    sent: int
    pending: int


@dataclass(frozen=True, slots=True)
class FleetEndpoints:
    """Serves the fleet as the checks hold it."""

    fleet: Callable[[], Fleet]
    engine: Engine
    querier: Querier
    clock: Clock
    limiter: trio.CapacityLimiter
    samples: Callable[[], int]
    notified: Callable[[], NotificationTotals]

    async def summary(self, request: Request) -> Response:  # noqa: ARG002
        """Everything in one object: hosts, series, samples, services by state, notifications."""
        fleet = self.fleet()
        series = await trio.to_thread.run_sync(self._count_series, limiter=self.limiter)
        return success(
            {
                "hosts": [host.host for host in fleet.hosts()],
                "series": series,
                "samples": self.samples(),
                "services": fleet.totals(),
                "notifications": self.notified(),
            }
        )

    async def hosts(self, request: Request) -> Response:  # noqa: ARG002
        """Every host with its state, its services by state and a few of its values."""
        now = self.clock.now_ms()
        values = await trio.to_thread.run_sync(self._host_values, now, limiter=self.limiter)
        hosts = [_host_row(host, values) for host in self.fleet().hosts()]
        return success({"time": now, "hosts": hosts})

    async def services(self, request: Request) -> Response:
        """The services of one host."""
        host, fleet = request.path_params["host"], self.fleet()
        services = fleet.services(host)
        if not services and host not in {status.host for status in fleet.hosts()}:
            raise ApiError("not_found", f"no host {host!r} is known here")
        return success({"time": self.clock.now_ms(), "services": services})

    def _count_series(self) -> int:
        """The series that have had a sample within the lookback."""
        now = self.clock.now_ms()
        everything = Matcher(METRIC_NAME, MatchOp.NOT_EQUAL, "")
        return len(self.querier.series([everything], now - self.engine.options.lookback, now))

    def _host_values(self, now: int) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for name, query in HOST_VALUES.items():
            result = self.engine.instant(self.querier, query, now)
            codes, hosts = result.labels.column("host")
            found[name] = dict(zip([hosts[code] for code in codes], result.values[:, 0].tolist(), strict=True))
        return found


def _host_row(host: HostStatus, values: dict[str, dict[str, float]]) -> dict[str, object]:
    row: dict[str, object] = msgspec.to_builtins(host)
    return row | {name: values[name].get(host.host) for name in HOST_VALUES}
