"""What a service or a host says of itself, in one line."""

from __future__ import annotations

import math

from vedette_server.checks.hosts import HostTable
from vedette_server.checks.services import ServiceTable
from vedette_server.notify.units import format_levels, format_value
from vedette_server.state.states import HostState, ServiceState
from vedette_shared.durations import format_duration

REMOVED = "REMOVED"
"""Stands in the history for the state of what was forgotten."""


def service_summary(table: ServiceTable, i: int, now: int) -> str:
    """The summary of service ``i``: the check's template, and the levels where they were crossed."""
    held, unit = table.held(i), table.check.unit
    if held.missing_since:
        return f"no data for {coarse(now - held.last_check)}"
    if math.isnan(held.value):
        return "the value is not a number" if held.state else "not checked yet"
    text = table.summary.render({"value": format_value(held.value, unit), **dict(table.item(i))})
    levels = format_levels(held.upper, held.lower, unit) if held.state != ServiceState.OK else ""
    return f"{text} ({levels})" if levels else text


def host_summary(hosts: HostTable, host: int, now: int) -> str:
    """The summary of a host: since when it is silent, if it is."""
    row = hosts.rows[host]
    seen = int(row["seen"])
    if row["state"] == HostState.UP:
        return "reports" if row["judged"] else "reports, but not whether it is up"
    return f"has not reported for {coarse(now - seen)}" if seen else "has never reported"


def coarse(milliseconds: int) -> str:
    """A duration in whole seconds, from an hour on in whole minutes."""
    step = 1000 if milliseconds < 3_600_000 else 60_000
    return format_duration(max(milliseconds, 0) // step * step)
