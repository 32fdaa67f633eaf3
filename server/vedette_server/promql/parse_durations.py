"""Durations and duration expressions: ``[5m * 2]``, ``offset step()``."""

from __future__ import annotations

from vedette_server.promql.cursor import Cursor
from vedette_server.promql.errors import ParseError, Span
from vedette_server.promql.lexer import Token
from vedette_server.promql.nodes import Duration, DurationCall, DurationNumber, DurationOp
from vedette_shared.durations import parse_duration
from vedette_shared.errors import DurationError

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_UNARY_PRECEDENCE = 2
_CALLS = {"step": 0, "range": 0, "min_of": 2, "max_of": 2}
_MAX_SECONDS = (1 << 63) / 1e9


def number_value(token: Token, text: str) -> float:
    """Return the value of a number or duration token (a duration in seconds)."""
    literal = token.text
    if token.kind == "duration":
        try:
            return parse_duration(literal) / 1000
        except DurationError:
            raise ParseError(f'not a valid duration string: "{literal}"', text, token.span) from None
    if literal[:2] in ("0x", "0X"):
        return float(int(literal.replace("_", ""), 16))
    digits = literal.replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit() and not set(digits) & {"8", "9"}:
        return float(int(digits, 8))
    return float(digits)


def parse_offset(cursor: Cursor) -> Duration:
    """Read what follows ``offset``: one operand with an optional sign. Operators need parentheses."""
    sign = cursor.token
    if sign.kind in ("+", "-"):
        cursor.advance()
        operand = _operand(cursor)
        return DurationOp(sign.kind, None, operand, Span(sign.start, operand.span.end))
    return _operand(cursor)


def parse_range(cursor: Cursor) -> Duration:
    """Read a duration expression inside brackets, which must not be a plain zero or less."""
    duration = _expression(cursor, 0)
    if isinstance(duration, DurationNumber):
        if duration.seconds <= 0:
            raise cursor.error("duration must be greater than 0", duration.span)
        if duration.seconds > _MAX_SECONDS:
            raise cursor.error("duration out of range", duration.span)
    return duration


def _expression(cursor: Cursor, minimum: int) -> Duration:
    cursor.descend()
    left = _signed(cursor)
    while (precedence := _PRECEDENCE.get(cursor.token.kind, 0)) > minimum:
        op = cursor.advance()
        _require_expressions(cursor, op)
        right = _expression(cursor, precedence - (op.kind == "^"))
        left = DurationOp(op.kind, left, right, Span(left.span.start, right.span.end))
    cursor.ascend()
    return left


def _signed(cursor: Cursor) -> Duration:
    sign = cursor.token
    if sign.kind not in ("+", "-"):
        return _operand(cursor)
    cursor.advance()
    operand = _expression(cursor, _UNARY_PRECEDENCE)
    return DurationOp(sign.kind, None, operand, Span(sign.start, operand.span.end))


def _operand(cursor: Cursor) -> Duration:
    token = cursor.token
    if token.kind in ("number", "duration"):
        cursor.advance()
        return DurationNumber(number_value(token, cursor.text), token.text, token.span)
    if token.kind == "(":
        cursor.advance()
        _require_expressions(cursor, token)
        inner = _expression(cursor, 0)
        end = cursor.expect(")", "duration expression").end
        if isinstance(inner, DurationOp):
            return DurationOp(inner.op, inner.left, inner.right, Span(token.start, end), parenthesized=True)
        return inner
    if token.word in _CALLS and cursor.following.kind == "(":
        return _call(cursor)
    raise cursor.unexpected("duration", "number, duration, step(), or range()")


def _call(cursor: Cursor) -> Duration:
    token = cursor.advance()
    _require_expressions(cursor, token)
    args: list[Duration] = []
    cursor.descend()
    cursor.comma_separated(lambda: args.append(_expression(cursor, 0)), "duration expression")
    cursor.ascend()
    name = token.word
    span = Span(token.start, cursor.last_end)
    if len(args) != _CALLS[name]:
        raise cursor.error(f'expected {_CALLS[name]} argument(s) in call to "{name}", got {len(args)}', span)
    return DurationCall(name, tuple(args), span)


def _require_expressions(cursor: Cursor, token: Token) -> None:
    if not cursor.experimental:
        raise cursor.error("experimental duration expression is not enabled", token.span)
