"""Matchers against the distinct values of a label: literals, prefixes, alternations by hand, the rest by RE2."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import re2
from numpy.typing import NDArray

from vedette_server.storage.errors import StorageError
from vedette_server.storage.index.table import LabelColumn
from vedette_server.storage.interface import Matcher, MatchOp

_LITERAL = re.compile(r"[^\\.+*?()|\[\]{}^$]*")
_MAX_CACHED = 256

Test = Callable[[str], bool]
"""Whether one value satisfies a matcher."""


class Pattern:
    """A matcher that finds the codes of a column that satisfy it; the column remembers them."""

    __slots__ = ("matcher", "matches_empty", "test")

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.test = _test(matcher)
        self.matches_empty = self.test("")

    def codes(self, column: LabelColumn) -> NDArray[np.bool_]:
        """Which codes of ``column`` satisfy the matcher, shape (codes,)."""
        count = len(column.values)
        if self.matcher.op is MatchOp.EQUAL:
            allowed = np.zeros(count, np.bool_)
            code = column.code(self.matcher.value)
            if 0 <= code < count:
                allowed[code] = True
            return allowed
        known = column.answers.get(self.matcher)
        have = 0 if known is None else len(known)
        if known is None or have < count:
            added = np.fromiter(map(self.test, column.values[have:count]), np.bool_, count - have)
            known = added if known is None else np.concatenate([known, added])
            if len(column.answers) >= _MAX_CACHED:
                column.answers.clear()
            column.answers[self.matcher] = known
        return known[:count]


@functools.lru_cache(maxsize=_MAX_CACHED)
def pattern_of(matcher: Matcher) -> Pattern:
    """Return the pattern of a matcher.

    Raises:
        StorageError: its regular expression is not RE2.
    """
    return Pattern(matcher)


def _test(matcher: Matcher) -> Test:
    value = matcher.value
    if matcher.op is MatchOp.EQUAL:
        return value.__eq__
    if matcher.op is MatchOp.NOT_EQUAL:
        return value.__ne__
    test = regex_test(value)
    if matcher.op is MatchOp.REGEX:
        return test
    return lambda text: not test(text)


def regex_test(pattern: str) -> Test:
    """Return the test of an RE2 expression, anchored at both ends, whose dot matches line feeds.

    Raises:
        StorageError: the expression is not RE2.
    """
    if pattern in (".*", "(.*)"):
        return lambda _: True
    if pattern in (".+", "(.+)"):
        return bool
    words = pattern.split("|")
    if all(_LITERAL.fullmatch(word) for word in words):
        return frozenset(words).__contains__
    if pattern.endswith(".*") and _LITERAL.fullmatch(pattern[:-2]):
        prefix = pattern[:-2]
        return lambda text: text.startswith(prefix)
    if pattern.endswith(".+") and _LITERAL.fullmatch(pattern[:-2]):
        prefix = pattern[:-2]
        return lambda text: len(text) > len(prefix) and text.startswith(prefix)
    return _re2_test(pattern)


def _re2_test(pattern: str) -> Test:
    options: Any = re2.Options()
    options.never_nl = False
    options.dot_nl = True
    options.log_errors = False
    try:
        compiled: Any = re2.compile(f"^(?:{pattern})$", options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise StorageError(f"not a regular expression of RE2: {pattern!r}: {text}") from error
    return lambda value: compiled.search(value) is not None
