"""What is known of a query from its text alone; remembered, as dashboards ask the same again and again."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from vedette_server.promql.nodes import Expr, ValueType
from vedette_server.promql.parser import DEFAULT_MAX_LENGTH, parse
from vedette_server.promql.plan import repeated
from vedette_server.promql.types import value_type

REMEMBERED = 512
LONGEST_REMEMBERED = 4096
"""Characters. The tree of a longer query would take much memory, and few ask one."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query before it is evaluated; any number of evaluations may share it.

    Attributes:
        expr: The tree.
        type: What it evaluates to.
        repeated: The texts of the parts that stand in it more than once.
    """

    expr: Expr
    type: ValueType
    repeated: frozenset[str]


def prepare(text: str, *, experimental: bool = True, max_length: int = DEFAULT_MAX_LENGTH) -> Prepared:
    """Parse a query, unless it was parsed lately; the arguments and the errors are those of ``parse``."""
    if len(text) > min(LONGEST_REMEMBERED, max_length):
        return of_expr(parse(text, experimental=experimental, max_length=max_length))
    return _remembered(text, experimental)


def of_expr(expr: Expr) -> Prepared:
    """What is known of a query that was parsed already."""
    return Prepared(expr, value_type(expr), repeated(expr))


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(text: str, experimental: bool) -> Prepared:
    return of_expr(parse(text, experimental=experimental))
