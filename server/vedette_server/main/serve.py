"""The server's process: opens what it needs, starts its parts in order, stops them in reverse."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import trio
from starlette.applications import Starlette

from vedette_server.api.app import build_app
from vedette_server.api.fleet import FleetEndpoints, NotificationTotals, StoredTotals
from vedette_server.api.own_metrics import OwnMetrics
from vedette_server.api.queries import Queries
from vedette_server.api.running import Running
from vedette_server.api.series import SeriesEndpoints
from vedette_server.api.serve import serve_api
from vedette_server.checks import query_of
from vedette_server.ingest import IngestLimits, Receiver
from vedette_server.ingest.listener import IngestHandler
from vedette_server.ingest.metrics import ingest_families
from vedette_server.main.checking import Checking
from vedette_server.main.config import Configuration, load_configuration
from vedette_server.main.own_metrics import storage_families
from vedette_server.main.telling import Telling
from vedette_server.promql import Engine, EngineLimits
from vedette_server.promql.warm import warm_up
from vedette_server.scrape import Scraper
from vedette_server.state import StateStore, open_state, prune_regularly
from vedette_server.storage import StorageOptions, Store
from vedette_shared import http
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.errors import ConfigError, VedetteError
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily
from vedette_shared.systemd import notify

_log = get_logger(__name__)


class Server:
    """All parts of the server, wired together."""

    def __init__(self, configuration: Configuration, file: Path | None, clock: Clock | None = None) -> None:
        self._configuration = configuration
        self._file = file
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ListenError: a port is taken.
            StorageError, StateError: the data folder cannot be used.
        """
        try:
            with ExitStack() as stack:
                config = self._configuration.server
                api = stack.enter_context(listen_on(config.api.listen))
                ingest = stack.enter_context(listen_on(config.ingest.listen))
                async with self._open_store() as store, open_state(config.data / "state.sqlite") as state:
                    await self._serve(store, state, api, ingest)
        except* VedetteError as group:
            raise _first(group) from None

    @asynccontextmanager
    async def _open_store(self) -> AsyncIterator[Store]:
        config = self._configuration.server
        options = StorageOptions(retention_ms=config.storage.retention, retention_bytes=config.storage.retention_size)
        store = await trio.to_thread.run_sync(Store.open, config.data / "storage", options, self._clock)
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(store.run)
                yield store
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(store.close)

    async def _serve(self, store: Store, state: StateStore, api: socket.socket, ingest: socket.socket) -> None:
        config, clock = self._configuration.server, self._clock
        engine = Engine(EngineLimits(samples=config.query.max_samples))
        receiver = Receiver(store.appender, IngestLimits(message_bytes=config.ingest.max_message))
        scraper = Scraper(config.scrape, store.appender, clock)
        telling = Telling(config, state, clock)
        checking = Checking(self._configuration.checks, query_of(engine, store.querier), state, telling.publish, clock)
        app = self._app(store, engine, receiver, scraper, telling, checking)
        addresses = {"api": bound_address(api), "ingest": bound_address(ingest)}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_warm_up)
            nursery.start_soon(prune_regularly, state, config.state, clock)
            await nursery.start(telling.run)
            await nursery.start(checking.run)
            await nursery.start(http.serve, IngestHandler(receiver), [ingest])
            await nursery.start(scraper.run)
            await nursery.start(serve_api, app, api)
            _log.info("ready", **addresses, data=config.data)
            notify("READY=1")
            await self._obey_signals(checking, telling, scraper)
            notify("STOPPING=1")
            _log.info("stopping")
            nursery.cancel_scope.cancel()

    def _app(
        self,
        store: Store,
        engine: Engine,
        receiver: Receiver,
        scraper: Scraper,
        telling: Telling,
        checking: Checking,
    ) -> Starlette:
        clock = self._clock
        config = self._configuration.server.query
        limiter = trio.CapacityLimiter(config.concurrency)
        running = Running(limiter, config.timeout, config.slow)

        def stored() -> StoredTotals:
            statistics = store.statistics()
            return StoredTotals(statistics.head_series, statistics.head_samples + statistics.block_samples)

        def notified() -> NotificationTotals:
            totals = telling.totals()
            return NotificationTotals(totals.delivered, totals.pending)

        def families() -> Iterable[MetricFamily]:
            yield from storage_families(store.statistics())
            yield from ingest_families(receiver.counters)
            yield from scraper.metrics()
            yield from running.metrics()

        return build_app(
            Queries(engine, store.querier, clock, running),
            SeriesEndpoints(store.querier, clock, limiter),
            FleetEndpoints(lambda: checking.fleet, engine, store.querier, clock, limiter, stored, notified),
            OwnMetrics(families),
        )

    async def _obey_signals(self, checking: Checking, telling: Telling, scraper: Scraper) -> None:
        """Reload at each SIGHUP; return at SIGTERM or SIGINT."""
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async for number in signals:
                if number != signal.SIGHUP:
                    return
                notify("RELOADING=1")
                self._reload(checking, telling, scraper)
                notify("READY=1")

    def _reload(self, checking: Checking, telling: Telling, scraper: Scraper) -> None:
        """Take the configuration anew, all of it or nothing; data, ports and storage need a restart."""
        try:
            fresh = load_configuration(self._file)
            scraper.replace(fresh.server.scrape)
        except ConfigError as error:
            _log.error("the configuration was not reloaded; the old one stays in force", error=error)
            return
        telling.replace(fresh.server)
        checking.replace(fresh.checks)
        _log.info("configuration reloaded")


async def _warm_up() -> None:
    await trio.to_thread.run_sync(warm_up, abandon_on_cancel=True)


def _first(group: BaseExceptionGroup[VedetteError]) -> VedetteError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, VedetteError)
    return error
