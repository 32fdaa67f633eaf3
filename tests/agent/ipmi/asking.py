"""Helpers: sources of simulated BMCs, and what they report as plain values."""

from __future__ import annotations

from collections.abc import Iterable

import trio

from tests.agent.ipmi.simulator import PASSWORD, USER
from vedette_agent.ipmi.config import IPMI_COLLECTORS, Collector
from vedette_agent.ipmi.lan import LanTarget
from vedette_agent.ipmi.session_bmc import SessionBmc
from vedette_agent.ipmi.source import Bmc, BmcSource
from vedette_shared.clock import SystemClock
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

TIMEOUT_S = 10.0


def lan_bmc(port: int, *, password: str = PASSWORD, user: str = USER, timeout: float = TIMEOUT_S) -> SessionBmc:
    slots = trio.Semaphore(32)
    return SessionBmc(LanTarget("127.0.0.1", port, user, password), timeout, lambda: slots)


def source_of(
    bmc: Bmc, *, timeout: float = TIMEOUT_S, collectors: tuple[Collector, ...] = IPMI_COLLECTORS
) -> BmcSource:
    return BmcSource("test", bmc, collectors, interval_ms=30_000, timeout=timeout, clock=SystemClock())


def values_of(families: Iterable[MetricFamily]) -> dict[tuple[str, Labels], float]:
    return {(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


def value_of(families: Iterable[MetricFamily], name: str, /, **labels: str) -> float:
    """The value of the one sample of ``name`` that bears ``labels``."""
    wanted = set(labels.items())
    [value] = [value for (found, own), value in values_of(families).items() if found == name and wanted <= set(own)]
    return value
