"""Sources out of the configuration."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import trio

from vedette_agent.credentials import read_secret
from vedette_agent.ipmi.config import BmcConfig, IpmiConfig, collectors_over
from vedette_agent.ipmi.device import DeviceTarget, find_device
from vedette_agent.ipmi.inband import InbandBmc
from vedette_agent.ipmi.lan import LanTarget
from vedette_agent.ipmi.session_bmc import SessionBmc
from vedette_agent.ipmi.source import JOB, Bmc, BmcSource
from vedette_agent.redfish.automatic import AutomaticBmc
from vedette_agent.redfish.bmc import RedfishBmc
from vedette_agent.redfish.session import RedfishTarget, tls_of
from vedette_shared.clock import Clock
from vedette_shared.errors import ConfigError

CACHE = "ipmi"
"""The folder below the agent's own that FreeIPMI keeps sensor records in."""

CURSORS = "sel"
"""The folder there of the places in event logs."""


_CURSOR_ENDS = {"ipmi": ".json", "redfish": ".redfish.json", "auto": ".auto.json"}
"""The logs of the protocols are not the same, nor are the places in them."""


@dataclass(slots=True)
class _Slots:
    """A semaphore that is made within a run of trio, where it is first used."""

    count: int
    semaphore: trio.Semaphore | None = field(default=None)

    def __call__(self) -> trio.Semaphore:
        if self.semaphore is None:
            self.semaphore = trio.Semaphore(self.count)
        return self.semaphore


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a BMC is by either protocol; by neither if it is this host's own, in-band."""

    lan: LanTarget | None = None
    redfish: RedfishTarget | None = None


def plan_bmcs(config: IpmiConfig | None, data: Path, clock: Clock) -> list[tuple[str, object, Callable[[], BmcSource]]]:
    """Return, for each BMC, its source's name, what decides whether it is the same, and how the source is made.

    Args:
        config: The BMCs; ``None`` for this host's own if the kernel has a device of it.
        data: The agent's folder.
        clock: For durations.

    Raises:
        ConfigError: the file of a password cannot be read.
    """
    if config is None:
        config = IpmiConfig(enabled=find_device() is not None)
    if not config.enabled:
        return []
    slots = _Slots(config.at_a_time)
    shared = (config.interval, config.timeout, config.collectors, config.inband, config.tools, data)
    plans: list[tuple[str, object, Callable[[], BmcSource]]] = []
    for bmc in config.all_bmcs:
        target = _target_of(bmc)
        plans.append(
            (
                f"{JOB}:{bmc.name}",
                (bmc, target, shared),
                partial(_make, bmc, _way(bmc.name, target, config, data, clock, slots), config, clock, data),
            )
        )
    return plans


def _target_of(bmc: BmcConfig) -> _Target:
    if not bmc.address:
        return _Target()
    password = read_secret(bmc.password_file) if bmc.password_file is not None else ""
    lan = LanTarget(*bmc.endpoint, bmc.user, password, bmc.privilege) if bmc.protocol != "redfish" else None
    if bmc.protocol == "ipmi":
        return _Target(lan)
    tls = bmc.tls
    ca_file = str(tls.ca_file or "")
    redfish = RedfishTarget(bmc.redfish_url, bmc.user, password, tls.verify, tls.digest, ca_file)
    try:
        tls_of(redfish)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{ca_file}: no certificates can be read from it: {error}") from error
    return _Target(lan, redfish)


def _way(name: str, target: _Target, config: IpmiConfig, data: Path, clock: Clock, slots: _Slots) -> Callable[[], Bmc]:
    timeout = config.timeout.seconds
    if target.lan is not None:
        lan = partial(SessionBmc, target.lan, timeout, slots)
        if target.redfish is None:
            return lan
        redfish = partial(RedfishBmc, target.redfish, timeout, clock.now_ms)
        return lambda: AutomaticBmc(name, redfish(), lan(), timeout)
    if target.redfish is not None:
        return partial(RedfishBmc, target.redfish, timeout, clock.now_ms)
    if config.inband == "freeipmi":
        return partial(InbandBmc, config.tools, data / CACHE, timeout)
    return partial(SessionBmc, DeviceTarget(), timeout, slots)


def _make(bmc: BmcConfig, way: Callable[[], Bmc], config: IpmiConfig, clock: Clock, data: Path) -> BmcSource:
    return BmcSource(
        bmc.name,
        way(),
        collectors_over(bmc.protocol, config.collectors),
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        clock=clock,
        host=bmc.host,
        instance=bmc.instance,
        labels=bmc.labels,
        cursor_file=data / CURSORS / f"{bmc.name.replace('/', '_')}{_CURSOR_ENDS[bmc.protocol]}",
    )
