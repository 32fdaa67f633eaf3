"""Units as metric families that are the same for every make."""

from __future__ import annotations

from collections.abc import Mapping

from vedette_agent.changes import FINE
from vedette_agent.collectors.families import GAUGE, Families, Metric, UniqueFamilies
from vedette_agent.raid.report import RaidReport, Unit
from vedette_agent.sources.refresh import Refreshed
from vedette_agent.sources.timing import rounded
from vedette_shared.events import Severity
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_STATE = Metric("vedette_raid_state", GAUGE, "State of a part of a RAID: 0 fine, 1 warning, 2 critical.")
_ERRORS = Metric("vedette_raid_errors", GAUGE, "Errors that a part of a RAID has counted.")
_TEMPERATURE = Metric("vedette_raid_temperature_celsius", GAUGE, "Temperature of a part of a RAID.")
_PROGRESS = Metric("vedette_raid_progress_ratio", GAUGE, "How far a rebuild, or what else is under way, has come.")
_SUCCESS = Metric("vedette_agent_raid_success", GAUGE, "Whether a program could ask its controllers.")
_DURATION = Metric("vedette_agent_raid_duration_seconds", GAUGE, "How long a program took.")
_VALUES = {FINE: 0.0, Severity.WARNING: 1.0, Severity.CRITICAL: 2.0}


def raid_families(results: Mapping[str, Refreshed[RaidReport]]) -> list[MetricFamily]:
    """Return what the programs told: ``results`` by their names."""
    out = UniqueFamilies()
    special: list[MetricFamily] = []
    for tool, result in results.items():
        for unit in result.value.units if result.value is not None else ():
            _add_unit(out, unit, tool)
        special += result.value.families if result.value is not None else ()
    for tool, result in results.items():
        labels = make_labels(tool=tool)
        out.add(_SUCCESS, 0.0 if result.error else 1.0, labels)
        out.add(_DURATION, rounded(result.duration), labels)
    return [*special, *out.all()]


def _add_unit(out: Families, unit: Unit, tool: str) -> None:
    shared = make_labels(tool=tool, controller=unit.controller, kind=unit.kind, id=unit.id)
    for aspect, state in unit.states.items():
        out.add(_STATE, _VALUES[state.severity], make_labels(shared, aspect=aspect, state=state.text))
    for name, count in unit.counters.items():
        out.add(_ERRORS, float(count), make_labels(shared, type=name))
    if unit.temperature is not None:
        out.add(_TEMPERATURE, unit.temperature, shared)
    if unit.progress is not None:
        out.add(_PROGRESS, unit.progress, shared)
