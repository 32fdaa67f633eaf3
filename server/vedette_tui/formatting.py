"""Moments, ages, values and levels as the screen shows them. Pure: no clock, no terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

_AGE_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_SMALLEST, _GREATEST = 1e-4, 1e7
NOTHING = "–"
"""Stands where there is no value."""


def format_age(milliseconds: int | None) -> str:
    """Return an age in its largest unit: ``12s``, ``3m``, ``5h``, ``2d``; what lies in the future counts as now."""
    if milliseconds is None:
        return NOTHING
    seconds = max(0, milliseconds) // 1000
    for unit, size in _AGE_UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def format_clock(at_ms: int) -> str:
    """Return the local time of day, ``12:03:04``."""
    return _local(at_ms, "%H:%M:%S")


def format_date(at_ms: int, now_ms: int) -> str:
    """Return the local day and time in 14 signs, ``11-28 12:03:04``; ``2025-11-28`` alone in another year."""
    return _local(at_ms, "%m-%d %H:%M:%S" if _local(at_ms, "%Y") == _local(now_ms, "%Y") else "%Y-%m-%d")


def format_moment(at_ms: int) -> str:
    """Return the local day and time in full, ``2025-11-28 12:03:04 CET``."""
    return _local(at_ms, "%Y-%m-%d %H:%M:%S %Z")


def format_percent(value: float | None) -> str:
    """Return ``31.5 %``, or a dash where there is no value."""
    return format_value(value, "%")


def format_load(value: float | None) -> str:
    """Return a load average with two decimal places, as ``uptime`` does."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:.2f}"


def format_value(value: float | None, unit: str = "") -> str:
    """Return ``value`` in three digits or so, with its unit.

    ``B`` and ``B/s`` take binary prefixes, ``bit/s`` and ``b/s`` decimal ones; ``s`` becomes ms, s, or two units such
    as ``1h36m``; a value without a unit of a million and above takes a decimal prefix.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "+inf" if value > 0 else "-inf"
    if unit == "%":
        return f"{_trimmed(value, 1)} %"
    if unit in ("B", "B/s"):
        return _scaled(value, unit, 1024, _BINARY)
    if unit in ("bit/s", "b/s", "Hz", "W"):
        return _scaled(value, unit, 1000, _DECIMAL)
    if unit == "s":
        return _seconds(value)
    text = _scaled(value, "", 1000, _DECIMAL).rstrip() if abs(value) >= 1e6 else significant(value)
    return f"{text} {unit}".rstrip()


def format_levels(upper: Sequence[float | None] | None, lower: Sequence[float | None] | None, unit: str = "") -> str:
    """Return the levels as ``80/90 %`` or ``<10/5 %``; an empty text without levels."""
    parts = []
    for sign, pair in (("", upper), ("<", lower)):
        if pair is not None and any(is_level(level) for level in pair):
            parts.append(sign + _pair([level if is_level(level) else None for level in pair], unit))
    return " ".join(parts)


def is_level(level: float | None) -> bool:
    """Whether a level can be reached at all: there is one, and it is finite."""
    return level is not None and math.isfinite(level)


def significant(value: float) -> str:
    """Return three significant digits; whole numbers whole, the very great and the very small with an exponent."""
    if value == 0:
        return "0"
    if not _SMALLEST <= abs(value) < _GREATEST:
        return f"{value:.3g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return _trimmed(value, min(digits, 6))


def _local(at_ms: int, pattern: str) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime(pattern)
    except (ValueError, OverflowError, OSError):
        # A device whose clock is far out: no calendar reaches there.
        return NOTHING


def _pair(levels: Sequence[float | None], unit: str) -> str:
    texts = [NOTHING if level is None else format_value(level, unit) for level in levels]
    units = {text.partition(" ")[2] for text in texts if text != NOTHING}
    if len(units) == 1 and (shared := units.pop()):
        return "/".join(text.partition(" ")[0] for text in texts) + f" {shared}"
    return "/".join(text.replace(" ", "") for text in texts)


def _scaled(value: float, unit: str, base: int, prefixes: Sequence[str]) -> str:
    scaled, power = abs(value), 0
    while scaled >= base and power < len(prefixes) - 1:
        scaled /= base
        power += 1
    return f"{'-' if value < 0 else ''}{significant(scaled)} {prefixes[power]}{unit}"


def _seconds(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0 s"
    if size < 1:
        return f"{significant(value * 1000)} ms"
    if size < 120:
        return f"{significant(value)} s"
    left, parts = round(size), []
    for unit, seconds in (*_AGE_UNITS, ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return ("-" if value < 0 else "") + "".join(parts[:2])


def _trimmed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
