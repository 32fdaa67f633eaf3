"""Sources out of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import trio

from vedette_agent.ipmi.config import BmcConfig, IpmiConfig
from vedette_agent.ipmi.inband import InbandBmc
from vedette_agent.ipmi.lan import LanBmc, LanTarget
from vedette_agent.ipmi.source import JOB, Bmc, BmcSource
from vedette_agent.pushing import read_secret
from vedette_shared.clock import Clock

CACHE = "ipmi"
"""The folder below the agent's own that FreeIPMI keeps sensor records in."""

CURSORS = "sel"
"""The folder there of the places in event logs."""


@dataclass(slots=True)
class _Slots:
    """A semaphore that is made within a run of trio, where it is first used."""

    count: int
    semaphore: trio.Semaphore | None = field(default=None)

    def __call__(self) -> trio.Semaphore:
        if self.semaphore is None:
            self.semaphore = trio.Semaphore(self.count)
        return self.semaphore


def plan_bmcs(config: IpmiConfig, data: Path, clock: Clock) -> list[tuple[str, object, Callable[[], BmcSource]]]:
    """Return, for each BMC, its source's name, what decides whether it is the same, and how the source is made.

    Args:
        config: The BMCs.
        data: The agent's folder.
        clock: For durations.

    Raises:
        ConfigError: the file of a password cannot be read.
    """
    slots = _Slots(config.at_a_time)
    shared = (config.interval, config.timeout, config.collectors, config.tools, data)
    plans: list[tuple[str, object, Callable[[], BmcSource]]] = []
    for bmc in config.all_bmcs:
        target = _target_of(bmc)
        plans.append(
            (
                f"{JOB}:{bmc.name}",
                (bmc, target, shared),
                partial(_make, bmc, _way(target, config, data, slots), config, clock, data),
            )
        )
    return plans


def _target_of(bmc: BmcConfig) -> LanTarget | None:
    if not bmc.address:
        return None
    password = read_secret(bmc.password_file) if bmc.password_file is not None else ""
    return LanTarget(*bmc.endpoint, bmc.user, password, bmc.privilege)


def _way(target: LanTarget | None, config: IpmiConfig, data: Path, slots: _Slots) -> Callable[[], Bmc]:
    timeout = config.timeout.seconds
    if target is None:
        return partial(InbandBmc, config.tools, data / CACHE, timeout)
    return partial(LanBmc, target, timeout, slots)


def _make(bmc: BmcConfig, way: Callable[[], Bmc], config: IpmiConfig, clock: Clock, data: Path) -> BmcSource:
    return BmcSource(
        bmc.name,
        way(),
        config.collectors,
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        clock=clock,
        host=bmc.host,
        instance=bmc.instance,
        labels=bmc.labels,
        cursor_file=data / CURSORS / f"{bmc.name.replace('/', '_')}.json",
    )
