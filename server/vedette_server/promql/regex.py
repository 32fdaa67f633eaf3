"""Regular expressions as PromQL has them: RE2, anchored at both ends, a dot matches line feeds too."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import re2

from vedette_server.promql.errors import ExecutionError

_LITERAL = re.compile(r"[^\\.+*?()|\[\]{}^$]*")
_CACHE_SIZE = 512


class RegexError(ExecutionError):
    """A regular expression is not RE2."""


class AnchoredRegex:
    """One compiled expression. Literals and plain alternations are answered without RE2."""

    __slots__ = ("_compiled", "_set", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._set: frozenset[str] | None = None
        self._compiled: Any = None
        words = pattern.split("|")
        if all(_LITERAL.fullmatch(word) for word in words):
            self._set = frozenset(words)
            return
        options = re2.Options()
        options.never_nl = False
        options.dot_nl = True
        options.log_errors = False
        try:
            self._compiled = re2.compile(f"^(?:{pattern})$", options)
        except re2.error as error:
            reason = error.args[0]
            text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise RegexError(f"error parsing regexp: {text.partition(': ')[0]}: `{pattern}`") from None

    def matches(self, value: str) -> bool:
        """Whether the whole of ``value`` matches."""
        if self._set is not None:
            return value in self._set
        return self._compiled.search(value) is not None

    def expander(self, template: str) -> Callable[[str], str | None]:
        """Return a function that expands ``template`` (``$1``, ``${name}``) for a value that matches."""
        compiled = self._compiled if self._compiled is not None else re2.compile(f"^(?:{self.pattern})$")
        pieces = _template(template, dict(compiled.groupindex), compiled.groups)

        def expand(value: str) -> str | None:
            match = compiled.search(value)
            if match is None:
                return None
            return "".join(piece if isinstance(piece, str) else (match.group(piece) or "") for piece in pieces)

        return expand


_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def _template(template: str, names: dict[str, int], groups: int) -> list[str | int]:
    """Cut a replacement into texts and group numbers; an unknown group is empty (Go's Regexp.Expand)."""
    pieces: list[str | int] = []
    end = 0
    for match in _REFERENCE.finditer(template):
        pieces.append(template[end : match.start()])
        end = match.end()
        name = match[1] or match[2]
        if name is None:
            pieces.append("$")
        elif name.isdigit():
            if int(name) <= groups:
                pieces.append(int(name))
        elif name in names:
            pieces.append(names[name])
    pieces.append(template[end:])
    return pieces


@functools.lru_cache(maxsize=_CACHE_SIZE)
def compile_anchored(pattern: str) -> AnchoredRegex:
    """Return the compiled expression.

    Raises:
        RegexError: it is not RE2.
    """
    return AnchoredRegex(pattern)


def quote_regex(text: str) -> str:
    """Return the expression that matches ``text`` and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", text)


_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
