"""A set of whole numbers that come mostly in runs, such as acknowledged sequence numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class RangeSet:
    """Disjoint runs ``first..last``, both inclusive, kept sorted and merged."""

    def __init__(self, runs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in runs:
            self.add(first, last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The runs, ascending."""
        return zip(self._firsts, self._lasts, strict=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"RangeSet({list(self)})"

    def add(self, first: int, last: int) -> None:
        """Take in all numbers from ``first`` to ``last``."""
        low = bisect_right(self._lasts, first - 2)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def count_among(self, numbers: array[int]) -> int:
        """How many of the ascending ``numbers`` are in the set."""
        return sum(bisect_right(numbers, last) - bisect_left(numbers, first) for first, last in self)

    def forget_below(self, number: int) -> None:
        """Remove all numbers smaller than ``number``."""
        at = bisect_right(self._lasts, number - 1)
        del self._firsts[:at], self._lasts[:at]
        if self._firsts and self._firsts[0] < number:
            self._firsts[0] = number


def runs_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return ``numbers`` as runs."""
    return list(RangeSet((number, number) for number in numbers))
