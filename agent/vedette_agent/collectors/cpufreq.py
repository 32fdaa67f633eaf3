"""Frequencies of processors: ``/sys/devices/system/cpu/cpu*/cpufreq``, see Documentation/admin-guide/pm/cpufreq.rst."""

from __future__ import annotations

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute
from vedette_shared.metrics import MetricFamily

_KILOHERTZ = 1000.0
_ATTRIBUTES = (
    Attribute(
        "cpuinfo_cur_freq",
        Metric("node_cpu_frequency_hertz", GAUGE, "Current CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
    Attribute(
        "cpuinfo_min_freq",
        Metric("node_cpu_frequency_min_hertz", GAUGE, "Minimum CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
    Attribute(
        "cpuinfo_max_freq",
        Metric("node_cpu_frequency_max_hertz", GAUGE, "Maximum CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
    Attribute(
        "scaling_cur_freq",
        Metric("node_cpu_scaling_frequency_hertz", GAUGE, "Current scaled CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
    Attribute(
        "scaling_min_freq",
        Metric("node_cpu_scaling_frequency_min_hertz", GAUGE, "Minimum scaled CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
    Attribute(
        "scaling_max_freq",
        Metric("node_cpu_scaling_frequency_max_hertz", GAUGE, "Maximum scaled CPU thread frequency in hertz."),
        _KILOHERTZ,
    ),
)
_GOVERNOR = Metric("node_cpu_scaling_governor", GAUGE, "Current enabled CPU frequency governor.")


class CpufreqCollector:
    """What each processor runs at, may run at, and by which governor."""

    name = "cpufreq"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("devices/system/cpu")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_folder(self._sys):
            if name.startswith("cpu") and name[3:].isdigit():
                self._add_cpu(families, f"{self._sys}/{name}/cpufreq", name[3:])
        return families.all()

    def _add_cpu(self, families: Families, folder: str, cpu: str) -> None:
        add_attributes(families, folder, _ATTRIBUTES, (("cpu", cpu),))
        current = read_attribute(f"{folder}/scaling_governor")
        if current:
            for governor in (read_attribute(f"{folder}/scaling_available_governors") or "").split():
                families.add(_GOVERNOR, float(governor == current), (("cpu", cpu), ("governor", governor)))
