"""Twenty BMCs read by one agent at the same time, by IPMI and by Redfish."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import trio

from tests.agent.ipmi.asking import lan_bmc, source_of
from tests.agent.ipmi.simulator import SimulatedBmc
from tests.agent.redfish.running import Service, make_certificate
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.source import BmcSource
from vedette_shared.errors import VedetteError

BMCS = 20
ROUNDS = 3
"""With sessions of their own each; the best counts, as the others show what else the machine did."""

IPMI: tuple[Collector, ...] = ("ipmi", "bmc", "chassis", "sel")
"""Without dcmi, for which the simulator needs a module that is compiled."""
REDFISH: tuple[Collector, ...] = (*IPMI, "dcmi", "health")
TREE = "dell"


@dataclass(frozen=True, slots=True)
class Readings:
    """Seconds for a reading of all BMCs, with logins and all that is read once, and for the next; and CPU seconds of
    this process for both."""

    first: float
    next: float
    first_cpu: float
    next_cpu: float


def by_ipmi(folder: Path) -> Readings:
    """Read simulated BMCs of 24 sensors."""
    with ExitStack() as stack:
        bmcs = [SimulatedBmc(folder / f"bmc{number}") for number in range(BMCS)]
        for bmc in bmcs:
            stack.callback(bmc.stop)
        return _best(lambda: [source_of(lan_bmc(bmc.port), collectors=IPMI) for bmc in bmcs])


def by_redfish(folder: Path) -> Readings:
    """Read services in the shape of an iDRAC, a process each."""
    certificate = make_certificate(folder)
    with ExitStack() as stack:
        services = []
        for number in range(BMCS):
            own = folder / f"service{number}"
            own.mkdir()
            services.append(Service(own, certificate, TREE))
            stack.callback(services[-1].stop)
        return _best(lambda: [service.source(REDFISH) for service in services])


def _best(sources: Callable[[], Sequence[BmcSource]]) -> Readings:
    rounds = [trio.run(_readings, sources()) for _ in range(ROUNDS)]
    return min(rounds, key=lambda one: one.first)


async def _readings(sources: Sequence[BmcSource]) -> Readings:
    times, used = [], []
    async with trio.open_nursery() as nursery:
        for source in sources:
            await nursery.start(source.run)
        for _ in range(2):
            begin, before = time.monotonic(), _cpu_seconds()
            async with trio.open_nursery() as readers:
                for source in sources:
                    readers.start_soon(source.collect)
            times.append(time.monotonic() - begin)
            used.append(_cpu_seconds() - before)
        nursery.cancel_scope.cancel()
    problems = {source.name: source.problems() for source in sources if source.problems()}
    for source in sources:
        source.close()
    if problems:
        raise VedetteError(f"BMCs could not be read: {problems}")
    return Readings(times[0], times[1], used[0], used[1])


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
