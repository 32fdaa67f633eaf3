"""The agent as a service: signals, reload, the service manager."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable

import trio

from vedette_agent.agent import Agent
from vedette_agent.applications import Applications
from vedette_agent.apps.follow import make_finder
from vedette_agent.config import AgentConfig
from vedette_shared import __version__
from vedette_shared.clock import SystemClock
from vedette_shared.errors import VedetteError
from vedette_shared.listening import bound_address
from vedette_shared.logs import configure_logs, get_logger
from vedette_shared.systemd import notify

_log = get_logger(__name__)

GC_THRESHOLD = 25_000

LoadConfig = Callable[[], AgentConfig]


async def serve_agent(load: LoadConfig) -> None:
    """Run the agent until SIGTERM or SIGINT; SIGHUP loads the configuration anew, all or nothing.

    Raises:
        VedetteError: the first configuration cannot be taken, or what it needs cannot be had.
    """
    config = load()
    configure_logs(config.log_level)
    clock = SystemClock()
    applications = Applications(Agent(config, clock), config, make_finder(config, clock))
    agent = applications.agent
    stopping = trio.Event()
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(agent.run, stopping)
            _calm_garbage_collector()
            nursery.start_soon(applications.follow)
            _announce(agent)
            async for number in signals:
                if number != signal.SIGHUP:
                    break
                await _reload(applications, load)
            notify("STOPPING=1")
            applications.stop()
            stopping.set()
    _log.info("stopped")


async def _reload(applications: Applications, load: LoadConfig) -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
    try:
        config = load()
        await applications.reload(config)
    except VedetteError as error:
        _log.error("reload failed; the old configuration goes on", error=error)
    else:
        configure_logs(config.log_level)
        _log.info("configuration reloaded")
    notify("READY=1")


def _calm_garbage_collector() -> None:
    """Leave out of the cyclic garbage collector what lives as long as the process.

    A collection of metrics makes thousands of short-lived tuples and no cycles; with the usual thresholds they start
    walks through all objects there are, which cost as much as half of the collection itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)


def _announce(agent: Agent) -> None:
    config, listener = agent.config, agent.resources.listener
    scheme = "https" if config.expose.cert_file is not None else "http"
    _log.info(
        "running",
        version=__version__,
        host=config.host_name,
        page=f"{scheme}://{bound_address(listener)}/metrics" if listener is not None else "none",
        push=" ".join(server.url for server in config.push.all_servers) if config.push is not None else "none",
    )
    notify("READY=1")
