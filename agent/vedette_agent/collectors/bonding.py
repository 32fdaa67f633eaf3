"""Bonded network interfaces: ``/sys/class/net/*/bonding``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_attribute
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_SLAVES = Metric("node_bonding_slaves", GAUGE, "Number of configured slaves per bonding interface.")
_ACTIVE = Metric("node_bonding_active", GAUGE, "Number of active slaves per bonding interface.")


class BondingCollector:
    """How many links a bond has, and how many of them are up."""

    name = "bonding"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/net")

    def collect(self) -> list[MetricFamily]:
        masters = read_attribute(f"{self._sys}/bonding_masters")
        if masters is None:
            raise NoDataError("no network interfaces are bonded")
        families = Families()
        for master in masters.split():
            slaves = (read_attribute(f"{self._sys}/{master}/bonding/slaves") or "").split()
            labels = (("master", master),)
            families.add(_SLAVES, float(len(slaves)), labels)
            families.add(_ACTIVE, float(sum(self._is_up(master, slave) for slave in slaves)), labels)
        return families.all()

    def _is_up(self, master: str, slave: str) -> bool:
        # Kernels before 3.8 called the folder slave_NAME.
        for folder in (f"lower_{slave}", f"slave_{slave}"):
            status = read_attribute(f"{self._sys}/{master}/{folder}/bonding_slave/mii_status")
            if status is not None:
                return status == "up"
        return False
