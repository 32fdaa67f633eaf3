"""Properties of network interfaces: ``/sys/class/net``, see Documentation/ABI/testing/sysfs-class-net."""

from __future__ import annotations

import re

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_number
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType

_UP = Metric("node_network_up", GAUGE, "Value is 1 if operstate is 'up', 0 otherwise.")
_INFO = Metric("node_network_info", GAUGE, "Non-numeric data from /sys/class/net/<iface>, value is always 1.")
_INFO_FILES = ("address", "broadcast", "duplex", "ifalias")
_IFF_UP = 1
_MEGABIT_BYTES = 1e6 / 8


def _property(name: str, kind: MetricType = GAUGE) -> Metric:
    return Metric(f"node_network_{name}", kind, f"Network device property: {name}")


_SPEED = _property("speed_bytes")
_FLAGS = _property("flags")
_ATTRIBUTES = (
    Attribute("addr_assign_type", _property("address_assign_type")),
    Attribute("carrier", _property("carrier")),
    Attribute("carrier_changes", _property("carrier_changes_total", COUNTER)),
    Attribute("carrier_up_count", _property("carrier_up_changes_total", COUNTER)),
    Attribute("carrier_down_count", _property("carrier_down_changes_total", COUNTER)),
    Attribute("dev_id", _property("device_id")),
    Attribute("dormant", _property("dormant")),
    Attribute("ifindex", _property("iface_id")),
    Attribute("iflink", _property("iface_link")),
    Attribute("link_mode", _property("iface_link_mode")),
    Attribute("mtu", _property("mtu_bytes")),
    Attribute("name_assign_type", _property("name_assign_type")),
    Attribute("netdev_group", _property("net_dev_group")),
    Attribute("tx_queue_len", _property("transmit_queue_length")),
    Attribute("type", _property("protocol_type")),
)


class NetclassCollector:
    """State, speed and other properties of each network interface."""

    name = "netclass"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/net")
        self._ignored = re.compile(options.netclass.ignored_devices)
        self._leave_out_unknown_speed = options.netclass.ignore_invalid_speed
        self._infos: dict[tuple[str, ...], Labels] = {}

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for device in list_folder(self._sys):
            if self._ignored.search(device) is None:
                self._add_device(families, device)
        if not families.all():
            raise NoDataError("there are no network interfaces")
        return families.all()

    def _add_device(self, families: Families, device: str) -> None:
        folder = f"{self._sys}/{device}"
        labels = (("device", device),)
        flags = read_number(f"{folder}/flags")
        if flags is None:
            # A file such as bonding_masters, or an interface that went away.
            return
        state = read_attribute(f"{folder}/operstate") or "unknown"
        families.add(_UP, float(state == "up"), labels)
        families.add(_INFO, 1.0, self._info_labels(folder, device, state, flags))
        families.add(_FLAGS, float(flags), labels)
        speed = read_number(f"{folder}/speed")
        if speed is not None and (speed >= 0 or not self._leave_out_unknown_speed):
            families.add(_SPEED, speed * _MEGABIT_BYTES, labels)
        add_attributes(families, folder, _ATTRIBUTES, labels)

    def _info_labels(self, folder: str, device: str, state: str, flags: int) -> Labels:
        values = tuple(read_attribute(f"{folder}/{file}") or "" for file in _INFO_FILES)
        key = (device, state, "up" if flags & _IFF_UP else "down", *values)
        labels = self._infos.get(key)
        if labels is None:
            names = ("device", "operstate", "adminstate", *_INFO_FILES)
            labels = self._infos[key] = make_labels(zip(names, key, strict=True))
        return labels
