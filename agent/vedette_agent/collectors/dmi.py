"""What the firmware tells of the machine: ``/sys/class/dmi/id``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute
from vedette_agent.errors import NoDataError
from vedette_shared.labels import EMPTY, Labels, make_labels
from vedette_shared.metrics import MetricFamily

_FILES = {
    "bios_date": "bios_date",
    "bios_release": "bios_release",
    "bios_vendor": "bios_vendor",
    "bios_version": "bios_version",
    "board_asset_tag": "board_asset_tag",
    "board_name": "board_name",
    "board_serial": "board_serial",
    "board_vendor": "board_vendor",
    "board_version": "board_version",
    "chassis_asset_tag": "chassis_asset_tag",
    "chassis_serial": "chassis_serial",
    "chassis_vendor": "chassis_vendor",
    "chassis_version": "chassis_version",
    "product_family": "product_family",
    "product_name": "product_name",
    "product_serial": "product_serial",
    "product_sku": "product_sku",
    "product_uuid": "product_uuid",
    "product_version": "product_version",
    "system_vendor": "sys_vendor",
}
_INFO = Metric(
    "node_dmi_info", GAUGE, f"A metric with a constant '1' value labeled by {', '.join(_FILES)} if provided by DMI."
)


class DmiCollector:
    """Vendor, model, serial numbers and firmware, of which only root may read some. Read once, as it cannot change."""

    name = "dmi"

    def __init__(self, options: NodeOptions) -> None:
        self._folder = options.sys("class/dmi/id")
        self._labels: Labels = EMPTY

    def collect(self) -> list[MetricFamily]:
        if not self._labels:
            if not list_folder(self._folder):
                raise NoDataError("the machine has no DMI")
            self._labels = make_labels(
                (label, read_attribute(f"{self._folder}/{file}") or "") for label, file in _FILES.items()
            )
        family = _INFO.family()
        family.add(1.0, self._labels)
        return [family]
