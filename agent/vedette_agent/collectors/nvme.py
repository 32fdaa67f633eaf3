"""NVMe controllers and their namespaces: ``/sys/class/nvme``."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute, read_number
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_nvme_info", GAUGE, "Non-numeric data from /sys/class/nvme/<device>, value is always 1.")
_INFO_FILES = {
    "cntlid": "cntlid",
    "firmware_revision": "firmware_rev",
    "model": "model",
    "serial": "serial",
    "state": "state",
}
_NAMESPACE_INFO = Metric("node_nvme_namespace_info", GAUGE, "Information about NVMe namespaces. Value is always 1")
_CAPACITY = Metric(
    "node_nvme_namespace_capacity_bytes",
    GAUGE,
    "Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size",
)
_SIZE = Metric(
    "node_nvme_namespace_size_bytes",
    GAUGE,
    "Size of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/size",
)
_USED = Metric(
    "node_nvme_namespace_used_bytes",
    GAUGE,
    "Used space of the NVMe namespace in bytes. Available in /sys/class/nvme/<device>/<namespace>/nuse",
)
_BLOCK_SIZE = Metric(
    "node_nvme_namespace_logical_block_size_bytes",
    GAUGE,
    "Logical block size of the NVMe namespace in bytes. Usually 4Kb. "
    "Available in /sys/class/nvme/<device>/<namespace>/queue/logical_block_size",
)
_NAMESPACE = re.compile(r"nvme\d+(?:c\d+)?n(\d+)")


class NvmeCollector:
    """Model, serial number, firmware and state of each controller, and the space in each namespace."""

    name = "nvme"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/nvme")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for device in list_class(self._sys, "there are no NVMe controllers"):
            folder = f"{self._sys}/{device}"
            infos = [(label, read_attribute(f"{folder}/{file}") or "") for label, file in _INFO_FILES.items()]
            families.add(_INFO, 1.0, make_labels([*infos, ("device", device)]))
            for name in list_folder(folder):
                if match := _NAMESPACE.fullmatch(name):
                    _add_namespace(families, f"{folder}/{name}", device, match[1])
        return families.all()


def _add_namespace(families: Families, folder: str, device: str, number: str) -> None:
    labels = (("device", device), ("nsid", number))
    state = read_attribute(f"{folder}/ana_state") or ""
    families.add(_NAMESPACE_INFO, 1.0, make_labels([*labels, ("ana_state", state)]))
    block = read_number(f"{folder}/queue/logical_block_size")
    if block is None:
        return
    families.add(_BLOCK_SIZE, float(block), labels)
    size = read_number(f"{folder}/size")
    if size is not None:
        families.add(_SIZE, float(size * block), labels)
        families.add(_CAPACITY, float(size * block), labels)
    used = read_number(f"{folder}/nuse")
    if used is not None:
        families.add(_USED, float(used * block), labels)
