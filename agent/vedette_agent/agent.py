"""The agent as a whole: sources, the page, the push; started together, changed by a reload, stopped in good order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio

from vedette_agent.board import SetupBoard
from vedette_agent.config import AgentConfig
from vedette_agent.expose.page import Pages
from vedette_agent.resources import Resources, release
from vedette_agent.self_metrics import push_families, source_families
from vedette_agent.setup import PAGE, Links, Setup, prepare
from vedette_agent.sources.framing import NewFrame, with_target
from vedette_agent.sources.interface import Collection
from vedette_agent.tasks import Tasks
from vedette_shared.clock import Clock
from vedette_shared.http import Limits, serve
from vedette_shared.metrics import MetricFamily

SETTLE_S = 5.0
PAGE_LIMITS = Limits(body=0, connections=64, idle_time=120.0)


class Agent:
    """Runs a configuration, and another one after ``reload``.

    Raises:
        VedetteError: what the first configuration needs cannot be had.
    """

    def __init__(self, config: AgentConfig, clock: Clock) -> None:
        self._clock = clock
        self._tasks: Tasks | None = None
        self._board = SetupBoard(lambda: self._setup, config.host_name)
        self._links = Links(self._publish, self._settle, self._own_families, Pages(self._board).answer)
        self._setup = Setup(config)
        self._setup = prepare(config, clock, self._setup, self._links)

    @property
    def config(self) -> AgentConfig:
        return self._setup.config

    @property
    def resources(self) -> Resources:
        return self._setup.resources

    async def run(self, stopping: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Collect, expose and push until ``stopping`` is set; then hand over what is live."""
        try:
            async with trio.open_nursery() as nursery:
                self._tasks = Tasks(nursery)
                await self._start(set())
                task_status.started()
                await stopping.wait()
                await self._tasks.stop(PAGE, *self._setup.runners)
                await self._hand_over()
                nursery.cancel_scope.cancel()
        finally:
            self.close()

    async def reload(self, config: AgentConfig) -> None:
        """Change over to ``config``: what it leaves the same runs on.

        Raises:
            VedetteError: it cannot be had; nothing has changed.
        """
        assert self._tasks is not None
        before, after = self._setup, prepare(config, self._clock, self._setup, self._links)
        kept = before.same_tasks(after)
        await self._tasks.stop(*(before.specs.keys() - kept))
        self._setup = after
        release(before.resources, after.resources)
        if after.resources.spool is not None:
            after.resources.spool.serve([*after.shells])
        await self._start(kept)

    def close(self) -> None:
        """Let go of the port and the spool."""
        self._setup.resources.close()

    async def collect_once(self) -> list[tuple[Collection, NewFrame]]:
        """Collect every source now, without running; return the frames, each with the collection that it is of."""
        collected: list[tuple[Collection, NewFrame]] = []
        for name, runner in self._setup.runners.items():
            collection = await runner.collect()
            collected += [(collection, frame) for frame in self._setup.framings[name].frames_of(collection)]
        return collected

    async def collect_page(self) -> list[MetricFamily]:
        """Collect every source now, without running; return what a page shows."""
        collected = [(runner.source, await runner.collect()) for runner in self._setup.runners.values()]
        return [family for source, collection in collected for family in with_target(collection.families, source)]

    def _publish(self, name: str, collection: Collection) -> None:
        setup = self._setup
        if setup.resources.spool is None or name not in setup.framings:
            return
        *timed, last = setup.framings[name].frames_of(collection)
        spool = setup.resources.spool
        for stored in (*map(spool.append, timed), spool.append(last, collection.events)):
            for shell in setup.shells.values():
                shell.offer(stored)

    async def _settle(self) -> None:
        """Force events to the disk. One that hangs holds up the source that told them for a while, and nothing else."""
        spool = self._setup.resources.spool
        if spool is not None:
            with trio.move_on_after(SETTLE_S):
                await trio.to_thread.run_sync(spool.prepare_sync(), abandon_on_cancel=True)

    async def _start(self, running: set[str]) -> None:
        """Start what is not ``running`` yet."""
        assert self._tasks is not None
        setup = self._setup
        push = setup.config.push
        tasks: dict[str, Callable[..., Awaitable[None]]] = {}
        for name, shell in setup.shells.items():
            assert push is not None
            tasks[name] = partial(shell.run, push.start_jitter.seconds)
        if setup.resources.listener is not None:
            tasks[PAGE] = self._serve_pages
        for name, runner in setup.runners.items():
            # Without a push nobody needs the ticks: a page has what it shows collected when it is asked for.
            tasks[name] = partial(runner.run, ticking=push is not None)
        for name, run in tasks.items():
            if name not in running:
                await self._tasks.start(name, run)

    async def _serve_pages(self, *, task_status: trio.TaskStatus[None]) -> None:
        setup = self._setup
        assert setup.resources.listener is not None
        assert setup.handler is not None
        # A duplicate, as the server closes its listeners and the next configuration may need this one.
        listener = setup.resources.listener.dup()
        listener.setblocking(False)
        await serve(setup.handler, [listener], PAGE_LIMITS, tls=setup.tls, task_status=task_status)

    async def _hand_over(self) -> None:
        """Let what is under way arrive, within the time for it; the spool has the rest."""
        push = self._setup.config.push
        if push is None:
            return
        with trio.move_on_after(push.flush_time.seconds):
            async with trio.open_nursery() as nursery:
                for shell in self._setup.shells.values():
                    nursery.start_soon(shell.settle)

    def _own_families(self) -> list[MetricFamily]:
        families = source_families(self._board.sources())
        spool = self._setup.resources.spool
        if spool is not None:
            families += push_families(spool, [shell.pusher for shell in self._setup.shells.values()])
        return families
