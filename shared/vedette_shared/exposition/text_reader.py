"""Reads the text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), as leniently as
Prometheus' scraper does: metadata may come late, twice or never; every line must be well formed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.lines import FamilyIndex, SampleLine
from vedette_shared.exposition.numbers import parse_value
from vedette_shared.exposition.series import parse_series, unescape
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_BLANKS = " \t"
_NAME_END = re.compile("[ \t]")
_METADATA = re.compile(
    r'#[ \t]+(?P<key>HELP|TYPE)[ \t]+(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>[^ \t"]+))(?:[ \t]+(?P<text>.*))?',
    re.DOTALL,
)
_TYPES = {kind.value: kind for kind in MetricType} | {"untyped": MetricType.UNKNOWN}
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"),
    MetricType.GAUGE_HISTOGRAM: ("_bucket", "_gsum", "_gcount", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
}
_CACHE_SIZE = 8192
_INT64 = range(-(2**63), 2**63)


def parse_text(page: bytes) -> list[MetricFamily]:
    """Return the families of a page in the order of their names' first lines.

    Raises:
        ExpositionError: a line is malformed, or the page is not UTF-8.
    """
    reader = TextReader()
    number = 0
    try:
        for line in decode_page(page).split("\n"):
            number += 1
            sample = reader.take(line)
            if sample is not None:
                name, labels = parse_series(sample.series)
                family = reader.index.of_sample(name)
                family.samples.append(Sample(name, labels, sample.value, sample.timestamp_ms))
    except ExpositionError:
        raise
    except ValueError as error:
        raise ExpositionError(str(error), number) from error
    return reader.families()


def decode_page(page: bytes) -> str:
    """Return the text of a page.

    Raises:
        ExpositionError: it is not UTF-8.
    """
    try:
        return page.decode()
    except UnicodeDecodeError as error:
        raise ExpositionError("not valid UTF-8", page.count(b"\n", 0, error.start) + 1) from error


class TextReader:
    """Reads a page line by line. ``index`` knows the families, without samples."""

    def __init__(self) -> None:
        self.index = FamilyIndex(_SUFFIXES)

    def families(self) -> list[MetricFamily]:
        """All families so far, in the order of their first lines."""
        return list(self.index.families.values())

    def take(self, line: str) -> SampleLine | None:
        """Return the sample of a line, ``None`` for a line without one.

        Raises:
            ValueError: the line is malformed.
        """
        if not line or line[0] in _BLANKS:
            line_at = len(line) - len(line.lstrip(_BLANKS))
            if line_at == len(line):
                return None
            sample = self.take(line[line_at:])
            return sample._replace(value_at=sample.value_at + line_at) if sample else None
        if line[0] == "#":
            self._take_metadata(line)
            return None
        return _read_sample(line)

    def _take_metadata(self, line: str) -> None:
        said = _metadata.get(line)
        if said is None:
            if len(_metadata) >= _CACHE_SIZE:
                _metadata.clear()
            said = _metadata[line] = _read_metadata(line)
        if isinstance(said.what, MetricType):
            self.index.set_type(said.name, said.what)
        elif said.what is not None:
            self.index.named(said.name).help = said.what


class _Said(NamedTuple):
    """What a metadata line says of a family: its type, its help, or nothing."""

    name: str
    what: MetricType | str | None


# Exporters say the same of their families on every page.
_metadata: dict[str, _Said] = {}


def _read_metadata(line: str) -> _Said:
    match = _METADATA.fullmatch(line)
    if match is None:
        return _Said("", None)
    name = unescape(match["quoted"]) if match["quoted"] is not None else match["name"]
    text = match["text"] or ""
    if match["key"] == "HELP":
        return _Said(name, unescape(text))
    kind = _TYPES.get(text.rstrip(_BLANKS))
    if kind is None:
        raise ValueError(f"{text!r} is not a type of metrics")
    return _Said(name, kind)


def _read_sample(line: str) -> SampleLine:
    end = line.rfind("}") + 1
    if not end:
        match = _NAME_END.search(line)
        end = match.start() if match else len(line)
    rest = line[end:]
    fields = rest.split() if rest.isprintable() else [part for part in re.split("[ \t]+", rest) if part]
    if not fields:
        raise ValueError("the series has no value")
    if len(fields) > 2:
        raise ValueError(f"unexpected {fields[2]!r} after the timestamp")
    time = _timestamp(fields[1]) if len(fields) > 1 else None
    return SampleLine(line[:end], parse_value(fields[0]), time, line.index(fields[0], end))


def _timestamp(text: str) -> int:
    if not text.removeprefix("-").removeprefix("+").isdecimal() or not text.isascii() or int(text) not in _INT64:
        raise ValueError(f"{text!r} is not a timestamp in milliseconds")
    return int(text)
