"""The text of a query, cut into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vedette_server.promql.errors import ParseError, Span

_DURATION = r"(?:[0-9]+(?:ms|[smhdwy]))+(?![0-9a-zA-Z_.])"
_NUMBER = (
    r"(?:0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*"
    r"|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?)(?![0-9a-zA-Z_])"
)
_OPERATORS = r"==|=~|!=|!~|<=|>=|</|>/|[=<>+\-*/%^(){}\[\],@]"


def _pattern(identifier: str, colon: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<space>(?:\s|\#[^\n]*)+)|(?P<duration>{_DURATION})|(?P<number>{_NUMBER})|(?P<ident>{identifier})"
        r"|(?P<string>\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`)"
        rf"|(?P<op>{_OPERATORS}{colon})"
    )


_OUTSIDE_BRACKETS = _pattern(r"[a-zA-Z_:][a-zA-Z0-9_:]*", "")
_INSIDE_BRACKETS = _pattern(r"[a-zA-Z_][a-zA-Z0-9_]*", "|:")


@dataclass(frozen=True, slots=True)
class Token:
    """One token. ``kind`` is ``number``, ``duration``, ``ident``, ``string``, ``end``, or the operator itself."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def word(self) -> str:
        """The token in lower case if it is a word that could be a keyword, else nothing."""
        return self.text.lower() if self.kind == "ident" else ""

    def describe(self) -> str:
        """How messages name the token."""
        names = {
            "ident": "identifier ",
            "string": "string ",
            "number": "number ",
            "duration": "duration ",
            "end": "end of input",
        }
        if self.kind == "end":
            return names["end"]
        return names.get(self.kind, "") + (self.text if self.kind == "string" else f'"{self.text}"')


def tokenize(text: str) -> list[Token]:
    """Return the tokens of ``text``, with one of kind ``end`` at the end.

    Raises:
        ParseError: a character, a number or a string is malformed.
    """
    tokens: list[Token] = []
    position, brackets = 0, 0
    while position < len(text):
        match = (_INSIDE_BRACKETS if brackets else _OUTSIDE_BRACKETS).match(text, position)
        if match is None:
            raise _unexpected(text, position)
        kind = str(match.lastgroup)
        position = match.end()
        if kind == "space":
            continue
        found = match.group()
        if kind == "op":
            kind = found
            brackets += (found == "[") - (found == "]" and brackets > 0)
        tokens.append(Token(kind, found, match.start(), position))
    tokens.append(Token("end", "", position, position))
    return tokens


def _unexpected(text: str, position: int) -> ParseError:
    character = text[position]
    span = Span(position, position + 1)
    if character in "\"'":
        return ParseError("unterminated quoted string", text, span)
    if character == "`":
        return ParseError("unterminated raw string", text, span)
    if character.isdigit() or character == ".":
        word = re.compile(r"[0-9a-zA-Z_.]*").match(text, position)
        found = word.group() if word else character
        return ParseError(f'bad number or duration syntax: "{found}"', text, Span(position, position + len(found)))
    return ParseError(f"unexpected character: '{character}'", text, span)


_SIMPLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


def unquote(token: Token, text: str) -> str:
    """Return what the string ``token`` of ``text`` stands for; bytes that are no UTF-8 become lone surrogates.

    Raises:
        ParseError: an escape sequence is unknown.
    """
    body = token.text[1:-1]
    if token.text[0] == "`" or "\\" not in body:
        return body

    def replace(match: re.Match[bytes]) -> bytes:
        hexadecimal, octal, short, long, simple = match.groups()
        if hexadecimal or octal:
            code = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
            if code < 256:
                return bytes([code])
        elif short or long:
            code = int(short or long, 16)
            if code < 0x110000 and not 0xD800 <= code < 0xE000:
                return chr(code).encode()
        else:
            found = _SIMPLE_ESCAPES.get(simple.decode("latin-1"))
            if found is not None and not (found in "'\"" and found != token.text[0]):
                return found.encode()
        raise ParseError(f"unknown escape sequence in {token.text}", text, token.span)

    return _ESCAPE.sub(replace, body.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
