"""Selectors of series in requests: ``match[]``."""

from __future__ import annotations

from collections.abc import Sequence

from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import Parameters
from vedette_server.promql import ParseError, parse
from vedette_server.promql.nodes import NO_SHIFT, VectorSelector
from vedette_server.promql.regex import compile_anchored
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.labels import Labels

EMPTY_SELECTOR = "match[] must contain at least one non-empty matcher"


def selectors(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """The matchers of each ``match[]``.

    Raises:
        ApiError: one is no plain selector, or would select everything.
    """
    return [parse_selector(text) for text in parameters.all("match[]")]


def required_selectors(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """As ``selectors``; at least one must be given."""
    found = selectors(parameters)
    if not found:
        raise bad_parameter("match[]", "no match[] parameter provided")
    return found


def parse_selector(text: str, parameter: str = "match[]") -> tuple[Matcher, ...]:
    """The matchers of ``text``, the value of a parameter.

    Raises:
        ApiError: it is no plain selector, or would select everything.
    """
    try:
        selector = parse(text)
    except ParseError as error:
        empty = error.reason.endswith("must contain at least one non-empty matcher")
        raise bad_parameter(parameter, EMPTY_SELECTOR if empty else str(error), limit=error.limit) from error
    if not isinstance(selector, VectorSelector) or selector.shift != NO_SHIFT or selector.extension:
        raise bad_parameter(parameter, f"{text!r} is not a plain selector of series")
    return selector.matchers


def matches(matchers: Sequence[Matcher], labels: Labels) -> bool:
    """Whether a label set satisfies all matchers."""
    values = dict(labels)
    return all(_satisfies(matcher, values.get(matcher.name, "")) for matcher in matchers)


def _satisfies(matcher: Matcher, value: str) -> bool:
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (value == matcher.value) == (matcher.op is MatchOp.EQUAL)
    return compile_anchored(matcher.value).matches(value) == (matcher.op is MatchOp.REGEX)
