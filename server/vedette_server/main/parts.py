"""The server's parts, made and wired together; nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import trio
from starlette.types import ASGIApp

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
from vedette_server.api.status import ConfigurationStatus, StatusEndpoints
from vedette_server.api.targets import TargetEndpoints
from vedette_server.api.tsdb import TsdbEndpoints
from vedette_server.checks import fleet_families, query_of
from vedette_server.ingest import IngestLimits, Receiver
from vedette_server.ingest.metrics import ingest_families
from vedette_server.main.checking import Checking
from vedette_server.main.config import Configuration, load_configuration
from vedette_server.main.own_metrics import storage_families
from vedette_server.main.snapshots import take_snapshot
from vedette_server.main.telling import Telling
from vedette_server.notify import delivery_families
from vedette_server.promql import Engine, EngineLimits
from vedette_server.scrape import Scraper
from vedette_server.state import StateStore
from vedette_server.storage import Store
from vedette_shared.clock import Clock
from vedette_shared.errors import ConfigError
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily

_log = get_logger(__name__)


class Parts:
    """Everything between the store and the ports."""

    def __init__(
        self, configuration: Configuration, file: Path | None, store: Store, state: StateStore, clock: Clock
    ) -> None:
        config = configuration.server
        self._config = config
        self._file = file
        self._store = store
        self._state = state
        self._clock = clock
        self._engine = Engine(EngineLimits(samples=config.query.max_samples))
        limiter = trio.CapacityLimiter(config.query.concurrency)
        self._running = Running(limiter, config.query.timeout, config.query.slow)
        self._status = ConfigurationStatus(_text_of(file), clock.now_ms())
        self.receiver = Receiver(store.appender, IngestLimits(message_bytes=config.ingest.max_message), state, clock)
        self.scraper = Scraper(config.scrape, store.appender, clock)
        self.telling = Telling(config, state, clock)
        query = query_of(self._engine, store.querier)
        self.checking = Checking(configuration.checks, query, state, self.telling.publish, clock)

    def app(self) -> ASGIApp:
        """The API over these parts."""
        querier, clock, limiter = self._store.querier, self._clock, self._running.limiter
        config = self._config
        flags = {
            "storage.path": str(config.data / "storage"),
            "query.timeout": f"{config.query.timeout.seconds:g}s",
            "query.concurrency": str(config.query.concurrency),
            "query.max-samples": str(config.query.max_samples),
            "query.lookback-delta": f"{self._engine.options.lookback // 1000}s",
        }
        return build_app(
            Endpoints(
                Queries(self._engine, querier, clock, self._running),
                SeriesEndpoints(querier, self._running),
                TargetEndpoints(self.scraper.targets, self._store.metadata, querier, self._running, clock),
                StatusEndpoints(clock, self._status, flags, config.storage.retention, self._store.statistics),
                TsdbEndpoints(querier, self._store.blocks, self._running, clock),
                AdminEndpoints(self._store, config.api.admin, partial(take_snapshot, config.data), self.reload),
                Federation(querier, self._running, clock, self._engine.options.lookback, self._engine.limits.samples),
                RemoteRead(querier, self._running),
                FleetEndpoints(
                    lambda: self.checking.fleet, self._engine, querier, clock, limiter, self._samples, self._notified
                ),
                EventEndpoints(self._state.fleet_events, self._state.last_event, clock),
                OwnMetrics(self._families),
            ),
            self._running.refusals,
            config.api.origins,
        )

    def reload(self) -> str:
        """Take the configuration anew, all of it or nothing; data, ports and storage need a restart.

        Returns:
            What is wrong with it; empty when it was taken.
        """
        try:
            fresh = load_configuration(self._file)
            self.scraper.replace(fresh.server.scrape)
        except ConfigError as error:
            self._status.reloaded = False
            _log.error("the configuration was not reloaded; the old one stays in force", error=error)
            return str(error)
        self.telling.replace(fresh.server)
        self.checking.replace(fresh.checks)
        self._status.text, self._status.read_ms = _text_of(self._file), self._clock.now_ms()
        self._status.reloaded = True
        _log.info("configuration reloaded")
        return ""

    def _samples(self) -> int:
        statistics = self._store.statistics()
        return statistics.head_samples + statistics.block_samples

    def _notified(self) -> NotificationTotals:
        totals = self.telling.totals()
        return NotificationTotals(totals.delivered, totals.pending)

    def _families(self) -> Iterable[MetricFamily]:
        yield from storage_families(self._store.statistics())
        yield from ingest_families(self.receiver.counters)
        yield from self.scraper.metrics()
        yield from self._running.metrics()
        yield from fleet_families(self.checking.fleet)
        yield from delivery_families(self.telling.totals())


def _text_of(file: Path | None) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file is not None else ""
