r"""Reads the output of Check_MK local checks: ``[cached(TIME,INTERVAL) ]STATE NAME PERFDATA TEXT``, a line a service.

The format is that of https://docs.checkmk.com/latest/en/localchecks.html: STATE is 0 to 3, or P where the levels of the
values decide; NAME may stand in double quotes; PERFDATA is ``-`` or ``name=value;warn;crit;min;max`` joined by ``|``, a
level being ``upper`` or ``lower:upper``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vedette_agent.sources.checks.values import NO_BOUNDS, Bounds, CheckResult, Measure, State

_LINE = re.compile(
    r"""(?:cached\((?P<at>\d+(?:\.\d+)?),(?P<for>\d+(?:\.\d+)?)\)\s+)?
        (?P<state>[0-3P])\s+
        (?:"(?P<quoted>[^"]+)"|'(?P<single>[^']+)'|(?P<name>\S+))\s+
        (?P<measures>\S+)
        (?:\s+(?P<text>.*))?""",
    re.VERBOSE,
)


def parse_local_output(output: str) -> tuple[list[CheckResult], list[str]]:
    """Return (the results, one for each line; the complaints about lines that are none)."""
    results: list[CheckResult] = []
    complaints: list[str] = []
    for number, line in enumerate(output.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            results.append(parse_local_line(line.strip()))
        except ValueError as error:
            complaints.append(f"line {number}: {error}")
    return results, complaints


def parse_local_line(line: str) -> CheckResult:
    """Return the result that one line tells.

    Raises:
        ValueError: the line is not of the format.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"{line[:80]!r} is not STATE NAME PERFDATA TEXT")
    measures = [] if match["measures"] == "-" else [_measure(text) for text in match["measures"].split("|")]
    return CheckResult(
        name=match["quoted"] or match["single"] or match["name"],
        state=_computed(measures) if match["state"] == "P" else State(int(match["state"])),
        measures=measures,
        text=(match["text"] or "").replace(r"\n", "\n"),
        cached_at=float(match["at"]) if match["at"] else None,
        cached_for=float(match["for"]) if match["for"] else 0.0,
    )


def _measure(text: str) -> Measure:
    name, equals, rest = text.partition("=")
    if not name or not equals:
        raise ValueError(f"{text[:80]!r} is not name=value")
    value, *more = rest.split(";")
    warn, crit, low, high = (*more[:4], "", "", "", "")[:4]
    critical = _bounds(crit)
    warning = _bounds(warn) if warn else critical
    return Measure(name, float(value), "", warning, critical, _number(low), _number(high))


def _bounds(text: str) -> Bounds:
    if not text:
        return NO_BOUNDS
    lower, colon, upper = text.rpartition(":")
    return Bounds(_number(lower) if colon else None, _number(upper))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _computed(measures: Sequence[Measure]) -> State:
    """The worst state that the levels make of the values."""
    if any(_fails(measure.value, measure.crit) for measure in measures):
        return State.CRIT
    if any(_fails(measure.value, measure.warn) for measure in measures):
        return State.WARN
    return State.OK


def _fails(value: float, bounds: Bounds) -> bool:
    return (bounds.upper is not None and value >= bounds.upper) or (bounds.lower is not None and value < bounds.lower)
