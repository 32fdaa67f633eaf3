"""Random samples, the same for every server: series, times and values from a seed.

No sample lies on a whole second, so none lies on the bound of a range or of the lookback, which belong to the range in
Prometheus 2 and do not since 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_shared.exposition.series import series_prefix
from vedette_shared.labels import METRIC_NAME, Labels, make_labels

STEP_MS = 15_000
SAMPLES = 480
OFF_SECONDS_MS = 137

HOSTS = ("h1", "h2", "h3", "h10")
ZONES = ("east", "west")
MODES = ("idle", "user", "system")
BOUNDS = ("0.1", "0.5", "1", "2.5", "+Inf")


@dataclass(frozen=True, eq=False)
class Series:
    """One series: times in ms, int64, and values, float64, of one length."""

    labels: Labels
    times: NDArray[np.int64]
    values: NDArray[np.float64]


def series(seed: int, start_ms: int) -> list[Series]:
    """The series of ``seed``, two hours from ``start_ms``:

    ``gauge{host,zone}`` wanders, ``number{host,zone}`` is a small whole number, ``events_total{host,mode}`` counts and
    is sometimes set back, ``size_bucket{host,le}`` is a histogram. Some samples are missing, singly and in stretches.
    """
    random = np.random.default_rng(seed)
    return [*_gauges(random, start_ms), *_counters(random, start_ms), *_histograms(random, start_ms)]


def _gauges(random: np.random.Generator, start: int) -> Iterator[Series]:
    for host in HOSTS:
        for zone in ZONES:
            wander = 100 * random.random() + np.cumsum(random.normal(size=SAMPLES))
            yield _thinned(random, start, wander, {METRIC_NAME: "gauge", "host": host, "zone": zone})
            whole = random.integers(-3, 5, SAMPLES).astype(np.float64)
            yield _thinned(random, start, whole, {METRIC_NAME: "number", "host": host, "zone": zone})


def _counters(random: np.random.Generator, start: int) -> Iterator[Series]:
    for host in HOSTS:
        for mode in MODES:
            counted = 1e6 + np.cumsum(random.integers(0, 500, SAMPLES)).astype(np.float64)
            for reset in random.integers(1, SAMPLES, 3):
                counted[reset:] -= 0.3 * counted[reset]
            yield _thinned(random, start, counted, {METRIC_NAME: "events_total", "host": host, "mode": mode})


def _histograms(random: np.random.Generator, start: int) -> Iterator[Series]:
    for host in HOSTS[:2]:
        counts = np.cumsum(random.integers(0, 20, (SAMPLES, len(BOUNDS))), axis=0) + 1000
        for bound, values in zip(BOUNDS, np.cumsum(counts, axis=1).T, strict=True):
            labels = make_labels({METRIC_NAME: "size_bucket", "host": host, "le": bound})
            yield Series(labels, _times(start), values.astype(np.float64))


def _times(start: int) -> NDArray[np.int64]:
    return start + OFF_SECONDS_MS + STEP_MS * np.arange(SAMPLES, dtype=np.int64)


def _thinned(random: np.random.Generator, start: int, values: NDArray[np.float64], labels: dict[str, str]) -> Series:
    kept = random.random(SAMPLES) > 0.03
    gap = random.integers(0, SAMPLES - 60)
    kept[gap : gap + random.integers(0, 60)] = False
    return Series(make_labels(labels), _times(start)[kept], values[kept])


def open_metrics(found: list[Series]) -> str:
    """The samples as promtool takes them in."""
    lines = []
    for one in sorted(found, key=lambda each: each.labels):
        labels = dict(one.labels)
        prefix = series_prefix(labels.pop(METRIC_NAME), make_labels(labels))
        lines += [
            f"{prefix}{value!r} {time / 1000:.3f}\n"
            for time, value in zip(one.times.tolist(), one.values.tolist(), strict=True)
        ]
    return "".join(lines) + "# EOF\n"
