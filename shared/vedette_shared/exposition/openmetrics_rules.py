"""What OpenMetrics demands of a page beyond well-formed lines: order, names, and values that fit their types."""

from __future__ import annotations

from math import inf, isnan

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.lines import MetadataLine, SampleLine
from vedette_shared.exposition.openmetrics_lines import Line, parse_number
from vedette_shared.exposition.series import parse_series
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricType

SUFFIXES: dict[MetricType, tuple[str, ...]] = {
    MetricType.COUNTER: ("_total", "_created"),
    MetricType.GAUGE: ("",),
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count", "_created"),
    MetricType.GAUGE_HISTOGRAM: ("_bucket", "_gsum", "_gcount"),
    MetricType.SUMMARY: ("", "_sum", "_count", "_created"),
    MetricType.INFO: ("_info",),
    MetricType.STATE_SET: ("",),
    MetricType.UNKNOWN: ("",),
}
"""What the names of a family's samples add to the family's own."""

_COUNTS = {"_total", "_bucket", "_sum", "_count", "_gcount"}
_WHOLE = {"_bucket", "_count", "_gcount"}
_WITH_EXEMPLARS = {"_total", "_bucket"}
WITHOUT_UNIT = {MetricType.INFO, MetricType.STATE_SET}
_SUM_AND_COUNT = {MetricType.HISTOGRAM: ("_sum", "_count"), MetricType.GAUGE_HISTOGRAM: ("_gsum", "_gcount")}


class PageRules:
    """Checks the lines of a page in their order."""

    def __init__(self) -> None:
        self._family = _FamilyRules("")
        self._families: set[str] = set()
        self._taken: dict[str, str] = {}
        self._line = 0

    def take(self, line: Line, number: int) -> bool:
        """Check a line; return whether it counts, which a second sample of one series and time does not.

        Raises:
            ValueError: this line breaks a rule.
            ExpositionError: an earlier line does, as is clear only now.
        """
        if isinstance(line, MetadataLine):
            if line.name != self._family.name:
                self._open(line.name)
            self._family.take_metadata(line)
            counts = True
        else:
            name, labels = parse_series(line.series)
            suffix = self._family.suffix_of(name)
            if suffix is None:
                self._open(name)
                suffix = ""
            counts = self._family.take_sample(line, labels, suffix)
        self._line = number
        return counts

    def finish(self) -> None:
        """Check what only the end of the page shows.

        Raises:
            ExpositionError: the last family breaks a rule.
        """
        try:
            self._family.finish()
            self._claim_names()
        except ValueError as error:
            raise ExpositionError(str(error), self._line) from error

    def _open(self, name: str) -> None:
        self.finish()
        if name in self._families:
            raise ValueError(f"the lines of {name} do not stand together")
        if name in self._taken:
            raise ValueError(f"the name {name} belongs to {self._taken[name]}")
        self._families.add(name)
        self._family = _FamilyRules(name)

    def _claim_names(self) -> None:
        family = self._family
        for suffix in {"", *SUFFIXES[family.type]} if family.name else ():
            name = family.name + suffix
            if name in self._taken or (suffix and name in self._families):
                raise ValueError(f"the names of {family.name} clash: {name} belongs to {self._taken.get(name, name)}")
            self._taken[name] = family.name


