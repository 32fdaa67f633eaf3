"""Open files: ``/proc/sys/fs/file-nr``, see proc_sys_fs(5)."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.metrics import MetricFamily

_ALLOCATED = Metric("node_filefd_allocated", GAUGE, "File descriptor statistics: allocated.")
_MAXIMUM = Metric("node_filefd_maximum", GAUGE, "File descriptor statistics: maximum.")


def parse_file_nr(content: bytes) -> tuple[float, float]:
    """Return the numbers of allocated file handles and of those that may be.

    Raises:
        ValueError: the content does not have three numbers.
    """
    allocated, _, maximum = content.split()
    return float(allocated), float(maximum)


class FilefdCollector:
    """File handles of the whole system."""

    name = "filefd"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("sys/fs/file-nr")

    def collect(self) -> list[MetricFamily]:
        allocated, maximum = parse_file_nr(read_bytes(self._path))
        families = Families()
        families.add(_ALLOCATED, allocated)
        families.add(_MAXIMUM, maximum)
        return families.all()
