"""Reads what Nagios plugins say (https://nagios-plugins.org/doc/guidelines.html): exit code, text, performance data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction

from vedette_agent.sources.checks.values import NO_BOUNDS, Bounds, CheckResult, Measure, State

_PERF = re.compile(
    r"""(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^\s='][^\s=]*))=
        (?P<value>U|[-+]?[\d.,]+(?:[eE][-+]?\d+)?)(?P<unit>[^\s;\d]*)
        (?:;(?P<warn>[^;\s]*))?(?:;(?P<crit>[^;\s]*))?(?:;(?P<min>[^;\s]*))?(?:;(?P<max>[^;\s]*))?;*""",
    re.VERBOSE,
)
_UNITS = {
    "s": ("s", Fraction(1)),
    "ms": ("s", Fraction(1, 10**3)),
    "us": ("s", Fraction(1, 10**6)),
    "b": ("B", Fraction(1)),
    "kb": ("B", Fraction(2**10)),
    "mb": ("B", Fraction(2**20)),
    "gb": ("B", Fraction(2**30)),
    "tb": ("B", Fraction(2**40)),
}
"""Base units and what makes one of them; other units stand for themselves."""


def parse_plugin_output(name: str, code: int, output: str) -> CheckResult:
    """Return what a plugin says. Performance data that cannot be read is left out: its text still counts."""
    text, perf = _split(output)
    state = State(code) if code in State._value2member_map_ else State.UNKNOWN
    return CheckResult(name, state, list(_measures(perf)), text)


def _split(output: str) -> tuple[str, str]:
    """Return (text, performance data): on the first line after ``|``, and again after a later ``|`` to the end."""
    first, _, rest = output.partition("\n")
    text, _, perf = first.partition("|")
    long_text, _, more_perf = rest.partition("|")
    return "\n".join(part.strip() for part in (text, long_text) if part.strip()), f"{perf} {more_perf}"


def _measures(perf: str) -> Iterator[Measure]:
    for match in _PERF.finditer(perf):
        try:
            measure = _measure(match)
        except ValueError:
            continue
        if measure is not None:
            yield measure


def _measure(match: re.Match[str]) -> Measure | None:
    if match["value"] == "U":
        return None
    unit, factor = _UNITS.get(match["unit"].lower(), (match["unit"], Fraction(1)))
    name = match["quoted"].replace("''", "'") if match["quoted"] else match["plain"]
    return Measure(
        name,
        _scaled(match["value"], factor),
        unit,
        _range(match["warn"] or "", factor),
        _range(match["crit"] or "", factor),
        _optional(match["min"], factor),
        _optional(match["max"], factor),
    )


def _range(text: str, factor: Fraction) -> Bounds:
    """The bounds of a threshold: ``10`` is 0 to 10, ``10:`` from 10, ``~:10`` up to 10, ``10:20``.

    ``@10:20``, which fails within, has no bounds of this kind.
    """
    if not text or text.startswith("@"):
        return NO_BOUNDS
    lower, colon, upper = text.rpartition(":")
    if not colon:
        return Bounds(0.0, _scaled(upper, factor))
    return Bounds(None if lower == "~" else _optional(lower, factor), _optional(upper, factor))


def _optional(text: str | None, factor: Fraction) -> float | None:
    return _scaled(text, factor) if text else None


def _scaled(text: str, factor: Fraction) -> float:
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(text)
    return value * factor.numerator / factor.denominator
