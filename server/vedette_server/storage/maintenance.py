"""The work that goes on behind: cutting blocks, merging, retention."""

from __future__ import annotations

import trio

from vedette_server.storage.appender import StoreAppender
from vedette_server.storage.cutting import Cutter
from vedette_server.storage.options import StorageOptions
from vedette_server.storage.state import State
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)

RETRY_S = 5.0


class Maintenance:
    """Does one thing after the other, in a worker thread."""

    def __init__(self, state: State, appender: StoreAppender, cutter: Cutter, options: StorageOptions) -> None:
        self._state = state
        self._appender = appender
        self._cutter = cutter
        self._options = options
        self._limiter = trio.CapacityLimiter(1)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            with trio.move_on_after(self._options.maintenance_ms / 1000):
                await self._state.work.wait()
            self._state.work = trio.Event()
            await self._appender.roll_if_due()
            while self._state.sealed and await self.cut_next():
                pass
            if self._state.sealed:
                await trio.sleep(RETRY_S)
                self._state.work.set()

    async def cut_next(self) -> bool:
        """Turn the oldest sealed head into a block; tell whether it went well."""
        state = self._state
        sealed = state.sealed[0]
        try:
            block = await trio.to_thread.run_sync(self._cutter.cut, sealed, limiter=self._limiter)
        except OSError as error:
            state.cut_error = error
            state.failures += 1
            _logger.error("a block cannot be written; it will be tried again", error=error)
        else:
            state.cut_error = None
            state.cuts += 1
            contents = state.contents if block is None else state.contents.with_blocks([block])
            state.contents = contents.without_head(sealed.head)
            state.sealed.popleft()
        done, state.cut_done = state.cut_done, trio.Event()
        done.set()
        return state.cut_error is None
