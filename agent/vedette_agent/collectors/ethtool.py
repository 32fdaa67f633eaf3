"""What ethtool(8) tells of network interfaces: drivers, their own counters, and what links can do."""

from __future__ import annotations

import contextlib
import re

from vedette_agent.collectors.ethtool_kernel import EthtoolSocket, LinkSettings
from vedette_agent.collectors.ethtool_modes import ASYMMETRIC_PAUSE, AUTONEG, PAUSE, PORTS, SPEEDS
from vedette_agent.collectors.families import GAUGE, UNTYPED, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric(
    "node_ethtool_info",
    GAUGE,
    "A metric with a constant '1' value labeled by bus_info, device, driver, expansion_rom_version, "
    "firmware_version, version.",
)
_PORT = Metric("node_network_supported_port_info", GAUGE, "Type of ports or PHYs supported by network device")
_SUPPORTED_SPEED = Metric(
    "node_network_supported_speed_bytes", GAUGE, "Combination of speeds and features supported by network device"
)
_ADVERTISED_SPEED = Metric(
    "node_network_advertised_speed_bytes", GAUGE, "Combination of speeds and features offered by network device"
)
_AUTONEGOTIATE = Metric("node_network_autonegotiate", GAUGE, "If this port is using autonegotiate")
_SUPPORTED = (
    (AUTONEG, Metric("node_network_autonegotiate_supported", GAUGE, "If this port device supports autonegotiate")),
    (PAUSE, Metric("node_network_pause_supported", GAUGE, "If this port device supports pause frames")),
    (
        ASYMMETRIC_PAUSE,
        Metric(
            "node_network_asymmetricpause_supported",
            GAUGE,
            "If this port device supports asymmetric pause frames",
        ),
    ),
)
_ADVERTISED = (
    (AUTONEG, Metric("node_network_autonegotiate_advertised", GAUGE, "If this port device offers autonegotiate")),
    (PAUSE, Metric("node_network_pause_advertised", GAUGE, "If this port device offers pause capability")),
    (
        ASYMMETRIC_PAUSE,
        Metric(
            "node_network_asymmetricpause_advertised",
            GAUGE,
            "If this port device offers asymmetric pause capability",
        ),
    ),
)
_KNOWN = {
    "rx_bytes": ("received_bytes_total", "Network interface bytes received"),
    "rx_dropped": ("received_dropped_total", "Number of received frames dropped"),
    "rx_errors": ("received_errors_total", "Number of received frames with errors"),
    "rx_packets": ("received_packets_total", "Network interface packets received"),
    "tx_bytes": ("transmitted_bytes_total", "Network interface bytes sent"),
    "tx_errors": ("transmitted_errors_total", "Number of sent frames with errors"),
    "tx_packets": ("transmitted_packets_total", "Network interface packets sent"),
}
_NOT_IN_NAMES = re.compile(r"_*[^0-9A-Za-z_]+_*")
_RECEIVED = re.compile(r"(^|_)rx(_|$)")
_TRANSMITTED = re.compile(r"(^|_)tx(_|$)")
_MEGABIT_BYTES = 1e6 / 8


def clean_name(name: str) -> str:
    """Return a driver's name of a counter in the letters of metric names."""
    return _NOT_IN_NAMES.sub("_", name)


def metric_name(name: str) -> str:
    """Return the end of a metric's name for a counter: ``rx_queue_0`` is ``received_queue_0``."""
    name = clean_name(name).lower().lstrip("_")
    return _TRANSMITTED.sub(r"\1transmitted\2", _RECEIVED.sub(r"\1received\2", name))


def name_counters(counters: dict[str, int], include: re.Pattern[str]) -> list[tuple[Metric, int]]:
    """Return the counters that match, with their metrics. Those that would come to share a name are left out."""
    chosen: dict[str, tuple[Metric, int] | None] = {}
    for raw, value in counters.items():
        name = clean_name(raw)
        if include.search(name):
            ending, text = _KNOWN.get(name, (metric_name(name), f"Network interface {name}"))
            taken = metric_name(name)
            chosen[taken] = None if taken in chosen else (Metric(f"node_ethtool_{ending}", UNTYPED, text), value)
    return [pair for pair in chosen.values() if pair is not None]


class EthtoolCollector:
    """Drivers, their counters, and speeds and ports of links."""

    name = "ethtool"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/net")
        self._filter = options.ethtool.filter("device")
        self._include = re.compile(options.ethtool.metrics_include)

    def collect(self) -> list[MetricFamily]:
        families = Families()
        with contextlib.closing(EthtoolSocket()) as kernel:
            for device in list_folder(self._sys):
                if self._filter.keeps(device):
                    self._add_device(families, kernel, device)
        if not families.all():
            raise NoDataError("no driver of a network interface tells anything")
        return families.all()

    def _add_device(self, families: Families, kernel: EthtoolSocket, device: str) -> None:
        # Each question is one that a driver may have no answer to.
        with contextlib.suppress(OSError):
            _add_link(families, kernel.link_settings(device), (("device", device),))
        with contextlib.suppress(OSError):
            info = kernel.driver_info(device)
            labels = make_labels(
                device=device,
                driver=info.driver,
                version=info.version,
                firmware_version=info.firmware_version,
                bus_info=info.bus_info,
                expansion_rom_version=info.expansion_rom_version,
            )
            families.add(_INFO, 1.0, labels)
        with contextlib.suppress(OSError):
            for metric, value in name_counters(kernel.statistics(device), self._include):
                families.add(metric, float(value), (("device", device),))


def _add_link(families: Families, link: LinkSettings, labels: Labels) -> None:
    families.add(_AUTONEGOTIATE, float(link.autonegotiates), labels)
    for bit, port in PORTS.items():
        if link.supported >> bit & 1:
            families.add(_PORT, 1.0, (*labels, ("type", port)))
    for mask, capabilities, speed_metric in (
        (link.supported, _SUPPORTED, _SUPPORTED_SPEED),
        (link.advertised, _ADVERTISED, _ADVERTISED_SPEED),
    ):
        for bit, metric in capabilities:
            families.add(metric, float(mask >> bit & 1), labels)
        for bit, speed in SPEEDS.items():
            if mask >> bit & 1:
                families.add(
                    speed_metric,
                    speed.megabits * _MEGABIT_BYTES,
                    (*labels, ("duplex", speed.duplex), ("mode", speed.mode)),
                )
