"""What can go wrong with a query, as a tree.

PromQLError             bears ``error_type``, the name that the HTTP API gives the kind, and any exceeded ``limit``
├── ParseError          the text is not an expression: says where (bad_data)
│   ├── ExpressionTooLongError
│   └── ExpressionTooDeepError
├── ExpressionTypeError a range vector or a string is asked for over a range (bad_data)
├── ExecutionError      the expression cannot be evaluated over this data (execution)
│   └── NativeHistogramError   the evaluation met a native histogram, which is not supported yet
├── TooManySamplesError more samples would be loaded than the limit (execution)
│   ├── TooManyPointsError     more points would be made
│   └── TooManyStepsError      the range, or that of a subquery, has more steps
├── QueryTimeoutError   the deadline has passed (timeout)
└── QueryCanceledError  the caller gave up (canceled)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vedette_shared.errors import VedetteError


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch ``[start, end)`` of a query's text, in characters."""

    start: int
    end: int


def line_and_column(text: str, offset: int) -> str:
    """Return the place of ``offset`` in ``text`` as people count it: ``line:column``, from 1."""
    before = text[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


class PromQLError(VedetteError):
    """A query failed."""

    error_type: ClassVar[str] = "execution"
    limit: ClassVar[str] = ""


class ParseError(PromQLError):
    """The text is not an expression; ``span`` is the part at fault and ``reason`` the message without its place."""

    error_type: ClassVar[str] = "bad_data"

    def __init__(self, reason: str, text: str, span: Span) -> None:
        super().__init__(f"{line_and_column(text, span.start)}: parse error: {reason}")
        self.reason = reason
        self.span = span


class ExpressionTooLongError(ParseError):
    """The text has more characters than the limit."""

    limit: ClassVar[str] = "length"


class ExpressionTooDeepError(ParseError):
    """The expression nests deeper than the limit."""

    limit: ClassVar[str] = "depth"


class ExpressionTypeError(PromQLError):
    """The expression is sound but its type cannot be the answer to this kind of query."""

    error_type: ClassVar[str] = "bad_data"


class ExecutionError(PromQLError):
    """The expression cannot be evaluated over this data."""


class NativeHistogramError(ExecutionError):
    """The evaluation met a native histogram; Vedette evaluates float samples and classic histograms so far."""


class TooManySamplesError(PromQLError):
    """The query would load more samples than the limit."""

    limit: ClassVar[str] = "samples"


class TooManyPointsError(TooManySamplesError):
    """A part of the query would make more points, series × steps, than the limit."""

    limit: ClassVar[str] = "points"


class TooManyStepsError(TooManySamplesError):
    """The query, or a subquery of it, would be evaluated at more steps than the limit."""

    limit: ClassVar[str] = "steps"


class QueryTimeoutError(PromQLError):
    """The query's deadline passed while it was evaluated."""

    error_type: ClassVar[str] = "timeout"
    limit: ClassVar[str] = "time"


class QueryCanceledError(PromQLError):
    """The query's caller gave up waiting."""

    error_type: ClassVar[str] = "canceled"
