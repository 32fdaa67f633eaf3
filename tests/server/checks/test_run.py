"""The checks run on time, over a real engine and an ordinary host's series, and outlive what fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from tests.server.promql.memory import MemoryQuerier
from vedette_server.checks import CheckCycle, Findings, Fleet, QueryResult, load_checks, query_of, run_checks
from vedette_server.promql import Engine, Expr, PromQLError, parse
from vedette_server.state import Batch, open_state
from vedette_shared.labels import make_labels

START = 1_700_000_000_000
HOST = {"host": "h1", "instance": "h1:9472", "job": "node"}

ORDINARY: dict[str, list[tuple[dict[str, str], float, float]]] = {
    "up": [({}, 1, 0)],
    "node_filesystem_size_bytes": [({"mountpoint": "/", "fstype": "ext4", "device": "/dev/vda"}, 100e9, 0)],
    "node_filesystem_free_bytes": [({"mountpoint": "/", "fstype": "ext4", "device": "/dev/vda"}, 60e9, 0)],
    "node_filesystem_avail_bytes": [({"mountpoint": "/", "fstype": "ext4", "device": "/dev/vda"}, 50e9, 0)],
    "node_filesystem_files": [({"mountpoint": "/", "fstype": "ext4", "device": "/dev/vda"}, 1e6, 0)],
    "node_filesystem_files_free": [({"mountpoint": "/", "fstype": "ext4", "device": "/dev/vda"}, 9e5, 0)],
    "node_load15": [({}, 6, 0)],
    "node_cpu_seconds_total": [
        ({"cpu": cpu, "mode": mode}, 0, rate) for cpu in ("0", "1") for mode, rate in (("idle", 0.25), ("user", 0.75))
    ],
    "node_memory_MemTotal_bytes": [({}, 8e9, 0)],
    "node_memory_MemAvailable_bytes": [({}, 2e9, 0)],
    "node_memory_SwapTotal_bytes": [({}, 0, 0)],
    "node_memory_SwapFree_bytes": [({}, 0, 0)],
    "node_network_receive_errs_total": [({"device": "eth0"}, 0, 0.5), ({"device": "lo"}, 0, 9)],
    "node_network_transmit_errs_total": [({"device": "eth0"}, 0, 0), ({"device": "lo"}, 0, 9)],
    "node_disk_io_time_seconds_total": [({"device": "vda"}, 0, 0.9), ({"device": "loop0"}, 0, 0.1)],
    "node_boot_time_seconds": [({}, START / 1000 - 90_000, 0)],
    "node_timex_maxerror_seconds": [({}, 16, 0)],
    "vedette_agent_source_up": [({"source": "node"}, 1, 0), ({"source": "ipmi"}, 0, 0)],
}
"""Metric to (labels, value, growth a second)."""


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries run at once: trio's test clock does not wait for threads."""

    async def inline(call: Callable[..., Any], *arguments: object, **options: object) -> Any:
        await trio.lowlevel.checkpoint()
        return call(*arguments)

    monkeypatch.setattr(trio.to_thread, "run_sync", inline)


class TrioClock:
    """Follows trio's clock, which tests move."""

    def __init__(self) -> None:
        self._begin = trio.current_time()

    def monotonic(self) -> float:
        return trio.current_time()

    def now_ms(self) -> int:
        return START + round((trio.current_time() - self._begin) * 1000)


def report(store: MemoryQuerier, seconds: int) -> None:
    """Let the host report what it has ``seconds`` after the start."""
    for name, series in ORDINARY.items():
        for labels, value, growth in series:
            at = START + seconds * 1000
            store.add(make_labels(__name__=name, **HOST, **labels), [(at, value + growth * seconds)])


