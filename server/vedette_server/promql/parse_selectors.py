"""Selectors, their matchers, and the modifiers that follow an expression: ranges, ``offset``, ``@``, ``anchored``."""

from __future__ import annotations

from dataclasses import replace

from vedette_server.promql.cursor import Cursor
from vedette_server.promql.errors import Span
from vedette_server.promql.nodes import (
    DurationCall,
    DurationNumber,
    DurationOp,
    Edge,
    Expr,
    MatrixSelector,
    Shift,
    Subquery,
    VectorSelector,
    strip_parens,
)
from vedette_server.promql.parse_durations import number_value, parse_offset, parse_range
from vedette_server.promql.regex import RegexError, compile_anchored
from vedette_server.promql.types import ValueType, value_type
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.labels import METRIC_NAME

_OPERATORS = {op.value: op for op in MatchOp}
_SHIFTABLE = "an instant vector selector or range vector selector or a subquery"
_MAX_AT_SECONDS = (1 << 63) / 1000


def parse_selector(cursor: Cursor, *, may_be_empty: bool = False) -> VectorSelector:
    """Read ``name``, ``name{…}`` or ``{…}``; with ``may_be_empty`` the matchers may match anything.

    Raises:
        ParseError: the braces are malformed, an expression is not RE2, or every matcher matches the empty string.
    """
    start = cursor.token.start
    name = cursor.advance().text if cursor.token.kind == "ident" else ""
    matchers: list[Matcher] = []
    if cursor.token.kind == "{":
        name = _matchers(cursor, name, matchers)
    if name:
        matchers.append(Matcher(METRIC_NAME, MatchOp.EQUAL, name))
    span = Span(start, cursor.last_end)
    if not may_be_empty and all(_matches_empty(cursor, matcher, span) for matcher in matchers):
        raise cursor.error("vector selector must contain at least one non-empty matcher", span)
    return VectorSelector(name, tuple(matchers), span)


def _matchers(cursor: Cursor, name: str, matchers: list[Matcher]) -> str:
    """Read the braces into ``matchers`` and return the metric name."""
    cursor.expect("{", "label matching")
    while not cursor.accept("}"):
        token = cursor.token
        if token.kind == "string" and cursor.following.kind in (",", "}"):
            if name:
                raise cursor.error(f'metric name must not be set twice: "{name}" or {token.text}', token.span)
            name = cursor.string()
        else:
            matchers.append(_matcher(cursor))
        if not cursor.accept(",") and cursor.token.kind != "}":
            raise cursor.unexpected("label matching", '"," or "}"')
    if name and any(matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL for matcher in matchers):
        other = next(m.value for m in matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL)
        raise cursor.error(
            f'metric name must not be set twice: "{name}" or "{other}"', Span(cursor.last_end - 1, cursor.last_end)
        )
    return name


def _matcher(cursor: Cursor) -> Matcher:
    token = cursor.token
    if token.kind == "string":
        label = cursor.string()
    elif token.kind == "ident" and ":" not in token.text:
        label = cursor.advance().text
    else:
        raise cursor.unexpected("label matching", 'identifier or "}"')
    op = _OPERATORS.get(cursor.token.kind)
    if op is None:
        raise cursor.unexpected("label matching", "label matching operator")
    cursor.advance()
    if cursor.token.kind != "string":
        raise cursor.unexpected("label matching", "string")
    span = cursor.token.span
    matcher = Matcher(label, op, cursor.string())
    _matches_empty(cursor, matcher, span)
    return matcher


def _matches_empty(cursor: Cursor, matcher: Matcher, span: Span) -> bool:
    if matcher.op is MatchOp.EQUAL:
        return not matcher.value
    if matcher.op is MatchOp.NOT_EQUAL:
        return bool(matcher.value)
    try:
        found = compile_anchored(matcher.value).matches("")
    except RegexError as error:
        raise cursor.error(str(error), span) from None
    return found == (matcher.op is MatchOp.REGEX)


def parse_modifiers(cursor: Cursor, expr: Expr) -> Expr:
    """Read every modifier that follows ``expr`` and return the expression with them."""
    while True:
        token = cursor.token
        if token.kind == "[":
            expr = _brackets(cursor, expr)
        elif token.kind == "@":
            expr = _at(cursor, expr)
        elif token.word == "offset":
            expr = _offset(cursor, expr)
        elif token.word in ("anchored", "smoothed"):
            expr = _extend(cursor, expr)
        else:
            return expr


