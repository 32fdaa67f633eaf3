"""Numbers as Prometheus' JSON has them: values in texts, times in seconds with up to three decimals."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

_SMALLEST_PLAIN, _SMALLEST_EXPONENT = 1e-6, 1e21


def format_value(value: float) -> str:
    """Return ``value`` as Go's shortest form, without an exponent between 1e-6 and 1e21."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(float(value))
    if text.endswith(".0"):
        return text[:-2]
    if "e" not in text:
        return text
    if _SMALLEST_PLAIN <= abs(value) < _SMALLEST_EXPONENT:
        return format(Decimal(text), "f")
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent):+d}"


def format_time(milliseconds: int) -> str:
    """Return a timestamp as a JSON number of seconds, with three decimals where they are not all 0."""
    seconds, rest = divmod(abs(milliseconds), 1000)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def format_rfc3339(milliseconds: int) -> str:
    """Return a timestamp as RFC 3339 in UTC; 0, for never, as Go's zero time."""
    if not milliseconds:
        return "0001-01-01T00:00:00Z"
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
