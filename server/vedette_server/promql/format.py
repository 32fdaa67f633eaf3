"""Expressions back into text: on one line, or laid out over several."""

from __future__ import annotations

from vedette_server.promql.nodes import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Cardinality,
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
    VectorSelector,
)
from vedette_server.promql.numbers import format_general
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.durations import format_duration
from vedette_shared.labels import METRIC_NAME, is_legacy_label_name, is_legacy_metric_name, quote


def format_query(expr: Expr) -> str:
    """Return ``expr`` on one line, in Prometheus' canonical spacing."""
    if isinstance(expr, Binary):
        return _chain(expr)
    if isinstance(expr, NumberLiteral):
        return _number(expr)
    if isinstance(expr, StringLiteral):
        return quote(expr.value)
    if isinstance(expr, VectorSelector):
        return _selector(expr, "")
    if isinstance(expr, MatrixSelector):
        return _selector(expr.selector, f"[{format_expression(expr.range)}]")
    if isinstance(expr, Subquery):
        step = format_expression(expr.step) if expr.step is not None else ""
        return f"{format_query(expr.expr)}[{format_expression(expr.range)}:{step}]{_shift(expr.shift)}"
    if isinstance(expr, Call):
        return f"{expr.func}({', '.join(format_query(arg) for arg in expr.args)})"
    if isinstance(expr, Aggregate):
        args = [expr.expr] if expr.param is None else [expr.param, expr.expr]
        return f"{aggregate_head(expr)}({', '.join(format_query(arg) for arg in args)})"
    if isinstance(expr, Unary):
        return f"{expr.op}{format_query(expr.expr)}"
    assert isinstance(expr, Paren)
    return f"({format_query(expr.expr)})"


def _chain(expr: Binary) -> str:
    """Format a chain of operators, whose left side may be very deep."""
    parts: list[str] = []
    node: Expr = expr
    while isinstance(node, Binary):
        parts.append(f" {operator(node)} {format_query(node.right)}")
        node = node.left
    parts.append(format_query(node))
    return "".join(reversed(parts))


def operator(expr: Binary) -> str:
    """The operator of ``expr`` with its modifiers."""
    text = expr.op + (" bool" if expr.return_bool and expr.op in COMPARISONS else "")
    return text + (_matching(expr.matching, expr.op) if expr.matching is not None else "")


def _matching(matching: Matching, op: str) -> str:
    text = ""
    grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    if matching.on or matching.labels or (grouped and op not in SET_OPERATORS):
        text += f" {'on' if matching.on else 'ignoring'} ({_labels(matching.labels)})"
    if grouped:
        side = "group_left" if matching.cardinality is Cardinality.MANY_TO_ONE else "group_right"
        text += f" {side} ({_labels(matching.include)})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and right is not None and repr(left) == repr(right):
        return f"{text} fill ({format_general(left)})"
    if left is not None:
        text += f" fill_left ({format_general(left)})"
    if right is not None:
        text += f" fill_right ({format_general(right)})"
    return text


def aggregate_head(expr: Aggregate) -> str:
    """The operator of an aggregation and its grouping, up to the parenthesis."""
    if expr.without:
        return f"{expr.op} without ({_labels(expr.grouping)}) "
    if expr.grouping:
        return f"{expr.op} by ({_labels(expr.grouping)}) "
    return expr.op


def _number(expr: NumberLiteral) -> str:
    if expr.text:
        seconds = round(expr.value * 1000)
        return format_duration(seconds)
    return format_general(expr.value)


def _selector(selector: VectorSelector, brackets: str) -> str:
    name = selector.name
    quoted = bool(name) and not is_legacy_metric_name(name)
    parts = [quote(name)] if quoted else []
    own = Matcher(METRIC_NAME, MatchOp.EQUAL, name)
    parts += [_matcher(matcher) for matcher in selector.matchers if not (name and matcher == own)]
    text = "" if quoted else name
    if parts:
        text += f"{{{', '.join(parts)}}}" if quoted else f"{{{','.join(parts)}}}"
    elif not text:
        text = "{}"
    extension = f" {selector.extension}" if selector.extension else ""
    return text + brackets + extension + _shift(selector.shift)


def _matcher(matcher: Matcher) -> str:
    name = matcher.name if is_legacy_label_name(matcher.name) else quote(matcher.name)
    return f"{name}{matcher.op.value}{quote(matcher.value)}"


def _shift(shift: Shift) -> str:
    text = ""
    if isinstance(shift.at, Edge):
        text += f" @ {shift.at.value}()"
    elif shift.at is not None:
        text += f" @ {shift.at / 1000:.3f}"
    if shift.offset is not None:
        text += f" offset {format_expression(shift.offset)}"
    return text


def format_expression(duration: Duration) -> str:
    """Return a duration expression as text."""
    if isinstance(duration, DurationNumber):
        return format_duration(round(duration.seconds * 1000))
    if isinstance(duration, DurationCall):
        return f"{duration.name}({', '.join(map(format_expression, duration.args))})"
    right = format_expression(duration.right)
    if duration.left is None:
        text = f"{duration.op}{right}"
    else:
        text = f"{format_expression(duration.left)} {duration.op} {right}"
    return f"({text})" if duration.parenthesized else text


def _labels(labels: tuple[str, ...]) -> str:
    return ", ".join(label if is_legacy_label_name(label) else quote(label) for label in labels)


__all__ = ["aggregate_head", "format_expression", "format_query", "operator"]
