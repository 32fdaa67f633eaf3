"""Reads OpenMetrics 1.0, by all of its rules or as leniently as Prometheus' scraper."""

from __future__ import annotations

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.openmetrics_lines import END, Line, MetadataLine, SampleLine, read_line
from vedette_shared.exposition.openmetrics_rules import SUFFIXES, PageRules
from vedette_shared.exposition.series import unescape
from vedette_shared.exposition.text_reader import decode_page
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_TYPES = {kind.value: kind for kind in MetricType}
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_TEXT_SUFFIX = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}


def parse_openmetrics(page: bytes, *, strict: bool = True) -> list[MetricFamily]:
    """Return the families of a page. A counter's bears ``_total`` and an info's ``_info``, as in the text format.

    Exemplars are checked and dropped; samples of ``_created`` stay with their family.

    Args:
        page: The whole page; it ends in ``# EOF``.
        strict: Whether the rules hold that go beyond the form of each line: families and metrics in one piece, names
            that do not clash, timestamps in order, values and labels that fit the type, consistent histograms. Many
            exporters break them, and Prometheus takes their pages.

    Raises:
        ExpositionError: the page breaks a rule, or is not UTF-8.
    """
    lines = decode_page(page).split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines or lines[-1] != END:
        raise ExpositionError("the page does not end in # EOF; it may be cut short", max(len(lines), 1))
    builder = _Builder()
    rules = PageRules() if strict else None
    number = 1
    try:
        for line in lines[:-1]:
            event = read_line(line)
            builder.check_type(event)
            if rules is None or rules.take(event, number):
                builder.take(event)
            number += 1
        if rules is not None:
            rules.finish()
    except ExpositionError:
        raise
    except ValueError as error:
        raise ExpositionError(str(error), number) from error
    return builder.families()


class _Builder:
    def __init__(self) -> None:
        self._families: dict[str, MetricFamily] = {}
        self._by_sample_name: dict[str, MetricFamily] = {}

    def families(self) -> list[MetricFamily]:
        for name, family in self._families.items():
            family.name = name + _TEXT_SUFFIX.get(family.type, "")
        return list(self._families.values())

    def check_type(self, event: Line) -> None:
        if isinstance(event, MetadataLine) and event.key == "TYPE" and event.text not in _TYPES:
            raise ValueError(f"{event.text!r} is not a type of metrics")

    def take(self, event: Line) -> None:
        if isinstance(event, SampleLine):
            family = self._by_sample_name.get(event.name) or self._family(event.name)
            family.samples.append(Sample(event.name, event.labels, event.value, _milliseconds(event.time)))
            return
        family = self._family(event.name)
        if event.key == "HELP":
            family.help = unescape(event.text)
        elif event.key == "UNIT":
            family.unit = event.text
        else:
            family.type = _TYPES[event.text]
            for suffix in SUFFIXES[family.type]:
                self._by_sample_name[event.name + suffix] = family

    def _family(self, name: str) -> MetricFamily:
        return self._families.setdefault(name, MetricFamily(name, MetricType.UNKNOWN))


def _milliseconds(time: float | None) -> int | None:
    return None if time is None else min(max(int(time * 1000), _INT64_MIN), _INT64_MAX)
