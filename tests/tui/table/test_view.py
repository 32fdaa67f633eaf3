"""Filtering and sorting."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from vedette_tui.spans import Span
from vedette_tui.table.columns import Column
from vedette_tui.table.view import View, arrange, next_sort, words_of


@dataclass(frozen=True)
class Dog:
    """Something to list."""

    name: str
    weight: float | None
    ill: bool = False


DOGS = (Dog("Rex", 30.0), Dog("Ada", None, ill=True), Dog("Bo", 4.5, ill=True), Dog("Cleo", 30.0))
COLUMNS: tuple[Column[Dog], ...] = (
    Column("weight", "WEIGHT", 6, lambda dog, _: (Span(str(dog.weight)),), lambda dog: dog.weight, descending=True),
    Column("noise", "NOISE", 6, lambda *_: (Span("woof"),)),
    Column("name", "NAME", 6, lambda dog, _: (Span(dog.name),), lambda dog: dog.name),
)


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (View("weight"), ["Cleo", "Rex", "Bo", "Ada"]),
        (View("weight", reverse=True), ["Bo", "Cleo", "Rex", "Ada"]),
        (View("name"), ["Ada", "Bo", "Cleo", "Rex"]),
        (View("name", reverse=True), ["Rex", "Cleo", "Bo", "Ada"]),
        (View("noise"), ["Ada", "Bo", "Cleo", "Rex"]),
        (View("weight", problems_only=True), ["Bo", "Ada"]),
        (View("name", words=("e",)), ["Cleo", "Rex"]),
        (View("name", words=("e", "x")), ["Rex"]),
        (View("name", words=("e",), problems_only=True), []),
    ],
)
def test_a_view_chooses_and_orders(view: View, names: list[str]) -> None:
    """Equals stand by name in either direction; what has no value is last in either direction."""
    shown = arrange(
        DOGS, view, COLUMNS, text=lambda dog: dog.name, is_problem=lambda dog: dog.ill, tie=lambda dog: dog.name
    )
    assert [dog.name for dog in shown] == names


def test_sorting_goes_round_the_columns_that_can_be_sorted() -> None:
    """A column without an order is left out."""
    assert [next_sort(COLUMNS, key) for key in ("weight", "name", "noise")] == ["name", "weight", "weight"]


def test_a_filter_is_words_in_small_letters() -> None:
    """Spaces only part them."""
    assert words_of("  Web   CRIT ") == ("web", "crit")
