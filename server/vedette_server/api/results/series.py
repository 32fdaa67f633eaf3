"""Series as flat arrays, the shape in which they are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql import Result
from vedette_server.storage.interface import LabelColumns

_ALL: NDArray[np.bool_] = np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class FlatSeries:
    """The points of ``n`` series: series ``i`` has ``values[offsets[i]:offsets[i + 1]]`` from ``times[clocks[i]]`` on.

    Attributes:
        labels: The label sets.
        times: int64, milliseconds.
        clocks: int64 of shape (n,).
        values: float64.
        offsets: int64 of shape (n + 1,).
        present: Which of the values exist; empty where all do.
        single: Each series is one point, as in an instant vector.
    """

    labels: LabelColumns
    times: NDArray[np.int64]
    clocks: NDArray[np.int64]
    values: NDArray[np.float64]
    offsets: NDArray[np.int64]
    present: NDArray[np.bool_]
    single: bool

    def __len__(self) -> int:
        return len(self.clocks)


def flat_series(result: Result) -> FlatSeries:
    """The series of a vector or a matrix."""
    samples = result.samples
    if samples is not None:
        return FlatSeries(
            samples.labels, samples.timestamps, samples.clocks, samples.values, samples.offsets, _ALL, single=False
        )
    count, steps = result.values.shape
    present = _ALL if result.present.all() else result.present.ravel()
    return FlatSeries(
        result.labels,
        result.steps,
        np.zeros(count, np.int64),
        result.values.ravel(),
        np.arange(count + 1, dtype=np.int64) * steps,
        present,
        single=result.type == "vector",
    )
