"""The checks of types that PromQL makes before anything is evaluated; the wording is Prometheus', which people know."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_server.promql.cursor import Cursor
from vedette_server.promql.errors import Span
from vedette_server.promql.functions import AGGREGATIONS_WITH_PARAMETER, Signature
from vedette_server.promql.nodes import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    ValueType,
    VectorSelector,
    strip_parens,
)
from vedette_server.promql.types import value_type

KEYWORD_FUNCTIONS = frozenset({"start", "end", "step", "range", "min_of", "max_of"})
"""Functions whose names are keywords elsewhere, so that their case does not matter."""

_SCALAR, _VECTOR = ValueType.SCALAR, ValueType.VECTOR


@dataclass(frozen=True, slots=True)
class Operation:
    """A binary operation as it was read, before it is checked."""

    op: str
    left: Expr
    right: Expr
    matching: Matching
    grouped: bool
    return_bool: bool


def binary(cursor: Cursor, node: Operation, op_span: Span, span: Span) -> Binary:
    """Return the checked operation."""
    op, left, right = node.op, value_type(node.left), value_type(node.right)
    if node.return_bool and op not in COMPARISONS:
        raise cursor.error("bool modifier can only be used on comparison operators", op_span)
    if left not in (_SCALAR, _VECTOR):
        raise cursor.error("binary expression must contain only scalar and instant vector types", node.left.span)
    if right not in (_SCALAR, _VECTOR):
        raise cursor.error("binary expression must contain only scalar and instant vector types", node.right.span)
    if op in COMPARISONS and left is right is _SCALAR and not node.return_bool:
        raise cursor.error("comparisons between scalars must use BOOL modifier", op_span)
    if left is right is _VECTOR:
        if node.matching.on:
            for label in node.matching.labels:
                if label in node.matching.include:
                    raise cursor.error(f'label "{label}" must not occur in ON and GROUP clause at once', op_span)
        return Binary(op, node.left, node.right, span, _VECTOR, node.return_bool, node.matching)
    if node.grouped:
        raise cursor.error("vector matching only allowed between instant vectors", op_span)
    if op in SET_OPERATORS:
        raise cursor.error(f'set operator "{op}" not allowed in binary scalar expression', op_span)
    result = _SCALAR if left is right else _VECTOR
    return Binary(op, node.left, node.right, span, result, node.return_bool)


def unary(cursor: Cursor, operand: Expr) -> None:
    """Check the operand of a sign."""
    found = value_type(operand)
    if found not in (_SCALAR, _VECTOR):
        reason = f'unary expression only allowed on expressions of type scalar or instant vector, got "{found.value}"'
        raise cursor.error(reason, operand.span)


def call(cursor: Cursor, node: Call, signature: Signature) -> Call:
    """Return the checked function call."""
    count, name = len(node.args), node.func
    if signature.least == signature.most != count:
        raise cursor.error(f'expected {signature.least} argument(s) in call to "{name}", got {count}', node.span)
    if count < signature.least:
        raise cursor.error(
            f'expected at least {signature.least} argument(s) in call to "{name}", got {count}', node.span
        )
    if signature.most != -1 and count > signature.most:
        raise cursor.error(f'expected at most {signature.most} argument(s) in call to "{name}", got {count}', node.span)
    if name == "info" and count == 2 and not isinstance(strip_parens(node.args[1]), VectorSelector):
        raise cursor.error("expected label selectors only", node.args[1].span)
    for i, arg in enumerate(node.args):
        _expect(cursor, arg, signature.argument(i), f'call to function "{name}"')
    return node


def aggregate(
    cursor: Cursor, op: str, args: list[Expr], grouping: tuple[str, ...], span: Span, *, without: bool
) -> Aggregate:
    """Return the checked aggregation."""
    wanted = 2 if op in AGGREGATIONS_WITH_PARAMETER else 1
    if not args:
        raise cursor.error("no arguments for aggregate expression provided", span)
    if len(args) != wanted:
        reason = f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(args)}"
        raise cursor.error(reason, span)
    _expect(cursor, args[-1], _VECTOR, "aggregation expression")
    param = args[0] if wanted == 2 else None
    if param is not None:
        _expect(cursor, param, ValueType.STRING if op == "count_values" else _SCALAR, "aggregation parameter")
    return Aggregate(op, args[-1], param, grouping, without, span)


def _expect(cursor: Cursor, expr: Expr, wanted: ValueType, context: str) -> None:
    found = value_type(expr)
    if found is not wanted:
        raise cursor.error(f"expected type {wanted.value} in {context}, got {found.value}", expr.span)