async def test_the_shipped_checks_on_an_ordinary_host(autojump_clock: trio.testing.MockClock) -> None:
    """A loaded host is OK; what is wrong with it shows, and its services are there within seconds."""
    store, clock = MemoryQuerier(), TrioClock()
    cycle = CheckCycle(load_checks([], parse), parse, clock.now_ms())
    fleet = Fleet(cycle, clock)
    published: list[Findings] = []

    async def publish(findings: Findings) -> None:
        published.append(findings)

    async with trio.open_nursery() as nursery:
        await nursery.start(run_checks, cycle, query_of(Engine(), store), publish, clock)
        await trio.sleep(7)
        for seconds in (7, 8):
            report(store, seconds)
            await trio.sleep(1)
        await trio.sleep(4)
        seen = {service.service: (service.state, service.summary) for service in fleet.services("h1")}
        nursery.cancel_scope.cancel()

    assert seen == {
        "Agent sources": ("WARN", "1 failed (warn/crit at 1/never)"),
        "CPU load": ("OK", "3 per core over 15 minutes"),
        "CPU utilization": ("OK", "75 % busy"),
        "Clock": ("WARN", "off by 16 s at most (warn/crit at 1 s/never)"),
        "Disk vda utilization": ("OK", "0.6 % busy"),
        "Filesystem /": ("OK", "44.4 % used"),
        "Inodes /": ("OK", "10 % used"),
        "Interface eth0 errors": ("OK", "0.00333/s"),
        "Memory": ("OK", "75 % used"),
        "Uptime": ("OK", "up for 1d1h"),
    }
    assert sorted(alert.service for findings in published for alert in findings.alerts) == [
        "Agent sources",
        "Clock",
    ]


async def test_a_host_that_stops_reporting(autojump_clock: trio.testing.MockClock) -> None:
    """It goes DOWN after a minute; its services go stale and nobody is told of them."""
    store, clock = MemoryQuerier(), TrioClock()
    cycle = CheckCycle(load_checks([], parse), parse, clock.now_ms())
    fleet = Fleet(cycle, clock)
    alerts = []

    async def publish(findings: Findings) -> None:
        alerts.extend((alert.host, alert.service, alert.state) for alert in findings.alerts if alert.kind == "host")

    for seconds in range(0, 601, 15):
        report(store, seconds)
    async with trio.open_nursery() as nursery:
        await nursery.start(run_checks, cycle, query_of(Engine(), store), publish, clock)
        await trio.sleep(600)
        assert not any(service.stale for service in fleet.services("h1"))
        before = [(service.service, service.state) for service in fleet.services("h1")]
        await trio.sleep(300)
        assert [(service.service, service.state) for service in fleet.services("h1")] == before
        assert all(service.stale for service in fleet.services("h1"))
        nursery.cancel_scope.cancel()
    assert alerts == [("h1", "", "DOWN")]


async def test_a_query_that_fails_harms_no_other(autojump_clock: trio.testing.MockClock) -> None:
    store, clock = MemoryQuerier(), TrioClock()
    cycle = CheckCycle(load_checks([], parse), parse, clock.now_ms())
    for seconds in range(0, 301, 15):
        report(store, seconds)
    answer = query_of(Engine(), store)

    def moody(query: Expr, time_ms: int, deadline: float) -> QueryResult:
        if query == cycle.queries["memory"]:
            raise PromQLError("too many samples")
        return answer(query, time_ms, deadline)

    async def publish(findings: Findings) -> None:
        pass

    async with trio.open_nursery() as nursery:
        await nursery.start(run_checks, cycle, moody, publish, clock)
        await trio.sleep(300)
        services = {service.service for service in Fleet(cycle, clock).services("h1")}
        nursery.cancel_scope.cancel()
    assert "Memory" not in services
    assert "CPU load" in services


async def test_what_is_written_restores_the_same_fleet(tmp_path: Path) -> None:
    """States, attempts and what was told survive a restart by way of the database."""
    clock, store = TrioClock(), MemoryQuerier()
    for seconds in (0, 15):
        report(store, seconds)
    config, engine = load_checks([], parse), Engine()
    async with open_state(tmp_path / "state.sqlite") as state:
        first = CheckCycle(config, parse, START)
        await state.apply(first.see_hosts(engine.instant(store, first.seen, START + 15_000), START + 15_000).batch)
        for name, query in first.queries.items():
            findings = first.evaluate(name, engine.instant(store, query, START + 15_000), START + 15_000)
            await state.apply(findings.batch)
        second = CheckCycle(config, parse, START)
        assert second.restore(await state.hosts(), await state.services()).batch == Batch()
    assert Fleet(second, clock).services("h1") == Fleet(first, clock).services("h1")
    assert Fleet(second, clock).hosts() == Fleet(first, clock).hosts()
