"""What the nodes of an expression evaluate to, over all steps of a grid at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql.context import Context
from vedette_server.promql.nodes import Expr
from vedette_server.storage.interface import LabelColumns

Floats: TypeAlias = NDArray[np.float64]
Times: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """The steps at which an expression is evaluated: ``count`` times from ``start``, ``step`` ms apart."""

    start: int
    step: int
    count: int

    def times(self) -> Times:
        """The times in ms, int64 of shape (count,)."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)

    @property
    def end(self) -> int:
        """The last time."""
        return self.start + self.step * (self.count - 1)


@dataclass(frozen=True, slots=True)
class Vector:
    """An instant vector at every step.

    Attributes:
        labels: The label sets of the ``n`` series, the metric name among them even where it is to be dropped.
        values: float64 of shape (n, steps); what stands where ``present`` is not set means nothing.
        present: bool of the same shape: an absent value is not a NaN.
        drop_name: bool of shape (n,): the metric name goes away at the end of the evaluation (delayed name removal).
        ordered: The order of the series is the result's, as after ``sort``.
    """

    labels: LabelColumns
    values: Floats
    present: Mask
    drop_name: Mask
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.drop_name)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number at every step: float64 of shape (steps,)."""

    values: Floats


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


Value: TypeAlias = Vector | Scalar | Text


@dataclass(frozen=True, slots=True)
class Samples:
    """Float samples as flat arrays without stale markers; the layout is that of ``SeriesSet``.

    Attributes:
        drop_name: bool of shape (n,), as in ``Vector``.
    """

    labels: LabelColumns
    timestamps: Times
    clocks: Times
    values: Floats
    offsets: Times
    drop_name: Mask

    def __len__(self) -> int:
        return len(self.clocks)


@dataclass(frozen=True, slots=True)
class Windows:
    """The stretch of time that a range function sees at each step: ``(ends[t] - range, ends[t]]``.

    Attributes:
        ends: int64 of shape (steps,), ms, not decreasing.
        range: The length in ms.
        times: The evaluation times of the steps, which differ from ``ends`` by ``offset`` and ``@``.
        extension: ``anchored``, ``smoothed`` or nothing.
        behind: How far before the window an extension reaches, ms.
        ahead: How far past the window an extension reaches, ms.
    """

    ends: Times
    range: int
    times: Times
    extension: str = ""
    behind: int = 0
    ahead: int = 0


class Evaluation(Protocol):
    """What a function may ask of the evaluation that calls it."""

    @property
    def context(self) -> Context:
        """The store, the bounds, the limits and the notes."""
        ...

    def evaluate(self, expr: Expr, grid: Grid) -> Value:
        """Evaluate an expression at every step of a grid."""
        ...

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Evaluate an expression that is an instant vector."""
        ...

    def scalar(self, expr: Expr, grid: Grid) -> Floats:
        """Evaluate an expression that is a scalar: float64 of shape (steps,)."""
        ...

    def text(self, expr: Expr) -> str:
        """Evaluate an expression that is a string."""
        ...

    def samples(self, expr: Expr, grid: Grid) -> tuple[Samples, Windows]:
        """Read the samples and the windows of a range vector."""
        ...


def flags(count: int, *, value: bool) -> Mask:
    """A flag for each of ``count`` series."""
    return np.full(count, value, np.bool_)
