"""The lines of OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), each read by itself."""

from __future__ import annotations

import re
from math import isfinite, isnan
from typing import TypeAlias

from vedette_shared.exposition.lines import MetadataLine, SampleLine
from vedette_shared.exposition.series import parse_series, unescape

END = "# EOF"
EXEMPLAR_CHARACTERS = 128

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_LABEL = rf"(?:[a-zA-Z_][a-zA-Z0-9_]*|{_QUOTED})={_QUOTED}"
_LABELS = rf"\{{(?:{_LABEL}(?:,{_LABEL})*)?\}}"
_SERIES = rf"(?:[a-zA-Z_:][a-zA-Z0-9_:]*(?:{_LABELS})?|\{{{_QUOTED}(?:,{_LABEL})*\}})"
_SAMPLE = re.compile(
    rf"(?P<series>{_SERIES}) (?P<value>[^ ]+)(?: (?P<time>[^ #]+))?"
    rf"(?P<exemplar> # (?P<labels>{_LABELS}) (?P<seen>[^ ]+)(?: (?P<at>[^ ]+))?)?",
    re.DOTALL,
)
_METADATA = re.compile(
    rf"# (?P<key>HELP|TYPE|UNIT) (?:(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<quoted>{_QUOTED})) (?P<text>.*)", re.DOTALL
)
_REAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?"
_NUMBER = re.compile(rf"{_REAL}|[+-]?inf(?:inity)?|nan", re.IGNORECASE)


Line: TypeAlias = MetadataLine | SampleLine


def read_line(line: str) -> Line:
    """Return what a line says; ``# EOF`` is for the caller.

    Raises:
        ValueError: the line is malformed.
    """
    if line.startswith("#"):
        return _read_metadata(line)
    match = _SAMPLE.fullmatch(line)
    if match is None:
        raise ValueError(_fault(line))
    if match["exemplar"]:
        _check_exemplar(match["labels"], match["seen"], match["at"])
    time = None if match["time"] is None else _time(match["time"])
    value = parse_number(match["value"])
    at = match.start("value")
    return SampleLine(match["series"], value, _milliseconds(time), at, time, bool(match["exemplar"]))


def parse_number(text: str) -> float:
    """Return a number as OpenMetrics writes them.

    Raises:
        ValueError: it is none.
    """
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def _read_metadata(line: str) -> MetadataLine:
    match = _METADATA.fullmatch(line)
    if match is None:
        raise ValueError(
            "a line with # is HELP, TYPE or UNIT with a name, one blank and a text, or the last one, # EOF"
        )
    quoted = match["quoted"]
    return MetadataLine(match["key"], match["name"] if quoted is None else unescape(quoted[1:-1]), match["text"])


def _time(text: str) -> float:
    time = parse_number(text)
    if isnan(time) or not isfinite(time):
        raise ValueError(f"{text!r} is not a timestamp in seconds")
    return time


def _milliseconds(time: float | None) -> int | None:
    return None if time is None else min(max(int(time * 1000), _INT64_MIN), _INT64_MAX)


def _check_exemplar(labels: str, value: str, time: str | None) -> None:
    _, pairs = parse_series("exemplar" + labels)
    if sum(len(name) + len(text) for name, text in pairs) > EXEMPLAR_CHARACTERS:
        raise ValueError(f"the labels of the exemplar hold more than {EXEMPLAR_CHARACTERS} characters")
    parse_number(value)
    if time is not None:
        _time(time)


def _fault(line: str) -> str:
    if not line:
        return "an empty line"
    match = re.match(_SERIES, line)
    if match is None or line[match.end() : match.end() + 1] == "{":
        return f'no series at {line[:40]!r}; it reads like name{{label="value"}}'
    return f'after the series come one blank, a value, and if need be a timestamp and " # " an exemplar: {line[:60]!r}'
