"""Energy that the processors' domains used: ``/sys/class/powercap``, see Documentation/power/powercap."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, read_attribute, read_number
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

_MICROJOULES = 1e6
_NAME_WITH_INDEX = re.compile(r"(.+?)-(\d+)")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def split_name(name: str) -> tuple[str, str]:
    """Return the kind of a zone and its index: ``package-1`` is the package 1, and ``core`` the core 0."""
    match = _NAME_WITH_INDEX.fullmatch(name)
    return (match[1], match[2]) if match else (name, "0")


class RaplCollector:
    """Joules used by package, core, memory and so on."""

    name = "rapl"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/powercap")
        self._zone_label = options.rapl.enable_zone_label

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for folder in list_class(self._sys, "the processors do not tell what energy they use"):
            path = f"{self._sys}/{folder}"
            name = read_attribute(f"{path}/name")
            if name:
                energy = read_number(f"{path}/energy_uj")
                if energy is None:
                    raise NoDataError("only root may read what energy the processors use")
                metric, labels = self._describe(name, path)
                families.add(metric, energy / _MICROJOULES, labels)
        return families.all()

    def _describe(self, name: str, path: str) -> tuple[Metric, Labels]:
        kind, index = split_name(name)
        if self._zone_label:
            metric = Metric("node_rapl_joules_total", COUNTER, "Current RAPL value in joules")
            return metric, (("index", index), ("path", path), ("rapl_zone", kind))
        metric = Metric(
            f"node_rapl_{_NOT_IN_NAMES.sub('_', kind)}_joules_total", COUNTER, f"Current RAPL {kind} value in joules"
        )
        return metric, (("index", index), ("path", path))
