"""The type of an expression."""

from __future__ import annotations

from vedette_server.promql.functions import FUNCTIONS
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

__all__ = ["ValueType", "value_type"]


def value_type(expr: Expr) -> ValueType:
    """Return what ``expr`` evaluates to."""
    expr = strip_parens(expr)
    while isinstance(expr, Unary):
        expr = strip_parens(expr.expr)
    if isinstance(expr, Binary):
        return expr.type
    if isinstance(expr, Call):
        return FUNCTIONS[expr.func].returns
    if isinstance(expr, (VectorSelector, Aggregate)):
        return ValueType.VECTOR
    if isinstance(expr, (MatrixSelector, Subquery)):
        return ValueType.MATRIX
    if isinstance(expr, NumberLiteral):
        return ValueType.SCALAR
    assert isinstance(expr, StringLiteral)
    return ValueType.STRING
