"""The walk over the tree: each node once, over all steps of its grid."""

from __future__ import annotations

import numpy as np

from vedette_server.promql.aggregate import simple_aggregate
from vedette_server.promql.binary import operate
from vedette_server.promql.columns import empty_labels
from vedette_server.promql.context import Context
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.format import format_query
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
    ValueType,
    VectorSelector,
    strip_parens,
)
from vedette_server.promql.ranges import KEEPS_NAME, RANGE_FUNCTIONS
from vedette_server.promql.selection import read
from vedette_server.promql.types import value_type
from vedette_server.promql.values import Grid, Samples, Scalar, Text, Value, Vector, Windows


class Evaluator:
    """Evaluates expressions; what stands several times in a query is evaluated once."""

    def __init__(self, context: Context) -> None:
        self.context = context
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
        if isinstance(expr, Binary):
            return self._chain(expr, grid)
        key = (format_query(expr), grid)
        found = self._known.get(key)
        if found is None:
            self.context.check()
            found = self._node(expr, grid)
            self._known[key] = found
        return found

    def _node(self, expr: Expr, grid: Grid) -> Value:
        if isinstance(expr, VectorSelector):
            return read.instant_vector(self.context, expr, grid)
        if isinstance(expr, Call):
            return self._call(expr, grid)
        if isinstance(expr, Aggregate):
            return self._aggregate(expr, grid)
        assert isinstance(expr, Unary)
        return self._unary(expr, grid)

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Evaluate an expression whose type is an instant vector."""
        value = self.evaluate(expr, grid)
        assert isinstance(value, Vector)
        return value

    def scalar(self, expr: Expr, grid: Grid) -> Scalar:
        """Evaluate an expression whose type is a scalar."""
        value = self.evaluate(expr, grid)
        assert isinstance(value, Scalar)
        return value

    def samples(self, expr: Expr, grid: Grid) -> tuple[Samples, Windows]:
        """Read the samples and the windows of a range vector."""
        expr = strip_parens(expr)
        if isinstance(expr, MatrixSelector):
            return read.range_vector(self.context, expr, grid)
        assert isinstance(expr, Subquery)
        raise ExecutionError("subqueries are not supported yet")

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
            value = operate(node, value, right)
        return value

    def _unary(self, expr: Unary, grid: Grid) -> Value:
        value = self.evaluate(expr.expr, grid)
        if expr.op == "+":
            return value
        if isinstance(value, Scalar):
            return Scalar(-value.values)
        assert isinstance(value, Vector)
        return Vector(value.labels, -value.values, value.present, np.ones(len(value), np.bool_))

    def _aggregate(self, expr: Aggregate, grid: Grid) -> Vector:
        if expr.param is not None:
            raise ExecutionError(f"{expr.op} is not supported yet")
        return simple_aggregate(expr, self.vector(expr.expr, grid))

    def _call(self, expr: Call, grid: Grid) -> Value:
        if expr.func in RANGE_FUNCTIONS:
            return self._range_call(expr, grid)
        if expr.func == "time":
            return Scalar(grid.times() / 1000)
        if expr.func == "vector":
            values = self.scalar(expr.args[0], grid).values[np.newaxis, :]
            return Vector(empty_labels(1), values, np.ones(values.shape, np.bool_), np.zeros(1, np.bool_))
        raise ExecutionError(f"function {expr.func} is not supported yet")

    def _range_call(self, expr: Call, grid: Grid) -> Vector:
        scalars = []
        for arg in expr.args:
            if value_type(arg) is ValueType.MATRIX:
                samples, windows = self.samples(arg, grid)
            else:
                scalars.append(self.scalar(arg, grid).values)
        self.context.check_points(len(samples), grid.count)
        values, present = RANGE_FUNCTIONS[expr.func](samples, windows, scalars)
        flags = samples.drop_name if expr.func in KEEPS_NAME else np.ones(len(samples), np.bool_)
        return Vector(samples.labels, values, present, flags)
