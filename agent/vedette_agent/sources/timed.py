"""Samples that state times of their own, apart from those that have the time of their collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, Sample

MOST_GROUPS = 1000

_Series: TypeAlias = "tuple[str, Labels]"


class Group(NamedTuple):
    """Samples of one time of their own. ``number`` is the same for the same series from collection to collection."""

    number: int
    timestamp_ms: int
    families: list[MetricFamily]


class Splitter:
    """Splits the collections of one source.

    A frame has one time and one layout, and a layout is dear. So series that had different times once are kept apart
    for good, even when their times are the same by chance: otherwise each combination would be a layout of its own.
    """

    def __init__(self) -> None:
        self._numbers: dict[_Series, int] = {}
        self._next = 0

    def split(self, families: Sequence[MetricFamily]) -> tuple[Sequence[MetricFamily], list[Group]]:
        """Return (families of the samples without a time, groups of those that have one, the oldest first)."""
        if not any(sample.timestamp_ms is not None for family in families for sample in family.samples):
            return families, []
        numbers = self._assign(sample for family in families for sample in family.samples)
        plain: list[MetricFamily] = []
        groups: dict[tuple[int, int], list[MetricFamily]] = {}
        for family in families:
            parts: dict[tuple[int, int] | None, list[Sample]] = {} if family.samples else {None: []}
            for sample in family.samples:
                time = sample.timestamp_ms
                part = None if time is None else (time, numbers[sample.name, sample.labels])
                parts.setdefault(part, []).append(sample)
            for part, samples in parts.items():
                (plain if part is None else groups.setdefault(part, [])).append(replace(family, samples=samples))
        return plain, [Group(number, time, groups[time, number]) for time, number in sorted(groups)]

    def _assign(self, samples: Iterable[Sample]) -> dict[_Series, int]:
        """Give each series with a time the number of its group: the one it had, unless the group now has two times."""
        if len(set(self._numbers.values())) > MOST_GROUPS:
            self._numbers = {}
        numbers: dict[_Series, int] = {}
        taken: dict[tuple[int | None, int], int] = {}
        first_time: dict[int, int] = {}
        for name, labels, _, time in samples:
            if time is None:
                continue
            before = self._numbers.get((name, labels))
            number = taken.get((before, time))
            if number is None:
                if before is None or first_time.setdefault(before, time) != time:
                    number, self._next = self._next, self._next + 1
                else:
                    number = before
                taken[before, time] = number
            numbers[name, labels] = number
        self._numbers = numbers
        return numbers
