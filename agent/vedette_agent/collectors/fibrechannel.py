"""Fibre Channel ports: ``/sys/class/fc_host``."""

from __future__ import annotations

from vedette_agent.collectors.attributes import Attribute
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, read_attribute, read_number
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_fibrechannel_info", GAUGE, "Non-numeric data from /sys/class/fc_host/<host>, value is always 1.")
_INFO_FILES = (
    "dev_loss_tmo",
    "fabric_name",
    "port_id",
    "port_name",
    "port_state",
    "port_type",
    "speed",
    "supported_classes",
    "supported_speeds",
    "symbolic_name",
)
_HEXADECIMAL = frozenset({"fabric_name", "port_id", "port_name"})
_NO_COUNT = 0xFFFFFFFFFFFFFFFF
"""What a driver tells that does not count."""


def _counter(file: str, name: str, text: str) -> Attribute:
    return Attribute(file, Metric(f"node_fibrechannel_{name}_total", COUNTER, text))


_COUNTERS = (
    _counter("dumped_frames", "dumped_frames", "Number of dumped frames"),
    _counter("error_frames", "error_frames", "Number of errors in frames"),
    _counter("fcp_packet_aborts", "fcp_packet_aborts", "Number of aborted packets"),
    _counter("invalid_crc_count", "invalid_crc", "Invalid Cyclic Redundancy Check count"),
    _counter("invalid_tx_word_count", "invalid_tx_words", "Number of invalid words transmitted by host port"),
    _counter("link_failure_count", "link_failure", "Number of times the host port link has failed"),
    _counter("loss_of_signal_count", "loss_of_signal", "Number of times signal has been lost"),
    _counter("loss_of_sync_count", "loss_of_sync", "Number of failures on either bit or transmission word boundaries"),
    _counter("nos_count", "nos", "Number Not_Operational Primitive Sequence received by host port"),
    _counter("rx_frames", "rx_frames", "Number of frames received"),
    _counter("rx_words", "rx_words", "Number of words received by host port"),
    _counter("seconds_since_last_reset", "seconds_since_last_reset", "Number of seconds since last host port reset"),
    _counter("tx_frames", "tx_frames", "Number of frames transmitted by host port"),
    _counter("tx_words", "tx_words", "Number of words transmitted by host port"),
)


class FibrechannelCollector:
    """State, names and counters of each port."""

    name = "fibrechannel"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/fc_host")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for host in list_class(self._sys, "there are no Fibre Channel ports"):
            folder = f"{self._sys}/{host}"
            infos = [(file, _info(folder, file)) for file in _INFO_FILES]
            families.add(_INFO, 1.0, make_labels([*infos, ("fc_host", host)]))
            for counter in _COUNTERS:
                count = read_number(f"{folder}/statistics/{counter.file}")
                if count is not None and count != _NO_COUNT:
                    families.add(counter.metric, float(count), (("fc_host", host),))
        return families.all()


def _info(folder: str, file: str) -> str:
    text = read_attribute(f"{folder}/{file}") or ""
    return text.removeprefix("0x") if file in _HEXADECIMAL else text
