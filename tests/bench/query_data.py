"""What the bench of queries loads: hosts whose counters, gauges and histograms move as they do in life."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import trio
from numpy.typing import NDArray

from tests.bench import remote_write
from vedette_server.storage import StorageOptions, Store
from vedette_shared.frames import Frame, Layout, Sender, encode_target, layout_of
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

INTERVAL_MS = 15_000
HOUR_MS = 3_600_000
HOSTS = 125
MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
CPUS = 10
"""125 hosts × 10 processors × 8 modes: 10,000 series under one name."""

BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
HANDLERS = ("read", "write")
SHORT_MS, LONG_MS = 2 * HOUR_MS, 24 * HOUR_MS
SLICE_MS = HOUR_MS // 2
"""Peers are loaded slice by slice: Prometheus takes nothing that is an hour older than its newest sample."""

STORAGE = StorageOptions(head_bytes=4 << 20, maintenance_ms=1_000, commit_delay_ms=0)
"""Blocks are cut while loading as often as they would be in two hours, and merged as they would be."""


class Stretch:
    """Samples of all hosts at evenly spaced times, with one layout.

    Attributes:
        layout: What each host reports.
        times: int64, ms, shape (ticks,).
        values: float64, shape (ticks, hosts, series).
    """

    def __init__(self, families: list[MetricFamily], end_ms: int, span_ms: int, seed: int) -> None:
        self.layout: Layout = layout_of(families)
        self.times = np.arange(end_ms - span_ms, end_ms + 1, INTERVAL_MS, dtype=np.int64)
        random = np.random.default_rng(seed)
        kinds = [family.type for family in families for _ in family.samples]
        self.values = np.empty((len(self.times), HOSTS, len(kinds)))
        for place, kind in enumerate(kinds):
            steps = random.gamma(4, 0.04, (len(self.times), HOSTS)) if kind is not MetricType.GAUGE else None
            walk = random.normal(0, 5, (len(self.times), HOSTS)) if steps is None else steps
            self.values[:, :, place] = np.round(np.cumsum(walk, axis=0), 2) + 1000 * (place + 1)
        self._accumulate_buckets(families)

    def _accumulate_buckets(self, families: list[MetricFamily]) -> None:
        """Make the counts of buckets cumulative over their bounds, as they stand one after the other."""
        place = 0
        for family in families:
            if family.type is MetricType.HISTOGRAM:
                for first in range(place, place + len(family.samples), len(BOUNDS)):
                    buckets = self.values[:, :, first : first + len(BOUNDS)]
                    self.values[:, :, first : first + len(BOUNDS)] = np.cumsum(np.round(buckets), axis=2)
            place += len(family.samples)

    def labels(self, host: int) -> list[Labels]:
        """The label sets of one host's series."""
        return [make_labels([("__name__", one.name), *one.labels, *target(host)]) for one in self.layout.series]


def target(host: int) -> Labels:
    """The labels of a host."""
    name = f"host{host:03d}"
    return make_labels(host=name, instance=f"{name}:9100", job="node")


def stretches(end_ms: int) -> list[Stretch]:
    """Everything that is loaded, up to ``end_ms``."""
    return [Stretch(_short(), end_ms, SHORT_MS, 1), Stretch([_family("node_load1")], end_ms, LONG_MS, 2)]


def _short() -> list[MetricFamily]:
    cpu = [make_labels(cpu=str(cpu), mode=mode) for cpu in range(CPUS) for mode in MODES]
    buckets = [make_labels(handler=handler, le=bound) for handler in HANDLERS for bound in BOUNDS]
    devices = [make_labels(device=device) for device in ("eth0", "eth1")]
    disks = [make_labels(device=device) for device in ("sda", "sdb")]
    mounts = [make_labels(device="/dev/sda1", fstype="ext4", mountpoint=point) for point in ("/", "/srv", "/var")]
    return [
        _family("node_cpu_seconds_total", cpu, MetricType.COUNTER),
        _family("http_request_duration_seconds", buckets, MetricType.HISTOGRAM, suffix="_bucket"),
        *(
            _family(f"node_network_{name}_total", devices, MetricType.COUNTER)
            for name in ("receive_bytes", "transmit_bytes", "receive_packets", "receive_errs", "receive_drop")
        ),
        *(
            _family(f"node_disk_{name}_total", disks, MetricType.COUNTER)
            for name in ("read_bytes", "written_bytes", "io_time_seconds", "reads_completed", "writes_completed")
        ),
        *(_family(f"node_filesystem_{name}_bytes", mounts) for name in ("avail", "size")),
        *(
            _family(f"node_memory_{name}_bytes")
            for name in ("MemTotal", "MemAvailable", "Cached", "Buffers", "SwapFree")
        ),
        *(
            _family(f"node_{name}")
            for name in ("load5", "load15", "procs_running", "procs_blocked", "filefd_allocated")
        ),
        *(_family(f"node_{name}_total", kind=MetricType.COUNTER) for name in ("context_switches", "intr", "forks")),
    ]


def _family(
    name: str, labels: list[Labels] | None = None, kind: MetricType = MetricType.GAUGE, suffix: str = ""
) -> MetricFamily:
    samples = [Sample(name + suffix, one, 0.0) for one in labels or [()]]
    return MetricFamily(name, kind, f"The bench's {name}.", samples=samples)


def _slices(end_ms: int) -> Iterator[tuple[int, int]]:
    for first in range(end_ms - LONG_MS, end_ms + 1, SLICE_MS):
        yield first, first + SLICE_MS


def load_peer(port: int, loaded: list[Stretch], end_ms: int) -> None:
    """Write everything to the peer on ``port`` in order of time."""
    labels = [[stretch.labels(host) for host in range(HOSTS)] for stretch in loaded]
    for first, end in _slices(end_ms):
        series = []
        for stretch, sets in zip(loaded, labels, strict=True):
            low, high = np.searchsorted(stretch.times, (first, end))
            if low < high:
                times, values = stretch.times[low:high], stretch.values[low:high]
                for host, of_host in enumerate(sets):
                    series += [
                        remote_write.encode_series(one, times, values[:, host, place])
                        for place, one in enumerate(of_host)
                    ]
        remote_write.write_all(port, series)


async def load_store(path: Path, loaded: list[Stretch], end_ms: int) -> None:
    """Write everything into a store of Vedette, frame by frame in order of time."""
    store = await trio.to_thread.run_sync(Store.open, path, STORAGE)
    layouts = [stretch.layout for stretch in loaded]
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            sequences = itertools.count(1)
            for at in range(end_ms - LONG_MS, end_ms + 1, INTERVAL_MS):
                frames = [frame for stretch in loaded for frame in _frames(stretch, sequences, at)]
                await store.appender.append_frames(Sender("bench", 1), layouts, frames)
            await _settle(store)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


async def _settle(store: Store) -> None:
    """Wait until nothing has been cut or merged for a while."""
    before = (-1, -1)
    while before != (before := (store.statistics().cuts, store.statistics().merges)):
        await trio.sleep(3)


def _frames(stretch: Stretch, sequences: Iterator[int], at: int) -> Iterator[Frame]:
    place = int(np.searchsorted(stretch.times, at))
    if place < len(stretch.times) and stretch.times[place] == at:
        source = stretch.layout.hash.hex()[:8]
        for host in range(HOSTS):
            values: NDArray[np.float64] = stretch.values[place, host]
            yield Frame(next(sequences), at, encode_target(target(host)), source, stretch.layout.hash, values.tobytes())
