"""Bcachefs file systems: ``/sys/fs/bcachefs``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute, read_number
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_bcachefs_info", GAUGE, "Filesystem information.")
_BTREE_CACHE = Metric("node_bcachefs_btree_cache_size_bytes", GAUGE, "Btree cache memory usage in bytes.")
_COMPRESSED = Metric("node_bcachefs_compression_compressed_bytes", GAUGE, "Compressed size by algorithm.")
_UNCOMPRESSED = Metric("node_bcachefs_compression_uncompressed_bytes", GAUGE, "Uncompressed size by algorithm.")
_ERRORS = Metric("node_bcachefs_errors_total", COUNTER, "Error count by error type.")
_WRITES = Metric("node_bcachefs_btree_writes_total", COUNTER, "Number of btree writes by type.")
_WRITE_SIZE = Metric("node_bcachefs_btree_write_average_size_bytes", GAUGE, "Average btree write size by type.")
_DEVICE_INFO = Metric("node_bcachefs_device_info", GAUGE, "Device information.")
_BUCKET_SIZE = Metric("node_bcachefs_device_bucket_size_bytes", GAUGE, "Bucket size in bytes.")
_BUCKETS = Metric("node_bcachefs_device_buckets", GAUGE, "Total number of buckets.")
_DURABILITY = Metric("node_bcachefs_device_durability", GAUGE, "Device durability setting.")
_IO_DONE = Metric("node_bcachefs_device_io_done_bytes_total", COUNTER, "IO bytes by operation type and data type.")
_IO_ERRORS = Metric("node_bcachefs_device_io_errors_total", COUNTER, "IO errors by error type.")

_SINCE_CREATION = "since filesystem creation:"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_UNITS = "kMGTPE"


def parse_size(text: str) -> float:
    """Return the bytes in a text such as ``48.9G``, rounded down to whole ones.

    Raises:
        ValueError: the text is no such size.
    """
    if text and text[-1] in _UNITS:
        return float(int(float(text[:-1]) * 1024.0 ** (_UNITS.index(text[-1]) + 1)))
    return float(text)


def parse_table(text: str) -> list[list[str]]:
    """Return the rows of a table below its header, each with its name, without a colon, and at least two columns."""
    rows = [line.replace(":", " ", 1).split() for line in text.splitlines()[1:]]
    return [row for row in rows if len(row) > 2]


def parse_io_done(text: str) -> Iterator[tuple[str, str, float]]:
    """Yield the operation, the kind of data and the bytes of each line.

    Raises:
        ValueError: a count of bytes is not a number.
    """
    operation = ""
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition(":"))
        if not value:
            operation = name
        elif operation:
            yield operation, name, float(value)


def parse_io_errors(text: str) -> dict[str, float]:
    """Return the counts of errors since the file system was made.

    Raises:
        ValueError: a count is not a number.
    """
    counts: dict[str, float] = {}
    sections = 0
    for line in text.splitlines():
        if line.startswith("IO errors since"):
            sections += 1
        elif sections == 1 and ":" in line:
            name, _, value = line.partition(":")
            counts[name.strip()] = float(value)
    return counts


class BcachefsCollector:
    """Counters, compression, errors and devices of each file system."""

    name = "bcachefs"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("fs/bcachefs")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for uuid in list_class(self._sys, "there are no bcachefs file systems"):
            _add_file_system(families, f"{self._sys}/{uuid}", (("uuid", uuid),))
        return families.all()


def _add_file_system(families: Families, folder: str, labels: Labels) -> None:
    families.add(_INFO, 1.0, labels)
    cache = read_attribute(f"{folder}/btree_cache_size")
    if cache:
        families.add(_BTREE_CACHE, parse_size(cache), labels)
    for algorithm, compressed, uncompressed, *_ in parse_table(read_attribute(f"{folder}/compression_stats") or ""):
        by_algorithm = (("algorithm", algorithm), *labels)
        families.add(_COMPRESSED, parse_size(compressed), by_algorithm)
        families.add(_UNCOMPRESSED, parse_size(uncompressed), by_algorithm)
    for line in (read_attribute(f"{folder}/errors") or "").splitlines():
        kind, count, *_ = line.split()
        families.add(_ERRORS, float(count), (("error_type", kind), *labels))
    # White space at the start belongs to the header, so the text is read as it stands.
    for kind, count, size, *_ in parse_table(read_attribute(f"{folder}/btree_write_stats") or ""):
        families.add(_WRITES, float(count), (("type", kind), *labels))
        families.add(_WRITE_SIZE, parse_size(size), (("type", kind), *labels))
    for counter in list_folder(f"{folder}/counters"):
        _add_counter(families, f"{folder}/counters/{counter}", counter, labels)
    for name in list_folder(folder):
        if name.startswith("dev-"):
            _add_device(families, f"{folder}/{name}", name.removeprefix("dev-"), labels)


def _add_counter(families: Families, path: str, counter: str, labels: Labels) -> None:
    text = read_attribute(path) or ""
    _, found, value = text.partition(_SINCE_CREATION)
    if found:
        metric = Metric(
            f"node_bcachefs_{_NOT_IN_NAMES.sub('_', counter)}_total",
            COUNTER,
            f"Bcachefs counter {counter} since filesystem creation.",
        )
        families.add(metric, parse_size(value.strip()), labels)


def _add_device(families: Families, folder: str, device: str, labels: Labels) -> None:
    infos = [(file, read_attribute(f"{folder}/{file}") or "") for file in ("label", "state")]
    families.add(_DEVICE_INFO, 1.0, make_labels([*labels, *infos, ("device", device)]))
    of_device = (("device", device), *labels)
    size = read_attribute(f"{folder}/bucket_size")
    if size:
        families.add(_BUCKET_SIZE, parse_size(size), of_device)
    for metric, file in ((_BUCKETS, "nbuckets"), (_DURABILITY, "durability")):
        number = read_number(f"{folder}/{file}")
        if number is not None:
            families.add(metric, float(number), of_device)
    for operation, data, count in parse_io_done(read_attribute(f"{folder}/io_done") or ""):
        families.add(_IO_DONE, count, (("data_type", data), ("device", device), ("operation", operation), *labels))
    for kind, count in parse_io_errors(read_attribute(f"{folder}/io_errors") or "").items():
        families.add(_IO_ERRORS, count, (("device", device), ("type", kind), *labels))
