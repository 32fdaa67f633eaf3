"""Bcache sets: ``/sys/fs/bcache``, see Documentation/admin-guide/bcache.rst."""

from __future__ import annotations

import re

from vedette_agent.collectors.attributes import Attribute
from vedette_agent.collectors.bcache_metrics import (
    OF_BACKING_DEVICE,
    OF_CACHE_DEVICE,
    OF_SET,
    PRIORITY_STATS,
    WRITEBACK,
)
from vedette_agent.collectors.families import Families
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

_UUID = re.compile(r"[0-9a-f-]{36}")
_UNITS = "kMGTPEZY"


def parse_size(text: str) -> float:
    """Return the bytes in a text as bcache writes it: ``20.4G``, where the digit stands for that many hundreds of the
    1024 parts of a unit.

    Raises:
        ValueError: the text is no such size.
    """
    if not text or text[-1] not in _UNITS:
        return float(text)
    whole, _, digit = text[:-1].partition(".")
    return float((int(whole) * 1024 + int(digit or "0") * 100) * 1024 ** _UNITS.index(text[-1]))


def parse_fields(text: str) -> dict[str, str]:
    """Return the lines ``name: value`` of a text, without the units after a slash or the sign for percent."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip().partition("/")[0].rstrip("%") for name, colon, value in pairs if colon}


class BcacheCollector:
    """Hits and misses, dirty data and writeback of each set, backing device and cache device."""

    name = "bcache"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("fs/bcache")
        self._priority_stats = options.bcache.priority_stats

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for uuid in list_folder(self._sys):
            if _UUID.fullmatch(uuid):
                self._add_set(families, f"{self._sys}/{uuid}", uuid)
        return families.all()

    def _add_set(self, families: Families, folder: str, uuid: str) -> None:
        _add_sizes(families, folder, OF_SET, (("uuid", uuid),))
        for name in list_folder(folder):
            path = f"{folder}/{name}"
            if name.startswith("bdev"):
                labels = (("backing_device", name), ("uuid", uuid))
                _add_sizes(families, path, OF_BACKING_DEVICE, labels)
                _add_fields(families, f"{path}/writeback_rate_debug", WRITEBACK, labels)
            elif name.startswith("cache") and name[len("cache") :].isdigit():
                labels = (("cache_device", name), ("uuid", uuid))
                _add_sizes(families, path, OF_CACHE_DEVICE, labels)
                if self._priority_stats:
                    _add_fields(families, f"{path}/priority_stats", PRIORITY_STATS, labels)


def _add_sizes(families: Families, folder: str, attributes: tuple[Attribute, ...], labels: Labels) -> None:
    for file, metric, factor, divisor in attributes:
        text = read_attribute(f"{folder}/{file}")
        if text:
            families.add(metric, parse_size(text) * factor / divisor, labels)


def _add_fields(families: Families, path: str, attributes: tuple[Attribute, ...], labels: Labels) -> None:
    fields = parse_fields(read_attribute(path) or "")
    for field, metric, factor, divisor in attributes:
        if field in fields:
            families.add(metric, parse_size(fields[field]) * factor / divisor, labels)
