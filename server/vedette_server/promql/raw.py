"""Range vectors as the answer to an instant query: the samples themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql import columns
from vedette_server.promql.counters.kernels import interpolate
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.merge import SAME_LABELS
from vedette_server.promql.selection.read import bounds
from vedette_server.promql.values import Floats, Samples, Times, Windows, flags

_T = TypeVar("_T", np.int64, np.float64)


def raw_samples(samples: Samples, windows: Windows) -> Samples:
    """The samples within the window of the one step, and the series that have any; names that are to go are gone.

    Raises:
        ExecutionError: without their names, two series have samples at the same time under the same labels.
    """
    found = _extended(samples, windows) if windows.extension else _within(samples, windows)
    return _without_names(found)


def _within(samples: Samples, windows: Windows) -> Samples:
    pair, low, high = bounds(samples, windows.ends, windows.range)
    first, last = low[pair, 0].astype(np.int64), high[pair, 0].astype(np.int64)
    rows = np.flatnonzero(last > first)
    counts = (last - first)[rows]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    values = samples.values[np.repeat(samples.offsets[rows] + first[rows], counts) + within]
    stamps = samples.timestamps[np.repeat(samples.clocks[rows] + first[rows], counts) + within]
    return Samples(samples.labels.take(rows), stamps, offsets[:-1], values, offsets, samples.drop_name[rows])


def _extended(samples: Samples, windows: Windows) -> Samples:
    """Anchored and smoothed ranges begin and end with a sample at their very bounds."""
    rows, parts = [], []
    for i in range(len(samples)):
        count = samples.offsets[i + 1] - samples.offsets[i]
        stamps = samples.timestamps[samples.clocks[i] : samples.clocks[i] + count]
        values = samples.values[samples.offsets[i] : samples.offsets[i + 1]]
        part = _bounded(stamps, values, windows)
        if part is not None:
            rows.append(i)
            parts.append(part)
    return _collected(samples, np.array(rows, np.intp), parts)


def _bounded(stamps: Times, values: Floats, windows: Windows) -> tuple[Times, Floats] | None:
    end = int(windows.ends[0])
    start = end - windows.range
    smoothed = windows.extension == "smoothed"
    last = len(stamps) - 1
    if smoothed:
        last = min(last, int(np.searchsorted(stamps, end)))
    first = max(0, int(np.searchsorted(stamps[: last + 1], start, side="right")) - 1)
    if last < 0 or stamps[last] <= start or stamps[first] > end:
        return None
    left, right = float(values[first]), float(values[last])
    if smoothed and stamps[first] < start:
        left = interpolate(left, values[first + 1], stamps[first], stamps[first + 1], start, False)
    if smoothed and last > 0 and stamps[last] > end:
        right = interpolate(values[last - 1], right, stamps[last - 1], stamps[last], end, False)
    inner = np.flatnonzero((stamps > start) & (stamps < end))
    return (
        np.concatenate([[start], stamps[inner], [end]]).astype(np.int64),
        np.concatenate([[left], values[inner], [right]]),
    )


def _collected(samples: Samples, rows: columns.Rows, parts: list[tuple[Times, Floats]]) -> Samples:
    counts = [len(stamps) for stamps, _ in parts]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    return Samples(
        samples.labels.take(rows),
        _joined((stamps for stamps, _ in parts), np.int64),
        offsets[:-1],
        _joined((values for _, values in parts), np.float64),
        offsets,
        samples.drop_name[rows],
    )


def _without_names(samples: Samples) -> Samples:
    if not samples.drop_name.any():
        return samples
    labels = columns.drop_where(samples.labels, columns.METADATA_LABELS, samples.drop_name)
    groups, first = columns.group_rows(labels, labels.names())
    kept = Samples(
        labels, samples.timestamps, samples.clocks, samples.values, samples.offsets, flags(len(samples), value=False)
    )
    if len(first) == len(samples):
        return kept
    parts = []
    for group in range(len(first)):
        pieces = [_piece(samples, int(i)) for i in np.flatnonzero(groups == group)]
        stamps = _joined((stamps for stamps, _ in pieces), np.int64)
        values = _joined((values for _, values in pieces), np.float64)
        order = np.argsort(stamps, kind="stable")
        if (np.diff(stamps[order]) == 0).any():
            raise ExecutionError(SAME_LABELS)
        parts.append((stamps[order], values[order]))
    return _collected(kept, first, parts)


def _piece(samples: Samples, i: int) -> tuple[Times, Floats]:
    count = samples.offsets[i + 1] - samples.offsets[i]
    stamps = samples.timestamps[samples.clocks[i] : samples.clocks[i] + count]
    return stamps, samples.values[samples.offsets[i] : samples.offsets[i + 1]]


def _joined(parts: Iterable[NDArray[_T]], dtype: type[_T]) -> NDArray[_T]:
    found = list(parts)
    return np.concatenate(found) if found else np.zeros(0, dtype)
