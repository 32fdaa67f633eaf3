"""What one line of a page says, in either format, and the families that the lines of a page make up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from vedette_shared.metrics import MetricFamily, MetricType


class MetadataLine(NamedTuple):
    """``# HELP``, ``# TYPE`` or ``# UNIT``; ``text`` as it stands there, escapes and all."""

    key: str
    name: str
    text: str


class SampleLine(NamedTuple):
    """A sample.

    Attributes:
        series: The text of the series; ``parse_series`` takes it apart.
        value: The value.
        timestamp_ms: The sample's own timestamp, if it states one.
        value_at: Where the value begins in the line.
        time: The same timestamp in seconds, as OpenMetrics states it.
        has_exemplar: Whether a well-formed exemplar follows.
    """

    series: str
    value: float
    timestamp_ms: int | None
    value_at: int
    time: float | None = None
    has_exemplar: bool = False


class FamilyIndex:
    """Finds the family of each sample by its name.

    Args:
        suffixes: What the names of samples add to the name of a family of each type.
    """

    def __init__(self, suffixes: Mapping[MetricType, tuple[str, ...]]) -> None:
        self.families: dict[str, MetricFamily] = {}
        self._suffixes = suffixes
        self._by_sample_name: dict[str, MetricFamily] = {}

    def named(self, name: str) -> MetricFamily:
        """The family of this very name."""
        family = self.families.get(name)
        if family is None:
            family = self.families[name] = MetricFamily(name, MetricType.UNKNOWN)
        return family

    def of_sample(self, name: str) -> MetricFamily:
        """The family whose type has samples of this name, else the one of this very name."""
        family = self._by_sample_name.get(name)
        if family is None:
            family = self._by_sample_name[name] = self.named(name)
        return family

    def set_type(self, name: str, kind: MetricType) -> None:
        """Give a family its type."""
        family = self.named(name)
        family.type = kind
        for suffix in self._suffixes.get(kind, ()):
            self._by_sample_name[name + suffix] = family


class LineReader(Protocol):
    """Reads a page of either format line by line. ``index`` knows the families by name, without samples."""

    index: FamilyIndex

    def take(self, line: str) -> SampleLine | None:
        """Return the sample of a line, ``None`` for a line without one.

        Raises:
            ValueError: the line is malformed.
        """
        ...

    def families(self) -> list[MetricFamily]:
        """All families, in the order of their first lines; after the last line, as it gives them their final names."""
        ...
