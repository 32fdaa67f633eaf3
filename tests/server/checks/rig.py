"""A fleet with one check, and a clock that moves when told to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vedette_server.checks import Check, CheckCycle, ChecksConfig, Findings, Fleet, HostsConfig
from vedette_server.promql import Result, parse
from vedette_server.promql.columns import recode, table
from vedette_shared.clock import ManualClock
from vedette_shared.config import Duration

START = 1_700_000_000_000
MINUTE = 60_000
DISK = Check(
    "disk",
    "Filesystem {mountpoint}",
    "disk_used",
    unit="%",
    upper=(80.0, 90.0),
    summary="{value} used",
    interval=Duration(MINUTE),
)


def result(series: Mapping[tuple[tuple[str, str], ...], float]) -> Result:
    """The answer to an instant query, a series for each label set."""
    names = sorted({name for labels in series for name, _ in labels})
    columns = {
        name: recode(np.arange(len(series), dtype=np.int32), [dict(labels).get(name, "") for labels in series])
        for name in names
    }
    values = np.array([*series.values()], np.float64).reshape(-1, 1)
    return Result("vector", table(len(series), columns), values, np.ones(values.shape, np.bool_), np.zeros(1, np.int64))


class Rig:
    """A fleet with one check, and a clock."""

    def __init__(self, check: Check = DISK, hosts: HostsConfig | None = None) -> None:
        self.clock = ManualClock(START)
        config = ChecksConfig((check,), hosts or HostsConfig())
        self.cycle = CheckCycle(config, parse, START)
        self.fleet = Fleet(self.cycle, self.clock)

    def see(self, **ages: float | None) -> Findings:
        """Hosts report ``age`` seconds ago; ``None`` is known to be away."""
        now = self.clock.now_ms()
        series = {(("host", host),): 0.0 if age is None else now / 1000 - age for host, age in ages.items()}
        return self.cycle.see_hosts(result(series), now)

    def disks(self, *, new_only: bool = False, **used: float) -> Findings:
        """Evaluate the check: ``h1_srv=85`` is /srv on host h1."""
        series = {
            (("host", name.partition("_")[0]), ("mountpoint", f"/{name.partition('_')[2]}")): value
            for name, value in used.items()
        }
        evaluate = self.cycle.discover if new_only else self.cycle.evaluate
        return evaluate("disk", result(series), self.clock.now_ms())

    def pass_minutes(self, minutes: float = 1) -> None:
        self.clock.advance(int(minutes * MINUTE))

    def states(self, host: str = "h1") -> dict[str, str]:
        return {service.service: service.state for service in self.fleet.services(host)}


def told(findings: Findings) -> list[tuple[str, str, str, str]]:
    return [(alert.host, alert.service, alert.previous_state, alert.state) for alert in findings.alerts]
