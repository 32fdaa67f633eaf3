"""Narrows a query over the fleet to one service: its labels become matchers, wherever they reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from vedette_server.storage.interface import Matcher, MatchOp

_MAKES_LABELS = frozenset({"label_replace", "label_join", "absent", "absent_over_time", "info"})


def narrowed(expr: Expr, labels: Mapping[str, str]) -> Expr:
    """Return ``expr`` with matchers for ``labels`` in every selector whose labels reach the result.

    A label that an aggregation drops, or that one side of an operator does not have to match, is not asked for beneath.
    """
    if isinstance(expr, VectorSelector):
        return _select(expr, labels)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=_select(expr.selector, labels))
    if isinstance(expr, Paren | Unary | Subquery):
        return replace(expr, expr=narrowed(expr.expr, labels))
    if isinstance(expr, Aggregate):
        return _aggregate(expr, labels)
    if isinstance(expr, Call):
        reaching = _call(expr, labels)
        return replace(expr, args=tuple(narrowed(argument, reaching) for argument in expr.args))
    if isinstance(expr, Binary):
        return _binary(expr, labels)
    assert isinstance(expr, NumberLiteral | StringLiteral)
    return expr


def _select(selector: VectorSelector, labels: Mapping[str, str]) -> VectorSelector:
    more = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in labels.items())
    return replace(selector, matchers=selector.matchers + tuple(m for m in more if m not in selector.matchers))


def _aggregate(expr: Aggregate, labels: Mapping[str, str]) -> Aggregate:
    keeps_series = expr.op in ("topk", "bottomk", "limitk", "limit_ratio")
    if keeps_series:
        kept = dict(labels)
    elif expr.without:
        kept = {name: value for name, value in labels.items() if name not in expr.grouping}
    else:
        kept = {name: value for name, value in labels.items() if name in expr.grouping}
    return replace(expr, expr=narrowed(expr.expr, kept))


def _call(expr: Call, labels: Mapping[str, str]) -> Mapping[str, str]:
    """The labels that a function passes on as they are: all, but for those functions that make labels."""
    return {name: value for name, value in labels.items() if name == "host"} if expr.func in _MAKES_LABELS else labels


def _binary(expr: Binary, labels: Mapping[str, str]) -> Binary:
    left, right = labels, labels
    matching = expr.matching
    if matching is not None:
        shared = {name: value for name, value in labels.items() if _is_matched(name, matching)}
        one_side = shared | {name: value for name, value in labels.items() if name in matching.include}
        many_side = {name: value for name, value in labels.items() if name not in matching.include}
        if matching.cardinality.value == "many-to-one":
            left, right = many_side, one_side
        elif matching.cardinality.value == "one-to-many":
            left, right = one_side, many_side
        else:
            right = shared
    return replace(expr, left=narrowed(expr.left, left), right=narrowed(expr.right, right))


def _is_matched(name: str, matching: Matching) -> bool:
    return name in matching.labels if matching.on else name not in matching.labels
