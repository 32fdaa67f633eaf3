"""SELinux: ``/sys/fs/selinux`` and ``/etc/selinux/config``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_attribute
from vedette_shared.metrics import MetricFamily

_ENABLED = Metric("node_selinux_enabled", GAUGE, "SELinux is enabled, 1 is true, 0 is false")
_CONFIG_MODE = Metric("node_selinux_config_mode", GAUGE, "Configured SELinux enforcement mode")
_CURRENT_MODE = Metric("node_selinux_current_mode", GAUGE, "Current SELinux enforcement mode")
_MODES = {"enforcing": 1.0, "permissive": 0.0, "disabled": -1.0}


def parse_config_mode(text: str) -> float:
    """Return 1 for enforcing, 0 for permissive and -1 for disabled or none of these."""
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "SELINUX":
            return _MODES.get(value.strip().lower(), -1.0)
    return -1.0


class SelinuxCollector:
    """Whether SELinux is there, and how strict it is and should be."""

    name = "selinux"

    def __init__(self, options: NodeOptions) -> None:
        self._enforce = options.sys("fs/selinux/enforce")
        self._config = options.rootfs("etc/selinux/config")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        enforce = read_attribute(self._enforce)
        families.add(_ENABLED, float(enforce is not None))
        if enforce is not None:
            families.add(_CONFIG_MODE, parse_config_mode(read_attribute(self._config) or ""))
            families.add(_CURRENT_MODE, float(enforce == "1"))
        return families.all()
