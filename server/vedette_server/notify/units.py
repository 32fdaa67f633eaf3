"""Values and levels as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vedette_shared.durations import format_duration

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


def format_value(value: float, unit: str = "") -> str:
    """Return ``value`` with its unit, in few digits.

    ``B`` and ``B/s`` take binary prefixes, ``s`` becomes a duration, ``%`` has one decimal place.
    """
    if math.isnan(value):
        return "no value"
    if math.isinf(value):
        return "never" if value > 0 else "-inf"
    if unit == "%":
        return f"{_trimmed(value, 1)} %"
    if unit in ("B", "B/s"):
        return _bytes(value, unit)
    if unit == "s":
        return _seconds(value)
    return f"{_significant(value)} {unit}".rstrip() if not unit.startswith("/") else f"{_significant(value)}{unit}"


def format_levels(upper: Sequence[float], lower: Sequence[float], unit: str = "") -> str:
    """Return the levels as ``warn/crit at 80 %/90 %`` or ``warn/crit below 10 %/5 %``, nothing without levels."""
    parts = []
    for word, levels in (("at", upper), ("below", lower)):
        if levels:
            texts = ["never" if math.isinf(level) else format_value(level, unit) for level in levels]
            parts.append(f"warn/crit {word} {'/'.join(texts)}")
    return ", ".join(parts)


def _bytes(value: float, unit: str) -> str:
    scaled, power = abs(value), 0
    while scaled >= 1024 and power < len(_BINARY) - 1:
        scaled /= 1024
        power += 1
    sign = "-" if value < 0 else ""
    return f"{sign}{_significant(scaled)} {_BINARY[power]}{unit}"


def _seconds(value: float) -> str:
    milliseconds = round(abs(value) * 1000)
    sign = "-" if value < 0 else ""
    if milliseconds < 1000:
        return f"{sign}{_significant(abs(value) * 1000)} ms"
    if milliseconds < _MINUTE_MS:
        return f"{sign}{_significant(abs(value))} s"
    step = _MINUTE_MS if milliseconds >= _DAY_MS else 1000
    return sign + format_duration(milliseconds // step * step)


def _significant(value: float) -> str:
    """Three significant digits, whole numbers whole."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return _trimmed(value, min(digits, 6))


def _trimmed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