class _FamilyRules:
    """Checks one family: its metadata, its samples, and that those of one metric stand together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.type = MetricType.UNKNOWN
        self._keys: set[str] = set()
        self._unit = ""
        self._metrics: set[Labels] = set()
        self._metric: Labels | None = None
        self._time: float | None = None
        self._point = _Point(self.type)

    def suffix_of(self, name: str) -> str | None:
        if not self.name or not name.startswith(self.name):
            return None
        suffix = name[len(self.name) :]
        return suffix if suffix in SUFFIXES[self.type] else None

    def take_metadata(self, line: MetadataLine) -> None:
        if self._metrics:
            raise ValueError(f"{line.key} of {self.name} comes after its samples")
        if line.key in self._keys:
            raise ValueError(f"a second {line.key} of {self.name}")
        self._keys.add(line.key)
        if line.key == "TYPE":
            self.type = MetricType(line.text)
        elif line.key == "UNIT":
            self._unit = line.text
            if line.text and not self.name.endswith(f"_{line.text}"):
                raise ValueError(f"the name {self.name} does not end in its unit {line.text}")
        if self._unit and self.type in WITHOUT_UNIT:
            raise ValueError(f"{self.name} is of type {self.type.value}, which has no unit")

    def take_sample(self, line: SampleLine, labels: Labels, suffix: str) -> bool:
        _check_value(self.type, suffix, line.value)
        if line.has_exemplar and suffix not in _WITH_EXEMPLARS:
            raise ValueError(f"{self.name}{suffix} of type {self.type.value} can have no exemplar")
        inner = inner_label(self.name, self.type, suffix)
        part = _part(labels, inner)
        metric = tuple(pair for pair in labels if pair[0] != inner)
        if metric != self._metric:
            self.finish()
            if metric in self._metrics:
                raise ValueError(f"the samples of one metric of {self.name} do not stand together")
            self._metrics.add(metric)
            self._metric = metric
            self._begin_point(line.time)
        elif line.time != self._time:
            if line.time is None or self._time is None:
                raise ValueError("some samples of a metric have a timestamp and some have none")
            if line.time < self._time:
                raise ValueError("the timestamps of a metric go back")
            self.finish()
            self._begin_point(line.time)
        elif self._point.holds(suffix, part):
            if line.time is None:
                raise ValueError(f"a second sample of one series of {self.name}")
            return False
        self._point.take(suffix, part, line.value)
        return True

    def finish(self) -> None:
        self._point.finish()

    def _begin_point(self, time: float | None) -> None:
        self._time = time
        self._point = _Point(self.type)


class _Point:
    """The samples of one metric at one time."""

    def __init__(self, kind: MetricType) -> None:
        self._type = kind
        self._values: dict[tuple[str, str], float] = {}
        self._buckets: list[tuple[float, float]] = []

    def holds(self, suffix: str, part: str) -> bool:
        return (suffix, part) in self._values

    def take(self, suffix: str, part: str, value: float) -> None:
        self._values[suffix, part] = value
        if suffix != "_bucket":
            return
        bound = parse_number(part)
        if isnan(bound) or (bound == inf and part != "+Inf"):
            raise ValueError(f"{part!r} is not the bound of a bucket")
        if self._buckets and (bound <= self._buckets[-1][0] or value < self._buckets[-1][1]):
            raise ValueError("the buckets of a histogram are not in ascending order")
        self._buckets.append((bound, value))

    def finish(self) -> None:
        names = _SUM_AND_COUNT.get(self._type)
        if names is None or not self._values:
            return
        total, count = (self._values.get((name, "")) for name in names)
        if not self._buckets or self._buckets[-1][0] != inf:
            raise ValueError('a histogram without its bucket le="+Inf"')
        if (total is None) != (count is None):
            raise ValueError(f"a histogram has either both of {names[0]} and {names[1]} or none")
        if count is not None and count != self._buckets[-1][1]:
            raise ValueError(f'{names[1]} of a histogram differs from its bucket le="+Inf"')
        has_negative = self._buckets[0][0] < 0
        if total is not None and has_negative and self._type is MetricType.HISTOGRAM:
            raise ValueError("a histogram with negative bounds has a sum")
        if total is not None and total < 0 and not has_negative:
            raise ValueError("a negative sum of a histogram without negative bounds")


def inner_label(name: str, kind: MetricType, suffix: str) -> str:
    """The label that tells the samples of one metric apart, "" if there is only one with this suffix."""
    if suffix == "_bucket":
        return "le"
    if kind is MetricType.SUMMARY and not suffix:
        return "quantile"
    return name if kind is MetricType.STATE_SET else ""


def _part(labels: Labels, inner: str) -> str:
    """The value of the label that tells the samples of one metric apart."""
    if not inner:
        return ""
    part = dict(labels).get(inner)
    if part is None:
        raise ValueError(f"the series lacks the label {inner}")
    if inner == "quantile" and not 0 <= parse_number(part) <= 1:
        raise ValueError(f"the quantile {part!r} is not between 0 and 1")
    return part


def _check_value(kind: MetricType, suffix: str, value: float) -> None:
    if suffix in _COUNTS and not value >= 0:
        raise ValueError(f"a {kind.value} has a {suffix} of {value:g}")
    if suffix in _WHOLE and not value.is_integer():
        raise ValueError(f"a {kind.value} has a {suffix} of {value:g}, which is not a whole number")
    if suffix == "_gsum" and isnan(value):
        raise ValueError(f"a {kind.value} has a {suffix} of {value:g}")
    if kind is MetricType.SUMMARY and not suffix and value < 0:
        raise ValueError(f"a quantile of a summary is {value:g}")
    if (kind is MetricType.INFO and value != 1) or (kind is MetricType.STATE_SET and value not in (0, 1)):
        raise ValueError(f"a sample of type {kind.value} has the value {value:g}")
