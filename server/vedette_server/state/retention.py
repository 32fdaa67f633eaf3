"""Old history goes."""

from __future__ import annotations

import trio

from vedette_server.state.config import EventsConfig, StateConfig
from vedette_server.state.errors import StateError
from vedette_server.state.store import StateStore
from vedette_shared.clock import Clock
from vedette_shared.logs import get_logger

_log = get_logger(__name__)
_EVERY_S = 3600.0


async def prune_regularly(
    store: StateStore,
    config: StateConfig,
    events: EventsConfig,
    clock: Clock,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Delete what is older than the configuration keeps, at once and then every hour, until cancelled."""
    task_status.started()
    while True:
        try:
            if rows := await store.prune(clock.now_ms() - config.history):
                _log.info("old history deleted", rows=rows)
            if rows := await store.prune_events(clock.now_ms() - events.keep, events.most):
                _log.info("old events deleted", rows=rows)
        except StateError as error:
            _log.error("old history could not be deleted", error=error)
        await trio.sleep(_EVERY_S)
