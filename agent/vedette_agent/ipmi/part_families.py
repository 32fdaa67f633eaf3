"""The health of a machine's parts as metric families: the ends of names, labels and values are idrac_exporter's."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vedette_agent.ipmi.readings import Part
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, gauge

_PREFIX = "redfish_"
_NOUNS = {
    "system": "the system",
    "chassis": "a chassis",
    "manager": "a manager",
    "memory_module": "a memory module",
    "cpu": "a processor",
    "storage": "a storage",
    "storage_drive": "a drive",
    "storage_controller": "a storage controller",
    "storage_volume": "a volume",
}
_VALUES = {
    "capacity_bytes": "Capacity",
    "life_left_percent": "Share of its writes that the medium has left",
    "failure_predicted": "Whether a failure is predicted",
}


def part_families(parts: Iterable[Part]) -> list[MetricFamily]:
    """Return the health of ``parts``, what else is measured of them, and who made them; no part twice."""
    families: dict[str, MetricFamily] = {}
    seen: set[tuple[str, Labels]] = set()
    for part in parts:
        labels = make_labels(id=part.id, storage_id=part.storage) if part.storage else make_labels(id=part.id)
        if (part.kind, labels) in seen:
            continue  # the same of another system: BMCs of several name them alike
        seen.add((part.kind, labels))
        noun = _NOUNS[part.kind]
        told = [("health", f"Health of {noun} (0=OK, 1=warning, 2=critical).", part.health, labels)]
        told += [(name, f"{_VALUES[name]} of {noun}.", value, labels) for name, value in part.values.items()]
        if any(part.info.values()):
            known = {name: value for name, value in part.info.items() if value}
            about = f"Constant 1; the labels tell about {noun}."
            told.append(("info", about, 1.0, make_labels({**known, **dict(labels)})))
        for end, about, value, own in told:
            if not math.isnan(value):
                name = f"{_PREFIX}{part.kind}_{end}"
                families.setdefault(name, gauge(name, about)).add(value, own)
    return list(families.values())
