"""Memory errors: ``/sys/devices/system/edac/mc``, see Documentation/admin-guide/ras.rst."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_number
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_CONTROLLER = re.compile(r"mc(\d+)")
_ROW = re.compile(r"csrow(\d+)")
_CHANNEL = re.compile(r"ch(\d+)_dimm_label")
_KINDS = (("ce", "correctable"), ("ue", "uncorrectable"))


def _metrics(place: str, where: str) -> dict[str, Metric]:
    return {
        prefix: Metric(f"node_edac_{place}{kind}_errors_total", COUNTER, f"Total {kind} memory errors{where}.")
        for prefix, kind in _KINDS
    }


_OF_CONTROLLER = _metrics("", "")
_OF_ROW = _metrics("csrow_", " for this csrow")
_OF_CHANNEL = _metrics("channel_", " for this channel")


def readable_label(label: str) -> str:
    """Return a memory module's label as people can read it: ``mc#0csrow#1channel#0`` as ``mc0_csrow1_channel0``."""
    return label.replace("#", "").replace("csrow", "_csrow").replace("channel", "_channel")


class EdacCollector:
    """Errors that were corrected and errors that were not, by controller, row and channel."""

    name = "edac"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("devices/system/edac/mc")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_folder(self._sys):
            if match := _CONTROLLER.fullmatch(name):
                self._add_controller(families, f"{self._sys}/{name}", match[1])
        return families.all()

    def _add_controller(self, families: Families, folder: str, controller: str) -> None:
        _add_counts(families, _OF_CONTROLLER, f"{folder}/", "_count", (("controller", controller),))
        unknown = (("controller", controller), ("csrow", "unknown"))
        _add_counts(families, _OF_ROW, f"{folder}/", "_noinfo_count", unknown)
        for name in list_folder(folder):
            if match := _ROW.fullmatch(name):
                self._add_row(families, f"{folder}/{name}", controller, match[1])

    def _add_row(self, families: Families, folder: str, controller: str, row: str) -> None:
        labels = (("controller", controller), ("csrow", row))
        _add_counts(families, _OF_ROW, f"{folder}/", "_count", labels)
        for name in list_folder(folder):
            if match := _CHANNEL.fullmatch(name):
                dimm = readable_label(read_attribute(f"{folder}/{name}") or "unknown")
                channel_labels = make_labels([*labels, ("channel", match[1]), ("dimm_label", dimm)])
                _add_counts(families, _OF_CHANNEL, f"{folder}/ch{match[1]}_", "_count", channel_labels)


def _add_counts(families: Families, metrics: dict[str, Metric], before: str, after: str, labels: Labels) -> None:
    for kind, metric in metrics.items():
        count = read_number(f"{before}{kind}{after}")
        if count is not None:
            families.add(metric, float(count), labels)
