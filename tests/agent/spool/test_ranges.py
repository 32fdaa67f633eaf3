"""A set of numbers in runs behaves as a set of numbers."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.spool.ranges import RangeSet, runs_of

run = st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def numbers_of(runs: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in runs for number in range(first, last + 1)}


@given(st.lists(run))
def test_holds_what_was_added(runs: list[tuple[int, int]]) -> None:
    held, expected = RangeSet(runs), numbers_of(runs)
    assert {number for number in range(80) if number in held} == expected
    assert numbers_of(list(held)) == expected
    assert list(held) == runs_of(expected)
    assert held.count_among(array("Q", range(3, 70, 2))) == len(expected & set(range(3, 70, 2)))


@given(st.lists(run), st.integers(0, 80))
def test_forgets(runs: list[tuple[int, int]], floor: int) -> None:
    held = RangeSet(runs)
    held.forget_below(floor)
    assert list(held) == runs_of(number for number in numbers_of(runs) if number >= floor)


def test_runs_are_merged() -> None:
    assert list(RangeSet([(1, 2), (5, 6), (3, 4), (9, 9)])) == [(1, 6), (9, 9)]