def _brackets(cursor: Cursor, expr: Expr) -> Expr:
    cursor.expect("[", "range")
    duration = parse_range(cursor)
    if cursor.accept(":"):
        step = None if cursor.token.kind == "]" else parse_range(cursor)
        end = cursor.expect("]", "subquery selector").end
        if value_type(expr) is not ValueType.VECTOR:
            raise cursor.error(
                f"subquery is only allowed on instant vector, got {value_type(expr).value} instead", expr.span
            )
        return Subquery(expr, duration, step, Span(expr.span.start, end))
    end = cursor.expect("]", "subquery or range selector").end
    if not isinstance(expr, VectorSelector):
        raise cursor.error("ranges only allowed for vector selectors", expr.span)
    if expr.shift.offset is not None:
        raise cursor.error("no offset modifiers allowed before range", expr.span)
    if expr.shift.at is not None:
        raise cursor.error("no @ modifiers allowed before range", expr.span)
    return MatrixSelector(expr, duration, Span(expr.span.start, end))


def _offset(cursor: Cursor, expr: Expr) -> Expr:
    keyword = cursor.advance()
    shift = _shift_of(cursor, expr, "offset modifier")
    if shift.offset is not None:
        raise cursor.error("offset may not be set multiple times", Span(expr.span.start, keyword.end))
    offset = parse_offset(cursor)
    if isinstance(offset, (DurationOp, DurationCall)) and not cursor.experimental and not _is_plain(offset):
        raise cursor.error("experimental duration expression is not enabled", offset.span)
    return _with_shift(expr, replace(shift, offset=offset), cursor.last_end)


def _is_plain(offset: DurationOp | DurationCall) -> bool:
    return isinstance(offset, DurationOp) and offset.left is None and isinstance(offset.right, DurationNumber)


def _at(cursor: Cursor, expr: Expr) -> Expr:
    keyword = cursor.advance()
    shift = _shift_of(cursor, expr, "@ modifier")
    if shift.at is not None:
        raise cursor.error("@ <timestamp> may not be set multiple times", Span(expr.span.start, keyword.end))
    token = cursor.token
    at: int | Edge
    if token.word in ("start", "end"):
        cursor.advance()
        cursor.expect("(", "@ modifier")
        cursor.expect(")", "@ modifier")
        at = Edge(token.word)
    else:
        at = _timestamp(cursor)
    return _with_shift(expr, replace(shift, at=at), cursor.last_end)


def _timestamp(cursor: Cursor) -> int:
    sign = -1 if cursor.accept("-") else 1
    if sign == 1:
        cursor.accept("+")
    token = cursor.token
    if token.word in ("nan", "inf"):
        raise cursor.error(f"timestamp out of bounds for @ modifier: {token.text}", token.span)
    if token.kind not in ("number", "duration"):
        raise cursor.unexpected("@ modifier", "timestamp, start(), or end()")
    cursor.advance()
    seconds = sign * number_value(token, cursor.text)
    if abs(seconds) >= _MAX_AT_SECONDS:
        raise cursor.error(f"timestamp out of bounds for @ modifier: {seconds:f}", token.span)
    return int(_half_away_from_zero(seconds * 1000))


def _half_away_from_zero(number: float) -> int:
    return int(number + 0.5) if number >= 0 else -int(-number + 0.5)


def _extend(cursor: Cursor, expr: Expr) -> Expr:
    token = cursor.advance()
    if not cursor.experimental:
        raise cursor.error(f"experimental {token.word} modifier is not enabled", token.span)
    selector = expr.selector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(selector, VectorSelector):
        raise cursor.error(f"{token.word} modifier must be preceded by an instant or range vector selector", expr.span)
    if selector.extension:
        reason = "anchored and smoothed modifiers cannot be used together, nor set multiple times"
        raise cursor.error(reason, Span(expr.span.start, token.end))
    span = Span(expr.span.start, token.end)
    selector = replace(selector, extension=token.word)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=selector, span=span)
    if token.word == "anchored":
        raise cursor.error("anchored modifier must be preceded by a range vector selector", span)
    return replace(selector, span=span)


def _shift_of(cursor: Cursor, expr: Expr, modifier: str) -> Shift:
    inner = strip_parens(expr)
    if inner is expr and isinstance(expr, (VectorSelector, Subquery)):
        return expr.shift
    if isinstance(expr, MatrixSelector):
        return expr.selector.shift
    raise cursor.error(f"{modifier} must be preceded by {_SHIFTABLE}", expr.span)


def _with_shift(expr: Expr, shift: Shift, end: int) -> Expr:
    span = Span(expr.span.start, end)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=replace(expr.selector, shift=shift), span=span)
    if isinstance(expr, VectorSelector):
        return replace(expr, shift=shift, span=span)
    assert isinstance(expr, Subquery)
    return replace(expr, shift=shift, span=span)
