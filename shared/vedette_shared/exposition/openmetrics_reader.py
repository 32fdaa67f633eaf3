"""Reads OpenMetrics 1.0, by all of its rules or as leniently as Prometheus' scraper."""

from __future__ import annotations

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.lines import FamilyIndex, MetadataLine, SampleLine
from vedette_shared.exposition.openmetrics_lines import END, Line, read_line
from vedette_shared.exposition.openmetrics_rules import SUFFIXES, PageRules
from vedette_shared.exposition.series import parse_series, unescape
from vedette_shared.exposition.text_reader import decode_page
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_TYPES = {kind.value: kind for kind in MetricType}
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
    reader = OpenMetricsReader()
    rules = PageRules() if strict else None
    number = 1
    try:
        for line in lines[:-1]:
            event = reader.read(line)
            if rules is None or rules.take(event, number):
                _add_sample(reader, event)
            number += 1
        if rules is not None:
            rules.finish()
    except ExpositionError:
        raise
    except ValueError as error:
        raise ExpositionError(str(error), number) from error
    return reader.families()


def _add_sample(reader: OpenMetricsReader, event: Line) -> None:
    if isinstance(event, SampleLine):
        name, labels = parse_series(event.series)
        family = reader.index.of_sample(name)
        family.samples.append(Sample(name, labels, event.value, event.timestamp_ms))


class OpenMetricsReader:
    """Reads a page line by line, without the rules that go beyond a line. ``index`` knows the families."""

    def __init__(self) -> None:
        self.index = FamilyIndex(SUFFIXES)

    def families(self) -> list[MetricFamily]:
        """All families, in the order of their first lines, under the names that the text format has for them."""
        for name, family in self.index.families.items():
            family.name = name + _TEXT_SUFFIX.get(family.type, "")
        return list(self.index.families.values())

    def take(self, line: str) -> SampleLine | None:
        """Return the sample of a line, ``None`` for a line without one, ``# EOF`` among them.

        Raises:
            ValueError: the line is malformed.
        """
        event = None if line == END else self.read(line)
        return event if isinstance(event, SampleLine) else None

    def read(self, line: str) -> Line:
        """Return what a line says, and keep what it says of a family.

        Raises:
            ValueError: the line is malformed.
        """
        event = read_line(line)
        if isinstance(event, MetadataLine):
            self._take_metadata(event)
        return event

    def _take_metadata(self, line: MetadataLine) -> None:
        if line.key == "HELP":
            self.index.named(line.name).help = unescape(line.text)
        elif line.key == "UNIT":
            self.index.named(line.name).unit = line.text
        elif line.text in _TYPES:
            self.index.set_type(line.name, _TYPES[line.text])
        else:
            raise ValueError(f"{line.text!r} is not a type of metrics")
