"""Background tasks by name, so that a reload stops the ones that have changed and lets the others run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio


class Tasks:
    """Tasks in ``nursery``, each with a name of its own."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._running: dict[str, tuple[trio.CancelScope, trio.Event]] = {}

    async def start(self, name: str, run: Callable[..., Awaitable[Any]]) -> None:
        """Start ``run(task_status=…)`` and wait until it says that it has started."""
        scope, ended = trio.CancelScope(), trio.Event()
        self._running[name] = (scope, ended)

        async def guarded(*, task_status: trio.TaskStatus[Any]) -> None:
            try:
                with scope:
                    await run(task_status=task_status)
            finally:
                ended.set()

        await self._nursery.start(guarded)

    async def stop(self, *names: str) -> None:
        """Cancel tasks and wait until they have ended; what does not run is no matter."""
        stopped = [self._running.pop(name) for name in names if name in self._running]
        for scope, _ in stopped:
            scope.cancel()
        for _, ended in stopped:
            await ended.wait()

    @property
    def names(self) -> set[str]:
        return set(self._running)
