"""The server's process: opens what it needs, starts its parts in order, stops them in reverse."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import trio

from vedette_server.api.serve import serve_api
from vedette_server.ingest.listener import serve_ingest
from vedette_server.main.compiling import compile_in_background
from vedette_server.main.config import Configuration
from vedette_server.main.parts import Parts
from vedette_server.state import FILE_NAME as STATE
from vedette_server.state import StateStore, open_state, prune_regularly
from vedette_server.storage import Store
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.errors import VedetteError
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.logs import get_logger
from vedette_shared.systemd import notify

_log = get_logger(__name__)

_COLLECT_EVERY = 20_000
"""Objects; most of ours are freed without the collector, which need not look often."""


class Server:
    """One server, in its data folder and on its ports."""

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
        config = self._configuration.server
        gc.set_threshold(_COLLECT_EVERY, 20, 20)
        try:
            with ExitStack() as stack:
                api = stack.enter_context(listen_on(config.api.listen))
                ingest = stack.enter_context(listen_on(config.ingest.listen))
                async with self._open_store() as store, open_state(config.data / STATE) as state:
                    await self._serve(store, state, api, ingest)
        except* VedetteError as group:
            raise _first(group) from None

    @asynccontextmanager
    async def _open_store(self) -> AsyncIterator[Store]:
        config = self._configuration.server
        options = config.storage.options()
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
        parts = Parts(self._configuration, self._file, store, state, self._clock)
        addresses = {"api": bound_address(api), "ingest": bound_address(ingest)}
        config = self._configuration.server
        async with trio.open_nursery() as nursery:
            nursery.start_soon(compile_in_background)
            nursery.start_soon(prune_regularly, state, config.state, config.events, self._clock)
            await nursery.start(parts.telling.run)
            await nursery.start(parts.checking.run)
            await nursery.start(serve_ingest, parts.receiver, [ingest])
            await nursery.start(parts.scraper.run)
            await nursery.start(serve_api, parts.app(), api)
            gc.collect()
            gc.freeze()  # What is there now stays for good.
            _log.info("ready", **addresses, data=config.data)
            notify("READY=1")
            await _obey_signals(parts)
            notify("STOPPING=1")
            _log.info("stopping")
            nursery.cancel_scope.cancel()


async def _obey_signals(parts: Parts) -> None:
    """Reload at each SIGHUP; return at SIGTERM or SIGINT."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for number in signals:
            if number != signal.SIGHUP:
                return
            notify("RELOADING=1")
            parts.reload()
            notify("READY=1")


def _first(group: BaseExceptionGroup[VedetteError]) -> VedetteError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, VedetteError)
    return error
