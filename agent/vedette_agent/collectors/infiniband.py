"""InfiniBand and RDMA ports: ``/sys/class/infiniband``."""

from __future__ import annotations

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_WORD_BYTES = 4.0
_GIGABIT_BYTES = 1e9 / 8

_INFO = Metric(
    "node_infiniband_info", GAUGE, "Non-numeric data from /sys/class/infiniband/<device>, value is always 1."
)
_STATE = Metric(
    "node_infiniband_state_id",
    GAUGE,
    "State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)",
)
_PHYSICAL_STATE = Metric(
    "node_infiniband_physical_state_id",
    GAUGE,
    "Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, "
    "6: link error recover, 7: phytest)",
)
_RATE = Metric("node_infiniband_rate_bytes_per_second", GAUGE, "Maximum signal transfer rate")


def _counter(file: str, name: str, text: str, factor: float = 1.0) -> Attribute:
    return Attribute(file, Metric(f"node_infiniband_{name}_total", COUNTER, text), factor)


_COUNTERS = (
    _counter(
        "link_downed",
        "link_downed",
        "Number of times the link failed to recover from an error state and went down",
    ),
    _counter(
        "link_error_recovery",
        "link_error_recovery",
        "Number of times the link successfully recovered from an error state",
    ),
    _counter(
        "multicast_rcv_packets",
        "multicast_packets_received",
        "Number of multicast packets received (including errors)",
    ),
    _counter(
        "multicast_xmit_packets",
        "multicast_packets_transmitted",
        "Number of multicast packets transmitted (including errors)",
    ),
    _counter(
        "port_rcv_constraint_errors",
        "port_constraint_errors_received",
        "Number of packets received on the switch physical port that are discarded",
    ),
    _counter(
        "port_xmit_constraint_errors",
        "port_constraint_errors_transmitted",
        "Number of packets not transmitted from the switch physical port",
    ),
    _counter("port_rcv_data", "port_data_received_bytes", "Number of data octets received on all links", _WORD_BYTES),
    _counter(
        "port_xmit_data",
        "port_data_transmitted_bytes",
        "Number of data octets transmitted on all links",
        _WORD_BYTES,
    ),
    _counter(
        "port_rcv_discards",
        "port_discards_received",
        "Number of inbound packets discarded by the port because the port is down or congested",
    ),
    _counter(
        "port_xmit_discards",
        "port_discards_transmitted",
        "Number of outbound packets discarded by the port because the port is down or congested",
    ),
    _counter(
        "port_rcv_errors",
        "port_errors_received",
        "Number of packets containing an error that were received on this port",
    ),
    _counter(
        "port_rcv_packets",
        "port_packets_received",
        "Number of packets received on all VLs by this port (including errors)",
    ),
    _counter(
        "port_xmit_packets",
        "port_packets_transmitted",
        "Number of packets transmitted on all VLs from this port (including errors)",
    ),
    _counter(
        "port_xmit_wait",
        "port_transmit_wait",
        "Number of ticks during which the port had data to transmit but no data was sent during the entire tick",
    ),
    _counter(
        "unicast_rcv_packets",
        "unicast_packets_received",
        "Number of unicast packets received (including errors)",
    ),
    _counter(
        "unicast_xmit_packets",
        "unicast_packets_transmitted",
        "Number of unicast packets transmitted (including errors)",
    ),
)
_LEGACY_COUNTERS = (
    _counter(
        "port_multicast_rcv_packets",
        "legacy_multicast_packets_received",
        "Number of multicast packets received",
    ),
    _counter(
        "port_multicast_xmit_packets",
        "legacy_multicast_packets_transmitted",
        "Number of multicast packets transmitted",
    ),
    _counter(
        "port_rcv_data_64",
        "legacy_data_received_bytes",
        "Number of data octets received on all links",
        _WORD_BYTES,
    ),
    _counter("port_rcv_packets_64", "legacy_packets_received", "Number of data packets received on all links"),
    _counter("port_unicast_rcv_packets", "legacy_unicast_packets_received", "Number of unicast packets received"),
    _counter(
        "port_unicast_xmit_packets",
        "legacy_unicast_packets_transmitted",
        "Number of unicast packets transmitted",
    ),
    _counter(
        "port_xmit_data_64",
        "legacy_data_transmitted_bytes",
        "Number of data octets transmitted on all links",
        _WORD_BYTES,
    ),
    # That this text speaks of receiving is how it is known.
    _counter("port_xmit_packets_64", "legacy_packets_transmitted", "Number of data packets received on all links"),
)


class InfinibandCollector:
    """State, rate and counters of each port."""

    name = "infiniband"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/infiniband")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for device in list_class(self._sys, "there are no InfiniBand devices"):
            folder = f"{self._sys}/{device}"
            labels = make_labels(
                device=device,
                board_id=read_attribute(f"{folder}/board_id") or "",
                firmware_version=read_attribute(f"{folder}/fw_ver") or "",
                hca_type=read_attribute(f"{folder}/hca_type") or "",
            )
            families.add(_INFO, 1.0, labels)
            for port in list_folder(f"{folder}/ports"):
                _add_port(families, f"{folder}/ports/{port}", (("device", device), ("port", port)))
        return families.all()


def _add_port(families: Families, folder: str, labels: Labels) -> None:
    for metric, file in ((_STATE, "state"), (_PHYSICAL_STATE, "phys_state")):
        # Such as "4: ACTIVE".
        number = (read_attribute(f"{folder}/{file}") or "").partition(":")[0]
        if number.isdigit():
            families.add(metric, float(number), labels)
    # Such as "40 Gb/sec (4X QDR)".
    rate = (read_attribute(f"{folder}/rate") or "").split()
    if rate:
        families.add(_RATE, float(rate[0]) * _GIGABIT_BYTES, labels)
    add_attributes(families, f"{folder}/counters", _COUNTERS, labels)
    add_attributes(families, f"{folder}/counters_ext", _LEGACY_COUNTERS, labels)
