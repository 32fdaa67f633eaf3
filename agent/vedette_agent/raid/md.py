"""The kernel's own arrays, as ``/proc/mdstat`` tells of them. Their metrics are the node's; here are their events."""

from __future__ import annotations

from vedette_agent.changes import FINE, State
from vedette_agent.collectors.mdadm import Array, parse_mdstat
from vedette_agent.errors import CollectorError
from vedette_agent.raid.report import ARRAY, RaidReport, Unit
from vedette_shared.events import Severity

_ACTIVITIES = {"recovering": "rebuilding", "resync": "resyncing", "check": "checking"}


def parse_md(text: str) -> RaidReport:
    """Return the arrays in ``text``.

    Raises:
        CollectorError: it is not the kernel's.
    """
    try:
        arrays = parse_mdstat(text)
    except ValueError as error:
        raise CollectorError(str(error)) from error
    return RaidReport(tuple(_unit(array) for array in arrays))


def _unit(array: Array) -> Unit:
    busy = array.blocks and array.state in _ACTIVITIES
    return Unit(
        "",
        ARRAY,
        array.name,
        states={"": _state(array)},
        counters={"failed members": array.failed},
        progress=array.blocks_synced / array.blocks if busy else None,
    )


def _state(array: Array) -> State:
    if array.state == "inactive":
        return State("inactive", Severity.CRITICAL)
    activity = _ACTIVITIES.get(array.state, "")
    if array.active < array.required:
        if activity == "rebuilding":
            return State("degraded, rebuilding", Severity.WARNING)
        return State(", ".join(filter(None, ("degraded", activity))), Severity.CRITICAL)
    return State(activity, FINE) if activity else State("optimal")
