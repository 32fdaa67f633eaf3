"""Watchdog timers: ``/sys/class/watchdog``, see Documentation/ABI/testing/sysfs-class-watchdog."""

from __future__ import annotations

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, read_attribute
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_watchdog_info", GAUGE, "Info of /sys/class/watchdog/<watchdog>")
_INFO_FILES = ("identity", "options", "pretimeout_governor", "state", "status")


def _attribute(file: str, unit: str = "") -> Attribute:
    return Attribute(
        file, Metric(f"node_watchdog_{file}{unit}", GAUGE, f"Value of /sys/class/watchdog/<watchdog>/{file}")
    )


_ATTRIBUTES = (
    _attribute("access_cs0"),
    _attribute("bootstatus"),
    _attribute("fw_version"),
    _attribute("nowayout"),
    _attribute("pretimeout", "_seconds"),
    _attribute("timeleft", "_seconds"),
    _attribute("timeout", "_seconds"),
)


class WatchdogCollector:
    """Whether a watchdog runs, and how long it waits."""

    name = "watchdog"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/watchdog")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_class(self._sys, "there are no watchdogs"):
            folder = f"{self._sys}/{name}"
            add_attributes(families, folder, _ATTRIBUTES, (("name", name),))
            infos = [(file, read_attribute(f"{folder}/{file}") or "") for file in _INFO_FILES]
            families.add(_INFO, 1.0, make_labels([*infos, ("name", name)]))
        return families.all()
