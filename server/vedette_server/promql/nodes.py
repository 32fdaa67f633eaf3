"""The expression tree: frozen nodes, each with the stretch of text that it came from.

Spans take no part in equality. Walks over long chains of binary operators must loop down the left side, since such a
chain is as deep as it is long; nesting of any other kind is bounded by the parser.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from vedette_server.promql.errors import Span
from vedette_server.storage.interface import Matcher


class ValueType(enum.Enum):
    """What an expression evaluates to; the value is the word that messages use."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


class Edge(enum.Enum):
    """The ends of the query's range, as ``@ start()`` and ``@ end()`` name them."""

    START = "start"
    END = "end"


class Cardinality(enum.Enum):
    """How many series of each side one group of a vector match may hold."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True)
class DurationNumber:
    """A literal number of seconds inside a duration expression; ``text`` is how it was written."""

    seconds: float
    text: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class DurationCall:
    """``step()``, ``range()``, ``min_of(a, b)`` or ``max_of(a, b)`` inside a duration expression."""

    name: str
    args: tuple[Duration, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class DurationOp:
    """An operator inside a duration expression; ``left`` is ``None`` where ``op`` is a sign."""

    op: str
    left: Duration | None
    right: Duration
    span: Span = field(compare=False)
    parenthesized: bool = field(default=False, compare=False)


Duration: TypeAlias = DurationNumber | DurationCall | DurationOp


@dataclass(frozen=True, slots=True)
class Shift:
    """What ``offset`` and ``@`` do to the times that a selector or a subquery reads.

    Attributes:
        offset: How far back, or ``None``.
        at: A fixed time in ms, an edge of the query's range, or ``None`` for the step's own time.
    """

    offset: Duration | None = None
    at: int | Edge | None = None


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; ``text`` is set where it was written as a duration."""

    value: float
    span: Span = field(compare=False)
    text: str = ""


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string; bytes that are no UTF-8 stand as lone surrogates (``surrogateescape``)."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """An instant vector selector. ``name`` is the metric name before the braces, if any; the matchers include it."""

    name: str
    matchers: tuple[Matcher, ...]
    span: Span = field(compare=False)
    shift: Shift = NO_SHIFT
    extension: str = ""
    """``anchored``, ``smoothed`` or nothing."""


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """A range vector selector; ``offset``, ``@`` and the extension are on ``selector``."""

    selector: VectorSelector
    range: Duration
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Subquery:
    """``expr[range:step]``; without a step the engine's default interval is taken."""

    expr: Expr
    range: Duration
    step: Duration | None
    span: Span = field(compare=False)
    shift: Shift = NO_SHIFT


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    func: str
    args: tuple[Expr, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation; ``param`` is the first argument of topk, quantile and their like."""

    op: str
    expr: Expr
    param: Expr | None
    grouping: tuple[str, ...]
    without: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an expression."""

    op: str
    expr: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Matching:
    """How the series of two vectors find each other."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions; ``matching`` is set when both are vectors."""

    op: str
    left: Expr
    right: Expr
    span: Span = field(compare=False)
    type: ValueType
    return_bool: bool = False
    matching: Matching | None = None


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    expr: Expr
    span: Span = field(compare=False)


Expr: TypeAlias = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregate
    | Unary
    | Binary
    | Paren
)

SET_OPERATORS = frozenset({"and", "or", "unless"})
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def strip_parens(expr: Expr) -> Expr:
    """Return what is inside the parentheses around ``expr``, if there are any."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
