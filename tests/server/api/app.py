"""The whole API over a store in memory, with clients that talk to it in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import trio
from starlette.types import ASGIApp

from tests.server.promql.memory import MemoryQuerier
from vedette_server.api.admin import AdminEndpoints
from vedette_server.api.app import Endpoints, build_app
from vedette_server.api.events import EventEndpoints
from vedette_server.api.federate import Federation
from vedette_server.api.fleet import FleetEndpoints, NotificationTotals
from vedette_server.api.own_metrics import OwnMetrics
from vedette_server.api.queries import Queries
from vedette_server.api.remote import RemoteRead
from vedette_server.api.running import Running
from vedette_server.api.series import SeriesEndpoints
from vedette_server.api.serve import serve_api
from vedette_server.api.status import ConfigurationStatus, StatusEndpoints
from vedette_server.api.targets import TargetEndpoints
from vedette_server.api.tsdb import TsdbEndpoints
from vedette_server.checks import Fleet
from vedette_server.promql import Engine, EngineLimits
from vedette_server.scrape import TargetStatus
from vedette_server.state import EventQuery, FleetEvent
from vedette_server.storage import BlockStatistics, Statistics
from vedette_server.storage.interface import Matcher, Querier
from vedette_shared.addresses import Address
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Metadata
from vedette_shared.labels import make_labels
from vedette_shared.listening import bound_address, listen_on

NOW_MS = 100_000
NO_LIMITS = EngineLimits()


def two_hosts() -> MemoryQuerier:
    """``x_total`` of the hosts a and b every 10 s since 0: the time in seconds, and twice that."""
    querier = MemoryQuerier()
    for host, slope in (("a", 1.0), ("b", 2.0)):
        labels = make_labels({"__name__": "x_total", "host": host})
        querier.add(labels, [(at, slope * at / 1000) for at in range(0, NOW_MS + 1, 10_000)])
    return querier


async def _no_events(query: EventQuery) -> list[FleetEvent]:
    return []


async def _no_event() -> int:
    return 0


@dataclass
class FakeStore:
    """What the API asks of a store beside its querier; remembers what it was told."""

    deleted: list[tuple[Sequence[Matcher], int, int]] = field(default_factory=list)
    cleaned: int = 0
    snapshots: int = 0

    async def delete(self, matchers: Sequence[Matcher], start: int, end: int) -> None:
        self.deleted.append((tuple(matchers), start, end))

    async def clean(self) -> None:
        self.cleaned += 1

    def snapshot(self) -> str:
        self.snapshots += 1
        return f"snapshot-{self.snapshots}"


@dataclass
class Rig:
    """An API to test."""

    querier: Querier = field(default_factory=two_hosts)
    limits: EngineLimits = NO_LIMITS
    running: Running = field(default_factory=lambda: Running(trio.CapacityLimiter(2), timeout_ms=10_000, slow_ms=0))
    store: FakeStore = field(default_factory=FakeStore)
    admin: bool = True
    origins: Collection[str] = ()
    targets: Sequence[TargetStatus] = ()
    metadata: Mapping[str, Metadata] = field(default_factory=dict)
    wrong_configuration: str = ""
    blocks: Sequence[BlockStatistics] = ()
    find_events: Callable[[EventQuery], Awaitable[list[FleetEvent]]] = field(default=_no_events)
    last_event: Callable[[], Awaitable[int]] = field(default=_no_event)

    def app(self) -> ASGIApp:
        clock, engine = ManualClock(NOW_MS), Engine(self.limits)
        return build_app(
            Endpoints(
                Queries(engine, self.querier, clock, self.running),
                SeriesEndpoints(self.querier, self.running),
                TargetEndpoints(lambda: self.targets, lambda: self.metadata, self.querier, self.running, clock),
                StatusEndpoints(clock, ConfigurationStatus("", NOW_MS), {"a": "b"}, 3_600_000, Statistics),
                TsdbEndpoints(self.querier, lambda: self.blocks, self.running, clock),
                AdminEndpoints(self.store, self.admin, self.store.snapshot, lambda: self.wrong_configuration),
                Federation(self.querier, self.running, clock, engine.options.lookback, self.limits.samples),
                RemoteRead(self.querier, self.running, max_samples=20),
                FleetEndpoints(
                    _no_fleet,
                    engine,
                    self.querier,
                    clock,
                    self.running.limiter,
                    lambda: 0,
                    lambda: NotificationTotals(0, 0),
                ),
                EventEndpoints(self.find_events, self.last_event, clock),
                OwnMetrics(self.running.metrics),
            ),
            self.running.refusals,
            self.origins,
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the application, in this process."""
        transport = httpx.ASGITransport(self.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            yield client


def _no_fleet() -> Fleet:
    raise NotImplementedError


@asynccontextmanager
async def served(app: ASGIApp, *, stalled_ms: int = 60_000) -> AsyncIterator[Address]:
    """Serve ``app`` on a port of loopback, as the server does."""
    listener = listen_on(Address("127.0.0.1", 0))
    address = bound_address(listener)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve_api, app, listener, stalled_ms=stalled_ms))
        yield address
        nursery.cancel_scope.cancel()
