"""Selectors against the store."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql.context import Context
from vedette_server.promql.durations import positive, signed
from vedette_server.promql.errors import TooManySamplesError
from vedette_server.promql.nodes import Edge, MatrixSelector, Shift, VectorSelector
from vedette_server.promql.selection import kernels
from vedette_server.promql.values import Grid, Samples, Times, Vector, Windows, flags
from vedette_server.storage.errors import TooManySamplesError as StoreLimitError
from vedette_server.storage.interface import Matcher, SelectHints, SeriesSet


def shifted_times(context: Context, shift: Shift, grid: Grid) -> Times:
    """The times that a selector reads at the steps of ``grid``, after ``@`` and ``offset``."""
    return shift_times(context, shift, grid.times())


def shift_times(context: Context, shift: Shift, times: Times) -> Times:
    """The times that a selector reads for some evaluation times."""
    offset = signed(shift.offset, context.query) if shift.offset is not None else 0
    at = shift.at
    if at is None:
        return times - offset
    if isinstance(at, Edge):
        at = context.query.start if at is Edge.START else context.query.end
    return np.full(len(times), at - offset, np.int64)


def load(context: Context, matchers: tuple[Matcher, ...], start: int, end: int) -> SeriesSet:
    """Read the samples with ``start <= t <= end``, and count them."""
    context.check()
    try:
        found = context.querier.select(matchers, start, end, SelectHints(limit=context.remaining_samples()))
    except StoreLimitError as error:
        raise TooManySamplesError(str(error)) from None
    context.count_samples(len(found.values))
    return SeriesSet(
        found.labels,
        _for_kernels(found.timestamps, np.int64),
        _for_kernels(found.clocks, np.int64),
        _for_kernels(found.values, np.float64),
        _for_kernels(found.offsets, np.int64),
    )


def _for_kernels(array: NDArray[Any], dtype: type[Any]) -> NDArray[Any]:
    """The kernels are compiled for writable contiguous arrays; another kind is copied."""
    if array.flags.carray and array.dtype == dtype:
        return array
    return np.require(array, dtype, ("C_CONTIGUOUS", "WRITEABLE"))


def instant_vector(context: Context, selector: VectorSelector, grid: Grid) -> Vector:
    """The last sample of each series within the lookback of each step."""
    ends = shifted_times(context, selector.shift, grid)
    return vector_at(context, selector.matchers, ends, smoothed=selector.extension == "smoothed")


def vector_at(context: Context, matchers: tuple[Matcher, ...], ends: Times, *, smoothed: bool = False) -> Vector:
    """The vector that some matchers select as of each of ``ends`` (not decreasing)."""
    lookback = context.options.lookback
    ahead = lookback if smoothed else 0
    series = load(context, matchers, int(ends[0]) - lookback + 1, int(ends[-1]) + ahead)
    context.check_points(len(series), len(ends))
    no_flags = flags(len(series), value=False)
    if smoothed:
        samples = without_stale(series)
        found = bounds(samples, ends + ahead, lookback + ahead)
        arrays = samples.values, samples.offsets, samples.timestamps, samples.clocks
        return Vector(series.labels, *kernels.interpolated(*arrays, *found, ends), no_flags)
    found = bounds(series, ends, lookback)
    return Vector(series.labels, *kernels.last_samples(series.values, series.offsets, *found), no_flags)


def sample_times(context: Context, selector: VectorSelector, grid: Grid) -> Vector:
    """As ``instant_vector``, but the value is the time of the sample, in seconds."""
    return times_at(context, selector.matchers, shifted_times(context, selector.shift, grid))


def times_at(context: Context, matchers: tuple[Matcher, ...], ends: Times) -> Vector:
    """As ``vector_at``, but the value is the time of the sample, in seconds."""
    lookback = context.options.lookback
    series = load(context, matchers, int(ends[0]) - lookback + 1, int(ends[-1]))
    context.check_points(len(series), len(ends))
    pair, low, high = bounds(series, ends, lookback)
    _, present = kernels.last_samples(series.values, series.offsets, pair, low, high)
    index = series.clocks[:, np.newaxis] + np.maximum(high[pair] - 1, 0)
    times = series.timestamps[index] / 1000
    return Vector(series.labels, times, present, flags(len(series), value=False))


def range_vector(context: Context, selector: MatrixSelector, grid: Grid) -> tuple[Samples, Windows]:
    """The samples that the windows of ``selector`` reach over, without stale markers."""
    width = positive(selector.range, context.query)
    ends = shifted_times(context, selector.selector.shift, grid)
    extension = selector.selector.extension
    behind = context.options.lookback if extension else 0
    ahead = context.options.lookback if extension == "smoothed" else 0
    series = load(context, selector.selector.matchers, int(ends[0]) - width - behind + 1, int(ends[-1]) + ahead)
    windows = Windows(ends, width, grid.times(), extension, behind, ahead)
    return without_stale(series), windows


def without_stale(series: SeriesSet) -> Samples:
    """The samples of ``series`` that are no stale markers."""
    arrays = series.timestamps, series.clocks, series.values, series.offsets
    if kernels.count_stale(series.values):
        arrays = kernels.drop_stale(*arrays)
    return Samples(series.labels, *arrays, flags(len(series), value=False))


def bounds(
    series: SeriesSet | Samples, ends: Times, width: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Where the windows of each series begin and end; see ``kernels.window_bounds``."""
    pair, first = kernels.clock_pairs(series.clocks, series.offsets)
    low, high = kernels.window_bounds(series.timestamps, series.clocks, series.offsets, first, ends, width)
    return pair, low, high
