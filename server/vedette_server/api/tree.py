"""Expressions as the JSON trees that Prometheus' ``parse_query`` answers with, for user interfaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from vedette_server.api.errors import bad_parameter
from vedette_server.promql.functions import FUNCTIONS
from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Duration,
    DurationCall,
    DurationNumber,
    Edge,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Shift,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from vedette_server.promql.numbers import format_fixed
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.labels import METRIC_NAME

Node: TypeAlias = dict[str, object]

MAX_CHAIN = 200
"""A longer chain of operators is too deep a tree for those who read JSON."""

_TYPE_WORDS = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
    ValueType.STRING: "string",
}


def translate(expr: Expr) -> Node:
    """Return the tree of ``expr``; times and durations are whole milliseconds.

    Raises:
        ApiError: a chain of operators is too long.
    """
    return _TRANSLATIONS[type(expr)](expr)


def _binary(expr: Binary) -> Node:
    chain: list[Binary] = []
    node: Expr = expr
    while isinstance(node, Binary):
        chain.append(node)
        node = node.left
    if len(chain) > MAX_CHAIN:
        reason = f"a chain of {len(chain)} operators is too deep a tree; the most is {MAX_CHAIN}"
        raise bad_parameter("query", reason, limit="depth")
    tree = translate(node)
    for link in reversed(chain):
        tree = {
            "type": "binaryExpr",
            "op": link.op,
            "lhs": tree,
            "rhs": translate(link.right),
            "matching": _matching(link.matching) if link.matching is not None else None,
            "bool": link.return_bool,
        }
    return tree


def _matching(matching: Matching) -> Node:
    return {
        "card": matching.cardinality.value,
        "labels": matching.labels,
        "on": matching.on,
        "include": matching.include,
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }


def _aggregate(expr: Aggregate) -> Node:
    return {
        "type": "aggregation",
        "op": expr.op,
        "expr": translate(expr.expr),
        "param": translate(expr.param) if expr.param is not None else None,
        "grouping": expr.grouping,
        "without": expr.without,
    }


def _call(expr: Call) -> Node:
    signature = FUNCTIONS[expr.func]
    return {
        "type": "call",
        "func": {
            "name": expr.func,
            "argTypes": [_TYPE_WORDS[kind] for kind in signature.args],
            "variadic": -1 if signature.most == -1 else signature.most - signature.least,
            "returnType": _TYPE_WORDS[signature.returns],
        },
        "args": [translate(arg) for arg in expr.args],
    }


def _vector_selector(expr: VectorSelector) -> Node:
    return {"type": "vectorSelector", **_selector(expr)}


def _matrix_selector(expr: MatrixSelector) -> Node:
    return {"type": "matrixSelector", **_duration("range", expr.range), **_selector(expr.selector)}


def _selector(selector: VectorSelector) -> Node:
    return {
        "name": selector.name,
        "matchers": _matchers(selector.name, selector.matchers),
        "anchored": selector.extension == "anchored",
        "smoothed": selector.extension == "smoothed",
        **_shift(selector.shift),
    }


def _matchers(name: str, matchers: Sequence[Matcher]) -> list[Node]:
    """The matchers in the order of the text, that of the name before the braces last."""
    own = Matcher(METRIC_NAME, MatchOp.EQUAL, name)
    ordered = sorted(matchers, key=lambda matcher: bool(name) and matcher == own)
    return [{"name": matcher.name, "value": matcher.value, "type": matcher.op.value} for matcher in ordered]


def _subquery(expr: Subquery) -> Node:
    return {
        "type": "subquery",
        "expr": translate(expr.expr),
        **_duration("range", expr.range),
        **_duration("step", expr.step),
        **_shift(expr.shift),
    }


def _shift(shift: Shift) -> Node:
    fixed = isinstance(shift.at, int)
    return {
        **_duration("offset", shift.offset),
        "timestamp": shift.at if fixed else None,
        "startOrEnd": shift.at.value if isinstance(shift.at, Edge) else None,
    }


def _duration(name: str, duration: Duration | None) -> Node:
    """A plain duration as a number; an expression, which waits for its query, as a tree of its own."""
    milliseconds = _milliseconds(duration)
    if duration is not None and milliseconds is None:
        return {name: 0, f"{name}Expr": _duration_tree(duration)}
    return {name: milliseconds or 0, f"{name}Expr": None}


def _milliseconds(duration: Duration | None) -> int | None:
    if isinstance(duration, DurationNumber):
        return round(duration.seconds * 1000)
    if isinstance(duration, DurationCall) or duration is None or duration.left is not None or duration.parenthesized:
        return None
    inner = duration.right
    if not isinstance(inner, DurationNumber):
        return None
    return round(inner.seconds * (-1000 if duration.op == "-" else 1000))


def _duration_tree(duration: Duration) -> Node:
    if isinstance(duration, DurationNumber):
        is_duration = duration.text[-1:].isalpha()
        return {"type": "numberLiteral", "val": format_fixed(duration.seconds), "duration": is_duration}
    if isinstance(duration, DurationCall):
        left, right = ([_duration_tree(arg) for arg in duration.args] + [None, None])[:2]
        return {"type": "durationExpr", "op": duration.name, "lhs": left, "rhs": right, "wrapped": False}
    return {
        "type": "durationExpr",
        "op": duration.op,
        "lhs": _duration_tree(duration.left) if duration.left is not None else None,
        "rhs": _duration_tree(duration.right),
        "wrapped": duration.parenthesized,
    }


_TRANSLATIONS: dict[type[Expr], Callable[[Any], Node]] = {
    Aggregate: _aggregate,
    Binary: _binary,
    Call: _call,
    MatrixSelector: _matrix_selector,
    NumberLiteral: lambda expr: {"type": "numberLiteral", "val": format_fixed(expr.value)},
    Paren: lambda expr: {"type": "parenExpr", "expr": translate(expr.expr)},
    StringLiteral: lambda expr: {"type": "stringLiteral", "val": expr.value},
    Subquery: _subquery,
    Unary: lambda expr: {"type": "unaryExpr", "op": expr.op, "expr": translate(expr.expr)},
    VectorSelector: _vector_selector,
}
