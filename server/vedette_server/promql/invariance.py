"""Which expressions have the same value at every step, so that one evaluation is enough."""

from __future__ import annotations

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

_LOOKS_AT_THE_TIME = frozenset(
    {
        *("days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year"),
        *("predict_linear", "time", "timestamp", "start_timestamp"),
    }
)
_KNOWS_THE_QUERY = frozenset({"start", "end", "step", "range"})


def is_invariant(expr: Expr) -> bool:
    """Whether ``expr`` reads nothing that moves with the steps: every selector in it is pinned by ``@``."""
    expr = strip_parens(expr)
    while isinstance(expr, (Binary, Unary)):
        if isinstance(expr, Unary):
            expr = strip_parens(expr.expr)
            continue
        if not is_invariant(expr.right):
            return False
        expr = strip_parens(expr.left)
    if isinstance(expr, (VectorSelector, Subquery)):
        return expr.shift.at is not None
    if isinstance(expr, MatrixSelector):
        return expr.selector.shift.at is not None
    if isinstance(expr, Aggregate):
        return is_invariant(expr.expr) and (expr.param is None or is_invariant(expr.param))
    if isinstance(expr, Call):
        return expr.func not in _LOOKS_AT_THE_TIME and all(is_invariant(arg) for arg in expr.args)
    return isinstance(expr, (NumberLiteral, StringLiteral))


def looks_at_the_time(expr: Expr) -> bool:
    """Whether ``expr`` calls a function whose value depends on the times of the steps, whatever its arguments are."""
    expr = strip_parens(expr)
    if isinstance(expr, Call):
        looks = expr.func in _LOOKS_AT_THE_TIME | _KNOWS_THE_QUERY
        return looks or any(looks_at_the_time(arg) for arg in expr.args)
    if isinstance(expr, Binary):
        return looks_at_the_time(expr.left) or looks_at_the_time(expr.right)
    if isinstance(expr, Aggregate):
        return looks_at_the_time(expr.expr) or (expr.param is not None and looks_at_the_time(expr.param))
    return isinstance(expr, (Unary, Subquery)) and looks_at_the_time(expr.expr)
