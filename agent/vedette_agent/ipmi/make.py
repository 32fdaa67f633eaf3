"""Sources out of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import trio

from vedette_agent.ipmi.config import BmcConfig, IpmiConfig
from vedette_agent.ipmi.inband import InbandBmc
from vedette_agent.ipmi.lan import LanBmc, LanTarget
from vedette_agent.ipmi.source import Bmc, BmcSource
from vedette_agent.pushing import read_secret
from vedette_shared.clock import Clock


@dataclass(slots=True)
class _Slots:
    """A semaphore that is made within a run of trio, where it is first used."""

    count: int
    semaphore: trio.Semaphore | None = field(default=None)

    def __call__(self) -> trio.Semaphore:
        if self.semaphore is None:
            self.semaphore = trio.Semaphore(self.count)
        return self.semaphore


def plan_bmcs(config: IpmiConfig, clock: Clock) -> list[tuple[str, object, Callable[[], BmcSource]]]:
    """Return, for each BMC, its source's name, what decides whether it is the same, and how the source is made.

    Making one raises ConfigError where the password cannot be read.
    """
    slots = _Slots(config.at_a_time)
    shared = (config.interval, config.timeout, config.collectors, config.tools)
    return [(f"ipmi:{bmc.name}", (bmc, shared), partial(_make, bmc, config, slots, clock)) for bmc in config.all_bmcs]


def _make(bmc: BmcConfig, config: IpmiConfig, slots: _Slots, clock: Clock) -> BmcSource:
    return BmcSource(
        bmc.name,
        _way_to(bmc, config, slots),
        config.collectors,
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        clock=clock,
        target=bmc.target,
    )


def _way_to(bmc: BmcConfig, config: IpmiConfig, slots: _Slots) -> Bmc:
    if not bmc.address:
        return InbandBmc(config.tools, config.timeout.seconds)
    password = read_secret(bmc.password_file) if bmc.password_file is not None else ""
    return LanBmc(LanTarget(bmc.address, bmc.port, bmc.user, password, bmc.privilege), config.timeout.seconds, slots)
