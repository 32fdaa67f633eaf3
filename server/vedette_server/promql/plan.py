"""How a query was evaluated, node by node, and which parts of it stand in it more than once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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
    VectorSelector,
    strip_parens,
)

_KINDS = {
    VectorSelector: "selector",
    MatrixSelector: "range selector",
    Subquery: "subquery",
    Call: "call",
    Aggregate: "aggregation",
    Unary: "unary",
    Binary: "binary",
}


@dataclass(slots=True)
class PlanNode:
    """One evaluated part of a query.

    Attributes:
        text: The part, as the formatter prints it.
        kind: ``selector``, ``range selector``, ``subquery``, ``call``, ``aggregation``, ``unary`` or ``binary``, of
            which a whole chain is one node.
        seconds: How long it took, what is below it included.
        series: How many series came out of it.
        steps: At how many steps it was evaluated.
        samples: How many samples it read from the store, what is below it included.
        shared: It was evaluated before; this is only a use of the result.
        children: What it was evaluated from.
    """

    text: str
    kind: str
    seconds: float = 0.0
    series: int = 0
    steps: int = 0
    samples: int = 0
    shared: bool = False
    children: list[PlanNode] = field(default_factory=list)


class Trace:
    """Records the plan while a query is evaluated."""

    def __init__(self) -> None:
        self.roots: list[PlanNode] = []
        self._open: list[PlanNode] = []

    @contextmanager
    def node(self, expr: Expr) -> Iterator[PlanNode]:
        """Record what happens inside as a node of its own."""
        node = PlanNode(format_query(expr), _KINDS[type(expr)])
        (self._open[-1].children if self._open else self.roots).append(node)
        self._open.append(node)
        since = time.perf_counter()
        try:
            yield node
        finally:
            node.seconds = time.perf_counter() - since
            self._open.pop()


def children(expr: Expr) -> tuple[Expr, ...]:
    """The operands of ``expr``."""
    if isinstance(expr, Call):
        return expr.args
    if isinstance(expr, Aggregate):
        return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
    if isinstance(expr, Binary):
        return (expr.left, expr.right)
    if isinstance(expr, (Unary, Subquery)):
        return (expr.expr,)
    return ()


def repeated(expr: Expr) -> frozenset[str]:
    """The texts of the parts of ``expr`` that stand in it more than once and are worth remembering."""
    counts: Counter[str] = Counter()
    waiting = [strip_parens(expr)]
    while waiting:
        node = strip_parens(waiting.pop())
        if isinstance(node, (VectorSelector, Call, Aggregate, Unary)):
            counts[format_query(node)] += 1
        waiting.extend(child for child in children(node) if not isinstance(child, (NumberLiteral, StringLiteral)))
    return frozenset(text for text, count in counts.items() if count > 1)
