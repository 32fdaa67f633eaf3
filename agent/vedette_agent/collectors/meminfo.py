"""Memory: ``/proc/meminfo``, see proc_meminfo(5)."""

from __future__ import annotations

from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.labels import EMPTY
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_UNITS = {b"kB": 1024.0}


def parse_meminfo(content: bytes) -> list[tuple[str, float]]:
    """Return pairs of a field, ``Active(anon)`` as ``Active_anon`` and with ``_bytes`` after it where it has a unit,
    and its value, in bytes where it has one.

    Raises:
        ValueError: a line is not ``name: number [kB]``.
    """
    fields = []
    for line in content.splitlines():
        name, _, rest = line.partition(b":")
        words = rest.split()
        if not words:
            if line.strip():
                raise ValueError(f"not a line of meminfo: {line!r}")
            continue
        field = name.decode()
        if field.endswith(")"):
            field = field[:-1].replace("(", "_")
        if len(words) == 1:
            fields.append((field, float(words[0])))
        else:
            fields.append((f"{field}_bytes", float(words[0]) * _UNITS[words[1]]))
    return fields


class MeminfoCollector:
    """One gauge for each line of meminfo."""

    name = "meminfo"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("meminfo")

    def collect(self) -> list[MetricFamily]:
        families = []
        for field, value in parse_meminfo(read_bytes(self._path)):
            name = f"node_memory_{field}"
            sample = Sample(name, EMPTY, value)
            families.append(
                MetricFamily(name, MetricType.GAUGE, f"Memory information field {field}.", samples=[sample])
            )
        return families
