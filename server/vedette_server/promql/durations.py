"""Duration expressions to milliseconds, once the query's step and range are known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.nodes import Duration, DurationCall, DurationNumber

_MAX_MS = (1 << 63) // 1_000_000


@dataclass(frozen=True, slots=True)
class QueryRange:
    """The bounds of the whole query in ms; an instant query has ``start == end`` and step 0."""

    start: int
    end: int
    step: int


def positive(duration: Duration, query: QueryRange) -> int:
    """Return the milliseconds of a range or a step.

    Raises:
        ExecutionError: it is zero, negative or out of bounds.
    """
    milliseconds = signed(duration, query)
    if milliseconds <= 0:
        raise ExecutionError("duration must be greater than 0")
    return milliseconds


def signed(duration: Duration, query: QueryRange) -> int:
    """Return the milliseconds of an offset, which may be negative."""
    seconds = _seconds(duration, query)
    if math.isnan(seconds) or abs(seconds) * 1000 >= _MAX_MS:
        raise ExecutionError("duration is out of bounds")
    return math.floor(seconds * 1000 + 0.5) if seconds >= 0 else -math.floor(-seconds * 1000 + 0.5)


def _seconds(duration: Duration, query: QueryRange) -> float:
    if isinstance(duration, DurationNumber):
        return duration.seconds
    if isinstance(duration, DurationCall):
        if duration.name == "step":
            return query.step / 1000
        if duration.name == "range":
            return (query.end - query.start) / 1000
        args = [_seconds(arg, query) for arg in duration.args]
        return min(args) if duration.name == "min_of" else max(args)
    right = _seconds(duration.right, query)
    if duration.left is None:
        return -right if duration.op == "-" else right
    return _operate(duration.op, _seconds(duration.left, query), right)


def _operate(op: str, left: float, right: float) -> float:
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op == "^":
        try:
            result = left**right
        except (OverflowError, ZeroDivisionError):
            return math.inf
        return result if isinstance(result, float) else math.nan
    if right == 0:
        raise ExecutionError("division by zero" if op == "/" else "modulo by zero")
    return left / right if op == "/" else math.fmod(left, right)
