"""Virtual memory: ``/proc/vmstat``, see proc_vmstat(5)."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import UNTYPED, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.metrics import MetricFamily


class VmstatCollector:
    """The lines whose names match ``fields``."""

    name = "vmstat"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("vmstat")
        self._fields = re.compile(options.vmstat.fields)
        self._metrics: dict[bytes, Metric | None] = {}

    def collect(self) -> list[MetricFamily]:
        families = []
        words = read_bytes(self._path).split()
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name not in self._metrics:
                self._metrics[name] = self._metric(name.decode())
            metric = self._metrics[name]
            if metric is not None:
                family = metric.family()
                family.add(float(value))
                families.append(family)
        return families

    def _metric(self, name: str) -> Metric | None:
        if self._fields.search(name) is None:
            return None
        return Metric(f"node_vmstat_{name}", UNTYPED, f"/proc/vmstat information field {name}.")
