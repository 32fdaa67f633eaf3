"""A Pratt parser for PromQL as Prometheus 3.14 has it; the checks of types are made as the tree is built."""

from __future__ import annotations

from vedette_server.promql import check
from vedette_server.promql.cursor import Cursor
from vedette_server.promql.errors import ExpressionTooLongError, Span
from vedette_server.promql.functions import AGGREGATIONS, EXPERIMENTAL_AGGREGATIONS, FUNCTIONS
from vedette_server.promql.lexer import Token
from vedette_server.promql.nodes import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    Matching,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
)
from vedette_server.promql.parse_durations import number_value
from vedette_server.promql.parse_selectors import parse_modifiers, parse_selector

DEFAULT_MAX_LENGTH = 256 * 1024

_PRECEDENCE = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys((*COMPARISONS, "</", ">/"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_UNARY_PRECEDENCE = 5
_WORD_OPERATORS = SET_OPERATORS | {"atan2"}
_FILLS = frozenset({"fill", "fill_left", "fill_right"})


def parse(text: str, *, experimental: bool = True, max_length: int = DEFAULT_MAX_LENGTH) -> Expr:
    """Return the expression tree of ``text``.

    Args:
        text: The query.
        experimental: Whether experimental functions, aggregations, modifiers and duration expressions are allowed.
        max_length: The most characters that ``text`` may have.

    Raises:
        ParseError: the text is not a valid expression; the message begins with ``line:column``.
    """
    if len(text) > max_length:
        raise ExpressionTooLongError(f"expression is longer than {max_length} characters", text, Span(0, 0))
    return _Parser(text, experimental=experimental).whole()


class _Parser:
    def __init__(self, text: str, *, experimental: bool) -> None:
        self._cursor = Cursor(text, experimental=experimental)
        self._selectors_may_be_empty = False

    def whole(self) -> Expr:
        cursor = self._cursor
        if cursor.token.kind == "end":
            raise cursor.error("no expression found in input", cursor.token.span)
        expr = self._expression(0)
        if cursor.token.kind != "end":
            raise cursor.unexpected()
        return expr

    def _expression(self, minimum: int) -> Expr:
        cursor = self._cursor
        cursor.descend()
        left = self._operand()
        while True:
            op = self._operator()
            precedence = _PRECEDENCE.get(op, 0)
            if precedence <= minimum:
                break
            left = self._binary(left, op, precedence)
        cursor.ascend()
        return left

    def _operator(self) -> str:
        token = self._cursor.token
        return token.word if token.word in _WORD_OPERATORS else token.kind

    def _binary(self, left: Expr, op: str, precedence: int) -> Binary:
        cursor = self._cursor
        token = cursor.advance()
        return_bool = cursor.token.word == "bool"
        if return_bool:
            cursor.advance()
        matching, grouped = self._matching(op)
        right = self._expression(precedence - (op == "^"))
        span = Span(left.span.start, right.span.end)
        node = check.Operation(op, left, right, matching, grouped=grouped, return_bool=return_bool)
        return check.binary(cursor, node, token.span, span)

    def _matching(self, op: str) -> tuple[Matching, bool]:
        """Read ``on (…) group_left (…) fill (…)``; also tell whether any of it was there."""
        cursor = self._cursor
        on, grouped = False, False
        labels: tuple[str, ...] = ()
        if cursor.token.word in ("on", "ignoring") and cursor.following.kind == "(":
            on = cursor.advance().word == "on"
            labels, grouped = self._label_list(), True
        cardinality = Cardinality.MANY_TO_MANY if op in SET_OPERATORS else Cardinality.ONE_TO_ONE
        include: tuple[str, ...] = ()
        if grouped and cursor.token.word in ("group_left", "group_right"):
            side = cursor.advance()
            if op in SET_OPERATORS:
                raise cursor.error(f'no grouping allowed for "{op}" operation', side.span)
            cardinality = Cardinality.MANY_TO_ONE if side.word == "group_left" else Cardinality.ONE_TO_MANY
            if cursor.token.kind == "(":
                include = self._label_list()
        fills = self._fills(op)
        return Matching(cardinality, on, labels, include, *fills), grouped or fills != (None, None)

    def _fills(self, op: str) -> tuple[float | None, float | None]:
        cursor = self._cursor
        left: float | None = None
        right: float | None = None
        while cursor.token.word in _FILLS and cursor.following.kind == "(":
            keyword = cursor.advance()
            if not cursor.experimental:
                raise cursor.error(f"experimental {keyword.word} modifier is not enabled", keyword.span)
            if op in SET_OPERATORS:
                raise cursor.error("filling in missing series not allowed for set operators", keyword.span)
            cursor.expect("(", "fill modifier")
            value = self._signed_number()
            cursor.expect(")", "fill modifier")
            left = value if keyword.word != "fill_right" else left
            right = value if keyword.word != "fill_left" else right
        return left, right

    def _signed_number(self) -> float:
        cursor = self._cursor
        negative = cursor.accept("-")
        if not negative:
            cursor.accept("+")
        token = cursor.advance()
        if not _is_number(token):
            raise cursor.error(f"unexpected {token.describe()} in fill modifier, expected number", token.span)
        value = _literal(token, cursor.text).value
        return -value if negative else value

    def _label_list(self) -> tuple[str, ...]:
        cursor = self._cursor
        labels: list[str] = []

        def read() -> None:
            token = cursor.token
            if token.kind == "string":
                labels.append(cursor.string())
            elif token.kind == "ident" and ":" not in token.text:
                labels.append(cursor.advance().text)
            else:
                raise cursor.unexpected("grouping opts", "label")

        cursor.comma_separated(read, "grouping opts")
        return tuple(labels)

    def _operand(self) -> Expr:
        cursor = self._cursor
        token = cursor.token
        if token.kind in ("+", "-"):
            return self._unary()
        if _is_number(token):
            cursor.advance()
            return parse_modifiers(cursor, _literal(token, cursor.text))
        if token.kind == "string":
            return parse_modifiers(cursor, StringLiteral(cursor.string(), token.span))
        if token.kind == "(":
            cursor.advance()
            inner = self._expression(0)
            if cursor.token.kind == "end":
                raise cursor.error("unclosed left parenthesis", token.span)
            end = cursor.expect(")", "parentheses").end
            return parse_modifiers(cursor, Paren(inner, Span(token.start, end)))
        if token.kind == "{":
            return parse_modifiers(cursor, self._selector())
        if token.kind == "ident":
            return parse_modifiers(cursor, self._word())
        raise cursor.unexpected()

    def _unary(self) -> Expr:
        cursor = self._cursor
        sign = cursor.advance()
        operand = self._expression(_UNARY_PRECEDENCE)
        span = Span(sign.start, operand.span.end)
        if isinstance(operand, NumberLiteral):
            value = -operand.value if sign.kind == "-" else operand.value
            text = operand.text and (f"-{operand.text}" if sign.kind == "-" else operand.text)
            return NumberLiteral(value, span, text)
        check.unary(cursor, operand)
        return Unary(sign.kind, operand, span)

    def _word(self) -> Expr:
        cursor = self._cursor
        token, following = cursor.token, cursor.following
        if token.word in AGGREGATIONS and (following.kind == "(" or following.word in ("by", "without")):
            return self._aggregate()
        if following.kind == "(":
            return self._call()
        return self._selector()

    def _selector(self) -> Expr:
        return parse_selector(self._cursor, may_be_empty=self._selectors_may_be_empty)

    def _call(self) -> Call:
        cursor = self._cursor
        token = cursor.advance()
        signature = FUNCTIONS.get(token.text) or FUNCTIONS.get(
            token.word if token.word in check.KEYWORD_FUNCTIONS else ""
        )
        if signature is None:
            raise cursor.error(f'unknown function with name "{token.text}"', token.span)
        if signature.experimental and not cursor.experimental:
            raise cursor.error(f'function "{token.text}" is not enabled', token.span)
        args = self._arguments(token)
        call = Call(signature.name, tuple(args), Span(token.start, cursor.last_end))
        return check.call(cursor, call, signature)

    def _arguments(self, opener: Token) -> list[Expr]:
        """Read ``(a, b)``; a trailing comma is an error here."""
        cursor = self._cursor
        args: list[Expr] = []
        cursor.expect("(", "function call")
        if cursor.accept(")"):
            return args
        while True:
            self._selectors_may_be_empty = opener.text == "info" and len(args) == 1
            args.append(self._expression(0))
            self._selectors_may_be_empty = False
            if cursor.accept(")"):
                return args
            if cursor.token.kind == "end":
                raise cursor.error("unclosed left parenthesis", Span(opener.end, opener.end + 1))
            if not cursor.accept(","):
                raise cursor.unexpected("function call", '"," or ")"')
            if cursor.token.kind == ")":
                raise cursor.error("trailing commas not allowed in function call args", cursor.token.span)

    def _aggregate(self) -> Aggregate:
        cursor = self._cursor
        token = cursor.advance()
        op = token.word
        if op in EXPERIMENTAL_AGGREGATIONS and not cursor.experimental:
            raise cursor.error(f"{op}() is experimental and is not enabled", token.span)
        grouping: tuple[str, ...] | None = None
        without = False
        if cursor.token.word in ("by", "without"):
            without = cursor.advance().word == "without"
            grouping = self._label_list()
        args = self._arguments(token)
        if grouping is None and cursor.token.word in ("by", "without"):
            without = cursor.advance().word == "without"
            grouping = self._label_list()
        span = Span(token.start, cursor.last_end)
        return check.aggregate(cursor, op, args, grouping or (), span, without=without)


def _is_number(token: Token) -> bool:
    return token.kind in ("number", "duration") or token.word in ("inf", "nan")


def _literal(token: Token, text: str) -> NumberLiteral:
    if token.kind == "ident":
        return NumberLiteral(float(token.word), token.span)
    return NumberLiteral(number_value(token, text), token.span, token.text if token.kind == "duration" else "")
