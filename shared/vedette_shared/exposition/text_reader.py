"""Reads the text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), as leniently as
Prometheus' scraper does: metadata may come late, twice or never; every line must be well formed.
"""

from __future__ import annotations

import re

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.numbers import parse_value
from vedette_shared.exposition.series import parse_series, unescape
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_BLANK = " \t"
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
_INT64 = range(-(2**63), 2**63)


def parse_text(page: bytes) -> list[MetricFamily]:
    """Return the families of a page in the order of their names' first lines.

    Raises:
        ExpositionError: a line is malformed, or the page is not UTF-8.
    """
    reader = _Reader()
    number = 0
    try:
        for line in decode_page(page).split("\n"):
            number += 1
            reader.take(line)
    except ExpositionError:
        raise
    except ValueError as error:
        raise ExpositionError(str(error), number) from error
    return list(reader.families.values())


def decode_page(page: bytes) -> str:
    """Return the text of a page.

    Raises:
        ExpositionError: it is not UTF-8.
    """
    try:
        return page.decode()
    except UnicodeDecodeError as error:
        raise ExpositionError("not valid UTF-8", page.count(b"\n", 0, error.start) + 1) from error


class _Reader:
    def __init__(self) -> None:
        self.families: dict[str, MetricFamily] = {}
        self._by_sample_name: dict[str, MetricFamily] = {}

    def take(self, line: str) -> None:
        if not line or line[0] in _BLANK:
            line = line.lstrip(_BLANK)
            if not line:
                return
        if line[0] == "#":
            self._take_metadata(line)
            return
        series, value, timestamp = split_sample(line)
        name, labels = parse_series(series)
        family = self._by_sample_name.get(name) or self._family(name)
        family.samples.append(Sample(name, labels, parse_value(value), timestamp))

    def _family(self, name: str) -> MetricFamily:
        family = self.families.get(name)
        if family is None:
            family = self.families[name] = MetricFamily(name, MetricType.UNKNOWN)
        self._by_sample_name[name] = family
        return family

    def _take_metadata(self, line: str) -> None:
        match = _METADATA.fullmatch(line)
        if match is None:
            return
        family = self._family(unescape(match["quoted"]) if match["quoted"] is not None else match["name"])
        text = match["text"] or ""
        if match["key"] == "HELP":
            family.help = unescape(text)
            return
        kind = _TYPES.get(text.rstrip(_BLANK))
        if kind is None:
            raise ValueError(f"{text!r} is not a type of metrics")
        family.type = kind
        for suffix in _SUFFIXES.get(kind, ()):
            self._by_sample_name[family.name + suffix] = family


def split_sample(line: str) -> tuple[str, str, int | None]:
    """Return (series, value, timestamp in ms or None) of a line that is no comment, each as it stands there.

    Raises:
        ValueError: there is no value, or more than a timestamp after it.
    """
    end = line.rfind("}") + 1
    if not end:
        end = next((at for at, sign in enumerate(line) if sign in _BLANK), len(line))
    rest = line[end:]
    fields = rest.split() if rest.isprintable() else [part for part in re.split("[ \t]+", rest) if part]
    if len(fields) == 1:
        return line[:end], fields[0], None
    if not fields:
        raise ValueError("the series has no value")
    if len(fields) > 2:
        raise ValueError(f"unexpected {fields[2]!r} after the timestamp")
    return line[:end], fields[0], _timestamp(fields[1])


def _timestamp(text: str) -> int:
    if not text.removeprefix("-").removeprefix("+").isdecimal() or int(text) not in _INT64:
        raise ValueError(f"{text!r} is not a timestamp in milliseconds")
    return int(text)
