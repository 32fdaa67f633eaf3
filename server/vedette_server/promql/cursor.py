"""A walk over the tokens of one query, shared by the parts of the parser."""

from __future__ import annotations

from collections.abc import Callable

from vedette_server.promql.errors import ExpressionTooDeepError, ParseError, Span
from vedette_server.promql.lexer import Token, tokenize, unquote

MAX_DEPTH = 80
"""How deep an expression may nest; each level costs a few Python frames here and in the walks over the tree."""


class Cursor:
    """Reads tokens one by one and says where something is wrong."""

    def __init__(self, text: str, *, experimental: bool = True) -> None:
        self.text = text
        self.experimental = experimental
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The token that comes next; it is not consumed."""
        return self._tokens[self._next]

    @property
    def following(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    @property
    def last_end(self) -> int:
        """Where the token consumed last ends."""
        return self._tokens[self._next - 1].end

    def advance(self) -> Token:
        """Consume the next token and return it."""
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def accept(self, kind: str) -> bool:
        """Consume the next token if it is of this kind."""
        if self.token.kind != kind:
            return False
        self._next += 1
        return True

    def expect(self, kind: str, context: str) -> Token:
        """Consume the next token, which must be of this kind."""
        if self.token.kind != kind:
            raise self.unexpected(context, kind if kind.isalpha() else f'"{kind}"')
        return self.advance()

    def descend(self) -> None:
        """Note that the parser goes one level deeper; pair it with ``ascend``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            reason = f"expression is nested more than {MAX_DEPTH} levels deep; split it"
            raise ExpressionTooDeepError(reason, self.text, self.token.span)

    def ascend(self) -> None:
        """Note that the parser comes back up."""
        self._depth -= 1

    def string(self) -> str:
        """Consume a string token and return what it stands for."""
        return unquote(self.expect("string", "string"), self.text)

    def comma_separated(self, read: Callable[[], object], context: str) -> None:
        """Call ``read`` for each item up to the closing parenthesis, which is consumed; a trailing comma is allowed."""
        self.expect("(", context)
        while not self.accept(")"):
            read()
            if not self.accept(",") and self.token.kind != ")":
                raise self.unexpected(context, '"," or ")"')

    def unexpected(self, context: str = "", expected: str = "") -> ParseError:
        """The error that the next token makes no sense here."""
        token = self.token
        message = f"unexpected {token.describe()}"
        if context:
            message += f" in {context}"
        if expected:
            message += f", expected {expected}"
        return self.error(message, token.span)

    def error(self, reason: str, span: Span) -> ParseError:
        """An error at ``span``."""
        return ParseError(reason, self.text, span)
