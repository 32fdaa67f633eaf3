"""Samples that state times of their own, apart from those that have the time of their collection."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from vedette_shared.frames import Layout, LayoutMemory
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

MOST_GROUPS = 1000

_Series: TypeAlias = "tuple[str, Labels]"
_Described: TypeAlias = "tuple[str, MetricType, str, str, int]"
_Shape: TypeAlias = "tuple[list[_Series], list[bool], list[_Described]]"


class TimedPart(NamedTuple):
    """Samples of one time of their own. ``values`` are the doubles in the order of the layout."""

    timestamp_ms: int
    layout: Layout
    values: bytes


class _Group(NamedTuple):
    """Series that share their times. ``places`` are those of their samples in a collection."""

    layout: Layout
    places: list[int]


class Splitter:
    """Splits the collections of one source.

    A frame has one time and one layout, and a layout is dear. So series that had different times once are kept apart
    for good, even when their times are the same by chance: otherwise each combination would be a layout of its own.

    Args:
        make: Makes the layout of families.
    """

    def __init__(self, make: Callable[[Sequence[MetricFamily]], Layout]) -> None:
        self._make = make
        self._numbers: dict[_Series, int] = {}
        self._next = 0
        self._memories: dict[int, LayoutMemory] = {}
        self._shape: _Shape = ([], [], [])
        self._groups: list[_Group] = []

    def split(self, families: Sequence[MetricFamily]) -> tuple[Sequence[MetricFamily], list[TimedPart]]:
        """Return (families of the samples without a time, parts of those that have one, the oldest first)."""
        times = [sample.timestamp_ms for family in families for sample in family.samples]
        if times.count(None) == len(times):
            return families, []
        shape = (
            [(sample.name, sample.labels) for family in families for sample in family.samples],
            [time is None for time in times],
            [(f.name, f.type, f.help, f.unit, len(f.samples)) for f in families],
        )
        if shape != self._shape or any(len({times[place] for place in group.places}) > 1 for group in self._groups):
            self._group(families, shape[0], times)
            self._shape = shape
        values = [sample.value for family in families for sample in family.samples]
        parts = [
            TimedPart(times[places[0]] or 0, layout, array("d", [values[place] for place in places]).tobytes())
            for layout, places in self._groups
        ]
        return _without_timed(families), sorted(parts, key=attrgetter("timestamp_ms"))

    def _group(self, families: Sequence[MetricFamily], series: list[_Series], times: list[int | None]) -> None:
        """Group the samples that have times, and make the layouts of the groups."""
        numbers = self._assign(series, times)
        groups: dict[int, tuple[list[int], list[MetricFamily]]] = {}
        place = 0
        for family in families:
            begun: dict[int, list[Sample]] = {}
            for sample in family.samples:
                number = numbers[place]
                if number is not None:
                    places, members = groups.setdefault(number, ([], []))
                    if number not in begun:
                        begun[number] = []
                        members.append(MetricFamily(family.name, family.type, family.help, family.unit, begun[number]))
                    begun[number].append(sample)
                    places.append(place)
                place += 1
        memories = {number: self._memories.get(number) or LayoutMemory(self._make) for number in groups}
        self._memories = memories
        self._groups = [
            _Group(memories[number].layout_of(members), places) for number, (places, members) in groups.items()
        ]

    def _assign(self, series: list[_Series], times: list[int | None]) -> list[int | None]:
        """The number of the group of each sample with a time: that of before, unless the group has two times now."""
        known = self._numbers if len(self._memories) <= MOST_GROUPS else {}
        self._numbers = {}
        numbers: list[int | None] = []
        taken: dict[tuple[int | None, int], int] = {}
        first_time: dict[int, int] = {}
        for one, time in zip(series, times, strict=True):
            if time is None:
                numbers.append(None)
                continue
            before = known.get(one)
            number = taken.get((before, time))
            if number is None:
                number = before
                if before is None or first_time.setdefault(before, time) != time:
                    number, self._next = self._next, self._next + 1
                assert number is not None
                taken[before, time] = number
            numbers.append(number)
            self._numbers[one] = number
        return numbers


def _without_timed(families: Sequence[MetricFamily]) -> list[MetricFamily]:
    left: list[MetricFamily] = []
    for family in families:
        samples = [sample for sample in family.samples if sample.timestamp_ms is None]
        if samples or not family.samples:
            left.append(MetricFamily(family.name, family.type, family.help, family.unit, samples))
    return left
