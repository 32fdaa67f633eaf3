"""A fleet for the benches: hosts that report a real node page, with values that move as they do in life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bench.page import node_page
from vedette_shared.exposition import parse_text
from vedette_shared.frames import Frame, Layout, encode_target, layout_of, values_of
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType

INTERVAL_MS = 15_000
SOURCE = "node"

_BUSY_SHARE = 0.6
"""So many of the counters move; the others count what does not happen on a healthy host."""

_STILL = (
    "_info",
    "_bytes_total_max",
    "boot_time",
    "_limit",
    "_size_bytes",
    "_max",
    "_min",
    "scaling",
    "Total",
    "_files",
)
"""Gauges with one of these in the name do not move."""


@dataclass(frozen=True, slots=True)
class _Motion:
    """How each series moves at a tick, arrays of shape (series,).

    A counter grows by its rate times a random factor; a gauge wanders about its value; both in whole quanta.
    """

    start: NDArray[np.float64]
    rate: NDArray[np.float64]
    wander: NDArray[np.float64]
    quantum: NDArray[np.float64]


class Fleet:
    """``hosts`` hosts with the same layout. ``advance`` moves all values on by one interval."""

    def __init__(self, hosts: int, series: int = 500, seed: int = 1) -> None:
        families = _first(parse_text(node_page()), series)
        self.layout: Layout = layout_of(families)
        self.names = [f"host{i:05d}" for i in range(hosts)]
        self.targets: list[Labels] = [
            make_labels(host=name, instance=f"{name}:9100", job="node") for name in self.names
        ]
        self._encoded = [encode_target(labels) for labels in self.targets]
        self._random = np.random.default_rng(seed)
        self._motion = _motion(families, self._random)
        self._scale = self._random.lognormal(0, 0.7, (hosts, 1))
        start, quantum = self._motion.start, self._motion.quantum
        moving = (self._motion.rate != 0) | (self._motion.wander != 0)
        scaled = np.where(moving, np.rint(start * self._scale / quantum), np.rint(start / quantum))
        self._whole = scaled
        self._level = scaled.copy()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def width(self) -> int:
        """The number of series of a host."""
        return len(self.layout)

    def series(self, host: int) -> list[Labels]:
        """The label sets of one host's series."""
        target = self.targets[host]
        return [make_labels([("__name__", one.name), *one.labels, *target]) for one in self.layout.series]

    def advance(self) -> NDArray[np.float64]:
        """Move on by one interval; returns the values, float64 of shape (hosts, series)."""
        motion, shape = self._motion, self._whole.shape
        growth = self._random.gamma(4.0, 0.25, shape) * motion.rate * self._scale
        growth *= self._random.random(shape) < np.minimum(1.0, 0.1 + motion.rate)
        wander = self._random.standard_normal(shape) * motion.wander
        pull = 0.05 * (self._level - self._whole) * (motion.wander > 0)
        self._whole += np.rint(growth) + np.rint(wander + pull)
        np.maximum(self._whole, 0, out=self._whole)
        # Dividing by a power of ten gives just the double that the decimal text reads as.
        divisor = np.maximum(1.0, np.rint(1 / motion.quantum))
        return np.where(motion.quantum < 1, self._whole / divisor, self._whole * motion.quantum)

    def frame(self, host: int, sequence: int, timestamp: int, values: NDArray[np.float64]) -> Frame:
        """The frame of one host out of what ``advance`` gave."""
        return Frame(sequence, timestamp, self._encoded[host], SOURCE, self.layout.hash, values[host].tobytes())


def _first(families: list[MetricFamily], series: int) -> list[MetricFamily]:
    kept = []
    left = series
    for family in families:
        samples = family.samples[:left]
        left -= len(samples)
        if samples:
            kept.append(MetricFamily(family.name, family.type, family.help, family.unit, samples))
    return kept


def _motion(families: list[MetricFamily], random: np.random.Generator) -> _Motion:
    start: NDArray[np.float64] = np.frombuffer(values_of(families), np.float64).copy()
    start[~np.isfinite(start)] = 0
    rate, wander, quantum = np.zeros(len(start)), np.zeros(len(start)), np.ones(len(start))
    i = 0
    for family in families:
        for sample in family.samples:
            quantum[i] = _quantum(family.name, sample.value)
            size = abs(start[i]) / quantum[i]
            if family.type is MetricType.COUNTER or sample.name.endswith(("_count", "_sum", "_bucket")):
                if random.random() < _BUSY_SHARE:
                    # As if the count had been reached in about ten days, at no more than a busy host's rate.
                    rate[i] = min(max(size / 57_600, random.lognormal(0, 2)), 1e7)
            elif not any(word in family.name for word in _STILL) and size > 10:
                wander[i] = size * random.choice([0, 0.0005, 0.003, 0.02])
            i += 1
    return _Motion(start, rate, wander, quantum)


def _quantum(name: str, value: float) -> float:
    if name.startswith("node_memory_"):
        return 1024.0
    if "bytes" in name and "filesystem" in name:
        return 4096.0
    if name.startswith("node_load") or "cpu_seconds" in name or "cpu_guest" in name:
        return 0.01
    if "seconds" in name:
        return 0.001
    return 1.0 if value == int(value) else 0.01
