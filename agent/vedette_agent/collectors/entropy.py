"""The random number generator: ``/proc/sys/kernel/random``, see random(4)."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.metrics import MetricFamily

_AVAILABLE = Metric("node_entropy_available_bits", GAUGE, "Bits of available entropy.")
_POOL_SIZE = Metric("node_entropy_pool_size_bits", GAUGE, "Bits of entropy pool.")


class EntropyCollector:
    """Bits at hand, and bits that the pool can hold."""

    name = "entropy"

    def __init__(self, options: NodeOptions) -> None:
        self._available = options.proc("sys/kernel/random/entropy_avail")
        self._pool_size = options.proc("sys/kernel/random/poolsize")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        families.add(_AVAILABLE, float(read_bytes(self._available)))
        families.add(_POOL_SIZE, float(read_bytes(self._pool_size)))
        return families.all()
