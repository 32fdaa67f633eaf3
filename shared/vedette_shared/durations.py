"""Durations as Prometheus writes them: ``15s``, ``1h30m``, ``250ms``; in memory, whole milliseconds."""

from __future__ import annotations

import re

from vedette_shared.errors import DurationError

UNITS_MS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PATTERN = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in UNITS_MS))


def parse_duration(text: str) -> int:
    """Return the milliseconds that ``text`` names; ``0`` alone needs no unit.

    Raises:
        DurationError: the text is empty, negative, or its units are unknown or out of order.
    """
    if text == "0":
        return 0
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        raise DurationError(f"{text!r} is not a duration; write it like 15s, 5m, 1h30m or 250ms")
    return sum(int(count) * UNITS_MS[unit] for unit, count in match.groupdict().items() if count)


def format_duration(milliseconds: int) -> str:
    """Return the shortest text that reads back as ``milliseconds``; years and weeks are used only where exact."""
    if milliseconds < 0:
        return "-" + format_duration(-milliseconds)
    if milliseconds == 0:
        return "0s"
    parts = []
    for unit, size in UNITS_MS.items():
        exact_only = unit in ("y", "w")
        if exact_only and milliseconds % size:
            continue
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
