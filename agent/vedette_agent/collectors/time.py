"""The system's clock and its sources."""

from __future__ import annotations

import time

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute
from vedette_shared.metrics import MetricFamily

_NOW = Metric("node_time_seconds", GAUGE, "System time in seconds since epoch (1970).")
_ZONE = Metric("node_time_zone_offset_seconds", GAUGE, "System time zone offset in seconds.")
_AVAILABLE = Metric(
    "node_time_clocksource_available_info",
    GAUGE,
    "Available clocksources read from '/sys/devices/system/clocksource'.",
)
_CURRENT = Metric(
    "node_time_clocksource_current_info", GAUGE, "Current clocksource read from '/sys/devices/system/clocksource'."
)
_PREFIX = "clocksource"


class TimeCollector:
    """Wall time, the zone's offset, and the clock sources that the kernel may use and does use."""

    name = "time"

    def __init__(self, options: NodeOptions) -> None:
        self._sources = options.sys("devices/system/clocksource")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        now = time.time()
        families.add(_NOW, now)
        local = time.localtime(now)
        families.add(_ZONE, float(local.tm_gmtoff), (("time_zone", local.tm_zone),))
        for folder in list_folder(self._sources):
            if folder.startswith(_PREFIX):
                self._add_source(families, folder)
        return families.all()

    def _add_source(self, families: Families, folder: str) -> None:
        device = folder[len(_PREFIX) :]
        for source in (read_attribute(f"{self._sources}/{folder}/available_clocksource") or "").split():
            families.add(_AVAILABLE, 1.0, (("clocksource", source), ("device", device)))
        if current := read_attribute(f"{self._sources}/{folder}/current_clocksource"):
            families.add(_CURRENT, 1.0, (("clocksource", current), ("device", device)))
