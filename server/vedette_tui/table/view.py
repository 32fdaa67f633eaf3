"""What of many rows is shown, and in which order: filtering and sorting. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from vedette_tui.table.columns import Column, Row


@dataclass(frozen=True, slots=True)
class View:
    """What the person chose to see.

    Attributes:
        sort: The key of the column to sort by.
        reverse: Against the column's natural order.
        words: All of these must occur in a row's text, in small letters.
        problems_only: Leave out what is well.
    """

    sort: str
    reverse: bool = False
    words: tuple[str, ...] = ()
    problems_only: bool = False


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a filter that a person typed."""
    return tuple(text.lower().split())


def arrange(
    rows: Iterable[Row],
    view: View,
    columns: Sequence[Column[Row]],
    *,
    text: Callable[[Row], str],
    is_problem: Callable[[Row], bool],
    tie: Callable[[Row], Any],
) -> list[Row]:
    """Return the rows that ``view`` lets through, in its order; equals stand in the order of ``tie``.

    Rows without a value (a sort key of ``None``) come last in either direction.
    """
    kept = [row for row in rows if is_problem(row)] if view.problems_only else list(rows)
    if view.words:
        kept = [row for row in kept if _matches(text(row), view.words)]
    kept.sort(key=tie)
    column = next((column for column in columns if column.key == view.sort), None)
    if column is None or column.sort_key is None:
        return kept
    keys = [column.sort_key(row) for row in kept]
    known = [(key, row) for key, row in zip(keys, kept, strict=True) if key is not None]
    known.sort(key=itemgetter(0), reverse=column.descending != view.reverse)
    return [row for _, row in known] + [row for key, row in zip(keys, kept, strict=True) if key is None]


def next_sort(columns: Sequence[Column[Row]], current: str) -> str:
    """Return the key of the next column that can be sorted by, round and round."""
    keys = [column.key for column in columns if column.sort_key is not None]
    return keys[(keys.index(current) + 1) % len(keys)] if current in keys else keys[0]


def _matches(text: str, words: Iterable[str]) -> bool:
    text = text.lower()
    return all(word in text for word in words)
