"""The agent as a service: signals, reload, the service manager."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator, Callable

import trio

from vedette_agent.agent import Agent
from vedette_agent.config import AgentConfig
from vedette_agent.resources import acquire, release
from vedette_shared import __version__
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.errors import VedetteError
from vedette_shared.listening import bound_address
from vedette_shared.logs import configure_logs, get_logger
from vedette_shared.systemd import notify

_log = get_logger(__name__)

LoadConfig = Callable[[], AgentConfig]


async def serve_agent(load: LoadConfig) -> None:
    """Run the agent until SIGTERM or SIGINT; SIGHUP loads the configuration anew, all or nothing.

    Raises:
        VedetteError: the first configuration cannot be taken, or what it needs cannot be had.
    """
    clock = SystemClock()
    config = load()
    configure_logs(config.log_level)
    resources = acquire(config, clock)
    try:
        agent: Agent | None = Agent(config, clock, resources)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            while agent is not None:
                resources = agent.resources
                agent = await _run_until_replaced(agent, signals, load, clock)
                if agent is not None:
                    release(resources, agent.resources)
                    if agent.resources.spool is not None and agent.config.push is not None:
                        agent.resources.spool.serve([agent.config.push.url])
        _log.info("stopped")
    finally:
        resources.close()


async def _run_until_replaced(
    agent: Agent, signals: AsyncIterator[int], load: LoadConfig, clock: Clock
) -> Agent | None:
    """Run ``agent``; return the one that takes its place, or ``None`` at the end."""
    stopping = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(agent.run, stopping)
        _announce(agent)
        following = await _next_agent(agent, signals, load, clock)
        if following is None:
            notify("STOPPING=1")
        stopping.set()
    return following


async def _next_agent(agent: Agent, signals: AsyncIterator[int], load: LoadConfig, clock: Clock) -> Agent | None:
    async for number in signals:
        if number != signal.SIGHUP:
            break
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            config = load()
            following = Agent(config, clock, acquire(config, clock, agent.resources, agent.config))
        except VedetteError as error:
            _log.error("reload failed; the old configuration goes on", error=error)
            notify("READY=1")
            continue
        configure_logs(config.log_level)
        _log.info("configuration reloaded")
        return following
    return None


def _announce(agent: Agent) -> None:
    listener = agent.resources.listener
    _log.info(
        "running",
        version=__version__,
        host=agent.config.host_name,
        page=f"http://{bound_address(listener)}/metrics" if listener is not None else "none",
        push=agent.config.push.url if agent.config.push is not None else "none",
    )
    notify("READY=1")
