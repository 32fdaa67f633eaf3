"""The walk over the tree: each node once, over all steps of its grid."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from vedette_server.promql.aggregate import aggregate
from vedette_server.promql.binary import operate
from vedette_server.promql.calls import CALLS
from vedette_server.promql.columns import empty_labels
from vedette_server.promql.context import Context
from vedette_server.promql.durations import positive
from vedette_server.promql.format import format_query
from vedette_server.promql.invariance import is_invariant
from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
    strip_parens,
)
from vedette_server.promql.plan import Trace
from vedette_server.promql.selection import kernels, read
from vedette_server.promql.values import Floats, Grid, Samples, Scalar, Text, Times, Value, Vector, Windows, flags


class Evaluator:
    """Evaluates expressions; what stands several times in a query is evaluated once."""

    def __init__(self, context: Context, repeated: Collection[str] = (), trace: Trace | None = None) -> None:
        """``repeated`` holds the texts of the parts that stand in the query more than once."""
        self.context = context
        self._trace = trace
        self._repeated = repeated
        self._known: dict[tuple[str, Grid], Value] = {}

    def evaluate(self, expr: Expr, grid: Grid) -> Value:
        """Return the value of ``expr`` at every step of ``grid``.

        Raises:
            PromQLError: the evaluation failed, was cancelled or hit a limit.
        """
        expr = strip_parens(expr)
        if isinstance(expr, NumberLiteral):
            return Scalar(np.full(grid.count, expr.value))
        if isinstance(expr, StringLiteral):
            return Text(expr.value)
        if grid.count > 1 and is_invariant(expr):
            return _repeat(self.evaluate(expr, Grid(grid.start, grid.step, 1)), grid.count)
        self.context.check()
        if self._trace is None:
            return self._known_or_new(expr, grid)[0]
        before = self.context.samples
        with self._trace.node(expr) as node:
            value, node.shared = self._known_or_new(expr, grid)
            node.series, node.steps = len(value) if isinstance(value, Vector) else 1, grid.count
            node.samples = self.context.samples - before
        return value

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Evaluate an expression whose type is an instant vector."""
        value = self.evaluate(expr, grid)
        assert isinstance(value, Vector)
        return value

    def scalar(self, expr: Expr, grid: Grid) -> Floats:
        """Evaluate an expression whose type is a scalar: float64 of shape (steps,)."""
        value = self.evaluate(expr, grid)
        assert isinstance(value, Scalar)
        return value.values

    def text(self, expr: Expr) -> str:
        """Return the string that ``expr`` is."""
        expr = strip_parens(expr)
        assert isinstance(expr, StringLiteral)
        return expr.value

    def samples(self, expr: Expr, grid: Grid) -> tuple[Samples, Windows]:
        """Read the samples and the windows of a range vector."""
        expr = strip_parens(expr)
        assert isinstance(expr, (MatrixSelector, Subquery))
        if self._trace is None:
            return self._samples(expr, grid)
        before = self.context.samples
        with self._trace.node(expr) as node:
            samples, windows = self._samples(expr, grid)
            node.series, node.steps = len(samples), grid.count
            node.samples = self.context.samples - before
        return samples, windows

    def _samples(self, expr: MatrixSelector | Subquery, grid: Grid) -> tuple[Samples, Windows]:
        if isinstance(expr, MatrixSelector):
            return read.range_vector(self.context, expr, grid)
        return self._subquery(expr, grid)

    def _known_or_new(self, expr: Expr, grid: Grid) -> tuple[Value, bool]:
        """Evaluate a node unless the same was evaluated before; also tell whether it was."""
        if isinstance(expr, Binary) or not self._repeated or (text := format_query(expr)) not in self._repeated:
            return self._node(expr, grid), False
        found = self._known.get((text, grid))
        if found is not None:
            return found, True
        found = self._known[text, grid] = self._node(expr, grid)
        return found, False

    def _node(self, expr: Expr, grid: Grid) -> Value:
        if isinstance(expr, Binary):
            return self._chain(expr, grid)
        if isinstance(expr, VectorSelector):
            return read.instant_vector(self.context, expr, grid)
        if isinstance(expr, Call):
            return CALLS[expr.func](self, expr, grid)
        if isinstance(expr, Aggregate):
            return aggregate(self, expr, grid)
        assert isinstance(expr, Unary)
        return self._unary(expr, grid)

    def _chain(self, expr: Binary, grid: Grid) -> Value:
        """Evaluate a chain of operators, whose left side may be very deep."""
        nodes = []
        left: Expr = expr
        while isinstance(left, Binary):
            nodes.append(left)
            left = strip_parens(left.left)
        value = self.evaluate(left, grid)
        for node in reversed(nodes):
            self.context.check()
            right = self.evaluate(node.right, grid)
            assert isinstance(value, (Vector, Scalar))
            assert isinstance(right, (Vector, Scalar))
            value = operate(self.context, node, value, right)
        return value

    def _unary(self, expr: Unary, grid: Grid) -> Value:
        value = self.evaluate(expr.expr, grid)
        if expr.op == "+":
            return value
        if isinstance(value, Scalar):
            return Scalar(-value.values)
        assert isinstance(value, Vector)
        return Vector(value.labels, -value.values, value.present, flags(len(value), value=True))

    def _subquery(self, expr: Subquery, grid: Grid) -> tuple[Samples, Windows]:
        """Evaluate the inner expression at the multiples of the subquery's step that its windows reach over."""
        context = self.context
        width = positive(expr.range, context.query)
        step = positive(expr.step, context.query) if expr.step is not None else context.options.subquery_step
        ends = read.shifted_times(context, expr.shift, grid)
        start = ((int(ends[0]) - width) // step + 1) * step
        count = (int(ends[-1]) - start) // step + 1
        windows = Windows(ends, width, grid.times())
        if count <= 0:
            return _no_samples(), windows
        context.check_subquery(count)
        inner = Grid(start, step, count)
        return _as_samples(self.vector(expr.expr, inner), inner.times()), windows


def _repeat(value: Value, count: int) -> Value:
    """The value of one step at ``count`` steps."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Scalar):
        return Scalar(np.repeat(value.values, count))
    values = np.repeat(value.values, count, axis=1)
    return Vector(value.labels, values, np.repeat(value.present, count, axis=1), value.drop_name)


def _as_samples(vector: Vector, times: Times) -> Samples:
    n = len(vector)
    if vector.present.all():
        offsets = np.arange(n + 1, dtype=np.int64) * len(times)
        flat = np.ascontiguousarray(vector.values).reshape(-1)
        return Samples(vector.labels, times, np.zeros(n, np.int64), flat, offsets, vector.drop_name)
    arrays = kernels.compress(vector.values, vector.present, times)
    return Samples(vector.labels, *arrays, vector.drop_name)


def _no_samples() -> Samples:
    nothing = np.zeros(0, np.int64)
    return Samples(
        empty_labels(0), nothing, nothing, nothing.astype(np.float64), np.zeros(1, np.int64), flags(0, value=False)
    )
