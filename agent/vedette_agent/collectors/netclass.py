"""Properties of network interfaces: ``/sys/class/net``, see Documentation/ABI/testing/sysfs-class-net.

Most of them come over netlink too, all at once instead of a file each; what does not is read from files either way.
"""

from __future__ import annotations

import re

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.netlink import (
    IFLA_ADDRESS,
    IFLA_BROADCAST,
    IFLA_CARRIER,
    IFLA_CARRIER_CHANGES,
    IFLA_CARRIER_DOWN_COUNT,
    IFLA_CARRIER_UP_COUNT,
    IFLA_GROUP,
    IFLA_IFALIAS,
    IFLA_LINK,
    IFLA_LINKMODE,
    IFLA_MTU,
    IFLA_OPERSTATE,
    IFLA_TXQLEN,
    Link,
    dump_links,
    parse_links,
)
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_number
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType

_UP = Metric("node_network_up", GAUGE, "Value is 1 if operstate is 'up', 0 otherwise.")
_INFO = Metric("node_network_info", GAUGE, "Non-numeric data from /sys/class/net/<iface>, value is always 1.")
_INFO_FILES = ("address", "broadcast", "ifalias")
_IFF_UP = 1
_IFF_DORMANT = 0x20000
_STATES = {1: "notpresent", 2: "down", 3: "lowerlayerdown", 4: "testing", 5: "dormant", 6: "up"}
"""See linux/if.h and net/core/net-sysfs.c."""
_MEGABIT_BYTES = 1e6 / 8


def _property(name: str, kind: MetricType = GAUGE) -> Metric:
    return Metric(f"node_network_{name}", kind, f"Network device property: {name}")


_SPEED = _property("speed_bytes")
_FLAGS = _property("flags")
_DORMANT = _property("dormant")
_CARRIER = _property("carrier")
_INDEX = _property("iface_id")
_LINK = _property("iface_link")
_KIND = _property("protocol_type")
_OF_FILES = (
    Attribute("addr_assign_type", _property("address_assign_type")),
    Attribute("dev_id", _property("device_id")),
    Attribute("name_assign_type", _property("name_assign_type")),
)
_ALSO_OF_NETLINK = (
    (IFLA_CARRIER_CHANGES, Attribute("carrier_changes", _property("carrier_changes_total", COUNTER))),
    (IFLA_CARRIER_UP_COUNT, Attribute("carrier_up_count", _property("carrier_up_changes_total", COUNTER))),
    (IFLA_CARRIER_DOWN_COUNT, Attribute("carrier_down_count", _property("carrier_down_changes_total", COUNTER))),
    (IFLA_LINKMODE, Attribute("link_mode", _property("iface_link_mode"))),
    (IFLA_MTU, Attribute("mtu", _property("mtu_bytes"))),
    (IFLA_GROUP, Attribute("netdev_group", _property("net_dev_group"))),
    (IFLA_TXQLEN, Attribute("tx_queue_len", _property("transmit_queue_length"))),
)
_ALL_FILES = (
    *_OF_FILES,
    *(attribute for _, attribute in _ALSO_OF_NETLINK),
    Attribute("carrier", _CARRIER),
    Attribute("dormant", _DORMANT),
    Attribute("ifindex", _INDEX),
    Attribute("iflink", _LINK),
    Attribute("type", _KIND),
)


class NetclassCollector:
    """State, speed and other properties of each network interface."""

    name = "netclass"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/net")
        self._ignored = re.compile(options.netclass.ignored_devices)
        self._leave_out_unknown_speed = options.netclass.ignore_invalid_speed
        self._netlink = options.netclass.netlink
        self._infos: dict[tuple[str, ...], Labels] = {}

    def collect(self) -> list[MetricFamily]:
        families = Families()
        if self._netlink:
            for link in parse_links(dump_links()):
                if self._ignored.search(link.name) is None:
                    self._add_link(families, link)
        else:
            for device in list_folder(self._sys):
                if self._ignored.search(device) is None:
                    self._add_device(families, device)
        if not families.all():
            raise NoDataError("there are no network interfaces")
        return families.all()

    def _add_link(self, families: Families, link: Link) -> None:
        state = _STATES.get(link.number(IFLA_OPERSTATE) or 0, "unknown")
        address, broadcast = (link.attributes.get(key, b"").hex(":") for key in (IFLA_ADDRESS, IFLA_BROADCAST))
        alias = link.attributes.get(IFLA_IFALIAS, b"").rstrip(b"\0").decode("utf-8", "replace")
        labels = self._add_device_basics(families, link.name, state, (address, broadcast, alias))
        if labels is None:
            return
        if link.flags & _IFF_UP:
            # The files tell these two of interfaces alone that are up.
            families.add(_CARRIER, float(link.number(IFLA_CARRIER) or 0), labels)
            families.add(_DORMANT, float(bool(link.flags & _IFF_DORMANT)), labels)
        own_link = link.number(IFLA_LINK)
        families.add(_INDEX, float(link.interface), labels)
        families.add(_LINK, float(link.interface if own_link is None else own_link), labels)
        families.add(_KIND, float(link.kind), labels)
        for key, attribute in _ALSO_OF_NETLINK:
            number = link.number(key)
            if number is not None:
                families.add(attribute.metric, float(number), labels)
        add_attributes(families, f"{self._sys}/{link.name}", _OF_FILES, labels)

    def _add_device(self, families: Families, device: str) -> None:
        folder = f"{self._sys}/{device}"
        state = read_attribute(f"{folder}/operstate") or "unknown"
        infos = tuple(read_attribute(f"{folder}/{file}") or "" for file in _INFO_FILES)
        labels = self._add_device_basics(families, device, state, infos)
        if labels is not None:
            add_attributes(families, folder, _ALL_FILES, labels)

    def _add_device_basics(self, families: Families, device: str, state: str, infos: tuple[str, ...]) -> Labels | None:
        """Add what is added either way; return no labels for what is no interface, or no more."""
        folder = f"{self._sys}/{device}"
        flags = read_number(f"{folder}/flags")
        if flags is None:
            return None
        labels = (("device", device),)
        up = flags & _IFF_UP
        families.add(_UP, float(state == "up"), labels)
        families.add(_FLAGS, float(flags), labels)
        # The driver is asked for these two, and tells them of an interface alone that is up.
        speed = read_number(f"{folder}/speed") if up else None
        if speed is not None and (speed >= 0 or not self._leave_out_unknown_speed):
            families.add(_SPEED, speed * _MEGABIT_BYTES, labels)
        duplex = read_attribute(f"{folder}/duplex") if up else None
        key = (device, state, "up" if up else "down", duplex or "", *infos)
        info_labels = self._infos.get(key)
        if info_labels is None:
            names = ("device", "operstate", "adminstate", "duplex", *_INFO_FILES)
            info_labels = self._infos[key] = make_labels(zip(names, key, strict=True))
        families.add(_INFO, 1.0, info_labels)
        return labels
